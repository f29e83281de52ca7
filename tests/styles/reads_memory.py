"""Reads of memory that others write: bytes, arrays, views, context variables."""

from __future__ import annotations

import array
import contextvars
import ctypes
import decimal
import fractions
import struct
import types
from typing import Any

import numpy as np

from styles.judge import program
from styles.shared import scaled_by


@program
def bytes_unpacked(c: Any) -> Any:
    memory = bytearray(struct.pack("d", 1.0))
    return scaled_by(c, lambda: struct.unpack("d", memory)[0], lambda: struct.pack_into("d", memory, 0, 3.0))


@program
def array_module(c: Any) -> Any:
    numbers = array.array("d", [1.0, 2.0])
    return scaled_by(c, lambda: numbers[0], lambda: numbers.__setitem__(0, 3.0))


@program
def memory_view(c: Any) -> Any:
    numbers = array.array("d", [1.0, 2.0])
    view = memoryview(numbers)
    return scaled_by(c, lambda: view[0], lambda: numbers.__setitem__(0, 3.0))


@program
def numpy_from_a_bytearray(c: Any) -> Any:
    memory = bytearray(np.ones(2).tobytes())
    numbers = np.frombuffer(memory)
    return scaled_by(c, lambda: float(numbers.sum()), lambda: memory.__setitem__(slice(0, 8), struct.pack("d", 5.0)))


@program
def ctypes_number(c: Any) -> Any:
    number = ctypes.c_double(1.0)
    return scaled_by(c, lambda: number.value, lambda: setattr(number, "value", 3.0))


@program
def context_variable(c: Any) -> Any:
    weight = contextvars.ContextVar("weight", default=1.0)
    return scaled_by(c, weight.get, lambda: weight.set(3.0))


@program
def decimal_and_fraction(c: Any) -> Any:
    numbers = [decimal.Decimal("1.0"), fractions.Fraction(1, 2)]
    return scaled_by(
        c, lambda: float(numbers[0]) * float(numbers[1]), lambda: numbers.__setitem__(1, fractions.Fraction(3, 2))
    )


@program
def mapping_proxy(c: Any) -> Any:
    inner = {"weight": 1.0}
    config = types.MappingProxyType(inner)
    return scaled_by(c, lambda: config["weight"], lambda: inner.update(weight=3.0))


@program
def views_of_a_dict(c: Any) -> Any:
    inner = {"a": 1.0, "b": 0.5}
    values = inner.values()
    return scaled_by(c, lambda: sum(values), lambda: inner.update(b=3.0))


@program
def structured_numpy_array(c: Any) -> Any:
    table = np.array([(1.0, 2)], dtype=[("weight", "f8"), ("n", "i4")])
    return scaled_by(c, lambda: float(table["weight"][0]), lambda: table["weight"].__setitem__(0, 3.0))
