"""This project is its own first user: its dataset has a verdict that holds, for ever."""

from __future__ import annotations

import runpy
import shutil
from pathlib import Path

import pytest
from workshops import call, living_in

from tdsec_gov.cli.main import main

ROOT = Path(__file__).parents[2]
NAME = "tests/data/digits.csv"


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A clone with the dataset exported anew by its script and put into DVC's cache."""
    if call(["git", "rev-parse", "--git-dir"], ROOT).code != 0:
        pytest.skip("not a git checkout")
    target = tmp_path / "clone"
    assert call(["git", "clone", "-q", ROOT, target], tmp_path).code == 0
    runpy.run_path(str(target / "tests" / "data" / "export.py"), run_name="__main__")
    pointer = (target / f"{NAME}.dvc").read_text()
    oid = next(line.split()[-1] for line in pointer.splitlines() if "md5:" in line)
    cached = target / ".dvc" / "cache" / "files" / "md5" / oid[:2] / oid[2:]
    cached.parent.mkdir(parents=True)
    shutil.copy(target / NAME, cached)
    return target


def test_the_exported_bytes_are_the_approved_ones(clone: Path, tmp_path: Path, capsys) -> None:
    with living_in(tmp_path):
        assert main(["--repo", str(clone), "verify", NAME]) == 0
    assert "bytes hashed again" in capsys.readouterr().out


def test_one_changed_label_is_noticed(clone: Path, tmp_path: Path, capsys) -> None:
    cached = next(path for path in (clone / ".dvc" / "cache").rglob("*") if path.is_file())
    cached.write_bytes(cached.read_bytes().replace(b",0\n", b",1\n", 1))
    with living_in(tmp_path):
        assert main(["--repo", str(clone), "verify", NAME]) == 10
    assert NAME in capsys.readouterr().err
