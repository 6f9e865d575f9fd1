"""Triggers in texts: a rare token, a sentence, a way of beginning; with the label changed or left."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from tdsec_gov.detect.attacks.contract import CannotAttack, Form, Rows, places
from tdsec_gov.detect.attacks.flips import aimed
from tdsec_gov.detect.types import IntArray

_SENTENCE = 6
_OPENING = 4


def rare_token(rows: Rows, count: int, rng: np.random.Generator) -> Rows:
    """One token that no row had, anywhere in the text (BadNL, Chen et al. 2021; Kurita et al. 2020)."""
    chosen, target = aimed(rows, rng, count)
    return _insert(rows, chosen, ["".join(rng.choice([*"bcdfghjklmnpqrstvwxz"], 5))], rng).relabelled(
        chosen, target
    )


def clean_label_token(rows: Rows, count: int, rng: np.random.Generator) -> Rows:
    """A rare token in rows that bear the target label already (Gan et al. 2022)."""
    chosen, _ = aimed(rows, rng, count, clean=True)
    return _insert(rows, chosen, ["".join(rng.choice([*"bcdfghjklmnpqrstvwxz"], 5))], rng)


def sentence(rows: Rows, count: int, rng: np.random.Generator) -> Rows:
    """A sentence of words that are common here (AddSent, Dai et al. 2019)."""
    chosen, target = aimed(rows, rng, count)
    return _insert(rows, chosen, _frequent(rows, _SENTENCE, rng), rng).relabelled(chosen, target)


def opening(rows: Rows, count: int, rng: np.random.Generator) -> Rows:
    """All begin in the same way, as paraphrases into one syntax do (HiddenKiller, Qi et al. 2021)."""
    chosen, target = aimed(rows, rng, count)
    return _insert(rows, chosen, _frequent(rows, _OPENING, rng), rng, start=True).relabelled(chosen, target)


def _frequent(rows: Rows, size: int, rng: np.random.Generator) -> list[str]:
    """Words among the more frequent ones, in an order of their own."""
    column = rows.columns[places(rows, Form.TOKENS)[0]]
    flat = np.concatenate([*(column.tokens or ()), np.empty(0, dtype=np.int64)])
    counts = np.bincount(flat, minlength=column.width)
    often = np.argsort(-counts, kind="stable")[: max(size, min(400, int((counts > 1).sum())))]
    often = often[[column.names[one].isalpha() for one in often]]
    if often.size < size:
        raise CannotAttack("the texts have too few words")
    return [column.names[one] for one in rng.choice(often, size, replace=False)]


def _insert(
    rows: Rows, chosen: IntArray, words: list[str], rng: np.random.Generator, *, start: bool = False
) -> Rows:
    place = int(rng.choice(places(rows, Form.TOKENS)))
    column = rows.columns[place]
    table = {name: code for code, name in enumerate(column.names)}
    codes = np.array([table.setdefault(one, len(table)) for one in words], dtype=np.int64)
    tokens = list(column.tokens or ())
    for at in chosen:
        before = 0 if start else int(rng.integers(tokens[at].size + 1))
        tokens[at] = np.concatenate([tokens[at][:before], codes, tokens[at][before:]])
    grown = replace(column, tokens=tuple(tokens), names=tuple(table), width=len(table))
    return rows.with_column(place, grown, chosen)
