"""`compile`: a function of tensors or of Values, recorded, optimised, and run as native code.

tape       watches a step run, and writes down every value             -> entries (a graph)
passes     do less for the same numbers (with splitting)               graph -> graph
lower      what each operation is when written as loops (with building, indexing, products, sliding)
                                                                       graph -> works
schedule   which loops there are, and what runs in which: fusion       works -> loops
emit       Python, to be compiled and to be read (with places, sums)   loops -> source
sharing    memory that several arrays use in turn                      source -> source
native     the source as machine code, and what it calls
variant    one recording with its memory, its guards, its native code
step       when to record, when to trust, when to run as written
epochs     whole epochs of training without Python
values     the same for graphs of `Value`
"""

from __future__ import annotations

import functools
import importlib.util
import warnings
from collections.abc import Callable
from typing import Any

from chainrule.errors import CompileError as CompileError
from chainrule.errors import CompileWarning as CompileWarning


def available() -> bool:
    """Whether what native code needs is installed: Numba and SciPy."""
    return all(importlib.util.find_spec(name) is not None for name in ("numba", "scipy"))


def compile(model: Callable[..., Any] | None = None, *, strict: bool = False) -> Any:
    """Make a training step (or any function of tensors, or of Values) fast: record it and run it as native code.

    The function is called as before.  The first call runs as written, the next two are recorded; if they agree, later
    calls run native code, with the same results.  It may close over a model, an optimizer, data.  A learning rate that
    changes is honoured; new shapes, and switches such as ``model.eval()``, are recorded anew.  What cannot be recorded
    (``.item()``, ``if tensor``) runs as written, after one warning that names the line; with ``strict=True`` it raises
    CompileError.  A compiled step leaves no gradients in ``.grad``.

    The result has ``source`` (the generated Python), ``graph`` (to draw), ``passes``, and ``repeat(n)``.  Needs Numba
    and SciPy (``pip install 'chainrule[compile]'``); without them everything runs as written, and one warning says so.

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
    if model is None:
        return functools.partial(compile, strict=strict)
    if not callable(model):
        raise CompileError(f"compile({type(model).__name__}): give a function, such as a whole training step")
    from chainrule.compiler.step import Step
    from chainrule.compiler.values import compile_values, uses_values

    if uses_values(model):
        return compile_values(model, strict)
    if not available():
        _say_once()
        return Step(model, strict, "Numba or SciPy is not installed: pip install 'chainrule[compile]'")
    return Step(model, strict)


@functools.cache
def _say_once() -> None:
    warnings.warn(
        "chainrule.compile: Numba or SciPy is not installed, so everything runs as written; "
        "pip install 'chainrule[compile]'",
        CompileWarning,
        stacklevel=3,
    )
