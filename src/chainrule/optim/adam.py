"""Adam and its kin: steps measured by running means of the gradient (m) and of its square (v).

m ← β₁ m + (1 - β₁) g        m̂ = m / (1 - β₁ᵗ)
v ← β₂ v + (1 - β₂) g²       v̂ = v / (1 - β₂ᵗ)
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from chainrule.errors import ArgumentError
from chainrule.ops import abs, maximum, sqrt
from chainrule.optim.optimizer import Optimizer, checked


class Moments(Optimizer):
    """Base: checks the options, keeps m, v and the step count t."""

    def __init__(
        self, params: Iterable[Any], lr: float, betas: tuple[float, float], eps: float, weight_decay: float,
        **more: Any,
    ) -> None:  # fmt: skip
        if len(betas) != 2:
            raise ArgumentError(f"betas={betas}: give two, for the mean and for the square")
        super().__init__(
            params,
            {
                "lr": checked("lr", lr), "betas": tuple(checked("betas", b, 0.0, 1.0) for b in betas),
                "eps": checked("eps", eps), "weight_decay": checked("weight_decay", weight_decay), **more,
            },
        )  # fmt: skip

    def update(self, p: Any, g: Any, state: dict[str, Any], group: dict[str, Any]) -> None:
        g = self.decayed(p, g, group)
        m, t = self.mean(p, g, state, group)
        self.move(p, g, m, t, state, group)

    def move(self, p: Any, g: Any, m: Any, t: int, state: dict[str, Any], group: dict[str, Any]) -> None:
        """Change ``p`` in place, given the gradient, its running mean and the number of the step."""
        raise NotImplementedError

    def decayed(self, p: Any, g: Any, group: dict[str, Any]) -> Any:
        """The gradient with weight decay in it; a decoupled one shrinks ``p`` itself instead."""
        if not group["weight_decay"]:
            return g
        if group.get("decoupled_weight_decay"):
            p *= 1 - group["lr"] * group["weight_decay"]
            return g
        return g + group["weight_decay"] * p

    def mean(self, p: Any, g: Any, state: dict[str, Any], group: dict[str, Any]) -> tuple[Any, int]:
        """Count the step and move m; both are returned."""
        if not state:
            state.update(step=0, exp_avg=np.zeros_like(p))
        state["step"] += 1
        m = state["exp_avg"]
        change = g - m
        change *= 1 - group["betas"][0]
        m += change  # = beta1 * m + (1 - beta1) * g
        self.flush(m)
        return m, state["step"]

    def square(self, p: Any, g: Any, state: dict[str, Any], group: dict[str, Any]) -> Any:
        """Move v, and return it."""
        if "exp_avg_sq" not in state:
            state["exp_avg_sq"] = np.zeros_like(p)
        v, beta2 = state["exp_avg_sq"], group["betas"][1]
        squared = (1 - beta2) * g
        squared *= g  # in place wherever a value is ours: memory is most of what a step costs
        v *= beta2
        v += squared
        self.flush(v)
        return v


class Adam(Moments):
    """Steps of about ``lr`` in every parameter, however large its gradients: p ← p - lr m̂ / (√v̂ + eps).

    ``amsgrad`` uses the largest v so far (Reddi et al. 2018).  ``weight_decay`` λ adds λ p to the gradient.
    Source: Kingma & Ba 2015, algorithm 1.

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
        decoupled_weight_decay: bool = False,
    ) -> None:  # fmt: skip
        super().__init__(
            params, lr, betas, eps, weight_decay,
            amsgrad=amsgrad, maximize=maximize, decoupled_weight_decay=decoupled_weight_decay,
        )  # fmt: skip

    def move(self, p: Any, g: Any, m: Any, t: int, state: dict[str, Any], group: dict[str, Any]) -> None:
        (beta1, beta2), lr = group["betas"], group["lr"]
        v = self.square(p, g, state, group)
        if group["amsgrad"]:
            v = state["max_exp_avg_sq"] = maximum(state.get("max_exp_avg_sq", 0.0 * v), v)
        width = sqrt(v)
        width /= (1 - beta2**t) ** 0.5
        width += group["eps"]
        step = m / width
        step *= lr / (1 - beta1**t)
        p -= step


