"""Events per day as an inline SVG: bars stacked by outcome, weeks or months where days are too many."""

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
    label = f"{total} events by {unit}, from {bars[0][0]} to {bars[-1][0]}, at most {most} in a {unit}"
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
    """The unit of a bar, and bars without gaps."""
    first, last = (dt.date.fromisoformat(one[0]) for one in (days[0], days[-1]))
    span = (last - first).days + 1
    unit = "day" if span <= _MAX_BARS else "week" if span <= _MAX_BARS * 7 else "month"
    counts: dict[dt.date, tuple[int, int, int]] = dict.fromkeys(_starts(first, last, unit), (0, 0, 0))
    for text, success, denied, failure in days:
        start = _start(dt.date.fromisoformat(text), unit)
        old = counts[start]
        counts[start] = (old[0] + success, old[1] + denied, old[2] + failure)
    return unit, [(start.isoformat(), three) for start, three in counts.items()]


def _start(day: dt.date, unit: str) -> dt.date:
    if unit == "week":
        return day - dt.timedelta(days=day.weekday())
    return day.replace(day=1) if unit == "month" else day


def _starts(first: dt.date, last: dt.date, unit: str) -> Iterator[dt.date]:
    day = _start(first, unit)
    while day <= last:
        yield day
        ahead = {"day": 1, "week": 7, "month": 32}[unit]
        day = _start(day + dt.timedelta(days=ahead), unit)


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
