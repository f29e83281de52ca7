"""Places that hold several things: all items of a list or a dict, the members of a set, the numbers of an array."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from typing import Any

import numpy as np

from chainrule.compiler.jit.places import (
    Index,
    Item,
    Place,
    alike,
    same,
    typed,
)


class Items(Place):
    """All items of a list."""

    __slots__ = ()

    def now(self) -> Any:
        return list(self.owner)

    def holds(self) -> bool:
        return alike(self.owner, self.value)

    def test(self, let: Callable[[Any], str]) -> str:
        x, then = let(self.owner), let(self.value)
        return f"(len({x}) == {len(self.value)} and all(map(is_, {x}, {then})) or alike({x}, {then}))"

    def change(self) -> str:
        if len(self.owner) != len(self.value):
            return f"{self.name} has {len(self.owner)} items, no longer {len(self.value)}"
        i = next((i for i, (a, b) in enumerate(zip(self.owner, self.value, strict=True)) if not same(a, b)), 0)
        return (
            Index(self.owner, i, self.value[i], f"{self.name}[{i}]").change() if self.value else f"{self.name} changed"
        )

    def spot(self) -> str:
        if len(self.owner) != len(self.value):
            return self.name
        places = (i for i, (a, b) in enumerate(zip(self.owner, self.value, strict=True)) if not same(a, b))
        return next((f"{self.name}[{i}]" for i in places), self.name)


class Entries(Place):
    """All items of a dict, in order; ``value`` is (keys, values)."""

    __slots__ = ()

    def now(self) -> Any:
        return list(self.owner), list(self.owner.values())

    def holds(self) -> bool:
        return alike(self.owner, self.value[0]) and alike(self.owner.values(), self.value[1])

    def test(self, let: Callable[[Any], str]) -> str:
        (keys, values), x = self.value, let(self.owner)
        if not keys:
            return f"not {x}"
        k, v = let(keys), let(values)
        return (
            f"(len({x}) == {len(keys)} and all(map(is_, {x}, {k})) or alike({x}, {k})) and "
            f"(all(map(is_, {x}.values(), {v})) or alike({x}.values(), {v}))"
        )

    def change(self) -> str:
        keys, values = self.value
        if not alike(self.owner, keys):
            return f"the keys of {self.name} changed"
        pairs = zip(keys, values, self.owner.values(), strict=True)
        key, then = next(((key, then) for key, then, now in pairs if not same(now, then)), (None, None))
        return Item(self.owner, key, then, f"{self.name}[{key!r}]").change()

    def spot(self) -> str:
        (keys, values), pairs = self.value, list(self.owner.items())
        if len(pairs) != len(keys):
            return self.name
        changed = (f"{self.name}[{k!r}]" for (k, now), then in zip(pairs, values, strict=True) if not same(now, then))
        return next(changed, self.name)


class OwnEntries(Entries):
    """All items of a dict that counts its changes in the edition."""

    __slots__ = ()
    own = True


class Members(Place):
    """The members of a set; ``value`` holds them with their types."""

    __slots__ = ()

    def now(self) -> Any:
        return frozenset(map(typed, self.owner))

    def holds(self) -> bool:
        return bool(self.now() == self.value)

    def test(self, let: Callable[[Any], str]) -> str:
        return f"frozenset(map(typed, {let(self.owner)})) == {let(self.value)}"

    def change(self) -> str:
        return f"the members of {self.name} changed"


class Numbers(Place):
    """The numbers of an array; ``value`` is (dtype, shape, bytes)."""

    __slots__ = ()

    def now(self) -> Any:
        return self.owner.dtype, self.owner.shape, self.owner.tobytes()

    def holds(self) -> bool:
        return bool(self.now() == self.value)

    def test(self, let: Callable[[Any], str]) -> str:
        dtype, shape, numbers = self.value
        x = let(self.owner)
        return f"{x}.shape == {shape!r} and {x}.dtype is {let(dtype)} and {x}.tobytes() == {let(numbers)}"

    def change(self) -> str:
        return f"the numbers in {self.name} changed"


class Digest(Numbers):
    """The same of a large array, of which only a sum is kept; ``value`` is (dtype, shape, sum)."""

    __slots__ = ()

    def now(self) -> Any:
        return self.owner.dtype, self.owner.shape, zlib.crc32(np.ascontiguousarray(self.owner).view(np.uint8).data)


class Size(Place):
    """How many items there are."""

    __slots__ = ()

    def now(self) -> Any:
        return len(self.owner)

    def read(self, let: Callable[[Any], str]) -> str:
        return f"len({let(self.owner)})"


class OwnSize(Size):
    """How many items there are, in what counts its changes in the edition."""

    __slots__ = ()
    own = True