class AdamW(Adam):
    """Adam whose ``weight_decay`` shrinks the parameters themselves: p ← (1 - lr λ) p, then Adam's step.

    Source: Loshchilov & Hutter 2019, algorithm 2.
    """

    def __init__(
        self, params: Iterable[Any], lr: float = 1e-3, betas: tuple[float, float] = (0.9, 0.999), eps: float = 1e-8,
        weight_decay: float = 1e-2, amsgrad: bool = False, *, maximize: bool = False,
    ) -> None:  # fmt: skip
        super().__init__(params, lr, betas, eps, weight_decay, amsgrad, maximize=maximize, decoupled_weight_decay=True)


class NAdam(Moments):
    """Adam that looks one step ahead along its momentum, which warms up as μₜ = β₁ (1 - 0.96^(t ψ) / 2).

    Source: Dozat 2016, algorithm 2; ψ is ``momentum_decay``.
    """

    def __init__(
        self, params: Iterable[Any], lr: float = 2e-3, betas: tuple[float, float] = (0.9, 0.999), eps: float = 1e-8,
        weight_decay: float = 0.0, momentum_decay: float = 4e-3, decoupled_weight_decay: bool = False, *,
        maximize: bool = False,
    ) -> None:  # fmt: skip
        super().__init__(
            params, lr, betas, eps, weight_decay, momentum_decay=checked("momentum_decay", momentum_decay),
            decoupled_weight_decay=decoupled_weight_decay, maximize=maximize,
        )  # fmt: skip

    def move(self, p: Any, g: Any, m: Any, t: int, state: dict[str, Any], group: dict[str, Any]) -> None:
        (beta1, beta2), lr = group["betas"], group["lr"]
        v = self.square(p, g, state, group)
        mu, mu_next = (beta1 * (1 - 0.5 * 0.96 ** (at * group["momentum_decay"])) for at in (t, t + 1))
        product = state["mu_product"] = state.get("mu_product", 1.0) * mu
        denominator = sqrt(v / (1 - beta2**t)) + group["eps"]
        p -= (lr * (1 - mu) / (1 - product)) * g / denominator
        p -= (lr * mu_next / (1 - product * mu_next)) * m / denominator


class RAdam(Moments):
    """Adam that does not trust v while it has seen little: until ρₜ > 5 it takes plain steps along m̂.

    Source: Liu et al. 2020, algorithm 2.
    """

    def __init__(
        self, params: Iterable[Any], lr: float = 1e-3, betas: tuple[float, float] = (0.9, 0.999), eps: float = 1e-8,
        weight_decay: float = 0.0, decoupled_weight_decay: bool = False, *, maximize: bool = False,
    ) -> None:  # fmt: skip
        super().__init__(
            params, lr, betas, eps, weight_decay, decoupled_weight_decay=decoupled_weight_decay, maximize=maximize
        )

    def move(self, p: Any, g: Any, m: Any, t: int, state: dict[str, Any], group: dict[str, Any]) -> None:
        (beta1, beta2), lr = group["betas"], group["lr"]
        v = self.square(p, g, state, group)
        step = (lr / (1 - beta1**t)) * m
        most = 2 / (1 - beta2) - 1
        rho = most - 2 * t * beta2**t / (1 - beta2**t)
        if rho > 5:
            rectified = ((rho - 4) * (rho - 2) * most / ((most - 4) * (most - 2) * rho)) ** 0.5
            step = step * (rectified * (1 - beta2**t) ** 0.5) / (sqrt(v) + group["eps"])
        p -= step


class Adamax(Moments):
    """Adam with the largest recent gradient in place of √v: u ← max(β₂ u, |g| + eps), p ← p - lr m̂ / u.

    Source: Kingma & Ba 2015, algorithm 2.
    """

    def __init__(
        self, params: Iterable[Any], lr: float = 2e-3, betas: tuple[float, float] = (0.9, 0.999), eps: float = 1e-8,
        weight_decay: float = 0.0, *, maximize: bool = False,
    ) -> None:  # fmt: skip
        super().__init__(params, lr, betas, eps, weight_decay, maximize=maximize)

    def move(self, p: Any, g: Any, m: Any, t: int, state: dict[str, Any], group: dict[str, Any]) -> None:
        (beta1, beta2), lr = group["betas"], group["lr"]
        u = state["exp_inf"] = maximum(beta2 * state.get("exp_inf", 0.0 * g), abs(g) + group["eps"])
        p -= (lr / (1 - beta1**t)) * m / u
