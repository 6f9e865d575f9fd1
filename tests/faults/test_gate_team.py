"""Files examined by several processes: the same answers as by one, and whatever one of them does denies.

The check ``probe`` is put into the worker's table by a ``sitecustomize`` on PYTHONPATH (the product itself
has no way to do that): it counts bytes, and misbehaves on the file that begins with the name of a fault.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import os
import time
from pathlib import Path

import pytest

from tdsec_gov.checks.contract import DataFile
from tdsec_gov.domain.findings import CheckResult, Status
from tdsec_gov.gate.job import Job
from tdsec_gov.gate.process import Limits
from tdsec_gov.gate.runner import run_checks
from tdsec_gov.gate.table import FileTable

PROBE = """
import os, pathlib, signal, time
from tdsec_gov.checks import registry
from tdsec_gov.checks.perfile import PerFile
from tdsec_gov.domain.findings import CheckResult, Finding, Severity
from tdsec_gov.errors import PolicyInvalid

class Probe(PerFile):
    name = "probe"
    def prepare(self, given):
        if "wrong" in given.params:
            raise PolicyInvalid("no such setting")
        return pathlib.Path(given.params["log"])
    def examine(self, file, settings):
        data = file.location.read_bytes()
        with settings.open("a") as log:
            log.write(f"{os.getpid()} {file.path}\\n")
        if data.startswith(b"segfault"):
            os.kill(os.getpid(), signal.SIGSEGV)
        if data.startswith(b"exit"):
            os._exit(0)
        if data.startswith(b"hang"):
            time.sleep(600)
        if data.startswith(b"eat"):
            kept = bytearray(1 << 30)
            kept[::4096] = b"x" * len(kept[::4096])
        if data.startswith(b"raise"):
            raise RuntimeError("p1@example.com")
        if data.startswith(b"huge"):
            return {"sum": 1, "text": "y" * 3_000_000}
        return {"sum": sum(data), "tuple": (1, 2)}
    def conclude(self, seen, settings, given):
        text = "; ".join(f"{file.path} {partial['sum']} {partial.get('tuple')}" for file, partial in seen)
        return CheckResult.from_findings("probe", [Finding("TDS999", Severity.NOTE, text)])

class Eater(Probe):
    name = "eater"
    def run(self, given):
        kept = [bytearray(64 << 20) for _ in range(40)]
        raise AssertionError(len(kept))

registry.CHECKS |= {"probe": "sitecustomize:Probe", "eater": "sitecustomize:Eater"}
registry.VERSIONS |= {"probe": "1", "eater": "1"}
"""


class Scene:
    """Many files, some of which are faults, and where the probe writes down what it looked at."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.log = folder, folder / "log"
        self.files: list[DataFile] = []

    def fill(self, count: int, fault: bytes | None = None) -> None:
        for number in range(count):
            self.put(f"{number:04d}.txt", fault if fault and number == count // 2 else b"file %d" % number)

    def put(self, path: str, data: bytes) -> None:
        digest = hashlib.sha256(data).hexdigest()
        (self.folder / digest).write_bytes(data)
        self.files.append(DataFile(path, self.folder / digest, len(data), digest))

    def run(self, limits: Limits | None = None, memory: Path | None = None, **more: object) -> CheckResult:
        params = {"log": str(self.log), **more}
        job = Job("d", self.files, None, None, (("probe", params),), None, self.folder, NOW, memory)
        (result,) = run_checks(job, limits or Limits(60))
        return result

    def looked(self) -> list[tuple[str, str]]:
        """``(process, path)`` of every look since the last call."""
        lines = self.log.read_text().splitlines() if self.log.exists() else []
        self.log.unlink(missing_ok=True)
        return [(line.split()[0], line.split()[1]) for line in lines]


NOW = dt.datetime(2026, 6, 1, tzinfo=dt.UTC)


@pytest.fixture
def scene(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Scene:
    (tmp_path / "shadow").mkdir()
    (tmp_path / "shadow" / "sitecustomize.py").write_text(PROBE)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "shadow"), prepend=os.pathsep)
    return Scene(tmp_path)


def text(result: CheckResult) -> str:
    return "; ".join(f"{one.code} {one.message}" for one in result.findings)


def several_cores() -> bool:
    return len(os.sched_getaffinity(0)) > 1


