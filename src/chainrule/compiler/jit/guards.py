"""`Guard`: the places a recording was read from, with what stood there, looked at before each native call.

place   something that can be read again: an item of a dict or a list, a variable, an attribute, the items of a list as
        a whole, the bytes of an array, the state of a tensor
own     a place whose changes chainrule counts itself (``tracing.edition``): looked at only after such a change

A guard is one Python expression over all places, a check of about 30 ns each.
"""

from __future__ import annotations

import itertools
import operator
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from chainrule.compiler.jit.observer import MISSING
from chainrule.compiler.jit.places import (
    Place,
    alike,
    cell_of,
    same,
    typed,
)
from chainrule.compiler.jit.states import DefaultDtype, Patches, fits
from chainrule.grad_mode import mode
from chainrule.ops.dtypes import get_default_dtype
from chainrule.tracing import edition, patches


class Guard:
    """What a recording relies on: places, the default dtype, and whether gradients were wanted."""

    def __init__(self, places: Iterable[Place] = ()) -> None:
        self.places: list[Place] = [
            DefaultDtype(None, "", get_default_dtype(), "the default dtype"),
            Patches(patches, "", patches[0], "Tensor"),
        ]
        self.recording = mode.recording
        self._known: set[Any] = set()
        for place in places:
            self.add(place)

    def add(self, place: Place) -> None:
        """Look after one more place."""
        if place.id not in self._known:
            self._known.add(place.id)
            self.places.append(place)

    def changes(self) -> Iterator[Place]:
        """The places that are not what they were."""
        for place in self.places:
            try:
                held = place.holds()
            except Exception:  # it is no longer there, or cannot be read
                held = False
            if not held:
                yield place

    def change(self) -> str | None:
        """What changed, in words; None if nothing did."""
        if mode.recording is not self.recording:
            before, now = (("no_grad", "enable_grad")[x] for x in (self.recording, mode.recording))
            return f"{before} became {now}"
        return next((place.change() for place in self.changes()), None)

    def checker(self) -> Callable[[], bool]:
        """A fast function that says whether all is as it was."""
        space: dict[str, Any] = {
            "same": same, "alike": alike, "is_": operator.is_, "cell_of": cell_of, "typed": typed, "fits": fits,
            "MISSING": MISSING, "mode": mode, "edition": edition,
        }  # fmt: skip
        names: dict[int, str] = {}
        number = itertools.count()

        def let(x: Any) -> str:
            if x is None or x is True or x is False:
                return repr(x)
            name = names.get(id(x))
            if name is None:
                name = names[id(x)] = f"v{next(number)}"
                space[name] = x
            return name

        own = [place.test(let) for place in self.places if place.own]
        flat = [f"mode.recording is {self.recording}", *(place.test(let) for place in self.places if not place.own)]
        exec(CHECKER.format(own=" and ".join(own) or "True", flat=" and ".join(flat)), space)
        return space["checker"]()


CHECKER = """
def checker():
    at = -1
    def unchanged():
        nonlocal at
        try:
            if at != edition[0]:
                now = edition[0]
                if not ({own}):
                    return False
                at = now
            return {flat}
        except Exception:
            return False
    return unchanged
"""
