"""``tdsec vault add-reader``, ``remove-reader``, ``rewrap`` and ``rotate``: who holds which keys."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from tdsec_gov.cli.shell import Shell, pass_shell

if TYPE_CHECKING:
    from tdsec_gov.repo.repository import Repository
    from tdsec_gov.setup.rotation import Turned

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
    from tdsec_gov.setup.members import NewMember, with_member
    from tdsec_gov.setup.rotation import stage
    from tdsec_gov.vault.keyrings.readers import reseal

    repository = shell.repository()
    vault = vault_name(repository)
    label = f"{vault}/{compartment}" if compartment else ""
    role = role if role is not None else "" if label else "reader"
    key = " ".join(age.split()[:2]) if age.startswith("ssh-") else age
    new = NewMember(name, key, signing, role, label, age_pq, signing_pq)
    written = reseal(repository.root, vault, with_member(WorkTree(repository.root), new))
    _warn(shell, stage(repository, written))
    what = f"compartment '{compartment}'" if label else "the vault"
    return shell.answer(f"'{name}' can open {what}; now commit and push", files=written)


@click.command()
@pass_shell
def rewrap(shell: Shell) -> int:
    """Seal the keyrings to exactly the readers that policies/access.yaml names."""
    from tdsec_gov.cli.vault_objects import vault_name
    from tdsec_gov.setup.rotation import stage
    from tdsec_gov.vault.keyrings.readers import reseal

    repository = shell.repository()
    written = reseal(repository.root, vault_name(repository))
    _warn(shell, stage(repository, written))
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
    from tdsec_gov.setup.rotation import resumed, turn

    repository = shell.repository()
    left = resumed(repository)
    if left is not None:
        _warn(shell, left.unstaged)
        shell.say(f"going on with the rotation that was interrupted: {left}")
        return _eagerly(shell, repository, left, jobs)
    if resume:
        return shell.answer("there is no rotation to go on with")
    turned = turn(repository, vault_name(repository), eager=eager)
    _warn(shell, turned.unstaged)
    shell.say(f"new epoch: {turned}")
    if eager:
        return _eagerly(shell, repository, turned, jobs)
    return _lazily(shell, repository, turned, "who could read them")


@click.command("remove-reader")
@click.argument("name")
@click.option("--lazy", "how", flag_value="lazy", help="New objects get the new key; old ones stay.")
@click.option("--eager", "how", flag_value="eager", help="All objects are sealed anew under the new key.")
@click.option("--keep-signer", is_flag=True, help="They read no more, and sign and push as before.")
@_JOBS
@pass_shell
def remove_reader(shell: Shell, name: str, how: str | None, keep_signer: bool, jobs: int) -> int:
    """Take a member out of policies/access.yaml and give all that they could read a new key."""
    from tdsec_gov.errors import UsageError
    from tdsec_gov.setup.rotation import remove_reader as remove

    if how is None:
        raise UsageError(
            "what about the objects on the storage?",
            expected="--lazy or --eager",
            hint="--eager takes as long as pushing everything; --lazy leaves old objects readable to them",
        )
    repository = shell.repository()
    turned = remove(repository, name, eager=how == "eager", keep_signer=keep_signer)
    _warn(shell, turned.unstaged)
    shell.say(f"'{name}' reads no more; new epoch: {turned}")
    _say_orphans(shell, name, turned.orphaned, keep_signer)
    if turned.wrote:
        shell.say(
            f"what '{name}' pushed without a verdict (exempt files) must be pushed again by somebody else"
        )
    shell.say(f"'{name}' keeps what they pulled, and knows the names of the objects on the storage.")
    if how == "eager" and turned.epochs:
        return _eagerly(shell, repository, turned, jobs)
    return _lazily(shell, repository, turned, f"'{name}'")


def _warn(shell: Shell, text: str) -> None:
    if text:
        shell.warn(text)


def _say_orphans(shell: Shell, name: str, lost: list[str], keep_signer: bool) -> None:
    if not lost:
        return
    first = ", ".join(lost[:3]) + (f" and {len(lost) - 3} more" if len(lost) > 3 else "")
    shell.warn(f"{len(lost)} datasets have verdicts that rested on the signature of '{name}': {first}")
    keep = "" if keep_signer else " (--keep-signer would have let them count)"
    shell.warn(f"approve them again: tdsec check --all{keep}")


def _lazily(shell: Shell, repository: Repository, turned: Turned, who: str) -> int:
    """Say what stays readable under the old keys."""
    from tdsec_gov.setup.rotation import remaining

    found = remaining(repository, turned)
    for one in found:
        if one.count is None:
            text = f"objects of epochs < {one.epoch} remain readable by {who}; not counted: {one.error}"
        else:
            text = f"{one.count} objects of epochs < {one.epoch} remain readable by {who}"
        shell.say(f"{one.label}: {text}")
    if found:
        shell.say("tdsec vault rotate --eager seals them anew")
    return shell.answer(
        "now commit and push",
        epochs=turned.epochs,
        files=turned.files,
        orphaned=turned.orphaned,
        remaining={one.label: one.count for one in found},
    )


def _eagerly(shell: Shell, repository: Repository, turned: Turned, jobs: int) -> int:
    """Seal what lies on the storage anew, and say what came of it."""
    from tdsec_gov.cli.progress import Counting
    from tdsec_gov.setup.rotation import seal_anew

    with Counting("sealing anew", quiet=shell.json) as watch:
        done = seal_anew(repository, turned, jobs, watch)
    for one in done.left[:20]:
        shell.warn(f"LEFT {one.path}: epoch {one.epoch} ({one.error.line()})")
    text = f"{done.counts['renewed']} objects sealed anew under {turned}; now commit and push"
    if done.left:
        text = f"{len(done.left)} objects stay under older epochs; {text}"
    damaged = [one for one in done.troubles if one.exit_code == 10]
    if done.troubles:
        text = f"{text}. {len(done.troubles)} faults on the storage: tdsec vault verify names them"
    code = 10 if done.left or damaged else 0
    return shell.answer(
        text,
        code="integrity" if code else "ok",
        exit_code=code,
        epochs=turned.epochs,
        files=turned.files,
        counts=dict(done.counts),
        left=[one.path for one in done.left],
        orphaned=turned.orphaned,
    )
