"""Text that misleads: bidirectional controls, tag and invisible characters, spreadsheet formulas.

Sources: CVE-2021-42574 (Trojan Source), Unicode TR 36, CWE-1236. Characters that scripts need (zero
width joiners, left-to-right marks, variation selectors of emoji, flag sequences) are left alone.
"""

from __future__ import annotations

import codecs
import re

from tdsec_gov.checks.contract import DataFile
from tdsec_gov.checks.files.risk import Risk
from tdsec_gov.checks.tables import scan_batches
from tdsec_gov.checks.textstream import open_text
from tdsec_gov.domain.findings import Severity

CHUNK = 1 << 20
ROWS = 20
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


def hidden_characters(file: DataFile, severity: Severity) -> list[Risk]:
    """Count misleading characters in one streamed pass. Raises Unreadable when the file is no text."""
    decoder = codecs.getincrementaldecoder("utf-8")("strict")
    count = line = 0
    rows: list[int] = []
    carried = ""
    with open_text(file) as stream:
        while chunk := stream.read(CHUNK):
            text = carried + decoder.decode(chunk)
            text, carried = (text[:-16], text[-16:]) if not chunk.isascii() or carried else (text, "")
            count, line = _count(text, count, line, rows)
    count, line = _count(carried, count, line, rows)
    if not count:
        return []
    where = f", first in line {rows[0] + 1}"
    message = f"text holds invisible or direction-changing characters{where}"
    return [Risk("TDS515", message, None, severity, count, tuple(rows))]


def _count(text: str, count: int, line: int, rows: list[int]) -> tuple[int, int]:
    if not text.isascii():
        visible = _FLAG.sub("", text)
        found = list(_HIDDEN.finditer(visible))
        rows += [line + visible.count("\n", 0, one.start()) for one in found[: ROWS - len(rows)]]
        count += len(found)
    return count, line + text.count("\n")


def formulas(file: DataFile) -> list[Risk]:
    """Cells that a spreadsheet would run. Raises Unreadable."""
    import numpy
    from pyarrow import compute

    count = start = 0
    rows: list[int] = []
    for batch in scan_batches(file):
        for array in batch.columns:
            found = numpy.flatnonzero(
                compute.match_substring_regex(array, FORMULA).fill_null(False).to_numpy(zero_copy_only=False)
            )
            count += len(found)
            rows += [start + int(row) for row in found[: ROWS - len(rows)]]
        start += batch.num_rows
    if not count:
        return []
    message = "cells hold formulas that a spreadsheet would run"
    return [Risk("TDS516", message, None, Severity.WARN, count, tuple(rows[:ROWS]))]
