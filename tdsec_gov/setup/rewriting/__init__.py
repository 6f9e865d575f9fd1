"""Rewriting files of a dataset value by value, in their own format."""
