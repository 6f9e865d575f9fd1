"""Unsafe files, told by content and never by suffix. Nothing is ever unpickled, extracted or run."""
