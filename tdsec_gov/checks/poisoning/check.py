"""Check ``poisoning``: is this version poisoned, compared with the last accepted one, and with the last one
that a person audited?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import ClassVar

from tdsec_gov.checks.contract import CheckInput, DataFile, Unreadable
from tdsec_gov.checks.poisoning.codes import NOT_RUN, UNREADABLE
from tdsec_gov.checks.poisoning.conclusion import Look, conclude
from tdsec_gov.checks.poisoning.remembered import key_of, recalled, remember
from tdsec_gov.checks.poisoning.settings import Settings
from tdsec_gov.checks.poisoning.tables import Loaded, load
from tdsec_gov.detect.contract import NotRunnable, Role
from tdsec_gov.detect.suite import DETECTORS, examine
from tdsec_gov.detect.suite import load as detector
from tdsec_gov.domain.findings import CheckResult, Finding, Severity


class Poisoning:
    """All detectors that fit; ``metric`` is the smallest Holm-adjusted p-value of the tests and
    ``threshold`` is alpha (a first version has neither: nothing can be compared).

    Where there is an audited version besides the last accepted one, the tests run against both, each with
    half of alpha: what many small versions brought adds up against the audited one.
    """

    name: ClassVar[str] = "poisoning"

    def run(self, given: CheckInput) -> CheckResult:
        """Raises PolicyInvalid when the settings are refused; all else becomes a finding."""
        settings = Settings.parse(given.params)
        key = key_of(given)
        known = recalled(given, key)
        if known is not None:
            return known
        try:
            looks = list(_looks(given, settings))
        except NotRunnable as exc:
            return _refused(NOT_RUN, str(exc))
        except Unreadable as exc:
            return _refused(UNREADABLE, f"{exc.where or 'a table'}: {exc.message}")
        result = conclude(self.name, looks, given, settings)
        remember(given, key, result)
        return result


def _looks(given: CheckInput, settings: Settings) -> Iterator[Look]:
    """Against the last accepted version with all detectors; against the audited one with those that compare,
    so that what came in small steps adds up: poison, and slow drift."""
    share = settings.alpha / (1 if given.audited is None else 2)
    yield _look(given, given.previous, settings, share, settings.skip)
    if given.audited is not None:
        others = {name for name in DETECTORS if detector(name).role is Role.ADVICE}
        yield _look(given, given.audited, settings, share, settings.skip | others)


def _look(
    given: CheckInput,
    reference: Sequence[DataFile] | None,
    settings: Settings,
    alpha: float,
    skip: frozenset[str],
) -> Look:
    loaded = _loaded(given, reference, settings)
    options = settings.options(given.dataset, alpha=alpha, allowed=given.allowed)
    examined = examine(
        loaded.stack,
        options,
        reference=reference is not None,
        skip=skip,
        second=settings.second_opinion,
        progress=given.progress,
    )
    return Look(examined, loaded)


def _loaded(given: CheckInput, reference: Sequence[DataFile] | None, settings: Settings) -> Loaded:
    if settings.labels_from == "folder":
        from tdsec_gov.checks.poisoning.images import load_images

        return load_images(given.files, reference)
    return load(given.files, reference, settings.label, settings.ignore)


def _refused(code: str, reason: str) -> CheckResult:
    """The policy asks for this check and it cannot run: that denies, and says so plainly."""
    finding = Finding(code, Severity.DENY, f"NOT RUN: {reason}")
    return CheckResult.from_findings(
        Poisoning.name, [finding], not_checked=("everything: the check did not run",)
    )
