"""Lesson 8: the checks and the mistakes."""

import numpy as np

from chainrule.course.bank import Exercise, Wrong, call, cell, edit, gradient

SMALL = {  # two examples, one input, two hidden neurons, one output
    "x": np.array([[1.0], [-2.0]]),
    "W1": np.array([[1.5, -0.5]]),
    "b1": np.array([0.25, -0.5]),
    "W2": np.array([[2.0], [-3.0]]),
    "b2": np.array([-0.75]),
}
WIDE = {  # three examples, two inputs, four hidden neurons, two outputs
    "x": np.array([[1.0, -0.5], [0.5, 2.0], [-1.5, 1.0]]),
    "W1": np.array([[1.0, -0.5, 2.0, 0.75], [-1.5, 1.0, 0.5, 1.25]]),
    "b1": np.array([0.5, -0.25, -1.0, 0.1]),
    "W2": np.array([[1.0, -2.0], [0.5, 1.5], [-1.0, 0.75], [2.0, -0.25]]),
    "b2": np.array([0.3, -1.6]),
}


def line(i, why):
    return cell(f"forward(x, W1, b1, W2, b2)[{i}]", inputs=SMALL, why=why)


forward = Exercise(
    "8.1",
    cases=[
        line(0, "the first sum is 1 · 1.5 + 0.25 = 1.75"),
        line(1, "ReLU keeps what is above 0 and makes the rest 0"),
        line(2, "for the first example it is 1.75 · 2 - 0.75 = 2.75"),
        cell("forward(x, W1, b1, W2, b2)", inputs=WIDE, why="more inputs and outputs change nothing but the shapes"),
    ],
    right=[
        """
        def forward(x, W1, b1, W2, b2):
            z = np.array([[sum(p * q for p, q in zip(row, column)) for column in W1.T] for row in x]) + b1
            a = np.where(z > 0, z, 0.0)
            return z, a, np.dot(a, W2) + b2
        """,
        edit("x @ W1 + b1", "(W1.T @ x.T + b1[:, None]).T", "np.maximum(z, 0)", "z * (z > 0)"),
    ],
    wrong=[
        Wrong(
            "the bias is missing",
            edit("x @ W1 + b1", "x @ W1", "a @ W2 + b2", "a @ W2"),
            """Your layers multiply and do not add. Without a bias every neuron has its kink at x = 0, and the network must
            answer 0 there.""",
            also=[edit("x @ W1 + b1", "x @ W1"), edit("a @ W2 + b2", "a @ W2")],
        ),
        Wrong(
            "no bend between the layers",
            edit("np.maximum(z, 0)", "z"),
            """`a` is `z` unchanged. Two layers without anything between them are one straight line, whatever the weights: the
            network could never follow a curve.""",
        ),
        Wrong(
            "a bend after the last layer",
            edit("prediction = a @ W2 + b2", "prediction = np.maximum(a @ W2 + b2, 0)"),
            """You put a ReLU on the prediction as well. Then the network can answer nothing below 0, and where it is cut off it
            learns nothing.""",
        ),
        Wrong(
            "z bent as well",
            edit("return z, a", "return a, a"),
            """What you return as z is already cut off at 0. The backward pass asks z where the ReLU was off; give the sums as they were.""",
        ),
        Wrong(
            "the absolute value",
            edit("np.maximum(z, 0)", "np.abs(z)"),
            """You turn the negative sums round. ReLU makes them 0: a neuron below its threshold is silent.""",
        ),
        Wrong(
            "cut off on the wrong side",
            edit("np.maximum(z, 0)", "np.minimum(z, 0)"),
            """Yours keeps what is below 0. ReLU keeps what is above.""",
        ),
        Wrong(
            "the second layer on z",
            edit("a @ W2", "z @ W2"),
            """You compute `a`, and then feed `z` to the second layer, so the bend has no effect on the prediction.""",
        ),
    ],
)

