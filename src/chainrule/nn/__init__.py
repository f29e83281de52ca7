"""Networks: modules with parameters, layers, losses and first weights, under PyTorch's names."""

from chainrule.nn import functional, init
from chainrule.nn.layers import Flatten, Linear, ReLU, Sequential, Sigmoid, Softmax, Tanh
from chainrule.nn.losses import BCEWithLogitsLoss, CrossEntropyLoss, L1Loss, MSELoss, NLLLoss
from chainrule.nn.module import Module, Parameter

__all__ = [
    "BCEWithLogitsLoss", "CrossEntropyLoss", "Flatten", "L1Loss", "Linear", "MSELoss", "Module", "NLLLoss", "Parameter",
    "ReLU", "Sequential", "Sigmoid", "Softmax", "Tanh", "functional", "init",
]  # fmt: skip
