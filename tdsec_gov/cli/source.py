"""``tdsec source``: where data comes from, how far it is trusted, and by which right it is held."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tdsec_gov.cli.shell import Shell, pass_shell
from tdsec_gov.cli.source_record import complete, record_from, with_flags
from tdsec_gov.errors import TdsecError, UsageError

if TYPE_CHECKING:
    from tdsec_gov.collect.recheck import Rechecked
    from tdsec_gov.policy.source_models import Source, SourcesFile


@click.group()
def source() -> None:
    """Source records in policies/sources.yaml: add, list, show, recheck, schema, croissant."""


@source.command("add")
@with_flags
@pass_shell
def add(shell: Shell, /, **given: Any) -> int:
    """Add a record; on a terminal the main fields are asked for when --id, --name or --trust is missing."""
    from tdsec_gov.compliance.sources import SOURCES, record_of, with_source
    from tdsec_gov.files import WorkTree

    repository = shell.unlocked()
    repository.require_initialised()
    asked = complete(shell, given)
    record = record_from(given, shell.now().date())
    tree = WorkTree(repository.root)
    data = with_source(tree, record)
    if asked and not _confirmed(shell, record):
        return shell.answer("nothing was written", code="declined", exit_code=1)
    _write(repository.root, record, data, tree.read(SOURCES) or b"")
    repository.git.stage(SOURCES)
    return shell.answer(
        f"source '{record.id}' added to {SOURCES} and staged; "
        f"datasets use it by 'source: {record.id}' in policies/policy.yaml",
        source=record_of(record),
    )


def _confirmed(shell: Shell, record: Source) -> bool:
    import yaml

    from tdsec_gov.compliance.sources import record_of

    shell.say("\n" + yaml.safe_dump([record_of(record)], sort_keys=False, allow_unicode=True))
    return click.confirm("Write this record?", default=True)


def _write(root: Path, record: Source, data: bytes, old: bytes) -> None:
    """The file, then its event; without the event the file is as it was."""
    from tdsec_gov.audit.journal import Journal
    from tdsec_gov.compliance.sources import SOURCES
    from tdsec_gov.domain.canonical import sha256_hex
    from tdsec_gov.files import write_atomic

    write_atomic(root / SOURCES, data)
    try:
        Journal.open(root).record(
            "source.add",
            "success",
            record.id,
            purpose=record.purpose or "",
            legal_basis=record.legal_basis.article if record.legal_basis else "",
            details={"trust": record.trust, "sources_sha256": sha256_hex(data)},
        )
    except TdsecError:
        write_atomic(root / SOURCES, old)
        raise


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
    from tdsec_gov.compliance.sourcewords import more_fields
    from tdsec_gov.compliance.versions import source_fields

    found = _source(shell, ident)
    rows = (("id", found.id), *source_fields(found), *more_fields(found))
    lines = [f"{label:<28} {text}" for label, text in rows]
    return shell.answer("\n".join(lines), source=found.model_dump(mode="json"))


@source.command("schema")
@click.option("--out", type=click.Path(path_type=Path), help="Write it there instead of printing it.")
@pass_shell
def schema(shell: Shell, out: Path | None) -> int:
    """JSON Schema of policies/sources.yaml, for editors and other programs."""
    import json

    from tdsec_gov.files import write_atomic
    from tdsec_gov.policy.source_models import SourcesFile

    dialect = "https://json-schema.org/draft/2020-12/schema"
    body = {"$schema": dialect, **SourcesFile.model_json_schema()}
    text = json.dumps(body, indent=2)
    if out is None:
        return shell.answer("" if shell.json else text, schema=body)
    write_atomic(shell.folder / out, f"{text}\n".encode())
    return shell.answer(f"{out} written", path=str(out))


@source.command("recheck")
@click.argument("ident", metavar="[ID]", required=False)
@pass_shell
def recheck(shell: Shell, ident: str | None) -> int:
    """Fetch pinned locations again and compare their digests; nothing is stored.

    Exit 1 when one has changed, 14 when one cannot be read.
    """
    from tdsec_gov.cli.progress import Counting
    from tdsec_gov.collect.recheck import recheck as again

    repository = shell.unlocked()
    records = [_source(shell, ident)] if ident else list(_sources(shell).sources)
    found: list[Rechecked] = []
    with Counting("rechecking, MiB", shell.json) as counting:
        for record in records:
            for one in again(record, repository.root, lambda size: counting(size >> 20)):
                found.append(one)
                text = f"{one.finding.code} {one.finding.message}" if one.finding else "as pinned"
                shell.say(f"{one.source}: {one.location}: {text}")
    return _answer(shell, repository.root, ident, found)


def _answer(shell: Shell, root: Path, ident: str | None, found: list[Rechecked]) -> int:
    from tdsec_gov.audit.journal import Journal
    from tdsec_gov.collect.recheck import UNREACHABLE

    codes = [one.finding.code for one in found if one.finding]
    changed, missed = len([one for one in codes if one != UNREACHABLE]), codes.count(UNREACHABLE)
    outcome = "denied" if changed else "failure" if missed else "success"
    details: dict[str, Any] = {"pinned": len(found), "changed": changed, "unreachable": missed}
    Journal.open(root).record("source.recheck", outcome, ident or "*", details=details)
    rows = [
        {"source": one.source, "location": one.location, "finding": one.finding and one.finding.as_json()}
        for one in found
    ]
    if not found:
        return shell.answer("no location is pinned; add one under locations in sources.yaml", locations=rows)
    message = (
        f"{len(found)} pinned: {len(found) - len(codes)} as pinned, {changed} changed, {missed} unreachable"
    )
    code = "rejected" if changed else "backend" if missed else "ok"
    return shell.answer(message, code=code, exit_code=1 if changed else 14 if missed else 0, locations=rows)


@source.command("croissant")
@click.argument("target")
@click.option("--out", type=click.Path(path_type=Path), help="Write it there instead of printing it.")
@pass_shell
def croissant(shell: Shell, target: str, out: Path | None) -> int:
    """Describe TARGET (a dataset) in Croissant: JSON-LD with its source record, files and columns."""
    import json

    from tdsec_gov.compliance.croissant import croissant_of
    from tdsec_gov.files import write_atomic

    repository = shell.repository()
    repository.require_initialised()
    pointer = repository.select([target], shell.folder)[0]
    place = (shell.folder / out).resolve() if out else repository.root.resolve() / "croissant.json"
    body = croissant_of(repository, pointer, place.parent, shell.now())
    text = json.dumps(body, indent=2, ensure_ascii=False)
    if out is None:
        return shell.answer("" if shell.json else text, croissant=body)
    write_atomic(place, f"{text}\n".encode())
    return shell.answer(f"{out} written", path=str(out))


def _source(shell: Shell, ident: str) -> Source:
    found = next((one for one in _sources(shell).sources if one.id == ident), None)
    if found is None:
        raise UsageError("no such source", found=repr(ident)[:40], hint="run: tdsec source list")
    return found


def _sources(shell: Shell) -> SourcesFile:
    from tdsec_gov.compliance.sources import SOURCES
    from tdsec_gov.files import WorkTree
    from tdsec_gov.policy.source_models import SourcesFile
    from tdsec_gov.policy.yamlfile import read_model

    return read_model(WorkTree(shell.repository().root), SOURCES, SourcesFile)
