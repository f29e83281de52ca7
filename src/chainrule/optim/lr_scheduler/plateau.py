"""`ReduceLROnPlateau`: smaller steps once a measure stops improving."""

from __future__ import annotations

import math
from typing import Any

from chainrule.errors import ArgumentError
from chainrule.optim.lr_scheduler.base import LRScheduler, for_each
from chainrule.optim.optimizer import Optimizer


class ReduceLROnPlateau(LRScheduler):
    """× ``factor`` once a measure has not improved for more than ``patience`` epochs: ``step(validation_loss)``."""

    def __init__(
        self, optimizer: Optimizer, mode: str = "min", factor: float = 0.1, patience: int = 10,
        threshold: float = 1e-4, threshold_mode: str = "rel", cooldown: int = 0, min_lr: Any = 0.0, eps: float = 1e-8,
    ) -> None:  # fmt: skip
        if factor >= 1.0:
            raise ArgumentError(f"factor={factor}: it must be below 1, to make the rate smaller")
        if mode not in ("min", "max") or threshold_mode not in ("rel", "abs"):
            raise ArgumentError(f"mode={mode!r} (min or max) and threshold_mode={threshold_mode!r} (rel or abs)")
        self.optimizer, self.mode, self.factor, self.patience = optimizer, mode, factor, patience
        self.threshold, self.threshold_mode, self.cooldown, self.eps = threshold, threshold_mode, cooldown, eps
        self.min_lrs = for_each(min_lr, optimizer.param_groups)
        self.best, self.last_epoch = math.inf if mode == "min" else -math.inf, 0
        self.num_bad_epochs = self.cooldown_counter = 0
        self._last_lr = self.lrs

    def _better(self, measure: float) -> bool:
        sign = 1 if self.mode == "max" else -1
        if self.threshold_mode == "rel":
            return sign * measure > sign * self.best * (1 + sign * self.threshold)
        return sign * measure > sign * self.best + self.threshold

    def step(self, metrics: Any = None) -> None:
        """Go to the next epoch, whose measure is ``metrics``."""
        if metrics is None:
            raise ArgumentError("ReduceLROnPlateau.step needs the measure it watches: step(validation_loss)")
        measure = float(metrics)
        self.last_epoch += 1
        if self._better(measure):
            self.best, self.num_bad_epochs = measure, 0
        else:
            self.num_bad_epochs += 1
        if self.cooldown_counter > 0:
            self.cooldown_counter -= 1
            self.num_bad_epochs = 0
        if self.num_bad_epochs > self.patience:
            for group, least in zip(self.groups, self.min_lrs, strict=True):
                lr = max(group["lr"] * self.factor, least)
                if group["lr"] - lr > self.eps:
                    group["lr"] = lr
            self.cooldown_counter, self.num_bad_epochs = self.cooldown, 0
        self._last_lr = self.lrs
