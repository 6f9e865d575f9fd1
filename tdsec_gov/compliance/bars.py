"""Bars: a share of two versions side by side, as inline SVG. No script, no outside file."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from tdsec_gov.compliance.htmlparts import Html, tag

_ROW, _LABEL, _WIDTH = 22, 220, 900


class Bar(NamedTuple):
    """``now`` and ``before`` are shares from 0 to 1 (``before`` None: nothing to compare with)."""

    label: str
    now: float
    before: float | None = None
    words: str = ""


def bars(rows: Iterable[Bar], now: str, before: str) -> Html:
    """A chart with a row per bar and a legend; the same figures stand in its text for screen readers."""
    shown = list(rows)
    parts: list[Html] = []
    most = max((max(one.now, one.before or 0) for one in shown), default=0) or 1
    scale = (_WIDTH - _LABEL - 150) / most
    for at, one in enumerate(shown):
        y = at * _ROW
        parts.append(tag("text", one.label[:32], x=_LABEL - 10, y=y + 14, text_anchor="end"))
        if one.before is not None:
            parts.append(_rect("f", y + 12, one.before * scale, 4))
        parts.append(_rect("s", y + 4, one.now * scale, 8))
        end = _LABEL + max(one.now, one.before or 0) * scale + 8
        parts.append(tag("text", one.words or f"{one.now:.1%}", x=f"{end:.0f}", y=y + 14))
    box = f"0 0 {_WIDTH} {max(1, len(shown)) * _ROW}"
    chart = tag("svg", *parts, viewBox=box, role="img", aria_label=f"{now}, compared with {before}")
    keys = [tag("span", tag("i", style="background:var(--bar)"), now)]
    if any(one.before is not None for one in shown):
        keys.append(tag("span", tag("i", style="background:var(--bar-warn)"), before))
    return Html(chart + tag("div", *keys, cls="legend"))


def _rect(cls: str, y: float, width: float, height: float) -> Html:
    return tag("rect", cls=cls, x=_LABEL, y=y, width=f"{max(width, 0.5):.1f}", height=height, rx=2)
