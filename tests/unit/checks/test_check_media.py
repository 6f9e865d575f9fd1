"""Images, sound, text and compressed files: whole, cut, mislabelled, over a budget, with something behind."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import struct
import sys
import wave
import zipfile
from typing import Any

import pyarrow
import pytest

from tdsec_gov.checks.media.check import Media
from tdsec_gov.domain.findings import CheckResult, Severity, Status
from tdsec_gov.errors import PolicyInvalid

Image = pytest.importorskip("PIL.Image", reason="pillow is not installed (pip install pillow)")
IMAGES = {"png": "PNG", "jpg": "JPEG", "gif": "GIF", "webp": "WEBP", "bmp": "BMP", "tif": "TIFF"}
SOUNDS = ["wav", "flac", "ogg", "mp3", "opus"]


def image(suffix: str, size: tuple[int, int] = (40, 30), frames: int = 1, **options: Any) -> bytes:
    buffer = io.BytesIO()
    first, *more = [Image.effect_noise(size, 40 + index).convert("RGB") for index in range(frames)]
    extra = {"save_all": True, "append_images": more} if more else {}
    first.save(buffer, IMAGES[suffix], **extra, **options)
    return buffer.getvalue()


def sound(suffix: str, seconds: float = 1.0, rate: int = 16_000) -> bytes:
    if suffix == "wav":
        buffer = io.BytesIO()
        with wave.open(buffer, "wb") as out:
            out.setnchannels(1)
            out.setsampwidth(2)
            out.setframerate(rate)
            out.writeframes(bytes(2 * int(rate * seconds)))
        return buffer.getvalue()
    soundfile = pytest.importorskip("soundfile", reason="soundfile is not installed (pip install soundfile)")
    import numpy

    buffer = io.BytesIO()
    samples = numpy.random.default_rng(3).normal(0, 0.1, int(rate * seconds))
    form, subtype = ("OGG", "OPUS") if suffix == "opus" else (suffix.upper(), None)
    soundfile.write(buffer, samples, rate, format=form, subtype=subtype)
    return buffer.getvalue()


def zipped_behind(data: bytes) -> bytes:
    buffer = io.BytesIO(data)
    buffer.seek(0, 2)
    with zipfile.ZipFile(buffer, "a") as archive:
        archive.writestr("x", "y")
    return buffer.getvalue()


def check(make: Any, path: str, data: bytes, **params: Any) -> CheckResult:
    return Media().run(make.given([make.file(path, data)], params))


def told(result: CheckResult) -> list[tuple[str, Severity]]:
    return [(one.code, one.severity) for one in result.findings]


@pytest.mark.parametrize("suffix", [*IMAGES, *SOUNDS])
class TestEachFormat:
    def data(self, suffix: str) -> bytes:
        return image(suffix) if suffix in IMAGES else sound(suffix)

    def test_whole(self, make: Any, suffix: str) -> None:
        result = check(make, f"c/a.{suffix}", self.data(suffix))
        assert result.status is Status.PASSED and told(result) == []
        assert result.facts["by_class"] == {"c": 1}

    def test_cut(self, make: Any, suffix: str) -> None:
        data = self.data(suffix)
        result = check(make, f"a.{suffix}", data[: len(data) * 2 // 3])
        if suffix in ("mp3", "flac"):
            pytest.skip("frames follow frames: nothing says how many there were")
        code = "TDS701" if suffix in IMAGES else "TDS705"
        assert told(result) == [(code, Severity.DENY)]

    def test_under_another_suffix(self, make: Any, suffix: str) -> None:
        other = "png" if suffix != "png" else "jpg"
        result = check(make, f"a.{other}", self.data(suffix))
        assert result.status is Status.FAILED and told(result)[0][0] in ("TDS701", "TDS702")
        other = "flac" if suffix != "flac" else "wav"
        assert told(check(make, f"a.{other}", self.data(suffix))) == [("TDS702", Severity.DENY)]

    def test_a_zip_behind_it(self, make: Any, suffix: str) -> None:
        result = check(make, f"a.{suffix}", zipped_behind(self.data(suffix)))
        assert told(result) == [("TDS704", Severity.DENY)]

    def test_other_bytes_behind_it(self, make: Any, suffix: str) -> None:
        if suffix in ("tif", "flac"):
            pytest.skip("has no end of its own, which not_checked says")
        data = self.data(suffix) + b"left by some tool"
        assert told(check(make, f"a.{suffix}", data)) == [("TDS704", Severity.WARN)]
        assert told(check(make, f"a.{suffix}", data, trailing="deny")) == [("TDS704", Severity.DENY)]
        script = self.data(suffix) + b"\n#!/bin/sh\nid"
        assert told(check(make, f"a.{suffix}", script)) == [("TDS704", Severity.DENY)]
        assert told(check(make, f"a.{suffix}", self.data(suffix) + bytes(40))) == []

    def test_nothing_and_junk(self, make: Any, suffix: str) -> None:
        for data in (b"", b"\0" * 99, b"hello" * 30, self.data(suffix)[:9]):
            assert check(make, f"a.{suffix}", data).status is Status.FAILED


def test_figures_of_images(make: Any) -> None:
    files = [make.file(f"cat/{i}.png", image("png", (40 + i, 30))) for i in range(3)]
    files.append(make.file("dog/9.gif", image("gif", (10, 30), frames=4)))
    facts = Media().run(make.given(files)).facts
    assert facts["by_class"] == {"cat": 3, "dog": 1} and facts["by_format"] == {"PNG": 3, "GIF": 1}
    assert facts["width"] == {"least": 10, "median": 40.5, "most": 42} and facts["frames"]["most"] == 4
    assert facts["by_aspect"] == {"landscape": 3, "tall": 1} and facts["by_mode"]["RGB"] == 3


@pytest.mark.parametrize("suffix", SOUNDS)
def test_figures_of_sound(make: Any, suffix: str) -> None:
    facts = check(make, f"a.{suffix}", sound(suffix, 1.5)).facts
    assert facts["by_rate"] == {"16000": 1} and facts["by_channels"] == {"1": 1}
    assert facts["seconds"]["most"] == pytest.approx(1.5, abs=0.25)


@pytest.mark.parametrize(
    ("params", "data"),
    [
        ({"max_megapixels": 0.001}, image("png", (40, 30))),
        ({"max_frames": 3}, image("gif", frames=4)),
        ({"max_decoded_mib": 1}, image("png", (800, 800))),
        ({}, image("png", (8, 8))[:16] + struct.pack(">II", 60_000, 60_000) + image("png", (8, 8))[24:]),
    ],
)
def test_budgets(make: Any, params: dict[str, Any], data: bytes) -> None:
    suffix = "gif" if data.startswith(b"GIF") else "png"
    result = check(make, f"a.{suffix}", data, **params)
    assert result.status is Status.FAILED and told(result)[0][0] in ("TDS703", "TDS701")
    if params:
        assert told(result)[0][0] == "TDS703" and check(make, f"b.{suffix}", data).status is Status.PASSED


def test_a_wrong_checksum_within_a_png(make: Any) -> None:
    data = bytearray(image("png"))
    data[data.index(b"IDAT") - 9] ^= 1  # the checksum of IHDR
    assert check(make, "a.png", bytes(data)).status is Status.FAILED


@pytest.mark.parametrize("pack", [lambda d: d, gzip.compress, bz2.compress, lzma.compress, "zst"])
def test_texts_plain_and_compressed(make: Any, pack: Any) -> None:
    squeeze = (lambda data: bytes(pyarrow.compress(data, "zstd", asbytes=True))) if pack == "zst" else pack
    names = {gzip.compress: ".gz", bz2.compress: ".bz2", lzma.compress: ".xz", "zst": ".zst"}
    path = "a.txt" + names.get(pack, "")
    good = check(make, path, squeeze("grün\n".encode() * 5000))
    assert good.status is Status.PASSED and good.facts["lines"]["most"] == 5000
    for bad in ("grün\n".encode("latin-1") * 99, b"a\0b", "grün".encode()[:-2]):
        assert told(check(make, path, squeeze(bad))) == [("TDS706", Severity.DENY)]
    if path != "a.txt":
        data = squeeze(b"text\n" * 5000)
        assert told(check(make, path, data[:-7])) == [("TDS706", Severity.DENY)]
        assert check(make, path, data + b"something else").status is Status.FAILED
        assert told(check(make, path, b"text\n" * 50)) == [("TDS702", Severity.DENY)]
        bomb = squeeze(b"x" * (3 << 20))
        for name in (path, f"a.bin.{path[6:]}"):
            assert told(check(make, name, bomb, max_decoded_mib=1)) == [("TDS703", Severity.DENY)]
        assert check(make, path, data + data).facts["lines"]["most"] == 10_000, "two streams in one file"


def test_duplicates_and_files_in_two_classes(make: Any) -> None:
    one, two = image("png"), image("png", (41, 30))
    files = [make.file("cat/1.png", one), make.file("cat/2.png", one), make.file("dog/3.png", two)]
    result = Media().run(make.given(files))
    assert told(result) == [("TDS707", Severity.WARN)] and result.metric == pytest.approx(1 / 3, abs=1e-6)
    assert Media().run(make.given(files, {"max_duplicate_share": 0.5})).status is Status.PASSED
    across = [*files, make.file("dog/1.png", one)]
    denied = Media().run(make.given(across, {"across_folders": "deny"}))
    assert ("TDS708", Severity.DENY) in told(denied)


def test_other_kinds_are_named_as_not_looked_at(make: Any) -> None:
    result = check(make, "a.parquet", b"PAR1")
    assert told(result) == [("TDS709", Severity.WARN)]
    assert "1 files of other kinds" in " ".join(result.not_checked)
    assert result.facts["other_suffixes"] == {"parquet": 1}


def test_without_pillow_images_deny(make: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    data = image("png")
    monkeypatch.setitem(sys.modules, "PIL", None)
    result = check(make, "a.png", data)
    assert told(result) == [("TDS700", Severity.DENY)] and "pip install" in result.findings[0].message


@pytest.mark.parametrize(
    "params", [{"max_megapixels": 0}, {"trailing": "note"}, {"across_folders": 1}, {"frames": 1}]
)
def test_settings_are_strict(make: Any, params: dict[str, Any]) -> None:
    with pytest.raises(PolicyInvalid):
        check(make, "a.txt", b"x", **params)
