"""What the bytes of an Arrow string array tell before any pattern is tried: most values need none.

A pattern costs some 50 ns for each value, however short; looking at bytes costs a tenth of that. Each
function gives exactly what the pattern alone would give.
"""

from __future__ import annotations

import string
from functools import cache
from typing import Any

from tdsec_gov.checks.pii import patterns
from tdsec_gov.checks.pii.normal import ODD

_SPACE = "\t\n\f\r "
_NUMBER_STARTS = _SPACE + string.digits + "-.eE"
_DULL_STARTS = _SPACE + string.hexdigits
_FEW = 300
_ODD_BYTES = b"\t\n\r\\&%"
"""Without one of these, and in ASCII, no text is odd."""


def matches(array: Any, pattern: str) -> Any:
    """Mask, shape (values,): which values ``pattern`` (RE2) finds something in; null: no.

    Arrow compiles the pattern at each call, which costs as much as some hundred values: a few values meet a
    pattern that is compiled once, by the same engine.
    """
    import numpy
    from pyarrow import compute

    if len(array) <= _FEW:
        find = _compiled(pattern).search
        texts = array.to_pylist()
        return numpy.fromiter((text is not None and find(text) is not None for text in texts), numpy.bool_)
    return compute.match_substring_regex(array, pattern).fill_null(False).to_numpy(zero_copy_only=False)


@cache
def _compiled(pattern: str) -> Any:
    import re2

    return re2.compile(pattern)


def numbers(array: Any) -> Any:
    """Which values :data:`~tdsec_gov.checks.pii.patterns.NUMBER` matches; none of them is empty."""
    return _among(array, _starting(array, _NUMBER_STARTS), patterns.NUMBER)


def dull(array: Any) -> Any:
    """Which values :data:`~tdsec_gov.checks.pii.patterns.DULL` matches; none of them is empty."""
    return _among(array, _starting(array, _DULL_STARTS), patterns.DULL)


def odd(array: Any) -> Any:
    """Which values :data:`~tdsec_gov.checks.pii.normal.ODD` matches."""
    import numpy

    data, starts = _bytes(array)
    special = data >= 0x80
    for one in _ODD_BYTES:
        special |= data == one
    places = numpy.flatnonzero(special)
    holding = numpy.zeros(len(array), dtype=numpy.bool_)
    holding[numpy.searchsorted(starts, places, side="right") - 1] = True
    return _among(array, holding, ODD)


def _among(array: Any, chosen: Any, pattern: str) -> Any:
    """The mask of ``pattern``, which can only match where ``chosen``."""
    import numpy

    rows = numpy.flatnonzero(chosen)
    if len(rows) == len(array):
        return matches(array, pattern)
    if len(rows):
        chosen[rows] = matches(array.take(rows), pattern)
    return chosen


def _starting(array: Any, characters: str) -> Any:
    """Mask: which values begin with one of ``characters`` (ASCII)."""
    import numpy

    data, starts = _bytes(array)
    table = numpy.zeros(256, dtype=numpy.bool_)
    table[list(characters.encode())] = True
    first = numpy.minimum(starts[:-1], max(0, len(data) - 1))
    return table[data[first]] if len(data) else numpy.zeros(len(array), dtype=numpy.bool_)


def _bytes(array: Any) -> tuple[Any, Any]:
    """The bytes of all values (uint8) and where each begins among them, shape (values + 1,)."""
    import numpy

    _, offsets, data = array.buffers()
    if data is None or len(array) == 0:
        return numpy.zeros(0, dtype=numpy.uint8), numpy.zeros(len(array) + 1, dtype=numpy.int32)
    ends = numpy.frombuffer(offsets, dtype=numpy.int32)[array.offset : array.offset + len(array) + 1]
    return numpy.frombuffer(data, dtype=numpy.uint8)[ends[0] : ends[-1]], ends - ends[0]
