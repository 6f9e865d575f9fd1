"""``tdsec schema``"""

from __future__ import annotations

from pathlib import Path

import click

from tdsec_gov.cli.shell import Shell, pass_shell


@click.group()
def schema() -> None:
    """Schemas in policies/schemas: what columns a dataset has and what may stand in them."""


@schema.command("init")
@click.argument("target")
@click.option("--out", default=None, help="File name in policies/schemas (default: the dataset's name).")
@pass_shell
def init(shell: Shell, target: str, out: str | None) -> int:
    """Write a schema that fits TARGET without overfitting it; review it before you rely on it.

    Of a folder the first table is read. Types, small sets of categories and, from 10,000 rows on, the absence
    of empty values become rules; ranges become comments. Nothing is coerced.
    """
    from tdsec_gov.checks.contract import DataFile
    from tdsec_gov.checks.schema.frames import opened
    from tdsec_gov.checks.schema.infer import infer_from
    from tdsec_gov.checks.tables import is_table
    from tdsec_gov.errors import UsageError
    from tdsec_gov.files import write_atomic
    from tdsec_gov.policy.load import schema_name

    repository = shell.repository()
    pointer = repository.select([target], shell.folder)[0]
    members = repository.cache.members(pointer.oid, pointer.name)
    places = [(path, repository.cache.location(oid)) for path, oid in members]
    files = [DataFile(path, at, at.stat().st_size if at.is_file() else 0, "") for path, at in places]
    table = next((one for one in files if is_table(one)), None)
    if table is None:
        raise UsageError("no table in this dataset", where=pointer.name, expected="CSV, JSONL or Parquet")
    name = schema_name(out or f"{Path(pointer.name).stem}.yaml")
    path = repository.root / name
    if path.exists():
        raise UsageError("there is a schema already", where=name, hint="remove it, or give --out")
    with opened(table, lambda names: {}) as frame:
        text = infer_from(frame)
    write_atomic(path, text.encode())
    base = Path(name).name
    return shell.answer(
        f"{name} written from {table.path}; review it, then add to the dataset's checks: "
        f"schema: {{schema: {base}}}",
        path=name,
    )
