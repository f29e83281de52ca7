"""`detect_anomaly`: the operation, the shapes and the user's line where the first NaN or Inf was born."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
import torch

import chainrule
from chainrule.autograd import Function, detect_anomaly, set_detect_anomaly
from chainrule.backprop import lookouts
from chainrule.errors import AnomalyError, GradientError, ShapeError
from chainrule.graph import draw


def leaf(*data: float) -> Any:
    return chainrule.tensor(data, requires_grad=True)


def text(run: Callable[[], Any], mode: Any = detect_anomaly) -> str:
    """What is said, without the folder."""
    with pytest.raises(AnomalyError) as caught, mode():
        run()
    assert not lookouts
    return re.sub(r"\S*/(?=test_anomaly)", "", str(caught.value))


def number(run: Callable[[], Any], below: int) -> int:
    return run.__code__.co_firstlineno + below


def test_forward() -> None:
    def run() -> Any:
        x = leaf(1.0, -1.0)
        y = x * 2.0
        return (y.log() + y).sum()

    line = number(run, 3)
    assert text(run) == (f"log of (2,) gave 1 nan, 0 inf of 2, at test_anomaly.py:{line}: return (y.log() + y).sum()")


def test_forward_inside_a_module_names_the_line_that_called_it() -> None:
    model = chainrule.nn.Sequential(chainrule.nn.Linear(1, 1), chainrule.nn.ReLU())

    def run() -> Any:
        return model(chainrule.full((2, 1), 3e38) * 10.0)

    assert text(run).startswith("mul of (2, 1) and 10.0 gave 0 nan, 2 inf of 2, at test_anomaly.py:")

    def later() -> Any:
        with chainrule.no_grad():
            model[0].weight.fill_(3e38)
        return model(chainrule.full((2, 1), 10.0))

    assert text(later).endswith(f"test_anomaly.py:{number(later, 3)}: return model(chainrule.full((2, 1), 10.0))")


def test_backward_names_the_line_of_the_forward_pass() -> None:
    def run() -> Any:
        x = leaf(0.0, 1.0)
        root = x.sqrt()
        y = root * 0.0
        y.sum().backward()

    line = number(run, 2)
    assert text(run) == (
        "the gradient that sqrt of (2,) sends on has 1 nan, 0 inf of 2; "
        f"sqrt ran at test_anomaly.py:{line}: root = x.sqrt()"
    )


def test_a_line_that_was_not_kept() -> None:
    y = leaf(0.0).sqrt().sum()
    assert text(y.backward).endswith("to learn on which line sqrt ran, turn the mode on before the forward pass")


def test_what_comes_in_already() -> None:
    y = leaf(1.0, 2.0) * 2.0
    nan = chainrule.tensor([float("nan"), 1.0])
    assert "; the gradient it was given held some already; " in text(lambda: y.backward(nan))
    assert "gave 1 nan, 0 inf of 2; what it was given held some already, at" in text(lambda: nan + 1.0)


def test_an_inf_that_is_meant_is_not_born() -> None:
    with detect_anomaly():
        scores = leaf(1.0, 2.0, 3.0).masked_fill(chainrule.tensor([True, False, False]), float("-inf"))
        scores.softmax(0).sum().backward(retain_graph=True)
        chainrule.nn.functional.cross_entropy(scores, chainrule.tensor(2)).backward()


def test_the_second_gradient() -> None:
    def run() -> Any:
        x = leaf(0.0)
        (slope,) = chainrule.autograd.grad((x * x.sqrt()).sum(), x, create_graph=True)
        return slope

    with (
        pytest.raises(AnomalyError, match=r"gave 1 nan, .*test_anomaly\.py:\d+: \(slope,\) = ") as caught,
        detect_anomaly(),
    ):
        run()
    assert caught.value.__notes__[-1].startswith("this is the gradient of sqrt of (1,); sqrt ran at ")


def test_in_place() -> None:
    def divide() -> None:
        x = chainrule.ones(2)
        x /= 0.0

    assert text(divide).startswith("div of (2,) and 0.0 gave 0 nan, 2 inf of 2")

    def store() -> None:
        x = chainrule.ones(2)
        x[0] = float("nan")

    assert "setitem" in text(store)


def test_a_function_of_ones_own() -> None:
    class Bad(Function):
        @staticmethod
        def forward(ctx: Any, x: Any) -> Any:
            return x * 2.0

        @staticmethod
        def backward(ctx: Any, g: Any) -> Any:
            return chainrule.full_like(g, float("nan"))

    def run() -> Any:
        y = Bad.apply(leaf(1.0))
        y.sum().backward()

    line = number(run, 1)
    assert text(run) == (
        "the gradient that Bad of (1,) sends on has 1 nan, 0 inf of 1; "
        f"Bad ran at test_anomaly.py:{line}: y = Bad.apply(leaf(1.0))"
    )


def test_without_the_check_an_error_of_a_rule_names_the_line() -> None:
    class Bad(Function):
        @staticmethod
        def forward(ctx: Any, x: Any) -> Any:
            return x / 0.0

        @staticmethod
        def backward(ctx: Any, g: Any) -> Any:
            return chainrule.ones(7)

    def run() -> None:
        y = Bad.apply(leaf(1.0, 2.0))
        y.sum().backward()

    with pytest.raises(ShapeError, match="returned a gradient of shape") as caught, detect_anomaly(check_nan=False):
        run()
    assert caught.value.__notes__[0].startswith("this is the gradient of Bad of (2,); Bad ran at ")
    assert caught.value.__notes__[0].endswith(": y = Bad.apply(leaf(1.0, 2.0))")


def test_it_points_into_the_picture() -> None:
    with pytest.raises(AnomalyError, match="log of") as caught, detect_anomaly():
        leaf(0.0).log()
    assert "chainrule.graph.draw(error.node)" in caught.value.__notes__[0]
    assert "log = " in repr(draw(caught.value.node))


@pytest.mark.parametrize("lib", [chainrule, torch], ids=["chainrule", "torch"])
@pytest.mark.filterwarnings("ignore:Anomaly Detection", "ignore:Error detected")
def test_on_and_off(lib: Any) -> None:
    def walk() -> None:
        x = lib.tensor([0.0], requires_grad=True)
        (x.sqrt() * 0.0).sum().backward()

    anomaly = lib.autograd
    walk()
    anomaly.set_detect_anomaly(True)
    for _ in range(2):  # an error leaves it on
        with pytest.raises(RuntimeError):
            walk()
    with anomaly.set_detect_anomaly(False):
        walk()
    with anomaly.detect_anomaly(check_nan=False):
        walk()
    with pytest.raises(RuntimeError):
        walk()
    anomaly.set_detect_anomaly(False)
    walk()
    with anomaly.detect_anomaly():
        anomaly.set_detect_anomaly(False)
        walk()
    walk()


def test_outside_the_block_nothing_is_kept() -> None:
    x = leaf(1.0)
    assert not hasattr((x * 2.0).node, "where")
    with detect_anomaly():
        assert hasattr((x * 2.0).node, "where")
    with pytest.raises(GradientError):
        chainrule.ones(1).backward()
    set_detect_anomaly(False)
    assert not lookouts
