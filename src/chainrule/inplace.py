"""Changing a tensor in place, without ever making a gradient wrong.

A change writes over memory that the graph may still need.  Three things keep that honest:

    version   counts the changes of a piece of memory; a gradient rule that reads an older version refuses
    made      the version at which a tensor's place in the graph was right; a tensor overtaken through a
              view of it is refused when it is next used
    refusal   a leaf that requires grad (or a view of one) is not changed while operations are remembered
"""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule import ops
from chainrule.errors import DtypeError, GradientError, ShapeError, shape_of
from chainrule.grad_mode import mode
from chainrule.methods import Methods
from chainrule.ops.base import Array, Op, explained, is_view
from chainrule.ops.indexing import Indexed

NUMBERS = frozenset((float, int, bool))


def _changing(op: Op) -> Any:
    """The in-place form of ``op``: write the result over the first input."""

    direct = getattr(op, "ufunc", None)

    def change(self: InPlace, *args: Any, **kwargs: Any) -> Any:
        if direct and not kwargs and self._plain(args):
            raw = [self.array, *(x.array if isinstance(x, InPlace) else x for x in args)]
            try:
                direct(*raw, out=self.array)
            except ValueError as error:
                raise explained(op, raw, {}, error) from error
            self._changed()
            return self
        before = self.alias()
        if mode.recording and any(0 in reads for reads in op.reads):  # the gradient will want the old numbers
            before.array, before.version, before.made = self.array.copy(), [0], 0
        inputs, meta = op.bind(before, *args, **kwargs)
        return self._overwrite(self.door(op, inputs, meta), op.name + "_")

    change.__name__ = op.name + "_"
    change.__doc__ = f"``{op.name}``, written over this tensor's own memory."
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

    __iadd__ = add_ = _changing(ops.add)
    __isub__ = sub_ = _changing(ops.sub)
    __imul__ = mul_ = _changing(ops.mul)
    __itruediv__ = div_ = _changing(ops.div)
    __ipow__ = pow_ = _changing(ops.pow)
    clamp_, neg_, exp_, sqrt_, relu_ = map(_changing, (ops.clamp, ops.neg, ops.exp, ops.sqrt, ops.relu))
    sigmoid_, tanh_ = _changing(ops.sigmoid), _changing(ops.tanh)

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
        if not (mode.recording and (self.node is not None or value.node is not None)):
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

    def _plain(self, others: tuple[Any, ...]) -> bool:
        """Whether NumPy can compute straight into this memory: nothing to remember, nothing to cast or grow."""
        mine, recording = self.array, mode.recording
        if mine.dtype.kind != "f" or not mine.flags.writeable or (recording and self.node is not None):
            return False
        for x in others:
            if isinstance(x, InPlace):
                if x.array.dtype != mine.dtype or x.array.ndim > mine.ndim or (recording and x.node is not None):
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
            self.node = result.node
            self.made = self.version[0]
        self._changed()
        return self

    def _changed(self) -> None:
        """Count a change of this memory, made by this very tensor."""
        current = self.made == self.version[0]
        self.version[0] += 1
        if current:
            self.made = self.version[0]

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


def _rank(x: Any) -> str:
    """The kind of its numbers: "b", "i" or "f"."""
    return str(x.dtype.kind).replace("u", "i")


def _same_memory(a: Array, b: Array) -> bool:
    """Whether two arrays are one and the same view."""
    x, y = a.__array_interface__, b.__array_interface__
    return x["data"] == y["data"] and a.shape == b.shape and a.strides == b.strides
