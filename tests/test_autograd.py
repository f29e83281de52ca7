"""Gradients on request, functions of one's own, the check of gradients; and scalar = tensor."""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

import chainrule
from chainrule import Tensor
from chainrule.autograd import Function, gradcheck, gradgradcheck
from chainrule.errors import ArgumentError, DtypeError, GradientError, OperandError, ShapeError
from chainrule.value import Value

LIBS = pytest.mark.parametrize("lib", [chainrule, torch], ids=["chainrule", "torch"])
BOTH_FUNCTIONS = pytest.mark.parametrize(
    ("lib", "base"), [(chainrule, Function), (torch, torch.autograd.Function)], ids=["chainrule", "torch"]
)


def leaf(lib: Any, data: Any = (1.0, 2.0, 3.0)) -> Any:
    return lib.tensor(data, dtype=lib.float64, requires_grad=True)


# ---------------------------------------------------------------------------------------- autograd.grad


@LIBS
def test_grad_answers_and_leaves_no_trace(lib: Any) -> None:
    x, y = leaf(lib), leaf(lib)
    gx, gy = lib.autograd.grad((x * y * y).sum(), (x, y))
    assert (gx.tolist(), gy.tolist()) == ([1.0, 4.0, 9.0], [2.0, 8.0, 18.0])
    assert (x.grad, y.grad) == (None, None)
    assert not gx.requires_grad
    (only,) = lib.autograd.grad((x * x).sum(), x)
    assert only.tolist() == [2.0, 4.0, 6.0]


@LIBS
def test_grad_of_several_outputs_is_that_of_their_sum(lib: Any) -> None:
    x = leaf(lib)
    weights = lib.tensor([1.0, 0.0, 2.0], dtype=lib.float64)
    (g,) = lib.autograd.grad([x * x, (x * 3).sum()], [x], [weights, None])
    assert g.tolist() == [5.0, 3.0, 15.0]
    y = x * 2
    (g,) = lib.autograd.grad([y, y], x, [weights, weights])
    assert g.tolist() == [4.0, 0.0, 8.0]


@LIBS
def test_grad_with_respect_to_what_lies_between(lib: Any) -> None:
    x = leaf(lib)
    y = x * x
    z = (y * y * x).sum()
    gx, gy = lib.autograd.grad(z, (x, y), retain_graph=True)
    assert (gx.tolist(), gy.tolist()) == ([5.0, 80.0, 405.0], [2.0, 16.0, 54.0])
    assert lib.autograd.grad(z, z)[0].item() == 1.0


@LIBS
def test_grad_of_grad_of_grad(lib: Any) -> None:
    x = leaf(lib)
    g = x**4
    for _ in range(3):
        (g,) = lib.autograd.grad(g.sum(), x, create_graph=True)
    assert g.tolist() == [24.0, 48.0, 72.0]


@LIBS
def test_grad_and_what_is_not_used(lib: Any) -> None:
    x, y = leaf(lib), leaf(lib)
    with pytest.raises(RuntimeError):
        lib.autograd.grad((x * x).sum(), (x, y))
    assert lib.autograd.grad((x * x).sum(), (x, y), allow_unused=True)[1] is None
    assert lib.autograd.grad((x * x).sum(), (x, y), materialize_grads=True)[1].tolist() == [0.0, 0.0, 0.0]
    with pytest.raises(RuntimeError):
        lib.autograd.grad((x * x).sum(), lib.ones(3))
    with pytest.raises(RuntimeError):
        lib.autograd.grad(x * x, x)
    with pytest.raises((RuntimeError, ValueError)):
        lib.autograd.grad([x.sum(), x.sum()], x, [None])


@LIBS
def test_backward_from_several(lib: Any) -> None:
    x = leaf(lib)
    lib.autograd.backward([(x * x).sum(), x * 3], [None, lib.ones(3, dtype=lib.float64)])
    assert x.grad.tolist() == [5.0, 7.0, 9.0]


