"""HTML of what a verdict leans on besides the checks: waivers, and the signatures it needs."""

from __future__ import annotations

from tdsec_gov.compliance.htmlparts import Html, code, join, pairs, pill, section, table, tag
from tdsec_gov.compliance.values import PendingFact, ReportFacts, WaiverFact
from tdsec_gov.compliance.words import plural


def exceptions(facts: ReportFacts) -> Html:
    """A row for each waiver: what may fail, why, who said so, until when, what stands on it."""
    rows = table(
        ("State", "Waived", "Reason given", "By", "Until", "Version", "Accepted on it"),
        map(_waiver, facts.waivers),
        "Nothing was waived.",
    )
    holding = sum(one.state == "holds" for one in facts.waivers)
    note = f"{holding} of {plural(len(facts.waivers), 'waiver')} can be built on now" if facts.waivers else ""
    return section("Waivers", "waivers", rows, note=note)


def _waiver(one: WaiverFact) -> tuple[object, ...]:
    why = tag("div", one.why, cls="soft") if one.why and one.state != "holds" else Html("")
    until = tag("time", one.expires[:10], datetime=one.expires) if one.expires else _absent("not known")
    stands = "yes" if one.used_by else _absent("no")
    return (
        pill(one.state),
        code(one.what),
        join([one.reason, why]),
        one.approver,
        until,
        code(one.root[:12]),
        stands,
    )


def stand(one: WaiverFact) -> Html:
    """One waiver under the version that was accepted on it."""
    state = "" if one.state == "holds" else join([" ", pill(one.state)])
    said = join([code(one.what), f" waived by {one.approver} until {one.expires[:10]}: "])
    return join([said, tag("q", one.reason), state])


def signatures(facts: ReportFacts) -> Html:
    """What the rule asks for, and which versions still wait."""
    asked = pairs([("the rule asks for", facts.quorum)])
    head = ("Version", "Verdict", "Judged", "Signed by", "Still lacks")
    waiting = table(head, map(_pending, facts.pending), "No version waits for a signature.")
    note = f"{plural(len(facts.pending), 'version')} waiting" if facts.pending else ""
    return section("Signatures", "signatures", asked, waiting, note=note)


def _pending(one: PendingFact) -> tuple[object, ...]:
    when = tag("time", one.evaluated_at[:19].replace("T", " "), datetime=one.evaluated_at)
    lacking = join([pill(words, "warn") for words in one.lacking], " ")
    return code(one.root[:12]), pill(one.result), when, ", ".join(one.signers), lacking


def _absent(words: str) -> Html:
    return tag("span", words, cls="absent")
