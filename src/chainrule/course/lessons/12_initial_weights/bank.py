"""Lesson 12: the checks and the mistakes."""

import numpy as np

from chainrule.course.bank import Exercise, Wrong, call, cell, edit

# Weights are random, and answers may draw them in any way: their means are compared, over so many that chance does not show.
MANY = "W = he(np.random.default_rng(5), {}, {})\n"

weights = Exercise(
    "12.1",
    cases=[
        cell(MANY.format(3, 5) + "W.shape", why="a row for each neuron, a column for each input"),
        cell(MANY.format(300, 600) + "bool(abs(W.mean() * 600**0.5) < 0.05)", why="the mean is 0: as many pull up as down"),
        cell(MANY.format(600, 600) + "float((W**2).mean() * 600)", rtol=0.05, why="600 inputs: the mean square is 2/600"),
        cell(MANY.format(200, 1800) + "float((W**2).mean() * 1800)", rtol=0.05, why="1800 inputs: the mean square is 2/1800, whatever the number of neurons"),
        cell(MANY.format(1800, 200) + "float((W**2).mean() * 200)", rtol=0.05, why="200 inputs: the mean square is 2/200, whatever the number of neurons"),
        cell(MANY.format(50, 400) + "len(np.unique(W.round(12), axis=0))", why="no two of the 50 neurons are alike"),
        cell(MANY.format(400, 50) + "len(np.unique(W.round(12), axis=1).T)", why="no two of the 50 inputs are weighted alike"),
        cell(
            "same = [he(np.random.default_rng(3), 4, 6) for _ in range(2)]\nbool(np.array_equal(*same))",
            why="the same seed gives the same weights: a run can be repeated",
        ),
        cell(
            "rng = np.random.default_rng(3)\none, other = he(rng, 4, 6), he(rng, 4, 6)\nbool(np.array_equal(one, other))",
            why="the next layer gets other numbers from the same generator",
        ),
    ],
    right=[
        "def he(rng, n_out, n_in):\n    r = np.sqrt(6 / n_in)\n    return rng.uniform(-r, r, (n_out, n_in))",
        """
        def he(rng, n_out, n_in):
            rows = []
            for _ in range(n_out):
                rows.append([rng.normal(0, (2 / n_in) ** 0.5) for _ in range(n_in)])
            return np.array(rows)
        """,
        "def he(rng, n_out, n_in):\n    return rng.choice([-1.0, 1.0], (n_out, n_in)) * rng.uniform(0.0, (6 / n_in) ** 0.5, (n_out, n_in))",
    ],
    wrong=[
        Wrong(
            "uniform(-1, 1) whatever the width",
            "def he(rng, n_out, n_in):\n    return rng.uniform(-1, 1, (n_out, n_in))",
            """The size of your weights does not depend on how many inputs there are. A sum of n random terms grows like the root of n, so a wide layer's sums explode, and the more layers, the worse.""",
            also=["def he(rng, n_out, n_in):\n    return rng.normal(size=(n_out, n_in))", "def he(rng, n_out, n_in):\n    return 0.01 * rng.normal(size=(n_out, n_in))"],
        ),
        Wrong(
            "the fan-out in place of the fan-in",
            edit("2 / n_in", "2 / n_out"),
            """You scale by the number of neurons. What a neuron adds up is as long as the number of its *inputs*. For square layers nobody notices.""",
        ),
        Wrong(
            "the mean square in place of its root",
            edit("np.sqrt(2 / n_in)", "(2 / n_in)"),
            """You multiply by 2/n. That would be the right mean *square*; multiplying by s multiplies the mean square by s².""",
        ),
        Wrong(
            "1/n, as for tanh",
            edit("2 / n_in", "1 / n_in"),
            """Your mean square is 1/n. That keeps the size of the sums, but behind ReLU half of them become 0, and the size shrinks from layer to layer.""",
        ),
        Wrong(
            "the limits of uniform without the 3",
            "def he(rng, n_out, n_in):\n    r = np.sqrt(2 / n_in)\n    return rng.uniform(-r, r, (n_out, n_in))",
            """You draw evenly between plus and minus the root of 2/n. The mean square of uniform(-r, r) is not r², it is a third of it.""",
        ),
        Wrong(
            "Glorot's scale",
            edit("2 / n_in", "2 / (n_in + n_out)"),
            """You take the fan-in and the fan-out together. That is the compromise for tanh; for ReLU twice 1 over the fan-in was asked for.""",
        ),
        Wrong(
            "all the same",
            "def he(rng, n_out, n_in):\n    return np.full((n_out, n_in), np.sqrt(2 / n_in))",
            """All your weights are equal. Then all neurons of a layer compute the same, get the same slopes and stay equal for ever. They have to be random.""",
            also=["def he(rng, n_out, n_in):\n    return np.zeros((n_out, n_in))", "def he(rng, n_out, n_in):\n    return np.ones((n_out, n_in))"],
        ),
        Wrong(
            "one row for all neurons",
            edit("rng.normal(size=(n_out, n_in))", "np.ones((n_out, 1)) * rng.normal(size=n_in)"),
            """Your rows are copies of one another: the numbers are random, and all neurons have the same ones. What is equal at the start stays equal.""",
        ),
        Wrong(
            "transposed",
            edit("size=(n_out, n_in)", "size=(n_in, n_out)"),
            """Your weights lie on their side. Here W is (out, in): a row for each neuron.""",
        ),
        Wrong(
            "never below 0",
            "def he(rng, n_out, n_in):\n    r = np.sqrt(6 / n_in)\n    return rng.uniform(0, r, (n_out, n_in))",
            """All your weights are positive. Then the products do not cancel: the sum grows like n, not like its root, and all neurons say much the same. The mean must be 0.""",
            also=["def he(rng, n_out, n_in):\n    return rng.random((n_out, n_in)) * np.sqrt(2 / n_in)", "def he(rng, n_out, n_in):\n    return np.abs(rng.normal(size=(n_out, n_in))) * np.sqrt(2 / n_in)"],
        ),
        Wrong(
            "another generator",
            edit("rng.normal", "np.random.normal"),
            """You draw from NumPy's global generator and ignore `rng`. Then whoever calls you cannot repeat a run by giving the same seed.""",
        ),
        Wrong(
            "the same numbers in each layer",
            edit("rng.normal", "np.random.default_rng(0).normal"),
            """You make a generator of your own with a fixed seed, so every layer of the same shape gets the same numbers. Use the `rng` that is given: it goes on where it stopped.""",
        ),
    ],
)  # fmt: skip