def test_many_processes_say_what_one_says(scene: Scene) -> None:
    scene.fill(300)
    together = scene.run()
    processes = {process for process, _ in scene.looked()}
    assert len(processes) > 1 or not several_cores()
    mask = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(mask)})
    try:
        alone = scene.run()
    finally:
        os.sched_setaffinity(0, mask)
    assert len({process for process, _ in scene.looked()}) == 1
    assert together.status is Status.PASSED and text(together) == text(alone)
    assert text(alone).startswith("TDS999 0000.txt ") and "[1, 2]" in text(alone)


def test_little_work_starts_no_processes(scene: Scene) -> None:
    scene.fill(20)
    assert scene.run().status is Status.PASSED
    assert len({process for process, _ in scene.looked()}) == 1


@pytest.mark.parametrize("count", [20, 300], ids=["alone", "together"])
@pytest.mark.parametrize(
    ("fault", "says"),
    [
        (b"segfault", "ended"),
        (b"exit", "ended"),
        (b"raise", "crashed (RuntimeError)"),
        (b"eat", "out of memory (memory_limit)"),
        (b"hang", "longer than 4 s"),
    ],
    ids=lambda value: value.decode() if isinstance(value, bytes) else "",
)
def test_one_bad_examiner_denies_its_check_alone(scene: Scene, count: int, fault: bytes, says: str) -> None:
    scene.fill(count, fault)
    params = {"log": str(scene.log)}
    checks = (("probe", params), ("source", {}))
    job = Job("d", scene.files, None, None, checks, None, scene.folder, NOW)
    started = time.monotonic()
    probe, source = run_checks(job, Limits(4, 512 << 20))
    assert time.monotonic() - started < 40
    assert probe.status is Status.ERROR and says in text(probe), text(probe)
    assert "@example" not in text(probe)
    assert source.check == "source" and "TDS001" not in text(source) and "TDS002" not in text(source)
    assert children() == []


def children() -> list[str]:
    return [
        child
        for task in Path("/proc/self/task").iterdir()
        for child in (task / "children").read_text().split()
        if b"gate.worker" in Path(f"/proc/{child}/cmdline").read_bytes()
    ]


def test_a_check_that_eats_memory(scene: Scene) -> None:
    scene.fill(2)
    job = Job("d", scene.files, None, None, (("eater", {"log": "x"}),), None, scene.folder, NOW)
    (result,) = run_checks(job, Limits(60, 512 << 20))
    assert result.status is Status.ERROR and "out of memory" in text(result)
    (result,) = run_checks(job, Limits(60, 0))
    assert "AssertionError" in text(result), "without a limit it gets what it asks for"


def test_large_answers_and_refused_settings(scene: Scene) -> None:
    scene.fill(200, b"huge")
    assert scene.run().status is Status.PASSED
    assert "no such setting" in text(scene.run(wrong=1))


def test_only_new_bytes_are_looked_at(scene: Scene, tmp_path: Path) -> None:
    memory = tmp_path / "memory"
    scene.fill(300)
    first = scene.run(memory=memory)
    assert len(scene.looked()) == 300
    assert text(scene.run(memory=memory)) == text(first) and scene.looked() == []
    scene.files[7:8] = []
    scene.put("new.txt", b"new")
    scene.put("again.txt", b"file 3")
    changed = scene.run(memory=memory)
    assert [path for _, path in scene.looked()] == ["new.txt"]
    assert text(changed) == text(scene.run())
    scene.looked()
    scene.put("new.csv", b"new")
    scene.run(memory=memory)
    assert [path for _, path in scene.looked()] == ["new.csv"], "another suffix is another look"


def test_a_table_of_files_is_a_sequence(tmp_path: Path) -> None:
    files = [DataFile(f"d/{n}\u00e4\n.txt", tmp_path / str(n), n, "0" * 64) for n in range(3000)]
    table = FileTable.of(files)
    assert table == files and len(table) == 3000 and list(table) == files
    assert table[5] == files[5] and table[-1] == files[-1]
    assert table[10:13] == tuple(files[10:13]) and table[2999:5000] == tuple(files[2999:])
    assert table[5:2] == () and table[::1000] == tuple(files[::1000])
    with pytest.raises(IndexError):
        table[3000]
    assert list(FileTable.of([])) == []
