"""Lesson 6: the checks and the mistakes."""

from chainrule.course.bank import Exercise, Wrong, cell, edit, gradient

SET = "n = Neuron(2)\nn.w[0].data, n.w[1].data, n.b.data = 0.5, -1.0, 0.25\n"

neuron = Exercise(
    "6.1",
    cases=[
        cell(
            "n = Neuron(3)\nlen(n.w), [type(w).__name__ for w in n.w], type(n.b).__name__",
            why="one weight for each input, and a bias: each is a Value",
        ),
        cell(
            "numbers = [w.data for w in Neuron(20).w]\nlen(set(numbers)) > 10, -1 <= min(numbers), max(numbers) <= 1",
            why="each weight has a random number of its own between -1 and 1",
        ),
        cell(
            SET + "out = n([0.0, 0.0])\ntype(out).__name__, out.data", why="without inputs the bias is left: tanh(0.25)"
        ),
        cell(SET + "n([1.5, -0.5]).data", why="tanh(0.5 · 1.5 + (-1) · (-0.5) + 0.25) is tanh(1.5)"),
        cell(
            SET.replace("Neuron(2)", "Neuron(2, bent=False)") + "n([1.5, -0.5]).data",
            why="without the bend it is the sum itself, 1.5",
        ),
        cell(SET + "n([Value(1.5), Value(-0.5)]).data", why="inputs may be Values: they come from another neuron"),
        cell(
            SET + "[p is q for p, q in zip(n.parameters(), [*n.w, n.b], strict=True)]",
            why="the parameters are the weights and the bias themselves",
        ),
        cell(
            "n = Neuron(3)\nbefore = n([1.0, 1.0, 1.0]).data\nn.w[0].data += 0.5\n"
            "after = n([1.0, 1.0, 1.0]).data\nround(math.atanh(after) - math.atanh(before), 6)",
            why="one of the three weights has grown by 0.5, and with it the sum",
        ),
        gradient(
            "n = Neuron(2)\nn.w[0].data, n.w[1].data, n.b.data = p, q, r\nn([1.5, -0.5]).data",
            "n = Neuron(2)\nn.w[0].data, n.w[1].data, n.b.data = p, q, r\nn([1.5, -0.5]).backward()\n"
            "n.w[0].grad, n.w[1].grad, n.b.grad",
            at={"p": 0.5, "q": -0.4, "r": 0.2},
        ),
    ],
    right=[
        """
        class Neuron:
            def __init__(self, inputs, bent=True):
                self.b = Value(random.gauss(0, 0.1), label="b")
                self.w = []
                while len(self.w) < inputs:
                    self.w.append(Value(2 * random.random() - 1, label=f"w{len(self.w)}"))
                self.activation = Value.tanh if bent else lambda v: v

            def __call__(self, x):
                return self.activation(sum((w * xi for w, xi in zip(self.w, x)), self.b))

            def parameters(self):
                return self.w + [self.b]
        """,
        edit(
            "total = self.b",
            "total = Value(0.0)",
            "return total.tanh() if self.bent else total",
            "total = total + self.b\n        if not self.bent:\n            return total\n        e = (2 * total).exp()\n"
            "        return (e - 1) / (e + 1)",
        ),
    ],
    wrong=[
        Wrong(
            "the bias forgotten",
            edit("total = self.b", "total = Value(0.0)"),
            """The bias is there and nobody adds it. Then every line that the neuron can draw goes through 0, whatever the
            points are.""",
        ),
        Wrong(
            "all weights the same",
            edit("random.uniform(-1, 1)", "0.0"),
            """All your weights begin with the same number. Neurons that begin alike get the same slopes, take the same steps, and stay alike for
            ever.""",
            also=[edit("random.uniform(-1, 1)", "0.5")],
        ),
        Wrong(
            "one weight in many places",
            edit("[Value(random.uniform(-1, 1)) for _ in range(inputs)]", "[Value(random.uniform(-1, 1))] * inputs"),
            """`[Value(...)] * inputs` is a list that holds the *same* object several times. Move one weight, and all move. Each needs an object of
            its own.""",
        ),
        Wrong(
            "each product bent on its own",
            edit(
                "total + wi * xi",
                "total + ((wi * xi).tanh() if self.bent else wi * xi)",
                "total.tanh() if self.bent else total",
                "total",
            ),
            """You bend each product and then add. The neuron adds first: its line is where the *sum* is 0, and the bend comes once, at the
            end.""",
        ),
        Wrong(
            "the bias outside the bend",
            edit(
                "total = self.b",
                "total = Value(0.0)",
                "total.tanh() if self.bent else total",
                "(total.tanh() if self.bent else total) + self.b",
            ),
            """You add the bias after the bend. There it moves the answer up and down. Inside, it moves the place *where* the neuron
            bends.""",
        ),
        Wrong(
            "the bend is missing",
            edit("total.tanh() if self.bent else total", "total"),
            """Your neuron is never bent. Lines into lines are one line (lesson 3): a network of such neurons can do no more than one
            of them.""",
        ),
        Wrong(
            "always bent",
            edit("total.tanh() if self.bent else total", "total.tanh()"),
            """You bend even if `bent=False` was asked for. A last layer made of such neurons can answer nothing beyond
            -1 and 1.""",
        ),
        Wrong(
            "the bias not among the parameters",
            edit("[*self.w, self.b]", "self.w"),
            """`parameters` leaves out the bias. Nothing breaks, but training never moves it: it stays what it was for ever.""",
        ),
        Wrong(
            "the graph is cut",
            edit(
                "total = self.b",
                "total = self.b.data",
                "total + wi * xi",
                "total + wi.data * (xi.data if isinstance(xi, Value) else xi)",
                "total.tanh() if self.bent else total",
                "Value(math.tanh(total) if self.bent else total)",
            ),
            """The number is right, but you computed it from `.data`. The result does not know what it was made from, so no slope ever reaches the
            weights. Compute with the Values themselves.""",
        ),
        Wrong(
            "numbers in place of Values",
            edit("Value(random.uniform(-1, 1))", "random.uniform(-1, 1)"),
            """Your weights are plain numbers. They have no `grad`, so training has nothing to go by.""",
            also=[edit("Value(random.uniform(-1, 1))", "random.uniform(-1, 1)", "Value(0.0)", "0.0")],
        ),
    ],
)