def test_grad_refuses_in_the_users_words() -> None:
    x, y = leaf(chainrule), leaf(chainrule)
    grad = chainrule.autograd.grad
    with pytest.raises(GradientError, match=r"input 1: the outputs do not depend on it; write allow_unused=True"):
        grad((x * x).sum(), (x, y))
    with pytest.raises(GradientError, match=r"input 0, which has requires_grad=False: set it before it is used"):
        grad((x * x).sum(), chainrule.ones(3))
    with pytest.raises(ArgumentError, match=r"1 gradients? for 2 outputs: give one for each, or None"):
        grad([x.sum(), y.sum()], x, [None])


# ---------------------------------------------------------------------------------------- Function


def legendre(base: Any) -> Any:
    class LegendreCubic(base):
        """P3(x) = (5x³ - 3x) / 2, with a gradient by hand."""

        @staticmethod
        def forward(ctx: Any, x: Any) -> Any:
            ctx.save_for_backward(x)
            return 0.5 * (5 * x**3 - 3 * x)

        @staticmethod
        def backward(ctx: Any, g: Any) -> Any:
            (x,) = ctx.saved_tensors
            return g * 1.5 * (5 * x**2 - 1)

    return LegendreCubic


@BOTH_FUNCTIONS
def test_a_function_and_its_gradients(lib: Any, base: Any) -> None:
    cubic, x = legendre(base), leaf(lib)
    y = cubic.apply(x)
    assert y.tolist() == [1.0, 17.0, 63.0]
    assert "LegendreCubic" in repr(y)
    (g,) = lib.autograd.grad(y.sum(), x, create_graph=True)
    (gg,) = lib.autograd.grad(g.sum(), x)
    assert (g.tolist(), gg.tolist()) == ([6.0, 28.5, 66.0], [15.0, 30.0, 45.0])
    assert lib.autograd.gradcheck(cubic.apply, (x,))
    assert lib.autograd.gradgradcheck(cubic.apply, (x,))
    with lib.no_grad():
        assert not cubic.apply(x).requires_grad
    assert not cubic.apply(x.detach()).requires_grad


def test_the_known_answer() -> None:
    """y = a + b·P3(c + d·x) fitted to sin on 2,000 points: the losses PyTorch's tutorial gets, in float32."""
    cubic = legendre(Function)
    x = chainrule.linspace(-math.pi, math.pi, 2000)
    target = x.sin()
    a, b, c, d = (chainrule.full((), value, requires_grad=True) for value in (0.0, -1.0, 0.0, 0.3))
    losses = {}
    for step in range(2000):
        loss = (a + b * cubic.apply(c + d * x) - target).pow(2).sum()
        if step % 100 == 99:
            losses[step] = loss.item()
        loss.backward()
        with chainrule.no_grad():
            for p in (a, b, c, d):
                p -= 5e-6 * p.grad
                p.grad = None
    known = {99: 209.95834, 499: 50.97850, 999: 14.87789, 1999: 8.94364}
    for step, expected in known.items():
        assert losses[step] == pytest.approx(expected, rel=2e-6), step
    assert (b.item(), d.item()) == (pytest.approx(-2.208527, abs=5e-6), pytest.approx(0.255486, abs=5e-6))
    assert (a.item(), c.item()) == (pytest.approx(0, abs=1e-6), pytest.approx(0, abs=1e-6))
    assert loss.dtype == np.float32


