"""What a step reads besides tensors: numbers, switches and modules it closes over.

A recording holds the numbers it met.  Whatever could change them is noted here, and looked at before each native call.
"""

from __future__ import annotations

import types
from collections.abc import Callable, Iterable
from typing import Any

from chainrule.nn import Module
from chainrule.optim import Optimizer
from chainrule.optim.lr_scheduler import LRScheduler
from chainrule.random import Generator
from chainrule.tensor import Tensor

PLAIN = (int, float, bool, str, type(None))
WHOLE = (Tensor, Module, Optimizer)  # another one in its place is another step
SYMBOLIC = ("lr", "betas", "momentum", "weight_decay", "eps", "step")
DEEPEST = 4


class Guard:
    """The numbers a function reads: where they are, and what they were.

    arrays   (name, array) for the tensors found on the way: what the user calls them
    """

    def __init__(self) -> None:
        self.places: list[tuple[Any, Any, Any, str]] = []  # (dict, key, value, name)
        self.cells: list[tuple[Any, Any, str]] = []
        self.arrays: list[tuple[str, Any]] = []
        self.tensors: list[tuple[Any, Any]] = []  # (tensor, the memory it had)
        self._seen: set[int] = set()

    def watch(self, owner: dict[Any, Any], key: Any, name: str) -> None:
        """Note a number."""
        self.places.append((owner, key, owner[key], name))

    def changed(self) -> str | None:
        """The name of something that is not what it was."""
        for owner, key, value, name in self.places:
            if not _as_it_was(owner.get(key, None), value):
                return name
        for cell, value, name in self.cells:
            if not _as_it_was(cell.cell_contents, value):
                return name
        return None

    def hold(self, owners: list[tuple[Any, Any, Any]]) -> None:
        """Note where memory was found: (tensor, "array", memory), or (dict, key, what is there)."""
        for owner, key, array in owners:
            if isinstance(owner, dict):
                self.places.append((owner, key, array, "what the optimizer remembers"))
            else:
                self.tensors.append((owner, array))

    def checker(self) -> Callable[[], bool]:
        """A fast function that says whether all is as it was."""
        places = [(owner, key, value) for owner, key, value, _ in self.places]
        names = {f"d{i}": owner for i, (owner, _, _) in enumerate(places)}
        names |= {f"v{i}": value for i, (_, _, value) in enumerate(places)}
        names |= {f"k{i}": key for i, (_, key, _) in enumerate(places)}
        names |= {f"c{i}": cell for i, (cell, _, _) in enumerate(self.cells)}
        names |= {f"w{i}": value for i, (_, value, _) in enumerate(self.cells)}
        names |= {f"t{i}": tensor for i, (tensor, _) in enumerate(self.tensors)}
        names |= {f"a{i}": array for i, (_, array) in enumerate(self.tensors)}
        now = [
            f"d{i}.get(k{i}) is v{i}" if _single(v) else f"d{i}.get(k{i}) == v{i}" for i, (_, _, v) in enumerate(places)
        ]
        now += [
            f"c{i}.cell_contents is w{i}" if _single(v) else f"c{i}.cell_contents == w{i}"
            for i, (_, v, _) in enumerate(self.cells)
        ]
        now += [f"t{i}.array is a{i}" for i in range(len(self.tensors))]
        return eval(f"lambda: {' and '.join(now) or 'True'}", names)

    # ------------------------------------------------------------------------------------ the search

    def search(self, value: Any, name: str, depth: int = 0) -> None:
        """Note the numbers in ``value``, whatever it is."""
        if isinstance(value, Tensor):
            self.arrays.append((name, value.array))
            return
        if depth > DEEPEST or id(value) in self._seen or isinstance(value, type | types.ModuleType | Generator):
            return
        self._seen.add(id(value))
        if isinstance(value, types.FunctionType):
            self.function(value, depth)
        elif isinstance(value, types.MethodType):
            self.search(value.__self__, name, depth)
            self.function(value.__func__, depth)
        elif isinstance(value, Module):
            for path, parameter in [*value.named_parameters(), *value.named_buffers()]:
                self.arrays.append((f"{name}.{path}", parameter.array))
            for path, module in value.named_modules():
                where = f"{name}.{path}" if path else name
                self._fields(vars(module), where, depth)
                for kind in ("_parameters", "_buffers", "_modules"):
                    for key in vars(module)[kind]:
                        self.watch(vars(module)[kind], key, f"{where}.{key}")
                self.function(type(module).forward, depth)
        elif isinstance(value, Optimizer):
            for group in value.param_groups:
                for key, option in group.items():
                    if key not in SYMBOLIC and key not in (
                        "params",
                        "initial_lr",
                        "max_lr",
                        "min_lr",
                        "base_momentum",
                        "max_momentum",
                    ):
                        self._one(group, key, f"{name}'s {key}", option)
        elif isinstance(value, LRScheduler):
            return
        elif isinstance(value, dict):
            for key, part in list(value.items())[:64]:
                self._one(value, key, f"{name}[{key!r}]", part, depth)
        elif isinstance(value, list | tuple):
            for i, part in enumerate(value[:64]):
                self.search(part, f"{name}[{i}]", depth + 1)
        elif hasattr(value, "__dict__") and not _library(type(value)):
            self._fields(vars(value), name, depth)
            self.function(vars(type(value)).get("__call__"), depth)

    def _fields(self, fields: dict[str, Any], name: str, depth: int) -> None:
        for key, part in list(fields.items()):
            if not key.startswith("_"):
                self._one(fields, key, f"{name}.{key}", part, depth)

    def _one(self, owner: dict[Any, Any], key: Any, name: str, value: Any, depth: int = 0) -> None:
        if isinstance(value, PLAIN) or (isinstance(value, tuple) and all(isinstance(x, PLAIN) for x in value)):
            self.watch(owner, key, name)
            return
        if isinstance(value, WHOLE):
            self.watch(owner, key, name)
        self.search(value, name, depth + 1)

    def function(self, function: Any, depth: int = 0) -> None:
        """Note what a function closes over and what globals it names."""
        code = getattr(function, "__code__", None)
        if code is None or _library(function):
            return
        for name, cell in zip(code.co_freevars, function.__closure__ or (), strict=True):
            try:
                value = cell.cell_contents
            except ValueError:  # not assigned yet
                continue
            if isinstance(value, (*PLAIN, *WHOLE)):
                self.cells.append((cell, value, name))
            if not isinstance(value, PLAIN):
                self.search(value, name, depth + 1)
        for name in sorted(_names(code)):
            if name in function.__globals__:
                self._one(function.__globals__, name, name, function.__globals__[name], depth)
        for default in (*(function.__defaults__ or ()), *(function.__kwdefaults__ or {}).values()):
            self.search(default, "default", depth + 1)


def captured(function: Callable[..., Any]) -> Guard:
    """What ``function`` reads besides its arguments."""
    guard = Guard()
    guard.search(function, "step")
    return guard


def _names(code: types.CodeType) -> Iterable[str]:
    """The names a piece of code, and the functions inside it, look up."""
    yield from code.co_names
    for const in code.co_consts:
        if isinstance(const, types.CodeType):
            yield from _names(const)


def _single(value: Any) -> bool:
    """Whether only the thing itself is equal to it."""
    return not isinstance(value, (*PLAIN, tuple)) or value is None or isinstance(value, bool)


def _as_it_was(now: Any, then: Any) -> bool:
    return now is then or (not _single(then) and type(now) is type(then) and bool(now == then))


def _library(thing: Any) -> bool:
    """Whether it belongs to chainrule, NumPy or Python itself."""
    name = getattr(thing, "__module__", "") or ""
    return name.split(".")[0] in ("chainrule", "numpy", "builtins", "typing", "functools", "random", "math")
