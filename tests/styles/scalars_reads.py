"""Graphs of `Value`: what a step reads around it, changed between calls; type counts as well as value."""

from __future__ import annotations

import dataclasses
import enum
import functools
import math
import types
from collections import deque
from typing import Any

import numpy as np

from chainrule.value import MLP, Neuron, Value
from styles.judge import AFTERWARDS, program
from styles.scalars import numbers
from styles.shared import always, at

RATE = 0.05
SCALES = {"loss": 1.0}


def fitted(c: Any, scale: Any, change: Any, when: int = 6) -> Any:
    """A Value fitted by hand, its loss times what ``scale()`` gives; ``change()`` happens before a call."""
    w = Value(2.0, label="w")

    @c
    def step():
        loss = (w * 1.5 - 4.0) ** 2 * scale()
        w.grad = 0.0
        loss.backward()
        w.data -= 0.05 * w.grad
        return loss.data

    return step, at(when, change), numbers(w)


class Plain:
    def __init__(self) -> None:
        self.scale, self._private, self.inner = 1.0, 1.0, types.SimpleNamespace(scale=1.0)


@program(native=True, compiles=True)
def values_and_a_number_in_a_list(c: Any) -> Any:
    scales = [3.0, 1.0]
    return fitted(c, lambda: scales[1], lambda: scales.__setitem__(1, 0.25))


@program(native=True, compiles=True)
def values_and_rows_of_a_list(c: Any) -> Any:
    rows = [[1.0, 2.0], [3.0, 4.0]]
    return fitted(c, lambda: sum(sum(row) for row in rows), lambda: rows[1].__setitem__(0, -3.0))


@program(native=True, compiles=True)
def values_and_a_list_that_grew(c: Any) -> Any:
    rows = [0.5, 0.25]
    return fitted(c, lambda: sum(rows), lambda: rows.append(0.125))


@program(native=True, compiles=True)
def values_and_a_deque(c: Any) -> Any:
    rows = deque([0.5, 0.25], maxlen=2)
    return fitted(c, lambda: sum(rows), lambda: rows.append(0.125))


@program(native=True, compiles=True)
def values_and_the_order_of_a_dict(c: Any) -> Any:
    weights = {"a": 1.0, "b": 2.0}

    def reordered() -> None:
        weights["a"] = weights.pop("a")

    return fitted(c, lambda: next(iter(weights.values())), reordered)


@program(native=True, compiles=True)
def values_and_a_key_that_comes(c: Any) -> Any:
    options: dict[str, float] = {}
    return fitted(c, lambda: options.get("scale", 1.0), lambda: options.update(scale=0.5))


@program(native=True, compiles=True)
def values_and_a_set(c: Any) -> Any:
    on = {"a", "b"}
    return fitted(c, lambda: 2.0 if "a" in on else 0.5, lambda: on.discard("a"))


@program(native=True, compiles=True)
def values_and_a_private_attribute(c: Any) -> Any:
    thing = Plain()
    return fitted(c, lambda: thing._private, lambda: setattr(thing, "_private", 0.5))


@program(native=True, compiles=True)
def values_and_an_attribute_far_inside(c: Any) -> Any:
    thing = Plain()
    return fitted(c, lambda: thing.inner.scale, lambda: setattr(thing.inner, "scale", 0.5))


@program(native=True, compiles=True)
def values_and_an_attribute_of_the_class(c: Any) -> Any:
    class Settings:
        scale = 1.0

    thing = Settings()
    return fitted(c, lambda: thing.scale, lambda: setattr(Settings, "scale", 0.5))


@program(native=True, compiles=True)
def values_and_a_shadowed_attribute(c: Any) -> Any:
    class Settings:
        scale = 1.0

    thing = Settings()
    return fitted(c, lambda: thing.scale, lambda: setattr(thing, "scale", 0.5))


@program(native=True, compiles=True)
def values_and_a_slot(c: Any) -> Any:
    class Slotted:
        __slots__ = ("scale",)

    thing = Slotted()
    thing.scale = 1.0
    return fitted(c, lambda: thing.scale, lambda: setattr(thing, "scale", 0.5))


@program(native=True, compiles=True)
def values_and_a_property(c: Any) -> Any:
    class Settings:
        def __init__(self) -> None:
            self._epoch = 1

        @property
        def scale(self) -> float:
            return 1.0 / self._epoch

    thing = Settings()
    return fitted(c, lambda: thing.scale, lambda: setattr(thing, "_epoch", 4))


