"""`Step`: a function of tensors that is recorded, and then run as native code.

recording    the step ran, and a tape wrote down what it did; two recordings that agree are trusted
variant      one recording made native, for arguments of certain shapes and dtypes
guard        what must still hold for a variant to be right; where it does not, another variant is made
"""

from __future__ import annotations

import functools
import time
import warnings
from collections.abc import Callable, Sequence
from typing import Any

from chainrule.compiler.agreement import disagreement, settled
from chainrule.compiler.entries import Graph
from chainrule.compiler.guards import Guard, captured
from chainrule.compiler.names import argument_names, label_arguments, label_buffers, label_results
from chainrule.compiler.packing import Layout, numbers, unpacked
from chainrule.compiler.passes import Pass
from chainrule.compiler.tape import Tape
from chainrule.compiler.values import CompiledValues, compile_values
from chainrule.compiler.values.form import Arguments
from chainrule.compiler.variant import Variant, entangled
from chainrule.errors import ArgumentError, CompileError, CompileWarning
from chainrule.taping import tapes

VARIANTS = 8  # more different shapes or options than this: the step is left alone
PATIENCE = 4  # recordings that may disagree before the step is given up


class Step:
    """A compiled step: call it like the function it was made from.  See `chainrule.compile`."""

    def __init__(self, function: Callable[..., Any], strict: bool = False, reason: str | None = None) -> None:
        functools.update_wrapper(self, function)
        self.function, self.strict = function, strict
        self.variants: dict[Any, list[Variant]] = {}
        self.once: dict[Any, tuple[Graph, Any]] = {}  # recorded once, and what that returned
        self.calls, self.disagreed = 0, 0
        self.reason = reason  # why it runs as it was written; None while it is compiled
        self.last: Variant | None = None
        self.native = True  # False: record, but run as written, because whole epochs will be compiled instead
        self.guard: Guard | None = None
        self.values: CompiledValues | None = None  # what runs instead, once it was called with Values

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if self.reason is not None or tapes:
            return self.function(*args, **kwargs)
        if self.values is not None:
            return self.values(*args, **kwargs)
        last = self.last
        if not self.native and any(v.fits() for v in self.variants.get(unpacked((args, kwargs))[0], ())):
            return self.function(*args, **kwargs)
        tried = None
        if last is not None and last.takes(args, kwargs) and last.fits():
            tried = last
            done, result = last.run(list(args))
            if done:
                return result
        layout, tensors = unpacked((args, kwargs))
        if not tensors and Arguments(args, kwargs).values:  # those that see Values around them are known before
            self.values = compile_values(self.function, self.strict)
            return self.values(*args, **kwargs)
        for variant in self.variants.get(layout, ()):
            if variant is tried or not variant.fits():
                continue
            if reason := variant.entangled(tensors):
                return self._this_time_as_written(reason, args, kwargs)
            self.last = variant
            done, result = variant.run(tensors)
            if done:
                return result
        return self._recorded(layout, tensors, args, kwargs)

    # ------------------------------------------------------------------------------------ recording

    def _recorded(self, layout: Layout, tensors: list[Any], args: Any, kwargs: Any) -> Any:
        """Run the step as it is, and learn from it."""
        self.calls += 1
        if self.calls == 1:  # optimizers make their state in the first step: it is not like the others
            return self.function(*args, **kwargs)
        start = time.perf_counter()
        places = captured(self.function)
        tape = Tape(tensors, self.strict)
        with tape:
            result = self.function(*args, **kwargs)
        if tape.reason:
            self._give_up(tape.reason)
            return result
        out, outputs = unpacked(result)
        graph = tape.graph(outputs)
        inside = {id(array): name for name, array in places.arrays}
        for tensor in tensors:
            if id(tensor.array) in inside and tape.reason is None:
                tape.spoil(f"{inside[id(tensor.array)]} is given to a step that knows it already")
        if tape.reason is None and (reason := entangled(tensors, graph)):
            tape.spoil(reason)
        if tape.reason or (changed := places.changed()):
            self._give_up(tape.reason or f"the step itself changes {changed}")
            return result
        known = self.once.pop(layout, None)
        if known is None:
            self.once[layout] = (graph, out)
            return result
        difference = disagreement(known[0], graph) or (known[1] != out and "what it returns") or None
        if difference:
            self.disagreed += 1
            if self.disagreed >= PATIENCE:
                self._give_up(f"it does not do the same each time: {difference}")
            self.once[layout] = (graph, out)
            return result
        label_results(graph.entries)
        label_arguments(graph.entries, argument_names(self.function, args, kwargs))
        label_buffers(graph.entries, places.arrays)
        graph = settled(known[0], graph)
        places.hold(tape.owners)
        recording = time.perf_counter() - start
        self._add(layout, Variant(graph, layout, out, places, recording, list(tape.gradients.values())))
        return result

    def _add(self, layout: Layout, variant: Variant) -> None:
        if variant.reason:
            self._give_up(variant.reason)
            return
        kin = self.variants.setdefault(layout, [])
        if sum(map(len, self.variants.values())) >= VARIANTS:
            self._give_up(f"it was compiled {VARIANTS} times for different shapes or options")
            return
        kin.insert(0, variant)
        self.last = variant

    def _give_up(self, reason: str) -> None:
        if self.strict:
            raise CompileError(f"{self._name()} cannot be compiled: {reason}")
        self.reason = reason
        warnings.warn(f"{self._name()} runs eagerly: {reason}", CompileWarning, stacklevel=4)

    def _this_time_as_written(self, reason: str, args: Any, kwargs: Any) -> Any:
        if self.strict:
            raise CompileError(f"{self._name()} cannot run as compiled: {reason}")
        warnings.warn(f"{self._name()} runs eagerly in this call: {reason}", CompileWarning, stacklevel=3)
        return self.function(*args, **kwargs)

    def _name(self) -> str:
        return getattr(self.function, "__qualname__", repr(self.function))

    # ------------------------------------------------------------------------------------ to look at

    def _shown(self) -> Variant:
        if self.last is None:
            raise CompileError(
                f"{self._name()} is not compiled"
                + (
                    f": {self.reason}"
                    if self.reason
                    else " yet: call it three times (the first runs eagerly, two are recorded)"
                )
            )
        return self.last

    @property
    def source(self) -> str:
        """The generated Python of the variant that ran last."""
        return (self.values or self._shown()).source

    @property
    def graph(self) -> Any:
        """The recorded step, to be drawn: ``chainrule.graph.draw(step.graph)``."""
        return self.values.graph if self.values else self._shown().drawn()

    @property
    def passes(self) -> Sequence[Pass]:
        """The graph after each pass, with what it took away and how long it took."""
        return (self.values or self._shown()).passes

    def repeat(self, n: int) -> list[Any]:
        """``[step() for _ in range(n)]`` for a step without arguments, natively from step to step, as numbers.

        Ctrl-C is heard ten times a second; what was learned until then stays.
        """
        if not isinstance(n, int) or n < 0:
            raise ArgumentError(f"repeat({n!r}): how often must be a whole number from 0 on")
        results: list[Any] = []
        while len(results) < n:
            last = self.last
            if self.reason is None and last is not None and last.fits():
                results += last.repeat(n - len(results))
            if len(results) < n:
                results.append(numbers(self()))
        return results

    def __repr__(self) -> str:
        if self.values is not None:
            return repr(self.values)
        n = sum(map(len, self.variants.values()))
        state = f"as written: {self.reason}" if self.reason else f"{n} variant{'s' if n != 1 else ''}"
        return f"<compiled {self._name()}, {state}>"
