"""Lesson 3: the checks and the mistakes."""

from numpy import array

from chainrule.course.bank import Exercise, Wrong, call, cell, edit, gradient

SOME = "np.array([-1.5, 0.5, 2.0])"

curves = Exercise(
    "3.1",
    cases=[
        cell(f"constant({SOME})", why="it is 1 wherever you look, once for each x"),
        cell(f"constant.slope({SOME})", why="what is 1 everywhere does not rise"),
        cell(f"cube({SOME})", why="x · x · x"),
        cell(f"cube.slope({SOME})", why="(x + h)³ grows by 3x²·h, and by less than that in h² and h³"),
        cell(f"hinge({SOME})", why="left of 0 it is 0, right of 0 it is x"),
        cell(f"1.0 * hinge.slope({SOME})", why="flat on the left, rising like x on the right"),
        gradient("float(cube(np.array([x]))[0])", "float(cube.slope(np.array([x]))[0])", at={"x": -0.7}),
        gradient("float(hinge(np.array([x]))[0])", "float(hinge.slope(np.array([x]))[0])", at={"x": -0.7}),
    ],
    right=[
        """
        constant = Curve(lambda x: x**0, lambda x: 0 * x)
        cube = Curve(lambda x: x * x * x, lambda x: 3 * x * x)
        hinge = Curve(lambda x: (x + np.abs(x)) / 2, lambda x: x >= 0)
        """,
        """
        constant = Curve(lambda x: np.full(x.shape, 1.0), lambda x: np.full(x.shape, 0.0))
        cube = Curve(lambda x: np.power(x, 3), lambda x: 3 * np.square(x))
        hinge = Curve(lambda x: np.where(x > 0, x, 0.0), lambda x: np.where(x > 0, 1.0, 0.0))
        """,
    ],
    wrong=[
        Wrong(
            "the constant term taken for x",
            edit("Curve(np.ones_like, np.zeros_like)", "Curve(lambda x: x, np.ones_like)"),
            """Your constant is x. A formula made of it has no number that stands alone: at x = 0 it can only answer 0, and it
            cannot be moved up or down.""",
        ),
        Wrong(
            "a constant that rises",
            edit("Curve(np.ones_like, np.zeros_like)", "Curve(np.ones_like, np.ones_like)"),
            """Your constant has the right height and the slope 1. By how much does it change when x grows? (The 1 you may have in mind is the
            slope in the *weight* in front of it. A curve has no weight.)""",
        ),
        Wrong(
            "one number for the whole array",
            edit("Curve(np.ones_like, np.zeros_like)", "Curve(lambda x: 1.0, lambda x: 0.0)"),
            """Your constant gives one number, however many x there are. Then its slope in the weight is summed over one point instead of all. Give
            a number for each x.""",
            also=[
                edit("Curve(np.ones_like, np.zeros_like)", "Curve(lambda x: 1.0, np.zeros_like)"),
                edit("Curve(np.ones_like, np.zeros_like)", "Curve(np.ones_like, lambda x: 0.0)"),
            ],
        ),
        Wrong(
            "the exponent not lowered",
            edit("3 * x**2", "3 * x**3"),
            """The 3 has come down in front, but the exponent is 3 as before. Along the way one factor x is used up.""",
        ),
        Wrong(
            "the exponent not brought down",
            edit("3 * x**2", "x**2"),
            """The factor 3 is missing. x · x · x has three factors, and when x grows, all three of them grow.""",
        ),
        Wrong(
            "the value in place of the slope",
            edit("(x > 0) * 1.0", "np.maximum(x, 0)"),
            """As a slope you give the height of the curve. The slope says how much the curve rises when x rises a little: the hinge, for one,
            is a straight line right of 0.""",
            also=[edit("3 * x**2", "x**3")],
        ),
        Wrong(
            "a hinge that never closes",
            edit("(x > 0) * 1.0", "np.ones_like(x)"),
            """Your hinge has the slope 1 everywhere. Left of 0 it lies flat: there nothing changes when x does, and nothing
            may get through.""",
        ),
        Wrong(
            "the size in place of the hinge",
            edit("np.maximum(x, 0)", "np.abs(x)", "(x > 0) * 1.0", "np.sign(x)"),
            """That is |x|: it comes down on the left and goes up on the right. A hinge lies flat on the left.""",
        ),
        Wrong(
            "the hinge the wrong way round",
            edit("np.maximum(x, 0)", "np.minimum(x, 0)", "x > 0", "x < 0"),
            """Yours is x on the left and flat on the right. np.minimum takes the smaller of the two; which one is wanted?""",
        ),
    ],
)

