"""Lesson 9: the checks and the mistakes."""

import numpy as np

from chainrule.course.bank import Exercise, Wrong, call, cell, edit, gradient

ROWS = {
    "x": np.array([[1.0, -2.0, 0.5], [0.25, 3.0, -1.0]]),
    "W": np.array([[0.5, -1.0, 2.0], [1.5, 0.75, -0.5]]),
    "b": np.array([0.1, -0.2]),
    "g": np.array([[1.0, -0.5], [2.0, 1.5]]),
}
ONE_ROW = {**ROWS, "x": ROWS["x"][:1], "g": ROWS["g"][:1]}
SQUARE = {
    "x": np.array([[1.0, -2.0], [0.25, 3.0]]),
    "W": np.array([[0.5, -1.0], [1.5, 0.75]]),
    "b": np.array([0.1, -0.2]),
    "g": np.array([[1.0, -0.5], [2.0, 1.5]]),
}
PASS = "layer = Linear(W, b)\nout = layer.forward(x)\nback = layer.backward(g)\n"
LINEAR_GRADIENT = (
    "x, g = np.array([[1.0, -2.0], [0.25, 3.0], [2.0, 0.5]]), np.array([[1.0, -0.5], [2.0, 1.5], [-1.0, 1.0]])\n"
)

linear = Exercise(
    "9.1",
    cases=[
        cell(PASS + "out", inputs=ONE_ROW, why="it is x @ W.T + b"),
        cell(PASS + "layer.gW", inputs=ONE_ROW, why="with one example each weight's slope is its input times its neuron's slope"),
        cell(PASS + "layer.gb", inputs=ONE_ROW, why="with one example each bias has its neuron's slope"),
        cell(PASS + "back", inputs=ONE_ROW, why="each input reaches the loss through every neuron, weighted by their weights"),
        cell(PASS + "layer.gW", inputs=ROWS, why="the examples share the weights: their slopes add up"),
        cell(PASS + "layer.gb", inputs=ROWS, why="b was added to both rows: the slopes of the rows add up"),
        cell(PASS + "layer.gW, back", inputs=SQUARE, why="with a square W every order fits, and only one is right"),
        cell(PASS + "[layer.gW, layer.gb, back]", inputs=ROWS, torch="linear", why="that is what PyTorch finds"),
        cell(PASS + "layer.backward(g)\nlayer.gW", inputs=ROWS, why="a second call writes over the first"),
        cell(PASS + "layer.W, layer.b", inputs=ROWS, why="backward only finds the slopes; the step comes with update_params"),
        cell(PASS + "layer.update_params(0.5)\nlayer.W, layer.b", inputs=ROWS, why="a step downhill: minus 0.5 times the slopes"),
        gradient(
            LINEAR_GRADIENT + "float((g * Linear(W, b).forward(x)).sum())",
            LINEAR_GRADIENT + "layer = Linear(W, b)\nlayer.forward(x)\nlayer.backward(g)\nlayer.gW, layer.gb",
            at={"W": SQUARE["W"], "b": SQUARE["b"]},
        ),
    ],
    right=[
        """
        class Linear:
            def __init__(self, W, b):
                self.W, self.b = np.array(W), np.array(b)

            def forward(self, x):
                self.seen = x
                return np.einsum("ni,oi->no", x, self.W) + self.b

            def backward(self, slopes):
                self.gW = sum(np.outer(up, row) for up, row in zip(slopes, self.seen))
                self.gb = np.ones(len(slopes)) @ slopes
                return np.einsum("no,oi->ni", slopes, self.W)

            def update_params(self, lr):
                self.W -= lr * self.gW
                self.b -= lr * self.gb
        """,
        edit("g.T @ self.x", "(self.x.T @ g).T", "g.sum(axis=0)", "g.mean(axis=0) * len(g)", "g @ self.W  #", "(self.W.T @ g.T).T  #"),
    ],
    wrong=[
        Wrong(
            "a transposed factor",
            edit("g.T @ self.x", "self.x.T @ g"),
            """Your slopes for W lie on their side: (in, out). W is (out, in), a row for each neuron, and its slope has the same shape. With a square W
            no error would tell you.""",
            also=[edit("g @ self.W  #", "g @ self.W.T  #"), edit("g.T @ self.x", "self.x.T @ g", "g @ self.W  #", "g @ self.W.T  #")],
        ),
        Wrong(
            "the bias not summed over the batch",
            edit("g.sum(axis=0)", "g"),
            """Your bias slopes have a row for each example. The bias is one row that was added to all of them: their slopes add up.""",
        ),
        Wrong(
            "the batch factor twice",
            edit("g.T @ self.x  #", "g.T @ self.x / len(g)  #", "g.sum(axis=0)", "g.mean(axis=0)"),
            """You divide by the number of examples. If the loss is a mean, its slope g contains that already; and if the loss is a sum, dividing is wrong.""",
            also=[edit("g.sum(axis=0)", "g.mean(axis=0)"), edit("g.T @ self.x  #", "g.T @ self.x / len(g)  #")],
        ),
        Wrong(
            "what has arrived is handed on unchanged",
            edit("return g @ self.W  #", "return g  #"),
            """You return g itself. It is the slope for the result; the layer below needs the slope for x, and between them stand the weights.""",
        ),
        Wrong(
            "the weights' slope handed on",
            edit("return g @ self.W  #", "return self.gW  #"),
            """You return the slopes for the weights. They are for this layer's own step. The layer below needs the slope of the loss with respect to x.""",
        ),
        Wrong(
            "uphill",
            edit("self.W - lr", "self.W + lr", "self.b - lr", "self.b + lr"),
            """Your step goes the way the slope points, and that is up. The loss is to fall.""",
        ),
        Wrong(
            "added to the slopes of the last call",
            edit("self.b = b  # (out,)", "self.b = b\n        self.gW, self.gb = W * 0.0, b * 0.0", "self.gW = g.T", "self.gW = self.gW + g.T", "self.gb = g.sum", "self.gb = self.gb + g.sum"),
            """You add to what the call before had found. Here each call starts anew, as the contract says; nobody sets your slopes back to zero.""",
        ),
        Wrong(
            "the step made in backward",
            edit("self.gb = g.sum(axis=0)  # b was added to every row\n", "self.gb = g.sum(axis=0)\n        self.W = self.W - 0.5 * self.gW\n        self.b = self.b - 0.5 * self.gb\n"),
            """You change the weights in `backward`. Then the slope for x is computed with weights that forward never used, and the learning rate has no say.""",
            also=[
                edit(
                    "        return g @ self.W  # (n, out) @ (out, in)",
                    "        out = g @ self.W\n        self.W = self.W - 0.5 * self.gW\n        self.b = self.b - 0.5 * self.gb\n        return out",
                )
            ],
        ),
        Wrong(
            "the result kept in place of the input",
            edit("        self.x = x  # (n, in)\n        return x @ self.W.T + self.b", "        self.x = x @ self.W.T + self.b\n        return self.x"),
            """You keep what the layer sent. The slope of a weight is what went *into* it, times the slope that comes back.""",
        ),
        Wrong(
            "the bias is not moved",
            edit("self.b - lr * self.gb", "self.b"),
            """The step moves W and leaves b where it was. The bias is a parameter like the others.""",
        ),
    ],
)  # fmt: skip

