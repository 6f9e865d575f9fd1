"""Look at every object of a vault: is it one that a verdict vouches for, and does it still open?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from tdsec_gov.errors import TdsecError, Unverified
from tdsec_gov.vault.storage import Storage


@dataclass(frozen=True, slots=True)
class Inspected:
    """One object: its oid, its dataset where a verdict names one, and what is wrong with it."""

    oid: str
    dataset: str | None
    signers: tuple[str, ...]
    error: TdsecError | None


def inspect(storage: Storage) -> Iterator[Inspected]:
    """Fetch, decrypt and hash every object, one after the other; nothing is written.

    Raises:
        AccessDenied, KeyUnavailable: I may not read this vault at all.
    """
    storage.vault.require("read")
    for oid in storage.oids():
        dataset: str | None = None
        signers: tuple[str, ...] = ()
        try:
            covered = storage.cover.require(oid)
            dataset, signers = covered[0].version.name, covered[0].verified.signers
            storage.check(oid)
        except (TdsecError, FileNotFoundError) as exc:
            error = exc if isinstance(exc, TdsecError) else Unverified("object vanished", where=oid)
            yield Inspected(oid, dataset, signers, error)
        else:
            yield Inspected(oid, dataset, signers, None)
