"""Derivations: formulas read off from the rules mean what the rules compute, and path sums are the gradients."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import pytest
from samples import SAMPLES, tensors

import chainrule
from chainrule.errors import ArgumentError, GradientError
from chainrule.graph import explain
from chainrule.graph.notation import LATEX, PYTHON, TEXT, write
from chainrule.graph.rules import ARGUMENTS, _asked
from chainrule.graph.symbols import Symbol, Undecided, rule_of
from chainrule.ops.base import BOOK
from chainrule.tensor import Tensor
from chainrule.value import Value

DIFFERENTIABLE = [name for name, op in BOOK.items() if op.differentiable]
MEANING = dict(BOOK) | {"Ellipsis": Ellipsis, "inf": np.inf, "nan": np.nan}
ASK = [name for name in DIFFERENTIABLE if set(_asked(BOOK[name])) - set(ARGUMENTS)]
NOT_PYTHON = ("=", "places", "mask")  # named arguments and the slots of an index are written in short


@pytest.mark.parametrize("name", DIFFERENTIABLE)
def test_every_operation_explains_itself(name: str) -> None:
    if name in ASK:
        with pytest.raises(
            ArgumentError, match=f"explain\\('{name}'\\): its named arguments decide what it does; give "
        ):
            explain(name)
        return
    shown = explain(name)
    assert repr(shown).startswith("z = ")
    assert len(repr(shown).splitlines()) > 1
    assert shown.latex.count("{") == shown.latex.count("}")
    assert shown.latex.count(r"\left") == shown.latex.count(r"\right")
    assert shown._repr_latex_().startswith("$")


def test_named_arguments() -> None:
    assert repr(explain("sum", dim=None)) == "z = Σ(x)\nx̄ = expand(z̄, shape=(2,3))"


@pytest.mark.parametrize("name", DIFFERENTIABLE)
def test_what_is_written_is_what_is_computed(name: str) -> None:
    """Evaluate each rule as it is written (so with its parentheses) on the samples; compare with the rule itself."""
    for sample in SAMPLES[name]:
        args, kwargs, _ = tensors(sample)
        inputs, meta = BOOK[name].bind(*args, **kwargs)
        raw = [x.array if isinstance(x, Tensor) else x for x in BOOK[name].meet(inputs)]
        letters = [Symbol(f"x{i}", x.shape, x.dtype) if isinstance(x, np.ndarray) else x for i, x in enumerate(raw)]
        if any(isinstance(x, np.ndarray) and not x.size for x in raw):
            continue  # rules look at sizes, and there is nothing to compare
        if name in ("setitem", "unindex") and "mask" in repr(meta):
            with pytest.raises(Undecided, match="its shape is decided by numbers, such as those of a mask"):
                rule_of(name, Symbol("g"), Symbol("z"), letters, meta)
            continue
        with np.errstate(all="ignore"):
            _compare(BOOK[name], raw, letters, meta)


def _compare(op: Any, raw: list[Any], letters: list[Any], meta: dict[str, Any]) -> None:
    z = np.asarray(op.run(*raw, **meta))
    g = np.random.default_rng(0).normal(size=z.shape)
    wanted = [True if isinstance(x, np.ndarray) and x.dtype.kind == "f" else None for x in raw]
    computed = op.pull(g, z, raw, meta, wanted)
    written = op.pull(Symbol("g", z.shape), Symbol("z", z.shape, z.dtype), letters, meta, wanted)
    values = {x.name: array for x, array in zip(letters, raw, strict=True) if isinstance(x, Symbol)}
    for symbol, sent, want in zip(written, computed, wanted, strict=False):
        if want and sent is not None:
            assert np.shape(symbol) == sent.shape
            if not any(word in write(symbol, PYTHON) for word in NOT_PYTHON):
                meant = eval(write(symbol, PYTHON), {"__builtins__": {}}, {**MEANING, **values, "z": z, "g": g})
                np.testing.assert_allclose(np.broadcast_to(meant, sent.shape), sent, rtol=1e-6)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("tanh", "z = tanh(x)\nx̄ = z̄ ⊙ (1 − z ⊙ z)"),
        ("matmul", "z = x @ y\nx̄ = z̄ @ yᵀ\nȳ = xᵀ @ z̄"),
        ("sub", "z = x − y\nx̄ = z̄\nȳ = −z̄"),
        ("div", "z = x / y\nx̄ = z̄ / y\nȳ = −z̄ ⊙ x / (y ⊙ y)"),
        ("softmax", "z = softmax(x, dim=1)\nx̄ = z ⊙ (z̄ − Σ₁(z̄ ⊙ z))"),
        ("relu", "z = relu(x)\nx̄ = 0 where z ≤ 0, else z̄"),
    ],
)
def test_rules_in_text(name: str, text: str) -> None:
    assert repr(explain(name)) == text


def test_rule_in_latex() -> None:
    assert r"\bar{x} &= \bar{z} \odot \left(1 - z \odot z\right)" in explain(chainrule.tanh).latex
    assert r"\bar{x} &= \bar{z}\,y^{\top} \\[4pt] \bar{y} &= x^{\top}\,\bar{z}" in explain("matmul").latex


A, B, C = Symbol("a"), Symbol("b"), Symbol("c")


@pytest.mark.parametrize(
    ("formula", "text", "latex"),
    [
        (A - (B - C), "a − (b − c)", r"a - \left(b - c\right)"),
        (A - B - C, "a − b − c", "a - b - c"),
        (A - (B + C), "a − (b + c)", r"a - \left(b + c\right)"),
        (A + (B - C), "a + b − c", "a + b - c"),
        (A * (B + C), "a·(b + c)", r"a \cdot \left(b + c\right)"),
        (A / (B * C), "a / (b·c)", r"\frac{a}{b \cdot c}"),
        (A / B / C, "a / b / c", r"\frac{\frac{a}{b}}{c}"),
        (A / (B / C), "a / (b / c)", r"\frac{a}{\frac{b}{c}}"),
        (-(A + B), "−(a + b)", r"-\left(a + b\right)"),
        (A - -B, "a − (−b)", r"a - \left(-b\right)"),
        ((A + B) ** 2, "(a + b)²", r"\left(a + b\right)^{2}"),
        ((A**B) ** C, "(a^b)^c", r"\left(a^{b}\right)^{c}"),
        (BOOK["tanh"](A) ** 2, "tanh(a)²", r"\left(\tanh a\right)^{2}"),
        (BOOK["tanh"](A * B), "tanh(a·b)", r"\tanh \left(a \cdot b\right)"),
        (BOOK["exp"](A + B), "exp(a + b)", "e^{a + b}"),
        (-A * B, "−a·b", r"-a \cdot b"),
        (A * -2.0, "a·(−2)", r"a \cdot \left(-2\right)"),
        (A**-1, "a⁻¹", "a^{-1}"),
        (A**0.5, "a^0.5", "a^{0.5}"),
    ],
)
def test_precedence(formula: Symbol, text: str, latex: str) -> None:
    assert write(formula, TEXT) == text
    assert write(formula, LATEX) == latex


def test_written_python_means_the_formula() -> None:
    values = {"a": 2.0, "b": -3.0, "c": 0.5}
    for formula in (A - (B - C), A / (B * C), -(A + B) * C, (A + B) ** 2, A - -B, (A * B) ** (C + 1.0)):
        twin = eval(write(formula, PYTHON), {}, {k: Symbol(k) for k in values})
        assert write(twin, PYTHON) == write(formula, PYTHON)
    assert eval(write(A - (B - C), PYTHON), {}, values) == 2.0 - (-3.0 - 0.5)


def test_slopes_as_formulas() -> None:
    assert [write(s, TEXT) for s in rule_of("mul", 1.0, Symbol("z"), [A, B])] == ["b", "a"]
    assert write(rule_of("tanh", 1.0, Symbol("z"), [A])[0], TEXT) == "1 − z·z"
    assert write(rule_of("pow", 1.0, Symbol("z"), [A, 3.0])[0], TEXT) == "3·a²"


# ---------------------------------------------------------------------------------------- paths


def expression() -> tuple[Value, Value, Value]:
    a, b = Value(2.0, label="a"), Value(-3.0, label="b")
    m = a * b
    m.label = "m"
    loss = (m + a.tanh()) ** 2 + m / b - a * a
    loss.label = "L"
    return a, b, loss


def test_the_paths_sum_to_the_gradient() -> None:
    a, b, loss = expression()
    loss.backward()
    for x in (a, b):
        found = explain(loss, wrt=x, most=100)
        assert found.value == pytest.approx(x.grad)
        assert found.count == len(found.paths)
        assert sum(np.prod([e.value for e in path]) for path in found.paths) == pytest.approx(x.grad)


def test_reads() -> None:
    a, b = Value(2.0, label="a"), Value(-3.0, label="b")
    loss = (a * b).tanh()
    loss.label = "L"
    assert repr(explain(loss, wrt=b)).splitlines()[0] == "∂L/∂b, along one path:"
    assert "∂L/∂v2 · ∂v2/∂b = (1 − L·L) · a" in repr(explain(loss, wrt=b))
    assert r"\frac{\partial L}{\partial v_{2}}\,\frac{\partial v_{2}}{\partial b}" in explain(loss, wrt=b).latex
    assert explain(loss, wrt=loss).value == 1.0


def test_a_negative_term_is_in_parentheses() -> None:
    a, b = Value(2.0, label="a"), Value(-3.0, label="b")
    latex = explain(a * b + a.tanh() * a, wrt=a).latex
    assert "+ -" not in latex
    assert "+ −" not in repr(explain(a + a * b, wrt=a))


def test_many_paths_are_counted_not_written() -> None:
    x = Value(1.01, label="x")
    y = x
    for _ in range(40):
        y = y * x + y
    found = explain(y, wrt=x, most=3)
    y.backward()
    assert found.value == pytest.approx(x.grad)
    assert found.count > 2**40
    assert len(found.paths) == 3
    assert "(the other " in repr(found)
    assert "more paths" in found.latex


def test_deep() -> None:
    x = Value(0.0, label="x")
    y = x
    for _ in range(3000):
        y = y + 1.0
    assert explain(y, wrt=x).value == 1.0


def test_random_expressions() -> None:
    random.seed(3)
    for _ in range(20):
        values = [Value(random.uniform(0.5, 2.0)) for _ in range(3)]
        leaf = values[0]
        for _ in range(12):
            u, v = random.choice(values), random.choice(values)
            values.append(random.choice([u + v, u * v, u - v, u.tanh(), u / (v * v + 1.0), (-u).exp(), u.sigmoid()]))
        root = sum(values, Value(0.0))
        root.backward()
        assert explain(root, wrt=leaf).value == pytest.approx(leaf.grad)


def test_learners_operations_are_measured() -> None:
    class Own(Value):
        def double(self) -> Own:
            return Own(2 * self.data, (self,), (2.0,), "double")

    x = Own(3.0, label="x")
    assert explain(x.double(), wrt=x).value == pytest.approx(2.0)


# ---------------------------------------------------------------------------------------- tensors


def test_adjoints_are_the_gradients() -> None:
    model = chainrule.nn.Sequential(chainrule.nn.Linear(4, 3), chainrule.nn.Tanh(), chainrule.nn.Linear(3, 2))
    x = chainrule.randn(5, 4)
    loss = (model(x) ** 2).mean() + model[0].weight.sum()
    found = explain(loss, wrt=model[0].weight, names=model)
    loss.backward()
    np.testing.assert_allclose(found.value, model[0].weight.grad.array, rtol=1e-6)
    assert "∂0.weight" in repr(found)
    assert repr(found).splitlines()[0].startswith("the gradient of v")
    last = next(line for line in repr(found).splitlines() if line.startswith("∂0.weight"))
    assert " + " in last, "two ways lead to the weight, and their gradients are added"
    assert found.latex.count("{") == found.latex.count("}")


def test_a_mask_is_explained_without_its_shape() -> None:
    x = chainrule.ones(3, requires_grad=True)
    y = x * 2.0
    y[chainrule.tensor([True, False, True])] = x[:2]
    assert "setitem's rule on" in repr(explain(y.sum(), wrt=x, names={"x": x}))


def test_no_way_there() -> None:
    a, b = Value(1.0, label="a"), Value(2.0, label="b")
    L = a * 2.0 + b * 0.0
    assert explain(L, wrt=b).value == 0.0
    with pytest.raises(ArgumentError, match="is not in the graph"):
        explain(a * 2.0, wrt=b)


def test_refusals() -> None:
    with pytest.raises(ArgumentError, match=r"explain\('tanhh'\): no operation of the book; it has .*tanh"):
        explain("tanhh")
    with pytest.raises(ArgumentError, match="argmax has no gradient"):
        explain("argmax")
    with pytest.raises(ArgumentError, match=r"write explain\(result, wrt=w\)"):
        explain(Value(1.0) * 2.0)
    x = chainrule.ones(2, requires_grad=True)
    with pytest.raises(GradientError, match=r"explain a tensor of shape \(2,\)"):
        explain(x * 2.0, wrt=x)
    a = Value(2.0)
    t = a.tanh()
    a.data = 3.0
    with pytest.raises(GradientError, match="was a value changed after it was used"):
        explain(t, wrt=a)
