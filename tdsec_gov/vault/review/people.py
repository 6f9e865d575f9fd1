"""Who is asked: those whose signature the version still lacks, by today's policy; and their keys."""

from __future__ import annotations

from collections.abc import Sequence

from tdsec_gov.domain.findings import Severity, Status
from tdsec_gov.domain.verdict import Verdict
from tdsec_gov.errors import AccessDenied, KeyUnavailable, PolicyInvalid, UsageError
from tdsec_gov.keys.recipients import Recipient, parse_recipient
from tdsec_gov.policy.access import Access
from tdsec_gov.policy.access_models import Member
from tdsec_gov.verdicts.book import VerdictBook
from tdsec_gov.verdicts.verify import Verified

_ACCESS = "policies/access.yaml"


def deciders(book: VerdictBook, seen: Verified) -> list[Member]:
    """Members whose signature can bring this version further: approvers of waivers for a denied one, those
    whom the rule on signatures still waits for otherwise. Raises PolicyInvalid: no rule matches it."""
    access, dataset = book.policies.access, seen.verdict.version.name
    if not seen.verdict.accepted:
        rules = book.policies.for_dataset(dataset).waivers
        denied = [one for one in seen.verdict.results if one.status.denies]
        open_ = [
            one.check in (rules.errors if one.status is Status.ERROR else rules.checks) for one in denied
        ]
        return list(access.in_roles(rules.roles)) if any(open_) else []
    quorum = book.quorum(dataset)
    if not quorum.lacking(seen.signers):
        return []
    keyids = {keyid for places in quorum.alternatives for place in places for keyid in place.keyids}
    return [one for one in access.file.members if one.keyid in keyids - set(seen.signers)]


def chosen(book: VerdictBook, seen: Verified, label: str, sender: str, names: Sequence[str]) -> list[Member]:
    """Whom a request goes to: ``names``, or else everybody who can decide; never its sender.

    Raises:
        UsageError: no such member. AccessDenied: somebody may neither decide nor read the vault; or nobody
            but the sender can decide.
    """
    access, able = book.policies.access, deciders(book, seen)
    if not names:
        found = [one for one in able if one.keyid != sender]
        if not found:
            raise AccessDenied(
                "there is nobody but you whose signature could help this version",
                where=seen.verdict.version.short,
                expected="somebody in the roles under 'waivers' or 'signers' in policies/policy.yaml",
                hint="mend the data, or name somebody who may read the vault: --to NAME",
            )
        return found
    members = {one.name: one for one in access.file.members}
    unknown = [name for name in names if name not in members]
    if unknown:
        raise UsageError(f"there is no member '{unknown[0]}'", where=_ACCESS, expected=", ".join(members))
    picked = [members[name] for name in dict.fromkeys(names) if members[name].keyid != sender]
    for one in picked:
        if one not in able and not access.may_read(one, label):
            raise AccessDenied(
                f"'{one.name}' may neither decide about this version nor read vault '{label}'",
                where=_ACCESS,
                expected=f"one of {', '.join(each.name for each in able) or 'its readers'}",
            )
    if not picked:
        raise UsageError("a request goes to somebody else than you", expected="--to NAME of another member")
    return picked


def recipients_of(access: Access, keyids: Sequence[str], label: str) -> list[Recipient]:
    """The age keys of these members, of the kind that ``label`` asks for.

    Raises:
        AccessDenied: somebody is no member any more. PolicyInvalid: a key is missing or malformed.
    """
    found = []
    for keyid in dict.fromkeys(keyids):
        member = access.member(keyid)
        if member is None:
            raise AccessDenied("somebody of this request is no member any more", where=_ACCESS)
        text = member.age_pq if access.settings(label).post_quantum else member.age
        try:
            found.append(parse_recipient(text or ""))
        except KeyUnavailable as exc:
            raise PolicyInvalid(
                f"member '{member.name}' has no usable key",
                where=_ACCESS,
                expected=exc.expected if text else "an age1pq1… key (age_pq): the vault is post-quantum",
                hint="they run tdsec key show, and you write what it prints",
            ) from None
    return found


def why(seen: Verdict, awaits: Sequence[str]) -> list[str]:
    """In a line each what keeps the version from being accepted: checks, codes and counts, never values."""
    if seen.accepted:
        return [f"awaits a signature of {', and one of '.join(awaits)}"] if awaits else []
    lines = []
    for result in seen.results:
        if not result.status.denies:
            continue
        codes = sorted({one.code for one in result.findings if one.severity is Severity.DENY})
        many = sum(one.count or 1 for one in result.findings if one.severity is Severity.DENY)
        lines.append(f"{result.check}: {result.status.value}, {' '.join(codes) or 'no finding'} ({many})")
    return lines or list(seen.reasons[:3])
