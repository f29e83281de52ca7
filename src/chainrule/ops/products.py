"""Products of vectors, matrices and more, composed of the two contractions in the book."""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule.errors import ArgumentError, OperandError, ShapeError, shape_of
from chainrule.ops import contraction
from chainrule.ops.movement import expand, permute, reshape
from chainrule.ops.placing import diagonal
from chainrule.ops.reduction import sum
from chainrule.ops.shaping import movedim, squeeze, unsqueeze


def matmul(input: Any, other: Any) -> Any:
    """Matrix product ``input @ other``: vectors (n,), matrices (m, k), and stacks of matrices (..., m, k).

    A vector on the left counts as one row, on the right as one column, and that dimension is gone from the
    result.  Raises ShapeError where the sizes do not fit.

    >>> chainrule.ones(2, 3) @ chainrule.ones(3)
    tensor([3., 3.])
    """
    for x in (input, other):
        if not hasattr(x, "ndim"):
            raise OperandError(f"matmul with {type(x).__name__}: both sides must be tensors; use * for a number")
        if not x.ndim:
            raise ShapeError("matmul with a 0-d tensor: it is one number; use * instead of @")
    if input.ndim > 1 and other.ndim > 1:
        return contraction.matmul(input, other)
    left = unsqueeze(input, 0) if input.ndim == 1 else input
    right = unsqueeze(other, 1) if other.ndim == 1 else other
    out = contraction.matmul(left, right)
    if input.ndim == 1:
        out = squeeze(out, -2)
    return squeeze(out, -1) if other.ndim == 1 else out


def _of_dims(name: str, input: Any, other: Any, left: int, right: int) -> Any:
    """matmul, for operands with exactly these numbers of dimensions."""
    if (input.ndim, other.ndim) != (left, right):
        raise ShapeError(
            f"{name} of {shape_of(input.shape)} and {shape_of(other.shape)}: it takes {left} and {right} dimensions; "
            f"matmul (@) takes others"
        )
    return matmul(input, other)


def mm(input: Any, mat2: Any) -> Any:
    """Matrix times matrix."""
    return _of_dims("mm", input, mat2, 2, 2)


def mv(input: Any, vec: Any) -> Any:
    """Matrix times vector."""
    return _of_dims("mv", input, vec, 2, 1)


def bmm(input: Any, mat2: Any) -> Any:
    """Matrices times matrices, one pair for each place of the batch: (b, m, k) and (b, k, n)."""
    if input.ndim == 3 and mat2.ndim == 3 and input.shape[0] != mat2.shape[0]:
        raise ShapeError(f"bmm of {shape_of(input.shape)} and {shape_of(mat2.shape)}: the batches differ in size")
    return _of_dims("bmm", input, mat2, 3, 3)


def dot(input: Any, tensor: Any) -> Any:
    """Vector times vector: one number.

    >>> chainrule.dot(chainrule.tensor([1.0, 2.0]), chainrule.tensor([3.0, 4.0]))
    tensor(11.)
    """
    if input.shape != tensor.shape:
        raise ShapeError(f"dot of {shape_of(input.shape)} and {shape_of(tensor.shape)}: vectors of one length")
    return _of_dims("dot", input, tensor, 1, 1)


def outer(input: Any, vec2: Any) -> Any:
    """Every number of one vector times every number of another: (n,) and (m,) -> (n, m)."""
    if input.ndim != 1 or vec2.ndim != 1:
        raise ShapeError(f"outer of {shape_of(input.shape)} and {shape_of(vec2.shape)}: it takes two vectors")
    return unsqueeze(input, 1) * vec2


def addmm(input: Any, mat1: Any, mat2: Any, *, beta: float = 1, alpha: float = 1) -> Any:
    """beta × input + alpha × (mat1 @ mat2)."""
    product = mm(mat1, mat2)
    return (input if beta == 1 else beta * input) + (product if alpha == 1 else alpha * product)


def trace(input: Any) -> Any:
    """Sum of the diagonal of a matrix."""
    if input.ndim != 2:
        raise ShapeError(f"trace of shape {shape_of(input.shape)}: it takes a matrix")
    return sum(diagonal(input))


