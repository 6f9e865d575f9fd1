"""Before anything is believed: verify the whole audit log against every signed head within reach.

Heads are looked for where somebody who edits the database does not reach at once: the committed
``.tdsec/checkpoint``, the private copy in the user's config folder, and the signed verdicts.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tdsec_gov.audit.checkpoints import CheckpointFile
from tdsec_gov.audit.journal import CHECKPOINT, DATABASE, Journal, private_checkpoint, require_first
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


def open_journal(root: Path) -> Journal:
    """The journal of the repository at ``root``, which must be there: reading creates nothing.

    Raises:
        ConfigurationError: there is none in this clone. LogTampered: there was one.
    """
    place = root / DATABASE
    if not place.is_file():
        require_first(root)
        raise ConfigurationError(
            "there is no audit log in this clone",
            where=place,
            hint="it is made by the first tdsec command that acts; restore it if it was there before",
        )
    return Journal.open(root)


def verified_basis(journal: Journal, book: VerdictBook) -> LogBasis:
    """Verify every event of the journal's log against all heads within reach.

    Heads count when a member in policies/access.yaml signed them, or the journal's own identity.

    Raises:
        LogTampered: naming the event. SignatureInvalid, SignerUntrusted: a head is forged or by nobody
            trusted. BackendUnavailable: the log cannot be read.
    """
    places = known_heads(journal, book)
    verified = verify_log(journal.log, [head for place in places for head in place.heads])
    words = tuple(place.words for place in places if place.heads)
    return LogBasis(LogHead(verified.origin, verified.size, verified.root), verified.covered, words)


def known_heads(journal: Journal, book: VerdictBook) -> list[Place]:
    """The signed heads of this log by place. Raises as :func:`verified_basis`."""
    origin, trusted = journal.head().origin, trusted_keys(journal, book)
    paths = ((CHECKPOINT, journal.root / CHECKPOINT), ("the private copy", private_checkpoint(origin)))
    places = [_place(name, path, origin, trusted) for name, path in paths]
    return [*places, _verdicts(book, origin)]


def trusted_keys(journal: Journal, book: VerdictBook) -> dict[str, VerifyKey]:
    """Whose signature under a head counts, by keyid."""
    keys = [VerifyKey.parse(member.signing) for member in book.policies.access.file.members]
    own = [journal.identity.verify_key] if journal.identity else []
    return {key.keyid: key for key in (*keys, *own)}


def _place(name: str, path: Path, origin: str, trusted: dict[str, VerifyKey]) -> Place:
    try:
        heads = CheckpointFile(path).checkpoints(trusted, origin)
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


def newest_note(journal: Journal, book: VerdictBook) -> tuple[Checkpoint, str] | None:
    """The signed note within reach that covers most of this log, with its checkpoint.

    Raises:
        SignatureInvalid, SignerUntrusted, LogTampered: a note does not hold.
    """
    origin, trusted = journal.head().origin, trusted_keys(journal, book)
    files = [CheckpointFile(path) for path in (journal.root / CHECKPOINT, private_checkpoint(origin))]
    notes = [note for file in files for note in file.notes(origin)]
    found = [(Checkpoint.verify(note, trusted), note) for note in notes]
    return max(found, key=lambda one: one[0].size, default=None)
