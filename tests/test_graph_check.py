"""`check` marks a wrong rule at the node that has it, accepts every right one, and leaves everything as it was."""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from typing import Any

import micrograd.engine
import numpy as np
import pytest

import chainrule
from chainrule.errors import ArgumentError, GradientError
from chainrule.graph import check, draw
from chainrule.graph.local import _exponent, agrees, measured
from chainrule.value import MLP, Value


class Right:
    """A learner's class, with children in a set, as in the lectures.  Subclasses break one rule each."""

    def __init__(self, data: float, _prev: Any = (), _op: str = "", label: str = "") -> None:
        self.data, self.grad, self.label = data, 0.0, label
        self._prev, self._op = self.children(_prev), _op
        self._backward: Callable[[], None] = lambda: None

    children: Any = set

    def made(self, data: float, others: Any, op: str) -> Any:
        return type(self)(data, (self, *others), op)

    def __add__(self, other: Any) -> Any:
        out = self.made(self.data + other.data, (other,), "+")

        def _backward() -> None:
            self.grad += out.grad
            other.grad += out.grad

        out._backward = _backward
        return out

    def __sub__(self, other: Any) -> Any:
        out = self.made(self.data - other.data, (other,), "-")

        def _backward() -> None:
            self.grad += out.grad
            other.grad += -out.grad

        out._backward = _backward
        return out

    def __mul__(self, other: Any) -> Any:
        out = self.made(self.data * other.data, (other,), "*")

        def _backward() -> None:
            self.grad += other.data * out.grad
            other.grad += self.data * out.grad

        out._backward = _backward
        return out

    def tanh(self) -> Any:
        t = math.tanh(self.data)
        out = self.made(t, (), "tanh")

        def _backward() -> None:
            self.grad += (1 - t * t) * out.grad

        out._backward = _backward
        return out

    def double(self) -> Any:
        """An operation that no book has."""
        out = self.made(2 * self.data, (), "double")

        def _backward() -> None:
            self.grad += 2 * out.grad

        out._backward = _backward
        return out

    def backward(self) -> None:
        order: list[Any] = []
        seen: set[Any] = set()

        def visit(v: Any) -> None:
            if v not in seen:
                seen.add(v)
                for child in v._prev:
                    visit(child)
                order.append(v)

        visit(self)
        self.grad = 1.0
        for v in reversed(order):
            v._backward()


def broken(name: str, rule: Callable[[Any, Any, Any], None]) -> type[Right]:
    """`Right` with the closure of one operation replaced: rule(self, other, out)."""
    operation = getattr(Right, name)

    def method(self: Any, *others: Any) -> Any:
        out = operation(self, *others)
        out._backward = lambda: rule(self, others[0] if others else None, out)
        return out

    return type("Broken", (Right,), {name: method})


def subtraction(a: Any, b: Any, out: Any) -> None:
    a.grad += out.grad
    b.grad += out.grad


def overwriting(a: Any, b: Any, out: Any) -> None:
    a.grad = out.grad
    b.grad = out.grad


def swapped(a: Any, b: Any, out: Any) -> None:
    a.grad += a.data * out.grad
    b.grad += b.data * out.grad


def flat(a: Any, b: Any, out: Any) -> None:
    a.grad += out.grad


def nothing(a: Any, b: Any, out: Any) -> None: ...


def alone(a: Any, b: Any, out: Any) -> None:
    a.grad += 2.0


WRONG: dict[str, tuple[str, Any, list[tuple[str, str, float, float, str]]]] = {
    "subtraction adds to both": (
        "__sub__", subtraction,
        [("-", "b", 1.0, -1.0, "the − node (−1.0) sent +1.0 to b; the slope measured is −1.0: the sign is turned")],
    ),
    "= for +=": (
        "__add__", overwriting,
        [("+", "a", -9.0, 1.0, "overwrites the gradient of a: it held +10.0 and holds +1.0 now"),
         ("+", "b", -9.0, 1.0, "with += instead of =")],
    ),
    "product rule swapped": (
        "__mul__", swapped,
        [("*", "a", 2.0, 3.0, "sent +2.0 to a; the slope measured is +3.0: +2.0 is the slope in b"),
         ("*", "b", 3.0, 2.0, "sent +3.0 to b; the slope measured is +2.0: +3.0 is the slope in a")],
    ),
    "1 - t² missing": (
        "tanh", flat, [("tanh", "a", 1.0, 1 - math.tanh(2.0) ** 2, "slope measured is +0.07065, which is 1 − ")],
    ),
    "never set": ("tanh", nothing, [("tanh", "a", 0.0, 1 - math.tanh(2.0) ** 2, "was its _backward set")]),
    "an operation of one's own": (
        "double", flat, [("double", "a", 1.0, 2.0, "sent +1.0 to a; the slope measured is +2.0")],
    ),
    "not times out.grad": ("double", alone, [("double", "a", 2.0, 2.0, "multiply by out.grad")]),
}  # fmt: skip


