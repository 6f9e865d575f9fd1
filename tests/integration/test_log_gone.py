"""An audit log that vanishes or is exchanged as a whole is noticed, and nothing goes on without it."""

from __future__ import annotations

import shutil

from workshops import ROWS, Workshop

from tdsec_gov.audit.journal import DATABASE, Journal


def remove_log(shop: Workshop) -> None:
    for path in (shop.root / ".tdsec").glob("audit.db*"):
        path.unlink()


def test_a_deleted_log_is_named_and_the_gate_stops(pushed: Workshop) -> None:
    remove_log(pushed)
    for words in (("audit", "verify"), ("report", "data/rows.csv"), ("check", "--force", "data/rows.csv")):
        answer = pushed.tdsec(*words)
        assert answer.code == 10, (words, answer.err)
        assert "the audit log of this clone is gone" in answer.err
    assert not (pushed.root / DATABASE).exists()


def test_a_push_without_the_log_is_refused(pushed: Workshop) -> None:
    pushed.track("data/rows.csv", ROWS + b"400,more,0\n")
    assert pushed.tdsec("check", "data/rows.csv").code == 0
    remove_log(pushed)
    sent = pushed.dvc("push")
    assert sent.code != 0
    assert "audit log of this clone is gone" in sent.err


def test_another_log_in_its_place_is_named(pushed: Workshop) -> None:
    remove_log(pushed)
    elsewhere = pushed.base / "elsewhere"
    elsewhere.mkdir()
    Journal.open(elsewhere).record("pull", "success", "data/rows.csv")
    for path in (elsewhere / ".tdsec").glob("audit.db*"):
        shutil.copy(path, pushed.root / ".tdsec" / path.name)
    answer = pushed.tdsec("audit", "verify")
    assert answer.code == 10
    assert "another audit log" in answer.err


def test_a_new_clone_begins_its_own_log(pushed: Workshop) -> None:
    clone = pushed.clone()
    assert pushed.dvc("pull", folder=clone).code == 0
    assert pushed.tdsec("audit", "verify", folder=clone).code == 0


def test_a_linked_work_tree_has_a_log_of_its_own(pushed: Workshop) -> None:
    tree = pushed.base / "tree"
    assert pushed.git("worktree", "add", "-q", str(tree)).code == 0
    Journal.open(tree).record("verify", "success", "data/rows.csv")
    assert pushed.tdsec("audit", "verify", folder=tree).code == 0
    assert pushed.tdsec("audit", "verify").code == 0