def einsum(equation: str, *operands: Any) -> Any:
    """Einstein's summation: ``einsum("bi,oi->bo", x, w)`` sums x[b, i] w[o, i] over every letter not on the right.

    Without ``->`` the result has the letters that stand once, in alphabetical order.  "..." stands for any
    number of dimensions, which broadcast.  Raises ArgumentError, ShapeError.

    >>> chainrule.einsum("ij,kj->ik", chainrule.ones(2, 3), chainrule.ones(4, 3)).shape
    (2, 4)
    """
    xs = list(operands[0]) if len(operands) == 1 and isinstance(operands[0], list | tuple) else list(operands)
    terms, result = _parsed(equation, xs)
    xs = [_diagonals(x, term) for x, term in zip(xs, terms, strict=True)]
    terms = ["".join(dict.fromkeys(term)) for term in terms]
    x, term = xs[0], terms[0]
    for i in range(1, len(xs)):
        later = set(result).union(*terms[i + 1 :])
        x, term = _contract(x, term, xs[i], terms[i], later)
    gone = tuple(i for i, letter in enumerate(term) if letter not in result)
    x = sum(x, gone) if gone else x
    term = "".join(letter for letter in term if letter in result)
    return permute(x, tuple(term.index(letter) for letter in result)) if term != result else x


def _parsed(equation: str, xs: list[Any]) -> tuple[list[str], str]:
    """The letters of each operand and of the result; "..." replaced by letters of its own (capital Greek)."""
    left, arrow, right = equation.replace(" ", "").partition("->")
    terms = left.split(",")
    if len(terms) != len(xs):
        raise ArgumentError(f"einsum {equation!r} names {len(terms)} operands and was given {len(xs)}")
    dots = max((x.ndim - len(t.replace("...", "")) for x, t in zip(xs, terms, strict=True) if "..." in t), default=0)
    spare = "".join(chr(0x391 + i) for i in range(dots))
    named = []
    for x, t in zip(xs, terms, strict=True):
        own = x.ndim - len(t.replace("...", ""))
        t = t.replace("...", spare[dots - own :]) if own >= 0 else t
        if len(t) != x.ndim:
            raise ShapeError(
                f"einsum {equation!r}: {t!r} names {len(t)} dimensions of a tensor of shape {shape_of(x.shape)}"
            )
        named.append(t)
    sizes: dict[str, int] = {}
    for x, t in zip(xs, named, strict=True):
        for letter, n in zip(t, x.shape, strict=True):
            if sizes.setdefault(letter, n) != n and 1 not in (n, sizes[letter]):
                raise ShapeError(f"einsum {equation!r}: the letter {letter!r} has sizes {sizes[letter]} and {n}")
            sizes[letter] = max(n, sizes[letter])
    everything = "".join(named)
    if arrow:
        result = right.replace("...", spare)
    else:
        result = spare + "".join(sorted(c for c in set(everything) - set(spare) if everything.count(c) == 1))
    if set(result) - set(everything) or len(set(result)) < len(result):
        raise ArgumentError(f"einsum {equation!r}: each letter on the right must stand once, and on the left too")
    return named, result


def _diagonals(x: Any, term: str) -> Any:
    """The diagonal for every letter that a term names twice."""
    for letter in dict.fromkeys(term):
        while term.count(letter) > 1:
            i = term.index(letter)
            j = term.index(letter, i + 1)
            x = movedim(diagonal(x, 0, i, j), -1, i)
            term = term[:j] + term[j + 1 :]
    return x


def _contract(x: Any, a: str, y: Any, b: str, later: set[str]) -> tuple[Any, str]:
    """Two operands made one: a batched matrix product over the letters that are shared and not needed later."""
    both = [c for c in a if c in b]
    x = sum(x, alone) if (alone := tuple(i for i, c in enumerate(a) if c not in b and c not in later)) else x
    a = "".join(c for c in a if c in b or c in later)
    y = sum(y, alone) if (alone := tuple(i for i, c in enumerate(b) if c not in a and c not in later)) else y
    b = "".join(c for c in b if c in a or c in later)
    batch, inner = [c for c in both if c in later], [c for c in both if c not in later]
    left, right = [c for c in a if c not in b], [c for c in b if c not in a]
    size = {c: max(n, m) for c, n, m in ((c, x.shape[a.index(c)], y.shape[b.index(c)]) for c in both)}
    x = _arranged(x, a, batch, left, inner, size)
    y = _arranged(y, b, batch, inner, right, size)
    shape = [*x.shape[: len(batch)]]
    rows, columns = x.shape[len(batch) : len(batch) + len(left)], y.shape[len(batch) + len(inner) :]
    k = int(np.prod([size[c] for c in inner]))
    product = contraction.matmul(
        reshape(x, (*shape, int(np.prod(rows)), k)), reshape(y, (*shape, k, int(np.prod(columns))))
    )
    return reshape(product, (*shape, *rows, *columns)), "".join([*batch, *left, *right])


def _arranged(x: Any, term: str, *groups: Any) -> Any:
    """The dimensions in the order of the groups of letters, sizes of 1 repeated to their full size."""
    *orders, size = groups
    letters = [c for group in orders for c in group]
    x = permute(x, tuple(term.index(c) for c in letters))
    return expand(x, tuple(size.get(c, n) for c, n in zip(letters, x.shape, strict=True)))
