"""The confined child: ``python -m tdsec_gov.checks.files.decoded.child BYTES``, a request per line.

It limits itself before it imports a decoder. Whatever a decoder prints goes nowhere near the answers.
"""

from __future__ import annotations

import contextlib
import json
import os
import sqlite3
import sys
from collections.abc import Callable
from importlib import import_module
from pathlib import Path

from tdsec_gov.checks.files.decoded.confined import Ending, has_limits
from tdsec_gov.checks.files.risk import Risk
from tdsec_gov.domain.canonical import JsonValue

DECODERS: dict[str, str] = {
    "parquet": "tdsec_gov.checks.files.decoded.columnar:parquet_risks",
    "arrow": "tdsec_gov.checks.files.decoded.columnar:arrow_risks",
    "arrow-stream": "tdsec_gov.checks.files.decoded.columnar:stream_risks",
    "hdf5": "tdsec_gov.checks.files.decoded.hdf5:hdf5_risks",
    "sqlite": "tdsec_gov.checks.files.decoded.sqlite:sqlite_risks",
    "json": "tdsec_gov.checks.files.decoded.jsons:json_risks",
    "jsonl": "tdsec_gov.checks.files.decoded.jsons:lines_risks",
}
REFUSALS = (
    OSError,
    EOFError,
    ValueError,
    KeyError,
    TypeError,
    IndexError,
    OverflowError,
    RecursionError,
    NotImplementedError,
    RuntimeError,
    ImportError,
    sqlite3.Error,
)
"""pyarrow's and h5py's errors are kinds of these."""


def limit_memory(size: int) -> None:
    """No more than ``size`` bytes of address space, no core dump, no file written."""
    if not has_limits():
        return
    import resource

    _lower(resource.RLIMIT_AS, size)
    _lower(resource.RLIMIT_CORE, 0)
    _lower(resource.RLIMIT_FSIZE, 0)


def _lower(kind: int, value: int) -> None:
    import resource

    _, hard = resource.getrlimit(kind)
    most = value if hard == resource.RLIM_INFINITY else min(value, hard)
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(kind, (most, hard))


def limit_time(seconds: float) -> None:
    """So many seconds of CPU from now on."""
    if not has_limits():
        return
    import resource

    used = resource.getrusage(resource.RUSAGE_SELF)
    _lower(resource.RLIMIT_CPU, int(used.ru_utime + used.ru_stime + seconds) + 1)


def decode(decoder: str, location: Path) -> dict[str, JsonValue]:
    """Answer one request: how it ended, and the risks."""
    module, _, function = DECODERS[decoder].partition(":")
    try:
        examine: Callable[[Path], list[Risk]] = getattr(import_module(module), function)
        return {"ending": Ending.OK.value, "risks": [risk.as_json() for risk in examine(location)]}
    except MemoryError:
        return {"ending": Ending.OVER_MEMORY.value, "risks": []}
    except REFUSALS as exc:
        full = "MemoryError" in type(exc).__name__ or "alloc" in str(exc)[:200].lower()
        return {"ending": (Ending.OVER_MEMORY if full else Ending.REFUSED).value, "risks": []}


def main() -> int:
    limit_memory(int(sys.argv[1]))
    answers = os.fdopen(os.dup(1), "wb", buffering=0)
    with Path(os.devnull).open("wb") as nowhere:
        os.dup2(nowhere.fileno(), 1)
    for line in sys.stdin.buffer:
        request = json.loads(line)
        limit_time(float(request["seconds"]))
        answer = decode(str(request["decoder"]), Path(request["location"]))
        answers.write(json.dumps(answer).encode() + b"\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
