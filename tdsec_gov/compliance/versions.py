"""The signed verdicts of one dataset as report facts, and the verdict files that do not verify."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping

from tdsec_gov.compliance.exceptions import standing_on
from tdsec_gov.compliance.sourcewords import more_fields
from tdsec_gov.compliance.values import NOT_STATED, PendingFact, SourceFact, VersionFact, WaiverFact
from tdsec_gov.compliance.window import Window
from tdsec_gov.policy.load import DatasetPolicy
from tdsec_gov.policy.source_models import Contact, Source
from tdsec_gov.verdicts.book import VerdictBook
from tdsec_gov.verdicts.store import verdict_name, verdict_names
from tdsec_gov.verdicts.verify import parse_time


def versions_of(
    book: VerdictBook,
    dataset: str,
    window: Window,
    current_oid: str | None,
    now: dt.datetime,
    waivers: Mapping[str, WaiverFact],
    waiting: Iterable[PendingFact],
) -> tuple[tuple[VersionFact, ...], tuple[str, ...]]:
    """Versions evaluated before the window's end, oldest first; and names of files that do not verify.

    ``waivers`` by digest; ``waiting``: versions whose verdict lacks signatures, and so is not
    counted as one that does not verify.

    Raises:
        PolicyInvalid: no rule matches the dataset.
    """
    stored = set(verdict_names(book.evidence, dataset))
    found: dict[str, VersionFact] = {}
    believed = {verdict_name(dataset, one.root) for one in waiting}
    for one in book.history(dataset):
        verdict = one.verdict
        name = verdict_name(dataset, verdict.version.root)
        if name not in stored:
            continue
        believed.add(name)
        if parse_time(verdict.evaluated_at) >= window.until:
            continue
        names = tuple(book.policies.access.name_of(keyid) for keyid in one.signers)
        found[verdict.version.root] = VersionFact(
            verdict=verdict,
            signers=names,
            envelope_sha256=one.envelope_sha256,
            expired=now >= parse_time(verdict.expires_at),
            in_range=window.holds(verdict.evaluated_at),
            current=current_oid is not None and verdict.version.oid == current_oid,
            waivers=standing_on((used.digest for used in verdict.waivers), waivers),
        )
    return tuple(found.values()), tuple(sorted(stored - believed))


def cover_of(book: VerdictBook, dataset: str, waiting: Iterable[PendingFact] = ()) -> dict[str, str]:
    """``accepted``, ``denied`` or ``awaiting`` by DVC oid; with an accepted version: accepted."""
    cover = {one.oid: "awaiting" for one in waiting}
    for one in book.history(dataset):
        oid = one.verdict.version.oid
        if one.verdict.accepted or cover.get(oid, "awaiting") == "awaiting":
            cover[oid] = "accepted" if one.verdict.accepted else "denied"
    return cover


def source_fact(policy: DatasetPolicy) -> SourceFact:
    """The source record in the order an auditor reads it."""
    source = policy.source
    if source is None:
        named = policy.rule.source
        text = f"'{named}' is named by policy.yaml and not on record" if named else NOT_STATED
        return SourceFact("", (("source", text),))
    return SourceFact(source.id, source_fields(source), more_fields(source))


def source_fields(source: Source) -> tuple[tuple[str, str], ...]:
    """Label and text of every field; ``not stated`` where the record says nothing."""
    return (*_right(source), *_people(source))


def _right(source: Source) -> tuple[tuple[str, str], ...]:
    basis, retention, review = source.legal_basis, source.retention, source.review
    return (
        ("name", source.name),
        ("description", _or(source.description)),
        ("trust", source.trust),
        ("licence", _or(source.license)),
        ("purpose", _or(source.purpose)),
        ("personal data", source.personal_data),
        ("legal basis", _or(basis.article if basis else None)),
        ("evidence of the legal basis", _or(basis.evidence if basis else None)),
        ("retention until", _or(retention.until if retention else None)),
        ("basis of retention", _or(retention.basis if retention else None)),
        ("reviewed by", _or(review.by if review else None)),
        ("reviewed on", _or(review.on if review else None)),
        ("review expires", _or(review.expires if review else None)),
    )


def _people(source: Source) -> tuple[tuple[str, str], ...]:
    return (
        ("data subjects", _or(source.data_subjects)),
        ("categories of data", _or(", ".join(source.data_categories))),
        ("supplier", _contact(source.supplier)),
        ("contact", _contact(source.contact)),
        ("allowed locations", _or(", ".join(source.allowed_locations))),
    )


def _or(value: object) -> str:
    return NOT_STATED if value is None or str(value).strip() == "" else str(value)


def _contact(contact: Contact | None) -> str:
    if contact is None:
        return NOT_STATED
    return ", ".join(part for part in (contact.name, contact.email, contact.url) if part) or NOT_STATED
