"""Learning rates that change as training goes on, with PyTorch's names, arguments and numbers.

A schedule is asked for the learning rates at ``last_epoch`` (0 at the start, one more for each ``step``).
Like PyTorch's, most work from the rate of the epoch before, so that several schedules on one optimizer
multiply.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

from chainrule.errors import ArgumentError
from chainrule.optim.optimizer import Optimizer


class LRScheduler:
    """Base of schedules: write ``get_lr``, the rate of each parameter group at ``last_epoch``.

    >>> w = chainrule.zeros(1, requires_grad=True)
    >>> optimizer = chainrule.optim.SGD([w], lr=1.0)
    >>> scheduler = chainrule.optim.lr_scheduler.StepLR(optimizer, step_size=2, gamma=0.1)
    >>> for epoch in range(4):
    ...     print(scheduler.get_last_lr())
    ...     optimizer.step()
    ...     scheduler.step()
    [1.0]
    [1.0]
    [0.1]
    [0.1]
    """

    def __init__(self, optimizer: Optimizer, last_epoch: int = -1) -> None:
        self.optimizer, self.last_epoch = optimizer, last_epoch
        for i, group in enumerate(optimizer.param_groups):
            if last_epoch == -1:
                group.setdefault("initial_lr", group["lr"])
            elif "initial_lr" not in group:
                raise ArgumentError(f"last_epoch={last_epoch} goes on from before, but group {i} has no 'initial_lr'")
        self.base_lrs = [group["initial_lr"] for group in optimizer.param_groups]
        self.step()

    @property
    def groups(self) -> list[dict[str, Any]]:
        """The parameter groups of the optimizer."""
        return self.optimizer.param_groups

    @property
    def lrs(self) -> list[float]:
        """The rates as they are."""
        return [group["lr"] for group in self.groups]

    def get_lr(self) -> list[float]:
        """The rate of each group at ``last_epoch``."""
        raise NotImplementedError

    def get_last_lr(self) -> list[float]:
        """The rates set last."""
        return self._last_lr

    def step(self) -> None:
        """Go to the next epoch."""
        self.last_epoch += 1
        self.set(self.get_lr())

    def set(self, lrs: Sequence[float]) -> None:
        """Give each group its rate."""
        for group, lr in zip(self.groups, lrs, strict=True):
            group["lr"] = lr
        self._last_lr = list(lrs)

    def state_dict(self) -> dict[str, Any]:
        """Everything but the optimizer and functions given from outside."""
        return {k: v for k, v in vars(self).items() if k != "optimizer" and not callable(v)}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Go on from a ``state_dict``."""
        vars(self).update(state_dict)


class LambdaLR(LRScheduler):
    """initial rate × ``lr_lambda(epoch)``; one function, or one for each group."""

    def __init__(self, optimizer: Optimizer, lr_lambda: Any, last_epoch: int = -1) -> None:
        groups = optimizer.param_groups
        self.lr_lambdas: list[Callable[[int], float]] = (
            list(lr_lambda) if isinstance(lr_lambda, list | tuple) else [lr_lambda] * len(groups)
        )
        if len(self.lr_lambdas) != len(groups):
            raise ArgumentError(
                f"{len(self.lr_lambdas)} functions for {len(groups)} parameter groups: give one for each"
            )
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[float]:
        return [base * f(self.last_epoch) for f, base in zip(self.lr_lambdas, self.base_lrs, strict=True)]

    def state_dict(self) -> dict[str, Any]:
        return {k: v for k, v in super().state_dict().items() if k != "lr_lambdas"}


class StepLR(LRScheduler):
    """× ``gamma`` every ``step_size`` epochs."""

    def __init__(self, optimizer: Optimizer, step_size: int, gamma: float = 0.1, last_epoch: int = -1) -> None:
        self.step_size, self.gamma = step_size, gamma
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[float]:
        now = self.last_epoch > 0 and self.last_epoch % self.step_size == 0
        return [lr * self.gamma for lr in self.lrs] if now else self.lrs


class MultiStepLR(LRScheduler):
    """× ``gamma`` at each of the ``milestones``."""

    def __init__(
        self, optimizer: Optimizer, milestones: Sequence[int], gamma: float = 0.1, last_epoch: int = -1
    ) -> None:
        self.milestones, self.gamma = Counter(milestones), gamma
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[float]:
        times = self.milestones[self.last_epoch]
        return [lr * self.gamma**times for lr in self.lrs] if times else self.lrs


class ExponentialLR(LRScheduler):
    """× ``gamma`` every epoch."""

    def __init__(self, optimizer: Optimizer, gamma: float, last_epoch: int = -1) -> None:
        self.gamma = gamma
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[float]:
        return [lr * self.gamma for lr in self.lrs] if self.last_epoch > 0 else self.lrs


