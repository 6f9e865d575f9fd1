"""Our entry in .pre-commit-config.yaml: first, valid, whatever the file looks like."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from tdsec_gov.errors import ConfigurationError
from tdsec_gov.policy.yamlfile import parse_yaml
from tdsec_gov.setup import templates
from tdsec_gov.setup.hooks import _insert

OTHER = "- repo: https://example.org/x\n  rev: v1\n  hooks: [{id: dvc-pre-push}]\n"


def indented(text: str, by: str) -> str:
    return "".join(f"{by}{line}\n" for line in text.splitlines())


@pytest.mark.parametrize(
    "text",
    [
        f"repos:\n{OTHER}",
        f"repos:\n{indented(OTHER, '  ')}",
        f"repos:\n{indented(OTHER, '    ')}",
        f"# remark\nfail_fast: false\nrepos:  # all\n\n# first\n{OTHER}default_stages: [pre-commit]\n",
        "repos: []\n",
        "repos: [ ]  # none\n",
        "repos:\n",
        "repos:",
        f"minimum_pre_commit_version: 3.0.0\nrepos:\n{OTHER}",
    ],
)
def test_ours_comes_first(text: str) -> None:
    before = yaml.safe_load(text)
    after = yaml.safe_load(_insert(text, Path("x")))
    assert after["repos"][0]["hooks"][0]["id"] == "tdsec-check"
    assert after["repos"][1:] == (before["repos"] or [])
    assert "prepare-commit-msg" in after.pop("default_install_hook_types")
    assert {key: value for key, value in after.items() if key != "repos"} == {
        key: value for key, value in before.items() if key != "repos"
    }


def test_hook_types_that_somebody_chose_stay() -> None:
    after = yaml.safe_load(_insert(f"default_install_hook_types: [pre-push]\nrepos:\n{OTHER}", Path("x")))
    assert after["default_install_hook_types"] == ["pre-push"]


@pytest.mark.parametrize("text", ["", "hooks: []\n", "  repos:\n  - x\n"])
def test_no_list_of_repos(text: str) -> None:
    with pytest.raises(ConfigurationError, match="no 'repos:' list"):
        _insert(text, Path("x"))


def test_a_list_on_one_line_is_refused_not_broken() -> None:
    """Flow style with entries cannot be extended by lines: say so, and write nothing."""
    text = "repos: [{repo: local, hooks: []}]\n"
    with pytest.raises(ConfigurationError, match="an entry per line"):
        _insert(text, Path("x"))


def test_our_hook_stops_what_comes_after_it() -> None:
    (block,) = yaml.safe_load(templates.PRE_COMMIT_BLOCK)
    hook, guard, reminder = block["hooks"]
    for one in (hook, guard):
        assert one["fail_fast"] is True and one["require_serial"] is True and one["pass_filenames"] is False
    assert hook["stages"] == ["pre-commit", "pre-merge-commit", "pre-push", "manual"]
    assert (guard["stages"], reminder["stages"]) == (["prepare-commit-msg"], ["post-checkout"])


def test_templates_are_strict_yaml() -> None:
    member = templates.MEMBER.format(name="a", age="age1x", signing="ed25519:x", role="admin")
    for text in (templates.POLICY, templates.SOURCES, templates.ACCESS.format(vault="store", member=member)):
        assert parse_yaml(text.encode(), "x")["format"] == 1
