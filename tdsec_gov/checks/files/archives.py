"""Archives, from their headers and the first bytes of each member; nothing is extracted to disk."""

from __future__ import annotations

import itertools
import lzma
import re
import stat
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path

from tdsec_gov.checks.files.risk import HEAD, Replay, Risk, Source
from tdsec_gov.checks.files.sniff import is_nested_archive, sniff

MAX_RATIO = 100
RATIO_FROM = 10 << 20
MAX_TOTAL = 64 << 30
MAX_MEMBERS = 100_000
_DRIVE = re.compile(r"[A-Za-z]:")
FAULTS = (
    zipfile.BadZipFile,
    tarfile.TarError,
    zlib.error,
    lzma.LZMAError,
    OSError,
    EOFError,
    ValueError,
    NotImplementedError,
    RuntimeError,
    OverflowError,
    MemoryError,
)
BROKEN = Risk("TDS511", "archive is damaged or of an unknown kind and cannot be looked into")


def zip_risks(location: Path) -> list[Risk]:
    """Risks of a zip file (also npz, docx, pt, jar); damaged archives are a risk themselves."""
    try:
        with zipfile.ZipFile(location) as archive:
            return list(dict.fromkeys(_zip(archive, location.stat().st_size)))
    except FAULTS:
        return [BROKEN]


def tar_risks(location: Path, size: int) -> list[Risk]:
    """Risks of a tar file, plain or compressed with gzip, bzip2 or xz."""
    try:
        with tarfile.open(location, mode="r|*") as archive:
            return list(dict.fromkeys(_tar(archive, size)))
    except FAULTS:
        return [BROKEN]


def _zip(archive: zipfile.ZipFile, size: int) -> Iterator[Risk]:
    members = archive.infolist()
    yield from _totals(len(members), sum(member.file_size for member in members), size)
    yield from _overlap(members)
    for member in members[:MAX_MEMBERS]:
        yield from _name(member.filename)
        if stat.S_ISLNK(member.external_attr >> 16):
            yield Risk("TDS509", "archive holds links or devices")
        if member.flag_bits & 0x1:
            yield Risk("TDS512", "archive holds encrypted members, which cannot be looked into")
        elif not member.is_dir():
            with archive.open(member) as stream:
                yield from _member(member.filename, stream, member.file_size)
        if member.file_size > RATIO_FROM and member.file_size > MAX_RATIO * max(1, member.compress_size):
            yield Risk("TDS510", "archive is a decompression bomb")


def _tar(archive: tarfile.TarFile, size: int) -> Iterator[Risk]:
    total = count = 0
    for member in archive:
        count += 1
        total += member.size
        yield from _name(member.name)
        if not (member.isfile() or member.isdir()):
            yield Risk("TDS509", "archive holds links or devices")
        if risks := list(_totals(count, total, size)):
            yield from risks
            return
        stream = archive.extractfile(member) if member.isfile() else None
        if stream is not None:
            yield from _member(member.name, stream, member.size)
    if count == 0:
        yield BROKEN


def _totals(count: int, total: int, size: int) -> Iterator[Risk]:
    if count > MAX_MEMBERS or total > MAX_TOTAL or (total > RATIO_FROM and total > MAX_RATIO * max(1, size)):
        yield Risk("TDS510", "archive is a decompression bomb")


def _overlap(members: list[zipfile.ZipInfo]) -> Iterator[Risk]:
    ordered = sorted(members, key=lambda member: member.header_offset)
    for first, second in itertools.pairwise(ordered):
        if first.header_offset + 30 + first.compress_size > second.header_offset:
            yield Risk("TDS510", "archive is a decompression bomb: its members overlap")
            return


def _name(name: str) -> Iterator[Risk]:
    parts = name.replace("\\", "/").split("/")
    if name.startswith(("/", "\\")) or ".." in parts or _DRIVE.match(name) or "\\" in name or "\0" in name:
        yield Risk("TDS508", "archive holds names that lead outside of it")


def _member(name: str, stream: Source, size: int) -> Iterator[Risk]:
    if name.rsplit("/", 1)[-1] == "data.pkl":
        yield Risk("TDS502", "file is a PyTorch archive: loading it can run code", "torch")
        return
    head = stream.read(HEAD)
    if is_nested_archive(head):
        yield Risk("TDS517", "archive holds further archives, which are not looked into", "nested-archive")
    for risk in sniff(Replay(head, stream), size):
        yield Risk(risk.code, f"inside the archive: {risk.message}", risk.form)


def is_tar(location: Path, head: bytes) -> bool:
    """Whether a file is a tar, plain or compressed, by content."""
    if head[257:262] == b"ustar":
        return True
    if not head.startswith((b"\x1f\x8b", b"BZh", b"\xfd7zXZ\0")):
        return False
    try:
        with tarfile.open(location, mode="r|*") as archive:
            return archive.next() is not None
    except FAULTS:
        return False
