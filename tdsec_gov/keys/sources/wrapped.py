"""The file of an identity that a key source keeps: which source, which key, which context, what was wrapped.

One JSON object, not secret::

    {"format":"tdsec-identity-wrapped/v1","scheme":"vault-transit","key":"transit/tdsec",
     "context":{"name":"alice","use":"tdsec-identity"},"blob":"<base64>"}

The secret inside is the identity file's text. Its context names the identity, so that one cannot be
put in the place of another.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tdsec_gov.domain.canonical import JsonValue, canonical_bytes, parse_object
from tdsec_gov.errors import IntegrityError, KeyUnavailable, UsageError
from tdsec_gov.files import naming_os_errors, write_atomic
from tdsec_gov.keys.identity import Identity
from tdsec_gov.keys.sources.registry import SOURCES, key_source
from tdsec_gov.keys.unlocked import once

FORMAT = "tdsec-identity-wrapped/v1"
_FIELDS = {"format", "scheme", "key", "context", "blob"}


@dataclass(frozen=True, slots=True)
class Wrapped:
    """What the file says; ``blob`` is empty where the source is a store."""

    scheme: str
    key: str
    context: Mapping[str, str]
    blob: bytes = b""

    @classmethod
    def in_store(cls, scheme: str, name: str) -> Wrapped:
        """The identity ``name`` in a store, under its own name: what ``keyring:NAME`` stands for."""
        return cls(scheme, name, context_of(name))

    def to_bytes(self) -> bytes:
        fields: dict[str, JsonValue] = {
            "format": FORMAT,
            "scheme": self.scheme,
            "key": self.key,
            "context": {**self.context},
            "blob": base64.b64encode(self.blob).decode(),
        }
        return canonical_bytes(fields) + b"\n"

    @classmethod
    def from_bytes(cls, data: bytes, where: object) -> Wrapped:
        """Raises KeyUnavailable: not such a file."""
        try:
            fields = parse_object(data, "wrapped identity")
            scheme, key, context, blob = (fields[one] for one in ("scheme", "key", "context", "blob"))
            if set(fields) != _FIELDS or fields["format"] != FORMAT or not isinstance(context, dict):
                raise ValueError("fields")
            words = {one: word for one, word in context.items() if isinstance(word, str)}
            texts = [one for one in (scheme, key, blob) if isinstance(one, str)]
            if len(texts) != 3 or len(words) != len(context) or words.get("use") != "tdsec-identity":
                raise ValueError("types")
            return cls(texts[0], texts[1], words, base64.b64decode(texts[2], validate=True))
        except (IntegrityError, KeyError, ValueError, binascii.Error):
            raise KeyUnavailable("not a wrapped tdsec identity", where=where, expected=FORMAT) from None

    def open(self, where: object) -> Identity:
        """The identity inside; the source is asked once per process.

        Raises:
            KeyUnavailable, BackendUnavailable, DependencyMissing: as the source says; or what it gave
                is not the identity that the context names.
        """
        source = key_source(self.scheme, self.key)
        text = once("wrapped", self.to_bytes(), lambda: source.unwrap(self.blob, self.context))
        identity = Identity.parse(text.decode("utf-8", "replace"), where)
        if identity.name != self.context.get("name"):
            raise KeyUnavailable("wrapped identity is not the one that its file names", where=where)
        return identity


def context_of(name: str) -> dict[str, str]:
    """What a source must be told to hand out the identity of this name."""
    return {"name": name, "use": "tdsec-identity"}


def save_wrapped(identity: Identity, path: Path, scheme: str, key: str) -> Wrapped:
    """Have a source keep ``identity``, and write the file that finds it there (mode 0600).

    It is read back from the source before the file is written.

    Raises:
        UsageError: there is an identity already, there or here; or it is an SSH key.
        KeyUnavailable, BackendUnavailable, DependencyMissing: as the source says.
    """
    if path.exists():
        raise UsageError("there is an identity already", where=path, hint="run: tdsec key show")
    text = secret_text(identity)
    wrapped = Wrapped(scheme, key, context_of(identity.name))
    source = key_source(scheme, key)
    wrapped = Wrapped(scheme, key, wrapped.context, source.wrap(text, wrapped.context))
    if source.unwrap(wrapped.blob, wrapped.context) != text:
        raise KeyUnavailable("the source did not give back what it was given", where=scheme)
    make_private_folder(path.parent)
    write_atomic(path, wrapped.to_bytes(), mode=0o600)
    return wrapped


def save_kept(identity: Identity, path: Path, keep: str) -> Wrapped:
    """As :func:`save_wrapped`, with ``SCHEME:KEY`` in one word; ``keyring`` alone keeps it under its name.

    Raises:
        UsageError: no such scheme, or no key; and as :func:`save_wrapped`.
    """
    scheme, _, key = keep.partition(":")
    if scheme == "keyring" and not key:
        key = identity.name
    if scheme not in SOURCES or not key:
        expected = "keyring, " + ", ".join(f"{one}:KEY" for one in SOURCES if one != "keyring")
        raise UsageError("no such place to keep an identity", expected=expected)
    return save_wrapped(identity, path, scheme, key)


def make_private_folder(folder: Path) -> None:
    """Make the config folder with mode 0700, where there is none."""
    with naming_os_errors(folder, "cannot be made"):
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)


def secret_text(identity: Identity) -> bytes:
    """The identity file's bytes. Raises UsageError: the key is an SSH key and has a file of its own."""
    if not str(identity.age).startswith("AGE-SECRET-KEY-"):
        raise UsageError("an SSH key stays where it is", hint="set TDSEC_IDENTITY to its path")
    return identity.to_text().encode()
