"""policies/ as one frozen value: rules, sources and people, read once, with a digest per dataset."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePosixPath

from tdsec_gov.domain.canonical import JsonValue, canonical_bytes, sha256_hex
from tdsec_gov.domain.tree import Tree
from tdsec_gov.errors import PolicyInvalid
from tdsec_gov.policy.access import Access
from tdsec_gov.policy.access_models import AccessFile
from tdsec_gov.policy.globs import matches, specificity
from tdsec_gov.policy.models import DatasetRule, PolicyFile
from tdsec_gov.policy.source_models import Source, SourcesFile
from tdsec_gov.policy.yamlfile import model_in, read_model


@dataclass(frozen=True, slots=True)
class DatasetPolicy:
    """What holds for one dataset: its rule, its source record, and the files that the rule names."""

    dataset: str
    rule: DatasetRule
    source: Source | None
    legal_basis_required: bool
    schema_sha256: str | None

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
            "rule": self.rule.model_dump(mode="json"),
            "source": self.source_json,
            "legal_basis_required": self.legal_basis_required,
            "schema": self.schema_sha256,
            "checks": dict(check_versions),
        }
        return sha256_hex(canonical_bytes(body))


@dataclass(frozen=True, slots=True)
class Policies:
    """All of policies/, parsed."""

    tree: Tree
    policy: PolicyFile
    sources: SourcesFile
    access: Access

    def for_dataset(self, name: str) -> DatasetPolicy:
        """The most specific rule that matches ``name``.

        Raises:
            PolicyInvalid: no rule matches, two equally specific ones do, or the rule names a source
                or schema that is not there.
        """
        where = "policies/policy.yaml"
        fitting = [rule for rule in self.policy.datasets if matches(rule.match, name)]
        if not fitting:
            raise PolicyInvalid(
                f"no rule matches dataset '{name}'", where=where, hint="add one under 'datasets:'"
            )
        fitting.sort(key=lambda rule: specificity(rule.match), reverse=True)
        rule = fitting[0]
        if len(fitting) > 1 and specificity(fitting[1].match) == specificity(rule.match):
            raise PolicyInvalid(
                f"two rules match dataset '{name}' equally well", where=where, found=rule.match
            )
        source = next((one for one in self.sources.sources if one.id == rule.source), None)
        return DatasetPolicy(name, rule, source, self.policy.legal_basis_required, self._schema(rule))

    def _schema(self, rule: DatasetRule) -> str | None:
        name = (rule.checks.get("schema") or {}).get("schema")
        if name is None:
            return None
        path = schema_name(str(name))
        text = self.tree.read(path)
        if text is None:
            raise PolicyInvalid("schema is missing", where=path, hint="run: tdsec schema init")
        return sha256_hex(text)


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


def policies_from(tree: Tree) -> Policies:
    """Read policies/ of ``tree``.

    Raises:
        PolicyInvalid: a file is missing, broken, or has a source, member or role twice or undefined.
    """
    policy = read_model(tree, "policies/policy.yaml", PolicyFile)
    sources = read_model(tree, "policies/sources.yaml", SourcesFile)
    access = read_model(tree, "policies/access.yaml", AccessFile)
    ids = [source.id for source in sources.sources]
    for twice in sorted({one for one in ids if ids.count(one) > 1}):
        raise PolicyInvalid("source id stands twice", where="policies/sources.yaml", found=twice)
    return Policies(tree, policy, sources, Access.of(access, "policies/access.yaml"))
