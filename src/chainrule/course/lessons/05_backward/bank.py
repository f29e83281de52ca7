"""Lesson 5: the checks and the mistakes."""

from chainrule.course.bank import Exercise, Wrong, call, cell, edit, gradient

by_hand = Exercise(
    "5.1",
    cases=[
        call("slopes", 1.0, 2.0, 5.0, why="s = 3 and d = -3, and each factor's slope is the other factor"),
        call("slopes", 2.0, 3.0, 1.0, why="s = 5 and d = 2; b moves both factors"),
        call("slopes", 0.0, 0.5, 0.5, why="d = 0: where one factor is 0, the other has no influence"),
        gradient("(a + b) * (b - c)", "slopes(a, b, c)", at={"a": 1.5, "b": -0.5, "c": 2.0}),
    ],
    right=[
        "def slopes(a, b, c):\n    return b - c, a + 2 * b - c, -(a + b)",
        """
        def slopes(a, b, c):
            grads = {"a": 0.0, "b": 0.0, "c": 0.0}
            for name, slope in (("a", b - c), ("b", b - c), ("b", a + b), ("c", -a - b)):
                grads[name] += slope
            return [grads["a"], grads["b"], grads["c"]]
        """,
    ],
    wrong=[
        Wrong(
            "the product's slopes swapped",
            edit("dL_ds = d", "dL_ds = s", "dL_dd = s", "dL_dd = d"),
            """You gave each factor its own value as slope. In L = s · d, what happens to L when s grows by a little? It
            grows by that little times the *other* factor.""",
        ),
        Wrong(
            "the sign of the second operand",
            edit("dL_dd * -1.0", "dL_dd * 1.0"),
            """You handed c the slope of d unchanged, as in a sum. But d = b - c: let c grow, and d falls.""",
        ),
        Wrong(
            "one of two paths forgotten",
            edit(" + dL_dd * 1.0", ""),
            """b reaches L on two paths, through s and through d. Your slope for b counts only the path through s.""",
        ),
        Wrong(
            "the last path only",
            edit("dL_ds * 1.0 + dL_dd * 1.0", "dL_dd * 1.0"),
            """b reaches L on two paths, through s and through d. Your slope for b counts only the path through d: a second
            slope does not replace the first.""",
        ),
        Wrong(
            "local slopes only",
            "def slopes(a, b, c):\n    return 1.0, 2.0, -1.0",
            """These are the slopes of s and d with respect to a, b and c. You want those of L: each local slope is
            multiplied by the slope that has arrived at its node, ∂L/∂s or ∂L/∂d.""",
            also=["def slopes(a, b, c):\n    return 1.0, 1.0, -1.0", "def slopes(a, b, c):\n    return 1.0, 0.0, -1.0"],
        ),
        Wrong(
            "paths multiplied instead of added",
            edit("dL_ds * 1.0 + dL_dd * 1.0", "dL_ds * dL_dd"),
            """Along one path slopes multiply; over several paths they add. b moves L through s *and*, at the same time,
            through d: two changes, and their sum is the change of L.""",
        ),
    ],
)

ONE = "a, b = Value(5.0), Value(3.0)\nout = subtract(a, b)\n"
SENT = "out.grad = 1.0\nout._backward()\n"

