"""How each operation is written inside a loop: a Python expression of numbers, which Numba compiles.

``{0}``, ``{1}`` stand for the operands, ``{t}`` for the suffix of the dtype's functions (f32, f64).
"""

from __future__ import annotations

from typing import Any

import numpy as np

TYPES = {"float32": "f32", "float64": "f64", "int64": "i64", "int32": "i32", "uint8": "u8", "bool": "bool_"}

SPECIAL: dict[str, str] = {
    "copy": "{0}",
    "cast": "{0}",
    "add": "{0} + {1}",
    "sub": "{0} - {1}",
    "mul": "{0} * {1}",
    "div": "{0} / {1}",
    "neg": "-{0}",
    "abs": "abs({0})",
    "maximum": "max_r({0}, {1})",
    "minimum": "min_r({0}, {1})",
    "where": "({1} if {0} else {2})",
    "eq": "{0} == {1}",
    "ne": "{0} != {1}",
    "lt": "{0} < {1}",
    "le": "{0} <= {1}",
    "gt": "{0} > {1}",
    "ge": "{0} >= {1}",
    "bitwise_and": "{0} & {1}",
    "bitwise_or": "{0} | {1}",
    "bitwise_xor": "{0} ^ {1}",
    "relu": "max_r({0}, {zero})",
    "sqrt": "np.sqrt({0})",
    "outside": "({0} < 0) | ({0} >= {1})",
    "one_hot": "({0} if {1} == {along} else {zero})",
    "exp": "exp_{t}({0})",
    "log": "log_{t}({0})",
    "sin": "sin_{t}({0})",
    "cos": "cos_{t}({0})",
    "tanh": "tanh_{t}({0})",
    "sigmoid": "sigmoid_{t}({0})",
    "logsigmoid": "logsigmoid_{t}({0})",
    "expm1": "expm1_{t}({0})",
    "log1p": "log1p_{t}({0})",
    "erf": "erf_{t}({0})",
    "pow": "{0} ** {1}",
}
UFUNCS = {
    "log2": "log2", "log10": "log10", "exp2": "exp2", "tan": "tan", "asin": "arcsin", "acos": "arccos",
    "atan": "arctan", "sinh": "sinh", "cosh": "cosh", "asinh": "arcsinh", "acosh": "arccosh", "atanh": "arctanh",
    "floor": "floor", "ceil": "ceil", "trunc": "trunc", "sign": "sign",
}  # fmt: skip
PAIRS = {"atan2": "arctan2", "hypot": "hypot", "floor_divide": "floor_divide", "remainder": "remainder", "fmod": "fmod"}

EXPRESSIONS: dict[str, str] = {
    **SPECIAL,
    **{name: f"np.{ufunc}({{0}})" for name, ufunc in UFUNCS.items()},
    **{name: f"np.{ufunc}({{0}}, {{1}})" for name, ufunc in PAIRS.items()},
    "clamp": "clamp",
    "bitwise_not": "bitwise_not",
    "joined": "joined",
    "round": "round",
}
"""Every operation that can be written in a loop."""

COMPARE = frozenset(("eq", "ne", "lt", "le", "gt", "ge", "outside"))
LIBRARY = ("exp", "log", "sin", "cos", "tanh", "sigmoid", "logsigmoid", "expm1", "log1p", "erf")

WHOLE = {
    "add": "{0} + {1}", "mul": "{0} * {1}", "max": "max({0}, {1})", "min": "min({0}, {1})", "or": "{0} | {1}",
    "and": "{0} & {1}",
}  # fmt: skip
"""How whole numbers and bools are summed up."""

START: dict[str, Any] = {"add": 0, "mul": 1, "max": "-inf", "min": "inf", "or": False, "and": True}


def literal(number: Any, dtype: np.dtype[Any]) -> str:
    """A Python number as it is written for a loop over ``dtype``."""
    if dtype.kind == "b":
        return str(bool(number))
    if dtype.kind in "iu":
        return repr(int(number)) if dtype == np.int64 else f"{TYPES[dtype.name]}({int(number)})"
    number = float(number)
    text = repr(number) if np.isfinite(number) else f"np.{'nan' if number != number else 'inf'}"
    text = "-" + text if number == -np.inf else text
    return text if dtype == np.float64 else f"f32({text})"


def cast(text: str, given: np.dtype[Any], wanted: np.dtype[Any]) -> str:
    """An expression of one dtype as one of another."""
    if given == wanted:
        return text
    if wanted.kind == "b":
        return f"({text} != 0)"
    return f"{TYPES[wanted.name]}({text})"