@program(native=True, compiles=True)
def values_and_a_property_replaced(c: Any) -> Any:
    class Settings:
        @property
        def scale(self) -> float:
            return 1.0

    thing = Settings()
    return fitted(c, lambda: thing.scale, lambda: setattr(Settings, "scale", property(lambda self: 0.5)))


@program(native=True, compiles=True)
def values_and_a_dataclass(c: Any) -> Any:
    @dataclasses.dataclass
    class Config:
        scale: float = 1.0
        l2: float = 0.0

    config = Config()
    return fitted(c, lambda: config.scale + config.l2, lambda: setattr(config, "l2", 0.75))


@program(native=True, compiles=True)
def values_and_an_enum(c: Any) -> Any:
    class Mode(enum.Enum):
        HARD = 2.0
        SOFT = 0.5

    state = {"mode": Mode.HARD}
    return fitted(c, lambda: state["mode"].value, lambda: state.update(mode=Mode.SOFT))


@program(native=True, compiles=True)
def values_and_a_variable_rebound(c: Any) -> Any:
    scale = 1.0

    def change() -> None:
        nonlocal scale
        scale = 0.5

    return fitted(c, lambda: scale, change)


@program(native=True, compiles=True)
def values_and_a_global(c: Any) -> Any:
    AFTERWARDS.append(lambda: globals().update(RATE=0.05))
    return fitted(c, lambda: RATE * 20, lambda: globals().update(RATE=0.01))


@program(native=True, compiles=True)
def values_and_a_global_dict(c: Any) -> Any:
    AFTERWARDS.append(lambda: SCALES.update(loss=1.0))
    return fitted(c, lambda: SCALES["loss"], lambda: SCALES.update(loss=0.5))


@program(native=True, compiles=True)
def values_and_a_helper_replaced(c: Any) -> Any:
    helpers = {"scale": lambda: 1.0}
    return fitted(c, lambda: helpers["scale"](), lambda: helpers.update(scale=lambda: 0.5))


@program(native=True, compiles=True)
def values_and_the_code_of_a_helper(c: Any) -> Any:
    def helper() -> float:
        return 1.0

    def other() -> float:
        return 0.5

    return fitted(c, helper, lambda: setattr(helper, "__code__", other.__code__))


@program(native=True, compiles=True)
def values_and_a_default(c: Any) -> Any:
    def helper(scale: float = 1.0) -> float:
        return scale

    return fitted(c, helper, lambda: setattr(helper, "__defaults__", (0.5,)))


@program(native=True, compiles=True)
def values_and_a_partial(c: Any) -> Any:
    weights = {"a": 1.0}
    scale = functools.partial(lambda table: table["a"], weights)
    return fitted(c, scale, lambda: weights.update(a=0.5))


@program(native=True, compiles=True)
def values_and_a_method_replaced(c: Any) -> Any:
    class Scaler:
        def scale(self) -> float:
            return 1.0

    thing = Scaler()
    return fitted(c, lambda: thing.scale(), lambda: setattr(Scaler, "scale", lambda self: 0.5))


@program(native=True, compiles=True)
def values_and_another_class(c: Any) -> Any:
    class Hard:
        def scale(self) -> float:
            return 2.0

    class Soft:
        def scale(self) -> float:
            return 0.5

    thing = Hard()
    return fitted(c, lambda: thing.scale(), lambda: setattr(thing, "__class__", Soft))


@program(native=True, compiles=True)
def values_and_one_that_becomes_true(c: Any) -> Any:
    flags = {"on": 1}
    return fitted(c, lambda: 2.0 if flags["on"] is True else 0.5, lambda: flags.update(on=True))


@program(native=True)
def values_and_one_that_becomes_a_float(c: Any) -> Any:
    box = [1]
    w = Value(2.0)

    @c
    def step():
        return (w * box[0]).data, box[0]

    return step, at(6, lambda: box.__setitem__(0, 1.0)), numbers(w)


@program(native=True, compiles=True)
def values_and_a_zero_that_becomes_negative(c: Any) -> Any:
    box, w = [0.0], Value(2.0)

    @c
    def product():
        return (w * box[0]).data

    def step():
        return math.copysign(1.0, product())

    return step, at(6, lambda: box.__setitem__(0, -0.0)), numbers(w)


