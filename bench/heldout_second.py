"""A second held-out set, written without a look at the rules: what Python's own picklers write.

Objects whose ``__reduce__`` names a callable are pickled by the pickle module (its Python and C picklers,
every protocol, with frames and memo as they come), then put where data sets keep objects. Some are cut or
changed in a few bytes. Nothing is loaded.
"""

from __future__ import annotations

import base64
import bz2
import csv
import gzip
import importlib
import io
import json
import lzma
import pickle
import random
import sqlite3
import sys
import tarfile
import tempfile
import zipfile
import zlib
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from files_accuracy import WAIVED, denies, judged

CALLABLES = (
    "os.system", "os.popen", "os.remove", "os.putenv", "subprocess.Popen", "subprocess.call", "builtins.eval",
    "builtins.exec", "builtins.compile", "builtins.open", "builtins.getattr", "importlib.import_module",
    "runpy.run_module", "shutil.rmtree", "socket.socket", "ctypes.CDLL", "pty.spawn", "webbrowser.open",
    "functools.partial", "operator.methodcaller", "urllib.request.urlopen", "code.interact", "pdb.run",
    "timeit.timeit", "threading.Thread", "multiprocessing.Process", "pickle.loads", "marshal.loads",
    "types.FunctionType", "asyncio.create_subprocess_shell", "smtplib.SMTP", "ftplib.FTP", "tempfile.mkstemp",
    "numpy.load", "numpy.fromfile", "numpy.memmap", "pandas.read_pickle", "pandas.read_csv", "pandas.eval",
    "polars.read_csv", "sqlite3.connect", "zipfile.ZipFile", "logging.FileHandler", "atexit.register",
)  # fmt: skip


class Call:
    """Pickles as a call of ``function``."""

    def __init__(self, function: Any, form: int) -> None:
        self.function, self.form = function, form

    def __reduce__(self) -> tuple[Any, ...]:
        if self.form == 0:
            return self.function, ("true",)
        if self.form == 1:
            return self.function, ("true", "r"), {"state": 1}
        if self.form == 2:
            return map, (self.function, ["true"])
        return dict, (), None, None, iter([("k", Call(self.function, 0))])


def function(name: str) -> Any:
    module, _, attribute = name.rpartition(".")
    return getattr(importlib.import_module(module), attribute)


def around(rng: random.Random, thing: Any) -> Any:
    """Among ordinary data, where an object hides."""
    rows = [{"id": n, "text": f"row {n}", "value": n / 7} for n in range(rng.randrange(40))]
    forms: tuple[Callable[[], Any], ...] = (
        lambda: thing,
        lambda: [*rows, thing],
        lambda: {"data": rows, "meta": {"hook": thing}},
        lambda: (rows, (thing,), b"\0" * rng.randrange(200_000)),
        lambda: {("key", 1): [thing, thing]},
        lambda: [[[[[thing]]]], "x" * rng.randrange(100_000)],
    )
    return rng.choice(forms)()


def pickled(rng: random.Random, thing: Any) -> bytes:
    protocol = rng.randrange(6)
    if rng.random() < 0.3:
        out = io.BytesIO()
        writer = pickle._Pickler(out, protocol)  # type: ignore[attr-defined]
        writer.fast = rng.random() < 0.5
        writer.dump(thing)
        return out.getvalue()
    return pickle.dumps(thing, protocol)


def b64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def indented(data: bytes) -> bytes:
    return base64.encodebytes(data).replace(b"\n", b"\n  ")


def csv_rows(rows: list[list[str]]) -> bytes:
    out = io.StringIO()
    csv.writer(out).writerows(rows)
    return out.getvalue().encode()


