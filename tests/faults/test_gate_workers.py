"""Checks that crash, hang, die or talk nonsense: ERROR, which denies; the checks after them still run.

Nothing in the product can be told to misbehave. The hang is a dataset file that is a pipe nobody
writes to; deaths come from outside, by signal; the other faults come from a third-party library
(a module called ``polars`` earlier on PYTHONPATH) that fails when a check imports it.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import os
import signal
import threading
import time
from pathlib import Path

import pytest
from workshops import Workshop

from tdsec_gov.checks.contract import DataFile
from tdsec_gov.domain.findings import CheckResult, Status
from tdsec_gov.gate import runner
from tdsec_gov.gate.job import Job
from tdsec_gov.gate.process import Limits
from tdsec_gov.gate.runner import run_checks
from tdsec_gov.gate.worker import examine

SOURCE = {
    "id": "s",
    "trust": "internal",
    "personal_data": "none",
    "retention": {"basis": "kept", "until": None},
    "review": {"by": "me", "on": "2020-01-01", "expires": None},
    "contact": {"name": "me"},
}
ROWS = b"mail,n\n" + b"".join(b"a,%d\n" % n for n in range(50))


def job(folder: Path, location: Path | None = None, *checks: str) -> Job:
    if location is None:
        location = folder / "object"
        location.write_bytes(ROWS)
    files = (DataFile("x.csv", location, len(ROWS), hashlib.sha256(ROWS).hexdigest()),)
    wanted = tuple((name, {}) for name in checks or ("pii", "source"))
    now = dt.datetime(2026, 6, 1, tzinfo=dt.UTC)
    return Job("data/x.csv", files, None, None, wanted, SOURCE, folder / "policies", now)


def workers() -> list[int]:
    """Child processes of this one that run the worker."""
    found = []
    for task in Path("/proc/self/task").iterdir():
        for child in (task / "children").read_text().split():
            if b"tdsec_gov.gate.worker" in Path(f"/proc/{child}/cmdline").read_bytes():
                found.append(int(child))
    return found


def texts(result: CheckResult) -> str:
    return "; ".join(f"{one.code} {one.message}" for one in result.findings)


def test_the_checks_are_sound_to_begin_with(tmp_path: Path) -> None:
    assert [one.status for one in run_checks(job(tmp_path), Limits(60))] == [Status.PASSED] * 2


def test_a_hanging_check_is_stopped_and_the_next_one_runs(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    started = time.monotonic()
    hung, source = run_checks(job(tmp_path, pipe), Limits(3))
    assert time.monotonic() - started < 30
    assert hung.status is Status.ERROR and "TDS002" in texts(hung) and "longer than 3 s" in texts(hung)
    assert source.check == "source" and source.status is Status.PASSED
    assert workers() == []


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSEGV, signal.SIGTERM])
def test_a_check_that_is_killed(tmp_path: Path, number: signal.Signals) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)

    def strike(name: str, result: CheckResult | None) -> None:
        if name == "pii" and result is None:
            (child,) = workers()
            os.kill(child, number)

    killed, source = run_checks(job(tmp_path, pipe), Limits(60), strike)
    assert killed.status is Status.ERROR and f"signal {int(number)}" in texts(killed)
    assert source.status is Status.PASSED


FAULTS = {
    "exits cleanly": "import os; os._exit(0)",
    "exits with an error": "import os; os._exit(5)",
    "aborts": "import os; os.abort()",
    "reads address 0": "import ctypes; ctypes.string_at(0)",
    "raises": "raise RuntimeError('p1@example.com')",
    "raises SystemExit": "raise SystemExit(0)",
    "raises KeyboardInterrupt": "raise KeyboardInterrupt",
    "cannot be imported": "raise ImportError('no such library')",
    "runs out of memory": "raise MemoryError",
    "recurses": "def f(): f()\nf()",
    "talks nonsense": (
        "import os\nfor n in range(3, 999):\n    try: os.write(n, b'nonsense\\n')\n"
        "    except OSError: pass\nraise ImportError"
    ),
    "closes the channel": "import os\nos.closerange(3, 999)\nimport time; time.sleep(0.1)\nraise ImportError",
    "prints": "import sys; print('{\"result\": 1}'); print('x', file=sys.stderr)\nraise ImportError",
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_library_that_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fault: str) -> None:
    shadow = tmp_path / "shadow"
    shadow.mkdir()
    for module in ("polars", "pyarrow"):
        (shadow / f"{module}.py").write_text(FAULTS[fault])
    monkeypatch.setenv("PYTHONPATH", str(shadow), prepend=os.pathsep)
    failed, source = run_checks(job(tmp_path), Limits(30))
    assert failed.check == "pii" and failed.status is Status.ERROR, texts(failed)
    assert "TDS001" in texts(failed) and "@example" not in texts(failed)
    assert source.check == "source"
    assert source.status is (Status.ERROR if fault == "talks nonsense" else Status.PASSED)


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    denied, source = run_checks(job(tmp_path, tmp_path), Limits(30))
    assert denied.status.denies and source.status is Status.PASSED
    gone, source = run_checks(job(tmp_path, tmp_path / "gone"), Limits(30))
    assert gone.status.denies and source.status is Status.PASSED


def test_unknown_check_and_settings(tmp_path: Path) -> None:
    unknown = examine(job(tmp_path), "os", {})
    assert unknown.status is Status.ERROR and "no such check" in texts(unknown)
    strange = examine(job(tmp_path), "source", {"min_trust": ["x"]})
    assert strange.status is Status.ERROR


def test_interpreter_that_cannot_start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONHOME", str(tmp_path))
    results = run_checks(job(tmp_path), Limits(30))
    assert [one.status for one in results] == [Status.ERROR] * 2
    assert all("could not be started" in texts(one) for one in results)


@pytest.mark.parametrize(
    "variables",
    [
        {"PANDERA_VALIDATION_ENABLED": "False"},
        {"PANDERA_VALIDATION_DEPTH": "SCHEMA_ONLY"},
        {"PYTHONOPTIMIZE": "2"},
        {"PYTHONSTARTUP": "/nonexistent", "PYTHONINSPECT": "1"},
        {"PYTHONWARNINGS": "error"},
        {"TDSEC_DEBUG": "1", "PYTHONHASHSEED": "0", "LC_ALL": "C", "PYTHONUTF8": "0"},
    ],
    ids=lambda value: "-".join(value),
)
def test_hostile_environment_never_turns_a_denial(
    workshop: Workshop, monkeypatch: pytest.MonkeyPatch, variables: dict[str, str]
) -> None:
    """The same two datasets, one good and one bad, get the same answers whatever is set."""
    good = b"n,t\n" + b"1,a\n" * 60
    workshop.track("good/n.csv", good)
    made = workshop.tdsec("schema", "init", "good/n.csv")
    assert made.code == 0, made.err
    (schema,) = (workshop.root / "policies/schemas").iterdir()
    text = (
        "format: 1\nlegal_basis_required: false\ndatasets:\n"
        f'  - {{match: "**", checks: {{schema: {{schema: {schema.name}}}}}}}\n'
    )
    workshop.write("policies/policy.yaml", text.encode())
    workshop.track("worse/n.csv", b"n,t\n" + b"x,a\n" * 60)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    passed = workshop.tdsec("check", "good/n.csv")
    assert passed.code == 0, passed.out
    denied = workshop.tdsec("check", "worse/n.csv")
    assert denied.code == 1 and "FAILED  schema" in denied.out, denied.out


def test_time_limit_of_the_policy_is_kept(workshop: Workshop) -> None:
    """A cache object that is a pipe cannot even be hashed: what is no regular file is not data."""
    oid = workshop.track("data/x.csv", ROWS)
    workshop.object(oid).unlink()
    os.mkfifo(workshop.object(oid))
    answer = workshop.tdsec("check", "data/x.csv")
    assert answer.code == 2 and "not in the DVC cache" in answer.err


def test_nothing_is_left_running(tmp_path: Path) -> None:
    """A check's own child processes die with it."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    run_checks(job(tmp_path, pipe, "pii"), Limits(2))
    assert workers() == []


