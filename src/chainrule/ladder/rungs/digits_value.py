"""In numbers that remember: every pixel times every weight is a node of one graph, and `backward()` walks it.

The next rung takes away the slowness: whole batches of numbers at once.
"""

from chainrule.value import MLP, Value


def train(x, y, start, lr, batches):
    model = MLP(64, [32, 10], activation="relu")
    weights = [values for layer in model.layers for values in matrices(layer)]  # W1, b1, W2, b2
    fill(weights, [w.tolist() for w in start])
    for batch in batches:
        pairs = zip(x[batch].tolist(), y[batch].tolist(), strict=True)
        losses = [cross_entropy(model(pixels), digit) for pixels, digit in pairs]
        loss = sum(losses) / len(losses)

        model.zero_grad()
        loss.backward()
        for p in model.parameters():
            p.data -= lr * p.grad
        yield loss.data, weights


def cross_entropy(s, digit):
    """−log softmax(s)[digit] = log Σ exp(s − m) + m − s[digit]; m, the largest, keeps exp small."""
    m = max(score.data for score in s)
    return sum((score - m).exp() for score in s).log() + m - s[digit]


def matrices(layer):
    """The Values of a layer as the other rungs have them: W (out, in) and b (out,)."""
    return [neuron.w for neuron in layer.neurons], [neuron.b for neuron in layer.neurons]


def fill(values, numbers):
    """Put numbers into Values that are nested alike."""
    if isinstance(values, Value):
        values.data = numbers
    else:
        for value, number in zip(values, numbers, strict=True):
            fill(value, number)
