"""What a tensor can do, by name: the operations of the book as methods, and the ways to another dtype."""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule import ops
from chainrule.backprop import Node
from chainrule.devices import device as _device
from chainrule.devices import is_place
from chainrule.ops.base import Array
from chainrule.ops.dtypes import as_dtype

CPU = _device("cpu")


class Methods(ops.Recording):
    """The methods of `Tensor` that are operations; an operation is a function, so it only needs a name here."""

    __slots__ = ("_grad", "array", "made", "node", "version")

    array: Array
    node: Node | None
    _grad: Any
    version: list[int]
    made: int

    abs = ops.abs
    acos = ops.acos
    acosh = ops.acosh
    add = ops.add
    addcdiv = ops.addcdiv
    addcmul = ops.addcmul
    addmm = ops.addmm
    all = ops.all
    allclose = ops.allclose
    amax = ops.amax
    amin = ops.amin
    any = ops.any
    argmax = ops.argmax
    argmin = ops.argmin
    argsort = ops.argsort
    asin = ops.asin
    asinh = ops.asinh
    atan = ops.atan
    atan2 = ops.atan2
    atanh = ops.atanh
    bitwise_and = ops.bitwise_and
    bitwise_not = ops.bitwise_not
    bitwise_or = ops.bitwise_or
    bitwise_xor = ops.bitwise_xor
    bmm = ops.bmm
    broadcast_to = ops.broadcast_to
    ceil = ops.ceil
    chunk = ops.chunk
    clamp = ops.clamp
    clone = ops.clone
    cos = ops.cos
    cosh = ops.cosh
    count_nonzero = ops.count_nonzero
    cumprod = ops.cumprod
    cumsum = ops.cumsum
    detach = ops.detach
    diag = ops.diag
    diagonal = ops.diagonal
    div = ops.div
    dot = ops.dot
    eq = ops.eq
    equal = ops.equal
    erf = ops.erf
    erfc = ops.erfc
    exp = ops.exp
    exp2 = ops.exp2
    expand = ops.expand
    expand_as = ops.expand_as
    expm1 = ops.expm1
    flatten = ops.flatten
    flip = ops.flip
    fliplr = ops.fliplr
    flipud = ops.flipud
    floor = ops.floor
    floor_divide = ops.floor_divide
    fmod = ops.fmod
    gather = ops.gather
    ge = ops.ge
    gt = ops.gt
    hypot = ops.hypot
    index_select = ops.index_select
    isclose = ops.isclose
    isfinite = ops.isfinite
    isinf = ops.isinf
    isnan = ops.isnan
    le = ops.le
    lerp = ops.lerp
    log = ops.log
    log10 = ops.log10
    log1p = ops.log1p
    log2 = ops.log2
    log_softmax = ops.log_softmax
    logical_and = ops.logical_and
    logical_not = ops.logical_not
    logical_or = ops.logical_or
    logical_xor = ops.logical_xor
    logsumexp = ops.logsumexp
    lt = ops.lt
    masked_fill = ops.masked_fill
    masked_select = ops.masked_select
    max = ops.max
    maximum = ops.maximum
    mean = ops.mean
    min = ops.min
    minimum = ops.minimum
    mm = ops.mm
    movedim = ops.movedim
    mul = ops.mul
    mv = ops.mv
    narrow = ops.narrow
    ne = ops.ne
    neg = ops.neg
    norm = ops.norm
    outer = ops.outer
    permute = ops.permute
    pow = ops.pow
    prod = ops.prod
    reciprocal = ops.reciprocal
    relu = ops.relu
    remainder = ops.remainder
    repeat = ops.repeat
    repeat_interleave = ops.repeat_interleave
    reshape = ops.reshape
    roll = ops.roll
    round = ops.round
    rsqrt = ops.rsqrt
    scatter = ops.scatter
    scatter_add = ops.scatter_add
    sigmoid = ops.sigmoid
    sign = ops.sign
    sin = ops.sin
    sinh = ops.sinh
    softmax = ops.softmax
    sort = ops.sort
    split = ops.split
    sqrt = ops.sqrt
    square = ops.square
    squeeze = ops.squeeze
    std = ops.std
    sub = ops.sub
    sum = ops.sum
    swapaxes = ops.swapaxes
    t = ops.t
    take_along_dim = ops.take_along_dim
    tan = ops.tan
    tanh = ops.tanh
    tile = ops.tile
    topk = ops.topk
    trace = ops.trace
    transpose = ops.transpose
    tril = ops.tril
    triu = ops.triu
    trunc = ops.trunc
    unbind = ops.unbind
    unflatten = ops.unflatten
    unsqueeze = ops.unsqueeze
    var = ops.var
    view = ops.view
    matmul = __matmul__ = ops.matmul
    absolute, clip, divide, multiply, negative, subtract = ops.abs, ops.clamp, ops.div, ops.mul, ops.neg, ops.sub
    true_divide = ops.div

    T = property(lambda self: ops.permute(self, tuple(range(self.ndim))[::-1]), doc="The dimensions in reverse order.")
    mT = property(lambda self: ops.transpose(self, -1, -2), doc="The last two dimensions swapped.")

    # ------------------------------------------------------------------------------------ dtype and place

    def to(self, *args: Any, **kwargs: Any) -> Any:
        """The tensor in another dtype; a device may be named, and must be "cpu"."""
        for target in (*args, *kwargs.values()):
            if isinstance(target, Methods):
                return self.to(target.dtype)
            if not (is_place(target) or target is None or target is True or target is False):
                return self if self.dtype == target else ops.cast(self, as_dtype(target))
        return self

    def type_as(self, other: Any) -> Any:
        """The tensor in the dtype of ``other``."""
        return self.to(other.dtype)

    device = property(lambda self: CPU, doc="Where it is: on the CPU.")

    def float(self) -> Any:
        """The tensor as float32."""
        return self.to(np.float32)

    def double(self) -> Any:
        """The tensor as float64."""
        return self.to(np.float64)

    def long(self) -> Any:
        """The tensor as int64."""
        return self.to(np.int64)

    def int(self) -> Any:
        """The tensor as int32."""
        return self.to(np.int32)

    def bool(self) -> Any:
        """Whether each number is not 0."""
        return self.to(np.bool_)

    def cpu(self) -> Any:
        """The tensor itself: it is there already."""
        return self

    def contiguous(self) -> Any:
        """The tensor with its numbers in order in memory, copied if they are not."""
        return self if self.array.flags.c_contiguous else self.clone()

    def where(self, condition: Any, other: Any) -> Any:
        """These numbers where the condition holds, else ``other``."""
        return ops.where(condition, self, other)
