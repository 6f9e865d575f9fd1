"""The report as plain text, for a terminal or a mail."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from tdsec_gov.compliance.values import NO_EVIDENCE, NOT_STATED, Entry, ReportFacts, VersionFact, WaiverFact
from tdsec_gov.compliance.words import (
    FOOTER,
    check_words,
    figures_words,
    pending_words,
    plural,
    range_words,
    used_words,
    verdict_words,
    waiver_words,
)
from tdsec_gov.domain.words import size_words


def to_text(facts: ReportFacts) -> str:
    """The whole report; control characters of names are replaced."""
    lines = [*_head(facts), *_answers(facts), *_data(facts), *_acts(facts), *_end(facts)]
    return "\n".join("".join(c if c.isprintable() else "�" for c in line) for line in lines) + "\n"


def _section(title: str, lines: Iterable[str], empty: str = NO_EVIDENCE) -> Iterator[str]:
    yield ""
    yield title.upper()
    yield from [f"  {line}" for line in lines] or [f"  {empty}"]


def _head(facts: ReportFacts) -> Iterator[str]:
    head, span = facts.basis.head, facts.span
    yield f"Compliance report: {facts.dataset}"
    yield f"  range      {range_words(facts)}"
    yield f"  generated  {facts.generated_at} by {facts.tool}"
    yield f"  audit log  verified: {head.origin}, {plural(head.size, 'event')}, root {head.root}"
    where = "; ".join(facts.basis.checkpoints) or NO_EVIDENCE
    yield f"  signed by  {where}; covers the first {plural(facts.basis.covered, 'event')}"
    yield f"  events     {span.events:,} of this dataset among {span.log_events:,} in the range"
    if span.first and span.last:
        yield f"  first      #{span.first.seq} {span.first.time} {span.first.action}"
        yield f"  last       #{span.last.seq} {span.last.time} {span.last.action}"


def _answers(facts: ReportFacts) -> Iterator[str]:
    lines = []
    for check in facts.checks:
        lines.append(f"{'PASS' if check.passed else 'FAIL'}  {check.name}")
        lines += [f"      - {line}" for line in check.evidence]
    yield from _section("Checks", lines)
    yield from _section("Needs attention", [f"! {one}" for one in facts.findings], "nothing found")


def _data(facts: ReportFacts) -> Iterator[str]:
    lines = [line for one in facts.versions for line in _version(one)]
    yield from _section("Dataset versions", lines, f"{NO_EVIDENCE}: no verdict verifies")
    yield from _section("Waivers", [line for one in facts.waivers for line in _waiver(one)], "none")
    lines = [f"asked for: {facts.quorum}", *(pending_words(one) for one in facts.pending)]
    yield from _section("Signatures", lines)
    width = max(len(label) for label, _ in facts.source.stated)
    name = f"Source record {facts.source.id}".rstrip()
    lines = [f"{label:<{width}}  {text}" for label, text in facts.source.stated]
    silent = [f"{NOT_STATED}: {', '.join(facts.source.silent)}"] if facts.source.silent else []
    yield from _section(name, [*lines, *silent])
    history = [f"{s.when[:10]}  {s.cover:<10}  {s.commit[:12]}  {s.oid or '-'}" for s in facts.seen]
    yield from _section("Versions in git history (was the gate bypassed?)", history)


def _version(fact: VersionFact) -> Iterator[str]:
    verdict, version = fact.verdict, fact.verdict.version
    marks = " [current]" if fact.current else ""
    yield f"{verdict_words(fact)}  sha256 {version.root}{marks}"
    yield f"    {plural(version.files, 'file')}, {size_words(version.size)}; DVC oid {version.oid}"
    yield f"    signed by {', '.join(fact.signers)} at {verdict.evaluated_at}; expires {verdict.expires_at}"
    yield f"    policy {verdict.policy} (rule {verdict.rule}); checked by {verdict.tool}"
    yield f"    purpose: {verdict.purpose or NOT_STATED}; legal basis: {verdict.legal_basis or NOT_STATED}"
    yield from (f"    because: {reason}" for reason in verdict.reasons)
    yield from (f"    stands on: {waiver_words(one)}" for one in fact.waivers)
    for result in verdict.results:
        yield f"    {result.status.value:<7} {result.check}: {check_words(result)}"
        yield from (f"            not checked: {one}" for one in result.not_checked)


def _waiver(one: WaiverFact) -> Iterator[str]:
    yield f"{one.state:<14} {waiver_words(one).removesuffix(f' [{one.state}]')}"
    yield f"    version {one.root}; {used_words(one)}"
    if one.why and one.state != "holds":
        yield f"    {one.why}"


def _acts(facts: ReportFacts) -> Iterator[str]:
    actions = [f"{a:<14} {s:>6} success {d:>6} denied {f:>6} failure" for a, s, d, f in facts.actions]
    yield from _section("Events by action and outcome", actions)
    users = [
        f"{u.name}: {plural(u.events, 'event')}, last {u.last}{'' if u.member else ' (not a member)'}"
        for u in facts.users
    ]
    yield from _section(f"Unique users: {len(facts.users)}", users)
    purposes = [f"{p.text}: {plural(p.events, 'event')}, {plural(p.runs, 'run')}" for p in facts.purposes]
    yield from _section("Purposes", purposes, NOT_STATED)
    runs = [
        f"{r.run_id}: {r.outcome}; started {r.started} by {r.who}; ended {r.ended or NO_EVIDENCE}; "
        f"purpose {r.purpose or NOT_STATED}; data {', '.join(v[:12] for v in r.versions) or NOT_STATED}; "
        f"models {', '.join(r.models) or NOT_STATED}"
        for r in facts.runs
    ]
    trained = sum(run.outcome == "success" for run in facts.runs)
    title = f"Models trained: {trained} (of {plural(len(facts.runs), 'run')})"
    yield from _section(title, runs, "no run in the range")
    yield from _section("Refusals", map(_entry, facts.refusals), "none recorded")
    spends = [f"#{s.seq} {s.time} {s.target}: {figures_words(s.figures)}" for s in facts.spends]
    title = f"Privacy spent (budget: {facts.budget})"
    yield from _section(title, spends, "none recorded")


def _entry(entry: Entry) -> str:
    return f"#{entry.seq} {entry.time} {entry.action} by {entry.who}: {entry.reason or 'no reason given'}"


def _end(facts: ReportFacts) -> Iterator[str]:
    yield from _section("What this report cannot say", facts.limits)
    yield ""
    yield FOOTER
