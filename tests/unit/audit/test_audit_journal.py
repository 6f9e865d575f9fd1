"""One journal for a whole process: many events, many threads, one commit for those that wait together."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from tdsec_gov.audit.checkpoints import CheckpointFile
from tdsec_gov.audit.journal import Act, Journal, private_checkpoint
from tdsec_gov.audit.log import AuditLog
from tdsec_gov.audit.turns import Turns
from tdsec_gov.audit.verify import verify_log
from tdsec_gov.errors import BackendUnavailable, InternalError, KeyUnavailable, LogTampered, UsageError
from tdsec_gov.keys.identity import Identity


@pytest.fixture
def journal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Journal:
    monkeypatch.setenv("TDSEC_HOME", str(tmp_path / "home"))
    root = tmp_path / "repo"
    (root / ".git").mkdir(parents=True)
    return Journal.open(root, Identity.generate("me"))


def in_threads(count: int, work: Callable[[int], object]) -> None:
    threads = [threading.Thread(target=work, args=(number,)) for number in range(count)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()


def signed(journal: Journal) -> int:
    assert journal.identity is not None
    key = journal.identity.verify_key
    (one,) = CheckpointFile(private_checkpoint(journal.log.origin)).checkpoints({key.keyid: key})
    verify_log(journal.log, [one], require_origin=journal.log.origin)
    return one.size


def test_each_event_is_signed_for(journal: Journal) -> None:
    for number in range(1, 4):
        head = journal.record("push", "success", "data/rows.csv", details={"n": number})
        assert (head.size, signed(journal)) == (number, number)
        assert head == journal.head()
    assert [one.event.details["n"] for one in journal.log.events()] == [1, 2, 3]


def test_many_acts_are_one_transaction(journal: Journal) -> None:
    acts = [Act("push", "success", f"data/{number}.csv", purpose="scoring") for number in range(50)]
    assert journal.record_many(acts).size == 50 == signed(journal)
    assert [one.event.target for one in journal.log.events()] == [one.target for one in acts]
    assert journal.record_many([]) == journal.head()
    with pytest.raises(UsageError):
        journal.record_many([acts[0], Act("push", "success", "a\nb")])
    with pytest.raises(InternalError):
        journal.record("party", "success", "data/0.csv")
    assert journal.head().size == 50


def test_without_identity_events_are_recorded_unsigned(journal: Journal) -> None:
    nobody = Journal(journal.root, journal.log, None)
    assert nobody.record("pull", "success", "data/rows.csv").size == 1
    assert not private_checkpoint(journal.log.origin).exists()
    with pytest.raises(KeyUnavailable):
        nobody.publish()


def test_eight_threads_record_into_one_journal(journal: Journal) -> None:
    sizes: list[list[int]] = [[] for _ in range(8)]

    def work(me: int) -> None:
        for number in range(10):
            sizes[me].append(journal.record("pull", "success", f"{me}/{number}").size)

    in_threads(8, work)
    targets = [one.event.target for one in journal.log.events()]
    assert len(targets) == 80 == signed(journal)
    for me in range(8):
        assert [one for one in targets if one.startswith(f"{me}/")] == [f"{me}/{n}" for n in range(10)]
        for number, size in enumerate(sizes[me]):  # on return the head covers it
            assert targets.index(f"{me}/{number}") < size


def test_a_forked_child_goes_on_with_the_journal(journal: Journal) -> None:
    journal.record("pull", "success", "parent")
    with journal._turns._lock:  # another thread of the parent was writing just then
        child = os.fork()
        if child == 0:
            code = 1
            try:
                code = 0 if journal.record("pull", "success", "child").size == 2 else 2
            finally:
                os._exit(code)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert journal.record("pull", "success", "parent").size == 3 == signed(journal)


def test_a_log_put_in_its_place_is_refused(journal: Journal, tmp_path: Path) -> None:
    journal.record("pull", "success", "mine")
    origin = journal.log.origin
    AuditLog.create(tmp_path / "other.db").close()
    (tmp_path / "other.db").replace(journal.log.where)
    for part in ("-wal", "-shm"):
        Path(journal.log.where + part).unlink()
    with pytest.raises(LogTampered, match="replaced"):
        journal.record("pull", "success", "mine")
    with pytest.raises(LogTampered, match="another audit log"):
        Journal.open(journal.root, journal.identity)
    assert CheckpointFile(private_checkpoint(origin)).unverified()[0].size == 1


def test_a_cut_log_is_not_signed_again(journal: Journal) -> None:
    journal.record("pull", "success", "one")
    old = journal.log
    old.close()
    raw = Path(old.where).read_bytes()
    journal.record("pull", "success", "two")
    old.close()
    Path(old.where).write_bytes(raw)
    with pytest.raises(LogTampered, match="does not match"):
        journal.record("pull", "success", "another two")
    assert CheckpointFile(private_checkpoint(old.origin)).unverified()[0].size == 2


class Slow:
    """A ``write`` that lets the others queue up while it is at its first batch."""

    def __init__(self, waiting: int, error: BaseException | None = None) -> None:
        self.turns: Turns[int, int] = Turns(self.write)
        self.batches: list[list[int]] = []
        self.waiting = waiting
        self.error = error

    def write(self, items: list[int]) -> int:
        self.batches.append(items)
        if len(self.batches) == 1:
            while len(self.turns._waiting) < self.waiting:
                threading.Event().wait(0.001)
        elif self.error is not None:
            raise self.error
        return len(self.batches)


def run(slow: Slow) -> dict[int, object]:
    results: dict[int, object] = {}

    def take(number: int) -> None:
        try:
            results[number] = slow.turns.take([number, -number])
        except (BackendUnavailable, KeyboardInterrupt) as exc:
            results[number] = exc

    in_threads(6, take)
    return results


def test_those_who_wait_share_one_write() -> None:
    slow = Slow(5)
    results = run(slow)
    (first,) = [number for number, result in results.items() if result == 1]
    assert [result for number, result in results.items() if number != first] == [2] * 5
    assert slow.batches[0] == [first, -first] and len(slow.batches) == 2
    pairs = list(zip(slow.batches[1][::2], slow.batches[1][1::2], strict=True))
    assert sorted(pairs) == [(number, -number) for number in range(6) if number != first]


def test_a_failed_write_fails_for_all_who_were_in_it_and_for_nobody_else() -> None:
    error = BackendUnavailable("disk is full")
    slow = Slow(5, error)
    results = run(slow)
    assert sorted(map(str, results.values())) == sorted(["1", *[str(error)] * 5])
    slow.error = None
    assert slow.turns.take([7]) == 3


def test_an_interrupted_write_is_a_failure_for_those_who_waited() -> None:
    slow = Slow(5, KeyboardInterrupt())
    results = run(slow)
    kinds = [type(one) for one in results.values()]
    assert (kinds.count(int), kinds.count(KeyboardInterrupt), kinds.count(BackendUnavailable)) == (1, 1, 4)
    slow.error = None
    assert slow.turns.take([7]) == 3
