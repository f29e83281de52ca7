"""Lesson 10: the checks and the mistakes."""

import numpy as np

from chainrule.course.bank import Exercise, Wrong, cell, edit, gradient

ONE = {"A": np.array([3.0]), "B": np.array([2.0]), "G": np.array([4.0])}
SAME = {
    "A": np.array([[1.5, -2.0], [0.5, 3.0]]),
    "B": np.array([[2.0, 0.5], [-1.5, 4.0]]),
    "G": np.array([[1.0, -0.5], [2.0, 1.5]]),
}
SIX = np.array([[1.0, 2.0], [3.0, -4.0], [5.0, 6.5]])  # (3, 2)
SLOPES = np.array([[1.0, -0.5], [2.0, 1.5], [-3.0, 0.25]])  # (3, 2)
ROW = {"A": SIX, "B": np.array([2.0, -0.5]), "G": SLOPES}
COLUMN = {"A": SIX, "B": np.array([[2.0], [-0.5], [4.0]]), "G": SLOPES}
SMALL = {"A": np.array([1.5]), "B": SIX, "G": SLOPES}
BOTH = {"A": np.array([[1.5], [-1.0], [2.0]]), "B": np.array([0.5, -2.0]), "G": SLOPES}
QUOTIENT = "a, b = Tensor(A), Tensor(B)\nout = divide(a, b)\n"
DIVIDED = QUOTIENT + "out.grad = G\nout._backward()\n"

