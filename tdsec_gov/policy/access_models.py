"""What may stand in policies/access.yaml."""

from __future__ import annotations

import base64
from typing import Annotated, Literal

from pydantic import Field

from tdsec_gov.domain.canonical import sha256_hex
from tdsec_gov.policy.strict import Name, Strict

Recipient = Annotated[str, Field(pattern=r"^(age1[0-9a-z]+|ssh-(ed25519|rsa) [A-Za-z0-9+/=]+)$")]
"""Somebody a keyring is sealed to: an age recipient, or an SSH public key without its comment."""


class Member(Strict):
    """A person or machine: a recipient to read with, an Ed25519 key to sign with.

    ``age_pq`` and ``signing_pq`` are the post-quantum ones beside them: X-Wing and ML-DSA-65. ``git``: names
    or addresses they commit under, where these are not ``name``.
    """

    name: Name
    age: Recipient
    signing: Annotated[str, Field(pattern=r"^ed25519:[A-Za-z0-9+/]{43}=$")]
    age_pq: Annotated[str, Field(pattern=r"^age1pq1[0-9a-z]+$")] | None = None
    signing_pq: Annotated[str, Field(pattern=r"^ml-dsa-65:[A-Za-z0-9+/]+={0,2}$")] | None = None
    roles: tuple[Name, ...] = Field(default=(), strict=False)
    git: tuple[Annotated[str, Field(min_length=1)], ...] = Field(default=(), strict=False)

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
