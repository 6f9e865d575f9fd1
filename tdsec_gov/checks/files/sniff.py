"""Which unsafe format do these bytes begin? Works on any stream: a file, a member of an archive."""

from __future__ import annotations

import ast
import bz2
import lzma
import re
import struct
import zlib
from collections.abc import Callable

from tdsec_gov.checks.files.pickles import is_pickle
from tdsec_gov.checks.files.risk import HEAD, Replay, Risk, Source

_NATIVE = (
    b"\x7fELF",
    b"\0asm",
    b"\xfe\xed\xfa\xce",
    b"\xfe\xed\xfa\xcf",
    b"\xce\xfa\xed\xfe",
    b"\xcf\xfa\xed\xfe",
    b"\xca\xfe\xba\xbe",
)
_HEADER_FAULTS = (
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
INNER = 4 << 20
_SHEBANG = re.compile(rb"(?:\xef\xbb\xbf)?#![ \t]*/")
_HDF5 = b"\x89HDF\r\n\x1a\n"
_R_DATA = (b"RDX2\n", b"RDX3\n", b"RDA2\n", b"RDA3\n", b"X\n\0\0\0\x02", b"X\n\0\0\0\x03")
_FAULTS = (OSError, EOFError, ValueError, zlib.error, lzma.LZMAError)
ARCHIVES = (b"PK\x03\x04", b"PK\x05\x06", b"7z\xbc\xaf\x27\x1c", b"Rar!\x1a\x07", b"MSCF")


def sniff(stream: Source, size: int) -> list[Risk]:
    """Risks that the first bytes of ``stream`` (which holds ``size`` bytes) show."""
    head = stream.read(HEAD)
    found = [risk for risk in (_native(head), _serialized(head), _hdf5(head), _npy(head, size)) if risk]
    if not found and is_pickle(Replay(head, stream)):
        found.append(Risk("TDS500", "file is a pickle: loading it can run code", "pickle"))
    if not found and (inner := _decompressed(head)):
        found += _compressed(inner)
    return found


def is_nested_archive(head: bytes) -> bool:
    """Whether bytes begin an archive (zip, 7z, rar, cab, tar)."""
    return head.startswith(ARCHIVES) or head[257:262] == b"ustar"


def _native(head: bytes) -> Risk | None:
    if head.startswith(_NATIVE) or _is_pe(head):
        return Risk("TDS504", "file is a native program or library", "executable")
    if _SHEBANG.match(head):
        return Risk("TDS505", "file is a script with an interpreter line", "script")
    return None


def _is_pe(head: bytes) -> bool:
    if not head.startswith(b"MZ") or len(head) < 64:
        return False
    offset = int(struct.unpack_from("<I", head, 0x3C)[0])
    return head[offset : offset + 4] == b"PE\0\0" or b"\0" in head[:64]


def _serialized(head: bytes) -> Risk | None:
    if head.startswith(_R_DATA) or head.startswith((b"\xac\xed\0\x05", b"\x1bLua")):
        return Risk("TDS506", "file holds serialized objects of R, Java or Lua", "serialized")
    return None


def _hdf5(head: bytes) -> Risk | None:
    offsets = [0, *(512 << power for power in range(8))]
    if any(head[offset : offset + 8] == _HDF5 for offset in offsets):
        return Risk("TDS507", "file is HDF5, which can link to other files and hold pickles", "hdf5")
    return None


def _npy(head: bytes, size: int) -> Risk | None:
    if not head.startswith(b"\x93NUMPY"):
        return None
    damaged = Risk("TDS511", "file is a damaged NumPy array")
    try:
        objects, expected = _npy_header(head)
    except _HEADER_FAULTS:
        return damaged
    if objects:
        return Risk("TDS503", "NumPy array of objects: loading it unpickles", "npy-object")
    return None if expected == size else damaged


def _npy_header(head: bytes) -> tuple[bool, int]:
    """Whether the array holds objects, and the size in bytes that its header promises (NEP 1)."""
    import math

    from numpy.lib import format as npy

    width, form = (2, "<H") if head[6] == 1 else (4, "<I")
    length = int(struct.unpack_from(form, head, 8)[0])
    start = 8 + width + length
    header = ast.literal_eval(head[8 + width : start].decode("utf-8").strip())
    dtype = npy.descr_to_dtype(header["descr"])
    return bool(dtype.hasobject), start + math.prod(header["shape"]) * dtype.itemsize


def _compressed(inner: bytes) -> list[Risk]:
    if is_pickle(Replay(inner)):
        return [Risk("TDS501", "file is a compressed pickle (joblib)", "joblib")]
    return [risk for risk in (_native(inner), _serialized(inner), _hdf5(inner)) if risk]


def _decompressed(head: bytes) -> bytes | None:
    """The first bytes inside a compressed stream; None when ``head`` does not begin one."""
    readers: list[tuple[bool, Callable[[], bytes]]] = [
        (head.startswith(b"\x1f\x8b"), lambda: zlib.decompressobj(31).decompress(head, INNER)),
        (head.startswith(b"BZh"), lambda: bz2.BZ2Decompressor().decompress(head, INNER)),
        (head.startswith(b"\xfd7zXZ\0"), lambda: lzma.LZMADecompressor().decompress(head, INNER)),
        (head.startswith(b"\x5d\0\0"), lambda: lzma.LZMADecompressor().decompress(head, INNER)),
        (_is_zlib(head), lambda: zlib.decompressobj().decompress(head, INNER)),
        (head.startswith(b"\x04\x22\x4d\x18"), lambda: _by_arrow(head, "lz4")),
        (head.startswith(b"\x28\xb5\x2f\xfd"), lambda: _by_arrow(head, "zstd")),
    ]
    for begins, reader in readers:
        if begins:
            try:
                return reader() or None
            except _FAULTS:
                return None
    return None


def _is_zlib(head: bytes) -> bool:
    return len(head) > 2 and head[0] == 0x78 and head[1] in (0x01, 0x5E, 0x9C, 0xDA)


def _by_arrow(head: bytes, codec: str) -> bytes:
    import pyarrow

    with pyarrow.CompressedInputStream(pyarrow.BufferReader(head), codec) as stream:
        return bytes(stream.read(4096))
