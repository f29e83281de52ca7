"""Stochastic gradient descent."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from chainrule.errors import ArgumentError
from chainrule.ops import clone
from chainrule.optim.optimizer import Optimizer, checked


class SGD(Optimizer):
    """Step against the gradient: p ← p - lr v, with v = g, or with momentum μ: v ← μ v + (1 - dampening) g.

    With ``nesterov`` the step is g + μ v.  ``weight_decay`` λ adds λ p to the gradient.  Source: Sutskever
    et al. 2013, in PyTorch's form (lr outside the velocity; the first velocity is g, undamped).

    >>> w = chainrule.tensor([1.0], requires_grad=True)
    >>> optimizer = chainrule.optim.SGD([w], lr=0.1)
    >>> (w * w).sum().backward()
    >>> optimizer.step()
    >>> w
    tensor([0.8000], requires_grad=True)
    """

    def __init__(
        self, params: Iterable[Any], lr: float = 1e-3, momentum: float = 0.0, dampening: float = 0.0,
        weight_decay: float = 0.0, nesterov: bool = False, *, maximize: bool = False,
    ) -> None:  # fmt: skip
        if nesterov and (momentum <= 0 or dampening != 0):
            raise ArgumentError("nesterov=True needs momentum above 0 and no dampening")
        super().__init__(
            params,
            {
                "lr": checked("lr", lr), "momentum": checked("momentum", momentum), "dampening": dampening,
                "weight_decay": checked("weight_decay", weight_decay), "nesterov": nesterov, "maximize": maximize,
            },
        )  # fmt: skip

    def update(self, p: Any, g: Any, state: dict[str, Any], group: dict[str, Any]) -> None:
        momentum = group["momentum"]
        if group["weight_decay"]:
            g = g + group["weight_decay"] * p
        if momentum:
            v = state.get("momentum_buffer")
            if v is None:
                v = state["momentum_buffer"] = clone(g)
            else:
                v *= momentum
                v += (1 - group["dampening"]) * g
                self.flush(v)
            g = g + momentum * v if group["nesterov"] else v
        p -= group["lr"] * g
