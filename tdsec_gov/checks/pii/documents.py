"""Texts and documents: lines with what runs over their ends, HTML with what its tags hide, JSON as columns."""

# ruff: noqa: E501
from __future__ import annotations

import html
import json
import re
from collections.abc import Iterator
from itertools import islice
from pathlib import PurePosixPath

from tdsec_gov.checks.contract import DataFile, Unreadable
from tdsec_gov.checks.pii.scan import Column, Scanner, columns_of
from tdsec_gov.checks.textstream import COMPRESSED, MAX_DEPTH, json_depth, open_text

TEXT = (
    ".txt", ".md", ".json", ".log", ".xml", ".html", ".htm", ".yaml", ".yml", ".rst", ".tex", ".eml", ".sql", ".ini",
    ".cfg", ".conf", ".toml", ".env", ".srt", ".vtt", ".svg", ".ipynb", ".geojson", ".vcf", ".ics", ".text", ".markdown",
)  # fmt: skip
LINE = 1 << 16
LINES = 1 << 14
MAX_JSON = 32 << 20
_OVERLAP = 64
_TAG = re.compile(r"<(/?)([A-Za-z][A-Za-z0-9]*)[^<>]{0,2000}>")
_INLINE = frozenset(
    [
        "a",
        "abbr",
        "b",
        "bdi",
        "bdo",
        "code",
        "em",
        "font",
        "i",
        "mark",
        "s",
        "small",
        "span",
        "strong",
        "sub",
        "sup",
        "u",
        "wbr",
    ]
)
_ENDS = re.compile(r"[0-9@(+][ .-]?$|[.@-]$|[A-Z]{2}[0-9]{2}[A-Z0-9 ]*$")


def is_text(file: DataFile) -> bool:
    """Whether the name promises text that is no table."""
    return suffix_of(file) in TEXT


def suffix_of(file: DataFile) -> str:
    """The suffix that tells the format, without a suffix of compression."""
    suffixes = [suffix.lower() for suffix in PurePosixPath(file.path).suffixes]
    return (
        (suffixes[-2] if len(suffixes) > 1 and suffixes[-1] in COMPRESSED else suffixes[-1])
        if suffixes
        else ""
    )


def scan_lines(file: DataFile, scanner: Scanner) -> Column:
    """Count all kinds in the lines of a text file; rows are line numbers from 0. Raises Unreadable."""
    import numpy
    import pyarrow

    markup = suffix_of(file) in (".html", ".htm", ".xml", ".svg")
    name = "text"
    scanner.columns[name] = column = Column(name, 0, free_text=True)
    start, before = 0, ""
    for lines in _lines(file):
        shown = [_with_text(line) for line in lines] if markup else lines
        scanner.count(name, pyarrow.array(shown, pyarrow.string()), start, free_text=True)
        joints, places = _joints(before, lines, start)
        if joints:
            scanner.count(
                name, pyarrow.array(joints, pyarrow.string()), 0, numpy.asarray(places), free_text=True
            )
        start += len(lines)
        before = lines[-1]
    return column


def _lines(file: DataFile) -> Iterator[list[str]]:
    """Lists of lines; a line longer than 64 KiB counts as several."""
    with open_text(file) as stream:
        pieces = iter(lambda: stream.readline(LINE), b"")
        while lines := list(islice(pieces, LINES)):
            yield [line.decode("utf-8", "replace") for line in lines]


def _joints(before: str, lines: list[str], start: int) -> tuple[list[str], list[int]]:
    """What stands over the end of one line and the beginning of the next, where a number may go on.

    Each side is cut at its last or first blank beyond what a number needs, and must not be complete by itself:
    what a line holds alone was counted with the line.
    """
    joints: list[str] = []
    places: list[int] = []
    previous = before
    for place, line in enumerate(lines, start - 1):
        if previous and (not previous.endswith("\n") or _ENDS.search(previous.rstrip()[-_OVERLAP:])):
            glue = " " if previous.endswith("\n") and not previous.rstrip().endswith(("@", ".")) else ""
            left, right = previous.rstrip("\r\n")[-_OVERLAP:], line.lstrip()[:_OVERLAP].rstrip("\r\n")
            left = (
                re.sub(r"^.*(?:[.;!?:]\s|[A-Za-z]{2}[,)]?\s)", "", left) if previous.endswith("\n") else left
            )
            if right[:1].isalnum() or right[:1] in "@.-(":
                joints.append(left + glue + re.split(r"[;!?]|[A-Za-z]{2,} [A-Za-z]{2,}", right)[0])
                places.append(place)
        previous = line
    return joints, places


def _with_text(line: str) -> str:
    """A line of HTML or XML, followed by what a reader sees of it."""
    if "<" not in line and "&" not in line:
        return line
    text = _TAG.sub(lambda tag: "" if tag[2].lower() in _INLINE else " ", line)
    seen = html.unescape(text)
    return line if seen == line else f"{line}\n{seen}"


def scan_json(file: DataFile, scanner: Scanner) -> list[Column] | None:
    """The columns of a JSON document that is a list of objects; None when it is something else.

    Raises Unreadable.
    """
    if suffix_of(file) != ".json" or file.size > MAX_JSON:
        return None
    with open_text(file) as stream:
        data = stream.read(MAX_JSON + 1)
    if len(data) > MAX_JSON or data.lstrip()[:1] != b"[" or json_depth(data) > MAX_DEPTH:
        return None
    try:
        body = json.loads(data)
    except (ValueError, RecursionError):
        raise Unreadable("document is not JSON", where=file.path, expected="JSON") from None
    if not body or not all(isinstance(one, dict) for one in body):
        return None
    found: dict[str, tuple[list[str], list[int]]] = {}
    for row, one in enumerate(body):
        _flatten("", one, row, found)
    return columns_of(((name, values, rows) for name, (values, rows) in found.items()), scanner)


def _flatten(name: str, value: object, row: int, found: dict[str, tuple[list[str], list[int]]]) -> None:
    if isinstance(value, dict):
        for key, inner in value.items():
            _flatten(f"{name}.{key}" if name else str(key), inner, row, found)
    elif isinstance(value, list):
        for inner in value:
            _flatten(name, inner, row, found)
    elif value is not None and not isinstance(value, bool):
        values, rows = found.setdefault(name, ([], []))
        values.append(str(value))
        rows.append(row)
