"""Org policies: inherited where a repository says nothing, and only ever tightened where it does."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import JsonValue

import tdsec_gov
from tdsec_gov.checks.registry import CHECKS
from tdsec_gov.errors import PolicyInvalid
from tdsec_gov.policy.directions import DIRECTIONS, loosened
from tdsec_gov.policy.load import Policies, policies_from
from tdsec_gov.policy.models import Signers
from tdsec_gov.policy.org import OrgPolicy, outside

ORG = """\
format: 1
legal_basis_required: true
waivers: {checks: [pii], roles: [steward], max_days: 30, threshold: 1}
datasets:
  - match: "**"
    checks: {source: {min_trust: partner}, pii: {mode: block}, files: {allow: [pickle]}}
    verdict_days: 30
    signers: {roles: [steward, ci], threshold: 2}
    privacy: {epsilon: 3, delta: 1e-5}
  - match: "public/**"
    checks: {source: {}}
    may_exempt: true
"""
HEAD = "format: 1\nextends: policies/org.yaml\ndatasets:\n"


class Memory:
    """policies/ in memory."""

    def __init__(self, policy: str, org: str | None = ORG) -> None:
        files = {"policy": policy, "sources": "format: 1\nsources: []\n", "access": "format: 1\n"}
        self.files = {f"policies/{name}.yaml": text.encode() for name, text in files.items()}
        if org is not None:
            self.files["policies/org.yaml"] = org.encode()

    def read(self, name: str) -> bytes | None:
        return self.files.get(name)

    def names(self, folder: str) -> Iterator[str]:
        return iter(sorted(name for name in self.files if name.startswith(f"{folder}/")))


@pytest.fixture(autouse=True)
def no_org_on_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TDSEC_ORG_POLICY", raising=False)


def read(rule: str, org: str | None = ORG, orgs: tuple[OrgPolicy, ...] = ()) -> Policies:
    return policies_from(Memory(f'{HEAD}  - match: "**"\n{rule}', org), orgs)


def faults(rule: str) -> str:
    with pytest.raises(PolicyInvalid) as raised:
        read(rule).for_dataset("data/x.csv")
    return raised.value.message


def test_what_a_repository_does_not_say_it_inherits() -> None:
    found = read("    checks: {}\n").for_dataset("data/x.csv")
    assert list(found.rule.checks) == ["source", "pii", "files"]
    assert found.rule.checks["pii"] == {"mode": "block"}
    assert found.rule.verdict_days == 30
    assert found.rule.signers == Signers(roles=("steward", "ci"), threshold=2)
    assert found.rule.privacy is not None and found.rule.privacy.epsilon == 3
    assert found.waivers.roles == ("steward",)


def test_stricter_settings_and_further_checks_are_taken() -> None:
    rule = """\
    checks: {source: {min_trust: internal}, files: {allow: []}, schema: {schema: x.yaml}}
    verdict_days: 7
    signers: {all: [{roles: [steward]}, {roles: [ci], threshold: 2}]}
    privacy: {epsilon: 1, delta: 1e-6}
    waivers: {checks: [pii], roles: [steward], max_days: 5}
"""
    tree = Memory(f'{HEAD}  - match: "**"\n{rule}')
    tree.files["policies/schemas/x.yaml"] = b"{}"
    found = policies_from(tree, ()).for_dataset("data/x.csv")
    assert found.rule.checks["source"] == {"min_trust": "internal"}
    assert found.rule.checks["files"] == {"allow": []}
    assert "schema" in found.rule.checks and found.rule.verdict_days == 7


def test_every_loosening_is_named_at_once() -> None:
    message = faults("""\
    checks: {source: {min_trust: raw}, pii: {mode: warn, made_up: 1}, files: {allow: [pickle, torch]}}
    exempt: because we would rather not
    verdict_days: 31
    signers: {roles: [steward, ci]}
    privacy: {epsilon: 4, delta: 1e-4}
    waivers: {checks: [pii, files], errors: [pii], max_days: 90, not_by_committer: false}
