"""``tdsec schema init`` over a tracked table: what it writes is a schema that the same table passes."""

from __future__ import annotations

import gzip
from datetime import UTC, datetime

from workshops import Workshop

from tdsec_gov.checks.contract import CheckInput, DataFile
from tdsec_gov.checks.schema.check import SchemaHolds
from tdsec_gov.domain.findings import Status

ROWS = b"id,colour,x\n" + b"".join(
    b"%d,%s,%s\n" % (one, (b"red", b"green")[one % 2], b"" if one % 9 == 0 else b"%d.5" % one)
    for one in range(12_000)
)


def test_a_schema_is_written_once_and_holds(workshop: Workshop) -> None:
    data = gzip.compress(ROWS)
    workshop.track("data/t.csv.gz", data)
    answer = workshop.tdsec("schema", "init", "data/t.csv.gz", "--out", "t.yaml")
    assert answer.code == 0, answer
    policies = workshop.root / "policies"
    text = (policies / "schemas" / "t.yaml").read_text("utf-8")
    assert 'isin: ["green", "red"]' in text and "# in_range: {min_value: 0, max_value: 1000000}" in text
    file = DataFile("t.csv.gz", workshop.root / "data/t.csv.gz", len(data), "0" * 64)
    given = CheckInput("d", (file,), None, None, {"schema": "t.yaml"}, None, policies, datetime.now(UTC))
    assert SchemaHolds().run(given).status is Status.PASSED
    assert workshop.tdsec("schema", "init", "data/t.csv.gz", "--out", "t.yaml").code == 2
