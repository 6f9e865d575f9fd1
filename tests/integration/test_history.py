"""Taking verdicts away does not make a dataset new: neither for the gate nor for who looks at commits."""

from __future__ import annotations

import shutil

from workshops import ROWS, Workshop

VERDICTS = ".tdsec/verdicts/data/rows.csv"


def test_the_gate_asks_for_the_committed_verdicts(pushed: Workshop) -> None:
    shutil.rmtree(pushed.root / VERDICTS)
    pushed.track("data/rows.csv", ROWS + b"400,more,0\n")
    answer = pushed.tdsec("check", "data/rows.csv")
    assert answer.code == 10
    assert f"git checkout HEAD -- {VERDICTS}" in answer.err
    assert pushed.git("checkout", "HEAD", "--", VERDICTS).code == 0
    assert pushed.tdsec("check", "data/rows.csv").code == 0


def test_a_range_that_removes_verdicts_of_a_standing_dataset_is_refused(pushed: Workshop) -> None:
    before = pushed.git("rev-parse", "HEAD").out.strip()
    pushed.git("rm", "-rq", VERDICTS)
    assert pushed.git("commit", "-q", "--no-verify", "-m", "tidy").code == 0
    pushed.track("data/rows.csv", ROWS + b"400,more,0\n")
    assert pushed.tdsec("check", "data/rows.csv").code == 0  # committed away: the gate sees a first version
    pushed.git("add", "-A")
    assert pushed.git("commit", "-q", "--no-verify", "-m", "grown").code == 0
    answer = pushed.tdsec("verify", "--range", f"{before}..HEAD")
    assert answer.code == 10
    assert "was shortened" in answer.err


def test_removing_a_dataset_with_its_verdicts_is_fine(pushed: Workshop) -> None:
    before = pushed.git("rev-parse", "HEAD").out.strip()
    pushed.git("rm", "-rq", VERDICTS, "data/rows.csv.dvc")
    assert pushed.git("commit", "-q", "--no-verify", "-m", "gone").code == 0
    assert pushed.tdsec("verify", "--range", f"{before}..HEAD").code == 0
