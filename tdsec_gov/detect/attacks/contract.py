"""What an attack is given, and what it must answer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np

from tdsec_gov.detect.contract import Attack
from tdsec_gov.detect.data.columns import Column
from tdsec_gov.detect.types import BoolArray, IntArray


class Form(StrEnum):
    """The kinds of content that an attack can be made on."""

    NUMBERS = "numbers"
    CODES = "codes"
    TOKENS = "tokens"
    PIXELS = "pixels"
    ANY = "any"


class CannotAttack(Exception):
    """These rows give the attack nothing to work on; the text says why, without values."""


@dataclass(frozen=True, slots=True)
class Rows:
    """``columns`` and ``labels`` (0..classes-1) over all rows; ``push`` are positions of those that an
    attacker may touch; ``poisoned`` marks those touched so far."""

    columns: tuple[Column, ...]
    labels: IntArray
    classes: int
    push: IntArray
    poisoned: BoolArray

    @classmethod
    def clean(cls, columns: tuple[Column, ...], labels: IntArray, classes: int, push: IntArray) -> Rows:
        return cls(columns, labels, classes, push, np.zeros(labels.size, dtype=np.bool_))

    def victims(self, count: int, target: int, rng: np.random.Generator, *, clean: bool = False) -> IntArray:
        """``count`` rows of the push that do not bear the label ``target``; with ``clean``, that do.

        Raises CannotAttack: there are not so many.
        """
        fit = self.push[(self.labels[self.push] == target) == clean]
        if fit.size < count or count < 1:
            raise CannotAttack(f"{fit.size} rows of the push could be poisoned, {count} are wanted")
        return np.sort(rng.choice(fit, count, replace=False))

    def relabelled(self, rows: IntArray, labels: IntArray | int) -> Rows:
        """Other labels at ``rows``, which count as poisoned."""
        changed = self.labels.copy()
        changed[rows] = labels
        return replace(self, labels=changed, poisoned=self._marked(rows))

    def with_column(self, place: int, column: Column, rows: IntArray) -> Rows:
        """Another column in ``place``; ``rows`` count as poisoned."""
        columns = (*self.columns[:place], column, *self.columns[place + 1 :])
        return replace(self, columns=columns, poisoned=self._marked(rows))

    def _marked(self, rows: IntArray) -> BoolArray:
        mask = self.poisoned.copy()
        mask[rows] = True
        return mask


Poison = Callable[[Rows, int, np.random.Generator], Rows]
"""Poisons so many rows of the push. Raises CannotAttack."""


@dataclass(frozen=True, slots=True)
class Seeded:
    """One attack: its ``name``, the class of attack, the ``forms`` of content it needs (one of them), where
    it is from, and the ``poison`` itself."""

    name: str
    attack: Attack
    forms: tuple[Form, ...]
    source: str
    poison: Poison

    def fits(self, columns: tuple[Column, ...]) -> bool:
        return Form.ANY in self.forms or any(form_of(one) in self.forms for one in columns)


def form_of(column: Column) -> Form:
    if column.pixels is not None:
        return Form.PIXELS
    if column.tokens is not None:
        return Form.TOKENS
    return Form.CODES if column.codes is not None else Form.NUMBERS


def places(rows: Rows, *forms: Form) -> list[int]:
    """Positions of the columns of these forms. Raises CannotAttack: there is none."""
    found = [at for at, one in enumerate(rows.columns) if form_of(one) in forms]
    if not found:
        raise CannotAttack(f"no column of {' or '.join(forms)}")
    return found


def target_of(rows: Rows, rng: np.random.Generator) -> int:
    """A label to aim at, drawn among those of the push. Raises CannotAttack: fewer than two classes."""
    present = np.unique(rows.labels[rows.push])
    if rows.classes < 2 or present.size == 0:
        raise CannotAttack("fewer than two classes")
    return int(rng.choice(present))