@BOTH_FUNCTIONS
def test_several_results(lib: Any, base: Any) -> None:
    class SumAndProduct(base):
        @staticmethod
        def forward(ctx: Any, x: Any, y: Any) -> Any:
            ctx.save_for_backward(x, y)
            return x + y, x * y

        @staticmethod
        def backward(ctx: Any, g_sum: Any, g_product: Any) -> Any:
            x, y = ctx.saved_tensors
            return g_sum + g_product * y, g_sum + g_product * x

    x, y = leaf(lib), leaf(lib, (4.0, 5.0, 6.0))
    total, product = SumAndProduct.apply(x, y)
    (total * product).sum().backward()
    both = (x.grad.tolist(), y.grad.tolist())
    x.grad = y.grad = None
    ((x + y) * (x * y)).sum().backward()
    assert both == (x.grad.tolist(), y.grad.tolist())
    x.grad = None
    SumAndProduct.apply(x, y)[1].sum().backward()  # the other result is not used
    assert x.grad.tolist() == [4.0, 5.0, 6.0]
    assert lib.autograd.gradcheck(SumAndProduct.apply, (x, y))
    assert lib.autograd.gradgradcheck(SumAndProduct.apply, (x, y))


@BOTH_FUNCTIONS
def test_inputs_that_are_no_tensors_and_gradients_that_are_none(lib: Any, base: Any) -> None:
    seen = []

    class Scaled(base):
        @staticmethod
        def forward(ctx: Any, x: Any, factor: Any, y: Any) -> Any:
            ctx.factor = factor
            return x * factor + y

        @staticmethod
        def backward(ctx: Any, g: Any) -> Any:
            seen.append(ctx.needs_input_grad)
            return g * ctx.factor, None, None

    x, y = leaf(lib), lib.ones(3, dtype=lib.float64)
    Scaled.apply(x, 2.5, y).sum().backward()
    assert x.grad.tolist() == [2.5, 2.5, 2.5]
    assert y.grad is None
    Scaled.apply(x, 2.5, leaf(lib)).sum().backward()
    assert seen == [(True, False, False), (True, False, True)]
    z = leaf(lib)
    Scaled.apply(x, 1, z).sum().backward()
    assert z.grad is None, "None means no gradient"


@BOTH_FUNCTIONS
def test_setup_context(lib: Any, base: Any) -> None:
    class Square(base):
        @staticmethod
        def forward(x: Any) -> Any:
            return x * x

        @staticmethod
        def setup_context(ctx: Any, inputs: Any, output: Any) -> None:
            ctx.save_for_backward(*inputs)

        @staticmethod
        def backward(ctx: Any, g: Any) -> Any:
            return 2 * g * ctx.saved_tensors[0]

    x = leaf(lib)
    Square.apply(x).sum().backward()
    assert x.grad.tolist() == [2.0, 4.0, 6.0]


@BOTH_FUNCTIONS
def test_saving_a_result_and_double_backward_through_it(lib: Any, base: Any) -> None:
    class Exponential(base):
        @staticmethod
        def forward(ctx: Any, x: Any) -> Any:
            out = x.exp()
            ctx.save_for_backward(out)
            return out

        @staticmethod
        def backward(ctx: Any, g: Any) -> Any:
            return g * ctx.saved_tensors[0]

    x = leaf(lib)
    (g,) = lib.autograd.grad(Exponential.apply(x).sum(), x, create_graph=True)
    (gg,) = lib.autograd.grad(g.sum(), x)
    np.testing.assert_allclose(gg.tolist(), np.exp([1.0, 2.0, 3.0]))


@BOTH_FUNCTIONS
def test_an_input_given_back_is_another_tensor(lib: Any, base: Any) -> None:
    class Through(base):
        @staticmethod
        def forward(ctx: Any, x: Any) -> Any:
            return x

        @staticmethod
        def backward(ctx: Any, g: Any) -> Any:
            return g * 10

    x = leaf(lib)
    y = Through.apply(x)
    assert y is not x
    assert (x.is_leaf, y.is_leaf) == (True, False)
    y.sum().backward()
    assert x.grad.tolist() == [10.0, 10.0, 10.0]


@BOTH_FUNCTIONS
def test_backward_twice_through_a_function(lib: Any, base: Any) -> None:
    x = leaf(lib)
    out = legendre(base).apply(x).sum()
    out.backward(retain_graph=True)
    out.backward()
    assert x.grad.tolist() == [12.0, 57.0, 132.0]
    with pytest.raises(RuntimeError):
        out.backward()


