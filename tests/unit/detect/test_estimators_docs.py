"""The example of docs/notebooks.md runs, and its claims about sizes and refusals are the code's."""

from __future__ import annotations

import doctest
import re
from pathlib import Path

from sklearn.utils.estimator_checks import estimator_checks_generator
from test_estimators_checks import FAILED

from tdsec_gov.detect.data.pictures import SIDE
from tdsec_gov.detect.estimators import PoisonDetector
from tdsec_gov.detect.estimators.inputs.sparse import MOST_CELLS

PAGE = (Path(__file__).parents[3] / "docs" / "notebooks.md").read_text("utf-8")


def test_the_example_runs():
    (example,) = re.findall(r"^```python\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
    parsed = doctest.DocTestParser().get_doctest(example, {}, "notebooks.md", None, 0)
    told: list[str] = []
    results = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS).run(parsed, out=told.append)
    assert results.attempted > 8 and results.failed == 0, "".join(told)


def test_numbers_of_the_page():
    assert f"{MOST_CELLS // 10**6} million cells" in PAGE and f"more than {SIDE} pixels" in PAGE
    assert len(FAILED) == 3 and "three cannot hold" in PAGE


def test_every_parameter_is_told():
    named = {"alpha", "only", "skip", "allow", "max_rows", "seed", "dataset", "whole"}
    shares = {"max_label_changes", "max_issue_share", "max_conflict_share"}
    assert named | shares == set(PoisonDetector().get_params())
    assert [one for one in named if f"`{one}" not in PAGE and f"({one}=" not in PAGE] == []


def test_the_checks_that_cannot_hold_exist():
    names = {
        getattr(check, "func", check).__name__ for _, check in estimator_checks_generator(PoisonDetector())
    }
    assert set(FAILED) <= names
