"""Losses as modules: what each measures is said at its function."""

from __future__ import annotations

from typing import Any, ClassVar

from chainrule import functional as F
from chainrule.errors import ArgumentError
from chainrule.nn.of_function import OfFunction
from chainrule.tensor import Tensor


class Loss(OfFunction):
    """A loss with a ``reduction``: "mean", "sum" or "none" over the batch."""

    reductions: ClassVar[tuple[str, ...]] = ("mean", "sum", "none")

    def __init__(self, *values: Any, **named: Any) -> None:
        tensors = {name: named.pop(name) for name in list(named) if isinstance(named[name], Tensor)}
        super().__init__(*values, **named)
        for name, tensor in tensors.items():
            if name not in self.options:
                raise ArgumentError(f"{type(self).__name__} takes {', '.join(self.options)}, and no {name}")
            delattr(self, name)
            self.register_buffer(name, tensor)
        if self.reduction not in self.reductions:
            *most, last = map(repr, self.reductions)
            raise ArgumentError(f"reduction={self.reduction!r}: choose {', '.join(most)} or {last}")

    def extra_repr(self) -> str:
        return ""  # as PyTorch's


class MSELoss(Loss):
    """Squared error.  See ``functional.mse_loss``."""

    function, options = staticmethod(F.mse_loss), {"reduction": "mean"}


class L1Loss(Loss):
    """Absolute error.  See ``functional.l1_loss``."""

    function, options = staticmethod(F.l1_loss), {"reduction": "mean"}


class SmoothL1Loss(Loss):
    """Squared near 0, absolute beyond.  See ``functional.smooth_l1_loss``."""

    function, options = staticmethod(F.smooth_l1_loss), {"reduction": "mean", "beta": 1.0}


class HuberLoss(Loss):
    """Squared near 0, absolute beyond.  See ``functional.huber_loss``."""

    function, options = staticmethod(F.huber_loss), {"reduction": "mean", "delta": 1.0}


class GaussianNLLLoss(Loss):
    """For a network that also says how sure it is.  See ``functional.gaussian_nll_loss``."""

    function, options = staticmethod(F.gaussian_nll_loss), {"full": False, "eps": 1e-6, "reduction": "mean"}


class BCELoss(Loss):
    """Cross-entropy of yes or no, from probabilities.  See ``functional.binary_cross_entropy``."""

    function, options = staticmethod(F.binary_cross_entropy), {"weight": None, "reduction": "mean"}


class BCEWithLogitsLoss(Loss):
    """Cross-entropy of yes or no, from logits.  See ``functional.binary_cross_entropy_with_logits``."""

    function = staticmethod(F.binary_cross_entropy_with_logits)
    options: ClassVar[dict[str, Any]] = {"weight": None, "reduction": "mean", "pos_weight": None}


class HingeEmbeddingLoss(Loss):
    """See ``functional.hinge_embedding_loss``."""

    function, options = staticmethod(F.hinge_embedding_loss), {"margin": 1.0, "reduction": "mean"}


class CosineEmbeddingLoss(Loss):
    """See ``functional.cosine_embedding_loss``."""

    function, options = staticmethod(F.cosine_embedding_loss), {"margin": 0.0, "reduction": "mean"}


class MultiMarginLoss(Loss):
    """See ``functional.multi_margin_loss``."""

    function = staticmethod(F.multi_margin_loss)
    options: ClassVar[dict[str, Any]] = {"p": 1, "margin": 1.0, "weight": None, "reduction": "mean"}


class NLLLoss(Loss):
    """Negative log-probability of the right class.  See ``functional.nll_loss``."""

    function, options = staticmethod(F.nll_loss), {"weight": None, "ignore_index": -100, "reduction": "mean"}


class CrossEntropyLoss(Loss):
    """Surprise at the right class; takes logits, no softmax before it.  See ``functional.cross_entropy``."""

    function = staticmethod(F.cross_entropy)
    options: ClassVar[dict[str, Any]] = {
        "weight": None,
        "ignore_index": -100,
        "reduction": "mean",
        "label_smoothing": 0.0,
    }


class KLDivLoss(Loss):
    """How far one distribution is from another.  See ``functional.kl_div``."""

    function, options = staticmethod(F.kl_div), {"reduction": "mean", "log_target": False}
    reductions = ("mean", "sum", "none", "batchmean")
