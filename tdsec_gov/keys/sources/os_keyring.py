"""The keyring of the operating system, through the optional package ``keyring``.

Only backends of :data:`TRUSTED` are used: each encrypts what it keeps and belongs to the login. Where
there is none (no desktop, no bus, a plaintext backend) the answer is a refusal, never a file in plain text.
The secret lies in the keyring with its context beside it, so a blob is empty.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from tdsec_gov.domain.canonical import canonical_bytes, parse_object
from tdsec_gov.errors import IntegrityError, KeyUnavailable, UsageError
from tdsec_gov.keys.optional import optional
from tdsec_gov.keys.sources.contract import MAX_SECRET

SERVICE = "tdsec-gov"
TRUSTED = frozenset(
    {
        "keyring.backends.SecretService.Keyring",
        "keyring.backends.libsecret.Keyring",
        "keyring.backends.kwallet.DBusKeyring",
        "keyring.backends.kwallet.DBusKeyringKWallet4",
        "keyring.backends.macOS.Keyring",
        "keyring.backends.Windows.WinVaultKeyring",
    }
)
"""Classes of ``keyring`` that ask the operating system."""

_ENTRY = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@+-]{0,63}\Z")
_HINT = "keep the identity in a file with a passphrase: tdsec key new --name NAME --passphrase"


class OsKeyring:
    """Entries of service ``tdsec-gov``. See :class:`~tdsec_gov.keys.sources.contract.KeySource`."""

    def __init__(self, key: str) -> None:
        if not _ENTRY.match(key):
            raise KeyUnavailable("not a name for a keyring entry", where="keyring")
        self._key = key
        self._where = f"keyring:{key}"

    def wrap(self, secret: bytes, context: Mapping[str, str]) -> bytes:
        """Keep ``secret``; an entry of this name is never overwritten. The blob is empty."""
        if len(secret) > MAX_SECRET:
            raise UsageError("secret is too large", where=self._where, expected=f"{MAX_SECRET} bytes at most")
        text = canonical_bytes({"context": dict(context), "secret": base64.b64encode(secret).decode()})
        with self._asking() as backend:
            if backend.get_password(SERVICE, self._key) is not None:
                raise UsageError("the keyring holds an entry of this name already", where=self._where)
            backend.set_password(SERVICE, self._key, text.decode())
        return b""

    def unwrap(self, blob: bytes, context: Mapping[str, str]) -> bytes:
        with self._asking() as backend:
            text = backend.get_password(SERVICE, self._key)
        if text is None:
            raise KeyUnavailable("the keyring has no such entry", where=self._where)
        try:
            entry = parse_object(text, "keyring entry")
            secret = base64.b64decode(str(entry["secret"]), validate=True)
        except (IntegrityError, KeyError, ValueError, binascii.Error):
            raise KeyUnavailable("the keyring's entry is not one of tdsec", where=self._where) from None
        if blob or entry.get("context") != dict(context):
            raise KeyUnavailable("the keyring's entry was kept for something else", where=self._where)
        return secret

    @contextmanager
    def _asking(self) -> Iterator[Any]:
        backend = trusted_backend(self._where)
        errors = optional("keyring.errors", "keyring", self._where)
        try:
            yield backend
        except (errors.KeyringError, errors.InitError, OSError) as exc:
            raise KeyUnavailable(
                "the keyring does not answer, or is locked",
                where=self._where,
                found=type(exc).__name__,
                hint=f"unlock it and try again, or {_HINT}",
            ) from None


def trusted_backend(where: str) -> Any:
    """The keyring backend of this login.

    Raises:
        KeyUnavailable: none, or none that is encrypted. DependencyMissing: no package ``keyring``.
    """
    try:
        chosen = optional("keyring", "keyring", where).get_keyring()
    except (ImportError, AttributeError, ValueError, TypeError, RuntimeError, OSError) as exc:
        raise KeyUnavailable(
            "the keyring that package 'keyring' is set to cannot be used",
            where=where,
            found=type(exc).__name__,
            hint=_HINT,
        ) from None
    several = _name(chosen) == "keyring.backends.chainer.ChainerBackend"
    for backend in chosen.backends if several else [chosen]:
        if _name(backend) in TRUSTED:
            return backend
    raise KeyUnavailable(
        "there is no encrypted keyring of the operating system here",
        where=where,
        expected="Secret Service, KWallet, macOS Keychain or Windows Credential Manager",
        found=_name(chosen),
        hint=_HINT,
    )


def _name(backend: object) -> str:
    return f"{type(backend).__module__}.{type(backend).__qualname__}"
