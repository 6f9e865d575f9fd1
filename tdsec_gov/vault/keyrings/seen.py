"""What this clone has seen: a pin against old evidence put back in place of newer.

An old keyring or verdict is as well signed as the new one; that it is old shows only against what was
there before. So each clone remembers in a private file in git's folder (it dies with the clone), per
label of keyrings, per dataset and per path in a vault, the highest sequence number, the digest that had
it, and HEAD's commit of that moment.

The rule. To *seal* under a keyring older than the one seen is always refused: a former reader would read
it. To *read* with an older one, or an older version, is refused unless git explains it: HEAD does not
contain the commit at which the newer one was seen, so somebody is on an older commit or another branch.
The same number with another digest is a fork: two branches that have been merged, or an attack.
"""

from __future__ import annotations

import logging
import re
import threading
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Literal, get_args

from tdsec_gov.domain.canonical import JsonValue, canonical_bytes, parse_object
from tdsec_gov.errors import IntegrityError, TdsecError
from tdsec_gov.files import WorkTree, write_atomic
from tdsec_gov.repo.git import Git, git_folder
from tdsec_gov.repo.history import ever_named
from tdsec_gov.vault.keyrings.keyring import keyring_name, statement_name
from tdsec_gov.vault.keyrings.statement import KeyringStatement
from tdsec_gov.verdicts.book import VerdictBook
from tdsec_gov.verdicts.store import verdict_name
from tdsec_gov.verdicts.verify import Verified

Kind = Literal["keyring", "dataset", "path"]
_KINDS: tuple[str, ...] = get_args(Kind)
_LOGGER = logging.getLogger("dvc.tdsec")
_NAME = "tdsec-seen"
COPIES = "tdsec-keyrings"
"""Folder in git's folder with a copy of every keyring of a new epoch that was made in this clone."""


@dataclass(frozen=True, slots=True)
class Pin:
    """The highest ``sequence`` seen, the ``digest`` (64 hex digits) that had it, and HEAD's commit then."""

    sequence: int
    digest: str
    commit: str

    def as_json(self) -> dict[str, JsonValue]:
        return {"sequence": self.sequence, "digest": self.digest, "commit": self.commit}


