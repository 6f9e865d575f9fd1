"""Ranges of commits as people write them: ``A..B``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from tdsec_gov.errors import UsageError
from tdsec_gov.repo.git import Git


@dataclass(frozen=True, slots=True)
class CommitRange:
    """What ``new`` has and ``old`` has not; empty ``old``: everything that ``new`` has."""

    old: str
    new: str

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read ``A..B`` or ``..B``.

        Raises:
            UsageError: anything else; ``A...B`` too, which to git means another set of commits.
        """
        old, dots, new = text.partition("..")
        if not dots or not new or ".." in new or new.startswith(".") or old.endswith("."):
            hint = "two dots: A...B would also name what only A has" if "..." in text else ""
            raise UsageError("not a range", expected="A..B", found=text, hint=hint)
        return cls(old, new)

    def base(self, git: Git) -> str | None:
        """The full id of ``old``, None where there is none. Raises ConfigurationError: no such commit."""
        return git.resolve(self.old) if self.old else None