divide = Exercise(
    "10.1",
    cases=[
        cell(QUOTIENT + "out.data", inputs=ONE, why="3 / 2 is 1.5"),
        cell(
            QUOTIENT + "type(out).__name__, out._op, [out._prev[0] is a, out._prev[1] is b]", inputs=ONE,
            why="it is a Tensor that knows its operation and both operands, in order",
        ),
        cell(DIVIDED + "a.grad", inputs=ONE, why="if a grows by a little, a / 2 grows by half of that; and 4 has arrived"),
        cell(DIVIDED + "b.grad", inputs=ONE, why="a larger divisor makes the quotient smaller: -3 / 2², times the 4 that has arrived"),
        cell(DIVIDED + "a.grad, b.grad", inputs=SAME, why="each place has numbers of its own"),
        cell(DIVIDED + "a.grad", inputs=ROW, why="a was not copied: a slope for each of its numbers"),
        cell(DIVIDED + "b.grad", inputs=ROW, why="each number of b divided three numbers: three shares, summed"),
        cell(DIVIDED + "b.grad", inputs=COLUMN, why="each number of the column divided two numbers; the axis of size 1 stays"),
        cell(DIVIDED + "a.grad", inputs=SMALL, why="one number was divided six times: all six shares are summed"),
        cell(DIVIDED + "a.grad, b.grad", inputs=BOTH, why="both were copied, a along the rows and b along the columns"),
        cell(DIVIDED + "out._backward()\na.grad, b.grad", inputs=SAME, why="what has come before is kept: add to it"),
        cell(
            "a = Tensor(A)\nout = divide(a, a)\nout.grad = G\nout._backward()\na.grad", inputs={k: SAME[k] for k in "AG"},
            why="a / a is 1, whatever a is: the two slopes cancel",
        ),
        gradient(
            "G = np.array([[1.0, -0.5], [2.0, 1.5], [-3.0, 0.25]])\nfloat((divide(Tensor(A), Tensor(B)).data * G).sum())",
            "G = np.array([[1.0, -0.5], [2.0, 1.5], [-3.0, 0.25]])\n" + DIVIDED + "a.grad, b.grad",
            at={k: BOTH[k] for k in "AB"},
        ),
    ],
    right=[
        """
        def divide(a, b):
            out = Tensor(a.data / b.data, (a, b), "/")

            def _backward():
                share = out.grad / b.data
                a.grad += unbroadcast(share, a.data.shape)
                b.grad -= unbroadcast(share * out.data, b.data.shape)

            out._backward = _backward
            return out
        """,
        """
        def divide(top, bottom):
            inverse = bottom.data**-1.0
            out = Tensor(top.data * inverse, (top, bottom), "/")

            def over_copies(g, like):
                front = g.ndim - like.ndim
                copied = tuple(range(front)) + tuple(front + i for i, size in enumerate(like.shape) if size == 1)
                return g.sum(axis=copied).reshape(like.shape)

            def send():
                top.grad = top.grad + over_copies(out.grad * inverse, top.data)
                bottom.grad = bottom.grad + over_copies(-out.grad * top.data * inverse**2, bottom.data)

            out._backward = send
            return out
        """,
    ],
    wrong=[
        Wrong(
            "the sign of the second operand",
            edit("-out.grad", "out.grad"),
            """The size of the slope for b is right and its sign is not. If the divisor grows, does the quotient grow?""",
        ),
        Wrong(
            "the square is missing",
            edit("b.data**2", "b.data"),
            """For b you divide by b once. The quotient is a times 1/b, and the slope of 1/b is -1/b²: near 0 it is much steeper than 1/b.""",
        ),
        Wrong(
            "the product's slopes",
            edit("out.grad / b.data", "out.grad * b.data", "-out.grad * a.data / b.data**2", "out.grad * a.data"),
            """Those are the slopes of a product: each operand gets the other as a factor. Here one operand stands below the line.""",
        ),
        Wrong(
            "what has arrived is left out",
            edit("out.grad / b.data", "np.ones_like(out.data) / b.data", "-out.grad * a.data", "-np.ones_like(out.data) * a.data"),
            """You send on the local slopes as they are. Behind this node there is a network: each local slope is multiplied by what has arrived from there.""",
        ),
        Wrong(
            "handed on as it is",
            edit("unbroadcast(out.grad / b.data, a.data.shape)", "out.grad / b.data", "unbroadcast(-out.grad * a.data / b.data**2, b.data.shape)", "-out.grad * a.data / b.data**2"),
            """The slopes are right, place by place, and have the shape of the result. An operand that was copied is smaller than that: what comes back to its copies has to be summed.""",
            also=[
                edit("a.grad += unbroadcast(out.grad / b.data, a.data.shape)", "a.grad = a.grad + out.grad / b.data", "b.grad += unbroadcast(-out.grad * a.data / b.data**2, b.data.shape)", "b.grad = b.grad - out.grad * a.data / b.data**2"),
                edit("unbroadcast(-out.grad * a.data / b.data**2, b.data.shape)", "-out.grad * a.data / b.data**2"),
            ],
        ),
        Wrong(
            "the operands not copied",
            edit("unbroadcast(out.grad / b.data, a.data.shape)", "unbroadcast(out.grad, a.data.shape) / unbroadcast(np.broadcast_to(b.data, out.data.shape), a.data.shape)",
                 "unbroadcast(-out.grad * a.data / b.data**2, b.data.shape)", "-unbroadcast(out.grad, b.data.shape) * unbroadcast(np.broadcast_to(a.data, out.data.shape), b.data.shape) / b.data**2"),
            """You sum what has arrived and what it belongs to each for itself, and then multiply. At each place the slope must first meet the numbers of that place; the sum over the copies comes last.""",
        ),
        Wrong(
            "written over, not added",
            edit("a.grad +=", "a.grad =", "b.grad +=", "b.grad ="),
            """You write the slopes over what has come before. An operand may have other users, or be on both sides of the line, and then the shares add up.""",
            also=[edit("a.grad +=", "a.grad ="), edit("b.grad +=", "b.grad =")],
        ),
        Wrong(
            "only the numerator",
            edit("        b.grad += unbroadcast(-out.grad * a.data / b.data**2, b.data.shape)\n", ""),
            """The divisor gets nothing. It may well be a weight, or come from one: the result changes with it, so it has a slope.""",
        ),
    ],
)  # fmt: skip

