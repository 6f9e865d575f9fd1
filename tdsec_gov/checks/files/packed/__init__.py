"""Compressed streams and archives, looked into without extracting anything to where it wants to go."""
