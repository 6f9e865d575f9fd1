"""What people accepted in earlier versions, and which version is compared with which."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from tdsec_gov.domain.dataset import DatasetVersion
from tdsec_gov.domain.findings import CheckResult
from tdsec_gov.verdicts.book import VerdictBook
from tdsec_gov.verdicts.verify import Verified


@dataclass(frozen=True, slots=True)
class Accepted:
    """``items`` are ids that count as natural; ``audited`` the last audited version before this one, where it
    is another than the last accepted one."""

    items: frozenset[str]
    audited: DatasetVersion | None

    @classmethod
    def of(
        cls,
        book: VerdictBook,
        history: Sequence[Verified],
        version: DatasetVersion,
        previous: DatasetVersion | None,
        brought: Collection[str],
    ) -> Accepted:
        """``history`` holds the verdicts before that on ``version``, oldest first; ``brought`` the keyids of
        those who brought or judge it."""
        roots = book.examinations.audited(version.name, brought) - {version.root}
        seen = [one for one in history if one.verdict.version.root in roots]
        audited = last_accepted(seen, version.root)
        if audited is not None and previous is not None and audited.root == previous.root:
            audited = None
        return cls(book.examinations.items(version.name, brought), audited)

    def same(self, result: CheckResult) -> bool:
        """Whether the check said what it said with the same in hand."""
        said = result.facts.get("accepted")
        if not isinstance(said, dict):
            return not self.items and self.audited is None
        return said == {"items": sorted(self.items), "audited": self.audited.root if self.audited else None}


def last_accepted(history: Sequence[Verified], root: str) -> DatasetVersion | None:
    """The last version of ``history`` that was accepted and is another than ``root``."""
    others = [one.verdict for one in history if one.verdict.accepted]
    older = [verdict.version for verdict in others if verdict.version.root != root]
    return older[-1] if older else None
