"""policies/ as one frozen value: rules, sources and people, read once, with a digest per dataset."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from tdsec_gov.domain.canonical import JsonValue, canonical_bytes, sha256_hex
from tdsec_gov.domain.tree import Tree
from tdsec_gov.errors import PolicyInvalid
from tdsec_gov.policy.access import Access
from tdsec_gov.policy.access_models import AccessFile
from tdsec_gov.policy.globs import most_specific
from tdsec_gov.policy.models import NO_WAIVERS, DatasetRule, PolicyFile, Waivers
from tdsec_gov.policy.org import OrgPolicy, extended, outside
from tdsec_gov.policy.source_models import Source, SourcesFile
from tdsec_gov.policy.tighten import tightened
from tdsec_gov.policy.yamlfile import model_in, read_model

POLICY = "policies/policy.yaml"


@dataclass(frozen=True, slots=True)
class DatasetPolicy:
    """What holds for one dataset: its rule, its source record, and the files that the rule names.

    ``waivers`` are the rules on waivers that hold for it; ``orgs`` SHA-256 of the org policies behind it.
    """

    dataset: str
    rule: DatasetRule
    source: Source | None
    legal_basis_required: bool
    schema_sha256: str | None
    waivers: Waivers = NO_WAIVERS
    orgs: tuple[str, ...] = ()

    @property
    def source_json(self) -> dict[str, JsonValue] | None:
        return None if self.source is None else self.source.model_dump(mode="json")

    @property
    def purpose(self) -> str:
        return (self.source.purpose or "") if self.source else ""

    @property
    def legal_basis(self) -> str:
        return self.source.legal_basis.article if self.source and self.source.legal_basis else ""

    def digest(self, check_versions: dict[str, str]) -> str:
        """SHA-256 over all that decides a verdict for this dataset besides its bytes."""
        body: dict[str, JsonValue] = {
            "rule": _rule_json(self.rule),
            "source": self.source_json,
            "legal_basis_required": self.legal_basis_required,
            "schema": self.schema_sha256,
            "checks": dict(check_versions),
        }
        if self.waivers != NO_WAIVERS:
            body["waivers"] = self.waivers.model_dump(mode="json")
        if self.orgs:
            body["orgs"] = list(self.orgs)
        return sha256_hex(canonical_bytes(body))


@dataclass(frozen=True, slots=True)
class Policies:
    """All of policies/, parsed."""

    tree: Tree
    policy: PolicyFile
    sources: SourcesFile
    access: Access
    orgs: tuple[OrgPolicy, ...] = ()
    _found: dict[str, DatasetPolicy] = field(default_factory=dict, compare=False, repr=False)

    def for_dataset(self, name: str) -> DatasetPolicy:
        """The most specific rule that matches ``name``, on top of those of the org policies.

        Raises:
            PolicyInvalid: no rule matches, two equally specific ones do, the rule is looser than an org
                policy (every place is named), or it names a source or schema that is not there.
        """
        if name not in self._found:
            self._found[name] = self._decided(name)
        return self._found[name]

    def _decided(self, name: str) -> DatasetPolicy:
        rule = most_specific(self.policy.datasets, name, POLICY)
        if rule is None:
            raise PolicyInvalid(
                f"no rule matches dataset '{name}'", where=POLICY, hint="add one under 'datasets:'"
            )
        if rule.waivers is None and "waivers" in self.policy.model_fields_set:
            rule = rule.model_copy(update={"waivers": self.policy.waivers})
        basis, said = self.policy.legal_basis_required, frozenset(rule.model_fields_set)
        for org in self.orgs:
            rule, basis = self._tightened(rule, basis, org, name, said)
        source = next((one for one in self.sources.sources if one.id == rule.source), None)
        waivers, orgs = rule.waivers or NO_WAIVERS, tuple(org.sha256 for org in self.orgs)
        rule = rule.model_copy(update={"waivers": None})
        return DatasetPolicy(name, rule, source, basis, self._schema(rule), waivers, orgs)

    def _tightened(
        self, rule: DatasetRule, basis: bool, org: OrgPolicy, name: str, said: frozenset[str]
    ) -> tuple[DatasetRule, bool]:
        """Raises PolicyInvalid, naming every place where this policy is looser than ``org``."""
        faults = []
        if org.file.legal_basis_required and not basis:
            faults.append("legal_basis_required: expected true")
        demanded = org.rule(name)
        if demanded is not None:
            rule, more = tightened(rule, demanded, org.file.waivers, said)
            faults += more
        if faults:
            raise PolicyInvalid(
                f"the rule for '{name}' is looser than the org policy in {len(faults)} "
                f"place{'s' if len(faults) > 1 else ''}: {'; '.join(faults)}",
                where=POLICY,
                hint=f"leave these keys out to inherit them from {org.where}, or make them stricter",
            )
        return rule, basis

    def _schema(self, rule: DatasetRule) -> str | None:
        name = (rule.checks.get("schema") or {}).get("schema")
        if name is None:
            return None
        path = schema_name(str(name))
        text = self.tree.read(path)
        if text is None:
            raise PolicyInvalid("schema is missing", where=path, hint="run: tdsec schema init")
        return sha256_hex(text)


def _rule_json(rule: DatasetRule) -> dict[str, JsonValue]:
    """The rule as the digest has it. What did not exist in earlier releases is left out where it is not
    used, so that their verdicts stay good."""
    body: dict[str, JsonValue] = rule.model_dump(mode="json", exclude={"waivers", "memory_limit"})
    signers = body["signers"]
    if isinstance(signers, dict):
        body["signers"] = {key: value for key, value in signers.items() if value or key not in ("all", "any")}
    return body


def schema_name(name: str) -> str:
    """Path of schema ``name`` from the repository's root.

    Raises:
        PolicyInvalid: the name leaves policies/schemas.
    """
    if name.startswith("/") or ".." in PurePosixPath(name).parts:
        raise PolicyInvalid("schema lies outside policies/schemas", where="policies/policy.yaml")
    return f"policies/schemas/{name}"


def access_in(data: bytes, where: str = "policies/access.yaml") -> Access:
    """Access as these bytes of access.yaml say it. Raises PolicyInvalid."""
    return Access.of(model_in(data, where, AccessFile), where)


def policies_from(tree: Tree, orgs: Sequence[OrgPolicy] | None = None) -> Policies:
    """Read policies/ of ``tree``. ``orgs``: org policies from outside it; None = as this machine has it.

    Raises:
        PolicyInvalid: a file is missing, broken, or has a source, member or role twice or undefined.
    """
    policy = read_model(tree, "policies/policy.yaml", PolicyFile)
    sources = read_model(tree, "policies/sources.yaml", SourcesFile)
    access = read_model(tree, "policies/access.yaml", AccessFile)
    ids = [source.id for source in sources.sources]
    for twice in sorted({one for one in ids if ids.count(one) > 1}):
        raise PolicyInvalid("source id stands twice", where="policies/sources.yaml", found=twice)
    if orgs is None:
        named = outside(_folder(tree))
        orgs = () if named is None else (named,)
    inside = (extended(tree, policy.extends),) if policy.extends is not None else ()
    everybody = Access.of(access, "policies/access.yaml")
    return Policies(tree, policy, sources, everybody, (*inside, *orgs))


def _folder(tree: Tree) -> Path | None:
    """The folder on disk that a tree stands for, if it has one: where git's configuration is asked."""
    root = getattr(tree, "root", None) or getattr(getattr(tree, "git", None), "root", None)
    return root if isinstance(root, Path) else None
