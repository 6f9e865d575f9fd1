"""Zip files: the central directory compared with what stands before each member (APPNOTE.TXT 4.3, 4.4)."""

from __future__ import annotations

import io
import itertools
import stat
import struct
import zipfile
from collections.abc import Iterator
from typing import IO

from tdsec_gov.checks.files.formats.models import archive_model
from tdsec_gov.checks.files.formats.office import archive_macros
from tdsec_gov.checks.files.packed.limits import (
    AMBIGUOUS,
    FAULTS,
    LINKS,
    MAX_MEMBERS,
    MAX_RATIO,
    RATIO_FROM,
    Looker,
    name_risks,
    totals,
)
from tdsec_gov.checks.files.packed.part import Part, TorchPart
from tdsec_gov.checks.files.risk import BOMB, BROKEN, Risk, worst_first

_END = b"PK\x05\x06"
_LOCAL = b"PK\x03\x04"
_ENCRYPTED, _STREAMED, _CENTRAL_HIDDEN = 0x1, 0x8, 0x2000
_DESCRIPTOR = 24
APPENDED = Risk("TDS514", "a zip archive follows other bytes: two files in one")


def zip_risks(file: IO[bytes], look: Looker, depth: int) -> list[Risk]:
    """Risks of a zip file (also npz, docx, pt, jar); damaged archives are a risk themselves."""
    try:
        size = file.seek(0, io.SEEK_END)
        ends = _ends(file, size)
        with zipfile.ZipFile(file) as archive:
            return worst_first([*ends, *_zip(archive, file, size, look, depth)])
    except FAULTS:
        return [BROKEN]


def is_zip_behind(file: IO[bytes]) -> bool:
    """Whether a zip directory with members ends a file that begins as something else."""
    try:
        with zipfile.ZipFile(file) as archive:
            return bool(archive.infolist())
    except FAULTS:
        return False


def _ends(file: IO[bytes], size: int) -> list[Risk]:
    """One end of central directory, at the end, and the directory right before it."""
    start = max(0, size - 65_557)
    file.seek(start)
    tail = file.read()
    places = [place for place in range(len(tail)) if tail.startswith(_END, place)] if _END in tail else []
    if not places:
        return [BROKEN]
    disk, first_disk, here, count, length, offset, comment = struct.unpack_from(
        "<HHHHIIH", tail, places[-1] + 4
    )
    if len(places) > 1 or places[-1] + 22 + comment != len(tail) or disk or first_disk or here != count:
        return [AMBIGUOUS]
    large = tail[places[-1] - 20 : places[-1]].startswith(b"PK\x06\x07") and places[-1] >= 20
    end = start + places[-1]
    if large:
        return _zip64(file, tail[places[-1] - 20 : places[-1]], end, (count, length, offset))
    return [] if offset + length == end else [APPENDED]


def _zip64(file: IO[bytes], locator: bytes, end: int, small: tuple[int, int, int]) -> list[Risk]:
    place = struct.unpack_from("<Q", locator, 8)[0]
    file.seek(place)
    record = file.read(56)
    if len(record) < 56 or not record.startswith(b"PK\x06\x06"):
        return [AMBIGUOUS]
    count, length, offset = struct.unpack_from("<QQQ", record, 32)
    sizes = ((small[0], count, 0xFFFF), (small[1], length, 0xFFFFFFFF), (small[2], offset, 0xFFFFFFFF))
    if any(one not in (big, top) for one, big, top in sizes) or place + 56 + 20 != end:
        return [AMBIGUOUS]
    return [] if offset + length == place else [APPENDED]


def _zip(archive: zipfile.ZipFile, file: IO[bytes], size: int, look: Looker, depth: int) -> Iterator[Risk]:
    members = archive.infolist()
    yield from totals(len(members), sum(member.file_size for member in members), size)
    names = [member.filename for member in members]
    if len({name.rstrip("/").casefold() for name in names}) < len(names):
        yield Risk("TDS521", "archive holds a name twice: programs will see different contents in it")
    yield from archive_macros(names)
    yield from archive_model(archive, names)
    yield from _layout(file, members, archive.start_dir)
    for member in members[:MAX_MEMBERS]:
        yield from _member(archive, member, look, depth)


def _member(archive: zipfile.ZipFile, member: zipfile.ZipInfo, look: Looker, depth: int) -> Iterator[Risk]:
    yield from name_risks(member.orig_filename)
    mode = member.external_attr >> 16
    if mode and not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)) and stat.S_IFMT(mode):
        yield LINKS
    if member.flag_bits & (_ENCRYPTED | _CENTRAL_HIDDEN):
        yield Risk("TDS512", "archive holds encrypted members, which cannot be looked into")
        return
    if member.file_size > RATIO_FROM and member.file_size > MAX_RATIO * max(1, member.compress_size):
        yield BOMB
        return
    if member.is_dir() and member.file_size == 0:
        return
    part = Part(lambda: archive.open(member), member.file_size, member.filename)
    if member.filename.rsplit("/", 1)[-1] == "data.pkl":
        yield Risk("TDS502", "file is a PyTorch archive: loading it can run code", "torch")
        part = TorchPart(part.open, part.size)
    yield from (risk.within() for risk in look(part, depth + 1))


def _layout(file: IO[bytes], members: list[zipfile.ZipInfo], start_dir: int) -> Iterator[Risk]:
    """Members follow one another from the first byte to the directory, as their local headers say."""
    ordered = sorted(members, key=lambda member: member.header_offset)
    spans = []
    for member in ordered[:MAX_MEMBERS]:
        span = _span(file, member)
        if span is None:
            yield AMBIGUOUS
            return
        spans.append(span)
    if spans and spans[0][0] > 0:
        yield APPENDED
    for (_, end), (start, _) in itertools.pairwise([*spans, (start_dir, start_dir)]):
        if end > start:
            yield Risk("TDS510", "archive is a decompression bomb: its members overlap")
            return
        if start - end > 0 and _hides(file, end, start):
            yield Risk("TDS521", "archive holds members that its directory does not list")
            return


def _span(file: IO[bytes], member: zipfile.ZipInfo) -> tuple[int, int] | None:
    """Where a member lies; None when its local header says something else than the directory."""
    file.seek(member.header_offset)
    header = file.read(30)
    if len(header) < 30 or not header.startswith(_LOCAL):
        return None
    flags, method = struct.unpack_from("<HH", header, 6)
    packed, unpacked, name, extra = struct.unpack_from("<IIHH", header, 18)
    streamed = bool(flags & _STREAMED)
    sizes = ((packed, member.compress_size), (unpacked, member.file_size))
    agree = all(one == other or one == 0xFFFFFFFF or (streamed and one == 0) for one, other in sizes)
    if (flags ^ member.flag_bits) & _ENCRYPTED or method != member.compress_type or not agree:
        return None
    written = file.read(name)
    central = member.orig_filename.encode("utf-8" if member.flag_bits & 0x800 else "cp437", "replace")
    if written != central:
        return None
    end = member.header_offset + 30 + name + extra + member.compress_size
    return member.header_offset, end


def _hides(file: IO[bytes], start: int, end: int) -> bool:
    """Whether bytes between members hold a local header: only a data descriptor may lie there."""
    if end - start <= _DESCRIPTOR:
        return False
    file.seek(start)
    return _LOCAL in file.read(min(end - start, 64 << 20))
