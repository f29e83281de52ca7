"""`Inputs`: the numbers of one recorded call that may be others in each call, and what the step does with them.

``reader`` makes of it the function that works all of it out again, in Python, before native code runs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from chainrule.compiler.jit.contents import Entries, Items
from chainrule.compiler.jit.environment import Environment
from chainrule.compiler.jit.holders import replace
from chainrule.compiler.jit.moving import NUMBERS, Rest
from chainrule.compiler.jit.observer import MISSING
from chainrule.compiler.jit.places import Index, Item, Place, cell_of, same
from chainrule.compiler.jit.pytree import SYMBOLIC
from chainrule.compiler.jit.states import TensorState
from chainrule.compiler.trace.numbers import Symbols
from chainrule.compiler.trace.symbols import Symbol, number, plain, symbolic
from chainrule.compiler.trace.tracer import Tape
from chainrule.tensor import wrap

NOTHING = (tuple, (tuple,), (dict,))  # the layout of no arguments


class Inputs:
    """The numbers of one recorded call.

    args, kwargs   what the step is given: symbols for those that are inputs
    outputs        (place, symbol): counters, with what the step leaves there
    """

    def __init__(self, args: Any, kwargs: Any, layout: Any = NOTHING, places: Iterable[Place] = ()) -> None:
        self.symbols = Symbols()
        spots = [k for k, part in enumerate(layout[1][1:]) if part[0] == SYMBOLIC]
        named = [key for key, part in layout[2][1:] if part[0] == SYMBOLIC]
        self.args, self.kwargs = list(args), dict(kwargs)
        self.named = {f"t{i}": name for i, name in enumerate([*spots, *named])}  # what each symbol is an input for
        self.count = len(spots) + len(named)  # arguments that are inputs
        for i, k in enumerate(spots):
            self.args[k] = self.symbols.input(args[k], f"given[{i}]")
        for i, key in enumerate(named, len(spots)):
            self.kwargs[key] = self.symbols.input(kwargs[key], f"given[{i}]")
        self.places: dict[Any, tuple[Place, Any, Symbol]] = {}
        for place in places:
            if type(old := place.now()) in NUMBERS:
                symbol = self.symbols.input(old, _read(place, self._let))
                self.places[place.id] = place, old, symbol
                self.named[symbol.name] = place.id
        self.outputs: list[tuple[Place, Symbol]] = []

    def _let(self, x: Any) -> str:
        space = self.symbols.space
        name = next((name for name, known in space.items() if known is x), f"p{len(space)}")
        space[name] = x
        return name

    def __bool__(self) -> bool:
        return bool(self.count or self.places)

    @contextmanager
    def placed(self) -> Iterator[None]:
        """A block in which symbols stand in the places; what the step puts there is taken out, and noted."""
        try:
            for place, _, symbol in self.places.values():
                place.put(symbol)
            yield
        except BaseException as error:
            self._take_out()
            error.args = tuple(map(number, error.args))
            raise
        else:
            self._take_out()

    def _take_out(self) -> None:
        for place, old, symbol in self.places.values():
            now = place.now()
            if type(now) is Symbol:
                place.put(old)
                if now is not symbol:
                    self.outputs.append((place, now))
        self._clean()

    def _clean(self) -> None:
        """Put numbers for symbols wherever else the step left some: the recording relies on them from here on."""
        alive = [x for x in (known() for known in self.symbols.alive) if x is not None]
        ours = (alive, self.args, self.kwargs, self.places, self.outputs, *self.places.values(), *self.outputs)
        if alive:
            replace({id(x): x for x in alive}, set(map(id, ours)), 3)

    def taken_out(self, result: Any) -> Any:
        """What the step returns, with numbers for symbols: they are those of this call alone."""
        self.args, self.kwargs = [], {}
        return plain(result) if symbolic(result) else result

    def settle(self) -> None:
        """Leave in the places what the step left there."""
        for place, symbol in self.outputs:
            place.put(symbol.value)

    def rest(self, place: Place) -> Place | None:
        """What is to be guarded of a place: not the numbers that are inputs."""
        if place.id in self.places:
            return None
        if type(place) in (Items, Entries):
            keys = [
                one.key for one, _, _ in self.places.values() if one.owner is place.owner and type(one) in (Item, Index)
            ]
            return Rest(place, keys) if keys else place
        return place

    def unfit(self, around: Environment, tape: Tape) -> str | None:
        """Why a recording with these inputs cannot be relied on, if the rest of it can."""
        found = {place.id for place in around.places}
        whole = {id(place.owner) for place in around.places if type(place) in (Items, Entries)}
        found |= {
            id for id, (place, _, _) in self.places.items() if type(place) in (Item, Index) and place.id[1] in whole
        }
        used = "\n".join(self.symbols.lines)
        for place, _, symbol in self.places.values():
            if place.id not in found and (used.count(f"{symbol.name} ") + used.count(f"{symbol.name})") > 2):
                return f"it reads {place.name}, which changes, in a way that is not understood"
        for place, _ in self.outputs:
            if place.id not in found:
                return f"the step itself changes {place.name}; return what is new, and set it outside"
        arrays = {id(place.value[0]) for place in around.places if isinstance(place, TensorState)}
        stored = [cell.array for cell in tape.stored if cell.leaf is not None]
        for array in self.symbols.sources.values():
            if id(array) not in arrays:
                return "a part of a tensor is taken that was not found around it"
            if any(np.may_share_memory(array, other) for other in stored):
                return "a part of a tensor is taken that the step changes"
        if self.symbols.further and any(cell.leaf.op == "argument" for cell in tape.stored if cell.leaf):
            return "a part of a tensor is taken, and an argument is changed"
        return None

    # ------------------------------------------------------------------------------------ what is made of it

    @property
    def pinned(self) -> set[Any]:
        """The inputs of which the recording relies on the number itself."""
        lines = "\n".join(self.symbols.lines)
        return {name for symbol, name in self.named.items() if f"same({symbol}, " in lines}

    @property
    def signature(self) -> tuple[Any, ...]:
        """What a recording did with its numbers: two that are alike are of the same step."""
        symbols = self.symbols
        return (*symbols.lines, *symbols.leaves, *symbols.further, *((place.id, x.name) for place, x in self.outputs))

    def reader(self) -> Callable[[list[Any], list[Any]], Any]:
        """A function of the tensors and numbers of a call: the further tensors, the numbers that native code is given,
        and what becomes of the counters; None where the call is not like the recorded one.
        """
        symbols = self.symbols
        space = symbols.space | {"same": same, "wrap": wrap, "array": np.array, "cell_of": cell_of, "MISSING": MISSING}
        lines = "\n".join(f"        {line}" for line in symbols.lines)
        further = "".join(f"wrap({name}), " for name in symbols.further)
        leaves = "".join(f"{name}, " for name in symbols.leaves)
        left = "".join(f"{x.name}, " for _, x in self.outputs)
        exec(READER.format(lines=lines, further=further, leaves=leaves, left=left), space)
        return space["read"]


READER = """
def read(tensors, given):
    try:
{lines}
    except Exception:
        return None
    return ({further}), ({leaves}), ({left})
"""


def _read(place: Place, let: Callable[[Any], str]) -> str:
    if type(place) is Index:
        return f"{let(place.owner)}[{place.key}]"
    return place.read(let)
