"""Envelopes of verdicts, each parsed and each signature verified once, however often it is asked about.

The rule. Under the SHA-256 of an envelope stands only what follows from its bytes: the envelope, the
statement in it, and, for exactly one set of keys, which of them have signed. Everything else is looked at
anew each time: whether the signatures are enough, the decision, expiry, waivers, the name it lies under. A
refusal is not remembered. Nothing outlives the process, and nothing is believed that was not verified in it.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from functools import cached_property

from tdsec_gov.domain.canonical import sha256_hex
from tdsec_gov.domain.verdict import Verdict
from tdsec_gov.keys.dsse import Envelope
from tdsec_gov.keys.members import Trusted
from tdsec_gov.verdicts.statement import from_statement

Keys = frozenset[tuple[str, Trusted]]
"""Whose signatures are looked for: by keyid, all of whose keys must sign. Compared by the keys themselves."""
_KEPT = 32 << 20


def keys_of(trusted: Mapping[str, Trusted]) -> Keys:
    """As :meth:`Reading.signers` takes them."""
    return frozenset(trusted.items())


class Reading:
    """One envelope. Raises IntegrityError when the bytes are none."""

    def __init__(self, data: bytes, sha256: str | None = None) -> None:
        """``sha256``: that of ``data``, where it is known already."""
        self.sha256 = sha256 or sha256_hex(data)
        self.envelope = Envelope.from_bytes(data)
        self._signers: dict[Keys, frozenset[str]] = {}

    @cached_property
    def verdict(self) -> Verdict:
        """What it says, signed or not. Raises IntegrityError as :func:`from_statement`."""
        return from_statement(self.envelope.payload)

    def signers(self, keys: Keys) -> frozenset[str]:
        """Keyids of those in ``keys`` who have signed. Raises as :meth:`Envelope.verified_by`."""
        if keys not in self._signers:
            self._signers[keys] = self.envelope.verified_by(dict(sorted(keys, key=lambda one: one[0])))
        return self._signers[keys]


class Readings:
    """Readings by the SHA-256 of their bytes, the oldest given up beyond ``most`` bytes of envelopes in all.

    Safe to ask from many threads.
    """

    def __init__(self, most: int = _KEPT) -> None:
        self._most = most
        self._held = 0
        self._lock = threading.Lock()
        self._kept: dict[str, tuple[int, Reading]] = {}

    def of(self, data: bytes) -> Reading:
        """Raises IntegrityError: not an envelope."""
        sha256 = sha256_hex(data)
        kept = self._kept.get(sha256)
        return kept[1] if kept is not None else self._keep(Reading(data, sha256), len(data))

    def _keep(self, reading: Reading, size: int) -> Reading:
        with self._lock:
            if reading.sha256 not in self._kept and size <= self._most:
                self._kept[reading.sha256] = size, reading
                self._held += size
                while self._held > self._most:
                    oldest = next(iter(self._kept))
                    self._held -= self._kept.pop(oldest)[0]
        return reading