slope = Exercise(
    "8.2",
    cases=[
        call("mse_slope", np.array([[3.0]]), np.array([[1.0]]), why="one error of 2, and the slope of 2² is 2 · 2"),
        call("mse_slope", np.array([[1.0]]), np.array([[3.0]]), why="the prediction is too low: growing makes the loss fall"),
        call(
            "mse_slope", np.array([[1.0], [2.5]]), np.array([[0.0], [2.0]]),
            why="errors 1 and 0.5, each times 2, divided by 2: a slope for each prediction",
        ),
        call(
            "mse_slope", np.array([[1.0, 2.0, 0.5], [0.0, -1.0, 4.0]]), np.array([[0.0, 2.5, 0.5], [1.0, 1.0, 3.5]]),
            why="the mean is over all six numbers",
        ),
        gradient("np.mean((p - t) ** 2)", "mse_slope(p, t)[:], mse_slope(t, p)[:]", at={
            "p": np.array([[0.5], [-1.0], [2.0]]), "t": np.array([[1.0], [1.5], [-0.5]]),
        }),
    ],
    right=[
        """
        def mse_slope(prediction, y):
            out = np.empty_like(prediction)
            for place in np.ndindex(prediction.shape):
                out[place] = 2 * (prediction[place] - y[place]) / (prediction.shape[0] * prediction.shape[1])
            return out
        """,
        "def mse_slope(prediction, y):\n    return np.subtract(prediction, y) * (2 / np.prod(y.shape))",
    ],
    wrong=[
        Wrong(
            "summed to one number",
            edit("2 * (prediction - y) / prediction.size", "np.sum(2 * (prediction - y) / prediction.size)"),
            """You return a single number. Each prediction has a slope of its own: the loss changes differently with each of them. Which shape
            must the result have?""",
            also=[edit("2 * (prediction - y) / prediction.size", "(2 * (prediction - y) / prediction.size).sum(axis=0)")],
        ),
        Wrong(
            "the slope of the sum",
            edit(" / prediction.size", ""),
            """This is the slope of the *sum* of the squares. The loss is their mean: each term counts for one part of it.""",
        ),
        Wrong(
            "divided by the rows only",
            edit("prediction.size", "len(prediction)"),
            """You divide by the number of examples. With several outputs for each, the mean is over more numbers than that.""",
        ),
        Wrong(
            "the factor 2 is missing",
            edit("2 * (prediction - y)", "(prediction - y)"),
            """Where did the square go? If the error is e, then e² grows by 2e for each unit of e.""",
        ),
        Wrong(
            "the sign turned",
            edit("(prediction - y)", "(y - prediction)"),
            """Yours is negative where the prediction is too high. But let a prediction that is too high grow: the loss grows with it.""",
        ),
        Wrong(
            "the value in place of the slope",
            edit("2 * (prediction - y)", "(prediction - y) ** 2"),
            """You return the terms of the loss itself. The question is how fast each term changes with its prediction.""",
        ),
        Wrong(
            "the size without the sign",
            edit("(prediction - y)", "np.abs(prediction - y)"),
            """Your slopes are never negative. Where the prediction is too low the loss falls when it grows.""",
        ),
    ],
)  # fmt: skip

FIVE = {
    "x": np.array([[-1.0], [-0.5], [0.25], [0.5], [2.0]]),
    "y": np.array([[0.4], [0.6], [1.3], [1.6], [7.4]]),
    "W1": np.array([[1.5, -0.5, 2.0, -1.0]]),
    "b1": np.array([0.25, 0.5, -1.0, -2.5]),
    "W2": np.array([[0.5], [-1.5], [1.0], [2.0]]),
    "b2": np.array([0.75]),
}
SMALL_XY = {**SMALL, "y": np.array([[1.5], [0.5]])}
WIDE_XY = {**WIDE, "y": np.array([[0.5, 1.0], [-2.0, 0.25], [1.5, -1.0]])}
LOSS = "prediction = np.maximum(x @ W1 + b1, 0) @ W2 + b2\nfloat(np.mean((prediction - y) ** 2))"
BACKWARD = "backward(x, y, W1, b1, W2, b2)"


