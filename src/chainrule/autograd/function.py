"""`Function`: an operation of your own, with a gradient of your own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from chainrule.backprop import lookouts
from chainrule.errors import ArgumentError, GradientError, OperandError, ShapeError, shape_of
from chainrule.grad_mode import mode, no_grad
from chainrule.ops.base import Op, Shape, unbroadcast
from chainrule.tensor import Tensor, remember, wrap


class Context:
    """What ``forward`` leaves for ``backward``: ``save_for_backward`` for tensors, attributes for the rest."""

    def __init__(self, needs_input_grad: tuple[bool, ...]) -> None:
        self.needs_input_grad = needs_input_grad
        self._saved: list[tuple[Tensor | None, int]] = []
        self._constant: tuple[Tensor, ...] = ()
        self._materialize = True

    def mark_non_differentiable(self, *tensors: Tensor) -> None:
        """Say which of the results have no gradient."""
        self._constant = tensors

    def set_materialize_grads(self, value: bool) -> None:
        """With False, ``backward`` is given None, not zeros, for a result that got no gradient."""
        self._materialize = value

    def save_for_backward(self, *tensors: Tensor | None) -> None:
        """Keep tensors (inputs or outputs) for ``backward``."""
        self._saved = [(x, 0 if x is None else x.version[0]) for x in tensors]

    @property
    def saved_tensors(self) -> tuple[Tensor | None, ...]:
        """The tensors kept; a GradientError if one was changed in place since."""
        for i, (x, version) in enumerate(self._saved):
            if x is not None and x.version[0] != version:
                raise GradientError(
                    f"saved tensor {i} of shape {shape_of(x.shape)} was changed in place after forward saved it; "
                    f"change a copy instead: x.clone()"
                )
        return tuple(x for x, _ in self._saved)


class Function:
    """Write ``forward(ctx, *inputs)`` and ``backward(ctx, *gradients)`` as static methods; call ``apply``.

    ``backward`` returns one gradient for each input of ``forward`` (None where there is none).  Written in
    tensor operations, it can be differentiated again.

    >>> class Cube(chainrule.autograd.Function):
    ...     @staticmethod
    ...     def forward(ctx, x):
    ...         ctx.save_for_backward(x)
    ...         return x**3
    ...
    ...     @staticmethod
    ...     def backward(ctx, g):
    ...         (x,) = ctx.saved_tensors
    ...         return g * 3 * x**2
    >>> x = chainrule.tensor(2.0, requires_grad=True)
    >>> Cube.apply(x).backward()
    >>> x.grad
    tensor(12.)
    """

    @staticmethod
    def forward(*args: Any) -> Any:
        """Compute the result, a tensor or a tuple of them."""
        raise NotImplementedError("write forward(ctx, *inputs) as a static method of your Function")

    @staticmethod
    def backward(ctx: Context, *gradients: Any) -> Any:
        """Turn the gradient of each result into one for each input."""
        raise NotImplementedError("write backward(ctx, *gradients) as a static method of your Function")

    @classmethod
    def apply(cls, *inputs: Any) -> Any:
        """Run ``forward``; ``backward`` will be asked for the gradient."""
        nodes = [x.node if isinstance(x, Tensor) else None for x in inputs]
        ctx = Context(tuple(node is not None for node in nodes))
        with no_grad():
            if hasattr(cls, "setup_context"):  # PyTorch's other way to write it: forward without ctx
                out = cls.forward(*inputs)
                cls.setup_context(ctx, inputs, out)
            else:
                out = cls.forward(ctx, *inputs)
        results = out if isinstance(out, tuple) else (out,)
        for x in results:
            if not isinstance(x, Tensor):
                raise OperandError(f"{cls.__name__}.forward returned {type(x).__name__}: return tensors")
        constant = [any(x is fixed for fixed in ctx._constant) for x in results]
        results = tuple(
            x.detach() if fixed else x.alias() if any(x is given for given in inputs) else x
            for x, fixed in zip(results, constant, strict=True)
        )
        if mode.recording and any(node is not None for node in nodes):
            raw = [x.array if isinstance(x, Tensor) else x for x in inputs]
            call = Call(cls, ctx)
            join(call, inputs, raw, nodes, results, constant)
            for lookout in lookouts:
                for x in results:
                    lookout.applied(call, inputs, {}, x)
        return results if isinstance(out, tuple) else results[0]


def join(call: Op, inputs: Any, raw: Any, nodes: Any, results: Sequence[Tensor], constant: Sequence[bool]) -> None:
    """Give the results of one call, but for constant ones, their place in the graph."""
    if len(results) == 1:
        if constant[0]:
            return
        remember(call, inputs, raw, nodes, results[0], {})
        return
    together = wrap(np.empty(0))  # one node for the call; each result picks its part of it
    remember(call, inputs, raw, nodes, together, {"shapes": [x.array for x in results]})
    for i, x in enumerate(results):
        if x.dtype.kind == "f" and not constant[i]:
            remember(PICK, (together,), [together.array], [together.node], x, {"part": i, "of": len(results)})


class Call(Op):
    """One call of a Function, as an operation in the graph."""

    def __init__(self, function: type[Function], ctx: Context) -> None:
        self.function, self.ctx = function, ctx
        self.name, self.reads, self.differentiable, self.keeps_values = function.__name__, [], True, True

    def pull(self, g: Any, out: Any, inputs: Sequence[Any], meta: dict[str, Any], wanted: Sequence[Any]) -> list[Any]:
        lifted = isinstance(out, Tensor)
        gradients = list(g) if isinstance(g, Parts) else [g]
        for i, like in enumerate(meta.get("shapes", ())):
            if gradients[i] is None and self.ctx._materialize:
                gradients[i] = np.zeros_like(like)
        given = [x if x is None or isinstance(x, Tensor) else wrap(np.asarray(x)) for x in gradients]
        if lifted:
            returned = self.function.backward(self.ctx, *given)
        else:
            with no_grad():
                returned = self.function.backward(self.ctx, *given)
        returned = returned if isinstance(returned, tuple) else (returned,)
        if len(returned) != len(inputs):
            raise ArgumentError(
                f"{self.name}.backward returned {len(returned)} gradients for {len(inputs)} inputs of forward: "
                f"return one for each, None where there is none"
            )
        return [
            None if want is None or sent is None else self._fitting(sent, x, i, lifted)
            for i, (sent, x, want) in enumerate(zip(returned, inputs, wanted, strict=True))
        ]

    def kept(self) -> list[Tensor]:
        """The tensors that forward saved."""
        return [x for x, _ in self.ctx._saved if x is not None]

    def _fitting(self, sent: Any, x: Any, i: int, lifted: bool) -> Any:
        """The gradient returned for input ``i``: in its dtype, and summed over what was broadcast, as in PyTorch."""
        if not isinstance(sent, Tensor) or not _grows(x.shape, sent.shape):
            what = f"shape {shape_of(sent.shape)}" if isinstance(sent, Tensor) else type(sent).__name__
            raise ShapeError(
                f"{self.name}.backward returned a gradient of {what} for input {i} of shape {shape_of(x.shape)}: "
                f"a gradient is a tensor of the shape of its input"
            )
        sent = sent.to(x.dtype)
        if not lifted:
            sent = sent.array.copy()  # it may be a tensor that was saved
        return sent if sent.shape == x.shape else unbroadcast(sent, x.shape)


def _grows(shape: Shape, wide: Shape) -> bool:
    """Whether ``shape`` broadcasts to ``wide``."""
    back = len(wide) - len(shape)
    return back >= 0 and all(n in (1, m) for n, m in zip(shape, wide[back:], strict=True))


class Parts(tuple[Any, ...]):
    """The gradients of a call with several results; None for those that got none."""

    def __add__(self, other: Any) -> Parts:
        return Parts(b if a is None else a if b is None else a + b for a, b in zip(self, other, strict=True))


class Pick(Op):
    """One of the results of a call."""

    def __init__(self) -> None:
        self.name, self.reads, self.differentiable, self.keeps_values = "pick", [], True, False

    def pull(self, g: Any, out: Any, inputs: Sequence[Any], meta: dict[str, Any], wanted: Sequence[Any]) -> list[Any]:
        return [Parts(g if i == meta["part"] else None for i in range(meta["of"]))]


PICK = Pick()
