"""A step reads classes: class attributes, registries, patched methods."""

from __future__ import annotations

from typing import Any, ClassVar

from styles.judge import program
from styles.shared import at, mse, problem, update, weights


@program(compiles=True)
def class_as_config(c: Any) -> Any:
    class Config:
        weight = 1.0
        power = 2

    net, x, y, opt = problem()

    @c
    def step():
        return update(opt, (net(x) - y).abs().pow(Config.power).mean() * Config.weight)

    return step, at(6, lambda: setattr(Config, "weight", 3.0)), weights(net)


@program(compiles=True)
def class_attribute_of_the_base(c: Any) -> Any:
    class Base:
        weight = 1.0

    class Trainer(Base):
        def __init__(self):
            self.net, self.x, self.y, self.opt = problem()

        def train(self):
            return update(self.opt, mse(self.net(self.x), self.y) * self.weight)

    trainer = Trainer()
    step = c(trainer.train)

    def between(i: int) -> tuple[Any, ...]:
        if i == 5:
            Base.weight = 3.0
        if i == 9:
            Trainer.weight = 0.5  # in front of the base's
        return ()

    return step, between, weights(trainer.net)


@program
def metaclass_attribute(c: Any) -> Any:
    class Meta(type):
        @property
        def weight(cls):
            return cls._weight

    class Config(metaclass=Meta):
        _weight = 1.0

    net, x, y, opt = problem()

    @c
    def step():
        return update(opt, mse(net(x), y) * Config.weight)

    return step, at(6, lambda: setattr(Config, "_weight", 3.0)), weights(net)


@program(compiles=True)
def registry_of_classes(c: Any) -> Any:
    registry: dict[str, Any] = {}

    def register(cls):
        registry[cls.__name__.lower()] = cls
        return cls

    @register
    class Square:
        def __call__(self, z):
            return (z**2).mean()

    @register
    class Absolute:
        def __call__(self, z):
            return z.abs().mean()

    net, x, y, opt = problem()
    config = {"loss": "square"}

    @c
    def step():
        return update(opt, registry[config["loss"]]()(net(x) - y))

    return step, at(6, lambda: config.update(loss="absolute")), weights(net)


@program(compiles=True)
def static_and_class_methods(c: Any) -> Any:
    class Losses:
        weight: ClassVar[dict[str, float]] = {"l2": 1.0}

        @staticmethod
        def square(a, b):
            return ((a - b) ** 2).mean()

        @classmethod
        def weighted(cls, a, b):
            return cls.weight["l2"] * cls.square(a, b)

    net, x, y, opt = problem()

    @c
    def step():
        return update(opt, Losses.weighted(net(x), y))

    def between(i: int) -> tuple[Any, ...]:
        if i == 5:
            Losses.weight["l2"] = 3.0
        if i == 9:
            Losses.square = staticmethod(lambda a, b: (a - b).abs().mean())
        return ()

    return step, between, weights(net)


@program(compiles=True)
def method_patched_on_the_instance(c: Any) -> Any:
    class Criterion:
        def loss(self, z):
            return (z**2).mean()

    net, x, y, opt = problem()
    criterion = Criterion()

    @c
    def step():
        return update(opt, criterion.loss(net(x) - y))

    return step, at(6, lambda: setattr(criterion, "loss", lambda z: z.abs().mean())), weights(net)


@program(compiles=True)
def method_patched_on_the_class(c: Any) -> Any:
    class Criterion:
        def __call__(self, z):
            return (z**2).mean()

    net, x, y, opt = problem()
    criterion = Criterion()

    @c
    def step():
        return update(opt, criterion(net(x) - y))

    return step, at(6, lambda: setattr(Criterion, "__call__", lambda self, z: z.abs().mean())), weights(net)


@program(compiles=True)
def class_of_an_object_changed(c: Any) -> Any:
    class Square:
        def __call__(self, z):
            return (z**2).mean()

    class Absolute(Square):
        def __call__(self, z):
            return z.abs().mean()

    net, x, y, opt = problem()
    criterion = Square()

    @c
    def step():
        return update(opt, criterion(net(x) - y))

    return step, at(6, lambda: setattr(criterion, "__class__", Absolute)), weights(net)


@program(compiles=True)
def callable_object_with_state(c: Any) -> Any:
    class Smooth:
        def __init__(self, beta):
            self.beta = beta

        def __call__(self, z):
            return (z.abs() + self.beta).log().mean()

    net, x, y, opt = problem()
    criterion = Smooth(1.0)

    @c
    def step():
        return update(opt, criterion(net(x) - y))

    return step, at(6, lambda: setattr(criterion, "beta", 0.1)), weights(net)