@BOTH_FUNCTIONS
def test_a_saved_tensor_that_was_changed_is_refused(lib: Any, base: Any) -> None:
    x = leaf(lib) * 1
    out = legendre(base).apply(x)
    with lib.no_grad():
        x.zero_()
    with pytest.raises(RuntimeError, match="place"):
        out.sum().backward()


@BOTH_FUNCTIONS
def test_an_integer_result_gets_no_gradient(lib: Any, base: Any) -> None:
    class Extreme(base):
        @staticmethod
        def forward(ctx: Any, x: Any) -> Any:
            ctx.place = x.argmax()
            return x.max() * 1, ctx.place

        @staticmethod
        def backward(ctx: Any, g: Any, _: Any) -> Any:
            out = lib.zeros(3, dtype=lib.float64)
            out[ctx.place] = g
            return out

    x = leaf(lib)
    value, place = Extreme.apply(x)
    assert (value.requires_grad, place.requires_grad) == (True, False)
    value.backward()
    assert x.grad.tolist() == [0.0, 0.0, 1.0]


@BOTH_FUNCTIONS
def test_a_gradient_is_fitted_to_its_input(lib: Any, base: Any) -> None:
    """Cast to its dtype, and summed over what was broadcast."""

    class Plus(base):
        @staticmethod
        def forward(ctx: Any, x: Any, y: Any) -> Any:
            return x + y

        @staticmethod
        def backward(ctx: Any, g: Any) -> Any:
            return g.double(), g

    x, y = lib.ones(2, 3, requires_grad=True), lib.ones(3, requires_grad=True)
    Plus.apply(x, y).sum().backward()
    assert x.grad.dtype == lib.float32
    assert y.grad.tolist() == [2.0, 2.0, 2.0]
    (g,) = lib.autograd.grad(Plus.apply(x, y).sum(), y, create_graph=True)
    assert g.tolist() == [2.0, 2.0, 2.0]


def returning(*gradients: Any) -> Any:
    """A Function of two inputs whose backward returns these."""

    class Wrong(Function):
        @staticmethod
        def forward(ctx: Any, x: Tensor, y: Tensor) -> Tensor:
            return x + y

        @staticmethod
        def backward(ctx: Any, g: Tensor) -> Any:
            return gradients if len(gradients) != 1 else gradients[0]

    return Wrong


@pytest.mark.parametrize(
    ("gradients", "error", "match"),
    [
        ((chainrule.ones(3),), ArgumentError, r"Wrong\.backward returned 1 gradients? for 2 inputs of forward"),
        (
            (chainrule.ones(3), None, None),
            ArgumentError,
            r"returned 3 gradients for 2 inputs.*None where there is none",
        ),
        ((chainrule.ones(2), None), ShapeError, r"a gradient of shape \(2,\) for input 0 of shape \(3,\)"),
        ((None, 1.0), ShapeError, r"Wrong\.backward returned a gradient of float for input 1 of shape \(3,\)"),
        ((None, chainrule.ones(())), ShapeError, r"a gradient of shape \(\) for input 1"),
    ],
    ids=["too few", "too many", "shape", "a number", "0-d"],
)
def test_a_backward_that_answers_wrongly_is_refused(gradients: Any, error: type[Exception], match: str) -> None:
    with pytest.raises(error, match=match):
        returning(*gradients).apply(leaf(chainrule), leaf(chainrule)).sum().backward()


