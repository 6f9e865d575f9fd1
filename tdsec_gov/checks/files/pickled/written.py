"""Bytes written out as text: base64 (RFC 4648, both alphabets), hexadecimal digits, Python's b'...'.

A loader that stores objects in CSV or JSON writes them so and decodes them again. Which pieces of a text
could hold a pickle is told by pattern, quickly; what they decode to is for others to judge.
"""

from __future__ import annotations

import ast
import binascii
import re
import zlib
from collections.abc import Iterator
from dataclasses import replace

from tdsec_gov.checks.files.pickled.allowlist import audit
from tdsec_gov.checks.files.pickled.detect import calls
from tdsec_gov.checks.files.pickled.embedded import holds_call
from tdsec_gov.checks.files.risk import Replay, Risk

LONGEST = 4 << 20
MOST = 20_000
MAGIC = r"gA[I-X][A-Za-z0-9+/_-]{8}"
"""Protocols 2 to 5 in base64."""
_NEWLINE = r"(?:C[g-v]|[AQgw][o-r]|[AEIMQUYcgkosw048]K)"
LINES = rf"[A-Za-z0-9+/_-]{{4}}{_NEWLINE}[A-Za-z0-9+/_-]*{_NEWLINE}[A-Za-z0-9+/_-]"
"""Two ends of lines in base64, as the globals of protocols 0 and 1 need them."""
HEX = (
    r"80 ?0[2-5] ?[0-9A-Fa-f]{2} ?[0-9A-Fa-f]{2}"
    r"|6[39](?:[2-7][0-9A-Fa-f])+0[aA](?:[2-7][0-9A-Fa-f])+0[aA]"
)
LITERAL = r"b\\?(?:'|\"\"?)(?:\\\\?x80|[(c\]}])"
ESCAPED = (
    r"\\u0080\\u000[2-5]|\x80[\x02-\x05]"
    r"|[ci][A-Za-z_][A-Za-z0-9_.]*\\n[A-Za-z_][A-Za-z0-9_.]*\\n(?:[()\]}0-2VSXUTKMJINLFG.]|[pgqhrj][0-9\\])"
)
"""Each byte a character, in a JSON string or not."""
WRITTEN = rf"{ESCAPED}|{MAGIC}|{LINES}|H4sI[A-Za-z0-9+/_-]{{16}}|eJ[A-Za-z0-9+/_-]{{16}}|{HEX}|{LITERAL}"
"""RE2 and re read it alike: a text without it holds nothing for :func:`decoded`."""
WRITTEN_OUT = "text holds pickles written out (base64, hexadecimal): decoding and loading them runs code"
_SMALL = 1 << 9
_WRITTEN_TEXT = re.compile(WRITTEN)
_WRITTEN = re.compile(WRITTEN.encode())
_TOKENS = re.compile(
    rb"(?P<base64>[A-Za-z0-9+/_-]{16,}(?:(?:\\n|\\r|\s){1,4}[A-Za-z0-9+/_-]{16,})*"
    rb"(?:(?:\\n|\\r|\s){1,4}[A-Za-z0-9+/_-]{1,15})?=*)"
    rb"|b\\?(?P<quote>'|\"\"?)(?P<literal>(?:\\\\?.|[^\\\n])*?)\\?(?P=quote)"
)
_HEX = re.compile(rb"(?:0x|\\\\?x)?((?:[0-9A-Fa-f]{2} ?){8,})")
_BREAKS = re.compile(rb"\\[nr]|\s")


def may_hold(text: str) -> bool:
    """Whether something in ``text`` looks like the beginning of a pickle that was written out."""
    if len(text) < _SMALL:
        return _WRITTEN_TEXT.search(text) is not None
    import pyarrow
    from pyarrow import compute

    return bool(compute.match_substring_regex(pyarrow.scalar(text), WRITTEN).as_py())


def decoded(text: bytes) -> list[bytes]:
    """What the pieces of ``text`` that look written out decode to; at most 20,000 of them."""
    if not _WRITTEN.search(text):
        return []
    found: list[bytes] = []
    if _ESCAPED.search(text):
        found.append(_unescaped(text))
    for token in _TOKENS.finditer(text):
        found += _readings(token)
        if len(found) > MOST:
            break
    return found


def holds_written_call(text: bytes) -> bool:
    """Whether ``text`` holds a pickle in writing that calls something; compressed ones, too."""
    return any(_calls(value) for value in decoded(text))


def written_risks(text: bytes) -> list[Risk]:
    """Pickles in writing that call something; where pickles are allowed they build listed things only."""
    values = [value for value in decoded(text) if _calls(value)]
    if not values:
        return []
    faults = [risk for value in values for risk in audit(Replay(_inflated(value) or value))]
    return [
        Risk("TDS500", WRITTEN_OUT, "pickle"),
        *dict.fromkeys(replace(risk, count=None) for risk in faults),
    ]


def _calls(value: bytes) -> bool:
    inner = _inflated(value) or value
    return holds_call(inner) or (_PROTOCOL.match(inner) is not None and calls(inner, whole=True))


def _inflated(value: bytes) -> bytes:
    if value[:2] not in (b"\x1f\x8b", b"\x78\x9c", b"\x78\x01", b"\x78\xda", b"\x78\x5e"):
        return b""
    try:
        return zlib.decompressobj(wbits=47).decompress(value, LONGEST)
    except zlib.error:
        return b""


def _readings(token: re.Match[bytes]) -> Iterator[bytes]:
    if (literal := token["literal"]) is not None:
        if value := _literal(literal, token["quote"]):
            yield value
        return
    text = token["base64"]
    if not _WRITTEN.search(text):
        return
    if digits := _HEX.fullmatch(text.rstrip(b"=")):
        yield bytes.fromhex(digits[1].decode())
    plain = _BREAKS.sub(b"", text).rstrip(b"=").translate(_STANDARD)[:LONGEST]
    usable = plain[: len(plain) - (len(plain) % 4 == 1)]
    yield binascii.a2b_base64(usable + b"=" * (-len(usable) % 4))


_PROTOCOL = re.compile(rb"\x80[\x02-\x05]")
_STANDARD = bytes.maketrans(b"-_", b"+/")


_ESCAPED = re.compile(ESCAPED.encode())
_ESCAPE = re.compile(rb"\\(?:u00([0-9A-Fa-f]{2})|([nrtbf\"\\/]))")
_SINGLE = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"b": b"\b", b"f": b"\f"}


def _unescaped(text: bytes) -> bytes:
    """Characters up to U+00FF as bytes, those that JSON escapes, too."""
    plain = text.decode("utf-8", "ignore").encode("latin-1", "ignore")
    return _ESCAPE.sub(_byte, plain)


def _byte(found: re.Match[bytes]) -> bytes:
    return bytes.fromhex(found[1].decode()) if found[1] else _SINGLE.get(found[2], found[2])


def _literal(text: bytes, quote: bytes) -> bytes | None:
    plain = text.replace(b'""', b'"') if quote == b"'" else text
    try:
        value = ast.literal_eval(
            "b" + (quote[:1] + plain.replace(b"\\\\", b"\\") + quote[:1]).decode("ascii")
        )
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return None
    return value if isinstance(value, bytes) else None
