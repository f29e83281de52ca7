"""Places that stand for many: looked at in one go, where a look at each would take longer than the native step.

Lists   the items of many lists, as lists of points or of parameters
Kinds   the types of the numbers in many Values
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import chain
from operator import attrgetter
from typing import Any

from chainrule.compiler.jit.contents import Items
from chainrule.compiler.jit.guards import Guard
from chainrule.compiler.jit.places import Place

data_of = attrgetter("data")


class Lists(Place):
    """All items of many lists; the owner is the places, ``value`` the lists, ``key`` all items, in order."""

    __slots__ = ("sizes",)

    def __init__(self, places: list[Items]) -> None:
        super().__init__(places, [], [place.owner for place in places], "lists")
        self.sizes: list[int] = []
        self.holds()

    def holds(self) -> bool:
        if not all(place.holds() for place in self.owner):
            return False
        self.key[:] = chain.from_iterable(place.value for place in self.owner)  # also those of the same value
        self.sizes[:] = [len(place.value) for place in self.owner]
        return True

    def test(self, let: Callable[[Any], str]) -> str:
        lists, items, sizes = let(self.value), let(self.key), let(self.sizes)
        flat, size = let(chain.from_iterable), let(len)
        same = f"list(map({size}, {lists})) == {sizes} and all(map(is_, {flat}({lists}), {items}))"
        return f"({same} or {let(self.holds)}())"


class Kinds(Place):
    """The types of the numbers in Values (the owner): whole numbers are not given back as floating ones."""

    __slots__ = ()

    def now(self) -> Any:
        return list(map(type, map(data_of, self.owner)))

    def holds(self) -> bool:
        return bool(self.now() == self.value)

    def change(self) -> str:
        pairs = zip(self.owner, self.value, self.now(), strict=True)
        leaf, then, now = next(x for x in pairs if x[1] is not x[2])
        return f"{leaf.label or 'a Value'} held {then.__name__}, and holds {now.__name__} now"


def checker(places: Iterable[Place]) -> Callable[[], bool]:
    """A fast function that says whether all is as it was, but for kinds: who reads the numbers sees those."""
    lists: list[Items] = []
    others: list[Place] = []
    for place in places:
        if isinstance(place, Items):
            lists.append(place)
        elif not isinstance(place, Kinds):
            others.append(place)
    if lists:
        others.append(Lists(lists))
    return Guard(others).checker()
