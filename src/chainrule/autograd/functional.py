"""Derivatives of functions as wholes: Jacobians, Hessians, and their products with vectors."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from chainrule import ops
from chainrule.autograd.gradient import grad
from chainrule.creation import ones_like, zeros, zeros_like
from chainrule.errors import ArgumentError, ShapeError, shape_of
from chainrule.grad_mode import enable_grad
from chainrule.tensor import Tensor


def jacobian(func: Callable[..., Any], inputs: Any, create_graph: bool = False) -> Any:
    """The slope of every number of the output in every number of the inputs.

    For one output of shape S and one input of shape T the result has shape S + T; for several of either, nested
    tuples, outputs first.

    >>> jacobian(lambda x: x**2, chainrule.tensor([1.0, 2.0]))
    tensor([[2., 0.],
            [0., 4.]])
    """
    xs, outputs, several_in, several_out = _run(func, inputs, create_graph)
    rows = tuple(tuple(_jacobian(out, x, create_graph) for x in xs) for out in outputs)
    unpacked = tuple(row if several_in else row[0] for row in rows)
    return unpacked if several_out else unpacked[0]


def hessian(func: Callable[..., Any], inputs: Any, create_graph: bool = False) -> Any:
    """The second slopes of a function whose output is one number: the Jacobian of its gradient.

    >>> hessian(lambda x: (x**3).sum(), chainrule.tensor([1.0, 2.0]))
    tensor([[ 6.,  0.],
            [ 0., 12.]])
    """
    several = isinstance(inputs, tuple | list)

    def gradient(*xs: Tensor) -> Any:
        found = _grads([_one_number(func(*xs))], list(xs), None, True)
        return tuple(found) if several else found[0]

    return jacobian(gradient, inputs, create_graph)


def vjp(func: Callable[..., Any], inputs: Any, v: Any = None, create_graph: bool = False) -> tuple[Any, Any]:
    """(output, vᵀ J): what backpropagation computes.  ``v`` has the shape of the output; 1 where that is one number."""
    xs, outputs, several_in, several_out = _run(func, inputs, create_graph)
    weights = _like(outputs, v, "v")
    found = _grads(outputs, xs, weights, create_graph)
    out = tuple(outputs) if several_out else outputs[0]
    return _finished(out, create_graph), _finished(tuple(found) if several_in else found[0], create_graph)


def jvp(func: Callable[..., Any], inputs: Any, v: Any = None, create_graph: bool = False) -> tuple[Any, Any]:
    """(output, J v): how the output changes when the inputs move along ``v``.

    By backpropagating twice: vᵀ J is linear in v, and its own Jacobian is J.
    """
    xs, outputs, _, several_out = _run(func, inputs, True)
    directions = _like(xs, v, "v")
    weights = [zeros_like(out, requires_grad=True) for out in outputs]
    pulled = _grads(outputs, xs, weights, True)
    found = _grads(pulled, weights, directions, create_graph)
    out = tuple(outputs) if several_out else outputs[0]
    return _finished(out, create_graph), _finished(tuple(found) if several_out else found[0], create_graph)


def hvp(func: Callable[..., Any], inputs: Any, v: Any = None, create_graph: bool = False) -> tuple[Any, Any]:
    """(output, H v) for a function whose output is one number: the Hessian is never built."""
    several = isinstance(inputs, tuple | list)
    xs, outputs, _, _ = _run(func, inputs, True)
    slopes = _grads([_one_number(outputs[0])], xs, None, True)
    found = _grads(slopes, xs, _like(xs, v, "v"), create_graph)
    return _finished(outputs[0], create_graph), _finished(tuple(found) if several else found[0], create_graph)


def _run(func: Callable[..., Any], inputs: Any, create_graph: bool) -> tuple[list[Tensor], list[Tensor], bool, bool]:
    """The inputs as tensors of their own in the graph, and the outputs; whether there are several of each."""
    several_in = isinstance(inputs, tuple | list)
    given = list(inputs) if several_in else [inputs]
    with enable_grad():
        xs = [ops.clone(x) if create_graph and x.requires_grad else x.detach().requires_grad_() for x in given]
        out = func(*xs)
    several_out = isinstance(out, tuple)
    outputs = list(out) if several_out else [out]
    for i, x in enumerate(outputs):
        if not isinstance(x, Tensor):
            raise ArgumentError(f"output {i} of the function is {type(x).__name__}: it must return tensors")
    return xs, outputs, several_in, several_out


def _grads(outputs: list[Any], xs: list[Tensor], weights: Any, create_graph: bool) -> list[Any]:
    """The gradient in each of ``xs``; 0 where the outputs do not depend on it."""
    pairs = [(out, None if weights is None else weights[i]) for i, out in enumerate(outputs) if out.requires_grad]
    if not pairs:
        return [zeros_like(x) for x in xs]
    found = grad([out for out, _ in pairs], xs, [w for _, w in pairs], True, create_graph, allow_unused=True)
    return [zeros_like(x) if g is None else g for x, g in zip(xs, found, strict=True)]


def _jacobian(out: Tensor, x: Tensor, create_graph: bool) -> Any:
    if not out.numel():
        return zeros((*out.shape, *x.shape), dtype=x.dtype)
    rows = []
    for place in range(out.numel()):
        weight = zeros_like(out)
        weight.array.flat[place] = 1.0
        rows.append(_grads([out], [x], [weight], create_graph)[0])
    return ops.reshape(ops.stack(rows), (*out.shape, *x.shape))


def _one_number(out: Any) -> Any:
    if not isinstance(out, Tensor) or out.numel() != 1:
        what = shape_of(out.shape) if isinstance(out, Tensor) else type(out).__name__
        raise ShapeError(f"a Hessian is of a function whose output is one number; this one returns {what}")
    return ops.reshape(out, ())


def _like(tensors: list[Tensor], given: Any, name: str) -> list[Any]:
    """``given``, one for each of ``tensors`` and of its shape; 1 where it is left out and they are one number."""
    if given is None:
        if len(tensors) != 1 or tensors[0].numel() != 1:
            raise ArgumentError(f"{name} can be left out only where it would be one number; give it")
        return [ones_like(tensors[0])]
    parts = list(given) if isinstance(given, tuple | list) else [given]
    shapes, wanted = [x.shape for x in parts], [x.shape for x in tensors]
    if shapes != wanted:
        raise ShapeError(f"{name} of shapes {shapes}: it must have {wanted}")
    return parts


def _finished(result: Any, create_graph: bool) -> Any:
    """Without its graph, unless that is wanted."""
    if create_graph:
        return result
    return tuple(x.detach() for x in result) if isinstance(result, tuple) else result.detach()
