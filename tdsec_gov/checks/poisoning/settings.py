"""The settings of the check ``poisoning``, parsed strictly."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from tdsec_gov.detect.data.subject import Options
from tdsec_gov.detect.suite import DETECTORS
from tdsec_gov.domain.canonical import JsonValue
from tdsec_gov.errors import PolicyInvalid

_WORDS = {"first_version": "warn", "new_labels": "deny", "drift": "deny", "shift": "warn"}
"""Keys whose value is warn or deny, with their default."""
_SHARES = {"alpha": 0.01, "max_label_changes": 0.001, "max_issue_share": 0.1, "max_conflict_share": 0.01}
_NAMES = ("allow", "ignore", "skip")
_KEYS = {"label", "labels_from", "second_opinion", "max_rows", "seed", *_WORDS, *_SHARES, *_NAMES}


@dataclass(frozen=True, slots=True)
class Settings:
    """What ``policy.yaml`` says.

    ``label`` column of the class labels ('' = not configured); ``labels_from`` is ``folder`` where images
    lie in one folder for each class; ``ignore`` columns that are not content (row ids, time stamps);
    ``skip`` detectors that do not run (named in the verdict); ``first_version``, ``new_labels``, ``drift``
    (labels that only the accepted version's model finds strange) and ``shift`` (content or shares of classes
    that differ from the accepted version) say whether what cannot be told apart from an attack warns or
    denies; ``second_opinion`` has a small network look, too. The rest is
    :class:`~tdsec_gov.detect.data.subject.Options`.
    """

    label: str
    labels_from: str
    alpha: float
    max_rows: int
    seed: int
    allow: frozenset[str]
    ignore: frozenset[str]
    skip: frozenset[str]
    max_label_changes: float
    max_issue_share: float
    max_conflict_share: float
    first_version: str
    new_labels: str
    drift: str
    shift: str
    second_opinion: bool

    def options(
        self, dataset: str, *, alpha: float | None = None, allowed: frozenset[str] = frozenset()
    ) -> Options:
        """What detectors are told: a share of alpha, and what is ``allowed`` besides the policy's."""
        return Options(
            alpha=self.alpha if alpha is None else alpha,
            max_rows=self.max_rows,
            seed=self.seed,
            allow=self.allow | allowed,
            dataset=dataset,
            max_label_changes=self.max_label_changes,
            max_issue_share=self.max_issue_share,
            max_conflict_share=self.max_conflict_share,
        )

    @classmethod
    def parse(cls, params: Mapping[str, JsonValue]) -> Settings:
        """Raises PolicyInvalid, naming all faults at once."""
        faults = [f"unknown key {key[:40]!r}" for key in sorted(set(params) - _KEYS)]
        label = params.get("label", "")
        if not isinstance(label, str):
            faults.append("label is not text")
        labels_from = params.get("labels_from", "column")
        if labels_from not in ("column", "folder"):
            faults.append("labels_from is neither column nor folder")
        second = params.get("second_opinion", False)
        if not isinstance(second, bool):
            faults.append("second_opinion is neither true nor false")
        shares = {key: _share(params, key, default, faults) for key, default in _SHARES.items()}
        names = {key: _names(params, key, faults) for key in _NAMES}
        words = {key: _word(params, key, faults) for key in _WORDS}
        max_rows = _whole(params, "max_rows", 50_000, 100, faults)
        seed = _whole(params, "seed", 0, 0, faults)
        if not 0 < shares["alpha"] <= 0.2:
            faults.append("alpha is not between 0 and 0.2")
        faults.extend(
            f"skip names no detector: {name[:40]!r}" for name in sorted(names["skip"] - set(DETECTORS))
        )
        if faults:
            raise PolicyInvalid("; ".join(faults), where="settings of the check poisoning")
        return cls(
            label=str(label),
            labels_from=str(labels_from),
            alpha=shares["alpha"],
            max_rows=max_rows,
            seed=seed,
            allow=names["allow"],
            ignore=names["ignore"],
            skip=names["skip"],
            max_label_changes=shares["max_label_changes"],
            max_issue_share=shares["max_issue_share"],
            max_conflict_share=shares["max_conflict_share"],
            first_version=words["first_version"],
            new_labels=words["new_labels"],
            drift=words["drift"],
            shift=words["shift"],
            second_opinion=second is True,
        )


def _share(params: Mapping[str, JsonValue], key: str, default: float, faults: list[str]) -> float:
    value = params.get(key, default)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:
        faults.append(f"{key} is not a number between 0 and 1")
        return default
    return float(value)


def _whole(params: Mapping[str, JsonValue], key: str, default: int, least: int, faults: list[str]) -> int:
    value = params.get(key, default)
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value < 2**31:
        faults.append(f"{key} is not a whole number from {least}")
        return default
    return value


def _names(params: Mapping[str, JsonValue], key: str, faults: list[str]) -> frozenset[str]:
    value = params.get(key, [])
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        faults.append(f"{key} is not a list of names")
        return frozenset()
    return frozenset(str(one) for one in value)


def _word(params: Mapping[str, JsonValue], key: str, faults: list[str]) -> str:
    default = _WORDS[key]
    value = params.get(key, default)
    if not isinstance(value, str) or value not in ("warn", "deny"):
        faults.append(f"{key} is neither warn nor deny")
        return default
    return value
