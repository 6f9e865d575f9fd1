"""Small pieces of HTML. Everything that is not already :class:`Html` is escaped."""

from __future__ import annotations

import html
from collections.abc import Iterable

_TONES = {
    **dict.fromkeys(("PASS", "PASSED", "success", "accepted", "current", "verified", "holds"), "good"),
    **dict.fromkeys(
        ("FAIL", "FAILED", "ERROR", "denied", "failure", "none", "unreadable", "gone", "does not count"),
        "bad",
    ),
    **dict.fromkeys(("WARNED", "never ended", "expired", "stranger", "orphaned", "revoked"), "warn"),
}


class Html(str):
    """Text that is markup already."""

    __slots__ = ()


def safe(value: object) -> Html:
    """``value`` escaped, control and invisible characters replaced; markup as it is."""
    if isinstance(value, Html):
        return value
    text = "".join(char if char.isprintable() or char == "\n" else "�" for char in str(value))
    return Html(html.escape(text, quote=True))


def join(parts: Iterable[object], between: str = "") -> Html:
    return Html(between.join(safe(part) for part in parts))


def tag(name: str, *inner: object, cls: str = "", **attributes: object) -> Html:
    """One element. A trailing underscore in an attribute's name is dropped."""
    named = {**({"class": cls} if cls else {}), **attributes}
    pairs = "".join(f' {key.rstrip("_").replace("_", "-")}="{safe(val)}"' for key, val in named.items())
    return Html(f"<{name}{pairs}>{join(inner)}</{name}>")


def pill(text: str, tone: str | None = None) -> Html:
    """A status pill whose colour follows from its word."""
    return tag("span", text, cls=f"pill {tone or _TONES.get(text, 'plain')}")


def code(text: object) -> Html:
    return tag("code", text)


def table(head: Iterable[str], rows: Iterable[Iterable[object]], empty: str) -> Html:
    """A table, or the words that say there is nothing. Figures are set to the right."""
    body = [tag("tr", *[_cell(one) for one in row]) for row in rows]
    if not body:
        return tag("p", empty, cls="empty")
    header = tag("thead", tag("tr", *[tag("th", one, scope="col") for one in head]))
    return tag("div", tag("table", header, tag("tbody", *body)), cls="scroll")


def _cell(value: object) -> Html:
    if isinstance(value, int) and not isinstance(value, bool):
        return tag("td", f"{value:,}", cls="figure")
    return tag("td", value)


def pairs(items: Iterable[tuple[str, object]]) -> Html:
    """A list of terms; ``not stated`` and ``no evidence`` are set back."""
    cells = []
    for term, value in items:
        absent = str(value) in ("not stated", "no evidence")
        cells += [tag("dt", term), tag("dd", value, cls="absent" if absent else "")]
    return tag("dl", *cells)


def bullets(items: Iterable[object], cls: str = "") -> Html:
    return tag("ul", *[tag("li", one) for one in items], cls=cls)


def section(title: str, ident: str, *inner: object, note: str = "") -> Html:
    heading = tag("h2", title, " ", tag("small", note) if note else "")
    return tag("section", heading, *inner, id=ident)
