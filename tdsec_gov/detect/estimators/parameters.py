"""The estimator's parameters, checked when it is fitted, as scikit-learn has it."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from numbers import Integral, Real
from typing import Any

from tdsec_gov.detect.data.subject import Options
from tdsec_gov.detect.suite import DETECTORS

_SHARES = ("alpha", "max_label_changes", "max_issue_share", "max_conflict_share")


@dataclass(frozen=True, slots=True)
class Parameters:
    """``skipped`` are detectors that do not run."""

    options: Options
    skipped: frozenset[str]
    whole: bool


def parsed(given: dict[str, Any]) -> Parameters:
    """``given`` by name, as ``get_params`` has it.

    Raises:
        TypeError: a parameter of another type.
        ValueError: a number out of its range, no detector of that name, none left.
    """
    for name in _SHARES:
        _number(name, given[name], Real, 0, 1)
    _number("max_rows", given["max_rows"], Integral, 100, 2**31 - 1)
    _number("seed", given["seed"], Integral, 0, 2**31 - 1)
    if not 0 < given["alpha"] <= 0.2:
        raise ValueError("alpha must lie above 0 and at most at 0.2.")
    if not isinstance(given["whole"], bool):
        raise TypeError("whole must be True or False.")
    if not isinstance(given["dataset"], str):
        raise TypeError("dataset must be a name.")
    skip, allow = (frozenset(_names(name, given[name])) for name in ("skip", "allow"))
    only = frozenset(DETECTORS if given["only"] is None else _names("only", given["only"]))
    for name in ("skip", "only"):
        if not (skip if name == "skip" else only) <= set(DETECTORS):
            raise ValueError(f"{name} names no detector: there are {', '.join(DETECTORS)}.")
    skipped = skip | (set(DETECTORS) - only)
    if skipped >= set(DETECTORS):
        raise ValueError("no detector is left: look at only and skip.")
    options = Options(
        alpha=float(given["alpha"]),
        max_rows=int(given["max_rows"]),
        seed=int(given["seed"]),
        allow=allow,
        dataset=given["dataset"],
        max_label_changes=float(given["max_label_changes"]),
        max_issue_share=float(given["max_issue_share"]),
        max_conflict_share=float(given["max_conflict_share"]),
    )
    return Parameters(options, frozenset(skipped), given["whole"])


def _number(name: str, value: Any, kind: Any, least: float, most: float) -> None:
    if isinstance(value, bool) or not isinstance(value, kind):
        raise TypeError(f"{name} must be a {'whole number' if kind is Integral else 'number'}.")
    if not least <= value <= most:
        raise ValueError(f"{name} must lie between {least} and {most}.")


def _names(name: str, value: str | Collection[str]) -> Iterable[str]:
    if isinstance(value, str):
        return (value,)
    if not isinstance(value, Collection) or not all(isinstance(one, str) for one in value):
        raise TypeError(f"{name} must be a name or a list of names.")
    return value
