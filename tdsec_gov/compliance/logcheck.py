"""Before anything is believed: verify the whole audit log against every signed head within reach.

Heads are looked for where somebody who edits the database does not reach at once: the committed
``.tdsec/checkpoint``, the private copy in the user's config folder, and the signed verdicts.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tdsec_gov.audit.checkpoints import read_checkpoints
from tdsec_gov.audit.journal import CHECKPOINT, DATABASE
from tdsec_gov.audit.log import AuditLog
from tdsec_gov.audit.merkle import Frontier
from tdsec_gov.audit.note import Checkpoint
from tdsec_gov.audit.verify import verify_log
from tdsec_gov.compliance.events import Numbered
from tdsec_gov.compliance.values import LogBasis
from tdsec_gov.domain.verdict import LogHead
from tdsec_gov.errors import ConfigurationError, LogTampered, PolicyInvalid, SignerUntrusted
from tdsec_gov.keys.signing import VerifyKey
from tdsec_gov.verdicts.book import VerdictBook


@dataclass(frozen=True, slots=True)
class Place:
    """Where signed heads of one log were found: in words, and the heads."""

    words: str
    heads: tuple[Checkpoint, ...]


def open_log(root: Path) -> AuditLog:
    """The audit log of the repository at ``root``.

    Raises:
        ConfigurationError: there is none in this clone.
    """
    place = root / DATABASE
    if not place.is_file():
        raise ConfigurationError(
            "there is no audit log in this clone",
            where=place,
            hint="it is made by the first tdsec command that acts; restore it if it was there before",
        )
    return AuditLog.open(place)


def verified_basis(
    root: Path, log: AuditLog, book: VerdictBook, private: Path, own: VerifyKey | None = None
) -> LogBasis:
    """Verify every event of ``log`` against all heads within reach.

    Args:
        private: the folder of private copies. ``own`` is the key they may be signed with besides
            those of the members in policies/access.yaml.

    Raises:
        LogTampered: naming the event. SignatureInvalid, SignerUntrusted: a head is forged or by nobody
            trusted. BackendUnavailable: the log cannot be read.
    """
    places = known_heads(root, log.head().origin, book, private, own)
    verified = verify_log(log, [head for place in places for head in place.heads])
    words = tuple(place.words for place in places if place.heads)
    return LogBasis(LogHead(verified.origin, verified.size, verified.root), verified.covered, words)


def known_heads(
    root: Path, origin: str, book: VerdictBook, private: Path, own: VerifyKey | None
) -> list[Place]:
    """The signed heads of the log ``origin`` by place. Raises as :func:`verified_basis`."""
    keys = [VerifyKey.parse(member.signing) for member in book.policies.access.file.members]
    trusted = {key.keyid: key for key in (*keys, *([own] if own else []))}
    paths = [(CHECKPOINT, root / CHECKPOINT)]
    ident = origin.rsplit("/", 1)[-1]
    paths += [("the private copy", path) for path in sorted(private.glob(f"{ident}*"))]
    places = [_place(name, path, origin, trusted) for name, path in paths]
    return [*places, _verdicts(book, origin)]


def _place(name: str, path: Path, origin: str, trusted: dict[str, VerifyKey]) -> Place:
    try:
        heads = read_checkpoints(path, trusted, origin=origin)
    except SignerUntrusted as exc:
        raise SignerUntrusted(
            "a head of the audit log is signed by nobody in policies/access.yaml",
            where=path,
            found=exc.found,
            hint="add the member, or verify the log and run: tdsec audit checkpoint",
        ) from None
    sizes = ", ".join(str(head.size) for head in heads)
    return Place(f"{name} (size {sizes})", heads)


def _verdicts(book: VerdictBook, origin: str) -> Place:
    heads = []
    for dataset in book.datasets():
        try:
            history = book.history(dataset)
        except PolicyInvalid:
            continue
        found = [one.verdict.checkpoint for one in history]
        heads += [Checkpoint(h.origin, h.size, h.root) for h in found if h is not None and h.origin == origin]
    return Place(f"{len(heads)} signed verdict{'' if len(heads) == 1 else 's'}", tuple(heads))


def verified_events(log: AuditLog, head: LogHead) -> Iterator[Numbered]:
    """The events under a verified head, and a refusal at the end when they are not the same any more.

    Raises:
        LogTampered: the log was changed after it had been verified.
    """
    tree = Frontier()
    for one in log.events():
        if one.seq > head.size:
            break
        tree.append(bytes.fromhex(one.leaf))
        yield one.seq, one.event
    if tree.size != head.size or tree.root().hex() != head.root:
        raise LogTampered("the log was changed while it was read", where=log.where)
