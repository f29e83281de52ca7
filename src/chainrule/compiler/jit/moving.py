"""`Moving`: the Python numbers of a step that are seen to change from call to call.

moving    an argument, or a place (`Place`), whose number changed: it is an input from then on
counter   a place whose number the step itself moves: an input, and an output
"""

from __future__ import annotations

import types
from collections import Counter, OrderedDict, defaultdict
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from chainrule.compiler.jit.contents import Entries, Items
from chainrule.compiler.jit.environment import Environment
from chainrule.compiler.jit.observer import Observer
from chainrule.compiler.jit.places import Attribute, Index, Item, OwnItem, Place, Variable, alike
from chainrule.compiler.jit.pytree import SYMBOLIC
from chainrule.tracing import Counted

MOVES = 2  # so often a number changes before it becomes an input
KEPT = 100  # layouts whose numbers are remembered
NUMBERS = (int, float)  # and no bool
DICTS = (dict, OrderedDict, defaultdict, Counter, Counted)  # whose items are set without anybody's code


def movable(place: Place) -> bool:
    """Whether a number can stand there that is set and read without running anybody's code."""
    kind, owner = type(place), place.owner
    if kind in (Item, OwnItem):
        return type(owner) in DICTS
    if kind is Index:
        return type(owner) is list
    return kind is Variable or (kind is Attribute and _slot(owner, place.key))


def _slot(owner: Any, key: str) -> bool:
    found = next((vars(cls)[key] for cls in type(owner).__mro__ if key in vars(cls)), None)
    return isinstance(found, types.MemberDescriptorType) and type(owner).__setattr__ is object.__setattr__  # type: ignore[comparison-overlap]


class Moving:
    """The numbers of a step that are seen to change.

    places   those that are inputs now, by `Place.id`; ``off``: none are, for the step cannot be recorded with any
    fixed    names of those that are none, as the step does something else with each of their numbers
    """

    def __init__(self) -> None:
        self.places: dict[Any, Place] = {}
        self.off = False
        self.fixed: set[Any] = set()
        self._moves: Counter[Any] = Counter()
        self._met: dict[Any, list[set[Any]]] = {}

    def give_up(self) -> None:
        """Numbers are what they are from now on: each is compiled for."""
        self.places.clear()
        self.off = True

    def fix(self, names: set[Any]) -> None:
        """These are no inputs any more, or none at all if there are no names."""
        if names <= self.fixed:
            self.give_up()
        self.fixed |= names
        self.places = {id: place for id, place in self.places.items() if id not in names}

    def moved(self, place: Place) -> bool:
        """A place changed: whether its number is an input from now on."""
        try:
            return self._moved(place)
        except Exception:  # it is no longer there
            return False

    def _moved(self, place: Place) -> bool:
        if type(place) in (Items, Entries, Rest):
            return any([self.moved(part) for part in _parts(place)])  # noqa: C419 (each is to be counted)
        if (
            self.off
            or place.id in self.places
            or place.id in self.fixed
            or not (type(place.now()) in NUMBERS and type(place.value) in NUMBERS)
        ):
            return False
        self._moves[place.id] += 1
        return self._moves[place.id] >= MOVES and self.add([place])

    def add(self, places: Iterable[Place]) -> bool:
        """Make inputs of places; whether one was not."""
        new = {} if self.off else {x.id: x for x in places if movable(x) and x.id not in self.fixed}
        more = bool(new.keys() - self.places.keys())
        self.places |= new
        return more

    def loosened(self, layout: Any, tensors: list[Any], args: Any, kwargs: Any) -> tuple[Any, list[Any]]:
        """The layout without the values of arguments that are inputs, and these behind the tensors."""
        fixed = self.fixed
        spots = [k for k, part in enumerate(layout[1][1:]) if _is_number(part) and k not in fixed]
        named = [k for k, (key, part) in enumerate(layout[2][1:]) if _is_number(part) and key not in fixed]
        if self.off or not (spots or named):
            return layout, tensors
        values = [args[k] for k in spots] + [list(kwargs.values())[k] for k in named]
        skeleton = _without(layout, spots, named)
        if len(self._met) > KEPT:
            self._met.clear()
        met = self._met.setdefault(skeleton, [set() for _ in values])
        for seen, value in zip(met, values, strict=True):
            if len(seen) <= MOVES:
                seen.add(np.float64(value).tobytes() if type(value) is float else value)
        moving = [len(seen) > MOVES or value != value for seen, value in zip(met, values, strict=True)]  # nan is no key
        n = len(spots)
        chosen = [k for k, moves in zip(spots, moving, strict=False) if moves]
        others = [k for k, moves in zip(named, moving[n:], strict=True) if moves]
        numbers = [value for value, moves in zip(values, moving, strict=True) if moves]
        return _without(layout, chosen, others), [*tensors, *numbers]


