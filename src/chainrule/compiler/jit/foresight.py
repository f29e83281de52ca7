"""The environments of steps of `Value`: `Surroundings` after a recording, `Foresight` before the first.

What the Values hold is no part of them: it is read anew in each call.  Which Values there are is.  The classes of
``value.py`` may be replaced or changed like the user's own, so they are looked into.

Before a step ran nobody knows which code it runs.  `Foresight` takes every function that can be reached from it by name
as run, and every attribute as read, so that even the first call is compared with what was there before it.
"""

from __future__ import annotations

import sys
import types
from typing import Any

import chainrule.value
from chainrule.compiler.jit.bytecode import ATTRIBUTE, nested, reads_of
from chainrule.compiler.jit.environment import Environment
from chainrule.compiler.jit.libraries import USER, kind_of
from chainrule.compiler.jit.observer import Looked, Observer
from chainrule.compiler.jit.places import Attribute, Item
from chainrule.nn import Module
from chainrule.optim import Optimizer
from chainrule.tensor import Tensor
from chainrule.value import Value

MOST_ITEMS, MOST_PLACES, MOST_CODES = 1 << 17, 200_000, 2_000
HOME = chainrule.value.__name__
SLOTS = {name: vars(Value)[name] for name in ("data", "grad", "label", "_op", "_prev")}
TEXTS = ("label", "_op", "_prev")  # of a Value, besides its numbers


class Surroundings(Environment):
    """What the code that ran can read besides the numbers in Values."""

    most_items, most_places, most_looked_at = MOST_ITEMS, MOST_PLACES, MOST_PLACES

    def _value(self, x: Value, name: str, looked: Looked) -> None:
        self.values[id(x)] = x
        for key in TEXTS:
            if type(x) is Value and (self.seen.reflects or key in looked.attributes or key in self.seen.loose):
                self._note(Attribute(x, key, SLOTS[key].__get__(x), f"{name}.{key}"), deeper=False)
        self._methods(Value)

    def _object(self, x: Any, name: str, looked: Looked) -> None:
        ours = [cls for cls in type(x).__mro__ if cls.__module__ == HOME]
        if ours and hasattr(x, "__dict__"):  # their code may read any of it
            for key, value in list(vars(x).items()):
                self._note(Item(vars(x), key, value, f"{name}.{key}"), True)
            for cls in ours:
                self._methods(cls)
        super()._object(x, name, looked)

    def _class(self, cls: type, names: set[str]) -> None:
        if cls.__module__ == HOME:
            self._methods(cls)
        super()._class(cls, names)

    def _methods(self, cls: type) -> None:
        """The methods of a class of ``value.py`` that ran."""
        if (id(cls), HOME) in self._known:
            return
        self._known.add((id(cls), HOME))
        fields: Any = vars(cls)
        for key, item in list(fields.items()):
            if isinstance(item, types.FunctionType) and (cls is Value or self.broadly or self._ran(item)):
                self._note(Item(fields, key, item, f"{cls.__name__}.{key}"))

    def _ran(self, function: types.FunctionType) -> bool:
        return function.__code__ in self.seen.ours or function.__code__ in self.seen.codes


class Foresight(Surroundings):
    """What any code that can be reached could read or change.

    tensors   something of tensors is among it: the walk ends there
    refused   that, or so much code can be reached that nobody would wait for it
    """

    def __init__(self, roots: list[tuple[Any, str]], known: Observer) -> None:
        self.tensors = False
        self._arrays: list[tuple[Any, ...]] = []
        self._named: set[str] = set()  # the attributes that code reached so far looks up on anything
        self._looked_at: dict[int, int] = {}  # how many of them there were when a module was looked at, by its id
        seen = Observer()
        seen |= known
        seen.reflects = True
        for code in seen.codes:
            self._take(code)
        super().__init__(roots, seen, broadly=True)
        if self.refused is None:
            for given in self._arrays:
                super()._array(*given)

    def _take(self, code: types.CodeType) -> None:
        reads = reads_of(code)
        self._named |= reads.loose
        for chain in reads.chains:
            self._named |= {key for kind, key in chain.steps if kind == ATTRIBUTE}

    def _look(self, x: Any, name: str, whole: bool) -> None:
        if isinstance(x, Tensor | Module | Optimizer):
            self.tensors, self.refused = True, "it computes with tensors"
        elif isinstance(x, types.ModuleType):
            if self._looked_at.get(id(x)) != len(self._named):  # other code may name more of it
                self._looked_at[id(x)] = len(self._named)
                self._done[id(x), whole] = x
                self._python_module(x, name, Looked(x))
        else:
            super()._look(x, name, whole)

    def _array(self, *given: Any) -> None:
        self._arrays.append(given)

    def _function(self, f: types.FunctionType, name: str) -> None:
        if kind_of(f.__code__, f.__globals__.get("__name__") or "") is USER:
            for code in nested(f.__code__):
                if code not in self.seen.codes:
                    self.seen.codes[code] = None
                    self.seen.loose |= reads_of(code).loose
                    self._take(code)
            if len(self.seen.codes) > MOST_CODES:
                self.refused = f"more than {MOST_CODES:,} functions can be reached from it"
        super()._function(f, name)

    def _python_module(self, module: types.ModuleType, name: str, looked: Looked) -> None:
        root = (module.__name__ or "").partition(".")[0]
        if root in sys.stdlib_module_names or root in ("chainrule", "numpy"):
            return
        fields = vars(module)
        for key in sorted(self._named & fields.keys()):
            self._note(Item(fields, key, fields[key], f"{name}.{key}"))
