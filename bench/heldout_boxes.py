"""Where a pickle can lie: suffix lies, compression, archives, arrays, tables, images. Nothing is loaded."""

from __future__ import annotations

import base64
import bz2
import gzip
import io
import json
import lzma
import random
import sqlite3
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable

PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
Box = Callable[[random.Random, bytes], tuple[str, bytes]]


def zipped(members: dict[str, bytes], method: int = zipfile.ZIP_STORED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        for name, data in members.items():
            archive.writestr(zipfile.ZipInfo(name), data, method)
    return out.getvalue()


def tarred(members: dict[str, bytes], mode: str = "w") -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode=mode) as archive:  # type: ignore[call-overload]
        for name, data in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return out.getvalue()


def bare(rng: random.Random, data: bytes) -> tuple[str, bytes]:
    return rng.choice(("m.pkl", "m.pickle", "m.p", "m.joblib", "m.dat", "m", "m.sav", "m.pt", "m.bin")), data


def lying(rng: random.Random, data: bytes) -> tuple[str, bytes]:
    names = (
        "t.csv",
        "t.txt",
        "t.json",
        "t.png",
        "t.parquet",
        "t.npy",
        "t.wav",
        "t.md",
        "t.jsonl",
        "t.tsv",
        "t.h5",
    )
    return rng.choice(names), data


def squeezed(rng: random.Random, data: bytes) -> tuple[str, bytes]:
    forms = [("m.pkl.gz", gzip.compress(data, mtime=0)), ("m.pkl.bz2", bz2.compress(data))]
    forms += [("m.pkl.xz", lzma.compress(data)), ("m.pkl.lzma", lzma.compress(data, lzma.FORMAT_ALONE))]
    forms += [
        ("m.pkl.z", zlib.compress(data)),
        ("m.joblib", zlib.compress(data)),
        ("t.csv.gz", gzip.compress(data)),
    ]
    forms += [
        ("m.pkl", gzip.compress(data)),
        ("m.pkl.gz", gzip.compress(b"\x80\x02N.") + gzip.compress(data)),
    ]
    return rng.choice(forms)


def zstandard(rng: random.Random, data: bytes) -> tuple[str, bytes]:
    import pyarrow

    return "m.pkl.zst", pyarrow.compress(data, "zstd", asbytes=True)


def lz4(rng: random.Random, data: bytes) -> tuple[str, bytes]:
    import pyarrow

    return rng.choice(("m.joblib", "m.pkl.lz4")), pyarrow.compress(data, "lz4", asbytes=True)


def in_zip(rng: random.Random, data: bytes) -> tuple[str, bytes]:
    member = rng.choice(("a/m.pkl", "readme.txt", "x", "d/t.csv", ".hidden", "img.png"))
    method = rng.choice((zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA))
    return "d.zip", zipped({"a.csv": b"a,b\n1,2\n", member: data}, method)


def in_tar(rng: random.Random, data: bytes) -> tuple[str, bytes]:
    mode, suffix = rng.choice((("w", ".tar"), ("w:gz", ".tar.gz"), ("w:xz", ".tar.xz"), ("w:bz2", ".tbz2")))
    return "d" + suffix, tarred({"a.csv": b"a,b\n1,2\n", rng.choice(("m.pkl", "t.csv", "x")): data}, mode)


def twice_zipped(rng: random.Random, data: bytes) -> tuple[str, bytes]:
    inner = rng.choice((zipped({"m": data}), tarred({"m.txt": data}), gzip.compress(data)))
    return "d.zip", zipped({"inner": inner})


def seven(rng: random.Random, data: bytes) -> tuple[str, bytes]:
    """7z with one member, stored."""
    name = "m.pkl".encode("utf-16le") + b"\0\0"
    size = bytes((0xC0 | len(data) >> 8 & 0x3F, len(data) & 255)) if len(data) > 127 else bytes((len(data),))
    if len(data) > 127:
        size = bytes((0x80 | len(data) >> 8, len(data) & 255))
    header = b"\x01\x04\x06\x00\x01\x09" + size + b"\x00\x07\x0b\x01\x00\x01\x01\x00\x0c" + size + b"\x00"
    header += b"\x08\x0a\x01" + struct.pack("<I", zlib.crc32(data)) + b"\x00\x00"
    header += b"\x05\x01\x11" + bytes((len(name) + 1,)) + b"\x00" + name + b"\x00\x00"
    start = struct.pack("<QQI", len(data), len(header), zlib.crc32(header))
    magic = b"7z\xbc\xaf\x27\x1c\x00\x04"
    return "d.7z", magic + struct.pack("<I", zlib.crc32(start)) + start + data + header


