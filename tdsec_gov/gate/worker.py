"""The process that checks run in: ``python -m tdsec_gov.gate.worker FD BYTES``, a job on standard input.

It writes one JSON line per event to file descriptor FD: ``{"start": name}`` before a check,
``{"progress": [done, total]}`` now and then, ``{"result": …}`` after it. Whatever a check prints goes nowhere
near that. A crash, a hang or a segfault of a check costs this process, not the gate. BYTES is how much
memory of its own this process and each that it starts may have (0: no limit).
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
import time
from collections.abc import Callable
from dataclasses import replace

from tdsec_gov.checks.registry import load_check
from tdsec_gov.domain.canonical import JsonValue, parse_object
from tdsec_gov.domain.findings import CheckResult
from tdsec_gov.gate.faults import error_result, fault_text
from tdsec_gov.gate.job import Job
from tdsec_gov.gate.memory import Partials
from tdsec_gov.gate.team import Nursery
from tdsec_gov.repo.hashers import cores

__all__ = ["error_result", "examine"]

Tell = Callable[[dict[str, JsonValue]], None]
_EVERY = 0.5
_MANY_FILES = 128
_MANY_BYTES = 16 << 20


def examine(
    job: Job,
    name: str,
    params: dict[str, JsonValue],
    memory: Partials | None = None,
    nursery: Nursery | None = None,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> CheckResult:
    """Run one check; whatever leaves it becomes ERROR, naming the kind of fault and no value."""
    started = time.monotonic()
    team = nursery.team(name, params, cores()) if nursery is not None else None
    try:
        result = load_check(name).run(job.given(params, memory, team, progress))
        if result.check != name:
            result = error_result(name, "TDS001", "the check answered under another name")
    except Exception as exc:  # noqa: BLE001 - the check runner: one of the two places
        result = error_result(name, "TDS001", fault_text(name, exc))
    finally:
        if team is not None:
            team.close()
    return replace(result, seconds=time.monotonic() - started)


def work(job: Job, tell: Tell, nursery: Nursery | None = None) -> None:
    """Run the job's checks in order, telling before and after each."""
    memory = Partials(job.memory) if job.memory is not None else None
    for name, params in job.checks:
        tell({"start": name})
        tell({"result": examine(job, name, params, memory, nursery, _progress(tell)).as_json()})


def _progress(tell: Tell) -> Callable[[int, int], None]:
    """Tells at most every half second."""
    last = time.monotonic()

    def progress(done: int, total: int) -> None:
        nonlocal last
        if time.monotonic() - last > _EVERY:
            last = time.monotonic()
            tell({"progress": [done, total]})

    return progress


def limit_memory(most: int) -> None:
    """Private memory of this process and of each that it starts, in bytes; and no core dumps: they hold data.

    On Linux that is RLIMIT_DATA (all private writable mappings): RLIMIT_AS would count mapped files, too,
    and a table larger than the limit could not be read. Elsewhere it is RLIMIT_AS, as far as it is obeyed.
    """
    try:
        import resource
    except ImportError:
        return
    which = resource.RLIMIT_DATA if sys.platform == "linux" else resource.RLIMIT_AS
    for limit, value in ((resource.RLIMIT_CORE, 0), (which, most)):
        _, hard = resource.getrlimit(limit)
        if limit == which and most == 0:
            continue
        value = value if hard == resource.RLIM_INFINITY else min(value, hard)
        with contextlib.suppress(OSError, ValueError):
            resource.setrlimit(limit, (value, value))


def _nursery(job: Job, channel: int) -> Nursery | None:
    """Where there are several cores and enough files to divide."""
    if cores() < 2 or len(job.files) < 2 or not hasattr(os, "fork"):
        return None
    if len(job.files) < _MANY_FILES and sum(file.size for file in job.files) < _MANY_BYTES:
        return None
    try:
        return Nursery(job, [channel])
    except OSError:
        return None


def main() -> int:
    limit_memory(int(sys.argv[2]))
    handle = int(sys.argv[1])
    job = Job.from_json(parse_object(sys.stdin.buffer.read(), "gate job"))
    nursery = _nursery(job, handle)
    channel = os.fdopen(handle, "w", encoding="utf-8")

    def tell(event: dict[str, JsonValue]) -> None:
        channel.write(json.dumps(event) + "\n")
        channel.flush()

    work(job, tell, nursery)
    channel.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