SIGMOID = "layer = Sigmoid()\nout = layer.forward(x)\n"
STRICT = "with np.errstate(over='raise', invalid='raise', divide='raise'):\n    out = Sigmoid().forward(x)\n"

sigmoid = Exercise(
    "9.2",
    cases=[
        cell(SIGMOID + "out", inputs={"x": np.array([[0.0]])}, why="the sigmoid of 0 is one half"),
        cell(SIGMOID + "out", inputs={"x": np.array([[1.0, -1.0, 4.0]])}, why="1/(1 + 1/e) is 0.731; the curve rises from 0 to 1"),
        cell(SIGMOID + "layer.backward(np.ones((1, 1)))", inputs={"x": np.array([[0.0]])}, why="it is steepest at 0, with slope 0.25"),
        cell(SIGMOID + "layer.backward(np.ones((1, 2)))", inputs={"x": np.array([[2.0, -2.0]])}, why="at 2 it is σ(1 - σ) = 0.105, and the same at -2"),
        cell(
            SIGMOID + "layer.backward(np.array([[1.0, -3.0], [0.5, 2.0]]))", inputs={"x": np.array([[2.0, -1.0], [0.5, 3.0]])},
            why="what has arrived is multiplied by the local slope, place by place",
        ),
        gradient(
            "g = np.array([[1.0, -2.0, 0.5]])\nfloat((g * Sigmoid().forward(x)).sum())",
            "g = np.array([[1.0, -2.0, 0.5]])\nlayer = Sigmoid()\nlayer.forward(x)\nlayer.backward(g)",
            at={"x": np.array([[0.3, -1.2, 2.0]])},
        ),
        cell(SIGMOID + "out", inputs={"x": np.array([[800.0, -800.0]])}, why="far out the curve is flat: 1 and 0"),
        cell(STRICT + "out", inputs={"x": np.array([[800.0, -800.0]])}, why="no power may overflow on the way, in no branch"),
    ],
    right=[
        """
        class Sigmoid(Layer):
            def forward(self, x):
                self.out = 0.5 * (1 + np.tanh(x / 2))
                return self.out

            def backward(self, g):
                return g * (self.out - self.out ** 2)
        """,
        """
        class Sigmoid(Layer):
            def forward(self, x):
                self.x = x
                return np.exp(-np.logaddexp(0, -x))

            def backward(self, g):
                return g * self.forward(self.x) * self.forward(-self.x)
        """,
        """
        class Sigmoid(Layer):
            def forward(self, x):
                self.s = np.empty(x.shape)
                up = x >= 0
                self.s[up] = 1 / (1 + np.exp(-x[up]))
                self.s[~up] = np.exp(x[~up]) / (1 + np.exp(x[~up]))
                return self.s

            def backward(self, g):
                return self.s * (1 - self.s) * g
        """,
    ],
    wrong=[
        Wrong(
            "sigmoid overflows",
            edit("        e = np.exp(-np.abs(x))  # at most 1\n", "", "np.where(x >= 0, 1, e) / (1 + e)", "1 / (1 + np.exp(-x))"),
            """The formula is true, but far on the left it makes a power that no float can hold. Which power is at most 1 for every x?""",
            also=[
                edit("        e = np.exp(-np.abs(x))  # at most 1\n", "", "np.where(x >= 0, 1, e) / (1 + e)", "np.exp(x) / (np.exp(x) + 1)"),
                edit(
                    "        e = np.exp(-np.abs(x))  # at most 1\n", "",
                    "np.where(x >= 0, 1, e) / (1 + e)", "np.where(x >= 0, 1 / (1 + np.exp(-x)), np.exp(x) / (1 + np.exp(x)))",
                ),
            ],
        ),
        Wrong(
            "what has arrived is left out",
            edit("return g * self.s", "return self.s"),
            """You return the local slope alone. It says how the sigmoid changes; the *loss* changes by g times that.""",
        ),
        Wrong(
            "the local slope is missing",
            edit("return g * self.s * (1 - self.s)", "return g"),
            """You hand on what has arrived, as if the sigmoid were a line of slope 1. It is never steeper than 0.25.""",
        ),
        Wrong(
            "the value in place of the slope",
            edit(" * (1 - self.s)", ""),
            """You multiply by the sigmoid itself. On the right it is near 1, and yet the curve is flat there.""",
        ),
        Wrong(
            "the slope of the tanh",
            edit("self.s * (1 - self.s)", "(1 - self.s ** 2)"),
            """1 minus the square is the slope of tanh. For the sigmoid try the middle: at 0 its value is one half, and its slope is a quarter.""",
        ),
        Wrong(
            "the slope at the wrong place",
            edit("self.s = np.where(x >= 0, 1, e) / (1 + e)\n        return self.s", "self.s = x\n        return np.where(x >= 0, 1, e) / (1 + e)"),
            """You keep x and compute x (1 - x). The formula σ (1 - σ) is about the *result* of the sigmoid.""",
        ),
        Wrong(
            "the sigmoid of the sigmoid",
            edit("return g * self.s * (1 - self.s)", "t = 1 / (1 + np.exp(-self.s))\n        return g * t * (1 - t)"),
            """What you kept is the sigmoid of x already. In `backward` you take the sigmoid of it once more.""",
        ),
        Wrong(
            "the curve turned round",
            edit("x >= 0", "x < 0"),
            """Yours falls from 1 to 0. Which branch belongs to which side? For a large x the result is near 1.""",
        ),
    ],
)  # fmt: skip

