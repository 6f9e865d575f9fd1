"""tdsec source add on a terminal: nothing written until confirmed; and the JSON Schema of the file."""

from __future__ import annotations

import json
import os
import pty
import select
import subprocess
import sys
import time
from pathlib import Path

import jsonschema
import pytest
import yaml
from workshops import Workshop

from tdsec_gov.policy.yamlfile import parse_yaml

CODE = "import sys; from tdsec_gov.cli.main import main; sys.exit(main(sys.argv[1:]))"
ANSWERS = {
    "Short id": "web",
    "Name of": "Web pages",
    "How far": "raw",
    "What it is": "",
    "Who supplies": "Crawl",
    "Where it may come from (URL or path, ** for all below)": "https://example.org/**",
    "all below), another": "",
    "How it came": "public",
    "Acquired from": "2025-01-01",
    "Acquired until": "",
    "Licence": "CC-BY-4.0",
    "Purpose": "search",
    "Personal data in": "none",
    "Kept until": "2030-01-01",
    "Why until": "law",
    "Person to ask": "Dana",
    "Their e-mail": "",
    "Who reviewed": "Dana",
}


def talk(shop: Workshop, last: str) -> tuple[int, str]:
    """Answer each question as it comes; returns exit code and what stood on the terminal."""
    command = [sys.executable, "-c", CODE, "--repo", str(shop.root), "source", "add"]
    master, slave = pty.openpty()
    env = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2]), "TERM": "dumb"}
    process = subprocess.Popen(
        command, stdin=slave, stdout=slave, stderr=slave, env=env, start_new_session=True
    )
    os.close(slave)
    waiting = {**ANSWERS, "Write this record": last}
    screen, new = "", ""
    end = time.monotonic() + 90
    while time.monotonic() < end:
        if select.select([master], [], [], 0.2)[0]:
            try:
                piece = os.read(master, 4096).decode()
            except OSError:
                break
            if not piece:
                break
            screen, new = screen + piece, new + piece
        hit = next((one for one in waiting if one in new and new.rstrip(" ").endswith(":")), None)
        if hit is not None:
            os.write(master, f"{waiting.pop(hit)}\n".encode())
            new = ""
    os.close(master)
    return process.wait(30), screen


@pytest.mark.parametrize("last", ["y", "n"])
def test_questions_and_a_confirmation(workshop: Workshop, last: str) -> None:
    path = workshop.root / "policies/sources.yaml"
    path.write_text("# who: the data desk\n" + path.read_text() + "# the end\n")
    before = path.read_text()
    code, screen = talk(workshop, last)
    assert "Legal basis" not in screen and "name: Web pages" in screen, screen
    if last == "n":
        assert code == 1 and path.read_text() == before
        return
    assert code == 0, screen
    text = path.read_text()
    assert "# who: the data desk" in text and "# the end" in text
    record = yaml.safe_load(text)["sources"][-1]
    assert record["allowed_locations"] == ["https://example.org/**"] and record["review"]["by"] == "Dana"
    shown = workshop.tdsec("source", "show", "web")
    assert shown.code == 0 and "acquired by                  public" in shown.out
    logged = json.loads(workshop.tdsec("--json", "audit", "log").out)["events"]
    assert [one["target"] for one in logged if one["action"] == "source.add"] == ["web"]


def test_the_json_schema_judges_as_the_loader_does(workshop: Workshop) -> None:
    answer = workshop.tdsec("source", "schema")
    schema = json.loads(answer.out)
    jsonschema.Draft202012Validator.check_schema(schema)
    read = parse_yaml((workshop.root / "policies/sources.yaml").read_bytes(), "sources.yaml")
    good = json.loads(json.dumps(read, default=str))
    jsonschema.validate(good, schema)
    for key, value in (("colour", "red"), ("trust", "gold"), ("acquired", {"method": "magic"})):
        bad = json.loads(json.dumps(good))
        bad["sources"][0][key] = value
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(bad, schema)
    assert workshop.tdsec("source", "schema", "--out", workshop.base / "s.json").code == 0
    assert json.loads((workshop.base / "s.json").read_text()) == schema
