"""Lesson 2: the checks and the mistakes."""

import numpy as np

from chainrule.course.bank import Exercise, Wrong, call, cell, edit, gradient

ZERO, W = np.zeros(4), np.array([0.5, -1.5, 2.0, 0.25])
X, Y = np.array([-1.0, 0.5, 2.0]), np.array([1.5, -0.5, 3.0])

loss = Exercise(
    "2.1",
    cases=[
        call("loss", ZERO, np.array([2.0]), np.array([3.0]), why="the cubic says 0, the point is at 3: the error is 3"),
        call("loss", ZERO, np.array([1.0, 2.0]), np.array([3.0, -1.0]), why="the errors are -3 and 1: 9 + 1"),
        call(
            "loss",
            np.array([1.0, 2.0, 0.0, 0.0]),
            np.array([0.0, 1.5]),
            np.array([1.0, 6.0]),
            why="1 + 2x says 1 and 4: the errors are 0 and -2",
        ),
        call("loss", W, X, Y, why="all four weights count, at each of the three points"),
        cell("x, y = datasets.sine(2000)\nloss([0.1, 0.2, 0.3, 0.4], x, y)", why="that is the start of the lesson"),
    ],
    right=[
        """
        def loss(w, x, y):
            total = 0.0
            for xi, yi in zip(x, y):
                e = w[0] + xi * (w[1] + xi * (w[2] + xi * w[3])) - yi
                total += e * e
            return total
        """,
        "def loss(w, x, y):\n    e = y - cubic(w, x)\n    return e @ e",
    ],
    wrong=[
        Wrong(
            "the mean in place of the sum",
            edit("np.sum", "np.mean"),
            """You divided by the number of points. The mean is a good loss too, and many use it, but it is another number with other
            slopes. Here the squares are added up, and that is all.""",
        ),
        Wrong(
            "the square is missing",
            edit("error**2", "error"),
            """You add up the errors themselves. Then an error of +3 and one of -3 make 0, and the formula looks perfect while it is
            off everywhere.""",
        ),
        Wrong(
            "the size in place of the square",
            edit("error**2", "np.abs(error)"),
            """You add up the sizes of the errors. Nothing cancels, so that is a loss as well, but it is another one: an error of 2
            must count four times as much as an error of 1.""",
        ),
        Wrong(
            "the square of the sum",
            edit("np.sum(error**2)", "np.sum(error) ** 2"),
            """First you add, then you square. By the time of the square the errors have cancelled already. Which has to
            come first?""",
        ),
        Wrong(
            "a root too many",
            edit("np.sum(error**2)", "np.sqrt(np.sum(error**2))"),
            """You take the root of the sum. That is the length of the vector of errors. The loss here is the sum itself.""",
        ),
        Wrong(
            "half the square",
            edit("np.sum(error**2)", "0.5 * np.sum(error**2)"),
            """You halve the sum. Some do so, because the factor 2 of the slope then disappears. Here it was not asked for, and all later
            numbers would be half as large.""",
        ),
        Wrong(
            "not added up",
            edit("np.sum(error**2)", "error**2"),
            """You return a square for every point. To compare two guesses you need *one* number for all the points.""",
        ),
        Wrong(
            "the last point only",
            """
            def loss(w, x, y):
                for xi, yi in zip(x, y):
                    total = (cubic(w, xi) - yi) ** 2
                return total
            """,
            """Each round of your loop writes over what the rounds before had found, so only the last point is left. What should happen with
            what is in `total` already?""",
        ),
    ],
)

POINTS = "x, y = np.array([-1.0, 0.5, 2.0]), np.array([1.5, -0.5, 3.0])\n"