def _is_number(part: Any) -> bool:
    return part[0] in ("value", "number") and part[1] in NUMBERS


def _without(layout: Any, spots: list[int], named: list[int]) -> Any:
    if not (spots or named):
        return layout
    _, (kind, *args), (names, *kwargs) = layout
    for k in spots:
        args[k] = (SYMBOLIC, args[k][1])
    for k in named:
        kwargs[k] = (kwargs[k][0], (SYMBOLIC, kwargs[k][1][1]))
    return layout[0], (kind, *args), (names, *kwargs)


class Rest(Place):
    """The items of a container, but for some ``keys``."""

    __slots__ = ("keys", "place")

    def __init__(self, place: Place, keys: list[Any]) -> None:
        super().__init__(place.owner, place.key, place.value, place.name)
        self.place, self.keys = place, keys

    def now(self) -> Any:
        return self.place.now()

    def _changed(self) -> list[Place]:
        """The items that are not what they were; the whole container, if it has others."""
        if type(self.place) is Entries:
            if not alike(self.owner, self.value[0]):
                return [self.place]
            pairs: Any = [(Item, key, then) for key, then in zip(*self.value, strict=True)]
        else:
            if len(self.owner) != len(self.value):
                return [self.place]
            pairs = [(Index, i, then) for i, then in enumerate(self.value)]
        items = (kind(self.owner, k, then, f"{self.name}[{k!r}]") for kind, k, then in pairs if k not in self.keys)
        return [one for one in items if not one.holds()]

    def holds(self) -> bool:
        return not self._changed()

    def test(self, let: Callable[[Any], str]) -> str:
        return f"{let(self)}.holds()"

    def spot(self) -> str:
        return next((one.spot() for one in self._changed()), self.name)

    def change(self) -> str:
        return next((one.change() for one in self._changed()), f"{self.name} changed")


def counters(before: Environment, live: Iterable[int], modes: Any) -> list[Place]:
    """The places that a step changed, if all of them hold numbers and can be inputs; none if it changed more."""
    found: list[Place] = []
    for place in before.changes(live, modes):
        try:
            parts = _parts(place)
        except Exception:  # it is no longer there
            return []
        if not parts:
            return []
        found += parts
    if any(state() != then for state, then, _ in before.streams):
        return []
    return found


def _parts(place: Place) -> list[Place]:
    """The numbers that changed there; none if something else did."""
    if type(place) is Items and type(place.owner) is list and len(place.owner) == len(place.value):
        pairs: Any = [(Index, i, then) for i, then in enumerate(place.value)]
    elif type(place) is Entries and type(place.owner) is dict and list(place.owner) == place.value[0]:
        pairs = [(Item, key, then) for key, then in zip(*place.value, strict=True)]
    else:
        pairs = []
    if type(place) is Rest:
        return _known_parts(place._changed())
    inside: list[Place] = [kind(place.owner, key, then, f"{place.name}[{key!r}]") for kind, key, then in pairs]
    changed = [one for one in inside if not one.holds()] if pairs else [place]
    return _known_parts(changed)


def _known_parts(changed: list[Place]) -> list[Place]:
    numbers = [one for one in changed if type(one.now()) in NUMBERS and type(one.value) in NUMBERS and movable(one)]
    return numbers if len(numbers) == len(changed) else []


def asks_for_types(seen: Observer) -> bool:
    """Whether the code that ran may ask what exactly a number is: it must not meet a symbol."""
    return any(not {"type", "Decimal", "is_"}.isdisjoint(code.co_names) for code in seen.codes)
