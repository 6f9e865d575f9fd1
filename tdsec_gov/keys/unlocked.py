"""What was opened in this process: nobody is asked twice, and no passphrase is derived twice.

An age passphrase costs about a second and 256 MiB; a key service costs a request. What came out of it
stays in the memory of this process, under the SHA-256 of what it came out of, until :func:`forget`.
"""

from __future__ import annotations

import hashlib
import os
import threading
from collections.abc import Callable
from typing import TypeVar, cast

from tdsec_gov.errors import KeyUnavailable

Ask = Callable[[], str]
"""Asks somebody for a passphrase; empty when there is nobody to ask."""

Opened = TypeVar("Opened")
_lock = threading.RLock()
_opened: dict[bytes, object] = {}


def once(kind: str, sealed: bytes, open_it: Callable[[], Opened]) -> Opened:
    """``open_it()``, or what it returned before for the same ``kind`` and bytes. Failures are not kept."""
    key = hashlib.sha256(kind.encode() + b"\0" + sealed).digest()
    with _lock:
        if key not in _opened:
            _opened[key] = open_it()
        return cast(Opened, _opened[key])


def forget() -> None:
    """Drop everything that was opened: a server that changes users, a test that changes keys."""
    with _lock:
        _opened.clear()


def passphrase(what: str, where: object, ask: Ask | None) -> str:
    """``TDSEC_PASSPHRASE``, else what ``ask`` answers.

    Raises:
        KeyUnavailable: neither gives one.
    """
    given = os.environ.get("TDSEC_PASSPHRASE") or (ask() if ask is not None else "")
    if not given:
        raise KeyUnavailable(f"{what} needs its passphrase", where=where, hint="set TDSEC_PASSPHRASE")
    return given
