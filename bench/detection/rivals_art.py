"""The Adversarial Robustness Toolbox's spectral signatures and activation clustering, its own code, on a
small network that is trained here on accepted rows and push together."""

from __future__ import annotations

from typing import Any

import numpy as np

from bench.detection.answers import Answer, Task
from bench.detection.features import dense
from tdsec_gov.detect.types import FloatArray, IntArray

_EPOCHS, _BATCH, _RATE = 8, 64, 2e-3
_EXPECTED = 0.05
"""Share of poison that the spectral defence is told to expect; its default (0.33) flags half of all rows."""


def art(task: Task) -> list[Answer]:
    """Both defences (Tran et al. 2018, Chen et al. 2018) on the activations of one network."""
    from art.defences.detector.poison import ActivationDefence, SpectralSignatureDefense

    features, classifier = _trained(task)
    labels, push = task.rows.labels, task.rows.push
    known = np.eye(task.rows.classes, dtype=np.float32)[labels]
    found = []
    spectral = SpectralSignatureDefense(classifier, features, known, expected_pp_poison=_EXPECTED)
    clean = np.asarray(spectral.detect_poison()[1])
    last = classifier.get_activations(features, len(classifier.layer_names) - 1, 128)
    scores = np.zeros(labels.size)
    for one in np.unique(labels):
        here = labels == one
        scores[here] = SpectralSignatureDefense.spectral_signature_scores(last[here])[:, 0]
    found.append(Answer("ART spectral", scores[push], clean[push] == 0))
    clusters = ActivationDefence(classifier, features, known)
    clean = np.asarray(clusters.detect_poison(nb_clusters=2, nb_dims=10, reduce="PCA")[1])
    found.append(Answer("ART clustering", _small(clean == 0, labels)[push], clean[push] == 0))
    return found


def _small(flagged: Any, labels: IntArray) -> FloatArray:
    """Flagged rows, those of the smallest clusters first: the defence gives no scores of its own."""
    share = np.bincount(labels, flagged) / np.maximum(1, np.bincount(labels))
    return np.asarray(flagged * (1.0 - share[labels]))


def _trained(task: Task) -> tuple[Any, Any]:
    """float32 features and the classifier: two convolutions for images, one hidden layer for the rest."""
    import torch
    from art.estimators.classification import PyTorchClassifier
    from torch import nn

    torch.manual_seed(task.seed)
    torch.set_num_threads(1)
    column = task.rows.columns[0]
    if column.pixels is not None:
        features = np.moveaxis(column.pixels, 3, 1).astype(np.float32) / 255.0
        side = features.shape[2] // 4
        layers = [nn.Conv2d(features.shape[1], 16, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2)]
        layers += [nn.Conv2d(16, 32, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten()]
        layers += [nn.Linear(32 * side * side, 64), nn.ReLU(), nn.Linear(64, task.rows.classes)]
    else:
        features = dense(task).astype(np.float32)
        layers = [nn.Linear(features.shape[1], 64), nn.ReLU(), nn.Linear(64, task.rows.classes)]
    model = nn.Sequential(*layers)
    classifier = PyTorchClassifier(
        model=model,
        loss=nn.CrossEntropyLoss(),
        optimizer=torch.optim.Adam(model.parameters(), _RATE),
        input_shape=features.shape[1:],
        nb_classes=task.rows.classes,
        device_type="cpu",
    )
    classifier.fit(features, task.rows.labels, batch_size=_BATCH, nb_epochs=_EPOCHS, verbose=False)
    return features, classifier
