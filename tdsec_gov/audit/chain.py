"""The hash chain over the events of one log, and the names of logs."""

from __future__ import annotations

from hashlib import sha256

ORIGIN_PREFIX = "tdsec-gov/audit/"
_LABEL = b"tdsec-gov audit chain v1\0"


def genesis(origin: str) -> bytes:
    """Chain hash (32 bytes) before the first event of the log ``origin``."""
    return sha256(_LABEL + origin.encode()).digest()


def link(seq: int, previous: bytes, leaf: bytes) -> bytes:
    """Chain hash of event ``seq``: over its number, the chain before it and its leaf hash."""
    return sha256(_LABEL + seq.to_bytes(8, "big") + previous + leaf).digest()
