"""What ``tdsec init`` writes and docs/policy.md shows is accepted by the code that reads it."""

from __future__ import annotations

import datetime as dt
import re
from pathlib import Path

import pytest
import yaml
from doc_blocks import DOCS

from tdsec_gov.checks.contract import CheckInput
from tdsec_gov.checks.registry import CHECKS, load_check
from tdsec_gov.checks.schema.declared import parse_schema
from tdsec_gov.errors import PolicyInvalid
from tdsec_gov.files import WorkTree
from tdsec_gov.keys.identity import Identity
from tdsec_gov.policy.load import policies_from
from tdsec_gov.setup import templates
from tdsec_gov.setup.init import member_entry

_EXAMPLE = re.compile(r"^```yaml ([\w.]+)\n(.*?)^```", re.MULTILINE | re.DOTALL)
EXAMPLES = _EXAMPLE.findall((DOCS / "policy.md").read_text("utf-8"))
SUGGESTION = re.compile(r"^( +)# (\w+: \{[^}]*\}).*$", re.MULTILINE)
NOW = dt.datetime(2026, 11, 1, tzinfo=dt.UTC)


def write(root: Path, policy: str, sources: str, access: str) -> WorkTree:
    folder = root / "policies"
    folder.mkdir()
    for name, text in (("policy", policy), ("sources", sources), ("access", access)):
        (folder / f"{name}.yaml").write_text(text, "utf-8")
    return WorkTree(root)


def new_access() -> str:
    entry = member_entry(Identity.generate("alice"), "admin")
    return templates.ACCESS.format(vault="store", member=entry)


def accepted_settings(check: str, params: object) -> None:
    """Let the check read its settings over a dataset without files. Raises PolicyInvalid."""
    assert isinstance(params, dict)
    given = CheckInput("d", (), None, None, params, None, Path("policies"), NOW)
    assert load_check(check).run(given).status.denies


def test_templates_of_init_are_accepted(tmp_path: Path) -> None:
    policies = policies_from(write(tmp_path, templates.POLICY, templates.SOURCES, new_access()))
    rule = policies.for_dataset("any/data.csv").rule
    assert set(rule.checks) == {"source", "files", "pii"} and policies.policy.legal_basis_required
    assert [one.name for one in policies.access.readers("store")] == ["alice"]


def test_what_the_template_suggests_in_comments_is_accepted(tmp_path: Path) -> None:
    whole, _, example = templates.POLICY.partition("  # A table to train on, with everything:\n")
    example, more, others = example.partition("  #\n  # Images or sound")
    full, count = SUGGESTION.subn(r"\1\2", whole)
    assert count == 2 and more
    access = new_access().replace("roles:\n", "roles:\n  steward: {write_all: true}\n", 1)
    tree = write(tmp_path, full, templates.SOURCES, access)
    (tmp_path / "policies" / "schemas").mkdir()
    (tmp_path / "policies" / "schemas" / "train.yaml").write_text("format: 1\ncolumns: {a: {}}\n")
    rule = policies_from(tree).for_dataset("a.csv").rule
    assert rule.privacy is not None and rule.signers.roles == ("steward",)
    uncommented = "".join(f"  {line[4:]}\n" for line in example.splitlines())
    (tmp_path / "policies" / "policy.yaml").write_text(full + uncommented, "utf-8")
    rule = policies_from(tree).for_dataset("data/train.csv").rule
    assert set(rule.checks) == set(CHECKS) - {"media", "malware"}
    for line in re.findall(r"# ( *(?:checks|malware|waivers): \{.*\})", others):
        kind, value = next(iter(yaml.safe_load(line).items()))
        for name, params in (value if kind == "checks" else {kind: value}).items():
            if name != "waivers":
                accepted_settings(name, params)
    waived = re.search(r"^# (waivers: .*)$", others, re.MULTILINE)
    assert waived is not None and "media: {}" in others and "malware: {}" in others
    allowed = full.replace("datasets:", f"{waived[1]}\ndatasets:", 1)
    (tmp_path / "policies" / "policy.yaml").write_text(allowed, "utf-8")
    assert policies_from(tree).policy.waivers.checks == ("pii", "schema")
    for name, params in rule.checks.items():
        accepted_settings(name, params or {})


def test_examples_of_policy_files_are_accepted_together(tmp_path: Path) -> None:
    files = {kind: text for kind, text in EXAMPLES if kind.endswith(".yaml")}
    assert set(files) == {"policy.yaml", "sources.yaml", "access.yaml"}
    policy = files["policy.yaml"]
    tree = write(tmp_path, policy, files["sources.yaml"], files["access.yaml"])
    (tmp_path / "policies" / "schemas").mkdir()
    (tmp_path / "policies" / "schemas" / "train.yaml").write_text("format: 1\n")
    policies = policies_from(tree)
    chosen = policies.for_dataset("data/train.csv")
    assert chosen.source is not None and chosen.rule.privacy is not None
    assert policies.for_dataset("models/a/b.bin").rule.exempt
    assert [one.name for one in policies.access.readers("store")] == ["alice", "ci"]


def test_examples_of_checks_are_accepted() -> None:
    shown = [yaml.safe_load(text) for kind, text in EXAMPLES if kind == "checks"]
    assert {name for one in shown for name in one} == set(CHECKS)
    for one in shown:
        for name, params in one.items():
            accepted_settings(name, params)


@pytest.mark.parametrize("check", CHECKS)
def test_settings_that_no_page_names_are_refused(check: str) -> None:
    with pytest.raises(PolicyInvalid):
        accepted_settings(check, {"not_a_setting": 1})


def test_the_example_of_a_schema_is_accepted() -> None:
    shown = [text for kind, text in EXAMPLES if kind == "schema"]
    assert len(shown) == 1
    schema = parse_schema(shown[0].encode(), "example")
    assert list(schema.schema.columns) == ["age", "country", "noted"]