def test_a_function_half_written_is_refused() -> None:
    class NoForward(Function):
        pass

    class NoBackward(Function):
        @staticmethod
        def forward(ctx: Any, x: Tensor) -> Tensor:
            return x * 2

    class NoTensor(Function):
        @staticmethod
        def forward(ctx: Any, x: Tensor) -> Any:
            return 2.0

    with pytest.raises(NotImplementedError, match=r"write forward\(ctx, \*inputs\) as a static method"):
        NoForward.apply(leaf(chainrule))
    with pytest.raises(NotImplementedError, match=r"write backward\(ctx, \*gradients\)"):
        NoBackward.apply(leaf(chainrule)).sum().backward()
    with pytest.raises(OperandError, match=r"NoTensor\.forward returned float: return tensors"):
        NoTensor.apply(leaf(chainrule))


def test_gradients_of_a_function_share_no_memory() -> None:
    """Even where backward hands out the gradient it was given, twice."""

    class Plus(Function):
        @staticmethod
        def forward(ctx: Any, x: Tensor, y: Tensor) -> Tensor:
            return x + y

        @staticmethod
        def backward(ctx: Any, g: Tensor) -> Any:
            return g, g

    x, y, seed = leaf(chainrule), leaf(chainrule), chainrule.ones(3, dtype=chainrule.float64)
    Plus.apply(x, y).backward(seed)
    assert not np.shares_memory(x.grad.array, y.grad.array)
    assert not np.shares_memory(x.grad.array, seed.array)


def test_a_gradient_that_is_a_saved_tensor_is_copied() -> None:
    """Else adding to the gradient would change the number it was."""

    class Product(Function):
        @staticmethod
        def forward(ctx: Any, x: Tensor, y: Tensor) -> Tensor:
            ctx.save_for_backward(x, y)
            return (x * y).sum()

        @staticmethod
        def backward(ctx: Any, g: Tensor) -> Any:
            x, y = ctx.saved_tensors
            return y, x  # right where g is 1

    x, y = leaf(chainrule), leaf(chainrule, (4.0, 5.0, 6.0))
    for _ in range(2):
        Product.apply(x, y).backward()
    assert (x.tolist(), y.tolist()) == ([1.0, 2.0, 3.0], [4.0, 5.0, 6.0])
    assert (x.grad.tolist(), y.grad.tolist()) == ([8.0, 10.0, 12.0], [2.0, 4.0, 6.0])


# ---------------------------------------------------------------------------------------- gradcheck

RIGHT: dict[str, Callable[..., Any]] = {
    "product": lambda x, y: x * y,
    "composition": lambda x, y: (x.sin() * y).exp().sum(),
    "several results": lambda x, y: (x * y, x / y),
    "one input alone": lambda x, y: x * 2,
    "an index": lambda x, y: x[1:] * y[0],
    "a list of results": lambda x, y: [x.mean(), y],
}


@pytest.mark.parametrize("case", RIGHT)
def test_gradcheck_passes_what_is_right(case: str) -> None:
    inputs = (leaf(chainrule), leaf(chainrule, (0.5, -1.5, 2.5)))
    assert gradcheck(RIGHT[case], inputs)
    assert gradgradcheck(RIGHT[case], inputs)
    assert all(x.grad is None for x in inputs)


def scaled(by: float, at: int | None = None, only_second: bool = False) -> Any:
    """x * y, whose gradient in y is wrong by a factor, perhaps at one place or the second order alone."""

    class Product(Function):
        @staticmethod
        def forward(ctx: Any, x: Tensor, y: Tensor) -> Tensor:
            ctx.save_for_backward(x, y)
            return x * y

        @staticmethod
        def backward(ctx: Any, g: Tensor) -> Any:
            x, y = ctx.saved_tensors
            wrong = np.ones(3)
            wrong[slice(None) if at is None else at] = by
            return (g * y.detach(), g * x) if only_second else (g * y, g * x * Tensor(wrong))

    return Product.apply


