"""Lesson 16: the checks and the mistakes."""

from chainrule.course.bank import Exercise, Wrong, cell, edit

BLOCK = """
net = Residual({0}, {1}).double()
for i, w in enumerate(net.parameters()):
    with chainrule.no_grad():
        w.copy_(chainrule.linspace(-0.5, 1.0 + i, w.numel(), dtype=chainrule.float64).reshape(w.shape))
x = chainrule.tensor([[1.0, -2.0, 0.5], [-4.0, 1.5, -6.0]]).double()[:, :{0}]
"""

block = Exercise(
    "16.1",
    cases=[
        cell("isinstance(Residual(1, 1), nn.Module)", why="it is a module"),
        cell("net = Residual(1, 1)\nsorted(tuple(w.shape) for w in net.parameters())", why="each of the two layers has a weight and a bias, and the module must know them"),
        cell("net = Residual(3, 5)\nsorted(tuple(w.shape) for w in net.parameters())", why="the layers are 5 × 3 and 3 × 5, with 5 and 3 biases"),
        cell(BLOCK.format(1, 1) + "net(x).detach()", why="x, plus what the two layers make of it"),
        cell(BLOCK.format(3, 2) + "net(x).detach()", why="x, plus what the two layers make of it"),
        cell(BLOCK.format(3, 2) + "y = net(x)\ny.sum().backward()\n[y.detach().numpy(), *(w.grad.numpy() for w in net.parameters())]", why="that is what PyTorch finds, values and slopes", torch="block"),
        cell(BLOCK.format(3, 2) + "first = net(x).detach()\nbool((net(x) == first).all())", why="twice the same x gives twice the same"),
    ],
    right=[
        """
        class Residual(nn.Module):
            def __init__(self, width, hidden):
                super().__init__()
                self.change = nn.Sequential(nn.Linear(width, hidden), nn.ReLU(), nn.Linear(hidden, width))

            def forward(self, x):
                return self.change(x) + x
        """,
        """
        class Residual(nn.Module):
            def __init__(self, width, hidden):
                super().__init__()
                self.layers = nn.ModuleList([nn.Linear(width, hidden), nn.Linear(hidden, width)])

            def forward(self, x):
                out = self.layers[0](x)
                out = chainrule.maximum(out, chainrule.zeros_like(out))
                return x + self.layers[1](out)
        """,
    ],
    wrong=[
        Wrong(
            "layers in a plain list",
            """
            class Residual(nn.Module):
                def __init__(self, width, hidden):
                    super().__init__()
                    self.layers = [nn.Linear(width, hidden), nn.Linear(hidden, width)]

                def forward(self, x):
                    return x + self.layers[1](self.layers[0](x).relu())
            """,
            """The layers are in a plain list. The module does not look into it, so `parameters()` is empty: the optimizer would get nothing, and nothing would learn.""",
        ),
        Wrong(
            "super().__init__() forgotten",
            edit("        super().__init__()\n", ""),
            """`super().__init__()` is missing. It makes the place where a module registers its layers.""",
        ),
        Wrong(
            "x is not added",
            edit("x + self.narrow", "self.narrow"),
            """You return f(x). A residual block adds it to x: that is the path on which slopes do not vanish.""",
        ),
        Wrong(
            "no bend between the layers",
            edit("self.widen(x).relu()", "self.widen(x)"),
            """Two linear layers without a bend between them are one linear layer (lesson 3).""",
        ),
        Wrong(
            "the bend after the sum",
            edit("x + self.narrow(self.widen(x).relu())", "(x + self.narrow(self.widen(x))).relu()"),
            """You bend the sum. The bend belongs between the two layers; behind the sum it would cut off what is negative in x.""",
            also=[edit("x + self.narrow(self.widen(x).relu())", "(x + self.narrow(self.widen(x).relu())).relu()")],
        ),
        Wrong(
            "a bend behind the second layer",
            edit("self.narrow(self.widen(x).relu())", "self.narrow(self.widen(x).relu()).relu()"),
            """You bend what the second layer gives. Then the block can only add to x, never take away.""",
        ),
        Wrong(
            "new layers at every call",
            """
            class Residual(nn.Module):
                def __init__(self, width, hidden):
                    super().__init__()
                    self.sizes = width, hidden

                def forward(self, x):
                    width, hidden = self.sizes
                    widen, narrow = nn.Linear(width, hidden), nn.Linear(hidden, width)
                    return x + narrow(widen(x.float()).relu())
            """,
            """You make the layers in `forward`: new random weights at every call, and none that could learn. Make them once, in `__init__`.""",
        ),
        Wrong(
            "hidden ignored",
            edit("nn.Linear(width, hidden)", "nn.Linear(width, width)", "nn.Linear(hidden, width)", "nn.Linear(width, width)"),
            """Both your layers are as wide as x. Between them there shall be `hidden` numbers.""",
        ),
        Wrong(
            "no biases",
            edit("nn.Linear(width, hidden)", "nn.Linear(width, hidden, bias=False)", "nn.Linear(hidden, width)", "nn.Linear(hidden, width, bias=False)"),
            """Your layers have no biases. The formula has b₁ and b₂.""",
        ),
        Wrong(
            "nothing returned",
            edit("return x + ", "x + "),
            """`forward` computes and returns nothing: the result is None.""",
        ),
        Wrong(
            "multiplied in place of added",
            edit("x + self", "x * self"),
            """You multiply x by f(x). A product lets no slope through where f is 0; the block adds.""",
        ),
        Wrong(
            "the bent sum in place of x",
            edit("return x + self.narrow(self.widen(x).relu())", "return x.relu() + self.narrow(self.widen(x.relu()).relu())"),
            """You bend x before you use it. What is negative in x is lost, on the straight path as well.""",
            also=[edit("self.widen(x).relu()", "self.widen(x.relu())")],
        ),
    ],
)  # fmt: skip