def everything(kind: type[Right]) -> Any:
    """An expression with each operation, on the leaves a = 2 and b = 3."""
    a, b = kind(2.0, label="a"), kind(3.0, label="b")
    return ((a - b) * (a + b) + a.tanh()) * (a * b) + a.double() * (a + a)


@pytest.mark.parametrize("children", [set, tuple])
@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_rule_is_marked_at_its_node(name: str, children: Any) -> None:
    method, rule, expected = WRONG[name]
    kind = broken(method, rule)
    kind.children = children
    root = everything(kind)
    op = expected[0][0]
    of = {"a", "b"} if op in "+-*" else {"a"}
    findings = [f for f in check(root) if {c.label for c in f.node._prev} == of]
    assert len(findings) == len(expected)
    assert {f.node._op for f in check(root)} == {op}, "only nodes of the broken operation are marked"
    for (_, to, sent, slope, words), found in zip(expected, sorted(findings, key=lambda f: f.child.label), strict=True):
        assert found.child.label == to
        assert found.sent == pytest.approx(sent)
        assert found.measured == pytest.approx(slope, abs=1e-6)
        assert words in str(found)


@pytest.mark.parametrize("children", [set, tuple])
def test_the_right_class_has_no_finding(children: Any) -> None:
    kind = type("Ordered", (Right,), {"children": children})
    report = check(everything(kind))
    assert report == []
    assert report.unmeasured == []
    assert report.checked > 10


def test_everything_is_left_as_it_was() -> None:
    root = everything(Right)
    root.backward()
    order, stack = {}, [root]
    while stack:
        v = stack.pop()
        if id(v) not in order:
            order[id(v)] = (v, v.data, v.grad, set(v._prev), v._backward)
            stack.extend(v._prev)
    check(root)
    assert all(
        (v.data, v.grad, set(v._prev), v._backward) == kept for v, *rest in order.values() for kept in [tuple(rest)]
    )


def test_values_operations_are_right() -> None:
    a, b = Value(1.2, label="a"), Value(-0.7, label="b")
    x = (a * b - a / b + (2 - a) ** 3 + 2**b + a**b) * (a.exp() + a.log()) - b.sin() + (-b).relu() + b.sigmoid().tanh()
    assert check(x) == []
    assert check(MLP(3, [4, 1])([0.1, 0.2, 0.3])[0]) == []


def test_a_kink_has_many_right_slopes() -> None:
    assert check(Value(0.0).relu() * 2.0) == []
    assert agrees(0.3, measured(abs, 0.0))
    assert not agrees(1.3, measured(abs, 0.0))
    assert not agrees(0.9, measured(lambda x: 2 * x, 0.0))


def test_measuring_at_the_edge_of_what_is_defined() -> None:
    assert measured(math.log, 1e-7)[0] == pytest.approx(1e7, rel=1e-4)


def test_micrograd() -> None:
    random.seed(1)
    V = micrograd.engine.Value
    a, b = V(2.0), V(-3.0)
    root = (a * b + a**2 + (b - a) / a).relu() + a
    assert check(root) == []
    root.backward()
    assert check(root) == []
    root.backward()
    (found,) = check(root)
    assert "left from an earlier backward" in str(found)
    assert found.child is None
    assert found.node is root or found.node in root._prev


def test_backward_in_the_wrong_order() -> None:
    class Hasty(Right):
        def backward(self) -> None:
            self.grad, seen, waiting = 1.0, set(), [self]
            while waiting:
                v = waiting.pop(0)
                if id(v) not in seen:
                    seen.add(id(v))
                    v._backward()
                    waiting.extend(sorted(v._prev, key=lambda c: c.data, reverse=True))

    a = Hasty(2.0, label="a")
    b = a.double()
    b.label = "b"
    root = b * (b.tanh() + a)
    found = check(root)
    assert len(found) == 1
    assert "visited before all its users" in str(found[0])


