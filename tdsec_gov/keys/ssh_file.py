"""SSH private key files as identities: OpenSSH's own format, and PEM (PKCS #1, PKCS #8).

An Ed25519 key reads (age's ``ssh-ed25519``) and signs, the very same key. An RSA key can only read: it
needs a ``signing-key`` beside it. Keys on hardware (``sk-…``) and in an agent cannot be used: age needs
the private key itself.
"""

from __future__ import annotations

import os
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key, load_ssh_private_key

from tdsec_gov.errors import KeyUnavailable, UsageError
from tdsec_gov.keys import ssh, ssh_identity
from tdsec_gov.keys.identity import Identity
from tdsec_gov.keys.optional import optional
from tdsec_gov.keys.signing import SigningKey
from tdsec_gov.keys.unlocked import Ask, once, passphrase

_OPENSSH = b"-----BEGIN OPENSSH PRIVATE KEY-----"
_KINDS = "an Ed25519 key (ssh-keygen -t ed25519), or an RSA key of 2048 to 8192 bits"


def open_ssh(
    data: bytes,
    where: object,
    ask: Ask | None,
    *,
    path: Path | None = None,
    name: str | None = None,
    signing: SigningKey | None = None,
) -> Identity:
    """The identity whose key the file ``data`` holds.

    Its name is ``name``, else ``TDSEC_NAME``, else the comment in ``PATH.pub``.

    Raises:
        KeyUnavailable: broken, of another kind, wrong or no passphrase, no name, or RSA without
            ``signing``. DependencyMissing: a protected key needs ``bcrypt``.
    """
    found = once("ssh", data, lambda: _unlock(data, where, ask))
    if signing is None and isinstance(found, ssh_identity.Ed25519Identity):
        signing = SigningKey(found.seed)
    if signing is None:
        raise KeyUnavailable(
            "an RSA key can read but not sign",
            where=where,
            expected="an Ed25519 key",
            hint="run: ssh-keygen -t ed25519 (or keep the RSA key for reading beside a signing-key)",
        )
    return Identity(name=_name(found, where, path, name), age=found, signing=signing)


def _unlock(data: bytes, where: object, ask: Ask | None) -> ssh_identity.Identity:
    load = load_ssh_private_key if data.lstrip().startswith(_OPENSSH) else load_pem_private_key
    try:
        try:
            key: object = load(data, None)
        except TypeError:
            if load is load_ssh_private_key:
                optional("bcrypt", "ssh", str(where))
            word = passphrase("the SSH key", where, ask).encode("utf-8", "surrogateescape")
            key = load(data, word)
    except (ValueError, TypeError):
        raise KeyUnavailable("the SSH key is broken, or this is not its passphrase", where=where) from None
    except UnsupportedAlgorithm:
        key = None
    if isinstance(key, Ed25519PrivateKey):
        return ssh_identity.Ed25519Identity(key.private_bytes_raw())
    if isinstance(key, RSAPrivateKey) and key.key_size in ssh.RSA_BITS:
        return ssh_identity.RsaIdentity(key)
    raise KeyUnavailable("not a kind of SSH key that age reads with", where=where, expected=_KINDS)


def _name(key: ssh_identity.Identity, where: object, path: Path | None, given: str | None) -> str:
    said = given or os.environ.get("TDSEC_NAME")
    for name in [said] if said else _comments(key, path):
        try:
            return Identity.generate(name).name
        except UsageError:
            continue
    raise KeyUnavailable(
        "the SSH key does not say whose it is",
        where=where,
        expected="1-64 letters, digits or . _ @ + - as a name",
        hint="set TDSEC_NAME to your name in policies/access.yaml",
    )


def _comments(key: ssh_identity.Identity, path: Path | None) -> list[str]:
    """The comment of the public key beside the file, and what stands in it before an ``@``."""
    if path is None:
        return []
    try:
        words = path.with_name(f"{path.name}.pub").read_text("utf-8").split(None, 2)
    except (OSError, ValueError):
        return []
    if len(words) < 3 or " ".join(words[:2]) != str(key.recipient):
        return []
    comment = words[2].strip()
    return [comment, comment.partition("@")[0]]
