"""From quarantine into the work tree: rename, ``dvc add``, the bytes compared once more."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from tdsec_gov.collect.intake import Arrived
from tdsec_gov.collect.intent import Intent, begin, require_same
from tdsec_gov.collect.quarantine import Quarantine
from tdsec_gov.collect.target import Target
from tdsec_gov.domain.dataset import DatasetVersion
from tdsec_gov.errors import BackendUnavailable, IntegrityError, UsageError
from tdsec_gov.files import naming_os_errors, sync_folder
from tdsec_gov.repo.repository import Repository
from tdsec_gov.repo.versions import build_manifest


def place(
    repository: Repository, held: Quarantine, where: Target, arrived: Sequence[Arrived]
) -> tuple[Intent, DatasetVersion]:
    """Put what lies in quarantine at its path and under DVC; returns the version that DVC now tracks.

    On any error, and until the intent says ``placed``, undoing the quarantine takes it all back.

    Raises:
        BackendUnavailable: ``dvc add`` or the file system said no.
        IntegrityError: DVC tracks other bytes than arrived.
    """
    intent = begin(repository, held.folder, where.name, arrived)
    with naming_os_errors(where.name, "the data cannot be put in place"):
        where.path.parent.mkdir(parents=True, exist_ok=True)
        if where.exists:
            where.path.rename(held.folder / "old")
        if where.path.exists() or where.path.is_symlink():
            raise UsageError("something was put there meanwhile", where=where.name, hint="collect again")
        _open_up(held.data)
        held.data.rename(where.path)
        sync_folder(where.path.parent)
    _dvc_add(repository.root, where.name, held.lock)
    pointer = next((one for one in repository.work_tree() if one.name == where.name), None)
    if pointer is None:
        raise IntegrityError("dvc add left no pointer", where=where.name, hint=f"run: dvc add {where.name}")
    manifest = build_manifest(pointer, repository.cache)
    require_same(arrived, {one.path: one.sha256 for one in manifest.entries}, where.name)
    return intent, DatasetVersion.of(where.name, pointer.oid, manifest)


def _open_up(data: Path) -> None:
    """The modes that files and folders of the work tree have."""
    mask = os.umask(0)
    os.umask(mask)
    for base, folders, names in os.walk(data) if data.is_dir() else ():
        for name in folders:
            Path(base, name).chmod(0o777 & ~mask)
        for name in names:
            Path(base, name).chmod(0o666 & ~mask)
    data.chmod((0o777 if data.is_dir() else 0o666) & ~mask)


def _dvc_add(root: Path, name: str, lock: int) -> None:
    """``dvc add`` in a process of its own, which holds the quarantine's lock as long as it lives."""
    os.set_inheritable(lock, True)
    command = [sys.executable, "-m", "dvc", "add", "--quiet", "--", name]
    process = subprocess.Popen(
        command,
        cwd=root,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        pass_fds=[lock],
        start_new_session=True,
        env={**os.environ, "DVC_NO_ANALYTICS": "1"},
    )
    try:
        _, errors = process.communicate()
    except BaseException:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        raise
    if process.returncode != 0:
        lines = [one for one in errors.decode(errors="replace").splitlines() if one.startswith("ERROR")]
        raise BackendUnavailable(
            "dvc add failed",
            where=name,
            found=lines[0] if lines else f"exit code {process.returncode}",
            hint="nothing was kept; mend what DVC names and collect again",
        )
