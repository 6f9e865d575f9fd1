"""What the plugin asks before a run exists: repository, data, evidence, as one Examination."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tdsec_gov.domain.lineage import UsedDataset
from tdsec_gov.errors import ConfigurationError, PolicyInvalid, TdsecError
from tdsec_gov.files import WorkTree
from tdsec_gov.lineage.examine import Hashed, examined_dataset, unverified_dataset
from tdsec_gov.lineage.recorder import Examination
from tdsec_gov.lineage.used import PURPOSE, REPO, SESSION, Used, tracking, used_by
from tdsec_gov.policy.load import Policies
from tdsec_gov.repo.repository import Repository
from tdsec_gov.verdicts.book import VerdictBook


@dataclass
class Desk:
    """Holds what one process looks up again and again: the repository and the hashed files."""

    hashed: Hashed = field(default_factory=Hashed)
    _repositories: dict[Path, Repository | None] = field(default_factory=dict)

    def repository(self, environment: Mapping[str, str], folder: Path) -> Repository | None:
        """The repository of this process where tdsec is set up, else None."""
        place = Path(environment.get(REPO) or folder).resolve()
        if place not in self._repositories:
            self._repositories[place] = _discover(place)
        return self._repositories[place]

    def examine(self, environment: Mapping[str, str], folder: Path, now: dt.datetime) -> Examination | None:
        """What the environment says that this process uses, held against the evidence.

        None where tdsec has no business: outside a repository that is set up.
        """
        repository = self.repository(environment, folder)
        if repository is None:
            return None
        seen = Examination(repository.root, session=environment.get(SESSION, ""))
        try:
            seen.commit = repository.git.head() or ""
            used = used_by(environment, repository)
        except TdsecError as exc:
            seen.reasons.append(f"{exc.code}: {exc.line()}")
            return seen
        seen.datasets = self.evidence(used, repository, now)
        seen.purpose, seen.legal_basis = purposes(repository, seen.datasets, environment.get(PURPOSE, ""))
        return seen

    def evidence(
        self, used: Iterable[Used], repository: Repository, now: dt.datetime
    ) -> tuple[UsedDataset, ...]:
        """Each used dataset with its evidence, or with the reason why there is none."""
        wanted = list(used)
        try:
            book = VerdictBook.open(WorkTree(repository.root), now)
        except TdsecError as exc:
            return tuple(unverified_dataset(one, exc) for one in wanted)
        return tuple(examined_dataset(one, repository.root, book, self.hashed) for one in wanted)

    def named_by(self, path: str, repository: Repository, origin: str) -> list[Used]:
        """The DVC datasets that a path in ``log_input`` stands for; none where DVC does not track it."""
        found = tracking(Path.cwd() / path, repository.root, repository.work_tree())
        return [Used(one.name, one.oid, origin) for one in found]


def purposes(repository: Repository, datasets: Iterable[UsedDataset], given: str) -> tuple[str, str]:
    """Purpose (``given``, else as the source records state it) and legal basis of these datasets."""
    try:
        policies = _policies(repository)
        held = [policies.for_dataset(one.name) for one in datasets]
    except PolicyInvalid:
        return _line(given), ""
    purpose = given or "; ".join(sorted({one.purpose for one in held if one.purpose}))
    return _line(purpose), _line("; ".join(sorted({one.legal_basis for one in held if one.legal_basis})))


def _policies(repository: Repository) -> Policies:
    from tdsec_gov.policy.load import policies_from

    return policies_from(WorkTree(repository.root))


def _line(text: str) -> str:
    return " ".join(text.split())


def _discover(place: Path) -> Repository | None:
    try:
        repository = Repository.discover(place)
        repository.require_initialised()
    except ConfigurationError:
        return None
    return repository
