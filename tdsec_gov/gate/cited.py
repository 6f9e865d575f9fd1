"""The verdict cites the calibration record: what would have been caught, and what would not."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from tdsec_gov.domain.canonical import JsonValue
from tdsec_gov.domain.findings import CheckResult, Status
from tdsec_gov.verdicts.calibration import Calibration

CHECK = "poisoning"
_LOW = 0.5


def cited(result: CheckResult, record: Calibration | None, params: Mapping[str, JsonValue]) -> CheckResult:
    """The result of the check ``poisoning`` with the record among its facts (null: there is none). Any other
    result, and one that says nothing, stays as it is."""
    if result.check != CHECK or result.status is Status.ERROR or "summary" not in result.facts:
        return result
    if record is None:
        return replace(result, facts={**result.facts, "calibration": None})
    from tdsec_gov.checks.poisoning.calibrate import detectors_of

    told: dict[str, JsonValue] = {
        "version": record.root,
        "created": record.created,
        "stale": not record.fits(params, detectors_of(params)),
        "clean": record.body["clean"],
        "attacks": [*record.attacks],
    }
    return replace(result, facts={**result.facts, "calibration": told})


def citation(result: CheckResult) -> Iterator[str]:
    """In words what the record says would have been caught, and what not; nothing for other checks."""
    if "calibration" not in result.facts:
        return
    told = result.facts["calibration"]
    if not isinstance(told, dict):
        yield "how much would have been caught is not known: tdsec detect calibrate TARGET"
        return
    where = f"version {str(told['version'])[:12]} of {str(told['created'])[:10]}"
    changed = "; settings or detectors changed since" if told["stale"] else ""
    attacks = told["attacks"]
    cells = [one for one in attacks if isinstance(one, dict)] if isinstance(attacks, list) else []
    for title, some in (
        ("would have caught", [one for one in cells if power(one) >= _LOW]),
        ("would mostly have missed", [one for one in cells if power(one) < _LOW]),
    ):
        if some:
            yield f"{title} ({where}{changed}): {', '.join(map(words, some))}"


def power(one: Mapping[str, JsonValue]) -> float:
    """The share of the trials of one attack at one rate that were denied."""
    return float(str(one["caught"])) / max(1.0, float(str(one["trials"])))


def words(one: Mapping[str, JsonValue]) -> str:
    """``value-fixed 0.01 (power 0.35)``"""
    return f"{one['attack']} {float(str(one['rate'])):.2g} (power {power(one):.2f})"
