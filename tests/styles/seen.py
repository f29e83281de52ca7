"""What a user can see of values, copied, so that two worlds can be compared."""

from __future__ import annotations

import dataclasses
import enum
import types
from typing import Any

import numpy as np

import chainrule


@dataclasses.dataclass
class Numbers:
    """An array, or a tensor with what it says of gradients (None: no one can walk back anyway)."""

    kind: str
    array: Any
    graded: bool | None = None


def seen(value: Any) -> Any:
    """A value as it is now, copied, in a form that can be compared with another world's."""
    if isinstance(value, chainrule.Tensor):
        array = np.array(value.array)
        return Numbers("tensor", array, value.requires_grad if wanted(value) or not value.requires_grad else None)
    if isinstance(value, np.ndarray | np.generic):
        return Numbers(type(value).__name__, np.array(value))
    if isinstance(value, enum.Enum):
        return ("enum", type(value).__qualname__, value.name)
    if isinstance(value, bool | str | bytes | type(None)):
        return (type(value).__name__, value)
    if isinstance(value, int | float | complex):
        return Numbers(type(value).__name__, np.array(value))
    if isinstance(value, dict):
        return (type(value).__qualname__, [(seen(k), seen(v)) for k, v in value.items()])
    if isinstance(value, set | frozenset):
        return (type(value).__qualname__, [seen(v) for v in sorted(value, key=repr)])
    if hasattr(value, "_fields"):
        return (type(value).__qualname__, value._fields, [seen(v) for v in value])
    if isinstance(value, types.GeneratorType | list | tuple) or type(value).__name__ == "deque":
        return (type(value).__qualname__, [seen(v) for v in value])
    if isinstance(value, chainrule.nn.Module):
        return (type(value).__qualname__, seen(dict(value.state_dict())))
    if isinstance(value, BaseException):
        return (type(value).__qualname__, str(value))
    if dataclasses.is_dataclass(value) or type(value).__module__ != "builtins":
        return (type(value).__qualname__, seen(vars(value)) if hasattr(value, "__dict__") else repr(type(value)))
    return (type(value).__qualname__, repr(value))


def wanted(tensor: chainrule.Tensor) -> bool:
    """Whether one can walk back from it: a leaf is reached through operations that no backward has used up."""
    nodes, met = [tensor.node], set()
    while nodes:
        node = nodes.pop()
        if node is None or id(node) in met or (node.op is not None and node.spent):
            continue
        if node.op is None:
            return True
        met.add(id(node))
        nodes += node.parents
    return False


def difference(a: Any, b: Any, path: str = "") -> str | None:
    """In what two seen values differ; None if in nothing."""
    if isinstance(a, Numbers) and isinstance(b, Numbers):
        if (a.kind, a.array.dtype, a.array.shape) != (b.kind, b.array.dtype, b.array.shape):
            return f"{path}: {a.kind} {a.array.dtype} {a.array.shape} became {b.kind} {b.array.dtype} {b.array.shape}"
        if not close(a.array, b.array):
            return f"{path}: {short(a.array)} became {short(b.array)}"
        if a.graded is not None and a.graded != b.graded and (a.graded or b.graded):
            return f"{path}: requires_grad {a.graded} became {b.graded}"
        return None
    if isinstance(a, list | tuple) and isinstance(b, list | tuple):
        if len(a) != len(b):
            return f"{path}: {len(a)} items became {len(b)}"
        found = (difference(x, y, f"{path}[{i}]") for i, (x, y) in enumerate(zip(a, b, strict=True)))
        return next((f for f in found if f), None)
    return None if type(a) is type(b) and a == b else f"{path}: {short(a)} became {short(b)}"


def close(a: Any, b: Any) -> bool:
    """Whether numbers are the same, but for how they were rounded."""
    if a.dtype.kind not in "fc":
        return np.array_equal(a, b)
    infinite = np.isinf(a)
    with np.errstate(all="ignore"):
        return bool(
            np.allclose(a, b, rtol=1e-4, atol=1e-5, equal_nan=True)
            and np.array_equal(np.signbit(a[infinite]), np.signbit(b[infinite]))
        )


def short(value: Any) -> str:
    """So much of it as fits into a line."""
    return " ".join(str(value).split())[:70]
