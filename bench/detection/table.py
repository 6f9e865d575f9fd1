"""The results as Markdown: attacks, where others do better, clean data, costs."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from bench.detection.cells import CLEAN, MODES
from bench.detection.figures import OURS, Line, Methods, best, f_score, grouped, mean, ranking, rate_of, upper
from bench.detection.shifts import SHIFTS

_SLACK = 0.005
"""Differences of AUROC that are no difference here."""


def markdown(lines: Iterable[Line]) -> str:
    """All tables that the lines give something for."""
    every = list(lines)
    told = [one for one in every if "not_run" not in one]
    attacks = [one for one in told if one["attack"] not in (CLEAN, *SHIFTS)]
    clean = [one for one in told if one["attack"] in (CLEAN, *SHIFTS)]
    missing = sorted({f"Not run: {one['method']}: {one['not_run']}" for one in every if "not_run" in one})
    parts = [*(_attacks(attacks, mode) for mode in MODES), _worse(attacks), _clean(clean), _costs(told)]
    return "\n\n".join(one for one in (*parts, *missing) if one)


def _table(head: str, body: list[str]) -> str:
    """'' without a body."""
    return "\n".join([head, "|---" * (head.count("|") - 1) + "|", *body]) if body else ""


def _attacks(lines: list[Line], mode: str) -> str:
    """A row for each set and attack, with the rates beside one another."""
    mine = [one for one in lines if one["mode"] == mode]
    rates = sorted({one["rate"] for one in mine})
    body = []
    for (data, size, attack), methods in grouped(mine, "data", "rows", "attack").items():
        split = [_at(methods, one) for one in rates]
        cells = [" , ".join(column) for column in zip(*map(_cells, split), strict=True)]
        body.append(f"|{data} {size}|{attack}|{'|'.join(cells)}|")
    return _table(
        f"|{mode} ({' , '.join(f'{one:.0%}' for one in rates)})|attack|denied|ours: AUROC|ours: recall / "
        "precision|best other: AUROC|best other: recall / precision|",
        body,
    )


def _at(methods: Methods, rate: float) -> Methods:
    return {name: [one for one in found if one["rate"] == rate] for name, found in methods.items()}


def _cells(methods: Methods) -> list[str]:
    mine, ranked, caught = methods.get(OURS, []), best(methods, ranking), best(methods, f_score)
    if not mine:
        return ["-"] * 5
    said = "no" if mine[0]["verdict"] in ("-", "shift") else mine[0]["verdict"]
    if len(mine) > 1:
        said = rate_of(mine, "denied")
    return [
        said,
        _number(ranking(mine)),
        _pair(mine),
        f"{_number(ranking(methods[ranked]))} {ranked}" if ranked else "-",
        f"{_pair(methods[caught])} {caught}" if caught else "-",
    ]


def _worse(lines: list[Line]) -> str:
    """Where one of the others ranks or catches better than ours."""
    body = []
    for key, methods in grouped(lines, "data", "rows", "mode", "attack", "rate").items():
        if OURS not in methods:
            continue
        ranked, caught = best(methods, ranking), best(methods, f_score)
        mine, theirs = ranking(methods[OURS]), ranking(methods[ranked]) if ranked else None
        lost = []
        if mine is not None and theirs is not None and theirs > mine + _SLACK:
            lost.append(f"AUROC {mine:.3f} ({_alone(methods[OURS])}), {ranked} {theirs:.3f}")
        mine, theirs = f_score(methods[OURS]), f_score(methods[caught]) if caught else None
        if mine is not None and theirs is not None and theirs > mine + _SLACK:
            lost.append(f"F1 {mine:.2f}, {caught} {theirs:.2f}")
        if lost:
            body.append(f"|{key[0]} {key[1]}|{key[2]}|{key[3]}|{key[4]:.0%}|{'; '.join(lost)}|")
    return _table("|another does better|mode|attack|rate|ours, the best other|", body)


def _alone(found: list[Line]) -> str:
    """The one of our detectors that ranks best by itself: what a better ranking of all could reach."""
    known = [(value, name) for one in found for name, value in one["by"].items() if value is not None]
    return "{1} alone {0:.3f}".format(*max(known)) if known else "none alone"


def _clean(lines: list[Line]) -> str:
    """Without an attack: how often we deny, and the share of rows that each method flags."""
    body = []
    for (data, size, attack, mode), methods in grouped(lines, "data", "rows", "attack", "mode").items():
        mine = methods.get(OURS, [])
        if not mine:
            continue
        by = sorted({name for one in mine for name in one["denying"]})
        wrong = sum(one["verdict"] == "denied" for one in mine)
        shares = [
            f"{name} {mean(found, 'flagged') or 0.0:.1%}" for name, found in methods.items() if name != OURS
        ]
        cells = [
            f"{wrong}/{len(mine)}" + (f" ({', '.join(by)})" if by else ""),
            f"{upper(wrong, len(mine)):.1%}",
            rate_of(mine, "shift"),
            rate_of(mine, "warned"),
            ", ".join(shares),
        ]
        body.append(f"|{data} {size}|{attack}|{mode}|{'|'.join(cells)}|")
    return _table(
        "|no attack|data|mode|denied|95 % upper bound|told as shift|warned|share of rows that others flag|",
        body,
    )


def _costs(lines: list[Line]) -> str:
    """CPU seconds and MiB of each method, the mean over cells of the mode incremental."""
    mine = [one for one in lines if one["mode"] == MODES[0]]
    names = list(dict.fromkeys(one["method"] for one in mine))
    body = []
    for (data, size), methods in grouped(mine, "data", "rows").items():
        cells = [f"{_short(methods, one, 'seconds', 1)}, {_short(methods, one, 'mib', 0)}" for one in names]
        body.append(f"|{data} {size}|{'|'.join(cells)}|")
    return _table(f"|CPU s, MiB|{'|'.join(names)}|", body)


def _short(methods: Methods, name: str, field: str, places: int) -> str:
    value: Any = mean(methods.get(name, []), field)
    return "-" if value is None else f"{value:.{places}f}"


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"


def _pair(found: list[Line]) -> str:
    two = (mean(found, one) for one in ("recall", "precision"))
    return " / ".join("-" if one is None else f"{one:.2f}" for one in two)
