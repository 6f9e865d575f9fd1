"""Waivers in .tdsec/waivers: signed, time-limited exceptions for one check of one version."""
