"""Every schedule gives torch's rates, to the last bits, for 40 epochs, with every option; and goes on from a state."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

import chainrule
from chainrule.errors import ArgumentError

Make = Callable[[Any, Any], Any]
MEASURES = [*(10.0 / (k + 1) for k in range(12)), *([0.8, 0.81, 0.8, 0.79999] * 7)]


def schedule(name: str, **options: Any) -> Make:
    return lambda t, optimizer: getattr(t.optim.lr_scheduler, name)(optimizer, **options)


def after(milestones: list[int], *makes: Make) -> Make:
    return lambda t, optimizer: t.optim.lr_scheduler.SequentialLR(
        optimizer, [make(t, optimizer) for make in makes], milestones
    )


SCHEDULES: dict[str, Make] = {
    "StepLR": schedule("StepLR", step_size=3),
    "StepLR 0.5": schedule("StepLR", step_size=7, gamma=0.5),
    "MultiStepLR": schedule("MultiStepLR", milestones=[2, 5, 5, 20]),
    "MultiStepLR 0.7": schedule("MultiStepLR", milestones=[0, 1, 39], gamma=0.7),
    "ExponentialLR": schedule("ExponentialLR", gamma=0.9),
    "LinearLR": schedule("LinearLR"),
    "LinearLR down": schedule("LinearLR", start_factor=1.0, end_factor=0.1, total_iters=20),
    "LinearLR from near 0": schedule("LinearLR", start_factor=1e-3, end_factor=0.5, total_iters=50),
    "CosineAnnealingLR": schedule("CosineAnnealingLR", T_max=40),
    "CosineAnnealingLR up again": schedule("CosineAnnealingLR", T_max=7, eta_min=0.01),
    "CosineAnnealingLR 1": schedule("CosineAnnealingLR", T_max=1, eta_min=0.001),
    "LambdaLR": schedule("LambdaLR", lr_lambda=lambda epoch: 1 / (epoch + 1)),
    "LambdaLR each": schedule("LambdaLR", lr_lambda=[lambda epoch: 0.9**epoch, lambda epoch: 1.0 + epoch]),
    "OneCycleLR": schedule("OneCycleLR", max_lr=0.5, total_steps=41),
    "OneCycleLR of epochs": schedule("OneCycleLR", max_lr=0.5, epochs=7, steps_per_epoch=6, pct_start=0.4),
    "OneCycleLR linear": schedule("OneCycleLR", max_lr=[0.5, 0.2], total_steps=45, anneal_strategy="linear"),
    "OneCycleLR three phases": schedule(
        "OneCycleLR", max_lr=0.5, total_steps=50, three_phase=True, div_factor=10.0, final_div_factor=100.0
    ),
    "OneCycleLR momenta": schedule("OneCycleLR", max_lr=0.5, total_steps=41, base_momentum=0.7, max_momentum=0.99),
    "OneCycleLR, lr alone": schedule("OneCycleLR", max_lr=0.5, total_steps=41, cycle_momentum=False),
    "SequentialLR": after(
        [5, 20], schedule("LinearLR", total_iters=5), schedule("CosineAnnealingLR", T_max=15),
        schedule("ExponentialLR", gamma=0.95),
    ),
    "SequentialLR of steps": after([10], schedule("StepLR", step_size=3), schedule("StepLR", step_size=2, gamma=0.5)),
    "ReduceLROnPlateau": schedule("ReduceLROnPlateau", patience=2),
    "ReduceLROnPlateau max": schedule("ReduceLROnPlateau", mode="max", factor=0.5, patience=1, cooldown=2),
    "ReduceLROnPlateau abs": schedule(
        "ReduceLROnPlateau", threshold=0.01, threshold_mode="abs", patience=0, min_lr=1e-4, eps=1e-5
    ),
    "ReduceLROnPlateau max abs": schedule(
        "ReduceLROnPlateau", mode="max", threshold=0.01, threshold_mode="abs", patience=3, min_lr=[1e-3, 1e-2]
    ),
}  # fmt: skip
OPTIMIZERS = {"SGD": {"momentum": 0.9}, "Adam": {}}


class Run:
    """Two parameter groups under an optimizer and a schedule."""

    def __init__(self, t: Any, name: str, optimizer: str) -> None:
        self.ps = [t.zeros(2, requires_grad=True), t.zeros(3, requires_grad=True)]
        groups = [{"params": self.ps[0]}, {"params": self.ps[1], "lr": 0.02}]
        self.optimizer = getattr(t.optim, optimizer)(groups, lr=0.1, **OPTIMIZERS[optimizer])
        self.schedule = SCHEDULES[name](t, self.optimizer)
        self.watches, self.epoch = name.startswith("Reduce"), 0

    def now(self) -> list[float]:
        """The rates, as the schedule and the optimizer say them, and the momenta."""
        momenta = [g["betas"][0] if "betas" in g else g["momentum"] for g in self.optimizer.param_groups]
        rates = [float(g["lr"]) for g in self.optimizer.param_groups]
        return [*rates, *map(float, self.schedule.get_last_lr()), *momenta]

    def epochs(self, n: int) -> list[list[float]]:
        """`now` before each of n epochs."""
        seen = []
        for _ in range(n):
            seen.append(self.now())
            self.optimizer.step()
            self.schedule.step(*([MEASURES[self.epoch]] if self.watches else []))
            self.epoch += 1
        return seen


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize("name", SCHEDULES)
def test_40_epochs_are_torchs(name: str, optimizer: str) -> None:
    mine, theirs = Run(chainrule, name, optimizer).epochs(40), Run(torch, name, optimizer).epochs(40)
    np.testing.assert_allclose(mine, theirs, rtol=1e-14, atol=0)
    assert len({tuple(now) for now in mine}) > 1, "it changed something"


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize("name", SCHEDULES)
def test_a_state_goes_on(name: str, optimizer: str) -> None:
    straight = Run(chainrule, name, optimizer).epochs(40)
    first = Run(chainrule, name, optimizer)
    first.epochs(13)
    second = Run(chainrule, name, optimizer)
    state = copy.deepcopy((first.schedule.state_dict(), first.optimizer.state_dict()))
    second.schedule.load_state_dict(state[0])
    second.optimizer.load_state_dict(state[1])
    second.epoch = 13
    assert second.epochs(27) == straight[13:]
    assert first.epochs(27) == straight[13:], "saving changed nothing"


def test_two_schedules_multiply() -> None:
    seen = []
    for t in (chainrule, torch):
        optimizer = t.optim.SGD([t.zeros(1, requires_grad=True)], lr=1.0)
        both = [
            t.optim.lr_scheduler.ExponentialLR(optimizer, 0.9),
            t.optim.lr_scheduler.StepLR(optimizer, 3, gamma=0.5),
        ]
        seen.append([])
        for _ in range(10):
            optimizer.step()
            for one in both:
                one.step()
            seen[-1].append(optimizer.param_groups[0]["lr"])
    np.testing.assert_allclose(seen[0], seen[1], rtol=1e-14)


def optimizer() -> Any:
    return chainrule.optim.SGD([chainrule.zeros(1, requires_grad=True)], lr=0.1)


S = chainrule.optim.lr_scheduler
BAD: dict[str, tuple[Callable[[], Any], str]] = {
    "lambdas": (lambda: S.LambdaLR(optimizer(), [abs, abs]), "2 functions for 1 parameter groups"),
    "linear": (lambda: S.LinearLR(optimizer(), start_factor=0.0), "start_factor=0.0 and end_factor=1.0 must lie"),
    "one cycle": (lambda: S.OneCycleLR(optimizer(), 1.0), "OneCycleLR needs its length: give total_steps, or"),
    "strategy": (lambda: S.OneCycleLR(optimizer(), 1.0, 9, anneal_strategy="up"), "anneal_strategy='up': choose 'cos'"),
    "no momentum": (
        lambda: S.OneCycleLR(chainrule.optim.Adagrad([chainrule.zeros(1)]), 1.0, 9), "needs an optimizer with momentum",
    ),
    "milestones": (lambda: S.SequentialLR(o := optimizer(), [S.StepLR(o, 1)], [1]), "1 schedules need 0 milestones"),
    "others": (
        lambda: S.SequentialLR(optimizer(), [S.StepLR(optimizer(), 1)], []), "must be made for the same optimizer",
    ),
    "factor": (lambda: S.ReduceLROnPlateau(optimizer(), factor=1.0), "factor=1.0: it must be below 1"),
    "mode": (lambda: S.ReduceLROnPlateau(optimizer(), mode="low"), "mode='low'"),
    "no measure": (lambda: S.ReduceLROnPlateau(optimizer()).step(), r"needs the measure it watches: step\(valid"),
    "going on": (lambda: S.StepLR(optimizer(), 1, last_epoch=3), "group 0 has no 'initial_lr'"),
    "too long": (
        lambda: [s := S.OneCycleLR(optimizer(), 1.0, 3), *(s.step() for _ in range(9))], "made for 3 steps and is",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD)
def test_refused(name: str) -> None:
    call, text = BAD[name]
    with pytest.raises(ArgumentError, match=text) as caught:
        call()
    assert "\n" not in str(caught.value)
