"""HTML of what people and machines did with the data: events, users, purposes, runs, refusals, privacy."""

from __future__ import annotations

from collections.abc import Iterator

from tdsec_gov.compliance.htmlparts import Html, code, join, pill, section, table, tag
from tdsec_gov.compliance.values import NO_EVIDENCE, NOT_STATED, ReportFacts, Run, User
from tdsec_gov.compliance.words import figures_words


def acts(facts: ReportFacts) -> Iterator[Html]:
    yield section(
        "Models trained",
        "runs",
        table(
            ("Run", "State", "Started", "Ended", "By", "Purpose", "Data", "Models"),
            map(_run, facts.runs),
            "no run in the range",
        ),
    )
    yield section(
        "Events by action and outcome",
        "events",
        table(("Action", "Success", "Denied", "Failure"), facts.actions, NO_EVIDENCE),
    )
    yield section("Unique users", "users", _users(facts))
    yield section(
        "Purposes",
        "purposes",
        table(
            ("Purpose", "Events", "Runs"),
            [(one.text, one.events, one.runs) for one in facts.purposes],
            NOT_STATED,
        ),
    )
    yield section("Refusals", "refusals", _refusals(facts))
    yield section("Privacy spent", "privacy", _spends(facts), note=f"budget: {facts.budget}")


def _run(run: Run) -> tuple[object, ...]:
    ended = _time(run.ended) if run.ended else _absent(NO_EVIDENCE)
    roots = join([code(root[:12]) for root in run.versions], " ") if run.versions else _absent(NOT_STATED)
    models = ", ".join(run.models) if run.models else _absent(NOT_STATED)
    purpose = run.purpose or _absent(NOT_STATED)
    return code(run.run_id), pill(run.outcome), _time(run.started), ended, run.who, purpose, roots, models


def _users(facts: ReportFacts) -> Html:
    head = ("Member", "Key", "Events", "Last event")
    return table(head, map(_user, facts.users), NO_EVIDENCE)


def _user(user: User) -> tuple[object, ...]:
    name = user.name if user.member else join([user.name, " ", pill("not a member", "warn")])
    return name, code(user.keyid[:16]), user.events, _time(user.last)


def _refusals(facts: ReportFacts) -> Html:
    rows = [
        (f"#{one.seq}", _time(one.time), one.action, one.who, one.reason or _absent("no reason given"))
        for one in facts.refusals
    ]
    return table(("Event", "Time", "Action", "By", "Reason"), rows, "none recorded in the range")


def _spends(facts: ReportFacts) -> Html:
    rows = [(f"#{one.seq}", _time(one.time), one.target, figures_words(one.figures)) for one in facts.spends]
    return table(("Event", "Time", "Target", "Recorded figures"), rows, "none recorded in the range")


def _time(text: str) -> Html:
    """RFC 3339 for people: a space instead of T, whole seconds."""
    return tag("time", text[:19].replace("T", " "), datetime=text)


def _absent(words: str) -> Html:
    return tag("span", words, cls="absent")
