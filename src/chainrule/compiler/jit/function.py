"""`Step`: a function of tensors that is recorded, and then run as native code.

recording    the step ran as written, watched; two recordings that agree are trusted
variant      one recording made native, for arguments of certain shapes and dtypes
guard        what must still hold for a variant to be right; where it does not, another variant is made
"""

from __future__ import annotations

import copy
import functools
import inspect
import re
import types
import warnings
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

from chainrule.backprop import lookouts
from chainrule.compiler.jit.answers import Watcher
from chainrule.compiler.jit.environment import Compiled
from chainrule.compiler.jit.guards import Guard
from chainrule.compiler.jit.moving import Moving, asks_for_types
from chainrule.compiler.jit.observer import Observer, busy
from chainrule.compiler.jit.pair import Pair
from chainrule.compiler.jit.places import Place
from chainrule.compiler.jit.pytree import Layout, difference_of, numbers, unpacked
from chainrule.compiler.jit.recording import Recorded
from chainrule.compiler.jit.specialization import OTHER, NotCompiled, Variant
from chainrule.compiler.jit.states import fits
from chainrule.compiler.jit.valued import MOST, Recording, Valued, computed, seeing
from chainrule.compiler.jit.valuegraph import Graph, plainly
from chainrule.compiler.passes import Pass
from chainrule.errors import ArgumentError, CompileError, CompileWarning
from chainrule.tensor import Tensor
from chainrule.tracing import tracers

VARIANTS = 8  # more different shapes or options than this run as written
STRANGERS = 4  # recordings that do each something else with the numbers of their calls, before these are compiled for
PATIENCE = 4  # recordings that may disagree before the step is given up
LONG = 24  # calls without any variant: then the step is given up
MOST_REFUSED = 1000  # layouts that run as written are remembered up to so many
MOVES = 2  # so often a tensor may be replaced by one like it before its place is read at each call


