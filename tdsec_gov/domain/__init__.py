"""Frozen values that cross rooms, and their canonical bytes. No I/O, no clock.

The one third-party import of this room is ``rfc8785``, a dependency-free implementation of
RFC 8785 that refuses rather than rounds.
"""
