"""``tdsec vault verify`` and ``tdsec vault gc``: look at every object on the storage, take away garbage."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from typing import TYPE_CHECKING

import click

from tdsec_gov.cli.shell import Shell, pass_shell

if TYPE_CHECKING:
    from tdsec_gov.domain.canonical import JsonValue
    from tdsec_gov.repo.repository import Repository
    from tdsec_gov.vault.storage.storage import Storage
    from tdsec_gov.vault.upkeep.gc import Found
    from tdsec_gov.vault.upkeep.trouble import Trouble

_ALIKE = 10
_SECONDS = {"m": 60, "h": 3600, "d": 86400}


def vault_name(repository: Repository) -> str:
    """Name of this repository's vault. Raises ConfigurationError: it has none."""
    from tdsec_gov.errors import ConfigurationError
    from tdsec_gov.setup.remotes import vault_remote

    found = vault_remote(repository)
    if found is None:
        raise ConfigurationError(
            "there is no vault here", where=".dvc/config", hint="run: tdsec init --vault …"
        )
    return found[1]


def open_vault(repository: Repository) -> Storage:
    """The storage of this repository's vault. Raises ConfigurationError: it has none."""
    from tdsec_gov.vault.plugin.wiring import open_storage

    return open_storage(repository.root, vault_name(repository))


@click.command()
@click.option("--jobs", "-j", type=click.IntRange(1, 64), default=4, show_default=True, help="Threads.")
@click.option(
    "--resume", is_flag=True, help="Believe what an earlier verify found whole (for at most 7 days)."
)
@click.option(
    "--all-versions",
    is_flag=True,
    help="Objects of all accepted versions must be there, not only of those that pointers here name.",
)
@click.option("--strict", is_flag=True, help="Orphans and foreign files are failures, too (exit 11).")
@pass_shell
def verify(shell: Shell, jobs: int, resume: bool, all_versions: bool, strict: bool) -> int:
    """Fetch, decrypt and hash every object on the storage; name each that fails or is missing.

    An object that no verdict covers (an orphan) is only noted: `tdsec vault gc` takes it away. Exit 10
    when something is not what was signed, 11 when something is missing or not vouched for.
    """
    from tdsec_gov.audit.journal import Journal
    from tdsec_gov.cli.progress import Counting
    from tdsec_gov.vault.upkeep.inspect import Inspection
    from tdsec_gov.vault.upkeep.progress import kept_in, place

    repository = shell.repository()
    storage = open_vault(repository)
    inspection = Inspection(storage, repository, jobs=jobs, all_versions=all_versions)
    found: list[Trouble] = []
    outcome, code = "failure", 3
    try:
        with (
            kept_in(place(repository.git.git_dir, storage.vault.name), resume=resume) as progress,
            Counting(f"vault {storage.vault.name}", quiet=shell.json) as watch,
        ):
            for one in inspection.run(progress, watch):
                found.append(one)
        code = _exit_code(found, strict)
        outcome = "success" if code == 0 else "failure"
    finally:
        counts: dict[str, JsonValue] = dict(sorted(_counts(inspection.counts, found).items()))
        details: dict[str, JsonValue] = {"vault": storage.vault.name, "finished": code != 3, **counts}
        Journal.open(repository.root, storage.vault.identity).record(
            "vault.verify", outcome, storage.vault.name, details=details
        )
    return _answer(shell, storage, inspection.counts, found, code)


def _counts(seen: Counter[str], found: list[Trouble]) -> dict[str, int]:
    by_code = Counter(f"found_{one.code}".replace("-", "_") for one in found)
    return dict(seen) | dict(by_code)


def _exit_code(found: list[Trouble], strict: bool) -> int:
    codes = {one.exit_code for one in found}
    if strict and any(one.exit_code == 0 for one in found):
        codes.add(11)
    return next((code for code in (10, 14, 11) if code in codes), 0)


def _answer(shell: Shell, storage: Storage, seen: Counter[str], found: list[Trouble], code: int) -> int:
    failures = [one for one in found if one.exit_code]
    notes = [one for one in found if not one.exit_code]
    for line in _lines(failures, "REFUSED"):
        shell.warn(line)
    for line in _lines(notes, "note"):
        shell.warn(line)
    good = seen["held"] + seen["believed"]
    text = f"vault {storage.vault.name}: {_many(good, 'object')} and manifests hold"
    if seen["believed"]:
        text += f" ({seen['believed']} of them by an earlier verify)"
    unseen = seen["placement"] + seen["path"]
    text += f"; {_many(seen['review'], 'file')} of review requests" if seen["review"] else ""
    text += f"; {unseen} files by path or in a writer's word are read when they are pulled" if unseen else ""
    if failures:
        text += f"; {_many(len(failures), 'fault')}"
    hint = ""
    if any(one.code == "orphan" for one in notes):
        hint = "tdsec vault gc lists the orphans, and removes them with --yes"
        text += f"; {_many(sum(one.code == 'orphan' for one in notes), 'orphan')} ({hint})"
    word = {0: "ok", 10: "integrity", 11: "unverified", 14: "backend"}[code]
    return shell.answer(
        text,
        code=word,
        exit_code=code,
        hint=hint,
        good=good,
        counts=dict(seen),
        bad=[one.as_json() for one in failures],
        notes=[one.as_json() for one in notes],
    )


