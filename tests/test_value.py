"""`Value` against measured slopes and against torch: the scalar engine says what torch says."""

from __future__ import annotations

import ast
import gc
import math
import random
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

import chainrule.value
from chainrule.value import MLP, Layer, Module, Neuron, Value, topological_order

SOURCE = Path(chainrule.value.__file__)

# name -> (formula, points): written so that Value and torch tensors both run it
Formula = Callable[..., Any]
EXPRESSIONS: dict[str, tuple[Formula, list[tuple[float, ...]]]] = {
    "a + b": (lambda a, b: a + b, [(2.0, -3.0), (0.0, 0.0)]),
    "a - b": (lambda a, b: a - b, [(2.0, -3.0)]),
    "a * b": (lambda a, b: a * b, [(2.0, -3.0), (0.0, 5.0)]),
    "a / b": (lambda a, b: a / b, [(2.0, -3.0), (0.0, 4.0), (-1.0, 1e200)]),
    "a ** b": (lambda a, b: a**b, [(2.0, -3.0), (1.5, 0.5), (2.5, 0.0)]),
    "-a": (lambda a: -a, [(2.0,), (-2.0,)]),
    "a + 3": (lambda a: a + 3, [(2.0,)]),
    "3 + a": (lambda a: 3 + a, [(2.0,)]),
    "a - 3": (lambda a: a - 3, [(2.0,)]),
    "3 - a": (lambda a: 3 - a, [(2.0,)]),
    "a * 3": (lambda a: a * 3, [(2.0,)]),
    "3 * a": (lambda a: 3 * a, [(2.0,)]),
    "a / 3": (lambda a: a / 3, [(2.0,)]),
    "3 / a": (lambda a: 3 / a, [(2.0,), (-0.5,)]),
    "a ** 2": (lambda a: a**2, [(3.0,), (-3.0,), (0.0,)]),
    "a ** 3": (lambda a: a**3, [(3.0,), (-3.0,)]),
    "a ** -1": (lambda a: a**-1, [(4.0,), (-4.0,)]),
    "a ** 0.5": (lambda a: a**0.5, [(4.0,)]),
    "a ** 0": (lambda a: a**0, [(4.0,), (0.0,)]),
    "a ** 1": (lambda a: a**1, [(0.0,), (-2.0,)]),
    "2 ** a": (lambda a: 2**a, [(3.0,), (-1.5,), (0.0,)]),
    "exp": (lambda a: a.exp(), [(0.7,), (-20.0,)]),
    "log": (lambda a: a.log(), [(0.7,), (1e-3,)]),
    "sin": (lambda a: a.sin(), [(0.7,), (math.pi,)]),
    "tanh": (lambda a: a.tanh(), [(0.7,), (-0.7,), (0.0,)]),
    "relu": (lambda a: a.relu(), [(0.7,), (-0.7,)]),
    "sigmoid": (lambda a: a.sigmoid(), [(0.7,), (-0.7,), (0.0,)]),
    "a + a": (lambda a: a + a, [(2.0,)]),
    "a * a": (lambda a: a * a, [(-3.0,)]),
    "diamond": (lambda a: (a * 2).tanh() * (a * 2).exp() + (a * 2), [(0.3,)]),
    "shared middle": (lambda a, b: (lambda m: m * m + m.sin() * a)(a * b), [(0.3, -1.2)]),
    "all at once": (
        lambda a, b: ((a * b + a.tanh()) ** 2 / (1 + b.exp()) - (2 - a).relu()).sigmoid(),
        [(0.3, -1.2), (2.5, 0.4)],
    ),
}
CASES = [
    pytest.param(formula, point, id=f"{name}, at {', '.join(f'{x:g}' for x in point)}")
    for name, (formula, points) in EXPRESSIONS.items()
    for point in points
]


def leaves(point: tuple[float, ...]) -> list[Value]:
    return [Value(x) for x in point]


def tensors(point: tuple[float, ...]) -> list[torch.Tensor]:
    return [torch.tensor(x, dtype=torch.float64, requires_grad=True) for x in point]


