"""Lesson 7: the checks and the mistakes."""

from numpy import array

from chainrule.course.bank import Exercise, Wrong, call, cell, edit, gradient

TABLE = array([[1.0, 10.0, 5.0], [2.0, 30.0, 5.0], [6.0, -10.0, 5.0]])

scale = Exercise(
    "7.1",
    cases=[
        call("standardise", array([[1.0], [3.0]]), why="the mean is 2 and the standard deviation 1"),
        call("standardise", array([[1.0, 10.0], [3.0, 50.0]]), why="each column has a mean and a spread of its own"),
        call("standardise", TABLE[:, :2], why="three examples of two inputs: each column for itself"),
        call("standardise", TABLE[:2], why="where all numbers of a column are the same, 0 is left"),
        call("standardise", TABLE, why="the last column never changes, the others do"),
        cell(
            "X = np.array([[1.0, 2.0], [3.0, 5.0], [8.0, 2.5]])\nstandardise(X).mean(axis=0), standardise(X).std(axis=0)",
            why="that is what was asked for",
        ),
    ],
    right=[
        """
        def standardise(X):
            columns = []
            for column in X.T:
                centred = column - sum(column) / len(column)
                spread = (sum(centred**2) / len(column)) ** 0.5
                columns.append(centred / spread if spread > 0 else 0 * column)
            return np.stack(columns, axis=1)
        """,
        edit("    spread[spread == 0] = 1.0\n", "    spread = np.where(spread > 0, spread, np.inf)\n"),
        "def standardise(X):\n    return (X - X.mean(axis=0)) / (X.std(axis=0, keepdims=True) + 1e-12)",
    ],
    wrong=[
        Wrong(
            "over the wrong axis",
            """
            def standardise(X):
                spread = X.std(axis=1, keepdims=True)
                spread[spread == 0] = 1.0
                return (X - X.mean(axis=1, keepdims=True)) / spread
            """,
            """You standardise each *row*: one example's inputs against each other. Centimetres are mixed with kilograms then. The axis that you name is the one
            that goes away, and the examples should go.""",
            also=[edit("X.std(axis=0)", "X.std(axis=1)", "X.mean(axis=0)", "X.mean(axis=1)")],
        ),
        Wrong(
            "one mean for the whole table",
            "def standardise(X):\n    return (X - X.mean()) / (X.std() or 1.0)",
            """Without an axis, mean and std go over all the numbers. The columns keep their different sizes, which was what should go away.""",
            also=["def standardise(X):\n    return (X - X.mean()) / X.std()"],
        ),
        Wrong(
            "0 divided by 0",
            edit("    spread[spread == 0] = 1.0\n", ""),
            """A column that never changes has the spread 0, and 0 / 0 is nan. One nan, and everything that is computed from it is nan as well.""",
        ),
        Wrong(
            "only centred",
            edit(") / spread", ")"),
            """The means are 0 now, and the columns are as wide as they were. The spread has to be brought to 1.""",
        ),
        Wrong(
            "not centred",
            edit("(X - X.mean(axis=0))", "X"),
            """You divide by the spread without taking away the mean first. The columns are equally wide, but still somewhere else.""",
        ),
        Wrong(
            "the variance in place of the standard deviation",
            edit("X.std", "X.var"),
            """You divide by the variance. That is the *square* of the standard deviation: a column ten times as wide would come out ten times as
            narrow.""",
        ),
        Wrong(
            "in place where a copy is asked",
            "def standardise(X):\n    spread = X.std(axis=0)\n    spread[spread == 0] = 1.0\n    X -= X.mean(axis=0)\n    X /= spread\n    return X",
            """The result is right, but `-=` and `/=` write into the table that you were given: the caller's data are gone. Make a new array.""",
        ),
        Wrong(
            "divided by n - 1",
            edit("X.std(axis=0)", "X.std(axis=0, ddof=1)"),
            """You use the spread with n - 1 in the denominator, which estimates the spread of what the data were drawn from. Here the data themselves shall have the
            standard deviation 1, as `std` gives it.""",
        ),
    ],
)

