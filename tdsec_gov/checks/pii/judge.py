"""From counts to statements: a column *is* a kind (confirmed, likely) or *contains* it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from tdsec_gov.checks.pii import kinds as k
from tdsec_gov.checks.pii import names, national
from tdsec_gov.checks.pii.scan import Column
from tdsec_gov.checks.pii.sight import CONTAINS, HEADER, IS, LIKELY, TEXT, Sight
from tdsec_gov.checks.pii.spans import find_spans
from tdsec_gov.checks.pii.tally import Tally
from tdsec_gov.checks.refusals import shown_column

LIKELY_SHAPE = 0.8
_FEWEST = 20
_VERSIONS = frozenset(
    {"version", "versions", "ver", "release", "build", "oid", "firmware", "section", "chapter"}
)
_PERSONS = frozenset(
    {k.EMAIL, k.PHONE, k.CARD, k.IBAN, k.SSN, k.NATIONAL, k.BIRTH, k.PERSON, k.ADDRESS, k.PASSPORT}
)


def judge_table(columns: Sequence[Column]) -> list[Sight]:
    """What a table's columns are and contain. Positions and columns called just ``name`` are told only
    where another column holds persons: alone they are places and things."""
    sights = [sight for column in columns for sight in _judge_column(column)]
    if {sight.kind for sight in sights if sight.code in (IS, LIKELY)} & _PERSONS:
        sights += [sight for column in columns for sight in _beside_persons(column)]
        sights += _positions(columns)
    return sights


def judge_lines(lines: Column) -> list[Sight]:
    """What a text contains, with line numbers."""
    found = [(kind, lines.inside[kind]) for kind in k.IN_TEXT if kind in lines.inside]
    return [sight for kind, tally in found if (sight := _contains(TEXT, kind, tally, None))]


def _judge_column(column: Column) -> list[Sight]:
    label = shown_column(column.name, column.index)
    sights: list[Sight] = []
    if column.values:
        sights = [sight for kind in k.KINDS if (sight := _named(column, kind, label))]
        told = {sight.kind for sight in sights}
        if not any(one.code == IS for one in sights):
            unnamed = [
                sight for kind in k.IN_TEXT if kind not in told and (sight := _is_kind(column, kind, label))
            ]
            sights = unnamed[:1] + [one for one in sights if not unnamed or one.kind == unnamed[0].kind]
        if not sights and (sight := _national(column, label)):
            sights = [sight]
        sights = _one(sights)
        if not any(one.kind in (k.PASSWORD, k.SECRET) for one in sights):
            sights += _others(column, sights, label)
    if any(one.kind not in (k.NATIONAL, k.IP) for one in find_spans(column.name)):
        words = "a column's name is itself personal data: is the header row missing?"
        sights.append(Sight(HEADER, "personal data", words, label, 1, ()))
    return sights


def _one(sights: list[Sight]) -> list[Sight]:
    """A column is one kind: the confirmed one, else the first in the table of kinds."""
    sure = [one for one in sights if one.sure]
    return (sure or sights)[:1]


def _others(column: Column, told: list[Sight], label: str) -> list[Sight]:
    """What free text in the column contains beside what the column is."""
    skip = {sight.kind for sight in told}
    if told:
        skip |= {k.PHONE, k.IP, k.NATIONAL, k.SSN, k.CARD}
    if set(names.words(column.name)) & _VERSIONS:
        skip.add(k.IP)
    found = [(kind, tally) for kind, tally in column.inside.items() if kind not in skip]
    return [sight for kind, tally in found if (sight := _contains(CONTAINS, kind, tally, label))]


def _named(column: Column, kind: str, label: str) -> Sight | None:
    """A kind that the column's name speaks of."""
    shaped, tally = column.shaped.get(kind), column.named.get(kind)
    if shaped is None or (kind == k.PERSON and names.is_bare_name(column.name)):
        return None
    if tally is not None and tally.whole >= k.KINDS[kind].named_share * column.values and tally.whole >= 1:
        return _confirmed(kind, tally, column, label)
    if kind == k.NATIONAL and not national.named_plainly(column.name):
        return None
    if shaped >= LIKELY_SHAPE * column.values and shaped:
        return _likely(kind, shaped, column, label)
    return None


