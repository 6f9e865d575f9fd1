"""Waivers of one dataset as report facts: what each says, whether it holds, what stands on it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from tdsec_gov.compliance.values import NOT_STATED, VersionFact, WaiverFact
from tdsec_gov.compliance.window import Window
from tdsec_gov.domain.waiver import UsedWaiver
from tdsec_gov.gate.waived import waiver_findings
from tdsec_gov.policy.access import Access
from tdsec_gov.verdicts.book import VerdictBook
from tdsec_gov.verdicts.verify import Verified, parse_time
from tdsec_gov.verdicts.waivers.filed import Filed
from tdsec_gov.verdicts.waivers.store import waiver_at

GONE = "gone"
ORPHANED = "orphaned"
_ORPHAN = "TDS006"


def waivers_of(
    book: VerdictBook, dataset: str, window: Window, history: Iterable[Verified]
) -> tuple[WaiverFact, ...]:
    """Every waiver filed for ``dataset`` before the window's end, and those that a verdict names and that are
    not there any more; what lasts longest last. Raises PolicyInvalid: no rule matches the dataset."""
    filed = book.waivers.filed(dataset)
    orphans = {one.file for one in waiver_findings(book, filed) if one.code == _ORPHAN}
    verdicts = [one.verdict for one in history if one.verdict.accepted]
    used: dict[str, list[str]] = {}
    named: dict[str, tuple[str, UsedWaiver]] = {}
    for verdict in verdicts:
        for one in verdict.waivers:
            used.setdefault(one.digest, []).append(verdict.version.root)
            named[one.digest] = (verdict.version.root, one)
    access = book.policies.access
    found: dict[str, WaiverFact] = {}
    for file in filed:
        if file.waiver is None or parse_time(file.waiver.created) < window.until:
            digest = (waiver_at(file.name) or ("", "", file.name))[2]
            found[digest] = _fact(file, digest, tuple(used.get(digest, ())), file.name in orphans, access)
    for digest, (root, one) in named.items():
        if digest not in found:
            found[digest] = _missing(root, one, tuple(used[digest]), access)
    return tuple(sorted(found.values(), key=lambda one: (one.expires, one.digest)))


def _fact(one: Filed, digest: str, used: tuple[str, ...], orphan: bool, access: Access) -> WaiverFact:
    waiver = one.waiver
    return WaiverFact(
        digest=digest,
        root=one.root,
        what=waiver.what if waiver else NOT_STATED,
        reason=waiver.reason if waiver else NOT_STATED,
        approver=access.name_of(waiver.approver) if waiver else NOT_STATED,
        created=waiver.created if waiver else "",
        expires=waiver.expires if waiver else "",
        state=ORPHANED if orphan else one.state.value,
        why=one.why or ("nothing stands on it any more" if orphan else ""),
        used_by=used,
    )


def _missing(root: str, one: UsedWaiver, used: tuple[str, ...], access: Access) -> WaiverFact:
    """A waiver of which only the verdict that stands on it tells."""
    what = one.check if one.code is None else f"{one.check}:{one.code}"
    approver = access.name_of(one.approver)
    why = "the verdict names it, and its file is not there"
    return WaiverFact(one.digest, root, what, NOT_STATED, approver, "", one.expires, GONE, why, used)


def standing_on(digests: Iterable[str], waivers: Mapping[str, WaiverFact]) -> tuple[WaiverFact, ...]:
    """The facts of the waivers that one verdict names."""
    return tuple(waivers[one] for one in digests if one in waivers)


def waiver_lines(waivers: Iterable[WaiverFact], versions: Iterable[VersionFact]) -> Iterator[str]:
    """What asks for attention: accepted versions whose waiver does not hold, then waivers to clear away."""
    said = set()
    for version in versions:
        bad = [one for one in version.waivers if one.state != "holds"]
        if not version.verdict.accepted or version.expired or not bad:
            continue
        for one in bad:
            said.add(one.digest)
            yield (
                f"version {version.verdict.version.root[:12]} was accepted on a waiver of {one.what} that no "
                f"longer counts ({one.state}): it is refused until it is checked again"
            )
    for one in waivers:
        if one.state in ("expired", ORPHANED, "does not count") and one.digest not in said:
            yield (
                f"the waiver of {one.what} by {one.approver} for version {one.root[:12]} {_state(one)}; "
                "tdsec waivers lists it"
            )


def _state(one: WaiverFact) -> str:
    ended = f"expired on {one.expires[:10]}"
    return {"expired": ended, ORPHANED: "is orphaned"}.get(one.state, one.state) + (
        f": {one.why}" if one.state == "does not count" else ""
    )
