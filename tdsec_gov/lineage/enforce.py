"""Whether a run is refused. The environment can make this stricter, never laxer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from tdsec_gov.lineage.record import NOTHING_NAMED

if TYPE_CHECKING:
    from tdsec_gov.lineage.recorder import Examination

ENFORCE = "TDSEC_ENFORCE"


def enforced(environment: Mapping[str, str]) -> bool:
    """Whether ``TDSEC_ENFORCE`` is set to anything but 0."""
    return environment.get(ENFORCE, "") not in ("", "0")


def refusal(environment: Mapping[str, str], seen: Examination | None) -> str | None:
    """Why a run with this examination is refused; None where it is not."""
    if not enforced(environment) or (seen is not None and seen.state.value == "verified"):
        return None
    if seen is None:
        return "no repository with tdsec here"
    reasons = [*seen.reasons, *(f"{one.name}: {one.reason}" for one in seen.datasets if one.reason)]
    return "; ".join(reasons) or NOTHING_NAMED
