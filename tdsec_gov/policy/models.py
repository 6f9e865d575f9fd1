"""What may stand in policies/policy.yaml."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from tdsec_gov.policy.strict import Days, Name, Settings, Strict


class Signatures(Strict):
    """So many different members in one of ``roles`` (empty = any writer)."""

    roles: tuple[Name, ...] = Field(default=(), strict=False)
    threshold: Annotated[int, Field(ge=1, le=9)] = 1


class Signers(Signatures):
    """Whose signatures make a verdict count: ``threshold`` members in one of ``roles`` (empty = any writer).

    Instead of these two, ``all`` lists several such demands that must all be met, and ``any`` several of
    which one is enough. Nobody's signature is counted twice.
    """

    all: tuple[Signatures, ...] = Field(default=(), strict=False, max_length=5)
    any: tuple[Signatures, ...] = Field(default=(), strict=False, max_length=5)

    @model_validator(mode="after")
    def _one_form(self) -> Self:
        plain = bool({"roles", "threshold"} & self.model_fields_set)
        if plain + bool(self.all) + bool(self.any) > 1:
            raise ValueError("give roles and threshold, or 'all', or 'any'")
        if {"all", "any"} & self.model_fields_set and not (self.all or self.any):
            raise ValueError("an empty list would demand nothing")
        return self

    @property
    def alternatives(self) -> tuple[tuple[Signatures, ...], ...]:
        """One of these must be met as a whole."""
        if self.any:
            return tuple((one,) for one in self.any)
        return (self.all or (Signatures(roles=self.roles, threshold=self.threshold),),)


class Waivers(Strict):
    """Which checks may be waived, and by whom. What is not named in ``checks`` cannot be waived.

    ``errors``: checks whose ERROR (crashed, timed out, could not run) may be waived, too. ``roles``: who may
    (empty = any writer); ``threshold``: how many of them must. ``not_by_committer``: not by the author of
    the change nor by who signs the verdict; left out, that holds for the checks malware and files.
    """

    checks: tuple[Name, ...] = Field(default=(), strict=False)
    errors: tuple[Name, ...] = Field(default=(), strict=False)
    roles: tuple[Name, ...] = Field(default=(), strict=False)
    threshold: Annotated[int, Field(ge=1, le=9)] = 1
    max_days: Annotated[int, Field(ge=1, le=366)] = 90
    not_by_committer: bool | None = None

    def independent(self, check: str) -> bool:
        """Whether the committer may not waive ``check``."""
        return check in ALWAYS_INDEPENDENT if self.not_by_committer is None else self.not_by_committer


NO_WAIVERS = Waivers()
"""What holds where a policy says nothing: nothing can be waived."""
ALWAYS_INDEPENDENT = ("malware", "files")
"""Checks that the committer may not waive unless the policy says so outright."""


class Budget(Strict):
    """Privacy that all training runs together may spend on one dataset version."""

    epsilon: Annotated[float, Field(gt=0, le=1000, strict=False)]
    delta: Annotated[float, Field(gt=0, lt=1)]


class DatasetRule(Strict):
    """What one dataset (by glob on its path) must pass."""

    match: Annotated[str, Field(min_length=1)]
    source: Name | None = None
    checks: dict[Name, Settings | None] = Field(default_factory=dict)
    exempt: Annotated[str, Field(min_length=10)] | None = None
    time_limit: Annotated[int, Field(ge=1, le=86400)] = 300
    memory_limit: Annotated[int, Field(ge=256, le=1 << 20)] = 4096
    """MiB of memory of its own that each process of a check may have; a check that wants more is ERROR."""
    verdict_days: Days = 365
    signers: Signers = Signers()
    waivers: Waivers | None = None
    privacy: Budget | None = None


class PolicyFile(Strict):
    """policies/policy.yaml. ``extends`` names an org policy in policies/ that this one may only tighten;
    ``waivers`` holds for rules that have none of their own."""

    format: Literal[1]
    extends: Annotated[str, Field(min_length=1)] | None = None
    legal_basis_required: bool = True
    waivers: Waivers = Waivers()
    datasets: tuple[DatasetRule, ...] = Field(default=(), strict=False)


class OrgRule(DatasetRule):
    """A rule that repositories may only tighten. ``may_exempt``: they may exempt datasets from it."""

    may_exempt: bool = False


class OrgFile(Strict):
    """An org policy: what every repository must ask at least. The same keys as policy.yaml."""

    format: Literal[1]
    legal_basis_required: bool = False
    waivers: Waivers = Waivers()
    datasets: tuple[OrgRule, ...] = Field(default=(), strict=False)