DATA = "X = np.array([[1.0, 2.0, 3.0], [0.5, -1.0, 0.0]])\nW = np.array([[1.0, 2.0, 0.0, 1.0], [0.0, 1.0, -3.0, 1.0], [-1.0, 0.5, 1.0, 1.0]])\nb = np.array([10.0, 20.0, 30.0, 40.0])\n"
SQUARE = array([[1.0, 2.0], [3.0, -1.0]]), array([[0.5, 4.0], [-2.0, 1.0]]), array([10.0, 20.0])

batch = Exercise(
    "7.2",
    cases=[
        call(
            "layer",
            array([[1.0, 2.0]]),
            array([[3.0], [-1.0]]),
            array([0.5]),
            why="one example, one neuron: 1 · 3 + 2 · (-1) + 0.5",
        ),
        call(
            "layer",
            array([[1.0, 2.0], [0.0, 1.0], [2.0, 2.0]]),
            array([[3.0], [-1.0]]),
            array([0.5]),
            why="one neuron looks at three examples",
        ),
        call(
            "layer",
            array([[1.0, 2.0]]),
            array([[3.0, 1.0, 0.0], [-1.0, 1.0, 2.0]]),
            array([0.5, 0.0, -1.0]),
            why="three neurons look at one example",
        ),
        cell(
            DATA + "layer(X, W, b)",
            why="2 examples, 3 inputs, 4 neurons: each neuron has its own column of W and its own bias",
        ),
        call("layer", *SQUARE, why="row i of X times column j of W, plus the bias of neuron j"),
        cell(
            DATA + "layer(X, W, b)[1] - layer(X[1:], W, b)[0]",
            why="an example gets the same answer, whoever is with it in the batch",
        ),
    ],
    right=[
        """
        def layer(X, W, b):
            Z = np.zeros((len(X), len(b)))
            for i, x in enumerate(X):
                for j, w in enumerate(W.T):
                    Z[i, j] = sum(xk * wk for xk, wk in zip(x, w)) + b[j]
            return Z
        """,
        'def layer(X, W, b):\n    return np.einsum("ik,kj->ij", X, W) + b',
        "def layer(X, W, b):\n    return (X[:, :, None] * W).sum(axis=1) + b",
    ],
    wrong=[
        Wrong(
            "a transposed factor",
            edit("@ W", "@ W.T"),
            """W holds the weights of a neuron in a *column*, and the matrix product takes columns from its right factor: nothing has to be turned. If W is
            square it runs all the same, and is wrong.""",
            also=["def layer(X, W, b):\n    return X.T @ W + b"],
        ),
        Wrong(
            "the result transposed",
            edit("X @ W + b", "W.T @ X.T + b[:, None]"),
            """The numbers are right and lie the wrong way: neurons in the rows, examples in the columns. The next layer expects one example in each row.""",
            also=[edit("X @ W + b", "(X @ W + b).T")],
        ),
        Wrong(
            "the bias forgotten",
            edit(" + b", ""),
            """The products are right. Each neuron has a bias besides: without it, all its lines go through 0.""",
        ),
        Wrong(
            "the bias for each example",
            edit("+ b", "+ b[:, None]"),
            """You put the biases along the *examples*. There is one for each neuron, and neurons are the last axis: aligned on the right it lies there by
            itself.""",
        ),
        Wrong(
            "elementwise in place of the matrix product",
            edit("X @ W + b", "X * W + b"),
            """`*` multiplies number by number and adds nothing up. A neuron adds up its products: that is what `@` does.""",
            also=["def layer(X, W, b):\n    return X * W.T + b"],
        ),
        Wrong(
            "the batch added up",
            edit("X @ W", "X.sum(axis=0) @ W"),
            """You add up the examples. A neuron answers each example for itself; the batch is only a way to ask about many at once.""",
            also=[edit("X @ W + b", "(X @ W + b).sum(axis=0)")],
        ),
        Wrong(
            "the bias once for each product",
            "def layer(X, W, b):\n    return (X[:, :, None] * W + b).sum(axis=1)",
            """You add the bias before adding up, so it counts once for each input. It belongs to the sum, once.""",
        ),
    ],
)

COLUMN, FLAT = array([[1.0], [2.0], [4.0]]), array([1.5, 2.0, 0.0])