slopes = Exercise(
    "2.2",
    cases=[
        call(
            "gradient", ZERO, np.array([1.0]), np.array([-1.5]), why="the error is 1.5, and at x = 1 all powers are 1"
        ),
        call(
            "gradient",
            ZERO,
            np.array([2.0]),
            np.array([-1.5]),
            why="the error is 1.5, and 2 · 1.5 is multiplied by 1, 2, 4 and 8",
        ),
        call("gradient", ZERO, np.array([1.0, 2.0]), np.array([-1.5, 0.5]), why="what the points say is added up"),
        gradient(POINTS + "np.sum((cubic(w, x) - y) ** 2)", POINTS + "gradient(w, x, y)", at={"w": W}),
        cell(
            "x, y = datasets.sine(2000)\ngradient(np.array([0.1, 0.2, 0.3, 0.4]), x, y)",
            why="at the start of the lesson all four weights are too large",
            torch="start",
        ),
    ],
    right=[
        """
        def gradient(w, x, y):
            powers = np.stack([x**k for k in range(4)])
            return 2 * powers @ (w @ powers - y)
        """,
        """
        def gradient(w, x, y):
            slopes = np.zeros(4)
            for xi, yi in zip(x, y):
                e = cubic(w, xi) - yi
                for k in range(4):
                    slopes[k] += 2 * e * xi**k
            return slopes
        """,
    ],
    wrong=[
        Wrong(
            "the factor 2 is missing",
            edit("2 * error", "error"),
            """Your slopes are half of what they should be. The loss is made of e², and e² rises by 2e when e rises by 1.""",
        ),
        Wrong(
            "the sign of the error",
            edit("cubic(w, x) - y", "y - cubic(w, x)"),
            """You took y - ŷ and then went on as if it were ŷ - y. The loss does not mind, its square is the same; the slope turns round, and
            training would go uphill.""",
        ),
        Wrong(
            "the mean in place of the sum",
            "def gradient(w, x, y):\n    g = 2 * (cubic(w, x) - y)\n    return np.array([np.mean(g * x**k) for k in range(4)])",
            """You divided by the number of points. That belongs to a loss which is a mean; this one is a sum, and so are its
            slopes.""",
        ),
        Wrong(
            "the constant term taken for x",
            edit("np.sum(g),", "np.sum(g * x),"),
            """You gave a the slope of b. But a stands alone in the formula, without x: when a grows by 1, each error grows
            by 1, wherever the point is.""",
        ),
        Wrong(
            "the slope in x in place of the slope in the weight",
            edit("np.sum(g), np.sum(g * x),", "0.0, np.sum(g),", "x**2)", "2 * x)", "x**3)", "3 * x**2)"),
            """You differentiated the powers of x: 2x for x², 3x² for x³. That says how ŷ changes when *x* moves. But the points stay
            where they are; what moves is the weight in front of the power.""",
            also=[
                edit("np.sum(g * x),", "np.sum(g),", "x**2)", "2 * x)", "x**3)", "3 * x**2)"),
                """
                def gradient(w, x, y):
                    g = 2 * (cubic(w, x) - y)
                    a, b, c, d = w
                    return np.array([np.sum(g * 0), np.sum(g * b), np.sum(g * 2 * c * x), np.sum(g * 3 * d * x**2)])
                """,
            ],
        ),
        Wrong(
            "one number for all",
            edit("np.sum(g * x), np.sum(g * x**2), np.sum(g * x**3)", "np.sum(g), np.sum(g), np.sum(g)"),
            """All four weights get the same slope, Σ 2e. That is what the errors do to the loss. You have not yet said how each weight
            moves the errors, and they do it differently.""",
        ),
        Wrong(
            "the sum before the product",
            "def gradient(w, x, y):\n    g = np.sum(2 * (cubic(w, x) - y))\n    return np.array([g * np.sum(x**k) for k in range(4)])",
            """You add up the errors, add up the powers, and multiply the two sums. Each point has an error and an x of its own: they belong
            together before anything is added.""",
            also=[
                "def gradient(w, x, y):\n    g = np.sum(2 * (cubic(w, x) - y))\n    return np.array([g, *(g * np.sum(x**k) for k in (1, 2, 3))])"
            ],
        ),
        Wrong(
            "not added up",
            "def gradient(w, x, y):\n    g = 2 * (cubic(w, x) - y)\n    return np.array([g, g * x, g * x**2, g * x**3])",
            """You return a slope for each weight *and each point*. There is only one b for all the points: what they say about it is
            added up.""",
        ),
        Wrong(
            "the square left as it is",
            edit("2 * error", "error**2"),
            """You multiply by e². That is the height of the loss, not its slope: how fast does e² grow when e grows?""",
        ),
        Wrong(
            "the errors left out",
            edit("2 * error", "np.ones_like(x)"),
            """You add up the powers alone: this is how the *answers* of the cubic move. The loss moves by ∂L/∂e times that, and a point that
            is hit has nothing to say.""",
        ),
    ],
)

