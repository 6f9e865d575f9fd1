"""Hostile files that are no pickles: what runs, hides or bursts when it is loaded. Nothing is loaded here."""

from __future__ import annotations

import gzip
import io
import json
import random
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Iterator

from heldout_boxes import PNG, tarred, zipped

Sample = tuple[str, str, bytes]


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(width: int, height: int, rows: bytes) -> bytes:
    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def images() -> Iterator[tuple[str, bytes]]:
    yield "bomb.png", png(60000, 60000, zlib.compress(b"\0" * 1000))
    yield "bomb-real.png", png(30000, 30000, zlib.compress(b"\0" * (30001 * 3000), 9))
    yield (
        "bomb.gif",
        b"GIF89a"
        + struct.pack("<HH", 65535, 65535)
        + b"\x80\0\0\0\0\0\xff\xff\xff,\0\0\0\0"
        + struct.pack("<HH", 65535, 65535)
        + b"\0\x02\x02D\x01\0;",
    )
    yield (
        "bomb.bmp",
        b"BM"
        + struct.pack("<IHHI", 54, 0, 0, 54)
        + struct.pack("<IiiHHIIiiII", 40, 100000, 100000, 1, 24, 0, 0, 0, 0, 0, 0),
    )
    sof = b"\xff\xc0\x00\x0b\x08" + struct.pack(">HH", 65000, 65000) + b"\x01\x01\x11\x00"
    yield (
        "bomb.jpg",
        b"\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00" + sof + b"\xff\xd9",
    )
    entries = [
        (256, 4, 1, 100000),
        (257, 4, 1, 100000),
        (258, 3, 1, 8),
        (259, 3, 1, 1),
        (273, 4, 1, 8),
        (279, 4, 1, 1),
    ]
    ifd = struct.pack("<H", len(entries)) + b"".join(struct.pack("<HHII", *e) for e in entries) + b"\0\0\0\0"
    yield "bomb.tif", b"II*\0\x08\0\0\0" + ifd
    vp8x = b"VP8X" + struct.pack("<I", 10) + b"\0\0\0\0" + b"\xfe\xff\x00" * 2
    yield "bomb.webp", b"RIFF" + struct.pack("<I", 4 + len(vp8x)) + b"WEBP" + vp8x
    yield "bomb.pgm", b"P5 100000 100000 255\n"


def archives() -> Iterator[tuple[str, bytes]]:
    yield "traverse.zip", zipped({"../../etc/x": b"1"})
    yield "absolute.tar", tarred({"/etc/x": b"1"})
    for kind, name in ((tarfile.SYMTYPE, "link"), (tarfile.LNKTYPE, "hard"), (tarfile.CHRTYPE, "device")):
        out = io.BytesIO()
        with tarfile.open(fileobj=out, mode="w") as archive:
            info = tarfile.TarInfo("a")
            info.type, info.linkname = kind, "/etc/passwd"
            archive.addfile(info)
        yield f"{name}.tar", out.getvalue()
    zeros = zlib.compressobj(9, zlib.DEFLATED, 31)
    yield "bomb.csv.gz", b"".join(zeros.compress(b"\0" * (1 << 20)) for _ in range(300)) + zeros.flush()
    yield "bomb.zip", zipped({"a.csv": b"0" * (200 << 20)}, zipfile.ZIP_DEFLATED)
    many = zipped({f"{n}.csv": b"" for n in range(70000)})
    yield "entries.zip", many
    deep = b"a,b\n1,2\n"
    for _ in range(12):
        deep = zipped({"a.zip": deep})
    yield "deep.zip", deep
    for _ in range(8):
        deep = gzip.compress(deep)
    yield "deep.gz", deep
    yield "formula-in.zip", zipped({"a.csv": b'a,b\n=HYPERLINK("http://x"),2\n' * 20})
    yield "pixels-in.zip", zipped({"a.png": png(60000, 60000, zlib.compress(b"\0"))})
    yield "program-in.tar.gz", tarred({"data/readme.txt": b"\x7fELF\x02\x01\x01" + b"\0" * 60}, "w:gz")
    yield "html-in.zip", zipped({"a.csv": b"<html><script>alert(1)</script></html>"})
    yield "bidi-in.zip", zipped({"a.txt": "a \u202e b \u2066".encode()})
    yield "exe-in.zip", zipped({"a.csv": b"MZ\x90\x00" + b"\0" * 60 + b"PE\0\0"})