X = np.array([[1.0, -2.0], [0.5, 3.0], [-1.5, 0.25]])
FIRST = np.array([[1.0, -0.5], [0.5, 2.0], [-1.0, 1.5]])  # (3, 2)
SECOND = np.array([[1.0, -1.0, 0.5], [0.25, 2.0, 1.0], [-0.5, 1.0, 1.5]])  # (3, 3)
THIRD = np.array([[0.5, -1.0, 2.0]])  # (1, 3)
LAYERS = {"x": X, "A": FIRST, "B": SECOND, "C": THIRD}
PARTS = {1: {"x": X, "A": FIRST}, 2: {"x": X, "A": FIRST, "B": SECOND}, 3: LAYERS}
EVEN = {  # two layers as wide as their inputs
    "x": X,
    "A": np.array([[1.0, -0.5], [0.5, 2.0]]),
    "B": np.array([[-1.0, 1.5], [0.25, 0.75]]),
}
LISTS = {1: "[A]", 2: "[A, B]", 3: "[A, B, C]"}
IDENTITY, RELU, TANH = "lambda z: z", "lambda z: np.maximum(z, 0)", "np.tanh"


def through(name, f, count, why, after=""):
    return cell(f"{name}(x, {LISTS[count]}, {f}){after}", inputs=PARTS[count], why=why)


