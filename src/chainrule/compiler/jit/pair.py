"""`Pair`: a function whose results want gradients as two native functions, its forward and its backward.

A call runs the forward, and its results get one node in the graph, whose gradient rule is the backward.  The walk that
comes through there is that of any tensor: hooks, ``.grad``, ``retain_graph`` and what lies before and after are eager.

results, gradients, saved values   belong to whoever has them: each call is handed arrays that nobody has any more
a second derivative                runs the function as it is written once more, with the same random numbers
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np

from chainrule.autograd.function import join
from chainrule.backprop import Node, lookouts
from chainrule.compiler.entries import reached
from chainrule.compiler.jit.backward import Lift, Walk, gradients, inside, lifted
from chainrule.compiler.jit.guards import Guard
from chainrule.compiler.jit.partition import halved
from chainrule.compiler.jit.pytree import Layout, packer, results, unpacked
from chainrule.compiler.jit.specialization import Variant
from chainrule.compiler.memory import Spares
from chainrule.compiler.passes import Pass
from chainrule.errors import GradientError
from chainrule.grad_mode import enable_grad, mode
from chainrule.ops.base import Array, Op
from chainrule.tensor import NOTHING, Tensor, wrap
from chainrule.tracing import tracer

NO_ARGUMENTS: Layout = unpacked(((), {}))[0]


class Half(Variant):
    """One of the two: its results are handed out as they are, and arguments from ``own`` on lie where they were left.

    start   run it; its results with their addresses, or None if it must run eagerly
    """

    onward = True

    def prepare(self, own: int) -> None:
        """Make its arrays ready."""
        memory, plan = self.memory, self.plan
        self.spares = [
            (slot, Spares(value.shape, value.dtype), memory.arrays[slot])
            for slot, value in zip(plan.results, self.simple.outputs, strict=True)
        ]
        self.left = [(slot, i - own, memory.arrays[slot]) for slot, i in memory.arguments if i >= own]
        memory.arguments = [(slot, i) for slot, i in memory.arguments if i < own]
        self.calls = any(segment.call is not None for segment in plan.segments)

    def start(self, tensors: list[Any], left: Sequence[tuple[Array, int]] = ()) -> list[tuple[Array, int]] | None:
        """Run it; its results with their addresses, or None if it must run eagerly."""
        if not self.lock.acquire(False):
            return None  # another thread runs it now, in the same memory
        try:
            return self._started(tensors, left)
        finally:
            self.lock.release()

    def _started(self, tensors: list[Any], left: Sequence[tuple[Array, int]]) -> list[tuple[Array, int]] | None:
        table, arrays = self.memory.table, self.memory.arrays
        for slot, i, _ in self.left:
            table[slot] = left[i][1]
        found = []
        for slot, spares, _ in self.spares:
            array, address = spares.take()
            table[slot] = address
            found.append((array, address))  # a tuple of our own: it counts as a reference to the array
        if not self.calls:
            return found if self.ran(tensors) else None
        for slot, i, _ in self.left:  # NumPy has a part in it
            arrays[slot] = left[i][0]
        for (slot, _, _), (array, _) in zip(self.spares, found, strict=True):
            arrays[slot] = array
        done = self.ran(tensors)
        for slot, _, own in (*self.left, *self.spares):
            arrays[slot] = own
        return found if done else None


class Pair:
    """A recorded forward and its backward as native code.  ``reason`` says why there is none.

    source, passes   those of the forward; ``forward`` and ``backward`` are the halves
    """

    native = True
    order: list[int] | None = None

    def __init__(
        self, function: Callable[..., Any], walk: Walk, layout: Layout, out: Layout, guard: Any, recording: float,
        places: Sequence[Any] = (),
    ) -> None:  # fmt: skip
        self.places, self.guard = places, guard
        self.function, self.name = function, getattr(function, "__name__", "compiled")
        halves = halved(walk)
        self.reason: str | None = halves if isinstance(halves, str) else None
        if isinstance(halves, str):
            return
        self.walk, self.halves, self.layout, self.pack = walk, halves, layout, packer(out)
        self.forward = Half(halves.forward, layout, guard, recording)
        self.backward = Half(halves.backward, NO_ARGUMENTS, Guard(), 0.0)  # the forward looked
        self.reason = self.forward.reason or self.backward.reason
        written = {buffer for buffer, _ in halves.forward.stores}
        outside = [(x, leaf) for x, leaf in walk.outside if leaf.op == "buffer"]
        self.written = [x for x, leaf in outside if leaf in written]
        self.read = [x.version for x in walk.read if isinstance(x, Tensor)]
        self.read_arguments = [i for i in walk.read if isinstance(i, int)]
        self.others = [x.version for x, leaf in outside if leaf not in written]
        self.frozen = [x for x, _ in outside if x.node is None]
        self.repeatable = not written & reached(halves.forward.outputs)
        self.zeros = [np.zeros(x.shape, x.dtype) for x in (halves.forward.outputs[k] for k in walk.wanting)]
        self.constant = [k not in walk.wanting for k in range(walk.results)]
        self.single = walk.results == 1
        self.ready = False

    # ------------------------------------------------------------------------------------ the call

    def takes(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> bool:
        """Whether a call has just the tensors it was recorded with, one after the other, and nothing else."""
        return self.forward.takes(args, kwargs)

    def fits(self) -> bool:
        """Whether what the function reads besides its arguments is as it was recorded."""
        return self.forward.fits() and all(x.node is None for x in self.frozen)

    def know(self, owners: Iterable[int]) -> None:
        """Memory of other tensors that the function can see."""
        self.forward.know(owners)

    def entangled(self, tensors: list[Tensor]) -> str | None:
        """Why a call with these must run as written, though they look like those it was recorded with."""
        return self.forward.entangled(tensors)

    def run(self, tensors: list[Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[bool, Any]:
        """Run the forward on ``tensors``, those of ``args`` and ``kwargs``; (False, None) if it must run eagerly."""
        if not self.ready:
            self.forward.prepare(self.walk.arguments)
            self.backward.prepare(len(self.walk.wanting) + len(self.halves.given))
            self.ready = True
        if self.places:
            tensors = [*tensors, *(place.now() for place in self.places)]
        ends: list[Any] = [tensors[x] if type(x) is int else x for x in self.halves.ends]
        parents = [x.node for x in ends]
        for x, node in zip(ends, parents, strict=True):
            if node is not None and node.op is not None and x.made != x.version[0]:
                return False, None  # overtaken through a view: an error, as written
        found = self.forward.start(tensors)
        if found is None:
            return False, None
        for x in self.written:
            x.version[0] += 1
        made = [wrap(array) for array, _ in found[: self.walk.results]]
        if mode.recording:
            saved = [found[k] for k in self.halves.saved]
            call = Call(self, tensors, args, kwargs, saved)
            seen = [(version, version[0]) for version in self.read]
            for i in self.read_arguments:
                version = tensors[i].version
                seen.append((version, version[0]))
            seen += [(made[k].version, 0) for k in self.walk.seen]
            self._join(call, ends, parents, made, seen)
        return True, self.pack(made)

    def _join(
        self, call: Call, ends: list[Any], parents: list[Node | None], results: list[Tensor], seen: list[Any]
    ) -> None:
        """Give the results one node, from which the walk goes on to the ends."""
        raw = [x.array for x in ends]
        if self.single:
            results[0].node = Node(call, tuple(ends), raw, parents, results[0].array, NOTHING, seen)
        else:
            join(call, tuple(ends), raw, parents, results, self.constant)
            joint = results[self.walk.wanting[0]].node.parents[0]  # type: ignore[union-attr]
            joint.seen = seen  # type: ignore[union-attr]
        for lookout in lookouts:
            for x in results:
                lookout.applied(call, tuple(ends), NOTHING, x)

    @contextmanager
    def as_it_was(self, states: list[Any]) -> Iterator[None]:
        """A block with the random numbers of a call, which leaves no trace of what it changes."""
        streams = [stream for _, (stream, _, _) in self.forward.memory.draws]
        now = [stream.snapshot() for stream in streams]
        kept = [(x, x.array.copy(), x.version[0]) for x in self.written]
        try:
            for stream, state in zip(streams, states, strict=True):
                stream.restore(state)
            yield
        finally:
            for stream, state in zip(streams, now, strict=True):
                stream.restore(state)
            for x, array, version in kept:
                x.array[...] = array
                x.version[0] = version

    # ------------------------------------------------------------------------------------ to look at

    @property
    def source(self) -> str:
        """The generated Python of both halves."""
        return f"{self.forward.source}\n\n# {'-' * 40} backward\n\n{self.backward.source}"

    @property
    def passes(self) -> list[Pass]:
        """The passes of both halves."""
        return [*self.forward.passes, *self.backward.passes]

    def drawn(self) -> Any:
        """The recorded forward, to be drawn."""
        return self.forward.drawn()

    def repeat(self, n: int) -> list[Any]:
        """Results that want gradients are never numbers alone: nothing is repeated natively."""
        return []


class Call(Op):
    """One call, as an operation in the graph: what its backward needs, and what it takes to run it again."""

    reads: list[tuple[int, int]] = []  # noqa: RUF012 (as Op has it)
    keeps_values = differentiable = True

    def __init__(self, pair: Pair, tensors: Any, args: Any, kwargs: Any, saved: list[tuple[Array, int]]) -> None:
        self.pair, self.name = pair, pair.name
        self.tensors, self.args, self.kwargs, self.saved = tensors, args, kwargs, saved
        self.states = pair.forward.before
        self.counts = [version[0] for version in pair.others]

    def reader(self, k: int, out: Any) -> tuple[str, Any]:
        """Who reads the k-th of the values whose versions are looked at."""
        return self.pair.walk.readers[k]

    def pull(self, g: Any, out: Any, inputs: Sequence[Any], meta: dict[str, Any], wanted: Sequence[Any]) -> list[Any]:
        """The gradient for each end: the backward, natively."""
        pair = self.pair
        parts = [g] if pair.single else [g[k] for k in pair.walk.wanting]
        lifting = isinstance(out, Tensor)
        if lifting and mode.recording:
            return self._again(parts, wanted, lifted)
        given = [
            x if isinstance(x, Tensor) else wrap(zero if x is None else x)
            for x, zero in zip(parts, pair.zeros, strict=True)
        ]
        found = pair.backward.start(given + [self.tensors[i] for i in pair.halves.given], self.saved)
        if found is None:
            return self._again(parts, wanted, lifted if lifting else None)
        sends: list[Any] = [array for array, _ in found]
        if not pair.single:  # what only results without a gradient are made of gets none
            there = {i for i, x in enumerate(parts) if x is not None}
            sends = [g if there & of else None for g, of in zip(sends, pair.halves.of, strict=True)]
        if not lifting:
            return sends
        if recording := tracer():  # its rules are fed tensors, so that it sees them: here it would see none
            recording.spoil(f"it walks back through a call of {self.name}, which is compiled by itself")
        return [None if array is None else wrap(array) for array in sends]

    def _again(self, parts: list[Any], wanted: Sequence[Node | None], lift: Lift | None) -> list[Any]:
        """The same from the function as it is written, run once more: for a second derivative, or what failed."""
        pair = self.pair
        if not pair.repeatable or not pair.fits() or self.counts != [version[0] for version in pair.others]:
            why = "what it reads was changed since" if pair.repeatable else "it changes what it reads itself"
            raise GradientError(
                f"this gradient of {self.name}, which is compiled, needs the function run once more, but {why}; "
                f"call the function as it is written where gradients of gradients are wanted"
            )
        with pair.as_it_was(self.states), enable_grad():
            outputs = results(pair.function(*self.args, **self.kwargs))[1]
        roots = [outputs[k].node for k in pair.walk.wanting]
        seeds = {node: g for node, g in zip(roots, parts, strict=True) if g is not None}
        ends = {node: None for node in wanted if node is not None}
        found = gradients(seeds, inside(list(seeds), ends), ends, lift)
        return [None if node is None else found.get(node) for node in wanted]