@program(native=True, compiles=True)
def values_and_an_array(c: Any) -> Any:
    scales = np.array([1.0, 2.0])
    return fitted(c, lambda: float(scales[1]), lambda: scales.__setitem__(1, 0.5))


@program(native=True, compiles=True)
def an_activation_of_a_neuron(c: Any) -> Any:
    neuron = Neuron(2, "tanh")

    @c
    def step():
        return neuron([1.0, -0.5]).data

    return step, at(6, lambda: setattr(neuron, "activation", "sigmoid")), numbers(*neuron.parameters())


@program(native=True, compiles=True)
def a_layer_of_values_appended(c: Any) -> Any:
    model = MLP(2, [2, 2], "tanh")

    @c
    def step():
        return [out.data for out in model([1.0, -0.5])]

    return step, at(6, lambda: model.layers.append(MLP(2, [2]).layers[0])), numbers(*model.parameters())


@program(native=True, compiles=True)
def a_weight_of_a_neuron_replaced(c: Any) -> Any:
    model = MLP(2, [2, 1], "tanh")

    @c
    def step():
        return model([1.0, -0.5])[0].data

    return step, at(6, lambda: model.layers[0].neurons[1].w.__setitem__(0, Value(3.0))), numbers(*model.parameters())


@program(native=True)
def a_method_of_value_replaced(c: Any) -> Any:
    w, relu = Value(2.0), Value.relu
    AFTERWARDS.append(lambda: setattr(Value, "relu", relu))

    @c
    def step(x):
        return (w * x).relu().data

    def leaky(self: Value) -> Value:
        return relu(self) - 0.1 * relu(-self)

    return step, at(6, lambda: setattr(Value, "relu", leaky), (-1.0,)), numbers(w)


@program(native=True)
def a_method_of_value_of_the_same_name(c: Any) -> Any:
    w, relu = Value(2.0), Value.relu
    AFTERWARDS.append(lambda: setattr(Value, "relu", relu))

    def absolute(self: Value) -> Value:
        return Value(abs(self.data), (self,), (1.0,), "relu")

    def between(i: int) -> Any:
        if i == 0:
            Value.relu = absolute  # type: ignore[method-assign]
        return (3.0 if i < 6 else -3.0,)

    @c
    def step(x):
        return (w * x).relu().data

    return step, between, numbers(w)


@program(native=True)
def the_label_of_a_value(c: Any) -> Any:
    w = Value(2.0, label="w")

    @c
    def step():
        return (w * (2.0 if w.label == "w" else 0.5)).data

    return step, at(6, lambda: setattr(w, "label", "frozen")), numbers(w)


@program(native=True)
def whole_numbers_in_values(c: Any) -> Any:
    w = Value(2)

    @c
    def step():
        return w.data * 3, (w * 2).data

    def between(i: int) -> tuple[()]:
        if i in (4, 8):
            w.data = 2.0 if i == 4 else 7
        return ()

    return step, between, numbers(w)


@program(native=True, compiles=True)
def a_counter_in_a_value(c: Any) -> Any:
    w, count = Value(2.0), Value(0)

    @c
    def step():
        count.data += 1
        w.data -= 0.1
        return w.data

    return step, always(), numbers(w, count)


@program(native=True)
def the_type_of_an_argument(c: Any) -> Any:
    w = Value(2.0)

    @c
    def step(x):
        return (w * (x if type(x) is float else -x)).data

    return step, lambda i: (1.0 if i < 6 else 1,), numbers(w)


@program(native=True)
def arguments_of_another_type(c: Any) -> Any:
    w = Value(2.0)

    @c
    def step(x):
        return (w * x).data, x, isinstance(x, float), isinstance(x, bool)

    return step, lambda i: ((1.0, 1, True, -0.0)[i // 3],), numbers(w)


@program(native=True, compiles=True)
def named_like_something_that_counts(c: Any) -> Any:
    trainer = types.SimpleNamespace(seen=0, model=Plain())

    def between(i: int) -> tuple[()]:
        trainer.seen += 1
        return ()

    step, _, watched = fitted(c, lambda: trainer.model.scale, lambda: None)
    return step, between, watched


@program(native=True, compiles=True)
def one_value_given_twice(c: Any) -> Any:
    w, a, b = Value(2.0), Value(3.0), Value(5.0)

    @c
    def step(x, y):
        (w * x * y).backward()
        y.data += 1.0
        return x.grad

    return step, lambda i: ((a, b), (a, a), (w, b), (b, w))[i % 4], numbers(w, a, b)