loss = Exercise(
    "7.3",
    cases=[
        call("mse", array([1.0]), array([3.0]), why="the difference is -2"),
        call("mse", COLUMN[:, 0], FLAT, why="the squares are 0.25, 0 and 16; their mean is asked for"),
        call("mse", COLUMN, FLAT[:, None], why="two columns: the same numbers, and one number again"),
        call("mse", COLUMN, FLAT, why="a column and a row: answer 0 still belongs to target 0"),
        call("mse", COLUMN[:, 0], FLAT[:, None], why="a row and a column: the same"),
        call(
            "mse",
            COLUMN,
            array([1.0]),
            why="three answers and one target: no one knows what the other two should be",
            raises="ValueError",
        ),
        call("mse", COLUMN, array([1.0, 2.0]), why="three answers and two targets", raises="ValueError"),
        call("mse", array([1.0]), FLAT, why="one answer and three targets", raises="ValueError"),
    ],
    right=[
        """
        def mse(answers, targets):
            if answers.size != targets.size:
                raise ValueError("not as many targets as answers")
            total = 0.0
            for a, t in zip(answers.ravel(), targets.ravel()):
                total += (a - t) ** 2
            return total / answers.size
        """,
        """
        def mse(answers, targets):
            errors = answers.reshape(len(answers), 1) - targets.reshape(len(answers), 1)
            return (errors.T @ errors).item() / len(answers)
        """,
    ],
    wrong=[
        Wrong(
            "every answer with every target",
            "def mse(answers, targets):\n    return np.mean((answers - targets) ** 2)",
            """A column minus a row is a whole table: every answer minus every target. It runs, and the loss even falls in training, towards a network that
            always says the mean.""",
            also=[
                "def mse(answers, targets):\n    if len(answers) != len(targets):\n        raise ValueError('not as many')\n    return np.mean((answers - targets) ** 2)",
            ],
        ),
        Wrong(
            "one target for all",
            edit(
                '    if len(a) != len(t):\n        raise ValueError(f"{len(a)} answers and {len(t)} targets: there must be one target for each answer")\n',
                "",
            ),
            """You rely on NumPy to complain. It does for 3 and 2. But a single number is stretched to any length, without a word.""",
        ),
        Wrong(
            "cut to the shorter",
            "def mse(answers, targets):\n    pairs = list(zip(answers.reshape(-1), targets.reshape(-1)))\n    return sum((a - t) ** 2 for a, t in pairs) / len(pairs)",
            """`zip` stops at the shorter of the two and says nothing. What is left over is forgotten, and the mean is one of something else.""",
        ),
        Wrong(
            "the sum in place of the mean",
            edit("np.mean", "np.sum"),
            """You add up the squares and do not divide. Then the loss grows with the number of examples, and two batches of different sizes cannot be compared.""",
        ),
        Wrong(
            "a root too many",
            edit("np.mean((a - t) ** 2)", "np.sqrt(np.mean((a - t) ** 2))"),
            """You take the root of the mean. That has the unit of the targets and is good to report. The loss asked for is the mean itself.""",
        ),
        Wrong(
            "the size in place of the square",
            edit("(a - t) ** 2", "np.abs(a - t)"),
            """You average the sizes of the differences. In the mean *squared* error a difference of 4 counts sixteen times as much as one of 1.""",
        ),
        Wrong(
            "the square of the mean",
            edit("np.mean((a - t) ** 2)", "np.mean(a - t) ** 2"),
            """First the mean, then the square: differences to both sides have cancelled by then. Square each one first.""",
        ),
        Wrong(
            "not added up",
            edit("np.mean((a - t) ** 2)", "(a - t) ** 2"),
            """You return one square for each example. A loss is one number, else there is nothing to go down on.""",
        ),
    ],
)

G = array([[1.0, 2.0, 3.0], [10.0, 20.0, 40.0]])
CUBE = "g = np.arange(24.0).reshape(2, 3, 4) ** 1.5\n"

