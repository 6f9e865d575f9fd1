"""What in the facts asks for somebody's attention, in a line each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from tdsec_gov.compliance.exceptions import waiver_lines
from tdsec_gov.compliance.quorum import pending_line
from tdsec_gov.compliance.values import LogBasis, PendingFact, Run, Seen, User, VersionFact, WaiverFact

_COVER = {
    "none": "has no accepted verdict: the gate was bypassed, or its evidence is gone",
    "denied": "was committed although the gate denied it",
    "awaiting": "was committed while its verdict still lacks signatures",
    "unreadable": "holds a pointer that cannot be read",
}


def findings_of(
    basis: LogBasis,
    dataset: str,
    versions: tuple[VersionFact, ...],
    waivers: tuple[WaiverFact, ...],
    pending: tuple[PendingFact, ...],
    unverified: tuple[str, ...],
    current_oid: str | None,
    runs: tuple[Run, ...],
    users: tuple[User, ...],
    seen: tuple[Seen, ...],
    cover: Mapping[str, str],
) -> tuple[str, ...]:
    """All findings, the gravest first."""
    return (
        *_history(seen),
        *(f"{name} does not verify and counts for nothing" for name in unverified),
        *(pending_line(one, dataset) for one in pending),
        *_current(versions, current_oid, cover),
        *waiver_lines(waivers, versions),
        *_runs(runs, versions),
        *_users(users),
        *_log(basis),
    )


def _history(seen: tuple[Seen, ...]) -> Iterator[str]:
    for one in seen:
        if one.cover in _COVER:
            what = f"version {one.oid}" if one.oid else "a version"
            yield f"{what} (commit {one.commit[:12]}, {one.when[:10]}) {_COVER[one.cover]}"


def _current(versions: tuple[VersionFact, ...], oid: str | None, cover: Mapping[str, str]) -> Iterator[str]:
    if oid is None:
        yield "DVC does not track this dataset any more"
        return
    mine = [one for one in versions if one.current]
    if cover.get(oid) not in ("accepted", "awaiting"):
        yield f"the current version {oid} has no accepted verdict"
    elif mine and all(one.expired for one in mine if one.verdict.accepted):
        yield f"the verdict of the current version expired on {mine[-1].verdict.expires_at[:10]}"


def _runs(runs: tuple[Run, ...], versions: tuple[VersionFact, ...]) -> Iterator[str]:
    denied = {one.verdict.version.root for one in versions if not one.verdict.accepted}
    for run in runs:
        if run.outcome == "never ended":
            yield (
                f"run {run.run_id} started at {run.started} and has no recorded end: still running, "
                "killed, or its end was not recorded"
            )
        if not run.proven:
            yield f"run {run.run_id} recorded that its data was not verified"
        if denied & set(run.versions):
            yield f"run {run.run_id} used a version whose latest verdict is FAILED"


def _users(users: tuple[User, ...]) -> Iterator[str]:
    for user in users:
        if not user.member:
            yield f"{user.events} events by {user.name}, who is not a member in policies/access.yaml"


def _log(basis: LogBasis) -> Iterator[str]:
    left = basis.head.size - basis.covered
    if not basis.checkpoints:
        yield "no signed head of the audit log was found: nothing outside the database confirms it"
    elif left:
        yield f"the last {left} events of the log are not covered by a signed head yet"
