"""What people say of versions: natural items are not asked about again, poison in small steps adds up."""

from __future__ import annotations

import json
import re

import numpy as np
import polars as pl
import pytest

POLICY = """\
format: 1
datasets:
  - match: "**"
    source: my-source
    checks: {source: {}, poisoning: {label: label}}
waivers: {checks: [poisoning]}
"""
REASON = "the partner's rows are all of one kind"


def _clean(rng, rows):
    label = rng.integers(0, 2, rows)
    return pl.DataFrame(
        {
            "a": rng.normal(label, 1).round(3),
            "b": rng.integers(0, 50, rows) * 1.0,
            "c": rng.choice(["n", "s", "e", "w"], rows),
            "label": label,
        }
    )


def _with(frame, rows, value):
    hit = pl.Series(np.arange(frame.height) < rows)
    return frame.with_columns(
        b=pl.when(hit).then(value).otherwise(pl.col("b")),
        label=pl.when(hit).then(1).otherwise(pl.col("label")),
    )


def _bring(shop, frame):
    shop.track("train.csv", frame.write_csv().encode())
    return shop.tdsec("check", "train.csv")


@pytest.fixture
def shop(workshop):
    (workshop.root / "policies" / "policy.yaml").write_text(POLICY)
    return workshop


def _result(shop, *more):
    found = shop.tdsec("check", "train.csv", "--format", "json", *more)
    (verdict,) = json.loads(found.out)["verdicts"]
    return next(one for one in verdict["checks"] if one["check"] == "poisoning")


def test_an_accepted_item_is_not_asked_about_again(shop):
    rng = np.random.default_rng(0)
    first = _clean(rng, 900)
    assert _bring(shop, first).code == 0
    shop.commit("first")
    second = pl.concat([first, _with(_clean(rng, 300), 20, 777.25)])
    denied = _bring(shop, second)
    assert denied.code == 1
    (item,) = set(re.findall(r"item:[0-9a-f]{12}", denied.out))
    other = shop.tdsec("detect", "accept", "train.csv", "item:000000000000", "--reason", REASON)
    assert other.code == 2 and "names no item:000000000000" in other.err
    done = shop.tdsec("detect", "accept", "train.csv", item, "--reason", REASON)
    assert done.code == 0, done
    assert shop.tdsec("check", "train.csv").code == 0
    back = shop.tdsec("detect", "accept", "train.csv", item, "--revoke", "--reason", "it was no partner")
    assert back.code == 0
    assert shop.tdsec("check", "train.csv", "--force").code == 1
    assert "it was revoked" in shop.tdsec("detect", "accepted", "train.csv").out
    assert shop.tdsec("detect", "accept", "train.csv", item, "--reason", REASON + " after all").code == 0
    assert shop.tdsec("check", "train.csv").code == 0
    shop.commit("second")
    assert ".tdsec/examinations/train.csv/" in shop.git("ls-files").out
    third = pl.concat([second, _with(_clean(rng, 300), 40, 777.25)])
    assert _bring(shop, third).code == 0
    assert _result(shop)["facts"]["accepted"]["items"] == [item]
    listed = shop.tdsec("detect", "accepted", "train.csv")
    assert item in listed.out and REASON in listed.out and "(counts)" in listed.out
    assert '"accept"' in shop.tdsec("--json", "audit", "log", "--action", "accept").out


def test_a_forged_or_moved_examination_counts_for_nothing(shop):
    rng = np.random.default_rng(0)
    first = _clean(rng, 900)
    _bring(shop, first)
    shop.commit("first")
    denied = _bring(shop, pl.concat([first, _with(_clean(rng, 300), 20, 777.25)]))
    (item,) = set(re.findall(r"item:[0-9a-f]{12}", denied.out))
    shop.tdsec("detect", "accept", "train.csv", item, "--reason", REASON)
    (file,) = (shop.root / ".tdsec" / "examinations").rglob("*.jsonl")
    data = file.read_bytes()
    envelope = json.loads(data)
    envelope["signatures"][0]["sig"] = "A" * len(envelope["signatures"][0]["sig"])
    file.write_text(json.dumps(envelope) + "\n")
    assert shop.tdsec("check", "train.csv").code == 1
    file.unlink()
    (file.parent / f"{'0' * 64}.intoto.jsonl").write_bytes(data)
    assert shop.tdsec("check", "train.csv", "--force").code == 1
    assert "another examination's name" in shop.tdsec("detect", "accepted", "train.csv").out


def test_only_who_may_waive_may_accept(shop):
    (shop.root / "policies" / "policy.yaml").write_text(
        POLICY.replace("waivers: {checks: [poisoning]}\n", "")
    )
    rng = np.random.default_rng(0)
    first = _clean(rng, 900)
    _bring(shop, first)
    shop.commit("first")
    denied = _bring(shop, pl.concat([first, _with(_clean(rng, 300), 20, 777.25)]))
    item = re.findall(r"item:[0-9a-f]{12}", denied.out)[0]
    refused = shop.tdsec("detect", "accept", "train.csv", item, "--reason", REASON)
    assert refused.code == 1 and "lets nobody waive" in refused.err
    assert shop.tdsec("check", "train.csv").code == 1


def test_poison_in_small_steps_adds_up_against_the_audited_version(shop):
    rng = np.random.default_rng(2)
    frame = _clean(rng, 900)
    assert _bring(shop, frame).code == 0
    done = shop.tdsec("detect", "accept", "train.csv", "--audited", "--reason", "looked through by hand")
    assert done.code == 0, done
    shop.commit("audited")
    codes = []
    for _ in range(6):
        frame = pl.concat([frame, _with(_clean(rng, 120), 4, 777.25)])
        codes.append(_bring(shop, frame).code)
        shop.commit("step")
        if codes[-1]:
            break
    assert codes[0] == 0 and codes[-1] == 1
    result = _result(shop)
    (burst,) = [one for one in result["findings"] if one["code"] == "TDS432"]
    assert burst["message"].startswith("since the audited version: ")
    assert burst["count"] == 4 * len(codes) and "777" not in json.dumps(result)
    alone = shop.tdsec("detect", "train.csv", "--format", "json")
    assert not [one for one in json.loads(alone.out)["check"]["findings"] if one["code"] == "TDS432"]
