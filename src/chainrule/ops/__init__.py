"""The book of operations: each one stated once; every other part of chainrule reads it here.

    base          what an operation is; the registry ``BOOK``; broadcasting undone once
    dtypes        in which dtype operands of different kinds meet
    memory        memory that is let go stays with the process

    elementwise   the family that works place by place
    choosing        where, maximum, clamp, comparisons
    functions       exp, log, sin, tanh, erf, ...
    arithmetic      + - * / ** and what is near them
    movement      numbers moved, none changed
    indexing      reading and writing by index
    windows       sliding windows: convolution and pooling
    peaks         the largest of every window
    reduction     along a dimension: sums, extremes
    softmax       along a dimension: probabilities and their logarithms
    norms         mean 0 and variance 1 along dimensions
    scan          so far along a dimension: cumsum; in order: argsort
    contraction   multiply and add along a shared dimension

    shaping, parts, placing, products, statistics, formulas: composed of these; their gradients follow

Imports NumPy and ``errors``, nothing else of ours.
"""

from types import ModuleType as _ModuleType

from chainrule.ops.arithmetic import (
    abs,
    add,
    ceil,
    div,
    floor,
    floor_divide,
    fmod,
    mul,
    neg,
    pow,
    remainder,
    round,
    sign,
    sub,
    trunc,
)
from chainrule.ops.base import BOOK, Op, Recording
from chainrule.ops.choosing import (
    bitwise_and,
    bitwise_not,
    bitwise_or,
    bitwise_xor,
    clamp,
    eq,
    ge,
    gt,
    le,
    lt,
    maximum,
    minimum,
    ne,
    where,
)
from chainrule.ops.contraction import linear
from chainrule.ops.elementwise import cast, clone, detach, flush
from chainrule.ops.formulas import (
    addcdiv,
    addcmul,
    lerp,
    logical_and,
    logical_not,
    logical_or,
    logical_xor,
    reciprocal,
    rsqrt,
    square,
)
from chainrule.ops.functions import (
    acos,
    acosh,
    asin,
    asinh,
    atan,
    atan2,
    atanh,
    cos,
    cosh,
    erf,
    erfc,
    exp,
    exp2,
    expm1,
    hypot,
    log,
    log1p,
    log2,
    log10,
    logsigmoid,
    relu,
    sigmoid,
    sin,
    sinh,
    sqrt,
    tan,
    tanh,
)
from chainrule.ops.indexing import gather, getitem, pick, setitem, ungather, unindex
from chainrule.ops.memory import keep_freed_memory as _keep_freed_memory
from chainrule.ops.movement import cat, expand, flip, pad_constant, permute, reshape
from chainrule.ops.norms import standardize
from chainrule.ops.parts import (
    chunk,
    fliplr,
    flipud,
    hstack,
    narrow,
    pad,
    repeat,
    repeat_interleave,
    roll,
    split,
    tile,
    unbind,
    vstack,
)
from chainrule.ops.peaks import at_peak, unpeak
from chainrule.ops.placing import (
    diag,
    diagonal,
    index_select,
    masked_fill,
    masked_select,
    one_hot,
    scatter,
    scatter_add,
    take_along_dim,
    tril,
    triu,
)
from chainrule.ops.products import addmm, bmm, dot, einsum, matmul, mm, mv, outer, trace
from chainrule.ops.reduction import amax, amin, argmax, argmin, mean, sum, sum_squares
from chainrule.ops.scan import argsort, cumprod, cumsum, prod
from chainrule.ops.shaping import (
    broadcast_to,
    expand_as,
    flatten,
    movedim,
    squeeze,
    stack,
    swapaxes,
    t,
    transpose,
    unflatten,
    unsqueeze,
    view,
)
from chainrule.ops.softmax import log_softmax, softmax
from chainrule.ops.statistics import (
    all,
    allclose,
    any,
    count_nonzero,
    equal,
    isclose,
    isfinite,
    isinf,
    isnan,
    logsumexp,
    max,
    min,
    norm,
    sort,
    std,
    topk,
    var,
)
from chainrule.ops.windows import overlap, windows

_keep_freed_memory()

__all__ = sorted(name for name, value in globals().items() if name[0] != "_" and not isinstance(value, _ModuleType))
