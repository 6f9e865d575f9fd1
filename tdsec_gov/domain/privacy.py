"""DpEvent and PrivacySpend: what a private computation did, and what it cost.

Events are kept beside the epsilon, because an epsilon without its mechanism, accountant and
conversion cannot be compared with another one (facts: published values differ by 11-29 %).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from tdsec_gov.domain.canonical import JsonValue
from tdsec_gov.errors import IntegrityError

MECHANISM = "poisson-subsampled-gaussian"
UNACCOUNTED = "unaccounted"


@dataclass(frozen=True, slots=True)
class DpEvent:
    """``steps`` uses of the subsampled Gaussian mechanism with one setting.

    ``noise_multiplier`` is the standard deviation of the noise over the clipping norm (no unit),
    ``sample_rate`` the chance of a record to be in a batch (0, 1]. ``mechanism`` is
    :data:`MECHANISM`, or :data:`UNACCOUNTED` where batches were not drawn by Poisson sampling.
    """

    mechanism: str
    noise_multiplier: float
    sample_rate: float
    steps: int

    def __post_init__(self) -> None:
        numbers = (self.noise_multiplier, self.sample_rate)
        if self.mechanism not in (MECHANISM, UNACCOUNTED) or not all(map(math.isfinite, numbers)):
            raise IntegrityError("privacy event is malformed")
        if self.noise_multiplier < 0 or not 0 < self.sample_rate <= 1 or self.steps < 1:
            raise IntegrityError("privacy event is out of range")

    def as_json(self) -> dict[str, JsonValue]:
        return {
            "mechanism": self.mechanism,
            "noise_multiplier": self.noise_multiplier,
            "sample_rate": self.sample_rate,
            "steps": self.steps,
        }

    @classmethod
    def from_json(cls, item: JsonValue) -> DpEvent:
        """Raises IntegrityError when ``item`` is not what :meth:`as_json` wrote."""
        if not isinstance(item, dict) or set(item) != set(cls.__slots__):
            raise IntegrityError("privacy event is malformed")
        steps = item["steps"]
        if isinstance(steps, bool) or not isinstance(steps, int):
            raise IntegrityError("privacy event is malformed")
        return cls(
            str(item["mechanism"]),
            _number(item["noise_multiplier"]),
            _number(item["sample_rate"]),
            steps,
        )


@dataclass(frozen=True, slots=True)
class PrivacySpend:
    """What one run spent on the data it used.

    ``epsilon`` is None where no bound is known (batches not drawn by Poisson sampling, or an
    accountant without an answer): such a spend counts as unbounded. The neighbouring relation is
    add-or-remove one record.
    """

    epsilon: float | None
    delta: float
    accountant: str
    events: tuple[DpEvent, ...]

    def __post_init__(self) -> None:
        if self.epsilon is not None and not (math.isfinite(self.epsilon) and self.epsilon >= 0):
            raise IntegrityError("privacy spend is out of range")
        if not (math.isfinite(self.delta) and 0 < self.delta < 1):
            raise IntegrityError("privacy spend is out of range")

    def as_json(self) -> dict[str, JsonValue]:
        return {
            "epsilon": self.epsilon,
            "delta": self.delta,
            "accountant": self.accountant,
            "events": [event.as_json() for event in self.events],
        }

    @classmethod
    def from_json(cls, item: JsonValue) -> PrivacySpend:
        """Raises IntegrityError when ``item`` is not what :meth:`as_json` wrote."""
        if not isinstance(item, dict) or set(item) != set(cls.__slots__):
            raise IntegrityError("privacy spend is malformed")
        events = item["events"]
        if not isinstance(events, list):
            raise IntegrityError("privacy spend is malformed")
        return cls(
            None if item["epsilon"] is None else _number(item["epsilon"]),
            _number(item["delta"]),
            str(item["accountant"]),
            tuple(DpEvent.from_json(one) for one in events),
        )


def _number(value: JsonValue) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise IntegrityError("privacy figure is not a number")
    return float(value)
