"""Objects that go in and out on a writer's signed word: exempt by policy, or accepted content on a path."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from tdsec_gov.errors import DataTampered, Unverified, VerdictMissing
from tdsec_gov.vault.keyrings.opened import OpenedVault
from tdsec_gov.vault.objects.guards import Allowed, PlaintextGuard, WatchedSource
from tdsec_gov.vault.storage.addresses import virtual
from tdsec_gov.vault.storage.placement import Placement
from tdsec_gov.vault.storage.room import Opener, Room

if TYPE_CHECKING:
    from tdsec_gov.vault.storage.cover import Cover

_PIECE = 1 << 20


class Placing:
    """Puts and gets such objects of one vault."""

    def __init__(self, vault: OpenedVault, cover: Cover) -> None:
        self._vault = vault
        self._cover = cover

    def exempt(self, names: list[str]) -> str | None:
        """The reason why the policy exempts all of ``names``, None when it does not."""
        reasons = [self._vault.exempt(name) for name in names]
        return reasons[0] if reasons and all(reasons) else None

    def put(
        self,
        room: Room,
        name: str,
        place: str,
        kind: str,
        dataset: str,
        opener: Opener,
        callback: Any = None,
    ) -> None:
        """Sign and store what ``opener`` gives, twice: it is read once for the signature.

        Raises:
            VerdictMissing: ``dataset`` is not exempt, and no verdict accepted this content as part of it.
        """
        with PlaintextGuard(None) as guard, opener() as source:
            sha256 = _drained(WatchedSource(source, guard), guard)
        reason = self._reason(dataset, guard.size, sha256, sealing=True)
        now = time.time_ns() // 1000
        sequence = self._vault.next_sequence(room.label, name, now)
        word = Placement(room.label, name, dataset, sha256, guard.size, sequence, reason)
        statement = room.names.of_placement(place, sha256)
        room.put_bytes(word.signed(self._vault.identity), statement, "placements")
        allowed = Allowed({(guard.size, sha256)}, name)
        with PlaintextGuard(allowed) as again, opener() as source:
            room.put(WatchedSource(source, again), guard.size, place, kind, callback, pad=False)
        self._vault.saw(room.label, name, sequence, sha256)
        self._vault.note("push", "success", dataset, reason="exempt" if self._vault.exempt(dataset) else "")

    def get(
        self,
        room: Room,
        name: str,
        place: str,
        kind: str,
        datasets: list[str],
        sink: BinaryIO,
        near: Path | None = None,
        version: str = "",
    ) -> None:
        """Decrypt into ``sink`` and believe it only after a writer's word for it was found, as part of one
        of ``datasets`` if any is known. ``version``: the storage's own, of a version-aware remote; for which
        version of a dataset is current it changes nothing.

        Raises:
            Unverified: nobody signed for it, or the policy exempts it no longer.
            DataTampered: an older content than one that was seen here.
            IntegrityError: a newer version of the dataset was accepted.
        """
        with PlaintextGuard(None) as guard:

            def take(view: memoryview) -> None:
                guard(view)
                sink.write(view)

            room.get(place, take, kind, near, version)
            sha256 = guard.finish()
        word = self._word(room, name, place, sha256)
        word.require(room.label, name, guard.size, sha256)
        by_itself = virtual("", name) if kind == "objects" else name  # --to-remote: before there is a pointer
        if datasets and word.dataset not in (*datasets, by_itself):
            raise DataTampered("it was placed as part of another dataset", where=name)
        self._reason(word.dataset, guard.size, sha256)
        if not version:
            self._vault.saw(room.label, name, word.sequence, sha256)
        self._vault.note("pull", "success", word.dataset)

    def _word(self, room: Room, name: str, place: str, sha256: str) -> Placement:
        try:
            data = room.get_text(room.names.of_placement(place, sha256), "placements")
        except FileNotFoundError:
            raise Unverified(
                "no writer signed for this object", where=name, hint="ask who pushed it to push it again"
            ) from None
        return Placement.verified(data, self._vault.writers_of(room.label))

    def _reason(self, dataset: str, size: int, sha256: str, *, sealing: bool = False) -> str:
        """Why this content may be there: a rule exempts it, or it is part of the newest accepted version.

        Raises:
            VerdictMissing: it may not. VerdictExpired: it may not go in, under today's policy.
            IntegrityError: a newer version was accepted.
        """
        reason = self._vault.exempt(dataset)
        if reason:
            return reason
        verified = self._cover.accepts(dataset, size, sha256)
        if verified is None:
            raise VerdictMissing(
                "no verdict covers this content, and no rule exempts it",
                where=dataset,
                hint=f"run: tdsec check {dataset} (or give its rule an `exempt: reason`)",
            )
        version = verified.verdict.version
        self._vault.require_current(version.name, version.oid)
        if sealing:
            from tdsec_gov.verdicts.verify import require_policy

            require_policy(verified, self._vault.policy_digest(version.name))
        return f"verdict {verified.envelope_sha256}"


def _drained(source: WatchedSource, guard: PlaintextGuard) -> str:
    """Read ``source`` to its end; the SHA-256 of it. Two buffers, because one is being hashed."""
    buffers = (bytearray(_PIECE), bytearray(_PIECE))
    turn = 0
    while source.readinto(buffers[turn]):
        turn = 1 - turn
    return guard.finish()
