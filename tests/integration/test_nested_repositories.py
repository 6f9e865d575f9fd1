"""Git repositories, submodules and DVC repositories inside the work tree: seen as DVC sees them."""

from __future__ import annotations

import shutil

import pytest
from workshops import Workshop

LEAK = b"mail\n" + b"".join(b"p%d@example.com\n" % n for n in range(50))
ALLOW = ("-c", "protocol.file.allow=always")


def hidden(shop: Workshop, kind: str, data: bytes = LEAK) -> str:
    """A pointer that git does not list for us; returns the dataset's name."""
    folder = shop.root / "mail" / "inside"
    if kind == "git repository":
        assert shop.git("init", "-q", str(folder)).code == 0
    elif kind == "submodule":
        other = shop.base / "other"
        assert shop.git("init", "-q", "-b", "main", str(other)).code == 0
        committed = shop.git("commit", "-q", "--allow-empty", "-m", "first", folder=other)
        assert committed.code == 0
        added = shop.git(*ALLOW, "submodule", "add", "-q", str(other), "mail/inside")
        assert added.code == 0, added.err
    elif kind == "deeper":
        assert shop.git("init", "-q", str(shop.root / "mail")).code == 0
        assert shop.git("init", "-q", str(folder)).code == 0
    shop.track("mail/inside/people.csv", data)
    return "mail/inside/people.csv"


KINDS = ("git repository", "submodule", "deeper")


@pytest.mark.parametrize("kind", KINDS)
def test_pointers_in_repositories_inside_are_gated(workshop: Workshop, kind: str) -> None:
    name = hidden(workshop, kind)
    assert "people.csv" in workshop.dvc("ls", ".", "-R", "--dvc-only").out, "DVC takes it as its own"
    denied = workshop.tdsec("check", "--all")
    assert denied.code == 1 and f"denied: {name}" in denied.err
    unverified = workshop.tdsec("verify", "--all")
    assert unverified.code == 1 and name in unverified.err
    named = workshop.tdsec("check", "mail/inside/people.csv")
    assert named.code == 1


@pytest.mark.parametrize("kind", KINDS)
def test_bytes_accepted_elsewhere_do_not_go_out_under_a_hidden_name(workshop: Workshop, kind: str) -> None:
    """The strict rule of mail/** judges what lies there, though data/** let the same bytes pass."""
    workshop.track("data/people.csv", LEAK)
    assert workshop.tdsec("check", "data/people.csv").code == 0
    shutil.rmtree(workshop.root / "data")
    name = hidden(workshop, kind)
    sent = workshop.dvc("push")
    assert sent.code != 0 and name in sent.err and workshop.stored() == []


def test_a_commit_that_moves_a_submodule_is_asked_for_what_lies_in_it(workshop: Workshop) -> None:
    name = hidden(workshop, "submodule")
    workshop.git("add", "-A")
    before = workshop.git("rev-parse", "HEAD").out
    stopped = workshop.git("commit", "-q", "-m", "submodule")
    assert stopped.code != 0 and name in stopped.err
    guarded = workshop.git("-c", "gc.auto=0", "commit", "-q", "--no-verify", "-m", "submodule")
    assert guarded.code != 0 and f"no commit without a verdict: {name}" in guarded.err
    assert workshop.git("rev-parse", "HEAD").out == before


def test_good_data_in_a_submodule_passes(workshop: Workshop) -> None:
    hidden(workshop, "submodule", b"id\n1\n")
    workshop.git("add", "-A")
    done = workshop.git("commit", "-q", "-m", "submodule")
    assert done.code == 0, done.err
    assert "mail/inside/people.csv" in workshop.git("ls-files", ".tdsec/verdicts").out
    assert workshop.dvc("push").code == 0 and workshop.objects() != []


def test_range_says_that_it_cannot_look_into_a_submodule(workshop: Workshop) -> None:
    base = workshop.git("rev-parse", "HEAD").out.strip()
    hidden(workshop, "submodule", b"id\n1\n")
    assert workshop.commit("submodule").code == 0
    told = workshop.tdsec("verify", "--range", f"{base}..HEAD")
    assert "submodule mail/inside: DVC pointers in it were not examined" in told.err
    workshop.write("notes.txt", b"x")
    assert workshop.commit("notes").code == 0
    assert "submodule" not in workshop.tdsec("verify", "--range", "HEAD~1..HEAD").err


def test_doctor_says_what_is_guarded_and_what_is_not(workshop: Workshop) -> None:
    assert "repositories inside" not in workshop.tdsec("doctor").out
    hidden(workshop, "git repository")
    told = workshop.tdsec("doctor")
    assert "git repositories inside" in told.out and "mail/inside" in told.out
    (workshop.root / "team").mkdir()
    assert workshop.dvc("init", "-q", "--subdir", folder=workshop.root / "team").code == 0
    assert workshop.git("add", "team").code == 0
    told = workshop.tdsec("doctor")
    assert told.code != 0 and "team: what they push is not guarded here" in told.out


def test_dvc_does_not_see_a_dvc_repository_inside(workshop: Workshop) -> None:
    """Why a clone of another DVC repository in here is none of ours: the outer push leaves it alone."""
    hidden(workshop, "git repository")
    (workshop.root / "mail/inside/.dvc").mkdir()
    assert "people.csv" not in workshop.dvc("ls", ".", "-R", "--dvc-only").out
    assert workshop.tdsec("check", "--all").code == 0


def test_a_folder_that_cannot_be_read_is_refused_without_git(workshop: Workshop) -> None:
    """No walk passes over what it cannot see."""
    from tdsec_gov.errors import ConfigurationError
    from tdsec_gov.repo.nested import pointer_files_below

    hidden(workshop, "git repository")
    found = list(pointer_files_below(workshop.root, "mail/inside"))
    assert found == ["mail/inside/people.csv.dvc"]
    with pytest.raises(ConfigurationError):
        list(pointer_files_below(workshop.root, "not-there"))