class Step(Compiled):
    """A compiled step: call it like the function it was made from.  See `chainrule.compile`."""

    def __init__(
        self, function: Callable[..., Any], strict: bool = False, reason: str | None = None, *,
        keep_grads: bool = False, quiet: bool = False,
    ) -> None:  # fmt: skip
        functools.update_wrapper(self, function)
        self.function, self.strict, self.keep_grads, self.quiet = function, strict, keep_grads, quiet
        self.variants: dict[Any, list[Variant | Pair | Graph]] = {}
        self.recompiled: list[str] = []  # what had changed each time it was recorded again
        self.once: dict[Any, Recorded] = {}  # recorded once
        self.calls, self.disagreed, self.surprised = 0, 0, 0
        self.reason = reason  # why it runs as it was written; None while it is compiled
        self.excess: set[Layout] = set()  # shapes that run as written, as there are too many
        self.last: Variant | Pair | Graph | None = None
        self.native = True  # False: record, but run as written, because whole epochs will be compiled instead
        self.known = Observer()  # all code that ran so far
        self.moves: Counter[Any] = Counter()
        self.moving: dict[Any, Place] = {}  # places whose tensors are others in each call
        self.numbers = Moving()  # numbers that are others in each call
        self.pending: dict[Any, Recorded] = {}  # recorded once, by layout and what was done with its numbers
        self.watcher = Watcher(self._gradients_wanted, self._name())
        self.values: Valued | None = None  # of a step of Values
        self.most = VARIANTS

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        last = self.last
        if last is not None and not lookouts and last.takes(args, kwargs) and last.fits():
            try:
                given = list(args) if last.order is None else [args[i] for i in last.order]
                done, result = last.run(given, args, kwargs)
            except NotCompiled as error:
                self._give_up(str(error))
                return self._as_written(args, kwargs)
            if done:
                return result
        return self._other(last, args, kwargs)

    def _other(self, tried: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """A call that is not like the last."""
        if self.reason is not None or lookouts or tracers:
            return self._as_written(args, kwargs)
        if not self.calls and self.values is None and (values := seeing(self.function, args, kwargs)):
            self._of_values(values)
        layout, tensors = self._unpacked(args, kwargs)
        given = tensors
        if self.values is None:
            layout, given = self.numbers.loosened(layout, tensors, args, kwargs)
        kin = self.variants.get(layout, [])
        if not self.native and any(variant.fits() for variant in kin):
            return self._as_written(args, kwargs)
        for variant in kin:
            if not variant.fits():
                continue
            if reason := variant.entangled(tensors):
                return self._this_time_as_written(reason, args, kwargs)
            self.last = variant if self.native else None
            try:
                done, result = variant.run(given, args, kwargs)
            except NotCompiled as error:
                self._give_up(str(error))
                return self._as_written(args, kwargs)
            if done:
                return result
            if result is OTHER:
                continue
            if variant.fits():  # a check failed, or what it reads is bound otherwise: this call alone
                return self._as_written(args, kwargs)
        return self._recorded(layout, tensors, args, kwargs)

    def _unpacked(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Layout, Any]:
        return self.values.unpacked(args, kwargs) if self.values else unpacked((args, kwargs))

    def _as_written(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        self.watcher.inside += 1
        try:
            return self.function(*args, **kwargs)
        finally:
            self.watcher.inside -= 1

    # ------------------------------------------------------------------------------------ recording

    def _recorded(self, layout: Layout, tensors: Any, args: Any, kwargs: Any) -> Any:
        """Run the step as it is, and learn from it."""
        if busy() or layout in self.excess:
            return self._as_written(args, kwargs)
        kin = self.variants.get(layout, [])
        if not kin and sum(map(len, self.variants.values())) >= self.most:
            return self._too_many(layout, args, kwargs)
        if self.calls >= LONG and not self.variants:
            self._give_up(f"no two of {LONG} calls did the same")
            return self._as_written(args, kwargs)
        self.calls += 1
        self.watcher.inside += 1
        try:
            if self.calls == 1 and not self.values:  # optimizers make their state then: it is not like the others
                try:
                    with (seen := Observer()):
                        result = self.function(*args, **kwargs)
                finally:
                    self.known.learn(seen)
                if computed(seen):
                    self._of_values(Valued())
                return result
            first = self.once.get(layout)
            if first is not None and (change := self._changed(first.guard)):
                del self.once[layout]
                self.disagreed += not self._number_moved(first.guard)
                if self.disagreed >= PATIENCE:
                    self._give_up(f"it reads what changes from call to call: {change}")
                    return self.function(*args, **kwargs)
            elif first is None and kin and (change := self._changed(kin[0].guard)):
                self._number_moved(kin[0].guard)
                self.recompiled.append(change)
            if self.values:
                recorded: Any = Recording(self.function, args, kwargs, tensors, self.known, self.values, self.strict)
                layout = recorded.layout
            else:
                places = [place for place in self.moving.values() if isinstance(place.now(), Tensor)]
                if asks_for_types(self.known):
                    self.numbers.give_up()
                numbers = self.numbers.places.values()
                recorded = Recorded(
                    self.function, args, kwargs, layout, tensors, self.known, places, self.strict, numbers
                )
        finally:
            self.watcher.inside -= 1
        self._learn(layout, recorded)
        return recorded.result

    def _learn(self, layout: Layout, recorded: Any) -> None:
        new = recorded.seen.codes.keys() - self.known.codes.keys()
        self.known.learn(recorded.seen)
        if recorded.reason and not recorded.tape.void:
            self._unfit(layout, recorded, recorded.reason)
            return
        if new or recorded.tape.void:  # what it reads was not looked at before, and may have been changed unseen
            self.once.pop(layout, None)
            self.surprised += 1
            if self.surprised >= 4 * PATIENCE:
                self._give_up("other code runs each time")
            return
        first = self.once.pop(layout, None)
        if recorded.alone:
            self._add(layout, recorded.specialized())
            return
        if recorded.inputs:
            key = layout, recorded.inputs.signature
            if first is not None and first.inputs.signature != recorded.inputs.signature:
                self.pending[layout, first.inputs.signature] = first  # it answered otherwise: another variant
                first = None
            first = self.pending.pop(key, None) or first
            if len(self.pending) > STRANGERS:
                self.pending.clear()
                names = " and ".join(place.name for place in self.numbers.places.values())
                self.numbers.fix(recorded.inputs.pinned)
                self.disagreed = PATIENCE - 1
                if names and self.numbers.off:
                    self._give_up(f"it does something else each time, by what it reads of {names}", layout)
                return
        if first is None:
            if len(self.once) >= VARIANTS:
                if not self.variants:
                    self._give_up(f"each call brings other arguments: {difference_of(next(iter(self.once)), layout)}")
                    return
                del self.once[next(iter(self.once))]
            self.once[layout] = recorded
            return
        if reason := recorded.agrees(first, self.keep_grads, self.watcher):
            self.disagreed += 1
            if self.disagreed >= PATIENCE or not reason.startswith("it does not do the same"):
                self._unfit(layout, recorded, reason)
                return
            self.once[layout] = recorded
            return
        try:
            variant = recorded.specialized()
        except Exception as error:
            self._unfit(layout, recorded, f"compiling it failed with {type(error).__name__}: {error}")
            return
        if variant.reason:
            self._unfit(layout, recorded, variant.reason)
            return
        self._add(layout, variant)

    def _unfit(self, layout: Layout, recorded: Any, reason: str) -> None:
        """A recording cannot be compiled: give up, or try with other inputs."""
        if recorded.counted and self.numbers.add(recorded.counted):
            return  # they are inputs, and outputs, from now on
        if recorded.inputs and not self.numbers.off:
            self.numbers.give_up()  # numbers are compiled for, one by one
            self.disagreed = 0
            return
        self._give_up(reason, layout)

    def _moved(self, place: Place) -> None:
        """A place changed: if its tensor was replaced by one like it, again, it is read at each call from now on."""
        now, then = place.now(), place.value
        if isinstance(now, Tensor) and isinstance(then, Tensor) and then.node is None:
            self.moves[place.id] += 1
            if fits(now, then.array.shape, then.array.dtype) and self.moves[place.id] >= MOVES:
                self.moving[place.id] = place

    def _changed(self, guard: Guard) -> str | None:
        """Why a recording does not hold any more, in words."""
        change = guard.change()
        for place in guard.changes():
            self._moved(place)
        return change

    def _number_moved(self, guard: Guard) -> bool:
        """Whether numbers that changed are inputs from now on."""
        return any([self.numbers.moved(place) for place in guard.changes()])  # noqa: C419 (each is to be counted)

    def _add(self, layout: Layout, variant: Variant | Pair | Graph) -> None:
        if variant.reason:
            self._give_up(variant.reason, layout)
            return
        kin = self.variants.setdefault(layout, [])
        if len(kin) >= self.most:
            why = f", the last time because {self.recompiled[-1]}" if self.recompiled else ""
            self._give_up(f"it was compiled {self.most} times for different things around it{why}", layout)
            return
        kin.insert(0, variant)
        self.disagreed = 0
        if isinstance(variant, Variant) and variant.gradients is not None:
            self.watcher.watch(variant.gradients.unkept, variant.gradients)
        self.last = variant if self.native else None

    def _of_values(self, values: Valued) -> None:
        self.values, self.most = values, MOST

    def _gradients_wanted(self) -> None:
        """Somebody reads a gradient that the step does not keep: it keeps them from now on."""
        if not self.keep_grads:
            self.keep_grads, self.last = True, None
            self.variants.clear()
            self.once.clear()
            self.pending.clear()

    # ------------------------------------------------------------------------------------ as written

    def _give_up(self, reason: str, layout: Layout = None) -> None:
        """Run as written from now on; if other calls are compiled already, those of this layout alone."""
        if self.strict:
            raise CompileError(f"{self._name()} cannot be compiled: {reason}")
        if layout is not None and any(kin for other, kin in self.variants.items() if other != layout):
            self._refuse(layout, f"runs eagerly in such calls: {reason}")
            return
        self.reason, self.last = reason, None
        self.variants.clear()
        self.once.clear()
        self.pending.clear()
        if not self.quiet:
            warnings.warn(f"{self._name()} runs eagerly: {self._placed(reason)}", CompileWarning, stacklevel=6)

    def _too_many(self, layout: Layout, args: Any, kwargs: Any) -> Any:
        reason = f"it was compiled {self.most} times for different shapes or options"
        if self.strict:
            raise CompileError(f"{self._name()} cannot be compiled once more: {reason}")
        self._refuse(layout, f"runs eagerly for more of them: {reason}")
        return self._as_written(args, kwargs)

    def _refuse(self, layout: Layout, what: str) -> None:
        """Run calls of this layout as written; the first time, say so."""
        if not self.excess and not self.quiet:
            warnings.warn(f"{self._name()} {self._placed(what)}", CompileWarning, stacklevel=6)
        if len(self.excess) < MOST_REFUSED:
            self.excess.add(layout)
            self.variants.pop(layout, None)
            self.once.pop(layout, None)

    def _this_time_as_written(self, reason: str, args: Any, kwargs: Any) -> Any:
        if self.strict:
            raise CompileError(f"{self._name()} cannot run as compiled: {reason}")
        if not self.quiet:
            warnings.warn(f"{self._name()} runs eagerly in this call: {reason}", CompileWarning, stacklevel=4)
        return self._as_written(args, kwargs)

    def _placed(self, reason: str) -> str:
        """The reason with a place: where none is in it, that of the function."""
        code = getattr(inspect.unwrap(self.function), "__code__", None)
        if code is None or re.search(r":\d+", reason):
            return reason
        return f"{reason} (it is defined at {code.co_filename}:{code.co_firstlineno})"

    def _name(self) -> str:
        return str(getattr(self.function, "__qualname__", type(self.function).__name__))

    # ------------------------------------------------------------------------------------ as a function

    def __get__(self, owner: Any, cls: Any = None) -> Any:
        return self if owner is None else types.MethodType(self, owner)

    def __reduce__(self) -> Any:
        return _again, (self.function, self.strict, self.keep_grads, self.quiet)

    def __deepcopy__(self, memo: dict[int, Any]) -> Step:
        return Step(copy.deepcopy(self.function, memo), self.strict, keep_grads=self.keep_grads, quiet=self.quiet)

    # ------------------------------------------------------------------------------------ to look at

    def _shown(self) -> Variant | Pair | Graph:
        last = self.last or next((kin[0] for kin in self.variants.values() if kin), None)
        if last is None:
            raise CompileError(
                f"{self._name()} is not compiled"
                + (
                    f": {self.reason}"
                    if self.reason
                    else " yet: call it three times (the first runs eagerly, two are recorded)"
                )
            )
        return last

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
                result = self()
                results.append(plainly(result) if self.values else numbers(result))
        return results

    def over(self, *sequences: Sequence[Any]) -> list[Any]:
        """``[step(*each) for each in zip(*sequences)]`` as numbers; steps of Values natively from one to the next."""
        if not sequences or len({len(sequence) for sequence in sequences}) > 1:
            raise ArgumentError(
                f"over({', '.join(str(len(s)) + ' items' for s in sequences)}): give one sequence for each argument of "
                "the function, all of the same length; without arguments write repeat(n)"
            )
        calls: list[tuple[Any, ...]] = list(zip(*sequences, strict=True))
        results: list[Any] = []
        while len(results) < len(calls):
            args, last = calls[len(results)], self.last
            if self.reason is None and isinstance(last, Graph) and last.takes(args, {}) and last.fits():
                results += last.over(calls[len(results) :])
            if len(results) < len(calls):
                result = self(*calls[len(results)])
                results.append(plainly(result) if self.values else numbers(result))
        return results

    def __repr__(self) -> str:
        n = sum(map(len, self.variants.values()))
        sizes = [one.size for kin in self.variants.values() for one in kin if isinstance(one, Graph)]
        state = f"as written: {self.reason}" if self.reason else f"{n} variant{'s' if n != 1 else ''}"
        return f"<compiled {self._name()}, {': '.join([state, *['; '.join(sizes)][: len(sizes)]])}>"


def _again(function: Any, strict: bool, keep_grads: bool, quiet: bool) -> Step:
    """A compiled step, out of a pickle: it is compiled anew."""
    return Step(function, strict, keep_grads=keep_grads, quiet=quiet)
