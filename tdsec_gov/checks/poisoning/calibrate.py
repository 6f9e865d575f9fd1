"""The power study of :mod:`tdsec_gov.detect.calibration` on a version's rows, under a policy's settings."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from tdsec_gov.checks.contract import DataFile
from tdsec_gov.checks.poisoning.codes import severity
from tdsec_gov.checks.poisoning.settings import Settings
from tdsec_gov.checks.poisoning.tables import Loaded, load
from tdsec_gov.detect.attacks.table import ATTACKS
from tdsec_gov.detect.calibration.study import Cell, Plan, Study, deciding, fitting, study
from tdsec_gov.detect.contract import NotRunnable
from tdsec_gov.domain.canonical import JsonValue
from tdsec_gov.domain.findings import Severity
from tdsec_gov.errors import UsageError

RATES = (0.01, 0.05)
_LEAST_ROWS = 60


def detectors_of(params: Mapping[str, JsonValue]) -> dict[str, str]:
    """The detectors that decide under these settings, and their versions. Raises PolicyInvalid."""
    return deciding(Settings.parse(params).skip)


def calibrate(
    dataset: str,
    files: Sequence[DataFile],
    params: Mapping[str, JsonValue],
    *,
    attacks: Sequence[str] = (),
    rates: Sequence[float] = RATES,
    trials: int = 20,
    rows: int = 3_000,
    seed: int = 0,
    seconds: float = 600.0,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> dict[str, JsonValue]:
    """What the record says of it (:class:`tdsec_gov.verdicts.calibration.Calibration`), less who and when.

    Raises:
        UsageError: no such attack, or the version has too few rows with labels. PolicyInvalid, Unreadable.
    """
    settings = Settings.parse(params)
    unknown = sorted(set(attacks) - set(ATTACKS))
    if unknown:
        raise UsageError(f"there is no attack '{unknown[0]}'", expected=", ".join(ATTACKS))
    try:
        stack = _loaded(files, settings).stack
    except NotRunnable as exc:
        raise UsageError(str(exc), where=dataset) from None
    usable = np.flatnonzero(stack.labels >= 0)
    if usable.size < _LEAST_ROWS:
        raise UsageError("too few rows with labels", expected=f"{_LEAST_ROWS} or more", found=usable.size)
    drawn = np.sort(np.random.default_rng(seed).permutation(usable)[: 2 * rows])
    columns, labels = stack.columns(drawn), stack.labels[drawn]
    fit = fitting(columns)
    chosen = tuple(name for name in fit if not attacks or name in attacks)
    plan = Plan(chosen, tuple(rates), trials, seed, rows, seconds)
    found = study(
        columns,
        labels,
        stack.classes,
        plan,
        settings.options(dataset),
        lambda alarm: severity(alarm.kind, settings) is Severity.DENY,
        skip=settings.skip,
        progress=progress,
    )
    found.skipped.extend(f"{name}: it needs other columns" for name in attacks if name not in fit)
    return _body(found, settings, seed)


def _loaded(files: Sequence[DataFile], settings: Settings) -> Loaded:
    if settings.labels_from == "folder":
        from tdsec_gov.checks.poisoning.images import load_images

        return load_images(files, None)
    return load(files, None, settings.label, settings.ignore)


def _body(found: Study, settings: Settings, seed: int) -> dict[str, JsonValue]:
    return {
        "detectors": {**deciding(settings.skip)},
        "alpha": settings.alpha,
        "seed": seed,
        "accepted": found.accepted,
        "added": found.added,
        "clean": [found.clean.caught, found.clean.trials],
        "attacks": [_cell(one) for one in found.cells if one.trials],
        "skipped": [*found.skipped],
    }


def _cell(one: Cell) -> dict[str, JsonValue]:
    from scipy.stats import binomtest

    interval = binomtest(one.caught, one.trials).proportion_ci(method="wilson")
    return {
        "attack": one.attack,
        "rate": one.rate,
        "rows": one.rows,
        "trials": one.trials,
        "caught": one.caught,
        "low": round(float(interval.low), 4),
        "high": round(float(interval.high), 4),
        "recall": round(one.recall / one.caught, 4) if one.caught else None,
        "precision": round(one.precision / one.caught, 4) if one.caught else None,
    }
