"""HDF5, walked without following a link: what leads outside, explodes, or is code (needs h5py)."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tdsec_gov.checks.files.formats.magic import magic_risks
from tdsec_gov.checks.files.formats.models import KERAS, KERAS_CODE
from tdsec_gov.checks.files.pickled.allowlist import audit
from tdsec_gov.checks.files.pickled.detect import is_pickle
from tdsec_gov.checks.files.pickled.embedded import holds_call
from tdsec_gov.checks.files.pickled.written import decoded
from tdsec_gov.checks.files.risk import Replay, Risk, worst_first

MAX_OBJECTS = 200_000
MAX_LOGICAL = 64 << 30
MAX_RATIO = 500
RATIO_FROM = 256 << 20
LOOKED_AT = 1 << 16
LONGEST_TEXT = 16 << 20
OUTSIDE = Risk("TDS526", "HDF5 file takes data from other files: external links, storage or virtual datasets")
PICKLE = Risk("TDS500", "HDF5 file holds pickles: reading them can run code", "pickle")
BOMB = Risk("TDS510", "HDF5 file promises far more data than it holds: a bomb")


def hdf5_risks(location: Path) -> list[Risk]:
    """Risks of an HDF5 file. Raises h5py's errors, and ImportError without it."""
    import h5py

    walk = _Walk(location.stat().st_size)
    with h5py.File(location, "r") as file:
        return worst_first([*walk.group(file)])


class _Walk:
    def __init__(self, size: int) -> None:
        self._size = size
        self._seen: set[int] = set()
        self._logical = 0

    def group(self, root: Any) -> Iterator[Risk]:
        import h5py

        waiting = [root]
        while waiting:
            group = waiting.pop()
            yield from self._attributes(group)
            for name in group:
                link = group.get(name, getlink=True)
                if isinstance(link, h5py.ExternalLink):
                    yield OUTSIDE
                if not isinstance(link, h5py.HardLink):
                    continue
                item = group[name]
                place = h5py.h5o.get_info(item.id).addr
                if place in self._seen:
                    continue
                self._seen.add(place)
                if len(self._seen) > MAX_OBJECTS:
                    yield BOMB
                    return
                if isinstance(item, h5py.Group):
                    waiting.append(item)
                elif isinstance(item, h5py.Dataset):
                    yield from self._attributes(item)
                    yield from self._dataset(item)

    def _dataset(self, item: Any) -> Iterator[Risk]:
        if item.external or (item.is_virtual and any(one.file_name != "." for one in item.virtual_sources())):
            yield OUTSIDE
            return
        logical = math.prod(item.shape or ()) * item.dtype.itemsize
        self._logical += logical
        if self._logical > MAX_LOGICAL or (logical > RATIO_FROM and logical > MAX_RATIO * self._size):
            yield BOMB
            return
        yield from self._bytes(item)

    def _bytes(self, item: Any) -> Iterator[Risk]:
        """Look at the beginning of what could hold a program or a pickle."""
        if item.shape is None or 0 in item.shape or item.dtype.kind not in "OSVui":
            return
        if item.dtype.kind in "ui":
            if item.dtype.itemsize > 1 or item.ndim == 0:
                return
            lead = tuple(slice(0, 4) for _ in item.shape[:-1])
            values = [
                bytes(row.tobytes())
                for row in item[(*lead, slice(0, LOOKED_AT))].reshape(-1, min(item.shape[-1], LOOKED_AT))
            ]
        else:
            first = item[()] if item.shape == () else item[tuple(slice(0, 64) for _ in item.shape)]
            values = [_raw(value) for value in getattr(first, "flat", [first])]
        yield from _value_risks(values)

    def _attributes(self, item: Any) -> Iterator[Risk]:
        for name in item.attrs:
            ident = item.attrs.get_id(name)
            if ident.get_storage_size() > LONGEST_TEXT:
                continue
            if name in ("PSEUDOATOM",) and _raw(item.attrs[name]) == b"object":
                yield PICKLE
            value = item.attrs[name]
            values = _elements(value)
            if name == "model_config" and any(KERAS_CODE.search(one) for one in values):
                yield KERAS
            yield from _value_risks(values)


def _elements(value: Any) -> list[bytes]:
    """The elements of an attribute; an array of bytes is one."""
    if not hasattr(value, "flat"):
        return [_raw(value)]
    if getattr(value, "dtype", None) is not None and value.dtype.kind in "ui" and value.dtype.itemsize == 1:
        return [bytes(value.tobytes())]
    return [_raw(one) for one in value.flat]


def _value_risks(values: list[bytes]) -> Iterator[Risk]:
    for value in values:
        if is_pickle(Replay(value)) or holds_call(value) or any(map(holds_call, decoded(value))):
            yield PICKLE
            yield from audit(Replay(value))
        yield from magic_risks(value[:LOOKED_AT], None)


def _raw(value: Any) -> bytes:
    """The bytes of one element: text, bytes, an opaque value or an array of a variable length."""
    if isinstance(value, str):
        return value.encode("utf-8", "surrogateescape")
    if isinstance(value, bytes):
        return value
    return bytes(value.tobytes()) if hasattr(value, "tobytes") else b""
