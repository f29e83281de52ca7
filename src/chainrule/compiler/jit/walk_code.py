"""The walk through code: functions and what they close over, globals, modules of Python, classes."""

from __future__ import annotations

import abc
import builtins
import sys
import types
from typing import Any

from chainrule.compiler.jit.bytecode import GLOBAL, nested, reads_of
from chainrule.compiler.jit.contents import Size
from chainrule.compiler.jit.libraries import USER, kind_of
from chainrule.compiler.jit.observer import MISSING, Looked
from chainrule.compiler.jit.places import Attribute, ClassItem, Item, Variable, cell_of
from chainrule.compiler.jit.states import Registered
from chainrule.compiler.jit.walk import Walk

FACTS = frozenset(("__name__", "__qualname__", "__doc__", "__module__", "__defaults__", "__kwdefaults__"))
OWN_OF_CLASSES = frozenset(("__dict__", "__weakref__", "__doc__", "__module__", "__annotations__", "__slots__"))
NOTHING = Looked(None)


class CodeWalk(Walk):
    """Functions, modules of Python, classes."""

    def _function(self, f: types.FunctionType, name: str) -> None:
        code = f.__code__
        kind = kind_of(code, f.__globals__.get("__name__") or "")
        inside = list(nested(code))
        if kind is not USER:
            if f.__closure__:
                self.reached.update(inside)
                for free, cell in zip(code.co_freevars, f.__closure__, strict=True):
                    self._note(Variable(cell, "", cell_of(cell), free), True)
            return
        looked = self.seen.exact.get(id(f), NOTHING)
        for key in sorted(self._names(looked) & FACTS):
            self._note(Attribute(f, key, getattr(f, key), f"{name}.{key}"), True)
        self._attributes(vars(f), name, self._names(looked), exactly=looked.attributes - set(dir(types.FunctionType)))
        if not any(one in self.seen.codes for one in inside):
            return
        self.reached.update(inside)
        self._note(Attribute(f, "__code__", code, name), deeper=False)
        assigned = {variable for one in inside for variable in reads_of(one).assigned}
        for free, cell in zip(code.co_freevars, f.__closure__ or (), strict=True):
            self._note(Variable(cell, "", cell_of(cell), free), free in assigned)
        for defaults in ("__defaults__", "__kwdefaults__"):
            if getattr(f, defaults):
                self._note(Attribute(f, defaults, getattr(f, defaults), f"a default of {name}"), True)
        self._globals(f.__globals__, inside)

    def _globals(self, around: dict[str, Any], inside: list[types.CodeType]) -> None:
        for code in inside:
            reads = reads_of(code)
            for named in dict.fromkeys(chain.root for chain in reads.chains if chain.kind == GLOBAL):
                if named in around:
                    self._note(Item(around, named, around[named], named), named in reads.assigned)
                else:
                    self._note(Item(around, named, MISSING, named))
                    self._note(Item(vars(builtins), named, vars(builtins).get(named, MISSING), named), deeper=False)
            for module in reads.imported:
                if module in sys.modules:
                    self._note(Item(sys.modules, module, sys.modules[module], f"the module {module}"), deeper=False)
                    self._python_module(sys.modules[module], module, Looked(None, whole=True))

    def _python_module(self, module: types.ModuleType, name: str, looked: Looked) -> None:
        root = (module.__name__ or "").partition(".")[0]
        library = root in sys.stdlib_module_names or root in ("chainrule", "numpy")
        if library and self.broadly:
            return
        fields = vars(module)
        names = self._names(looked) if looked.whole else set(looked.attributes)
        if looked.whole and self.seen.reflects and not library:
            names |= self._words
            for key in sorted(names - fields.keys()):
                self._note(Item(fields, key, MISSING, f"{name}.{key}"))
        for key in sorted(names):
            if key in fields and not (library and isinstance(fields[key], types.ModuleType)):
                self._note(Item(fields, key, fields[key], f"{name}.{key}"))
            elif key in fields:
                self._look(fields[key], f"{name}.{key}", False)

    def _class(self, cls: type, names: set[str]) -> None:
        """What ``names``, and the code that ran, find in a class and those it comes from."""
        above: list[Any] = []
        for one in cls.__mro__:
            if of_library(one):
                continue
            fields = vars(one)
            self._note(Attribute(one, "__mro__", one.__mro__, f"the bases of {one.__name__}"), deeper=False)
            if isinstance(one, abc.ABCMeta):
                self._note(Registered(None, "", abc.get_cache_token(), "the classes registered with abstract ones"))
            if self.seen.reflects:
                self._note(Size(fields, "", len(fields), f"the attributes of {one.__name__}"))
            for key, item in list(fields.items()):
                if key in OWN_OF_CLASSES or not (self.seen.reflects or key in names or self._runs(item)):
                    continue
                self._note(ClassItem(one, key, item, f"{one.__name__}.{key}"), self._loosely(key))
                for other in above:
                    if key not in vars(other):
                        self._note(ClassItem(other, key, MISSING, f"{other.__name__}.{key}"))
            above.append(one)
            if type(one) is not type and not of_library(type(one)):
                self._class(type(one), names)

    def _runs(self, item: Any) -> bool:
        """Whether it is a function whose code ran."""
        if isinstance(item, classmethod | staticmethod):
            item = item.__func__
        if isinstance(item, property):
            return any(self._runs(f) for f in (item.fget, item.fset, item.fdel) if f)
        item = getattr(item, "__wrapped__", item) if not isinstance(item, types.FunctionType) else item
        return isinstance(item, types.FunctionType) and any(code in self.seen.codes for code in nested(item.__code__))


def of_library(cls: type) -> bool:
    """Whether a class is chainrule's, NumPy's or Python's own."""
    root = (cls.__module__ or "").partition(".")[0]
    return root in ("chainrule", "numpy", "builtins") or (root in sys.stdlib_module_names and root != "__main__")
