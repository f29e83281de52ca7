"""A step reads attributes: configurations, slots, properties, descriptors."""

from __future__ import annotations

import argparse
import dataclasses
import functools
import types
from typing import Any

from styles.judge import program
from styles.shared import at, mse, problem, update, weights


@program(compiles=True, tells="weight")
def argparse_namespace(c: Any) -> Any:
    net, x, y, opt = problem()
    parser = argparse.ArgumentParser()
    parser.add_argument("--weight", type=float, default=1.0)
    args = parser.parse_args([])

    @c
    def step():
        return update(opt, mse(net(x), y) * args.weight)

    return step, at(6, lambda: setattr(args, "weight", 3.0)), weights(net)


@program(compiles=True, tells="weight")
def dataclass_in_a_dataclass(c: Any) -> Any:
    @dataclasses.dataclass
    class Loss:
        weight: float = 1.0

    @dataclasses.dataclass
    class Config:
        loss: Loss = dataclasses.field(default_factory=Loss)
        epochs: int = 3

    net, x, y, opt = problem()
    config = Config()

    @c
    def step():
        return update(opt, mse(net(x), y) * config.loss.weight)

    return step, at(6, lambda: setattr(config.loss, "weight", 3.0)), weights(net)


@program(compiles=True)
def dataclass_with_slots(c: Any) -> Any:
    @dataclasses.dataclass(slots=True)
    class Config:
        weight: float = 1.0

    net, x, y, opt = problem()
    config = Config()

    @c
    def step():
        return update(opt, mse(net(x), y) * config.weight)

    return step, at(6, lambda: setattr(config, "weight", 3.0)), weights(net)


@program(compiles=True)
def slots_inherited(c: Any) -> Any:
    class Base:
        __slots__ = ("weight",)

    class Config(Base):
        __slots__ = ("other",)

        def __init__(self):
            self.weight, self.other = 1.0, 2

    net, x, y, opt = problem()
    config = Config()

    @c
    def step():
        return update(opt, mse(net(x), y) * config.weight)

    return step, at(6, lambda: setattr(config, "weight", 3.0)), weights(net)


@program(compiles=True)
def property_over_a_private_number(c: Any) -> Any:
    class Config:
        def __init__(self):
            self.__weight = 1.0

        @property
        def weight(self):
            return self.__weight

        @weight.setter
        def weight(self, value):
            self.__weight = value

    net, x, y, opt = problem()
    config = Config()

    @c
    def step():
        return update(opt, mse(net(x), y) * config.weight)

    return step, at(6, lambda: setattr(config, "weight", 3.0)), weights(net)


@program
def cached_property_dropped(c: Any) -> Any:
    class Config:
        base = 1.0

        @functools.cached_property
        def weight(self):
            return self.base * 2

    net, x, y, opt = problem()
    config = Config()

    @c
    def step():
        return update(opt, mse(net(x), y) * config.weight)

    def between(i: int) -> tuple[Any, ...]:
        if i == 5:
            config.base = 4.0  # not seen yet
        if i == 8:
            del config.weight
        return ()

    return step, between, weights(net)


class Positive:
    """A descriptor that keeps its value under another name."""

    def __set_name__(self, owner, name):
        self.name = "_" + name

    def __get__(self, instance, owner=None):
        return self if instance is None else getattr(instance, self.name)

    def __set__(self, instance, value):
        if value <= 0:
            raise ValueError("positive, please")
        setattr(instance, self.name, value)


@program
def descriptor(c: Any) -> Any:
    class Config:
        weight = Positive()

        def __init__(self):
            self.weight = 1.0

    net, x, y, opt = problem()
    config = Config()

    @c
    def step():
        return update(opt, mse(net(x), y) * config.weight)

    return step, at(6, lambda: setattr(config, "weight", 3.0)), weights(net)


@program
def attributes_by_getattr_hook(c: Any) -> Any:
    class Config:
        def __init__(self, values):
            self._values = values

        def __getattr__(self, name):
            try:
                return self._values[name]
            except KeyError:
                raise AttributeError(name) from None

    net, x, y, opt = problem()
    config = Config({"weight": 1.0})

    @c
    def step():
        return update(opt, mse(net(x), y) * config.weight)

    return step, at(6, lambda: config._values.update(weight=3.0)), weights(net)


@program
def attribute_chosen_by_name(c: Any) -> Any:
    net, x, y, opt = problem()
    config = types.SimpleNamespace(first=1.0, second=3.0, use="first")

    @c
    def step():
        return update(opt, mse(net(x), y) * getattr(config, config.use))

    def between(i: int) -> tuple[Any, ...]:
        if i == 5:
            config.use = "second"
        if i == 9:
            config.second = 0.1
        return ()

    return step, between, weights(net)


@program
def a_dict_with_attributes(c: Any) -> Any:
    class EasyDict(dict):
        __getattr__ = dict.__getitem__
        __setattr__ = dict.__setitem__

    net, x, y, opt = problem()
    config = EasyDict(weight=1.0)

    @c
    def step():
        return update(opt, mse(net(x), y) * config.weight)

    return step, at(6, lambda: setattr(config, "weight", 3.0)), weights(net)