subtraction = Exercise(
    "5.2",
    cases=[
        cell(ONE + "isinstance(out, Value)", why="the result of an operation is a Value"),
        cell(ONE + "out.data", why="5 - 3 is 2"),
        cell(ONE + "out._op, len(out._prev)", why="it knows its operation and both operands"),
        cell(ONE + "out._prev[0] is a, out._prev[1] is b", why="`_prev` holds the operands themselves, in order"),
        cell(ONE + SENT + "a.grad, b.grad", why="a - b rises with a and falls with b"),
        cell(
            ONE + SENT.replace("1.0", "-2.0") + "a.grad, b.grad",
            why="what has arrived, -2, is multiplied by the local slopes",
        ),
        cell(
            ONE + "a.grad, b.grad = 10.0, 20.0\n" + SENT + "a.grad, b.grad",
            why="10 and 20 had come from other users: add to them",
        ),
        cell(
            "a = Value(4.0)\nout = subtract(a, a)\n" + SENT + "out.data, a.grad",
            why="a - a is 0 whatever a is: its slope is 0",
        ),
        gradient(
            "subtract(Value(p) * Value(q), Value(q)).data",
            """
            x, y, z = Value(p), Value(q), Value(q)
            product = x * y
            out = subtract(product, z)
            out.grad = 1.0
            out._backward()
            product._backward()
            x.grad, y.grad + z.grad
            """,
            at={"p": 1.5, "q": -2.0},
        ),
    ],
    right=[
        edit(
            "a.grad += out.grad * 1.0", "a.grad = a.grad + out.grad", "b.grad += out.grad * -1.0", "b.grad -= out.grad"
        ),
        """
        class Difference(Value):
            pass

        def subtract(a, b):
            def send():
                for child, local in zip(out._prev, (1.0, -1.0)):
                    child.grad += local * out.grad
            out = Value(a.data - b.data, (a, b), "-")
            out._backward = send
            return out
        """,
    ],
    wrong=[
        Wrong(
            "the sign of the second operand",
            edit("out.grad * -1.0", "out.grad * 1.0"),
            """You send the same slope to both, as in a sum. But when b grows, a - b falls: what is the local slope then?""",
        ),
        Wrong(
            "the signs swapped",
            edit(
                "a.grad += out.grad * 1.0",
                "a.grad += out.grad * -1.0",
                "b.grad += out.grad * -1.0",
                "b.grad += out.grad",
            ),
            """You turned the sign for a and left it for b. Which of the two makes a - b smaller when it grows?""",
        ),
        Wrong(
            "written over, not added",
            edit("a.grad +=", "a.grad =", "b.grad +=", "b.grad ="),
            """With = you throw away what other users of a and b have sent before. Slopes that come along several paths add up.""",
            also=[edit("a.grad +=", "a.grad ="), edit("b.grad +=", "b.grad =")],
        ),
        Wrong(
            "what has arrived is left out",
            edit("out.grad * 1.0", "1.0", "out.grad * -1.0", "-1.0"),
            """You send the local slopes alone. They say how a - b changes; the *final result* changes by out.grad times that.""",
        ),
        Wrong(
            "the product's slopes",
            edit("out.grad * 1.0", "out.grad * b.data", "out.grad * -1.0", "out.grad * a.data"),
            """You multiply by the other operand: that is the rule of a product. The slope of a - b does not depend on how large
            a and b are.""",
            also=[edit("out.grad * 1.0", "out.grad * b.data", "out.grad * -1.0", "out.grad * -a.data")],
        ),
        Wrong(
            "backward not handed over",
            edit("    out._backward = _backward\n", ""),
            """You define `_backward`, but nobody gets it: `out` still has the function that does nothing. A definition inside a
            function is gone when the function returns, unless someone holds it.""",
        ),
        Wrong(
            "backward called instead of handed over",
            edit("out._backward = _backward", "out._backward = _backward()"),
            """With brackets you call `_backward` at once, while out.grad is still 0, and store what it returns, which is None. Store the
            function itself.""",
        ),
        Wrong(
            "a plain number is returned",
            "def subtract(a, b):\n    return a.data - b.data",
            """You return the difference as a plain number. It has forgotten what it was made from, and no slope can travel
            through it: the result must be a Value, with its `_backward`.""",
        ),
        Wrong(
            "operands not remembered",
            edit('(a, b), "-"', '(), "-"'),
            """The result holds no operands in `_prev`. Then no picture can show them, and no backward pass can find its way to them.""",
        ),
    ],
)

BEND = "x = Value({})\nout = tanh(x)\n"
NEURON = """
x1, x2 = Value(0.5), Value(-1.0)
w1, w2 = Value(2.0), Value(1.5)
b = Value(0.25)
p1, p2 = x1 * w1, x2 * w2
s = p1 + p2
n = s + b
o = tanh(n)
o.grad = 1.0
for value in (o, n, s, p1, p2):
    value._backward()
{"x1": x1.grad, "x2": x2.grad, "w1": w1.grad, "w2": w2.grad, "b": b.grad}
"""

