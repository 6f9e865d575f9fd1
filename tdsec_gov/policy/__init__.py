"""Strict loader of policies/*.yaml into frozen values. Never reads data."""
