"""`Place`: something that a step reads and that can be read again: a variable, an attribute, an item.

own     a place whose changes chainrule counts itself (``tracing.edition``): looked at only after such a change
same    whether two things are one, or equal numbers or texts of one type
"""

from __future__ import annotations

import math
import types
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from chainrule.compiler.jit.observer import MISSING

PLAIN = (int, float, bool, str, bytes, complex, np.generic, tuple, frozenset, range, slice)


EXACTLY = frozenset((int, float, bool, str, bytes, complex, tuple, frozenset, range, slice))  # and no class from them


SHOWN = 40  # letters of a value that a message shows


def same(a: Any, b: Any) -> bool:
    """Whether two things are one, or equal numbers, texts or tuples of them: 1, 1.0, True differ, and 0.0 and -0.0."""
    if a is b:
        return True
    kind = type(a)
    if kind is not type(b) or not (kind in EXACTLY or issubclass(kind, np.generic)):
        return False
    if kind is tuple:
        return len(a) == len(b) and all(map(same, a, b))
    if kind is float or issubclass(kind, np.floating):
        return bool((a == b and math.copysign(1, a) == math.copysign(1, b)) or (a != a and b != b))
    if kind is complex:
        return same(a.real, b.real) and same(a.imag, b.imag)
    if kind in (range, slice):
        return same((a.start, a.stop, a.step), (b.start, b.stop, b.step))
    if kind is frozenset:
        return bool(frozenset(map(typed, a)) == frozenset(map(typed, b)))
    return bool(a == b)


def alike(now: Iterable[Any], then: list[Any]) -> bool:
    """Whether the items are those of ``then``, one by one."""
    now = list(now)
    if len(now) != len(then) or not all(map(same, now, then)):
        return False
    then[:] = now  # other objects of the same value: next time they are known by identity
    return True


def cell_of(cell: types.CellType) -> Any:
    """What a closure variable holds."""
    try:
        return cell.cell_contents
    except ValueError:  # not assigned yet
        return MISSING


def typed(x: Any) -> Any:
    """A member of a set with its type."""
    return type(x), x


class Place:
    """Something that can be read again: ``value`` stood there, and ``name`` is what the user calls it."""

    __slots__ = ("key", "name", "owner", "value")
    own = False

    def __init__(self, owner: Any, key: Any, value: Any, name: str) -> None:
        self.owner, self.key, self.value, self.name = owner, key, value, name

    @property
    def id(self) -> Any:
        """What tells it from other places."""
        key = self.key if isinstance(self.key, str | int) else id(self.key)
        return type(self), id(self.owner), key

    def now(self) -> Any:
        """What stands there."""
        raise NotImplementedError

    def put(self, value: Any) -> None:
        """Set what stands there."""
        raise NotImplementedError

    def holds(self) -> bool:
        """Whether it is what it was."""
        return same(self.now(), self.value)

    def read(self, let: Callable[[Any], str]) -> str:
        """An expression that reads it; ``let`` gives a name to an object."""
        raise NotImplementedError

    def test(self, let: Callable[[Any], str]) -> str:
        """An expression that says whether it holds."""
        value, text = let(self.value), self.read(let)
        plain = isinstance(self.value, PLAIN) and not isinstance(self.value, bool)
        return f"({text} is {value} or same({text}, {value}))" if plain else f"{text} is {value}"

    def spot(self) -> str:
        """What the user calls that which changed."""
        return self.name

    def change(self) -> str:
        """What became of it, in words."""
        now = self.now()
        if _tellable(now) and _tellable(self.value):
            return f"{self.name} changed from {_shown(self.value)} to {_shown(now)}"
        if now is MISSING:
            return f"{self.name} is no longer there"
        return f"{self.name} became another one"


class Item(Place):
    """An item of a dict, also of those that hold attributes and global variables; MISSING where there is none."""

    __slots__ = ()

    def now(self) -> Any:
        return self.owner.get(self.key, MISSING)

    def put(self, value: Any) -> None:
        self.owner[self.key] = value

    def read(self, let: Callable[[Any], str]) -> str:
        key = repr(self.key) if type(self.key) in (str, int) else let(self.key)
        if self.value is MISSING or type(self.owner) is not dict:
            return f"{let(self.owner)}.get({key}, MISSING)"
        return f"{let(self.owner)}[{key}]"


class ClassItem(Item):
    """What a class (the owner) itself holds under a name."""

    __slots__ = ()

    def now(self) -> Any:
        return vars(self.owner).get(self.key, MISSING)

    def put(self, value: Any) -> None:
        setattr(self.owner, self.key, value)

    def read(self, let: Callable[[Any], str]) -> str:
        fields = let(vars(self.owner))
        return f"{fields}.get({self.key!r}, MISSING)" if self.value is MISSING else f"{fields}[{self.key!r}]"


class OwnItem(Item):
    """An item whose changes count in the edition."""

    __slots__ = ()
    own = True


class Index(Place):
    """An item of a list, by number; MISSING where it has fewer."""

    __slots__ = ()

    def test(self, let: Callable[[Any], str]) -> str:
        if self.value is MISSING:
            return f"not -len({let(self.owner)}) <= {self.key} < len({let(self.owner)})"
        return super().test(let)

    def now(self) -> Any:
        try:
            return self.owner[self.key]
        except IndexError:
            return MISSING

    def put(self, value: Any) -> None:
        self.owner[self.key] = value

    def read(self, let: Callable[[Any], str]) -> str:
        return f"{let(self.owner)}[{self.key}]"


class Attribute(Place):
    """An attribute that stands in no dict: a slot, what a function or a partial is made of."""

    __slots__ = ()

    def now(self) -> Any:
        return getattr(self.owner, self.key, MISSING)

    def put(self, value: Any) -> None:
        setattr(self.owner, self.key, value)

    def read(self, let: Callable[[Any], str]) -> str:
        if self.value is MISSING or not self.key.isidentifier():
            return f"getattr({let(self.owner)}, {self.key!r}, MISSING)"
        return f"{let(self.owner)}.{self.key}"


class Variable(Place):
    """A variable of a function around: a cell."""

    __slots__ = ()

    def now(self) -> Any:
        return cell_of(self.owner)

    def put(self, value: Any) -> None:
        self.owner.cell_contents = value

    def read(self, let: Callable[[Any], str]) -> str:
        return f"cell_of({let(self.owner)})" if self.value is MISSING else f"{let(self.owner)}.cell_contents"


def _tellable(x: Any) -> bool:
    return x is MISSING or x is None or isinstance(x, PLAIN)


def _shown(x: Any) -> str:
    text = repr(x)
    return text if len(text) <= SHOWN else f"{text[: SHOWN - 1]}…"
