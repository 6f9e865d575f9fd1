"""Many short texts at once: which patterns could occur in an array of strings, told from its buffer.

The bytes of all values lie side by side. Where every byte is ASCII, no character outside of it occurs; where
a pattern without assertions does not match the whole, it matches no value. Both take a fraction of the time
that value after value takes, and neither misses what that finds (tests/property/test_files_values.py).
"""

from __future__ import annotations

from typing import Any

from tdsec_gov.checks.files.pickled.written import WRITTEN, may_hold
from tdsec_gov.checks.files.text.misleading import HIDDEN, INJECTION, MIXED, SMALL, may_instruct

SHORTEST = 6
"""No pattern but those of characters outside of ASCII matches fewer bytes."""
_ANYWHERE = "(?s)" + INJECTION.replace(r"\b", "") + "|" + WRITTEN
"""Without the ends of words, which a neighbouring value may hide."""


def suspects(array: Any) -> tuple[str, ...]:
    """Those of HIDDEN, INJECTION, MIXED and WRITTEN that may match a value of a pyarrow array of strings."""
    import numpy
    import pyarrow
    from pyarrow import compute

    text, longest = _bytes_of(array)
    if len(text) == 0:
        return ()
    beyond = () if int(text.max()) < 128 else (HIDDEN, MIXED)
    if longest < SHORTEST:
        return beyond
    if len(text) <= SMALL:  # to compile the whole pattern takes 4 ms
        words = text.tobytes().decode("utf-8", "replace")
        phrases = (INJECTION,) if may_instruct(words) else ()
        return (*beyond, *phrases, *((WRITTEN,) if may_hold(words) else ()))
    ends = pyarrow.py_buffer(numpy.array([0, len(text)], "<i8"))
    whole = pyarrow.Array.from_buffers(pyarrow.large_string(), 1, [None, ends, pyarrow.py_buffer(text)])
    found = compute.match_substring_regex(whole, _ANYWHERE)[0].as_py()
    return (*beyond, INJECTION, WRITTEN) if found else beyond


def _bytes_of(array: Any) -> tuple[Any, int]:
    """The bytes of all values, one after the other, and how many the longest has."""
    import numpy
    import pyarrow

    wide = pyarrow.types.is_large_string(array.type)
    _, ends, values = array.buffers()
    if values is None or len(array) == 0:
        return numpy.empty(0, "u1"), 0
    kind = numpy.dtype("<i8" if wide else "<i4")
    places = numpy.frombuffer(ends, kind, len(array) + 1, array.offset * kind.itemsize)
    text = numpy.frombuffer(values, "u1")[int(places[0]) : int(places[-1])]
    return text, int(numpy.diff(places).max())


def values_with(pattern: str, array: Any) -> int:
    """How many values of a pyarrow array of strings hold ``pattern``."""
    from pyarrow import compute

    return int(compute.sum(compute.match_substring_regex(array, pattern)).as_py() or 0)