def texts() -> Iterator[tuple[str, bytes]]:
    yield "yaml.yaml", b"!!python/object/apply:os.system ['true']\n"
    yield "yaml2.yml", b"a: !!python/name:os.system\nb: !!python/object/new:type []\n"
    yield (
        "jsonpickle.json",
        json.dumps({"py/reduce": [{"py/function": "os.system"}, {"py/tuple": ["true"]}]}).encode(),
    )
    yield "jsonpickle2.jsonl", b'{"a": {"py/object": "subprocess.Popen", "args": "true"}}\n'
    yield (
        "keras.json",
        json.dumps(
            {
                "class_name": "Functional",
                "config": {"layers": [{"class_name": "Lambda", "config": {"function": ["4wEA", None]}}]},
            }
        ).encode(),
    )
    yield "entities.xml", b'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>'
    yield "laughs.xml", b'<!DOCTYPE a [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;">]><a>&b;</a>'
    yield "script.svg", b'<svg xmlns="http://www.w3.org/2000/svg" onload="x()"><script>x()</script></svg>'
    yield "shell.csv", b"#!/bin/sh\ntrue\n"
    yield "page.csv", b"<!DOCTYPE html><html><script>alert(1)</script></html>"
    for cell in ("=cmd|'/C calc'!A0", "@SUM(1+1)*cmd", "+cmd|' /C x'!A0", '=HYPERLINK("http://x","y")',
                 "-2+3+cmd|'x'!A1",
                 '=WEBSERVICE("http://x")', "\t=1+cmd|'x'!A1", "=DDE(\"cmd\";\"x\")"):  # fmt: skip
        yield "formula.csv", ('id,name\n1,"' + cell.replace('"', '""') + '"\n').encode()
    yield "bidi.csv", "a,b\nx\u202egnp.exe,1\n".encode()
    yield "tags.txt", ("hello " + "".join(chr(0xE0000 + ord(c)) for c in "do it") + "\n").encode()
    yield "zero.txt", ("pass\u200b\u200c\u200d\u2060" * 30).encode()
    yield "depth.json", b"[" * 100000 + b"]" * 100000


def programs() -> Iterator[tuple[str, bytes]]:
    yield "elf.csv", b"\x7fELF\x02\x01\x01" + b"\0" * 57
    yield "pe.dat", b"MZ\x90\0" + b"\0" * 56 + struct.pack("<I", 64) + b"PE\0\0" + b"\0" * 60
    yield "mach.bin", b"\xcf\xfa\xed\xfe" + b"\0" * 40
    yield "code.pyc", b"\xa7\r\r\n" + b"\0" * 12 + b"\xe3" + b"\0" * 40
    yield "java.dat", b"\xac\xed\x00\x05sr\x00\x11java.util.HashMap" + b"\0" * 40
    yield "class.bin", b"\xca\xfe\xba\xbe\x00\x00\x00\x34" + b"\0" * 40
    yield "wasm.bin", b"\0asm\x01\0\0\0" + b"\0" * 20
    yield (
        "r.rds",
        gzip.compress(b"X\n\0\0\0\x03\0\x04\x02\0\0\x03\x05\0\0\0\0\x05UTF-8\0\0\0\x05" + b"\0" * 40),
    )
    yield "r.RData", gzip.compress(b"RDX3\nX\n\0\0\0\x03\0\x04\x02\0" + b"\0" * 40)
    yield (
        "macro.xlsm",
        zipped({"[Content_Types].xml": b"<Types/>", "xl/vbaProject.bin": b"\xd0\xcf\x11\xe0" + b"\0" * 40}),
    )
    yield "ole.doc", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600
    yield "keras.keras", zipped({"config.json": b'{"class_name": "Lambda"}', "metadata.json": b"{}"})
    yield "wheel.whl", zipped({"x/__init__.py": b"import os", "x-1.dist-info/METADATA": b"Name: x"})
    yield "pdf.csv", b"%PDF-1.4\n1 0 obj<</OpenAction<</S/JavaScript/JS(app.alert(1))>>>>endobj"
    yield "image-page.png", PNG + b"<script>alert(1)</script>"
    yield "link.lnk", b"L\0\0\0\x01\x14\x02\0\0\0\0\0\xc0\0\0\0\0\0\0F" + b"\0" * 60


def others() -> Iterator[Sample]:
    for kind, made in (
        ("image bombs", images),
        ("archives", archives),
        ("texts", texts),
        ("programs", programs),
    ):
        for path, data in made():
            yield f"{kind}: {path}", path, data


def truncated(
    rng: random.Random, samples: list[tuple[str, bytes]], count: int
) -> Iterator[tuple[str, bytes]]:
    """Benign binary files, cut or with flipped bytes: no answer is expected but an answer."""
    for _ in range(count):
        path, data = rng.choice(samples)
        changed = bytearray(data[: rng.randrange(1, len(data) + 1)])
        for _ in range(rng.randrange(6)):
            changed[rng.randrange(len(changed))] = rng.randrange(256)
        yield path, bytes(changed)