AB = {
    "A": np.array([[1.0, -2.0, 0.5], [0.25, 3.0, -1.0]]),  # (2, 3)
    "B": np.array([[0.5, 1.5], [-1.0, 0.75], [2.0, -0.5]]),  # (3, 2)
    "G": np.array([[1.0, -0.5], [2.0, 1.5]]),  # (2, 2)
}
SQUARES = {
    "A": np.array([[1.0, -2.0], [0.25, 3.0]]),
    "B": np.array([[0.5, 1.5], [-1.0, 0.75]]),
    "G": np.array([[1.0, -0.5], [2.0, 1.5]]),
}
LONG = {"A": np.array([[1.0, -2.0, 0.5]]), "B": np.array([[2.0], [3.0], [-1.0]]), "G": np.array([[2.0]])}
MADE = "a, b = Tensor(A), Tensor(B)\nout = matmul(a, b)\n"
SENT = MADE + "out.grad = G\nout._backward()\n"

matmul = Exercise(
    "10.2",
    cases=[
        cell(MADE + "out.data", inputs=LONG, why="1 · 2 - 2 · 3 - 0.5 · 1 is -4.5"),
        cell(
            MADE + "type(out).__name__, out._op, [out._prev[0] is a, out._prev[1] is b]", inputs=LONG,
            why="it is a Tensor that knows its operation and both operands, in order",
        ),
        cell(SENT + "a.grad", inputs=LONG, why="each number of the row is multiplied by one of the column: that one, times 2"),
        cell(SENT + "b.grad", inputs=LONG, why="each number of the column is multiplied by one of the row: that one, times 2"),
        cell(SENT + "a.grad", inputs=AB, why="it is G @ B.T, of the shape of A"),
        cell(SENT + "b.grad", inputs=AB, why="it is A.T @ G, of the shape of B"),
        cell(SENT + "a.grad, b.grad", inputs=SQUARES, why="with square matrices every order fits, and only one is right"),
        cell(SENT + "[a.grad, b.grad]", inputs=AB, torch="product", why="that is what PyTorch finds"),
        cell(SENT + "out._backward()\na.grad, b.grad", inputs=SQUARES, why="what has come before is kept: add to it"),
        cell(
            "a = Tensor(A)\nout = matmul(a, a)\nout.grad = G\nout._backward()\na.grad", inputs={k: SQUARES[k] for k in "AG"},
            why="both operands are the same tensor: it gets the sum of both slopes",
        ),
        gradient(
            "G = np.array([[1.0, -0.5], [2.0, 1.5]])\nfloat((matmul(Tensor(A), Tensor(B)).data * G).sum())",
            "G = np.array([[1.0, -0.5], [2.0, 1.5]])\n" + SENT + "a.grad, b.grad",
            at={k: AB[k] for k in "AB"},
        ),
    ],
    right=[
        """
        def matmul(a, b):
            return operation("@", a.data @ b.data, (a, lambda g: g @ b.data.T), (b, lambda g: a.data.T @ g))
        """,
        """
        def matmul(left, right):
            out = Tensor(np.einsum("ik,kj->ij", left.data, right.data), (left, right), "@")

            def send():
                left.grad = left.grad + np.einsum("ij,kj->ik", out.grad, right.data)
                right.grad = right.grad + np.einsum("ik,ij->kj", left.data, out.grad)

            out._backward = send
            return out
        """,
    ],
    wrong=[
        Wrong(
            "not transposed",
            edit("out.grad @ b.data.T", "out.grad @ b.data", "a.data.T @ out.grad", "a.data @ out.grad"),
            """You multiply by the other operand as it is. Write the index formula: the sum runs over the *columns* of both factors for a, over the *rows* of both for b. A product does not sum that way unless one
            factor is turned.""",
            also=[edit("out.grad @ b.data.T", "out.grad @ b.data"), edit("a.data.T @ out.grad", "a.data @ out.grad")],
        ),
        Wrong(
            "the factors in the wrong order",
            edit("out.grad @ b.data.T", "b.data.T @ out.grad", "a.data.T @ out.grad", "out.grad @ a.data.T"),
            """The transposed factor stands on the wrong side. a was the left factor, so its slope has the rows of `out.grad`: which one must stand left?""",
            also=[edit("out.grad @ b.data.T", "b.data.T @ out.grad"), edit("a.data.T @ out.grad", "out.grad @ a.data.T")],
        ),
        Wrong(
            "the operands swapped",
            edit("out.grad @ b.data.T", "out.grad @ a.data.T", "a.data.T @ out.grad", "b.data.T @ out.grad"),
            """Each operand gets its own numbers back. As in a product of numbers, the slope for one factor is made with the *other* one.""",
        ),
        Wrong(
            "a transposed result",
            edit("out.grad @ b.data.T", "(out.grad @ b.data.T).T", "a.data.T @ out.grad", "(a.data.T @ out.grad).T"),
            """The products are right and lie on their side. The slope for an operand has the shape of that operand.""",
        ),
        Wrong(
            "place by place",
            edit("a.data @ b.data, (a, b)", "a.data * b.data.T, (a, b)", "out.grad @ b.data.T", "out.grad * b.data.T", "a.data.T @ out.grad", "(a.data * out.grad).T"),
            """You multiply place by place. In a product of matrices each place of the result is a whole row times a whole column, added up.""",
        ),
        Wrong(
            "written over, not added",
            edit("a.grad +=", "a.grad =", "b.grad +=", "b.grad ="),
            """With = you throw away what other users of a and b have sent before. Slopes that come along several paths add up.""",
            also=[edit("a.grad +=", "a.grad ="), edit("b.grad +=", "b.grad =")],
        ),
        Wrong(
            "what has arrived is left out",
            edit("out.grad @ b.data.T", "np.ones_like(out.grad) @ b.data.T", "a.data.T @ out.grad", "a.data.T @ np.ones_like(out.grad)"),
            """out.grad does not occur in what you send. Yours would be right if the loss were the sum of the result, with all slopes 1.""",
        ),
        Wrong(
            "summed before the product",
            edit("out.grad @ b.data.T", "out.grad.sum(axis=1, keepdims=True) * b.data.sum(axis=1)", "a.data.T @ out.grad", "a.data.sum(axis=0)[:, None] * out.grad.sum(axis=0)"),
            """You add up rows and columns first and multiply the sums. The shape fits, the numbers do not: what belongs to the same index must be multiplied before it is summed.""",
            also=[edit("a.data.T @ out.grad", "a.data.sum(axis=0)[:, None] * out.grad.sum(axis=0)")],
        ),
        Wrong(
            "backward not handed over",
            edit("    out._backward = _backward\n", ""),
            """You define `_backward`, but nobody gets it: `out` still has the function that does nothing.""",
        ),
        Wrong(
            "operands not remembered",
            edit('(a, b), "@"', '(), "@"'),
            """The result holds no operands in `_prev`. Then no backward pass can find its way to them.""",
        ),
    ],
)  # fmt: skip

