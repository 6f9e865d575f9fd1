"""scikit-learn's own conformance checks, with each one that cannot hold named and reasoned."""

from __future__ import annotations

from sklearn.utils.estimator_checks import parametrize_with_checks

from tdsec_gov.detect.estimators import PoisonDetector

FAILED: dict[str, str] = {}


@parametrize_with_checks([PoisonDetector()], expected_failed_checks=lambda estimator: FAILED)
def test_scikit_learn(estimator, check):
    check(estimator)