TWO = np.array([1.0, -2.0]), np.array([0.5, 3.0])

training = Exercise(
    "2.3",
    uses=["2.1", "2.2"],
    cases=[
        call("train", ZERO, *TWO, 0.01, 1, why="one step, against the slopes; the loss at the start is 0.25 + 9"),
        call("train", ZERO, *TWO, 0.01, 2, why="the second step has slopes of its own"),
        call("train", W, *TWO, 0.005, 3, why="three steps: three losses, each from before its step"),
        call("train", W, *TWO, 0.005, 0, why="no step: the weights as they were, and no loss"),
        cell(
            "x, y = datasets.sine(2000)\ntrain(np.array([0.1, 0.2, 0.3, 0.4]), x, y, 1e-6, 100)[1][-1]",
            why="that is the loss in step 100",
        ),
    ],
    right=[
        """
        def train(w, x, y, lr, steps):
            w, losses = w.copy(), []
            while len(losses) < steps:
                losses += [loss(w, x, y)]
                w -= lr * gradient(w, x, y)
            return w, losses
        """,
        """
        def train(w, x, y, lr, steps):
            all_weights = [w]
            for _ in range(steps):
                now = all_weights[-1]
                slopes = gradient(now, x, y)
                all_weights.append(np.array([now[k] - lr * slopes[k] for k in range(4)]))
            return all_weights[-1], [loss(each, x, y) for each in all_weights[:-1]]
        """,
    ],
    wrong=[
        Wrong(
            "uphill",
            edit("w - lr", "w + lr"),
            """You add the slope. The slope points to where the loss grows: your weights climb. The other way leads down.""",
        ),
        Wrong(
            "the learning rate left out",
            edit("lr * gradient", "gradient"),
            """You subtract the whole slope. A slope says how steep it is and not how far to go: the step jumps over the valley, and the next
            one from still higher up.""",
        ),
        Wrong(
            "the slopes of the start, every time",
            """
            def train(w, x, y, lr, steps):
                losses, slopes = [], gradient(w, x, y)
                for _ in range(steps):
                    losses.append(loss(w, x, y))
                    w = w - lr * slopes
                return w, losses
            """,
            """You compute the gradient once, before the loop, and walk on in that direction for ever. After a step you stand elsewhere, and
            the ground is sloped differently there.""",
        ),
        Wrong(
            "the step is not kept",
            edit("w = w - lr * gradient(w, x, y)", "stepped = w - lr * gradient(w, x, y)"),
            """You compute new weights and then go on with the old ones: the loss is the same in each step. What name must the new weights
            have, so that the next round begins with them?""",
        ),
        Wrong(
            "the loss after the step",
            """
            def train(w, x, y, lr, steps):
                losses = []
                for _ in range(steps):
                    w = w - lr * gradient(w, x, y)
                    losses.append(loss(w, x, y))
                return w, losses
            """,
            """The weights are right, but each loss is one step late: you note it when the step has been taken. The list should begin
            with the loss of the start.""",
        ),
        Wrong(
            "one weight after the other",
            """
            def train(w, x, y, lr, steps):
                w, losses = w.copy(), []
                for _ in range(steps):
                    losses.append(loss(w, x, y))
                    for k in range(4):
                        w[k] = w[k] - lr * gradient(w, x, y)[k]
                return w, losses
            """,
            """You move a first, and then work out the slope of b at the place where a has moved to already. All four slopes have to be
            taken at the same place; then all four weights move at once.""",
        ),
        Wrong(
            "in place where a copy is asked",
            edit("w = w - lr * gradient(w, x, y)", "w -= lr * gradient(w, x, y)"),
            """The numbers are right, but `w -= ...` writes into the array that you were given: the caller's start is gone. Make
            a new array.""",
        ),
        Wrong(
            "one step too few",
            edit("range(steps)", "range(1, steps)"),
            """You take steps - 1 steps. range(1, n) begins at 1 and stops before n: those are n - 1 numbers.""",
        ),
        Wrong(
            "one step too many",
            edit("range(steps)", "range(steps + 1)"),
            """You take one step more than asked for. range(n) has n numbers already, from 0 to n - 1.""",
        ),
        Wrong(
            "back after the first step",
            """
            def train(w, x, y, lr, steps):
                losses = []
                for _ in range(steps):
                    losses.append(loss(w, x, y))
                    w = w - lr * gradient(w, x, y)
                    return w, losses
                return w, losses
            """,
            """Your `return` stands inside the loop, so the function is over after the first round. Move it out to the left.""",
        ),
        Wrong(
            "the last loss only",
            """
            def train(w, x, y, lr, steps):
                last = 0.0
                for _ in range(steps):
                    last = loss(w, x, y)
                    w = w - lr * gradient(w, x, y)
                return w, last
            """,
            """You return one loss. Asked for is the list of all: only with it can one see whether training went down steadily.""",
            also=[
                """
                def train(w, x, y, lr, steps):
                    losses = []
                    for _ in range(steps):
                        losses = [loss(w, x, y)]
                        w = w - lr * gradient(w, x, y)
                    return w, losses
                """
            ],
        ),
    ],
)

