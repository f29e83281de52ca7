"""In layers: matrices in, matrices out, and each layer passes the slopes back to the one below it.

The next rung takes away `backward` of your own: any expression, not just a chain of layers.
"""

import numpy as np

from chainrule.ladder.layers import Linear, MultiLayerNetwork, SquaredError


def train(x, y, start, lr, batches):
    features = np.stack([x, x**2, x**3], axis=1)  # (n, 3)
    y = y[:, None]  # (n, 1)
    cubic = Linear(start[None, 1:], start[:1])  # weights (b, c, d): (1, 3), bias a: (1,)
    network, squared_error = MultiLayerNetwork([cubic]), SquaredError()
    for _ in batches:
        loss = squared_error.forward(network.forward(features), y)

        network.backward(squared_error.backward())
        network.update_params(lr)
        yield loss, (cubic.b, cubic.W)
