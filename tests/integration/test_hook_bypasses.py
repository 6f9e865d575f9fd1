"""The measured ways round a hook (facts/checks.md, section 4), each with real git, DVC and pre-commit."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest
import yaml
from workshops import Answer, Workshop

from tdsec_gov.repo.stages import STAGES

LEAK = b"mail\n" + b"".join(b"p%d@example.com\n" % n for n in range(50))
DVC_HOOK = """\
- repo: local
  hooks:
    - id: dvc-pre-push
      name: DVC pre-push
      entry: dvc git-hook pre-push
      language: system
      require_serial: true
      verbose: true
      always_run: true
      stages: [pre-push]
"""


@pytest.fixture
def shop(workshop: Workshop, monkeypatch: pytest.MonkeyPatch) -> Workshop:
    """Hooks through pre-commit, DVC's own pre-push hook among them; the DVC remote is a plain folder."""
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    for stage in STAGES:
        (workshop.root / ".git/hooks" / stage).unlink()
    workshop.write(".pre-commit-config.yaml", f"repos:\n{DVC_HOOK}".encode())
    assert workshop.git("add", ".pre-commit-config.yaml").code == 0
    assert workshop.tdsec("init").code == 0
    assert workshop.commit("hooks", "--no-verify").code == 0
    assert workshop.git("init", "-q", "--bare", "-b", "main", str(workshop.base / "origin.git")).code == 0
    assert workshop.git("remote", "add", "origin", str(workshop.base / "origin.git")).code == 0
    assert push(workshop).code == 0
    return workshop


def push(shop: Workshop) -> Answer:
    return shop.git("push", "-q", "origin", "main")


def bad_commit_anyway(shop: Workshop) -> None:
    shop.track("mail/people.csv", LEAK)
    assert shop.tdsec("check", "--all").code == 1
    assert shop.commit("round every hook", "--no-verify").code == 0


def reordered(shop: Workshop, **changes: object) -> None:
    """The configuration with DVC's hook first, or with our hook's settings changed."""
    place = shop.root / ".pre-commit-config.yaml"
    body = yaml.safe_load(place.read_text("utf-8"))
    if changes.pop("dvc_first", False):
        body["repos"].reverse()
    for repo in body["repos"]:
        for hook in repo["hooks"]:
            if hook["id"] == "tdsec-check":
                hook.update(changes)
    place.write_text(yaml.safe_dump(body, sort_keys=False), "utf-8")
    assert shop.commit("reordered", "--no-verify").code == 0


def test_dvc_does_not_upload_what_our_hook_refused(shop: Workshop) -> None:
    bad_commit_anyway(shop)
    before = shop.stored()
    refused = push(shop)
    assert refused.code != 0 and "DVC pre-push" not in refused.out + refused.err
    assert shop.stored() == before


@pytest.mark.parametrize("changes", [{"dvc_first": True}, {"fail_fast": False}])
def test_in_the_wrong_order_the_vault_still_refuses_and_doctor_says_so(
    shop: Workshop, changes: dict[str, object]
) -> None:
    """DVC's hook runs then, and on a plain remote it would upload; the vault takes nothing."""
    reordered(shop, **changes)
    bad_commit_anyway(shop)
    before = shop.stored()
    refused = push(shop)
    assert refused.code != 0 and "DVC pre-push" in refused.out + refused.err
    assert shop.stored() == before
    told = shop.tdsec("doctor")
    assert told.code != 0 and ("after dvc-pre-push" in told.out or "missing: later hooks run" in told.out)


def test_a_plain_dvc_push_asks_for_the_verdict(shop: Workshop) -> None:
    shop.track("mail/people.csv", LEAK)
    before = shop.stored()
    sent = shop.dvc("push")
    assert sent.code != 0 and "tdsec refused" in sent.err and shop.stored() == before


def test_skip_of_the_gate_leaves_the_guard(shop: Workshop, monkeypatch: pytest.MonkeyPatch) -> None:
    shop.track("mail/people.csv", LEAK)
    shop.git("add", "-A")
    head = shop.git("rev-parse", "HEAD").out
    monkeypatch.setenv("SKIP", "tdsec-check")
    refused = shop.git("-c", "gc.auto=0", "commit", "-q", "-m", "skipped")
    assert refused.code != 0 and "no commit without a verdict" in refused.out + refused.err
    monkeypatch.setenv("SKIP", "tdsec-check,tdsec-guard")
    assert shop.git("-c", "gc.auto=0", "commit", "-q", "-m", "skipped both").code == 0
    assert shop.git("rev-parse", "HEAD").out != head
    monkeypatch.delenv("SKIP")
    assert push(shop).code != 0, "the next ring"


def test_evil_in_the_cache_under_clean_files(shop: Workshop) -> None:
    """DVC pushes what lies in its cache; a gate that read the work tree would pass this."""
    shop.track("mail/people.csv", LEAK)
    shop.write("mail/people.csv", b"mail\nnobody\n")
    shop.git("add", "-A")
    stopped = shop.git("-c", "gc.auto=0", "commit", "-q", "-m", "toctou")
    assert stopped.code != 0 and "FAILED  pii" in stopped.out + stopped.err
