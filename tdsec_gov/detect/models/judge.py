"""A judge of labels: how well each label fits a row, as well as content can tell.

Where there is text, a linear support vector machine (one class against the rest, Fan et al. 2008) over the
columns and over :mod:`tdsec_gov.detect.models.texts`; else the label model. Unlike the label model a judge
cannot leave a column out. All that is learned, weights of words included, comes from the rows that it is
fitted on.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from tdsec_gov.detect.data.columns import Column
from tdsec_gov.detect.models.label import fit
from tdsec_gov.detect.models.texts import TextFeatures
from tdsec_gov.detect.types import FloatArray, IntArray

_PRICE = 0.3

Logits = Callable[[IntArray], FloatArray]


class Judge:
    """Fits models on rows of ``columns``; texts are counted once."""

    def __init__(self, columns: Sequence[Column], classes: int) -> None:
        self._columns, self._classes = columns, classes
        self._plain = [one for one in columns if one.tokens is None]
        self._texts = TextFeatures(columns)

    def fit(self, labels: IntArray, index: IntArray) -> Logits:
        """Learn from the rows ``index``; the answer gives (rows, classes), larger fits better."""
        if not self._texts or np.unique(labels[index]).size < 2:
            return fit(self._columns, labels, self._classes, index).logits
        return self._fit_texts(labels, index)

    def _fit_texts(self, labels: IntArray, index: IntArray) -> Logits:
        from scipy import sparse
        from sklearn.svm import LinearSVC

        plain = fit(self._plain, labels, self._classes, index).logits if self._plain else None
        weights = self._texts.weigh(index)

        def features(rows: IntArray) -> object:
            blocks = self._texts.rows(rows, weights)
            if plain is not None:
                blocks.append(sparse.csr_array(np.clip(plain(rows), -10, 10) / 10))
            joined = sparse.hstack(blocks, format="csr")
            joined.indices, joined.indptr = joined.indices.astype("i4"), joined.indptr.astype("i4")
            return joined

        model = LinearSVC(C=_PRICE, random_state=0).fit(features(index), labels[index])
        known = model.classes_

        def logits(rows: IntArray) -> FloatArray:
            result = np.full((rows.size, self._classes), -1e6)
            if rows.size:
                found = model.decision_function(features(rows))
                result[:, known] = found if found.ndim == 2 else np.stack([-found, found], axis=1)
            return result

        return logits
