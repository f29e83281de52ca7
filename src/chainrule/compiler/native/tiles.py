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
from chainrule.compiler.native.team import LARGE, Shared, together
from chainrule.compiler.native.vectors import SIZE, Writer, new_function

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
def blocks(m: int, vectors: int, registers: int) -> tuple[int, float]:
    """How many rows a tile of so many vectors should have, for a matrix of m rows, and the cycles of all tiles a k.

    Two products and two loads can begin in a cycle, and each needs four.  The last tile is counted as a whole one:
    it is, or costs a piece of code more.
    """

    def cycles(rows: int) -> float:
        return -(-m // rows) * (max(rows * vectors / 2, (rows + vectors) / 2, 4) + 0.5)

    most = (registers - 1) // vectors - 1  # beside the tile: its piece of B, and a number of A
    rows = min(range(1, min(m, max(most, 1)) + 1), key=cycles)
    return rows, cycles(rows)


class Product(Writer):
    """Writes the instructions of one product into a function."""

    def product(self, a: Matrix, b: Matrix, c: Matrix, sizes: tuple[int, int, int], alpha: ir.Value | None) -> None:
        """C = A B, or with ``alpha`` C += alpha A B; C lies along its rows."""
        m, n, k = sizes
        if k <= DEPTH:
            self.layer(a, b, c, sizes, alpha)
            return
        if alpha is None:
            self.each(m, 1, lambda i: self.cleared(Matrix(self.at(c.start, (i, c.row)), c.row, 1), n))

        def add(start: ir.Value | int, depth: int) -> None:
            here = Matrix(self.at(a.start, (start, a.column)), a.row, a.column)
            there = Matrix(self.at(b.start, (start, b.row)), b.row, b.column)
            self.layer(here, there, c, (m, n, depth), alpha or self.number(1))

        self.pieces(k, max(range(DEPTH // 2, DEPTH + 1), key=lambda depth: (-(k % depth), depth)), add)

    def cleared(self, row: Matrix, n: int) -> None:
        """A row of zeros."""
        self.pieces(n, self.lanes, lambda j, lanes: self.store(self.zero, self.at(row.start, (j, 1)), lanes))

    def layer(self, a: Matrix, b: Matrix, c: Matrix, sizes: tuple[int, int, int], alpha: ir.Value | None) -> None:
        """A product of so little depth that a strip of B stays in a cache."""
        m, n, k = sizes
        if 2 * m * n * k >= LARGE:
            self._shared(a, b, c, sizes, alpha)
        else:
            self._strips(a, b, c, sizes, alpha, self.covered if alpha is None else self.pieces)

    def _shared(self, a: Matrix, b: Matrix, c: Matrix, sizes: tuple[int, int, int], alpha: ir.Value | None) -> None:
        """The strips as a job for a `team`."""
        builder, module = self.builder, self.builder.module
        values = [*(matrix.start for matrix in (a, b, c)), *([] if alpha is None else [alpha])]
        frame = cgutils.alloca_once(builder, ir.LiteralStructType([value.type for value in values]))
        builder.store(cgutils.pack_struct(builder, values), frame)
        job = new_function(module, module.get_unique_name("chainrule_strips"), [ir.IntType(8).as_pointer()])
        inner = Product(ir.IRBuilder(job.append_basic_block()), self.number, self.size)
        given = inner.builder.load(inner.builder.bitcast(job.args[0], frame.type))
        starts = cgutils.unpack_tuple(inner.builder, given)
        there, here, into = (Matrix(start, x.row, x.column) for start, x in zip(starts[:3], (a, b, c), strict=True))
        inner._strips(there, here, into, sizes, None if alpha is None else starts[3], inner.taken)
        inner.builder.ret_void()
        together(builder, job, builder.bitcast(frame, ir.IntType(8).as_pointer()))

    def taken(self, whole: int, step: int, body: Callable[[ir.Value | int, int], None]) -> None:
        """``body`` for the pieces that nobody else of a `team` takes."""
        shared, (full, rest) = Shared(self.builder), divmod(whole, step)
        at = cgutils.alloca_once(self.builder, SIZE)

        def there_is_one() -> ir.Value:
            self.builder.store(shared.taken(), at)
            return self.builder.icmp_unsigned("<", self.builder.load(at), SIZE(full + (rest > 0)))

        def piece() -> None:
            number = self.builder.load(at)
            if not rest:
                body(self.builder.mul(number, SIZE(step)), step)
                return
            with self.builder.if_else(self.builder.icmp_unsigned("<", number, SIZE(full))) as (inside, last):
                with inside:
                    body(self.builder.mul(number, SIZE(step)), step)
                with last:
                    body(full * step, rest)

        shared.turns(there_is_one, piece)

    def _strips(
        self, a: Matrix, b: Matrix, c: Matrix, sizes: tuple[int, int, int], alpha: ir.Value | None,
        strips: Callable[[int, int, Callable[[ir.Value | int, int], None]], None],
    ) -> None:  # fmt: skip
        """The product strip by strip of B; ``strips`` says which."""
        m, n, k = sizes
        vectors = self._vectors(m, n)
        rows, _ = blocks(m, vectors, self.registers)
        over = self.covered if alpha is None else self.pieces  # what is added must be added once
        scattered = b.row * self.size % PAGE == 0 and m > rows
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

            def tile(i: ir.Value | int, rows: int) -> None:
                here = Matrix(self.at(a.start, (i, a.row)), a.row, a.column)
                there = Matrix(self.at(c.start, (i, c.row), (j, 1)), c.row, 1)
                self.tile(here, start, there, rows, (parts, parts_of_b), k, alpha)

            over(m, rows, tile)

        strips(n, vectors * self.lanes, strip)

    def _vectors(self, m: int, n: int) -> int:
        """How many vectors wide a strip should be."""
        most = -(-n // self.lanes)
        choices = [vectors for vectors in (2, 3, 1, 4) if vectors <= most]
        return min(choices, key=lambda vectors: -(-most // vectors) * blocks(m, vectors, self.registers)[1])

    def tile(
        self, a: Matrix, b: Matrix, c: Matrix, rows: int, parts: tuple[list[int], list[int]], k: int, alpha: Any
    ) -> None:
        """One tile of C, in registers while k runs."""
        places = list(itertools.product(range(rows), range(len(parts[0]))))

        def one(index: ir.Value, sums: list[ir.Value]) -> list[ir.Value]:
            here, down = self.at(b.start, (index, b.row)), self.at(a.start, (index, a.column))
            across = [self.load(self.at(here, (v, self.lanes)), lanes) for v, lanes in enumerate(parts[1])]
            numbers = [self.spread(self.builder.load(self.at(down, (i, a.row)))) for i in range(rows)]
            products = [self.builder.fmul(numbers[i], across[v], flags=CONTRACT) for i, v in places]
            return [self.builder.fadd(x, y, flags=CONTRACT) for x, y in zip(sums, products, strict=True)]

        values = self.running(k, [self.zero for _ in places], one)
        factor = None if alpha is None else self.spread(alpha)
        for (i, v), value in zip(places, values, strict=True):
            there = self.at(c.start, (i, c.row), (v, self.lanes))
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
            here, there = self.at(source.start, (i, source.row), (j, 1)), self.at(target.start, (j, target.row), (i, 1))
            square = self._square(height, breadth, self.lanes if room else height)
            self.builder.call(square, [here, SIZE(source.row), there, SIZE(target.row)])

        self.pieces(
            rows,
            self.lanes,
            lambda i, height: self.pieces(columns, self.lanes, lambda j, breadth: block(i, height, j, breadth)),
        )

    def _square(self, height: int, breadth: int, stored: int) -> ir.Function:
        """The function (source, its row length, target, its row length) for squares of this size: one for all products.

        Squares of 1, 2, 4, … lanes change places across the diagonal.
        """
        pointer, name = self.number.as_pointer(), f"chainrule_turn_f{self.size * 8}_{height}_{breadth}_{stored}"
        function = new_function(self.builder.module, name, [pointer, SIZE, pointer, SIZE])
        if function.blocks:
            return function
        inner = Writer(ir.IRBuilder(function.append_basic_block()), self.number, self.size)
        builder, (source, source_row, target, target_row) = inner.builder, function.args
        places = [builder.gep(source, [builder.mul(source_row, SIZE(r))], inbounds=True) for r in range(height)]
        lines = [inner.load(place, breadth) for place in places] + [self.zero] * (self.lanes - height)
        half = 1
        while half < self.lanes:
            low = [lane if not lane & half else self.lanes + lane - half for lane in range(self.lanes)]
            high = [lane + half if not lane & half else self.lanes + lane for lane in range(self.lanes)]
            masks = [ir.Constant(ir.VectorType(ir.IntType(32), self.lanes), chosen) for chosen in (low, high)]
            for i in (i for i in range(self.lanes) if not i & half):
                pair = lines[i], lines[i + half]
                lines[i], lines[i + half] = (builder.shuffle_vector(*pair, mask) for mask in masks)
            half *= 2
        for r, line in enumerate(lines[:breadth]):
            inner.store(line, builder.gep(target, [builder.mul(target_row, SIZE(r))], inbounds=True), stored)
        builder.ret_void()
        return function


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
    function = new_function(module, name, [number, pointer, pointer, pointer])
    if function.blocks:
        return function
    writer = Product(ir.IRBuilder(function.append_basic_block()), number, size)
    alpha, a, b, c = function.args
    left, right = Matrix(a, *((1, m) if ta else (k, 1))), Matrix(b, *((1, k) if tb else (n, 1)))
    around = m * k + m * n  # numbers to turn, if A is instead of B
    alone = 2 * m * n * k < LARGE  # else there are more strips for two threads the plain way
    if alone and tb and not ta and not add and around < n * k and n * m * size <= CACHE // 8 and fits(n, k, size):
        wide = -(-m // writer.lanes) * writer.lanes
        swapped = writer.scratch(n * wide)
        across, down = Matrix(b, k, 1), Matrix(a, 1, k)
        writer.product(across, down, Matrix(swapped, wide, 1), (n, m, k), None)
        writer.transposed(Matrix(swapped, wide, 1), Matrix(c, n, 1), n, m, room=False)
    else:
        writer.product(left, right, Matrix(c, n, 1), sizes, alpha if add else None)
    writer.builder.ret_void()
    return function