SOFTMAX = "layer = Softmax()\np = layer.forward(x)\n"
TWO = np.array([[2.0, 1.0, -1.0], [0.5, -0.25, 3.0]])
THREE = np.array([[2.0, 1.0, -1.0], [0.5, -0.25, 3.0], [0.0, 1.5, 1.0]])

softmax = Exercise(
    "9.3",
    cases=[
        cell(SOFTMAX + "p", inputs={"x": np.array([[0.0, 0.0]])}, why="equal scores, equal probabilities"),
        cell(SOFTMAX + "p", inputs={"x": TWO[:1]}, why="e², e and 1/e, divided by their sum"),
        cell(SOFTMAX + "p", inputs={"x": TWO}, why="each row is an example of its own, and sums to 1"),
        cell(SOFTMAX + "p", inputs={"x": THREE}, why="each row is an example of its own, and sums to 1"),
        cell(SOFTMAX + "layer.backward(np.array([[1.0, 0.0]]))", inputs={"x": np.array([[0.0, 0.0]])}, why="p₁ rises with the first score, by p(1 - p), and falls with the second"),
        cell(SOFTMAX + "layer.backward(np.array([[0.5, -1.0, 2.0], [1.5, 0.0, -0.5]]))", inputs={"x": TWO}, torch="softmax", why="that is what PyTorch finds"),
        cell(SOFTMAX + "layer.backward(np.array([[0.5, -1.0, 2.0], [1.5, 0.0, -0.5], [1.0, 2.0, -1.0]]))", inputs={"x": THREE}, why="three rows, three classes: each row's slopes sum to 0"),
        gradient(
            "g = np.array([[1.0, -2.0, 0.5], [0.0, 1.0, 3.0]])\nfloat((g * Softmax().forward(x)).sum())",
            "g = np.array([[1.0, -2.0, 0.5], [0.0, 1.0, 3.0]])\nlayer = Softmax()\nlayer.forward(x)\nlayer.backward(g)",
            at={"x": TWO},
        ),
        cell(SOFTMAX + "p", inputs={"x": np.array([[1000.0, 999.0]])}, why="the same as for 1 and 0: only differences count"),
        cell(SOFTMAX + "p", inputs={"x": np.array([[1000.0, 999.0], [-1000.0, -999.0]])}, why="each row is shifted by its own largest score"),
    ],
    right=[
        """
        class Softmax(Layer):
            def forward(self, x):
                self.p = np.exp(x - np.logaddexp.reduce(x, axis=1)[:, None])
                return self.p

            def backward(self, g):
                jacobians = self.p[:, :, None] * (np.eye(self.p.shape[1]) - self.p[:, None, :])
                return np.einsum("ni,nij->nj", g, jacobians)
        """,
        """
        class Softmax(Layer):
            def forward(self, x):
                rows = []
                for row in x:
                    powers = [np.exp(score - max(row)) for score in row]
                    rows.append([power / sum(powers) for power in powers])
                self.p = np.array(rows)
                return self.p

            def backward(self, g):
                return np.array([up @ (np.diag(p) - np.outer(p, p)) for up, p in zip(g, self.p)])
        """,
    ],
    wrong=[
        Wrong(
            "the Jacobian summed",
            edit("return p * (g - (g * p).sum(axis=1, keepdims=True))", "return g * np.stack([(np.diag(q) - np.outer(q, q)).sum(axis=0) for q in p])"),
            """You add up the Jacobian along an axis and multiply by g place by place. What one probability gains the others lose, so that sum is always 0, and nothing below ever
            learns. The slopes that arrive belong *inside* the sum: each g goes with its own probability.""",
        ),
        Wrong(
            "the diagonal only",
            edit("p * (g - (g * p).sum(axis=1, keepdims=True))", "g * p * (1 - p)"),
            """You treat softmax like a sigmoid, place by place. But when one score grows, *all* probabilities of its row change, and each of them moves the loss.""",
        ),
        Wrong(
            "what has arrived is left out",
            edit("p * (g - (g * p).sum(axis=1, keepdims=True))", "p * (1 - p)"),
            """g does not occur in what you return. Without what arrives from above nobody knows which probability the loss wants to grow.""",
        ),
        Wrong(
            "along the wrong axis",
            edit(
                "x.max(axis=1", "x.max(axis=0", "e.sum(axis=1", "e.sum(axis=0",
                "(g * p).sum(axis=1", "(g * p).sum(axis=0",
            ),
            """You sum down the columns, over the examples. Then the examples compete with each other. The classes of *one* example share the probability 1: along the row.""",
            also=[edit("e.sum(axis=1", "e.sum(axis=0"), edit("(g * p).sum(axis=1", "(g * p).sum(axis=0"), edit("e.sum(axis=1", "e.sum(axis=0", "(g * p).sum(axis=1", "(g * p).sum(axis=0")],
        ),
        Wrong(
            "over the whole batch",
            edit("e.sum(axis=1, keepdims=True)", "e.sum()", "(g * p).sum(axis=1, keepdims=True)", "(g * p).sum()"),
            """A sum without an axis is over the whole batch. Each example has probabilities of its own that sum to 1.""",
            also=[
                edit("(g * p).sum(axis=1, keepdims=True)", "(g * p).sum()"),
                edit("e.sum(axis=1, keepdims=True)", "e.sum()"),
                edit("x.max(axis=1, keepdims=True)", "x.max()", "e.sum(axis=1, keepdims=True)", "e.sum()", "(g * p).sum(axis=1, keepdims=True)", "(g * p).sum()"),
            ],
        ),
        Wrong(
            "softmax overflows",
            edit(" - x.max(axis=1, keepdims=True)", ""),
            """e to a large score is infinity, and infinity divided by infinity is nan. The probabilities depend on differences of scores only: what may you subtract from a row?""",
        ),
        Wrong(
            "shifted by the largest of the batch",
            edit("x.max(axis=1, keepdims=True)", "x.max()"),
            """You subtract the largest score of the whole batch. A row whose scores are all much smaller becomes a row of zeros, and 0/0 is nan. Each row has a largest score of its own.""",
        ),
        Wrong(
            "the mean not weighted",
            edit("(g * p).sum(axis=1, keepdims=True)", "g.mean(axis=1, keepdims=True)"),
            """You subtract the plain mean of what arrives. In the formula each slope counts with its probability.""",
            also=[edit("(g * p).sum(axis=1, keepdims=True)", "g.sum(axis=1, keepdims=True)")],
        ),
        Wrong(
            "the factor p is missing",
            edit("return p * (g - ", "return (g - "),
            """The bracket is right, the factor before it is missing: a class with probability nearly 0 hardly reacts to its score.""",
        ),
    ],
)  # fmt: skip