START = """
model = {model}
optimizer = optim.{optimizer}
X, Y = chainrule.tensor([[1.0, -2.0], [0.5, 1.0], [-1.5, 2.0]]), chainrule.tensor([[1.0], [-1.0], [0.5]])

def steps(model, optimizer, n=3):
    for _ in range(n):
        optimizer.zero_grad()
        ((model(X) - Y) ** 2).mean().backward()
        optimizer.step()
    return [w.detach().numpy().copy() for w in model.state_dict().values()]

steps(model, optimizer)
saved = snapshot(model, optimizer)
"""
LINE, NORMED = "nn.Linear(2, 1)", "nn.Sequential(nn.Linear(2, 3), nn.BatchNorm1d(3), nn.Linear(3, 1))"
BACK = "after = steps(model, optimizer)\nrestore(model, optimizer, saved)\n"
SAME = BACK + "steps(model, optimizer)"


def start(model, optimizer):
    return START.format(model=model, optimizer=optimizer)


SGD, MOMENTUM, ADAM = (
    f"{kind})"
    for kind in (
        "SGD(model.parameters(), lr=0.1",
        "SGD(model.parameters(), lr=0.1, momentum=0.9",
        "Adam(model.parameters(), lr=0.1",
    )
)

state = Exercise(
    "16.2",
    cases=[
        cell(start(LINE, SGD) + "now = model.weight.tolist()\n" + BACK + "model.weight.tolist() == now", why="the weights are those of the snapshot again"),
        cell(start(LINE, SGD) + SAME, why="the steps after restore are the steps that followed the snapshot"),
        cell(start(LINE, MOMENTUM) + SAME, why="the velocity of the optimizer must be back, too"),
        cell(start(LINE, ADAM) + SAME, why="the means and the count of steps must be back, too"),
        cell(start(LINE, ADAM) + BACK + "steps(model, optimizer)\n" + BACK + "steps(model, optimizer)",
             why="a snapshot can be used more than once"),
        cell(start(LINE, ADAM) + BACK + "steps(model, optimizer)\nrestore(model, optimizer, saved)\nsteps(model, optimizer)",
             why="a second restore from the same snapshot leads to the same place as the first"),
        cell(start(NORMED, SGD) + SAME, why="running means and variances belong to the model"),
        cell(
            start(LINE, ADAM) + "after = steps(model, optimizer)\nother = nn.Linear(2, 1)\nits = optim.Adam(other.parameters(), lr=0.5)\nrestore(other, its, saved)\n"
            "steps(other, its)",
            why="a new model and a new optimizer go on where the old ones were, with their learning rate",
        ),
    ],
    right=[
        """
        def snapshot(model, optimizer):
            return {
                "weights": {name: w.detach().clone() for name, w in model.state_dict().items()},
                "optimizer": copy.deepcopy(optimizer.state_dict()),
            }

        def restore(model, optimizer, saved):
            model.load_state_dict(saved["weights"])
            optimizer.load_state_dict(copy.deepcopy(saved["optimizer"]))
        """,
        """
        def snapshot(model, optimizer):
            kept = copy.deepcopy([model.state_dict(), optimizer.state_dict()])
            return lambda: copy.deepcopy(kept)

        def restore(model, optimizer, saved):
            for thing, state in zip((model, optimizer), saved()):
                thing.load_state_dict(state)
        """,
    ],
    wrong=[
        Wrong(
            "state_dict not copied",
            edit(
                "copy.deepcopy((model.state_dict(), optimizer.state_dict()))",
                "(model.state_dict(), optimizer.state_dict())",
            ),
            """What you keep are not copies. `state_dict()` holds the tensors themselves, and so do the model and the optimizer. They have changed with every step since, and your snapshot with them.""",
            also=[
                edit(
                    "copy.deepcopy((model.state_dict(), optimizer.state_dict()))",
                    "(dict(model.state_dict()), dict(optimizer.state_dict()))",
                ),
                """
            def snapshot(model, optimizer):
                return model, optimizer


            def restore(model, optimizer, saved):
                model.load_state_dict(saved[0].state_dict())
                optimizer.load_state_dict(saved[1].state_dict())
            """,
            ],
        ),
        Wrong(
            "the optimizer's state forgotten",
            edit("\n    optimizer.load_state_dict(of_optimizer)", ""),
            """The weights are back, but the optimizer goes on with the means and velocities it has now. It has a memory, too.""",
        ),
        Wrong(
            "the model's state forgotten",
            edit("    model.load_state_dict(of_model)\n", ""),
            """The optimizer is back, but the weights stay where they are now, some steps further on.""",
        ),
        Wrong(
            "only the model is copied",
            edit("copy.deepcopy((model.state_dict(), optimizer.state_dict()))", "(copy.deepcopy(model.state_dict()), optimizer.state_dict())"),
            """You copy the model's state and not the optimizer's. Its means go on changing inside your snapshot.""",
        ),
        Wrong(
            "only the optimizer is copied",
            edit("copy.deepcopy((model.state_dict(), optimizer.state_dict()))", "(model.state_dict(), copy.deepcopy(optimizer.state_dict()))"),
            """You copy the optimizer's state and not the model's. The weights go on changing inside your snapshot.""",
        ),
        Wrong(
            "parameters without buffers",
            """
            def snapshot(model, optimizer):
                return copy.deepcopy(([w.detach() for w in model.parameters()], optimizer.state_dict()))


            def restore(model, optimizer, saved):
                weights, state = copy.deepcopy(saved)
                with chainrule.no_grad():
                    for w, value in zip(model.parameters(), weights):
                        w.copy_(value)
                optimizer.load_state_dict(state)
            """,
            """You keep the parameters. A model may remember more: running means are no parameters, and `state_dict()` has them too.""",
        ),
        Wrong(
            "a fresh optimizer",
            edit("optimizer.load_state_dict(of_optimizer)", "optimizer.state.clear()"),
            """You empty the optimizer's memory. It had one at the moment of the snapshot.""",
        ),
        Wrong(
            "the learning rate is not restored",
            edit("optimizer.load_state_dict(of_optimizer)", "optimizer.load_state_dict({**of_optimizer, 'param_groups': optimizer.state_dict()['param_groups']})"),
            """You bring back the optimizer's means, but not its settings. A new optimizer goes on with its own learning rate.""",
        ),
        Wrong(
            "restore gives back new objects",
            """
            def snapshot(model, optimizer):
                return copy.deepcopy((model, optimizer))


            def restore(model, optimizer, saved):
                model, optimizer = copy.deepcopy(saved)
                return model, optimizer
            """,
            """Inside the function, `model = ...` gives the name to another object. The model of the caller stays as it was.""",
        ),
    ],
)  # fmt: skip

