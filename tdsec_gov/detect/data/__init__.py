"""Rows of two versions as arrays."""
