"""`Variant`: one recording made native, with its memory, its guards and the way into it."""

from __future__ import annotations

import functools
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from chainrule.compiler.build import Plan, planned
from chainrule.compiler.drawing import roots
from chainrule.compiler.entries import Entry, Graph
from chainrule.compiler.guards import Guard
from chainrule.compiler.memory import Memory
from chainrule.compiler.packing import Layout, numbers, packer, plain
from chainrule.compiler.passes import simplified
from chainrule.compiler.works import Work
from chainrule.ops.base import BOOK
from chainrule.tensor import Tensor, wrap

STRETCH = 0.1  # seconds of native code after which Python is let in: Ctrl-C, a progress bar


class Variant:
    """A recording as native code.  ``run`` is a call; ``reason`` says why there is none.

    recording, planning, compiling   how long each took, in seconds
    """

    def __init__(
        self, graph: Graph, layout: Layout, out: Layout, guard: Guard, recording: float, graded: list[Tensor]
    ) -> None:
        self.graded = graded  # tensors whose gradients the step uses up: nothing old may stay in their ``.grad``
        self.recorded, self.layout, self.recording, self.guard = graph, layout, recording, guard
        start = time.perf_counter()
        self.simple, self.passes = simplified(graph)
        self.plan: Plan = planned(self.simple)
        self.planning = time.perf_counter() - start
        self.source = self.plan.source
        self.reason = overlapping(self.plan, self.simple)
        if self.reason:
            return
        self.memory = Memory(self.plan, self.simple)
        self.pack = packer(out)
        self.plain = plain(layout)
        self.unchanged = guard.checker()
        self.compiling = 0.0

    @functools.cached_property
    def module(self) -> Any:
        """The generated module; what is in it compiles when it is first called, or comes from disk."""
        from chainrule.compiler.cache import load

        return load(self.source)

    @functools.cached_property
    def parts(self) -> list[Callable[[], Any]]:
        """What a call runs: native segments, and NumPy between them."""
        from chainrule.compiler.native.memory import fast_caller

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
        out = self.memory.array(call).reshape(shape)
        given = [
            self.memory.array(operand.source).reshape(x.shape) if isinstance(x, Entry) else x
            for operand, x in zip(call.operands, call.entry.inputs, strict=True)
        ]

        def run() -> int:
            try:
                with np.errstate(all="ignore"):
                    out[...] = op.run(*given, **meta)
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
        for x, (shape, dtype) in zip(args, self.plain, strict=True):
            if type(x) is not Tensor or x.array.shape != shape or x.array.dtype is not dtype:
                return False
        return len(args) < 2 or len({id(x.array) for x in args}) == len(args)

    def forget(self) -> None:
        """No gradient is kept: what an earlier call left is none of this one."""
        for tensor in self.graded:
            tensor.grad = None

    def fits(self) -> bool:
        """Whether what the step reads besides its arguments is as it was recorded."""
        return bool(self.unchanged())

    def run(self, tensors: list[Any]) -> tuple[bool, Any]:
        """Run the step; (False, None) if it found, before it changed anything, that it must run eagerly."""
        memory = self.memory
        before = [stream.snapshot() for _, (stream, _, _) in memory.draws]
        if memory.enter(tensors):
            for part in self.parts:
                if part():
                    break
            else:
                memory.leave()
                self.forget()
                return True, self.pack([wrap(array.reshape(shape).copy()) for array, shape in memory.results])
        for (_, (stream, _, _)), state in zip(memory.draws, before, strict=True):
            stream.restore(state)
        return False, None

    def repeat(self, n: int) -> list[Any]:
        """Up to ``n`` steps in a row, native code alone; what each returned.  Fewer if one must run eagerly."""
        from chainrule.compiler.native.memory import compiled

        memory = self.memory
        if not self.native or memory.draws or memory.arguments or any(shape for _, shape in memory.results):
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
            self.forget()
        return [self.pack(row) for row in values[:ran_all].tolist()]

    def drawn(self) -> Any:
        """The recorded graph, to be drawn."""
        return roots(self.recorded)


def overlapping(plan: Plan, graph: Graph) -> str | None:
    """Why the buffers cannot be worked on in place: two of them share memory and one is written."""
    buffers = [leaf for leaf in plan.leaves if leaf.op == "buffer"]
    for stored, _ in graph.stores:
        for other in buffers:
            if other is not stored and np.may_share_memory(stored.source, other.source):
                return f"two of its buffers, of shapes {stored.shape} and {other.shape}, share memory"
    return None
