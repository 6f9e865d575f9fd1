"""Objects of other revisions: covered by their own verdicts, with events, under this clone's pins."""

from __future__ import annotations

from pathlib import Path

import pytest
from workshops import ROWS, Workshop

from tdsec_gov.domain.canonical import canonical_bytes, parse_object

MORE = ROWS + b"400,one more,1\n"


def events(shop: Workshop, action: str, folder: Path | None = None) -> list[str]:
    """Outcome and dataset of each event of one kind."""
    said = shop.tdsec("audit", "log", folder=folder)
    lines = [line.split(maxsplit=6) for line in said.out.splitlines() if line.startswith("#")]
    return [f"{words[3]} {words[5]}" for words in lines if words[2] == action]


def branch(shop: Workshop) -> None:
    """A branch with a newer version of one dataset and two of its own, all of them approved there."""
    shop.git("checkout", "-q", "-b", "feature")
    shop.track("data/rows.csv", MORE)
    shop.track("data/side", {"one.csv": b"a\n1\n", "two.csv": b"a\n2\n"})
    assert shop.tdsec("check", "--all").code == 0
    assert shop.commit("feature").code == 0
    shop.git("checkout", "-q", "main")


def test_all_branches_go_in_and_come_out(pushed: Workshop) -> None:
    branch(pushed)
    before = events(pushed, "push")
    sent = pushed.dvc("push", "--all-branches")
    assert sent.code == 0, sent.err
    assert sorted(events(pushed, "push")[len(before) :]) == ["success data/rows.csv", "success data/side"]
    again = pushed.dvc("push", "--all-branches")
    assert again.code == 0 and "up to date" in again.out + again.err
    clone = pushed.clone()
    pushed.git("branch", "-q", "feature", "origin/feature", folder=clone)
    got = pushed.dvc("fetch", "--all-branches", folder=clone)
    assert got.code == 0, got.err
    pulled = events(pushed, "pull", clone)
    assert sorted(pulled) == ["success data/folder", *["success data/rows.csv"] * 2, "success data/side"]
    pushed.git("checkout", "-q", "feature", folder=clone)
    assert pushed.dvc("checkout", folder=clone).code == 0
    assert (clone / "data/rows.csv").read_bytes() == MORE


def test_a_revision_alone_leaves_events_too(pushed: Workshop) -> None:
    """`dvc get --rev`, a revision without a work tree beside it."""
    clone = pushed.clone()
    got = pushed.dvc("get", ".", "data/rows.csv", "--rev", "HEAD", "-o", "there.csv", folder=clone)
    assert got.code == 0, got.err
    assert (clone / "there.csv").read_bytes() == ROWS
    assert events(pushed, "pull", clone) == ["success data/rows.csv"]


def test_an_unapproved_version_of_a_branch_is_named(pushed: Workshop) -> None:
    pushed.git("checkout", "-q", "-b", "feature")
    pushed.track("data/raw.csv", b"nobody looked\n")
    assert pushed.commit("feature").code == 0
    pushed.git("checkout", "-q", "main")
    before = pushed.stored()
    sent = pushed.dvc("push", "--all-branches")
    assert sent.code != 0 and "tdsec check data/raw.csv" in sent.err, sent.err
    assert pushed.stored() == before
    assert events(pushed, "push")[-1] == "denied data/raw.csv"


@pytest.mark.parametrize("contained", [True, False])
def test_the_pins_of_this_clone_hold_for_revisions(pushed: Workshop, contained: bool) -> None:
    """A branch that grew from what was seen may not bring the older version back; one that did not may."""
    old = pushed.git("rev-parse", "HEAD").out.strip()
    pushed.track("data/rows.csv", MORE)
    assert pushed.tdsec("check", "data/rows.csv").code == 0 and pushed.commit("newer").code == 0
    assert pushed.dvc("push").code == 0
    pushed.git("checkout", "-q", "-b", "back", *([] if contained else [old]))
    if contained:
        assert pushed.git("checkout", old, "--", "data/rows.csv.dvc").code == 0
        assert pushed.git("rm", "-rq", ".tdsec/verdicts/data/rows.csv").code == 0
        assert pushed.git("checkout", old, "--", ".tdsec/verdicts/data/rows.csv").code == 0
        assert pushed.commit("put back").code == 0
    pushed.git("checkout", "-q", "main")
    seen = (pushed.root / ".git/tdsec-seen").read_bytes()
    pushed.object(pushed.store(ROWS)).unlink()
    got = pushed.dvc("get", ".", "data/rows.csv", "--rev", "back", "-o", "there.csv")
    assert (got.code != 0) == contained, got.err
    assert ("older than the one that this clone has seen" in got.err) == contained, got.err
    assert (pushed.root / ".git/tdsec-seen").read_bytes() == seen, "a revision moves no pin"


def test_a_revision_does_not_move_pins_forward(pushed: Workshop) -> None:
    branch(pushed)
    assert pushed.dvc("push", "--all-branches").code == 0
    pins = parse_object((pushed.root / ".git/tdsec-seen").read_bytes(), "pins")["dataset"]
    assert isinstance(pins, dict) and "data/side" not in pins and b'"sequence":1' in canonical_bytes(pins)
