"""In layers: matrices in, matrices out, and each layer passes the slopes back to the one below it.

The next rung takes away `backward` of your own: any expression, not just a chain of layers.
"""

from chainrule.ladder.layers import CrossEntropy, Linear, MultiLayerNetwork, ReLU, Softmax


def train(x, y, start, lr, batches):
    W1, b1, W2, b2 = start  # (32, 64), (32,), (10, 32), (10,)
    network = MultiLayerNetwork([Linear(W1, b1), ReLU(), Linear(W2, b2), Softmax()])
    cross_entropy = CrossEntropy()
    for batch in batches:
        p = network.forward(x[batch])  # probabilities  (n, 10)
        loss = cross_entropy.forward(p, y[batch])

        network.backward(cross_entropy.backward())
        network.update_params(lr)
        yield loss, network.params