def test_gradcheck_fails_what_is_wrong_and_says_where() -> None:
    inputs = (leaf(chainrule), leaf(chainrule, (0.5, -1.5, 2.5)))
    text = (
        r"gradcheck, slope of output 0 \(number 1\) in argument 1, element \(1,\): backward gave 4, measured 2 "
        r"\(1 of 9 slopes are wrong\)"
    )
    with pytest.raises(GradientError, match=text):
        gradcheck(scaled(2.0, at=1), inputs)
    with pytest.raises(GradientError, match=r"backward gave -1, measured 1 \(3 of 9 slopes are wrong\)"):
        gradcheck(scaled(-1.0), inputs)
    assert gradcheck(scaled(2.0), inputs, raise_exception=False) is False
    assert gradgradcheck(scaled(1.0, only_second=True), inputs, raise_exception=False) is False
    with pytest.raises(GradientError, match=r"slope of output 1 \(number 0\) in argument 0"):
        gradcheck(lambda x, y: (x, scaled(2.0)(y, x)), inputs)


def test_gradgradcheck_finds_what_is_wrong_at_the_second_order_alone() -> None:
    inputs = (leaf(chainrule), leaf(chainrule, (0.5, -1.5, 2.5)))
    assert gradcheck(scaled(1.0, only_second=True), inputs)
    with pytest.raises(GradientError, match=r"output 0 .* in argument 1, element \(0,\): backward gave 0"):
        gradgradcheck(scaled(1.0, only_second=True), inputs)


def test_gradcheck_sees_a_kink_and_a_lost_gradient() -> None:
    with pytest.raises(GradientError, match=r"measured 0\.5"):
        gradcheck(lambda x: x.relu(), (leaf(chainrule, [0.0]),))
    with pytest.raises(GradientError, match=r"backward gave 0, measured 2"):
        gradcheck(lambda x: x.detach() * 2 + x * 0, (leaf(chainrule, [1.0]),))
    with pytest.raises(GradientError, match=r"backward gave 0, measured 1"):
        gradcheck(lambda x: x.detach(), (leaf(chainrule, [1.0]),))


def test_gradcheck_refuses_what_it_cannot_measure() -> None:
    with pytest.raises(GradientError, match=r"none of the inputs has requires_grad=True"):
        gradcheck(lambda x: x, (chainrule.ones(2),))
    with pytest.raises(DtypeError, match=r"argument 1 is float32; measuring a slope needs float64: x\.double"):
        gradcheck(lambda x, y: x * y, (leaf(chainrule), chainrule.ones(3, requires_grad=True)))


@pytest.mark.parametrize("shape", [(), (0,), (2, 0), (1, 1), (2, 3)], ids=str)
def test_gradcheck_of_every_shape(shape: tuple[int, ...]) -> None:
    x = Tensor(np.random.default_rng(0).normal(size=shape), requires_grad=True)
    assert gradcheck(lambda x: x * x, x)
    assert gradgradcheck(lambda x: x * x, x)
    turned = Tensor(np.random.default_rng(0).normal(size=(3, 2)).T, requires_grad=True)
    assert gradcheck(lambda x: x.sin(), turned)


# ---------------------------------------------------------------------------------------- scalar = tensor

Program = list[tuple[str, int, int]]
STEPS: dict[str, Callable[[Any, Any, Any], Any]] = {  # of x, y, and a number that is positive
    "+": lambda x, y, p: x + y,
    "-": lambda x, y, p: x - y,
    "*": lambda x, y, p: x * y,
    "/": lambda x, y, p: x / (y * y + 1),
    "**": lambda x, y, p: p**y,
    "exp": lambda x, y, p: x.exp(),
    "log": lambda x, y, p: p.log(),
    "sin": lambda x, y, p: x.sin(),
    "tanh": lambda x, y, p: x.tanh(),
    "relu": lambda x, y, p: x.relu(),
    "sigmoid": lambda x, y, p: x.sigmoid(),
    "neg": lambda x, y, p: -x,
    "number + x": lambda x, y, p: 2 + x,
    "number - x": lambda x, y, p: 0.5 - x,
    "number / x": lambda x, y, p: 2 / p,
    "x ** number": lambda x, y, p: x**2,
    "number ** x": lambda x, y, p: 2**x,
}


