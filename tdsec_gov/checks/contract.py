"""What a check is given, and what it must give back.

Error contract of :meth:`Check.run`: whatever is wrong with the *data* becomes a finding (data that
cannot be read is a denying one); whatever is wrong with the *settings* raises
:class:`~tdsec_gov.errors.PolicyInvalid`; :class:`Unreadable` may leave a check and the runner counts
it as ERROR. No other exception may leave a check.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import ClassVar, Protocol, runtime_checkable

from tdsec_gov.domain.canonical import JsonValue
from tdsec_gov.domain.findings import CheckResult
from tdsec_gov.errors import IntegrityError


class Unreadable(IntegrityError):
    """A file of the dataset is not what its suffix promises. Never quotes its contents."""

    code = "unreadable"


@dataclass(frozen=True, slots=True)
class DataFile:
    """One file of a dataset version.

    ``path`` is the logical path inside the dataset (``train.csv``, ``a/b.png``), whose suffix tells
    the format; ``location`` is where its bytes lie now (an object of the DVC cache, without suffix);
    ``size`` is in bytes; ``sha256`` has 64 hexadecimal digits.
    """

    path: str
    location: Path
    size: int
    sha256: str


class Memory(Protocol):
    """Partials of files seen before, by key; private to this clone (:mod:`tdsec_gov.checks.perfile`)."""

    def recall(self, keys: Sequence[str]) -> dict[str, JsonValue]:
        """Those that are known. What cannot be read is not known; never raises for it."""
        ...

    def remember(self, partials: Mapping[str, JsonValue]) -> None:
        """Keep them. A memory that cannot be written is none; never raises for it."""
        ...


class Team(Protocol):
    """Processes that examine the files of a dataset side by side, for one check made of single files."""

    @property
    def started(self) -> bool:
        """Whether they run already; to start them takes about as long as importing the check's engine."""
        ...

    def partials(self, places: Sequence[int]) -> list[JsonValue]:
        """What the check says of ``files[place]`` for each, in order. Raises what the check may raise."""
        ...


def no_progress(done: int, total: int) -> None:
    """Nobody watches."""


@dataclass(frozen=True, slots=True)
class CheckInput:
    """Everything a check may look at; the clock comes in as ``now`` (with a time zone).

    ``previous`` and ``previous_root`` describe the last accepted version (None: there is none),
    ``params`` are the check's settings from policy.yaml, ``source`` is the source record as plain
    values (None: none is on record), ``policies`` is the folder of policies, ``memory`` is what earlier
    runs found in single files (None: nothing is remembered), ``team`` examines files side by side (None:
    this process does it), ``progress`` is told how many of how many files are done. ``audited`` and
    ``audited_root`` are the last version that a person audited, where it is another than ``previous`` (None:
    there is none), ``allowed`` the ids of items that a person accepted, here or earlier. Files come as a
    sequence that may lie on disk: go through it, do not copy it.
    """

    dataset: str
    files: Sequence[DataFile]
    previous: Sequence[DataFile] | None
    previous_root: str | None
    params: Mapping[str, JsonValue]
    source: Mapping[str, JsonValue] | None
    policies: Path
    now: datetime
    memory: Memory | None = None
    team: Team | None = None
    progress: Callable[[int, int], None] = no_progress
    audited: Sequence[DataFile] | None = None
    audited_root: str | None = None
    allowed: frozenset[str] = frozenset()


@runtime_checkable
class Check(Protocol):
    """One examination of one dataset version."""

    name: ClassVar[str]

    def run(self, given: CheckInput) -> CheckResult:
        """Examine ``given``.

        Raises:
            PolicyInvalid: the settings are refused.
            Unreadable: data could not be read and the check cannot say so in a finding.
        """
        ...
