"""Run the detectors that fit, and make one report of what they say."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from importlib import import_module

from tdsec_gov.detect.contract import Detector, DetectorResult, NotRunnable, Role
from tdsec_gov.detect.data.subject import Options, Stack, Subject
from tdsec_gov.detect.statistics.multiplicity import holm

DETECTORS: dict[str, str] = {
    "row_difference": "tdsec_gov.detect.detectors.difference:RowDifference",
    "label_conformal": "tdsec_gov.detect.detectors.label_conformal:LabelConformal",
    "shortcut_burst": "tdsec_gov.detect.detectors.bursts:ShortcutBurst",
    "near_duplicates": "tdsec_gov.detect.detectors.near_duplicates:NearDuplicates",
    "distribution_shift": "tdsec_gov.detect.detectors.shift:DistributionShift",
    "label_shift": "tdsec_gov.detect.detectors.label_shift:LabelShift",
    "novelty": "tdsec_gov.detect.detectors.novelty:Novelty",
    "outliers": "tdsec_gov.detect.detectors.outliers:Outliers",
    "confident_learning": "tdsec_gov.detect.detectors.confident_learning:ConfidentLearning",
    "shortcut_mining": "tdsec_gov.detect.detectors.shortcuts:ShortcutMining",
    "spectral_signatures": "tdsec_gov.detect.detectors.spectral:SpectralSignatures",
    "activation_clusters": "tdsec_gov.detect.detectors.activation_clusters:ActivationClusters",
    "gradient_norm": "tdsec_gov.detect.detectors.gradient_norm:GradientNorm",
    "deep_neighbours": "tdsec_gov.detect.detectors.deep_neighbours:DeepNeighbours",
}
"""The closed table of detectors, in the order in which they are told."""

SECOND_OPINIONS = frozenset(
    {"spectral_signatures", "activation_clusters", "gradient_norm", "deep_neighbours"}
)
"""Those that train a small network, and run only where they are asked for."""

_FIRST = "shortcut_burst"
"""Rows that hold a trigger are strange to the others, too: they look at what its finder leaves."""

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Ran:
    """One detector's answer, the CPU seconds it took, and what it does not address."""

    detector: Detector
    result: DetectorResult
    seconds: float


@dataclass(frozen=True, slots=True)
class Examined:
    """All answers, in the order of the table."""

    subject: Subject
    ran: tuple[Ran, ...]

    def adjusted(self, role: Role) -> dict[str, float]:
        """Holm-adjusted p-values of the detectors with this role, by name."""
        return holm({one.detector.name: one.result.p for one in self.ran if _counts(one, role)})  # type: ignore[misc]


def _counts(one: Ran, role: Role) -> bool:
    return one.detector.role is role and one.result.p is not None


def load(name: str) -> Detector:
    """The detector called ``name``, imported now. Raises KeyError: there is none."""
    module, _, attribute = DETECTORS[name].partition(":")
    found: Detector = getattr(import_module(module), attribute)()
    return found


def fitting(
    stack: Stack, reference: bool, skip: Collection[str] = (), second: bool = False
) -> list[Detector]:
    """The detectors that apply to these rows, in the order of the table; ``second``: with second opinions."""
    left_out = {*skip, *(() if second else SECOND_OPINIONS)}
    every = [load(name) for name in DETECTORS if name not in left_out]
    return [
        one
        for one in every
        if (one.reference is None or one.reference == reference) and (stack.classes or not one.labels)
    ]


def examine(
    stack: Stack,
    options: Options,
    *,
    reference: bool,
    skip: Collection[str] = (),
    second: bool = False,
    progress: Progress = lambda done, total: None,
) -> Examined:
    """Run every detector that fits. ``reference``: there is an accepted version; ``second``: second opinions,
    too.

    Raises:
        NotRunnable: nothing can be drawn to look at.
    """
    chosen = fitting(stack, reference, skip, second)
    tests, drifts = (sum(one.role is role for one in chosen) for role in (Role.TEST, Role.DRIFT))
    subject = Subject.of(stack, options, tests, drifts, reference=reference)
    ran: dict[str, Ran] = {}
    for place, one in enumerate(sorted(chosen, key=lambda one: one.name != _FIRST)):
        progress(place, len(chosen))
        ran[one.name] = _run(one, subject)
        if one.name == _FIRST:
            subject = subject.without(ran[one.name].result.alarms)
    progress(len(chosen), len(chosen))
    return Examined(subject, tuple(ran[one.name] for one in chosen))


def _run(detector: Detector, subject: Subject) -> Ran:
    started = time.process_time()
    try:
        result = detector.run(subject)
    except NotRunnable as exc:
        result = DetectorResult(detector.name, not_run=str(exc))
    return Ran(detector, _standing(result, subject, detector), time.process_time() - started)


def _standing(result: DetectorResult, subject: Subject, detector: Detector) -> DetectorResult:
    """A test's alarms stand only where their p-values are at most the level."""
    level = {Role.TEST: subject.level, Role.DRIFT: subject.drift_level}.get(detector.role)
    if level is None:
        return result
    return replace(result, alarms=tuple(one for one in result.alarms if one.p is None or one.p <= level))
