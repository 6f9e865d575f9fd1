"""Give an identity file its post-quantum keys; the old file is kept until the new one has been read back."""

from __future__ import annotations

import os
from pathlib import Path

from tdsec_gov.errors import IntegrityError, KeyUnavailable, UsageError
from tdsec_gov.files import naming_os_errors, sync_folder, write_atomic
from tdsec_gov.keys.age import file as age_file
from tdsec_gov.keys.age import scrypt
from tdsec_gov.keys.age.errors import NoMatchingIdentity
from tdsec_gov.keys.identity import Identity
from tdsec_gov.keys.loading import identity_path, load_identity
from tdsec_gov.keys.unlocked import Ask, passphrase

BACKUP = ".before-upgrade"
_AGE_MAGIC = b"age-encryption.org/v1"


def identity_file() -> Path:
    """The file this process takes its identity from.

    Raises:
        UsageError: it comes from elsewhere (``TDSEC_IDENTITY`` holds its text), or there is none.
    """
    given = os.environ.get("TDSEC_IDENTITY", "")
    path = Path(given).expanduser() if given else identity_path()
    if "AGE-SECRET-KEY-" in given or not path.is_file():
        raise UsageError(
            "there is no identity file to upgrade",
            where="TDSEC_IDENTITY" if given else path,
            expected="a file",
            hint="put the identity into a file for this, or run: tdsec key new --post-quantum --name NAME",
        )
    return path


def upgrade_identity(ask: Ask) -> Identity:
    """Add post-quantum keys to my identity file, under the same passphrase if it has one.

    Raises:
        UsageError: no file, one of another kind (an SSH key, a wrapped identity, a pointer),
            post-quantum keys already, or a backup of another upgrade in the way.
        KeyUnavailable: the file cannot be used, or the passphrase is wrong; nothing was changed.
        BackendUnavailable, ConfigurationError: it cannot be written; nothing was changed.
    """
    path = identity_file()
    with naming_os_errors(path, "cannot be read"):
        old = path.read_bytes()
    _require_identity(old, path)
    secret = passphrase("the identity", path, ask) if old.startswith(_AGE_MAGIC) else None
    load_identity(lambda: secret or "")
    new = _opened(old, secret, path).upgraded()
    text = new.to_text().encode()
    data = text if secret is None else age_file.encrypt_bytes(text, [scrypt.Recipient(secret)])
    backup = _keep(path, old)
    try:
        write_atomic(path, data, mode=0o600)
        if _opened(path.read_bytes(), secret, path) != new:
            raise IntegrityError("the identity file reads back differently; the old one is back", where=path)
    except BaseException:
        backup.replace(path)
        raise
    backup.unlink()
    sync_folder(path.parent)
    return new


def _opened(data: bytes, secret: str | None, path: Path) -> Identity:
    """The identity in these bytes, with this passphrase and no other: a slip of the finger must not become
    the passphrase of the new file, even where this process has opened the old one before."""
    if secret is not None:
        try:
            data = age_file.decrypt_bytes(data, [scrypt.Identity(secret)])
        except NoMatchingIdentity:
            raise KeyUnavailable("the passphrase is wrong", where=path) from None
    return Identity.parse(data.decode("utf-8", "replace"), path)


def _require_identity(data: bytes, path: Path) -> None:
    """Raises UsageError unless this is an identity file, plain or encrypted with a passphrase: what a key
    service or the OS keyring protects must not come out as plain text."""
    if not data.startswith(_AGE_MAGIC) and b"\nAGE-SECRET-KEY-1" not in b"\n" + data:
        raise _another_kind(path)


def _another_kind(path: Path) -> UsageError:
    return UsageError(
        "only an identity file can be upgraded in place",
        where=path,
        found="an SSH key, a wrapped identity or a pointer to one",
        hint="make a new one: tdsec key new --post-quantum --name NAME",
    )


def _keep(path: Path, data: bytes) -> Path:
    """A copy of the old file beside it, mode 0600. Raises UsageError: one lies there already."""
    backup = path.with_name(path.name + BACKUP)
    with naming_os_errors(backup, "cannot be written"):
        try:
            handle = os.open(backup, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            raise UsageError(
                "another upgrade is running, or was interrupted",
                where=backup,
                hint=f"if none is running, check with `tdsec key show` that {path.name} is whole, "
                "then remove this file",
            ) from None
        with os.fdopen(handle, "wb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
    return backup
