"""Where this process finds its identity, and how it is opened.

``TDSEC_IDENTITY`` first, else the file ``identity`` in the user's config folder, else the repository's
committed one (a team of one). What is found may be

- an identity file, plain or encrypted with a passphrase (age scrypt);
- an SSH private key (:mod:`tdsec_gov.keys.ssh_file`);
- a wrapped identity, which a key service or the OS keyring opens (:mod:`tdsec_gov.keys.sources`);
- a pointer: a line ``source: ssh:PATH`` or ``source: keyring:NAME``, with ``# name:`` and
  ``# signing-key:`` lines as in an identity file where the source does not say them.

``TDSEC_IDENTITY`` holds any of these, or a path to it, or what stands after ``source:``.
"""

from __future__ import annotations

import base64
import binascii
import os
import re
import stat
from pathlib import Path

from tdsec_gov.errors import KeyUnavailable, UsageError
from tdsec_gov.files import naming_os_errors, write_atomic
from tdsec_gov.keys.age import armor, scrypt
from tdsec_gov.keys.age import file as age_file
from tdsec_gov.keys.age.errors import NoMatchingIdentity
from tdsec_gov.keys.identity import Identity
from tdsec_gov.keys.signing import SigningKey
from tdsec_gov.keys.sources.wrapped import FORMAT, Wrapped, make_private_folder, secret_text
from tdsec_gov.keys.unlocked import Ask, once, passphrase

