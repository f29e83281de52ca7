"""PyTorch's path to ``chainrule.functional``."""

from chainrule.functional import (
    binary_cross_entropy_with_logits,
    cross_entropy,
    l1_loss,
    linear,
    log_softmax,
    logsigmoid,
    mse_loss,
    nll_loss,
    relu,
    sigmoid,
    softmax,
    tanh,
)

__all__ = [
    "binary_cross_entropy_with_logits", "cross_entropy", "l1_loss", "linear", "log_softmax", "logsigmoid", "mse_loss",
    "nll_loss", "relu", "sigmoid", "softmax", "tanh",
]  # fmt: skip
