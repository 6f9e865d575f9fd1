"""``tdsec vault add-reader``, ``remove-reader``, ``rewrap`` and ``rotate``: who holds which keys."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, NoReturn

import click

from tdsec_gov.cli.shell import Shell, pass_shell

if TYPE_CHECKING:
    from tdsec_gov.domain.canonical import JsonValue
    from tdsec_gov.repo.repository import Repository
    from tdsec_gov.vault.opened import OpenedVault

_JOBS = click.option(
    "--jobs", "-j", type=click.IntRange(1, 64), default=4, show_default=True, help="Threads."
)


@click.command("add-reader")
@click.argument("name")
@click.option("--age", required=True, help="Their recipient: age1…, or an SSH key (tdsec key show).")
@click.option("--signing", required=True, help="Their signing key (tdsec key show).")
@click.option("--age-pq", default="", help="Their post-quantum recipient, age1pq1…, if they have one.")
@click.option("--signing-pq", default="", help="Their post-quantum signing key, if they have one.")
@click.option("--role", default=None, help="Their role.  [default: reader, without --compartment]")
@click.option("--compartment", default=None, help="A compartment that they read, instead of a role.")
@pass_shell
def add_reader(
    shell: Shell,
    name: str,
    age: str,
    signing: str,
    age_pq: str,
    signing_pq: str,
    role: str | None,
    compartment: str | None,
) -> int:
    """Add a member to policies/access.yaml and seal the keyrings to them as well."""
    from tdsec_gov.cli.vault_objects import vault_name
    from tdsec_gov.files import WorkTree
    from tdsec_gov.setup.members import ACCESS, NewMember, with_member
    from tdsec_gov.vault.readers import reseal

    repository = shell.repository()
    vault = vault_name(repository)
    label = f"{vault}/{compartment}" if compartment else ""
    role = role if role is not None else "" if label else "reader"
    key = " ".join(age.split()[:2]) if age.startswith("ssh-") else age
    new = NewMember(name, key, signing, role, label, age_pq, signing_pq)
    written = reseal(repository.root, vault, with_member(WorkTree(repository.root), new))
    stage(repository, written)
    what = f"compartment '{compartment}'" if label else "the vault"
    return shell.answer(f"'{name}' can open {what}; now commit and push", files=[ACCESS, *written])


@click.command()
@pass_shell
def rewrap(shell: Shell) -> int:
    """Seal the keyrings to exactly the readers that policies/access.yaml names."""
    from tdsec_gov.cli.vault_objects import vault_name
    from tdsec_gov.vault.readers import reseal

    repository = shell.repository()
    written = reseal(repository.root, vault_name(repository))
    stage(repository, written)
    text = "keyrings sealed anew. Who could open them before may have kept what they read."
    return shell.answer(text, files=written)


@click.command()
@click.option("--eager", is_flag=True, help="Seal what lies on the storage anew as well.")
@click.option("--resume", is_flag=True, help="Go on with an eager rotation that was interrupted.")
@_JOBS
@pass_shell
def rotate(shell: Shell, eager: bool, resume: bool, jobs: int) -> int:
    """Begin a new epoch: new data keys for the vault and its compartments, for the same readers."""
    from tdsec_gov.cli.vault_objects import vault_name
    from tdsec_gov.files import WorkTree
    from tdsec_gov.vault.opened import OpenedVault
    from tdsec_gov.vault.rotate import change_keys, labels_of, pending, rotation

    repository = shell.repository()
    if (left := pending(repository.root)) is not None:
        stage(repository, left.files)
        shell.say("going on with the rotation that was interrupted")
        return _seal_objects_anew(shell, repository, left.epochs, jobs)
    if resume:
        return shell.answer("there is no rotation to go on with")
    vault = OpenedVault(vault_name(repository), WorkTree(repository.root), repository.root)
    files = rotation(vault, labels_of(vault))
    epochs = {label: vault.statements_of(label)[0].epoch + 1 for label in labels_of(vault)}
    stage(repository, change_keys(repository.root, files, epochs if eager else {}))
    _record(repository, vault, epochs, eager)
    shell.say(f"new epoch: {_listed(epochs)}")
    if eager:
        return _seal_objects_anew(shell, repository, epochs, jobs)
    for line in _lazily(repository, [vault.name], epochs, "the readers of those epochs"):
        shell.say(line)
    return shell.answer("now commit and push", epochs=epochs, files=list(files))


@click.command("remove-reader")
@click.argument("name")
@click.option(
    "--lazy", "how", flag_value="lazy", help="New objects get the new key; old ones stay as they are."
)
@click.option("--eager", "how", flag_value="eager", help="All objects are sealed anew under the new key.")
@click.option("--keep-signer", is_flag=True, help="They read no more, and sign and push as before.")
@_JOBS
@pass_shell
def remove_reader(shell: Shell, name: str, how: str | None, keep_signer: bool, jobs: int) -> int:
    """Take a member out of policies/access.yaml and give all that they could read a new key."""
    from tdsec_gov.errors import UsageError
    from tdsec_gov.files import WorkTree
    from tdsec_gov.policy.load import access_in
    from tdsec_gov.setup.members import ACCESS, overlaid, without_member, without_reading
    from tdsec_gov.vault.opened import OpenedVault
    from tdsec_gov.vault.revoke import orphaned, revocation
    from tdsec_gov.vault.rotate import change_keys, unfinished, vaults_of

    if how is None:
        raise UsageError(
            "what about the objects on the storage?",
            expected="--lazy or --eager",
            hint="--eager takes as long as pushing everything; --lazy leaves old objects readable to them",
        )
    repository = shell.repository()
    root, tree = repository.root, WorkTree(repository.root)
    if unfinished(root):
        _refuse_unfinished()
    data = (without_reading if keep_signer else without_member)(tree, name)
    after = access_in(data)
    vaults = [OpenedVault(one, tree, root) for one in vaults_of(root)]
    member = next(one for one in vaults[0].book.policies.access.file.members if one.name == name)
    found = [revocation(vault, member, after) for vault in vaults]
    lost = orphaned(vaults[0].book, overlaid(tree, data))
    files: dict[str, bytes | None] = {}
    for one in found:
        files |= one.files()
    epochs = {label: epoch for one in found for label, epoch in one.epochs.items()}
    eager = epochs if how == "eager" else {}
    stage(repository, change_keys(root, {**files, ACCESS: data}, eager))
    for vault in vaults:
        mine = {label: epoch for label, epoch in epochs.items() if label.partition("/")[0] == vault.name}
        _record(repository, vault, mine, bool(eager), removed=name)
    shell.say(f"'{name}' is no reader any more; new epoch: {_listed(epochs) or 'none, they could read none'}")
    _say_orphans(shell, name, lost, keep_signer)
    shell.say(f"'{name}' keeps what they pulled, and knows the names of the objects on the storage.")
    if eager:
        return _seal_objects_anew(shell, repository, epochs, jobs, orphaned=lost)
    for line in _lazily(repository, [vault.name for vault in vaults], epochs, f"'{name}'"):
        shell.say(line)
    return shell.answer("now commit and push", epochs=epochs, files=[*files, ACCESS], orphaned=lost)


def stage(repository: Repository, names: Iterable[str]) -> None:
    """Put files into git's index, and take out of it what is gone."""
    there = [name for name in names if (repository.root / name).is_file()]
    gone = [name for name in names if not (repository.root / name).is_file()]
    repository.git.stage(*there)
    if gone:
        repository.git.ask("rm", "--cached", "-q", "--ignore-unmatch", "--", *gone)


