"""The estimator gives the numbers of the check ``poisoning`` on the same rows."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime

import numpy as np
import polars as pl
import pytest
from PIL import Image

from tdsec_gov.checks.contract import CheckInput, DataFile
from tdsec_gov.checks.poisoning.check import Poisoning
from tdsec_gov.checks.poisoning.codes import CODES, severity
from tdsec_gov.checks.poisoning.settings import Settings
from tdsec_gov.detect.contract import Kind, Role
from tdsec_gov.detect.estimators import PoisonDetector
from tdsec_gov.detect.estimators.report import SPREAD, WARNING
from tdsec_gov.domain.findings import Severity

WORDS = np.array([f"w{one}" for one in range(40)])


def rows(count: int, seed: int, marked: int = 0) -> pl.DataFrame:
    """Numbers, categories, texts and labels; the first ``marked`` bear a trigger and one label."""
    rng = np.random.default_rng(seed)
    label = rng.integers(0, 2, count)
    hit = np.arange(count) < marked
    label[hit] = 1
    texts = [" ".join(rng.choice(WORDS, 6)) + (" zq" if one else "") for one in hit]
    return pl.DataFrame(
        {
            "n": rng.normal(label, 1.0).round(2),
            "k": rng.poisson(3 + label),
            "c": [["a", "b", None][one] for one in rng.integers(0, 3, count)],
            "t": texts,
            "label": pl.Series(np.array(["p", "q"])[label]),
        }
    )


@pytest.fixture
def checked(tmp_path):
    """``checked(accepted, now, **params)``: facts of the check, and its result."""

    def file(place, frame):
        path = tmp_path / f"{place}.csv"
        frame.write_csv(path)
        data = path.read_bytes()
        return DataFile(path.name, path, len(data), hashlib.sha256(data).hexdigest())

    def run(accepted, now, **params):
        before = None if accepted is None else [file("a", accepted)]
        after = [file(f"b{place}", one) for place, one in enumerate(now)]
        kept = [*before, *after[1:]] if before and now[0] is accepted else after
        return judged(tmp_path, kept, before, {"label": "label", **params})

    return run


def judged(folder, files, previous, params):
    now = datetime(2026, 1, 1, tzinfo=UTC)
    root = None if previous is None else "0" * 64
    return Poisoning().run(CheckInput("d", files, previous, root, params, None, folder, now))


def agree(result, report):
    """Every p, statistic in the facts, alarm and count."""
    facts = {name: said for name, said in result.facts.items() if isinstance(said, dict) and "role" in said}
    assert set(facts) == {one.detector for one in report.tests}
    for one in report.tests:
        said = facts[one.detector]
        assert said.get("p") == one.p and said.get("p_adjusted") == one.p_adjusted
        alarms = [CODES[found.kind] for found in report.alarms if found.detector == one.detector]
        assert said.get("alarms", []) == alarms
    assert {one.message for one in result.findings} >= {one.text for one in report.alarms}
    assert result.facts["summary"]["risk"] == report.risk
    assert result.facts["summary"]["rows_flagged"] == int(report.named.sum())
    assert result.facts["summary"]["suspicious_rate"] == report.suspicious_rate
    assert set(report.not_addressed) - {SPREAD} <= set(result.not_checked)


@pytest.mark.parametrize("max_rows", [50_000, 700])
def test_added_rows(checked, max_rows):
    accepted, added = rows(900, 1), rows(400, 2, marked=40)
    result = checked(accepted, [accepted, added], max_rows=max_rows)
    detector = PoisonDetector(dataset="d", max_rows=max_rows).fit(accepted, "label")
    signs = detector.predict(added, "label")
    agree(result, detector.report_)
    assert detector.report_.denied
    assert set(np.flatnonzero(signs == -1)) >= set(range(40))


def test_a_whole_version_with_changed_labels(checked):
    accepted = rows(900, 1)
    changed = accepted.with_columns(label=pl.when(pl.int_range(900) < 6).then(pl.lit("p")).otherwise("label"))
    changes = int((changed["label"] != accepted["label"]).sum())
    result = checked(accepted, [pl.concat([changed, rows(200, 3)])])
    detector = PoisonDetector(dataset="d", whole=True).fit(accepted, "label")
    signs = detector.predict(pl.concat([changed, rows(200, 3)]), "label")
    agree(result, detector.report_)
    assert changes > 2 and set(np.flatnonzero(signs == -1)) >= set(
        np.flatnonzero((changed["label"] != accepted["label"]).to_numpy())
    )


def test_a_first_version(checked):
    frame = rows(600, 4, marked=40)
    result = checked(None, [frame])
    detector = PoisonDetector(dataset="d")
    detector.fit_predict(frame, "label")
    agree(result, detector.report_)
    assert not detector.report_.compared and not detector.report_.denied


@pytest.mark.parametrize("side", [16, 48])
def test_images(tmp_path, side):
    """Small ones as they are, large ones made smaller: what the check decodes from PNG."""
    rng = np.random.default_rng(5)
    classes = rng.integers(0, 2, 420)
    pixels = rng.integers(0, 60, (420, side, side, 3)).astype(np.uint8)
    pixels[classes == 1, : side // 2] += 100
    pixels[380:, :9, :9] = 255
    classes[380:] = 0
    files = []
    for number, (one, label) in enumerate(zip(pixels, classes, strict=True)):
        path = tmp_path / f"{number}.png"
        Image.fromarray(one).save(path)
        data = path.read_bytes()
        name = f"c{label}/{number}.png"
        files.append(DataFile(name, path, len(data), hashlib.sha256(data).hexdigest()))
    result = judged(tmp_path, files, files[:300], {"labels_from": "folder"})
    names = [f"c{label}" for label in classes]
    detector = PoisonDetector(dataset="d").fit(pixels[:300], names[:300])
    signs = detector.predict(pixels[300:], names[300:])
    agree(result, detector.report_)
    assert (signs[80:] == -1).all() and detector.report_.denied


def test_an_alarm_denies_as_it_does_under_the_default_policy():
    """By role and kind here, by a table there."""
    settings = Settings.parse({})
    exact = {Kind.RELABELLED, Kind.RELABELLED_FEW, Kind.CONTRADICTING, Kind.UNKNOWN_LABELS, Kind.CONFLICTS}
    tests = {Kind.LABELS, Kind.OTHER_KIND, Kind.BURST}
    for kind in exact | tests:
        assert (kind not in WARNING) == (severity(kind, settings) is Severity.DENY), kind
    assert {Role.ADVICE, Role.DRIFT} == set(Role) - {Role.EXACT, Role.TEST}
    for kind in (Kind.SHIFT, Kind.LABEL_SHIFT, Kind.NOVEL, Kind.OUTLIERS, Kind.SHORTCUT, Kind.LABEL_ISSUES):
        assert severity(kind, settings) is Severity.WARN
