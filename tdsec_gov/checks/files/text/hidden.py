"""Text that misleads: bidirectional controls, tag and invisible characters, prompts, spreadsheet formulas.

Sources: CVE-2021-42574 (Trojan Source), Unicode TR 36, CWE-1236. Characters that scripts need (zero
width joiners, left-to-right marks, variation selectors of emoji, flag sequences) are left alone.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from tdsec_gov.checks.contract import DataFile, Unreadable
from tdsec_gov.checks.files.pickled.written import may_hold, written_risks
from tdsec_gov.checks.files.risk import Risk
from tdsec_gov.checks.files.text.misleading import INJECTION, MIXED, lines_with, may_instruct
from tdsec_gov.checks.files.text.tags import yaml_risks
from tdsec_gov.checks.tables import guarded, read_table, scan_batches, table_format
from tdsec_gov.checks.textstream import COMPRESSED, open_text
from tdsec_gov.domain.findings import Severity

CHUNK = 1 << 20
OVERLAP = 256
ROWS = 20
SMALL = 1 << 20
_FLAG = re.compile("\U0001f3f4[\U000e0020-\U000e007e]{1,12}\U000e007f")
_HIDDEN = re.compile(
    "[\u202a-\u202e\u2066-\u2069]|[\U000e0000-\U000e007f\U000e0100-\U000e01ef]|[\u200b\u2060-\u2064\u180e\ufff9-\ufffb]"
)
FORMULA = (
    r"^\s*(?:"
    r"[=+\-@][=+\-@]*[0-9.+*/(-]*[A-Za-z][A-Za-z0-9_.]*\("
    r"|[=+\-@].*\|\s*'"
    r"|[=+\-@].*![$]?[A-Za-z]{1,3}[$]?[0-9]"
    r"|=.*[|!][A-Za-z$']"
    r")"
)


def text_risks(file: DataFile, severity: Severity) -> list[Risk]:
    """Misleading characters and phrases, in one streamed pass. Raises Unreadable when the file is no text."""
    tallies = (
        _Tally("TDS515", "text holds invisible or direction-changing characters", severity, _hidden),
        _Tally("TDS529", "text holds phrases that instruct a language model", Severity.WARN, _prompts),
        _Tally("TDS530", "words mix alphabets that look alike", Severity.NOTE, _mixed),
    )
    line, written = 0, list[Risk]()
    is_yaml = file.path.lower().removesuffix(".gz").endswith((".yaml", ".yml"))
    for text in _paragraphs(file):
        for tally in tallies:
            tally.count(text, line)
        written += yaml_risks(text) if is_yaml else []
        written += written_risks(text.encode("utf-8", "surrogatepass")) if may_hold(text) else []
        line += text.count("\n")
    return [*dict.fromkeys(written), *(risk for tally in tallies if (risk := tally.risk()))]


def _paragraphs(file: DataFile) -> Iterator[str]:
    """The text in pieces of about 1 MiB that end with a line, or of 4 MiB where no line ends."""
    decoder = codecs.getincrementaldecoder("utf-8")("strict")
    carried = ""
    with open_text(file) as stream:
        while chunk := stream.read(CHUNK):
            text = carried + decoder.decode(chunk)
            cut = text.rfind("\n") + 1
            if cut == 0 and len(text) > 4 * CHUNK:
                cut = len(text) - OVERLAP
            carried = text[cut:]
            if cut:
                yield text[:cut]
    if carried:
        yield carried


class _Tally:
    def __init__(
        self, code: str, message: str, severity: Severity, find: Callable[[str], tuple[int, list[int]]]
    ) -> None:
        self._said = (code, message, severity)
        self._find = find
        self._count = 0
        self._rows: list[int] = []

    def count(self, text: str, line: int) -> None:
        count, lines = self._find(text)
        self._count += count
        self._rows += [line + one for one in lines[: ROWS - len(self._rows)]]

    def risk(self) -> Risk | None:
        code, message, severity = self._said
        if not self._count:
            return None
        message = f"{message}, first in line {self._rows[0] + 1}"
        return Risk(code, message, None, severity, self._count, tuple(self._rows))


def _hidden(text: str) -> tuple[int, list[int]]:
    if text.isascii():
        return 0, []
    visible = _FLAG.sub("", text)
    found = list(_HIDDEN.finditer(visible))
    return len(found), [visible.count("\n", 0, one.start()) for one in found[:ROWS]]


def _prompts(text: str) -> tuple[int, list[int]]:
    lines = lines_with(INJECTION, text) if may_instruct(text) else []
    return len(lines), lines


def _mixed(text: str) -> tuple[int, list[int]]:
    lines = [] if text.isascii() else lines_with(MIXED, text)
    return len(lines), lines


def formulas(file: DataFile) -> list[Risk]:
    """Cells that a spreadsheet would run. Raises Unreadable."""
    odd: list[Risk] = []
    try:
        at_once = file.size <= SMALL and not file.path.lower().endswith(COMPRESSED)
        count, rows = _formulas(_small(file) if at_once else scan_batches(file))
    except Unreadable as exc:
        if "column name" in exc.message:
            count, rows = _formulas(_without_header(file))  # names are the schema's affair
        elif exc.message in UNEVEN:
            count, rows = _by_lines(file)
            odd = [Risk("TDS534", UNEVEN[exc.message], None, Severity.WARN)]
        else:
            raise
    if not count:
        return odd
    message = "cells hold formulas that a spreadsheet would run"
    return [Risk("TDS516", message, None, Severity.WARN, count, tuple(rows[:ROWS])), *odd]


def _small(file: DataFile) -> Iterator[Any]:
    """Columns of text of a table that is read at once: what is a number or a date is no formula."""
    import polars

    yield from read_table(file).select(polars.col(polars.String)).to_arrow().to_batches()


UNEVEN = {
    "a row is ragged": "rows have different numbers of cells: readers see different tables",
    "table holds no rows": "table holds a header and no rows",
}
"""What some readers take and others refuse; :data:`FORMULA` is then looked for cell by cell."""


def _by_lines(file: DataFile) -> tuple[int, list[int]]:
    import csv

    separator = "," if table_format(file) == "csv" else "\t"
    formula, count, rows = re.compile(FORMULA), 0, list[int]()
    with guarded(file), open_text(file) as stream:
        for row, cells in enumerate(csv.reader(codecs.getreader("utf-8")(stream), delimiter=separator)):
            found = sum(1 for cell in cells if formula.match(cell))
            count += found
            rows += [row] if found and len(rows) < ROWS else []
    return count, rows


def _formulas(batches: Iterable[Any]) -> tuple[int, list[int]]:
    import numpy
    from pyarrow import compute

    count = start = 0
    rows: list[int] = []
    for batch in batches:
        for array in batch.columns:
            matches = compute.match_substring_regex(array, FORMULA).fill_null(False)
            found = numpy.flatnonzero(matches.to_numpy(zero_copy_only=False))
            count += len(found)
            rows += [start + int(row) for row in found[: ROWS - len(rows)]]
        start += batch.num_rows
    return count, rows


def _without_header(file: DataFile) -> Iterator[Any]:
    import pyarrow
    from pyarrow import csv

    separator = "," if table_format(file) == "csv" else "\t"
    parse = csv.ParseOptions(delimiter=separator, newlines_in_values=True)
    read = csv.ReadOptions(use_threads=False, autogenerate_column_names=True)
    with guarded(file):
        with open_text(file) as stream, csv.open_csv(stream, read, parse) as peek:
            types = dict.fromkeys(peek.schema.names, pyarrow.string())
        convert = csv.ConvertOptions(column_types=types, null_values=[], strings_can_be_null=False)
        with open_text(file) as stream, csv.open_csv(stream, read, parse, convert) as reader:
            yield from reader