def zipped(members: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return out.getvalue()


def tarred(data: bytes) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:xz") as archive:
        for name, one in (("notes.txt", b"notes\n"), ("cache/obj", data)):
            info = tarfile.TarInfo(name)
            info.size = len(one)
            archive.addfile(info, io.BytesIO(one))
    return out.getvalue()


def database(data: bytes) -> bytes:
    connection = sqlite3.connect(":memory:")
    connection.execute('create table "my cache" (k text primary key, "the value" blob) without rowid')
    connection.executemany('insert into "my cache" values (?, ?)', [(f"k{n}", b"v" * n) for n in range(300)])
    connection.execute('insert into "my cache" values (?, ?)', ("zz", data))
    connection.commit()
    return bytes(connection.serialize())


def table(kind: str, column: Any) -> bytes:
    import pyarrow
    from pyarrow import feather, ipc, orc, parquet

    made = pyarrow.table({"id": list(range(len(column))), "c": column})
    out = io.BytesIO()
    if kind == "parquet":
        parquet.write_table(made, out, compression="zstd")
    elif kind == "feather":
        feather.write_feather(made, out, compression="lz4")
    elif kind == "orc":
        orc.write_table(made, out)
    else:
        with ipc.new_stream(out, made.schema) as writer:
            writer.write_table(made)
    return out.getvalue()


def hdf5(rng: random.Random, data: bytes) -> bytes:
    import h5py
    import numpy

    out = io.BytesIO()
    with h5py.File(out, "w") as file:
        group = file.create_group("a/b")
        form = rng.randrange(4)
        if form == 0:
            group.create_dataset("o", data=numpy.void(data))
        elif form == 1:
            group.create_dataset("o", data=numpy.frombuffer(data, "i1"), compression="gzip")
        elif form == 2:
            kind = h5py.vlen_dtype(numpy.uint8)
            group.create_dataset("o", (3,), kind)[1] = numpy.frombuffer(data, "u1")
        elif len(data) < 60_000:
            group.attrs["o"] = base64.b64encode(data).decode()
        else:
            group.create_dataset("o", data=base64.b64encode(data).decode())
    return out.getvalue()


# ruff: noqa: E501 - a table
PLACES: dict[str, Callable[[random.Random, bytes], tuple[str, bytes]]] = {
    "file": lambda r, d: (r.choice(("a.pkl", "a.csv", "a", "a.parquet", "a.tar", "a.npz", "a.yaml")), d),
    "gzip twice": lambda r, d: ("a.gz", gzip.compress(gzip.compress(d))),
    "lzma": lambda r, d: ("a.lzma", lzma.compress(d, lzma.FORMAT_ALONE)),
    "bz2 lying": lambda r, d: ("a.csv", bz2.compress(d)),
    "zlib raw": lambda r, d: ("a.z", zlib.compress(d, r.randrange(10))),
    "zip member": lambda r, d: ("a.zip", zipped({"readme.md": b"# data\n", "x/y/z.bin": d})),
    "zip with gzip": lambda r, d: ("a.zip", zipped({"z.csv.gz": gzip.compress(d)})),
    "zip with CSV base64": lambda r, d: ("a.zip", zipped({"z.csv": csv_rows([["k"], [b64(d)]])})),
    "tar.xz": lambda r, d: ("a.tar.xz", tarred(d)),
    "after text": lambda r, d: (r.choice(("a.dat", "a.bin", "a")), b"# header of my format\nrows: 1\n\n" + d),
    "length first": lambda r, d: ("a.bin", len(d).to_bytes(r.choice((4, 8)), "little") + d),
    "many with lengths": lambda r, d: (
        "a.rec",
        b"".join(len(x).to_bytes(4, "big") + x for x in (pickle.dumps([1, 2], 4), d, pickle.dumps({}, 4))),
    ),
    "after zeros": lambda r, d: ("a.bin", bytes(r.choice((1, 512, 4096, 100_000))) + d),
    "stacked": lambda r, d: ("a.pkl", pickle.dumps(list(range(9)), 4) * r.randrange(1, 120) + d),
    "CSV base64": lambda r, d: ("a.csv", csv_rows([["id", "obj"], ["1", ""], ["2", b64(d)]])),
    "CSV base64 url": lambda r, d: ("a.csv", csv_rows([["id", "o"], ["2", base64.urlsafe_b64encode(d).decode()]])),
    "CSV base64 lines": lambda r, d: ("a.csv", csv_rows([["id", "o"], ["2", base64.encodebytes(d).decode()]])),
    "CSV hexadecimal": lambda r, d: ("a.csv", csv_rows([["id", "o"], ["2", d.hex()]])),
    "CSV literal": lambda r, d: ("a.csv", csv_rows([["id", "o"], ["2", repr(d)]])),
    "TSV squeezed base64": lambda r, d: ("a.tsv", b"id\to\n1\t" + base64.b64encode(zlib.compress(d)) + b"\n"),
    "JSON lines base64": lambda r, d: ("a.jsonl", json.dumps({"o": b64(d)}).encode() + b"\n"),
    "JSON latin text": lambda r, d: ("a.json", json.dumps({"o": d.decode("latin-1")}).encode()),
    "YAML binary": lambda r, d: ("a.yaml", b"o: !!binary |\n  " + indented(d)),
    "text base64": lambda r, d: ("a.txt", b"object: data:;base64," + base64.b64encode(d)),
    "Parquet binary": lambda r, d: ("a.parquet", table("parquet", [b"plain %d" % n for n in range(900)] + [d])),
    "Parquet text base64": lambda r, d: ("a.parquet", table("parquet", ["x"] * 90 + [b64(d)])),
    "Parquet list": lambda r, d: ("a.parquet", table("parquet", [[b"a"], [b"b", d]])),
    "Feather binary": lambda r, d: ("a.feather", table("feather", [b"a", d])),
    "Arrow stream": lambda r, d: ("a.arrows", table("stream", [b"a", d])),
    "ORC binary": lambda r, d: ("a.orc", table("orc", [b"a", d])),
    "SQLite": lambda r, d: ("a.db", database(d)),
    "HDF5": lambda r, d: ("a.h5", hdf5(r, d)),
}  # fmt: skip


def broken(rng: random.Random, data: bytes) -> bytes:
    """Cut behind the call, or a byte changed near the end: an unpickler calls before it notices."""
    if rng.random() < 0.5:
        return data[:-1]
    return data[:-1] + bytes((rng.randrange(256),))


def main() -> int:
    rng = random.Random(int(sys.argv[1]) if len(sys.argv) > 1 else 90210)
    known = [name for name in CALLABLES if _known(name)]
    samples: list[tuple[str, str, bytes]] = []
    for index in range(int(sys.argv[2]) if len(sys.argv) > 2 else 1600):
        place = list(PLACES)[index % len(PLACES)]
        data = pickled(rng, around(rng, Call(function(rng.choice(known)), rng.randrange(4))))
        data = broken(rng, data) if rng.random() < 0.2 else data
        samples.append((place, *PLACES[place](rng, data)))
    with tempfile.TemporaryDirectory() as folder:
        for title, params in (("default", {}), ("waived", WAIVED)):
            answers = judged(Path(folder), [(path, data) for _, path, data in samples], params)
            total, hit = Counter[str](), Counter[str]()
            for (place, _, _), found in zip(samples, answers, strict=True):
                total[place] += 1
                hit[place] += denies(found)
            print(f"{title}: {sum(hit.values())} of {len(samples)} denied")
            missed = [f"{place} {hit[place]}/{n}" for place, n in total.items() if hit[place] < n]
            print("; ".join(missed) or "all")
    return 0


def _known(name: str) -> bool:
    try:
        pickle.dumps(function(name))
    except (ImportError, AttributeError, pickle.PicklingError, TypeError):
        return False
    return True


if __name__ == "__main__":
    sys.exit(main())