@pytest.fixture
def lanes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every file counts as large, and there are two cores."""
    monkeypatch.setattr(runner, "_LARGE_BYTES", 1)
    monkeypatch.setattr(runner, "cores", lambda: 2)


@pytest.mark.usefixtures("lanes")
def test_side_by_side_answers_as_one_after_the_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked, most = job(tmp_path, None, "source", "pii", "schema", "files"), 0

    def counting(name: str, result: CheckResult | None) -> None:
        nonlocal most
        most = max(most, len(workers()))

    beside = run_checks(asked, Limits(60), counting)
    monkeypatch.setattr(runner, "cores", lambda: 1)
    after = run_checks(asked, Limits(60))
    assert most == 2, "never two processes at once"
    assert [(one.check, one.status, texts(one)) for one in beside] == [
        (one.check, one.status, texts(one)) for one in after
    ]


@pytest.mark.usefixtures("lanes")
def test_side_by_side_a_killed_check_costs_only_itself(tmp_path: Path) -> None:
    pipe = tmp_path / "object"
    os.mkfifo(pipe)
    results = run_checks(job(tmp_path, pipe, "pii", "source"), Limits(3))
    assert [(one.check, one.status) for one in results] == [
        ("pii", Status.ERROR),
        ("source", Status.PASSED),
    ]
    assert workers() == []


@pytest.mark.usefixtures("lanes")
def test_side_by_side_an_interrupt_ends_all(tmp_path: Path) -> None:
    pipe = tmp_path / "object"
    os.mkfifo(pipe)

    def interrupt() -> None:
        while len(workers()) < 2:
            time.sleep(0.05)
        os.kill(os.getpid(), signal.SIGINT)

    threading.Thread(target=interrupt, daemon=True).start()
    with pytest.raises(KeyboardInterrupt):
        run_checks(job(tmp_path, pipe, "pii", "files"), Limits(60))
    assert workers() == []
