"""The page of a dataset version that ``tdsec check --html`` writes."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from tdsec_gov.cli.shell import Shell

if TYPE_CHECKING:
    from tdsec_gov.cli.answers import Judged
    from tdsec_gov.compliance.profile import Profile
    from tdsec_gov.domain.verdict import Verdict
    from tdsec_gov.gate.evaluate import Gate
    from tdsec_gov.repo.pointers import Pointer


def write_page(shell: Shell, gate: Gate, judged: list[Judged], where: str, reveal: bool) -> None:
    """Write the page of the one version that was judged.

    Raises:
        UsageError: not one dataset; the page would lie in the data.
    """
    from tdsec_gov.compliance.versionpage import version_page
    from tdsec_gov.errors import UsageError
    from tdsec_gov.files import write_atomic

    if len(judged) != 1:
        raise UsageError("--html writes the page of one dataset", found=f"{len(judged)} datasets")
    (pointer, outcome) = judged[0]
    verdict = outcome.verdict
    now = None if _refused(verdict) else _profile(gate, pointer)
    before = _before(gate, verdict) if now is not None else None
    place = Path(where) if Path(where).is_absolute() else shell.folder / where
    write_atomic(place, version_page(verdict, now, before, reveal=reveal).encode())
    shell.say(f"  page: {where}")


def _refused(verdict: Verdict) -> bool:
    """Whether a check of the files themselves denied: then they are not opened here."""
    return any(one.status.denies for one in verdict.results if one.check in ("files", "malware", "media"))


def _profile(gate: Gate, pointer: Pointer) -> Profile:
    from tdsec_gov.compliance.profile import profile
    from tdsec_gov.gate.job import data_files
    from tdsec_gov.repo.versions import build_manifest

    manifest = build_manifest(pointer, gate.repository.cache)
    return profile(data_files(manifest, gate.repository.cache), _label(gate, pointer.name))


def _before(gate: Gate, verdict: Verdict) -> Profile | None:
    """The last accepted version's profile, where its bytes are here."""
    from tdsec_gov.errors import TdsecError
    from tdsec_gov.repo.pointers import Pointer

    if verdict.previous is None:
        return None
    try:
        older = gate.book.accepted(verdict.version.name, verdict.previous).verdict.version
        return _profile(gate, Pointer(older.name, older.oid, ""))
    except TdsecError:
        return None


def _label(gate: Gate, dataset: str) -> str | None:
    """The label column that a check of the rule names."""
    checks = gate.book.policies.for_dataset(dataset).rule.checks
    named = [(params or {}).get("label") for params in checks.values()]
    return next((str(one) for one in named if isinstance(one, str)), None)
