"""Settings of the check, read strictly."""

from __future__ import annotations

from dataclasses import dataclass

from tdsec_gov.checks.contract import CheckInput
from tdsec_gov.checks.params import Params
from tdsec_gov.checks.pii.kinds import KINDS
from tdsec_gov.checks.pii.spans import REGIONS

MODES = ("warn", "block_undeclared", "block")
ENGINES = ("builtin", "presidio")


@dataclass(frozen=True, slots=True)
class Ignore:
    """A column that may hold a kind, by name, kind (``*``: any) and reason."""

    column: str
    kind: str
    reason: str


@dataclass(frozen=True, slots=True)
class PiiSettings:
    """``mode`` decides what undeclared data does; ``regions`` are those of local phone numbers."""

    mode: str
    regions: tuple[str, ...]
    ignore: tuple[Ignore, ...]
    engine: str
    model: str | None


def read_settings(name: str, given: CheckInput) -> PiiSettings:
    """Raises PolicyInvalid: a setting is unknown or malformed."""

    params = Params(name, given.params)
    mode = params.choice("mode", MODES, "warn")
    regions = params.strings("regions", REGIONS, supported())
    items = params.records("ignore", ("column", "kind", "reason"), {"kind": ("*", *KINDS)})
    engine = params.choice("engine", ENGINES, "builtin")
    models = params.strings("presidio_model", ())
    params.done()
    ignore = tuple(Ignore(one["column"], one["kind"], one["reason"]) for one in items)
    return PiiSettings(mode, regions, ignore, engine, models[0] if models else None)


def supported() -> tuple[str, ...]:
    """Regions whose phone numbers can be told (ISO 3166)."""
    import phonenumbers

    return tuple(sorted(phonenumbers.SUPPORTED_REGIONS))
