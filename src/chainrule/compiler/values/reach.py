"""`Surroundings`: everything a function can see besides its arguments, and whether it is still what it was.

A recorded step holds the numbers that it found around it: data in a list, a learning rate in a variable, ``activation``
of a layer. The recording is right as long as they are what they were. So they are looked through once (closures, the
globals that the code names, lists, dicts, arrays, attributes, and so on inwards), a copy of each container is kept,
and comparing all copies takes microseconds: equal objects compare by identity first. What a Value holds is not part
of it (that is read anew each time), which Values there are is.

What can change without being seen (an iterator, an open file) makes `doubt` say so.
"""

from __future__ import annotations

import random
import re
import site
import sys
import sysconfig
import types
from collections import deque
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np

from chainrule.autograd.anomaly import HOME
from chainrule.compiler.values.number import Number
from chainrule.value import Value

MISSING = object()
OWN = ("__dict__", "__weakref__", "__doc__")  # what every class has
FIXED = (
    int, float, complex, str, bytes, type(None), type(Ellipsis), type(NotImplemented), range, slice, np.generic,
    np.dtype, np.ufunc, re.Pattern, types.BuiltinFunctionType, types.MethodDescriptorType, types.WrapperDescriptorType,
    types.MethodWrapperType, types.ClassMethodDescriptorType, types.GetSetDescriptorType, types.MemberDescriptorType,
    types.GenericAlias, types.CodeType, property,
)  # fmt: skip
LIBRARIES = tuple(
    {sysconfig.get_path("stdlib"), sysconfig.get_path("platstdlib"), sysconfig.get_path("purelib"), HOME}
    | set(site.getsitepackages())
)


