"""`compile`: a function of tensors or of Values, recorded, optimised, and run as native code.

jit        the compiled function: when to record, when to trust, when to run as written
trace      watches a step run, and writes down every value             -> entries (a graph)
passes     do less for the same numbers (with splitting)               graph -> graph
lower      what each operation is when written as loops (with building, indexing, products, sliding)
                                                                       graph -> works
schedule   which loops there are, and what runs in which: fusion       works -> loops
emit       Python, to be compiled and to be read (with places, sums)   loops -> source
sharing    memory that several arrays use in turn                      source -> source
native     the source as machine code, and what it calls
epochs     whole epochs of training without Python
values     what is different for graphs of `Value`
"""

from __future__ import annotations

import functools
import importlib.util
import warnings
from collections.abc import Callable
from typing import Any

from chainrule.errors import ArgumentError
from chainrule.errors import CompileError as CompileError
from chainrule.errors import CompileWarning as CompileWarning
from chainrule.nn import Module


def available() -> bool:
    """Whether what native code needs is installed: Numba and SciPy."""
    return all(importlib.util.find_spec(name) is not None for name in ("numba", "scipy"))


MODES = (None, "default", "reduce-overhead", "max-autotune", "max-autotune-no-cudagraphs")


def compile(
    model: Callable[..., Any] | None = None, *, strict: bool = False, keep_grads: bool = False, fullgraph: bool = False,
    dynamic: bool | None = None, backend: Any = None, mode: str | None = None, options: Any = None,
    disable: bool = False,
) -> Any:  # fmt: skip
    """Make a function of tensors (or of Values) fast, a training step, a loss, a module: native code does its work.

    It is called as before, and may close over models, optimizers, data.  The first call runs as written, the next two
    are recorded; if they agree, later calls run native code, with the same results and effects.  Whatever the function
    reads besides the numbers in tensors is looked at before each call: where it changed, the function is recorded
    anew.  What native code cannot do (``.item()``, ``if tensor``, appending to a list, printing) runs as written,
    after one CompileWarning that names the place, the line, and what to write instead.

    If its results still want gradients (a compiled model, a compiled loss), ``backward()`` outside runs natively, too.
    A whole step uses its gradients up, and leaves None in ``.grad``, unless somebody reads them between its first
    calls, or ``keep_grads=True``.

    strict, fullgraph   raise CompileError where it would run as written
    disable             give the function back as it is
    dynamic, backend, mode, options   PyTorch's, and without meaning here: there is one backend

    A module stays a module, with the same parameters and attributes.  A compiled function has ``source`` (the generated
    Python), ``graph`` (to draw), ``passes``, and ``repeat(n)``; pickled or copied it is compiled anew.  Needs Numba and
    SciPy (``pip install 'chainrule[compile]'``); without them everything runs as written, and one warning says so.

    >>> w = chainrule.zeros(3, requires_grad=True)
    >>> optimizer = chainrule.optim.SGD([w], lr=0.1)
    >>> @chainrule.compile
    ... def step(x):
    ...     optimizer.zero_grad()
    ...     loss = ((w - x) ** 2).sum()
    ...     loss.backward()
    ...     optimizer.step()
    ...     return loss
    >>> for _ in range(30):
    ...     loss = step(chainrule.ones(3))
    >>> w
    tensor([0.9988, 0.9988, 0.9988], requires_grad=True)
    """
    if mode not in MODES:
        raise ArgumentError(f"compile(mode={mode!r}): PyTorch's modes are {', '.join(map(repr, MODES[1:]))}, or None")
    if model is None:
        return functools.partial(compile, strict=strict or fullgraph, keep_grads=keep_grads, disable=disable)
    if not callable(model):
        raise CompileError(f"compile({type(model).__name__}): give a function, such as a whole training step")
    if disable:
        return model
    from chainrule.compiler.jit.function import Step
    from chainrule.compiler.jit.module import CompiledModule, compiled_module

    if isinstance(model, Step | CompiledModule):
        return model
    strict = strict or fullgraph
    if isinstance(model, staticmethod | classmethod):
        return type(model)(compile(model.__func__, strict=strict, keep_grads=keep_grads))
    reason = None
    if not available():
        _say_once()
        reason = "Numba or SciPy is not installed: pip install 'chainrule[compile]'"
    step = Step(model, strict, reason, keep_grads=keep_grads)
    return compiled_module(step) if isinstance(model, Module) else step


@functools.cache
def _say_once() -> None:
    warnings.warn(
        "chainrule.compile: Numba or SciPy is not installed, so everything runs as written; "
        "pip install 'chainrule[compile]'",
        CompileWarning,
        stacklevel=3,
    )
