"""`LRScheduler`: what every schedule has in common."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from chainrule.errors import ArgumentError
from chainrule.optim.optimizer import Optimizer
from chainrule.tracing import tracer


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
        if recording := tracer():
            recording.spoil("a schedule steps inside the step: call it after the compiled step")
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


def for_each(value: Any, groups: list[Any]) -> list[Any]:
    """An option given once, or once for each group."""
    return list(value) if isinstance(value, list | tuple) else [value] * len(groups)
