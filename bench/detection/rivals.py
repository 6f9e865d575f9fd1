"""Other detectors at their own defaults: cleanlab, PyOD, and the four methods of the source guide.

Where there is an accepted version they learn from it and from the push together (PyOD: from the accepted
rows alone, which is kinder to it); the rows of the push are judged.
"""

from __future__ import annotations

import numpy as np

from bench.detection.answers import Answer, Task
from bench.detection.features import dense, probabilities
from bench.detection.ours import contents
from tdsec_gov.detect.types import BoolArray, FloatArray, IntArray

_OWN_SHARE, _MEDIUM, _HIGH = 0.95, 0.05, 0.10


def cleanlab(task: Task) -> list[Answer]:
    """Confident learning (Northcutt et al. 2021): ``find_label_issues`` on out-of-fold chances."""
    from cleanlab.filter import find_label_issues
    from cleanlab.rank import get_label_quality_scores

    chances, labels = probabilities(task), task.rows.labels
    issues = find_label_issues(labels, chances, n_jobs=1)
    quality = get_label_quality_scores(labels, chances)
    return [Answer("cleanlab", 1 - quality[task.rows.push], issues[task.rows.push])]


def pyod(task: Task) -> list[Answer]:
    """ECOD and isolation forest at PyOD's contamination of a tenth."""
    from pyod.models.ecod import ECOD
    from pyod.models.iforest import IForest

    features, push = dense(task), task.rows.push
    known = np.setdiff1d(np.arange(features.shape[0]), push) if task.reference else push
    found = []
    for name, model in (("PyOD ECOD", ECOD()), ("PyOD IForest", IForest(random_state=task.seed))):
        model.fit(features[known])
        scores = model.decision_function(features[push])
        found.append(Answer(name, scores, scores > model.threshold_))
    return found


def guide(task: Task) -> list[Answer]:
    """Three sigma, isolation forest at 5 %, equal content with other labels, and distance to the nearest
    accepted rows above its own 95th percentile. A row's score is how many of them flag it; more than 5 % of
    the rows is a medium risk, more than 10 % a high one."""
    from sklearn.ensemble import IsolationForest

    features, push = dense(task), task.rows.push
    mine = features[push]
    spread = mine.std(axis=0)
    sigma = (np.abs(mine - mine.mean(axis=0)) > 3 * np.where(spread > 0, spread, np.inf)).any(axis=1)
    forest = IsolationForest(contamination=0.05, random_state=task.seed).fit(mine)
    votes = [sigma, forest.predict(mine) < 0, _conflicts(contents(task.rows.columns), task.rows.labels)[push]]
    if task.reference:
        known = np.setdiff1d(np.arange(features.shape[0]), push)
        away = _nearest(mine, features[known])
        votes.append(away > np.quantile(away, _OWN_SHARE))
    count = np.sum(votes, axis=0)
    share = float((count > 0).mean())
    risk = "high" if share > _HIGH else "medium" if share > _MEDIUM else "low"
    ties = -forest.score_samples(mine)
    return [Answer("source guide", count + ties / (1 + ties.max()), count > 0, risk)]


def _conflicts(content: IntArray, labels: IntArray) -> BoolArray:
    """Rows whose content occurs with another label."""
    pairs = np.unique(np.stack([content, labels], axis=1), axis=0)
    return np.asarray(np.bincount(pairs[:, 0], minlength=int(content.max()) + 1)[content] > 1)


def _nearest(mine: FloatArray, known: FloatArray) -> FloatArray:
    """Mean distance to the five nearest accepted rows."""
    from sklearn.neighbors import NearestNeighbors

    return np.asarray(NearestNeighbors(n_neighbors=5).fit(known).kneighbors(mine)[0].mean(axis=1))
