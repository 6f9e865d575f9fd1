"""Checks: one file per examination of a dataset version, one Protocol, one closed table of names.

A check reads files and says what it found in counts, names and codes. It never decides for the
dataset (``gate`` does), never writes, and never repeats a value that it read. Nothing is imported
here: :mod:`tdsec_gov.checks.registry` imports a check when it is asked for.
"""
