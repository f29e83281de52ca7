"""In numbers that remember: every pixel times every weight is a node of one graph, and `backward()` walks it.

The next rung takes away the slowness: whole batches of numbers at once.
"""

from chainrule.value import MLP


def train(x, y, start, lr, batches):
    model = MLP(64, [32, 10], activation="relu")
    set_weights(model, [w.tolist() for w in start])
    for batch in batches:
        pairs = zip(x[batch].tolist(), y[batch].tolist(), strict=True)
        loss = sum(cross_entropy(model(pixels), digit) for pixels, digit in pairs) / len(batch)

        model.zero_grad()
        loss.backward()
        for p in model.parameters():
            p.data -= lr * p.grad
        yield loss.data, [[[n.w for n in layer.neurons], [n.b for n in layer.neurons]] for layer in model.layers]


def cross_entropy(scores, digit):
    """−log softmax(s)[digit] = log Σ exp(s − m) + m − s[digit]; m, the largest score, keeps exp small."""
    m = max(s.data for s in scores)
    return sum((s - m).exp() for s in scores).log() + m - scores[digit]


def set_weights(model, start):
    """Start where the other rungs start: W (out, in) and b (out,) for each layer."""
    W1, b1, W2, b2 = start
    for layer, W, b in zip(model.layers, [W1, W2], [b1, b2], strict=True):
        for neuron, row, bias in zip(layer.neurons, W, b, strict=True):
            for p, number in zip(neuron.parameters(), [*row, bias], strict=True):
                p.data = number