PAIR = (
    "w1, w2 = Weight(3.0, line), Weight(-2.0, square)\nmodel = Approximator([w1, w2])\nx = np.array([1.0, 2.0, -1.5])\n"
)
BACK = "g_x = model.backward(x, np.array([1.0, -2.0, 0.5]))\n"

approximator = Exercise(
    "3.2",
    cases=[
        cell("Approximator([Weight(3.0, line)])(np.array([1.0, 2.0]))", why="one term, 3·x, at 1 and at 2"),
        cell(PAIR + "model(x)", why="3x - 2x², at each of the three"),
        cell(
            "w = Weight(3.0, square)\nApproximator([w]).backward(np.array([2.0]), np.array([1.0]))\nw.grad",
            why="when the weight grows by 1, 3·x² grows by x², which is 4",
        ),
        cell(
            "Approximator([Weight(3.0, square)]).backward(np.array([2.0]), np.array([1.0]))",
            why="when x grows, 3·x² grows 3·2x times as fast",
        ),
        cell(
            PAIR + BACK + "w1.grad, w2.grad",
            why="what arrives at a point, times the term's curve there, added up over the points",
        ),
        cell(PAIR + BACK + "g_x", why="each x is looked at by both terms, and what they say is added up"),
        cell(PAIR + BACK + BACK + "w1.grad, w2.grad", why="a second call sets the slopes anew"),
        gradient(
            "x = np.array([0.5, -1.0, 2.0])\nwave = Curve(np.sin, np.cos)\n"
            "np.sum((Approximator([Weight(p, wave), Weight(q, square)])(x) - 1) ** 2)",
            "x = np.array([0.5, -1.0, 2.0])\nwave = Curve(np.sin, np.cos)\n"
            "u, v = Weight(p, wave), Weight(q, square)\nmodel = Approximator([u, v])\n"
            "model.backward(x, 2 * (model(x) - 1))\nu.grad, v.grad",
            at={"p": 1.5, "q": -0.5},
        ),
        gradient(
            "inner, outer = Approximator([Weight(p, line)]), Approximator([Weight(1.5, square), Weight(-1.0, line)])\n"
            "np.sum(outer(inner(np.array([0.5, -1.0]))))",
            "w, x = Weight(p, line), np.array([0.5, -1.0])\n"
            "inner, outer = Approximator([w]), Approximator([Weight(1.5, square), Weight(-1.0, line)])\n"
            "inner.backward(x, outer.backward(inner(x), np.ones(2)))\nw.grad",
            at={"p": 0.8},
        ),
    ],
    right=[
        """
        class Approximator:
            def __init__(self, weights):
                self.weights = weights

            def __call__(self, x):
                total = 0 * x
                for w in self.weights:
                    total = total + w.value * w.curve(x)
                return total

            def backward(self, x, g):
                for w in self.weights:
                    w.grad = g @ w.curve(x)
                return sum(g * w.value * w.curve.slope(x) for w in self.weights)
        """,
        """
        class Approximator:
            def __init__(self, weights):
                self.weights = tuple(weights)

            def __call__(self, x):
                return np.stack([w(x) for w in self.weights]).sum(axis=0)

            def backward(self, x, g):
                in_values, in_x = (np.stack(each) for each in zip(*(w.slopes(x) for w in self.weights)))
                for w, grad in zip(self.weights, in_values @ g):
                    w.grad = grad
                return in_x.sum(axis=0) * g
        """,
    ],
    wrong=[
        Wrong(
            "the slope in x in place of the slope in the weight",
            edit("np.sum(g * in_value)", "np.sum(g * in_x)", "g_x += g * in_x", "g_x += g * in_value"),
            """The two slopes are swapped. `slopes` gives first how the term changes with its *weight*, then how it changes with *x*. Which of
            the two belongs into the grad of a weight?""",
            also=[edit("np.sum(g * in_value)", "np.sum(g * in_x)")],
        ),
        Wrong(
            "the weight as a factor of its own slope",
            edit("np.sum(g * in_value)", "np.sum(g * weight(x))"),
            """You multiply by the whole term, value · f(x). When the weight grows by 1, the term grows by f(x), whatever the weight is now.""",
        ),
        Wrong(
            "what has arrived is left out",
            edit("np.sum(g * in_value)", "np.sum(in_value)", "g_x += g * in_x", "g_x += in_x"),
            """You give the local slopes alone. They say how the *sum* changes. The loss changes by g times that, and g is different at
            each point.""",
            also=[edit("np.sum(g * in_value)", "np.sum(in_value)"), edit("g_x += g * in_x", "g_x += in_x")],
        ),
        Wrong(
            "not added up",
            edit("np.sum(g * in_value)", "g * in_value"),
            """Each weight gets a whole array of slopes, one for each point. But it is one number, which serves all the points: what they say about it is
            added up.""",
        ),
        Wrong(
            "the mean in place of the sum",
            edit("np.sum(g * in_value)", "np.mean(g * in_value)"),
            """You take the mean over the points. Whether to divide is up to the loss, and if it does, g is divided already. Here it is the chain rule
            alone, and that adds.""",
        ),
        Wrong(
            "the last path only",
            edit("g_x += g * in_x", "g_x = g * in_x"),
            """Each term writes its slope in x over that of the one before. All the terms look at the same x, and x moves the loss through each
            of them.""",
        ),
        Wrong(
            "the sum before the product",
            edit("np.sum(g * in_value)", "np.sum(g) * np.sum(in_value)"),
            """You add up what has arrived, add up the slopes, and multiply the two sums. At each point the two belong together before anything
            is added.""",
        ),
        Wrong(
            "added to the slope of the last step",
            edit("weight.grad =", "weight.grad +="),
            """The first call is right. The second adds to what the first has left, and there is nobody here who sets it back to zero. The exercise
            says *set*.""",
        ),
        Wrong(
            "nothing handed on",
            edit("        return g_x", "        return g"),
            """The weights are right, but g as it came, or nothing at all, is handed back. What has to be handed on is the slope in x:
            someone else may have made that x, and has weights as well.""",
            also=[
                edit("        return g_x", "        pass"),
                edit("        return g_x", "        return np.zeros_like(x)"),
            ],
        ),
    ],
)

