"""A second opinion on an allowed pickle by picklescan (optional extra); it also only reads."""

from __future__ import annotations

from pathlib import Path

from tdsec_gov.checks.files.packed.limits import FAULTS
from tdsec_gov.checks.files.risk import Risk
from tdsec_gov.errors import DependencyMissing

SUSPECTED = Risk("TDS532", "picklescan finds dangerous globals in the file, or cannot read it")


def second_opinion(location: Path) -> list[Risk]:
    """What picklescan says about a file that is a pickle or holds some.

    Raises DependencyMissing when the policy asks for it and it is not installed.
    """
    try:
        from picklescan.scanner import SafetyLevel, scan_bytes
    except ImportError:
        raise DependencyMissing(
            "the policy asks for a second opinion on pickles",
            expected="picklescan",
            hint="pip install 'tdsec-gov[picklescan]', or remove second_opinion from the files check",
        ) from None
    try:
        with location.open("rb") as stream:
            result = scan_bytes(stream, "file")
    except FAULTS:
        return [SUSPECTED]
    dangerous = any(one.safety is SafetyLevel.Dangerous for one in result.globals)
    return [SUSPECTED] if dangerous or result.scan_err or result.issues_count else []
