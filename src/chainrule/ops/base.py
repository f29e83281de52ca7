"""What an operation is: a page of the book, with the facts every other part reads.

An operation is stated once, as a short class; the one instance of it is the function people call.

    run(*inputs, **meta)     the mathematics, on NumPy arrays
    vjp                      one gradient rule per input, or None where there is no gradient
    infer(*shapes, **meta)   the shape of the result, or a ShapeError that says why there is none
    bind(*args, **kwargs)    a call as people write it -> (inputs, meta): arrays positional, the rest named
    kind                     what it does with dtypes (see ``dtypes``)

A gradient rule is a function of exactly the things it reads, asked for by name:

    g                 the gradient of the loss with respect to the result
    out               the result
    x, y, ...         the inputs, as named in ``inputs``
    x_shape, x_dtype  the shape, the dtype of an input: reading these keeps no value alive
    dim, keepdim ...  whatever ``bind`` put into meta

so the engine knows, without being told, which values must survive until the backward pass.  A rule is
written in operators and in the book's own operations and says nothing about broadcasting: the engine
sums the gradient back to the shape of the input once, for every rule (``unbroadcast``).

An operation acts on whatever it is given.  Arrays go straight to NumPy; an argument that is `Recording`
sends the call through its own door, so the same rule that computes a gradient can also be recorded.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from types import MethodType
from typing import Any, ClassVar

import numpy as np

from chainrule.errors import ArgumentError, ChainruleError, LabelError, ShapeError, shape_of
from chainrule.ops.dtypes import meeting_dtype

Array = np.ndarray[Any, Any]
Shape = tuple[int, ...]
Rule = Callable[..., Any]

BOOK: dict[str, Op] = {}
"""Every operation by name, in the order in which the book states them."""


class Recording:
    """An argument that wants to be remembered: called with one, an operation goes through its door."""

    __slots__ = ()

    shape: Any
    ndim: Any
    dtype: Any

    @staticmethod
    def door(op: Op, inputs: tuple[Any, ...], meta: dict[str, Any]) -> Any:
        """Run ``op`` and remember that it ran."""
        raise NotImplementedError


class Op:
    """One operation.  Subclasses state facts; see the head of this file."""

    inputs: ClassVar[str] = "x"
    vjp: ClassVar[tuple[Rule | None, ...]] = ()
    kind: ClassVar[str] = "keep"
    shares_memory: ClassVar[bool] = False  # the result may be a view of the first input
    index_from: ClassVar[int | None] = None  # the inputs from here on are places in an index, which the gradient reads
    symbol: ClassVar[str] = ""

    def __init__(self, name: str = "") -> None:
        self.name = self.__name__ = name or _snake(type(self).__name__)
        asked = [rule and _asked(rule, self.inputs.split()) for rule in self.vjp]
        self.rules = [
            rule and _with_sources(rule, sources or []) for rule, sources in zip(self.vjp, asked, strict=True)
        ]
        places = {"out": -1} | {f"inputs[{i}]": i for i in range(len(self.vjp))}
        self.reads = [(rule, places[s]) for rule, sources in enumerate(asked) for s in sources or () if s in places]
        self.keeps_values = bool(self.reads)
        self.arity = len(self.inputs.split())
        self.differentiable = any(self.vjp)
        BOOK.setdefault(self.name, self)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self._act(*self.bind(*args, **kwargs))

    def act(self, *inputs: Any, **meta: Any) -> Any:
        """Act on inputs and meta already in the form `bind` gives them: how gradient rules call."""
        return self._act(inputs, meta)

    def _act(self, inputs: tuple[Any, ...], meta: dict[str, Any]) -> Any:
        for x in inputs:
            if isinstance(x, Recording):
                return x.door(self, inputs, meta)
        return self.run(*inputs, **meta)

    def __get__(self, owner: Any, cls: type | None = None) -> Any:
        """As an attribute of a class an operation is a method, like any function."""
        return self if owner is None else MethodType(self, owner)

    def __repr__(self) -> str:
        return f"<op {self.name}>"

    def bind(self, *args: Any, **kwargs: Any) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """Split a call into inputs (arrays) and meta (everything else)."""
        if kwargs or len(args) != self.arity:
            raise ArgumentError(f"{self.name} takes {self.arity} arguments ({self.inputs}) and was given {len(args)}")
        return args, {}

    def run(self, *inputs: Any, **meta: Any) -> Any:
        """The operation itself, on NumPy arrays."""
        raise NotImplementedError

    def meet(self, inputs: tuple[Any, ...]) -> tuple[Any, ...]:
        """Cast the inputs to the dtype they meet in (``kind`` says which)."""
        dtype = meeting_dtype(self.kind, self.name, inputs)
        if dtype is None:
            return inputs
        cast = BOOK["cast"]
        return tuple(cast(x, dtype) if getattr(x, "dtype", dtype) != dtype else x for x in inputs)

    def infer(self, *shapes: Any, **meta: Any) -> Shape:
        """The shape of the result; a ShapeError where there is none.  Asked when NumPy has refused."""
        raise NotImplementedError

    def reader(self, k: int, out: Any) -> tuple[str, Shape]:
        """Who reads the k-th of the values a gradient needs: the name of an operation, and the shape of its result."""
        return self.name, out.shape

    def pull(self, g: Any, out: Any, inputs: Sequence[Any], meta: dict[str, Any], wanted: Sequence[Any]) -> list[Any]:
        """The gradient for each wanted input (None for the others): what the rules say, summed to its shape."""
        pulled: list[Any] = []
        for rule, x, parent in zip(self.rules, inputs, wanted):  # noqa: B905 (a hot loop)
            if rule is None or parent is None:
                pulled.append(None)
                continue
            sent = rule(g, out, inputs, meta)
            pulled.append(sent if sent.shape == x.shape else unbroadcast(sent, x.shape))
        return pulled


def unbroadcast(g: Any, shape: Shape) -> Any:
    """Undo broadcasting: sum a gradient over every axis along which its input was repeated.

    >>> unbroadcast(np.ones((2, 3)), (3,))
    array([2., 2., 2.])
    """
    if not shape:
        return np.add.reduce(g, axis=None) if type(g) is np.ndarray else BOOK["sum"].act(g, dim=None, keepdim=False)
    extra = g.ndim - len(shape)
    repeated = tuple(i for i, n in enumerate(g.shape) if i < extra or (n != 1 and shape[i - extra] == 1))
    if repeated:
        g = BOOK["sum"].act(g, dim=repeated, keepdim=False)
    return g if g.shape == shape else BOOK["reshape"].act(g, shape=shape)


def broadcast_shapes(name: str, *shapes: Shape) -> Shape:
    """The shape all ``shapes`` broadcast to; a ShapeError names the sizes that do not agree.

    >>> broadcast_shapes("add", (2, 1), (3,))
    (2, 3)
    """
    try:
        return np.broadcast_shapes(*shapes)
    except ValueError:
        pass
    for back in range(1, max(map(len, shapes)) + 1):
        sizes = {shape[-back] for shape in shapes if len(shape) >= back} - {1}
        if len(sizes) > 1:
            break
    given = " and ".join(map(shape_of, shapes))
    raise ShapeError(
        f"{name} of shapes {given}: counted from the right, dimension {-back} has sizes "
        f"{' and '.join(map(str, sorted(sizes)))}, which must be equal or 1; "
        f"reshape or unsqueeze one side so that they line up"
    )


def explained(op: Op, raw: list[Any], meta: dict[str, Any], error: Exception) -> ChainruleError:
    """NumPy refused: ask the operation why these shapes cannot go together, in the user's words."""
    shapes = [getattr(x, "shape", ()) for x in raw]
    try:
        op.infer(*shapes, **meta)
    except ChainruleError as reason:
        return reason
    given = ", ".join(f"{x.dtype} {shape_of(x.shape)}" if isinstance(x, np.ndarray) else repr(x) for x in raw)
    kind = LabelError if isinstance(error, IndexError) else ArgumentError
    return kind(f"{op.name} of {given}: {error}")


