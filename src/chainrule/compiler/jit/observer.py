"""`Observer`: what ran while a step was recorded, as the interpreter itself tells.

codes      the user's code objects that ran, in order
exact      objects, and which of their attributes or items that code looks up (see ``bytecode``)
loose      attribute names it looks up on something unknown
refused    the first thing it did that no recording can follow, and on which line
changing   containers whose methods it called to change them, and on which line
"""

from __future__ import annotations

import gc
import sys
import types
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from chainrule.autograd.anomaly import line
from chainrule.compiler.jit.bytecode import ATTRIBUTE, GLOBAL, ITEM, Chain, reads_of, texts
from chainrule.compiler.jit.libraries import (
    CHANGING,
    OTHER,
    OURS,
    PURE,
    REFLECTING,
    REFLECTING_MODULES,
    USER,
    kind_of,
    refused,
)
from chainrule.compiler.trace.symbols import Symbol
from chainrule.nn import Module
from chainrule.tensor import Tensor

MISSING = type("Missing", (), {"__repr__": lambda self: "nothing", "__slots__": ()})()
ATOMS = (int, float, complex, str, bytes, type(None), Tensor, types.CodeType)


def atomic(x: Any) -> bool:
    """Whether there is nothing to look up on it: a number, a text, a tensor; not one of a class of the user's."""
    if type(x) is Symbol:
        return True
    return isinstance(x, ATOMS) and (isinstance(x, Tensor) or type(x).__module__ == "builtins")


@dataclass
class Looked:
    """What is looked up on one object (kept alive: it is known by its id)."""

    object: Any
    attributes: set[str] = field(default_factory=set)
    items: set[Any] = field(default_factory=set)
    stored: set[Any] = field(default_factory=set)
    whole: bool = False  # it is used as it is: called, handed on, gone through

    def __ior__(self, other: Looked) -> Looked:
        self.attributes |= other.attributes
        self.items |= other.items
        self.stored |= other.stored
        self.whole |= other.whole
        return self


