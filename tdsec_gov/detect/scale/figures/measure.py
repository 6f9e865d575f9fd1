"""Run statistics over parts."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

from tdsec_gov.detect.data.shared import Plan
from tdsec_gov.detect.scale.contract import Backend, Part, Statistic


def measure(
    statistics: Sequence[Statistic], parts: Sequence[Part], plan: Plan, backend: Backend
) -> dict[str, Any]:
    """The figure of each statistic over all rows of ``parts``, by name. Every part is read once.

    Raises:
        ValueError: no part.
    """
    if not parts:
        raise ValueError("nothing to measure")
    work = partial(_partials, plan, tuple(statistics))
    whole = backend.merged(work, partial(_merged, tuple(statistics)), parts)
    return {one.name: one.finish(figure) for one, figure in zip(statistics, whole, strict=True)}


def _partials(plan: Plan, statistics: tuple[Statistic, ...], part: Part) -> list[Any]:
    whole: list[Any] = []
    for batch in part.batches():
        content, labels = plan.content(batch), plan.labels(batch)
        here = [one.partial(content, labels) for one in statistics]
        whole = _merged(statistics, whole, here) if whole else here
    return whole


def _merged(statistics: tuple[Statistic, ...], left: list[Any], right: list[Any]) -> list[Any]:
    return [one.merge(*pair) for one, pair in zip(statistics, zip(left, right, strict=True), strict=True)]