FILL = """
i = 0
for layer in net.layers:
    for neuron in layer.neurons:
        for p in [*neuron.w, neuron.b]:
            i += 1
            p.data = math.sin(3 * i) / 2
"""

network = Exercise(
    "6.2",
    uses=["6.1"],
    cases=[
        cell(
            "layer = Layer(3, 2)\nlen(layer.neurons), [len(n.w) for n in layer.neurons]",
            why="two neurons, and each looks at three inputs",
        ),
        cell(
            "len(set(Layer(3, 2).parameters()))",
            why="two neurons have 2 · (3 + 1) parameters, each of them an object of its own",
        ),
        cell(
            "layer = Layer(2, 2, bent=False)\nfor k, n in enumerate(layer.neurons):\n"
            "    n.w[0].data, n.w[1].data, n.b.data = 1.0 + k, -0.5, 0.25\n[out.data for out in layer([3.0, 2.0])]",
            why="each neuron answers for itself: 3 - 1 + 0.25 and 6 - 1 + 0.25",
        ),
        cell("net = MLP(3, [4, 2])\n[len(layer.neurons) for layer in net.layers]", why="a layer of 4 and a layer of 2"),
        cell(
            "net = MLP(3, [4, 2])\n[len(layer.neurons[0].w) for layer in net.layers]",
            why="the second layer looks at the 4 neurons of the first",
        ),
        cell(
            "net = MLP(3, [4, 2])\n[n.bent for layer in net.layers for n in layer.neurons]",
            why="all are bent but the last layer",
        ),
        cell("len(MLP(3, [4, 4, 1]).parameters())", why="4·(3+1) + 4·(4+1) + 1·(4+1) is 41"),
        cell(
            "len({type(p).__name__ for p in MLP(2, [3, 1]).parameters()}), len(set(map(id, MLP(2, [3, 1]).parameters())))",
            why="one flat list of 13 Values",
        ),
        cell(
            "net = MLP(2, [3, 2])\n" + FILL + "[out.data for out in net([1.5, -1.0])]",
            why="the second layer is given what the first one answers",
        ),
        cell(
            "net = MLP(2, [1])\n" + FILL + "[out.data for out in net([30.0, 10.0])]",
            why="the last layer is not bent: it can answer more than 1",
        ),
        cell(
            "net = MLP(2, [2, 2, 2])\n" + FILL + "[out.data for out in net([0.5, -1.0])]",
            why="three layers, one into the other",
        ),
        cell(
            "net = MLP(2, [2, 1])\n"
            + FILL
            + "net([1.0, -0.5])[0].backward()\n[round(p.grad, 9) for p in net.layers[0].neurons[0].w]",
            why="the slopes reach the first layer",
        ),
    ],
    right=[
        """
        class Layer:
            def __init__(self, inputs, outputs, bent=True):
                self.neurons = []
                for _ in range(outputs):
                    self.neurons.append(Neuron(inputs, bent=bent))

            def __call__(self, x):
                return list(map(lambda neuron: neuron(x), self.neurons))

            def parameters(self):
                return sum((neuron.parameters() for neuron in self.neurons), [])

        class MLP:
            def __init__(self, inputs, outputs):
                self.layers = []
                for width in outputs:
                    self.layers.append(Layer(inputs, width))
                    inputs = width
                for neuron in self.layers[-1].neurons:
                    neuron.bent = False

            def __call__(self, x):
                answers = [x]
                for layer in self.layers:
                    answers.append(layer(answers[-1]))
                return answers[-1]

            def parameters(self):
                found = []
                for layer in self.layers:
                    found.extend(layer.parameters())
                return found
        """,
        edit(
            "self.layers = [Layer(sizes[i], sizes[i + 1], bent=i < last) for i in range(len(outputs))]",
            "self.layers = [Layer(n, m) for n, m in zip(sizes, outputs[:-1])] + [Layer(sizes[last], outputs[-1], False)]",
        ),
    ],
    wrong=[
        Wrong(
            "one neuron in many places",
            edit("[Neuron(inputs, bent) for _ in range(outputs)]", "[Neuron(inputs, bent)] * outputs"),
            """`[Neuron(...)] * outputs` holds the *same* neuron several times. The layer looks wide, but all its answers are one answer. Each
            neuron has to be made anew.""",
        ),
        Wrong(
            "every layer looks at the input",
            edit("x = layer(x)\n        return x", "out = layer(x)\n        return out"),
            """You give each layer the input of the network. Then only the last layer counts, and the others work for nothing. What does the next one look
            at?""",
        ),
        Wrong(
            "the last layer bent",
            edit("bent=i < last", "bent=True"),
            """Your last layer is bent like the others. Then no answer can be larger than 1, and a network that should say 7 never will.""",
            also=[edit(", bent=i < last", "")],
        ),
        Wrong(
            "no layer bent",
            edit("bent=i < last", "bent=False"),
            """None of your layers is bent. Lines into lines are one line (lesson 3): the whole network can do no more than its last
            layer alone.""",
        ),
        Wrong(
            "only the last layer bent",
            edit("bent=i < last", "bent=i == last"),
            """It is the wrong way round: the last layer is bent and the others are not. The bends are needed *between* the layers.""",
        ),
        Wrong(
            "every layer as wide as the input",
            edit("Layer(sizes[i], sizes[i + 1]", "Layer(inputs, sizes[i + 1]"),
            """Each of your layers expects as many numbers as the network has inputs. From the second on it gets as many as the layer before has
            neurons.""",
        ),
        Wrong(
            "the parameters of the last layer only",
            edit("[p for layer in self.layers for p in layer.parameters()]", "self.layers[-1].parameters()"),
            """Only the last layer's parameters are in your list. Training would leave all the others at their random start.""",
        ),
        Wrong(
            "lists in a list",
            edit(
                "[p for layer in self.layers for p in layer.parameters()]",
                "[layer.parameters() for layer in self.layers]",
            ),
            """Your list holds a list for each layer. Whoever writes `p.grad = 0.0` for each p then meets a list. One flat list was asked for:
            two `for` in one pair of brackets.""",
            also=[
                edit(
                    "[p for neuron in self.neurons for p in neuron.parameters()]",
                    "[neuron.parameters() for neuron in self.neurons]",
                ),
            ],
        ),
        Wrong(
            "the first neuron only",
            edit("[neuron(x) for neuron in self.neurons]", "[self.neurons[0](x)]"),
            """Only one neuron of the layer is asked. The next layer needs the answers of all of them.""",
            also=[
                edit(
                    "return [neuron(x) for neuron in self.neurons]",
                    "for neuron in self.neurons:\n            return [neuron(x)]",
                )
            ],
        ),
    ],
)

