"""Products of matrices as works: small ones multiplied out in loops, which fuse; larger ones functions of their own."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable
from typing import Any

from chainrule.compiler import refs
from chainrule.compiler.building import Building, shaped, source_shape
from chainrule.compiler.entries import Entry
from chainrule.compiler.refs import Affine, Indirect, Ref, along
from chainrule.compiler.works import UNROLL, Axis, Operand, Work

SMALL = 4  # a matrix product with a dimension up to this is multiplied out in loops


def matmul(low: Building, entry: Entry) -> Ref | None:
    """A matrix product: multiplied out in loops where it is small, else a function called (`native.products`)."""
    a, b = (low.refs[x] for x in entry.inputs)
    m, k, n = a.shape[-2], a.shape[-1], b.shape[-1]
    if 0 in (*entry.shape, k):
        return None
    _, out = low.axes(entry.shape)
    inner = Axis(k) if k > 1 else None
    left = low.read(a, [*out[:-1], inner])
    right = low.read(b, [*out[:-2], inner, out[-1]])
    axes = [axis for axis in (*out, inner) if axis is not None]
    if entry.dtype.kind != "f" or min(m, k, n) <= SMALL:
        return _multiplied(low, entry, left, right, axes, out, inner)
    batch = [axis for axis in out[:-2] if axis is not None]
    left, right = (_matrix(low, ref, entry, out, side) for ref, side in ((a, 0), (b, 1)))
    work = low.work("gemm", entry, batch, [left, right], out, "gemm", meta={"m": m, "n": n, "k": k})
    # what is computed of short rows next (a softmax) is written out for one row; the loop over rows becomes vectors if
    # neighbours in memory are of neighbouring rows
    work.by_columns = len(out) == 2 and n <= UNROLL < m and not entry.of
    return refs.whole(work, entry.shape)


def stored_by_columns(operand: Operand, axes: list[Axis]) -> bool:
    """Whether an operand reads, at just its own place, what is stored by columns."""
    source = operand.source
    return isinstance(source, Work) and source.by_columns and not operand.masks and _plainly(operand, list(axes))


def _multiplied(
    low: Building,
    entry: Entry,
    left: Operand,
    right: Operand,
    axes: list[Axis],
    out: list[Axis | None],
    inner: Axis | None,
) -> Ref:
    axes = low.ordered(axes, [left, right])
    if inner is None:
        return refs.whole(low.work("map", entry, axes, [left, right], out, "mul"), entry.shape)
    product = low.work("map", shaped(entry, (0,) * len(axes)), axes, [left, right], list(axes), "mul")
    again = [Axis(axis.size) for axis in axes]
    swap = dict(zip(axes, again, strict=True))
    operand = Operand(product, tuple(along(axis) for axis in again))
    kept = [None if axis is None else swap[axis] for axis in out]
    return refs.whole(low.work("reduce", entry, again, [operand], kept, "add"), entry.shape)


def _matrix(low: Building, ref: Ref, entry: Entry, out: list[Axis | None], side: int) -> Operand:
    """A matrix (or one for each place of the batch) as a product reads it: in memory of its own, or turned."""
    rows, columns = len(ref.shape) - 2, len(ref.shape) - 1
    turned = refs.permuted(ref, (*range(rows), columns, rows))
    if not _in_rows(ref) and not _in_rows(turned):
        ref = low.copied(ref, entry)
    flip = not _in_rows(ref)
    use = refs.permuted(ref, (*range(rows), columns, rows)) if flip else ref
    into: dict[Hashable, Affine] = {}
    back = len(out) - len(ref.shape)
    for d in range(rows):
        axis = out[d + back]
        into[d] = along(axis) if ref.shape[d] > 1 and axis is not None else Affine()
    into[rows] = into[columns] = Affine()
    operand = low.placed(use, into)
    stored_turned = isinstance(ref.source, Work) and ref.source.by_columns
    return Operand(operand.source, operand.index[: len(operand.index) - 2], fill=flip != stored_turned)


def _in_rows(ref: Ref) -> bool:
    """Whether the last two dimensions are those of the source, in order, and whole."""
    d = len(ref.shape) - 2
    if ref.masks or len(ref.index) < 2 or any(isinstance(i, Indirect) for i in ref.index):
        return False
    if isinstance(ref.source, Work) and not ref.source.in_order() and not ref.source.by_columns:
        return False
    shape = source_shape(ref.source)
    rows, columns = ref.index[-2:]
    whole_rows = rows == along(d) and columns == along(d + 1)
    return (
        whole_rows
        and shape[-2:] == ref.shape[-2:]
        and not any(v in (d, d + 1) for i in ref.index[:-2] for v, _ in i.terms)
    )


# ---------------------------------------------------------------------------------------- added to a buffer


def accumulated(works: list[Work]) -> list[Work]:
    """The works with each ``W -= s * (A @ B)`` as one product that adds to W: the gradient is never in memory."""
    reads = Counter(operand.source for work in works for operand in work.reads() if isinstance(operand.source, Work))
    gone: set[Work] = set()
    factors: dict[Any, Work] = {}
    found = []
    for work in works:
        parts = _update(work, reads) if work.kind == "store" and "buffer" in work.meta else None
        if parts is None:
            found.append(work)
            continue
        product, scale, turned, between = parts
        gone.update(between)
        left, right = product.operands
        if turned:  # (A B)ᵀ = Bᵀ Aᵀ
            left, right = (Operand(x.source, x.index, fill=not x.fill) for x in (right, left))
        m, n = ("n", "m") if turned else ("m", "n")
        meta = {"m": product.meta[m], "n": product.meta[n], "k": product.meta["k"], "buffer": work.meta["buffer"]}
        if scale.source not in factors:
            entry = shaped(work.entry, ())
            factors[scale.source] = Work("map", entry, [], [scale], [], "neg", number=between[-1].number)
            found.append(factors[scale.source])
        operands = [left, right, Operand(factors[scale.source])]
        found.append(Work("gemm", work.entry, [], operands, work.out, "gemm", meta=meta, number=work.number))
    return [work for work in found if work not in gone]


def _update(store: Work, reads: Counter[Any]) -> tuple[Work, Operand, bool, list[Work]] | None:
    """The product, its factor, whether it is turned, and what goes, if a store is such an update."""
    buffer = store.meta["buffer"]

    def only(operand: Operand, how: str, axes: list[Axis | None]) -> Work | None:
        """What an operand reads at just its own place, if it is this, and nobody else reads it."""
        source = operand.source
        fine = isinstance(source, Work) and source.how == how and reads[source] == 1 and not operand.masks
        return source if fine and _plainly(operand, axes) else None

    difference = only(store.operands[0], "sub", store.out) if len(store.out) == 2 and None not in store.out else None
    if difference is None or difference.operands[0].source is not buffer:
        return None
    if not _plainly(difference.operands[0], difference.out) or difference.dtype != store.dtype:
        return None
    scaled = only(difference.operands[1], "mul", difference.out)
    if scaled is None or scaled.dtype != store.dtype:
        return None
    for scale, operand in (scaled.operands, reversed(scaled.operands)):
        copy = only(operand, "copy", scaled.out)  # of a gradient that comes turned
        (behind,), axes = (copy.operands, copy.out) if copy else ((operand,), scaled.out)
        for turned in (False, True):
            product = only(behind, "gemm", axes[::-1] if turned else axes)
            if product is None or product.axes or "buffer" in product.meta or scale.index or scale.masks:
                continue
            if not any(_root(x.source) is buffer for x in product.operands):
                return product, scale, turned, [product, *([copy] if copy else []), scaled, difference]
    return None


def _plainly(operand: Operand, axes: list[Axis | None]) -> bool:
    return list(operand.index) == [along(axis) for axis in axes if axis is not None]


def _root(source: Any) -> Any:
    while isinstance(source, Work) and source.kind == "alias":
        source = source.operands[0].source
    return source