F64 = "dtype=chainrule.float64, requires_grad=True"
APPLIED = "u = chainrule.tensor(at, " + F64 + ")\nout = LegendreP3.apply(u)\n"

FIT_P3 = """
x = chainrule.linspace(-math.pi, math.pi, 2000)
y = chainrule.sin(x)
weights = [chainrule.tensor(w, requires_grad=True) for w in (0.0, -1.0, 0.0, 0.3)]
for step in range(100):
    a, b, c, d = weights
    loss = ((a + b * LegendreP3.apply(c + d * x) - y) ** 2).sum()
    loss.backward()
    with chainrule.no_grad():
        for w in weights:
            w -= 5e-6 * w.grad
            w.grad = None
loss.item()
"""

legendre = Exercise(
    "10.3",
    cases=[
        cell(APPLIED + "out.tolist()", inputs={"at": [1.0]}, why="½(5 - 3) is 1"),
        cell(APPLIED + "out.tolist()", inputs={"at": [2.0, -0.5]}, why="½(40 - 6) is 17, and ½(-0.625 + 1.5) is 0.4375"),
        cell(APPLIED + "out", inputs={"at": [2.0, -0.5]}, why="the result is a tensor"),
        cell(APPLIED + "out.sum().backward()\nu.grad.tolist()", inputs={"at": [1.0]}, why="½(15 - 3) is 6"),
        cell(APPLIED + "out.sum().backward()\nu.grad.tolist()", inputs={"at": [0.0, 2.0, -0.5]}, why="the slope is ½(15u² - 3): -1.5 at 0, 28.5 at 2"),
        cell(
            APPLIED + "(out * chainrule.tensor([3.0, -1.0])).sum().backward()\nu.grad.tolist()", inputs={"at": [2.0, -0.5]},
            why="what has arrived, 3 and -1, is multiplied by the local slopes",
        ),
        cell(APPLIED + "out.sum().backward()\nu.grad.tolist()", inputs={"at": [[0.5, 1.5], [-1.0, 0.25]]}, why="it works place by place, on any shape"),
        gradient(
            "LegendreP3.apply(chainrule.tensor(at, dtype=chainrule.float64)).sum().item()",
            APPLIED + "out.sum().backward()\nu.grad.numpy()",
            at={"at": np.array([0.3, -1.2])},
        ),
        cell(FIT_P3, torch="a_hundred_steps", rtol=1e-5, why="that is the loss PyTorch finds at step 99 of the fit to the sine"),
    ],
    right=[
        """
        class LegendreP3(chainrule.autograd.Function):
            @staticmethod
            def forward(ctx, u):
                square = u * u
                ctx.slope = 7.5 * square - 1.5
                return u * (2.5 * square - 1.5)

            @staticmethod
            def backward(ctx, g):
                return ctx.slope * g
        """,
        """
        class LegendreP3(chainrule.autograd.Function):
            @staticmethod
            def forward(u):
                x = u.detach().numpy()
                return chainrule.tensor(0.5 * (5 * x**3 - 3 * x))

            @staticmethod
            def setup_context(ctx, inputs, output):
                ctx.save_for_backward(*inputs)

            @staticmethod
            def backward(ctx, up):
                u, = ctx.saved_tensors
                return up * (15 * u * u - 3) / 2
        """,
    ],
    wrong=[
        Wrong(
            "what has arrived is left out",
            edit("return g * 1.5", "return 1.5"),
            """You return the local slope alone. It says how P changes; the *loss* changes by g times that.""",
        ),
        Wrong(
            "the half is missing in the slope",
            edit("g * 1.5 * (5 * u**2 - 1)", "g * 3 * (5 * u**2 - 1)"),
            """Your slope is that of 5u³ - 3u. The polynomial has the factor ½ before it, and so has its slope.""",
        ),
        Wrong(
            "the half is missing",
            edit("return 0.5 * (5", "return 1.0 * (5", "g * 1.5", "g * 3"),
            """You compute 5u³ - 3u. P₃ is half of it: at u = 1 every Legendre polynomial is 1.""",
            also=[edit("return 0.5 * (5", "return 1.0 * (5")],
        ),
        Wrong(
            "the exponent not lowered",
            edit("(5 * u**2 - 1)", "(5 * u**3 - u)"),
            """The power in your slope is as high as in the polynomial. When u³ changes, it changes by 3u².""",
        ),
        Wrong(
            "the slope of the second term is lost",
            edit("(5 * u**2 - 1)", "5 * u**2"),
            """The term -3u has a slope too. At u = 0 the curve falls, and yours is flat there.""",
            also=[edit("1.5 * (5 * u**2 - 1)", "0.5 * (15 * u**2 - 3 * u)")],
        ),
        Wrong(
            "the sign of the second term",
            edit("(5 * u**2 - 1)", "(5 * u**2 + 1)"),
            """The second term is -3u: it falls when u grows. Your slope counts it as rising.""",
        ),
        Wrong(
            "the value in place of the slope",
            edit("g * 1.5 * (5 * u**2 - 1)", "g * 0.5 * (5 * u**3 - 3 * u)"),
            """You multiply by the polynomial itself. How fast it changes is its derivative.""",
        ),
        Wrong(
            "the result kept in place of the input",
            edit("        ctx.save_for_backward(u)\n        return 0.5 * (5 * u**3 - 3 * u)", "        out = 0.5 * (5 * u**3 - 3 * u)\n        ctx.save_for_backward(out)\n        return out"),
            """You keep the result and put it into the slope's formula. That formula is about u, what went in.""",
        ),
        Wrong(
            "summed to one number",
            edit("return g * 1.5 * (5 * u**2 - 1)", "return (g * 1.5 * (5 * u**2 - 1)).sum()"),
            """You add up the slopes. Each number of u has its own, so what you return has the shape of u.""",
        ),
        Wrong(
            "an array in place of a tensor",
            edit("return 0.5 * (5 * u**3 - 3 * u)", "return 0.5 * (5 * u.detach().numpy()**3 - 3 * u.detach().numpy())"),
            """`forward` returns a NumPy array. Whoever goes on computing with it needs a tensor: it is the tensor that knows the graph.""",
        ),
        Wrong(
            "the polynomial before",
            edit("0.5 * (5 * u**3 - 3 * u)", "0.5 * (3 * u**2 - 1)", "g * 1.5 * (5 * u**2 - 1)", "g * 3 * u"),
            """That is P₂, the one in the text. Here P₃ is asked for.""",
        ),
    ],
)  # fmt: skip

