"""Places of chainrule's own: what a tensor is besides its numbers, and what the whole process shares."""

from __future__ import annotations

import abc
import operator
from collections.abc import Callable
from typing import Any

from chainrule.compiler.jit.places import (
    Place,
)
from chainrule.ops.dtypes import get_default_dtype
from chainrule.tensor import Tensor


class Registered(Place):
    """How many classes were registered with abstract ones, anywhere: what `isinstance` answers depends on it."""

    __slots__ = ()

    def now(self) -> Any:
        return abc.get_cache_token()

    def read(self, let: Callable[[Any], str]) -> str:
        return f"{let(abc.get_cache_token)}()"


class Memory(Place):
    """The memory of a tensor that native code works on."""

    __slots__ = ()

    def now(self) -> Any:
        return self.owner.array

    def read(self, let: Callable[[Any], str]) -> str:
        return f"{let(self.owner)}.array"

    def change(self) -> str:
        return f"{self.name} got another memory"


class TensorState(Place):
    """The memory of a tensor and its place in the graph; ``value`` is (array, node, hooks)."""

    __slots__ = ()
    own = True

    def now(self) -> Any:
        node = self.owner.node
        return self.owner.array, node, node.hooks if node is not None else None

    def holds(self) -> bool:
        return all(map(operator.is_, self.now(), self.value))

    def test(self, let: Callable[[Any], str]) -> str:
        array, node, hooks = self.value
        x = let(self.owner)
        hooked = f" and {x}.node.hooks is {let(hooks)}" if node is not None else ""
        return f"{x}.array is {let(array)} and {x}.node is {let(node)}{hooked}"

    def change(self) -> str:
        array, node, _ = self.now()
        if array is not self.value[0]:
            return f"{self.name} got another memory"
        if (node is None) != (self.value[1] is None):
            return f"requires_grad of {self.name} changed from {self.value[1] is not None} to {node is not None}"
        return f"the hooks of {self.name} changed"


class Alike(Place):
    """A tensor that is read at each call, whichever stands there: of the shape and dtype of ``value``, no leaf."""

    __slots__ = ("place",)

    def __init__(self, place: Place, tensor: Any) -> None:
        super().__init__(place.owner, place.key, tensor, place.name)
        self.place = place

    def now(self) -> Any:
        return self.place.now()

    def holds(self) -> bool:
        return fits(self.now(), self.value.array.shape, self.value.array.dtype)

    def test(self, let: Callable[[Any], str]) -> str:
        array = self.value.array
        return f"fits({self.place.read(let)}, {array.shape!r}, {let(array.dtype)})"

    def change(self) -> str:
        return f"{self.name} is of another shape or dtype, or wants a gradient"


def fits(x: Any, shape: tuple[int, ...], dtype: Any) -> bool:
    """Whether x is a tensor like that, of which no gradient is wanted."""
    return isinstance(x, Tensor) and x.node is None and x.array.shape == shape and x.array.dtype == dtype


class DefaultDtype(Place):
    """The dtype of tensors that are made without saying one."""

    __slots__ = ()
    own = True

    def now(self) -> Any:
        return get_default_dtype()

    def read(self, let: Callable[[Any], str]) -> str:
        return f"{let(get_default_dtype)}()"

    def change(self) -> str:
        return f"the default dtype changed from {self.value} to {self.now()}"


class Patches(Place):
    """How often the class of tensors was patched."""

    __slots__ = ()
    own = True

    def now(self) -> Any:
        return self.owner[0]

    def read(self, let: Callable[[Any], str]) -> str:
        return f"{let(self.owner)}[0]"

    def change(self) -> str:
        return "the class of tensors was patched"
