"""scikit-learn's own conformance checks, with each one that cannot hold named and reasoned."""

from __future__ import annotations

from sklearn.utils.estimator_checks import parametrize_with_checks

from tdsec_gov.detect.estimators import PoisonDetector

_CLEAN = "demands that some of 300 clean rows are called outliers: no share is assumed here"
FAILED = {
    "check_outliers_fit_predict": _CLEAN,
    "check_outliers_train": _CLEAN,
    "check_dict_unchanged": "predict and score_samples tell what they found in report_",
}


@parametrize_with_checks(
    [PoisonDetector()], expected_failed_checks=lambda estimator: FAILED, xfail_strict=True
)
def test_scikit_learn(estimator, check):
    check(estimator)
