"""``tdsec check --format``: exactly one document on standard output, whatever the gate says."""

from __future__ import annotations

import json

import pytest
from junitparser import JUnitXml
from sarif_pydantic import Sarif
from workshops import Workshop

LEAK = b"mail\n" + b"".join(b"p%d@example.com\n" % n for n in range(50))


@pytest.fixture
def mixed(workshop: Workshop) -> Workshop:
    """A dataset that passes, and one that is denied."""
    workshop.track("data/rows.csv", b"id\n1\n")
    workshop.track("mail/people.csv", LEAK)
    return workshop


def test_sarif(mixed: Workshop) -> None:
    told = mixed.tdsec("check", "--all", "--format", "sarif")
    assert told.code == 1 and "denied: mail/people.csv" in told.err
    run = Sarif.model_validate_json(told.out).runs[0]
    errors = [one for one in json.loads(told.out)["runs"][0]["results"] if one["level"] == "error"]
    assert errors and len(run.results or []) >= len(errors)
    pointers = {one["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] for one in errors}
    assert pointers == {"mail/people.csv.dvc"}
    assert all((mixed.root / name).is_file() for name in pointers)
    assert "@example" not in told.out + told.err


def test_junit(mixed: Workshop) -> None:
    told = mixed.tdsec("check", "--all", "--format", "junit")
    assert told.code == 1 and "@example" not in told.out + told.err
    suites = {suite.name: suite for suite in JUnitXml.fromstring(told.out.encode())}
    assert set(suites) == {"data/rows.csv", "mail/people.csv"}
    assert suites["data/rows.csv"].failures == 0 and suites["mail/people.csv"].failures == 1


@pytest.mark.parametrize("style", ["sarif", "junit", "json"])
def test_nothing_to_check_is_a_document_too(workshop: Workshop, style: str) -> None:
    told = workshop.tdsec("check", "--all", "--format", style)
    assert told.code == 0
    if style == "junit":
        assert list(JUnitXml.fromstring(told.out.encode())) == []
    else:
        assert json.loads(told.out)
