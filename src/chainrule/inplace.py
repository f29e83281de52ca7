"""Changing a tensor in place, without ever making a gradient wrong.

Every operation that keeps the shape has a form ``x.name_()`` that writes its result over x.  These are made from the
operations themselves: all that work place by place, and those named in ``COMPOSED``.

A change writes over memory that the graph may still need.  Three things keep that honest:

    version   counts the changes of a piece of memory; a gradient rule that reads an older version refuses
    made      the version at which a tensor's place in the graph was right; a tensor overtaken through a
              view of it is refused when it is next used
    refusal   a leaf that requires grad (or a view of one) is not changed while operations are remembered
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from chainrule import ops
from chainrule.backprop import lookouts
from chainrule.errors import DtypeError, GradientError, ShapeError, shape_of
from chainrule.grad_mode import enable_grad, mode
from chainrule.methods import Methods
from chainrule.ops.base import Array, Op, explained, is_view
from chainrule.ops.elementwise import Elementwise
from chainrule.ops.indexing import Indexed
from chainrule.tracing import edition, tracers

NUMBERS = frozenset((float, int, bool))


COMPOSED = [
    "addcdiv", "addcmul", "addmm", "cumprod", "cumsum", "lerp", "logical_and", "logical_not", "logical_or",
    "logical_xor", "masked_fill", "reciprocal", "rsqrt", "scatter", "scatter_add", "square", "tril", "triu",
]  # fmt: skip
RESHAPED = ["squeeze", "swapaxes", "t", "transpose", "unsqueeze"]
ALIASES = {
    "absolute_": "abs_", "clip_": "clamp_", "divide_": "div_", "multiply_": "mul_", "negative_": "neg_",
    "subtract_": "sub_", "true_divide_": "div_",
}  # fmt: skip
OPERATORS = {
    "__iadd__": "add_", "__isub__": "sub_", "__imul__": "mul_", "__itruediv__": "div_", "__ipow__": "pow_",
    "__ifloordiv__": "floor_divide_", "__imod__": "remainder_", "__iand__": "bitwise_and_", "__ior__": "bitwise_or_",
    "__ixor__": "bitwise_xor_",
}  # fmt: skip


def _changing(op: Op) -> Any:
    """The in-place form of ``op``: write the result over the first input."""

    ufunc = getattr(op, "ufunc", None)
    direct = ufunc if isinstance(ufunc, np.ufunc) and type(op).run is Elementwise.run else None
    reads_first = any(place == 0 for _, place in op.reads)

    def change(self: InPlace, *args: Any, **kwargs: Any) -> Any:
        if direct and not kwargs and not lookouts and self._plain(args):
            array = self.array
            raw = [array, *[x.array if isinstance(x, InPlace) else x for x in args]]
            try:
                direct(*raw, out=array)
            except ValueError as error:
                raise explained(op, raw, {}, error) from error
            self._changed()
            return self
        before = self._before() if reads_first else self.alias()
        inputs, meta = op.bind(before, *args, **kwargs)
        return self._overwrite(self.door(op, inputs, meta), op.name + "_")

    return _named(change, op.name)


def _composed(function: Any, name: str) -> Any:
    """The in-place form of a function made of several operations."""

    def change(self: InPlace, *args: Any, **kwargs: Any) -> Any:
        return self._overwrite(function(self._before(), *args, **kwargs), name + "_")

    return _named(change, name)


def _reshaping(function: Any, name: str) -> Any:
    """The in-place form of a function that looks at the same memory in another shape."""

    def change(self: InPlace, *args: Any, **kwargs: Any) -> Any:
        if self.node is not None and self.is_leaf and mode.recording:
            self._refuse_change(self, name + "_")
        with enable_grad():
            seen = function(self.alias(), *args, **kwargs)
        edition[0] += 1
        self.array = seen.array
        if self.node is not None:
            self.node = self.node.moved(self) if self.is_leaf else seen.node
        return self

    return _named(change, name, "This tensor itself from now on seen as its")


def _named(change: Any, name: str, what: str = "Written over this tensor's own memory:") -> Any:
    change.__name__, change.__doc__ = name + "_", f"{what} ``{name}``."
    return change


class InPlace(Methods):
    """The methods of `Tensor` that end in an underscore, and assignment to an index."""

    __slots__ = ()

    is_leaf: Any

    def alias(self) -> Any:
        """Another handle on the same memory and the same place in the graph."""
        raise NotImplementedError

    @staticmethod
    def around(array: Array) -> Any:
        """A tensor around an array."""
        raise NotImplementedError

    def detach_(self) -> Any:
        """Cut this tensor off from the graph that made it."""
        edition[0] += 1
        self.node = None
        return self

    def copy_(self, source: Any) -> Any:
        """Write ``source``, broadcast and cast, over this tensor's numbers."""
        source = source if isinstance(source, InPlace) else self.around(np.asarray(source, self.dtype))
        return self._overwrite(ops.expand(ops.cast(source, self.dtype), self.shape), "copy_")

    def fill_(self, value: Any) -> Any:
        """Write one number everywhere."""
        return self.copy_(self.around(np.asarray(value)) if not isinstance(value, InPlace) else value)

    def zero_(self) -> Any:
        """Write 0 everywhere."""
        return self.fill_(0)

    def __setitem__(self, index: Any, value: Any) -> None:
        value = value.to(self.dtype) if isinstance(value, InPlace) else self.around(np.asarray(value, self.dtype))
        target = self.alias()
        inputs, meta = ops.setitem.bind(target, index, value)
        if not lookouts and not (mode.recording and (self.node is not None or value.node is not None)):
            raw = [x.array if isinstance(x, InPlace) else x for x in inputs]
            try:
                self.array[Indexed.fill(meta["index"], tuple(raw[2:]))] = raw[1]
            except (ValueError, IndexError) as error:
                raise explained(ops.setitem, raw, meta, error) from error
            self._changed()
            return
        changed_last = value.version is self.version and value.made == self.version[0] == self.made + 1
        if changed_last and len(inputs) == 2 and _same_memory(value.array, self.array[Indexed.fill(meta["index"], ())]):
            # x[i] += y: Python took the view x[i], changed it in place, and now stores it where it came from
            target.made = self.version[0]
        self._overwrite(self.door(ops.setitem, inputs, meta), "x[index] = value")

    def _before(self) -> Any:
        """This tensor as it is now, for an operation whose gradient may want the old numbers."""
        before = self.alias()
        if mode.recording:
            before.array, before.version, before.made = self.array.copy(), [0], 0
            if tracers:
                tracers[-1].same(before.array, self)
        return before

    def _plain(self, others: tuple[Any, ...]) -> bool:
        """Whether NumPy can compute straight into this memory: nothing to remember, nothing to cast or grow."""
        mine, recording = self.array, mode.recording
        if mine.dtype.kind != "f" or not mine.flags.writeable or (recording and self.node is not None):
            return False
        for x in others:
            if isinstance(x, InPlace):
                theirs = x.array
                if theirs.dtype != mine.dtype or theirs.ndim > mine.ndim or (recording and x.node is not None):
                    return False
            elif type(x) not in NUMBERS:
                return False
        return True

    def _overwrite(self, result: Any, name: str) -> Any:
        """Write ``result`` into this memory and take its place in the graph, or say why that cannot be."""
        if mode.recording and (result.node is not None or self.node is not None):
            self._refuse_change(result, name)
        if not self.array.flags.writeable:
            raise ShapeError(
                f"{name} into a tensor of shape {shape_of(self.shape)} made by expand (or of a read-only array): "
                f"several of its places are one in memory; change a copy: x.clone()"
            )
        if "bif".index(_rank(result)) > "bif".index(_rank(self)):
            raise DtypeError(
                f"{name} would put {result.dtype} numbers into a tensor of dtype {self.dtype}; "
                f"write x = x + ... for a new tensor, or convert first"
            )
        try:
            np.copyto(self.array, result.array, casting="unsafe")
        except ValueError:
            raise ShapeError(
                f"{name} would put a result of shape {shape_of(result.shape)} into a tensor of shape "
                f"{shape_of(self.shape)}; in place the shape must stay"
            ) from None
        if mode.recording and (result.node is not None or not self.is_leaf):
            edition[0] += 1
            self.node = result.node
            self.made = self.version[0]
        self._changed()
        if tracers:
            tracers[-1].written(self, result)
        return self

    def _changed(self) -> None:
        """Count a change of this memory, made by this very tensor."""
        version = self.version
        before = version[0]
        version[0] = before + 1
        if self.made == before:
            self.made = before + 1

    def _refuse_change(self, result: Any, name: str) -> None:
        base = self.node
        while base is not None and base.op is not None and base.op.shares_memory and is_view(base.out, base.raw[0]):
            base = base.parents[0]
        if base is not None and base.op is None:
            what = "a leaf that requires grad" if base is self.node else "a view of a leaf that requires grad"
            raise GradientError(
                f"{name} would change {what} in place, and its old value would be lost to the gradient; "
                f"update parameters inside 'with chainrule.no_grad():', or write x = x + ... for a new tensor"
            )
        if self.node is None and result.node is not None and self.array.base is not None:
            raise GradientError(
                f"{name} would write a value with a graph into a view of a tensor that has none, and the gradient "
                f"would be lost; write to the tensor itself: x[index] = value"
            )