def random_program(seed: int, leaves: int = 3, length: int = 14) -> Program:
    """Steps (operation, first operand, second): each may use any number made before, so many are used again."""
    draw = random.Random(seed)
    return [
        (draw.choice([*STEPS, *"+-*/"]), draw.randrange(leaves + i), draw.randrange(leaves + i)) for i in range(length)
    ]


def run(program: Program, leaves: list[Any], number: Callable[[Any], float]) -> Any:
    """The program on Values or on tensors: the same source.  What would leave the numbers' domain is tamed first."""
    made = list(leaves)
    for name, i, j in program:
        x, y = made[i], made[j]
        if abs(number(x)) > 3:
            x = x.tanh()
        if abs(number(y)) > 3:
            y = y.tanh()
        made.append(STEPS[name](x, y, x * x + 0.5))
    total = made[-1]
    for x in made[len(leaves) : -1]:
        total = total + x * 0.1
    return total + (made[0] - made[0]).relu()  # a tie: relu at 0


@pytest.mark.parametrize("seed", range(60))
def test_scalar_equals_tensor(seed: int) -> None:
    """A random expression has the same value and slopes on Values, on Tensors, and in PyTorch; twice backward too."""
    program, start = random_program(seed), [0.7, -1.3, 2.1]
    values = [Value(x) for x in start]
    ours, theirs = ([lib.tensor(x, dtype=lib.float64, requires_grad=True) for x in start] for lib in (chainrule, torch))
    results = [
        run(program, values, lambda x: x.data),
        run(program, ours, lambda x: x.item()),
        run(program, theirs, lambda x: x.item()),
    ]
    numbers = [results[0].data, results[1].item(), results[2].item()]
    assert numbers[1:] == pytest.approx([numbers[0]] * 2, rel=1e-12)
    for times in (1, 2):
        results[0].backward()
        results[1].backward(retain_graph=True)
        results[2].backward(retain_graph=True)
        for v, x, t in zip(values, ours, theirs, strict=True):
            expected = 0.0 if t.grad is None else t.grad.item()
            assert v.grad == pytest.approx(expected, rel=1e-9, abs=1e-12), times
            assert (0.0 if x.grad is None else x.grad.item()) == pytest.approx(expected, rel=1e-9, abs=1e-12), times


@pytest.mark.parametrize("x", [-2.0, -1.0, 0.0, 0.5, 3.0])
@pytest.mark.parametrize("y", [0.0, 1.0, 2.0, 3.0])
def test_powers_agree_at_the_edges(x: float, y: float) -> None:
    for make in (lambda a, b: a**b, lambda a, b: a**y, lambda a, b: x**b):
        v, w = Value(x), Value(y)
        a, b = (chainrule.tensor(n, dtype=chainrule.float64, requires_grad=True) for n in (x, y))
        p, q = (torch.tensor(n, dtype=torch.float64, requires_grad=True) for n in (x, y))
        made = make(v, w)
        made.backward()
        for result in (make(a, b), make(p, q)):
            assert result.item() == made.data
            result.backward()
        slopes = [(0.0 if n.grad is None else n.grad.item()) for n in (a, b)]
        assert slopes == pytest.approx([v.grad, w.grad], nan_ok=True)
        assert slopes == pytest.approx([(0.0 if n.grad is None else n.grad.item()) for n in (p, q)], nan_ok=True)


def test_the_classic_example_of_a_gradient_left_over() -> None:
    """A second backward adds 32 again, not 64: what lies between starts from zero."""
    for make, slope in (
        (lambda: Value(2.0), lambda x: x.grad),
        (lambda: chainrule.tensor(2.0, requires_grad=True), lambda x: x.grad.item()),
    ):
        x = make()
        y = x * x
        z = y * y
        z.backward() if isinstance(z, Value) else z.backward(retain_graph=True)
        assert slope(x) == 32.0
        z.backward()
        assert slope(x) == 64.0