MODEL = "net = MLP(2, [2, 1])\n" + FILL + "xs, ys = [[1.0, -0.5], [0.5, 2.0], [-1.5, 1.0]], [2.0, -1.0, 0.5]\n"
LOOK = "[p.data for p in net.parameters()]"

step = Exercise(
    "6.3",
    uses=["6.1", "6.2"],
    cases=[
        cell(
            MODEL + "train_step(net, xs[:1], ys[:1], 0.1)",
            why="for one example the loss is the square of its error; it is a plain number",
        ),
        cell(MODEL + "train_step(net, xs, ys, 0.1)", why="it is the mean of three squares"),
        cell(
            MODEL + "train_step(net, xs[:1], ys[:1], 0.1)\n" + LOOK,
            why="each parameter has moved by 0.1 times its slope, downhill",
        ),
        cell(
            MODEL + "train_step(net, xs, ys, 0.1)\n" + LOOK,
            why="the slopes are those of the mean over all three examples",
        ),
        cell(
            MODEL + "train_step(net, xs, ys, 0.1)\ntrain_step(net, xs, ys, 0.1)",
            why="the second loss is that of the moved parameters",
        ),
        cell(
            MODEL + "train_step(net, xs, ys, 0.1)\ntrain_step(net, xs, ys, 0.1)\n" + LOOK,
            why="the slopes of the first step must not be in the second",
        ),
        cell(
            MODEL + "for p in net.parameters():\n    p.grad = 5.0\ntrain_step(net, xs, ys, 0.1)\n" + LOOK,
            why="slopes that were there before do not count",
        ),
        cell(
            MODEL + "calls, real = [], Value.backward\n"
            "Value.backward = lambda self: calls.append(self) or real(self)\ntry:\n    train_step(net, xs, ys, 0.1)\n"
            "finally:\n    Value.backward = real\nlen(calls) > 0",
            why="somebody has to call backward",
        ),
        cell(
            MODEL
            + f"before = {LOOK}\ntrain_step(net, xs, ys, 0.1)\nany(p.grad for p in net.parameters()) or before != {LOOK}",
            why="something is left of the backward pass: slopes, or a step",
        ),
        cell(
            MODEL + "[train_step(net, xs, ys, 0.2) for _ in range(40)][-1]", why="after 40 steps the loss is that small"
        ),
    ],
    right=[
        """
        def train_step(model, xs, ys, lr):
            parameters = model.parameters()
            for p in parameters:
                p.grad = 0.0
            total = 0.0
            for x, y in zip(xs, ys):
                [out] = model(x)
                square = (out - y) * (out - y) * (1 / len(xs))
                square.backward()
                total += square.data
            for p in parameters:
                p.data = p.data - lr * p.grad
            return total
        """,
        """
        def train_step(model, xs, ys, lr):
            errors = [model(x)[0] - y for x, y in zip(xs, ys)]
            loss = sum(e ** 2 for e in errors) / len(errors)
            before = {p: p.grad for p in model.parameters()}
            loss.backward()
            for p, old in before.items():
                p.data -= lr * (p.grad - old)
            return loss.data
        """,
    ],
    wrong=[
        Wrong(
            "the slopes never reset",
            edit("    for p in model.parameters():\n        p.grad = 0.0\n", ""),
            """The first step is right. Then `backward` adds the new slopes to the old ones, and each step goes in the direction of all the steps so
            far.""",
        ),
        Wrong(
            "the slopes reset after backward",
            edit(
                "    for p in model.parameters():\n        p.grad = 0.0\n    loss.backward()\n",
                "    loss.backward()\n    for p in model.parameters():\n        p.grad = 0.0\n",
            ),
            """You set the slopes to zero between `backward` and the step. What `backward` has found is gone before anyone has used it, and nothing
            moves.""",
        ),
        Wrong(
            "uphill",
            edit("-= lr", "+= lr"),
            """You add the slope. It points to where the loss grows: your network gets worse with each step.""",
        ),
        Wrong(
            "no backward",
            edit("    loss.backward()\n", ""),
            """Nobody calls `backward`, so all the slopes are 0 and nothing moves. (The loss is right: the forward pass is.)""",
        ),
        Wrong(
            "the sum in place of the mean",
            edit("    loss = loss * (1 / len(xs))\n", ""),
            """You add up the squares and do not divide by the number of examples. Then the loss, and with it the length of a step, grows with the number
            of examples.""",
        ),
        Wrong(
            "the mean taken twice",
            edit("p.data -= lr * p.grad", "p.data -= lr * p.grad / len(xs)"),
            """The loss is a mean already, so its slopes are. You divide by the number of examples once more in the step.""",
        ),
        Wrong(
            "the last example only",
            edit("loss = loss + (model", "loss = (model"),
            """Each example's square replaces the one before. Only the last example is left, and the network learns nothing from the
            others.""",
        ),
        Wrong(
            "the name moved in place of the number",
            edit("p.data -= lr * p.grad", "p = p - lr * p.grad"),
            """`p = p - ...` makes a new Value and gives it the name p, and in the next round it is forgotten. The network still holds the old one. Change the
            number *inside* the Value.""",
        ),
        Wrong(
            "the loss after the step",
            edit("return loss.data", "return sum(((model(x)[0] - y) ** 2).data for x, y in zip(xs, ys)) / len(xs)"),
            """The step is right, but you return the loss from after it. Asked for is the loss from before: it costs no second forward pass.""",
        ),
        Wrong(
            "a Value in place of a number",
            edit("return loss.data", "return loss"),
            """You return the loss with its whole graph. If someone keeps a list of losses, all the graphs stay in memory. A plain number was asked for.""",
        ),
        Wrong(
            "a step for each example",
            """
            def train_step(model, xs, ys, lr):
                total = 0.0
                for x, y in zip(xs, ys):
                    loss = (model(x)[0] - y) ** 2
                    total += loss.data
                    for p in model.parameters():
                        p.grad = 0.0
                    loss.backward()
                    for p in model.parameters():
                        p.data -= lr * p.grad
                return total / len(xs)
            """,
            """You take a step after each example, so that the second one is met by other parameters. That is a way to train, too (lesson 8). Asked for is
            *one* step, for the mean over all.""",
        ),
    ],
)

