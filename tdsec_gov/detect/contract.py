"""What a detector is given, and what it must answer.

Attack classes are those of NIST AI 100-2 (2025), section 2.3: availability, targeted, backdoor and
clean-label poisoning; ``shift`` is no attack and is reported apart.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, ClassVar, Protocol, runtime_checkable

from tdsec_gov.detect.types import NO_ROWS, FloatArray, IntArray
from tdsec_gov.domain.canonical import JsonValue

if TYPE_CHECKING:
    from tdsec_gov.detect.data.subject import Subject


class Attack(StrEnum):
    """What a detector can find, or cannot."""

    AVAILABILITY = "availability"
    TARGETED = "targeted"
    BACKDOOR = "backdoor"
    CLEAN_LABEL = "clean-label"
    SHIFT = "shift"


class Role(StrEnum):
    """What a detector's answer counts for.

    ``EXACT`` counts, no statistics. ``TEST`` has a calibrated p-value and takes part in the verdict (Holm
    at the policy's alpha). ``DRIFT`` has one too, judged apart: data of another kind is no attack.
    ``ADVICE`` is for a person: where nothing can be compared, or the null is not calibrated.
    """

    EXACT = "exact"
    TEST = "test"
    DRIFT = "drift"
    ADVICE = "advice"


class Kind(StrEnum):
    """What an alarm says. The check gives each a code and a severity."""

    RELABELLED = "relabelled"
    RELABELLED_FEW = "relabelled-few"
    CONTRADICTING = "contradicting"
    UNKNOWN_LABELS = "unknown-labels"
    CONFLICTS = "conflicts"
    LABELS = "labels"
    OTHER_KIND = "other-kind"
    LABEL_ISSUES = "label-issues"
    BURST = "burst"
    SHORTCUT = "shortcut"
    SHIFT = "shift"
    LABEL_SHIFT = "label-shift"
    OUTLIERS = "outliers"
    NOVEL = "novel"
    REPRESENTATION = "representation"
    GRADIENTS = "gradients"
    NEIGHBOURS = "neighbours"
    TOO_LITTLE = "too-little"


class NotRunnable(Exception):
    """The detector has nothing to work on here; the text says why, without values."""


@dataclass(frozen=True, slots=True)
class Alarm:
    """One thing found.

    ``text`` is one line without values; ``rows`` are stacked positions in order of weight; ``columns``
    names; ``count`` the number of rows when ``rows`` is not all of them; ``p`` corrected within the
    detector (None: exact or advice, it stands by itself); ``key`` the item's id for the allow-list.
    """

    kind: Kind
    text: str
    rows: IntArray = field(default_factory=lambda: NO_ROWS)
    columns: tuple[str, ...] = ()
    count: int | None = None
    p: float | None = None
    key: str = ""


@dataclass(frozen=True, slots=True)
class DetectorResult:
    """What one detector says of the new rows.

    ``p`` is the dataset-level p-value under "the new rows are more of the same" (None: there is none);
    ``statistic`` the number behind it, with its ``meaning``; ``index`` stacked positions of the rows scored
    and ``scores`` one number for each, larger is stranger, with ``score_meaning``; ``row_p`` a p-value for
    each (nan: not testable) or None; ``alarms`` what is to be told, most telling first; ``precision`` the
    estimated share of true ones among the alarms' rows (None: not estimated); ``facts`` plain numbers for
    the verdict; ``notes`` what was left out; ``not_run`` the reason where nothing ran.
    """

    detector: str
    p: float | None = None
    statistic: float | None = None
    meaning: str = ""
    index: IntArray = field(default_factory=lambda: NO_ROWS)
    scores: FloatArray | None = None
    score_meaning: str = ""
    row_p: FloatArray | None = None
    alarms: tuple[Alarm, ...] = ()
    precision: float | None = None
    facts: Mapping[str, JsonValue] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    not_run: str = ""


@runtime_checkable
class Detector(Protocol):
    """One way to look for poison. Deterministic: the same subject gives the same answer.

    ``reference`` says whether it needs an accepted version (True), only works without one (False), or
    does both (None); ``labels`` whether it needs labels. ``version`` is raised whenever its answer to the
    same rows may change.
    """

    name: ClassVar[str]
    version: ClassVar[str]
    role: ClassVar[Role]
    reference: ClassVar[bool | None]
    labels: ClassVar[bool]
    addresses: ClassVar[tuple[Attack, ...]]
    not_addressed: ClassVar[tuple[str, ...]]

    def run(self, subject: Subject) -> DetectorResult:
        """Raises NotRunnable: there is nothing here that it could examine."""
        ...
