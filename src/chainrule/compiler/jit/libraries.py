"""Whose code is whose, and which functions outside of tensors a step may call.

OURS    chainrule: trusted, but for the rooms that show, save or train
PURE    NumPy and those modules of Python that compute and do nothing else
OTHER   the rest of Python: files, time, processes, logging, random numbers
USER    everything else, packages of others included
"""

from __future__ import annotations

import collections
import datetime
import fractions
import re
import site
import sysconfig
import types
from typing import Any

import numpy as np

from chainrule.autograd.anomaly import HOME
from chainrule.tensor import Tensor

OURS, USER, PURE, OTHER = "ours", "user", "pure", "other"

STDLIB = tuple(path + "/" for path in {sysconfig.get_path("stdlib"), sysconfig.get_path("platstdlib")})
SITE = tuple({sysconfig.get_path("purelib"), sysconfig.get_path("platlib"), *site.getsitepackages()})
PURE_MODULES = frozenset(
    (
        "_collections_abc", "_weakrefset", "abc", "bisect", "collections", "collections.abc", "colorsys", "contextlib",
        "copy", "copyreg", "dataclasses", "enum", "fractions", "functools", "heapq", "importlib._bootstrap", "keyword",
        "numbers", "operator", "re", "re._compiler", "re._parser", "reprlib", "statistics", "string", "types", "typing",
        "weakref",
    )
)  # fmt: skip
REFLECTING_MODULES = frozenset(("copy", "copyreg", "dataclasses", "reprlib"))  # look attributes up by any name
DRAWING_MODULES = (
    "numpy.random", "numpy.lib._npyio", "numpy.lib.npyio", "numpy.lib.format", "numpy.lib._format",
    "numpy.lib._datasource", "numpy._core.memmap", "numpy.core.memmap",
)  # fmt: skip
SHOWING_ROOMS = tuple(f"chainrule.{room}" for room in ("graph", "viz", "course", "train", "ladder", "serialization"))

REFLECTING = frozenset(("getattr", "hasattr", "setattr", "delattr", "vars", "dir", "format", "format_map"))
IMPURE = frozenset(
    (
        "print", "input", "open", "exec", "eval", "compile", "globals", "locals", "breakpoint", "__import__", "id",
        "exit", "quit",
    )
)  # fmt: skip
PURE_C = frozenset(
    (
        "_abc", "_bisect", "_collections", "_functools", "_heapq", "_operator", "_statistics", "_struct", "_weakref",
        "cmath", "functools", "itertools", "math", "operator", "collections", "_typing",
    )
)  # fmt: skip
PLAIN_OWNERS: tuple[Any, ...] = (
    list, dict, set, tuple, str, int, float, complex, bytes, bytearray, frozenset, slice, range, collections.deque,
    collections.OrderedDict, np.ndarray, np.generic, np.dtype, np.ufunc, Tensor, re.Pattern, re.Match,
    types.MappingProxyType, type({}.keys()), type({}.values()), type({}.items()), type, property, fractions.Fraction,
    datetime.timedelta, types.GeneratorType, types.SimpleNamespace,
)  # fmt: skip
CHANGING = frozenset(
    (
        "append", "appendleft", "extend", "extendleft", "insert", "pop", "popleft", "popitem", "remove", "clear",
        "sort",
        "reverse", "rotate", "update", "setdefault", "add", "discard", "difference_update", "intersection_update",
        "symmetric_difference_update", "move_to_end", "fill", "put", "resize", "setfield", "setflags", "itemset",
        "partition", "byteswap",
    )
)  # fmt: skip
OUT_OF_REACH = frozenset(("fromfile", "tofile", "dump", "dumps", "__subclasses__"))
TYPES_THAT_ASK = (datetime.datetime, datetime.date)  # their class methods ask the clock

_kinds: dict[types.CodeType, str] = {}


def kind_of(code: types.CodeType, module: str) -> str:
    """Whose a piece of code is; ``module`` is the name of the module whose globals it runs with."""
    kind = _kinds.get(code)
    if kind is None:
        kind = _kinds[code] = _kind(code.co_filename, module)
    return kind


def _kind(file: str, module: str) -> str:
    root = module.partition(".")[0]
    if file.startswith(HOME) or root == "chainrule":
        return OTHER if module.startswith(SHOWING_ROOMS) else OURS
    if root == "numpy":
        return OTHER if module.startswith(DRAWING_MODULES) else PURE
    if module.startswith("namedtuple_"):
        return PURE
    if file.startswith("<frozen") or (file.startswith(STDLIB) and not file.startswith(SITE)):
        return PURE if module in PURE_MODULES else OTHER
    return USER


def refused(function: Any) -> str | None:
    """Why a step that calls this function of C cannot be recorded, in words: the function; None if it can."""
    owner, name = getattr(function, "__self__", None), getattr(function, "__name__", "?")
    if name in OUT_OF_REACH:
        return f"{name}()"
    if owner is None or isinstance(owner, types.ModuleType):
        module = (
            getattr(function, "__module__", None)
            or getattr(owner, "__name__", None)
            or getattr(getattr(function, "__objclass__", None), "__module__", None)
            or ""
        )
        if module == "builtins":
            return f"{name}()" if name in IMPURE else None
        if module in PURE_C or (module.partition(".")[0] == "numpy" and not module.startswith("numpy.random")):
            return None
        return f"{module}.{name}()" if module else f"{name}()"
    if isinstance(owner, type):
        asks = issubclass(owner, TYPES_THAT_ASK)
        known = owner.__module__ in ("builtins", "numpy", *PURE_C) or not _made_in_c(owner)
        return f"{owner.__name__}.{name}()" if asks or not known else None
    if isinstance(owner, PLAIN_OWNERS) or name.startswith("__"):
        return None
    if str(type(owner).__module__).partition(".")[0] == "chainrule":
        return None
    return f"{name}() of a {type(owner).__name__}"


def _made_in_c(cls: type) -> bool:
    return not cls.__flags__ & (1 << 9)  # no class of Python's: its type is not on the heap
