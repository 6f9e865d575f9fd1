"""``tdsec key``"""

from __future__ import annotations

import click

from tdsec_gov.cli.passphrase import change_passphrase
from tdsec_gov.cli.shell import Shell, ask_passphrase, pass_shell
from tdsec_gov.errors import UsageError


@click.group()
def key() -> None:
    """Your identity: an age key to read with, an Ed25519 key to sign with."""


@key.command()
@click.option("--name", required=True, help="Who this is: 1-64 letters, digits or . _ @ + -")
@click.option("--passphrase", is_flag=True, help="Protect the file with a passphrase (asked for).")
@click.option("--post-quantum", is_flag=True, help="With an X-Wing and an ML-DSA-65 key beside them.")
@click.option("--keep", metavar="SOURCE", help="keyring, vault-transit:KEY or aws-kms:KEY keeps the secret.")
@pass_shell
def new(shell: Shell, name: str, passphrase: bool, post_quantum: bool, keep: str | None) -> int:
    """Make an identity in the config folder (TDSEC_HOME moves it).

    With --keep the OS keyring or a key service holds the secret, and the file only says where it is.
    """
    from tdsec_gov.keys.identity import Identity
    from tdsec_gov.keys.loading import identity_path, save_identity

    if keep is not None:
        from tdsec_gov.keys.sources.wrapped import save_kept

        if passphrase:
            raise UsageError("--keep and --passphrase exclude each other")
        identity = Identity.generate(name, post_quantum=post_quantum)
        kept = save_kept(identity, identity_path(), keep)
        return shell.answer(
            f"identity '{name}' is kept by {kept.scheme} ({kept.key}); {identity_path()} says so\n"
            "Without it your data cannot be read: see that a second reader or a recovery key exists.",
            name=name,
            keyid=identity.keyid,
            path=str(identity_path()),
        )
    secret = None
    if passphrase:
        secret = click.prompt("Passphrase", hide_input=True, confirmation_prompt=True, err=True)
    identity = Identity.generate(name, post_quantum=post_quantum)
    save_identity(identity, identity_path(), secret)
    return shell.answer(
        f"identity '{name}' in {identity_path()}\nBack it up: without it your data cannot be read.",
        name=name,
        keyid=identity.keyid,
        path=str(identity_path()),
    )


@key.command()
@click.option("--post-quantum", is_flag=True, required=True, help="Add an X-Wing and an ML-DSA-65 key.")
@pass_shell
def upgrade(shell: Shell, post_quantum: bool) -> int:
    """Add post-quantum keys to your identity file; the keys it has stay as they are."""
    from tdsec_gov.keys.upgrade import identity_file, upgrade_identity

    identity = upgrade_identity(ask_passphrase)
    return shell.answer(
        f"identity '{identity.name}' in {identity_file()} has post-quantum keys now\n"
        "Back it up. Then, in each repository: tdsec key countersign, and put into policies/access.yaml\n"
        "what `tdsec key show` prints.",
        name=identity.name,
        keyid=identity.keyid,
        path=str(identity_file()),
    )


@key.command()
@pass_shell
def countersign(shell: Shell) -> int:
    """Sign what you signed in this repository once more, with your post-quantum key.

    Do it before your entry in policies/access.yaml names that key: from then on your old statements
    would not count.
    """
    from tdsec_gov.keys.committed import identity_of
    from tdsec_gov.setup.countersign import countersign as sign_again

    repository = shell.repository()
    written = sign_again(repository, identity_of(repository.root, ask_passphrase))
    repository.git.stage(*written)
    return shell.answer(f"{len(written)} statements have your second signature", files=written)


@key.command()
@click.option("--role", default="reader", show_default=True, help="Role to suggest in the entry.")
@pass_shell
def show(shell: Shell, role: str) -> int:
    """Print your public keys as an entry for policies/access.yaml."""
    from tdsec_gov.keys.committed import identity_of
    from tdsec_gov.setup.init import member_entry

    identity = identity_of(shell.root(), ask_passphrase)
    second = identity.signing_pq
    return shell.answer(
        member_entry(identity, role).rstrip(),
        name=identity.name,
        keyid=identity.keyid,
        age=str(identity.age.recipient),
        signing=str(identity.verify_key),
        age_pq=None if identity.age_pq is None else str(identity.age_pq.recipient),
        signing_pq=None if second is None else str(second.verify_key),
    )


@key.command("list")
@pass_shell
def list_(shell: Shell) -> int:
    """List the members of this repository and their keys."""
    from tdsec_gov.files import WorkTree
    from tdsec_gov.policy.load import policies_from

    members = policies_from(WorkTree(shell.repository().root)).access.file.members
    rows = [{"name": m.name, "roles": list(m.roles), "keyid": m.keyid, "age": m.age} for m in members]
    lines = [f"{m.name:20} {','.join(m.roles) or '-':16} {m.keyid[:12]}  {m.age}" for m in members]
    return shell.answer("\n".join(lines) or "no members", members=rows)


key.add_command(change_passphrase)