bend = Exercise(
    "5.3",
    cases=[
        cell(BEND.format(0.0) + "isinstance(out, Value)", why="the result of an operation is a Value"),
        cell(BEND.format(0.0) + "out.data", why="tanh goes through 0"),
        cell(BEND.format(1.0) + "out.data", why="that is (e² - 1)/(e² + 1)"),
        cell(BEND.format(1.0) + "out._op, len(out._prev)", why="it knows its operation and its operand"),
        cell(BEND.format(0.0) + SENT + "x.grad", why="the curve is steepest at 0, with slope 1"),
        cell(BEND.format(0.5) + SENT + "x.grad", why="1 - tanh²(0.5) is that"),
        cell(
            BEND.format(0.5) + SENT.replace("1.0", "3.0") + "x.grad",
            why="what has arrived, 3, is multiplied by the local slope",
        ),
        cell(
            BEND.format(0.5) + "x.grad = 10.0\n" + SENT + "x.grad", why="10 had come from another user of x: add to it"
        ),
        gradient("tanh(Value(x)).data", "v = Value(x)\nout = tanh(v)\n" + SENT + "v.grad", at={"x": -0.8}),
        cell(NEURON, why="that is what PyTorch finds", torch="neuron"),
        cell(BEND.format(800.0) + SENT + "out.data, x.grad", why="far out the curve is flat at 1"),
        cell(BEND.format(-800.0) + SENT + "out.data, x.grad", why="far out on the left the curve is flat at -1"),
    ],
    right=[
        """
        def tanh(x):
            e = math.exp(-2 * abs(x.data))
            t = math.copysign((1 - e) / (1 + e), x.data)
            out = Value(t, (x,), "tanh")
            def _backward():
                x.grad = x.grad + (1 - out.data ** 2) * out.grad
            out._backward = _backward
            return out
        """,
        edit(
            "math.tanh(x.data)",
            "float(np.tanh(x.data))",
            "def tanh(x):",
            "import numpy as np\n\ndef tanh(x):",
            "1.0 - t * t",
            "(1 - t) * (1 + t)",
        ),
    ],
    wrong=[
        Wrong(
            "the local slope is missing",
            edit(" * (1.0 - t * t)", ""),
            """You pass on what has arrived, unchanged. That would be right if tanh were a straight line of slope 1. It bends: far out almost
            nothing may get through.""",
        ),
        Wrong(
            "1 - x² in place of 1 - t²",
            edit("1.0 - t * t", "1.0 - x.data ** 2"),
            """Your slope squares what goes *in*. The formula squares what comes *out*. At x = 2 yours says -3, and tanh never falls.""",
        ),
        Wrong(
            "the square is missing",
            edit("1.0 - t * t", "1.0 - t"),
            """Your slope is 1 - t. Test it far on the left, where t is -1: it says 2, and the curve is flat there.""",
        ),
        Wrong(
            "the value in place of the slope",
            edit("(1.0 - t * t)", "t"),
            """You multiply by tanh x itself. It is exp whose slope is its own value; the slope of tanh is 1 at 0, where tanh is 0.""",
        ),
        Wrong(
            "tanh overflows",
            edit("math.tanh(x.data)", "(math.exp(2 * x.data) - 1) / (math.exp(2 * x.data) + 1)"),
            """On paper your formula is right. In a machine e^(2x) is larger than any float from about x = 355. Which function of the module
            math knows the answer without it?""",
            also=[
                edit(
                    "math.tanh(x.data)",
                    "(math.exp(x.data) - math.exp(-x.data)) / (math.exp(x.data) + math.exp(-x.data))",
                )
            ],
        ),
        Wrong(
            "written over, not added",
            edit("x.grad +=", "x.grad ="),
            """With = you throw away what other users of x have sent before. Slopes that come along several paths add up.""",
        ),
        Wrong(
            "what has arrived is left out",
            edit("out.grad * (1.0 - t * t)", "1.0 - t * t"),
            """You send the local slope alone. It says how tanh changes; the *final result* changes by out.grad times that.""",
        ),
        Wrong(
            "the slope at the wrong place",
            edit("1.0 - t * t", "1.0 - math.tanh(t) ** 2"),
            """You take tanh of t, so twice in a row. `t` is the tanh already.""",
        ),
    ],
)

REUSED = "x = Value(2.0)\nsquare = x * x\ncube = square * x\ny = square + cube\n"
SEVERAL = """
a, b = Value(-4.0), Value(2.0)
c = a + b
d = a * b + c * c
e = d * c + d * b + c
backward(e)
{"a": a.grad, "b": b.grad}
"""
RECURSIVE = """
def backward(root):
    order, seen = [], set()

    def visit(value):
        if value not in seen:
            seen.add(value)
            for child in value._prev:
                visit(child)
            order.append(value)

    visit(root)
    for value in order:
        if value._prev:
            value.grad = 0.0
    root.grad = 1.0
    for value in reversed(order):
        value._backward()
"""

