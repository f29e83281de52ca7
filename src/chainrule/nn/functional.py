"""PyTorch's path to ``chainrule.functional``: the same functions, from the one list there."""

from chainrule import functional as _functional
from chainrule.functional import *  # noqa: F403
from chainrule.outside import outside as _outside

__all__: list[str] = []
__all__ += _functional.__all__


def __getattr__(name: str) -> object:
    raise _outside("chainrule.nn.functional", name, __all__)
