"""What each kind of alarm is called in findings, and which setting weighs it."""

from __future__ import annotations

from tdsec_gov.checks.poisoning.settings import Settings
from tdsec_gov.detect.contract import Kind
from tdsec_gov.domain.findings import Severity

NOT_RUN = "TDS410"
UNREADABLE = "TDS411"
GAP = "TDS419"

CODES: dict[Kind, str] = {
    Kind.RELABELLED: "TDS412",
    Kind.RELABELLED_FEW: "TDS412",
    Kind.LABELS: "TDS413",
    Kind.CONTRADICTING: "TDS414",
    Kind.UNKNOWN_LABELS: "TDS415",
    Kind.TOO_LITTLE: "TDS416",
    Kind.CONFLICTS: "TDS417",
    Kind.LABEL_ISSUES: "TDS418",
    Kind.OTHER_KIND: "TDS420",
    Kind.SHIFT: "TDS422",
    Kind.LABEL_SHIFT: "TDS423",
    Kind.NOVEL: "TDS424",
    Kind.OUTLIERS: "TDS425",
    Kind.NEIGHBOURS: "TDS426",
    Kind.REPRESENTATION: "TDS427",
    Kind.GRADIENTS: "TDS428",
    Kind.BURST: "TDS432",
    Kind.SHORTCUT: "TDS434",
}

_WARN = frozenset(
    {Kind.RELABELLED_FEW, Kind.CONTRADICTING, Kind.OUTLIERS, Kind.REPRESENTATION, Kind.GRADIENTS}
)
_SETTING: dict[Kind, str] = {
    Kind.UNKNOWN_LABELS: "new_labels",
    Kind.OTHER_KIND: "drift",
    Kind.SHIFT: "shift",
    Kind.LABEL_SHIFT: "shift",
    Kind.NOVEL: "shift",
    Kind.TOO_LITTLE: "first_version",
    Kind.CONFLICTS: "first_version",
    Kind.LABEL_ISSUES: "first_version",
    Kind.SHORTCUT: "first_version",
}


def severity(kind: Kind, settings: Settings) -> Severity:
    """DENY unless the kind only warns, or its setting says so."""
    if kind in _WARN:
        return Severity.WARN
    name = _SETTING.get(kind)
    return Severity.WARN if name is not None and getattr(settings, name) == "warn" else Severity.DENY
