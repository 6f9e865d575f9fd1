"""What may stand in policies/*.yaml, as frozen values. Unknown keys are errors."""

from __future__ import annotations

import base64
import datetime as dt
from typing import Annotated, Literal, get_args

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, JsonValue

from tdsec_gov.domain.canonical import canonical_bytes, sha256_hex
from tdsec_gov.errors import InternalError

Trust = Literal["internal", "partner", "curated", "raw", "unknown"]
TRUST_LEVELS: tuple[str, ...] = get_args(Trust)
"""From the most to the least trusted."""
Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._@+-]{0,63}$")]
Days = Annotated[int, Field(ge=1, le=3660)]


def _plain(settings: dict[str, JsonValue]) -> dict[str, JsonValue]:
    try:
        canonical_bytes(settings)
    except InternalError:
        raise ValueError("numbers must be finite and below 2**53") from None
    return settings


Settings = Annotated[dict[str, JsonValue], AfterValidator(_plain)]
"""Settings of one check: what JSON can say, because the policy's digest is taken over it."""


class Strict(BaseModel):
    """Frozen, strict, and refuses unknown keys."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


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


class Contact(Strict):
    """A person or company to ask."""

    name: str
    email: str | None = None
    url: str | None = None


class LegalBasis(Strict):
    """GDPR Art. 6(1) letter, and where the evidence for it is kept."""

    article: str
    evidence: str | None = None


class Retention(Strict):
    """Until when the data may be kept, and why until then."""

    until: dt.date | None = None
    basis: str


class Review(Strict):
    """Who looked at the source record last, and when that look expires."""

    by: str
    on: dt.date
    expires: dt.date | None = None


class Source(Strict):
    """One source record (docs/policy.md maps each field to Croissant, DPS, SPDX, GDPR, AI Act)."""

    id: Name
    name: str
    trust: Trust
    description: str = ""
    supplier: Contact | None = None
    contact: Contact | None = None
    allowed_locations: tuple[str, ...] = Field(default=(), strict=False)
    license: str | None = None
    purpose: str | None = None
    personal_data: Literal["none", "personal", "special", "unknown"] = "unknown"
    legal_basis: LegalBasis | None = None
    data_subjects: str | None = None
    data_categories: tuple[str, ...] = Field(default=(), strict=False)
    retention: Retention | None = None
    review: Review | None = None


class SourcesFile(Strict):
    """policies/sources.yaml."""

    format: Literal[1]
    sources: tuple[Source, ...] = Field(default=(), strict=False)


Recipient = Annotated[str, Field(pattern=r"^(age1[0-9a-z]+|ssh-(ed25519|rsa) [A-Za-z0-9+/=]+)$")]
"""Somebody a keyring is sealed to: an age recipient, or an SSH public key without its comment."""


class Member(Strict):
    """A person or machine: a recipient to read with, an Ed25519 key to sign with.

    ``age_pq`` and ``signing_pq`` are the post-quantum ones beside them: X-Wing and ML-DSA-65.
    """

    name: Name
    age: Recipient
    signing: Annotated[str, Field(pattern=r"^ed25519:[A-Za-z0-9+/]{43}=$")]
    age_pq: Annotated[str, Field(pattern=r"^age1pq1[0-9a-z]+$")] | None = None
    signing_pq: Annotated[str, Field(pattern=r"^ml-dsa-65:[A-Za-z0-9+/]+={0,2}$")] | None = None
    roles: tuple[Name, ...] = Field(default=(), strict=False)

    @property
    def keyid(self) -> str:
        """SHA-256 of the raw signing key, in hexadecimal."""
        return sha256_hex(base64.b64decode(self.signing.removeprefix("ed25519:")))


class Role(Strict):
    """What members with this role may do, on every vault of this repository."""

    read_all: bool = False
    write_all: bool = False


class Compartment(Strict):
    """Datasets of a vault with keys, readers and writers of their own; the first match counts."""

    name: Name
    match: Annotated[tuple[str, ...], Field(min_length=1, strict=False)]
    readers: tuple[Name, ...] = Field(default=(), strict=False)
    writers: tuple[Name, ...] = Field(default=(), strict=False)


class VaultAccess(Strict):
    """Further readers and writers of one vault, by member name, and how it seals.

    ``recovery`` is a recipient whose secret lies offline: every keyring is sealed to it as well.
    """

    readers: tuple[Name, ...] = Field(default=(), strict=False)
    writers: tuple[Name, ...] = Field(default=(), strict=False)
    recovery: Recipient | None = None
    post_quantum: bool = False
    padding: Literal["none", "padme"] = "none"
    compartments: tuple[Compartment, ...] = Field(default=(), strict=False)


class AccessFile(Strict):
    """policies/access.yaml."""

    format: Literal[1]
    members: tuple[Member, ...] = Field(default=(), strict=False)
    roles: dict[Name, Role] = Field(default_factory=dict)
    vaults: dict[Name, VaultAccess] = Field(default_factory=dict)
