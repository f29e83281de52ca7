"""scikit-learn's MLPClassifier, where it fits: one hidden layer, ReLU, cross-entropy; SGD without momentum, or Adam."""

from __future__ import annotations

import numpy as np

from benchmarks.peers.workloads import Contestant, Workload


def contestants(w: Workload, shuffle: bool) -> dict[str, Contestant | str]:
    """One, for classifiers."""
    if w.kind != "mlp":
        return {"scikit-learn": "not run: it has no such model"}
    from sklearn.neural_network import MLPClassifier

    x, y = w.data()
    model = MLPClassifier(
        (w.sizes[1],), solver="adam" if w.adam else "sgd", alpha=0, batch_size=w.batch, learning_rate_init=w.rate,
        momentum=0, nesterovs_momentum=False, shuffle=False,
    )  # fmt: skip
    model.partial_fit(x, y, classes=np.arange(10))  # makes the arrays, which then get our numbers
    first = w.first_weights()
    for mine, theirs in zip(
        [*model.coefs_, *model.intercepts_], [first[0].T, first[2].T, first[1], first[3]], strict=True
    ):
        mine[...] = theirs
    if w.adam:
        model._optimizer.t = 0
        for array in (*model._optimizer.ms, *model._optimizer.vs):
            array[...] = 0

    def advance(epochs: int) -> float:
        for _ in range(epochs):
            model.partial_fit(x, y)
        return float(model.loss_)

    def weights() -> list[np.ndarray]:
        (a, b), (c, d) = model.coefs_, model.intercepts_
        return [a.T, c, b.T, d]

    return {"scikit-learn": Contestant(advance, weights, own_formula=w.adam)}  # its Adam adds epsilon elsewhere
