"""Each setting that a check reads has a direction in the org policy's table, with the check's own default."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tdsec_gov.checks.contract import CheckInput
from tdsec_gov.checks.registry import CHECKS, load_check
from tdsec_gov.errors import PolicyInvalid
from tdsec_gov.policy.directions import DIRECTIONS


class Asked(Mapping[str, Any]):
    """Settings that are all left out, and note what a check asks for and which default it takes."""

    def __init__(self) -> None:
        self.defaults: dict[str, Any] = {}

    def get(self, key: str, default: Any = None) -> Any:
        self.defaults[key] = default
        return default

    def __getitem__(self, key: str) -> Any:
        self.defaults.setdefault(key, None)
        raise KeyError(key)

    def __contains__(self, key: object) -> bool:
        self.defaults.setdefault(str(key), None)
        return False

    def __iter__(self) -> Iterator[str]:
        return iter(())

    def __len__(self) -> int:
        return 0


def asked_for(check: str) -> dict[str, Any]:
    """Every setting of ``check`` with its default: it reads them all before it looks at any file."""
    asked = Asked()
    given = CheckInput("d", (), None, None, asked, None, Path(), datetime(2026, 6, 1, tzinfo=UTC))
    with contextlib.suppress(PolicyInvalid):  # a setting without a default, such as schema
        load_check(check).run(given)
    return asked.defaults


@pytest.fixture(params=sorted(CHECKS))
def check(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def test_every_setting_has_a_direction(check: str) -> None:
    """Who adds a setting says in policy/directions.py which way it is stricter."""
    settings = asked_for(check)
    assert settings, "the check reads no settings, or not where this test can see it"
    assert sorted(DIRECTIONS.get(check, {})) == sorted(settings)


def test_a_direction_knows_the_default_of_its_check(check: str) -> None:
    """Where the org is silent the default holds: another one here would let a repository go below it."""
    for name, default in asked_for(check).items():
        way = DIRECTIONS[check][name]
        plain = list(default) if isinstance(default, tuple) else default
        assert way.default == (None if way.free else plain), name


def test_the_walk_sees_settings() -> None:
    """The walk itself can fail: a setting that nobody declared shows, in its name and default."""
    assert asked_for("media")["max_frames"] == 1000
    assert {"schema", "sha256", "max_age_days"} <= set(asked_for("schema"))
    assert {"rules", "clamd"} <= set(asked_for("malware"))
