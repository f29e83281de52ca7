"""Found by thinking against the compiler: classes, enums and what an object is."""

from __future__ import annotations

import abc
import enum
from typing import Any

from chainrule import nn, optim
from styles.judge import program
from styles.shared import at, mse, problem, scaled_by, update, weights


@program
def attribute_of_an_enum_member(c: Any) -> Any:
    class Mode(enum.Enum):
        FAST = 1

        def __init__(self, value):
            self.weight = 1.0

    mode = Mode.FAST
    return scaled_by(c, lambda: mode.weight, lambda: setattr(mode, "weight", 3.0))


@program
def enum_of_lists(c: Any) -> Any:
    class Mode(enum.Enum):
        FAST = [1.0]  # noqa: RUF012

    return scaled_by(c, lambda: Mode.FAST.value[0], lambda: Mode.FAST.value.__setitem__(0, 3.0))


@program
def abstract_class_learns_of_one_more(c: Any) -> Any:
    class Loud(abc.ABC): ...  # noqa: B024

    class Thing: ...

    thing = Thing()
    return scaled_by(c, lambda: 3.0 if isinstance(thing, Loud) else 1.0, lambda: Loud.register(Thing))


@program
def bases_of_a_class_changed(c: Any) -> Any:
    class Quiet:
        def weight(self):
            return 1.0

    class Loud:
        def weight(self):
            return 3.0

    class Thing(Quiet): ...

    thing = Thing()
    return scaled_by(c, lambda: thing.weight(), lambda: setattr(Thing, "__bases__", (Loud,)))


@program
def class_of_a_module_changed(c: Any) -> Any:
    net, x, y, opt = problem()

    class Quiet(nn.Module):
        def __init__(self):
            super().__init__()
            self.linear = net

        def forward(self, x):
            return self.linear(x)

    class Loud(Quiet):
        def forward(self, x):
            return self.linear(x) * 3

    model = Quiet()

    @c
    def step():
        return update(opt, mse(model(x), y))

    return step, at(6, lambda: setattr(model, "__class__", Loud)), weights(net)


@program
def class_of_an_optimizer_changed(c: Any) -> Any:
    net, x, y, opt = problem()

    class Slow(optim.SGD):
        def step(self, closure=None):
            for group in self.param_groups:
                for p in group["params"]:
                    p.grad.mul_(0.1)
            return super().step(closure)

    @c
    def step():
        return update(opt, mse(net(x), y))

    return step, at(6, lambda: setattr(opt, "__class__", Slow)), weights(net)
