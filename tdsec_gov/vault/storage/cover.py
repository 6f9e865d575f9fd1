"""Cover: which bytes an accepted verdict vouches for, by DVC oid. What is not covered is refused."""

from __future__ import annotations

import copy
import threading
from collections.abc import Callable
from dataclasses import dataclass

from tdsec_gov.domain.dataset import DatasetVersion, Manifest
from tdsec_gov.errors import DataTampered, TdsecError, VerdictMissing
from tdsec_gov.repo.cache import parse_dir_object
from tdsec_gov.verdicts.book import VerdictBook
from tdsec_gov.verdicts.verify import Verified

FetchManifest = Callable[[DatasetVersion], Manifest | None]


@dataclass(frozen=True, slots=True)
class Covered:
    """One object that may pass: for a file its SHA-256 and size, for a ``.dir`` its whole manifest."""

    verified: Verified
    sha256: str | None
    size: int | None
    manifest: Manifest | None = None

    @property
    def version(self) -> DatasetVersion:
        return self.verified.verdict.version

    def require_listing(self, data: bytes) -> None:
        """Raises DataTampered unless ``data`` (a ``.dir`` object) lists exactly the signed files."""
        listed = sorted(parse_dir_object(data, self.version.name))
        signed = [(entry.path, entry.oid) for entry in self.manifest.entries] if self.manifest else []
        if listed != sorted(signed):
            raise DataTampered("the list of files is not the one that was signed", where=self.version.short)


class Cover:
    """Answers by oid, lazily and once; safe to ask from DVC's many threads.

    ``fetch`` gets a folder's manifest from wherever it is (private copy, vault, cache).
    """

    def __init__(self, book: VerdictBook, fetch: FetchManifest) -> None:
        self._book = book
        self._fetch = fetch
        self._lock = threading.RLock()
        self._found: dict[str, list[Covered]] = {}
        self._failed: dict[str, TdsecError] = {}
        self._asked: set[str] = set()
        self._loaded: set[str] = set()
        self._complete = False

    def require(self, oid: str, *, everywhere: bool = False) -> list[Covered]:
        """What accepted verdicts vouch for under this oid, never nothing; with ``everywhere`` for every
        dataset that holds it, which takes reading them all.

        Raises:
            VerdictMissing, VerdictExpired, SignerUntrusted, GateDenied, IntegrityError: nothing covers it.
        """
        with self._lock:
            if everywhere and not self._complete:
                self._load_all()
            if oid not in self._asked:
                self._asked.add(oid)
                try:
                    for verified in self._book.all_for_oid(None, oid):
                        self._add(verified)
                except TdsecError as exc:
                    self._failed[oid] = exc
            if oid not in self._found and not self._complete:
                self._load_all()
            if oid in self._found:
                return self._found[oid]
            raise copy.copy(self._failed.get(oid)) or VerdictMissing(
                "no verdict covers this object", where=oid
            )

    def accepts(self, path: str, size: int, sha256: str) -> Verified | None:
        """The newest verdict that accepted this content as ``path`` (a dataset, or a file in one)."""
        with self._lock:
            for dataset in self._book.datasets():
                if path != dataset and not path.startswith(f"{dataset}/"):
                    continue
                for seen in reversed(self._book.history(dataset)):
                    found = self._content(seen.verdict.version, path.removeprefix(dataset).lstrip("/"))
                    if found == (size, sha256):
                        return seen
        return None

    def _content(self, version: DatasetVersion, inside: str) -> tuple[int, str | None] | None:
        """Size and SHA-256 of one file of an accepted version."""
        try:
            self._book.accepted(version.name, version.root)
        except TdsecError:
            return None
        if not version.is_folder:
            return (version.size, version.content) if not inside else None
        manifest = self._fetch(version)
        entries = manifest.entries if manifest else ()
        return next(((one.size, one.sha256) for one in entries if one.path == inside), None)

    def _add(self, verified: Verified) -> None:
        version = verified.verdict.version
        if version.root + version.name in self._loaded:
            return
        self._loaded.add(version.root + version.name)
        if not version.is_folder:
            self._found.setdefault(version.oid, []).append(Covered(verified, version.content, version.size))
            return
        manifest = self._fetch(version)
        if manifest is None:
            raise VerdictMissing(
                "the manifest of this version is neither here nor in the vault",
                where=version.short,
                hint=f"run: tdsec check {version.name} where its data is, then dvc push",
            )
        self._found.setdefault(version.oid, []).append(Covered(verified, None, None, manifest))
        for entry in manifest.entries:
            self._found.setdefault(entry.oid, []).append(Covered(verified, entry.sha256, entry.size))

    def _load_all(self) -> None:
        """Every accepted folder version, newest first; those that do not verify cover nothing."""
        self._complete = True
        for dataset in self._book.datasets():
            for seen in reversed(self._book.history(dataset)):
                version = seen.verdict.version
                if not version.is_folder:
                    continue
                try:
                    self._add(self._book.accepted(dataset, version.root))
                except TdsecError:
                    continue