sizes = Exercise(
    "12.2",
    cases=[
        cell(
            "sizes(np.array([[3.0]]), [np.array([[2.0]])], lambda z: z)", why="one number, 3 · 2 = 6, and its RMS is its size",
        ),
        through("sizes", IDENTITY, 1, "square all nine, take the mean, take the root"),
        through("sizes", RELU, 1, "what ReLU sends, its zeros included, has this RMS"),
        through("sizes", IDENTITY, 2, "the second layer gets what the first one sent"),
        through("sizes", RELU, 3, "each layer gets what the one before it sent"),
        through("sizes", TANH, 3, "each layer gets what the one before it sent, bent"),
        cell("sizes(x, [A, B], np.tanh)", inputs=EVEN, why="where every shape fits, too, each layer gets what the one before it sent"),
        cell("len(sizes(x, [A, B], np.tanh))", inputs=PARTS[2], why="there is one number for each layer"),
    ],
    right=[
        """
        def sizes(x, weights, f):
            if not len(weights):
                return []
            sent = f(np.einsum("ni,oi->no", x, weights[0]))
            return [np.linalg.norm(sent) / np.sqrt(sent.size)] + sizes(sent, weights[1:], f)
        """,
        """
        def sizes(x, weights, f):
            sent = [x]
            for W in weights:
                sent.append(f((W @ sent[-1].T).T))
            return [(a * a).mean() ** 0.5 for a in sent[1:]]
        """,
    ],
    wrong=[
        Wrong(
            "the network's input for every layer",
            edit("a = f(a @ W.T)", "a = f(x @ W.T) if x.shape[1] == W.shape[1] else f(a @ W.T)"),
            """You feed x to every layer. Only the first one gets it; each other one gets what the layer before it sent.""",
            also=[edit("f(a @ W.T)", "f(x @ W.T)")],
        ),
        Wrong(
            "no bend between the layers",
            edit("f(a @ W.T)", "a @ W.T"),
            """You never call f. What a layer sends are its sums, bent.""",
        ),
        Wrong(
            "the sums in place of what was sent",
            edit("        a = f(a @ W.T)\n        found.append(float(np.sqrt(np.mean(a**2))))", "        z = a @ W.T\n        a = f(z)\n        found.append(float(np.sqrt(np.mean(z**2))))"),
            """You measure the sums before the bend. Asked is the size of what each layer *sends*.""",
        ),
        Wrong(
            "the standard deviation",
            edit("np.sqrt(np.mean(a**2))", "np.std(a)"),
            """The standard deviation takes off the mean first. What ReLU sends has a mean above 0, and the next layer multiplies that too.""",
        ),
        Wrong(
            "the root is missing",
            edit("np.sqrt(np.mean(a**2))", "np.mean(a**2)"),
            """This is the mean square. Take its root, so that it has the same unit as the numbers themselves.""",
        ),
        Wrong(
            "the mean of the absolute values",
            edit("np.sqrt(np.mean(a**2))", "np.mean(np.abs(a))"),
            """You average the sizes. That is another measure: large numbers count for less than in the RMS, and the rule for sums is about squares.""",
        ),
        Wrong(
            "the mean, signs and all",
            edit("np.sqrt(np.mean(a**2))", "np.mean(a)"),
            """In a plain mean, plus and minus cancel. A layer may send large numbers with a mean of 0. Square first.""",
        ),
        Wrong(
            "the root of the sum",
            edit("np.sqrt(np.mean(a**2))", "np.sqrt(np.sum(a**2))"),
            """You add up the squares and do not divide by how many there are. Then a wider layer looks larger though its numbers are not.""",
        ),
        Wrong(
            "the input measured as well",
            edit("a, found = x, []", "a, found = x, [float(np.sqrt(np.mean(x**2)))]"),
            """Your list begins with the size of x. Asked is one number for each layer.""",
        ),
        Wrong(
            "not transposed",
            edit("a @ W.T", "a @ W"),
            """W is (out, in), a row for each neuron. The examples are rows too, so for a product of rows with rows the right factor is transposed.""",
        ),
    ],
)  # fmt: skip

SUMS = np.array([[1.0, -2.0, 0.5, -0.1], [-1.0, -0.5, 2.0, -3.0], [0.5, -1.0, 1.0, -0.2]])