def _refuse_unfinished() -> NoReturn:
    from tdsec_gov.errors import ConfigurationError

    raise ConfigurationError(
        "a rotation was interrupted", hint="finish it first: tdsec vault rotate --resume"
    )


def _listed(epochs: dict[str, int]) -> str:
    return ", ".join(f"{label} {epoch}" for label, epoch in sorted(epochs.items()))


def _say_orphans(shell: Shell, name: str, lost: list[str], keep_signer: bool) -> None:
    if not lost:
        return
    first = ", ".join(lost[:3]) + (f" and {len(lost) - 3} more" if len(lost) > 3 else "")
    shell.warn(f"{len(lost)} datasets have verdicts that rested on the signature of '{name}': {first}")
    keep = (
        "" if keep_signer else "; to let them count, git checkout HEAD -- policies .tdsec, then --keep-signer"
    )
    shell.warn(f"approve them again: tdsec check --all{keep}")


def _record(
    repository: Repository, vault: OpenedVault, epochs: dict[str, int], eager: bool, removed: str = ""
) -> None:
    from tdsec_gov.audit.journal import Journal

    details: dict[str, JsonValue] = {"vault": vault.name, "epochs": dict(epochs), "eager": eager}
    if removed:
        details["removed"] = removed
    Journal.open(repository.root, vault.identity).record(
        "vault.rotate", "success", vault.name, details=details
    )


