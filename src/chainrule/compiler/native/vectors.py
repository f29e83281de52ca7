"""The vectors of this processor: how wide they are, and instructions on them."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, NamedTuple

from llvmlite import binding, ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

BIT, SIZE = ir.IntType(1), ir.IntType(64)


class Width(NamedTuple):
    """How many numbers a vector of this machine has, and how many vectors it has registers for."""

    lanes: int
    registers: int


@functools.cache
def _features() -> dict[str, bool]:
    return dict(binding.get_host_cpu_features())


@functools.cache
def width(size: int) -> Width:
    """The widest vectors of this processor, for numbers of ``size`` bytes."""
    features = _features()
    if features.get("avx512f"):
        return Width(64 // size, 32)
    if features.get("avx2"):
        return Width(32 // size, 16)
    return Width(16 // size, 32 if features.get("neon") else 16)


@intrinsic
def widest(typing_context: Any) -> Any:
    """In a compiled function: its loops become vectors of 64 bytes where that is no disadvantage.

    LLVM takes 32 bytes on all processors of Intel, because the first ones with wider vectors ran at a lower clock while
    they used them.  Those that know float16 vectors (Sapphire Rapids, 2023, and later) do not.
    """

    def write(context: Any, builder: ir.IRBuilder, signature: Any, values: Any) -> Any:
        if _features().get("avx512fp16"):
            # an attribute of LLVM's that llvmlite has not in its list, so its own `add` refuses it
            set.add(builder.function.attributes, '"prefer-vector-width"="512"')
        return context.get_dummy_value()

    return types.void(), write


class Writer:
    """Writes instructions on vectors and loops where ``builder`` stands, for numbers of one type."""

    def __init__(self, builder: ir.IRBuilder, number: ir.Type, size: int) -> None:
        self.builder, self.number, self.size = builder, number, size
        self.lanes, self.registers = width(size)
        self.vector = ir.VectorType(number, self.lanes)
        self.zero = ir.Constant(self.vector, None)

    # ------------------------------------------------------------------------------------ vectors

    def at(self, start: ir.Value, *offsets: tuple[ir.Value | int, int]) -> ir.Value:
        """The address ``start + Σ offset · stride``."""
        known = sum(offset * stride for offset, stride in offsets if isinstance(offset, int))
        steps = [self.builder.mul(offset, SIZE(stride)) for offset, stride in offsets if not isinstance(offset, int)]
        for step in [*steps, SIZE(known)] if known else steps:
            start = self.builder.gep(start, [step], inbounds=True)
        return start

    def load(self, place: ir.Value, lanes: int) -> ir.Value:
        """A vector from memory; 0 behind the first ``lanes``."""
        if lanes == self.lanes:
            return self.builder.load(self._vector_at(place), align=self.size)
        name = f"llvm.masked.load.{self._suffix()}"
        kinds = [self.vector.as_pointer(), ir.IntType(32), ir.VectorType(BIT, self.lanes), self.vector]
        function = cgutils.get_or_insert_function(self.builder.module, ir.FunctionType(self.vector, kinds), name)
        return self.builder.call(function, [self._vector_at(place), kinds[1](self.size), self._mask(lanes), self.zero])

    def store(self, value: ir.Value, place: ir.Value, lanes: int) -> None:
        """The first ``lanes`` of a vector into memory."""
        if lanes == self.lanes:
            self.builder.store(value, self._vector_at(place), align=self.size)
            return
        name = f"llvm.masked.store.{self._suffix()}"
        kinds = [self.vector, self.vector.as_pointer(), ir.IntType(32), ir.VectorType(BIT, self.lanes)]
        function = cgutils.get_or_insert_function(self.builder.module, ir.FunctionType(ir.VoidType(), kinds), name)
        self.builder.call(function, [value, self._vector_at(place), kinds[2](self.size), self._mask(lanes)])

    def spread(self, value: ir.Value) -> ir.Value:
        """A vector of one number."""
        first = self.builder.insert_element(ir.Constant(self.vector, ir.Undefined), value, ir.IntType(32)(0))
        return self.builder.shuffle_vector(first, first, ir.Constant(ir.VectorType(ir.IntType(32), self.lanes), None))

    def _vector_at(self, place: ir.Value) -> ir.Value:
        return self.builder.bitcast(place, self.vector.as_pointer())

    def _suffix(self) -> str:
        return f"v{self.lanes}f{self.size * 8}.p0"

    def _mask(self, lanes: int) -> ir.Constant:
        return ir.Constant(ir.VectorType(BIT, self.lanes), [int(lane < lanes) for lane in range(self.lanes)])

    def scratch(self, numbers: int) -> ir.Value:
        """Memory on the stack."""
        with self.builder.goto_entry_block():
            place = self.builder.alloca(self.number, SIZE(numbers))
        place.align = 64
        return place

    def each(self, count: int, step: int, body: Callable[[ir.Value | int], None]) -> None:
        """``body`` for 0, step, 2 step, …: a loop, unless it is once."""
        if count == 1:
            body(0)
        elif count:
            with cgutils.for_range(self.builder, SIZE(count)) as loop:
                body(self.builder.mul(loop.index, SIZE(step)))

    def pieces(self, whole: int, step: int, body: Callable[[ir.Value | int, int], None]) -> None:
        """``body`` for (start, length) of pieces of length ``step``, and of the rest."""
        self.each(whole // step, step, lambda start: body(start, step))
        if whole % step:
            body(whole - whole % step, whole % step)

    def covered(self, whole: int, step: int, body: Callable[[ir.Value | int, int], None]) -> None:
        """``body`` for pieces of length ``step`` alone: the last one begins early enough, and does some again."""
        if whole <= step or whole % step == 0:
            self.pieces(whole, step, body)
            return

        def piece(start: ir.Value | int) -> None:
            last = SIZE(whole - step)
            body(self.builder.select(self.builder.icmp_unsigned("<", start, last), start, last), step)

        self.each(-(-whole // step), step, piece)

    def running(
        self, count: int, start: list[ir.Value], body: Callable[[ir.Value, list[ir.Value]], list[ir.Value]]
    ) -> list[ir.Value]:
        """What becomes of values that ``body`` changes at each pass of a loop, 1 or more of them."""
        before = self.builder.block
        inside, after = (self.builder.append_basic_block() for _ in range(2))
        self.builder.branch(inside)
        self.builder.position_at_end(inside)
        index, *values = places = [self.builder.phi(value.type) for value in (SIZE(0), *start)]
        found = [self.builder.add(index, SIZE(1)), *body(index, values)]
        for place, first, later in zip(places, (SIZE(0), *start), found, strict=True):
            place.add_incoming(first, before)
            place.add_incoming(later, inside)
        self.builder.cbranch(self.builder.icmp_unsigned("<", found[0], SIZE(count)), inside, after)
        self.builder.position_at_end(after)
        return found[1:]


def new_function(module: ir.Module, name: str, kinds: list[ir.Type]) -> ir.Function:
    """A function inside of a module, whose arguments do not overlap; empty, unless it is there already."""
    function = cgutils.get_or_insert_function(module, ir.FunctionType(ir.VoidType(), kinds), name)
    if not function.blocks:
        function.linkage = "internal"
        function.attributes.update({"noinline", "nounwind"})
        for argument in function.args:
            if isinstance(argument.type, ir.PointerType):
                argument.add_attribute("noalias")
    return function
