"""The rows and images that findings name, written where only their reader can see them.

This is the one place where values leave the data; whoever calls it has recorded that first.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from tdsec_gov.checks.contract import DataFile
from tdsec_gov.domain.findings import CheckResult
from tdsec_gov.errors import UsageError
from tdsec_gov.files import naming_os_errors

ROWS = "flagged.jsonl"
IMAGES = "flagged.png"
_ACROSS = 10
_ENLARGED = 3
_MARGIN = 4


def new_folder(folder: Path) -> None:
    """Make ``folder``, which only its owner can open. Raises UsageError: it is there already."""
    with naming_os_errors(str(folder), "cannot be made"):
        try:
            folder.mkdir(mode=0o700, parents=True)
        except FileExistsError:
            raise UsageError("--reveal wants a new folder", where=folder, found="one that exists") from None


def reveal(result: CheckResult, files: Sequence[DataFile], folder: Path) -> tuple[int, int]:
    """Write what the findings name to ``folder``: rows of tables as JSON lines, images as one sheet.

    Returns how many rows and how many images.

    Raises:
        Unreadable: a file cannot be read. BackendUnavailable: nothing can be written.
    """
    from tdsec_gov.checks.tables import is_table

    by_path = {one.path: one for one in files}
    rows: dict[str, dict[int, set[str]]] = {}
    for finding in result.findings:
        if finding.file in by_path and is_table(by_path[finding.file]):
            for row in finding.rows:
                rows.setdefault(finding.file, {}).setdefault(row, set()).add(finding.code)
    images = [by_path[name] for name in _image_names(result) if name in by_path]
    told = 0
    if rows:
        lines = [line for path, wanted in rows.items() for line in _lines(by_path[path], wanted)]
        _private(folder / ROWS, "".join(lines).encode())
        told = len(lines)
    if images:
        _private(folder / IMAGES, _sheet(images))
    return told, len(images)


def _image_names(result: CheckResult) -> Iterator[str]:
    """Files that detectors named, where each file is one row."""
    from tdsec_gov.checks.media.kinds import kind_of

    seen: set[str] = set()
    for said in result.facts.values():
        named = said.get("files") if isinstance(said, dict) else None
        for name in named if isinstance(named, list) else ():
            if isinstance(name, str) and name not in seen and kind_of(name)[0] == "image":
                seen.add(name)
                yield name


def _lines(file: DataFile, wanted: dict[int, set[str]]) -> Iterator[str]:
    """JSON lines, not CSV: a spreadsheet would run a formula in a value."""
    from tdsec_gov.checks.poisoning.sources import Source

    start = 0
    for batch in Source(file, keep=False).batches():
        for row in sorted(one for one in wanted if start <= one < start + batch.height):
            values = batch.row(row - start, named=True)
            told = {"file": file.path, "row": row, "codes": sorted(wanted[row]), "values": values}
            yield json.dumps(told, default=str, ensure_ascii=False) + "\n"
        start += batch.height


def _sheet(images: Sequence[DataFile]) -> bytes:
    """A contact sheet, ten across, as the detectors saw the images (32 pixels a side at most), enlarged."""
    import io

    import numpy as np

    from tdsec_gov.checks.media.images import pillow
    from tdsec_gov.checks.poisoning.images import decoded

    small = decoded(images)
    large = small.repeat(_ENLARGED, axis=1).repeat(_ENLARGED, axis=2)
    down = -(-len(images) // _ACROSS)
    tall, wide, channels = large.shape[1] + _MARGIN, large.shape[2] + _MARGIN, large.shape[3]
    sheet = np.full((down * tall, _ACROSS * wide, channels), 255, np.uint8)
    for at, one in enumerate(large):
        top, left = at // _ACROSS * tall, at % _ACROSS * wide
        sheet[top : top + one.shape[0], left : left + one.shape[1]] = one
    made = pillow().fromarray(sheet[:, :, 0] if channels == 1 else sheet)
    buffer = io.BytesIO()
    made.save(buffer, format="PNG")
    return buffer.getvalue()


def _private(path: Path, data: bytes) -> None:
    with naming_os_errors(str(path), "cannot be written"):
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(data)