def part(i, why):
    return cell(f"{BACKWARD}[{i}]", inputs=SMALL_XY, why=why)


backward = Exercise(
    "8.3",
    uses=["8.1", "8.2"],
    cases=[
        part(2, "each example's a times its own slope, then added up over the examples"),
        part(3, "b2 is added for each example: their slopes add up"),
        part(0, "each example's x times the slope of its sum, then added up"),
        part(1, "b1 is added for each example: the slopes of the sums, added over the rows"),
        cell(BACKWARD, inputs=WIDE_XY, why="with more inputs and outputs the same products hold"),
        cell(BACKWARD, inputs=FIVE, torch="one_four_one", why="that is what PyTorch finds"),
        gradient(
            f"x, y = np.array({WIDE['x'].tolist()}), np.array({WIDE_XY['y'].tolist()})\n{LOSS}",
            f"x, y = np.array({WIDE['x'].tolist()}), np.array({WIDE_XY['y'].tolist()})\n{BACKWARD}",
            at={name: WIDE[name] for name in ("W1", "b1", "W2", "b2")},
        ),
    ],
    right=[
        """
        def backward(x, y, W1, b1, W2, b2):
            z = np.einsum("ni,ij->nj", x, W1) + b1
            a = z.clip(min=0)
            g = 2 * (a @ W2 + b2 - y) / y.size
            back = np.where(z > 0, np.einsum("nk,jk->nj", g, W2), 0)
            return np.einsum("ni,nj->ij", x, back), back.sum(0), np.einsum("nj,nk->jk", a, g), g.sum(0)
        """,
        """
        def backward(x, y, W1, b1, W2, b2):
            gW1, gb1, gW2, gb2 = (np.zeros_like(w) for w in (W1, b1, W2, b2))
            for row, truth in zip(x, y):
                z, a, prediction = forward(row, W1, b1, W2, b2)
                g = 2 * (prediction - truth) / y.size
                gz = (W2 @ g) * np.sign(a)
                gW2 += np.outer(a, g)
                gb2 += g
                gW1 += np.outer(row, gz)
                gb1 += gz
            return [gW1, gb1, gW2, gb2]
        """,
    ],
    wrong=[
        Wrong(
            "summed before the product",
            edit("a.T @ g  #", "a.sum(axis=0)[:, None] * g.mean(axis=0)  #"),
            """For W2 you add up `a` over the examples and then multiply by a mean slope. The shape fits, the numbers do not: what one example sent must be multiplied
            by *that* example's slope, before anything is added up.""",
            also=[
                edit("a.T @ g  #", "a.mean(axis=0)[:, None] * g.sum(axis=0)  #"),
                edit("a.T @ g  #", "a.sum(axis=0)[:, None] * g.sum(axis=0)  #"),
                edit("a.T @ g  #", "(a.sum(axis=0)[:, None] * g.mean())  #"),
            ],
        ),
        Wrong(
            "the weights summed to one number",
            edit("g @ W2.T", "g.sum(axis=1, keepdims=True) * W2.sum()"),
            """On the way to the hidden layer you multiply every slope by the sum of W2. Each hidden neuron is connected by its own weight, and only that one carries
            its slope back.""",
            also=[edit("g @ W2.T", "g.sum(axis=1, keepdims=True) * W2.sum() + 0 * a")],
        ),
        Wrong(
            "the inputs averaged before the product",
            edit("x.T @ gz", "x.mean() * gz.sum(axis=0, keepdims=True) * np.ones_like(W1)"),
            """For W1 you multiply by the mean of x. Each example's x belongs to that example's slope; multiply first, then add up over the examples.""",
            also=[edit("x.T @ gz", "x.mean(axis=0)[:, None] * gz.sum(axis=0)")],
        ),
        Wrong(
            "the slope of the ReLU is missing",
            edit(" * (z > 0)", ""),
            """You pass the slope through the hidden layer as if it had no bend. Where z is below 0 the neuron sent 0 and would send 0 after a small change too: what may come
            back there?""",
        ),
        Wrong(
            "the value in place of the slope",
            edit(" * (z > 0)", " * a"),
            """You multiply by what the ReLU sent. Its *slope* does not depend on how large z is, only on its sign.""",
        ),
        Wrong(
            "the weights on the way left out",
            edit("g @ W2.T", "g.sum(axis=1, keepdims=True) + 0 * z"),
            """Between the prediction and the hidden layer stand the weights W2. A hidden neuron with a large weight moves the prediction more; your slopes are the same
            for all of them.""",
        ),
        Wrong(
            "the batch factor twice",
            edit(
                "a.T @ g  #",
                "a.T @ g / len(x)  #",
                "g.sum(axis=0)  # (out,)",
                "g.mean(axis=0)",
                "x.T @ gz",
                "x.T @ gz / len(x)",
                "gz.sum(axis=0)",
                "gz.mean(axis=0)",
            ),
            """You divide by the number of examples. `mse_slope` has done that already: the mean is inside g. Twice makes every slope too small, the more so the larger the batch.""",
            also=[
                edit("g.sum(axis=0)  # (out,)", "g.mean(axis=0)", "gz.sum(axis=0)", "gz.mean(axis=0)"),
                edit("a.T @ g  #", "a.T @ g / len(x)  #", "x.T @ gz", "x.T @ gz / len(x)"),
            ],
        ),
        Wrong(
            "the batch factor left out",
            edit("mse_slope(prediction, y)", "2 * (prediction - y)"),
            """These are the slopes of the sum of the squares. The loss is their mean.""",
        ),
        Wrong(
            "the bias not summed over the batch",
            edit("gb2 = g.sum(axis=0)", "gb2 = g", "gb1 = gz.sum(axis=0)", "gb1 = gz"),
            """Your bias slopes have a row for each example. A bias is one number that was added to every row: its slopes from all the rows add up, and the shape is that of the bias.""",
            also=[edit("gb2 = g.sum(axis=0)", "gb2 = g"), edit("gb1 = gz.sum(axis=0)", "gb1 = gz")],
        ),
        Wrong(
            "the bias summed over everything",
            edit("gb1 = gz.sum(axis=0)", "gb1 = gz.sum()", "gb2 = g.sum(axis=0)", "gb2 = g.sum()"),
            """You add up the whole array. Each neuron has a bias of its own: add over the examples, not over the neurons.""",
            also=[edit("gb1 = gz.sum(axis=0)", "gb1 = gz.sum()")],
        ),
        Wrong(
            "a transposed result",
            edit("a.T @ g  #", "g.T @ a  #", "x.T @ gz", "gz.T @ x"),
            """Your weight slopes lie on their side. The slope with respect to an array has the shape of that array: place (i, j) is for the weight at (i, j).""",
            also=[edit("a.T @ g  #", "g.T @ a  #"), edit("x.T @ gz", "gz.T @ x")],
        ),
        Wrong(
            "the ReLU of the wrong sign",
            edit("z > 0", "z < 0"),
            """You let the slope through where the neuron was silent, and stop it where it spoke. ReLU has the slope 1 on which side?""",
        ),
    ],
)

