"""``tdsec source``: where data comes from, how far it is trusted, and by which right it is held."""

from __future__ import annotations

import datetime as dt
import sys
from typing import TYPE_CHECKING, Any

import click

from tdsec_gov.cli.shell import Shell, pass_shell
from tdsec_gov.errors import TdsecError, UsageError
from tdsec_gov.policy.source_models import TRUST_LEVELS

if TYPE_CHECKING:
    from tdsec_gov.policy.source_models import Source, SourcesFile

PERSONAL = ["none", "personal", "special", "unknown"]
_DAY = click.DateTime(["%Y-%m-%d"])
_REQUIRED = (("id", "--id"), ("name", "--name"), ("trust", "--trust"))
_QUESTIONS: tuple[tuple[str, str, list[str] | None], ...] = (
    ("id", "Short id (letters, digits, . _ -)", None),
    ("name", "Name of the source", None),
    ("trust", "How far it is trusted", list(TRUST_LEVELS)),
    ("license", "Licence", None),
    ("purpose", "Purpose the data is used for", None),
    ("personal_data", "Personal data in it", PERSONAL),
    ("legal_basis", "Legal basis, such as 6(1)(f)", None),
    ("legal_evidence", "Where the evidence for it is kept", None),
    ("retention_until", "Kept until (YYYY-MM-DD)", None),
    ("retention_basis", "Why until then", None),
    ("contact_name", "Person to ask", None),
    ("contact_email", "Their e-mail address", None),
)


@click.group()
def source() -> None:
    """Source records in policies/sources.yaml: add, list, show."""


@source.command("add")
@click.option("--id", "id", help="Short id that policy.yaml names.")
@click.option("--name", help="Name of the source.")
@click.option("--trust", type=click.Choice(TRUST_LEVELS), help="How far it is trusted.")
@click.option("--description", help="What it is.")
@click.option("--license", help="Licence, best as SPDX identifier.")
@click.option("--purpose", help="What the data is used for.")
@click.option("--personal-data", type=click.Choice(PERSONAL), help="Whether there is any.")
@click.option("--legal-basis", help="GDPR Art. 6(1) letter, such as 6(1)(f).")
@click.option("--legal-evidence", help="Where the evidence for the legal basis is kept.")
@click.option("--data-subjects", help="Whose data it is.")
@click.option("--data-category", "data_categories", multiple=True, help="Kind of data; may be repeated.")
@click.option("--retention-until", type=_DAY, help="Kept until this day.")
@click.option("--retention-basis", help="Why until then.")
@click.option("--contact-name", help="Person to ask.")
@click.option("--contact-email", help="Their e-mail address.")
@click.option("--supplier-name", help="Who supplies it.")
@click.option("--supplier-url", help="Their page.")
@click.option(
    "--location", "allowed_locations", multiple=True, help="URL or path it may come from; repeatable."
)
@click.option("--reviewed-by", help="Who looked at this record today.")
@click.option("--review-expires", type=_DAY, help="When that look expires.")
@pass_shell
def add(shell: Shell, /, **given: Any) -> int:
    """Add a record; on a terminal the main fields are asked for when --id, --name or --trust is missing."""
    from tdsec_gov.audit.journal import Journal
    from tdsec_gov.compliance.sources import SOURCES, record_of, with_source
    from tdsec_gov.domain.canonical import sha256_hex
    from tdsec_gov.files import WorkTree, write_atomic

    repository = shell.unlocked()
    repository.require_initialised()
    record = _record(_complete(shell, given), shell.now().date())
    tree, path = WorkTree(repository.root), repository.root / SOURCES
    data, old = with_source(tree, record), tree.read(SOURCES) or b""
    write_atomic(path, data)
    basis = record.legal_basis.article if record.legal_basis else ""
    try:
        Journal.open(repository.root).record(
            "source.add",
            "success",
            record.id,
            purpose=record.purpose or "",
            legal_basis=basis,
            details={"trust": record.trust, "sources_sha256": sha256_hex(data)},
        )
    except TdsecError:
        write_atomic(path, old)
        raise
    repository.git.stage(SOURCES)
    return shell.answer(
        f"source '{record.id}' added to {SOURCES} and staged; "
        f"datasets use it by 'source: {record.id}' in policies/policy.yaml",
        source=record_of(record),
    )


