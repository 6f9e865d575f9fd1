"""The estimator: accepted rows in, a verdict on new rows out."""

from __future__ import annotations

import warnings
from collections.abc import Collection
from dataclasses import replace
from typing import Any, Self

import numpy as np
from sklearn.base import BaseEstimator, OutlierMixin
from sklearn.utils import Tags
from sklearn.utils.validation import check_is_fitted, validate_data

from tdsec_gov.detect.contract import NotRunnable
from tdsec_gov.detect.estimators.inputs.dispatch import taken
from tdsec_gov.detect.estimators.inputs.given import Given
from tdsec_gov.detect.estimators.parameters import Parameters, parsed
from tdsec_gov.detect.estimators.report import Report, report_of
from tdsec_gov.detect.estimators.scores import OFFSET
from tdsec_gov.detect.estimators.stacking import stack_of
from tdsec_gov.detect.suite import examine, fitting
from tdsec_gov.detect.types import FloatArray, IntArray


class PoisonDetector(OutlierMixin, BaseEstimator):  # type: ignore[misc]
    """Is new training data poisoned, compared with rows that were accepted before?

    The detectors and numbers are those of the check ``poisoning``. Rows are judged together, as one push: a
    row's label and score may depend on the other rows of the call, and every call examines anew.

    Parameters are those of :class:`~tdsec_gov.detect.data.subject.Options`, and:

    - ``skip`` names of detectors that do not run; ``only`` those that do (one name or several);
    - ``whole``: X given to ``predict`` is the whole next version, so that changed labels and removed rows
      show too; otherwise it holds only the rows that come in addition.

    X may be a numpy array (numbers or objects in two dimensions, texts in one, uint8 images in three or
    four), pandas, polars, scipy sparse, a list, a torch tensor or Dataset, or a Hugging Face dataset.
    ``y`` holds the labels, or names their column in X; without them only detectors that need none run.

    After an examination ``report_`` has the tests, alarms, and what was not addressed. ``reference_`` holds
    the accepted rows themselves: a pickled detector contains data.
    """

    def __init__(
        self,
        *,
        alpha: float = 0.01,
        max_rows: int = 50_000,
        seed: int = 0,
        skip: Collection[str] = (),
        allow: Collection[str] = (),
        only: str | Collection[str] | None = None,
        whole: bool = False,
        dataset: str = "",
        max_label_changes: float = 0.001,
        max_issue_share: float = 0.1,
        max_conflict_share: float = 0.01,
    ) -> None:
        self.alpha = alpha
        self.max_rows = max_rows
        self.seed = seed
        self.skip = skip
        self.allow = allow
        self.only = only
        self.whole = whole
        self.dataset = dataset
        self.max_label_changes = max_label_changes
        self.max_issue_share = max_issue_share
        self.max_conflict_share = max_conflict_share

    def fit(self, X: Any, y: Any = None) -> Self:  # noqa: N803
        """Keep the accepted rows, of which somebody vouches that they are clean.

        Raises:
            ValueError: shapes, labels or parameters that do not fit.
            TypeError: an unknown kind of input, value or parameter.
        """
        parsed(self.get_params())
        self.reference_ = self._taken(X, y, reset=True)
        self.offset_ = OFFSET
        return self

    def predict(self, X: Any, y: Any = None) -> IntArray:  # noqa: N803
        """-1 for each row of X that an alarm names, 1 for any other; shape (rows,).

        Whether the push as a whole is denied is in ``report_.denied``: shift names no rows.

        Raises: as :meth:`fit`, and NotFittedError.
        """
        self._look(X, y)
        return self._signs()

    def score_samples(self, X: Any, y: Any = None) -> FloatArray:  # noqa: N803
        """How normal each row is, larger is more normal; shape (rows,).

        Below -1 for rows that an alarm names, from -1 to 0 for others: see
        :func:`~tdsec_gov.detect.estimators.scores.row_scores`. nan for rows that were not looked at (beyond
        ``max_rows``, or without a label).

        Raises: as :meth:`predict`.
        """
        return self._look(X, y)

    def decision_function(self, X: Any, y: Any = None) -> FloatArray:  # noqa: N803
        """``score_samples`` + 1: negative where ``predict`` says -1. Raises: as :meth:`predict`."""
        return self._look(X, y) - OFFSET

    def fit_predict(self, X: Any, y: Any = None) -> IntArray:  # noqa: N803
        """Examine X by itself, as a first version: -1 for each row that an alarm names.

        Nothing is compared, so nothing is denied and no rows are kept as accepted: when a person has
        accepted them, ``fit``.

        Raises: as :meth:`fit`.
        """
        parameters = parsed(self.get_params())
        self._examine(None, self._taken(X, y, reset=True), parameters)
        return self._signs()

    def _look(self, x: Any, y: Any) -> FloatArray:
        check_is_fitted(self, "reference_")
        return self._examine(self.reference_, self._taken(x, y, reset=False), parsed(self.get_params()))

    def _examine(self, accepted: Given | None, given: Given, parameters: Parameters) -> FloatArray:
        accepted = _matched(accepted, given)
        try:
            stack, start = stack_of(accepted, given, whole=parameters.whole)
            if not fitting(stack, accepted is not None, parameters.skipped):
                raise ValueError(f"none of the chosen detectors works {_way(accepted, given)}.")
            examined = examine(
                stack, parameters.options, reference=accepted is not None, skip=parameters.skipped
            )
        except NotRunnable as exc:
            raise ValueError(f"X cannot be examined: {exc}.") from None
        self.report_: Report = report_of(
            examined, start, given.rows, parameters.options.alpha, parameters.skipped
        )
        return self.report_.scores.copy()

    def _signs(self) -> IntArray:
        return np.where(self.report_.named, -1, 1)

    def _taken(self, x: Any, y: Any, *, reset: bool) -> Given:
        given = taken(x, y)
        if reset:
            self.n_features_in_ = len(given.names)
        if hasattr(x, "columns") or (isinstance(x, np.ndarray) and x.ndim == 2):
            validate_data(self, _content(x, y), skip_check_array=True, reset=reset)
        known: Given | None = None if reset else self.reference_
        if known is not None and (known.frame is None) != (given.frame is None):
            raise ValueError("X holds images where fit had a table, or the other way round.")
        if known is not None and set(known.names) != set(given.names):
            raise ValueError(
                f"X has {len(given.names)} features, but {type(self).__name__} is expecting "
                f"{len(known.names)} features as input, with the same names."
            )
        return given

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        tags.input_tags.string = True
        tags.input_tags.categorical = True
        tags.input_tags.three_d_array = True
        tags.input_tags.allow_nan = True
        return tags


def _content(x: Any, y: Any) -> Any:
    """X without the column that ``y`` names."""
    if isinstance(y, str):
        return x.drop(columns=y) if hasattr(x, "iloc") else x.drop(y)
    return x


def _matched(accepted: Given | None, given: Given) -> Given | None:
    """Both with labels, or both without."""
    if accepted is None or (accepted.labels is None) == (given.labels is None):
        return accepted
    if accepted.labels is None:
        raise ValueError(
            "y was given, but fit had no labels: fit again with the labels of the accepted rows."
        )
    warnings.warn(
        "no y was given: the labels are not examined, and most attacks are on labels",
        UserWarning,
        stacklevel=4,
    )
    return replace(accepted, labels=None)


def _way(accepted: Given | None, given: Given) -> str:
    with_labels = "with" if given.labels is not None else "without"
    if accepted is None:
        return f"without accepted rows, {with_labels} labels: fit, then predict"
    return f"with accepted rows, {with_labels} labels: use fit_predict, or give y"
