"""Where a value stands in memory: views without code.

A value of the recorded step is a *reference*: a source (something computed, or a leaf) and, for each dimension of
the source, the place there as an affine function of the places in the value.  Transposing, slicing, flipping,
repeating, sliding windows only change these functions; nothing is copied and no code is written for them.

affine   const + Σ coef × place, over some of the value's dimensions
mask     a condition 0 ≤ affine < size, outside of which the value is ``fill`` (padding)
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, field
from typing import Any

Shape = tuple[int, ...]


@dataclass(frozen=True)
class Affine:
    """const + Σ coef × variable.  Variables are dimensions of a value, later the axes of a loop."""

    const: int = 0
    terms: tuple[tuple[Hashable, int], ...] = ()

    def put(self, into: dict[Hashable, Affine]) -> Affine:
        """With every variable replaced by an affine function of others."""
        if not self.terms:
            return self
        if (variable := self.plain()) is not None:
            return into[variable]
        const, terms = self.const, dict[Hashable, int]()
        for variable, coef in self.terms:
            inner = into[variable]
            const += coef * inner.const
            for name, c in inner.terms:
                terms[name] = terms.get(name, 0) + coef * c
        return Affine(const, tuple((name, c) for name, c in terms.items() if c))

    def plain(self) -> Any:
        """The one variable it is equal to; None if it is more than that."""
        return self.terms[0][0] if not self.const and len(self.terms) == 1 and self.terms[0][1] == 1 else None


def along(variable: Hashable, coef: int = 1, const: int = 0) -> Affine:
    """coef × variable + const."""
    return Affine(const, ((variable, coef),))


@dataclass(frozen=True, eq=False)
class Indirect:
    """A place that is itself a value: ``x[index]``.  ``size`` is that of the dimension it points into."""

    ref: Ref
    size: int


@dataclass(frozen=True, eq=False)
class Ref:
    """A value: see the head of this file.  ``index`` has one place for each dimension of the source."""

    source: Any
    shape: Shape
    index: tuple[Any, ...]
    masks: tuple[tuple[Affine, int], ...] = ()
    fill: Any = field(default=0)

    def put(self, shape: Shape, into: dict[Hashable, Affine]) -> Ref:
        """The value seen through new places: ``into`` says for each of its dimensions where it is in the new ones."""
        index = tuple(
            Indirect(i.ref.put(shape, into), i.size) if isinstance(i, Indirect) else i.put(into) for i in self.index
        )
        return Ref(self.source, shape, index, tuple((m.put(into), n) for m, n in self.masks), self.fill)

    def whole(self) -> bool:
        """Whether it is its source, just so."""
        if self.masks or len(self.index) != len(self.shape):
            return False
        return all(
            not isinstance(i, Indirect) and (i == (along(d) if n > 1 else Affine()))
            for d, (i, n) in enumerate(zip(self.index, self.shape, strict=True))
        )


def whole(source: Any, shape: Shape) -> Ref:
    """A source as the value it is."""
    return Ref(source, shape, tuple(along(d) if n > 1 else Affine() for d, n in enumerate(shape)))


def straight(shape: Shape) -> dict[Hashable, Affine]:
    """Every dimension where it was; of size 1: at 0."""
    return {d: along(d) if n > 1 else Affine() for d, n in enumerate(shape)}


def permuted(ref: Ref, dims: Shape) -> Ref:
    """The dimensions in another order."""
    shape = tuple(ref.shape[d] for d in dims)
    return ref.put(shape, {d: along(i) if ref.shape[d] > 1 else Affine() for i, d in enumerate(dims)})


def expanded(ref: Ref, shape: Shape) -> Ref:
    """Repeated along dimensions of size 1, and new ones in front."""
    back = len(shape) - len(ref.shape)
    return ref.put(shape, {d: along(d + back) if n > 1 else Affine() for d, n in enumerate(ref.shape)})


def reshaped(ref: Ref, shape: Shape) -> Ref | None:
    """In another shape, where that only splits dimensions or moves those of size 1; None where some are merged."""
    old = [(d, n) for d, n in enumerate(ref.shape) if n > 1]
    new = [(d, n) for d, n in enumerate(shape) if n > 1]
    into: dict[Hashable, Affine] = {d: Affine() for d in range(len(ref.shape))}
    at = 0
    for d, n in old:
        terms, size = [], 1
        while size < n and at < len(new):
            terms.append(new[at])
            size *= new[at][1]
            at += 1
        if size != n:
            return None
        coef, parts = 1, []
        for variable, m in reversed(terms):
            parts.append((variable, coef))
            coef *= m
        into[d] = Affine(0, tuple(reversed(parts)))
    return ref.put(shape, into)


def flipped(ref: Ref, dims: Shape) -> Ref:
    """The places along ``dims`` in reverse."""
    into = straight(ref.shape)
    for d in dims:
        if ref.shape[d] > 1:
            into[d] = along(d, -1, ref.shape[d] - 1)
    return ref.put(ref.shape, into)


def windowed(ref: Ref, shape: Shape, kernel: Shape, stride: Shape, dilation: Shape) -> Ref:
    """Every window over the last dimensions: (..., L) -> (..., windows, kernel)."""
    k, lead = len(kernel), len(ref.shape) - len(kernel)
    into = straight(ref.shape)
    for i in range(k):
        terms = ((lead + i, stride[i]), (lead + k + i, dilation[i]))
        into[lead + i] = Affine(0, tuple((d, c) for d, c in terms if shape[d] > 1))
    return ref.put(shape, into)


def padded(ref: Ref, widths: Any, value: Any) -> Ref | None:
    """Wider by (before, after) along each dimension; None where it is padded with something else already."""
    if ref.masks and ref.fill != value:
        return None
    shape = tuple(n + before + after for n, (before, after) in zip(ref.shape, widths, strict=True))
    into: dict[Hashable, Affine] = {}
    masks = []
    for d, (n, (before, after)) in enumerate(zip(ref.shape, widths, strict=True)):
        into[d] = Affine(-before, ((d, 1),) if shape[d] > 1 else ())
        if before or after:
            masks.append((into[d], n))
    new = ref.put(shape, into)
    return Ref(new.source, shape, new.index, (*new.masks, *masks), value)


def sliced(ref: Ref, index: tuple[Any, ...]) -> Ref | None:
    """``x[index]`` for whole numbers, slices, None and ``...``; None for anything else."""
    if any(not (part is None or part is Ellipsis or type(part) is int or isinstance(part, slice)) for part in index):
        return None
    named = sum(part is not None and part is not Ellipsis for part in index)
    parts: list[Any] = []
    for part in index if any(part is Ellipsis for part in index) else (*index, Ellipsis):
        parts += [slice(None)] * (len(ref.shape) - named) if part is Ellipsis else [part]
    shape: list[int] = []
    into: dict[Hashable, Affine] = {}
    d = 0
    for part in parts:
        if part is None:
            shape.append(1)
            continue
        if isinstance(part, slice):
            start, _, step = part.indices(ref.shape[d])
            size = len(range(*part.indices(ref.shape[d])))
            into[d] = Affine(start, ((len(shape), step),) if size > 1 else ())
            shape.append(size)
        else:
            into[d] = Affine(part % ref.shape[d])
        d += 1
    return ref.put(tuple(shape), into)
