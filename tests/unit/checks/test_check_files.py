"""Unsafe files are told by content; text is never mistaken; nothing is loaded."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import pickle
import random
import struct
import tarfile
import zipfile
import zlib
from typing import Any

import numpy
import polars
import pytest

from tdsec_gov.checks.contract import DataFile
from tdsec_gov.checks.files.check import SafeFiles
from tdsec_gov.checks.files.pickled.detect import is_pickle
from tdsec_gov.checks.files.risk import Replay
from tdsec_gov.domain.findings import CheckResult, Severity, Status
from tdsec_gov.errors import PolicyInvalid

P0 = b"cos\nsystem\n(S'true'\ntR."
PNG = (
    b"\x89PNG\r\n\x1a\n"
    + struct.pack(">I4s13sI", 13, b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0), 0)
    + struct.pack(">I4sI", 0, b"IEND", 0xAE426082)
)
JPEG = b"\xff\xd8\xff\xe0\x00\x10JFIF\0" + bytes(20) + b"\xff\xd9"
EXECUTABLE = b"\x7fELF" + bytes(60)


class Evil:
    def __reduce__(self) -> Any:
        return print, ("never",)


def zipped(members: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return buffer.getvalue()


def tarred(members: dict[str, bytes], mode: str = "w", link: str | None = None) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode=mode) as archive:  # type: ignore[call-overload]
        for name, data in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
        if link:
            info = tarfile.TarInfo("link")
            info.type, info.linkname = tarfile.SYMTYPE, link
            archive.addfile(info)
    return buffer.getvalue()


def npy(array: Any) -> bytes:
    buffer = io.BytesIO()
    numpy.save(buffer, array, allow_pickle=True)
    return buffer.getvalue()


def npy_with(descr: str) -> bytes:
    header = f"{{'descr': {descr}, 'fortran_order': False, 'shape': (1,)}}".encode().ljust(117) + b"\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header + bytes(12)


def parquet() -> bytes:
    buffer = io.BytesIO()
    polars.DataFrame({"a": [1, 2]}).write_parquet(buffer)
    return buffer.getvalue()


def name_of(value: object) -> str:
    return value if isinstance(value, str) else "data"


def run(make: Any, path: str, data: bytes, **params: object) -> CheckResult:
    return SafeFiles().run(make.given([make.file(path, data)], params))


def codes(result: CheckResult) -> set[str]:
    return {finding.code for finding in result.findings}


PICKLES = {
    **{f"protocol {number}": pickle.dumps(Evil(), number) for number in range(6)},
    **{f"plain data, protocol {number}": pickle.dumps({"a": [1, 2.5, "x"]}, number) for number in range(6)},
    "hand-written": P0,
    "instance": b"(S'true'\nios\nsystem\n.",
    "object": b"(cos\nsystem\nS'true'\no.",
    "acts, then junk": P0[:-1] + b"!!! not an opcode",
    "stacked after harmless": pickle.dumps(1, 0) + P0,
    "stacked after magic": pickle.dumps([1], 4) + P0,
    "padded with opcodes": b"N0" * 40_000 + P0,
    "padded with a long line": b"V" + b"x" * 200_000 + b"\n0" + P0,
    "through the memo": b"cos\nsystem\np0\n0g0\n(S'true'\ntR.",
    "frame without magic": b"\x95" + struct.pack("<Q", 5) + b"N.cos",
    "frame violation": b"\x80\x04\x95" + struct.pack("<Q", 2) + b"\x8c\xffcos\nsystem\n",
    "computed global": b"Vos\nVsystem\n\x93(Vtrue\ntR.",
    "truncated": pickle.dumps(list(range(10_000)), 4)[:5000],
}


@pytest.mark.parametrize("name", PICKLES)
@pytest.mark.parametrize("path", ["model.pkl", "train.csv", "a/b.png", "noext"])
def test_pickles_whatever_their_name(make: Any, name: str, path: str) -> None:
    result = run(make, path, PICKLES[name])
    assert result.status is Status.FAILED
    assert "TDS500" in codes(result)


@pytest.mark.parametrize(
    "text",
    [
        b"city\nParis\nRome\n",
        b"country\nname\n(R)egion,tR.\n",
        b"Price\n2\n.5\n",
        b"(id, name\nvalue\n",
        b"Name,Age\nN.,1\n",
        b"I,J\n1,2\n",
        b"Id\n1\n.\n",
        b"V1\nV2\nV3\n",
        b"Very long " + b"x" * 300_000,
        b"]}),N.\n",
        b"cos\nsystem\nare two words\n",
        b"0\n1\n2\n",
        b"}\n]\n",
    ],
)
def test_text_that_begins_like_opcodes_is_no_pickle(make: Any, text: bytes) -> None:
    assert not is_pickle(Replay(text))
    assert run(make, "a.txt", text).status is Status.PASSED


def test_random_words_are_no_pickle() -> None:
    rng = random.Random(1)
    letters = "abcdeghijlopqrstuINFSVPK(.]})0129 ,\n"
    for _ in range(3000):
        text = "".join(rng.choice(letters) for _ in range(60)).encode()
        assert not is_pickle(Replay(b"header,column\n" + text))


@pytest.mark.parametrize("squeeze", [zlib.compress, gzip.compress, bz2.compress, lzma.compress])
@pytest.mark.parametrize("name", ["protocol 0", "protocol 4"])
def test_compressed_pickles(make: Any, squeeze: Any, name: str) -> None:
    assert "TDS501" in codes(run(make, "x.dat", squeeze(PICKLES[name])))
    assert run(make, "x.dat", squeeze(b"just some text\n" * 10)).status is Status.PASSED


@pytest.mark.parametrize(
    ("path", "data", "code"),
    [
        ("m.pt", zipped({"archive/data.pkl": PICKLES["protocol 2"], "archive/version": b"3"}), "TDS502"),
        ("m.csv", zipped({"archive/data.pkl": PICKLES["protocol 2"]}), "TDS502"),
        ("a.npy", npy(numpy.array([Evil()], dtype=object)), "TDS503"),
        ("a.npy", npy_with("[('a', '<i4'), ('b', '|O')]"), "TDS503"),
        ("a.npy", npy_with("'i4,O'"), "TDS503"),
        ("a.npy", npy_with("[('a', [('b', '|O')])]"), "TDS503"),
        ("a.npz", zipped({"arr.npy": npy(numpy.array([None], dtype=object))}), "TDS503"),
        ("a.bin", EXECUTABLE, "TDS504"),
        ("a.csv", EXECUTABLE, "TDS504"),
        ("a.exe", b"MZ" + bytes(58) + b"\x40\0\0\0PE\0\0", "TDS504"),
        ("a.bin", b"\xcf\xfa\xed\xfe" + bytes(9), "TDS504"),
        ("a.txt", b"#!/bin/sh\ntrue\n", "TDS505"),
        ("a.rds", gzip.compress(b"X\n\0\0\0\x03" + bytes(9)), "TDS506"),
        ("a.h5", b"\x89HDF\r\n\x1a\n" + bytes(99), "TDS507"),
        ("a.dat", bytes(1024) + b"\x89HDF\r\n\x1a\n" + bytes(99), "TDS507"),
        ("a.zip", zipped({"../../x": b"1"}), "TDS508"),
        ("a.zip", zipped({"/etc/x": b"1"}), "TDS508"),
        ("a.tar", tarred({"a/../../x": b"1"}), "TDS508"),
        ("a.tar", tarred({"x": b"1"}, link="/etc/passwd"), "TDS509"),
        ("a.tgz", tarred({"x": b"1"}, "w:gz", link="x"), "TDS509"),
        ("a.zip", zipped({"x": bytes(12 << 20)}), "TDS510"),
        ("a.tar.gz", tarred({"x": bytes(12 << 20)}, "w:gz"), "TDS510"),
        ("a.zip", zipped({"x": b"1"})[:-5], "TDS511"),
        ("a.tar", b"no tar at all", "TDS511"),
        ("a.7z", b"7z\xbc\xaf\x27\x1c" + bytes(40), "TDS511"),
        ("a.npy", npy(numpy.arange(9))[:-8], "TDS511"),
        ("a.npy", b"\x93NUMPY\x01\0\xff\xffjunk", "TDS511"),
        ("a.zip", zipped({"x.pkl": PICKLES["protocol 4"]}), "TDS500"),
        ("a.zip", zipped({"x.txt": b"V" + b"x" * 100_000 + b"\n0" + P0}), "TDS500"),
        ("a.tar.xz", tarred({"x.csv": P0}, "w:xz"), "TDS500"),
        ("a.zip", zipped({"x": EXECUTABLE}), "TDS504"),
        ("a.zip", zipped({"x.zip": zipped({"y": b"1"})}), "TDS517"),
        ("a.png", b"just text", "TDS513"),
        ("a.parquet", parquet() + b"more", "TDS513"),
        ("a.csv", zipped({"x": b"1"}), "TDS513"),
        ("a.png", PNG + b"more", "TDS514"),
        ("a.png", PNG + zipped({"x": b"1"}), "TDS514"),
        ("a.jpg", JPEG + zipped({"x": b"1"}), "TDS514"),
        ("a.csv", b"a,b\n1,2\n" + zipped({"x": b"1"}), "TDS514"),
        ("a.csv", b"a,b\n1,\0\n", "TDS011"),
        ("a.txt", b"caf\xe9\n", "TDS011"),
        ("a.md", "x = 'user\u202e \u2066'\n".encode(), "TDS515"),
        ("a.txt", "hello\U000e0041\U000e0042\n".encode(), "TDS515"),
        ("a.jsonl", '{"a": "x\u200by"}\n'.encode(), "TDS515"),
    ],
    ids=name_of,
)
def test_each_risk_denies(make: Any, path: str, data: bytes, code: str) -> None:
    result = run(make, path, data)
    assert result.status is Status.FAILED
    assert code in codes(result)


@pytest.mark.parametrize(
    ("path", "data"),
    [
        ("a.csv", b"a,b\n1,-2\n+3,x@y.org\n- item (one),=\n"),
        ("a.csv", "a,b\n\u0646\u200c\u0645,\U0001f3f4\U000e0067\U000e0062\U000e007f\n".encode()),
        ("a.parquet", parquet()),
        ("a.npy", npy(numpy.arange(6.0).reshape(2, 3))),
        ("a.npy", npy(numpy.array([(1, 2.0)], dtype=[("O", "<i4"), ("b", "<f8")]))),
        ("a.npz", zipped({"x.npy": npy(numpy.arange(4))})),
        ("a.png", PNG),
        ("a.jpg", JPEG),
        ("a.zip", zipped({"b/c.txt": b"hello", "d/": b""})),
        ("a.tar.gz", tarred({"b/c.txt": b"hello"}, "w:gz")),
        ("a.csv.gz", gzip.compress(b"a\n1\n")),
        ("MZ.txt", b"MZ is how some programs begin, but this one is a text of some length, without zeros\n"),
        ("a.bin", bytes(range(256)) * 8),
    ],
    ids=name_of,
)
def test_ordinary_files_pass(make: Any, path: str, data: bytes) -> None:
    result = run(make, path, data)
    assert (result.status, result.findings) == (Status.PASSED, ())


@pytest.mark.parametrize(
    "cell",
    [
        "=cmd|' /C calc'!A0",
        '"=HYPERLINK(""http://x"",1)"',
        "@SUM(1+1)*cmd|' /C x'!A0",
        "+1+cmd|' /C calc'!A0",
        "-2+3+SUM(A1)",
    ],
)
def test_formulas_warn(make: Any, cell: str) -> None:
    result = run(make, "a.csv", f"a,b\n1,x\n2,{cell}\n".encode())
    assert (result.status, codes(result)) == (Status.WARNED, {"TDS516"})
    assert result.findings[0].rows == (1,)


def test_hidden_characters_count_lines_and_can_warn(make: Any) -> None:
    data = b"plain\n" * 300_000 + "x\u202ey\n".encode() + b"plain\n" * 10
    result = run(make, "a.txt", data, hidden_characters="warn")
    finding = result.findings[0]
    assert (result.status, finding.count, finding.rows) == (Status.WARNED, 1, (300_000,))


@pytest.mark.parametrize(
    ("path", "data", "form"),
    [
        ("a.pkl", PICKLES["plain data, protocol 4"], "pickle"),
        ("a.joblib", zlib.compress(PICKLES["plain data, protocol 4"]), "joblib"),
        ("a.pt", zipped({"a/data.pkl": PICKLES["plain data, protocol 2"]}), "torch"),
        ("a.npy", npy(numpy.array([None], dtype=object)), "npy-object"),
        ("a.so", EXECUTABLE, "executable"),
        ("a.h5", b"\x89HDF\r\n\x1a\n" + bytes(99), "hdf5"),
        ("a.zip", zipped({"x.zip": zipped({"y": b"1"})}), "nested-archive"),
    ],
    ids=name_of,
)
def test_policy_can_allow_a_format_and_only_that(make: Any, path: str, data: bytes, form: str) -> None:
    result = run(make, path, data, allow=[form])
    assert result.status is Status.PASSED
    assert [finding.severity for finding in result.findings] == [Severity.NOTE]
    other = "script" if form != "script" else "pickle"
    assert run(make, path, data, allow=[other]).status is Status.FAILED


def test_what_no_setting_allows(make: Any) -> None:
    with pytest.raises(PolicyInvalid):
        run(make, "a.csv", b"a\n1\n", allow=["everything"])
    with pytest.raises(PolicyInvalid):
        run(make, "a.csv", b"a\n1\n", allowed=["pickle"])


def test_encrypted_zip_members(make: Any) -> None:
    data = bytearray(zipped({"x": b"secret"}, zipfile.ZIP_STORED))
    data[6] |= 1
    data[data.index(b"PK\x01\x02") + 8] |= 1
    assert "TDS512" in codes(run(make, "a.zip", bytes(data)))


def test_links_and_wrong_sizes_are_refused(make: Any) -> None:
    file = make.file("a.csv", b"a\n1\n")
    link = make.folder / "link"
    link.symlink_to(file.location)
    for location, size in ((link, file.size), (file.location, 3), (make.folder, 4096)):
        result = SafeFiles().run(make.given([DataFile("a.csv", location, size, file.sha256)]))
        assert codes(result) == {"TDS518"}
    missing = DataFile("a.csv", make.folder / "nowhere", 4, file.sha256)
    assert codes(SafeFiles().run(make.given([missing]))) == {"TDS011"}


def test_empty_file_warns(make: Any) -> None:
    assert run(make, "a.bin", b"").status is Status.WARNED
