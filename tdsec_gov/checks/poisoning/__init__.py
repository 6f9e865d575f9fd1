"""Check ``poisoning`` (TDS400-TDS499): the detectors of :mod:`tdsec_gov.detect` on a dataset's files.

``settings`` what policy.yaml may say; ``tables`` files -> rows of both versions; ``codes`` what an alarm
is called and what it weighs; ``check`` the check itself.
"""
