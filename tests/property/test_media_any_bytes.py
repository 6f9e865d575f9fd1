"""Damaged images, sound, archives and tables: an answer comes, never another exception, never a value."""

from __future__ import annotations

import bz2
import gzip
import hashlib
import io
import lzma
import tarfile
import tempfile
import wave
import zipfile
from collections import deque
from datetime import UTC, datetime
from pathlib import Path

import pyarrow
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyarrow import feather, parquet

from tdsec_gov.checks.contract import CheckInput, DataFile, Unreadable
from tdsec_gov.checks.malware.budget import Budget
from tdsec_gov.checks.malware.contents import HEAD, inner_streams
from tdsec_gov.checks.media.check import Media
from tdsec_gov.domain.findings import CheckResult

Image = pytest.importorskip("PIL.Image", reason="pillow is not installed (pip install pillow)")
FAST = settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
SECRET = b"Zyxxy-planted"


def _images() -> dict[str, bytes]:
    made = {}
    for suffix, form in (("png", "PNG"), ("jpg", "JPEG"), ("gif", "GIF"), ("webp", "WEBP"), ("bmp", "BMP")):
        buffer = io.BytesIO()
        Image.effect_noise((20, 20), 30).convert("RGB").save(buffer, form)
        made[suffix] = buffer.getvalue()
    buffer = io.BytesIO()
    Image.effect_noise((20, 20), 30).save(buffer, "TIFF", compression="tiff_lzw")
    return {**made, "tif": buffer.getvalue()}


def _sounds() -> dict[str, bytes]:
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as out:
        out.setparams((1, 2, 8000, 0, "NONE", ""))
        out.writeframes(SECRET * 20)
    page = b"OggS\0\2" + bytes(8) + b"abcd" + bytes(8) + b"\1\x1e"
    vorbis = b"\x01vorbis" + bytes(4) + b"\x01\x40\x1f\0\0" + bytes(14)
    frame = b"\xff\xfb\x90\x00".ljust(417, b"\0")
    flac = b"fLaC\x80\0\0\x22" + bytes(10) + b"\x01\xf4\x00\xf0\0\0\1\0" + bytes(16) + b"\xff\xf8" + bytes(30)
    return {"wav": buffer.getvalue(), "ogg": page + vorbis, "mp3": frame * 4, "flac": flac}


def _containers() -> list[bytes]:
    table = pyarrow.table({"a": [SECRET.decode()] * 60, "b": [[SECRET]] * 60})
    rows, arrow, archive, tape = io.BytesIO(), io.BytesIO(), io.BytesIO(), io.BytesIO()
    parquet.write_table(table, rows, compression="zstd")
    feather.write_feather(table, arrow, compression="zstd")
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as zipped:
        zipped.writestr("a", SECRET * 40)
    with tarfile.open(fileobj=tape, mode="w") as tar:
        member = tarfile.TarInfo("a")
        member.size = len(SECRET)
        tar.addfile(member, io.BytesIO(SECRET))
    plain = [one.getvalue() for one in (rows, arrow, archive, tape)]
    packed = [pack(plain[3]) for pack in (gzip.compress, bz2.compress, lzma.compress)]
    squeezed = [bytes(pyarrow.compress(plain[3], codec, asbytes=True)) for codec in ("zstd", "lz4")]
    return [*plain, *packed, *squeezed]


MEDIA = {**_images(), **_sounds(), "txt.gz": gzip.compress(SECRET * 9), "txt": SECRET}
CONTAINERS = _containers()
changes = st.lists(st.tuples(st.integers(0, 1 << 20), st.integers(0, 255)), max_size=4)


def damaged(data: bytes, edits: list[tuple[int, int]], cut: int | None) -> bytes:
    changed = bytearray(data)
    for place, byte in edits:
        changed[place % len(changed)] = byte
    return bytes(changed if cut is None else changed[: cut % len(changed)])


def test_the_samples_are_whole() -> None:
    for suffix, data in MEDIA.items():
        assert not _media(suffix, data).status.denies, suffix


def _media(suffix: str, data: bytes) -> CheckResult:
    with tempfile.TemporaryDirectory() as folder:
        location = Path(folder) / "object"
        location.write_bytes(data)
        file = DataFile(f"a.{suffix}", location, len(data), hashlib.sha256(data).hexdigest())
        now = datetime(2026, 6, 1, tzinfo=UTC)
        return Media().run(CheckInput("d", (file,), None, None, {"max_seconds": 5}, None, Path(folder), now))


@FAST
@given(
    suffix=st.sampled_from(sorted(MEDIA)),
    edits=changes,
    cut=st.none() | st.integers(0, 1 << 20),
    junk=st.binary(),
)
def test_damaged_media(suffix: str, edits: list[tuple[int, int]], cut: int | None, junk: bytes) -> None:
    result = _media(suffix, damaged(MEDIA[suffix], edits, cut) + junk)
    assert CheckResult.from_json(result.as_json()) == result
    assert SECRET.decode() not in repr(result)


@FAST
@given(index=st.integers(0, len(CONTAINERS) - 1), edits=changes, cut=st.none() | st.integers(0, 1 << 20))
def test_damaged_containers(index: int, edits: list[tuple[int, int]], cut: int | None) -> None:
    data = damaged(CONTAINERS[index], edits, cut)
    with tempfile.TemporaryDirectory() as folder:
        location = Path(folder) / "object"
        location.write_bytes(data)
        try:
            for stream in inner_streams(location, data[:HEAD], Budget(1 << 24)) or ():
                deque(stream, maxlen=0)
        except (Unreadable, OSError) as exc:
            assert SECRET.decode() not in str(exc)


def test_whole_containers_give_what_they_hold(tmp_path: Path) -> None:
    for index, data in enumerate(CONTAINERS):
        location = tmp_path / str(index)
        location.write_bytes(data)
        streams = inner_streams(location, data[:HEAD], Budget(1 << 24))
        assert streams is not None
        assert SECRET in b"".join(bytes(piece) for stream in streams for piece in stream)
