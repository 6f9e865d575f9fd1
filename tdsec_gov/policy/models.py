"""What may stand in policies/policy.yaml."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from tdsec_gov.policy.strict import Days, Name, Settings, Strict


class Signers(Strict):
    """Whose signature makes a verdict count: members in one of ``roles`` (empty = any writer)."""

    roles: tuple[Name, ...] = Field(default=(), strict=False)
    threshold: Annotated[int, Field(ge=1, le=9)] = 1


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
    verdict_days: Days = 365
    signers: Signers = Signers()
    privacy: Budget | None = None


class PolicyFile(Strict):
    """policies/policy.yaml."""

    format: Literal[1]
    legal_basis_required: bool = True
    datasets: tuple[DatasetRule, ...] = Field(default=(), strict=False)