SEVEN = "x = np.arange(7.0)[:, None]\ny = 10 * x\nrng = np.random.default_rng(3)\n"
FIFTY = "x = np.arange(50.0)[:, None]\ny = 10 * x\nrng = np.random.default_rng(3)\n"

batches = Exercise(
    "8.4",
    cases=[
        cell(
            SEVEN + "[len(xb) for xb, yb in batches(x, y, 3, rng)]",
            why="seven examples, three at a time: the last one is left over",
        ),
        cell(
            SEVEN + "[(xb.shape, yb.shape) for xb, yb in batches(x, y, 3, rng)]",
            why="rows are picked, columns stay",
        ),
        cell(
            SEVEN + "sorted(float(value) for xb, yb in batches(x, y, 3, rng) for value in xb.ravel())",
            why="in an epoch each example comes exactly once",
        ),
        cell(
            SEVEN + "sorted(float(value) for xb, yb in batches(x, y, 3, rng) for value in yb.ravel())",
            why="and so does each truth",
        ),
        cell(
            FIFTY + "all(np.array_equal(yb, 10 * xb) for xb, yb in batches(x, y, 8, rng))",
            why="here y is 10 · x in every row, and it must be so in the batches",
        ),
        cell(
            FIFTY + "bool(np.array_equal(np.concatenate([xb for xb, yb in batches(x, y, 8, rng)]), x))",
            why="the order is random: it is not the one in which the data came",
        ),
        cell(
            FIFTY + "bool(np.array_equal(np.concatenate([yb for xb, yb in batches(x, y, 8, rng)]), y))",
            why="the truths are not in the order of the data either",
        ),
        cell(
            FIFTY + "max(float(np.ptp(xb)) for xb, yb in batches(x, y, 8, rng)) > 8",
            why="a batch is a sample of the whole, not a stretch of neighbours",
        ),
        cell(
            FIFTY + "first, second = (np.concatenate([xb for xb, yb in batches(x, y, 8, rng)]) for _ in range(2))\n"
            "bool(np.array_equal(first, second))",
            why="the next epoch has a new order",
        ),
        cell(
            "x = np.arange(50.0)[:, None]\n"
            "orders = [np.concatenate([xb for xb, _ in batches(x, 10 * x, 8, np.random.default_rng(5))]) for _ in range(2)]\n"
            "bool(np.array_equal(*orders))",
            why="two generators with the same seed give the same order: a run can be repeated",
        ),
        cell(
            "list(batches(x, y, 2, np.random.default_rng(0)))\n[float(value) for value in x[:, 0]]",
            inputs={"x": np.arange(5.0)[:, None], "y": np.arange(5.0)[:, None]},
            why="the data stay in the order they had",
        ),
        cell(SEVEN + "[len(xb) for xb, yb in batches(x, y, 100, rng)]", why="there are only seven: they make one batch"),
    ],
    right=[
        """
        def batches(x, y, size, rng):
            numbers = list(range(len(x)))
            rng.shuffle(numbers)
            found = []
            while numbers:
                some, numbers = numbers[:size], numbers[size:]
                found.append((x[some], y[some]))
            return found
        """,
        """
        def batches(x, y, size, rng):
            order = np.argsort(rng.random(len(x)))
            x, y = x[order], y[order]
            for i in range(0, len(x), size):
                yield x[i : i + size], y[i : i + size]
        """,
        """
        def batches(x, y, size, rng):
            both = rng.permutation(np.concatenate([x, y], axis=1))
            cuts = range(size, len(x), size)
            return [(part[:, : x.shape[1]], part[:, x.shape[1] :]) for part in np.split(both, cuts)]
        """,
    ],
    wrong=[
        Wrong(
            "x and y shuffled apart",
            edit(
                "    order = rng.permutation(len(x))\n", "    x, y = rng.permutation(x), rng.permutation(y)\n    order = np.arange(len(x))\n"
            ),
            """You draw one order for x and another for y. After that the examples have the truths of others, and there is nothing left to learn. No error tells you: the loss just stays high.""",
            also=[edit("(x[piece], y[piece])", "(x[piece], y[rng.permutation(len(y))[: len(piece)]])")],
        ),
        Wrong(
            "only x shuffled",
            edit("    order = rng.permutation(len(x))\n", "    x = rng.permutation(x)\n    order = np.arange(len(x))\n"),
            """You put x into a new order and left y in the old one. Each example must take its truth along.""",
        ),
        Wrong(
            "not shuffled",
            edit("rng.permutation(len(x))", "np.arange(len(x))"),
            """Your batches come in the order of the data. If the data are sorted, each batch sees one corner only, and the last one has the last word.""",
        ),
        Wrong(
            "the last short batch dropped",
            edit("range(0, len(x), size)", "range(0, len(x) - size + 1, size)"),
            """What is left over at the end of the epoch is thrown away. These examples are never seen in this epoch, and with data fewer than a batch, none is.""",
            also=[edit("range(0, len(x), size)", "range(0, len(x) - size, size)")],
        ),
        Wrong(
            "drawn with replacement",
            edit("rng.permutation(len(x))", "rng.integers(0, len(x), len(x))"),
            """You draw example numbers one by one, so some come twice and some not at all. An epoch is each exactly once: a permutation.""",
            also=[edit("rng.permutation(len(x))", "rng.choice(len(x), len(x))")],
        ),
        Wrong(
            "the same order in each epoch",
            edit("rng.permutation", "np.random.default_rng(0).permutation"),
            """You make a generator of your own with a fixed seed, so every epoch has the same order and the same batches. Use the `rng` that is given: it goes on where it stopped.""",
        ),
        Wrong(
            "another generator",
            edit("rng.permutation", "np.random.permutation"),
            """You draw from NumPy's global generator and ignore `rng`. Then whoever calls you cannot repeat a run by giving the same seed.""",
        ),
        Wrong(
            "the data shuffled in place",
            edit(
                "    order = rng.permutation(len(x))\n",
                "    order = rng.permutation(len(x))\n    x[:], y[:] = x[order], y[order]\n    order = np.arange(len(x))\n",
            ),
            """You change the arrays of the one who called you. They may be needed in their order, for a plot, say. Make new arrays.""",
        ),
        Wrong(
            "batches shuffled, examples not",
            edit(
                "order = rng.permutation(len(x))", "order = np.arange(len(x))",
                "return [(x[piece], y[piece]) for piece in pieces]", "return [(x[pieces[i]], y[pieces[i]]) for i in rng.permutation(len(pieces))]",
            ),
            """You cut the data as they lie and shuffle the pieces. Inside each batch there are still neighbours only, always the same ones together.""",
        ),
    ],
)  # fmt: skip

