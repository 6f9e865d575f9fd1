"""git hooks on real commits and pushes: plain ones, through pre-commit, beside others, in worktrees."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest
from workshops import Answer, Workshop, call

from tdsec_gov.repo.stages import STAGES

LEAK = b"mail\n" + b"".join(b"p%d@example.com\n" % n for n in range(50))
CONFIG = """\
repos:
- repo: local
  hooks:
    - id: other
      name: other
      entry: touch other-ran
      language: system
      always_run: true
      pass_filenames: false
"""


@pytest.fixture(params=["plain", "pre-commit"])
def hooked(request: pytest.FixtureRequest, workshop: Workshop) -> Workshop:
    """A workshop with hooks of either kind, and a bare repository to push to."""
    os.environ["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    if request.param == "pre-commit":
        through_pre_commit(workshop)
    assert workshop.git("init", "-q", "--bare", "-b", "main", str(workshop.base / "origin.git")).code == 0
    assert workshop.git("remote", "add", "origin", str(workshop.base / "origin.git")).code == 0
    return workshop


def through_pre_commit(shop: Workshop) -> None:
    for stage in STAGES:
        (shop.root / ".git/hooks" / stage).unlink()
    shop.write(".pre-commit-config.yaml", CONFIG.encode())
    (shop.root / ".git/info/exclude").write_text("other-ran\n")
    assert shop.git("add", ".pre-commit-config.yaml").code == 0
    done = shop.tdsec("init")
    assert done.code == 0 and "pre-commit install --hook-type" in done.out, done.out
    assert shop.commit("pre-commit").code == 0


def commit(shop: Workshop) -> Answer:
    """A commit through the hooks."""
    shop.git("add", "-A")
    return shop.git("commit", "-q", "-m", "data")


def unverified(shop: Workshop, *options: str) -> Answer:
    """``git commit --no-verify`` as people type it: the guard still runs."""
    shop.git("add", "-A")
    return shop.git("-c", "gc.auto=0", "commit", "-q", "--no-verify", "-m", "data", *options)


def push(shop: Workshop, *what: str) -> Answer:
    return shop.git("push", "-q", "origin", *(what or ("main",)))


def head(shop: Workshop) -> str:
    return shop.git("rev-parse", "HEAD").out


def arrived(shop: Workshop, branch: str = "main") -> bool:
    return shop.git("rev-parse", "-q", "--verify", branch, folder=shop.base / "origin.git").code == 0


def test_good_data_and_its_verdict_travel_together(hooked: Workshop) -> None:
    hooked.track("data/rows.csv", b"id\n1\n")
    done = commit(hooked)
    assert done.code == 0, done.out + done.err
    named = hooked.git("show", "--name-only", "--format=", "HEAD").out
    (verdict,) = hooked.verdicts()
    assert verdict.relative_to(hooked.root).as_posix() in named and ".tdsec/checkpoint" in named
    assert hooked.git("status", "--short", "--untracked-files=no").out == ""
    sent = push(hooked)
    assert sent.code == 0 and arrived(hooked), sent.err


def test_bad_data_is_stopped_at_every_ring(hooked: Workshop) -> None:
    """Commit refused; with --no-verify the push is; and then `dvc push` is."""
    before = head(hooked)
    hooked.track("mail/people.csv", LEAK)
    stopped = commit(hooked)
    assert stopped.code != 0 and head(hooked) == before
    assert "FAILED  pii" in stopped.out + stopped.err and "@example" not in stopped.out + stopped.err
    skipped = unverified(hooked)
    assert skipped.code != 0 and head(hooked) == before
    assert "no commit without a verdict: mail/people.csv" in skipped.out + skipped.err
    assert hooked.commit("anyway", "--no-verify").code == 0
    pushed = push(hooked)
    assert pushed.code != 0 and not arrived(hooked), pushed.err
    assert "the gate denied this version" in pushed.out + pushed.err
    sent = hooked.dvc("push")
    assert sent.code != 0 and "the gate denied this version" in sent.err and hooked.stored() == []


def test_never_checked_data_does_not_leave(hooked: Workshop) -> None:
    """The whole history is new to the remote, root commit included."""
    hooked.track("data/rows.csv", b"id\n1\n")
    assert hooked.commit("unchecked", "--no-verify").code == 0
    pushed = push(hooked)
    assert pushed.code != 0 and "no verdict covers this version" in pushed.out + pushed.err
    assert not arrived(hooked)


def test_data_that_a_later_commit_removes_does_not_leave(hooked: Workshop) -> None:
    assert push(hooked).code == 0
    hooked.track("data/rows.csv", b"id\n1\n")
    assert hooked.commit("unchecked", "--no-verify").code == 0
    (hooked.root / "data/rows.csv.dvc").unlink()
    assert hooked.commit("removed again", "--no-verify").code == 0
    pushed = push(hooked)
    assert pushed.code != 0 and "no verdict covers this version" in pushed.out + pushed.err


def test_new_branch_answers_for_its_own_commits_only(hooked: Workshop) -> None:
    """Data from before tdsec that the remote has already does not hold back every new branch."""
    hooked.track("data/old.csv", b"id\nold\n")
    assert hooked.commit("before tdsec", "--no-verify").code == 0
    assert hooked.git("push", "-q", "--no-verify", "origin", "main").code == 0
    assert hooked.git("fetch", "-q", "origin").code == 0
    assert hooked.git("checkout", "-q", "-b", "feature").code == 0
    hooked.write("notes.txt", b"nothing about data\n")
    assert hooked.commit("notes", "--no-verify").code == 0
    pushed = push(hooked, "feature")
    assert pushed.code == 0 and arrived(hooked, "feature"), pushed.out + pushed.err
    hooked.track("data/new.csv", b"id\nnew\n")
    assert hooked.commit("unchecked", "--no-verify").code == 0
    assert hooked.git("checkout", "-q", "-b", "second").code == 0
    pushed = push(hooked, "second")
    assert pushed.code != 0 and not arrived(hooked, "second")


def test_two_branches_at_once(workshop: Workshop) -> None:
    """git names each pushed branch on its own line; the bad one stops all."""
    assert workshop.git("init", "-q", "--bare", str(workshop.base / "origin.git")).code == 0
    assert workshop.git("remote", "add", "origin", str(workshop.base / "origin.git")).code == 0
    assert workshop.git("checkout", "-q", "-b", "zzz").code == 0
    workshop.track("data/rows.csv", b"id\n1\n")
    assert workshop.commit("unchecked", "--no-verify").code == 0
    pushed = push(workshop, "main", "zzz")
    assert pushed.code != 0 and not arrived(workshop, "main") and not arrived(workshop, "zzz")


def test_deleting_a_branch_and_pushing_a_tag(workshop: Workshop) -> None:
    assert workshop.git("init", "-q", "--bare", str(workshop.base / "origin.git")).code == 0
    assert workshop.git("remote", "add", "origin", str(workshop.base / "origin.git")).code == 0
    assert push(workshop, "main:topic").code == 0 and arrived(workshop, "topic")
    assert push(workshop, ":topic").code == 0 and not arrived(workshop, "topic")
    assert workshop.git("tag", "-a", "v1", "-m", "v1").code == 0
    assert push(workshop, "v1").code == 0 and arrived(workshop, "v1")


@pytest.mark.parametrize("name", ["2:evil.csv", "a b ü漢.csv", "[x]*.csv", "-rf.csv", ":(top)x.csv"])
def test_strange_names_are_gated_too(workshop: Workshop, name: str) -> None:
    before = head(workshop)
    workshop.track(name, b"id\n1\n")
    workshop.write(
        "policies/policy.yaml",
        b"format: 1\ndatasets:\n  - match: '**'\n    checks: {source: {min_trust: internal}}\n",
    )
    assert workshop.commit("strict", "--no-verify", "--", "policies").code == 0
    before = head(workshop)
    stopped = commit(workshop)
    assert stopped.code != 0 and head(workshop) == before, stopped.out


def test_commit_of_named_paths(workshop: Workshop) -> None:
    """`git commit PATH` works on an index of its own; the verdict must get into that one."""
    workshop.track("data/rows.csv", b"id\n1\n")
    assert workshop.git("add", "-A").code == 0
    done = workshop.git("commit", "-q", "-m", "one", "--", "data/rows.csv.dvc", "data/.gitignore")
    assert done.code == 0, done.out + done.err
    assert ".intoto.jsonl" in workshop.git("show", "--name-only", "--format=", "HEAD").out


def test_hook_in_a_worktree(workshop: Workshop) -> None:
    other = workshop.base / "tree"
    assert workshop.git("worktree", "add", "-q", "-b", "side", str(other)).code == 0
    side = Workshop(workshop.base, other)
    side.track("bad/rows.csv", b"id\n1\n")
    before = head(side)
    assert commit(side).code != 0 and head(side) == before
    (other / "bad/rows.csv.dvc").unlink()
    side.track("data/rows.csv", b"id\n1\n")
    done = commit(side)
    assert done.code == 0, done.out + done.err
    assert len(side.verdicts()) >= 1 and workshop.verdicts() == []


def test_hooks_path_inside_the_repository(workshop: Workshop) -> None:
    assert workshop.git("config", "core.hooksPath", ".githooks").code == 0
    assert workshop.tdsec("init").code == 0
    assert "tdsec gate" in (workshop.root / ".githooks/pre-commit").read_text()
    workshop.track("bad/rows.csv", b"id\n1\n")
    before = head(workshop)
    assert commit(workshop).code != 0 and head(workshop) == before


def test_hooks_path_shared_with_other_repositories(workshop: Workshop) -> None:
    """A hooks folder outside of the repository serves others, which have no tdsec: leave it alone."""
    shared = workshop.base / "shared-hooks"
    shared.mkdir()
    assert workshop.git("config", "core.hooksPath", str(shared)).code == 0
    done = workshop.tdsec("init")
    assert done.code == 0 and "tdsec-check --stage pre-commit" in done.out
    assert list(shared.iterdir()) == []


def test_hooks_that_were_there_stay_and_ours_is_first(workshop: Workshop) -> None:
    hooks = workshop.root / ".git/hooks"
    for stage in STAGES:
        (hooks / stage).unlink()
    installed = workshop.dvc("install")
    assert installed.code == 0, installed.err
    assert workshop.tdsec("init").code == 0
    for stage in ("pre-commit", "pre-push"):
        lines = (hooks / stage).read_text().splitlines()
        ours = next(n for n, line in enumerate(lines) if "tdsec_gov.cli.hooks" in line)
        theirs = next(n for n, line in enumerate(lines) if "dvc git-hook" in line)
        assert ours < theirs
        assert os.access(hooks / stage, os.X_OK)


def test_a_later_hook_still_hears_what_is_pushed(workshop: Workshop) -> None:
    """git tells pre-push on standard input, once; git-lfs and others after us need it, too."""
    assert workshop.git("init", "-q", "--bare", str(workshop.base / "origin.git")).code == 0
    assert workshop.git("remote", "add", "origin", str(workshop.base / "origin.git")).code == 0
    hook = workshop.root / ".git/hooks/pre-push"
    heard = workshop.base / "heard"
    hook.write_text(f"#!/bin/sh\necho \"$1\" > '{heard}'\ncat >> '{heard}'\n")
    hook.chmod(0o755)
    assert workshop.tdsec("init").code == 0
    assert push(workshop).code == 0
    told = heard.read_text().split()
    assert told[0] == "origin" and told[1] == "refs/heads/main" and told[2] == head(workshop).strip()


def test_a_hook_that_is_no_shell_script_is_left_alone(workshop: Workshop) -> None:
    hook = workshop.root / ".git/hooks/pre-commit"
    hook.write_text("#!/usr/bin/env python3\nprint('mine')\n")
    before = hook.read_bytes()
    done = workshop.tdsec("init")
    assert done.code == 0 and "is not a shell script" in done.out
    assert hook.read_bytes() == before


def test_policy_change_checks_everything_again(workshop: Workshop) -> None:
    workshop.track("data/rows.csv", b"id\n1\n")
    assert commit(workshop).code == 0
    policy = workshop.root / "policies/policy.yaml"
    policy.write_text(policy.read_text().replace("{source: {}}", "{source: {min_trust: internal}}"))
    stopped = commit(workshop)
    assert stopped.code != 0 and "data/rows.csv" in stopped.out + stopped.err


def test_range_in_ci_finds_what_went_round_the_hooks(workshop: Workshop) -> None:
    base = head(workshop).strip()
    workshop.track("data/rows.csv", b"id\n1\n")
    assert workshop.commit("round", "--no-verify").code == 0
    assert workshop.tdsec("verify", "--range", f"{base}..HEAD").code == 11
    assert workshop.tdsec("check", "--all").code == 0
    assert workshop.commit("verdict", "--no-verify").code == 0
    assert workshop.tdsec("verify", "--range", f"{base}..HEAD").code == 0
    clone = workshop.clone()
    done = call([sys.executable, "-m", "tdsec_gov.cli.main", "verify", "--range", f"{base}..HEAD"], clone)
    assert done.code == 0, done.err


def test_forced_push_over_commits_that_were_never_fetched(workshop: Workshop) -> None:
    assert workshop.git("init", "-q", "--bare", "-b", "main", str(workshop.base / "origin.git")).code == 0
    assert workshop.git("remote", "add", "origin", str(workshop.base / "origin.git")).code == 0
    assert push(workshop).code == 0
    colleague = workshop.base / "colleague"
    assert workshop.git("clone", "-q", str(workshop.base / "origin.git"), str(colleague)).code == 0
    assert workshop.git("commit", "-q", "--allow-empty", "-m", "theirs", folder=colleague).code == 0
    assert workshop.git("push", "-q", "origin", "main", folder=colleague).code == 0
    workshop.track("data/rows.csv", b"id\n1\n")
    assert workshop.commit("unchecked", "--no-verify").code == 0
    assert "no verdict covers" in push(workshop, "--force", "main").err
    assert workshop.tdsec("check", "--all").code == 0
    assert workshop.commit("checked").code == 0
    forced = push(workshop, "--force", "main")
    assert forced.code == 0, forced.err


def test_no_verify_leaves_the_guard(hooked: Workshop) -> None:
    """Data that passed goes through with --no-verify; unchecked data, and data under other bytes, do not."""
    before = head(hooked)
    hooked.track("data/rows.csv", b"id\n1\n")
    refused = unverified(hooked)
    assert refused.code != 0 and head(hooked) == before
    assert "run: tdsec check data/rows.csv" in refused.out + refused.err
    assert hooked.tdsec("check", "data/rows.csv").code == 0
    assert unverified(hooked).code == 0
    approved = head(hooked)
    hooked.track("data/rows.csv", b"id\n2\n")
    assert unverified(hooked).code != 0 and head(hooked) == approved
    assert unverified(hooked, "--amend").code != 0 and head(hooked) == approved


def test_the_guard_looks_at_the_staged_policy(hooked: Workshop) -> None:
    hooked.track("data/rows.csv", b"id\n1\n")
    assert commit(hooked).code == 0
    policy = hooked.root / "policies/policy.yaml"
    policy.write_text(policy.read_text() + "# stricter\n" + "legal_basis_required: false\n", "utf-8")
    refused = unverified(hooked)
    assert refused.code != 0, "a policy that cannot be read"


def test_clean_bytes_in_the_work_tree_do_not_help(hooked: Workshop) -> None:
    """The pointer names what is in DVC's cache: that is gated, whatever lies in the work tree."""
    hooked.track("mail/people.csv", LEAK)
    hooked.write("mail/people.csv", b"mail\nnobody\n")
    stopped = commit(hooked)
    assert stopped.code != 0 and "FAILED  pii" in stopped.out + stopped.err
    assert unverified(hooked).code != 0


