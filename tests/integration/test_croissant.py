"""tdsec source croissant: mlcroissant finds no error, and reads the records back."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from workshops import ROWS, Workshop

from tdsec_gov.compliance import croissant

mlcroissant = pytest.importorskip("mlcroissant", reason="pip install mlcroissant")
MORE = """\
    description: Rows for tests
    license: CC-BY-4.0
    supplier: {name: Somebody, url: 'https://example.org'}
    acquired: {method: public, from: 2025-01-01, to: 2025-02-01, agreement: terms of use}
    derived_from: [%s]
    allowed_uses: [testing]
    prohibited_uses: [anything else]
    known_bias: none known
    known_gaps: small
    labelling: by hand
    cleaning: none
"""


def load(path: Path) -> Any:
    found = mlcroissant.Dataset(jsonld=path)
    assert found.metadata.ctx.issues.errors == set()
    return found


def test_the_document_is_valid_and_its_records_load(pushed: Workshop) -> None:
    sources = pushed.root / "policies/sources.yaml"
    sources.write_text(sources.read_text() + MORE % ("a" * 64))
    out = pushed.root / "docs.json"
    made = pushed.tdsec("source", "croissant", "data/rows.csv", "--out", out)
    assert made.code == 0, made.err
    body = json.loads(out.read_text())
    [file] = body["distribution"]
    assert file["contentSize"] == f"{len(ROWS)} B" and file["encodingFormat"] == "text/csv"
    assert (
        body["rai:dataBiases"] == "none known"
        and body["rai:dataCollectionTimeFrame"] == "2025-01-01/2025-02-01"
    )
    assert body["prov:wasDerivedFrom"] == [{"@id": "urn:sha256:" + "a" * 64}]
    records = list(load(out).records("data/rows.csv#records"))
    assert len(records) == 400 and records[1]["data/rows.csv#id"] == 1
    assert records[3]["data/rows.csv#word"] in (b"row-number-3", "row-number-3")
    (pushed.root / "data/rows.csv").write_bytes(ROWS.replace(b"row-number-3", b"row-number-4"))
    with pytest.raises(Exception, match="Download"):
        list(load(out).records("data/rows.csv#records"))


def test_folders_and_large_folders(pushed: Workshop, monkeypatch: pytest.MonkeyPatch) -> None:
    out = pushed.root / "sub" / "f.json"
    out.parent.mkdir()
    assert pushed.tdsec("source", "croissant", "data/folder", "--out", out).code == 0
    body = json.loads(out.read_text())
    assert len(body["distribution"]) == 5 and body["distribution"][0]["contentUrl"].startswith(
        "../data/folder/"
    )
    assert len(list(load(out).records("data/folder/a.csv#records"))) == 2
    monkeypatch.setattr(croissant, "MAX_FILES", 3)
    assert pushed.tdsec("source", "croissant", "data/folder", "--out", out).code == 0
    assert [one["@type"] for one in json.loads(out.read_text())["distribution"]] == ["cr:FileSet"]
    load(out)


def test_without_a_header_no_value_is_told(workshop: Workshop) -> None:
    workshop.track("data/bare.csv", b"jane@example.org,4111111111111111\nx@example.org,2\n")
    shown = workshop.tdsec("source", "croissant", "data/bare.csv")
    assert shown.code == 0 and "jane" not in shown.out and "4111" not in shown.out
