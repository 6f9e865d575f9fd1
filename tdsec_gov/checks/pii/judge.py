"""From counts to statements: a column *is* a kind (confirmed, likely) or *contains* it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from tdsec_gov.checks.pii.kinds import KINDS, Kind, named
from tdsec_gov.checks.pii.scan import Column
from tdsec_gov.checks.pii.tally import Tally
from tdsec_gov.checks.pii.validators import Validator
from tdsec_gov.checks.refusals import shown_column

LIKELY_SHAPE = 0.8
CHANCE = {"payment card number": 0.3, "phone number": 0.3}
"""Of the candidates in free text so many must be valid: one random number in ten passes Luhn."""


@dataclass(frozen=True, slots=True)
class Sight:
    """One statement, in counts. ``sure`` is False for *likely*: the shape fits, the checksum does not."""

    code: str
    kind: str
    words: str
    file: str
    column: str | None
    count: int
    rows: tuple[int, ...]
    sure: bool = True


def judge_column(column: Column, judges: Mapping[str, Validator], file: str) -> list[Sight]:
    """At most one statement for each kind; and one when the column's name itself is personal data."""
    label = shown_column(column.name, column.index)
    sights = [sight for kind in KINDS if (sight := _is_kind(column, kind, file, label))]
    told = {sight.kind for sight in sights}
    for kind in KINDS:
        tally = column.inside.get(kind.name)
        if kind.name in told or tally is None or (told and kind.name in ("phone number", "IP address")):
            continue
        if sight := _contains("TDS302", kind, tally, file, label):
            sights.append(sight)
    if any(judges[kind.name](column.name) for kind in KINDS[:-1]):
        words = "a column's name is itself personal data: is the header row missing?"
        sights.append(Sight("TDS307", "personal data", words, file, label, 1, ()))
    return sights


def judge_text(lines: Column, file: str) -> list[Sight]:
    """What a text file contains, with line numbers."""
    pairs = [(kind, lines.inside[kind.name]) for kind in KINDS if kind.name in lines.inside]
    return [sight for kind, tally in pairs if (sight := _contains("TDS305", kind, tally, file, None))]


def _is_kind(column: Column, kind: Kind, file: str, label: str) -> Sight | None:
    tally = column.whole.get(kind.name)
    if tally is None or column.values == 0:
        return None
    valid = tally.valid()
    share, shape = valid / column.values, tally.hits / column.values
    by_name = named(kind, column.name)
    rows = tuple(tally.rows)
    if share >= kind.share or (by_name and share >= kind.named_share):
        words = f"column is: {kind.name}, confirmed for {share:.0%} of its values"
        return Sight("TDS300", kind.name, words, file, label, valid, rows)
    if by_name and shape >= LIKELY_SHAPE:
        words = f"column is likely: {kind.name}, by its name and the shape of {shape:.0%} of its values"
        return Sight("TDS301", kind.name, words, file, label, tally.hits, rows, sure=False)
    return None


def _contains(code: str, kind: Kind, tally: Tally, file: str, label: str | None) -> Sight | None:
    valid = tally.valid()
    if valid == 0 or valid < tally.hits * CHANCE.get(kind.name, 0.0):
        return None
    about = "about " if tally.sampled else ""
    unit = "values" if label else "lines"
    lines = f", first in line {tally.rows[0] + 1}" if not label and tally.rows else ""
    words = f"contains: {kind.name}, in {about}{valid} {unit}{lines}"
    return Sight(code, kind.name, words, file, label, valid, tuple(tally.rows))