SCORES, TRUTHS = np.array([2.0, -1.5, 0.5, -3.0]), np.array([1.0, 1.0, 0.0, 0.0])


def bce(i, scores, truths, why):
    return cell(
        f"binary_cross_entropy(scores, y)[{i}]", inputs={"scores": np.array(scores), "y": np.array(truths)}, why=why
    )


yes_or_no = Exercise(
    "9.4",
    cases=[
        bce(0, [0.0], [1.0], "p is one half, and -log ½ = 0.693"),
        bce(0, [2.0], [1.0], "p = 0.881, and -log p = 0.127"),
        bce(0, [2.0], [0.0], "p = 0.881, and -log(1 - p) = 2.127: sure, and wrong"),
        bce(0, SCORES, TRUTHS, "the mean over the four examples"),
        bce(1, [2.0], [1.0], "p - 1 = -0.119: the score should grow"),
        bce(1, [2.0], [0.0], "p - 0 = 0.881: the score should fall"),
        bce(1, SCORES, TRUTHS, "each example has a slope of its own, and a mean over four divides it by 4"),
        cell("binary_cross_entropy(scores, y)", inputs={"scores": SCORES, "y": TRUTHS}, torch="yes_or_no", why="that is what PyTorch finds"),
        gradient(
            "binary_cross_entropy(scores, np.array([1.0, 0.0, 1.0]))[0]", "binary_cross_entropy(scores, np.array([1.0, 0.0, 1.0]))[1]",
            at={"scores": np.array([0.5, 1.5, -2.0])},
        ),
        bce(0, [-30.0, 30.0], [1.0, 0.0], "log(1 + e³⁰) is 30, as near as a float can tell"),
        bce(0, [-800.0, 800.0], [1.0, 0.0], "however wrong, the loss is finite: 800"),
        bce(1, [-800.0, 800.0], [1.0, 0.0], "the slope is there, where it is needed most"),
    ],
    right=[
        """
        def binary_cross_entropy(scores, y):
            loss, slopes, n = 0.0, [], len(scores)
            for s, t in zip(scores, y):
                e = math.exp(-abs(s))
                loss += max(s, 0) - s * t + math.log1p(e)
                slopes.append(((1 if s >= 0 else e) / (1 + e) - t) / n)
            return loss / n, np.array(slopes)

        import math
        """,
        """
        def binary_cross_entropy(scores, y):
            toward = np.where(y == 1, scores, -scores)
            p_wrong = 0.5 * (1 - np.tanh(toward / 2))
            return np.mean(np.logaddexp(0, -toward)), np.where(y == 1, -p_wrong, p_wrong) / scores.size
        """,
    ],
    wrong=[
        Wrong(
            "the sign of the second term",
            edit("y * np.logaddexp(0, -scores) + (1 - y) * np.logaddexp(0, scores)", "y * np.logaddexp(0, -scores) - (1 - y) * np.logaddexp(0, scores)"),
            """For a truth of 0 your loss is negative, and the more wrong the network is, the lower it gets. The minus of the formula stands before the bracket, so it is for both terms.""",
            also=[
                edit(
                    "y * np.logaddexp(0, -scores) + (1 - y) * np.logaddexp(0, scores)", "y * np.logaddexp(0, -scores) - (1 - y) * np.logaddexp(0, scores)",
                    "(p - y) / len(y)", "np.where(y == 1, p - 1, -p) / len(y)",
                )
            ],
        ),
        Wrong(
            "log(p + 1e-6)",
            """
            def binary_cross_entropy(scores, y):
                p = np.exp(-np.logaddexp(0, -scores))
                return -(y * np.log(p + 1e-6) + (1 - y) * np.log(1 - p + 1e-6)).mean(), (p - y) / len(y)
            """,
            """You add a small number inside the logarithm. That is another loss: it can never be larger than 13.8, so it stops growing where the network is most wrong. Go from the score to the logarithm in one
            step, on paper.""",
            also=[
                """
                def binary_cross_entropy(scores, y):
                    p = np.exp(-np.logaddexp(0, -scores))
                    return -(y * np.log(p + 1e-8) + (1 - y) * np.log(1 - p + 1e-8)).mean(), (p - y) / len(y)
                """,
                """
                def binary_cross_entropy(scores, y):
                    p = np.exp(-np.logaddexp(0, -scores))
                    q = np.clip(p, 1e-6, 1 - 1e-6)
                    return -(y * np.log(q) + (1 - y) * np.log(1 - q)).mean(), (p - y) / len(y)
                """,
                """
                def binary_cross_entropy(scores, y):
                    p = np.exp(-np.logaddexp(0, -scores))
                    q = np.clip(p, 1e-7, 1 - 1e-7)
                    return -(y * np.log(q) + (1 - y) * np.log(1 - q)).mean(), (p - y) / len(y)
                """,
                """
                def binary_cross_entropy(scores, y):
                    p = np.exp(-np.logaddexp(0, -scores))
                    q = np.clip(p, 1e-12, 1 - 1e-12)
                    return -(y * np.log(q) + (1 - y) * np.log(1 - q)).mean(), (p - y) / len(y)
                """,
            ],
        ),
        Wrong(
            "the logarithm of a rounded probability",
            """
            def binary_cross_entropy(scores, y):
                p = np.exp(-np.logaddexp(0, -scores))
                return -(y * np.log(p) + (1 - y) * np.log(1 - p)).mean(), (p - y) / len(y)
            """,
            """On paper this is the loss. In a machine p is rounded to 0 or 1 when the score is far off, and then you take the logarithm of 0. What is -log p, written with the score?""",
            also=[
                """
                def binary_cross_entropy(scores, y):
                    p = 1 / (1 + np.exp(-scores))
                    return np.where(y == 1, -np.log(p), -np.log(1 - p)).mean(), (p - y) / len(y)
                """
            ],
        ),
        Wrong(
            "the power overflows",
            """
            def binary_cross_entropy(scores, y):
                p = 1 / (1 + np.exp(-scores))
                return np.where(y == 1, np.log(1 + np.exp(-scores)), np.log(1 + np.exp(scores))).mean(), (p - y) / len(y)
            """,
            """The logarithm is simplified, but e to a large score is still computed on the way, and it is infinite. There is a function of NumPy that does both steps without it.""",
            also=[
                """
                def binary_cross_entropy(scores, y):
                    p = 1 / (1 + np.exp(-scores))
                    return (y * np.log(1 + np.exp(-scores)) + (1 - y) * np.log(1 + np.exp(scores))).mean(), (p - y) / len(y)
                """
            ],
        ),
        Wrong(
            "the batch factor left out",
            edit(" / len(y)", ""),
            """Your loss is a mean, and your slopes are those of the sum. The mean divides each example's share by the number of examples.""",
        ),
        Wrong(
            "the sum in place of the mean",
            edit("losses.mean()", "losses.sum()", " / len(y)", ""),
            """Your loss grows with the number of examples. The mean was asked for: then a learning rate that suits small batches suits large ones too.""",
            also=[edit("losses.mean()", "losses.sum()")],
        ),
        Wrong(
            "the sign turned",
            edit("(p - y)", "(y - p)"),
            """Your slopes point the other way. For a truth of 1 the loss falls when the score grows, so that slope is negative.""",
        ),
        Wrong(
            "the slope for the probability",
            edit("(p - y) / len(y)", "(p - y) / (p * (1 - p)) / len(y)"),
            """This is how the loss changes with p. You were asked about the score: from the score to p there is the slope of the sigmoid, p (1 - p).""",
        ),
        Wrong(
            "the squared error's slope",
            edit("(p - y) / len(y)", "2 * (p - y) * p * (1 - p) / len(y)"),
            """This is the slope of the squared error behind a sigmoid. It dies where the network is sure and wrong. For the logarithm the factor p (1 - p) cancels.""",
            also=[edit("(p - y) / len(y)", "(p - y) * p * (1 - p) / len(y)")],
        ),
    ],
)  # fmt: skip

