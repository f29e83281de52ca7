"""Ways of stepping downhill, with PyTorch's names, arguments and trajectories."""

from chainrule.optim import lr_scheduler
from chainrule.optim.adam import Adam, Adamax, AdamW, NAdam, RAdam
from chainrule.optim.adaptive import Adadelta, Adagrad, RMSprop, Rprop
from chainrule.optim.optimizer import Optimizer
from chainrule.optim.sgd import SGD
from chainrule.outside import outside as _outside

__all__ = [
    "SGD", "Adadelta", "Adagrad", "Adam", "AdamW", "Adamax", "NAdam", "Optimizer", "RAdam", "RMSprop", "Rprop",
    "lr_scheduler",
]  # fmt: skip


def __getattr__(name: str) -> object:
    raise _outside("chainrule.optim", name, __all__)
