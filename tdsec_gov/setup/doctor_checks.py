"""What the checks of the policies stand on: settings that can be read, scanners that answer, no dead
collection in the way."""

from __future__ import annotations

import datetime as dt
import hashlib
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

from tdsec_gov.checks.contract import CheckInput, DataFile
from tdsec_gov.checks.registry import load_check
from tdsec_gov.collect.quarantine import dead
from tdsec_gov.domain.canonical import JsonValue, canonical_bytes
from tdsec_gov.domain.findings import Status
from tdsec_gov.errors import PolicyInvalid, TdsecError
from tdsec_gov.files import WorkTree
from tdsec_gov.policy.load import policies_from
from tdsec_gov.repo.repository import Repository
from tdsec_gov.setup.symptom import Symptom

_SAMPLE = b"tdsec doctor: these bytes are harmless\n"
_START = "start the scanner, or mend what it says (docs/policy.md, malware)"


def check_symptoms(repository: Repository) -> Iterator[Symptom]:
    """Every check that a rule asks for, with its settings, once."""
    wanted = _wanted(repository)
    unreadable = [one for one in wanted if _refused(repository, *one)]
    for name, params in unreadable:
        fix = f"settings of {name}: see docs/policy.md"
        yield Symptom(f"check {name}", False, _refused(repository, name, params), fix)
    if len(unreadable) < len(wanted):
        yield Symptom("checks", True, f"settings of {len(wanted) - len(unreadable)} checks can be read")
    for name, params in wanted:
        if name == "malware" and (name, params) not in unreadable:
            yield _scanner(repository, params)


def quarantine_symptoms(repository: Repository) -> Iterator[Symptom]:
    """Nothing where no collection died."""
    left = dead(repository)
    if left:
        text = f"{len(left)} collection(s) that died left data in quarantine"
        yield Symptom("quarantine", False, text, "the next `tdsec collect` undoes them; or run it again now")


def _wanted(repository: Repository) -> list[tuple[str, Mapping[str, JsonValue]]]:
    policies = policies_from(WorkTree(repository.root))
    rules = [policies.for_dataset(pointer.name).rule for pointer in repository.work_tree()]
    found: dict[bytes, tuple[str, Mapping[str, JsonValue]]] = {}
    for rule in (*rules, *policies.policy.datasets):
        for name, params in rule.checks.items():
            found.setdefault(canonical_bytes([name, dict(params or {})]), (name, dict(params or {})))
    return list(found.values())


def _refused(repository: Repository, name: str, params: Mapping[str, JsonValue]) -> str:
    """Why the check refuses its settings, empty when it does not: it is asked about no files at all."""
    try:
        load_check(name).run(_given(repository, params, ()))
    except PolicyInvalid as exc:
        return exc.line()
    except TdsecError:
        pass  # settings come first, and were read
    return ""


def _scanner(repository: Repository, params: Mapping[str, JsonValue]) -> Symptom:
    """The malware check itself, on bytes that are harmless."""
    with tempfile.TemporaryDirectory() as folder:
        location = Path(folder) / "sample"
        location.write_bytes(_SAMPLE)
        file = DataFile("sample", location, len(_SAMPLE), hashlib.sha256(_SAMPLE).hexdigest())
        result = load_check("malware").run(_given(repository, params, (file,)))
    if result.status is Status.PASSED:
        engine = result.facts.get("engine")
        return Symptom("malware scanner", True, f"answers and finds its test file ({engine or 'rules only'})")
    told = "; ".join(one.message for one in result.findings) or result.status.value
    return Symptom("malware scanner", False, told, _START)


def _given(
    repository: Repository, params: Mapping[str, JsonValue], files: tuple[DataFile, ...]
) -> CheckInput:
    now = dt.datetime.now(dt.UTC)
    return CheckInput("doctor", files, None, None, params, None, repository.root / "policies", now)
