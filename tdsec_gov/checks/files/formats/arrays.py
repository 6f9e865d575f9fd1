"""NumPy files: the header tells whether an array holds objects, and how long the file must be (NEP 1)."""

from __future__ import annotations

import ast
import struct

from tdsec_gov.checks.files.risk import Risk

MAGIC = b"\x93NUMPY"
_FAULTS = (
    ValueError,
    SyntaxError,
    KeyError,
    TypeError,
    IndexError,
    AttributeError,
    OverflowError,
    struct.error,
    RecursionError,
    MemoryError,
)
DAMAGED = Risk("TDS511", "file is a damaged NumPy array")


def npy(head: bytes, size: int | None) -> list[Risk]:
    """Risks of a NumPy file that begins with ``head``; ``size`` in bytes where it is known."""
    if not head.startswith(MAGIC):
        return []
    try:
        objects, _, expected = header(head)
    except _FAULTS:
        return [DAMAGED]
    if objects:
        return [Risk("TDS503", "NumPy array of objects: loading it unpickles", "npy-object")]
    return [] if size is None or expected == size else [DAMAGED]


def header(head: bytes) -> tuple[bool, int, int]:
    """Whether the array holds objects, where its data begin, and the size that its header promises.

    Raises errors of several kinds for a damaged header.
    """
    import math

    from numpy.lib import format as npy_format

    width, form = (2, "<H") if head[6] == 1 else (4, "<I")
    length = int(struct.unpack_from(form, head, 8)[0])
    start = 8 + width + length
    fields = ast.literal_eval(head[8 + width : start].decode("utf-8").strip())
    dtype = npy_format.descr_to_dtype(fields["descr"])
    return bool(dtype.hasobject), start, start + math.prod(fields["shape"]) * dtype.itemsize


def pickle_start(head: bytes) -> int:
    """Offset of the pickle of an array of objects; 0 when the header is damaged."""
    try:
        return header(head)[1]
    except _FAULTS:
        return 0
