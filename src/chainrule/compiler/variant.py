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
from chainrule.compiler.packing import Layout, numbers, packed_rows, packer, plain
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
        self.reason = overlapping(self.plan, self.simple) or futile(self.plan)
        if self.reason:
            return
        self.out, self.pack = out, packer(out)
        self.plain = plain(layout)
        self.owners = frozenset(owner(leaf.source) for leaf in graph.entries if leaf.op == "buffer")
        self.unchanged = guard.checker()
        self.compiling = 0.0

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
        for x, (shape, dtype, graded) in zip(args, self.plain, strict=True):
            if type(x) is not Tensor:
                return False
            array, node = x.array, x.node
            if array.shape != shape or array.dtype is not dtype or (node is not None) != graded:
                return False
            if (id(array) if array.base is None else owner(array)) in self.owners or (node and node.op):
                return False
        return len(args) < 2 or len({id(x.array) for x in args}) == len(args)

    def entangled(self, tensors: list[Tensor]) -> str | None:
        """Why a call with these must run as written, though they look like those it was recorded with."""
        return entangled(tensors, self.recorded)

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
        from chainrule.compiler.native.compiling import compiled

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
        return packed_rows(self.out, values[:ran_all])

    def drawn(self) -> Any:
        """The recorded graph, to be drawn."""
        return roots(self.recorded)


def owner(array: Any) -> int:
    """What stands for the memory that an array is a view of."""
    while (base := getattr(array, "base", None)) is not None:
        array = base
    return id(array)


def entangled(tensors: list[Tensor], graph: Graph) -> str | None:
    """What binds arguments to the step by more than their numbers, in words; None if nothing does.

    An argument is copied when the step begins.  It must not be a tensor that the step knows already (the gradient flows
    into it twice), nor memory that the step changes on the way, nor be made of what would have gradients as well.
    """
    stored = {buffer for buffer, _ in graph.stores}
    for i, x in enumerate(tensors):
        if x.node is not None and x.node.op is not None:
            return f"argument {i + 1} is the result of operations that gradients would flow back through: detach() it"
        for leaf in graph.entries:
            if leaf.op == "buffer" and owner(x.array) == owner(leaf.source):
                name = leaf.label or f"a tensor of shape {leaf.shape}"
                if x.array is leaf.source:
                    return f"{name} is given to a step that knows it already"
                if leaf in stored and np.may_share_memory(x.array, leaf.source):
                    return f"argument {i + 1} shares memory with {name}, which the step changes: clone() it"
    return None


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