def _lazily(repository: Repository, vaults: list[str], epochs: dict[str, int], who: str) -> list[str]:
    """What stays readable under the old keys, counted on the storage where it answers."""
    from tdsec_gov.errors import TdsecError
    from tdsec_gov.vault.listing import Kind, stored
    from tdsec_gov.vault.wiring import open_storage

    lines = []
    for vault in vaults:
        mine = {label: epoch for label, epoch in epochs.items() if label.partition("/")[0] == vault}
        try:
            found = [
                one.label
                for one in stored(open_storage(repository.root, vault))
                if one.kind in (Kind.OBJECT, Kind.PATH)
            ]
        except TdsecError as exc:
            lines.append(f"objects of earlier epochs remain readable by {who}; not counted: {exc.line()}")
            continue
        for label, epoch in sorted(mine.items()):
            count = found.count(label)
            lines.append(f"{label}: {count} objects of epochs < {epoch} remain readable by {who}")
    hint = "tdsec vault rotate --eager seals them anew" if lines else ""
    return [*lines, *([hint] if hint else [])]


def _seal_objects_anew(
    shell: Shell,
    repository: Repository,
    epochs: dict[str, int],
    jobs: int,
    orphaned: list[str] | None = None,
) -> int:
    from tdsec_gov.audit.journal import Journal
    from tdsec_gov.cli.progress import Counting
    from tdsec_gov.vault.reencrypt import Left, Reencryption
    from tdsec_gov.vault.rotate import done
    from tdsec_gov.vault.wiring import open_storage

    left: list[Left] = []
    counts: dict[str, int] = {}
    for vault in sorted({label.partition("/")[0] for label in epochs}):
        storage = open_storage(repository.root, vault)
        mine = [label for label in epochs if label.partition("/")[0] == vault]
        for label in mine:
            storage.vault.require_readers(label)
        work = Reencryption(storage, {label: storage.vault.keyrings_of(label) for label in mine}, jobs)
        with Counting(f"vault {vault}: sealing anew", quiet=shell.json) as watch:
            left += work.run(watch)
        for key, value in work.counts.items():
            counts[key] = counts.get(key, 0) + value
        details: dict[str, JsonValue] = {"vault": vault, "epochs": dict(epochs), "left": len(left), **counts}
        Journal.open(repository.root, storage.vault.identity).record(
            "vault.rotate", "failure" if left else "success", vault, reason="sealed anew", details=details
        )
    done(repository.root)
    for one in left[:20]:
        shell.warn(f"LEFT {one.path}: epoch {one.epoch} ({one.error.line()})")
    renewed = counts.get("renewed", 0)
    text = f"{renewed} objects sealed anew under {_listed(epochs)}; now commit and push"
    if left:
        text = f"{len(left)} objects remain under older epochs (damaged or without a keyring); " + text
    return shell.answer(
        text,
        code="integrity" if left else "ok",
        exit_code=10 if left else 0,
        epochs=epochs,
        counts=counts,
        left=[one.path for one in left],
        orphaned=orphaned or [],
    )
