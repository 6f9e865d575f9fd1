"""The results as Markdown: attacks, costs, clean pushes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

import numpy as np

from bench.detection.cells import CLEAN, MODES
from bench.detection.shifts import SHIFTS

Line = dict[str, Any]


def markdown(lines: Iterable[Line]) -> str:
    """All tables that the lines give something for."""
    every = [one for one in lines if "not_run" not in one]
    missing = sorted({f"{one['method']}: {one['not_run']}" for one in lines if "not_run" in one})
    parts = [_attacks(every), _clean(every), _costs(every), *(f"Not run: {one}" for one in missing)]
    return "\n\n".join(one for one in parts if one)


def rows(lines: Iterable[Line]) -> dict[tuple[Any, ...], dict[str, list[Line]]]:
    """By set, rows, mode, attack and rate: the lines of each method."""
    found: dict[tuple[Any, ...], dict[str, list[Line]]] = defaultdict(lambda: defaultdict(list))
    for one in lines:
        key = (one["data"], one["rows"], one["attack"], one["rate"], one["mode"])
        found[key][one["method"]].append(one)
    return found


def _attacks(lines: list[Line]) -> str:
    head = (
        "|set|attack|rate|mode|denied|ours: AUROC, recall / precision|best other: AUROC|best other: recall / "
        "precision|ours: s, MiB|",
        "|---|---|---|---|---|---|---|---|---|",
    )
    body = [
        _row(key, methods)
        for key, methods in rows(lines).items()
        if key[2] not in (CLEAN, *SHIFTS) and "ours" in methods
    ]
    return "\n".join([*head, *body]) if body else ""


def _row(key: tuple[Any, ...], methods: dict[str, list[Line]]) -> str:
    data, size, attack, rate, mode = key
    mine = methods["ours"]
    others = {name: found for name, found in methods.items() if name != "ours"}
    ranked = best(others, lambda found: mean(found, "auroc"))
    caught = best(others, lambda found: f_score(found))
    said = f"{sum(one['verdict'] == 'denied' for one in mine)}/{len(mine)}"
    told = sum(one["verdict"] == "warned" for one in mine)
    cells = [
        f"{data} {size}",
        attack,
        f"{rate:.0%}",
        mode,
        said + (f", {told} warned" if told else ""),
        f"{shown(mean(mine, 'auroc'))}, {_pair(mine)}",
        f"{shown(mean(others[ranked], 'auroc'))} {ranked}" if ranked else "-",
        f"{_pair(others[caught])} {caught}" if caught else "-",
        f"{mean(mine, 'seconds'):.1f}, {mean(mine, 'mib'):.0f}",
    ]
    return f"|{'|'.join(cells)}|"


def best(others: dict[str, list[Line]], value: Any) -> str:
    """The method with the largest value; of equals the first."""
    known = {name: value(found) for name, found in others.items()}
    known = {name: one for name, one in known.items() if one is not None}
    return max(known, key=lambda name: known[name]) if known else ""


def f_score(found: list[Line]) -> float | None:
    """Harmonic mean of recall and precision."""
    recall, precision = mean(found, "recall"), mean(found, "precision")
    if recall is None:
        return None
    return 2 * recall * precision / (recall + precision) if recall and precision else 0.0


def mean(found: list[Line], name: str) -> float | None:
    values = [one[name] for one in found if one.get(name) is not None]
    return float(np.mean(values)) if values else None


def shown(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"


def _pair(found: list[Line]) -> str:
    two = (mean(found, one) for one in ("recall", "precision"))
    return " / ".join("-" if one is None else f"{one:.2f}" for one in two)


def _clean(lines: list[Line]) -> str:
    """Without an attack: how often we deny, and the share of rows that each method flags."""
    body = []
    for (data, size, attack, _, mode), methods in rows(lines).items():
        mine = methods.get("ours", [])
        if attack not in (CLEAN, *SHIFTS) or not mine:
            continue
        by = sorted({name for one in mine for name in one["denying"]})
        wrong = sum(one["verdict"] == "denied" for one in mine)
        shares = ", ".join(
            f"{name} {mean(found, 'flagged'):.1%}" for name, found in methods.items() if name != "ours"
        )
        who = f" ({', '.join(by)})" if by else ""
        told = sum(one["verdict"] == "shift" for one in mine)
        bound = f"{upper(wrong, len(mine)):.1%}"
        body.append(f"|{data} {size}|{attack}|{mode}|{wrong}/{len(mine)}{who}|{bound}|{told}|{shares}|")
    head = (
        "|set|data|mode|denied|95 % upper bound|told as shift|share of rows that others flag|",
        "|---|---|---|---|---|---|---|",
    )
    return "\n".join([*head, *body]) if body else ""


def upper(count: int, of: int, level: float = 0.95) -> float:
    """One-sided exact upper bound of a share (Clopper & Pearson 1934)."""
    from scipy.stats import beta

    return 1.0 if count >= of else float(beta.ppf(level, count + 1, of - count))


def _costs(lines: list[Line]) -> str:
    """CPU seconds and MiB of each method, the mean over cells of the mode incremental."""
    names = list(dict.fromkeys(one["method"] for one in lines))
    sets = list(dict.fromkeys((one["data"], one["rows"]) for one in lines))
    body = []
    for data, size in sets:
        cells = []
        for name in names:
            mine = [
                one
                for one in lines
                if (one["data"], one["rows"], one["method"], one["mode"]) == (data, size, name, MODES[0])
            ]
            cells.append(f"{mean(mine, 'seconds'):.1f}, {mean(mine, 'mib'):.0f}" if mine else "-")
        body.append(f"|{data} {size}|{'|'.join(cells)}|")
    head = (f"|CPU s, MiB|{'|'.join(names)}|", f"|---|{'---|' * len(names)}")
    return "\n".join([*head, *body]) if body else ""
