"""`Variant`: one recording made native, with its memory, its guards and the way into it."""

from __future__ import annotations

import functools
import threading
import time
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from chainrule.compiler.build import Plan, planned
from chainrule.compiler.drawing import roots
from chainrule.compiler.entries import Entry, Graph
from chainrule.compiler.jit.answers import PART, Answer, Gradients
from chainrule.compiler.jit.guards import Guard
from chainrule.compiler.jit.inputs import Inputs
from chainrule.compiler.jit.pytree import Layout, numbers, packed_rows, plain
from chainrule.compiler.memory import Memory, owner
from chainrule.compiler.passes import simplified
from chainrule.compiler.trace.tracer import Tape
from chainrule.compiler.works import Work
from chainrule.ops.base import BOOK
from chainrule.tensor import Tensor, wrap

OTHER = object()  # the answer of a variant whose call does something else with its numbers
STRETCH = 0.1  # seconds of native code after which Python is let in: Ctrl-C, a progress bar


class NotCompiled(Exception):
    """There is no native code after all; nothing was run."""


class Variant:
    """A recording as native code.  ``run`` is a call; ``reason`` says why there is none.

    answer, gradients                what a call returns, and leaves in ``.grad``
    places                           where it reads tensors that may be others in each call
    recording, planning, compiling   how long each took, in seconds
    """

    onward = False  # whether arguments may be made of what would have gradients as well: a `Pair` sends them on

    def __init__(
        self, graph: Graph, layout: Layout, guard: Guard, recording: float, answer: Answer | None = None,
        gradients: Gradients | None = None, tape: Tape | None = None, inputs: Inputs | None = None,
    ) -> None:  # fmt: skip
        self.answer, self.gradients = answer, gradients
        self.read = inputs.reader() if inputs is not None else None
        self.counted = [place for place, _ in inputs.outputs] if inputs is not None else []
        self.order: list[int] | None = None  # of arguments, tensors first; None: all are tensors
        self.places = tape.places if tape is not None else []
        self.given = tape.given if tape is not None else 0
        self.modes = list(tape.modes.values()) if tape is not None else []
        self.recorded, self.layout, self.recording, self.guard = graph, layout, recording, guard
        start = time.perf_counter()
        self.simple, self.passes = simplified(graph)
        self.plan: Plan = planned(self.simple)
        self.planning = time.perf_counter() - start
        self.source = self.plan.source
        self.reason = overlapping(self.plan, self.simple) or futile(self.plan)
        if self.reason:
            return
        self.plain = plain(layout)
        numbers = [graded is None for _, _, graded in self.plain or ()]
        if any(numbers):
            self.order = sorted(range(len(numbers)), key=numbers.__getitem__)
        self.owners = frozenset(owner(leaf.source) for leaf in graph.entries if leaf.op == "buffer")
        self.others: frozenset[int] = frozenset()
        stored = {leaf: None for leaf, _ in graph.stores}
        self.written = [leaf.source for leaf in stored if leaf.op == "argument"]
        self.versions = versions(tape, stored)
        self.more = bool(gradients and (gradients.inherited or gradients.unlike)) or bool(self.places or inputs)
        self.parted = answer is not None and any(kind is PART for kind, _ in answer.plan)
        self.unchanged = guard.checker()
        self.compiling = 0.0
        self.lock = threading.Lock()

    @functools.cached_property
    def memory(self) -> Memory:
        """Its arrays: made when it first runs, where those of the recording have made room."""
        return Memory(self.plan, self.simple)

    @functools.cached_property
    def module(self) -> Any:
        """The generated module; what is in it compiles when it is first called, or comes from disk."""
        from chainrule.compiler.cache import load

        return load(self.source)

    @functools.cached_property
    def parts(self) -> list[Callable[[], Any]]:
        """What a call runs: native segments, and NumPy between them."""
        from chainrule.compiler.native.compiling import fast_caller

        start = time.perf_counter()
        parts: list[Callable[[], Any]] = []
        for k, segment in enumerate(self.plan.segments):
            if segment.lines:
                native = getattr(self.module, f"segment_{k}")
                parts.append(fast_caller(native, self.memory.table, self.memory.scalars))
            if segment.call is not None:
                parts.append(self._numpy(segment.call))
        self.compiling = time.perf_counter() - start
        return parts

    def _numpy(self, call: Work) -> Callable[[], Any]:
        """The part of the step that NumPy does."""
        op, meta, shape = BOOK[call.entry.op], call.entry.meta, call.entry.shape
        arrays, slot = self.memory.arrays, self.memory.slot(call)
        given = [
            (self.memory.slot(operand.source), x.shape) if isinstance(x, Entry) else (None, x)
            for operand, x in zip(call.operands, call.entry.inputs, strict=True)
        ]

        def run() -> int:
            try:
                with np.errstate(all="ignore"):
                    raw = [x if k is None else arrays[k].reshape(x) for k, x in given]
                    arrays[slot].reshape(shape)[...] = op.run(*raw, **meta)
            except Exception:  # nothing is changed yet: the step as written says what is wrong
                return 1
            return 0

        return run

    @property
    def native(self) -> bool:
        """Whether the step is native code from end to end."""
        return len(self.plan.segments) == 1

    def takes(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> bool:
        """Whether a call has just the tensors it was recorded with, one after the other, and nothing else."""
        if kwargs or self.plain is None or len(args) != len(self.plain):
            return False
        for x, (shape, dtype, graded) in zip(args, self.plain, strict=True):
            if type(x) is not Tensor:
                if graded is None and type(x) is dtype:
                    continue
                return False
            if graded is None:
                return False
            array, node = x.array, x.node
            if array.shape != shape or array.dtype is not dtype or (node is not None) != graded:
                return False
            if (id(array) if array.base is None else owner(array)) in self.owners or (
                node and node.op and not self.onward
            ):
                return False
        if self.order is not None:
            args = tuple(x for x in args if type(x) is Tensor)
        return len(args) < 2 or (len({id(x.array) for x in args}) == len(args) and not self.written)

    def know(self, owners: Iterable[int]) -> None:
        """Memory of other tensors that the step can see: an argument that is one of them makes its call another."""
        self.others = frozenset(owners) - self.owners
        self.owners |= self.others

    def entangled(self, tensors: list[Tensor]) -> str | None:
        """Why a call with these must run as written, though they look like those it was recorded with."""
        if reason := entangled(tensors, self.recorded, self.onward):
            return reason
        i = next((i for i, x in enumerate(tensors) if owner(x.array) in self.others), None)
        return None if i is None else f"argument {i + 1} is a tensor that the step can see by another name"

    def fits(self) -> bool:
        """Whether what the step reads besides its arguments is as it was recorded."""
        return bool(self.unchanged())

    def run(self, tensors: list[Any], args: Any = (), kwargs: Any = None) -> tuple[bool, Any]:
        """Run the step; (False, None) if it found, before it changed anything, that it must run eagerly.

        Its numbers stand behind the tensors; (False, OTHER) if the step does something else with them.
        """
        answer, gradients = self.answer, self.gradients
        assert answer is not None
        assert gradients is not None
        further: tuple[Any, ...] = ()
        numbers: tuple[Any, ...] = ()
        left: tuple[Any, ...] = ()
        if self.more:
            if self.read is not None:
                n = self.given
                tensors, given = tensors[:n], tensors[n:]
                found = self.read([*tensors, *(place.now() for place in self.places)], given)
                if found is None:
                    return False, OTHER
                further, numbers, left = found
            taken_up = gradients.taken_up(tensors, further)
            if taken_up is None:
                return False, None
            tensors = [*tensors, *(place.now() for place in self.places), *taken_up]
        if (self.parted and not answer.fits(tensors)) or not self.lock.acquire(False):
            return False, None  # another thread runs it now, in the same memory
        try:
            if not self.ran(tensors, numbers):
                return False, None
            for place, value in zip(self.counted, left, strict=True):
                place.put(value)
            new = [wrap(array.reshape(shape).copy()) for array, shape in self.memory.results]
            n = len(answer.new)
            self.after(new[n:], tensors)
        finally:
            self.lock.release()
        return True, answer.of(new[:n], tensors)

    def after(self, new: list[Tensor], tensors: list[Any]) -> None:
        """A step was run: leave the gradients ``new``, and count the changes of what it changed."""
        assert self.gradients is not None
        self.gradients.leave(new, tensors)
        for version in self.versions:
            version[0] += 1
        for module, mode in self.modes:
            if module.training is not mode:
                module.training = mode

    def ran(self, tensors: list[Any], given: tuple[Any, ...] = ()) -> bool:
        """Compute with the numbers ``given``, and leave the results where they are; False if nothing was changed, for
        it must run eagerly.
        """
        try:
            memory, parts = self.memory, self.parts
        except Exception as error:
            raise NotCompiled(f"compiling it failed with {type(error).__name__}: {error}") from error
        memory.numbers = given
        self.before = before = [stream.snapshot() for _, (stream, _, _) in memory.draws]
        if memory.enter(tensors):
            for part in parts:
                if part():
                    break
            else:
                memory.leave()
                if self.written:
                    memory.give_back(self.written, tensors)
                return True
        for (_, (stream, _, _)), state in zip(memory.draws, before, strict=True):
            stream.restore(state)
        return False

    def repeat(self, n: int) -> list[Any]:
        """Up to ``n`` steps in a row, native code alone; what each returned.  Fewer if one must run eagerly."""
        from chainrule.compiler.native.compiling import compiled

        memory = self.memory
        answer, gradients = self.answer, self.gradients
        assert answer is not None
        assert gradients is not None
        alone = len(answer.new) == len(answer.plan) and not gradients.kept and not self.more
        if not alone or not self.native or memory.draws or memory.arguments or any(s for _, s in memory.results):
            done, result = self.run([])
            return [numbers(result)] if done else []
        if not memory.enter([]):
            return []
        values = np.zeros((n, max(1, len(memory.results))))
        repeat = compiled(self.module.repeat, memory.table, memory.scalars, values)
        ran_all, stretch = 0, 16
        try:
            while ran_all < n:
                start = time.perf_counter()
                wanted = min(stretch, n - ran_all)
                ran = repeat(memory.table, memory.scalars, values[ran_all : ran_all + wanted])
                ran_all += ran
                if ran < wanted:
                    break
                stretch = max(16, int(stretch * min(8.0, STRETCH / max(time.perf_counter() - start, 1e-9))))
        finally:
            memory.leave()
            self.after([], [])
        return packed_rows(answer.layout, values[:ran_all])

    def drawn(self) -> Any:
        """The recorded graph, to be drawn."""
        return roots(self.recorded)


def entangled(tensors: list[Tensor], graph: Graph, onward: bool = False) -> str | None:
    """What binds arguments to the step by more than their numbers, in words; None if nothing does.

    An argument is copied when the step begins.  It must not be a tensor that the step knows already (the gradient flows
    into it twice), nor memory that the step changes on the way, nor (unless ``onward``) be made of what would have
    gradients as well.
    """
    stored = {buffer for buffer, _ in graph.stores}
    for i, x in enumerate(tensors):
        if x.node is not None and x.node.op is not None and not onward:
            return f"argument {i + 1} is the result of operations that gradients would flow back through: detach() it"
        for leaf in graph.entries:
            if leaf.op == "buffer" and owner(x.array) == owner(leaf.source):
                name = leaf.label or f"a tensor of shape {leaf.shape}"
                if x.array is leaf.source:
                    return f"{name} is given to a step that knows it already"
                if leaf in stored and np.may_share_memory(x.array, leaf.source):
                    return f"argument {i + 1} shares memory with {name}, which the step changes: clone() it"
    written = {leaf.source for leaf in stored if leaf.op == "argument"}
    for i in written:
        for k, x in enumerate(tensors):
            if i < len(tensors) and i != k and np.may_share_memory(x.array, tensors[i].array):
                return f"argument {i + 1} is changed, and argument {k + 1} shares memory with it: clone() it"
    return None


def versions(tape: Tape | None, stored: Iterable[Entry]) -> list[list[int]]:
    """The counts of changes of what a recorded step changes."""
    arrays = {id(leaf.source) for leaf in stored if leaf.op == "buffer"}
    owners = tape.owners if tape is not None else ()
    found = {id(x.version): x.version for x, key, array in owners if key == "array" and id(array) in arrays}
    return list(found.values())


def futile(plan: Plan) -> str | None:
    """Why a step is better run as written: nothing of it becomes loops."""
    works = [work for work in plan.schedule.path if not work.entry.weak and work.how != "copy"]
    left = dict.fromkeys(work.how for work in works if work.kind == "call")
    if not left or any(work.kind in ("map", "reduce", "gemm") for work in works):
        return None
    return f"it would not pay: all it does is left to NumPy ({', '.join(left)})"


def overlapping(plan: Plan, graph: Graph) -> str | None:
    """Why the buffers cannot be worked on in place: two of them share memory and one is written."""
    buffers = [leaf for leaf in plan.leaves if leaf.op == "buffer"]
    for stored, _ in graph.stores:
        for other in buffers:
            if other is not stored and np.may_share_memory(stored.source, other.source):
                return f"two of its buffers, of shapes {stored.shape} and {other.shape}, share memory"
    return None
