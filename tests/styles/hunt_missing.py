"""Found by thinking against the compiler: attributes that were not there when the step was recorded."""

from __future__ import annotations

import types
from typing import Any

from chainrule import nn
from styles.judge import program
from styles.shared import at, mse, problem, scaled_by, update, weights


@program
def class_attribute_shadowed_on_one_of_a_list(c: Any) -> Any:
    class Part:
        weight = 1.0

    parts = [Part(), Part()]
    return scaled_by(c, lambda: sum(part.weight for part in parts), lambda: setattr(parts[1], "weight", 3.0))


@program
def class_attribute_shadowed_behind_a_local_name(c: Any) -> Any:
    class Part:
        weight = 1.0

    part = Part()

    def weight():
        it = part
        return it.weight

    return scaled_by(c, weight, lambda: setattr(part, "weight", 3.0))


@program
def method_shadowed_on_one_of_a_list(c: Any) -> Any:
    class Part:
        def weight(self):
            return 1.0

    parts = [Part(), Part()]
    return scaled_by(c, lambda: sum(part.weight() for part in parts), lambda: setattr(parts[1], "weight", lambda: 3.0))


@program
def getattr_finds_no_default_any_more(c: Any) -> Any:
    config = types.SimpleNamespace(a=1.0)
    return scaled_by(c, lambda: getattr(config, "bonus", 1.0), lambda: setattr(config, "bonus", 3.0))


@program
def hasattr_says_yes_later(c: Any) -> Any:
    class Config: ...

    config = Config()
    return scaled_by(c, lambda: 3.0 if hasattr(config, "bonus") else 1.0, lambda: setattr(config, "bonus", 3.0))


@program
def hasattr_of_a_module_says_yes_later(c: Any) -> Any:
    net, x, y, opt = problem()

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.linear = net

        def forward(self, x):
            return self.linear(x) * (3 if hasattr(self, "bonus") else 1)

    model = Net()

    @c
    def step():
        return update(opt, mse(model(x), y))

    return step, at(6, lambda: setattr(model, "bonus", 1.0)), weights(net)


@program
def vars_gain_one(c: Any) -> Any:
    config = types.SimpleNamespace(a=1.0, b=0.5)
    return scaled_by(c, lambda: sum(vars(config).values()), lambda: setattr(config, "z", 3.0))


@program
def vars_of_a_class_gain_one(c: Any) -> Any:
    class Config:
        a = 1.0

    def weight():
        return sum(value for key, value in vars(Config).items() if not key.startswith("_"))

    return scaled_by(c, weight, lambda: setattr(Config, "z", 3.0))


@program
def dir_gains_one(c: Any) -> Any:
    class Config:
        a = 1.0

    config = Config()
    return scaled_by(
        c, lambda: float(sum(not key.startswith("_") for key in dir(config))), lambda: setattr(config, "z", 3.0)
    )


@program
def dunder_dict_gains_one(c: Any) -> Any:
    class Config:
        def __init__(self):
            self.a = 1.0

    config = Config()
    return scaled_by(c, lambda: sum(config.__dict__.values()), lambda: setattr(config, "z", 3.0))


@program
def private_slot(c: Any) -> Any:
    class Config:
        __slots__ = ("__weight",)

        def __init__(self):
            self.__weight = 1.0

        def weight(self):
            return self.__weight

        def set(self, weight):
            self.__weight = weight

    config = Config()
    return scaled_by(c, lambda: config.weight(), lambda: config.set(3.0))
