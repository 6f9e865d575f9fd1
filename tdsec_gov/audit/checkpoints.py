"""Signed checkpoints kept outside the database: ``.tdsec/checkpoint`` and a private copy.

The file holds one signed note per log that ever wrote in this repository, sorted by origin. It is
made for git:

* Each note is **one line**, as a JSON string (its newlines written ``\\n``), so that no merge can mix
  the lines of two notes. ``json.loads(line)`` is the C2SP note, byte for byte.
* An empty line stands before each note: git merges changes in neighbouring lines only where an
  unchanged line separates them, so two clones that each move their own note do not conflict.
* With ``checkpoint merge=union`` in ``.tdsec/.gitattributes`` (:data:`GIT_ATTRIBUTES`) not even two
  branches of one clone conflict: the merged file then holds both notes of that log. Reading takes
  such a file, every note in it must hold, and the next write keeps the larger.

A note is never replaced by one of a smaller size, nor by another of the same size.
"""

from __future__ import annotations

import contextlib
import json
import os
import threading
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from tdsec_gov.audit.merkle import Frontier
from tdsec_gov.audit.note import MAX_NOTE, Checkpoint
from tdsec_gov.domain.canonical import parse_json
from tdsec_gov.errors import BackendUnavailable, IntegrityError, LogTampered, TdsecError
from tdsec_gov.files import write_atomic
from tdsec_gov.keys.signing import Ed25519Signer, VerifyKey

if TYPE_CHECKING:
    from tdsec_gov.audit.log import AuditLog

GIT_ATTRIBUTES = "checkpoint merge=union\n*.age -text\n"


