"""Reads through special methods and modules."""

from __future__ import annotations

import functools
import sys
import types
import weakref
from typing import Any, NamedTuple

from styles.judge import AFTERWARDS, program
from styles.shared import at, mse, problem, scaled_by, update, weights


@program
def module_made_for_the_config(c: Any) -> Any:
    config = types.ModuleType("config")
    config.weight = 1.0
    return scaled_by(c, lambda: config.weight, lambda: setattr(config, "weight", 3.0))


@program
def module_imported_inside(c: Any) -> Any:
    config = types.ModuleType("styles_config")
    config.weight = 1.0
    sys.modules["styles_config"] = config
    AFTERWARDS.append(lambda: sys.modules.pop("styles_config", None))

    def weight():
        import styles_config

        return styles_config.weight

    return scaled_by(c, weight, lambda: setattr(config, "weight", 3.0))


@program
def weak_value_dictionary(c: Any) -> Any:
    class Config:
        weight = 1.0

    config = Config()
    registry = weakref.WeakValueDictionary({"config": config})
    return scaled_by(c, lambda: registry["config"].weight, lambda: setattr(config, "weight", 3.0))


@program
def missing_key_made_up(c: Any) -> Any:
    class Default(dict):
        level = 1.0

        def __missing__(self, key):
            return self.level

    config = Default()
    return scaled_by(c, lambda: config["weight"], lambda: setattr(config, "level", 3.0))


@program
def subclass_of_float(c: Any) -> Any:
    class Weight(float):
        factor = 1.0

        def __mul__(self, other):
            return float(self) * self.factor * other

    weight = Weight(1.0)
    return scaled_by(c, lambda: weight * 1.0, lambda: setattr(weight, "factor", 3.0))


@program
def subclass_of_list(c: Any) -> Any:
    class Weights(list):
        extra = 0.0

        def total(self):
            return sum(self) + self.extra

    numbers = Weights([0.5, 0.5])
    return scaled_by(c, lambda: numbers.total(), lambda: setattr(numbers, "extra", 2.0))


@program
def getattribute_overridden(c: Any) -> Any:
    class Config:
        weight = 1.0
        factor = 1.0

        def __getattribute__(self, name):
            found = object.__getattribute__(self, name)
            return found * type(self).factor if name == "weight" else found

    config = Config()
    return scaled_by(c, lambda: config.weight, lambda: setattr(Config, "factor", 3.0))


@program
def method_of_a_typed_tuple(c: Any) -> Any:
    class Config(NamedTuple):
        a: float
        b: list[float]

        def weight(self):
            return self.a + sum(self.b)

    config = Config(1.0, [0.5])
    return scaled_by(c, lambda: config.weight(), lambda: config.b.append(2.0))


@program
def single_dispatch_registered_later(c: Any) -> Any:
    @functools.singledispatch
    def weight(thing):
        return 1.0

    return scaled_by(c, lambda: weight("text"), lambda: weight.register(str, lambda thing: 3.0))


@program
def index_of_an_own_object(c: Any) -> Any:
    class Place:
        def __init__(self):
            self.k = 0

        def __index__(self):
            return self.k

    place, table = Place(), [1.0, 3.0]
    return scaled_by(c, lambda: table[place], lambda: setattr(place, "k", 1))


@program
def arithmetic_of_an_own_object(c: Any) -> Any:
    class Weight:
        def __init__(self, k):
            self.k = k

        def __rmul__(self, other):
            return other * self.k

        def __float__(self):
            return self.k

    weight = Weight(1.0)
    net, x, y, opt = problem()

    @c
    def step():
        return update(opt, mse(net(x), y) * float(weight))

    return step, at(6, lambda: setattr(weight, "k", 3.0)), weights(net)


@program
def equality_of_own_keys(c: Any) -> Any:
    class Key:
        def __init__(self, name):
            self.name = name

        def __hash__(self):
            return 1

        def __eq__(self, other):
            return self.name == other.name

    a, b = Key("a"), Key("b")
    table = {a: 1.0, b: 3.0}
    wanted = Key("a")
    return scaled_by(c, lambda: table[wanted], lambda: setattr(wanted, "name", "b"))