ONE_STEP = """
x, y = np.array([1.0, -2.0, 0.5]), np.array([3.0, 1.0, -1.0])
b = {}
b - best_rate(x) * np.sum(2 * (b * x - y) * x)
"""

rate = Exercise(
    "2.4",
    cases=[
        call("best_rate", np.array([1.0]), why="L = (b - y)² has the slope 2(b - y): half of it leads to y"),
        call("best_rate", np.array([2.0]), why="the slope is 2 · (2b - y) · 2, so it grows by 8 when b grows by 1"),
        call("best_rate", np.array([1.0, 2.0]), why="the slope grows by 2 + 8 when b grows by 1"),
        call(
            "best_rate",
            np.array([-1.5, 0.5, 2.0]),
            why="each point makes the parabola steeper, on whichever side it lies",
        ),
        cell(ONE_STEP.format(4.0), why="one step from 4 lands where the slope is 0"),
        cell(ONE_STEP.format(-7.5), why="and so does one step from -7.5"),
        cell("best_rate(datasets.sine(2000)[0])", why="for the points of this lesson"),
    ],
    right=[
        "def best_rate(x):\n    return 0.5 / (x @ x)",
        """
        def best_rate(x):
            def slope(b):
                return sum(2 * (b * xi - 1.0) * xi for xi in x)
            return 1 / (slope(1.0) - slope(0.0))
        """,
    ],
    wrong=[
        Wrong(
            "the factor 2 is missing",
            edit("2 * np.sum", "np.sum"),
            """Your rate is twice the right one. With it each step lands exactly as far off on the other side of the valley as it began: back and
            forth for ever.""",
        ),
        Wrong(
            "the mean in place of the sum",
            edit("np.sum(x**2)", "np.mean(x**2)"),
            """You took the mean of x². The loss is a sum: with more points it gets steeper, and the rate must get smaller.""",
        ),
        Wrong(
            "the square of the sum",
            edit("np.sum(x**2)", "np.sum(x) ** 2"),
            """You add up the x first and then square. Points on both sides of 0 cancel then, and your rate becomes huge. Each point adds
            its own x².""",
        ),
        Wrong(
            "the square is missing",
            edit("x**2", "np.abs(x)"),
            """x stands in the slope twice: once because ŷ = b·x, and once because the chain rule multiplies by ∂e/∂b = x. What
            is multiplied by b then?""",
            also=[edit("x**2", "x")],
        ),
        Wrong(
            "not inverted",
            edit("1 / (2 * np.sum(x**2))", "2 * np.sum(x**2)"),
            """This is the curvature itself: how fast the slope changes. The steeper the parabola, the *smaller* the steps have to be.""",
        ),
        Wrong(
            "the farthest point only",
            edit("np.sum(x**2)", "np.max(np.abs(x)) ** 2"),
            """You look at the farthest point only. It is the strongest, but all the others make the parabola steeper, too.""",
            also=[edit("np.sum(x**2)", "np.max(x) ** 2")],
        ),
        Wrong(
            "half of the best rate",
            edit("1 / (2", "0.5 / (2"),
            """With your rate a step goes half of the way. Which of the two factors 2 have you counted twice?""",
        ),
    ],
)

EXERCISES = [loss, slopes, training, rate]
