"""One look at a piece of bytes, and at what lies inside it: streams in streams, members of archives."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from tdsec_gov.checks.files.formats.arrays import MAGIC, pickle_start
from tdsec_gov.checks.files.formats.images import GIF, JPEG, PNG
from tdsec_gov.checks.files.formats.magic import ZIP, is_closed_archive, magic_risks
from tdsec_gov.checks.files.formats.markup import markup_risks
from tdsec_gov.checks.files.formats.models import protobuf_risks
from tdsec_gov.checks.files.formats.office import document_risks
from tdsec_gov.checks.files.packed import streams
from tdsec_gov.checks.files.packed.limits import MAX_DEPTH, NESTED, TOO_DEEP
from tdsec_gov.checks.files.packed.part import Part, TooLarge, TorchPart
from tdsec_gov.checks.files.packed.tars import is_tar, tar_risks
from tdsec_gov.checks.files.packed.zips import zip_risks
from tdsec_gov.checks.files.pickled.allowlist import FAULTS, audit
from tdsec_gov.checks.files.pickled.detect import is_pickle
from tdsec_gov.checks.files.pickled.embedded import stream_holds_call
from tdsec_gov.checks.files.risk import BROKEN, HEAD, Replay, Risk, worst_first
from tdsec_gov.domain.findings import Severity

CLOSED = Risk("TDS511", "archive of a kind that cannot be looked into", "closed-archive")
TOLD_ELSEWHERE = (b"PAR1", b"ARROW1", b"\xff\xff\xff\xff", b"SQLite format 3\0", *ZIP, PNG, JPEG, *GIF)
"""What is decoded and looked at in parts, or denied where bytes follow its end."""
MAX_LOOKS = 200_000


Inner = Callable[[Part], list[Risk]]


class Look:
    """Looks at one file and what it holds; ``allow`` names formats that policy allows, ``inner`` looks at
    tables, images and texts in archives."""

    def __init__(self, allow: tuple[str, ...], size: int, inner: Inner | None = None) -> None:
        self._allow = allow
        self._size = size
        self._inner = inner
        self._looks = 0

    def __call__(self, part: Part, depth: int = 0) -> list[Risk]:
        """Risks of ``part``; ``depth`` counts archives and streams around it. Raises OSError."""
        self._looks += 1
        if depth > MAX_DEPTH or self._looks > MAX_LOOKS:
            return [TOO_DEEP]
        if isinstance(part, TorchPart):
            return _audited(Replay(b"", part.open()), True) if "torch" in self._allow else []
        try:
            found = worst_first(list(self._look(part, depth)))
            if depth and self._inner and not any(risk.severity is Severity.DENY for risk in found):
                found += self._inner(part)
            return worst_first(found)
        except TooLarge:
            return [replace(BROKEN, message="a member is too large to be looked into")]

    def _look(self, part: Part, depth: int) -> Iterator[Risk]:
        stream = Replay(b"", part.open())
        head = stream.read(HEAD)
        found = magic_risks(head, part.size)
        yield from found
        if any(risk.code == "TDS503" for risk in found) and "npy-object" in self._allow:
            yield from self._audit(part, pickle_start(head))
        if found and head.startswith(MAGIC):
            return
        if is_pickle(Replay(head, stream)):
            yield Risk("TDS500", "file is a pickle: loading it can run code", "pickle")
            if "pickle" in self._allow or (depth and "joblib" in self._allow):
                yield from self._audit(part, 0)
            return
        if not found:
            inside = list(self._inside(part, head, depth))
            yield from inside
            yield from self._active(part, head)
            if not inside and not head.startswith(TOLD_ELSEWHERE) and stream_holds_call(part.open()):
                yield Risk(
                    "TDS500", "a pickle lies in the middle of the file: loading it can run code", "pickle"
                )
                yield Risk("TDS520", "the allowed pickle does not begin with the file")

    def _audit(self, part: Part, start: int) -> list[Risk]:
        stream = Replay(b"", part.open())
        stream.skip(start)
        return _audited(Replay(b"", stream), False)

    def _active(self, part: Part, head: bytes) -> Iterator[Risk]:
        yield from markup_risks(head, part.open)
        yield from document_risks(head, part.open)
        yield from protobuf_risks(head, part.open)

    def _inside(self, part: Part, head: bytes, depth: int) -> Iterator[Risk]:
        name = streams.codec(head)
        if head.startswith(b"ZF0x"):
            yield _SQUEEZED  # joblib before 0.10: zlib behind a length
        elif name:
            yield from self._stream(name, part, depth)
        elif head.startswith(ZIP):
            if depth:
                yield NESTED
            with part.spooled() as file:
                yield from zip_risks(file, self, depth)
        elif is_tar(head):
            if depth:
                yield NESTED
            yield from tar_risks(part.open(), part.size or self._size, self, depth)
        elif is_closed_archive(head):
            yield CLOSED

    def _stream(self, name: str, part: Part, depth: int) -> Iterator[Risk]:
        """What a compressed stream holds; a tar in it is no archive inside an archive."""
        opened: list[streams.Unpacked] = []

        def begin() -> streams.Unpacked:
            opened.append(streams.unpack(name, part.open()))
            return opened[-1]

        inner = Part(begin)
        sure = name not in streams.UNSURE
        try:
            head = Replay(b"", inner.open()).read(HEAD)
            if depth == 0 and is_tar(head):
                yield from tar_risks(inner.open(), self._size, self, depth)
                return
            for risk in self(inner, depth + 1):
                pickle = risk.code == "TDS500" and risk.form == "pickle"
                yield _SQUEEZED if pickle else risk
            if sure and any(stream.damaged for stream in opened):
                yield BROKEN
        except streams.FAULTS:
            if sure:
                yield BROKEN


def _audited(stream: Replay, torch: bool) -> list[Risk]:
    """What a damaged stream holds beyond the damage is not known, so it is denied."""
    try:
        return audit(stream, torch)
    except streams.FAULTS:
        return [Risk("TDS520", f"the allowed pickle {FAULTS['unreadable']}")]


_SQUEEZED = Risk("TDS501", "file is a compressed pickle (joblib)", "joblib")
