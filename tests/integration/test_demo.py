"""The demo, whole: the main job, and each attack shown to succeed on stock tools and to fail here."""

from __future__ import annotations

import pytest

from tdsec_gov.demo.attacks import all_attacks
from tdsec_gov.demo.stage import Stage
from tdsec_gov.demo.story import main_job


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Stage:
    played = Stage(tmp_path_factory.mktemp("demo with space"))
    main_job(played)
    all_attacks(played)
    return played


def test_every_step_goes_as_expected(stage: Stage) -> None:
    assert [row.step for row in stage.rows if not row.good] == []


def test_each_attack_is_shown_on_stock_tools_and_here(stage: Stage) -> None:
    for number in "123456":
        steps = [row for row in stage.rows if row.step.startswith(f"{number} ")]
        assert len(steps) == 2, number
        assert "stock" in steps[0].step or "MLflow" in steps[0].step or "hook" in steps[0].step


def test_pages_are_left_to_look_at(stage: Stage) -> None:
    assert "Compliance report" in (stage.folder / "report.html").read_text()
    page = next((stage.folder / "alice").rglob("lineage/report.html"))
    assert "data/digits.csv" in page.read_text()


def test_nobody_elses_settings_were_used(stage: Stage) -> None:
    homes = stage.folder / "homes"
    assert sorted(path.name for path in homes.iterdir()) == ["alice", "bob"]
    assert (homes / "bob" / "tdsec" / "identity").stat().st_mode & 0o077 == 0
