"""Matrix products written out for their sizes: each tile of the result stays in registers while k runs.

A library does not know the sizes before it is called, and rearranges both factors for sizes that do not fit a cache.
A compiled step knows them, and those of small networks fit: a function for just these sizes takes half the time and
less.  For each tile of C, ``rows`` × ``vectors``, and each k,

    C[i, j:j + lanes] += A[i, k] · B[k, j:j + lanes]

with one number of A spread over a vector, as in Goto and van de Geijn, Anatomy of High-Performance Matrix
Multiplication (2008), section 6.  B must lie along j for that.  Where it lies along k (the weights of a `Linear`), the
columns of a strip are turned first, in registers, lanes × lanes at a time (Eklundh, A Fast Computer Method for Matrix
Transposing, 1972); or A is, and the product the other way round, where that is less to turn.
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Callable
from typing import Any, NamedTuple

from llvmlite import ir
from numba.core import cgutils

from chainrule.compiler.native.emitting import CONTRACT
from chainrule.compiler.native.vectors import width

BIT, SIZE = ir.IntType(1), ir.IntType(64)
DEPTH = 1024  # of k, at most, are done at once: then again, for the rest
CACHE = 2**20  # bytes of A (of this depth), which is read again for each strip: with more, a library is better
PAGE = 1024  # bytes: rows so far apart, or a multiple of it, lie on top of one another in a cache


class Matrix(NamedTuple):
    """Where a matrix is: element (i, j) at ``start + i · row + j · column``."""

    start: ir.Value
    row: int
    column: int


def fits(m: int, k: int, size: int) -> bool:
    """Whether `written` takes a product with m rows, of numbers of ``size`` bytes."""
    return m * min(k, DEPTH) * size <= CACHE


# ---------------------------------------------------------------------------------------- tiles


@functools.cache
def blocks(m: int, vectors: int, registers: int) -> int:
    """How many rows a tile of so many vectors should have, for a matrix of m rows: what takes the fewest cycles a k.

    Two products and two loads can begin in a cycle, and each needs four.
    """

    def cycles(rows: int) -> float:
        return max(rows * vectors / 2, (rows + vectors) / 2, 4) + 0.5 if rows else 0

    most = (registers - 1) // vectors - 1  # beside the tile: its piece of B, and a number of A
    return min(range(1, max(most, 1) + 1), key=lambda rows: m // rows * cycles(rows) + cycles(m % rows))


class Writer:
    """Writes the instructions of one product into a function."""

    def __init__(self, builder: ir.IRBuilder, number: ir.Type, size: int) -> None:
        self.builder, self.number, self.size = builder, number, size
        self.lanes, self.registers = width(size)
        self.vector = ir.VectorType(number, self.lanes)

    # ------------------------------------------------------------------------------------ vectors

    def at(self, start: ir.Value, *offsets: tuple[ir.Value | int, int]) -> ir.Value:
        """The address ``start + Σ offset · stride``."""
        for offset, stride in offsets:
            step = SIZE(offset * stride) if isinstance(offset, int) else self.builder.mul(offset, SIZE(stride))
            start = self.builder.gep(start, [step], inbounds=True)
        return start

    def load(self, place: ir.Value, lanes: int) -> ir.Value:
        """A vector from memory; 0 behind the first ``lanes``."""
        if lanes == self.lanes:
            return self.builder.load(self._vector_at(place), align=self.size)
        zero, name = ir.Constant(self.vector, None), f"llvm.masked.load.{self._suffix()}"
        kinds = [self.vector.as_pointer(), ir.IntType(32), ir.VectorType(BIT, self.lanes), self.vector]
        function = cgutils.get_or_insert_function(self.builder.module, ir.FunctionType(self.vector, kinds), name)
        return self.builder.call(function, [self._vector_at(place), kinds[1](self.size), self._mask(lanes), zero])

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
        return self.shuffle(first, first, [0] * self.lanes)

    def shuffle(self, a: ir.Value, b: ir.Value, chosen: list[int]) -> ir.Value:
        """A vector of the lanes chosen: those of a, then those of b."""
        return self.builder.shuffle_vector(a, b, ir.Constant(ir.VectorType(ir.IntType(32), self.lanes), chosen))

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

    # ------------------------------------------------------------------------------------ products

    def product(self, a: Matrix, b: Matrix, c: Matrix, sizes: tuple[int, int, int], alpha: ir.Value | None) -> None:
        """C = A B, or with ``alpha`` C += alpha A B; C lies along its rows."""
        m, n, k = sizes
        first = min(k, DEPTH)
        self.layer(a, b, c, (m, n, first), alpha)

        def more(start: ir.Value | int, depth: int) -> None:
            start = start + first if isinstance(start, int) else self.builder.add(start, SIZE(first))
            here = Matrix(self.at(a.start, (start, a.column)), a.row, a.column)
            there = Matrix(self.at(b.start, (start, b.row)), b.row, b.column)
            self.layer(here, there, c, (m, n, depth), alpha or self.number(1))

        self.pieces(k - first, DEPTH, more)

    def layer(self, a: Matrix, b: Matrix, c: Matrix, sizes: tuple[int, int, int], alpha: ir.Value | None) -> None:
        """A product of so little depth that a strip of B stays in a cache."""
        m, n, k = sizes
        vectors = min(self._vectors(m, n), -(-n // self.lanes))
        scattered = b.row * self.size % PAGE == 0 and m > blocks(m, vectors, self.registers)
        near = self.scratch(k * vectors * self.lanes) if b.column != 1 or scattered else None

        def strip(j: ir.Value | int, columns: int) -> None:
            full, rest = divmod(columns, self.lanes)
            parts = [self.lanes] * full + [rest] * (rest > 0)
            start = Matrix(self.at(b.start, (j, b.column)), b.row, b.column)
            parts_of_b = parts
            if near is not None:
                copy = Matrix(near, len(parts) * self.lanes, 1)
                if b.column == 1:
                    self.copied(start, copy, k, parts)
                else:
                    self.transposed(Matrix(start.start, b.column, 1), copy, columns, k)
                start, parts_of_b = copy, [self.lanes] * len(parts)
            rows = blocks(m, len(parts), self.registers)

            def tile(i: ir.Value | int, rows: int) -> None:
                here = Matrix(self.at(a.start, (i, a.row)), a.row, a.column)
                there = Matrix(self.at(c.start, (i, c.row), (j, 1)), c.row, 1)
                self.tile(here, start, there, rows, (parts, parts_of_b), k, alpha)

            self.pieces(m, rows, tile)

        self.pieces(n, vectors * self.lanes, strip)

    def _vectors(self, m: int, n: int) -> int:
        """How many vectors wide a strip should be."""

        def cycles(vectors: int) -> float:
            whole, rest = divmod(-(-n // self.lanes), vectors)
            return sum(
                times * -(-m // (rows := blocks(m, wide, self.registers))) * (max(rows * wide, rows + wide, 8) + 1)
                for times, wide in ((whole, vectors), (1, rest))
                if times and wide
            )

        return min((2, 3, 1, 4), key=cycles)

    def tile(
        self, a: Matrix, b: Matrix, c: Matrix, rows: int, parts: tuple[list[int], list[int]], k: int, alpha: Any
    ) -> None:
        """One tile of C, in registers while k runs."""
        zero = ir.Constant(self.vector, None)
        places = list(itertools.product(range(rows), range(len(parts[0]))))
        sums = [cgutils.alloca_once_value(self.builder, zero) for _ in places]
        with cgutils.for_range(self.builder, SIZE(k)) as loop:
            here = self.at(b.start, (loop.index, b.row))
            across = [self.load(self.at(here, (v, self.lanes)), lanes) for v, lanes in enumerate(parts[1])]
            down = self.at(a.start, (loop.index, a.column))
            numbers = [self.spread(self.builder.load(self.at(down, (i, a.row)))) for i in range(rows)]
            for (i, v), place in zip(places, sums, strict=True):
                product = self.builder.fmul(numbers[i], across[v], flags=CONTRACT)
                self.builder.store(self.builder.fadd(self.builder.load(place), product, flags=CONTRACT), place)
        factor = None if alpha is None else self.spread(alpha)
        for (i, v), place in zip(places, sums, strict=True):
            value, there = self.builder.load(place), self.at(c.start, (i, c.row), (v, self.lanes))
            if factor is not None:
                value = self.builder.fmul(value, factor, flags=CONTRACT)
                value = self.builder.fadd(self.load(there, parts[0][v]), value, flags=CONTRACT)
            self.store(value, there, parts[0][v])

    # ------------------------------------------------------------------------------------ strips

    def copied(self, source: Matrix, target: Matrix, rows: int, parts: list[int]) -> None:
        """Put rows that are far apart one behind the other."""

        def row(k: ir.Value | int) -> None:
            for v, lanes in enumerate(parts):
                value = self.load(self.at(source.start, (k, source.row), (v, self.lanes)), lanes)
                self.store(value, self.at(target.start, (k, target.row), (v, self.lanes)), self.lanes)

        self.each(rows, 1, row)

    def transposed(self, source: Matrix, target: Matrix, rows: int, columns: int, room: bool = True) -> None:
        """Put the rows of a matrix into the columns of another; with ``room`` for whole vectors, or just for them."""

        def block(i: ir.Value | int, height: int, j: ir.Value | int, breadth: int) -> None:
            here = self.at(source.start, (i, source.row), (j, 1))
            lines = [self.load(self.at(here, (r, source.row)), breadth) for r in range(height)]
            lines += [ir.Constant(self.vector, None)] * (self.lanes - height)
            there = self.at(target.start, (j, target.row), (i, 1))
            for r, line in enumerate(self.turned(lines)[:breadth]):
                self.store(line, self.at(there, (r, target.row)), self.lanes if room else height)

        self.pieces(
            rows,
            self.lanes,
            lambda i, height: self.pieces(columns, self.lanes, lambda j, breadth: block(i, height, j, breadth)),
        )

    def turned(self, lines: list[ir.Value]) -> list[ir.Value]:
        """A square of vectors, transposed: squares of 1, 2, 4, … change places across the diagonal."""
        lines, half = list(lines), 1
        while half < self.lanes:
            low = [lane if not lane & half else self.lanes + lane - half for lane in range(self.lanes)]
            high = [lane + half if not lane & half else self.lanes + lane for lane in range(self.lanes)]
            for i in (i for i in range(self.lanes) if not i & half):
                a, b = lines[i], lines[i + half]
                lines[i], lines[i + half] = self.shuffle(a, b, low), self.shuffle(a, b, high)
            half *= 2
        return lines


def written(
    module: ir.Module, number: ir.Type, size: int, flips: tuple[bool, bool], sizes: tuple[int, int, int], add: bool
) -> ir.Function:
    """The function (alpha, A, B, C) for these sizes: C = op(A) op(B), or with ``add`` C += alpha op(A) op(B).

    ``flips`` says which factors are stored transposed; all three are C-contiguous and do not overlap.
    """
    (ta, tb), (m, n, k) = flips, sizes
    letters = "".join("NT"[flip] for flip in flips)
    name = f"chainrule_product_{letters}{'_add' if add else ''}_f{size * 8}_{m}_{n}_{k}"
    pointer = number.as_pointer()
    function = cgutils.get_or_insert_function(
        module, ir.FunctionType(ir.VoidType(), [number, pointer, pointer, pointer]), name
    )
    if function.blocks:
        return function
    function.linkage = "internal"
    for attribute in ("noinline", "nounwind"):
        function.attributes.add(attribute)
    for argument in function.args[1:]:
        argument.add_attribute("noalias")
    writer = Writer(ir.IRBuilder(function.append_basic_block()), number, size)
    alpha, a, b, c = function.args
    left, right = Matrix(a, *((1, m) if ta else (k, 1))), Matrix(b, *((1, k) if tb else (n, 1)))
    around = m * k + m * n  # numbers to turn, if A is instead of B
    if tb and not ta and not add and around < n * k and n * m * size <= CACHE // 8 and fits(n, k, size):
        wide = -(-m // writer.lanes) * writer.lanes
        swapped = writer.scratch(n * wide)
        across, down = Matrix(b, k, 1), Matrix(a, 1, k)
        writer.product(across, down, Matrix(swapped, wide, 1), (n, m, k), None)
        writer.transposed(Matrix(swapped, wide, 1), Matrix(c, n, 1), n, m, room=False)
    else:
        writer.product(left, right, Matrix(c, n, 1), sizes, alpha if add else None)
    writer.builder.ret_void()
    return function