@pytest.mark.parametrize(("formula", "point"), CASES)
def test_value_and_slopes_are_torchs(formula: Formula, point: tuple[float, ...]) -> None:
    mine, theirs = leaves(point), tensors(point)
    out, expected = formula(*mine), formula(*theirs)
    out.backward()
    expected.backward()
    assert out.data == pytest.approx(expected.item(), rel=1e-14, abs=1e-15)
    assert [x.grad for x in mine] == pytest.approx([x.grad.item() for x in theirs], rel=1e-13, abs=1e-15)


@pytest.mark.parametrize(("formula", "point"), CASES)
def test_slopes_are_the_measured_ones(formula: Formula, point: tuple[float, ...]) -> None:
    mine = leaves(point)
    formula(*mine).backward()
    for i, x in enumerate(mine):
        step = 1e-6 * max(1.0, abs(point[i]))
        ends = [formula(*leaves((*point[:i], point[i] + h, *point[i + 1 :]))).data for h in (step, -step)]
        assert x.grad == pytest.approx((ends[0] - ends[1]) / (2 * step), rel=1e-5, abs=1e-6)


AT_THE_EDGES: dict[str, tuple[Formula, float]] = {
    "relu at 0": (lambda a: a.relu(), 0.0),
    "relu at -0": (lambda a: a.relu(), -0.0),
    "relu of nan stays nan": (lambda a: a.relu(), math.nan),
    "relu of inf": (lambda a: a.relu(), math.inf),
    "tanh at 1000": (lambda a: a.tanh(), 1000.0),
    "tanh at -1000": (lambda a: a.tanh(), -1000.0),
    "sigmoid at 1000": (lambda a: a.sigmoid(), 1000.0),
    "sigmoid at -1000": (lambda a: a.sigmoid(), -1000.0),
    "sigmoid of nan": (lambda a: a.sigmoid(), math.nan),
    "exp at -1000": (lambda a: a.exp(), -1000.0),
    "square root at 0": (lambda a: a**0.5, 0.0),
    "1 / a at 1e-200": (lambda a: 1 / a, 1e-200),
    "1 / a at 1e200": (lambda a: 1 / a, 1e200),
    "0 ** a at 2": (lambda a: 0.0**a, 2.0),
}


@pytest.mark.parametrize("name", AT_THE_EDGES)
def test_edges_are_torchs(name: str) -> None:
    formula, x = AT_THE_EDGES[name]
    mine, theirs = Value(x), torch.tensor(x, dtype=torch.float64, requires_grad=True)
    out, expected = formula(mine), formula(theirs)
    out.backward()
    expected.backward()
    assert out.data == pytest.approx(expected.item(), nan_ok=True)
    assert mine.grad == pytest.approx(theirs.grad.item(), nan_ok=True)


# ---------------------------------------------------------------------------------------- the chain rule


def test_backward_again_adds_at_the_leaves_as_torch_does() -> None:
    mine, theirs = leaves((0.5, -2.0)), tensors((0.5, -2.0))
    formula = EXPRESSIONS["shared middle"][0]
    out, expected = formula(*mine), formula(*theirs)
    for _ in range(3):
        out.backward()
        expected.backward(retain_graph=True)
        assert [x.grad for x in mine] == pytest.approx([x.grad.item() for x in theirs], rel=1e-13)


def test_backward_again_starts_fresh_in_between() -> None:
    a = Value(3.0)
    middle = a * a
    out = middle * 2
    out.backward()
    out.backward()
    assert (out.grad, middle.grad, a.grad) == (1.0, 2.0, 24.0)


def test_two_results_of_one_graph_add_up() -> None:
    a = Value(3.0)
    middle = a * a
    (middle * 2).backward()
    (middle + 1).backward()
    assert a.grad == 18.0


def test_backward_of_a_leaf_is_one() -> None:
    a = Value(3.0)
    a.backward()
    a.backward()
    assert a.grad == 2.0


def test_200_000_additions_pass_backward_and_are_freed() -> None:
    gc.collect()
    before = sum(type(x) is Value for x in gc.get_objects())
    start = total = Value(1.0)
    for _ in range(200_000):
        total = total + 1.0
    total.backward()
    assert total.data == 200_001.0
    assert start.grad == 1.0
    del total, start
    gc.collect()
    assert sum(type(x) is Value for x in gc.get_objects()) == before


