"""Signed verdicts in .tdsec/verdicts: write, find, verify. The waist; small, exact, no heavy import ever."""
