"""Learning rates that change as training goes on, with PyTorch's names, arguments and numbers.

A schedule is asked for the learning rates at ``last_epoch`` (0 at the start, one more for each ``step``).
Like PyTorch's, most work from the rate of the epoch before, so that several schedules on one optimizer
multiply.
"""

from chainrule.optim.lr_scheduler.base import LRScheduler
from chainrule.optim.lr_scheduler.combined import SequentialLR
from chainrule.optim.lr_scheduler.cycle import OneCycleLR
from chainrule.optim.lr_scheduler.epochs import (
    CosineAnnealingLR,
    ExponentialLR,
    LambdaLR,
    LinearLR,
    MultiStepLR,
    StepLR,
)
from chainrule.optim.lr_scheduler.plateau import ReduceLROnPlateau
from chainrule.outside import outside as _outside

__all__ = [
    "CosineAnnealingLR", "ExponentialLR", "LRScheduler", "LambdaLR", "LinearLR", "MultiStepLR", "OneCycleLR",
    "ReduceLROnPlateau", "SequentialLR", "StepLR",
]  # fmt: skip


def __getattr__(name: str) -> object:
    raise _outside("chainrule.optim.lr_scheduler", name, __all__)
