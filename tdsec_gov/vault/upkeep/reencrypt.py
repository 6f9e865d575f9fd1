"""Eager rotation: every object of a label on the storage sealed anew under its newest epoch, in place.

Which epoch sealed an object stands in its header, so the storage itself says what is left to do: a run
that was killed goes on where it was. An object is replaced as a whole, by an upload that has its final
name only when it is complete. Plaintext is in memory only, a chunk at a time.
"""

from __future__ import annotations

import io
import os
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tdsec_gov.errors import BackendUnavailable, IntegrityError, KeyUnavailable, TdsecError
from tdsec_gov.files import naming_os_errors, os_error
from tdsec_gov.vault.keyrings.keyring import Keyring
from tdsec_gov.vault.objects import objects
from tdsec_gov.vault.objects.carrier import carrier_of
from tdsec_gov.vault.storage.storage import Storage
from tdsec_gov.vault.upkeep.sidebyside import side_by_side

_HEADER = 4096
_TURNS = 5
"""So often the storage is looked through: the last time finds nothing to do."""
_KINDS = ("objects", "manifests", "placements")


@dataclass(frozen=True, slots=True)
class Sealed:
    """One file of the storage: its ``path``, the storage name it is bound to, and under which epoch."""

    path: str
    name: str
    label: str
    epoch: int


@dataclass(frozen=True, slots=True)
class Left:
    """An object that stays under an older epoch, and why."""

    path: str
    epoch: int
    error: TdsecError


class Reencryption:
    """One eager rotation of a vault.

    ``labels`` gives the keyrings of each label that I may use, newest first; ``counts`` says afterwards
    how many objects were ``renewed``, were ``current`` already, or are not of these labels (``other``).
    """

    def __init__(self, storage: Storage, labels: Mapping[str, list[Keyring]], jobs: int) -> None:
        self._inner: Any = storage.inner
        self._base = storage.base
        self._carrier = carrier_of(storage.inner)
        self._labels = labels
        self._jobs = jobs
        self.counts: Counter[str] = Counter()

    def run(self, watch: Callable[[int], None]) -> list[Left]:
        """Renew everything, look again until there is nothing more to renew; what could not be renewed.

        Raises:
            BackendUnavailable: the storage went away, or others go on pushing under the old epoch; a second
            run goes on.
        """
        left: dict[str, Left] = {}
        for turn in range(_TURNS):
            counts: Counter[str] = Counter()
            paths = (path for path in self._files() if path not in left)
            for number, (path, found) in enumerate(side_by_side(self._look, paths, self._jobs), 1):
                watch(number)
                if isinstance(found, Left):
                    left[path] = found
                else:
                    counts[found] += 1
            self.counts.update({"renewed": counts["renewed"]} if turn else counts)
            if not counts["renewed"]:
                return [left[path] for path in sorted(left)]
        raise BackendUnavailable(
            "others go on pushing under the old epoch",
            hint="ask them to git pull, then run: tdsec vault rotate --resume",
        )

    def _look(self, path: str) -> str | Left:
        """What one file is, once it was renewed where it has to be: a word of ``counts``, or why not."""
        name = storage_name(path.removeprefix(f"{self._base}/"))
        found = self._sealed(path, name) if name else None
        if found is None:
            return "other"
        if found.epoch == self._labels[found.label][0].epoch:
            return "current"
        try:
            with naming_os_errors(path, "the storage does not answer"):
                self._seal_anew(found)
        except (IntegrityError, KeyUnavailable) as exc:
            return Left(path, found.epoch, exc)
        return "renewed"

    def _sealed(self, path: str, name: str) -> Sealed | None:
        header = self._header(path)
        for label, rings in self._labels.items():
            for epoch in range(rings[0].epoch, 0, -1):
                if objects.binding(label, epoch, name).to_bytes() in header:
                    return Sealed(path, name, label, epoch)
        return None

    def _seal_anew(self, one: Sealed) -> None:
        newest, *older = self._labels[one.label]
        rings = [ring for ring in older if ring.epoch == one.epoch]
        if not rings:
            raise KeyUnavailable("no keyring of this epoch opens for me", found=f"epoch {one.epoch}")
        with self._carrier.receive(one.path) as source:
            if source.seek(0, io.SEEK_END) <= objects.SMALL:
                source.seek(0)
                plain = objects.unseal_bytes(source.read(), rings, one.name)
                self._carrier.send(objects.seal_bytes(plain, newest, one.name), one.path)
            else:
                plain_view = objects.open_object(source, rings, one.name)
                self._carrier.send(objects.seal(plain_view, newest, one.name), one.path)

    def _header(self, path: str) -> bytes:
        try:
            if self._inner.protocol == "local":
                with Path(path).open("rb", buffering=0) as stream:
                    return stream.read(_HEADER)
            data: bytes = self._inner.fs.cat_file(path, start=0, end=_HEADER)
            return data
        except FileNotFoundError:
            return b""
        except OSError as exc:
            raise os_error(exc, path, "the storage does not answer") from exc

    def _files(self) -> Iterator[str]:
        with naming_os_errors(self._base, "the storage cannot be listed"):
            if self._inner.protocol != "local":
                self._inner.fs.invalidate_cache()
                yield from sorted(self._inner.find(self._base))
                return
            for folder, _, files in os.walk(self._base):
                yield from (f"{folder}/{file}" for file in files)


def storage_name(below: str) -> str | None:
    """The name that the object at this path (from the vault's folder) is bound to; None for what is no
    object, such as an unfinished upload."""
    parts = below.split("/")
    if parts[-1].endswith(".tmp"):
        return None
    for place, part in enumerate(parts[:-1]):
        if part in _KINDS and len(parts) - place == 3:
            return parts[place + 1] + parts[place + 2]
        if part == "paths":
            return "/".join(parts[place + 1 :])
    return None
