"""The privacy ledger: what runs spent on a dataset version, as events of the audit log.

Composition is basic and sequential (Dwork & Roth 2014, theorem 3.16): epsilons and deltas add up.
That is an upper bound, valid for adaptively chosen runs as well.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from tdsec_gov.audit.journal import Journal
from tdsec_gov.domain.canonical import JsonValue
from tdsec_gov.domain.events import AuditEvent
from tdsec_gov.domain.privacy import PrivacySpend
from tdsec_gov.errors import BudgetExceeded, IntegrityError
from tdsec_gov.policy.models import Budget

ACTION = "privacy.spend"


@dataclass(frozen=True, slots=True)
class Balance:
    """Upper bounds over ``runs`` runs. ``epsilon`` is None where a run had no known bound."""

    runs: int = 0
    epsilon: float | None = 0.0
    delta: float = 0.0

    def plus(self, spend: PrivacySpend) -> Balance:
        bounded = self.epsilon is not None and spend.epsilon is not None
        total = (self.epsilon or 0.0) + (spend.epsilon or 0.0) if bounded else None
        return Balance(self.runs + 1, total, self.delta + spend.delta)

    def left(self, budget: Budget) -> float:
        """Epsilon that may still be spent (0 where the spend is unbounded)."""
        return 0.0 if self.epsilon is None else max(0.0, budget.epsilon - self.epsilon)


def record_spend(journal: Journal, name: str, root: str, oid: str, run_id: str, spend: PrivacySpend) -> None:
    """Append one run's spend on dataset ``name`` (``root`` is empty where it was not verified)."""
    details: dict[str, JsonValue] = {"sha256": root, "oid": oid, "run": run_id, "spend": spend.as_json()}
    journal.record(ACTION, "success", name, details=details)


def balance(events: Iterable[AuditEvent], root: str, oid: str) -> Balance:
    """What the events say was spent on the version with this root, or, unverified, with this oid.

    Raises:
        IntegrityError: a spend is malformed; it is never skipped.
    """
    total = Balance()
    for event in events:
        if event.action != ACTION:
            continue
        details = event.details
        if set(details) != {"sha256", "oid", "run", "spend"}:
            raise IntegrityError("privacy spend is malformed", where=event.target)
        if (details["sha256"] and details["sha256"] == root) or details["oid"] == oid:
            total = total.plus(PrivacySpend.from_json(details["spend"]))
    return total


def require_budget(name: str, spent: Balance, budget: Budget | None) -> None:
    """Raises BudgetExceeded when nothing is left of the budget of dataset ``name``."""
    if budget is None or spent.left(budget) > 0:
        return
    raise BudgetExceeded(
        "the privacy budget is spent",
        where=name,
        expected=f"less than epsilon {budget.epsilon:g} over all runs",
        found="no bound" if spent.epsilon is None else f"{spent.epsilon:.4g} over {spent.runs} runs",
        hint=f"see: tdsec privacy budget {name}",
    )


def balance_of(journal: Journal, root: str, oid: str) -> Balance:
    """:func:`balance` over the journal's log."""
    events = (recorded.event for recorded in journal.log.events(action=ACTION))
    return balance(events, root, oid)
