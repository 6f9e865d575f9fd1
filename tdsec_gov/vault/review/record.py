"""Every step of a review as one audit event, also where it was refused."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from tdsec_gov.audit.journal import Journal
from tdsec_gov.domain.canonical import JsonValue
from tdsec_gov.errors import Denied, IntegrityError, TdsecError, Unverified
from tdsec_gov.vault.keyrings.opened import OpenedVault
from tdsec_gov.vault.review.statement import ReviewRequest


def record(
    vault: OpenedVault,
    step: str,
    target: str,
    id: str,
    outcome: str = "success",
    reason: str = "",
    details: dict[str, JsonValue] | None = None,
) -> None:
    """One ``review`` event. Raises as :meth:`Journal.record`."""
    if vault.clone is None:
        return
    purpose = legal_basis = ""
    with contextlib.suppress(TdsecError):
        policy = vault.book.policies.for_dataset(target)
        purpose, legal_basis = policy.purpose, policy.legal_basis
    Journal.open(vault.clone, vault.identity).record(
        "review",
        outcome,
        target,
        reason=reason[:500],
        purpose=purpose,
        legal_basis=legal_basis,
        details={"step": step, "vault": vault.name, "request": id, **(details or {})},
    )


def record_step(vault: OpenedVault, step: str, request: ReviewRequest, **details: JsonValue) -> None:
    """As :func:`record`, of a step that was done."""
    record(vault, step, request.dataset, request.id, details={"sha256": request.root, **details})


@contextlib.contextmanager
def recording_refusals(vault: OpenedVault, step: str, target: str, id: str) -> Iterator[None]:
    """Record what the block refuses (not what was only called wrongly), and raise it again."""
    try:
        yield
    except (Denied, IntegrityError, Unverified) as exc:
        record(vault, step, target, id, "denied", exc.code)
        raise
