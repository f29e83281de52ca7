"""chainrule: a deep-learning library small enough to read, built around the computation graph.

Names and semantics are PyTorch's: ``import chainrule as torch`` runs a plain training script.  Needs NumPy only.

    tensors       tensor, zeros, ones, arange, linspace, rand, randn, …; Tensor
    operations    one class each in ``chainrule.ops``, here as functions and on Tensor as methods
    gradients     Tensor.backward, no_grad, autograd.grad, autograd.Function, autograd.gradcheck
    networks      nn, optim, utils.data
    beside these  chainrule.value (the scalar engine), chainrule.train (fit), imported when asked for
"""

import warnings

# inf and nan pass silently, as in PyTorch; NumPy would warn, and name lines of ours (docs/decisions/0003)
warnings.filterwarnings("ignore", category=RuntimeWarning, module=r"chainrule\.")

from chainrule import autograd, nn, optim, utils  # noqa: E402
from chainrule.creation import (  # noqa: E402
    arange,
    as_tensor,
    device,
    empty,
    empty_like,
    eye,
    from_numpy,
    full,
    full_like,
    linspace,
    ones,
    ones_like,
    rand,
    rand_like,
    randint,
    randn,
    randn_like,
    randperm,
    tensor,
    zeros,
    zeros_like,
)
from chainrule.grad_mode import enable_grad, is_grad_enabled, no_grad  # noqa: E402
from chainrule.ops import (  # noqa: E402
    abs,
    add,
    all,
    allclose,
    amax,
    amin,
    any,
    argmax,
    argmin,
    bitwise_and,
    bitwise_not,
    bitwise_or,
    bitwise_xor,
    cat,
    clamp,
    clone,
    cos,
    div,
    eq,
    equal,
    exp,
    flatten,
    gather,
    ge,
    gt,
    le,
    log,
    log_softmax,
    lt,
    matmul,
    max,
    maximum,
    mean,
    min,
    minimum,
    mul,
    ne,
    neg,
    permute,
    pow,
    relu,
    reshape,
    sigmoid,
    sign,
    sin,
    softmax,
    sqrt,
    squeeze,
    stack,
    sub,
    sum,
    t,
    tanh,
    transpose,
    unsqueeze,
    where,
)
from chainrule.ops.dtypes import bool_ as bool  # noqa: E402
from chainrule.ops.dtypes import float32, float64, get_default_dtype, int32, int64, set_default_dtype, uint8  # noqa: E402
from chainrule.ops.dtypes import float32 as float  # noqa: E402
from chainrule.ops.dtypes import float64 as double  # noqa: E402
from chainrule.ops.dtypes import int32 as int  # noqa: E402
from chainrule.ops.dtypes import int64 as long  # noqa: E402
from chainrule.random import Generator, initial_seed, manual_seed  # noqa: E402
from chainrule.tensor import Tensor  # noqa: E402

__version__ = "0.1.0"

__all__ = [
    "Generator", "Tensor", "abs", "add", "all", "allclose", "amax", "amin", "any", "arange", "argmax", "argmin",
    "as_tensor", "autograd", "bitwise_and", "bitwise_not", "bitwise_or", "bitwise_xor", "bool", "cat", "clamp", "clone",
    "cos", "device", "div", "double", "empty", "empty_like", "enable_grad", "eq", "equal", "exp", "eye", "flatten",
    "float", "float32", "float64", "from_numpy", "full", "full_like", "gather", "ge", "get_default_dtype", "gt",
    "initial_seed", "int", "int32", "int64", "is_grad_enabled", "le", "linspace", "log", "log_softmax", "long", "lt",
    "manual_seed", "matmul", "max", "maximum", "mean", "min", "minimum", "mul", "ne", "neg", "nn", "no_grad", "ones",
    "ones_like", "optim", "permute", "pow", "rand", "rand_like", "randint", "randn", "randn_like", "randperm", "relu",
    "reshape", "set_default_dtype", "sigmoid", "sign", "sin", "softmax", "sqrt", "squeeze", "stack", "sub", "sum", "t",
    "tanh", "tensor", "transpose", "uint8", "unsqueeze", "utils", "where", "zeros", "zeros_like",
]  # fmt: skip
