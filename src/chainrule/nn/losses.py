"""Losses as modules: what training makes small."""

from __future__ import annotations

from chainrule import functional as F
from chainrule.errors import ArgumentError
from chainrule.nn.module import Module
from chainrule.tensor import Tensor


class Loss(Module):
    """A loss with a ``reduction``: "mean", "sum" or "none" over the batch."""

    def __init__(self, reduction: str = "mean") -> None:
        super().__init__()
        if reduction not in ("mean", "sum", "none"):
            raise ArgumentError(f"reduction={reduction!r}: choose 'mean', 'sum' or 'none'")
        self.reduction = reduction


class MSELoss(Loss):
    """Squared error.  See ``functional.mse_loss``."""

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.mse_loss(input, target, reduction=self.reduction)


class L1Loss(Loss):
    """Absolute error.  See ``functional.l1_loss``."""

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.l1_loss(input, target, reduction=self.reduction)


class CrossEntropyLoss(Loss):
    """Surprise at the right class; takes logits, no softmax before it.  See ``functional.cross_entropy``."""

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.cross_entropy(input, target, reduction=self.reduction)


class NLLLoss(Loss):
    """Negative log-probability of the right class.  See ``functional.nll_loss``."""

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.nll_loss(input, target, reduction=self.reduction)


class BCEWithLogitsLoss(Loss):
    """Cross-entropy of yes or no, from logits.  See ``functional.binary_cross_entropy_with_logits``."""

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.binary_cross_entropy_with_logits(input, target, reduction=self.reduction)
