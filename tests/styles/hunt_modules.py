"""Found by thinking against the compiler: Python modules, imports inside the step, and functions patched from afar."""

from __future__ import annotations

import math
import sys
import types
from collections.abc import Callable
from typing import Any

import chainrule as torch
import styles.judge as judge
from chainrule import nn
from styles.judge import program
from styles.shared import at, mse, problem, scaled_by, update, weights


def configured(**fields: Any) -> types.ModuleType:
    """A module that can be imported as ``hunted_config``, until the world ends."""
    module = types.ModuleType("hunted_config")
    vars(module).update(fields)
    sys.modules[module.__name__] = module
    judge.AFTERWARDS.append(lambda: sys.modules.pop("hunted_config", None))
    return module


def patched(owner: Any, name: str, new: Callable[[Any], Any]) -> Callable[[], None]:
    """A change that replaces an attribute, until the world ends."""
    old = getattr(owner, name)

    def change() -> None:
        setattr(owner, name, new(old))
        judge.AFTERWARDS.append(lambda: setattr(owner, name, old))

    return change


def thrice(old: Any) -> Any:
    return lambda *args: old(*args) * 3


@program
def from_import_inside(c: Any) -> Any:
    module = configured(WEIGHT=1.0)

    def weight():
        from hunted_config import WEIGHT

        return WEIGHT

    return scaled_by(c, weight, lambda: setattr(module, "WEIGHT", 3.0))


@program
def import_as_inside(c: Any) -> Any:
    module = configured(WEIGHT=1.0)

    def weight():
        import hunted_config as config

        return config.WEIGHT

    return scaled_by(c, weight, lambda: setattr(module, "WEIGHT", 3.0))


@program
def module_imported_inside_exchanged(c: Any) -> Any:
    configured(WEIGHT=1.0)

    def weight():
        import hunted_config

        return hunted_config.WEIGHT

    return scaled_by(c, weight, lambda: configured(WEIGHT=3.0))


@program
def function_of_math_patched_behind_a_local_name(c: Any) -> Any:
    def weight():
        m = math
        return m.sqrt(1.0)

    return scaled_by(c, weight, patched(math, "sqrt", lambda old: lambda x: 3.0))


def patching(c: Any, change: Callable[[], None], loss: Callable[[Any, Any], Any] | None = None) -> Any:
    net, x, y, opt = problem()
    measured = loss or mse

    @c
    def step():
        return update(opt, measured(net(x), y))

    return step, at(6, change), weights(net)


@program
def library_function_patched_behind_a_local_name(c: Any) -> Any:
    def loss(a, b):
        t = torch
        return mse(t.tanh(a), b)

    return patching(c, patched(torch, "tanh", thrice), loss)


@program
def library_function_patched_and_imported_inside(c: Any) -> Any:
    def loss(a, b):
        from chainrule import tanh

        return mse(tanh(a), b)

    return patching(c, patched(torch, "tanh", thrice), loss)


@program
def method_of_tensors_patched(c: Any) -> Any:
    return patching(c, patched(torch.Tensor, "tanh", thrice), lambda a, b: mse(a.tanh(), b))


@program
def operator_of_tensors_patched(c: Any) -> Any:
    return patching(c, patched(torch.Tensor, "__sub__", thrice))


@program
def call_of_all_modules_patched(c: Any) -> Any:
    return patching(c, patched(nn.Module, "__call__", thrice))