class CheckpointFile:
    """One file of signed notes; there need not be one yet."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def notes(self, origin: str | None = None) -> tuple[str, ...]:
        """The notes in the file, of one log or of all, not verified; none when there is no file.

        Raises:
            LogTampered: the file or a note in it is malformed.
            BackendUnavailable: it cannot be read.
        """
        notes = self._notes(self._read())
        return tuple(one for one in notes if origin is None or _peek(one, self.path).origin == origin)

    def unverified(self, origin: str | None = None) -> tuple[Checkpoint, ...]:
        """The checkpoints in the file whoever signed them. Raises as :meth:`notes`."""
        return tuple(_peek(one, self.path) for one in self.notes(origin))

    def checkpoints(self, keys: Mapping[str, VerifyKey], origin: str | None = None) -> tuple[Checkpoint, ...]:
        """The checkpoints in the file, each verified; of one log or of all.

        Args:
            keys: keyid -> key of those whose signature counts.
            origin: only this log's.

        Raises:
            SignatureInvalid: a signature by one of ``keys`` does not verify.
            SignerUntrusted: a note is signed by none of ``keys``.
            LogTampered, BackendUnavailable: as :meth:`notes`.
        """
        return tuple(Checkpoint.verify(one, keys) for one in self.notes(origin))

    def put(self, note: str) -> None:
        """Put in one signed note, atomically; it replaces that of the same log, others stay.

        The folder is made when missing; a file that would say the same is left untouched.

        Raises:
            LogTampered: the file covers more events of this log, or another root for as many, or is
                malformed.
            BackendUnavailable: the file cannot be written.
        """
        new = Checkpoint.unsafe_read(note)
        with _locked(self.path):
            raw = self._read()
            kept: dict[str, tuple[Checkpoint, str]] = {}
            for text in (*self._notes(raw), note):
                one = _peek(text, self.path)
                before = kept.get(one.origin, (one, ""))[0]
                if before.size == one.size and before != one:
                    raise LogTampered(f"two roots are signed for a log of {one.size} events", where=self.path)
                if before.size <= one.size:
                    kept[one.origin] = (one, text)
            if kept[new.origin][0] != new:
                raise _backwards(self.path, kept[new.origin][0], new)
            data = "".join(f"\n{_line(kept[name][1])}\n" for name in sorted(kept)).encode()
            if data != raw:
                write_atomic(self.path, data)

    def _read(self) -> bytes:
        try:
            return self.path.read_bytes()
        except FileNotFoundError:
            return b""
        except OSError as exc:
            raise BackendUnavailable(
                "checkpoint file cannot be read", where=self.path, found=exc.strerror
            ) from None

    def _notes(self, raw: bytes) -> list[str]:
        try:
            return [_note(line, self.path) for line in raw.decode().split("\n") if line]
        except UnicodeDecodeError:
            raise LogTampered("checkpoint file is malformed", where=self.path, expected="UTF-8") from None


def advance(
    log: AuditLog,
    signer: Ed25519Signer,
    name: str,
    *,
    into: Sequence[Path],
    against: Sequence[Path] = (),
    memory: Path | None = None,
) -> Checkpoint:
    """Sign the log's head into the files ``into``.

    The log must extend every checkpoint of it in ``into`` and ``against``: signing a head without
    this would vouch for a log rewritten since. That costs about 1.6 CPU-seconds per million events,
    or next to nothing with ``memory``: a file beside the first of ``into`` that keeps the tree's right
    edge at the last signed head. It is believed only where it has the root that ``signer`` signed.

    Raises:
        LogTampered: the log was cut or rewritten since one of those checkpoints.
        KeyUnavailable: the signer's key cannot be used.
        BackendUnavailable: a file or the log cannot be read or written.
    """
    notes = {path: CheckpointFile(path).notes(log.origin) for path in (*into, *against)}
    old = [_peek(one, path) for path, held in notes.items() for one in held]
    start = _remembered(memory, notes[into[0]], signer, log.origin) if memory and into else None
    found = log.extends(old, start)
    note = found.checkpoint.sign(signer, name)
    for path in into:
        with contextlib.suppress(_Newer):
            CheckpointFile(path).put(note)
    if memory is not None:
        _remember(memory, found.size, found.frontier)
    return found.checkpoint


def _remembered(memory: Path, notes: Sequence[str], signer: Ed25519Signer, origin: str) -> Frontier | None:
    """The frontier in ``memory``, if its root is one that ``signer`` signed in ``notes``."""
    key = signer.verify_key
    try:
        size, _, edge = memory.read_text(encoding="ascii").partition(" ")
        frontier = Frontier.from_bytes(int(size), bytes.fromhex(edge))
        marks = [Checkpoint.verify(one, {key.keyid: key}) for one in notes]
    except (OSError, ValueError, TdsecError):
        return None
    here = Checkpoint(origin, frontier.size, frontier.root().hex())
    return frontier if here in marks else None


def _remember(memory: Path, size: int, frontier: bytes) -> None:
    """Best effort, without fsync: a lost or torn file costs time only."""
    part = memory.with_name(f"{memory.name}.{os.getpid()}.{threading.get_ident()}")
    with contextlib.suppress(OSError):
        part.write_text(f"{size} {frontier.hex()}", encoding="ascii")
        part.replace(memory)


class _Newer(LogTampered):
    """Another process has put a larger checkpoint there meanwhile."""


def _backwards(path: Path, old: Checkpoint, new: Checkpoint) -> LogTampered:
    return _Newer(
        "the checkpoint there covers more events of this log",
        where=path,
        expected=f"{old.size} events or more",
        found=f"{new.size} events",
    )


def _line(note: str) -> str:
    return json.dumps(note, ensure_ascii=False)


def _note(line: str, path: Path) -> str:
    try:
        note = parse_json(line, "checkpoint line") if len(line) <= 2 * MAX_NOTE else None
    except IntegrityError:
        note = None
    if not isinstance(note, str) or _line(note) != line:
        raise LogTampered(
            "checkpoint file is malformed",
            where=path,
            expected="one JSON string per line",
            hint="after a git merge, keep the lines of both sides and drop the conflict marks",
        )
    return note


def _peek(note: str, path: Path) -> Checkpoint:
    try:
        return Checkpoint.unsafe_read(note)
    except IntegrityError as exc:
        raise LogTampered(f"checkpoint file holds a malformed note: {exc.message}", where=path) from None


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[None]:
    """One writer at a time per folder, where the system has flock()."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(path.parent, os.O_RDONLY)
    except OSError as exc:
        raise BackendUnavailable(
            "folder of the checkpoint cannot be used", where=path.parent, found=exc.strerror
        ) from None
    try:
        with contextlib.suppress(ImportError):  # without it the rename is still atomic
            import fcntl

            fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)
