"""What all files of policies/ are made of: frozen, strict values. Unknown keys are errors."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, JsonValue

from tdsec_gov.domain.canonical import canonical_bytes
from tdsec_gov.errors import InternalError

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
