"""`OneCycleLR`: up and down once, the momentum the other way round."""

from __future__ import annotations

import math
from typing import Any

from chainrule.errors import ArgumentError
from chainrule.optim.lr_scheduler.base import LRScheduler, for_each
from chainrule.optim.optimizer import Optimizer


class OneCycleLR(LRScheduler):
    """One cycle: up to ``max_lr``, then down far below the start; momentum the other way round.

    Starts at max_lr / div_factor, ends at that / final_div_factor; one ``step`` for each batch, total_steps
    (or epochs × steps_per_epoch) in all.  Source: Smith & Topin 2018.
    """

    def __init__(
        self, optimizer: Optimizer, max_lr: Any, total_steps: int | None = None, epochs: int | None = None,
        steps_per_epoch: int | None = None, pct_start: float = 0.3, anneal_strategy: str = "cos",
        cycle_momentum: bool = True, base_momentum: Any = 0.85, max_momentum: Any = 0.95, div_factor: float = 25.0,
        final_div_factor: float = 1e4, three_phase: bool = False, last_epoch: int = -1,
    ) -> None:  # fmt: skip
        if total_steps is None:
            if epochs is None or steps_per_epoch is None:
                raise ArgumentError("OneCycleLR needs its length: give total_steps, or epochs and steps_per_epoch")
            total_steps = epochs * steps_per_epoch
        if anneal_strategy not in ("cos", "linear"):
            raise ArgumentError(f"anneal_strategy={anneal_strategy!r}: choose 'cos' or 'linear'")
        self.total_steps, self.anneal_strategy, self.cycle_momentum = total_steps, anneal_strategy, cycle_momentum
        rise = pct_start * total_steps - 1
        if three_phase:
            self.ends = [rise, 2 * rise, total_steps - 1]
            self.path = ["initial_lr", "max_lr", "initial_lr", "min_lr"]
            self.momentum_path = ["max_momentum", "base_momentum", "max_momentum", "max_momentum"]
        else:
            self.ends = [rise, total_steps - 1]
            self.path = ["initial_lr", "max_lr", "min_lr"]
            self.momentum_path = ["max_momentum", "base_momentum", "max_momentum"]
        groups = optimizer.param_groups
        if last_epoch == -1:
            for group, top in zip(groups, for_each(max_lr, groups), strict=True):
                group.update(initial_lr=top / div_factor, max_lr=top, min_lr=top / div_factor / final_div_factor)
                group["lr"] = group["initial_lr"]
            if cycle_momentum:
                if not all("momentum" in group or "betas" in group for group in groups):
                    raise ArgumentError("cycle_momentum=True needs an optimizer with momentum or betas")
                lows, highs = for_each(base_momentum, groups), for_each(max_momentum, groups)
                for group, low, high in zip(groups, lows, highs, strict=True):
                    group.update(base_momentum=low, max_momentum=high)
                    _set_momentum(group, high)
        super().__init__(optimizer, last_epoch)

    def _between(self, start: float, end: float, share: float) -> float:
        if self.anneal_strategy == "cos":
            return end + (start - end) / 2.0 * (1 + math.cos(math.pi * share))
        return (end - start) * share + start

    def get_lr(self) -> list[float]:
        t = self.last_epoch
        if t > self.total_steps:
            raise ArgumentError(f"OneCycleLR was made for {self.total_steps} steps and is asked for step {t + 1}")
        phase = next((i for i, end in enumerate(self.ends) if t <= end), len(self.ends) - 1)
        start = self.ends[phase - 1] if phase else 0
        share = (t - start) / (self.ends[phase] - start)
        if self.cycle_momentum:
            low, high = self.momentum_path[phase : phase + 2]
            for group in self.groups:
                _set_momentum(group, self._between(group[low], group[high], share))
        low, high = self.path[phase : phase + 2]
        return [self._between(group[low], group[high], share) for group in self.groups]


def _set_momentum(group: dict[str, Any], value: float) -> None:
    if "betas" in group:
        group["betas"] = (value, *group["betas"][1:])
    else:
        group["momentum"] = value