def graph() -> Value:
    a, b = Value(0.3, label="a"), Value(-0.7, label="b")
    middle = a * b + a
    return (middle.tanh() - b) * middle + (a * a).exp() / 3


def test_the_order_puts_children_first_and_everyone_once() -> None:
    order = topological_order(graph())
    place = {id(value): i for i, value in enumerate(order)}
    assert len(place) == len(order) == 12
    for value in order:
        for child in value._prev:
            assert place[id(child)] < place[id(value)]


def test_the_order_is_the_same_each_time() -> None:
    assert [v._op or v.label for v in topological_order(graph())] == [
        v._op or v.label for v in topological_order(graph())
    ]


def test_children_are_kept_in_order_even_when_equal() -> None:
    a, b = Value(1.0), Value(2.0)
    assert (b - a)._prev == (b, a)
    assert (a * a)._prev == (a, a)


# ---------------------------------------------------------------------------------------- showing, refusing


def test_labels_and_repr() -> None:
    a = Value(2.0, label="a")
    assert repr(a) == "Value(a: data=2, grad=0)"
    assert repr(Value(1 / 3)) == "Value(data=0.333333, grad=0)"
    out = a * 2
    out.label = "twice"
    assert (out.label, out._op) == ("twice", "*")
    assert [(a**2)._op, (a**0.5)._op, (a**a)._op, (-a)._op] == ["**2", "**0.5", "**", "neg"]


OPERATORS: dict[str, Callable[[Any, Any], Any]] = {
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "/": lambda a, b: a / b,
    "**": lambda a, b: a**b,
}


@pytest.mark.parametrize("symbol", OPERATORS)
@pytest.mark.parametrize("side", ["left", "right"])
@pytest.mark.parametrize("other", ["two", None, [1.0], 1j], ids=["str", "None", "list", "complex"])
def test_operands_that_are_no_numbers_are_refused(symbol: str, side: str, other: Any) -> None:
    pair = (other, Value(1.0)) if side == "left" else (Value(1.0), other)
    name = type(other).__name__
    if symbol == "*" and isinstance(other, str | list) and side == "left":
        name = f"Value|{name}"  # Python asks the sequence first, and that is refused too
    with pytest.raises(
        TypeError, match=rf"a Value meets ({name}) in an operator: the other side must be a Value or a n"
    ):
        OPERATORS[symbol](*pair)


def test_powers_that_are_no_real_numbers_are_refused() -> None:
    for power in (lambda: Value(-8.0) ** (1 / 3), lambda: Value(-8.0) ** Value(0.5), lambda: (-8.0) ** Value(0.5)):
        with pytest.raises(ValueError, match=r"\(-8\) \*\* 0\.\d+ is no real number: below 0 only whole exponents"):
            power()
    assert (Value(-8.0) ** Value(3.0)).data == -512.0


@pytest.mark.parametrize("x", [0.0, -1.0])
def test_logarithms_that_do_not_exist_are_refused(x: float) -> None:
    with pytest.raises(ValueError, match=r"math domain error|expected a positive input"):
        Value(x).log()


# ---------------------------------------------------------------------------------------- networks


def test_neuron_refuses_the_wrong_number_of_inputs() -> None:
    with pytest.raises(ValueError, match="a neuron with 3 weights was given 2 inputs; they must be as many"):
        Neuron(3)([1.0, 2.0])
    with pytest.raises(ValueError, match="a neuron with 2 weights was given 3 inputs"):
        MLP(2, [4, 1])([1.0, 2.0, 3.0])


def test_neuron_refuses_an_unknown_activation() -> None:
    with pytest.raises(ValueError, match="activation='gelu': choose 'tanh', 'relu', 'sigmoid' or '' for none"):
        Neuron(3, "gelu")
    with pytest.raises(ValueError, match=r"Neuron\(0\): a neuron looks at one input at least"):
        Neuron(0)