dead = Exercise(
    "12.3",
    cases=[
        call("dead", np.array([[-1.0], [2.0]]), why="the second example switches the neuron on"),
        call("dead", np.array([[-1.0], [-2.0]]), why="no example switches it on"),
        call("dead", SUMS, why="the columns 1 and 3 have no sum above 0"),
        call("dead", np.array([[-1.0, 2.0], [-2.0, 1.0], [-0.5, 3.0]]), why="only the first of the two neurons is dead"),
        call("dead", np.array([[3.0, -1.0], [-3.0, -1.0], [-1.0, 1.0]]), why="both are on for some example, though one column sums to less than 0"),
        call("dead", np.array([[-1.0, -2.0, -3.0], [1.0, 2.0, 0.5]]), why="for the first example all are off, but no neuron is off for both"),
        call("dead", np.array([[0.0, 1.0], [0.0, -1.0]]), why="a sum of exactly 0 is off"),
    ],
    right=[
        """
        def dead(sums):
            count = 0
            for neuron in sums.T:
                if not any(z > 0 for z in neuron):
                    count += 1
            return count
        """,
        "def dead(sums):\n    return np.count_nonzero(sums.max(axis=0) <= 0)",
        "def dead(sums):\n    return sums.shape[1] - len(np.unique(np.nonzero(sums > 0)[1]))",
    ],
    wrong=[
        Wrong(
            "off for some example",
            edit("(sums > 0).any(axis=0)", "(sums > 0).all(axis=0)"),
            """You count neurons that are off for at least one example. That is what a ReLU is for. Dead is one that is off for *all*.""",
        ),
        Wrong(
            "along the wrong axis",
            edit("axis=0", "axis=1"),
            """You count examples for which all neurons are off. A neuron is a column: look down the column.""",
        ),
        Wrong(
            "the living counted",
            edit("~on_for_some", "on_for_some"),
            """You count the neurons that some example switches on. Those are the ones that live.""",
        ),
        Wrong(
            "how many sums are off",
            edit("on_for_some = (sums > 0).any(axis=0)", "on_for_some = sums > 0"),
            """You count single sums, not neurons. Half of all sums being off is normal. First ask each neuron whether any example switches it on.""",
        ),
        Wrong(
            "which part, not how many",
            edit("int((~on_for_some).sum())", "float((~on_for_some).mean())"),
            """You return the part that is dead. Asked is how many neurons.""",
        ),
        Wrong(
            "added up before asking",
            edit("(sums > 0).any(axis=0)", "sums.sum(axis=0) > 0"),
            """You add up the sums of all examples first. A neuron with one large positive and several negative sums is on for that one, and learns from it.""",
            also=[edit("(sums > 0).any(axis=0)", "sums.mean(axis=0) > 0")],
        ),
        Wrong(
            "0 counted as on",
            edit("sums > 0", "sums >= 0"),
            """You count a sum of exactly 0 as on. ReLU sends 0 there, and its slope is taken as 0.""",
        ),
        Wrong(
            "the first example only",
            edit("(sums > 0).any(axis=0)", "sums[0] > 0"),
            """You look at one example only. Another may switch the neuron on.""",
        ),
    ],
)  # fmt: skip

AGAIN = """
new = calibrated(x, {layers}, {f})
a, found = x, []
for W in new:
    z = a @ W.T
    found.append(float(np.sqrt(np.mean(z**2))))
    a = ({f})(z)
found
"""


def again(f, count, why):
    return cell(AGAIN.format(layers=LISTS[count], f=f), inputs=PARTS[count], why=why)


