"""Recall and false alarms of the files check, beside picklescan and fickling, on samples made here.


Seeded and deterministic. Malicious pickles are written opcode by opcode with harmless arguments and are
never loaded. picklescan and fickling are compared when installed; scikit-learn, pandas and torch make the
benign objects when installed.
"""

from __future__ import annotations

import argparse
import bz2
import gzip
import hashlib
import importlib
import io
import itertools
import json
import logging
import lzma
import os
import pickle
import random
import struct
import sys
import sysconfig
import tarfile
import tempfile
import zipfile
import zlib
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy
import polars

from tdsec_gov.checks.contract import CheckInput, DataFile
from tdsec_gov.checks.files.check import SafeFiles
from tdsec_gov.domain.findings import Finding, Severity

WAIVED = {"allow": ["pickle", "joblib", "torch", "npy-object", "nested-archive"]}
CALLABLES = [
    "os:system",
    "posix:system",
    "nt:system",
    "subprocess:Popen",
    "subprocess:check_output",
    "builtins:eval",
    "builtins:exec",
    "builtins:getattr",
    "builtins:__import__",
    "builtins:open",
    "__builtin__:eval",
    "importlib:import_module",
    "runpy:run_path",
    "runpy:_run_code",
    "pty:spawn",
    "webbrowser:open",
    "pip:main",
    "pip._internal:main",
    "operator:attrgetter",
    "operator:methodcaller",
    "functools:partial",
    "types:FunctionType",
    "types:CodeType",
    "marshal:loads",
    "pickle:loads",
    "_pickle:loads",
    "dill:loads",
    "cloudpickle.cloudpickle:_make_function",
    "dill._dill:_create_function",
    "socket:create_connection",
    "shutil:rmtree",
    "timeit:timeit",
    "cProfile:run",
    "profile:run",
    "bdb:Bdb.run",
    "pdb:run",
    "doctest:debug_script",
    "code:InteractiveInterpreter.runcode",
    "ensurepip:_run_pip",
    "pydoc:pipepager",
    "ctypes:CDLL",
    "asyncio.unix_events:_UnixSubprocessTransport._start",
    "distutils.file_util:write_file",
    "lib2to3.pgen2.pgen:ParserGenerator",
    "idlelib.pyshell:ModifiedInterpreter.runcode",
    "logging.config:fileConfig",
    "urllib.request:urlopen",
    "http.client:HTTPConnection",
    "tempfile:mktemp",
    "numpy.testing._private.utils:runstring",
    "numpy:f2py.crackfortran.getlincoef",
    "numpy.f2py.crackfortran:_eval_length",
    "torch.hub:load",
    "torch._inductor.codecache:compile_file",
    "torch.utils._config_module:load_config",
    "torch.fx.experimental.symbolic_shapes:ShapeEnv.evaluate_guards_expression",
    "torch.serialization:load",
    "torch.jit.unsupported_tensor_ops:execWrapper",
    "pandas:read_pickle",
    "pandas.core.computation.eval:eval",
    "joblib:load",
    "keras.models:load_model",
    "tensorflow.io:write_file",
    "sklearn.utils._testing:assert_run_python_script_without_output",
    "antigravity:geohash",
    "this:s",
    "site:execsitecustomize",
    "sys:setprofile",
    "atexit:register",
    "signal:signal",
    "threading:Thread",
    "multiprocessing.process:BaseProcess",
    "concurrent.futures.thread:ThreadPoolExecutor",
    "xmlrpc.client:ServerProxy",
    "smtplib:SMTP",
    "ssl:get_server_certificate",
    "zipfile:ZipFile",
    "tarfile:open",
    "linecache:getline",
    "imaplib:IMAP4_stream",
    "unknown_package:run",
]


def text0(value: str) -> bytes:
    return b"V" + value.encode() + b"\n"


def text4(value: str) -> bytes:
    data = value.encode()
    return b"\x8c" + bytes([len(data)]) + data


def reduce0(module: str, name: str) -> bytes:
    return f"c{module}\n{name}\n(Vtrue\ntR.".encode()


