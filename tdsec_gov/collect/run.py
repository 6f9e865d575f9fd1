"""The way of one collection, from the source record to the audit event. Deny unless proven.

1. source record and trust level  2. allowlist  3. bytes into quarantine  4. pinned digest
5. the policy's checks  6. into the work tree, ``dvc add``  7. provenance record  8. audit event
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from tdsec_gov import __version__
from tdsec_gov.audit.journal import Journal
from tdsec_gov.checks.source import record_digest
from tdsec_gov.collect.allowlist import Allowlist, pinned
from tdsec_gov.collect.fetch import files_at
from tdsec_gov.collect.intake import Limit, Tell, take
from tdsec_gov.collect.intent import undo
from tdsec_gov.collect.judge import require_accepted, source_for
from tdsec_gov.collect.location import Location, location
from tdsec_gov.collect.pins import listed
from tdsec_gov.collect.placing import place
from tdsec_gov.collect.quarantine import quarantine
from tdsec_gov.collect.rejected import Rejected
from tdsec_gov.collect.stream import Found
from tdsec_gov.collect.target import Target, target
from tdsec_gov.domain.canonical import JsonValue
from tdsec_gov.domain.dataset import DatasetVersion
from tdsec_gov.domain.findings import CheckResult
from tdsec_gov.domain.provenance import Provenance, provenance_name
from tdsec_gov.errors import TdsecError
from tdsec_gov.files import WorkTree, write_atomic
from tdsec_gov.gate.reports import Report
from tdsec_gov.policy.source_models import Source
from tdsec_gov.repo.repository import Repository
from tdsec_gov.verdicts.book import VerdictBook
from tdsec_gov.verdicts.verify import format_time


@dataclass(frozen=True, slots=True)
class Wanted:
    """What to collect: a source id, a location as typed, PATH, the digest where it is known."""

    source: str
    location: str
    out: str
    sha256: str | None = None
    force: bool = False
    max_bytes: int = 10 << 30


@dataclass(frozen=True, slots=True)
class Collected:
    """What was put in place, and what the checks said."""

    version: DatasetVersion
    provenance: Provenance
    results: list[CheckResult]
    replaced: bool


@dataclass(frozen=True, slots=True)
class Collector:
    """Collects into one repository; ``tell`` hears of bytes, ``report`` of checks."""

    repository: Repository
    journal: Callable[[], Journal]
    now: Callable[[], dt.datetime]
    folder: Path
    tell: Tell = field(default=lambda size: None)
    report: Report = field(default=lambda name, result: None)

    def collect(self, wanted: Wanted) -> Collected:
        """Accept or reject; both are audit events.

        Raises:
            Rejected: the policy, the allowlist, a digest or a check says no; nothing is left behind.
            UsageError, PolicyInvalid: the call or the policy does not make sense.
            BackendUnavailable: the location, DVC or the disk failed; nothing is left behind.
        """
        where = target(self.repository, wanted.out, self.folder, wanted.force)
        asked = location(wanted.location, self.folder)
        journal = self.journal()
        details: dict[str, JsonValue] = {"source": wanted.source, "location": asked.shown[:1000]}
        try:
            return self._collect(wanted, where, asked, journal, details)
        except TdsecError as exc:
            outcome = "denied" if isinstance(exc, Rejected) else "failure"
            journal.record("collect", outcome, where.name, reason=exc.message[:500], details=details)
            raise

    def _collect(
        self,
        wanted: Wanted,
        where: Target,
        asked: Location,
        journal: Journal,
        details: dict[str, JsonValue],
    ) -> Collected:
        now = self.now()
        book = VerdictBook.open(WorkTree(self.repository.root), now)
        policy = book.policies.for_dataset(where.name)
        source = source_for(policy, wanted.source, now)
        allow = Allowlist.of(source, self.repository.root)
        with quarantine(
            self.repository, where.path.parent, self._undo, partial(self._sweep, journal)
        ) as held:
            files = self._files(wanted, source, asked, allow)
            known = all(one.sha256 for one in files)
            _require_known_if_plain(asked, known)
            arrived = take(files, held.data, allow.require, Limit(wanted.max_bytes), self.tell)
            results = require_accepted(self.repository, book, policy, arrived, now, self.report)
            intent, version = place(self.repository, held, where, arrived)
            record = self._provenance(version, source, asked, known)
            name = provenance_name(version.name, version.root)
            intent = intent.step(held.folder, provenance=name)
            write_atomic(self.repository.root / name, record.to_bytes())
            facts: dict[str, JsonValue] = {
                **details,
                "sha256": version.root,
                "files": version.files,
                "bytes": version.size,
                "collector": record.collector,
                "pinned": known,
                "replaced": where.before.oid if where.before else None,
            }
            _note(journal, version, source, facts)
            intent.step(held.folder, placed=True)
            self._stage(version.name, name)
        return Collected(version, record, results, where.exists)

    def _undo(self, folder: Path) -> None:
        undo(self.repository, folder)

    def _sweep(self, journal: Journal, folder: Path) -> None:
        """Undo what a process that is gone had begun, and say so in the log."""
        name = undo(self.repository, folder)
        if name is not None:
            text = "a collection whose process ended was undone"
            journal.record("collect", "failure", name, reason=text)

    def _files(self, wanted: Wanted, source: Source, asked: Location, allow: Allowlist) -> list[Found]:
        """What to fetch, each with its pinned digest where one is known. Raises Rejected."""
        pins = dict(zip(pinned(source, self.repository.root), source.locations, strict=True))
        pin = pins.get(asked)
        if pin is not None and pin.listing:
            return listed(pin, asked, allow.require)
        files = files_at(asked, allow.require)
        by_place = {one: pin.sha256 for one, pin in pins.items() if not pin.listing}
        files = [Found(one.name, one.place, by_place.get(one.place), one.size) for one in files]
        if wanted.sha256 is None:
            return files
        if len(files) != 1 or files[0].name:
            raise Rejected(
                "a folder has no one SHA-256",
                where=asked.shown,
                hint="pin a list of digests: locations with 'listing: true'",
            )
        if files[0].sha256 not in (None, wanted.sha256):
            raise Rejected(
                "the record pins another digest than --sha256",
                where=asked.shown,
                expected=files[0].sha256,
                found=wanted.sha256,
            )
        return [Found("", files[0].place, wanted.sha256, files[0].size)]

    def _provenance(
        self, version: DatasetVersion, source: Source, asked: Location, known: bool
    ) -> Provenance:
        return Provenance(
            dataset=version.name,
            root=version.root,
            content=version.content,
            files=version.files,
            size=version.size,
            source=source.id,
            source_sha256=record_digest(source.model_dump(mode="json")),
            location=asked.shown,
            collector=f"tdsec-gov {__version__}",
            collected_at=format_time(self.now()),
            pinned=known,
        )

    def _stage(self, name: str, provenance: str) -> None:
        ignore = f"{name.rpartition('/')[0]}/.gitignore".lstrip("/")
        names = [one for one in (f"{name}.dvc", ignore, provenance) if (self.repository.root / one).is_file()]
        self.repository.git.stage(*names)


def _require_known_if_plain(asked: Location, known: bool) -> None:
    """Raises Rejected: bytes over plain http that nobody could tell from others."""
    if asked.scheme == "http" and not asked.is_loopback and not known:
        raise Rejected(
            "plain http does not say whose bytes arrive",
            where=asked.shown,
            expected="https, or a digest that is known before",
            hint="use https, or give --sha256",
        )


def _note(journal: Journal, version: DatasetVersion, source: Source, facts: dict[str, JsonValue]) -> None:
    journal.record(
        "collect",
        "success",
        version.name,
        purpose=source.purpose or "",
        legal_basis=source.legal_basis.article if source.legal_basis else "",
        details=facts,
    )
