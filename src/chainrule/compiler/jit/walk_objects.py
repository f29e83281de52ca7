"""The walk through objects: their attributes and slots, and containers."""

from __future__ import annotations

import _random
import datetime
import decimal
import random
import re
import types
import uuid
from collections import OrderedDict, defaultdict, deque, namedtuple
from typing import Any, Generic, Protocol

import numpy as np

from chainrule.compiler.jit.bytecode import SIZES
from chainrule.compiler.jit.contents import Digest, Entries, Items, Members, Numbers, Size
from chainrule.compiler.jit.observer import ATOMS, MISSING, Looked
from chainrule.compiler.jit.places import Attribute, Index, Item, typed
from chainrule.compiler.jit.walk_code import NOTHING, CodeWalk, of_library
from chainrule.ops.base import Op
from chainrule.random import Generator

MOST_ITEMS, MOST_BYTES, MOST_PLACES = 4096, 1 << 16, 20_000
_Named = namedtuple("_Named", "field")
INERT = (
    *ATOMS, type(Ellipsis), type(NotImplemented), range, slice, np.generic, np.dtype, np.ufunc, re.Pattern,
    types.MethodDescriptorType, types.WrapperDescriptorType,
    types.ClassMethodDescriptorType, types.GetSetDescriptorType, types.MemberDescriptorType, types.GenericAlias,
    types.UnionType, type(_Named.field), type(np.mean), datetime.date, datetime.time, datetime.timedelta,
    datetime.tzinfo, decimal.Decimal, uuid.UUID, Op, Generator,
)  # fmt: skip
KNOWN_BASES = (
    object, type, list, dict, tuple, set, frozenset, deque, int, float, str, bytes, BaseException, Exception,
    OrderedDict, defaultdict, types.SimpleNamespace, *Exception.__subclasses__(), *LookupError.__subclasses__(),
    *ArithmeticError.__subclasses__(), Generic, Protocol, random.Random, _random.Random,
)  # fmt: skip
IMMUTABLE, HEAP = 1 << 8, 1 << 9  # flags of classes: made in C, and by a class statement (or in C)
HOLDERS = ("SimpleNamespace", "Namespace")  # of Python's, and yet the user's: nobody else reads their attributes


