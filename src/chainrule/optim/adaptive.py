"""Steps of a size of their own for every parameter, measured from its gradients so far."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from chainrule.errors import ArgumentError
from chainrule.ops import clamp, sign, sqrt, where
from chainrule.optim.optimizer import Optimizer, checked


def decayed(p: Any, g: Any, group: dict[str, Any]) -> Any:
    """The gradient with the weight decay λ p added."""
    return g + group["weight_decay"] * p if group["weight_decay"] else g


class Adagrad(Optimizer):
    """p ← p - lr g / (√Σg² + eps): directions that were steep before get shorter steps.

    The rate decays as lr / (1 + (t - 1) lr_decay).  Source: Duchi et al. 2011.
    """

    def __init__(
        self, params: Iterable[Any], lr: float = 1e-2, lr_decay: float = 0.0, weight_decay: float = 0.0,
        initial_accumulator_value: float = 0.0, eps: float = 1e-10, *, maximize: bool = False,
    ) -> None:  # fmt: skip
        super().__init__(
            params,
            {
                "lr": checked("lr", lr), "lr_decay": checked("lr_decay", lr_decay), "eps": checked("eps", eps),
                "weight_decay": checked("weight_decay", weight_decay), "maximize": maximize,
                "initial_accumulator_value": checked("initial_accumulator_value", initial_accumulator_value),
            },
        )  # fmt: skip

    def update(self, p: Any, g: Any, state: dict[str, Any], group: dict[str, Any]) -> None:
        g = decayed(p, g, group)
        if not state:
            state.update(step=0, sum=np.full_like(p, group["initial_accumulator_value"]))
        state["step"] += 1
        total = state["sum"]
        total += g * g
        p -= group["lr"] / (1 + (state["step"] - 1) * group["lr_decay"]) * g / (sqrt(total) + group["eps"])


class Adadelta(Optimizer):
    """Steps in the units of the parameter: g scaled by √(mean of past steps² + eps) / √(mean of g² + eps).

    Source: Zeiler 2012, algorithm 1.
    """

    def __init__(
        self, params: Iterable[Any], lr: float = 1.0, rho: float = 0.9, eps: float = 1e-6, weight_decay: float = 0.0,
        *, maximize: bool = False,
    ) -> None:  # fmt: skip
        super().__init__(
            params,
            {
                "lr": checked("lr", lr), "rho": checked("rho", rho, 0.0, 1.0 + 1e-12), "eps": checked("eps", eps),
                "weight_decay": checked("weight_decay", weight_decay), "maximize": maximize,
            },
        )  # fmt: skip

    def update(self, p: Any, g: Any, state: dict[str, Any], group: dict[str, Any]) -> None:
        g, rho, eps = decayed(p, g, group), group["rho"], group["eps"]
        if not state:
            state.update(square_avg=np.zeros_like(p), acc_delta=np.zeros_like(p))
        v, u = state["square_avg"], state["acc_delta"]
        v *= rho
        v += (1 - rho) * g * g
        delta = sqrt(u + eps) / sqrt(v + eps) * g
        u *= rho
        u += (1 - rho) * delta * delta
        self.flush(v, u)
        p -= group["lr"] * delta


class RMSprop(Optimizer):
    """p ← p - lr g / (√v + eps), with v the running mean of g², less the mean gradient squared if ``centered``.

    Source: Hinton, lecture 6e of "Neural Networks for Machine Learning"; centered: Graves 2013.
    """

    def __init__(
        self, params: Iterable[Any], lr: float = 1e-2, alpha: float = 0.99, eps: float = 1e-8,
        weight_decay: float = 0.0, momentum: float = 0.0, centered: bool = False, *, maximize: bool = False,
    ) -> None:  # fmt: skip
        super().__init__(
            params,
            {
                "lr": checked("lr", lr), "alpha": checked("alpha", alpha), "eps": checked("eps", eps),
                "weight_decay": checked("weight_decay", weight_decay), "momentum": checked("momentum", momentum),
                "centered": centered, "maximize": maximize,
            },
        )  # fmt: skip

    def update(self, p: Any, g: Any, state: dict[str, Any], group: dict[str, Any]) -> None:
        g, alpha = decayed(p, g, group), group["alpha"]
        if not state:
            state["square_avg"] = np.zeros_like(p)
            if group["centered"]:
                state["grad_avg"] = np.zeros_like(p)
            if group["momentum"]:
                state["momentum_buffer"] = np.zeros_like(p)
        v = state["square_avg"]
        v *= alpha
        v += (1 - alpha) * g * g
        self.flush(v)
        spread = v
        if group["centered"]:
            mean = state["grad_avg"]
            mean += (1 - alpha) * (g - mean)
            self.flush(mean)
            spread = v - mean * mean
        step = g / (sqrt(spread) + group["eps"])
        if group["momentum"]:
            buffer = state["momentum_buffer"]
            buffer *= group["momentum"]
            buffer += step
            self.flush(buffer)
            step = buffer
        p -= group["lr"] * step


class Rprop(Optimizer):
    """Looks at signs alone: a step grows by η⁺ while its gradient keeps its sign, shrinks by η⁻ when it turns.

    After a turn the parameter stays where it is for one step.  For full batches.  Source: Riedmiller & Braun 1993.
    """

    def __init__(
        self, params: Iterable[Any], lr: float = 1e-2, etas: tuple[float, float] = (0.5, 1.2),
        step_sizes: tuple[float, float] = (1e-6, 50.0), *, maximize: bool = False,
    ) -> None:  # fmt: skip
        if not 0.0 < etas[0] < 1.0 < etas[1]:
            raise ArgumentError(f"etas={etas}: the first must lie between 0 and 1, the second above 1")
        super().__init__(
            params, {"lr": checked("lr", lr), "etas": etas, "step_sizes": step_sizes, "maximize": maximize}
        )

    def update(self, p: Any, g: Any, state: dict[str, Any], group: dict[str, Any]) -> None:
        shrink, grow = group["etas"]
        if not state:
            state.update(step=0, prev=np.zeros_like(p), step_size=np.full_like(p, group["lr"]))
        state["step"] += 1
        turn = sign(g * state["prev"])
        size = state["step_size"]
        size = clamp(where(turn > 0, grow * size, where(turn < 0, shrink * size, size)), *group["step_sizes"])
        state["step_size"] = size
        g = where(turn < 0, 0.0, g)
        p -= sign(g) * size
        state["prev"] = g
