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
from chainrule.compiler.variant import Variant
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
        self.tapes: dict[Any, tuple[Tape, Graph, Any]] = {}
        self.calls, self.disagreed = 0, 0
        self.reason = reason  # why it runs as it was written; None while it is compiled
        self.last: Variant | None = None
        self.native = True  # False: record, but run as written, because whole epochs will be compiled instead
        self.guard: Guard | None = None

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if self.reason is not None or tapes:
            return self.function(*args, **kwargs)
        last = self.last
        if not self.native and any(v.fits() for v in self.variants.get(unpacked((args, kwargs))[0], ())):
            return self.function(*args, **kwargs)
        if last is not None and last.takes(args, kwargs) and last.fits():
            done, result = last.run(list(args))
            if done:
                return result
        layout, tensors = unpacked((args, kwargs))
        if last is None or last.layout != layout or not last.fits():
            for variant in self.variants.get(layout, ()):
                if variant is not last and variant.fits():
                    self.last = variant
                    done, result = variant.run(tensors)
                    if done:
                        return result
                    break
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
        if tape.reason or (changed := places.changed()):
            self._give_up(tape.reason or f"the step itself changes {changed}")
            return result
        known = self.tapes.pop(layout, None)
        if known is None:
            self.tapes[layout] = (tape, graph, out)
            return result
        difference = disagreement(known[1], graph) or (known[2] != out and "what it returns") or None
        if difference:
            self.disagreed += 1
            if self.disagreed >= PATIENCE:
                self._give_up(f"it does not do the same each time: {difference}")
            self.tapes[layout] = (tape, graph, out)
            return result
        label_results(graph.entries)
        label_arguments(graph.entries, argument_names(self.function, args, kwargs))
        label_buffers(graph.entries, places.arrays)
        graph = settled(known[1], graph)
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
        return self._shown().source

    @property
    def graph(self) -> Any:
        """The recorded step, to be drawn: ``chainrule.graph.draw(step.graph)``."""
        return self._shown().drawn()

    @property
    def passes(self) -> Sequence[Pass]:
        """The graph after each pass, with what it took away and how long it took."""
        return self._shown().passes

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
        n = sum(map(len, self.variants.values()))
        state = f"as written: {self.reason}" if self.reason else f"{n} variant{'s' if n != 1 else ''}"
        return f"<compiled {self._name()}, {state}>"