whole = Exercise(
    "5.4",
    cases=[
        cell(
            "a, b = Value(2.0), Value(-3.0)\ny = a * b\nbackward(y)\ny.grad, a.grad, b.grad",
            why="one product, and y changes as fast as itself",
        ),
        cell(
            "a, b, c = Value(2.0), Value(-3.0), Value(4.0)\ny = a * b + c\nbackward(y)\na.grad, b.grad, c.grad",
            why="the slopes go on to the children's children",
        ),
        cell(REUSED + "backward(y)\nx.grad", why="y = x² + x³ has the slope 2x + 3x², which is 16 at 2"),
        cell(
            REUSED + "backward(y)\ncube.grad, square.grad", why="square is in y once by itself and once times x: 1 + 2"
        ),
        cell(SEVERAL, why="that is what PyTorch finds", torch="several_uses"),
        gradient(
            "x, y = Value(p), Value(q)\ns = x * y + x\n(s * s + s * y).data",
            "x, y = Value(p), Value(q)\ns = x * y + x\nbackward(s * s + s * y)\nx.grad, y.grad",
            at={"p": 1.5, "q": -0.5},
        ),
        cell(
            "x = Value(2.0)\ny = x * x * x\nbackward(y)\nbackward(y)\nx.grad",
            why="the second call adds the same slope, 12, to the leaf",
        ),
        cell(
            "x = Value(2.0)\nbackward(x * x)\nbackward(x * x * x)\nx.grad",
            why="a leaf keeps what an earlier graph has sent it: 4 + 12",
        ),
        cell(
            "x = Value(1.0)\ny = x\nfor _ in range(12):\n    y = y + y\nbackward(y)\nx.grad",
            why="each doubling doubles the slope: 2¹²",
        ),
        cell(
            "x = Value(1.0)\ny = x\nfor _ in range(4999):\n    y = y + x\nbackward(y)\nx.grad",
            why="it is 5,000 times x",
        ),
    ],
    right=[
        """
        def backward(root):
            users, found = {root: 0}, [root]
            for value in found:
                for child in value._prev:
                    if child not in users:
                        users[child] = 0
                        found.append(child)
                    users[child] += 1
                if value._prev:
                    value.grad = 0.0
            root.grad = 1.0
            ready = [root]
            while ready:
                value = ready.pop()
                value._backward()
                for child in value._prev:
                    users[child] -= 1
                    if users[child] == 0:
                        ready.append(child)
        """,
        "from chainrule.value import topological_order\n\n"
        "def backward(root):\n    order = topological_order(root)[::-1]\n    for v in order:\n        v.grad = 0.0 if v._prev else v.grad\n"
        "    root.grad += 1.0\n    [v._backward() for v in order]",
    ],
    wrong=[
        Wrong(
            "no topological order",
            """
            def backward(root):
                root.grad = 1.0
                waiting, seen = [root], {root}
                while waiting:
                    value = waiting.pop(0)
                    value._backward()
                    for child in value._prev:
                        if child not in seen:
                            seen.add(child)
                            waiting.append(child)
            """,
            """Each value sends as soon as you meet it on the way down. A value with several users may then send before all of them
            have sent to it, and what arrives later is never passed on.""",
            also=[
                """
                def backward(root):
                    root.grad = 1.0
                    stack, seen = [root], {root}
                    while stack:
                        value = stack.pop()
                        value._backward()
                        for child in value._prev:
                            if child not in seen:
                                seen.add(child)
                                stack.append(child)
                """,
                """
                def backward(root):
                    order, seen, stack = [], set(), [root]
                    while stack:
                        value = stack.pop()
                        if value in seen:
                            continue
                        seen.add(value)
                        order.append(value)
                        stack.extend(value._prev)
                    for value in order:
                        if value._prev:
                            value.grad = 0.0
                    root.grad = 1.0
                    for value in order:
                        value._backward()
                """,
            ],
        ),
        Wrong(
            "sent once for every path",
            """
            def backward(root):
                root.grad = 1.0

                def send(value):
                    value._backward()
                    for child in value._prev:
                        send(child)

                send(root)
            """,
            """A value is visited once for every path that leads to it, and each time it sends all it has, what it sent before included. It
            must send once, when its grad is complete.""",
        ),
        Wrong(
            "the order not reversed",
            edit("reversed(order)", "order"),
            """You go through the list from the children up. Then each value sends before anything has reached it: zeros travel. The result sends
            first.""",
        ),
        Wrong(
            "no start",
            edit("    root.grad = 1.0\n", ""),
            """Nothing sets the slope of the result itself, so zeros are multiplied all the way down. By how much does root change when root
            grows by 1?""",
        ),
        Wrong(
            "backward twice",
            edit("    for value in order:\n        if value._prev:\n            value.grad = 0.0\n", ""),
            """One call is right; the second goes wrong. The values in the middle still hold the slopes of the first call, add the new ones to them,
            and send both on.""",
        ),
        Wrong(
            "the leaves emptied as well",
            edit("        if value._prev:\n            value.grad = 0.0", "        value.grad = 0.0"),
            """You set every grad to zero, the leaves' too. What they had from earlier calls is gone. Only what was computed starts from zero; leaves
            collect.""",
        ),
        Wrong(
            "recursion too deep",
            RECURSIVE,
            """The order is right, but `visit` calls itself once for every level of the graph, and Python stops at about 1,000 levels. Keep a list of what is
            still to be visited: a list can be as long as you like.""",
        ),
        Wrong(
            "only one level",
            "def backward(root):\n    root.grad = 1.0\n    root._backward()\n    for child in root._prev:\n        child._backward()",
            """You reach the children of the result and stop. The graph goes on below them: their children have to send too, and theirs.""",
        ),
    ],
)

EXERCISES = [by_hand, subtraction, bend, whole]
