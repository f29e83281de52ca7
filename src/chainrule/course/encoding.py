"""What an answer gave, as plain data that JSON can carry.

    {"kind": "number", "type": "float", "data": 2.0}
    {"kind": "array", "type": "array", "dtype": "float64", "shape": [2], "data": [1.0, 2.0]}

Kinds: none, bool, number, text, array (of NumPy, or a tensor), sequence, mapping, object; and raised, which is an
exception.  Nothing here trusts the value: its attributes may raise, it may contain itself.
"""

from __future__ import annotations

import traceback
from typing import Any

import numpy as np

from chainrule.course.showing import Encoded

DEEPEST = 12
LARGEST = 100_000  # numbers of an array that are carried
LONGEST = 10_000  # characters of a text


def encode(value: Any, depth: int = 0) -> Encoded:
    """``value`` as plain data."""
    if value is None:
        return {"kind": "none"}
    if isinstance(value, bool | np.bool_):
        return {"kind": "bool", "data": bool(value)}
    if isinstance(value, int | float | np.integer | np.floating):
        return _number(value)
    if isinstance(value, str):
        return {"kind": "text", "data": value[:LONGEST]}
    if isinstance(value, np.ndarray):
        return _array(value, "array")
    if depth > DEEPEST:
        return {"kind": "object", "type": type(value).__name__}
    if isinstance(value, dict):
        return {"kind": "mapping", "items": {_key(key): encode(item, depth + 1) for key, item in value.items()}}
    if isinstance(value, list | tuple):
        kind = "list" if isinstance(value, list) else "tuple"
        return {"kind": "sequence", "type": kind, "items": [encode(item, depth + 1) for item in value]}
    if isinstance(value, set | frozenset):
        return {
            "kind": "sequence",
            "type": "set",
            "items": [encode(item, depth + 1) for item in sorted(value, key=repr)],
        }
    return _object(value, depth)


def raised(error: BaseException, filename: str) -> Encoded:
    """An exception: its type and text, and the last line of ``filename`` it passed through."""
    number: int | None = None
    line = ""
    if isinstance(error, SyntaxError) and error.filename == filename:
        number, line = error.lineno, (error.text or "").strip()
    else:
        for frame in traceback.extract_tb(error.__traceback__):
            if frame.filename == filename:
                number, line = frame.lineno, (frame.line or "").strip()
    text = error.msg if isinstance(error, SyntaxError) else _text_of(error)
    return {"kind": "raised", "type": type(error).__name__, "text": text[:1000], "number": number, "line": line}


def _text_of(error: BaseException) -> str:
    if isinstance(error, SystemExit) and error.code is None:
        return ""
    try:
        return str(error)
    except Exception:
        return ""


def _number(value: Any) -> Encoded:
    plain = value.item() if isinstance(value, np.generic) else value
    if isinstance(plain, int) and abs(plain) > 2**200:  # JSON would choke on the digits
        return {"kind": "object", "type": "int", "data": {"kind": "text", "data": "more than 2**200"}}
    return {"kind": "number", "type": "int" if isinstance(plain, int) else "float", "data": plain}


def _array(value: Any, kind: str) -> Encoded:
    data: list[Any] | None = None
    if value.size <= LARGEST:
        data = value.ravel().tolist() if value.dtype.kind in "biuf" else [str(x)[:200] for x in value.ravel()]
    return {"kind": "array", "type": kind, "dtype": str(value.dtype), "shape": list(value.shape), "data": data}


def _object(value: Any, depth: int) -> Encoded:
    """A tensor as its numbers; anything else by its type and, where it has one, its ``data``."""
    name = type(value).__name__
    if callable(getattr(value, "detach", None)) and callable(getattr(value, "numpy", None)):
        return _array(np.asarray(value.detach().numpy()), "tensor")
    found: Encoded = {"kind": "object", "type": name}
    data = getattr(value, "data", None)
    if isinstance(data, int | float | np.ndarray | np.generic):
        found["data"] = encode(data, depth + 1)
    return found


def _key(key: Any) -> str:
    return key if isinstance(key, str) else repr(key)[:200]
