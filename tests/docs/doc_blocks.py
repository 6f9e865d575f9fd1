"""Blocks of docs/*.md that must say what the code says.

A block stands between ``<!-- begin KIND ARGUMENT -->`` and ``<!-- end -->``. Some are written wholly
by the code (help texts, codes); the others are tables whose last column, the meaning, a person writes
and whose other columns the code dictates. ``regenerate.py`` rewrites them, ``test_blocks.py`` fails
when they differ.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
PACKAGE = ROOT / "tdsec_gov"
_BLOCK = re.compile(r"<!-- begin (?P<name>[^\n]+?) -->\n(?P<body>.*?)<!-- end -->", re.DOTALL)
_CELLS = re.compile(r"(?<!\\)\|")
Row = Sequence[str]
Rows = Callable[[str], tuple[Row, Iterable[Row]]]
Text = Callable[[str], str]


def pages() -> list[Path]:
    """All pages of the documentation."""
    return sorted(DOCS.glob("*.md"))


def blocks_in(text: str) -> list[tuple[str, str]]:
    """``(name, body)`` of each block, in order."""
    return [(found["name"], found["body"]) for found in _BLOCK.finditer(text)]


def all_blocks() -> dict[str, str]:
    """Body by name over all pages. Raises ValueError: a block stands twice."""
    found: dict[str, str] = {}
    for page in pages():
        for name, body in blocks_in(page.read_text("utf-8")):
            if name in found:
                raise ValueError(f"{page.name}: block '{name}' stands twice")
            found[name] = body
    return found


def rewritten(text: str, wanted: Callable[[str, str], str]) -> str:
    """``text`` with each block's body as ``wanted(name, body)`` says."""

    def put(found: re.Match[str]) -> str:
        body = wanted(found["name"], found["body"])
        return f"<!-- begin {found['name']} -->\n{body}<!-- end -->"

    return _BLOCK.sub(put, text)


def cell(text: object) -> str:
    """``text`` as it can stand in a cell of a Markdown table."""
    return " ".join(str(text).split()).replace("|", "\\|")


def table(header: Row, rows: Iterable[Row]) -> str:
    """A Markdown table."""
    lines = [f"| {' | '.join(header)} |", f"|{'---|' * len(header)}"]
    return "\n".join([*lines, *(f"| {' | '.join(row)} |" for row in rows)]) + "\n"


def meanings(body: str) -> dict[str, str]:
    """The last cell of each row of a table by its first cell."""
    rows = [[one.strip() for one in _CELLS.split(line)[1:-1]] for line in body.splitlines()[2:]]
    return {row[0]: row[-1] for row in rows if len(row) > 1}


def has_meanings(body: str) -> bool:
    """Whether ``body`` is a table whose last column a person writes."""
    return body.split("\n", 1)[0].endswith("| meaning |")


def keyed(header: Row, rows: Iterable[Row], body: str) -> str:
    """A table of ``rows`` with the meanings that ``body`` already gives; new keys get an empty one."""
    old = meanings(body)
    return table((*header, "meaning"), [(*row, old.get(row[0], "")) for row in rows])
