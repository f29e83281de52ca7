"""`thawed`: plain numbers where a recorded step put recorded ones, which nobody outside is to meet."""

from __future__ import annotations

import types
from collections import deque
from typing import Any

from chainrule.compiler.values.number import Number, plain
from chainrule.value import Value


def thawed(x: Any, met: set[int] | None = None) -> Any:
    """What ``x`` is without recorded numbers: lists, dicts and objects are changed in place, tuples made anew."""
    met = set() if met is None else met
    if type(x) is Number:
        return plain(x)
    if isinstance(x, str | bytes | int | float | Value | type | types.ModuleType) or id(x) in met:
        return x
    met.add(id(x))
    if type(x) is tuple:
        items = [thawed(item, met) for item in x]
        return x if all(a is b for a, b in zip(items, x, strict=True)) else tuple(items)
    if isinstance(x, list | deque):
        for i, item in enumerate(x):
            if (now := thawed(item, met)) is not item:
                x[i] = now
    elif isinstance(x, dict):
        for key, item in list(x.items()):
            if (now := thawed(item, met)) is not item:
                x[key] = now
    elif isinstance(x, types.FunctionType):
        for cell in x.__closure__ or ():
            thaw_cell(cell, met)
    elif isinstance(x, types.CellType):
        thaw_cell(x, met)
    else:
        slots = [slot for cls in type(x).__mro__ for slot in _names(vars(cls).get("__slots__", ()))]
        for name in [*slots, *getattr(x, "__dict__", ())]:
            item = getattr(x, name, None)
            if (now := thawed(item, met)) is not item:
                object.__setattr__(x, name, now)
    return x


def thaw_cell(cell: types.CellType, met: set[int]) -> None:
    """The same for a variable of a function around."""
    try:
        item = cell.cell_contents
    except ValueError:
        return
    if (now := thawed(item, met)) is not item:
        cell.cell_contents = now


def _names(slots: Any) -> tuple[str, ...]:
    return (slots,) if isinstance(slots, str) else tuple(slots)
