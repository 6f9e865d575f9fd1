"""Malicious pickles for the accuracy of the files check: each callable by each technique, wrapped in turn.

Written opcode by opcode with harmless arguments, seeded, and never loaded.
"""

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
from collections.abc import Callable, Iterator

import polars

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
