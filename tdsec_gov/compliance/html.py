"""The report as one self-contained HTML page: no scripts, no outside files, everything escaped."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from tdsec_gov.compliance.htmlacts import acts
from tdsec_gov.compliance.htmldata import data
from tdsec_gov.compliance.htmlparts import Html, bullets, code, pairs, pill, section, tag
from tdsec_gov.compliance.style import STYLE
from tdsec_gov.compliance.timeline import timeline
from tdsec_gov.compliance.values import NO_EVIDENCE, Check, Entry, ReportFacts
from tdsec_gov.compliance.words import FOOTER, plural, range_words

_POLICY = "default-src 'none'; style-src 'unsafe-inline'"


def to_html(facts: ReportFacts) -> str:
    """The whole page."""
    parts = (*_top(facts), *_answers(facts), *_log(facts), *data(facts), *acts(facts), *_end(facts))
    return page(f"Compliance report: {facts.dataset}", parts)


def page(title: str, parts: Iterable[Html]) -> str:
    """A document in the report's style that loads nothing and runs nothing."""
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"{tag('title', title)}<style>{STYLE}</style></head>\n<body>{tag('main', *parts)}</body></html>\n"
    )


def _top(facts: ReportFacts) -> Iterator[Html]:
    eyebrow = tag("div", "Compliance report", cls="eyebrow")
    made = f"generated {facts.generated_at} by {facts.tool}"
    when = tag("p", range_words(facts), Html("<br>"), made, cls="soft")
    name = tag("div", eyebrow, tag("h1", facts.dataset), when)
    yield tag("div", name, pill("audit log verified", "good"), cls="top")
    accepted = sum(one.verdict.accepted for one in facts.versions)
    trained = sum(one.outcome == "success" for one in facts.runs)
    yield tag(
        "div",
        _tile(f"{accepted} / {len(facts.versions)}", "versions accepted"),
        _tile(facts.span.events, "events in the range"),
        _tile(len(facts.users), "unique users"),
        _tile(len(facts.purposes), "purposes stated"),
        _tile(trained, "models trained"),
        _tile(len(facts.refusals), "refusals"),
        cls="tiles",
    )


def _tile(figure: object, words: str) -> Html:
    shown = f"{figure:,}" if isinstance(figure, int) else figure
    return tag("div", tag("b", shown), tag("span", words), cls="tile")


def _answers(facts: ReportFacts) -> Iterator[Html]:
    yield tag("div", *map(_check, facts.checks), cls="checks", id="checks")
    if facts.findings:
        note = plural(len(facts.findings), "finding")
        inner = section("Needs attention", "findings", bullets(facts.findings), note=note)
    else:
        inner = section("Needs attention", "findings", tag("p", "Nothing found.", cls="empty"))
    yield Html(
        inner.replace("<section", f'<section class="attention{"" if facts.findings else " clear"}"', 1)
    )


def _check(check: Check) -> Html:
    word = "PASS" if check.passed else "FAIL"
    header = tag("header", tag("h3", check.name), pill(word))
    return tag("div", header, bullets(check.evidence), cls=f"check {'good' if check.passed else 'bad'}")


def _log(facts: ReportFacts) -> Iterator[Html]:
    basis, span = facts.basis, facts.span
    left = basis.head.size - basis.covered
    rows: tuple[tuple[str, object], ...] = (
        ("log", code(basis.head.origin)),
        ("size", plural(basis.head.size, "event")),
        ("root", code(basis.head.root)),
        ("signed heads", "; ".join(basis.checkpoints) or NO_EVIDENCE),
        ("covered by them", f"the first {plural(basis.covered, 'event')}; {left} after the last head"),
        ("in the range", f"{plural(span.events, 'event')} of this dataset, {span.log_events:,} in all"),
        ("first event", _place(span.first)),
        ("last event", _place(span.last)),
    )
    keys = [("s", "success"), ("d", "denied"), ("f", "failure")]
    legend = tag("div", *[tag("span", tag("i", cls=cls), word) for cls, word in keys], cls="legend")
    if facts.days:
        yield section("Events over time", "timeline", timeline(facts.days), legend, note="UTC")
    yield section("Audit log", "log", pairs(rows), note="every event verified before this report was made")


def _place(entry: Entry | None) -> str:
    return NO_EVIDENCE if entry is None else f"#{entry.seq}, {entry.time}, {entry.action} by {entry.who}"


def _end(facts: ReportFacts) -> Iterator[Html]:
    yield section("What this report cannot say", "limits", bullets(facts.limits))
    how = tag(
        "p",
        "The SHA-256 of this file stands in the audit log: compare ",
        code("sha256sum FILE"),
        " with ",
        code(f"tdsec --json audit log --action report --target {facts.dataset}"),
        ".",
    )
    yield tag("footer", tag("p", FOOTER), how)
