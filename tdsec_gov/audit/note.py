"""Signed notes (c2sp.org/signed-note) and log checkpoints (c2sp.org/tlog-checkpoint).

A note is UTF-8 text ending in a newline, an empty line, and signature lines
``— <name> <base64 of (key hash || signature)>``; for Ed25519 the key hash is the first 4 bytes of
SHA-256(name || 0x0A || 0x01 || raw public key). A checkpoint's text has three lines: origin, tree
size in decimal, root hash in base64. Extension lines are refused: we write none.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256

from tdsec_gov.audit.merkle import MAX_SIZE
from tdsec_gov.domain.dataset import is_sha256
from tdsec_gov.errors import LogTampered, SignatureInvalid, SignerUntrusted, UsageError
from tdsec_gov.keys.signing import Ed25519Signer, VerifyKey

MAX_NOTE = 1_000_000
MAX_SIGNATURES = 100
_SIGNATURE_LINE = re.compile(r"— ([^\s+]+) ([A-Za-z0-9+/]+={0,2})\Z")
_NAME = re.compile(r"[^\s+\x00-\x1f\x7f]+\Z")
_ORIGIN = re.compile(r"[^\s\x00-\x1f\x7f][^\x00-\x1f\x7f]*\Z")
_SIZE = re.compile(r"(0|[1-9][0-9]{0,18})\Z")


def key_hash(name: str, key: VerifyKey) -> bytes:
    """The 4 bytes that name an Ed25519 key in a signature line."""
    return sha256(name.encode() + b"\n\x01" + key.raw).digest()[:4]


def sign_note(text: str, signer: Ed25519Signer, name: str) -> str:
    """``text`` with one signature line under ``name`` (no spaces, no ``+``).

    Raises:
        UsageError: name or text cannot stand in a note.
        KeyUnavailable: the key cannot be used.
    """
    if _NAME.match(name) is None:
        raise UsageError("key name cannot stand in a signed note", expected="no spaces and no '+'")
    if not _is_text(text):
        raise UsageError("text cannot stand in a signed note", expected="UTF-8 lines")
    blob = key_hash(name, signer.verify_key) + signer.sign(text.encode())
    return f"{text}\n— {name} {base64.b64encode(blob).decode()}\n"


def open_note(note: str, keys: Mapping[str, VerifyKey]) -> str:
    """The text of ``note``, signed by at least one of ``keys`` (keyid -> key).

    Signatures by other keys are passed over, as the specification asks; the key name is a label.

    Raises:
        SignatureInvalid: malformed, or the signature of one of ``keys`` does not verify.
        SignerUntrusted: well formed, but signed by none of ``keys``.
    """
    text, lines = split_note(note)
    signed, good, names = text.encode(), False, []
    for line in lines:
        name, blob = _signature(line)
        names.append(name)
        for key in keys.values():
            if key_hash(name, key) == blob[:4]:
                key.verify(blob[4:], signed)
                good = True
    if not good:
        raise SignerUntrusted("checkpoint is signed by nobody trusted", found=", ".join(names))
    return text


def split_note(note: str) -> tuple[str, list[str]]:
    """Text and signature lines of a note, without verifying anything.

    Raises:
        SignatureInvalid: not of a note's form.
    """
    text, gap, tail = note.rpartition("\n\n")
    text += "\n"
    lines = tail.split("\n")
    if not gap or len(note) > MAX_NOTE or not _is_text(text) or lines.pop() != "" or not lines:
        raise SignatureInvalid("not a signed note", expected="text, an empty line, signature lines")
    if len(lines) > MAX_SIGNATURES:
        raise SignatureInvalid("signed note has too many signatures", expected=f"at most {MAX_SIGNATURES}")
    return text, lines


def _is_text(text: str) -> bool:
    try:
        raw = text.encode()
    except UnicodeEncodeError:
        return False
    return raw.endswith(b"\n") and all(byte >= 0x20 or byte == 0x0A for byte in raw)


def _signature(line: str) -> tuple[str, bytes]:
    match = _SIGNATURE_LINE.match(line)
    blob = _b64(match[2]) if match else b""
    if match is None or len(blob) < 5:
        raise SignatureInvalid("signature line is malformed", expected="'— name base64'")
    return match[1], blob


def _b64(text: str) -> bytes:
    """Canonical standard base64, or nothing."""
    try:
        raw = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return b""
    return raw if base64.b64encode(raw).decode() == text else b""


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The head of a log at one moment: origin, number of events, Merkle root (64 hex digits)."""

    origin: str
    size: int
    root: str

    def __post_init__(self) -> None:
        fits = _ORIGIN.match(self.origin) is not None and 0 <= self.size <= MAX_SIZE
        if not fits or not is_sha256(self.root):
            raise LogTampered("checkpoint is malformed", expected="origin, size and SHA-256 root")

    @property
    def text(self) -> str:
        """The text that gets signed."""
        return f"{self.origin}\n{self.size}\n{base64.b64encode(bytes.fromhex(self.root)).decode()}\n"

    def sign(self, signer: Ed25519Signer, name: str) -> str:
        """The checkpoint as a signed note. Raises UsageError or KeyUnavailable like :func:`sign_note`."""
        return sign_note(self.text, signer, name)

    @classmethod
    def verify(cls, note: str, keys: Mapping[str, VerifyKey]) -> Checkpoint:
        """Verify a signed note by any of ``keys`` (keyid -> key) and read the checkpoint in it.

        Raises:
            SignatureInvalid: malformed note, or a trusted key's signature does not verify.
            SignerUntrusted: signed by none of ``keys``.
            LogTampered: well signed, but the text is no checkpoint.
        """
        return cls.parse(open_note(note, keys))

    @classmethod
    def unsafe_read(cls, note: str) -> Checkpoint:
        """Read a note's checkpoint without verifying its signature. Raises as :meth:`verify`."""
        return cls.parse(split_note(note)[0])

    @classmethod
    def parse(cls, text: str) -> Checkpoint:
        """Read the text of a checkpoint. Raises LogTampered when it is not one."""
        lines = text.split("\n")
        root = _b64(lines[2]) if len(lines) == 4 else b""
        if len(lines) != 4 or lines[3] or _SIZE.match(lines[1]) is None or len(root) != 32:
            raise LogTampered("checkpoint is malformed", expected="three lines: origin, size, root")
        return cls(lines[0], int(lines[1]), root.hex())