AT = "[log_loss(Value(z), {y}).data for z in (-800.0, -2.0, 0.0, 0.3, 5.0, 800.0)]"
BOTH = """
losses, slopes = [], []
for number in (-800.0, -2.0, 0.0, 0.3, 5.0, 800.0):
    z = Value(number)
    loss = log_loss(z, {y})
    loss.backward()
    losses.append(loss.data)
    slopes.append(z.grad)
losses, slopes
"""
SLOPE = "v = Value(z)\nlog_loss(v, {y}).backward()\nv.grad"

classes = Exercise(
    "6.4",
    cases=[
        cell(
            "out = log_loss(Value(0.0), 1)\ntype(out).__name__, out.data",
            why="p is a half, and -log(1/2) is log 2; it is a Value",
        ),
        cell("log_loss(Value(2.0), 1).data", why="the network is rather sure, and right"),
        cell("log_loss(Value(2.0), 0).data", why="the network is rather sure, and wrong"),
        cell("log_loss(Value(-1.5), 1).data", why="it says class 0, and it is class 1"),
        cell("log_loss(Value(-1.5), 0).data", why="it says class 0, and so it is"),
        gradient("log_loss(Value(z), 1).data", SLOPE.format(y=1), at={"z": 0.7}),
        gradient("log_loss(Value(z), 0).data", SLOPE.format(y=0), at={"z": -1.2}),
        cell("z = Value(0.0)\nlog_loss(z, 1).backward()\nz.grad", why="the slope is σ(z) - y, and σ(0) is a half"),
        cell(
            "log_loss(Value(30.0), 0).data, log_loss(Value(-30.0), 1).data",
            why="the loss is 30, to the last digit that a float has",
        ),
        cell(BOTH.format(y=1), why="that is what PyTorch finds", torch="class_1"),
        cell(BOTH.format(y=0), why="that is what PyTorch finds", torch="class_0"),
    ],
    right=[
        """
        def log_loss(z, y):
            good = z if y == 1 else -z
            if good.data > 0:
                return (1 + (-good).exp()).log()
            return (1 + good.exp()).log() - good
        """,
        """
        def log_loss(z, y):
            def softplus(v):
                small = v if v.data < 0 else -v
                return (1.0 + small.exp()).log() + (v if v.data >= 0 else 0.0)
            return y * softplus(-z) + (1 - y) * softplus(z)
        """,
    ],
    wrong=[
        Wrong(
            "the sign of the second term",
            """
            def log_loss(z, y):
                if y == 1:
                    return (1 + (-z).exp()).log() if z.data >= 0 else (1 + z.exp()).log() - z
                return -((1 + z.exp()).log() if z.data < 0 else (1 + (-z).exp()).log() + z)
            """,
            """For class 1 you are right. For class 0 your loss is negative, and it falls as the network gets worse: the minus in front of the
            brackets belongs to both terms.""",
            also=[
                "def log_loss(z, y):\n    p = z.sigmoid()\n    return -y * p.log() + (1 - y) * (1 - p).log()",
                "def log_loss(z, y):\n    p = z.sigmoid()\n    return -p.log() if y == 1 else (1 - p).log()",
            ],
        ),
        Wrong(
            "something added inside the logarithm",
            "def log_loss(z, y):\n    p = z.sigmoid()\n    return -(y * (p + 1e-6).log() + (1 - y) * (1 - p + 1e-6).log())",
            """The small number keeps the logarithm from failing, and makes it wrong: the loss cannot grow beyond a bound that you have chosen, and
            where the network is most wrong the slope is almost 0. The trouble begins with p; do you need p?""",
            also=[
                "def log_loss(z, y):\n    p = z.sigmoid()\n    return -(y * (p + 1e-8).log() + (1 - y) * (1 - p + 1e-8).log())",
                "def log_loss(z, y):\n    p = z.sigmoid()\n    return -(p + 1e-6).log() if y == 1 else -(1 - p + 1e-6).log()",
            ],
        ),
        Wrong(
            "the logarithm of 0",
            "def log_loss(z, y):\n    p = z.sigmoid()\n    return -(y * p.log() + (1 - y) * (1 - p).log())",
            """This is the formula, and on paper it is right. In a machine p becomes exactly 0 or 1, and the logarithm of 0 does not exist. Go from z to the
            loss without stopping at p.""",
            also=["def log_loss(z, y):\n    p = z.sigmoid()\n    return -p.log() if y == 1 else -(1 - p).log()"],
        ),
        Wrong(
            "the exponential overflows",
            "def log_loss(z, y):\n    return (1 + (-z).exp()).log() + (1 - y) * z",
            """On paper your formula is right. But on one side of 0 its exponential is larger than any float. Which of e^z and e^(-z) is small where z
            is negative, and which where it is positive?""",
            also=[
                "def log_loss(z, y):\n    p = 1 / (1 + (-z).exp())\n    return -(y * p.log() + (1 - y) * (1 - p).log())",
                "def log_loss(z, y):\n    return (1 + z.exp()).log() - y * z",
            ],
        ),
        Wrong(
            "the classes swapped",
            edit("(1 - y) * z", "y * z", "- y * z", "- (1 - y) * z"),
            """Your loss is small when the network is wrong. p is the probability of class *1*: if y is 1, a large z must cost little.""",
        ),
        Wrong(
            "the minus forgotten",
            edit(
                "return (1 + (-z).exp()).log() + (1 - y) * z",
                "return -(1 + (-z).exp()).log() - (1 - y) * z",
                "return (1 + z.exp()).log() - y * z",
                "return y * z - (1 + z.exp()).log()",
            ),
            """Yours is the logarithm itself, which is negative, and largest when the network is right. Training would make it small, so it would make the
            network wrong.""",
        ),
        Wrong(
            "one class only",
            edit(
                "return (1 + (-z).exp()).log() + (1 - y) * z",
                "return y * (1 + (-z).exp()).log()",
                "return (1 + z.exp()).log() - y * z",
                "return y * ((1 + z.exp()).log() - z)",
            ),
            """For class 0 your loss is always 0. Then the best network says "class 1" to everything. What does it cost to be wrong about a flower of class
            0?""",
        ),
        Wrong(
            "the square in place of the logarithm",
            "def log_loss(z, y):\n    return (z.sigmoid() - y) ** 2",
            """That is the squared error. Its slope is almost 0 where the network is very sure and wrong. It is the very thing that the logarithm is for.""",
        ),
        Wrong(
            "a slope lost at the kink",
            "def log_loss(z, y):\n    size = z.relu() + (-z).relu()\n    return z.relu() - y * z + (1 + (-size).exp()).log()",
            """The values are right everywhere, and so are the slopes, except at z = 0. There relu has a kink and says that its slope is 0. A network whose weights
            start at 0 starts exactly there.""",
        ),
        Wrong(
            "the graph is cut",
            "def log_loss(z, y):\n    good = z.data if y == 1 else -z.data\n    return Value(math.log1p(math.exp(-abs(good))) + max(-good, 0.0))",
            """The numbers are right, but you computed them from `.data`. The result does not know where it comes from, and no slope reaches z.""",
        ),
    ],
)

EXERCISES = [neuron, network, step, classes]