OLD = """
model = nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 2))
"""
DEEP = """
model = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 5), nn.ReLU(), nn.Linear(5, 7))
"""
STEP = """
before = [w.detach().numpy().copy() for w in model.parameters()]
x = chainrule.tensor([[1.0, -2.0, 0.5], [0.25, 1.5, -1.0]])
nn.functional.cross_entropy(model(x), chainrule.tensor([2, 0])).backward()
optimizer.step()
[bool(np.array_equal(a, b.detach().numpy())) for a, b in zip(before, model.parameters())]
"""

head = Exercise(
    "16.3",
    cases=[
        cell(OLD + "adapt(model, 3, 0.1)\nlen(model), model[-1].in_features, model[-1].out_features", why="three modules as before, and the last one goes from 4 to 3"),
        cell(OLD + "adapt(model, 3, 0.1)\n[w.requires_grad for w in model.parameters()]", why="the old weight and bias are frozen, the new ones learn"),
        cell(
            OLD + "adapt(model, 3, 0.1)\n[hasattr(layer, 'requires_grad') for layer in [model, *model]]",
            why="`requires_grad` belongs to parameters, layers have none",
        ),
        cell(OLD + "optimizer = adapt(model, 3, 0.1)\n[tuple(w.shape) for group in optimizer.param_groups for w in group['params']]", why="the optimizer has the new weight and the new bias, and nothing else"),
        cell(OLD + "optimizer = adapt(model, 3, 0.1)\ntype(optimizer).__name__, optimizer.param_groups[0]['lr']", why="it is an SGD with the learning rate that was given"),
        cell(OLD + "first = model[0].weight.tolist()\nadapt(model, 3, 0.1)\nmodel[0].weight.tolist() == first", why="what was learned before stays"),
        cell(OLD + "optimizer = adapt(model, 3, 0.1)\n" + STEP, why="in a step the frozen parameters stay (True) and the new ones move (False)"),
        cell(OLD + "last = model[-1]\nadapt(model, 2, 0.1)\nmodel[-1] is last", why="the new layer is a fresh one, even for as many classes as before"),
        cell(DEEP + "optimizer = adapt(model, 3, 0.1)\nlen(model), [w.requires_grad for w in model.parameters()], len(optimizer.param_groups[0]['params'])", why="of five modules only the last one learns"),
    ],
    right=[
        """
        def adapt(model, classes, lr):
            old = model[len(model) - 1]
            model[len(model) - 1] = nn.Linear(old.weight.shape[1], classes)
            for layer in list(model)[:-1]:
                layer.requires_grad_(False)
            return optim.SGD([w for w in model.parameters() if w.requires_grad], lr=lr)
        """,
        """
        def adapt(model, classes, lr):
            model.requires_grad_(False)
            new = nn.Linear(model[-1].in_features, classes)
            model[-1] = new
            return optim.SGD([new.weight, new.bias], lr)
        """,
    ],
    wrong=[
        Wrong(
            "nothing frozen",
            edit("    for w in model.parameters():\n        w.requires_grad_(False)\n", ""),
            """Nothing is frozen: slopes are computed for all layers, although nobody uses them.""",
        ),
        Wrong(
            "everything frozen",
            """
            def adapt(model, classes, lr):
                model[-1] = nn.Linear(model[-1].in_features, classes)
                for w in model.parameters():
                    w.requires_grad_(False)
                return optim.SGD(model[-1].parameters(), lr=lr)
            """,
            """You freeze after the new layer is in, so it is frozen as well. Nothing learns.""",
        ),
        Wrong(
            "requires_grad on the layer",
            edit("    for w in model.parameters():\n        w.requires_grad_(False)\n", "    for layer in model:\n        layer.requires_grad = False\n"),
            """You set `requires_grad` on the layers. There it is an attribute like any other and does nothing; it belongs to the parameters. (`layer.requires_grad_(False)`, with the underscore, would reach them.)""",
            also=[edit("    for w in model.parameters():\n        w.requires_grad_(False)\n", "    model.requires_grad = False\n")],
        ),
        Wrong(
            "the optimizer gets everything",
            edit("optim.SGD(model[-1].parameters()", "optim.SGD(model.parameters()"),
            """The optimizer is given the frozen parameters, too. It was to have those that learn, and no others.""",
        ),
        Wrong(
            "the optimizer has the old layer",
            """
            def adapt(model, classes, lr):
                for w in model.parameters():
                    w.requires_grad_(False)
                optimizer = optim.SGD(model[-1].parameters(), lr=lr)
                model[-1] = nn.Linear(model[-1].in_features, classes)
                return optimizer
            """,
            """You make the optimizer before the new layer is there. It keeps the parameters of the old one, and the new layer never moves.""",
        ),
        Wrong(
            "a layer on top",
            edit("model[-1] = nn.Linear(model[-1].in_features, classes)", "model.append(nn.Linear(model[-1].out_features, classes))"),
            """You put a layer behind the old one. The old head with its old classes was to go.""",
        ),
        Wrong(
            "outputs taken for inputs",
            edit("model[-1].in_features", "model[-1].out_features"),
            """Your new layer has as many inputs as the old one had outputs. What comes in is what came into the old one.""",
        ),
        Wrong(
            "the old layer learns on",
            edit("    model[-1] = nn.Linear(model[-1].in_features, classes)\n", "    model[-1].requires_grad_(True)\n"),
            """You keep the old last layer. It has the old number of classes, and what it learned is about them.""",
            also=["""
            def adapt(model, classes, lr):
                for w in model.parameters():
                    w.requires_grad_(False)
                if model[-1].out_features != classes:
                    model[-1] = nn.Linear(model[-1].in_features, classes)
                model[-1].requires_grad_(True)
                return optim.SGD(model[-1].parameters(), lr=lr)
            """],
        ),
        Wrong(
            "only the first layer is frozen",
            edit("for w in model.parameters()", "for w in model[0].parameters()"),
            """You freeze the first layer. All but the last shall be frozen, however many there are.""",
        ),
        Wrong(
            "the learning rate is not used",
            edit("lr=lr", "lr=0.01"),
            """Your optimizer has a learning rate of its own. The caller gave one.""",
        ),
        Wrong(
            "another optimizer",
            edit("optim.SGD(", "optim.Adam("),
            """You return another optimizer than the one that was asked for. Adam makes steps of another length with the same rate.""",
        ),
        Wrong(
            "the other layers made anew",
            edit("    model[-1] = nn.Linear(model[-1].in_features, classes)\n", "    for i, layer in enumerate(model):\n        if isinstance(layer, nn.Linear):\n            model[i] = nn.Linear(layer.in_features, layer.out_features).requires_grad_(False)\n    model[-1] = nn.Linear(model[-1].in_features, classes)\n"),
            """You replace all linear layers by new ones. What the network had learned is gone; it was to be kept.""",
        ),
    ],
)  # fmt: skip

EXERCISES = [block, state, head]
