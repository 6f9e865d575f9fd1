"""One report from repository to bytes: verify the log, gather, render, and record its digest."""

from __future__ import annotations

import datetime as dt

from tdsec_gov.audit.journal import Journal
from tdsec_gov.compliance.facts import Inputs, gather
from tdsec_gov.compliance.html import to_html
from tdsec_gov.compliance.jsonout import to_json
from tdsec_gov.compliance.logcheck import open_journal, verified_basis, verified_events
from tdsec_gov.compliance.text import to_text
from tdsec_gov.compliance.values import ReportFacts
from tdsec_gov.compliance.window import Window
from tdsec_gov.domain.canonical import sha256_hex
from tdsec_gov.files import WorkTree
from tdsec_gov.repo.pointers import Pointer
from tdsec_gov.repo.repository import Repository
from tdsec_gov.verdicts.book import VerdictBook

RENDERERS = {"text": to_text, "json": to_json, "html": to_html}


def facts_of(
    repository: Repository,
    dataset: str,
    pointer: Pointer | None,
    window: Window,
    now: dt.datetime,
    tool: str,
) -> ReportFacts:
    """The facts of one dataset, after the whole audit log has been verified.

    Raises:
        LogTampered, SignatureInvalid, SignerUntrusted: the log or a signed head does not hold.
        ConfigurationError: no audit log here, or git cannot be read. PolicyInvalid: policies/ is
            broken or has no rule for the dataset.
    """
    journal = open_journal(repository.root)
    try:
        book = VerdictBook.open(WorkTree(repository.root), now)
        basis = verified_basis(journal, book)
        inputs = Inputs(repository, book, basis, verified_events(journal.log, basis.head))
        return gather(inputs, dataset, pointer, window, now, tool)
    finally:
        journal.log.close()


def render(facts: ReportFacts, kind: str) -> bytes:
    """The report as UTF-8 ``text``, ``json`` or ``html``."""
    return RENDERERS[kind](facts).encode()


def record(repository: Repository, facts: ReportFacts, kind: str, report: bytes) -> str:
    """Record the report's SHA-256 (64 hex digits) in the audit log, and return it.

    Raises:
        BackendUnavailable, LogTampered: it could not be recorded.
    """
    digest = sha256_hex(report)
    head = facts.basis.head
    Journal.open(repository.root).record(
        "report",
        "success",
        facts.dataset,
        details={
            "sha256": digest,
            "format": kind,
            "from": facts.span.since,
            "to_before": facts.span.until,
            "log_size": head.size,
            "log_root": head.root,
        },
    )
    return digest
