"""Products of matrices as works: small ones multiplied out in loops, which fuse; larger ones left to BLAS."""

from __future__ import annotations

from collections.abc import Hashable

from chainrule.compiler import refs
from chainrule.compiler.building import Building, shaped, source_shape
from chainrule.compiler.entries import Entry
from chainrule.compiler.refs import Affine, Indirect, Ref, along
from chainrule.compiler.works import Axis, Operand, Work

SMALL = 4  # a matrix product with a dimension up to this is multiplied out in loops


def matmul(low: Building, entry: Entry) -> Ref | None:
    """A matrix product: multiplied out in loops where it is small, else left to BLAS."""
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
    meta = {"m": m, "n": n, "k": k}
    return refs.whole(low.work("gemm", entry, batch, [left, right], out, "gemm", meta=meta), entry.shape)


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
    """A matrix (or one for each place of the batch) as BLAS can read it: in memory of its own, or turned."""
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
    return Operand(operand.source, operand.index[: len(operand.index) - 2], fill=flip)


def _in_rows(ref: Ref) -> bool:
    """Whether the last two dimensions are those of the source, in order, and whole."""
    d = len(ref.shape) - 2
    if ref.masks or len(ref.index) < 2 or any(isinstance(i, Indirect) for i in ref.index):
        return False
    if isinstance(ref.source, Work) and not ref.source.in_order():
        return False
    shape = source_shape(ref.source)
    rows, columns = ref.index[-2:]
    whole_rows = rows == along(d) and columns == along(d + 1)
    return (
        whole_rows
        and shape[-2:] == ref.shape[-2:]
        and not any(v in (d, d + 1) for i in ref.index[:-2] for v, _ in i.terms)
    )
