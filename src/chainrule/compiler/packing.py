"""Arguments and results of any shape -> a flat list of tensors, and the layout to put them back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from chainrule.tensor import Tensor

Layout = Any
"""A hashable picture of a structure, with tensors as (shape, dtype, which one, whether gradients are wanted)."""


def unpacked(value: Any) -> tuple[Layout, list[Any]]:
    """The layout of a value and its tensors, from left to right."""
    tensors: list[Any] = []
    return _layout(value, tensors), tensors


def _layout(value: Any, tensors: list[Any]) -> Layout:
    if isinstance(value, Tensor):
        tensors.append(value)
        same = next(i for i, x in enumerate(tensors) if x.array is value.array)  # given twice is not given two
        return ("tensor", value.array.shape, value.array.dtype, same, value.node is not None)
    if isinstance(value, tuple | list):
        return (type(value), *[_layout(x, tensors) for x in value])
    if isinstance(value, dict):
        return (dict, *[(key, _layout(x, tensors)) for key, x in value.items()])
    try:
        hash(value)
    except TypeError:
        return ("object", id(value))
    return ("value", type(value), value)


def plain(layout: Layout) -> list[tuple[Any, Any, bool]] | None:
    """What a picture says of each argument of a call with different tensors alone, none by name; None for others."""
    (_, args, kwargs) = layout
    parts = args[1:]
    if len(kwargs) > 1 or any(part[0] != "tensor" or part[3] != i for i, part in enumerate(parts)):
        return None
    return [(shape, dtype, graded) for _, shape, dtype, _, graded in parts]


def packer(layout: Layout) -> Callable[[list[Any]], Any]:
    """A function from the tensors to the value of this layout."""
    if layout and layout[0] == "tensor":
        return lambda tensors: tensors[0]
    return lambda tensors: _packed(layout, iter(tensors))


def packed_rows(layout: Layout, rows: Any) -> list[Any]:
    """The value of this layout for each row of numbers, (values, numbers)."""
    if layout[0] == "tensor":
        return rows[:, 0].tolist()
    pack = packer(layout)
    return [pack(row) for row in rows.tolist()]


def _packed(layout: Layout, tensors: Any) -> Any:
    kind = layout[0]
    if kind == "tensor":
        return next(tensors)
    if kind == "value":
        return layout[2]
    if kind is dict:
        return {key: _packed(part, tensors) for key, part in layout[1:]}
    parts = [_packed(part, tensors) for part in layout[1:]]
    return kind(*parts) if hasattr(kind, "_fields") else kind(parts)


def numbers(value: Any) -> Any:
    """A result with Python numbers in the place of tensors of one number."""
    layout, tensors = unpacked(value)
    return packer(layout)([x.array.item() if x.array.size == 1 else x for x in tensors])