def overwritten(function: Any, x: Any, *options: Any) -> Any:
    """``function(x, *options)``, written over x: what an option ``inplace=True`` means."""
    return x._overwrite(function(x._before(), *options), f"{function.__name__}(inplace=True)")


def _rank(x: Any) -> str:
    """The kind of its numbers: "b", "i" or "f"."""
    return str(x.dtype.kind).replace("u", "i")


def _same_memory(a: Array, b: Array) -> bool:
    """Whether two arrays are one and the same view."""
    x, y = a.__array_interface__, b.__array_interface__
    return x["data"] == y["data"] and a.shape == b.shape and a.strides == b.strides


def overtaken(op: Op) -> GradientError:
    """The error for a tensor that ``op`` was given after a change made through a view of it."""
    return GradientError(
        f"{op.name} was given a tensor whose memory was since changed in place through a view of it, so its place "
        f"in the graph no longer says how it was made; change the tensor itself (x[index] = value) instead of the view"
    )


def _forms() -> Iterator[tuple[str, Any]]:
    """Every in-place form by its name."""
    for name, op in vars(Methods).items():
        if isinstance(op, Elementwise) and name == op.name and name not in ("clone", "detach", "maximum", "minimum"):
            yield name + "_", _changing(op)
    for name in COMPOSED:
        yield name + "_", _composed(getattr(ops, name), name)
    for name in RESHAPED:
        yield name + "_", _reshaping(getattr(ops, name), name)


for _form, _change in _forms():
    setattr(InPlace, _form, _change)
for _alias, _form in {**ALIASES, **OPERATORS}.items():
    setattr(InPlace, _alias, getattr(InPlace, _form))