def is_view(out: Array, x: Array) -> bool:
    """Whether ``out``, made from ``x``, is a view of its memory and not a copy."""
    base = out.base
    if base is not None and type(base) is not np.ndarray:  # `as_strided` puts an object of its own between the two
        base = getattr(base, "base", None)
    return out.size > 0 and (out is x or (base is not None and (base is x or base is x.base)))


def normal_dim(dim: int, ndim: int, name: str) -> int:
    """Count a negative ``dim`` from the end; refuse one that is not there.

    >>> normal_dim(-1, 3, "sum")
    2
    """
    least = max(ndim, 1)  # a 0-d tensor accepts dim=0 and dim=-1, as in PyTorch
    if not -least <= dim < least:
        raise LabelError(
            f"{name}: dim={dim} does not exist in a tensor with {ndim} dimensions; it can be {-least} to {least - 1}"
        )
    return dim % least


def _snake(name: str) -> str:
    """LogSoftmax -> log_softmax."""
    return "".join("_" + c.lower() if c.isupper() and i else c.lower() for i, c in enumerate(name))


def _asked(rule: Rule, names: list[str]) -> list[str]:
    """For each parameter of a gradient rule, the expression that fetches it.

    >>> _asked(lambda g, y, x_shape, dim: ..., ["x", "y"])
    ['g', 'inputs[1]', 'inputs[0].shape', "meta['dim']"]
    """
    code = rule.__code__
    expressions = []
    for parameter in code.co_varnames[: code.co_argcount]:
        base, _, fact = parameter.rpartition("_")
        if parameter in ("g", "out"):
            expressions.append(parameter)
        elif parameter in names:
            expressions.append(f"inputs[{names.index(parameter)}]")
        elif base in names and fact in ("shape", "dtype"):
            expressions.append(f"inputs[{names.index(base)}].{fact}")
        else:
            expressions.append(f"meta[{parameter!r}]")
    return expressions


def _with_sources(rule: Rule, expressions: list[str]) -> Rule:
    """The rule as a function of (g, out, inputs, meta).  Compiled, because it runs for every node of every step."""
    source = f"lambda g, out, inputs, meta: rule({', '.join(expressions)})"
    return eval(compile(source, f"{__file__} (a rule's adapter)", "eval"), {"rule": rule})
