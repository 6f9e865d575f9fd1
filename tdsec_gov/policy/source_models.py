"""What may stand in policies/sources.yaml."""

from __future__ import annotations

import datetime as dt
from typing import Literal, get_args

from pydantic import Field

from tdsec_gov.policy.strict import Name, Strict

Trust = Literal["internal", "partner", "curated", "raw", "unknown"]
TRUST_LEVELS: tuple[str, ...] = get_args(Trust)
"""From the most to the least trusted."""


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
