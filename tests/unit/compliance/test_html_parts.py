"""Escaping and the timeline."""

from __future__ import annotations

import xml.etree.ElementTree as ET

from hypothesis import given, settings
from hypothesis import strategies as st

from tdsec_gov.compliance.htmlparts import safe, table, tag
from tdsec_gov.compliance.timeline import timeline

SVG_DAYS = st.dates().map(str)
COUNTS = st.tuples(st.integers(0, 50), st.integers(0, 50), st.integers(1, 50))


@given(st.text())
def test_any_text_is_inert_in_an_element_and_an_attribute(text: str) -> None:
    element = ET.fromstring(tag("td", text, title=text))
    shown = "".join(char if char.isprintable() or char == "\n" else "�" for char in text)
    assert element.text == (shown or None)
    assert list(element) == []
    assert set(element.attrib) == {"title"}


def test_markup_is_not_escaped_twice() -> None:
    assert tag("p", tag("b", "<")) == "<p><b>&lt;</b></p>"
    assert safe("a & b") == "a &amp; b"
    assert table(("A",), [("<td>",)], "none").count("<td>") == 1
    assert table(("A",), [], "none") == '<p class="empty">none</p>'


@settings(max_examples=60)
@given(st.dictionaries(SVG_DAYS, COUNTS, min_size=1, max_size=30))
def test_the_timeline_shows_every_event_in_its_frame(days: dict[str, tuple[int, int, int]]) -> None:
    chart = ET.fromstring(timeline(tuple((day, *counts) for day, counts in sorted(days.items()))))
    total = sum(sum(counts) for counts in days.values())
    assert chart.attrib["aria-label"].startswith(f"{total} events by ")
    shown: dict[str, int] = {}
    for bar in chart.iter("rect"):
        x, y = float(bar.attrib["x"]), float(bar.attrib["y"])
        assert x >= 0 and y >= 0
        assert x + float(bar.attrib["width"]) <= 1000.1 and y + float(bar.attrib["height"]) <= 150
        title = bar.find("title")
        assert title is not None and title.text is not None
        day, _, words = title.text.partition(": ")
        shown[day] = sum(int(part.split()[0]) for part in words.split(", "))
    assert sum(shown.values()) == total
    assert len(shown) <= 92


def test_no_days_no_chart() -> None:
    assert timeline(()) == ""
