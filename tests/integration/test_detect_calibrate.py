"""tdsec detect calibrate: attacks on a user's own rows, a signed record, and verdicts that cite it."""

from __future__ import annotations

import json

import numpy as np
import polars as pl
import pytest

POLICY = """\
format: 1
datasets:
  - match: "**"
    source: my-source
    checks: {source: {}, poisoning: {label: label}}
"""


@pytest.fixture
def shop(workshop):
    (workshop.root / "policies" / "policy.yaml").write_text(POLICY)
    rng = np.random.default_rng(0)
    label = rng.integers(0, 2, 900)
    frame = pl.DataFrame(
        {"a": rng.normal(3 * label, 1).round(3), "b": rng.integers(0, 50, 900) * 1.0, "label": label}
    )
    workshop.track("train.csv", frame[:700].write_csv().encode())
    early = workshop.tdsec("detect", "calibrate", "train.csv")
    assert early.code == 2 and "no version of this dataset was accepted" in early.err
    assert workshop.tdsec("check", "train.csv").code == 0
    workshop.commit("accepted")
    workshop.track("train.csv", frame.write_csv().encode())
    return workshop


def _result(shop, *more):
    found = shop.tdsec("check", "train.csv", "--format", "json", *more)
    (verdict,) = json.loads(found.out)["verdicts"]
    return next(one for one in verdict["checks"] if one["check"] == "poisoning")


def _calibrate(shop, *more):
    some = ("--attack", "flips-random", "--attack", "value-fixed", "--rate", "0.1", "--rate", "0.005")
    return shop.tdsec("--json", "detect", "calibrate", "train.csv", "--trials", "3", *some, *more)


def test_a_verdict_cites_what_would_have_been_caught(shop):
    before = _result(shop)
    assert before["facts"]["calibration"] is None
    assert "tdsec detect calibrate" in shop.tdsec("check", "train.csv", "--verbose", "--force").out
    done = _calibrate(shop)
    assert done.code == 0, done
    record = json.loads(done.out)["calibration"]
    cells = {(one["attack"], one["rate"]): one for one in record["attacks"]}
    assert cells["flips-random", 0.1]["caught"] == cells["value-fixed", 0.1]["caught"] == 3
    assert cells["flips-random", 0.005]["caught"] == 0 and cells["flips-random", 0.005]["recall"] is None
    assert cells["value-fixed", 0.1]["recall"] > 0.9 and cells["value-fixed", 0.1]["precision"] > 0.7
    assert record["clean"][0] == 0 and record["clean"][1] == 12
    after = _result(shop, "--force")
    told = after["facts"]["calibration"]
    assert not told["stale"] and told["attacks"] == record["attacks"]
    said = shop.tdsec("check", "train.csv", "--verbose").out
    assert "would have caught" in said and "mostly have missed" in said and "flips-random 0.005" in said
    page = shop.root.parent / "page.html"
    assert shop.tdsec("check", "train.csv", "--html", str(page)).code == 0
    text = page.read_text()
    assert "What would have been caught" in text and "value-fixed, 10%" in text and "shortcut_burst" in text
    assert '"calibrate"' in shop.tdsec("--json", "audit", "log", "--action", "calibrate").out


def test_the_same_seed_gives_the_same_record(shop):
    first, again = (json.loads(_calibrate(shop).out)["calibration"] for _ in range(2))
    other = json.loads(_calibrate(shop, "--seed", "1").out)["calibration"]
    assert first["attacks"] == again["attacks"] and other["seed"] != first["seed"]


def test_a_record_of_other_settings_is_stale_and_a_touched_one_counts_for_nothing(shop):
    assert _calibrate(shop).code == 0
    other = POLICY.replace("label: label", "label: label, alpha: 0.02")
    (shop.root / "policies" / "policy.yaml").write_text(other)
    assert _result(shop, "--force")["facts"]["calibration"]["stale"]
    (file,) = (shop.root / ".tdsec" / "calibrations").rglob("*.jsonl")
    text = file.read_text()
    envelope = json.loads(text)
    envelope["payload"] = "A" + envelope["payload"][1:]
    file.write_text(json.dumps(envelope) + "\n")
    assert _result(shop, "--force")["facts"]["calibration"] is None


def test_wrong_words_are_refused(shop):
    assert shop.tdsec("detect", "calibrate", "train.csv", "--attack", "nosuch").code == 2
    few = shop.tdsec("--json", "detect", "calibrate", "train.csv", "--attack", "patch", "--trials", "1")
    assert "patch: it needs other columns" in few.out
