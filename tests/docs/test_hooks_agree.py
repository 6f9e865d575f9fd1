"""Hook ids, entries and console scripts agree wherever they are written down."""

from __future__ import annotations

import ast
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml
from doc_blocks import DOCS, ROOT

from tdsec_gov.repo.stages import STAGES
from tdsec_gov.setup.templates import PRE_COMMIT_BLOCK, PRE_COMMIT_TYPES

PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
MANIFEST: list[dict[str, Any]] = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text("utf-8"))
TEMPLATE: list[dict[str, Any]] = yaml.safe_load(PRE_COMMIT_BLOCK)
OWN = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text("utf-8"))["repos"]
IDS = ["tdsec-check", "tdsec-guard", "tdsec-reminder"]
SHARED = (
    "id",
    "entry",
    "files",
    "always_run",
    "pass_filenames",
    "require_serial",
    "fail_fast",
    "stages",
    "verbose",
)


def local(repos: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    return {hook["id"]: hook for repo in repos for hook in repo["hooks"]}


def test_manifest_template_and_our_own_configuration_agree() -> None:
    written, own = local(TEMPLATE), local(OWN)
    assert [hook["id"] for hook in MANIFEST] == list(written) == IDS
    for hook in MANIFEST:
        for key in SHARED:
            assert hook.get(key) == written[hook["id"]].get(key) == own[hook["id"]].get(key), key


def test_the_gate_stands_first_and_stops_what_follows() -> None:
    """Else pre-commit lets dvc-pre-push upload what the gate refused."""
    assert next(iter(local(OWN))) == "tdsec-check"
    for hook in MANIFEST:
        assert hook["require_serial"] is True
        assert hook.get("fail_fast", False) is (hook["id"] != "tdsec-reminder")
    types = yaml.safe_load(PRE_COMMIT_TYPES)["default_install_hook_types"]
    staged = {stage for hook in MANIFEST for stage in hook["stages"]} - {"manual"}
    assert tuple(types) == STAGES and staged == set(STAGES)


def test_entries_are_console_scripts() -> None:
    scripts = PROJECT["scripts"]
    assert {hook["entry"].split()[0] for hook in (*MANIFEST, *local(TEMPLATE).values())} <= set(scripts)
    called = {path.name: path.read_text("utf-8") for path in (ROOT / "hooks").iterdir()}
    assert set(called) == {*STAGES, "pre-receive"}
    for name, text in called.items():
        command = re.findall(r"^exec (\S+)(.*)$", text, re.MULTILINE)
        assert len(command) == 1 and command[0][0] in scripts, name
        assert name == "pre-receive" or f"--stage {name}" in command[0][1]


def test_hooks_can_be_run() -> None:
    assert all(path.stat().st_mode & 0o111 for path in (ROOT / "hooks").iterdir())


def test_pages_name_the_hooks() -> None:
    text = (DOCS / "cli.md").read_text("utf-8")
    assert all(f"hook id `{hook['id']}`" in text for hook in MANIFEST)
    assert all(f"`{name}" in text for name in PROJECT["scripts"])
    named = set(
        re.findall(r"`(tdsec-[a-z]+)[ `]", "".join(path.read_text("utf-8") for path in DOCS.iterdir()))
    )
    assert named <= {*PROJECT["scripts"], *IDS}


TARGETS = [*PROJECT["scripts"].values(), *(
    target for group in PROJECT.get("entry-points", {}).values() for target in group.values()
)]  # fmt: skip


@pytest.mark.parametrize("target", sorted(set(TARGETS)))
def test_scripts_and_entry_points_lead_to_something(target: str) -> None:
    """Read, not imported: some of these modules need MLflow or DVC."""
    module, _, name = target.partition(":")
    path = ROOT / Path(*module.split(".")).with_suffix(".py")
    defined = {getattr(node, "name", "") for node in ast.parse(path.read_text("utf-8")).body}
    assert name in defined
