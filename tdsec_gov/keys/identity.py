"""A person's or machine's identity: an age secret to read with, an Ed25519 secret to sign with.

The file is an age identity file (``age -d -i FILE`` works with it) whose comments carry the name and
the signing key. It lies in the user's config folder with mode 0600, optionally encrypted with a
passphrase (age scrypt). ``TDSEC_IDENTITY`` gives the same text, or a path to it, in CI.
"""

from __future__ import annotations

import base64
import binascii
import os
import re
import stat
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tdsec_gov.errors import KeyUnavailable, UsageError
from tdsec_gov.files import naming_os_errors, write_atomic
from tdsec_gov.keys.age import file as age_file
from tdsec_gov.keys.age import scrypt, x25519
from tdsec_gov.keys.signing import SigningKey, VerifyKey

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@+-]{0,63}\Z")
_AGE_MAGIC = b"age-encryption.org/v1"
Passphrase = Callable[[], str]


@dataclass(frozen=True, slots=True, repr=False)
class Identity:
    """Who I am. Implements :class:`~tdsec_gov.keys.signing.Signer`."""

    name: str
    age: x25519.Identity
    signing: SigningKey

    @classmethod
    def generate(cls, name: str) -> Identity:
        """Raises UsageError when the name is not 1-64 letters, digits or ``._@+-``."""
        if not _NAME.match(name):
            raise UsageError("not a usable name", expected="1-64 letters, digits or . _ @ + -")
        return cls(name, x25519.Identity.generate(), SigningKey.generate())

    @classmethod
    def parse(cls, text: str, where: object = "identity") -> Identity:
        """Read an identity file's text. Raises KeyUnavailable: not such a file (never quoting it)."""
        name = re.search(r"^# name: (\S+)$", text, re.MULTILINE)
        signing = re.search(r"^# signing-key: ed25519-secret:(\S+)$", text, re.MULTILINE)
        secrets = [line for line in text.splitlines() if line.startswith("AGE-SECRET-KEY-1")]
        try:
            if name is None or signing is None or len(secrets) != 1 or not _NAME.match(name[1]):
                raise ValueError("incomplete")
            seed = base64.b64decode(signing[1], validate=True)
            if len(seed) != 32:
                raise ValueError("length")
            return cls(name[1], x25519.Identity.parse(secrets[0].strip()), SigningKey(seed))
        except (ValueError, binascii.Error, KeyUnavailable):
            raise KeyUnavailable(
                "not a tdsec identity",
                where=where,
                hint="run: tdsec key new --name NAME (or restore your backup)",
            ) from None

    @property
    def verify_key(self) -> VerifyKey:
        return self.signing.verify_key

    @property
    def keyid(self) -> str:
        return self.signing.verify_key.keyid

    def sign(self, data: bytes) -> bytes:
        return self.signing.sign(data)

    def to_text(self) -> str:
        """The identity file. It is secret."""
        seed = base64.b64encode(self.signing.seed).decode()
        return (
            "# tdsec identity v1. Keep it secret; `age -d -i` reads it too.\n"
            f"# name: {self.name}\n"
            f"# age recipient: {self.age.recipient}\n"
            f"# signing key (public): {self.signing.verify_key}\n"
            f"# signing-key: ed25519-secret:{seed}\n"
            f"{self.age}\n"
        )

    def __repr__(self) -> str:
        return f"Identity({self.name}, {self.keyid[:12]})"


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