undo = Exercise(
    "7.4",
    cases=[
        call("unbroadcast", G, (2, 3), why="nothing was stretched"),
        call("unbroadcast", G, (3,), why="a vector of 3 was used in both rows: what they send is added up"),
        call("unbroadcast", G, (2, 1), why="a column was used three times in each row; the column stays a column"),
        call("unbroadcast", G, (1, 3), why="here the row had an axis of size 1, and keeps it"),
        call("unbroadcast", G, (1, 1), why="one number was used six times, and has two axes"),
        call("unbroadcast", G, (), why="a scalar was used six times"),
        cell(CUBE + "unbroadcast(g, (3, 1))", why="one axis was added on the left, and one was stretched"),
        cell(CUBE + "unbroadcast(g, (4,))", why="two axes were added on the left"),
        call(
            "unbroadcast", array([[1.0, 2.0, 4.0]]), (1, 3), why="an axis of size 1 was not stretched: nothing to add"
        ),
        gradient(
            "G = np.arange(24.0).reshape(2, 3, 4)\nnp.sum(G * (b * np.ones((2, 3, 4))))",
            "unbroadcast(np.arange(24.0).reshape(2, 3, 4), b.shape)",
            at={"b": array([[0.5], [1.0], [-2.0]])},
        ),
    ],
    right=[
        """
        def unbroadcast(g, shape):
            padded = (1,) * (g.ndim - len(shape)) + tuple(shape)
            axes = tuple(i for i, (big, small) in enumerate(zip(g.shape, padded)) if big != small)
            return g.sum(axis=axes, keepdims=True).reshape(shape)
        """,
        """
        def unbroadcast(g, shape):
            out = np.zeros(shape)
            places = np.broadcast_to(np.arange(out.size).reshape(shape), g.shape)
            np.add.at(out.reshape(-1), places.reshape(-1), g.reshape(-1))
            return out
        """,
    ],
    wrong=[
        Wrong(
            "nothing summed",
            "def unbroadcast(g, shape):\n    return g",
            """You hand the slopes on as they came. But the array was used in several places, and each place sends a slope: they are added up, until the shape is
            the one it had.""",
        ),
        Wrong(
            "the stretched axes forgotten",
            edit(
                "    for axis, size in enumerate(shape):\n        if size == 1:\n            g = g.sum(axis=axis, keepdims=True)\n",
                "",
            ),
            """The axes that were added on the left are gone. There is a second kind of stretching: an axis of size 1 that was there before and was
            repeated.""",
        ),
        Wrong(
            "the added axes forgotten",
            edit("    while g.ndim > len(shape):\n        g = g.sum(axis=0)\n", ""),
            """You look only at axes of size 1. But an array with fewer axes gets new ones on the left, and these have to be summed away first.""",
        ),
        Wrong(
            "the mean in place of the sum",
            edit("g = g.sum(axis=0)", "g = g.mean(axis=0)", "g.sum(axis=axis", "g.mean(axis=axis"),
            """You take the mean. But each place where the number is used moves the loss in full, so the slopes add. If a mean belongs anywhere, it is in the loss, and
            then g is divided already.""",
        ),
        Wrong(
            "one place only",
            edit("g = g.sum(axis=0)", "g = g[0]", "g.sum(axis=axis, keepdims=True)", "g.take([0], axis=axis)"),
            """You take the slope of the first place where the array was used and drop the others. All the places count.""",
        ),
        Wrong(
            "the axis lost",
            edit("g.sum(axis=axis, keepdims=True)", "g.sum(axis=axis)"),
            """The sums are right, but an axis of size 1 has disappeared. The slope must have exactly the shape of the array; keepdims keeps the axis.""",
        ),
        Wrong(
            "summed at the wrong end",
            edit("g = g.sum(axis=0)", "g = g.sum(axis=-1)"),
            """You sum away the *last* axes until the number of axes fits. Broadcasting aligns on the right and adds its axes on the left.""",
        ),
        Wrong(
            "everything added up",
            "def unbroadcast(g, shape):\n    return np.full(shape, np.sum(g))",
            """Each number gets the sum of all the slopes. It may get only those of the places where it was used itself.""",
        ),
        Wrong(
            "cut instead of summed",
            "def unbroadcast(g, shape):\n    return np.resize(g, shape)",
            """You bring g into the shape by cutting it off. The numbers that are left belong to some of the places only; the others have been thrown away.""",
        ),
    ],
)

EXERCISES = [scale, batch, loss, undo]