def test_a_merge_commit_is_gated_too(hooked: Workshop) -> None:
    """Neither branch touched the other's data; the merge brings an unchecked version to main."""
    assert hooked.git("checkout", "-q", "-b", "side").code == 0
    hooked.track("data/side.csv", b"id\n1\n")
    assert hooked.commit("unchecked", "--no-verify").code == 0
    assert hooked.git("checkout", "-q", "main").code == 0
    hooked.write("notes.txt", b"on main\n")
    assert commit(hooked).code == 0
    before = head(hooked)
    merged = hooked.git("merge", "-q", "--no-ff", "--no-verify", "-m", "merge", "side")
    assert merged.code != 0 and head(hooked) == before, merged.out + merged.err
    assert hooked.git("merge", "--abort").code == 0
    merged = hooked.git("merge", "-q", "--no-ff", "-m", "merge", "side")
    assert merged.code == 0, merged.out + merged.err
    named = hooked.git("ls-files", ".tdsec/verdicts").out
    assert "data/side.csv" in named, "pre-merge-commit ran the gate and staged the verdict"


def test_checkout_reminds(hooked: Workshop) -> None:
    assert hooked.git("checkout", "-q", "-b", "wild").code == 0
    hooked.track("data/rows.csv", b"id\n1\n")
    assert hooked.commit("unchecked", "--no-verify").code == 0
    quiet = hooked.git("checkout", "main")
    assert quiet.code == 0 and "not approved" not in quiet.out + quiet.err
    told = hooked.git("checkout", "wild")
    assert told.code == 0 and "1 of 1 datasets that changed are not approved here: data/rows.csv" in (
        told.out + told.err
    )


@pytest.mark.parametrize("what", ["missing", "unexecutable", "other python", "after dvc", "ignored", "SKIP"])
def test_doctor_finds_it(workshop: Workshop, what: str, monkeypatch: pytest.MonkeyPatch) -> None:
    hook = workshop.root / ".git/hooks/prepare-commit-msg"
    if what == "missing":
        hook.unlink()
    elif what == "unexecutable":
        hook.chmod(0o644)
    elif what == "other python":
        hook.write_text(hook.read_text().replace(sys.executable, "/gone/bin/python"))
    elif what == "after dvc":
        hook.write_text(hook.read_text().replace("#!/bin/sh\n", "#!/bin/sh\ndvc git-hook pre-push $@\n"))
    elif what == "ignored":
        workshop.write(".gitignore", b".tdsec/\n")
    else:
        monkeypatch.setenv("SKIP", "ruff,tdsec-guard")
    told = workshop.tdsec("doctor")
    expected = {
        "missing": "not installed",
        "unexecutable": "not executable",
        "other python": "not there any more",
        "after dvc": "after DVC's hook",
        "ignored": "git ignores",
        "SKIP": "skips tdsec-guard",
    }
    assert told.code != 0 and expected[what] in told.out + told.err, told.out + told.err
