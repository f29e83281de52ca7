"""Found by thinking against the compiler: reads that the interpreter does by itself, and what is not there yet."""

from __future__ import annotations

import builtins
import collections
import ctypes
import functools
import itertools
import threading
import types
import weakref
from typing import Any

import numpy as np

import styles.judge as judge
from styles.judge import program
from styles.shared import scaled_by


@program
def attribute_error_no_longer(c: Any) -> Any:
    config = types.SimpleNamespace(weight=1.0)

    def weight():
        it = config
        try:
            return it.bonus
        except AttributeError:
            return it.weight

    return scaled_by(c, weight, lambda: setattr(config, "bonus", 3.0))


@program
def index_error_no_longer(c: Any) -> Any:
    table = [1.0]

    def weight():
        try:
            return table[1]
        except IndexError:
            return table[0]

    return scaled_by(c, weight, lambda: table.append(3.0))


@program
def index_error_no_longer_in_a_nested_list(c: Any) -> Any:
    config = types.SimpleNamespace(rows=[[1.0]])

    def weight():
        try:
            return config.rows[0][1]
        except IndexError:
            return config.rows[0][0]

    return scaled_by(c, weight, lambda: config.rows[0].append(3.0))


@program
def getattr_of_a_metaclass(c: Any) -> Any:
    class Meta(type):
        table = {"weight": 1.0}  # noqa: RUF012

        def __getattr__(cls, name):
            return cls.table[name]

    class Config(metaclass=Meta): ...

    return scaled_by(c, lambda: Config.weight, lambda: Meta.table.update(weight=3.0))


@program
def subclasses_asked_for(c: Any) -> Any:
    class Base:
        weight = 1.0

    class First(Base): ...

    kept = [First]

    def change():
        class Second(Base): ...

        kept.append(Second)

    return scaled_by(c, lambda: sum(cls.weight for cls in Base.__subclasses__()), change)


@program
def weak_key_dictionary(c: Any) -> Any:
    class Key: ...

    key = Key()
    table = weakref.WeakKeyDictionary({key: 1.0})
    return scaled_by(c, lambda: table[key], lambda: table.__setitem__(key, 3.0))


@program
def ctypes_array(c: Any) -> Any:
    numbers = (ctypes.c_double * 2)(1.0, 2.0)
    return scaled_by(c, lambda: numbers[0], lambda: numbers.__setitem__(0, 3.0))


@program
def own_ctypes_number(c: Any) -> Any:
    class Number(ctypes.c_double): ...

    number = Number(1.0)
    return scaled_by(c, lambda: number.value, lambda: setattr(number, "value", 3.0))


@program
def shape_of_a_numpy_array_changed(c: Any) -> Any:
    rows = np.ones((2, 3))
    return scaled_by(c, lambda: float(rows.shape[0]), lambda: setattr(rows, "shape", (3, 2)))


@program
def dtype_of_a_numpy_array_changed(c: Any) -> Any:
    rows = np.ones((2, 3))
    return scaled_by(c, lambda: 3.0 if rows.dtype == np.int64 else 1.0, lambda: setattr(rows, "dtype", np.int64))


@program
def numpy_array_resized(c: Any) -> Any:
    rows = np.ones(3)
    return scaled_by(c, lambda: float(rows.size), lambda: rows.resize(5, refcheck=False))


@program
def cache_filled_again_outside(c: Any) -> Any:
    state = [1.0]

    @functools.cache
    def weight():
        return state[0]

    def change():
        weight.cache_clear()
        state[0] = 3.0
        weight()

    return scaled_by(c, lambda: weight(), change)


@program
def class_attribute_of_a_thread_local(c: Any) -> Any:
    class Config(threading.local):
        weight = 1.0

    config = Config()
    return scaled_by(c, lambda: config.weight, lambda: setattr(config, "weight", 3.0))


@program
def name_put_into_builtins(c: Any) -> Any:
    builtins.hunted_weight = 1.0
    judge.AFTERWARDS.append(lambda: delattr(builtins, "hunted_weight"))
    return scaled_by(c, lambda: hunted_weight, lambda: setattr(builtins, "hunted_weight", 3.0))  # noqa: F821


@program
def builtin_patched(c: Any) -> Any:
    old = builtins.sum

    def change():
        builtins.sum = lambda numbers: 3.0
        judge.AFTERWARDS.append(lambda: setattr(builtins, "sum", old))

    return scaled_by(c, lambda: sum([1.0]), change)


@program
def attribute_named_in_a_format(c: Any) -> Any:
    config = types.SimpleNamespace(weight=1.0)
    text = "{0.weight}"
    return scaled_by(c, lambda: float(text.format(config)), lambda: setattr(config, "weight", 3.0))


@program
def text_of_a_namespace(c: Any) -> Any:
    config = types.SimpleNamespace(weight=1.0)
    return scaled_by(c, lambda: len(str(config)) / 10, lambda: setattr(config, "weight", 3.123456))


@program
def equality_of_namespaces(c: Any) -> Any:
    one, other = types.SimpleNamespace(weight=1.0), types.SimpleNamespace(weight=1.0)
    return scaled_by(c, lambda: 1.0 if one == other else 3.0, lambda: setattr(one, "weight", 3.0))


@program
def user_dict(c: Any) -> Any:
    config = collections.UserDict(weight=1.0)
    return scaled_by(c, lambda: config["weight"], lambda: config.update(weight=3.0))


@program
def user_list(c: Any) -> Any:
    config = collections.UserList([1.0])
    return scaled_by(c, lambda: config[0], lambda: config.__setitem__(0, 3.0))


@program
def items_of_a_dict_kept_as_a_method(c: Any) -> Any:
    config = {"a": 1.0}
    items = config.items
    return scaled_by(c, lambda: sum(value for _, value in items()), lambda: config.update(b=2.0))


@program
def random_of_numpy_kept_as_a_method(c: Any) -> Any:
    draw = np.random.default_rng(0).random
    return scaled_by(c, lambda: 3.0 if draw() < 0.15 else 1.0, lambda: None)


@program
def attribute_of_a_module_appears(c: Any) -> Any:
    config = types.ModuleType("hunted")
    return scaled_by(c, lambda: getattr(config, "weight", 1.0), lambda: setattr(config, "weight", 3.0))


@program
def modules_in_a_loop(c: Any) -> Any:
    configs = [types.ModuleType(name) for name in "ab"]
    for config in configs:
        config.weight = 1.0
    return scaled_by(c, lambda: sum(m.weight for m in configs), lambda: setattr(configs[1], "weight", 3.0))


@program
def an_endless_counter_kept_as_a_method(c: Any) -> Any:
    following = itertools.count().__next__
    return scaled_by(c, lambda: 1.0 + following() // 5, lambda: None)


def nested_in(c: Any, holder: Any) -> Any:
    """A program that reads an item of a dict in what is no plain list."""
    return scaled_by(c, lambda: holder[0]["weight"], lambda: holder[0].update(weight=3.0))


@program
def dict_in_a_deque_by_number(c: Any) -> Any:
    return nested_in(c, collections.deque([{"weight": 1.0}]))


@program
def dict_in_an_own_list_by_number(c: Any) -> Any:
    class Rows(list): ...

    return nested_in(c, Rows([{"weight": 1.0}]))
