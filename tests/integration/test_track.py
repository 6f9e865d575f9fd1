"""The shortcut that other tests take for `dvc add` leaves behind what `dvc add` does."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from workshops import FOLDER, ROWS, Workshop


def left_behind(shop: Workshop, name: str) -> tuple[object, dict[str, bytes]]:
    pointer = yaml.safe_load((shop.root / f"{name}.dvc").read_bytes())
    cache = shop.root / ".dvc" / "cache" / "files" / "md5"
    files = {
        path.relative_to(cache).as_posix(): path.read_bytes() for path in cache.rglob("*") if path.is_file()
    }
    return pointer, files


@pytest.mark.parametrize("content", [ROWS, FOLDER], ids=["file", "folder"])
def test_track_is_dvc_add(
    workshop: Workshop, workshop_template: Workshop, tmp_path: Path, content: object
) -> None:
    workshop.track("data/set", content)
    mine = left_behind(workshop, "data/set")
    other = workshop_template.copy_to(tmp_path / "other")
    for path, data in content.items() if isinstance(content, dict) else [("", content)]:
        other.write(f"data/set/{path}".rstrip("/"), data)
    assert other.dvc("add", "-q", "data/set").code == 0
    assert mine == left_behind(other, "data/set")
    assert "data/set" not in workshop.git("status", "--short").out.replace("data/set.dvc", "")