_AGE_MAGIC = b"age-encryption.org/v1"
_PEM = b"-----BEGIN "
_INLINE = ("AGE-SECRET-KEY-", "-----BEGIN ", FORMAT)
_SOURCE = re.compile(r"^source: (ssh|keyring):(\S.*)$", re.MULTILINE)
_NAME = re.compile(r"^# name: (\S+)$", re.MULTILINE)
_SIGNING = re.compile(r"^# signing-key: ed25519-secret:(\S+)$", re.MULTILINE)
_LARGEST = 1 << 18
Passphrase = Ask


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
        UsageError: there is one already, or the identity is an SSH key.
    """
    if path.exists():
        raise UsageError("there is an identity already", where=path, hint="run: tdsec key show")
    data = secret_text(identity)
    if passphrase is not None:
        data = age_file.encrypt_bytes(data, [scrypt.Recipient(passphrase)])
    make_private_folder(path.parent)
    write_atomic(path, data, mode=0o600)


def load_identity(ask: Ask | None = None, committed: Path | None = None) -> Identity:
    """The identity of this process.

    ``ask`` is called for a passphrase where ``TDSEC_PASSPHRASE`` is not set, at most once per secret
    and process. ``committed`` is tried last: an age file with a passphrase, which may lie in git.

    Raises:
        KeyUnavailable: none, unreadable, readable by others, broken, or the wrong passphrase.
        BackendUnavailable, DependencyMissing: the service that keeps it, or a package for it, is not there.
    """
    given = os.environ.get("TDSEC_IDENTITY", "")
    if given:
        return _given(given, ask)
    path = identity_path()
    if path.is_file():
        return _recognised(_read(path), path, ask, path)
    if committed is not None and committed.is_file():
        return _committed(committed, ask)
    raise KeyUnavailable("no identity", where=path, hint="run: tdsec key new --name NAME")


def _given(given: str, ask: Ask | None) -> Identity:
    """What ``TDSEC_IDENTITY`` says; it is never quoted, for it may be a secret with a slip in it."""
    where = "TDSEC_IDENTITY"
    if any(mark in given for mark in _INLINE):
        return _recognised(given.encode("utf-8", "replace"), where, ask)
    if (source := _SOURCE.match(f"source: {given}")) is not None:
        return _from_source(source, where, ask)
    path = _file(given)
    if path is None:
        hint = "set TDSEC_IDENTITY to an identity file, an SSH key, keyring:NAME, or an identity's text"
        raise KeyUnavailable("no identity", where=where, hint=hint)
    return _recognised(_read(path), path, ask, path)


def _recognised(data: bytes, where: object, ask: Ask | None, path: Path | None = None) -> Identity:
    """The identity that these bytes hold, whichever kind they are."""
    if data.startswith(_AGE_MAGIC) or armor.is_armored(data):
        return _protected(data, where, ask)
    if data.lstrip().startswith(_PEM):
        from tdsec_gov.keys.ssh_file import open_ssh

        return open_ssh(data, where, ask, path=path)
    if data.lstrip().startswith(b"{"):
        return Wrapped.from_bytes(data, where).open(where)
    text = data.decode("utf-8", "replace")
    sources = list(_SOURCE.finditer(text))
    if not sources:
        return Identity.parse(text, where)
    if len(sources) > 1 or "AGE-SECRET-KEY-" in text:
        raise KeyUnavailable(
            "the file holds more than one identity", where=where, expected="one source, or one secret key"
        )
    return _from_source(sources[0], where, ask, text)


def _from_source(source: re.Match[str], where: object, ask: Ask | None, text: str = "") -> Identity:
    kind, place = source[1], source[2].strip()
    if kind == "keyring":
        return Wrapped.in_store(kind, place).open(where)
    path = _file(place)
    if path is None:
        raise KeyUnavailable("there is no such SSH key", where=where, expected="ssh:PATH of a private key")
    from tdsec_gov.keys.ssh_file import open_ssh

    name, signing = _NAME.search(text), _SIGNING.search(text)
    return open_ssh(
        _read(path),
        path,
        ask,
        path=path,
        name=name[1] if name else None,
        signing=_signing_key(signing[1], where) if signing else None,
    )


def _signing_key(text: str, where: object) -> SigningKey:
    try:
        seed = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        seed = b""
    if len(seed) != 32:
        raise KeyUnavailable("the signing key is malformed", where=where)
    return SigningKey(seed)


def _committed(path: Path, ask: Ask | None) -> Identity:
    with naming_os_errors(path, "cannot be read"):
        data = path.read_bytes()
    if not data.startswith(_AGE_MAGIC):
        raise KeyUnavailable(
            "a committed identity must be protected by a passphrase",
            where=path,
            expected="an age file",
            hint="take it out of git, and make new keys: everybody with the repository has these",
        )
    return _protected(data, path, ask)


def _protected(data: bytes, where: object, ask: Ask | None) -> Identity:
    def unlock() -> bytes:
        word = passphrase("the identity", where, ask)
        try:
            return age_file.decrypt_bytes(data, [scrypt.Identity(word)], allow_armor=True)
        except NoMatchingIdentity:
            raise KeyUnavailable("this is not the identity's passphrase", where=where, hint="") from None

    return Identity.parse(once("age", data, unlock).decode("utf-8", "replace"), where)


def _read(path: Path) -> bytes:
    """The file's bytes; whatever it holds, only its owner may read or write it.

    Raises:
        KeyUnavailable: others may, or it is far too large.
    """
    with naming_os_errors(path, "cannot be read"):
        status = path.stat()
        data = path.read_bytes() if status.st_size <= _LARGEST else b""
    mode = stat.S_IMODE(status.st_mode)
    if os.name == "posix" and mode & 0o077:
        raise KeyUnavailable(
            "the identity file is readable by others",
            where=path,
            expected="mode 0600",
            found=f"{mode:04o}",
            hint=f"run: chmod 600 {path}",
        )
    if status.st_size > _LARGEST:
        raise KeyUnavailable("not a tdsec identity", where=path, expected=f"at most {_LARGEST} bytes")
    return data


def _file(text: str) -> Path | None:
    """The file that ``text`` names, if it does."""
    try:
        path = Path(text).expanduser()
        return path if path.is_file() else None
    except (OSError, RuntimeError, ValueError):
        return None
