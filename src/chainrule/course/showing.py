"""Values in few words: as code one could type, and as what came back, encoded or not."""

from __future__ import annotations

import reprlib
from typing import Any

import numpy as np

Encoded = dict[str, Any]
LONGEST = 90  # characters of a value written out


def written(value: Any) -> str:
    """A value as code: ``3.0``, ``np.array([1.0, 2.0])``; a large one is described.

    >>> written(np.array([[1.0, 2.0]])), written(np.zeros((50, 4)))
    ('np.array([[1.0, 2.0]])', '<float64 array, shape (50, 4)>')
    """
    if isinstance(value, np.ndarray):
        text = f"np.array({_numbers(value.tolist())})"
        return text if len(text) <= LONGEST else f"<{value.dtype} array, shape {value.shape}>"
    if isinstance(value, list | tuple):
        inner = ", ".join(map(written, value))
        text = f"[{inner}]" if isinstance(value, list) else f"({inner}{',' if len(value) == 1 else ''})"
        return text if len(text) <= 2 * LONGEST else f"<{type(value).__name__} of {len(value)}>"
    if isinstance(value, np.generic):
        value = value.item()
    if callable(value) and hasattr(value, "__name__"):
        return str(value.__name__)
    text = repr(value)
    return text if len(text) <= 2 * LONGEST else reprlib.repr(value)


def seen(value: Encoded | None) -> str:
    """An encoded value, as a person would say it.

    >>> seen({"kind": "number", "type": "float", "data": 0.1 + 0.2})
    '0.3'
    """
    if value is None:
        return "nothing"
    kind = value["kind"]
    if kind == "number":
        return digits(value["data"])
    if kind in ("text", "bool"):
        return repr(value["data"])
    if kind == "none":
        return "None"
    if kind == "array":
        return _array(value)
    if kind == "sequence":
        inner = ", ".join(map(seen, value["items"][:8])) + (", ..." if len(value["items"]) > 8 else "")
        left, right = {"list": ("[", "]"), "tuple": ("(", ")")}.get(value["type"], ("{", "}"))
        comma = "," if value["type"] == "tuple" and len(value["items"]) == 1 else ""
        return f"{left}{inner}{comma}{right}"
    if kind == "mapping":
        return "{" + ", ".join(f"{key}: {seen(item)}" for key, item in list(value["items"].items())[:8]) + "}"
    if kind == "raised":
        return f"{value['type']}: {value['text']}" if value["text"] else str(value["type"])
    inner = f"({seen(value['data'])})" if value.get("data") else ""
    return f"{value['type']}{inner}"


def digits(x: float) -> str:
    """A number with as many digits as one compares: at most ten.

    >>> digits(2.0), digits(3), digits(1/3)
    ('2.0', '3', '0.3333333333')
    """
    if isinstance(x, int):
        return str(x) if abs(x) < 10**15 else f"{x:.6e}"
    text = f"{x:.10g}"
    return text if not text.lstrip("-").isdigit() else f"{text}.0"


def _array(value: Encoded) -> str:
    shape, data = tuple(value["shape"]), value["data"]
    if data is None or len(data) > 24:
        return f"{value['type']} of shape {shape}"
    if value["dtype"].startswith("complex"):
        return f"{value['type']} {data}"
    array = np.array(data, dtype=object).reshape(shape)
    return _numbers(array.tolist())


def _numbers(nested: Any) -> str:
    if isinstance(nested, list):
        return f"[{', '.join(map(_numbers, nested))}]"
    return digits(nested) if isinstance(nested, int | float) and not isinstance(nested, bool) else repr(nested)
