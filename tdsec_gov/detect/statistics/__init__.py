"""Exact tests, bounds, combinations and multiplicity."""
