"""Finding codes in plain words, a file per check; :mod:`tdsec_gov.checks.explain` puts them together."""
