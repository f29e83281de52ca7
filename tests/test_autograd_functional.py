"""`autograd.functional`: Jacobians, Hessians and their products are PyTorch's."""

from typing import Any

import numpy as np
import pytest
import torch

import chainrule
from chainrule.errors import ArgumentError, ShapeError

RNG = np.random.default_rng(0)
X, Y = RNG.normal(size=(3, 2)), RNG.normal(size=2)

FUNCTIONS = {  # name: (function, inputs)
    "elementwise": (lambda x: x.exp() * x, (X,)),
    "matrix and vector": (lambda x, y: x @ y, (X, Y)),
    "one unused": (lambda x, y: x * 2, (X, Y)),
    "several outputs": (lambda x, y: (x.sum(0) * y, y.tanh()), (X, Y)),
    "a constant": (lambda x: x.detach() * 2, (X,)),
}
NUMBERS = {
    "cubic": (lambda x: (x**3).sum(), (X,)),
    "mixed": (lambda x, y: ((x @ y) ** 2).sum() + y.prod(), (X, Y)),
    "linear": (lambda x: x.sum(), (X,)),
}


def inputs_of(lib: Any, arrays: Any) -> Any:
    made = tuple(lib.tensor(a) for a in arrays)
    return made if len(made) > 1 else made[0]


def flat(result: Any) -> list[Any]:
    return [x for part in result for x in flat(part)] if isinstance(result, tuple) else [result]


def equal(ours: Any, theirs: Any) -> None:
    ours, theirs = flat(ours), flat(theirs)
    assert len(ours) == len(theirs)
    for a, b in zip(ours, theirs, strict=True):
        assert a.shape == tuple(b.shape)
        np.testing.assert_allclose(a.detach().numpy(), b.detach().numpy(), rtol=1e-10, atol=1e-12)


def both(name: str, function: Any, arrays: Any, *more: Any) -> None:
    results = []
    for lib in (chainrule, torch):
        made = [tuple(lib.tensor(a) for a in v) if isinstance(v, tuple) else lib.tensor(v) for v in more]
        results.append(getattr(lib.autograd.functional, name)(function, inputs_of(lib, arrays), *made))
    equal(*results)


@pytest.mark.parametrize("case", FUNCTIONS)
def test_jacobian(case: str) -> None:
    both("jacobian", *FUNCTIONS[case])


def test_the_jacobian_of_nothing_is_empty() -> None:
    """PyTorch raises here."""
    assert chainrule.autograd.functional.jacobian(lambda x: x[:0], chainrule.tensor(X)).shape == (0, 2, 3, 2)


@pytest.mark.parametrize("case", NUMBERS)
def test_hessian(case: str) -> None:
    both("hessian", *NUMBERS[case])


@pytest.mark.parametrize("case", ["elementwise", "matrix and vector", "one unused", "several outputs"])
@pytest.mark.parametrize("name", ["vjp", "jvp"])
def test_products_with_vectors(name: str, case: str) -> None:
    function, arrays = FUNCTIONS[case]
    if name == "jvp":
        shapes = [a.shape for a in arrays]
    else:
        out = function(*(torch.tensor(a) for a in arrays))
        shapes = [tuple(x.shape) for x in (out if isinstance(out, tuple) else (out,))]
    rng = np.random.default_rng(1)
    v = tuple(rng.normal(size=shape) for shape in shapes)
    both(name, function, arrays, v if len(v) > 1 else v[0])


@pytest.mark.parametrize("case", NUMBERS)
def test_hessian_times_vector(case: str) -> None:
    function, arrays = NUMBERS[case]
    rng = np.random.default_rng(1)
    v = tuple(rng.normal(size=a.shape) for a in arrays)
    both("hvp", function, arrays, v if len(v) > 1 else v[0])


def test_a_jacobian_can_be_differentiated() -> None:
    results = []
    for lib in (chainrule, torch):
        x = lib.tensor(X, requires_grad=True)
        jacobian = lib.autograd.functional.jacobian(lambda x: x**3, x, create_graph=True)
        (jacobian**2).sum().backward()
        results.append(x.grad)
    equal(*results)


def test_results_have_no_graph_and_inputs_keep_no_gradient() -> None:
    x = chainrule.tensor(X, requires_grad=True)
    out, product = chainrule.autograd.functional.vjp(lambda x: (x * x).sum(), x)
    assert not out.requires_grad
    assert not product.requires_grad
    assert x.grad is None


@pytest.mark.parametrize(
    ("call", "error", "text"),
    [
        (
            lambda f, x: f.hessian(lambda x: x * 2, x),
            ShapeError,
            r"output is one number; this one returns \(3, 2\)",
        ),
        (lambda f, x: f.vjp(lambda x: x * 2, x), ArgumentError, "v can be left out only where"),
        (
            lambda f, x: f.jvp(lambda x: x * 2, x, chainrule.ones(3)),
            ShapeError,
            r"v of shapes \[\(3,\)\]: it must have \[\(3, 2\)\]",
        ),
        (lambda f, x: f.jacobian(lambda x: 1.0, x), ArgumentError, "output 0 of the function is float"),
    ],
)
def test_refused(call: Any, error: type[Exception], text: str) -> None:
    with pytest.raises(error, match=text):
        call(chainrule.autograd.functional, chainrule.tensor(X))
