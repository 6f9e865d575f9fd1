"""Examination: somebody looked at a dataset version and puts their name to what they saw."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Examination:
    """One person's word on the version ``root`` of ``dataset``.

    ``items`` are ids (``item:`` and 12 hexadecimal digits) of values or phrases that are natural there, so
    that later versions are not asked about them again; ``audited`` says that the whole version was looked
    through, so that later ones are compared with it, too. ``created`` is RFC 3339 UTC; ``digest`` the SHA-256
    of the signed statement; ``by`` the keyid of who signed it.
    """

    dataset: str
    root: str
    items: tuple[str, ...]
    audited: bool
    reason: str
    created: str
    digest: str = ""
    by: str = ""
