"""`Environment`: every place that a step can read besides the numbers of tensors, from its function and arguments on.

It is walked in two ways.  Before a recording ``broadly``: whatever any code that ran could name, to see afterwards what
the step itself changed.  After it exactly: what the code that ran looks up, and on which objects, to be guarded.  A
place that cannot be looked after, or code that ran and was found nowhere around, is a reason not to compile.
"""

from __future__ import annotations

import enum
import functools
import random
import types
import weakref
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import Any

import numpy as np

from chainrule.autograd.anomaly import line
from chainrule.compiler.jit.bytecode import ATTRIBUTE, line_of_store, reads_of
from chainrule.compiler.jit.contents import Numbers
from chainrule.compiler.jit.observer import MISSING, Looked, Observer
from chainrule.compiler.jit.places import Attribute, Place
from chainrule.compiler.jit.walk_code import NOTHING, of_library
from chainrule.compiler.jit.walk_models import ModelWalk
from chainrule.compiler.jit.walk_objects import (
    INERT,
    MOST_ITEMS,
    MOST_PLACES,
)
from chainrule.nn import Module
from chainrule.optim import Optimizer
from chainrule.tensor import Tensor
from chainrule.value import Value

MOST_LOOKED_AT = 2_000  # places of which each is looked at in each call: more take longer than the step
INERT_MODULES = ("builtins", "numpy", "types")
OUTSIDE = "return the value, and collect it outside"


class Compiled:
    """What stands for a ``function``: a compiled step, which another one may call."""

    function: Any


