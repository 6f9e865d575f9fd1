"""Events per day as an inline SVG: bars stacked by outcome, of several days where days are too many."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

from tdsec_gov.compliance.htmlparts import Html, tag

Day = tuple[str, int, int, int]
_WIDTH, _HEIGHT, _LEFT, _BASE = 1000, 150, 30, 122
_MAX_BARS = 92


def timeline(days: tuple[Day, ...]) -> Html:
    """A chart of ``(YYYY-MM-DD, success, denied, failure)``, or nothing for no days."""
    if not days:
        return Html("")
    unit, bars = _binned(days)
    most = max(sum(counts) for _, counts in bars)
    step = (_WIDTH - _LEFT) / len(bars)
    shapes = [part for i, bar in enumerate(bars) for part in _bar(i, bar, step, most)]
    total = sum(sum(counts) for _, counts in bars)
    label = f"{total} events by {unit}, from {days[0][0]} to {days[-1][0]}, at most {most} in one bar"
    return tag(
        "svg",
        *_frame(most),
        *shapes,
        *_labels(bars, step),
        viewBox=f"0 0 {_WIDTH} {_HEIGHT}",
        role="img",
        aria_label=label,
    )


def _binned(days: tuple[Day, ...]) -> tuple[str, list[tuple[str, tuple[int, int, int]]]]:
    """What a bar stands for, and at most 92 bars by their first day, without gaps."""
    first, last = (dt.date.fromisoformat(one[0]) for one in (days[0], days[-1]))
    span = (last - first).days + 1
    width = -(-span // _MAX_BARS)
    bars = [[0, 0, 0] for _ in range(-(-span // width))]
    for text, *counts in days:
        bar = bars[(dt.date.fromisoformat(text) - first).days // width]
        for index, count in enumerate(counts):
            bar[index] += count
    starts = [(first + dt.timedelta(days=index * width)).isoformat() for index in range(len(bars))]
    unit = "day" if width == 1 else f"{width} days"
    return unit, [(start, (bar[0], bar[1], bar[2])) for start, bar in zip(starts, bars, strict=True)]


def _frame(most: int) -> Iterator[Html]:
    for share, value in ((0.0, 0), (1.0, most)):
        y = _BASE - share * (_BASE - 12)
        yield tag("line", x1=_LEFT, x2=_WIDTH, y1=f"{y:.1f}", y2=f"{y:.1f}", cls="axis")
        yield tag("text", value, x=_LEFT - 6, y=f"{y + 4:.1f}", text_anchor="end")


def _bar(index: int, bar: tuple[str, tuple[int, int, int]], step: float, most: int) -> Iterator[Html]:
    name, counts = bar
    width = min(max(step * 0.72, 1.0), 44.0)
    x = _LEFT + index * step + (step - width) / 2
    y = float(_BASE)
    title = tag("title", f"{name}: {counts[0]} success, {counts[1]} denied, {counts[2]} failure")
    for cls, count in zip("sdf", counts, strict=True):
        if count:
            height = count / most * (_BASE - 12)
            y -= height
            places = {"x": f"{x:.1f}", "y": f"{y:.1f}", "width": f"{width:.1f}", "height": f"{height:.1f}"}
            yield tag("rect", title, cls=cls, rx=2, **places)


def _labels(bars: list[tuple[str, tuple[int, int, int]]], step: float) -> Iterator[Html]:
    every = max(1, -(-len(bars) // 8))
    for index in range(0, len(bars), every):
        x = _LEFT + index * step + step / 2
        anchor = "start" if index == 0 and step < 60 else "middle"
        yield tag("text", bars[index][0], x=f"{x:.1f}", y=_BASE + 18, text_anchor=anchor)