calibrate = Exercise(
    "12.4",
    cases=[
        cell(
            "calibrated(np.array([[3.0]]), [np.array([[2.0]])], lambda z: z)", why="the only sum is 6, so the weight is divided by 6",
        ),
        through("calibrated", IDENTITY, 1, "the weights are divided by the RMS of their sums"),
        again(IDENTITY, 2, "in the new network the sums of both layers have the RMS 1"),
        again(RELU, 2, "in the new network the sums of both layers have the RMS 1"),
        again(TANH, 3, "in the new network the sums of all three layers have the RMS 1"),
        through("calibrated", TANH, 3, "each matrix is multiplied by one positive number"),
        cell(
            "calibrated(x, [A, B, C], np.tanh)\n[float(A[0, 0]), float(B[0, 0]), float(C[0, 0])]", inputs=LAYERS,
            why="the weights that were given stay as they are",
        ),
        cell(
            AGAIN.format(layers="[A, B]", f="np.tanh"),
            inputs=EVEN,
            why="in the new network the sums of both layers have the RMS 1",
        ),
        cell(
            "weights = [A, B, C]\nnew = calibrated(x, weights, np.tanh)\n[weights[0] is A, weights[1] is B, len(new)]", inputs=LAYERS,
            why="the list that was given stays as it is",
        ),
    ],
    right=[
        """
        def calibrated(x, weights, f):
            new = []
            for i, W in enumerate(weights):
                a = x
                for done in new:
                    a = f(a @ done.T)
                new.append(W * (np.mean((a @ W.T) ** 2) ** -0.5))
            return new
        """,
        """
        def calibrated(x, weights, f):
            if not weights:
                return []
            W = weights[0] * np.sqrt(x.shape[0] * weights[0].shape[0]) / np.linalg.norm(x @ weights[0].T)
            return [W, *calibrated(f(x @ W.T), weights[1:], f)]
        """,
    ],
    wrong=[
        Wrong(
            "measured in the old network",
            edit("a = f(z / size)", "a = f(z)"),
            """You measure every layer with what the layers below sent *before* they were corrected. In the new network each layer gets other inputs: go on with what the corrected layer sends.""",
        ),
        Wrong(
            "divided by the mean square",
            edit("np.sqrt(np.mean(z**2))", "np.mean(z**2)"),
            """You divide by the mean square. If the weights are divided by s, the sums are too, and their RMS: so s is the RMS, the root.""",
            also=[edit("W / size", "W / size**2", "f(z / size)", "f(z / size**2)"), edit("W / size", "W / size**2")],
        ),
        Wrong(
            "multiplied in place of divided",
            edit("W / size", "W * size", "f(z / size)", "f(z * size)"),
            """You multiply by the RMS. Sums that are too large get larger still.""",
            also=[edit("W / size", "W * size")],
        ),
        Wrong(
            "the standard deviation",
            edit("np.sqrt(np.mean(z**2))", "np.std(z)"),
            """The standard deviation takes off the mean first. The RMS of the sums was to be 1.""",
        ),
        Wrong(
            "the size of what is sent",
            edit("    a, found = x, []\n    for W in weights:\n        z = a @ W.T\n        size = np.sqrt(np.mean(z**2))", "    a, found = x, []\n    for W in weights:\n        z = a @ W.T\n        size = np.sqrt(np.mean(f(z)**2))"),
            """You measure what comes out of the bend. The *sums* shall have the RMS 1.""",
        ),
        Wrong(
            "no bend between the layers",
            edit("f(z / size)", "z / size"),
            """You hand on the sums without bending them. The next layer of the real network sees f of them.""",
        ),
        Wrong(
            "the size of the weights",
            edit("size = np.sqrt(np.mean(z**2))", "size = np.sqrt(np.mean(W**2))"),
            """You bring the *weights* to the RMS 1. How large the sums are depends on what comes in, too: measure the sums.""",
            also=[edit("size = np.sqrt(np.mean(z**2))", "size = np.linalg.norm(W)")],
        ),
        Wrong(
            "each neuron by itself",
            edit("size = np.sqrt(np.mean(z**2))", "size = np.sqrt(np.mean(z**2, axis=0))", "W / size", "W / size[:, None]"),
            """You scale every neuron by a number of its own. One number for the whole matrix was asked for: the neurons keep their differences.""",
        ),
        Wrong(
            "the data changed in place",
            edit("found.append(W / size)", "W /= size\n        found.append(W)"),
            """`W /= size` changes the arrays you were given. Whoever wants to compare before and after has lost the before. Make new arrays.""",
        ),
        Wrong(
            "the network's input for every layer",
            edit("z = a @ W.T", "z = (x if x.shape[1] == W.shape[1] else a) @ W.T"),
            """You measure a layer with x, the network's input, where it fits. Only the first layer sees x.""",
            also=[edit("z = a @ W.T", "z = x @ W.T")],
        ),
        Wrong(
            "only the first layer",
            edit("        found.append(W / size)\n", "        found.append(W / size if not found else W)\n"),
            """You correct the first layer and leave the others. Each layer needs a factor of its own.""",
        ),
    ],
)  # fmt: skip

EXERCISES = [weights, sizes, dead, calibrate]
