"""Arguments and results of any shape -> a flat list of tensors, and the layout to put them back.

Lists, tuples (named ones too) and dicts are taken apart.  Everything else is either a constant, told by its type and
value, or a thing of its own, told by its identity.
"""

from __future__ import annotations

import enum
import types
from collections import OrderedDict
from collections.abc import Callable
from typing import Any

import numpy as np

from chainrule.tensor import Tensor

Layout = Any
"""A hashable picture of a structure, with tensors as (shape, dtype, which one, whether gradients are wanted)."""

CONSTANTS = (int, bool, str, bytes, type(None), type(Ellipsis), np.dtype)
THINGS = "thing"
SYMBOLIC = "symbolic"  # a number that may be another in each call


def unpacked(value: Any) -> tuple[Layout, list[Any]]:
    """The layout of a value and its tensors, from left to right."""
    tensors: list[Any] = []
    return _layout(value, tensors, []), tensors


def containers(value: Any) -> list[Any]:
    """The lists and dicts in a value."""
    found: list[Any] = []
    todo = [value]
    while todo:
        x = todo.pop()
        if type(x) in (list, dict, OrderedDict) and all(x is not one for one in found):
            found.append(x)
        if isinstance(x, tuple) or type(x) is list:
            todo += x
        elif type(x) in (dict, OrderedDict):
            todo += x.values()
    return found


def difference_of(one: Layout, other: Layout) -> str:
    """Where two layouts differ, in words."""
    if one[0] == "tensor" and other[0] == "tensor":
        return f"a tensor of shape {one[1]} and {one[2]}, then {other[1]} and {other[2]}"
    if one[0] in ("value", "number") and other[0] in ("value", "number"):
        return f"{one[2]!r}, then {other[2]!r}"
    if one[0] == THINGS and other[0] == THINGS:
        return f"a {one[1].__name__} made for each call"
    if one[0] == other[0] and len(one) == len(other) and isinstance(one[0], type):
        pairs = [(a[1], b[1]) if issubclass(one[0], dict) else (a, b) for a, b in zip(one[1:], other[1:], strict=True)]
        return next((difference_of(a, b) for a, b in pairs if a != b), "nothing that can be told")
    return "values of other kinds"


def results(value: Any) -> tuple[Layout, list[Any], list[Any]]:
    """The layout of a result, its tensors (each once, however often it is there), and the things of its own in it."""
    tensors: list[Any] = []
    things: list[Any] = []
    layout = _layout(value, tensors, things)
    unique = list({id(x): x for x in tensors}.values())
    places = {id(x): k for k, x in enumerate(unique)}
    return _numbered(layout, iter([places[id(x)] for x in tensors])), unique, things


def things(value: Any) -> list[Any]:
    """The things in a value that its layout says nothing of."""
    found: list[Any] = []
    _layout(value, [], found)
    return found


def _layout(value: Any, tensors: list[Any], things: list[Any]) -> Layout:
    if isinstance(value, Tensor):
        tensors.append(value)
        same = next(i for i, x in enumerate(tensors) if x.array is value.array)  # given twice is not given two
        return ("tensor", value.array.shape, value.array.dtype, same, value.node is not None)
    kind = type(value)
    if kind in (tuple, list) or (issubclass(kind, tuple) and hasattr(kind, "_fields")):
        return (kind, *[_layout(x, tensors, things) for x in value])
    if kind in (dict, OrderedDict):
        return (kind, *[(_key(key), _layout(x, tensors, things)) for key, x in value.items()])
    if kind in CONSTANTS:
        return ("value", kind, value)
    if kind is float or issubclass(kind, np.generic):
        return ("number", kind, value, np.asarray(value).tobytes())  # 0.0 is not -0.0, and nan is nan
    if not isinstance(value, enum.Enum | types.BuiltinFunctionType | np.ufunc):
        things.append(value)
    return (THINGS, kind, id(value), _Kept(value))


class _Kept:
    """Keeps a thing alive as long as a layout knows it by its id."""

    __slots__ = ("value",)

    def __init__(self, value: Any) -> None:
        self.value = value

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Kept) and self.value is other.value

    def __hash__(self) -> int:
        return id(self.value)


def _key(key: Any) -> Any:
    return key if type(key) in (str, int) else _Kept(key)


def _numbered(layout: Layout, numbers: Any) -> Layout:
    """The layout with the places of tensors in the list of those that differ."""
    kind = layout[0]
    if kind == "tensor":
        return (*layout[:3], next(numbers), layout[4])
    if kind in (dict, OrderedDict):
        return (kind, *[(key, _numbered(part, numbers)) for key, part in layout[1:]])
    if isinstance(kind, type):
        return (kind, *[_numbered(part, numbers) for part in layout[1:]])
    return layout


def plain(layout: Layout) -> list[tuple[Any, Any, bool | None]] | None:
    """What a picture says of each argument of a call with different tensors, and numbers that may be others in each
    call, none by name; None for others.  Of such a number: (None, its type, None).
    """
    (_, args, kwargs) = layout
    parts = args[1:]
    tensors = [part for part in parts if part[0] == "tensor"]
    if len(kwargs) > 1 or any(part[3] != i for i, part in enumerate(tensors)):
        return None
    if any(part[0] not in ("tensor", SYMBOLIC) for part in parts):
        return None
    return [(part[1], part[2], part[4]) if part[0] == "tensor" else (None, part[1], None) for part in parts]


def packer(layout: Layout) -> Callable[[list[Any]], Any]:
    """A function from the tensors (those of `results`) to the value of this layout."""
    if layout[0] == "tensor":
        return lambda tensors: tensors[0]
    if layout[0] is tuple and [part[0] for part in layout[1:]] == ["tensor"] * (len(layout) - 1):
        places = [part[3] for part in layout[1:]]
        if places == list(range(len(places))):
            return tuple
    return lambda tensors: _packed(layout, tensors)


def packed_rows(layout: Layout, rows: Any) -> list[Any]:
    """The value of this layout for each row of numbers, (values, numbers)."""
    if layout[0] == "tensor":
        return rows[:, 0].tolist()
    pack = packer(layout)
    return [pack(row) for row in rows.tolist()]


def _packed(layout: Layout, tensors: Any) -> Any:
    kind = layout[0]
    if kind == "tensor":
        return tensors[layout[3]]
    if kind in ("value", "number"):
        return layout[2]
    if kind == THINGS:
        return layout[3].value
    if kind in (dict, OrderedDict):
        return kind((key.value if isinstance(key, _Kept) else key, _packed(part, tensors)) for key, part in layout[1:])
    parts = [_packed(part, tensors) for part in layout[1:]]
    return kind(*parts) if hasattr(kind, "_fields") else kind(parts)


def numbers(value: Any) -> Any:
    """A result with Python numbers in the place of tensors of one number."""
    layout, tensors, _ = results(value)
    return packer(layout)([x.array.item() if x.array.size == 1 else x for x in tensors])