DATA = "x = chainrule.linspace(-3.0, 3.0, 40, dtype=chainrule.float64)\ny = chainrule.sin(x)\n"
FIT_100 = "x = chainrule.linspace(-math.pi, math.pi, 2000)\nfit(x, chainrule.sin(x), 100, 5e-6)[0][99]"

fit = Exercise(
    "10.4",
    uses=["10.3"],
    cases=[
        cell(DATA + "fit(x, y, 1, 1e-4)[0]", why="before the first step the loss is that of the start"),
        cell(DATA + "fit(x, y, 1, 1e-4)[1]", why="each weight has made one step downhill"),
        cell(DATA + "fit(x, y, 3, 1e-4)[0]", why="each step begins with slopes of its own, and the loss falls"),
        cell(DATA + "fit(x, y, 3, 1e-4)[1]", why="three steps downhill"),
        cell(DATA + "fit(x, y, 0, 1e-4)", why="without a step there are no losses, and the weights are those of the start"),
        cell(FIT_100, torch="a_hundred_steps", rtol=1e-5, why="that is the loss PyTorch finds at step 99 of the fit to the sine"),
    ],
    right=[
        """
        def fit(x, y, steps, lr):
            weights = [chainrule.tensor(w, dtype=x.dtype, requires_grad=True) for w in (0.0, -1.0, 0.0, 0.3)]
            optimizer = chainrule.optim.SGD(weights, lr=lr)
            losses = []
            for _ in range(steps):
                a, b, c, d = weights
                optimizer.zero_grad()
                loss = (a + b * LegendreP3.apply(c + d * x) - y).pow(2).sum()
                loss.backward()
                optimizer.step()
                losses.append(float(loss))
            return losses, [float(w) for w in weights]
        """,
        """
        def fit(x, y, steps, lr):
            leaf = lambda number: chainrule.tensor(number, dtype=x.dtype, requires_grad=True)
            a, b, c, d = leaf(0.0), leaf(-1.0), leaf(0.0), leaf(0.3)
            losses = []
            while len(losses) < steps:
                error = a + b * LegendreP3.apply(c + d * x) - y
                loss = (error * error).sum()
                loss.backward()
                losses.append(loss.item())
                a, b, c, d = (leaf(w.item() - lr * w.grad.item()) for w in (a, b, c, d))
            return losses, [a.item(), b.item(), c.item(), d.item()]
        """,
    ],
    wrong=[
        Wrong(
            "slopes never reset",
            edit("                w.grad = None\n", ""),
            """Nothing sets the slopes back. `backward` adds to them, so each step follows the sum of all slopes so far: it gathers speed and shoots over the goal.""",
        ),
        Wrong(
            "the weights stay where they were",
            """
            def fit(x, y, steps, lr):
                weights = [chainrule.tensor(w, dtype=x.dtype, requires_grad=True) for w in (0.0, -1.0, 0.0, 0.3)]
                losses = []
                for _ in range(steps):
                    a, b, c, d = weights
                    loss = ((a + b * LegendreP3.apply(c + d * x) - y) ** 2).sum()
                    losses.append(loss.item())
                    loss.backward()
                    with chainrule.no_grad():
                        for w in weights:
                            w.grad.zero_()
                            w -= lr * w.grad
                return losses, [w.item() for w in weights]
            """,
            """Your weights never move. Two things do that: the slopes are set to zero before the step uses them; or `w = w - ...` makes a new tensor and gives it the name w, while the list still holds the old one.""",
            also=[
                edit("w -= lr * w.grad", "w = w - lr * w.grad"),
                """
                def fit(x, y, steps, lr):
                    weights = [chainrule.tensor(w, dtype=x.dtype, requires_grad=True) for w in (0.0, -1.0, 0.0, 0.3)]
                    losses = []
                    for _ in range(steps):
                        a, b, c, d = weights
                        loss = ((a + b * LegendreP3.apply(c + d * x) - y) ** 2).sum()
                        losses.append(loss.item())
                        loss.backward()
                        for w in weights:
                            w.grad = None
                        with chainrule.no_grad():
                            for w in weights:
                                w -= lr * w.grad
                    return losses, [w.item() for w in weights]
                """
            ],
        ),
        Wrong(
            "the step recorded",
            edit("        with chainrule.no_grad():\n            for w in weights:\n                w -= lr * w.grad\n                w.grad = None", "        for w in weights:\n            w -= lr * w.grad\n            w.grad = None"),
            """The step is a formula like any other, and formulas are recorded: changing a recorded leaf in place is refused. The step is no part of what you differentiate; say so.""",
        ),
        Wrong(
            "the weights turned into results",
            edit("        with chainrule.no_grad():\n            for w in weights:\n                w -= lr * w.grad\n                w.grad = None", "        weights = [w - lr * w.grad for w in weights]"),
            """`w - lr * w.grad` is a result, in the middle of a graph, and results keep no grad. The first step works, and the second finds None. Change the weights themselves.""",
        ),
        Wrong(
            "uphill",
            edit("w -= lr", "w += lr"),
            """Your step goes the way the slope points, and that is up.""",
        ),
        Wrong(
            "the mean in place of the sum",
            edit("** 2).sum()", "** 2).mean()"),
            """Your loss is the mean of the squares. The sum was asked for: with the mean, the slopes are smaller by the number of points, and the same learning rate hardly moves.""",
        ),
        Wrong(
            "the loss after the step",
            edit("        losses.append(loss.item())\n", "", "                w.grad = None\n", "                w.grad = None\n            losses.append(((a + b * LegendreP3.apply(c + d * x) - y) ** 2).sum().item())\n"),
            """Your list holds the losses after each step. Asked was the loss of each step *before* it is made: the first one is that of the start.""",
        ),
        Wrong(
            "tensors kept in place of numbers",
            edit("losses.append(loss.item())", "losses.append(loss)"),
            """You collect tensors. Each of them holds the whole graph of its step, with all its arrays. Keep the number.""",
            also=[edit("losses.append(loss.item())", "losses.append(loss.detach())"), edit("losses.append(loss.item())", "losses.append(loss)", "[w.item() for w in weights]", "weights")],
        ),
        Wrong(
            "the learning rate is left out",
            edit("w -= lr * w.grad", "w -= w.grad"),
            """The step is the whole slope. A sum over the points is steep: that leaps far beyond the valley. How far to go is what `lr` is for.""",
        ),
    ],
)  # fmt: skip

EXERCISES = [divide, matmul, legendre, fit]
