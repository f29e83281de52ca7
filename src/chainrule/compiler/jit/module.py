"""A compiled module is still a module: the same parameters, the same attributes, another way to be called."""

from __future__ import annotations

import copy
from typing import Any

from chainrule.compiler.jit.function import Step
from chainrule.nn import Module


class CompiledModule:
    """What is added to the class of a module: calls go through a compiled step.

    It shares its attributes with the module it was made from: what is set on one is set on both.
    """

    _compiled: Step

    def __call__(self, *inputs: Any, **named: Any) -> Any:
        return type(self)._compiled(*inputs, **named)

    def __reduce__(self) -> Any:
        step = type(self)._compiled
        return _again, (step.function, step.strict, step.keep_grads, step.quiet)

    def __deepcopy__(self, memo: dict[int, Any]) -> Any:
        step = type(self)._compiled
        made = compiled_module(Step(copy.deepcopy(step.function, memo), step.strict, keep_grads=step.keep_grads))
        memo[id(self)] = made
        return made


def compiled_module(step: Step) -> Module:
    """The module whose calls ``step`` compiles, as one that calls it."""
    module = step.function
    kind = type(module)
    compiled = type(kind.__name__, (CompiledModule, kind), {"_compiled": step, "__module__": kind.__module__})
    made: Module = object.__new__(compiled)
    object.__setattr__(made, "__dict__", vars(module))
    return made


def _again(module: Module, strict: bool, keep_grads: bool, quiet: bool) -> Module:
    """A compiled module, out of a pickle."""
    return compiled_module(Step(module, strict, keep_grads=keep_grads, quiet=quiet))
