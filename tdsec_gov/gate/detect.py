"""A closer look at one dataset, governed or not: the check ``poisoning`` by itself, without a verdict."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from hashlib import file_digest
from pathlib import Path

from tdsec_gov.checks.contract import DataFile
from tdsec_gov.domain.canonical import JsonValue
from tdsec_gov.domain.dataset import DatasetVersion
from tdsec_gov.domain.findings import CheckResult
from tdsec_gov.errors import ConfigurationError, UsageError
from tdsec_gov.files import naming_os_errors
from tdsec_gov.gate.acceptance import last_accepted
from tdsec_gov.gate.evaluate import Gate
from tdsec_gov.gate.job import Job, data_files, required_checks
from tdsec_gov.gate.process import Limits
from tdsec_gov.gate.reports import Report
from tdsec_gov.gate.runner import run_checks
from tdsec_gov.repo.pointers import Pointer
from tdsec_gov.repo.rows import private_folder

CHECK = "poisoning"
NOTHING = "none"
_LEAST_PREFIX = 7


@dataclass(frozen=True, slots=True)
class Side:
    """One version to look at: what people call it, and its files."""

    words: str
    files: Sequence[DataFile]


@dataclass(frozen=True, slots=True)
class Look:
    """What is compared with what, and under which settings. ``against`` None: with nothing."""

    dataset: str
    now: Side
    against: Side | None
    params: dict[str, JsonValue]
    limits: Limits

    def run(self, root: Path | None, moment: dt.datetime, report: Report) -> CheckResult:
        """Run the check in a worker process, as the gate does; ``root`` is the repository, where there is
        one (what is remembered in it is used).

        Raises:
            PolicyInvalid: the settings are refused.
        """
        job = Job(
            dataset=self.dataset,
            files=self.now.files,
            previous=None if self.against is None else self.against.files,
            previous_root=None,
            checks=((CHECK, self.params),),
            source=None,
            policies=(root or Path.cwd()) / "policies",
            now=moment,
            memory=None if root is None else private_folder(root),
        )
        return run_checks(job, self.limits, report)[0]


def governed(gate: Gate, pointer: Pointer, against: str | None, report: Report) -> Look:
    """The version that ``pointer`` names, against its last accepted version or the one that ``against``
    names: a git revision, the beginning of an accepted version's SHA-256, a path, or ``none``.

    Raises:
        UsageError: there is no such version, or its data is not in DVC's cache.
    """
    policy = gate.book.policies.for_dataset(pointer.name)
    manifest = gate.manifest(pointer, report)
    version = DatasetVersion.of(pointer.name, pointer.oid, manifest)
    other = _against(gate, version, pointer, against, report)
    params = dict(required_checks(policy)).get(CHECK, {})
    limits = Limits(policy.rule.time_limit, policy.rule.memory_limit << 20)
    now = Side(version.short, data_files(manifest, gate.repository.cache))
    return Look(pointer.name, now, other, params, limits)


def _against(
    gate: Gate, version: DatasetVersion, pointer: Pointer, against: str | None, report: Report
) -> Side | None:
    if against == NOTHING:
        return None
    history = gate.book.history(pointer.name)
    if against is None:
        found = last_accepted(history, version.root)
    else:
        named = [one.verdict.version for one in history if one.verdict.accepted]
        fit = [one for one in named if one.root.startswith(against)]
        found = fit[-1] if fit and len(against) >= _LEAST_PREFIX else None
    if found is not None:
        files = gate.reference(found)
        if files is None:
            raise UsageError(
                f"version {found.short} is not in the DVC cache as signed",
                hint=f"dvc fetch {pointer.name} at its commit",
            )
        return Side(found.short, files)
    return None if against is None else _at_revision(gate, pointer, against, report)


def _at_revision(gate: Gate, pointer: Pointer, against: str, report: Report) -> Side:
    if Path(against).exists():
        return on_disk(Path(against))
    try:
        commit = gate.repository.git.resolve(against)
    except ConfigurationError:
        raise UsageError(
            "there is no such version to compare with",
            expected="a git revision, 7 or more digits of an accepted version's SHA-256, a path, or none",
            found=against,
        ) from None
    held = gate.repository.pointers_in([pointer.file], commit)
    old = next((one for one in held if one.name == pointer.name), None)
    if old is None:
        raise UsageError(f"commit {commit[:12]} does not hold the dataset", where=pointer.file)
    manifest = gate.manifest(old, report)
    return Side(
        f"{DatasetVersion.of(old.name, old.oid, manifest).short} of {commit[:12]}",
        data_files(manifest, gate.repository.cache),
    )


def on_disk(path: Path) -> Side:
    """A file, or all files below a folder (hidden ones and links left out), that nobody tracks.

    Raises:
        UsageError: there is no file. BackendUnavailable: one cannot be read.
    """
    found = [path] if path.is_file() else sorted(_below(path)) if path.is_dir() else []
    if not found:
        raise UsageError("there is nothing to look at", where=path, expected="a file or folder of data")
    base = path.parent if path.is_file() else path
    return Side(path.name, [_data_file(one, base) for one in found])


def _below(folder: Path) -> Iterator[Path]:
    for one in folder.iterdir():
        if one.name.startswith(".") or one.is_symlink():
            continue
        if one.is_dir():
            yield from _below(one)
        elif one.is_file():
            yield one


def _data_file(path: Path, base: Path) -> DataFile:
    with naming_os_errors(str(path), "cannot be read"), path.open("rb") as file:
        digest = file_digest(file, "sha256").hexdigest()
        size = path.stat().st_size
    return DataFile(path.relative_to(base).as_posix(), path.resolve(), size, digest)
