"""The closed table of checks. No name found in data or policy is ever imported by itself."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from tdsec_gov.checks.contract import Check
from tdsec_gov.errors import InternalError, PolicyInvalid

if TYPE_CHECKING:
    from tdsec_gov.policy.load import DatasetPolicy

CHECKS: dict[str, str] = {
    "source": "tdsec_gov.checks.source:SourceOnRecord",
    "schema": "tdsec_gov.checks.schema.check:SchemaHolds",
    "pii": "tdsec_gov.checks.pii.check:PersonalData",
    "files": "tdsec_gov.checks.files.check:SafeFiles",
    "malware": "tdsec_gov.checks.malware.check:Malware",
    "media": "tdsec_gov.checks.media.check:Media",
    "poisoning": "tdsec_gov.checks.poisoning.check:Poisoning",
}

VERSIONS: dict[str, str] = {
    "source": "2",
    "schema": "2",
    "pii": "2",
    "files": "3",
    "malware": "1",
    "media": "1",
    "poisoning": "4",
}
"""Part of the cache key: raised whenever a check may answer differently for the same input."""


def load_check(name: str) -> Check:
    """The check called ``name``, imported now.

    Raises:
        PolicyInvalid: no such check.
    """
    target = CHECKS.get(name)
    if target is None:
        raise PolicyInvalid("no such check", expected=f"one of {', '.join(CHECKS)}", found=repr(name)[:40])
    module, _, attribute = target.partition(":")
    check = getattr(import_module(module), attribute)()
    if not isinstance(check, Check) or check.name != name:
        raise InternalError("the table of checks names something else", where=target)
    return check


def policy_digest(policy: DatasetPolicy) -> str:
    """Digest of all that decides a verdict besides the bytes, with the versions of the required checks:
    a changed check answers anew."""
    return policy.digest({name: VERSIONS.get(name, "missing") for name in policy.rule.checks})