CLASSES = np.array([[2.0, 1.0, -1.0], [0.5, -0.25, 3.0], [-1.0, 0.0, 0.5]])


def ce(i, scores, truths, why):
    return cell(f"cross_entropy(scores, y)[{i}]", inputs={"scores": np.array(scores), "y": np.array(truths)}, why=why)


SOFT = """
            e = np.exp(scores - scores.max(axis=1, keepdims=True))
            p = e / e.sum(axis=1, keepdims=True)
"""

cross_entropy = Exercise(
    "9.5",
    cases=[
        ce(0, [[0.0, 0.0]], [1], "p is one half, and -log ½ = 0.693"),
        ce(0, [[2.0, 1.0, -1.0]], [0], "p of the true class is 0.705, and -log p = 0.349"),
        ce(0, [[2.0, 1.0, -1.0]], [2], "p of the true class is 0.035, and -log p = 3.349"),
        ce(0, CLASSES[:2], [0, 1], "the mean of two examples, each along its row"),
        ce(0, CLASSES, [0, 1, 2], "the mean of three examples, each along its row"),
        ce(1, [[2.0, 1.0, -1.0]], [2], "the probabilities, minus 1 at the true class"),
        ce(1, CLASSES[:2], [0, 1], "a mean over two divides each slope by 2"),
        cell("cross_entropy(scores, y)", inputs={"scores": CLASSES, "y": np.array([0, 1, 2])}, torch="classes", why="that is what PyTorch finds"),
        gradient(
            "cross_entropy(scores, np.array([2, 0]))[0]", "cross_entropy(scores, np.array([2, 0]))[1]",
            at={"scores": np.array([[0.5, -1.0, 2.0], [1.5, 0.25, -0.5]])},
        ),
        ce(0, [[30.0, 0.0], [0.0, 1.0]], [1, 1], "the first alone costs 30: nothing caps it"),
        ce(0, [[1000.0, 0.0]], [0], "sure and right costs nothing"),
        ce(0, [[1000.0, 0.0], [-1000.0, 0.0]], [1, 0], "however wrong, the loss is finite: 1000"),
        ce(1, [[1000.0, 0.0], [-1000.0, 0.0]], [1, 0], "the slope is there, where it is needed most"),
    ],
    right=[
        """
        def cross_entropy(scores, y):
            total = np.logaddexp.reduce(scores, axis=1)
            loss = np.mean(total - np.take_along_axis(scores, y[:, None], axis=1)[:, 0])
            return loss, (np.exp(scores - total[:, None]) - np.eye(scores.shape[1])[y]) / len(scores)
        """,
        """
        def cross_entropy(scores, y):
            n, loss, slopes = len(scores), 0.0, np.zeros(scores.shape)
            for i, (row, truth) in enumerate(zip(scores, y)):
                e = np.exp(row - row.max())
                loss += np.log(e.sum()) - (row[truth] - row.max())
                slopes[i] = e / e.sum()
                slopes[i, truth] -= 1
            return loss / n, slopes / n
        """,
    ],
    wrong=[
        Wrong(
            "log(p + 1e-6)",
            f"""
        def cross_entropy(scores, y):
            n = len(y)
{SOFT}
            slopes = p.copy()
            slopes[np.arange(n), y] -= 1
            return -np.log(p[np.arange(n), y] + 1e-6).mean(), slopes / n
            """,
            """You add a small number inside the logarithm. That is another loss: it can never be larger than 13.8, so it stops growing where the network is most wrong. Go from the scores to the logarithms in one
            step, on paper.""",
            also=[
                f"""
        def cross_entropy(scores, y):
            n = len(y)
{SOFT}
            slopes = p.copy()
            slopes[np.arange(n), y] -= 1
            return -np.log(p[np.arange(n), y] + {tiny}).mean(), slopes / n
            """ for tiny in ("1e-7", "1e-8", "1e-10", "1e-12")
            ],
        ),
        Wrong(
            "the logarithm of a rounded probability",
            f"""
        def cross_entropy(scores, y):
            n = len(y)
{SOFT}
            slopes = p.copy()
            slopes[np.arange(n), y] -= 1
            return -np.log(p[np.arange(n), y]).mean(), slopes / n
            """,
            """On paper this is the loss. In a machine the probability of a class far behind is rounded to 0, and you take the logarithm of it. Compute the logarithm from the scores.""",
        ),
        Wrong(
            "softmax before the loss",
            edit("    n = len(y)\n", "    n = len(y)\n    e = np.exp(scores - scores.max(axis=1, keepdims=True))\n    scores = e / e.sum(axis=1, keepdims=True)\n"),
            """You make probabilities first, and then the log-softmax of *them*: softmax twice. Numbers between 0 and 1 lie so close together that the second one can never be sure. Scores go in as they are.""",
        ),
        Wrong(
            "along the wrong axis",
            edit("scores.max(axis=1", "scores.max(axis=0", "np.exp(shifted).sum(axis=1", "np.exp(shifted).sum(axis=0"),
            """You normalise down the columns, over the examples. The classes of one example share the probability 1: along the row.""",
            also=[edit("np.exp(shifted).sum(axis=1", "np.exp(shifted).sum(axis=0")],
        ),
        Wrong(
            "the largest not subtracted",
            edit("scores - scores.max(axis=1, keepdims=True)", "scores"),
            """e to a large score is infinite. Only the differences of the scores matter: what may you subtract from a row?""",
        ),
        Wrong(
            "a table of all pairs",
            edit("-log_p[np.arange(n), y].mean()", "-log_p[:, y].mean()"),
            """`log_p[:, y]` takes from *every* row the classes of *all* examples: a table of n × n. You want one number from each row, that of its own truth.""",
        ),
        Wrong(
            "the batch factor left out",
            edit("slopes / n", "slopes"),
            """Your loss is a mean, and your slopes are those of the sum. The mean divides each example's share by the number of examples.""",
        ),
        Wrong(
            "the sum in place of the mean",
            edit("y].mean()", "y].sum()", "slopes / n", "slopes"),
            """Your loss grows with the number of examples. The mean was asked for.""",
            also=[edit("y].mean()", "y].sum()")],
        ),
        Wrong(
            "divided by all numbers",
            edit("slopes / n", "slopes / slopes.size"),
            """You divide by examples times classes. The mean is over the examples: each of them has one loss, not one for each class.""",
        ),
        Wrong(
            "1 taken off everywhere",
            edit("slopes[np.arange(n), y] -= 1", "slopes -= 1"),
            """You take 1 off every class. Only the true class has it: there the slope is p - 1, for all others it is p.""",
            also=[edit("slopes[np.arange(n), y] -= 1", "slopes[:, y] -= 1")],
        ),
        Wrong(
            "the sign of the slopes",
            edit("return loss, slopes / n", "return loss, -slopes / n"),
            """Your slopes point the other way: the loss falls when the score of the true class grows, so its slope is negative.""",
        ),
        Wrong(
            "the sign of the loss",
            edit("loss = -log_p", "loss = log_p"),
            """A probability is at most 1, so its logarithm is at most 0, and yours is a loss below 0 that gets lower the more wrong the network is.""",
        ),
    ],
)  # fmt: skip

