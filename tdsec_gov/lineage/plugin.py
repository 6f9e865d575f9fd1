"""One process's plugin state, and what MLflow's hooks call. Knows runs and paths, not MLflow's classes."""

from __future__ import annotations

import datetime as dt
import os
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tdsec_gov.lineage.guard import guard, tell

if TYPE_CHECKING:
    from tdsec_gov.audit.journal import Journal
    from tdsec_gov.domain.lineage import UsedDataset
    from tdsec_gov.domain.privacy import PrivacySpend
    from tdsec_gov.lineage.desk import Desk
    from tdsec_gov.lineage.recorder import Examination, Finished, RunRecorder

EARLIER = "an earlier part of this run was not verified"


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


@dataclass
class Plugin:
    """Recorders of this process's runs, by run id."""

    recorders: dict[str, RunRecorder] = field(default_factory=dict)
    _desk: Desk | None = None
    _told: bool = False
    _journals: dict[tuple[Path, int], Journal] = field(default_factory=dict)

    @property
    def desk(self) -> Desk:
        if self._desk is None:
            from tdsec_gov.lineage.desk import Desk

            self._desk = Desk()
        return self._desk

    def journal(self, root: Path) -> Journal:
        """The journal of the repository at ``root``, opened once per process and database file."""
        from tdsec_gov.audit.journal import DATABASE, Journal

        place = root / DATABASE
        number = place.stat().st_ino if place.exists() else 0
        if number == 0 or (root, number) not in self._journals:
            opened = Journal.open(root)
            number = place.stat().st_ino
            self._journals[root, number] = opened
        return self._journals[root, number]

    def before(self) -> Examination | None:
        """Examine what this process uses, before a run exists. Never raises, except on purpose."""
        from tdsec_gov.lineage.recorder import Examination

        failures: list[str] = []
        with guard("looking up the data in use", failures.append):
            return self.desk.examine(os.environ, Path.cwd(), _now())
        return Examination(reasons=failures)

    def started(self, run_id: str, seen: Examination, earlier: str | None = None) -> dict[str, str]:
        """Record START of a new or, with the ``earlier`` state it had, of a resumed run; its first tags."""
        from tdsec_gov.lineage.record import start_tags
        from tdsec_gov.lineage.recorder import RunRecorder

        if earlier is not None and earlier != "verified":
            seen.reasons.append(EARLIER)
        recorder = RunRecorder.of(run_id, seen, _now())
        self.recorders[run_id] = recorder
        with guard("recording START", seen.reasons.append):
            if seen.root is not None:
                recorder.start(self.journal(seen.root))
        return start_tags(seen.state.value, tuple(seen.reasons), seen.datasets)

    def named(self, run_id: str, path: str, oid: str, origin: str) -> tuple[UsedDataset, ...]:
        """Datasets that the run names by a path; those that are new to it, examined and recorded.

        ``oid`` is the version that the run says it read, empty where it means the pointer's.
        """
        from dataclasses import replace

        recorder = self.recorders.get(run_id)
        repository = self.desk.repository(os.environ, Path.cwd())
        if recorder is None or repository is None:
            return ()
        used = self.desk.named_by(path, repository, origin)
        if oid and len(used) == 1:
            used = [replace(used[0], oid=oid)]
        known = {one.name for one in recorder.seen.datasets}
        new = [one for one in used if one.name not in known]
        return recorder.add(self.desk.evidence(new, repository, _now())) if new else ()

    def tags(self, run_id: str) -> dict[str, str]:
        """Tags of a run as far as it is known now."""
        from tdsec_gov.lineage.record import start_tags

        seen = self.recorders[run_id].seen
        return start_tags(seen.state.value, tuple(seen.reasons), seen.datasets)

    def finished(self, run_id: str, status: str) -> Finished | None:
        """Record the end of a run; None for a run that was not started here."""
        recorder = self.recorders.pop(run_id, None)
        if recorder is None:
            return None
        if recorder.seen.root is not None and not recorder.seen.purpose:
            self._purposes(recorder)
        with guard("looking at the data again", recorder.seen.reasons.append):
            self._still_the_same(recorder)
        spend: PrivacySpend | None = None
        with guard("taking the privacy spend", recorder.seen.reasons.append):
            spend = _spend_of(run_id)
        self._tell(run_id, recorder)
        return recorder.finish(status, _now(), spend)

    def _tell(self, run_id: str, recorder: RunRecorder) -> None:
        """Say once per process, in a repository that has tdsec, that a run is unverified and why."""
        seen = recorder.seen
        if self._told or seen.root is None or seen.state.value == "verified":
            return
        self._told = True
        why = seen.reasons[0] if seen.reasons else "no dataset was named"
        tell(f"run {run_id[:8]} is unverified: {why} - start it with: tdsec run --data TARGET -- COMMAND")

    def delta(self) -> float | None:
        """Smallest delta among the privacy budgets of the data in use, None where there is none."""
        from tdsec_gov.files import WorkTree
        from tdsec_gov.policy.load import policies_from

        found = []
        for recorder in self.recorders.values():
            root = recorder.seen.root
            if root is None or not recorder.seen.datasets:
                continue
            policies = policies_from(WorkTree(root))
            rules = [policies.for_dataset(one.name).rule for one in recorder.seen.datasets]
            found += [rule.privacy.delta for rule in rules if rule.privacy]
        return min(found, default=None)

    def _still_the_same(self, recorder: RunRecorder) -> None:
        """Add a reason for each verified dataset whose files changed while the run was going on."""
        from tdsec_gov.errors import TdsecError

        seen = recorder.seen
        if seen.root is None:
            return
        for one in seen.datasets:
            try:
                same = not one.verified or self.desk.hashed.root(seen.root, one.name) == one.root
            except TdsecError:
                same = False
            if not same:
                seen.reasons.append(f"data-tampered: {one.name} changed while the run was going on")

    def _purposes(self, recorder: RunRecorder) -> None:
        from tdsec_gov.lineage.desk import purposes

        repository = self.desk.repository(os.environ, Path.cwd())
        if repository is not None:
            seen = recorder.seen
            seen.purpose, seen.legal_basis = purposes(repository, seen.datasets, "")


def _spend_of(run_id: str) -> PrivacySpend | None:
    hook: Any = sys.modules.get("tdsec_gov.privacy.training.opacus_hook")
    spend: PrivacySpend | None = hook.TRAININGS.spend_of(run_id) if hook is not None else None
    return spend


PLUGIN = Plugin()