def test_parameters_are_counted_and_start_small() -> None:
    random.seed(1)
    model = MLP(3, [4, 4, 1])
    assert len(model.parameters()) == 4 * (3 + 1) + 4 * (4 + 1) + (4 + 1)
    assert len({id(p) for p in model.parameters()}) == 41
    assert all(abs(w.data) <= 1 / math.sqrt(3) for neuron in model.layers[0].neurons for w in neuron.w)
    assert all(neuron.b.data == 0.0 for layer in model.layers for neuron in layer.neurons)
    assert [neuron.activation for neuron in model.layers[-1].neurons] == [""]
    assert len(Layer(2, 5).parameters()) == 15
    assert Module().parameters() == []


def test_zero_grad_forgets() -> None:
    model = MLP(2, [2, 1])
    model([1.0, -1.0])[0].backward()
    assert any(p.grad for p in model.parameters())
    model.zero_grad()
    assert all(p.grad == 0.0 for p in model.parameters())


XS = [[2.0, 3.0, -1.0], [3.0, -1.0, 0.5], [0.5, 1.0, 1.0], [1.0, 1.0, -1.0]]
YS = [1.0, -1.0, -1.0, 1.0]


@pytest.mark.parametrize("activation", ["tanh", "relu", "sigmoid"])
def test_the_same_network_in_torch_trains_to_the_same_numbers(activation: str) -> None:
    random.seed(3)
    model = MLP(3, [4, 4, 1], activation)
    bend = {"tanh": torch.nn.Tanh, "relu": torch.nn.ReLU, "sigmoid": torch.nn.Sigmoid}[activation]
    twin = torch.nn.Sequential(
        torch.nn.Linear(3, 4), bend(), torch.nn.Linear(4, 4), bend(), torch.nn.Linear(4, 1)
    ).double()
    with torch.no_grad():
        for layer, linear in zip(model.layers, [twin[0], twin[2], twin[4]], strict=True):
            for neuron, row, bias in zip(layer.neurons, linear.weight, linear.bias.view(-1, 1), strict=True):
                row.copy_(torch.tensor([w.data for w in neuron.w], dtype=torch.float64))
                bias.fill_(neuron.b.data)
    optimizer = torch.optim.SGD(twin.parameters(), lr=0.05)
    first = last = 0.0
    for step in range(20):
        loss = Value(0.0)
        for x, y in zip(XS, YS, strict=True):
            loss = loss + (model(x)[0] - y) ** 2
        model.zero_grad()
        loss.backward()
        expected = ((twin(torch.tensor(XS).double()).view(-1) - torch.tensor(YS)) ** 2).sum()
        optimizer.zero_grad()
        expected.backward()
        assert loss.data == pytest.approx(expected.item(), rel=1e-12)
        gradients = [
            g
            for w, b in zip(*[iter(twin.parameters())] * 2, strict=True)
            for row, at in zip(w.grad, b.grad, strict=True)
            for g in (*row.tolist(), at.item())
        ]
        assert [p.grad for p in model.parameters()] == pytest.approx(gradients, rel=1e-10, abs=1e-14)
        for p in model.parameters():
            p.data -= 0.05 * p.grad
        optimizer.step()
        first, last = first if step else loss.data, loss.data
    assert last < 0.8 * first


# ---------------------------------------------------------------------------------------- standing alone


def imported(source: str) -> set[str]:
    """The modules a source imports, wherever in it."""
    found = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found.add("." * node.level + (node.module or ""))
    return found


def test_it_imports_math_and_random_only() -> None:
    words_for_types = {"__future__", "collections.abc"}
    assert imported(SOURCE.read_text()) - words_for_types == {"math", "random"}
    assert imported("def f():\n    import numpy as np\n    from . import ops") == {"numpy", "."}  # it can see


def test_the_file_runs_alone() -> None:
    script = f"""
import runpy, sys
class Nothing:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in ("numpy", "chainrule", "torch"):
            raise ImportError("blocked: " + name)
sys.meta_path.insert(0, Nothing())
try:
    import numpy
except ImportError:
    names = runpy.run_path({str(SOURCE)!r})
    a = names["Value"](3.0)
    (a * a + names["MLP"](1, [2, 1])([a])[0] * 0).backward()
    print(a.grad)
"""
    run = subprocess.run([sys.executable, "-I", "-c", script], capture_output=True, text=True, check=False)
    assert (run.stdout.strip(), run.stderr) == ("6.0", "")