accuracy = Exercise(
    "9.6",
    cases=[
        call("accuracy", np.array([[0.1, 2.0, -1.0]]), np.array([1]), why="the largest score stands at 1, the truth"),
        call("accuracy", np.array([[0.1, 2.0, -1.0]]), np.array([2]), why="the only example is misread"),
        call("accuracy", np.array([[0.1, 2.0, -1.0], [3.0, 0.0, 1.0]]), np.array([1, 1]), why="one of two is read right"),
        call(
            "accuracy", np.array([[0.1, 2.0, -1.0], [3.0, 0.0, 1.0], [0.0, 0.5, 0.2]]), np.array([1, 0, 2]),
            why="two of three are read right: each row has an answer of its own",
        ),
        call(
            "accuracy", np.array([[1.0, 5.0], [2.0, 1.0], [4.0, 3.0], [0.0, 1.0], [3.0, 2.0]]), np.array([1, 1, 0, 1, 0]),
            why="four of five are read right",
        ),
        call("accuracy", np.array([[-1.0, -2.0], [-3.0, -0.5]]), np.array([0, 1]), why="scores may all be negative"),
    ],
    right=[
        """
        def accuracy(scores, y):
            hits = 0
            for row, truth in zip(scores, y):
                if max(range(len(row)), key=lambda i: row[i]) == truth:
                    hits += 1
            return hits / len(y)
        """,
        "def accuracy(scores, y):\n    return np.mean(np.argsort(scores, axis=-1)[:, -1] == y)",
    ],
    wrong=[
        Wrong(
            "argmax over the wrong axis",
            edit("axis=1", "axis=0"),
            """`axis=0` walks down the columns: it finds for each class the example with the largest score. You want for each example the class.""",
        ),
        Wrong(
            "argmax without an axis",
            edit("argmax(axis=1)", "argmax()"),
            """Without an axis there is one position for the whole table. Each row needs its own.""",
        ),
        Wrong(
            "how many, not which part",
            edit(".mean()", ".sum()"),
            """You count the hits. Accuracy is which *part* of the examples they are.""",
        ),
        Wrong(
            "the misread part",
            edit("==", "!="),
            """You count those that were misread. What is left of 1 would be the accuracy.""",
        ),
        Wrong(
            "the smallest score",
            edit("argmax", "argmin"),
            """You take the class with the smallest score: the one the network thinks least likely.""",
        ),
        Wrong(
            "divided by all numbers",
            edit("(scores.argmax(axis=1) == y).mean()", "(scores.argmax(axis=1) == y).sum() / scores.size"),
            """You divide by examples times classes. There is one answer for each example.""",
        ),
        Wrong(
            "the score in place of its position",
            edit("argmax(axis=1)", "max(axis=1)"),
            """You compare the largest score itself with the class number. Not how large it is counts, but where it stands.""",
        ),
        Wrong(
            "rounded to yes or no",
            edit("float((scores.argmax(axis=1) == y).mean())", "float((scores.argmax(axis=1) == y).all())"),
            """You ask whether *all* are right. Accuracy says which part is.""",
        ),
    ],
)  # fmt: skip

EXERCISES = [linear, sigmoid, softmax, yes_or_no, cross_entropy, accuracy]