class ObjectWalk(CodeWalk):
    """Objects and containers."""

    def _object(self, x: Any, name: str, looked: Looked) -> None:
        cls = type(x)
        fields = fields_of(x)
        slots = [key for one in cls.__mro__ for key, of in vars(one).items() if is_slot(of)]
        container = isinstance(x, list | dict | tuple | deque)
        hidden = fields is None and not slots and cls is not object and not container
        if hidden or hasattr(cls, "__next__") or not all(map(transparent, cls.__mro__)):
            self._refuse(f"it reads {name}, a {cls.__name__}, which may change unseen: use a list or a tensor")
            return
        ours = of_library(cls) and cls.__name__ not in HOLDERS
        names = set(slots) | set(fields or ()) if ours else self._names(looked)
        if cls is types.SimpleNamespace and looked.whole and self.seen.compares:
            names |= set(fields)  # C looks at all of them
            self._note(Size(fields, "", len(fields), f"the attributes of {name}"))
        if isinstance(x, BaseException):
            self._note(Attribute(x, "args", x.args, f"{name}.args"), True)
        if not ours:
            self._note(Attribute(x, "__class__", cls, f"the class of {name}"), deeper=False)
        for slot in slots:
            if ours or self.seen.reflects or slot in names:
                self._note(Attribute(x, slot, getattr(x, slot, MISSING), f"{name}.{slot}"), ours or self._loosely(slot))
        if isinstance(fields, dict):
            missing = set() if ours else (looked.attributes | self._shadowing(cls)) - set(slots)
            self._attributes(fields, name, names, ours, missing)
            if self.seen.reflects and not ours:
                self._note(Size(fields, "", len(fields), f"the attributes of {name}"))
        self._class(cls, names)

    def _items(self, x: Any, name: str, whole: bool, looked: Looked) -> None:
        if isinstance(x, tuple):
            self._later(x, name) if whole else self._later((x[i] for i in looked.items if -len(x) <= i < len(x)), name)
            if type(x) is not tuple:
                self._object(x, name, looked)
            return
        if not whole:
            for i in (i for i in looked.items if isinstance(i, int)):
                self._note(Index(x, i, x[i] if -len(x) <= i < len(x) else MISSING, f"{name}[{i}]"))
            return
        if len(x) > self.most_items and not self.broadly:
            self._refuse(f"{name} has {len(x):,} items, too many to watch: make a tensor of it outside of the step")
            return
        self._note(Items(x, "", list(x), name), deeper=False)
        self._todo.extend(
            (item, f"{name}[{i}]", True) for i, item in enumerate(x[: self.most_items] if type(x) is list else x)
        )
        if type(x) not in (list, deque):
            self._object(x, name, looked)

    def _dict(self, x: Any, name: str, whole: bool, looked: Looked) -> None:
        if not whole and type(x) is dict:
            for key in looked.items:
                self._note(Item(x, key, x.get(key, MISSING), f"{name}[{key!r}]"))
            return
        if len(x) > self.most_items and not self.broadly:
            self._refuse(f"{name} has {len(x):,} items, too many to watch: make a tensor of it outside of the step")
            return
        self._note(Entries(x, "", (list(x), list(x.values())), name), deeper=False)
        self._todo.extend((item, f"{name}[{key!r}]", True) for key, item in list(x.items())[: self.most_items])
        self._later([key for key in list(x)[: self.most_items] if not isinstance(key, INERT)], name)
        if type(x) not in (dict, types.MappingProxyType):
            self._object(x, name, looked)

    def _set(self, x: Any, name: str) -> None:
        if len(x) > self.most_items:
            self._refuse(f"{name} has {len(x):,} members, too many to watch")
            return
        self._note(Members(x, "", frozenset(map(typed, x)), name), deeper=False)
        self._later(x, name)
        if type(x) not in (set, frozenset):
            self._object(x, name, self.seen.exact.get(id(x), NOTHING))

    def _array(self, x: Any, name: str, whole: bool, looked: Looked) -> None:
        if type(x) is not np.ndarray:
            self._object(x, name, looked)
        for key in looked.attributes & SIZES if not whole else ("shape", "dtype"):
            self._note(Attribute(x, key, getattr(x, key), f"{name}.{key}"), deeper=False)
        if not whole and looked.attributes and looked.attributes <= SIZES:
            return
        if x.dtype == object:
            self._refuse(f"{name} is an array of objects: write a list, or a tensor")
        elif x.nbytes > MOST_BYTES and self.broadly:
            place = Digest(x, "", None, name)
            place.value = place.now()
            self._note(place, deeper=False)
        elif x.nbytes > MOST_BYTES:
            self._refuse(f"{name} is an array of {x.nbytes:,} bytes, too many to watch: make a tensor of it outside of "
                         f"the step, with from_numpy() or tensor()")  # fmt: skip
        else:
            self._note(Numbers(x, "", (x.dtype, x.shape, x.tobytes()), name), deeper=False)

    def _is_live(self, x: Any) -> bool:
        base = x
        while isinstance(getattr(base, "base", None), np.ndarray):
            base = base.base
        return id(x) in self.live or id(base) in self.live


def is_slot(x: Any) -> bool:
    """Whether it is what stands in a class for a slot of its objects."""
    return isinstance(x, types.MemberDescriptorType) and x.__objclass__.__module__ != "builtins"


def transparent(cls: type) -> bool:
    """Whether its objects hold nothing but attributes and items: not what is made in C and may hold something else."""
    return cls in KNOWN_BASES or not (cls.__flags__ & IMMUTABLE or not cls.__flags__ & HEAP)


def fields_of(x: Any) -> Any:
    """The attributes of an object, without asking its class; None if it keeps none in a dict."""
    try:
        return object.__getattribute__(x, "__dict__")
    except (AttributeError, TypeError):
        return None