RNG = "rng = np.random.default_rng({})\n"
DEEP = (
    "sizes = {}\nx, y = rng.normal(size=(6, sizes[0])), rng.normal(size=(6, sizes[-1]))\n"
    "layers = [(rng.normal(size=(m, n)), rng.normal(size=n)) for m, n in zip(sizes, sizes[1:])]\n"
)


def network(seed, *sizes):
    return RNG.format(seed) + DEEP.format(list(sizes))


NUDGED = "x, y = np.array([[1.0, -0.5], [0.5, 2.0]]), np.array([[0.5], [-1.0]])\nlayers = [(A, a), (B, b), (C, c)]\n"

depth = Exercise(
    "8.5",
    uses=["8.2"],
    cases=[
        cell(network(0, 2, 1) + "slopes(x, y, layers)", why="one layer, without ReLU: x.T @ g, and g summed"),
        cell(network(1, 2, 3, 1) + "slopes(x, y, layers)[1]", why="the last layer's input is what the ReLU sent"),
        cell(network(1, 2, 3, 1) + "slopes(x, y, layers)[0]", why="the slope has passed the last weights and the ReLU"),
        cell(network(2, 2, 3, 3, 2) + "slopes(x, y, layers)", why="three layers: each ReLU is asked about its own sums"),
        cell(
            network(3, 1, 4, 5, 3, 2) + "[(gW.shape, gb.shape) for gW, gb in slopes(x, y, layers)]",
            why="each slope has the shape of its array, in the order of the layers",
        ),
        gradient(
            NUDGED + "a = x\nfor W, bias in layers[:-1]:\n    a = np.maximum(a @ W + bias, 0)\n"
            "float(np.mean((a @ layers[-1][0] + layers[-1][1] - y) ** 2))",
            NUDGED + "tuple(slope for pair in slopes(x, y, layers) for slope in pair)",
            at={
                "A": np.array([[1.0, -0.5, 0.75], [0.5, 1.5, -1.0]]), "a": np.array([0.25, -0.5, 0.5]),
                "B": np.array([[1.5, -1.0], [-0.5, 2.0], [1.0, 0.5]]), "b": np.array([0.5, -0.25]),
                "C": np.array([[2.0], [-1.5]]), "c": np.array([0.1]),
            },
        ),
    ],
    right=[
        """
        def slopes(x, y, layers):
            def back(a, depth):
                W, b = layers[depth]
                z = a @ W + b
                if depth == len(layers) - 1:
                    g, above = 2 * (z - y) / y.size, []
                else:
                    g, above = back(np.maximum(z, 0), depth + 1)
                    g = np.where(z > 0, g, 0)
                return g @ W.T, [(a.T @ g, g.sum(0)), *above]
            return back(x, 0)[1]
        """,
        """
        def slopes(x, y, layers):
            inputs = [x]
            for W, b in layers[:-1]:
                inputs.append(np.maximum(inputs[-1] @ W + b, 0))
            W, b = layers[-1]
            g = mse_slope(inputs[-1] @ W + b, y)
            found = []
            for i in range(len(layers) - 1, -1, -1):
                found.insert(0, (np.einsum("ni,nj->ij", inputs[i], g), np.add.reduce(g)))
                g = np.dot(g, layers[i][0].T) * (inputs[i] > 0)
            return found
        """,
    ],
    wrong=[
        Wrong(
            "the results not turned round",
            edit("return found[::-1]", "return found"),
            """The backward loop meets the last layer first, so your list begins with the last layer. It must be in the order of `layers`.""",
        ),
        Wrong(
            "the slope of the ReLU is missing",
            edit("g * (z > 0)", "g"),
            """On the way down the slope passes the weights and not the ReLU. Where a neuron was silent, nothing may come back.""",
        ),
        Wrong(
            "a bend after the last layer",
            edit("g = mse_slope(z, y)", "g = mse_slope(a, y) * (z > 0)"),
            """You treat the last layer like the others. It has no ReLU: its sums are the prediction, whatever their sign.""",
            also=[edit("g = mse_slope(z, y)", "g = mse_slope(a, y)"), edit("g = mse_slope(z, y)", "g = mse_slope(z, y) * (z > 0)")],
        ),
        Wrong(
            "no bend between the layers",
            edit("a = np.maximum(z, 0)", "a = z"),
            """Forward, your layers send their sums on unbent. The network you differentiate is not the one that was described.""",
        ),
        Wrong(
            "the network's input for every layer",
            edit("found.append((a.T @ g,", "found.append((x.T @ g,"),
            """You use x for the weights of every layer. Only the first one sees x; each other one sees what the layer below it sent.""",
        ),
        Wrong(
            "the sums in place of what was sent",
            edit("kept.append((a, z))", "kept.append((a if not kept else kept[-1][1], z))"),
            """For the weights of a layer you use the sums of the layer below, before the ReLU. What went into the layer is what came out of the ReLU.""",
        ),
        Wrong(
            "the same slope at every depth",
            edit("g @ layers[i][0].T", "g.sum(axis=1, keepdims=True) * np.ones(len(layers[i][0]))"),
            """The slope goes down without being multiplied by the weights it passes. Each neuron's slope is weighted by its own connections.""",
        ),
        Wrong(
            "the batch factor twice",
            edit("(a.T @ g, g.sum(axis=0))", "(a.T @ g / len(x), g.mean(axis=0))"),
            """You divide by the number of examples in each layer. The mean is taken once, in the loss, and `mse_slope` has it.""",
            also=[edit("g.sum(axis=0)", "g.mean(axis=0)"), edit("a.T @ g,", "a.T @ g / len(x),")],
        ),
        Wrong(
            "the bias not summed over the batch",
            edit("g.sum(axis=0)", "g"),
            """Your bias slopes have a row for each example. A bias is shared by all rows: add up over them.""",
        ),
        Wrong(
            "only the last layer",
            edit("    return found[::-1]", "    return [(W * 0, b * 0) for W, b in layers[:-1]] + found[:1]"),
            """Only the last layer gets slopes, the others zeros. The slope has to travel on: through the weights, through the ReLU, layer by layer.""",
        ),
    ],
)  # fmt: skip

EXERCISES = [forward, slope, backward, batches, depth]
