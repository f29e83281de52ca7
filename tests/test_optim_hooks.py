"""Optimizers: parameters with names, hooks around the step, rates that are tensors, an optimizer of one's own."""

from __future__ import annotations

from typing import Any

import pytest
import torch

import chainrule
from chainrule.errors import ArgumentError

LIBS = pytest.mark.parametrize("lib", [chainrule, torch], ids=["chainrule", "torch"])


def weight(lib: Any) -> Any:
    return lib.tensor([1.0, -2.0], requires_grad=True)


def walk(w: Any, optimizer: Any, steps: int = 3) -> list[float]:
    for _ in range(steps):
        optimizer.zero_grad()
        (w * w).sum().backward()
        optimizer.step()
    return list(w.detach().tolist())


@LIBS
def test_parameters_with_names(lib: Any) -> None:
    model = lib.nn.Linear(2, 3)
    optimizer = lib.optim.Adam(model.named_parameters(), lr=0.1)
    (group,) = optimizer.param_groups
    assert group["param_names"] == ["weight", "bias"]
    assert all(p is q for p, q in zip(group["params"], model.parameters(), strict=True))
    assert optimizer.state_dict()["param_groups"][0]["param_names"] == ["weight", "bias"]
    model(lib.ones(1, 2)).sum().backward()
    optimizer.step()
    both = lib.optim.SGD([{"params": [("w", model.weight)], "lr": 0.5}, {"params": [("b", model.bias)]}], lr=0.1)
    assert [(g["param_names"], g["lr"]) for g in both.param_groups] == [(["w"], 0.5), (["b"], 0.1)]
    plain = lib.optim.Adam(model.parameters(), lr=0.2)
    assert "param_names" not in plain.param_groups[0]
    optimizer.load_state_dict(plain.state_dict())
    assert (optimizer.param_groups[0]["param_names"], optimizer.param_groups[0]["lr"]) == (["weight", "bias"], 0.2)
    for wrong in (
        lambda: lib.optim.SGD([("w", model.weight), model.bias]),
        lambda: plain.add_param_group({"params": [("w", weight(lib))]}),
        lambda: optimizer.add_param_group({"params": [weight(lib)]}),
    ):
        with pytest.raises(ValueError, match="name"):
            wrong()


def test_names_for_some_say_what_to_write() -> None:
    with pytest.raises(
        ArgumentError, match=r"write model.named_parameters\(\) for all, or model.parameters\(\) for all"
    ):
        chainrule.optim.SGD([("w", weight(chainrule)), weight(chainrule)])


@LIBS
def test_hooks_around_the_step(lib: Any) -> None:
    w, log = weight(lib), []
    optimizer = lib.optim.SGD([w], lr=0.1)
    before = optimizer.register_step_pre_hook(lambda o, args, kwargs: log.append(("before", w.tolist(), len(args))))
    optimizer.register_step_post_hook(lambda o, args, kwargs: log.append(("after", w.tolist(), o is optimizer)))
    walk(w, optimizer, 1)
    before.remove()
    walk(w, optimizer, 1)
    assert [what for what, _, _ in log] == ["before", "after", "after"]
    assert log[0][1:] == ([1.0, -2.0], 0 if lib is chainrule else log[0][2])
    assert log[1][1] == pytest.approx([0.8, -1.6])
    assert log[1][2]


@LIBS
def test_a_hook_may_change_the_arguments(lib: Any) -> None:
    w = weight(lib)
    optimizer = lib.optim.SGD([w], lr=0.1)
    optimizer.register_step_pre_hook(lambda o, args, kwargs: (args, {"closure": lambda: (w * w).sum()}))
    assert optimizer.step().item() == 5.0


def test_what_a_hook_may_return() -> None:
    optimizer = chainrule.optim.SGD([weight(chainrule)])
    optimizer.register_step_pre_hook(lambda o, args, kwargs: 3)
    with pytest.raises(ArgumentError, match=r"returned something else than \(args, kwargs\) or None"):
        optimizer.step()


@LIBS
def test_a_rate_that_is_a_tensor(lib: Any) -> None:
    walked = []
    for rate in (0.1, lib.tensor(0.1)):
        w = weight(lib)
        optimizer = lib.optim.SGD([w], lr=rate)
        walk(w, optimizer, 2)
        optimizer.param_groups[0]["lr"] *= 0.5
        walked.append(walk(w, optimizer, 2))
    assert walked[0] == pytest.approx(walked[1])


@LIBS
def test_an_optimizer_of_ones_own(lib: Any) -> None:
    class Momentum(lib.optim.Optimizer):  # type: ignore[name-defined, misc]
        def __init__(self, params: Any, lr: float = 0.1, mu: float = 0.9) -> None:
            super().__init__(params, {"lr": lr, "mu": mu})

        @lib.no_grad()
        def step(self, closure: Any = None) -> Any:
            for group in self.param_groups:
                for p in group["params"]:
                    if p.grad is None:
                        continue
                    state = self.state[p]
                    if len(state) == 0:
                        state["v"] = lib.zeros_like(p)
                    state["v"].mul_(group["mu"]).add_(p.grad)
                    p.add_(state["v"], alpha=-group["lr"])

    w, called = weight(lib), []
    optimizer = Momentum([w], lr=0.05)
    optimizer.register_step_post_hook(lambda o, args, kwargs: called.append(1))
    mine = walk(w, optimizer, 4)
    same = weight(lib)
    assert mine == pytest.approx(walk(same, lib.optim.SGD([same], lr=0.05, momentum=0.9), 4))
    assert len(called) == 4
    other = Momentum([w])
    other.load_state_dict(optimizer.state_dict())
    other.step()
    scheduler = lib.optim.lr_scheduler.StepLR(optimizer, 1, gamma=0.5)
    optimizer.step()
    scheduler.step()
    assert optimizer.param_groups[0]["lr"] == pytest.approx(0.025)