lines = Exercise(
    "3.3",
    cases=[
        call("one_line", [2.0], [3.0], why="one layer is the line itself"),
        call("one_line", [2.0, 1.0], [3.0, -1.5], why="1 · (2x + 3) - 1.5"),
        call("one_line", [2.0, -3.0], [0.5, 4.0], why="-3 · (2x + 0.5) + 4 is -6x + 2.5"),
        call("one_line", [2.0, -0.5, 3.0], [1.0, 4.0, -2.0], why="these are the three lines of the text"),
        call(
            "one_line", [1.5, 0.0, -2.0], [1.0, 5.0, 0.5], why="the layer in the middle forgets x: -2 · 5 + 0.5 is left"
        ),
    ],
    right=[
        """
        def one_line(slopes, shifts):
            def whole(x):
                for m, c in zip(slopes, shifts):
                    x = m * x + c
                return x
            return whole(1.0) - whole(0.0), whole(0.0)
        """,
        """
        def one_line(slopes, shifts):
            total = np.eye(2)
            for m, c in zip(slopes, shifts):
                total = np.array([[m, c], [0, 1]]) @ total
            return total[0, 0], total[0, 1]
        """,
    ],
    wrong=[
        Wrong(
            "slopes added instead of multiplied",
            "def one_line(slopes, shifts):\n    slope, shift = 0.0, 0.0\n    for m, c in zip(slopes, shifts):\n        slope, shift = slope + m, m * shift + c\n    return slope, shift",
            """You add the slopes. If the first layer rises 2 for each unit of x, and the second 3 for each unit of *that*, how far does the whole
            rise for one unit of x?""",
            also=["def one_line(slopes, shifts):\n    return sum(slopes), sum(shifts)"],
        ),
        Wrong(
            "the shifts only added",
            edit("m * shift + c", "shift + c"),
            """The slope is right. You add up the shifts as if nothing came after them. But the second layer multiplies all it gets, the first layer's shift
            included.""",
        ),
        Wrong(
            "the own shift multiplied as well",
            edit("m * shift + c", "m * (shift + c)"),
            """You multiply a layer's own shift by its slope. In m·x + c the c is added after multiplying; only what came before gets
            multiplied.""",
        ),
        Wrong(
            "the layers in the wrong order",
            edit("zip(slopes, shifts)", "zip(slopes[::-1], shifts[::-1])"),
            """The slope is right: a product does not mind the order. The shift does. You apply the last layer first.""",
        ),
        Wrong(
            "the last layer only",
            edit("m * slope, m * shift + c", "m, c"),
            """Each layer writes over what the ones before had made. Put the line so far *into* the layer.""",
        ),
        Wrong(
            "the shifts forgotten",
            edit("m * shift + c", "m * shift"),
            """Your line goes through 0 whatever the shifts are. What does the whole say at x = 0?""",
        ),
        Wrong(
            "the last shift only",
            edit("m * shift + c", "c"),
            """You keep the slope of all and the shift of the last layer only. What the earlier layers have shifted goes through the later ones,
            multiplied by their slopes, and is still there.""",
        ),
    ],
)

