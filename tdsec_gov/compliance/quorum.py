"""Whose signatures a dataset's verdicts need, and which versions still wait for one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from tdsec_gov.compliance.values import PendingFact
from tdsec_gov.compliance.window import Window
from tdsec_gov.verdicts.book import VerdictBook
from tdsec_gov.verdicts.trust import Place, Quorum
from tdsec_gov.verdicts.verify import Verified, parse_time


def quorum_words(quorum: Quorum) -> str:
    """Such as ``2 signatures: role steward, role ci``; alternatives with ``or`` between them."""
    return ", or ".join(_one(places) for places in quorum.alternatives)


def _one(places: tuple[Place, ...]) -> str:
    counted = Counter(place.words for place in places)
    said = [words if count == 1 else f"{count} of {words}" for words, count in counted.items()]
    return f"{len(places)} signature{'s' if len(places) > 1 else ''}: {', '.join(said)}"


def pending_of(
    book: VerdictBook, dataset: str, window: Window, history: Iterable[Verified]
) -> tuple[PendingFact, ...]:
    """Versions judged before the window's end whose verdict lacks signatures; such a verdict counts for
    nothing yet. Raises PolicyInvalid: no rule matches the dataset."""
    complete = {one.verdict.version.root for one in history}
    quorum, access = book.quorum(dataset), book.policies.access
    return tuple(
        PendingFact(
            root=one.verdict.version.root,
            oid=one.verdict.version.oid,
            result=one.verdict.result.value,
            evaluated_at=one.verdict.evaluated_at,
            signers=tuple(access.name_of(keyid) for keyid in one.signers),
            lacking=quorum.lacking(one.signers),
        )
        for one in book.begun(dataset)
        if one.verdict.version.root not in complete and parse_time(one.verdict.evaluated_at) < window.until
    )


def pending_line(one: PendingFact, dataset: str) -> str:
    """What is to be done about it."""
    return (
        f"version {one.root[:12]} ({one.result}, signed by {', '.join(one.signers)}) still lacks "
        f"{' and '.join(f'a signature of {words}' for words in one.lacking)}: tdsec cosign {dataset}"
    )
