"""`gradcheck`: is the gradient the slope?  Measure it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from chainrule.autograd.gradient import grad
from chainrule.errors import DtypeError, GradientError
from chainrule.grad_mode import enable_grad, no_grad
from chainrule.ops.base import Array
from chainrule.random import Generator
from chainrule.tensor import Tensor, wrap


def gradcheck(
    func: Callable[..., Any],
    inputs: Tensor | Sequence[Any],
    eps: float = 1e-6,
    atol: float = 1e-5,
    rtol: float = 1e-3,
    raise_exception: bool = True,
) -> bool:
    """Compare every gradient of ``func`` with the measured slope (f(x + eps) - f(x - eps)) / 2 eps.

    ``inputs`` with ``requires_grad=True`` must be float64: in float32 the measurement is mostly rounding.
    They agree where |got - measured| ≤ atol + rtol |measured|.  Raises GradientError naming argument,
    element, what backward gave and what was measured; with ``raise_exception=False`` returns False.

    >>> x = chainrule.tensor([1.0, 2.0], dtype=chainrule.float64, requires_grad=True)
    >>> chainrule.autograd.gradcheck(lambda x: (x * x).sum(), (x,))
    True
    """
    given = (inputs,) if isinstance(inputs, Tensor) else tuple(inputs)
    checked = [(i, x) for i, x in enumerate(given) if isinstance(x, Tensor) and x.requires_grad]
    if not checked:
        raise GradientError("gradcheck: none of the inputs has requires_grad=True, so there is nothing to check")
    for i, x in checked:
        if x.dtype != np.float64:
            raise DtypeError(f"gradcheck: argument {i} is {x.dtype}; measuring a slope needs float64: x.double()")
    for k, got in enumerate(_analytic(func, given, [x for _, x in checked])):
        for (i, x), jacobian in zip(checked, got, strict=True):
            measured = _measured(func, given, x, k, eps)  # (outputs, elements of x)
            wrong = ~(np.abs(jacobian - measured) <= atol + rtol * np.abs(measured))
            if wrong.any():
                if not raise_exception:
                    return False
                row, column = (int(at) for at in np.argwhere(wrong)[0])
                where = tuple(map(int, np.unravel_index(column, x.shape))) if x.ndim else ()
                raise GradientError(
                    f"gradcheck, slope of output {k} (number {row}) in argument {i}, element {where}: backward gave "
                    f"{jacobian[row, column]:.6g}, measured {measured[row, column]:.6g} "
                    f"({int(wrong.sum())} of {wrong.size} slopes are wrong)"
                )
    return True


def gradgradcheck(
    func: Callable[..., Any],
    inputs: Tensor | Sequence[Any],
    grad_outputs: Any = None,
    eps: float = 1e-6,
    atol: float = 1e-5,
    rtol: float = 1e-3,
    raise_exception: bool = True,
) -> bool:
    """`gradcheck` of the gradient itself: are its gradients the slopes of the slopes?

    ``grad_outputs`` weigh the outputs (by default with random numbers of a fixed seed).
    """
    given = (inputs,) if isinstance(inputs, Tensor) else tuple(inputs)
    with no_grad():
        shapes = [(out.shape, out.dtype) for out in _results(func(*given))]
    if grad_outputs is None:
        stream = Generator().manual_seed(0)
        weights = [Tensor(stream.normal(shape, dtype), True) for shape, dtype in shapes]
    else:
        weights = [grad_outputs] if isinstance(grad_outputs, Tensor) else list(grad_outputs)
    places = [i for i, x in enumerate(given) if isinstance(x, Tensor) and x.requires_grad]

    def slope(*everything: Any) -> tuple[Tensor, ...]:
        xs, gs = everything[: len(given)], everything[len(given) :]
        outputs = [(out, g) for out, g in zip(_results(func(*xs)), gs, strict=True) if out.requires_grad]
        wanted = [xs[i] for i in places]
        found = grad([out for out, _ in outputs], wanted, [g for _, g in outputs], create_graph=True, allow_unused=True)
        return tuple(x * 0.0 if g is None else g for g, x in zip(found, wanted, strict=True))

    return gradcheck(slope, (*given, *weights), eps, atol, rtol, raise_exception)


def _results(out: Any) -> list[Tensor]:
    return list(out) if isinstance(out, tuple | list) else [out]


def _analytic(func: Callable[..., Any], given: tuple[Any, ...], wanted: list[Tensor]) -> list[list[Array]]:
    """For each output, its Jacobian in each input: (outputs, elements), one row for each backward."""
    with enable_grad():
        outputs = _results(func(*given))
    jacobians = []
    for out in outputs:
        rows: list[list[Array]] = [[] for _ in wanted]
        for place in range(out.numel()):
            seed = np.zeros(out.shape, out.dtype)
            seed.flat[place] = 1.0
            found = grad(out, wanted, wrap(seed), True, False, True) if out.requires_grad else [None] * len(wanted)
            for row, x, g in zip(rows, wanted, found, strict=True):
                row.append(np.zeros(x.numel()) if g is None else g.array.ravel())
        jacobians.append([np.reshape(row, (out.numel(), x.numel())) for row, x in zip(rows, wanted, strict=True)])
    return jacobians


def _measured(func: Callable[..., Any], given: tuple[Any, ...], x: Tensor, k: int, eps: float) -> Array:
    """The Jacobian of output k in x by central differences: (outputs, elements)."""
    columns = []
    numbers = x.array.ravel() if x.array.flags.c_contiguous else x.array.reshape(-1)
    for place in range(x.numel()):
        sides = []
        for step in (eps, -eps):
            moved = numbers.copy()
            moved[place] += step
            there = Tensor(moved.reshape(x.shape), requires_grad=True)
            with enable_grad():  # func may take gradients itself
                out = _results(func(*(there if y is x else y for y in given)))[k]
            sides.append(out.array.ravel().copy())
        columns.append((sides[0] - sides[1]) / (2 * eps))
    size = columns[0].size if columns else 0
    return np.stack(columns, axis=1) if columns else np.zeros((size, 0))