def inst(module: str, name: str) -> bytes:
    return f"(Vtrue\ni{module}\n{name}\n.".encode()


def obj(module: str, name: str) -> bytes:
    return f"(c{module}\n{name}\nVtrue\no.".encode()


def reduce2(module: str, name: str) -> bytes:
    return b"\x80\x02c" + f"{module}\n{name}\n".encode() + b"X\x04\0\0\0true\x85R."


def newobj(module: str, name: str) -> bytes:
    return b"\x80\x02c" + f"{module}\n{name}\n".encode() + b"X\x04\0\0\0true\x85\x81."


def build(module: str, name: str) -> bytes:
    return b"\x80\x02c" + f"{module}\n{name}\n".encode() + b"}X\x01\0\0\0aK\x01sb."


def stack_global(module: str, name: str) -> bytes:
    body = text4(module) + b"\x94" + text4(name) + b"\x94\x93\x94" + text4("true") + b"\x85R."
    return b"\x80\x04\x95" + struct.pack("<Q", len(body)) + body


def by_memo(module: str, name: str) -> bytes:
    return b"\x80\x04" + text4(name) + b"\x940" + text4(module) + b"h\0\x93" + text4("true") + b"\x85R."


def buried(module: str, name: str) -> bytes:
    inner = reduce2(module, name)[2:-1]
    return b"\x80\x03]q\0(K\x01K\x02}q\1X\x01\0\0\0k" + inner + b"se."


def stacked(module: str, name: str) -> bytes:
    return pickle.dumps([1, 2], 4) + reduce2(module, name)


def broken_end(module: str, name: str) -> bytes:
    return reduce0(module, name)[:-1] + b"\xff\xff"


def hex_integer(module: str, name: str) -> bytes:
    return b"I0x1\n0" + reduce0(module, name)


def nul_integer(module: str, name: str) -> bytes:
    return b"I1\0zz\n0" + reduce0(module, name)


def latin(module: str, name: str) -> bytes:
    return b"S'\xe9'\n0" + reduce0(module, name)


def padded(module: str, name: str) -> bytes:
    return b"N0" * 30_000 + reduce0(module, name)


TECHNIQUES: tuple[Callable[[str, str], bytes], ...] = (
    reduce0,
    inst,
    obj,
    reduce2,
    newobj,
    build,
    stack_global,
    by_memo,
    buried,
    stacked,
    broken_end,
    hex_integer,
    nul_integer,
    latin,
    padded,
)