def _lines(found: list[Trouble], word: str) -> list[str]:
    """One line each, or one per dataset and code where more than ten are alike."""
    alike: dict[tuple[tuple[str, ...], str], list[Trouble]] = defaultdict(list)
    for one in found:
        alike[one.datasets, one.code].append(one)
    lines: list[str] = []
    for (datasets, code), group in alike.items():
        if len(group) > _ALIKE:
            first = group[0]
            by = f", last approved by {', '.join(first.signers)}" if first.signers else ""
            lines.append(
                f"{word} {code}: {len(group)} files of {_named(datasets)}{by}; the first: {first.line}"
                " (--json lists all)"
            )
        else:
            lines += [f"{word} {code}: {_line(one)}" for one in group]
    return [_printable(line) for line in lines]


def _line(one: Trouble) -> str:
    parts = []
    if one.oid:
        parts.append(f"object {one.oid}")
    if one.place and one.place not in one.line:
        parts.append(f"at {one.place}")
    if one.datasets:
        inside = f" ({', '.join(one.paths[:3])}{' …' if len(one.paths) > 3 else ''})" if one.paths else ""
        parts.append(f"{_named(one.datasets)}{inside}")
    if one.signers:
        parts.append(f"last approved by {', '.join(one.signers)}")
    return f"{', '.join(parts)}: {one.line}" if parts else one.line


def _named(datasets: tuple[str, ...]) -> str:
    if not datasets:
        return "no dataset"
    more = f" and {len(datasets) - 3} more" if len(datasets) > 3 else ""
    return ("dataset " if len(datasets) == 1 else "datasets ") + ", ".join(datasets[:3]) + more


def _printable(line: str) -> str:
    return "".join(char if char.isprintable() else "\ufffd" for char in line)


def _many(count: int, what: str) -> str:
    return f"{count} {what}{'' if count == 1 else 's'}"


def _age(context: click.Context, parameter: click.Parameter, value: str) -> float:
    match = re.fullmatch(r"(\d{1,5})([mhd])|0", value)
    if match is None:
        raise click.BadParameter("give a number and m, h or d: 30m, 24h, 7d, or 0", context, parameter)
    return float(match[1]) * _SECONDS[match[2]] if match[1] else 0.0


@click.command()
@click.option("--yes", is_flag=True, help="Remove what is listed; without it nothing is touched.")
@click.option(
    "--older-than",
    default="24h",
    show_default=True,
    callback=_age,
    metavar="AGE",
    help="Spare what is younger (30m, 24h, 7d), so that a push under way is not hurt. 0 spares nothing.",
)
@click.option(
    "--workspace-only",
    is_flag=True,
    help="Only verdicts in this work tree count, not those of other branches and tags.",
)
@click.option("--unsafe-offline", is_flag=True, help="Do not ask git's remotes whether they know more.")
@click.option(
    "--unsafe-forget",
    multiple=True,
    metavar="ROOT",
    help="SHA-256 of a dataset version that need not be kept (may be given several times).",
)
@pass_shell
def gc(
    shell: Shell,
    yes: bool,
    older_than: float,
    workspace_only: bool,
    unsafe_offline: bool,
    unsafe_forget: tuple[str, ...],
) -> int:
    """List ciphertext that no evidence names, expired review requests, and what killed pushes and pulls left.

    `dvc gc -c` goes by DVC's pointers: it removes versions that you no longer want. This goes by
    evidence: it removes only what no verdict names or ever named, on any branch, tag or commit, and
    refuses where evidence is missing, changed or not fetched. It needs write access to the vault.

    What a colleague has pushed to the vault and not yet to git is not known here: have them push to git
    first, or give them time with --older-than.
    """
    import time

    from tdsec_gov.domain.dataset import is_sha256
    from tdsec_gov.errors import UsageError
    from tdsec_gov.vault.upkeep.gc import collect, look
    from tdsec_gov.vault.upkeep.kept import kept

    if not all(is_sha256(root) for root in unsafe_forget):
        raise UsageError("not a version", where="--unsafe-forget", expected="64 hexadecimal digits")
    repository = shell.repository()
    storage = open_vault(repository)
    storage.vault.require("write", None if storage.vault.divided else storage.vault.name)
    keep = kept(
        storage, repository, workspace_only=workspace_only, offline=unsafe_offline, forget=unsafe_forget
    )
    found = look(storage, repository, keep, now=time.time(), older_than=older_than)
    for one in found.garbage:
        shell.say(_printable(f"{one.what:17} {one.size:>12} bytes  {one.path}"))
    removed = left = 0
    if yes and found.garbage:
        details: dict[str, JsonValue] = {
            "workspace_only": workspace_only,
            "unsafe_offline": unsafe_offline,
            "unsafe_forget": list(unsafe_forget),
        }
        removed, left = collect(storage, repository, found, details)
    return _answer_gc(shell, found, yes, removed, left)


def _answer_gc(shell: Shell, found: Found, yes: bool, removed: int, left: int) -> int:
    if not found.garbage:
        text = "no garbage"
    elif yes:
        text = f"removed {_many(removed, 'file')}, {found.size} bytes"
        text += f"; {left} had changed since and stayed" if left else ""
    else:
        text = f"{_many(len(found.garbage), 'file')}, {found.size} bytes; nothing was removed (--yes does)"
    text += f"; {found.young} too young (--older-than)" if found.young else ""
    text += f"; {found.undated} without a date on this storage (--older-than 0)" if found.undated else ""
    text += f"; {found.unclear} that cannot be read stayed" if found.unclear else ""
    text += f"; {found.foreign} foreign, never touched" if found.foreign else ""
    return shell.answer(
        text,
        removed=removed,
        left=left,
        bytes=found.size,
        kinds=found.counts(),
        young=found.young,
        undated=found.undated,
        unclear=found.unclear,
        foreign=found.foreign,
        garbage=[one.as_json() for one in found.garbage],
    )
