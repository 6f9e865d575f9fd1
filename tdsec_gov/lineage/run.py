"""``tdsec run``: verify the data, then start the command; START before it, COMPLETE or FAIL after it."""

from __future__ import annotations

import datetime as dt
import os
import secrets
import shutil
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path, PurePath

from tdsec_gov.audit.journal import Journal
from tdsec_gov.domain.canonical import JsonValue
from tdsec_gov.domain.lineage import UsedDataset
from tdsec_gov.errors import TdsecError, Unverified, UsageError
from tdsec_gov.files import WorkTree
from tdsec_gov.lineage.child import run_child
from tdsec_gov.lineage.desk import purposes
from tdsec_gov.lineage.enforce import ENFORCE
from tdsec_gov.lineage.examine import Hashed, verified_dataset
from tdsec_gov.lineage.used import DATA, PURPOSE, REPO, SESSION, Used, to_variable, tracking
from tdsec_gov.privacy.ledger import balance_of, require_budget
from tdsec_gov.repo.pointers import Pointer
from tdsec_gov.repo.repository import Repository
from tdsec_gov.verdicts.book import VerdictBook

Say = Callable[[str], None]


def verify_and_run(
    repository: Repository,
    targets: Sequence[str],
    purpose: str,
    command: Sequence[str],
    now: dt.datetime,
    *,
    folder: Path,
    environment: Mapping[str, str] | None = None,
    say: Say = lambda _: None,
    to_stderr: bool = False,
) -> int:
    """Verify the datasets, run ``command`` in ``folder``, return its exit code (128+n after signal n).

    Without ``targets``: the datasets whose path is an argument of the command, or, where there is
    none, every one that is checked out. The command is not started unless every dataset has an
    accepted verdict, its files are the signed ones, and its privacy budget is not spent.

    Raises:
        UsageError: no such command or dataset. Unverified (and below), IntegrityError (and below),
        GateDenied, BudgetExceeded: refused; the refusal is an audit event.
        BackendUnavailable, LogTampered: START cannot be recorded, so nothing is started.
    """
    if not command or not (shutil.which(command[0]) or (folder / command[0]).is_file()):
        raise UsageError("no such command", found=command[0] if command else "nothing after --")
    repository.require_initialised()
    chosen = _chosen(repository, targets, command, folder)
    session, journal = f"run-{secrets.token_hex(8)}", Journal.open(repository.root)
    details: dict[str, JsonValue] = {"command": _shown(command)}
    try:
        datasets = _verified(repository, chosen, now, journal, say)
    except TdsecError as exc:
        names: list[JsonValue] = [pointer.name for pointer in chosen]
        refused: dict[str, JsonValue] = {**details, "event": "REFUSED", "code": exc.code, "datasets": names}
        journal.record(
            "run.start", "denied", session, reason=exc.line()[:500], purpose=purpose, details=refused
        )
        raise
    stated, basis = purposes(repository, datasets, purpose)
    details["datasets"] = [{"name": one.name, "sha256": one.root} for one in datasets]

    def record(action: str, outcome: str, event: str, **more: JsonValue) -> None:
        journal.record(
            action,
            outcome,
            session,
            purpose=stated,
            legal_basis=basis,
            details={**details, "event": event, **more},
        )

    record("run.start", "success", "START")
    inherited = dict(os.environ if environment is None else environment)
    code = run_child(
        command,
        folder,
        {**inherited, **_variables(repository, datasets, stated, session)},
        to_stderr=to_stderr,
    )
    done = code == 0
    record("run.end", "success" if done else "failure", "COMPLETE" if done else "FAIL", exit=code)
    return code


def _chosen(
    repository: Repository, targets: Sequence[str], command: Sequence[str], folder: Path
) -> list[Pointer]:
    if targets:
        return repository.select(list(targets), folder)
    known = repository.work_tree()
    named: list[Pointer] = []
    for argument in command[1:]:
        text = argument.rpartition("=")[2] if argument.startswith("-") else argument
        if text and (folder / text).exists():
            named += tracking(folder / text, repository.root, known)
    present = [one for one in known if (repository.root / one.name).exists()]
    chosen = list(dict.fromkeys(named or present))
    if not chosen:
        raise Unverified(
            "there is no dataset to verify", where=repository.root, hint="name one: tdsec run --data PATH"
        )
    return chosen


def _verified(
    repository: Repository, chosen: Sequence[Pointer], now: dt.datetime, journal: Journal, say: Say
) -> list[UsedDataset]:
    book = VerdictBook.open(WorkTree(repository.root), now)
    hashed, found = Hashed(), []
    for pointer in chosen:
        used = Used(pointer.name, pointer.oid, "tdsec run")
        one = verified_dataset(used, repository.root, book, hashed)
        rule = book.policies.for_dataset(one.name).rule
        if rule.privacy is not None:
            require_budget(one.name, balance_of(journal, one.root, one.oid), rule.privacy)
        say(f"verified {one.name}@{one.root[:12]} {one.result}, signed by {', '.join(one.signers)}")
        found.append(one)
    return found


def _variables(
    repository: Repository, datasets: Sequence[UsedDataset], purpose: str, session: str
) -> dict[str, str]:
    used = [Used(one.name, one.oid, "tdsec run", one.root) for one in datasets]
    return {
        DATA: to_variable(used),
        REPO: str(repository.root),
        PURPOSE: purpose,
        SESSION: session,
        ENFORCE: "1",
    }


def _shown(command: Sequence[str]) -> str:
    """The command for the log: program and script by base name; arguments may hold secrets."""
    script = next((one for one in command[1:2] if one.endswith((".py", ".sh", ".R", ".jl"))), "")
    return " ".join(PurePath(one).name for one in (command[0], script) if one)
