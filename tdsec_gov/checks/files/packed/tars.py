"""Tar archives, read in one pass; nothing is extracted to disk under a name."""

from __future__ import annotations

import tarfile
from collections.abc import Iterator
from typing import Any

from tdsec_gov.checks.files.packed.limits import FAULTS, LINKS, Looker, name_risks, totals
from tdsec_gov.checks.files.packed.part import kept
from tdsec_gov.checks.files.risk import BROKEN, HEAD, Risk, Source, worst_first

BLOCK = 512
BEHIND = Risk("TDS514", "bytes follow the end of the tar archive: two files in one")


def is_tar(head: bytes) -> bool:
    """Whether ``head`` begins a tar, by magic or (older than POSIX) by the checksum of its first header."""
    if head[257:262] == b"ustar":
        return True
    if len(head) < BLOCK or not head[148:156].strip(b"\0 ").isdigit() or not head[0]:
        return False
    try:
        tarfile.TarInfo.frombuf(head[:BLOCK], "utf-8", "surrogateescape")
    except (tarfile.HeaderError, ValueError):
        return False
    return True


def tar_risks(source: Source, size: int, look: Looker, depth: int) -> list[Risk]:
    """Risks of an uncompressed tar stream; ``size`` is that of the file it came from."""
    try:
        stream: Any = source
        with tarfile.open(fileobj=stream, mode="r|") as archive:
            return worst_first([*_tar(archive, size, look, depth)])
    except FAULTS:
        return [BROKEN]


def _tar(archive: tarfile.TarFile, size: int, look: Looker, depth: int) -> Iterator[Risk]:
    total = count = 0
    names: set[str] = set()
    for member in archive:
        count += 1
        total += member.size
        yield from name_risks(member.name)
        if member.name in names:
            yield Risk("TDS521", "archive holds a name twice: programs will see different contents in it")
        names.add(member.name)
        if member.issparse():
            yield BROKEN
        if not (member.isfile() or member.isdir()):
            yield LINKS
        if risks := list(totals(count, total, size)):
            yield from risks
            return
        stream = archive.extractfile(member) if member.isfile() and not member.issparse() else None
        if stream is not None:
            part = kept(stream.read(HEAD), stream, member.size, member.name)
            yield from (risk.within() for risk in look(part, depth + 1))
    if count == 0:
        yield BROKEN
    elif _rest(archive):
        yield BEHIND


def _rest(archive: tarfile.TarFile) -> bool:
    """Whether anything but zeros comes after the end; reads on in the stream that tarfile reads."""
    stream: Any = archive.fileobj
    while piece := stream.read(1 << 20):
        if piece.strip(b"\0"):
            return True
    return False
