"""What checks found in single files, kept in git's folder (:mod:`tdsec_gov.repo.rows` says how safely)."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from hashlib import sha256
from pathlib import Path

from tdsec_gov.domain.canonical import JsonValue
from tdsec_gov.repo.rows import Rows


class Partials:
    """A :class:`~tdsec_gov.checks.contract.Memory` that outlives the process."""

    def __init__(self, folder: Path) -> None:
        self._rows = Rows(folder, "partials")

    def recall(self, keys: Sequence[str]) -> dict[str, JsonValue]:
        names = {_name(key): key for key in keys}
        found: dict[str, JsonValue] = {}
        for name, body in self._rows.get(list(names)).items():
            try:
                found[names[name]] = json.loads(body)
            except (ValueError, RecursionError):
                continue
        return found

    def remember(self, partials: Mapping[str, JsonValue]) -> None:
        rows = {_name(key): json.dumps(one, separators=(",", ":")) for key, one in partials.items()}
        self._rows.put({name: rows[name].encode() for name in sorted(rows)})

    def close(self) -> None:
        self._rows.close()


def _name(key: str) -> bytes:
    try:
        return bytes.fromhex(key)
    except ValueError:
        return sha256(key.encode()).digest()
