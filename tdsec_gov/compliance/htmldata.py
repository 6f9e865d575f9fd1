"""HTML of what the report says about the data: versions, source record, git history."""

from __future__ import annotations

from collections.abc import Iterator

from tdsec_gov.compliance.htmlexceptions import exceptions, signatures, stand
from tdsec_gov.compliance.htmlparts import Html, bullets, code, join, pairs, pill, section, table, tag
from tdsec_gov.compliance.values import NO_EVIDENCE, NOT_STATED, ReportFacts, Seen, VersionFact
from tdsec_gov.compliance.words import check_words, plural
from tdsec_gov.domain.findings import CheckResult
from tdsec_gov.domain.words import size_words

_COVER = {"none": "no accepted verdict", "awaiting": "awaits signatures"}


def data(facts: ReportFacts) -> Iterator[Html]:
    cards: list[Html] = [_version(one) for one in reversed(facts.versions)]
    empty = tag("p", f"{NO_EVIDENCE}: no verdict verifies", cls="empty")
    yield section("Dataset versions", "versions", *(cards or [empty]), note="signed verdicts, newest first")
    name = facts.source.id or NOT_STATED
    yield exceptions(facts)
    yield signatures(facts)
    silent = [("not stated", tag("span", ", ".join(facts.source.silent), cls="absent"))]
    rows = [*facts.source.stated, *(silent if facts.source.silent else [])]
    yield section("Source record", "source", pairs(rows), note=name)
    yield _history(facts)


def _version(fact: VersionFact) -> Html:
    verdict, version = fact.verdict, fact.verdict.version
    marks = [pill(verdict.result.value)]
    marks += [pill("expired")] if fact.expired else []
    marks += [pill("current version", "good")] if fact.current else []
    header = tag("header", tag("h3", code(version.root)), *marks)
    rows: list[tuple[str, object]] = [
        ("extent", f"{plural(version.files, 'file')}, {size_words(version.size)}"),
        ("signed by", ", ".join(fact.signers)),
        ("evaluated", f"{verdict.evaluated_at}, expires {verdict.expires_at}"),
        ("checked by", f"{verdict.tool}, rule {verdict.rule}"),
        ("policy digest", code(verdict.policy)),
        ("envelope", code(fact.envelope_sha256)),
        ("DVC oid", code(version.oid)),
        ("previous version", code(verdict.previous) if verdict.previous else "none"),
        ("purpose then", verdict.purpose or NOT_STATED),
        ("legal basis then", verdict.legal_basis or NOT_STATED),
        ("retention then", verdict.retention or NOT_STATED),
    ]
    if fact.waivers:
        rows.insert(0, ("stands on", bullets(map(stand, fact.waivers))))
    if verdict.reasons:
        rows.insert(0, ("because", bullets(verdict.reasons)))
    checks = table(
        ("Check", "Status", "Measured and found", "Not checked"),
        map(_check, verdict.results),
        f"{NO_EVIDENCE}: the verdict holds no check",
    )
    return tag("div", header, pairs(rows), checks, cls="version")


def _check(result: CheckResult) -> tuple[object, ...]:
    left = (
        bullets(result.not_checked) if result.not_checked else Html('<span class="absent">not stated</span>')
    )
    return code(result.check), pill(result.status.value), check_words(result), left


def _history(facts: ReportFacts) -> Html:
    bare = sum(one.cover != "accepted" for one in facts.seen)
    note = "every version that a commit of any branch introduced"
    words = f"{plural(bare, 'version')} without an accepted verdict" if bare else "all have one"
    rows = table(
        ("First commit", "Committed", "By", "DVC oid", "Verdict"),
        map(_seen, facts.seen),
        f"{NO_EVIDENCE}: git history holds no version",
    )
    lead = tag("p", pill(words, "bad" if bare else "good")) if facts.seen else Html("")
    return section("Was the gate bypassed?", "history", lead, rows, note=note)


def _seen(one: Seen) -> tuple[object, ...]:
    word = _COVER.get(one.cover, one.cover)
    tone = {"accepted": "good", "awaiting": "warn"}.get(one.cover, "bad")
    when = join([one.when[:19].replace("T", " ")])
    return code(one.commit[:12]), when, one.author, code(one.oid or "unreadable"), pill(word, tone)