class LinearLR(LRScheduler):
    """From ``start_factor`` × the initial rate to ``end_factor`` × it, in ``total_iters`` equal steps."""

    def __init__(
        self, optimizer: Optimizer, start_factor: float = 1.0 / 3, end_factor: float = 1.0, total_iters: int = 5,
        last_epoch: int = -1,
    ) -> None:  # fmt: skip
        if not 0 < start_factor <= 1 or not 0 <= end_factor <= 1:
            raise ArgumentError(f"start_factor={start_factor} and end_factor={end_factor} must lie between 0 and 1")
        self.start_factor, self.end_factor, self.total_iters = start_factor, end_factor, total_iters
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[float]:
        if self.last_epoch == 0:
            return [lr * self.start_factor for lr in self.lrs]
        if self.last_epoch > self.total_iters:
            return self.lrs
        rise = self.end_factor - self.start_factor
        before = self.total_iters * self.start_factor + (self.last_epoch - 1) * rise
        return [lr * (1.0 + rise / before) for lr in self.lrs]


class CosineAnnealingLR(LRScheduler):
    """Down half a cosine from the initial rate to ``eta_min`` in ``T_max`` epochs, then up again.

    η = eta_min + (η₀ - eta_min) (1 + cos(π t / T_max)) / 2.  Source: Loshchilov & Hutter 2017, eq. 5.
    """

    def __init__(self, optimizer: Optimizer, T_max: int, eta_min: float = 0.0, last_epoch: int = -1) -> None:
        self.T_max, self.eta_min = T_max, eta_min
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[float]:
        t, n, low = self.last_epoch, self.T_max, self.eta_min
        if t == 0:
            return self.lrs
        if (t - 1 - n) % (2 * n) == 0:  # just past the bottom, from where the ratio below would be 0 / 0
            return [
                lr + (base - low) * (1 - math.cos(math.pi / n)) / 2
                for base, lr in zip(self.base_lrs, self.lrs, strict=True)
            ]
        ratio = (1 + math.cos(math.pi * t / n)) / (1 + math.cos(math.pi * (t - 1) / n))
        return [ratio * (lr - low) + low for lr in self.lrs]


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
            for group, top in zip(groups, _for_each(max_lr, groups), strict=True):
                group.update(initial_lr=top / div_factor, max_lr=top, min_lr=top / div_factor / final_div_factor)
                group["lr"] = group["initial_lr"]
            if cycle_momentum:
                if not all("momentum" in group or "betas" in group for group in groups):
                    raise ArgumentError("cycle_momentum=True needs an optimizer with momentum or betas")
                lows, highs = _for_each(base_momentum, groups), _for_each(max_momentum, groups)
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


def _for_each(value: Any, groups: list[Any]) -> list[Any]:
    return list(value) if isinstance(value, list | tuple) else [value] * len(groups)


def _set_momentum(group: dict[str, Any], value: float) -> None:
    if "betas" in group:
        group["betas"] = (value, *group["betas"][1:])
    else:
        group["momentum"] = value


class SequentialLR(LRScheduler):
    """One schedule after another: the next takes over, from its own epoch 0, at each of the ``milestones``."""

    def __init__(
        self, optimizer: Optimizer, schedulers: Sequence[LRScheduler], milestones: Sequence[int], last_epoch: int = -1
    ) -> None:
        if len(milestones) != len(schedulers) - 1:
            raise ArgumentError(
                f"{len(schedulers)} schedules need {len(schedulers) - 1} milestones, and were given {len(milestones)}"
            )
        if any(s.optimizer is not optimizer for s in schedulers):
            raise ArgumentError("every schedule of a SequentialLR must be made for the same optimizer")
        self.optimizer, self.schedulers, self.milestones = optimizer, list(schedulers), list(milestones)
        self.last_epoch = last_epoch + 1
        for group in self.groups:  # each schedule took its first step when it was made: undo that
            group["lr"] = group["initial_lr"]
        for scheduler in self.schedulers:
            scheduler.last_epoch -= 1
        self.schedulers[0].step()
        self._last_lr = self.schedulers[0].get_last_lr()

    def step(self) -> None:
        self.last_epoch += 1
        i = bisect_right(self.milestones, self.last_epoch)
        if i and self.milestones[i - 1] == self.last_epoch:
            for group, base in zip(self.groups, self.schedulers[i].base_lrs, strict=True):
                group["lr"] = base
            self.schedulers[i].last_epoch = -1
        self.schedulers[i].step()
        self._last_lr = self.schedulers[i].get_last_lr()

    def state_dict(self) -> dict[str, Any]:
        return {**super().state_dict(), "schedulers": [s.state_dict() for s in self.schedulers]}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        for scheduler, state in zip(self.schedulers, state_dict["schedulers"], strict=True):
            scheduler.load_state_dict(state)
        super().load_state_dict({k: v for k, v in state_dict.items() if k != "schedulers"})


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
        self.min_lrs = _for_each(min_lr, optimizer.param_groups)
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