class Environment(ModelWalk):
    """The places around a step.

    roots     (thing, what to call it): the function and its arguments
    live      ids of arrays whose memory native code reads where it is
    places    what was found, each once; ``arrays``: (name, array) of the tensors among it
    values    the Values among it, by id
    streams   (a function that tells the state of a source of random numbers, that state, its name)
    refused   why it cannot be guarded
    """

    most_items, most_places, most_looked_at = MOST_ITEMS, MOST_PLACES, MOST_LOOKED_AT

    def __init__(
        self, roots: list[tuple[Any, str]], seen: Observer, broadly: bool = False, live: Iterable[int] = ()
    ) -> None:
        self.seen, self.broadly, self.live = seen, broadly, frozenset(live)
        self.places: list[Place] = []
        self.arrays: list[tuple[str, Any]] = []
        self.values: dict[int, Value] = {}
        self.streams: list[tuple[Callable[[], Any], Any, str]] = []
        self.refused: str | None = None
        self.reached: set[types.CodeType] = set()
        self.names = set(seen.loose)
        if broadly:
            for code in seen.codes:
                self.names |= {key for chain in reads_of(code).chains for kind, key in chain.steps if kind == ATTRIBUTE}
            self.stream(random.getstate, "the random numbers of Python")
            self.stream(numpy_state, "the random numbers of NumPy")
        self._words = seen.words if not broadly else set()
        self._known: set[Any] = set()
        self._done: dict[tuple[int, bool], Any] = {}
        self._todo: deque[tuple[Any, str, bool]] = deque((thing, name, broadly) for thing, name in roots)
        while self._todo and self.refused is None:
            self._look(*self._todo.popleft())
            if len(self.places) > self.most_places * (10 if broadly else 1):
                self.refused = f"it can read more than {self.most_places:,} places around it: give it less to see"
        if not broadly and self.refused is None:
            each = sum(not place.own for place in self.places)
            if each > self.most_looked_at:
                self._refuse(f"it reads {each:,} places around it, too many to look at in each call: keep numbers in "
                             f"tensors")  # fmt: skip
            inside = seen.internal - {str(place.key) for place in self.places}
            if inside:
                self._refuse(f"it reads .{min(inside)} of a tensor, past what is recorded: use the tensor itself")
            for code in seen.codes:
                if code not in self.reached:
                    self._refuse(f"it runs {code.co_qualname}() ({code.co_filename}:{code.co_firstlineno}), which was "
                                 f"not found around it: call it by a name, or pass it as an argument")  # fmt: skip

    # ------------------------------------------------------------------------------------ what became of it

    def affected(self, seen: Observer, live: Iterable[int] = (), modes: Any = ()) -> str | None:
        """What the step itself changed, in words: to be asked after it ran, and ``seen`` saw it.

        ``live`` are the ids of arrays that it may change, ``modes`` of modules that it may switch to training or
        evaluation: the recording says how.
        """
        for place in self.changes(live, modes):
            return self._told(place, seen)
        return next((f"it draws from {name}: draw outside, and give the numbers as arguments"
                     for state, before, name in self.streams if state() != before), None)  # fmt: skip

    def changes(self, live: Iterable[int], modes: Any) -> Iterator[Place]:
        """The places that the step changed, though it may not."""
        self.live = frozenset(live)
        homes = {id(vars(module)): mode for module, mode in modes}
        for place in self.places:
            if place.key == "training" and place.now() is homes.get(id(place.owner)):
                continue
            if isinstance(place, Numbers) and self._is_live(place.owner):
                continue
            try:
                held = place.holds()
            except Exception:
                held = False
            if not held:
                yield place

    @staticmethod
    def _told(place: Place, seen: Observer) -> str:
        _, method, where = seen.changing.get(id(place.owner), (None, "", ""))
        if method:
            return f"it calls {method}() of {place.name}, at {where}; {OUTSIDE}"
        spot = place.spot()
        places = ((code.co_filename, number) for code in seen.codes if (number := line_of_store(code, spot)))
        where = next((f", at {line(place)}" for place in places), "")
        return f"the step itself changes {spot}{where}; return what is new, and set it outside"

    def things(self) -> Iterable[Any]:
        """Everything that was found."""
        return self._done.values()

    # ------------------------------------------------------------------------------------ looking

    def _look(self, x: Any, name: str, whole: bool) -> None:
        if isinstance(x, Tensor):
            self.arrays.append((name, x.array))
            if (id(x), True) not in self._done:
                self._done[id(x), True] = x
                self._tensor(x, name)
            return
        looked = self.seen.exact.get(id(x), NOTHING)
        whole = whole or looked.whole
        if x is MISSING or (id(x), whole) in self._done or (id(x), True) in self._done or inert(x):
            return
        self._done[id(x), whole] = x
        if isinstance(x, types.FunctionType):
            self._function(x, name)
        elif isinstance(x, Module):
            self._module(x, name, looked)
        elif isinstance(x, Optimizer):
            self._optimizer(x, name, looked)
        elif isinstance(x, dict | types.MappingProxyType):
            self._dict(x, name, whole or bool(looked.attributes), looked)
        elif isinstance(x, list | deque | tuple):
            self._items(x, name, whole or bool(looked.attributes), looked)
        elif isinstance(x, set | frozenset):
            self._set(x, name)
        elif isinstance(x, np.ndarray):
            self._array(x, name, whole, looked)
        elif isinstance(x, types.ModuleType):
            self._python_module(x, name, Looked(None, looked.attributes, whole=whole))
        elif isinstance(x, type):
            self._class(x, self._names(looked))
        elif isinstance(x, enum.Enum):
            self._attributes(vars(x), name, self._names(looked) | {"_value_"}, True)
            self._class(type(x), self._names(looked))
        elif isinstance(x, Value):
            self._value(x, name, looked)
        else:
            self._other(x, name, looked)

    def _other(self, x: Any, name: str, looked: Looked) -> None:
        """The rarer kinds."""
        if isinstance(x, types.MethodType):
            self._todo += [(x.__func__, name, False), (x.__self__, name.rpartition(".")[0] or "self", False)]
        elif isinstance(x, classmethod | staticmethod):
            self._todo.append((x.__func__, name, False))
        elif isinstance(x, property):
            self._later([f for f in (x.fget, x.fset, x.fdel) if f], name)
        elif isinstance(x, partial):
            for key in ("func", "args", "keywords"):
                self._note(Attribute(x, key, getattr(x, key), f"{name}.{key}"), True)
            self._attributes(vars(x), name, self._names(looked))
        elif isinstance(x, Compiled):
            self._note(Attribute(x, "function", x.function, name))
        elif isinstance(x, types.BuiltinFunctionType | types.MethodWrapperType):
            if x.__self__ is not None and not isinstance(x.__self__, types.ModuleType):
                self._later([x.__self__], name)
        elif isinstance(x, (weakref.ref, *weakref.ProxyTypes)):
            self._refuse(f"it reads {name}, a weak reference, and what it leads to may go: use the thing itself")
        elif isinstance(x, functools._lru_cache_wrapper):
            self._refuse(f"it calls {name}, which remembers what it once computed (functools.lru_cache): compute it "
                         f"outside")  # fmt: skip
        elif isinstance(x, random.Random):
            self.stream(x.getstate, name)
        elif isinstance(x, np.random.Generator | np.random.RandomState | np.random.BitGenerator):
            bits: Any = getattr(x, "bit_generator", x)
            self.stream(lambda: repr(bits.state if hasattr(bits, "state") else bits.get_state()), name)
        else:
            self._object(x, name, looked)

    def _value(self, x: Value, name: str, looked: Looked) -> None:
        """To a step of tensors its numbers are like those of any object."""
        self.values[id(x)] = x
        self._object(x, name, looked)


def inert(x: Any) -> bool:
    """Whether nothing can be looked up on it that could change."""
    return isinstance(x, INERT) and (type(x).__module__ in INERT_MODULES or of_library(type(x)))


def numpy_state() -> Any:
    """The state of the random numbers of NumPy, as what can be compared."""
    state: Any = np.random.get_state()
    return state[1].tobytes(), state[2:]
