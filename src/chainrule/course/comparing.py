"""Where two encoded outcomes differ first: in type, shape, dtype or value."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from chainrule.course.showing import Encoded


@dataclass(frozen=True)
class Difference:
    """``stage`` is "raised", "type", "shape", "dtype", "changed" or "value"; ``path`` the part, such as ``[1]``."""

    stage: str
    path: str
    got: Encoded
    expected: Encoded


@dataclass(frozen=True)
class Tolerance:
    """How near is equal: |got - expected| <= atol + rtol × the largest |expected| of the array."""

    rtol: float
    atol: float
    dtype: bool = False


def difference(got: Encoded, expected: Encoded, tolerance: Tolerance, path: str = "") -> Difference | None:
    """The first difference, or None.

    A number may be an int or a float, an array of no axes or NumPy's; a list may be a tuple.  nan equals nan.

    >>> three = {"kind": "number", "type": "int", "data": 3}
    >>> difference(three, {**three, "data": 3.0000000001}, Tolerance(1e-6, 0))
    >>> difference(three, {**three, "data": 4}, Tolerance(1e-6, 0)).stage
    'value'
    """
    got, expected = _scalar(got), _scalar(expected)
    if "raised" in (got["kind"], expected["kind"]):
        same = got["kind"] == expected["kind"] and got["type"] == expected["type"]
        return None if same else Difference("raised", path, got, expected)
    if got["kind"] != expected["kind"] or _family(got) != _family(expected):
        return Difference("type", path, got, expected)
    return _OF_KIND.get(got["kind"], _plain)(got, expected, tolerance, path)


def _scalar(value: Encoded) -> Encoded:
    """An array of no axes as a number."""
    if value["kind"] == "array" and value["type"] == "array" and not value["shape"] and value["data"]:
        number = value["data"][0]
        if isinstance(number, int | float) and not isinstance(number, bool):
            return {"kind": "number", "type": "float", "data": number}
    return value


def _family(value: Encoded) -> Any:
    """What must agree besides the kind: array or tensor, the class of an object."""
    if value["kind"] == "sequence":
        return "set" if value["type"] == "set" else "sequence"
    return value["type"] if value["kind"] in ("array", "object") else None


def _numbers(got: Encoded, expected: Encoded, tolerance: Tolerance, path: str) -> Difference | None:
    x, y = got["data"], expected["data"]
    return None if _near(x, y, abs(y), tolerance) else Difference("value", path, got, expected)


def _plain(got: Encoded, expected: Encoded, tolerance: Tolerance, path: str) -> Difference | None:
    """Texts, booleans and objects; an object by its ``data``, if it has one."""
    one, other = got.get("data"), expected.get("data")
    if isinstance(one, dict) and isinstance(other, dict):
        return difference(one, other, tolerance, f"{path}.data")
    return None if one == other else Difference("value", path, got, expected)


def _arrays(got: Encoded, expected: Encoded, tolerance: Tolerance, path: str) -> Difference | None:
    if got["shape"] != expected["shape"]:
        return Difference("shape", path, got, expected)
    if _dtypes_differ(got["dtype"], expected["dtype"], tolerance.dtype):
        return Difference("dtype", path, got, expected)
    if got["data"] is None or expected["data"] is None:
        return None if got["data"] is expected["data"] else Difference("value", path, got, expected)
    finite = [abs(y) for y in expected["data"] if isinstance(y, int | float) and math.isfinite(y)]
    size = max(finite, default=0.0)
    for i, (x, y) in enumerate(zip(got["data"], expected["data"], strict=True)):
        if not _near(x, y, size, tolerance):
            where = f"{path}[{', '.join(map(str, _index(i, got['shape'])))}]"
            return Difference("value", where if got["shape"] else path, _leaf(x), _leaf(y))
    return None


def _sequences(got: Encoded, expected: Encoded, tolerance: Tolerance, path: str) -> Difference | None:
    if len(got["items"]) != len(expected["items"]):
        return Difference("shape", path, got, expected)
    for i, (x, y) in enumerate(zip(got["items"], expected["items"], strict=True)):
        if found := difference(x, y, tolerance, f"{path}[{i}]"):
            return found
    return None


def _mappings(got: Encoded, expected: Encoded, tolerance: Tolerance, path: str) -> Difference | None:
    if set(got["items"]) != set(expected["items"]):
        return Difference("shape", path, got, expected)
    for key, item in expected["items"].items():
        if found := difference(got["items"][key], item, tolerance, f"{path}[{key!r}]"):
            return found
    return None


_OF_KIND = {"number": _numbers, "array": _arrays, "sequence": _sequences, "mapping": _mappings}


def _near(x: Any, y: Any, size: float, tolerance: Tolerance) -> bool:
    if isinstance(x, str) or isinstance(y, str) or isinstance(x, bool) or isinstance(y, bool):
        return bool(x == y)
    if not (math.isfinite(x) and math.isfinite(y)):
        return x == y or (math.isnan(x) and math.isnan(y))
    return bool(abs(x - y) <= tolerance.atol + tolerance.rtol * (size if math.isfinite(size) else abs(y)))


def _dtypes_differ(got: str, expected: str, strictly: bool) -> bool:
    """Numbers are numbers, unless the case is strict; booleans and texts are not numbers."""
    if strictly:
        return got != expected
    number = ("int", "uint", "float")
    return got.startswith(number) != expected.startswith(number)


def _index(flat: int, shape: list[int]) -> list[int]:
    index = []
    for size in reversed(shape):
        flat, rest = divmod(flat, size)
        index.append(rest)
    return index[::-1]


def _leaf(x: Any) -> Encoded:
    if isinstance(x, bool):
        return {"kind": "bool", "data": x}
    if isinstance(x, str):
        return {"kind": "text", "data": x}
    return {"kind": "number", "type": type(x).__name__, "data": x}
