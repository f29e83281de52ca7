"""Gradients on request: ``grad``, your own ``Function``, and ``gradcheck``, which measures them."""

from chainrule.autograd import functional
from chainrule.autograd.check import gradcheck, gradgradcheck
from chainrule.autograd.function import Function
from chainrule.autograd.gradient import backward, grad
from chainrule.grad_mode import enable_grad, no_grad

__all__ = ["Function", "backward", "enable_grad", "functional", "grad", "gradcheck", "gradgradcheck", "no_grad"]