DRAWN = """
xs, ys = np.array([-1.0, 0.5, 1.0, 3.0]), np.array([2.0, -1.0, 0.5, 0.5])
v = hinge_weights(xs, ys)
np.array([ys[0] + sum(vj * max(x - xj, 0.0) for vj, xj in zip(v, xs)) for x in (-1.0, 0.0, 0.5, 0.75, 1.0, 2.0, 3.0)])
"""

broken = Exercise(
    "3.4",
    cases=[
        call("hinge_weights", array([0.0, 1.0]), array([0.0, 3.0]), why="one piece, and it rises by 3"),
        call(
            "hinge_weights", array([0.0, 2.0]), array([1.0, 4.0]), why="one piece, which rises by 3 over a length of 2"
        ),
        call(
            "hinge_weights",
            array([0.0, 1.0, 2.0]),
            array([0.0, 3.0, 4.0]),
            why="the slopes are 3 and 1: at x = 1 the slope falls by 2",
        ),
        call(
            "hinge_weights",
            array([0.0, 1.0, 2.0, 3.0]),
            array([0.0, 2.0, 4.0, 6.0]),
            why="a straight line bends only where it begins",
        ),
        call(
            "hinge_weights",
            array([-1.0, 0.5, 1.0, 3.0]),
            array([2.0, -1.0, 0.5, 0.5]),
            why="the slopes are -2, 3 and 0",
        ),
        cell(DRAWN, why="the sum of the hinges goes straight from point to point"),
    ],
    right=[
        """
        def hinge_weights(xs, ys):
            weights, slope_so_far = [], 0.0
            for j in range(len(xs) - 1):
                slope = (ys[j + 1] - ys[j]) / (xs[j + 1] - xs[j])
                weights.append(slope - slope_so_far)
                slope_so_far = slope
            return np.array(weights)
        """,
        """
        def hinge_weights(xs, ys):
            table = np.maximum(xs[1:, None] - xs[None, :-1], 0)
            return np.linalg.solve(table, ys[1:] - ys[0])
        """,
    ],
    wrong=[
        Wrong(
            "the slopes in place of their changes",
            edit("np.diff(slopes, prepend=0.0)", "slopes"),
            """You give each hinge the slope of its piece. But the hinges further left are still up there, and their slopes add to yours.""",
        ),
        Wrong(
            "the rises not divided by the lengths",
            edit("np.diff(ys) / np.diff(xs)", "np.diff(ys)"),
            """You take the rise from point to point. That is the slope only if the points are 1 apart.""",
        ),
        Wrong(
            "the first slope forgotten",
            edit("np.diff(slopes, prepend=0.0)", "np.append(0.0, np.diff(slopes))"),
            """You count the changes from the second piece on. But the line begins with a slope as well, and only the hinge at the first point can
            give it.""",
            also=[edit("np.diff(slopes, prepend=0.0)", "np.diff(slopes)")],
        ),
        Wrong(
            "the changes the wrong way round",
            edit("np.diff(slopes, prepend=0.0)", "-np.diff(slopes, prepend=0.0)"),
            """Your hinges go down where they should go up. The change is the new slope minus the old one.""",
        ),
        Wrong(
            "slopes added up in place of subtracted",
            edit("np.diff(slopes, prepend=0.0)", "np.cumsum(slopes)"),
            """You add the slopes up. The sum is what the *hinges* do by themselves; you have to undo it, and hand each only what is new at its
            point.""",
        ),
        Wrong(
            "the heights in place of the changes",
            """
            def hinge_weights(xs, ys):
                return ys[:-1] - 0.0
            """,
            """You hand out the heights of the points. A hinge's weight is a slope: it says how steeply the hinge rises from its place on.""",
            also=["def hinge_weights(xs, ys):\n    return ys[1:] - 0.0"],
        ),
        Wrong(
            "the lengths divided by the rises",
            edit("np.diff(ys) / np.diff(xs)", "np.diff(xs) / np.diff(ys)"),
            """Your fraction stands on its head. A slope is the rise in y for each unit of x.""",
        ),
    ],
)

EXERCISES = [curves, approximator, lines, broken]
