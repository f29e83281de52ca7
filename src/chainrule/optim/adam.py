"""Adam."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from chainrule.errors import ArgumentError
from chainrule.ops import maximum, sqrt
from chainrule.optim.optimizer import Optimizer, checked


class Adam(Optimizer):
    """Steps of about ``lr`` in every parameter, however large its gradients (Kingma & Ba 2015, algorithm 1).

    m ← β₁ m + (1 - β₁) g,  v ← β₂ v + (1 - β₂) g²,  p ← p - lr m̂ / (√v̂ + eps),
    where m̂ = m / (1 - β₁ᵗ) and v̂ = v / (1 - β₂ᵗ).  ``amsgrad`` uses the largest v so far (Reddi et al. 2018).

    >>> w = chainrule.tensor([1.0], requires_grad=True)
    >>> optimizer = chainrule.optim.Adam([w], lr=0.1)
    >>> (1000 * w * w).sum().backward()
    >>> optimizer.step()
    >>> w
    tensor([0.9000], requires_grad=True)
    """

    def __init__(
        self, params: Iterable[Any], lr: float = 1e-3, betas: tuple[float, float] = (0.9, 0.999), eps: float = 1e-8,
        weight_decay: float = 0.0, amsgrad: bool = False, *, maximize: bool = False,
    ) -> None:  # fmt: skip
        if len(betas) != 2:
            raise ArgumentError(f"betas={betas}: give two, for the mean and for the square")
        super().__init__(
            params,
            {
                "lr": checked("lr", lr), "betas": tuple(checked("betas", b, 0.0, 1.0) for b in betas),
                "eps": checked("eps", eps), "weight_decay": checked("weight_decay", weight_decay), "amsgrad": amsgrad,
                "maximize": maximize,
            },
        )  # fmt: skip

    def update(self, p: Any, g: Any, state: dict[str, Any], group: dict[str, Any]) -> None:
        (beta1, beta2), lr = group["betas"], group["lr"]
        if group["weight_decay"]:
            g = g + group["weight_decay"] * p
        if not state:
            state.update(step=0, exp_avg=np.zeros_like(p), exp_avg_sq=np.zeros_like(p))
            if group["amsgrad"]:
                state["max_exp_avg_sq"] = np.zeros_like(p)
        state["step"] += 1
        m, v, t = state["exp_avg"], state["exp_avg_sq"], state["step"]
        m += (1 - beta1) * (g - m)  # = beta1 * m + (1 - beta1) * g
        v *= beta2
        v += (1 - beta2) * g * g
        if group["amsgrad"]:
            v = state["max_exp_avg_sq"] = maximum(state["max_exp_avg_sq"], v)
        p -= (lr / (1 - beta1**t)) * m / (sqrt(v) / (1 - beta2**t) ** 0.5 + group["eps"])