def _is_kind(column: Column, kind: str, label: str) -> Sight | None:
    """A kind that the values alone prove."""
    tally = column.inside.get(kind)
    if tally is None or (kind == k.IP and set(names.words(column.name)) & _VERSIONS):
        return None
    if tally.whole < max(1.0, k.KINDS[kind].share * column.values):
        return None
    return _confirmed(kind, tally, column, label)


def _confirmed(kind: str, tally: Tally, column: Column, label: str) -> Sight:
    share = min(1.0, tally.whole / column.values)
    words = f"column is: {kind}, confirmed for {share:.0%} of its values"
    return Sight(IS, kind, words, label, round(tally.whole), tuple(tally.rows))


def _likely(kind: str, shaped: int, column: Column, label: str) -> Sight:
    words = (
        f"column is likely: {kind}, by its name and the shape of {shaped / column.values:.0%} of its values"
    )
    return Sight(LIKELY, kind, words, label, shaped, (), sure=False)


def _national(column: Column, label: str) -> Sight | None:
    """A column of one country's numbers, proven by their checksums whatever its name."""
    sample = list(dict.fromkeys(text.strip() for text in column.sample))
    if len(sample) < _FEWEST:
        return None
    schemes: Counter[str] = Counter()
    for scheme in national.COLUMN:
        few = sample[:40]
        if sum(scheme.form.fullmatch(text) is not None for text in few) < 0.9 * len(few):
            continue
        if sum(scheme.valid(text) for text in few if scheme.form.fullmatch(text)) < 0.9 * len(few):
            continue
        good = sum(scheme.form.fullmatch(text) is not None and scheme.valid(text) for text in sample)
        schemes[scheme.name] = good
    if not schemes:
        return None
    name, good = schemes.most_common(1)[0]
    if good < 0.9 * len(sample):
        return None
    count = round(column.values * good / len(sample))
    words = f"column is: {k.NATIONAL} ({name}), confirmed for about {good / len(sample):.0%} of its values"
    return Sight(IS, k.NATIONAL, words, label, count, ())


def _contains(code: str, kind: str, tally: Tally, label: str | None) -> Sight | None:
    if tally.valid < 0.5 or tally.valid < tally.hits * k.KINDS[kind].chance:
        return None
    about = "about " if tally.sampled else ""
    unit = "values" if label else "lines"
    count = max(1, round(tally.valid))
    lines = f", first in line {tally.rows[0] + 1}" if not label and tally.rows else ""
    words = f"contains: {kind}, in {about}{count} {unit}{lines}"
    return Sight(code, kind, words, label, count, tuple(sorted(set(tally.rows))))


def _beside_persons(column: Column) -> list[Sight]:
    shaped = column.shaped.get(k.PERSON, 0)
    if not names.is_bare_name(column.name) or shaped < LIKELY_SHAPE * max(1, column.values):
        return []
    return [_likely(k.PERSON, shaped, column, shown_column(column.name, column.index))]


def _positions(columns: Sequence[Column]) -> list[Sight]:
    """Columns of latitudes and longitudes precise to about ten metres."""
    exact = [one for one in columns if one.values and one.precise >= LIKELY_SHAPE * one.values]
    if {names.axis(one.name) for one in exact} < {"lat", "lon"}:
        return []
    words = f"column is likely: {k.POSITION}, by its name and its four or more decimals"
    return [
        Sight(LIKELY, k.POSITION, words, shown_column(one.name, one.index), one.precise, (), sure=False)
        for one in exact
    ]
