"""Attacks on training data, seeded: what detectors are measured against, on a user's own rows.

Only rows of the push are changed; accepted rows stay as they are. Nothing here is hidden or optimised against
our detectors: these are the published attacks in their plain forms.
"""