class Observer:
    """Within it, the interpreter tells which code runs and which functions of C it calls."""

    def __init__(self) -> None:
        self.codes: dict[types.CodeType, None] = {}
        self.ours: dict[types.CodeType, None] = {}
        self.exact: dict[int, Looked] = {}
        self.loose: set[str] = set()
        self.stored: set[str] = set()
        self.set_items: set[Any] = set()
        self.refused: str | None = None
        self.reflects = self.compares = self.varies = self.sets = self.catches = False
        self.internal: set[str] = set()
        self.changing: dict[int, tuple[Any, str, str]] = {}

    def __ior__(self, other: Observer) -> Observer:
        """What either saw."""
        self.codes |= other.codes
        self.ours |= other.ours
        for key, looked in other.exact.items():
            known = self.exact.setdefault(key, Looked(looked.object))
            known |= looked
        self.loose |= other.loose
        self.set_items |= other.set_items
        self.reflects |= other.reflects
        self.internal |= other.internal
        self.compares |= other.compares
        self.varies |= other.varies
        self.sets |= other.sets
        self.catches |= other.catches
        return self

    def learn(self, other: Observer) -> None:
        """What the other saw, but for the objects."""
        exact, self.exact = self.exact, {}
        self.__ior__(other)
        self.exact = exact

    def __enter__(self) -> Observer:
        self._collecting = gc.isenabled()
        gc.disable()  # what a finalizer does is none of the step's doing
        sys.setprofile(self._seen)
        return self

    def __exit__(self, *error: Any) -> None:
        sys.setprofile(None)
        if self._collecting:
            gc.enable()
        for code in self.codes:
            for chain in reads_of(code).chains:  # what a chain leads over was set meanwhile: it leads elsewhere now
                for k, (_, name) in enumerate(chain.steps[:-1]):
                    if name in self.stored:
                        self.loose |= {key for kind, key in chain.steps[k + 1 :] if kind == ATTRIBUTE}

    def reason(self) -> str | None:
        """What it did that no recording can follow."""
        return self.refused

    @property
    def words(self) -> set[str]:
        """The strings in the code that ran."""
        return {text for code in self.codes for text in texts(code)}

    # ------------------------------------------------------------------------------------ what happens

    def _seen(self, frame: types.FrameType, event: str, arg: Any) -> None:
        try:
            self._noted(frame, event, arg)
        except Exception as error:  # a fault of ours is no business of the user's code that runs here
            self.refused = self.refused or f"watching it failed with an internal error, {type(error).__name__}: {error}"

    def _noted(self, frame: types.FrameType, event: str, arg: Any) -> None:
        if event == "call":
            code = frame.f_code
            kind = kind_of(code, frame.f_globals.get("__name__") or "")
            if kind is OURS:
                self.ours[code] = None
            elif kind is USER:
                self._user(code, frame)
            elif kind is OTHER:
                self._other(code, frame)
            elif frame.f_globals.get("__name__") in REFLECTING_MODULES:
                self.reflects = True
        elif event == "c_call" and kind_of(frame.f_code, frame.f_globals.get("__name__") or "") is USER:
            self._called(arg, frame)

    def _user(self, code: types.CodeType, frame: types.FrameType) -> None:
        reads = reads_of(code)
        if code not in self.codes:
            self.codes[code] = None
            self.loose |= reads.loose
            self.stored |= reads.stored
            self.set_items |= reads.set_items
            self.internal |= reads.internal
            self.reflects |= reads.reflects
            self.compares |= reads.compares
            self.varies |= reads.varies
            self.sets |= reads.sets
            self.catches |= bool(getattr(code, "co_exceptiontable", b"?"))
        if reads.chains:
            here = frame.f_locals
            for chain in reads.chains:
                value = here.get(chain.root, MISSING)
                if chain.kind == GLOBAL and value is MISSING:
                    value = frame.f_globals.get(chain.root, MISSING)
                self._follow(chain, value)

    def _follow(self, chain: Chain, value: Any) -> None:
        """Note what a chain looks up, object by object."""
        for k, (kind, key) in enumerate(chain.steps):
            if value is MISSING or atomic(value):
                return
            looked = self._looked(value)
            if kind == ITEM and type(value) not in (dict, list, tuple):
                looked.whole = True
            (looked.attributes if kind == ATTRIBUTE else looked.items).add(key)
            if chain.written and k == len(chain.steps) - 1:
                looked.stored.add(key)
                return
            value = peek(value, kind, key)
            if value is UNKNOWN:
                self.loose |= {key for kind, key in chain.steps[k:] if kind == ATTRIBUTE}
                return
        if value is not MISSING and not atomic(value):
            self._looked(value).whole = True

    def _looked(self, value: Any) -> Looked:
        found = self.exact.get(id(value))
        if found is None:
            found = self.exact[id(value)] = Looked(value)
        return found

    def _other(self, code: types.CodeType, frame: types.FrameType) -> None:
        back = frame.f_back
        if back is not None and kind_of(back.f_code, back.f_globals.get("__name__") or "") in (USER, PURE):
            self._refuse(f"{frame.f_globals.get('__name__')}.{code.co_qualname}()", back)

    def _called(self, function: Any, frame: types.FrameType) -> None:
        name = getattr(function, "__name__", "")
        owner = getattr(function, "__self__", None)
        if name in REFLECTING and (getattr(function, "__module__", None) == "builtins" or isinstance(owner, str)):
            self.reflects = True
        if name in CHANGING and owner is not None:
            self.changing.setdefault(id(owner), (owner, name, line((frame.f_code.co_filename, frame.f_lineno))))
        if what := refused(function):
            self._refuse(what, frame)

    def _refuse(self, what: str, frame: types.FrameType | None) -> None:
        if self.refused is None:
            while frame is not None and kind_of(frame.f_code, frame.f_globals.get("__name__") or "") is not USER:
                frame = frame.f_back
            place = (frame.f_code.co_filename, frame.f_lineno) if frame else None
            self.refused = f"it calls {what}, which a compiled step would not do again, at {line(place)}"


UNKNOWN = object()


def peek(value: Any, kind: str, key: Any) -> Any:
    """``value.key`` or ``value[key]`` where that runs nobody's code; MISSING if it is not there, else UNKNOWN."""
    if kind == ITEM:
        if type(value) in (dict, list, tuple):
            try:
                return value[key]
            except (KeyError, IndexError, TypeError):
                return MISSING
        return UNKNOWN
    if isinstance(value, types.ModuleType):
        return vars(value).get(key, UNKNOWN)
    if isinstance(value, type):
        found = next((vars(cls)[key] for cls in value.__mro__ if key in vars(cls)), UNKNOWN)
        return found if not hasattr(type(found), "__get__") or isinstance(found, types.FunctionType) else UNKNOWN
    of_class = next((vars(cls)[key] for cls in type(value).__mro__ if key in vars(cls)), MISSING)
    if isinstance(of_class, types.MemberDescriptorType):
        try:
            return of_class.__get__(value)
        except AttributeError:
            return MISSING
    if hasattr(type(of_class), "__set__"):
        return UNKNOWN
    fields = getattr(value, "__dict__", None)
    if isinstance(fields, dict) and key in fields:
        return fields[key]
    if of_class is not MISSING:
        return (
            of_class if isinstance(of_class, types.FunctionType) or not hasattr(type(of_class), "__get__") else UNKNOWN
        )
    if isinstance(value, Module):
        return next((vars(value)[home][key] for home in HOMES if key in vars(value).get(home, ())), UNKNOWN)
    return UNKNOWN


HOMES = ("_parameters", "_buffers", "_modules")


def busy() -> bool:
    """Whether somebody else listens to the interpreter (a profiler), so that nobody else can."""
    return sys.getprofile() is not None


def merged(observers: Iterable[Observer]) -> Observer:
    """What several saw, as one."""
    found = Observer()
    for one in observers:
        found |= one
    return found
