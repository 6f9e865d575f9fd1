"""The plain form of a text: what a reader sees, in ASCII digits, blanks and hyphens.

Numbers can hide behind full-width or Arabic digits, no-break spaces, typographic dashes, characters of no
width, line breaks, and the escapes of JSON and HTML. :data:`ODD` finds such texts, :func:`plain` undoes it,
and the map leads each character back to where it stood.
"""

from __future__ import annotations

import html
import re
import unicodedata

ODD = (
    r"[\p{Cf}\x{ff00}-\x{ffef}\x{1d400}-\x{1d7ff}\x{2460}-\x{24ff}]|[^\P{Nd}0-9]"
    r"|[0-9+@.]\s*[^\P{Zs} ]|[0-9][^\P{Pd}-]|[0-9]\x{2212}|[\t\r\n]|\\u[0-9a-fA-F]{4}"
    r"|\\[nrt]|&#|&commat|&period|%40"
)
"""RE2: whether a text is worth the work."""
_ESCAPES = re.compile(
    r"\\u([0-9a-fA-F]{4})|\\([nrt/])|&(#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|commat|period|nbsp|hyphen|plus);|(%40)"
)


def plain(text: str) -> tuple[str, list[int] | None]:
    """The plain form, and for each of its characters the offset in ``text`` (None: nothing was moved)."""
    if text.isascii() and not _ESCAPES.search(text):
        return text.translate(_BLANKS), None
    out: list[str] = []
    at: list[int] = []
    end = 0
    for match in _ESCAPES.finditer(text):
        _append(text, end, match.start(), out, at)
        shown = _unescaped(match)
        out.append(shown)
        at += [match.start()] * len(shown)
        end = match.end()
    _append(text, end, len(text), out, at)
    return "".join(out), at


_BLANKS = {ord(one): " " for one in "\t\r\n\x0b\x0c"}


def _append(text: str, start: int, end: int, out: list[str], at: list[int]) -> None:
    for place in range(start, end):
        shown = _shown(text[place])
        if shown:
            out.append(shown)
            at += [place] * len(shown)


def _shown(char: str) -> str:
    if char.isascii():
        return " " if char in "\t\r\n\x0b\x0c" else char
    group = unicodedata.category(char)
    if group == "Cf":
        return ""
    if group == "Nd":
        return str(unicodedata.decimal(char))
    if group in ("Zs", "Zl", "Zp"):
        return " "
    if group == "Pd" or char == "\u2212":
        return "-"
    flat = unicodedata.normalize("NFKC", char)
    return flat if flat.isascii() else char


def _unescaped(match: re.Match[str]) -> str:
    code, letter, entity, _ = match.groups()
    if code:
        return _shown(chr(int(code, 16))) if not 0xD800 <= int(code, 16) < 0xE000 else "\ufffd"
    if letter:
        return "/" if letter == "/" else " "
    return "".join(_shown(one) for one in html.unescape(f"&{entity};")) if entity else "@"
