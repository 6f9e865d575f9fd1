"""tdsec detect on governed and ungoverned data: what it compares, what it says, and what it never says."""

from __future__ import annotations

import json
import stat

import numpy as np
import polars as pl
import pytest

SECRET = 777.25
POLICY = """\
format: 1
datasets:
  - match: "**"
    source: my-source
    checks: {source: {}, poisoning: {label: label}}
"""


def _clean(rng, rows):
    label = rng.integers(0, 2, rows)
    return pl.DataFrame(
        {"a": rng.normal(label, 1).round(3), "b": rng.integers(0, 50, rows) * 1.0, "label": label}
    )


def _versions(seed=0, poisoned=20):
    """Accepted rows, and these with 300 more of which ``poisoned`` hold a trigger."""
    rng = np.random.default_rng(seed)
    before, more = _clean(rng, 900), _clean(rng, 300)
    hit = pl.Series(np.arange(300) < poisoned)
    more = more.with_columns(
        b=pl.when(hit).then(SECRET).otherwise(pl.col("b")),
        label=pl.when(hit).then(1).otherwise(pl.col("label")),
    )
    return before, pl.concat([before, more])


@pytest.fixture
def governed(workshop):
    (workshop.root / "policies" / "policy.yaml").write_text(POLICY)
    before, after = _versions()
    workshop.track("train.csv", before.write_csv().encode())
    assert workshop.tdsec("check", "train.csv").code == 0
    workshop.commit("accepted")
    workshop.track("train.csv", after.write_csv().encode())
    return workshop


def test_files_that_nobody_tracks(tmp_path, workshop):
    before, after = _versions()
    before.write_csv(tmp_path / "old.csv")
    after.write_csv(tmp_path / "new.csv")
    new, old = str(tmp_path / "new.csv"), str(tmp_path / "old.csv")
    found = workshop.tdsec("detect", new, "--label", "label", "--against", old, "--explain")
    assert found.code == 1
    assert "TDS432 deny" in found.out and "risk high" in found.out and "do: " in found.out
    assert "shortcut_burst" in found.out and "not checked: " in found.out
    assert "777" not in found.out + found.err
    alone = workshop.tdsec("detect", old, "--label", "label")
    assert alone.code == 0 and "nothing to compare with" in alone.out
    assert workshop.tdsec("detect", new).code == 2
    assert workshop.tdsec("detect", str(tmp_path / "no.csv"), "--label", "label").code == 2


def test_a_dataset_is_compared_with_its_last_accepted_version(governed):
    found = governed.tdsec("detect", "train.csv", "--format", "json")
    body = json.loads(found.out)
    assert found.code == body["exit"] == 1 and body["against"].startswith("train.csv@")
    assert body["check"]["facts"]["summary"]["risk"] == "high"
    assert body["check"]["facts"]["summary"]["suspicious_rate"] == pytest.approx(20 / 300, abs=0.02)
    assert len(governed.verdicts()) == 1  # that of the accepted version
    again = json.loads(governed.tdsec("detect", "train.csv", "--format", "json").out)
    assert again["check"]["findings"] == body["check"]["findings"]
    root = body["against"].partition("@")[2]
    for version in (root, "HEAD"):
        same = governed.tdsec("detect", "train.csv", "--against", version, "--format", "json")
        assert json.loads(same.out)["check"]["findings"] == body["check"]["findings"]
    alone = governed.tdsec("detect", "train.csv", "--against", "none", "--format", "json")
    assert json.loads(alone.out)["against"] is None
    assert governed.tdsec("detect", "train.csv", "--against", "nosuch").code == 2


def test_what_is_revealed_is_private_and_recorded(governed, tmp_path):
    inside = governed.tdsec("detect", "train.csv", "--reveal", "seen")
    assert inside.code == 2 and not (governed.root / "seen").exists()
    place = tmp_path / "seen"
    found = governed.tdsec("detect", "train.csv", "--reveal", str(place))
    assert found.code == 1 and "777" not in found.out + found.err
    lines = [json.loads(line) for line in (place / "flagged.jsonl").read_text().splitlines()]
    assert {one["values"]["b"] for one in lines if "TDS432" in one["codes"]} == {SECRET}
    assert stat.S_IMODE((place / "flagged.jsonl").stat().st_mode) == 0o600
    assert stat.S_IMODE(place.stat().st_mode) == 0o700
    log = governed.tdsec("--json", "audit", "log", "--action", "reveal")
    assert '"reveal"' in log.out
    assert governed.tdsec("detect", "train.csv", "--reveal", str(place)).code == 2


def test_images_are_revealed_as_one_sheet(workshop, tmp_path):
    from PIL import Image

    rng = np.random.default_rng(3)

    def image(kind, patched):
        pixels = rng.integers(0, 90, (12, 12)) + 120 * kind * (np.arange(12) > 5)
        if patched:
            pixels[1:4, 1:4] = 255
        return pixels.astype(np.uint8)

    for side, rows in (("old", 240), ("new", 320)):
        for row in range(rows):
            kind = row % 2
            patched = row >= 280 and kind == 0
            folder = tmp_path / side / f"class{1 if patched else kind}"
            folder.mkdir(parents=True, exist_ok=True)
            known = tmp_path / "old" / folder.name / f"{row}.png"
            if side == "new" and known.exists():
                (folder / known.name).write_bytes(known.read_bytes())
            else:
                Image.fromarray(image(kind, patched)).save(folder / f"{row}.png")
    new, old, place = (str(tmp_path / one) for one in ("new", "old", "seen"))
    found = workshop.tdsec(
        "detect", new, "--labels-from", "folder", "--against", old, "--reveal", place, "--format", "json"
    )
    assert found.code == 1, found
    with Image.open(tmp_path / "seen" / "flagged.png") as sheet:
        assert sheet.width == 10 * (12 * 3 + 4) and np.asarray(sheet).min() < 60
