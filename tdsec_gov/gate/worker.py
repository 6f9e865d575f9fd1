"""The process that checks run in: ``python -m tdsec_gov.gate.worker FD``, a job on standard input.

It writes one JSON line per event to file descriptor FD: ``{"start": name}`` before a check,
``{"result": …}`` after it. Whatever a check prints goes nowhere near that. A crash, a hang or a
segfault of a check costs this process, not the gate.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable
from dataclasses import replace

from tdsec_gov.checks.registry import load_check
from tdsec_gov.domain.canonical import JsonValue, parse_object
from tdsec_gov.domain.findings import CheckResult, Finding, Severity, Status
from tdsec_gov.errors import TdsecError
from tdsec_gov.gate.job import Job


def error_result(check: str, code: str, message: str) -> CheckResult:
    """An ERROR, which denies."""
    return CheckResult(check, Status.ERROR, (Finding(code, Severity.DENY, message),))


def examine(job: Job, name: str, params: dict[str, JsonValue]) -> CheckResult:
    """Run one check; whatever leaves it becomes ERROR, naming the kind of fault and no value."""
    started = time.monotonic()
    try:
        result = load_check(name).run(job.given(params))
        if result.check != name:
            result = error_result(name, "TDS001", "the check answered under another name")
    except TdsecError as exc:
        result = error_result(name, "TDS001", f"{name} could not run: {exc.line()}")
    except MemoryError:
        result = error_result(name, "TDS001", f"{name} ran out of memory")
    except Exception as exc:  # noqa: BLE001 - the check runner: one of the two places
        result = error_result(name, "TDS001", f"{name} crashed ({type(exc).__name__})")
    return replace(result, seconds=time.monotonic() - started)


def work(job: Job, tell: Callable[[dict[str, JsonValue]], None]) -> None:
    """Run the job's checks in order, telling before and after each."""
    for name, params in job.checks:
        tell({"start": name})
        tell({"result": examine(job, name, params).as_json()})


def main() -> int:
    channel = os.fdopen(int(sys.argv[1]), "w", encoding="utf-8")
    job = Job.from_json(parse_object(sys.stdin.buffer.read(), "gate job"))

    def tell(event: dict[str, JsonValue]) -> None:
        channel.write(json.dumps(event) + "\n")
        channel.flush()

    work(job, tell)
    channel.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