class Seen:
    """The pins of the clone at ``root``. Safe to ask from many threads; a folder without git has none."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._lock = threading.RLock()
        self._contained: dict[tuple[str, str], bool] = {}

    @cached_property
    def path(self) -> Path:
        """The private file."""
        return git_folder(self.root) / _NAME

    def pin(self, kind: Kind, key: str) -> Pin | None:
        """What was seen of ``key``. Raises IntegrityError: the file is broken."""
        return self._pins.get((kind, key))

    def require(
        self, kind: Kind, key: str, sequence: int, digest: str, *, sealing: bool = False, at: str = ""
    ) -> None:
        """Raises IntegrityError where ``sequence`` is older than what was seen and nothing explains it.

        ``key`` is a label, a dataset or a path; ``digest`` tells two things with one number apart;
        ``sealing``: something will be encrypted or signed on the strength of it; ``at``: the commit that it
        was read from, where that is not HEAD's work tree.
        """
        pin = self.pin(kind, key)
        if pin is None or sequence > pin.sequence or (sequence, digest) == (pin.sequence, pin.digest):
            return
        if not sealing and (not self._contains(pin.commit, at) or self._merged(pin, sequence, at)):
            return
        raise _older(kind, key, pin, sequence, git_folder(self.root))

    def note(self, kind: Kind, key: str, sequence: int, digest: str, evidence: str = "") -> None:
        """Remember what was just verified, if it is the newest so far.

        With ``evidence`` (its path from the root) only once HEAD holds those bytes: what was never
        committed may be thrown away again.

        Raises:
            IntegrityError: the file is broken. BackendUnavailable, ConfigurationError: cannot be written.
        """
        with self._lock:
            pin = self.pin(kind, key)
            known = pin is not None and (sequence, digest) == (pin.sequence, pin.digest)
            if not self.path.parent.is_dir() or (pin and sequence <= pin.sequence and not known):
                return
            if pin and known and (pin.commit == self._head or self._contains(pin.commit)):
                return
            if evidence and not self._committed(evidence):
                return
            self.__dict__.pop("_pins", None)
            latest = self.pin(kind, key)
            if latest is None or latest.sequence <= sequence:
                self._pins[kind, key] = Pin(sequence, digest, self._head)
                self._save()

    @cached_property
    def _pins(self) -> dict[tuple[str, str], Pin]:
        return _parse(self.path.read_bytes(), self.path) if self.path.is_file() else {}

    def _save(self) -> None:
        body: dict[str, JsonValue] = {"format": 1}
        for kind in _KINDS:
            body[kind] = {key: pin.as_json() for (of, key), pin in self._pins.items() if of == kind}
        write_atomic(self.path, canonical_bytes(body) + b"\n", mode=0o600)

    @cached_property
    def _git(self) -> Git:
        return Git(self.root, git_folder(self.root))

    @cached_property
    def _head(self) -> str:
        return self._git.head() or ""

    def _contains(self, commit: str, at: str = "") -> bool:
        """Whether ``at`` (HEAD when empty) contains ``commit``; what was seen before the first commit counts
        as contained."""
        tip = at or self._head
        if (commit, tip) not in self._contained:
            found = commit in ("", tip) or self._git.contains(commit, tip or "HEAD")
            self._contained[commit, tip] = found
        return self._contained[commit, tip]

    def _merged(self, pin: Pin, sequence: int, at: str) -> bool:
        same = sequence == pin.sequence and bool(pin.commit)
        return same and self._git.merged_since(pin.commit, at or "HEAD")

    def _committed(self, name: str) -> bool:
        return bool(self._head) and self._git.show(self._head, name) == WorkTree(self.root).read(name)


def require_current(
    book: VerdictBook, dataset: str, oid: str, seen: Seen | None = None, at: str = ""
) -> Verified:
    """The accepted verdict of ``oid``, if no newer version of ``dataset`` was accepted: in the evidence, or
    as far as this clone has seen. ``at``: the commit of the evidence, where it is not the work tree's; it
    obeys the pins and moves none, or another branch's number would stand for this one's.

    Raises:
        VerdictMissing, VerdictExpired, SignerUntrusted, GateDenied: no accepted verdict.
        IntegrityError: a newer version was accepted, so this one has been put back.
    """
    proof = book.current(dataset, oid)
    if seen is not None:
        version, sequence = proof.verdict.version, proof.verdict.sequence
        seen.require("dataset", dataset, sequence, version.root, at=at)
        if not at:
            seen.note("dataset", dataset, sequence, version.root, verdict_name(dataset, version.root))
    return proof


def require_newest(seen: Seen, said: KeyringStatement, *, sealing: bool = False) -> None:
    """Raises IntegrityError where a newer keyring of the label was seen; remembers this one otherwise.

    What something is sealed under is remembered even before it is committed. A statement of format 1 has
    no number: it is older than any that has one.
    """
    seen.require("keyring", said.vault, said.sequence, said.digest, sealing=sealing)
    if said.sequence > 0:
        evidence = "" if sealing else statement_name(said.vault, said.epoch)
        seen.note("keyring", said.vault, said.sequence, said.digest, evidence)


def require_newest_committed(seen: Seen, said: KeyringStatement) -> None:
    """Raises IntegrityError where a commit that HEAD grew from holds a keyring of a newer epoch.

    A fresh clone has no pins; whoever takes the newest keyring away in a commit of theirs would make it seal
    under the one before. A shallow clone knows as much as it has history, and says so.
    """
    if not seen.path.parent.is_dir():
        return
    git = Git(seen.root, git_folder(seen.root))
    if git.ask("rev-parse", "--is-shallow-repository").strip() == b"true":
        _LOGGER.warning(
            "tdsec: this is a shallow clone: a newer keyring of vault '%s' that somebody took away would not "
            "be noticed - run: git fetch --unshallow",
            said.vault,
        )
    named = ever_named(git, f".tdsec/vaults/{said.vault}")
    own = re.compile(rf"(?:.*/)?\.tdsec/vaults/{re.escape(said.vault)}/keyring-([1-9][0-9]{{0,8}})\.age")
    newest = max((int(match[1]) for name in named if (match := own.fullmatch(name))), default=0)
    if newest > said.epoch:
        raise IntegrityError(
            f"the newest keyring of vault '{said.vault}' was taken away",
            where=keyring_name(said.vault, newest),
            expected=f"epoch {newest}, which was committed",
            found=f"epoch {said.epoch}",
            hint=f"restore it: git log --diff-filter=D -- .tdsec/vaults/{said.vault}",
        )


def _older(kind: Kind, key: str, pin: Pin, sequence: int, git: Path) -> IntegrityError:
    at = f" at commit {pin.commit[:12]}" if pin.commit else ""
    fork = sequence == pin.sequence
    what = {
        "keyring": f"the keyring of vault '{key}'",
        "dataset": f"the approved version of '{key}'",
        "path": f"'{key}' in the vault",
    }[kind]
    restore = f"git checkout {pin.commit[:12] or 'HEAD'} -- .tdsec/vaults/{key} policies/access.yaml"
    if (git / COPIES / key).is_dir():
        restore += f" (never committed? copies of what was made here: .git/{COPIES}/{key})"
    hint = {
        "keyring": f"run: {restore}"
        + (
            "; if two branches did it, tdsec vault rewrap"
            if fork
            else f"; if it was given up, remove {git / _NAME}"
        ),
        "dataset": f"to go back on purpose, approve it again: tdsec check {key}",
        "path": "to go back on purpose, push it again",
    }[kind]
    return IntegrityError(
        f"{what} is {'not the one' if fork else 'older than the one'} that this clone has seen",
        expected=f"sequence {pin.sequence}{at}" + (f", digest {pin.digest[:12]}" if fork else " or newer"),
        found="another digest with that sequence" if fork else f"sequence {sequence}",
        hint=hint,
    )


def _parse(data: bytes, path: Path) -> dict[tuple[str, str], Pin]:
    pins: dict[tuple[str, str], Pin] = {}
    try:
        body = parse_object(data, "file of pins")
        if body.pop("format", None) != 1 or not set(body) <= set(_KINDS):
            raise ValueError("malformed")
        for kind, entries in body.items():
            for key, item in entries.items() if isinstance(entries, dict) else [("", None)]:
                pins[kind, key] = _pin(item)
    except (ValueError, TypeError, KeyError, TdsecError):
        raise IntegrityError(
            "what this clone has seen cannot be read",
            where=path,
            hint="restore it from a backup; to begin anew, after a look at git log -- .tdsec, remove it",
        ) from None
    return pins


def _pin(item: JsonValue) -> Pin:
    if not isinstance(item, dict) or set(item) != {"sequence", "digest", "commit"}:
        raise ValueError("malformed")
    sequence, digest, commit = item["sequence"], item["digest"], item["commit"]
    if type(sequence) is not int or not isinstance(digest, str) or not isinstance(commit, str):
        raise ValueError("malformed")
    return Pin(sequence, digest, commit)
