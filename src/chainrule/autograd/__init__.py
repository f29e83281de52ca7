"""Gradients on request: ``grad``, your own ``Function``; ``gradcheck`` measures them, ``detect_anomaly`` finds nan."""

from chainrule.autograd import functional
from chainrule.autograd.anomaly import detect_anomaly, set_detect_anomaly
from chainrule.autograd.check import gradcheck, gradgradcheck
from chainrule.autograd.function import Function
from chainrule.autograd.gradient import backward, grad
from chainrule.grad_mode import enable_grad, no_grad
from chainrule.outside import outside as _outside

__all__ = [
    "Function", "backward", "detect_anomaly", "enable_grad", "functional", "grad", "gradcheck", "gradgradcheck",
    "no_grad", "set_detect_anomaly",
]  # fmt: skip


def __getattr__(name: str) -> object:
    raise _outside("chainrule.autograd", name, __all__)