def test_backward_too_deep_for_recursion() -> None:
    x = Right(0.0)
    one = Right(1.0)
    for _ in range(1500):
        x = x + one
    report = check(x)
    assert report == []
    assert "find the order with a stack" in report.unmeasured[0]


def test_what_cannot_be_measured_is_said() -> None:
    a = Right(2.0, label="a")
    root = a.tanh()
    a.data = 5.0
    report = check(root)
    assert report == []
    assert report.checked == 0
    assert "'tanh' of a does not give 0.964 again" in report.unmeasured[0]
    assert repr(report).startswith("nothing was checked\nnot checked: ")


def test_no_backward_to_run() -> None:
    class Bare:
        def __init__(self, data: float, _prev: Any = (), _op: str = "") -> None:
            self.data, self._prev, self._op = data, _prev, _op

    with pytest.raises(ArgumentError, match="Bare has no attribute grad"):
        check(Bare(3.0, (Bare(1.0), Bare(2.0)), "+"))
    Bare.grad = 0.0  # type: ignore[attr-defined]
    with pytest.raises(ArgumentError, match=r"the \+ node \(3.0\) \(Bare\) has none"):
        check(Bare(3.0, (Bare(1.0), Bare(2.0)), "+"))


def test_an_error_in_a_closure_names_the_node() -> None:
    def fails(a: Any, b: Any, out: Any) -> None:
        raise NameError("grad")

    with pytest.raises(NameError) as caught:
        check(broken("tanh", fails)(2.0, label="a").tanh())
    assert "in the _backward of v1 (made by 'tanh'" in caught.value.__notes__[0]


@pytest.mark.parametrize(
    ("text", "read"), [("**2", ("**", (2.0,))), ("^-1", ("**", (-1.0,))), ("**x", ("**x", ())), ("**", ("**", ()))]
)
def test_exponents(text: str, read: Any) -> None:
    assert _exponent(text) == read


def test_arrays_in_a_learners_class() -> None:
    x = Right(np.ones((2, 3)), label="x")  # type: ignore[arg-type]
    total = x + x
    assert "(2, 3)" in draw(total).svg
    with pytest.raises(ArgumentError, match=r"x \(Right\) holds an array of shape \(2, 3\): slopes are measured"):
        check(total)


def test_report_reads() -> None:
    report = check(everything(broken("__sub__", subtraction)))
    assert repr(report).splitlines()[0].endswith("checked, 1 finding:")
    assert repr(report).splitlines()[1] == f"1  {report[0]}"
    assert "image/svg+xml" in report._repr_mimebundle_()


# ---------------------------------------------------------------------------------------- tensors


def test_tensors_are_right() -> None:
    model = chainrule.nn.Sequential(chainrule.nn.Linear(4, 3), chainrule.nn.ReLU(), chainrule.nn.Linear(3, 2))
    loss = chainrule.nn.functional.cross_entropy(model(chainrule.randn(5, 4)), chainrule.tensor([0, 1, 0, 1, 1]))
    before = loss.item()
    report = check(loss, names=model)
    assert report == []
    assert report.unmeasured == []
    assert report.checked == 10
    assert loss.item() == before
    assert model[0].weight.grad is None


def test_a_wrong_function_of_ones_own() -> None:
    class Cube(chainrule.autograd.Function):
        @staticmethod
        def forward(ctx: Any, x: Any) -> Any:
            ctx.save_for_backward(x)
            return x**3

        @staticmethod
        def backward(ctx: Any, g: Any) -> Any:
            (x,) = ctx.saved_tensors
            return g * 2 * x**2

    x = chainrule.tensor(2.0, requires_grad=True)
    (found,) = check(Cube.apply(x), names={"x": x})
    assert (found.sent, found.measured) == (8.0, pytest.approx(12.0))
    assert str(found) == "the Cube node (8.0) sent +8.0 to x; the slope measured is +12.0"
    y = chainrule.tensor([1.0, 2.0], requires_grad=True)
    (found,) = check(Cube.apply(y).sum(), names={"y": y})
    assert "to element (0,) of y, for a random gradient of its own" in str(found)


def test_a_graph_changed_in_place_is_refused() -> None:
    w = chainrule.tensor([1.0, 2.0], requires_grad=True)
    loss = (w * w).sum()
    with chainrule.no_grad():
        w -= 1.0
    with pytest.raises(GradientError, match="changed in place since it was made"):
        check(loss)