""")
    wanted = (
        "checks.source.min_trust: expected as strict as partner",
        "checks.pii.mode",
        "checks.pii.made_up: expected exactly",
        "checks.files.allow: expected nothing beyond",
        "exempt:",
        "verdict_days: expected at most 30",
        "signers: weaker",
        "privacy.epsilon",
        "privacy.delta",
        "waivers.checks: the org policy lets nobody waive files",
        "waivers.errors: the org policy lets nobody waive pii",
        "waivers.roles",
        "waivers.max_days",
        "waivers.not_by_committer",
    )
    assert [one for one in wanted if one not in message] == []
    assert "looser than the org policy in 14 places" in message


@pytest.mark.parametrize(
    ("rule", "named"),
    [
        ("    privacy: null\n", "privacy"),
        ("    signers: {any: [{roles: [steward], threshold: 2}, {roles: [ci]}]}\n", "signers"),
        ("    signers: {roles: [admin], threshold: 2}\n", "signers"),
        ("    waivers: {checks: [pii], roles: [steward], max_days: 30, threshold: 1}\n", None),
    ],
)
def test_single_loosenings(rule: str, named: str | None) -> None:
    if named is None:
        read(rule).for_dataset("x")
    else:
        assert named in faults(rule)


def test_legal_basis_is_no_repositorys_choice() -> None:
    tree = Memory(
        "format: 1\nextends: policies/org.yaml\nlegal_basis_required: false\ndatasets: [{match: '**'}]\n"
    )
    with pytest.raises(PolicyInvalid, match="legal_basis_required: expected true"):
        policies_from(tree, ()).for_dataset("x")


def test_exempt_only_where_the_org_lets_one() -> None:
    policy = read("    checks: {}\n    exempt: it is on our web site\n")
    assert policy.for_dataset("public/x.csv").rule.checks == {}
    with pytest.raises(PolicyInvalid, match="exempt"):
        policy.for_dataset("data/x.csv")


def test_the_bytes_of_the_org_policy_decide_the_digest() -> None:
    one, other = read("    checks: {}\n"), read("    checks: {}\n", ORG + "# other bytes\n")
    without = policies_from(Memory('format: 1\ndatasets: [{match: "**"}]\n', None), ())
    digests = {policies.for_dataset("public/x").digest({}) for policies in (one, other, without)}
    assert len(digests) == 3


def test_a_policy_from_outside_only_adds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plain = Memory('format: 1\ndatasets: [{match: "**", checks: {source: {}}}]\n', None)
    assert list(policies_from(plain).for_dataset("x").rule.checks) == ["source"]
    place = tmp_path / "org.yaml"
    place.write_text(ORG)
    monkeypatch.setenv("TDSEC_ORG_POLICY", str(place))
    assert list(policies_from(plain).for_dataset("x").rule.checks) == ["source", "pii", "files"]
    loose = Memory('format: 1\ndatasets: [{match: "**", verdict_days: 31}]\n', None)
    with pytest.raises(PolicyInvalid, match="verdict_days"):
        policies_from(loose).for_dataset("x")
    monkeypatch.setenv("TDSEC_ORG_POLICY", str(tmp_path / "gone.yaml"))
    with pytest.raises(PolicyInvalid, match="cannot be read"):
        policies_from(plain)
    place.write_text("format: 1\nleniency: true\n")
    with pytest.raises(PolicyInvalid):
        outside(None) or OrgPolicy.parse(place.read_bytes(), "org.yaml")


def test_of_two_org_policies_the_stricter_holds() -> None:
    more = "format: 1\ndatasets:\n  - {match: '**', checks: {malware: {}}, verdict_days: 3}\n"
    extra = OrgPolicy.parse(more.encode(), "/etc/org.yaml")
    found = read("    checks: {}\n", orgs=(extra,)).for_dataset("x")
    assert found.rule.verdict_days == 3 and set(found.rule.checks) == {"source", "pii", "files", "malware"}
    assert found.rule.signers.threshold == 2 and len(found.orgs) == 2


@pytest.mark.parametrize(
    "name", ["../org.yaml", "/etc/org.yaml", "policies", "org.yaml", "policies/gone.yaml"]
)
def test_extends_stays_in_policies(name: str) -> None:
    with pytest.raises(PolicyInvalid):
        policies_from(Memory(f"format: 1\nextends: {name}\ndatasets: []\n"), ())


def test_equal_globs_in_an_org_policy_are_refused() -> None:
    twice = "format: 1\ndatasets: [{match: 'a*'}, {match: '*a'}]\n"
    with pytest.raises(PolicyInvalid, match="equally well"):
        read("    checks: {}\n", twice).for_dataset("aa")


@pytest.mark.parametrize("signers", ["{roles: [a], all: [{roles: [b]}]}", "{all: []}", "{any: [], all: []}"])
def test_signers_in_two_forms_or_none_are_refused(signers: str) -> None:
    with pytest.raises(PolicyInvalid):
        read(f"    signers: {signers}\n")


@pytest.mark.parametrize("check", sorted(DIRECTIONS))
def test_a_setting_left_at_the_orgs_value_is_never_looser(check: str) -> None:
    for name, way in DIRECTIONS[check].items():
        assert loosened(check, {name: way.default}, {}) == []
        assert loosened(check, {name: way.default}, {name: way.default}) == []
        assert loosened(check, {name: {"odd": 1}}, {}) != [] or way.words == "exactly"


@pytest.mark.parametrize("check", sorted(DIRECTIONS))
def test_every_declared_setting_is_one_that_the_check_reads(check: str) -> None:
    module = CHECKS[check].partition(":")[0].rpartition(".")
    place = Path(tdsec_gov.__file__).parent.joinpath(*module[0].split(".")[1:])
    files = [place / f"{module[2]}.py"] if module[0].endswith(".checks") else place.rglob("*.py")
    text = "".join(file.read_text() for file in files)
    assert [one for one in DIRECTIONS[check] if f'"{one}"' not in text and f"{one}:" not in text] == []


def test_numbers_and_words_compare_the_right_way() -> None:
    assert loosened("schema", {"max_failure_share": 0.1}, {"max_failure_share": 0.05})
    assert not loosened("schema", {"max_failure_share": 0.01}, {"max_failure_share": 0.05})
    assert loosened("schema", {"min_rows": 5}, {"min_rows": 10})
    assert loosened("schema", {"max_row_change": None}, {"max_row_change": 2})
    assert loosened("schema", {"max_row_change": float("nan")}, {"max_row_change": 2})
    assert loosened("schema", {"min_rows": True}, {"min_rows": 0})
    assert loosened("pii", {"mode": "off"}, {"mode": "warn"})
    assert loosened("schema", {"schema": "mine.yaml"}, {"schema": "ours.yaml"})


def test_what_the_org_lets_one_ignore_may_only_shrink() -> None:
    """The org's ``*`` covers every kind; the words of the reason are the repository's own."""
    org: dict[str, JsonValue] = {
        "ignore": [
            {"column": "note", "kind": "*", "reason": "free text"},
            {"column": "to", "kind": "email", "reason": "our own lists"},
        ]
    }

    def looser(*items: JsonValue) -> bool:
        return bool(loosened("pii", {"ignore": list(items)}, org))

    assert not looser()
    assert not looser({"reason": "we read it", "kind": "phone", "column": "note"})
    assert not looser({"column": "to", "kind": "email", "reason": "other words"})
    assert looser({"column": "to", "kind": "*", "reason": "our own lists"})
    assert looser({"column": "from", "kind": "email", "reason": "our own lists"})
    assert looser({"column": "to", "kind": "email"})
    assert looser("note")
    assert loosened("pii", {"ignore": [{"column": "to", "kind": "email", "reason": "x"}]}, {})


@pytest.mark.parametrize(
    ("org", "mine", "looser"),
    [
        ({}, {"clamd": ["tcp:127.0.0.1:9999"]}, True),
        ({"clamd": ["unix:/run/av.sock"]}, {"clamd": ["tcp:127.0.0.1:9999"]}, True),
        ({"clamd": ["unix:/run/av.sock"]}, {"clamd": ["tcp:127.0.0.1:9999", "unix:/run/av.sock"]}, True),
        ({"clamd": ["unix:/run/av.sock"]}, {"clamd": ["unix:/run/av.sock"]}, False),
        ({"clamd": ["unix:/run/av.sock"]}, {}, False),
    ],
)
def test_where_clamd_is_the_org_decides(
    org: dict[str, JsonValue], mine: dict[str, JsonValue], looser: bool
) -> None:
    """A repository that names its own clamd could name one that calls everything clean."""
    assert bool(loosened("malware", mine, org)) is looser


def test_limits_that_the_org_sets_are_the_most() -> None:
    org = "format: 1\ndatasets: [{match: '**', checks: {files: {}}, time_limit: 60, memory_limit: 2048}]\n"
    with pytest.raises(PolicyInvalid) as raised:
        read("    time_limit: 61\n    memory_limit: 4096\n", org).for_dataset("x")
    assert "time_limit: expected at most 60" in raised.value.message
    assert "memory_limit: expected at most 2048" in raised.value.message
    assert read("    time_limit: 9\n", org).for_dataset("x").rule.memory_limit == 2048
    silent = "format: 1\ndatasets: [{match: '**', checks: {files: {}}}]\n"
    assert read("    time_limit: 900\n", silent).for_dataset("x").rule.time_limit == 900
