"""Every code is explained, and nothing is explained that does not exist."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import tdsec_gov
from tdsec_gov.checks.contract import Check
from tdsec_gov.checks.explain import EXPLANATIONS
from tdsec_gov.checks.registry import CHECKS, VERSIONS, load_check
from tdsec_gov.errors import PolicyInvalid

PACKAGE = Path(tdsec_gov.__file__).parent


def used_codes() -> set[str]:
    """Codes as string literals anywhere but in the explanations themselves."""
    files = [path for path in PACKAGE.rglob("*.py") if not path.name.startswith("explain")]
    return {code for path in files for code in re.findall(r"[\"'](TDS\d{3})[\"']", path.read_text("utf-8"))}


def test_the_table_is_complete_and_closed() -> None:
    used = used_codes()
    assert len(used) > 60
    assert used == set(EXPLANATIONS)


@pytest.mark.parametrize("code", EXPLANATIONS)
def test_each_explanation_says_something(code: str) -> None:
    title, meaning, fix = EXPLANATIONS[code]
    assert 3 < len(title) <= 60 and not title.endswith(".")
    assert len(meaning) > 15 and meaning.endswith(".")
    assert len(fix) > 8


def test_the_registry_is_closed() -> None:
    assert set(VERSIONS) == set(CHECKS)
    for name in CHECKS:
        check = load_check(name)
        assert isinstance(check, Check) and check.name == name
    for name in ("", "os:system", "tdsec_gov.checks.source:SourceOnRecord", "Source"):
        with pytest.raises(PolicyInvalid):
            load_check(name)
