"""What may stand in policies/sources.yaml."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Literal, Self, get_args

from pydantic import ConfigDict, Field, model_validator

from tdsec_gov.policy.strict import Name, Strict

Trust = Literal["internal", "partner", "curated", "raw", "unknown"]
TRUST_LEVELS: tuple[str, ...] = get_args(Trust)
"""From the most to the least trusted."""
Method = Literal["contract", "public", "scraped", "user", "synthetic", "internal"]
CopyrightStatus = Literal["none", "own", "licensed", "public_domain", "unknown"]
Confidentiality = Literal["clear", "green", "amber", "red"]
Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Country = Annotated[str, Field(pattern=r"^[A-Z]{2}$")]
Words = tuple[str, ...]


class Contact(Strict):
    """A person or company to ask."""

    name: str
    email: str | None = None
    url: str | None = None


class Acquired(Strict):
    """How and when the data came to us, and under which agreement."""

    model_config = ConfigDict(serialize_by_alias=True)

    method: Method
    start: dt.date | None = Field(default=None, alias="from")
    end: dt.date | None = Field(default=None, alias="to")
    agreement: str | None = None

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.start and self.end and self.end < self.start:
            raise ValueError("'to' lies before 'from'")
        return self


class Copyright(Strict):
    """Whose work it is; when somebody looked for a text and data mining opt-out (true: some day)."""

    status: CopyrightStatus
    tdm_opt_out_checked: dt.date | bool | None = None


class LegalBasis(Strict):
    """GDPR Art. 6(1) letter, and where the evidence for it is kept."""

    article: str
    evidence: str | None = None


class Retention(Strict):
    """Until when the data may be kept (a day, or a period after it was acquired), and why until then."""

    until: dt.date | None = None
    period: Annotated[str, Field(pattern=r"^P[1-9][0-9]{0,3}[DWMY]$")] | None = None
    basis: str


class Transfer(Strict):
    """A country the data goes to (ISO 3166-1, two letters), and what protects it there."""

    country: Country
    safeguard: str | None = None


class Geography(Strict):
    """Where the data is from, where it is kept and where it is worked on."""

    origin: Words = Field(default=(), strict=False)
    storage: Words = Field(default=(), strict=False)
    processing: Words = Field(default=(), strict=False)


class Pin(Strict):
    """What must lie at a location: ``sha256`` of the file there.

    With ``listing: true`` the file is a list of digests as ``sha256sum`` writes it, and pins every file
    that it names, relative to its own folder.
    """

    url: Annotated[str, Field(min_length=1)]
    sha256: Sha256
    size: Annotated[int, Field(ge=0)] | None = None
    listing: bool = False


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
    allowed_locations: Words = Field(default=(), strict=False)
    locations: tuple[Pin, ...] = Field(default=(), strict=False)
    acquired: Acquired | None = None
    derived_from: tuple[Sha256, ...] = Field(default=(), strict=False)
    license: str | None = None
    copyright: Copyright | None = None
    purpose: str | None = None
    allowed_uses: Words = Field(default=(), strict=False)
    prohibited_uses: Words = Field(default=(), strict=False)
    personal_data: Literal["none", "personal", "special", "unknown"] = "unknown"
    legal_basis: LegalBasis | None = None
    data_subjects: str | None = None
    data_categories: Words = Field(default=(), strict=False)
    recipients: Words = Field(default=(), strict=False)
    transfers: tuple[Transfer, ...] = Field(default=(), strict=False)
    geography: Geography | None = None
    anonymisation: str | None = None
    labelling: str | None = None
    cleaning: str | None = None
    known_bias: str | None = None
    known_gaps: str | None = None
    confidentiality: Confidentiality | None = None
    retention: Retention | None = None
    review: Review | None = None


class SourcesFile(Strict):
    """policies/sources.yaml."""

    format: Literal[1]
    sources: tuple[Source, ...] = Field(default=(), strict=False)


FIELDS: tuple[str, ...] = (
    "description",
    "supplier",
    "contact",
    "contact.email",
    "allowed_locations",
    "locations",
    "acquired",
    "acquired.from",
    "acquired.to",
    "acquired.agreement",
    "derived_from",
    "license",
    "copyright",
    "copyright.tdm_opt_out_checked",
    "purpose",
    "allowed_uses",
    "prohibited_uses",
    "personal_data",
    "legal_basis",
    "legal_basis.evidence",
    "data_subjects",
    "data_categories",
    "recipients",
    "transfers",
    "geography",
    "geography.origin",
    "geography.storage",
    "geography.processing",
    "anonymisation",
    "labelling",
    "cleaning",
    "known_bias",
    "known_gaps",
    "confidentiality",
    "retention",
    "retention.until",
    "review",
    "review.expires",
)
"""What a policy may require of a source record; ``personal_data: unknown`` counts as not stated."""
