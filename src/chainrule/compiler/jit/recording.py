"""`Recorded`: one call of a step, run as written and watched: what it did, and why that cannot be trusted."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from chainrule.compiler.entries import Entry, Graph, reached
from chainrule.compiler.jit.answers import Answer, Gradients, Watcher, moved
from chainrule.compiler.jit.backward import Walk, walked, wants_backward
from chainrule.compiler.jit.environment import OUTSIDE, Environment
from chainrule.compiler.jit.guards import Guard
from chainrule.compiler.jit.inputs import Inputs
from chainrule.compiler.jit.moving import counters
from chainrule.compiler.jit.observer import Observer, merged
from chainrule.compiler.jit.pair import Pair
from chainrule.compiler.jit.places import Item, Place
from chainrule.compiler.jit.pytree import Layout, containers, results, things
from chainrule.compiler.jit.specialization import Variant, entangled
from chainrule.compiler.jit.states import Alike, Memory, TensorState
from chainrule.compiler.memory import owner
from chainrule.compiler.trace.comparison import disagreement, settled
from chainrule.compiler.trace.labels import (
    argument_names,
    label_arguments,
    label_buffers,
    label_results,
    parameter_names,
)
from chainrule.compiler.trace.tracer import Tape
from chainrule.errors import CompileError
from chainrule.tensor import Tensor


class Recorded:
    """One watched call.

    result     what the step returned, run as written
    seen       what code ran
    reason     why a step that does this cannot be compiled; None while nothing speaks against it
    graph      what it did; ``walk``: with its way back, if gradients are wanted of what it returned
    guard      what that relies on
    inputs     numbers of it that may be others in each call; ``counted``: places that should be, for it changes them
    """

    alone = False  # there must be a second one like it

    def __init__(
        self, function: Callable[..., Any], args: Any, kwargs: Any, layout: Layout, tensors: list[Tensor],
        known: Observer, places: Sequence[Place], strict: bool, numbers: Iterable[Place] = (),
    ) -> None:  # fmt: skip
        start = time.perf_counter()
        self.function, self.args, self.kwargs, self.layout, self.tensors = function, args, kwargs, layout, tensors
        self.tape, self.seen = Tape(tensors, strict, places), Observer()
        self.walk: Walk | None = None
        self.reason: str | None = None
        self.inputs, self.counted = Inputs(args, kwargs), []  # type: Inputs, list[Place]
        before = None
        try:
            self.inputs = Inputs(args, kwargs, layout, numbers)
            self.roots = roots(function, args, kwargs)
            inside = [(x, "an argument") for x in containers((*args, *kwargs.values()))]
            before = Environment([*self.roots, *inside], known, broadly=True)
        except Exception as error:
            self.reason = failed(error)
        self.tape.symbols = self.inputs.symbols if self.inputs else None
        try:
            with self.inputs.placed(), self.seen, self.tape:
                self.result = function(*self.inputs.args, **self.inputs.kwargs)
        except BaseException as error:
            new = self.seen.codes.keys() - known.codes.keys()
            known.learn(self.seen)
            again = self.inputs and isinstance(error, Exception) and not (new or self.seen.refused)
            if not again or before is None or not self._undone(before):
                self.inputs.settle()
                self.inputs.symbols.close()
                raise
            self.result = function(*args, **kwargs)  # it may be the symbols that are to blame
            self.reason = f"its numbers are used in a way that cannot be recorded: {error}"
            return
        self.result = self.inputs.taken_out(self.result)
        try:
            if self.reason is None and before is not None:
                self.reason = self._judged(before)
        except CompileError:
            raise
        except Exception as error:
            self.reason = failed(error)
        finally:
            self.inputs.settle()
            self.inputs.symbols.close()
        self.seconds = time.perf_counter() - start

    def _judged(self, before: Environment) -> str | None:
        """Why what the call did cannot be trusted."""
        self.out, self.outputs, self.things = results(self.result)
        tape = self.tape
        if reason := tape.reason or self.seen.refused or before.refused:
            return reason
        if wants_backward(self.outputs):
            sized = len(tape.sized)
            with self.seen:
                walk = walked(tape, self.outputs)
            del tape.sized[sized:]  # the way back has the shapes of the way there
            if isinstance(walk, str):
                return walk
            self.walk = walk
        self.live = {owner(entry.source) for entry in tape.entries if entry.op == "buffer"}
        self.live |= {owner(x.array) for x in self.tensors}
        self.live |= {owner(array) for array in self.inputs.symbols.sources.values()}
        if reason := self.seen.reason():  # gradient rules of the user's own ran since
            return reason
        if reason := before.affected(self.seen, self.live, tape.modes.values()):
            self.counted = counters(before, self.live, tape.modes.values())
            return reason
        ids = {id(x) for x in before.things()}
        if any(id(x) in ids for x in containers(self.result)):
            return "it returns a list or dict that lives on: return a new one"
        for thing, method, where in self.seen.changing.values():
            if id(thing) in ids and not isinstance(thing, Tensor):
                kind = type(thing).__name__
                return f"it calls {method}() of a {kind} that lives on, at {where}; {OUTSIDE}"
        self.before = {place.id: place.value for place in before.places if place.key == "training"}
        self._look_around([self.seen])
        return self.reason

    def _undone(self, before: Environment) -> bool:
        """After an error: whether nothing was changed until then, so that the step can begin anew."""
        self.inputs.symbols.close()
        tape = self.tape
        if tape.stored or tape.draws or tape.left_in or tape.reason or before.affected(self.seen):
            return False
        for known in tape.gradients.values():
            known.tensor._grad = known.start
        return True

    def _look_around(self, seen: Iterable[Observer]) -> None:
        """Find what the recording relies on, given what code ran."""
        around = Environment(self.roots, merged(seen), live=self.live)
        self.reason = around.refused
        if self.reason:
            return
        if reason := self.inputs.unfit(around, self.tape):
            self.reason = reason
            return
        self.around = around
        self.guard = Guard()
        moving = {place.id: place for place in self.tape.places}
        for place in around.places:
            if place.key == "training":  # as it was before the step, which may switch it
                place.value = self.before.get(place.id, place.value)
            rest = Alike(place, moving[place.id].now()) if place.id in moving else self.inputs.rest(place)
            if rest is not None:
                self.guard.add(rest)

    # ------------------------------------------------------------------------------------ what is made of it

    def agrees(self, first: Recorded, keep: bool, watcher: Watcher) -> str | None:
        """Take this, the second of two recordings, for good; or why not."""
        if self.reason is None:
            self._look_around([first.seen, self.seen])
        if self.reason or (reason := self._answered(keep, watcher)):
            return self.reason or reason
        graph = self.graph
        if first.inputs.signature != self.inputs.signature:
            return "it does not do the same each time: it computes otherwise with its numbers"
        difference = disagreement(first.finished(keep, watcher), graph) or (first.out != self.out and "what it returns")
        if difference:
            return f"it does not do the same each time: {difference}"
        settled(first.graph, graph)
        still = {owner(entry.source) for entry in graph.entries if entry.op == "buffer"}
        if self.answer is not None and self.answer.unknown & still:
            return "it returns a tensor that lives on, and was not found around it: return a copy, x.clone()"
        label_results(graph.entries)
        label_arguments(graph.entries, argument_names(self.function, self.args, self.kwargs))
        names = sorted(self.around.arrays, key=lambda named: "'s params" in named[0])
        label_buffers(graph.entries, names)
        self._hold()
        known = {owner(array): name for name, array in self.around.arrays}
        for x in self.tensors:
            if owner(x.array) in known:
                return f"{known[owner(x.array)]} is given to a step that knows it already"
        return entangled(self.tensors, graph, self.walk is not None)

    def finished(self, keep: bool, watcher: Watcher) -> Graph:
        """The graph of a recording that was not taken for good yet."""
        if not hasattr(self, "graph"):
            self._answered(keep, watcher)
        return self.graph

    def _answered(self, keep: bool, watcher: Watcher) -> str | None:
        """Work out what a compiled call gives back; or why it cannot."""
        around = {id(x.owner): x.owner for x in self.around.places if isinstance(x, TensorState)}
        ids = {id(x) for x in self.around.things()}
        for thing in self.things:
            if id(thing) not in ids:
                self.graph = Graph([])
                kind = type(thing).__name__
                return f"it returns a {kind}: return tensors and numbers, or tuples, lists and dicts of them"
        if self.walk is not None and not any(type(end) is int or id(end) in around for end in self.walk.ends):
            self.walk = None  # gradients would flow to nothing that anybody else has
        if self.walk is not None:
            if self.inputs:
                self.graph = Graph([])
                return "gradients are wanted of what it returns, and it reads numbers that change"
            self.graph = self.walk.graph
            self.answer = self.gradients = None
            if self._unused(self.graph):
                return "it selects by a mask, and uses the shape alone: count with mask.sum()"
            if self.tape.modes:
                return "it switches modules to training or evaluation, and gradients are wanted of what it returns"
            touched = any(
                known.start is not None or known.tensor._grad is not None for known in self.tape.gradients.values()
            )
            return "it leaves gradients, and more are wanted of what it returns: do one of the two" if touched else None
        self.answer = Answer(self.out, self.outputs, around, self.tape)
        self.gradients = Gradients(self.tape, around, moved(self.tape), keep)
        self.graph = self.tape.graph(self.answer.new)
        self.graph.outputs += self.gradients.entries
        self.graph.outputs += self._unused(self.graph)  # computed all the same: if the shape is another, so is the step
        return self.tape.reason or self.answer.reason

    def _unused(self, graph: Graph) -> list[Entry]:
        """Values whose shape depends on numbers, and that nothing in the graph uses."""
        used = reached(graph.roots()) if self.tape.sized else set()
        return [entry for entry in self.tape.sized if entry not in used]

    def _hold(self) -> None:
        """Guard what the tape found besides: memory of tensors, what optimizers remember, gradients."""
        buffers = {id(entry.source) for entry in self.graph.entries if entry.op == "buffer"}
        for thing, key, array in self.tape.owners:
            if isinstance(thing, dict):
                self.guard.add(Item(thing, key, array, "what the optimizer remembers"))
            elif id(array) in buffers:
                node = thing.node
                state = (array, node, node.hooks if node is not None else None)
                self.guard.add(TensorState(thing, "", state, f"a tensor of shape {thing.shape}"))
                self.guard.add(Memory(thing, "", array, f"a tensor of shape {thing.shape}"))
        for place in self.gradients.places if self.gradients is not None else ():
            self.guard.add(place)

    def specialized(self) -> Variant | Pair:
        """This recording as native code."""
        if self.walk is not None:
            return Pair(self.function, self.walk, self.layout, self.out, self.guard, self.seconds, self.tape.places)
        inputs = self.inputs if self.inputs else None
        return Variant(
            self.graph, self.layout, self.guard, self.seconds, self.answer, self.gradients, self.tape, inputs
        )


def failed(error: Exception) -> str:
    """What is said of a fault of ours."""
    return f"watching it failed with an internal error, {type(error).__name__}: {error}"


def roots(function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> list[tuple[Any, str]]:
    """Where the search for what a call can read begins: (thing, name)."""
    name = getattr(function, "__name__", type(function).__name__)
    found = [(function, name)]
    for named, x in [*zip(parameter_names(function, len(args)), args, strict=True), *kwargs.items()]:
        inside = things(x)
        found += [(x, named) if thing is x else (thing, f"{named}'s {type(thing).__name__}") for thing in inside]
    return found
