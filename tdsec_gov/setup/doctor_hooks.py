"""What can be wrong with the hooks: missing, out of order, not executable, of another Python, skipped."""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from tdsec_gov.files import naming_os_errors
from tdsec_gov.repo.repository import Repository
from tdsec_gov.repo.stages import STAGES
from tdsec_gov.setup.hooks import PRE_COMMIT_CONFIG, hook_path
from tdsec_gov.setup.symptom import Symptom
from tdsec_gov.setup.templates import PRE_COMMIT_BLOCK

_CALL = re.compile(r"^(?:.*\| )?(\S.*?) -P -m tdsec_gov\.cli\.hooks ", re.MULTILINE)
_WANTED = {hook["id"]: hook for hook in yaml.safe_load(PRE_COMMIT_BLOCK)[0]["hooks"]}


def hook_symptoms(repository: Repository) -> Iterator[Symptom]:
    """Every look at the hooks, plain ones and those of pre-commit."""
    config = repository.root / PRE_COMMIT_CONFIG
    for stage in STAGES:
        yield _installed(stage, hook_path(repository.git, stage), config.is_file())
    if config.is_file():
        yield from _configured(config)
    yield from _skipped()
    yield _evidence_travels(repository)


def _installed(stage: str, path: Path, through_pre_commit: bool) -> Symptom:
    name = f"{stage} hook"
    text = path.read_text(errors="replace") if path.is_file() else ""
    if "tdsec" not in text and not (through_pre_commit and "pre-commit" in text):
        return Symptom(name, False, "not installed", "tdsec init")
    if not os.access(path, os.X_OK):
        return Symptom(name, False, "not executable", f"chmod +x {shlex.quote(str(path))}")
    called = _CALL.search(text)
    python = shlex.split(called[1])[0] if called else ""
    if python and not os.access(python, os.X_OK):
        fix = f"delete the tdsec line in {path} and run: tdsec init"
        return Symptom(name, False, "calls a Python that is not there any more", fix)
    dvc = text.find("dvc git-hook")
    if called and 0 <= dvc < called.start():
        return Symptom(name, False, "stands after DVC's hook", f"move the tdsec line in {path} up")
    return Symptom(name, True, "installed")


def _configured(config: Path) -> Iterator[Symptom]:
    with naming_os_errors(config, "cannot be read"):
        text = config.read_text(encoding="utf-8")
    try:
        body = yaml.safe_load(text)
        hooks: list[dict[str, Any]] = [hook for repo in body["repos"] for hook in repo["hooks"]]
        ids = [str(hook["id"]) for hook in hooks]
    except (yaml.YAMLError, TypeError, KeyError):
        yield Symptom(
            "pre-commit", False, f"{PRE_COMMIT_CONFIG} cannot be read", "pre-commit validate-config"
        )
        return
    if "tdsec-check" not in ids:
        yield Symptom("pre-commit order", False, "tdsec-check is not configured", "tdsec init")
        return
    missing = [one for one in _WANTED if one not in ids]
    yield Symptom(
        "pre-commit hooks",
        not missing,
        f"missing: {', '.join(missing)}" if missing else "all configured",
        "add them beside tdsec-check, as docs/cli.md shows",
    )
    late = "dvc-pre-push" in ids and ids.index("dvc-pre-push") < ids.index("tdsec-check")
    place = "after dvc-pre-push" if late else "before DVC's hooks"
    yield Symptom("pre-commit order", not late, place, "move tdsec-check up")
    own = hooks[ids.index("tdsec-check")]
    fast = own.get("fail_fast", own.get("entry") is None) is True or body.get("fail_fast") is True
    text = "set" if fast else "missing: later hooks run after a refusal"
    yield Symptom("fail_fast", fast, text, "fail_fast: true")
    types = body.get("default_install_hook_types") or ["pre-commit"]
    left = [stage for stage in STAGES if stage not in types]
    yield Symptom(
        "hook types",
        not left,
        f"a colleague's `pre-commit install` leaves out {', '.join(left)}" if left else "all by default",
        f"default_install_hook_types: [{', '.join(STAGES)}]",
    )


def _skipped() -> Iterator[Symptom]:
    words = [word for word in os.environ.get("SKIP", "").split(",") if word.startswith("tdsec")]
    if words:
        yield Symptom("SKIP", False, f"the environment skips {', '.join(words)}", "unset SKIP")


def _evidence_travels(repository: Repository) -> Symptom:
    """Evidence that git ignores is not committed, and every clone would deny."""
    names = (".tdsec/verdicts/x/x.intoto.jsonl", ".tdsec/checkpoint", "policies/policy.yaml", "x.dvc")
    ignored = [name for name in names if repository.git.ignores(name)]
    text = f"git ignores {', '.join(ignored)}" if ignored else "git takes verdicts, policies and pointers"
    return Symptom("evidence", not ignored, text, "mend .gitignore (see: git check-ignore -v NAME)")