def after_image(rng: random.Random, data: bytes) -> tuple[str, bytes]:
    return "i.png", PNG + data


def image_and_zip(rng: random.Random, data: bytes) -> tuple[str, bytes]:
    return rng.choice(("i.png", "i.zip")), PNG + zipped({"archive/data.pkl": data})


def behind_mark(rng: random.Random, data: bytes) -> tuple[str, bytes]:
    mark = rng.choice((b"\xef\xbb\xbf", b"\xff\xfe", b"\n", b"  ", b"\x00", b"a,b\n1,2\n"))
    return rng.choice(("m.pkl", "t.csv", "m")), mark + data


def object_array(rng: random.Random, data: bytes) -> tuple[str, bytes]:
    return rng.choice(("a.npy", "a.dat", "a.csv")), npy(rng, data)


def npy(rng: random.Random, data: bytes) -> bytes:
    dtype = rng.choice(("'|O'", "'O'", "[('a', 'O')]", "[('a', '<i4'), ('b', '|O', (2,))]", "'object'"))
    head = f"{{'descr': {dtype}, 'fortran_order': False, 'shape': (1,), }}\n".encode()
    major = rng.choice((1, 2, 3))
    length = struct.pack("<H" if major == 1 else "<I", len(head))
    return b"\x93NUMPY" + bytes((major, 0)) + length + head + data


def object_member(rng: random.Random, data: bytes) -> tuple[str, bytes]:
    fine = (
        b"\x93NUMPY\x01\x00\x3e\x00{'descr': '<i4', 'fortran_order': False, 'shape': (1,), }    \n\x01\0\0\0"
    )
    member = rng.choice(("b.npy", "b", "b.txt"))
    name = rng.choice(("a.npz", "a.zip", "a"))
    return name, zipped({"a.npy": fine, member: npy(rng, data)}, rng.choice((0, 8)))


def torch_zip(rng: random.Random, data: bytes) -> tuple[str, bytes]:
    root = rng.choice(("archive/", "model/", ""))
    part = rng.choice(("data.pkl", "constants.pkl", "extra/debug.pkl", "code/x.py.debug_pkl"))
    members = {root + part: data, root + "version": b"3\n", root + "byteorder": b"little"}
    if part != "data.pkl":
        members[root + "data.pkl"] = b"\x80\x02}."
    out = zipped(members)
    trick = rng.randrange(4)
    if trick == 1:  # the flag that says encrypted, in the directory only: torch does not look at it
        out = bytearray(out)
        at = out.find(b"PK\x01\x02")
        out[at + 8] |= 1
        out = bytes(out)
    if trick == 2:  # the names differ between member and directory
        at = out.find((root + part).encode())
        out = out[:at] + b"z" + out[at + 1 :]
    if trick == 3:  # a wrong checksum
        at = out.find(b"PK\x01\x02") + 16
        out = out[:at] + b"\1\2\3\4" + out[at + 4 :]
    return rng.choice(("m.pt", "m.pth", "m.bin", "m.ckpt", "m.zip", "m.csv")), out


def torch_old(rng: random.Random, data: bytes) -> tuple[str, bytes]:
    magic = b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19.\x80\x02M\xe9\x03."
    system = b"\x80\x02}X\r\x00\x00\x00little_endian\x88s."
    return rng.choice(("m.pt", "m.pth", "m.bin")), magic + system + data + b"\x80\x02]."


def torch_tar(rng: random.Random, data: bytes) -> tuple[str, bytes]:
    members = {
        "sys_info": b"\x80\x02}.",
        "pickle": data,
        "storages": b"\x80\x02K\x00.",
        "tensors": b"\x80\x02K\x00.",
    }
    return rng.choice(("m.pt", "m.tar")), tarred(members)


