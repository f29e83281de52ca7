"""Found by thinking against the compiler: the user's own kinds of numbers, texts and containers."""

from __future__ import annotations

import array
from typing import Any

import numpy as np

from styles.judge import program
from styles.shared import scaled_by


class Level(float):
    """A number that carries something."""


class Text(str):
    """So does this."""


class Pair(tuple):
    """And this."""


class Names(set):
    """And this."""


class Vector(np.ndarray):
    """And this."""


class Failure(Exception):
    """And this."""


class Bytes(bytearray):
    """Bytes that can be changed."""


class Doubles(array.array):
    """Numbers that can be changed."""


def boosted(c: Any, thing: Any) -> Any:
    thing.boost = 1.0
    return scaled_by(c, lambda: thing.boost, lambda: setattr(thing, "boost", 3.0))


@program
def attribute_of_a_float(c: Any) -> Any:
    return boosted(c, Level(1.0))


@program
def attribute_of_a_text(c: Any) -> Any:
    return boosted(c, Text("a"))


@program
def attribute_of_a_tuple(c: Any) -> Any:
    return boosted(c, Pair((1.0, 2.0)))


@program
def attribute_of_a_set(c: Any) -> Any:
    return boosted(c, Names("ab"))


@program
def attribute_of_an_array(c: Any) -> Any:
    return boosted(c, np.ones(3).view(Vector))


@program
def equal_floats_that_carry_something_else(c: Any) -> Any:
    box = [Level(1.0)]
    box[0].boost = 1.0

    def change():
        box[0] = Level(1.0)
        box[0].boost = 3.0

    return scaled_by(c, lambda: box[0].boost, change)


@program
def own_bytes_changed(c: Any) -> Any:
    numbers = Bytes(b"\1\1")
    return scaled_by(c, lambda: float(numbers[0]), lambda: numbers.__setitem__(0, 3))


@program
def own_typed_array_changed(c: Any) -> Any:
    numbers = Doubles("d", [1.0])
    return scaled_by(c, lambda: numbers[0], lambda: numbers.__setitem__(0, 3.0))


@program
def arguments_of_an_error(c: Any) -> Any:
    error = ValueError(1.0)
    return scaled_by(c, lambda: error.args[0], lambda: setattr(error, "args", (3.0,)))


@program
def arguments_of_an_own_error(c: Any) -> Any:
    error = Failure(1.0)
    return scaled_by(c, lambda: error.args[0], lambda: setattr(error, "args", (3.0,)))


@program
def ranges_that_are_equal(c: Any) -> Any:
    box = [range(0, 3, 2)]
    return scaled_by(c, lambda: float(box[0].stop), lambda: box.__setitem__(0, range(0, 4, 2)))


@program
def frozen_sets_that_are_equal(c: Any) -> Any:
    box = [frozenset({1})]
    return scaled_by(
        c,
        lambda: 3.0 if all(isinstance(x, bool) for x in box[0]) else 1.0,
        lambda: box.__setitem__(0, frozenset({True})),
    )


@program
def slices_that_are_equal(c: Any) -> Any:
    box = [slice(0, 1)]
    return scaled_by(
        c, lambda: 3.0 if isinstance(box[0].stop, bool) else 1.0, lambda: box.__setitem__(0, slice(0, True))
    )


@program
def complex_numbers_with_signed_zeros(c: Any) -> Any:
    box = [complex(-1, 0.0)]

    def weight():
        return float(np.angle(box[0])) / 3 + 1.5

    return scaled_by(c, weight, lambda: box.__setitem__(0, complex(-1, -0.0)))