class Surroundings:
    """What ``roots`` can see; `changed` compares it with what it was when this was made."""

    def __init__(self, roots: list[Any]) -> None:
        self.containers: list[tuple[Any, Any, str]] = []  # the container, a copy, what to call it
        self.variables: list[tuple[Any, Any, str]] = []  # a function that reads it, what it was, what to call it
        self.arrays: list[tuple[Any, bytes, str]] = []
        self.random: list[tuple[Callable[[], Any], Any, str]] = [
            (random.getstate, random.getstate(), "the random numbers of Python"),
            (_numpy_state, _numpy_state(), "the random numbers of NumPy"),
        ]
        self.values: set[int] = set()
        self.doubt: str | None = None
        self._seen: dict[int, Any] = {}
        self._todo = [(root, getattr(root, "__name__", type(root).__name__)) for root in roots]
        while self._todo:
            self._look(*self._todo.pop())

    def changed(self) -> str | None:
        """The first thing that is not what it was; None if everything is."""
        for container, before, name in self.containers:
            try:
                if container != before:
                    return name
            except ValueError:  # arrays in a list are compared one by one, and these are others than before
                return name
        for read, old, name in self.variables:
            if not _same(read(), old):
                return name
        for array, numbers, name in self.arrays:
            if array.tobytes() != numbers:
                return name
        return None

    def drawn(self) -> str | None:
        """Whose random numbers were drawn since; None if nobody's."""
        return next((name for state, before, name in self.random if state() != before), None)

    # ------------------------------------------------------------------------------------ looking

    def _look(self, x: Any, name: str) -> None:
        if x is MISSING or type(x) is Number or isinstance(x, FIXED) or id(x) in self._seen:
            return
        self._seen[id(x)] = x
        if isinstance(x, Value):
            self.values.add(id(x))
        elif isinstance(x, np.ndarray):
            self.arrays.append((x, x.tobytes(), name))
            if x.dtype == object:
                self._todo += [(item, name) for item in x.flat]
        elif isinstance(x, list | tuple | deque):
            self._keep(x, name)
            self._todo += [(item, f"{name}[{i}]") for i, item in enumerate(x)]
        elif isinstance(x, dict | types.MappingProxyType):
            self._keep(x, name)
            self._todo += [(item, f"{name}[{key!r}]") for key, item in x.items()]
        elif isinstance(x, set | frozenset):
            self._keep(x, name)
            self._todo += [(item, name) for item in x]
        elif isinstance(x, types.FunctionType):
            self._function(x)
        elif isinstance(x, types.MethodType):
            self._todo += [(x.__func__, x.__func__.__name__), (x.__self__, type(x.__self__).__name__)]
        elif isinstance(x, classmethod | staticmethod):
            self._todo.append((x.__func__, name))
        elif isinstance(x, type):
            self._class(x)
        elif isinstance(x, random.Random):
            self.random.append((x.getstate, x.getstate(), name))
        elif isinstance(x, np.random.Generator):
            self.random.append((lambda: repr(x.bit_generator.state), repr(x.bit_generator.state), name))
        elif not isinstance(x, types.ModuleType):
            self._object(x, name)

    def _keep(self, x: Any, name: str) -> None:
        self.containers.append((x, x.copy() if hasattr(x, "copy") else x, name))

    def _object(self, x: Any, name: str) -> None:
        """Attributes, in ``__dict__`` and in slots."""
        slots = [slot for cls in type(x).__mro__ for slot in _slots(cls)]
        state = getattr(x, "__dict__", None)
        if hasattr(x, "__next__") or (state is None and not slots):
            self.doubt = self.doubt or f"uses {name} ({type(x).__name__}), which may change unseen: use a list"
            return
        for slot in slots:
            self._variable(partial(getattr, x, slot, MISSING), f"{name}.{slot}")
        if state is not None:
            self.containers.append((state, state.copy(), name))
            self._todo += [(item, f"{name}.{key}") for key, item in state.items()]
        self._todo.append((type(x), type(x).__name__))

    def _variable(self, read: Callable[[], Any], name: str) -> None:
        now = read()
        self.variables.append((read, now, name))
        self._todo.append((now, name))

    def _class(self, x: type) -> None:
        module = sys.modules.get(x.__module__)
        if x.__module__ == "builtins" or _library(getattr(module, "__file__", "") or ""):
            return
        self.variables.append((lambda: _members(x), _members(x), x.__name__))
        self._todo += [(item, f"{x.__name__}.{key}") for key, item in vars(x).items() if key not in OWN]
        self._todo += [(base, base.__name__) for base in x.__bases__]

    def _function(self, x: types.FunctionType) -> None:
        if _library(x.__code__.co_filename):
            return
        for cell_name, cell in zip(x.__code__.co_freevars, x.__closure__ or (), strict=True):
            self._variable(partial(_contents, cell), cell_name)
        self._variable(lambda: x.__defaults__, x.__name__)
        self._variable(lambda: x.__kwdefaults__, x.__name__)
        self._variable(lambda: x.__code__, x.__name__)
        around = x.__globals__
        for named in sorted(_names(x.__code__)):
            if named not in around:
                continue
            module = around[named]
            self._variable(partial(around.get, named, MISSING), named)
            if isinstance(module, types.ModuleType):
                for inner in _names(x.__code__) & vars(module).keys():
                    self._variable(partial(getattr, module, inner, MISSING), f"{named}.{inner}")


def _names(code: types.CodeType) -> set[str]:
    """The names that code looks up, also in functions it defines."""
    inner = (_names(constant) for constant in code.co_consts if isinstance(constant, types.CodeType))
    return set(code.co_names).union(*inner)


def _contents(cell: types.CellType) -> Any:
    try:
        return cell.cell_contents
    except ValueError:  # not assigned yet
        return MISSING


def _members(cls: type) -> dict[str, Any]:
    """What a class holds that its author wrote."""
    return {key: item for key, item in vars(cls).items() if not key.startswith("__")}


def _slots(cls: type) -> Iterator[str]:
    slots = vars(cls).get("__slots__", ())
    yield from (slots,) if isinstance(slots, str) else slots


def _library(path: str) -> bool:
    """Whether a file belongs to Python, to an installed package or to chainrule: what nobody changes between steps."""
    return path.startswith(("<frozen", *LIBRARIES))


def _numpy_state() -> str:
    return repr(np.random.get_state())


def _same(now: Any, before: Any) -> bool:
    """Whether a variable is what it was: the same object, or an equal number or text."""
    if now is before:
        return True
    if type(now) is not type(before):
        return False
    if isinstance(now, dict):
        return now.keys() == before.keys() and all(now[key] is before[key] for key in now)
    return isinstance(now, int | float | complex | str | bytes) and now == before