def joblibbed(rng: random.Random, data: bytes) -> tuple[str, bytes]:
    """An array wrapper of objects, the pickle of them inside."""
    head = (
        b"\x80\x04\x8c\x13joblib.numpy_pickle\x8c\x11NumpyArrayWrapper\x93)\x81}(\x8c\x08subclass"
        b"cnumpy\nndarray\n\x8c\x05shapeK\x01\x85\x8c\x05order\x8c\x01C\x8c\x05dtypecnumpy\ndtype\n"
        b"\x8c\x02O8\x89\x88\x87R(K\x03\x8c\x01|NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK?tb\x8c\nallow_mmap\x89ub"
    )
    whole = head + data + b"."
    return rng.choice(("m.joblib", "m.pkl")), rng.choice((whole, zlib.compress(whole), gzip.compress(whole)))


def h5_attribute(rng: random.Random, data: bytes) -> tuple[str, bytes]:
    import h5py
    import numpy

    out = io.BytesIO()
    with h5py.File(out, "w") as file:
        place = file.create_dataset("x", data=numpy.arange(3)) if rng.random() < 0.5 else file
        form = rng.randrange(4)
        if form == 0:
            place.attrs["state"] = numpy.void(data)
        elif form == 1:
            place.attrs["state"] = numpy.frombuffer(data, "u1")
        elif form == 2:
            file.create_dataset("o", data=numpy.frombuffer(data, "u1"))
        else:
            place.attrs["TITLE"] = numpy.bytes_(data.rstrip(b"\0"))
    return rng.choice(("d.h5", "d.hdf5", "d.nc")), out.getvalue()


def binary_column(rng: random.Random, data: bytes) -> tuple[str, bytes]:
    import pyarrow
    from pyarrow import feather, parquet

    table = pyarrow.table({"id": [1, 2], "blob": pyarrow.array([b"x", data], pyarrow.binary())})
    out = io.BytesIO()
    if rng.random() < 0.5:
        parquet.write_table(table, out)
        return "t.parquet", out.getvalue()
    feather.write_feather(table, out, compression="uncompressed")
    return rng.choice(("t.feather", "t.arrow")), out.getvalue()


def extension_type(rng: random.Random, data: bytes) -> tuple[str, bytes]:
    """Arrow's Python extension type, whose metadata older readers unpickle."""
    import pyarrow
    from pyarrow import parquet

    meta = {b"ARROW:extension:name": b"arrow.py_extension_type", b"ARROW:extension:metadata": data}
    schema = pyarrow.schema([pyarrow.field("a", pyarrow.int64(), metadata=meta)])
    table = pyarrow.table([pyarrow.array([1])], schema=schema)
    out = io.BytesIO()
    if rng.random() < 0.5:
        parquet.write_table(table, out)
        return "t.parquet", out.getvalue()
    with pyarrow.ipc.new_file(out, schema) as writer:
        writer.write_table(table)
    return "t.arrow", out.getvalue()


def database(rng: random.Random, data: bytes) -> tuple[str, bytes]:
    connection = sqlite3.connect(":memory:")
    connection.execute("create table t (k text, v blob)")
    connection.execute("insert into t values ('a', ?)", (data,))
    connection.commit()
    return rng.choice(("d.sqlite", "d.db")), connection.serialize()


def written_out(rng: random.Random, data: bytes) -> tuple[str, bytes]:
    """base64 in a cell: data for everybody but the program that decodes it. Told apart in the report."""
    text = base64.b64encode(data).decode()
    if rng.random() < 0.5:
        return "t.csv", f"id,blob\n1,{text}\n".encode()
    return "t.json", json.dumps([{"id": 1, "blob": text}]).encode()


BOXES: tuple[Box, ...] = (
    bare, lying, squeezed, zstandard, lz4, in_zip, in_tar, twice_zipped, seven, after_image, image_and_zip,
    behind_mark, object_array, object_member, torch_zip, torch_old, torch_tar, joblibbed, h5_attribute,
    binary_column, extension_type, database, written_out,
)  # fmt: skip