def zipped(name: str, data: bytes, method: int = zipfile.ZIP_DEFLATED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        archive.writestr(name, data)
    return buffer.getvalue()


def bad_crc(data: bytes) -> bytes:
    raw = bytearray(zipped("archive/data.pkl", data, zipfile.ZIP_STORED))
    for place in (14, raw.index(b"PK\x01\x02") + 16):
        raw[place : place + 4] = b"\xde\xad\xbe\xef"
    return bytes(raw)


def flagged(data: bytes) -> bytes:
    raw = bytearray(zipped("archive/data.pkl", data, zipfile.ZIP_STORED))
    raw[6] |= 1
    return bytes(raw)


def tarred(data: bytes) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        info = tarfile.TarInfo("weights.bin")
        info.size = len(data)
        archive.addfile(info, io.BytesIO(data))
    return buffer.getvalue()


def object_npy(data: bytes) -> bytes:
    header = b"{'descr': '|O', 'fortran_order': False, 'shape': (1,), }".ljust(117) + b"\n"
    return b"\x93NUMPY\x01\0" + struct.pack("<H", len(header)) + header + data


def in_parquet(data: bytes) -> bytes:
    buffer = io.BytesIO()
    polars.DataFrame({"id": range(50), "blob": [b"\0plain"] * 49 + [data]}).write_parquet(buffer)
    return buffer.getvalue()


def arrow_packed(codec: str, data: bytes) -> bytes:
    import pyarrow

    sink = pyarrow.BufferOutputStream()
    with pyarrow.CompressedOutputStream(sink, codec) as stream:
        stream.write(data)
    return bytes(sink.getvalue())


WRAPPERS: dict[str, tuple[str, Callable[[bytes], bytes]]] = {
    "bare": ("model.pkl", lambda data: data),
    "named .csv": ("train.csv", lambda data: data),
    "zlib": ("model.joblib", zlib.compress),
    "gzip": ("model.pkl.gz", gzip.compress),
    "gzip behind an empty member": ("model.gz", lambda data: gzip.compress(b"") + gzip.compress(data)),
    "bzip2": ("model.bz2", bz2.compress),
    "xz": ("model.xz", lzma.compress),
    "zstd": ("model.zst", lambda data: arrow_packed("zstd", data)),
    "lz4 behind a skippable frame": (
        "model.lz4",
        lambda data: b"\x50\x2a\x4d\x18\x03\0\0\0abc" + arrow_packed("lz4", data),
    ),
    "PyTorch zip": ("model.pt", lambda data: zipped("archive/data.pkl", data)),
    "PyTorch zip, wrong CRC": ("model.pt", bad_crc),
    "PyTorch zip, flags differ": ("model.pt", flagged),
    "zip, other name": ("data.zip", lambda data: zipped("rows.csv", data)),
    "zip in a zip": ("data.zip", lambda data: zipped("inner.zip", zipped("rows.csv", data))),
    "tar.gz": ("data.tgz", tarred),
    "NumPy array of objects": ("array.npy", object_npy),
    "NumPy archive": ("array.npz", lambda data: zipped("arr_0.npy", object_npy(data))),
    "Parquet cell": ("table.parquet", in_parquet),
}


def malicious(seed: int) -> Iterator[tuple[str, str, bytes]]:
    """Name of the technique and wrapper, path, bytes: each callable with each technique, wrappers in turn."""
    rng = random.Random(seed)
    names = list(WRAPPERS)
    for index, entry in enumerate(CALLABLES):
        module, _, name = entry.partition(":")
        for technique in TECHNIQUES:
            wrappers = ["bare", rng.choice(names)] if index else names
            for wrapper in wrappers:
                path, wrap = WRAPPERS[wrapper]
                if wrapper in ("Parquet cell",) and technique is padded:
                    continue
                yield f"{technique.__name__} / {wrapper}", path, wrap(technique(module, name))


def benign_objects() -> Iterator[tuple[str, bytes]]:
    """Pickles that carry data: what a waiver is meant for."""
    things: dict[str, Any] = {
        "plain": {
            "a": [1, 2.5, "x", None, (True, b"bytes")],
            "b": {3, 4},
            "c": datetime(2026, 1, 1, tzinfo=UTC),
        },
        "array": numpy.arange(12.0).reshape(3, 4),
        "structured": numpy.array([(1, 2.0)], dtype=[("a", "i4"), ("b", "f8")]),
        "generator": numpy.random.default_rng(0),
    }
    things |= _frames() | _estimators()
    for name, thing in things.items():
        for protocol in (0, 2, 4, 5):
            yield f"{name}.p{protocol}.pkl", pickle.dumps(thing, protocol)
    yield from _torch()


def _frames() -> dict[str, Any]:
    try:
        import pandas
    except ImportError:
        return {}
    frame = pandas.DataFrame({"a": [1, 2], "b": ["x", None], "d": pandas.Categorical(["u", "v"])})
    frame["t"] = pandas.to_datetime(["2020-01-01", "2020-01-02"])
    return {
        "frame": frame,
        "series": frame["a"],
        "index": frame.index,
        "times": pandas.date_range("2020", periods=3),
    }


def _estimators() -> dict[str, Any]:
    try:
        from sklearn import datasets, ensemble, linear_model, neighbors, pipeline, preprocessing, svm, tree
    except ImportError:
        return {}
    features, labels = datasets.load_iris(return_X_y=True)
    models = [
        linear_model.LogisticRegression(max_iter=500),
        linear_model.Ridge(),
        svm.SVC(),
        tree.DecisionTreeClassifier(),
        ensemble.RandomForestClassifier(5),
        ensemble.GradientBoostingClassifier(n_estimators=5),
        neighbors.KNeighborsClassifier(),
        preprocessing.StandardScaler(),
        pipeline.make_pipeline(preprocessing.StandardScaler(), linear_model.LogisticRegression()),
    ]
    return {type(model).__name__ + str(i): model.fit(features, labels) for i, model in enumerate(models)}


def _torch() -> Iterator[tuple[str, bytes]]:
    try:
        import torch
    except ImportError:
        return
    layers = torch.nn.Sequential(torch.nn.Linear(4, 3), torch.nn.BatchNorm1d(3))
    for name, thing in {
        "state": layers.state_dict(),
        "tensor": torch.arange(9),
        "list": [torch.eye(2)],
    }.items():
        buffer = io.BytesIO()
        torch.save(thing, buffer)
        yield f"{name}.pt", buffer.getvalue()


def benign_tables(seed: int) -> Iterator[tuple[str, bytes]]:
    """Tables, arrays, images and archives of ordinary kinds, and the data files of installed packages."""
    rng = numpy.random.default_rng(seed)
    for index in range(40):
        rows = int(rng.integers(5, 400))
        frame = polars.DataFrame(
            {
                "id": range(rows),
                "amount": rng.normal(0, 50, rows).round(2),
                "note": [f"- item {i}, (x{i}) +{i} a@b.org =ok" for i in range(rows)],
                "code": rng.choice(["=", "-", "N.", "I1", "cos", "(S", "@home"], rows).tolist(),
            }
        )
        for name, write in (
            ("csv", "write_csv"),
            ("parquet", "write_parquet"),
            ("arrow", "write_ipc"),
            ("jsonl", "write_ndjson"),
        ):
            buffer = io.BytesIO()
            getattr(frame, write)(buffer)
            yield f"t{index}.{name}", buffer.getvalue()
        yield f"t{index}.tsv", frame.write_csv(separator="\t").encode()
        yield f"t{index}.csv.gz", gzip.compress(frame.write_csv().encode())
        yield f"t{index}.zip", zipped("rows.csv", frame.write_csv().encode())
        yield f"t{index}.json", json.dumps(frame.head(20).to_dicts()).encode()
        buffer = io.BytesIO()
        numpy.savez_compressed(buffer, a=rng.normal(size=(rows, 3)), b=rng.integers(0, 9, rows))
        yield f"t{index}.npz", buffer.getvalue()
    yield from installed(
        (
            ".csv",
            ".tsv",
            ".json",
            ".jsonl",
            ".parquet",
            ".feather",
            ".npy",
            ".npz",
            ".png",
            ".jpg",
            ".gif",
            ".gz",
            ".wav",
            ".arff",
            ".xlsx",
            ".ipynb",
        ),
        4000,
    )


def installed(suffixes: tuple[str, ...], most: int) -> Iterator[tuple[str, bytes]]:
    """Files of the installed packages with these suffixes, in a stable order."""
    root = Path(sysconfig.get_paths()["purelib"])
    paths = sorted(path for path in root.rglob("*") if path.suffix.lower() in suffixes and path.is_file())
    random.Random(7).shuffle(paths)
    for path in paths[:most]:
        if 0 < path.stat().st_size < 8 << 20:
            yield str(path.relative_to(root)), path.read_bytes()


def judged(folder: Path, samples: Sequence[tuple[str, bytes]], params: dict[str, Any]) -> list[list[Finding]]:
    """Findings of each sample; one run for all, as the gate does it."""
    files = []
    for index, (path, data) in enumerate(samples):
        location = folder / f"object{index}"
        location.write_bytes(data)
        name = f"{index}/{path}"
        files.append(DataFile(name, location, len(data), hashlib.sha256(data).hexdigest()))
    moment = datetime(2026, 1, 1, tzinfo=UTC)
    result = SafeFiles().run(CheckInput("d", tuple(files), None, None, params, None, folder, moment))
    found: dict[str, list[Finding]] = {file.path: [] for file in files}
    for finding in result.findings:
        found[finding.file or ""].append(finding)
    return list(found.values())


def denies(findings: Sequence[Finding]) -> bool:
    return any(finding.severity is Severity.DENY for finding in findings)


def cpu() -> float:
    """Seconds of CPU of this process and of its children that ended."""
    return sum(os.times()[:4])


def scan_picklescan(path: Path) -> bool:
    scanner = importlib.import_module("picklescan.scanner")
    try:
        with path.open("rb") as stream:
            result = scanner.scan_bytes(stream, path.name)
    except Exception:  # noqa: BLE001 - whatever it raises counts for it: not told safe
        return True
    return bool(result.issues_count or result.scan_err)


def scan_fickling(path: Path) -> bool:
    fickle = importlib.import_module("fickling.fickle")
    analysis = importlib.import_module("fickling.analysis")
    try:
        with path.open("rb") as stream:
            stack = fickle.StackedPickle.load(stream)
        return any(analysis.check_safety(one).severity > analysis.Severity.LIKELY_SAFE for one in stack)
    except Exception:  # noqa: BLE001 - whatever it raises counts for it: not told safe
        return True


def others() -> dict[str, Callable[[Path], bool]]:
    found: dict[str, Callable[[Path], bool]] = {}
    for name, scan in (("picklescan", scan_picklescan), ("fickling", scan_fickling)):
        try:
            importlib.import_module(name)
            found[name] = scan
        except ImportError:
            print(f"{name} is not installed: left out", file=sys.stderr)
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--texts", type=int, default=3000, help="how many texts of installed packages")
    parser.add_argument("--seed", type=int, default=20261123)
    given = parser.parse_args()
    logging.disable(logging.CRITICAL)
    with tempfile.TemporaryDirectory() as name:
        pickles(Path(name), given.seed)
        alarms(Path(name), "tables, arrays, images, archives", benign_tables(given.seed))
        texts = installed((".md", ".txt", ".rst", ".html"), given.texts)
        alarms(Path(name), "texts of installed packages", texts)
    return 0


def pickles(folder: Path, seed: int) -> None:
    bad = list(malicious(seed))
    good = [(name, name, data) for name, data in benign_objects()]
    samples = [(path, data) for _, path, data in bad + good]
    print(f"| scanner | caught of {len(bad)} | denied of {len(good)} benign pickles | CPU ms per file |")
    print("|---|---|---|---|")
    for title, params in (("files", {}), ("files, pickles allowed", WAIVED)):
        began = cpu()
        answers = [denies(findings) for findings in judged(folder, samples, params)]
        row(title, answers, [label for label, _, _ in bad + good], len(bad), cpu() - began)
    for title, scan in others().items():
        began, answers = cpu(), []
        for index, (path, _) in enumerate(samples):
            bare = (folder / f"object{index}").rename(folder / ("sample" + "".join(Path(path).suffixes)))
            answers.append(scan(bare))
            bare.rename(folder / f"object{index}")
        row(title, answers, [label for label, _, _ in bad + good], len(bad), cpu() - began)


def row(title: str, answers: list[bool], labels: list[str], bad: int, seconds: float) -> None:
    cost = 1000 * seconds / len(answers)
    print(f"| {title} | {sum(answers[:bad])} | {sum(answers[bad:])} | {cost:.2f} |")
    missed = Counter(label for label, answer in zip(labels[:bad], answers[:bad], strict=True) if not answer)
    alarms = [label for label, answer in zip(labels[bad:], answers[bad:], strict=True) if answer]
    print(f"  {title}: missed {dict(missed.most_common(8))}", file=sys.stderr)
    print(f"  {title}: false alarms {alarms[:40]}", file=sys.stderr)


def alarms(folder: Path, title: str, samples: Iterator[tuple[str, bytes]]) -> None:
    codes: Counter[str] = Counter()
    count = denied = 0
    while batch := list(itertools.islice(samples, 400)):
        for (path, _), findings in zip(batch, judged(folder, batch, {}), strict=True):
            count += 1
            codes.update({f"{one.code} {one.severity.value}" for one in findings})
            if denies(findings):
                denied += 1
                print(f"  {path}: {sorted({one.code for one in findings})}", file=sys.stderr)
    print(
        f"\n{title}: {count} files, {denied} denied; files with each finding: {dict(sorted(codes.items()))}"
    )


if __name__ == "__main__":
    sys.exit(main())
