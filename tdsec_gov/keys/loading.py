"""Where an identity is kept: the user's config folder, or the environment.

The file has mode 0600 and is optionally encrypted with a passphrase (age scrypt). ``TDSEC_IDENTITY``
gives the same text, or a path to it, in CI.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from pathlib import Path

from tdsec_gov.errors import KeyUnavailable, UsageError
from tdsec_gov.files import naming_os_errors, write_atomic
from tdsec_gov.keys.age import file as age_file
from tdsec_gov.keys.age import scrypt
from tdsec_gov.keys.identity import Identity

_AGE_MAGIC = b"age-encryption.org/v1"
Passphrase = Callable[[], str]


def config_home() -> Path:
    """The user's config folder: ``TDSEC_HOME``, or ``tdsec`` in the XDG config folder."""
    home = os.environ.get("TDSEC_HOME")
    if home:
        return Path(home).expanduser()
    base = os.environ.get("XDG_CONFIG_HOME")
    return (Path(base) if base else Path.home() / ".config") / "tdsec"


def identity_path() -> Path:
    return config_home() / "identity"


def save_identity(identity: Identity, path: Path, passphrase: str | None = None) -> None:
    """Write a new identity file with mode 0600; an existing one is never overwritten.

    Raises:
        UsageError: there is one already.
    """
    if path.exists():
        raise UsageError("there is an identity already", where=path, hint="run: tdsec key show")
    data = identity.to_text().encode()
    if passphrase is not None:
        data = age_file.encrypt_bytes(data, [scrypt.Recipient(passphrase)])
    with naming_os_errors(path.parent, "cannot be made"):
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    write_atomic(path, data, mode=0o600)


def load_identity(ask: Passphrase | None = None) -> Identity:
    """The identity of this process: ``TDSEC_IDENTITY`` (text or path), else the identity file.

    ``ask`` is called for the passphrase of a protected file where ``TDSEC_PASSPHRASE`` is not set.

    Raises:
        KeyUnavailable: none, unreadable, readable by others, broken, or the wrong passphrase.
    """
    given = os.environ.get("TDSEC_IDENTITY", "")
    if "AGE-SECRET-KEY-1" in given:
        return Identity.parse(given, "TDSEC_IDENTITY")
    path = Path(given).expanduser() if given else identity_path()
    if not path.is_file():
        hint = (
            "set TDSEC_IDENTITY to an identity file or its text"
            if given
            else "run: tdsec key new --name NAME"
        )
        raise KeyUnavailable("no identity", where="TDSEC_IDENTITY" if given else path, hint=hint)
    with naming_os_errors(path, "cannot be read"):
        mode = stat.S_IMODE(path.stat().st_mode)
        data = path.read_bytes()
    if mode & 0o077:
        raise KeyUnavailable(
            "the identity file is readable by others",
            where=path,
            expected="mode 0600",
            found=f"{mode:04o}",
            hint=f"run: chmod 600 {path}",
        )
    if data.startswith(_AGE_MAGIC):
        data = _unlock(data, path, ask)
    return Identity.parse(data.decode("utf-8", "replace"), path)


def _unlock(data: bytes, path: Path, ask: Passphrase | None) -> bytes:
    passphrase = os.environ.get("TDSEC_PASSPHRASE") or (ask() if ask is not None else "")
    if not passphrase:
        raise KeyUnavailable("the identity needs its passphrase", where=path, hint="set TDSEC_PASSPHRASE")
    return age_file.decrypt_bytes(data, [scrypt.Identity(passphrase)])