@source.command("list")
@pass_shell
def list_(shell: Shell) -> int:
    """All records, a line each."""
    found = _sources(shell).sources
    if not shell.json:
        for one in found:
            shell.say(f"{one.id:<24} {one.trust:<9} personal data: {one.personal_data:<9} {one.name}")
    message = f"{len(found)} source{'' if len(found) == 1 else 's'}"
    return shell.answer(message, sources=[one.model_dump(mode="json") for one in found])


@source.command("show")
@click.argument("ident", metavar="ID")
@pass_shell
def show(shell: Shell, ident: str) -> int:
    """One record, with what it does not state."""
    from tdsec_gov.compliance.versions import source_fields

    found = next((one for one in _sources(shell).sources if one.id == ident), None)
    if found is None:
        raise UsageError("no such source", found=repr(ident)[:40], hint="run: tdsec source list")
    lines = [f"{label:<28} {text}" for label, text in (("id", found.id), *source_fields(found))]
    return shell.answer("\n".join(lines), source=found.model_dump(mode="json"))


def _sources(shell: Shell) -> SourcesFile:
    from tdsec_gov.compliance.sources import SOURCES
    from tdsec_gov.files import WorkTree
    from tdsec_gov.policy.source_models import SourcesFile
    from tdsec_gov.policy.yamlfile import read_model

    return read_model(WorkTree(shell.repository().root), SOURCES, SourcesFile)


def _complete(shell: Shell, given: dict[str, Any]) -> dict[str, Any]:
    """What was given, completed by questions on a terminal. Raises UsageError: nobody to ask."""
    missing = [flag for key, flag in _REQUIRED if not given[key]]
    if not missing:
        return given
    if shell.json or not sys.stdin.isatty():
        raise UsageError(f"missing {', '.join(missing)}", hint="see: tdsec source add --help")
    for key, question, choices in _QUESTIONS:
        if given[key]:
            continue
        needed = key in ("id", "name", "trust")
        preset = None if needed else "unknown" if key == "personal_data" else ""
        kind = click.Choice(choices) if choices else click.STRING
        convert: Any = _to_day if key == "retention_until" else None
        answer = click.prompt(question, preset, type=kind, value_proc=convert, show_default=bool(preset))
        given[key] = answer or None
    return given


def _to_day(text: str) -> dt.datetime | None:
    """A day, or None for no answer. Raises click.UsageError, upon which the question is asked again."""
    day: dt.datetime | None = _DAY.convert(text, None, None) if text.strip() else None
    return day


def _record(given: dict[str, Any], today: dt.date) -> Source:
    """The record these words make.

    Raises:
        UsageError: a field is malformed, or one half of a pair is missing; all faults at once.
    """
    from pydantic import ValidationError

    from tdsec_gov.policy.source_models import Source

    simple = ("id", "name", "trust", "description", "license", "purpose", "personal_data", "data_subjects")
    body: dict[str, Any] = {key: given[key] for key in simple if given[key]}
    body |= {key: tuple(given[key]) for key in ("data_categories", "allowed_locations") if given[key]}
    groups = {
        "legal_basis": {"article": given["legal_basis"], "evidence": given["legal_evidence"]},
        "retention": {"until": _day(given["retention_until"]), "basis": given["retention_basis"]},
        "contact": {"name": given["contact_name"], "email": given["contact_email"]},
        "supplier": {"name": given["supplier_name"], "url": given["supplier_url"]},
        "review": {"by": given["reviewed_by"], "expires": _day(given["review_expires"])},
    }
    stated = {name: {k: v for k, v in group.items() if v} for name, group in groups.items()}
    if stated["review"]:
        stated["review"]["on"] = today
    body |= {name: group for name, group in stated.items() if group}
    try:
        return Source.model_validate(body)
    except ValidationError as exc:
        faults = "; ".join(f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in exc.errors())
        raise UsageError(f"the record is refused: {faults}", hint="see: tdsec source add --help") from None


def _day(value: dt.datetime | None) -> dt.date | None:
    return value.date() if value else None
