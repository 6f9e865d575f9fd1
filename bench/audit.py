"""What the audit log costs: a first event in a fresh process, many events in one, verification.

Run: python bench/audit.py [rounds] [events]. Prints a Markdown table. CPU time is the number to trust on
a busy machine; the bare insert beside each durable append has the same fsync on the same disk.
"""

from __future__ import annotations

import os
import resource
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

from tdsec_gov.audit.journal import Act, Journal
from tdsec_gov.audit.log import AuditLog
from tdsec_gov.audit.verify import verify_log
from tdsec_gov.domain.events import AuditEvent
from tdsec_gov.keys.identity import Identity
from tdsec_gov.keys.loading import identity_path, load_identity, save_identity

ROUNDS = int(sys.argv[1]) if len(sys.argv) > 1 else 5
EVENTS = int(sys.argv[2]) if len(sys.argv) > 2 else 200_000
APPENDS = 200
FRESH = """
import sys, time
from pathlib import Path
begun = time.process_time()
from tdsec_gov.audit.journal import Journal
from tdsec_gov.keys.loading import load_identity
identity = load_identity()
loaded = time.process_time()
journal = Journal.open(Path(sys.argv[1]), identity)
opened = time.process_time()
journal.record("push", "success", "data/rows.csv", details={"sha256": "ab" * 32})
print(loaded - begun, opened - loaded, time.process_time() - opened)
"""


def event(number: int) -> AuditEvent:
    moment, details = f"2026-03-01T10:00:{number % 60:02}Z", {"checks": number % 97, "sha256": "cd" * 32}
    target = f"data/file{number}.csv"
    return AuditEvent(
        moment, "gate", "success", "ab" * 32, target, "", "credit scoring", "Art. 6(1)(b)", dict(details)
    )


def fresh(root: Path) -> list[float]:
    """CPU ms of import with identity, open, first record; the run with the least sum."""
    command = [sys.executable, "-c", FRESH, str(root)]
    runs = []
    for _ in range(ROUNDS + 1):
        said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
        runs.append([float(word) * 1000 for word in said.split()])
    return min(runs[1:], key=sum)


def rate(count: int, work: Callable[[], object], clock: Callable[[], float]) -> float:
    """Best events per second of some rounds."""
    taken = []
    for _ in range(ROUNDS):
        begun = clock()
        work()
        taken.append(clock() - begun)
    return count / min(taken)


def bare(folder: Path) -> Callable[[], object]:
    """One durable insert after the other, with the settings of the log."""
    connection = sqlite3.connect(folder / "bare.db", isolation_level=None)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("CREATE TABLE t(seq INTEGER PRIMARY KEY, body TEXT)")
    return lambda: [connection.execute("INSERT INTO t(body) VALUES(?)", ("x" * 500,)) for _ in range(APPENDS)]


def threads(journal: Journal) -> None:
    """APPENDS events from 8 threads."""

    def work() -> None:
        for number in range(APPENDS // 8):
            journal.record("pull", "success", f"data/{number}.csv")

    workers = [threading.Thread(target=work) for _ in range(8)]
    for one in workers:
        one.start()
    for one in workers:
        one.join()


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="tdsec-bench-") as name:
        folder = Path(name)
        os.environ["TDSEC_HOME"] = str(folder / "home")
        save_identity(Identity.generate("bench"), identity_path())
        root = folder / "repo"
        (root / ".git").mkdir(parents=True)
        journal = Journal.open(root, load_identity())
        acts = [Act("pull", "success", f"data/{number}.csv") for number in range(APPENDS)]
        journal.record_many(acts)
        loading, opening, recording = fresh(root)
        wall = time.perf_counter
        log = AuditLog.create(folder / "audit.db")
        plain = rate(APPENDS, bare(folder), wall)
        appends = rate(APPENDS, lambda: [log.append(event(number)) for number in range(APPENDS)], wall)
        single = rate(APPENDS, lambda: [journal.record(*act[:3]) for act in acts], wall)
        eight = rate(APPENDS, lambda: threads(journal), wall)
        many = rate(APPENDS, lambda: journal.record_many(acts), wall)
        for start in range(0, EVENTS, 10_000):
            log.append_many(event(number) for number in range(start, min(start + 10_000, EVENTS)))
        size = log.head().size
        verified = rate(size, lambda: verify_log(log), time.process_time)
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    rows = [
        ("fresh process: import, identity", f"{loading:.1f} CPU ms"),
        ("fresh process: Journal.open", f"{opening:.1f} CPU ms"),
        ("fresh process: first record", f"{recording:.1f} CPU ms"),
        ("bare durable SQLite insert", f"{plain:.0f} /s"),
        ("AuditLog.append", f"{appends:.0f} /s ({appends / plain:.2f} x bare)"),
        ("Journal.record, head signed", f"{single:.0f} /s ({single / plain:.2f} x bare)"),
        ("Journal.record from 8 threads", f"{eight:.0f} /s ({eight / plain:.2f} x bare)"),
        (f"Journal.record_many of {APPENDS}", f"{many:.0f} /s ({many / plain:.2f} x bare)"),
        (f"verify_log, {size} events", f"{verified:.0f} per CPU s, {memory:.0f} MiB"),
    ]
    print("| what | best |\n|---|---|")
    for what, best in rows:
        print(f"| {what} | {best} |")


if __name__ == "__main__":
    main()
