"""PyTorch's path to ``chainrule.data``."""

from chainrule.utils import data

__all__ = ["data"]
