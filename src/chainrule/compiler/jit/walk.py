"""What every part of the walk over a step's surroundings shares (see ``environment``)."""

from __future__ import annotations

import types
from collections import deque
from collections.abc import Callable, Iterable
from typing import Any

from chainrule.compiler.jit.observer import MISSING, Looked, Observer
from chainrule.compiler.jit.places import Item, Place


class Walk:
    """What all parts of the walk share: what was found, and how it is noted."""

    seen: Observer
    broadly: bool
    live: frozenset[int]
    places: list[Place]
    arrays: list[tuple[str, Any]]
    streams: list[tuple[Callable[[], Any], Any, str]]
    refused: str | None
    reached: set[types.CodeType]
    names: set[str]
    most_items: int
    _words: set[str]
    _known: set[Any]
    _todo: deque[tuple[Any, str, bool]]

    def _look(self, x: Any, name: str, whole: bool) -> None:
        """Look at a thing, whatever it is."""
        raise NotImplementedError

    def _refuse(self, why: str) -> None:
        if not self.broadly:
            self.refused = self.refused or why

    def stream(self, state: Callable[[], Any], name: str) -> None:
        """Note a source of random numbers."""
        self.streams.append((state, state(), name))

    def _note(self, place: Place, whole: bool = False, deeper: bool = True) -> None:
        if place.id not in self._known:
            self._known.add(place.id)
            self.places.append(place)
        if deeper:
            self._todo.append((place.value, place.name, whole or self.broadly))

    def _later(self, things: Iterable[Any], name: str) -> None:
        self._todo.extend((x, name, True) for x in things)

    def _names(self, looked: Looked) -> set[str]:
        return self.names | looked.attributes

    def _attributes(
        self, fields: dict[str, Any], name: str, names: set[str], whole: bool = False, exactly: Iterable[str] = ()
    ) -> None:
        """The attributes of those ``names`` that are there; of those looked up on it ``exactly``, also that they are
        not.
        """
        for key, value in list(fields.items()):
            if self.seen.reflects or key in names:
                self._note(Item(fields, key, value, f"{name}.{key}"), whole or self._loosely(key))
        for key in exactly:
            if key not in fields:
                self._note(Item(fields, key, MISSING, f"{name}.{key}"))

    def _shadowing(self, cls: type) -> set[str]:
        """Names looked up on something unknown that an object may get later: those its class has; where an error may
        be caught, all.
        """
        if self.seen.catches:
            return set(self.seen.loose)
        return {key for key in self.seen.loose if any(key in vars(one) for one in cls.__mro__ if one is not object)}

    def _loosely(self, key: str) -> bool:
        """Whether what stands under a name may be used in ways that were not followed."""
        return key in self.seen.loose or self.seen.reflects
