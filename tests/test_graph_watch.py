"""`watch` shows the graph where something broke; the demos compute what they show."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

import chainrule
from chainrule.backprop import lookouts
from chainrule.errors import ArgumentError, DivergedError, ShapeError
from chainrule.graph import demos, watch


def caught(function: Any, error: type[Exception], **options: Any) -> Any:
    with pytest.raises(error) as found, watch(**options):
        function()
    assert not lookouts
    return found.value


def test_a_shape_error_shows_what_led_to_it() -> None:
    def layer() -> Any:
        features = chainrule.ones(2, 3, requires_grad=True)
        weight = chainrule.ones(2, 3)
        return (features * 2.0).relu() @ weight

    error = caught(layer, ShapeError)
    (note,) = error.__notes__
    assert "@ = no result   ← matmul of (2, 3) and (2, 3)" in note
    assert "features = (2, 3)" in note
    assert "weight = (2, 3)  1.0 everywhere   ← weight has the shape (2, 3)" in note
    assert error.graph.svg.count('class="mark"') == 3


def test_names_of_parameters() -> None:
    model = chainrule.nn.Sequential(chainrule.nn.Linear(4, 3), chainrule.nn.Linear(5, 2))
    error = caught(lambda: model(chainrule.ones(2, 4)), ShapeError)
    assert "model.1.weight = (2, 5)" in error.__notes__[0]


def test_an_error_before_the_operation() -> None:
    error = caught(lambda: chainrule.ones(2, 3, requires_grad=True).permute(0, 0), ShapeError)
    assert "permute 0 0 = no result" in error.__notes__[0]


def test_an_error_of_a_loss() -> None:
    mse = chainrule.nn.functional.mse_loss
    error = caught(lambda: mse(chainrule.ones(2, 1), chainrule.ones(2)), ShapeError)
    assert "target = [1.0, 1.0]   ← target has the shape (2,)" in error.__notes__[0]


def test_the_first_nan_forward() -> None:
    def compute() -> Any:
        x = chainrule.tensor([1.0, -1.0], requires_grad=True)
        return (x.log() * 2.0).sum()

    error = caught(compute, DivergedError)
    assert re.fullmatch(
        r"log of \(2,\) gave 1 nan, 0 inf of 2, at .*test_graph_watch\.py:\d+: return \(x\.log\(\).*", str(error)
    )
    assert "└─ x = [1.0, −1.0]" in error.__notes__[0]


def test_the_first_nan_in_a_gradient() -> None:
    x = chainrule.tensor([0.0, 1.0], requires_grad=True)
    error = caught(lambda: x.sqrt().sum().backward(), DivergedError)
    assert str(error).startswith("the gradient that sqrt of (2,) sends on has 0 nan, 1 inf of 2; sqrt ran at ")
    assert "sqrt = [0.0, 1.0]   ← the gradient" in error.__notes__[0]


def test_inf_may_pass() -> None:
    zero = chainrule.tensor([0.0])
    with watch(inf=False):
        zero.log()
    assert str(caught(lambda: zero.log(), DivergedError)).startswith("log of (1,) gave 0 nan, 1 inf of 1, at ")
    already = chainrule.tensor([float("nan")])
    assert "held some already" in str(caught(lambda: already * 2.0, DivergedError))
    with watch(nan=False, inf=False):
        zero.log()


def test_other_errors_pass_as_they_are() -> None:
    error = caught(lambda: {}["key"], KeyError)
    assert not hasattr(error, "graph")


def test_nothing_happens_to_what_is_right() -> None:
    with watch():
        x = chainrule.ones(3, requires_grad=True)
        (x * x).sum().backward()
    assert x.grad.tolist() == [2.0, 2.0, 2.0]


# ---------------------------------------------------------------------------------------- demos

ALL = [demos.order, demos.accumulate, demos.twice, demos.zero_grad, demos.deep, demos.vanishing, demos.exploding]


@pytest.mark.parametrize("demo", ALL)
def test_a_demo_draws_both_sides(demo: Any, tmp_path: Path) -> None:
    shown = demo()
    page = shown.save(tmp_path / "demo.html").read_text()
    assert page.count("data:image/svg+xml") == 2
    assert "http" not in page
    assert repr(shown).count("\n") == 2
    assert shown.wrong.picture.svg != shown.right.picture.svg
    with pytest.raises(ArgumentError, match=r"give it the ending \.html"):
        shown.save(tmp_path / "demo.png")


def test_the_right_side_is_right() -> None:
    for demo in (demos.order, demos.accumulate):
        right, wrong = demo().right.picture, demo().wrong.picture
        root = right.view.root.object
        root.backward()
        for vertex in right.view:
            assert right.grads[vertex.id] == pytest.approx(vertex.object.grad)
        assert right.grads != wrong.grads


def test_the_numbers_are_computed() -> None:
    assert "RecursionError after" in demos.deep().wrong.what
    assert "got through" in demos.deep(50).wrong.what
    losses = [float(x) for x in demos.zero_grad(steps=4).right.what.split("loss ")[1].split()]
    assert losses == sorted(losses, reverse=True)
    assert demos.exploding(5).wrong.what.endswith("x.grad = 243.0")
