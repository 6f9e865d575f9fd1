"""One dataset version as a page: the verdict, its findings, and small charts beside the last version."""

from __future__ import annotations

from collections.abc import Iterator

from tdsec_gov.checks.explain import EXPLANATIONS
from tdsec_gov.compliance.bars import Bar, bars
from tdsec_gov.compliance.detectors import detectors
from tdsec_gov.compliance.html import page
from tdsec_gov.compliance.htmlparts import Html, bullets, code, pairs, pill, section, table, tag
from tdsec_gov.compliance.profile import MOST_CLASSES, Profile
from tdsec_gov.compliance.words import plural
from tdsec_gov.domain.findings import CheckResult, Finding, Severity
from tdsec_gov.domain.verdict import Verdict

_MOST_COLUMNS = 60
_ORDER = {Severity.DENY: 0, Severity.WARN: 1, Severity.NOTE: 2}
_TONES = {Severity.DENY: "bad", Severity.WARN: "warn", Severity.NOTE: "plain"}


def version_page(
    verdict: Verdict, now: Profile | None, before: Profile | None, *, reveal: bool = False
) -> str:
    """The whole page. ``now`` None: the data was not read. Class names only with ``reveal``."""
    parts = [*_top(verdict), *_findings(verdict)]
    if now is None:
        parts.append(section("Data", "data", tag("p", "Not read: the files were refused.", cls="empty")))
    else:
        parts += [*_data(now, before), *_classes(now, before, reveal), *_nulls(now, before)]
    parts += [*_checks(verdict), *detectors(verdict), *_unseen(verdict)]
    return page(f"Dataset version: {verdict.version.name}", parts)


def _top(verdict: Verdict) -> Iterator[Html]:
    version = verdict.version
    judged = tag("p", f"judged {verdict.evaluated_at}, holds until {verdict.expires_at}", cls="soft")
    name = tag("div", tag("div", "Dataset version", cls="eyebrow"), tag("h1", version.name), judged)
    yield tag("div", name, pill(verdict.result.value), cls="top")
    counts = dict.fromkeys(Severity, 0)
    for finding in _all(verdict):
        counts[finding.severity] += 1
    tiles = [
        (counts[Severity.DENY], "denying findings"),
        (counts[Severity.WARN], "warnings"),
        (len(verdict.results), "checks"),
        (version.files, "files"),
        (version.size, "bytes"),
    ]
    yield tag("div", *[_tile(*one) for one in tiles], cls="tiles")
    if verdict.reasons:
        yield section("Why", "why", bullets(verdict.reasons))
    terms: list[tuple[str, object]] = [
        ("SHA-256", code(version.root)),
        ("rule", code(verdict.rule)),
        ("source", verdict.source or "not stated"),
        ("legal basis", verdict.legal_basis or "not stated"),
        ("last accepted version", code(verdict.previous) if verdict.previous else "none: this is the first"),
    ]
    yield section("What was judged", "version", pairs(terms))


def _tile(figure: int, words: str) -> Html:
    return tag("div", tag("b", f"{figure:,}"), tag("span", words), cls="tile")


def _all(verdict: Verdict) -> list[Finding]:
    found = [finding for result in verdict.results for finding in result.findings]
    return sorted(found, key=lambda one: _ORDER[one.severity])


def _findings(verdict: Verdict) -> Iterator[Html]:
    rows = [
        (
            pill(one.severity.value, _TONES[one.severity]),
            code(one.code),
            one.message,
            one.file or "",
            one.column or "",
            "" if one.count is None else one.count,
            ", ".join(map(str, one.rows[:5])),
            EXPLANATIONS[one.code].fix if one.code in EXPLANATIONS else "",
        )
        for one in _all(verdict)
    ]
    head = ("", "code", "finding", "file", "column", "count", "rows", "what to do")
    yield section("Findings", "findings", table(head, rows, "No check found anything."))


def _data(now: Profile, before: Profile | None) -> Iterator[Html]:
    terms: list[tuple[str, object]] = [("files", _change(now.files, before.files if before else None))]
    if now.columns:
        terms.append(("rows", _change(now.rows, before.rows if before else None)))
        terms.append(("columns", _change(len(now.columns), len(before.columns) if before else None)))
    if before is not None and before.columns:
        added = [name for name in now.columns if name not in before.columns]
        gone = [name for name in before.columns if name not in now.columns]
        if added or gone:
            terms.append(("columns added", ", ".join(added) or "none"))
            terms.append(("columns gone", ", ".join(gone) or "none"))
    if now.unread:
        terms.append(("not read", plural(now.unread, "table")))
    yield section("Data", "data", pairs(terms))


def _change(now: int, before: int | None) -> str:
    if before is None or before == now:
        return f"{now:,}"
    share = f", {(now - before) / before:+.1%}" if before else ""
    return f"{now:,} ({now - before:+,}{share} against the last accepted version)"


def _classes(now: Profile, before: Profile | None, reveal: bool) -> Iterator[Html]:
    if now.many_classes:
        text = f"More than {MOST_CLASSES} labels: no chart."
        yield section("Class balance", "classes", tag("p", text, cls="empty"))
        return
    counts, older = (now.classes, before.classes if before else None)
    if not counts:
        counts, older, reveal = now.folders, before.folders if before else None, True
    if not counts:
        return
    total, total_before = counts.total(), older.total() if older else 0
    names = sorted({*counts, *(older or ())}, key=lambda one: (-counts[one], one))
    rows = [
        Bar(
            name if reveal else f"class {at}",
            counts[name] / total,
            older[name] / total_before if older and total_before else None,
            f"{counts[name]:,} ({counts[name] / total:.1%})",
        )
        for at, name in enumerate(names[:MOST_CLASSES], 1)
    ]
    note = "" if reveal else "names are values, so they are not shown; --reveal shows them"
    yield section("Class balance", "classes", bars(rows, "this version", "last accepted"), note=note)


def _nulls(now: Profile, before: Profile | None) -> Iterator[Html]:
    if not now.rows:
        return
    rows = [
        Bar(
            name,
            now.nulls[name] / now.rows,
            before.nulls[name] / before.rows if before and before.rows and name in before.columns else None,
        )
        for name in now.columns
    ]
    worst = sorted(rows, key=lambda one: -max(one.now, one.before or 0))[:_MOST_COLUMNS]
    some = [one for one in worst if one.now or one.before]
    if not some:
        yield section("Nulls", "nulls", tag("p", "No nulls in any column.", cls="empty"))
        return
    note = f"{len(some)} of {plural(len(now.columns), 'column')} have some"
    yield section("Nulls", "nulls", bars(some, "this version", "last accepted"), note=note)


def _checks(verdict: Verdict) -> Iterator[Html]:
    yield section(
        "Checks",
        "checks",
        table(("check", "result", "figures", "seconds"), map(_check, verdict.results), "None."),
    )


def _check(result: CheckResult) -> tuple[object, ...]:
    figures = {name: value for name, value in result.facts.items() if isinstance(value, int | float | str)}
    if result.metric is not None:
        figures = {"metric": result.metric, "threshold": result.threshold or 0, **figures}
    told = ", ".join(f"{name} {value}" for name, value in list(figures.items())[:8])
    return code(result.check), pill(result.status.value), told, f"{result.seconds:.1f}"


def _unseen(verdict: Verdict) -> Iterator[Html]:
    notes = [f"{one.check}: {note}" for one in verdict.results for note in one.not_checked]
    if notes:
        yield section("Not checked", "unseen", bullets(notes))
