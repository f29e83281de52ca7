"""A recorded step is explained like any graph."""

from __future__ import annotations

import pytest

import chainrule
from chainrule.errors import ArgumentError
from chainrule.graph import explain

pytest.importorskip("numba")


def recorded(n: int) -> tuple[object, chainrule.Tensor, chainrule.Tensor]:
    """A step recorded on n points, its parameter, and what it is fitted to."""
    x, w = chainrule.linspace(-3, 3, n), chainrule.tensor(0.5, requires_grad=True)
    optimizer = chainrule.optim.SGD([w], lr=0.0)  # so that the numbers stay

    @chainrule.compile
    def step() -> chainrule.Tensor:
        optimizer.zero_grad()
        guess = chainrule.tanh(w * x)
        loss = ((guess - x) ** 2).mean()
        loss.backward()
        optimizer.step()
        return loss

    for _ in range(3):
        step()
    return step.graph[0], w, x


@pytest.mark.parametrize("n", [5, 5000])  # of many numbers the recording keeps only the shape
def test_it_says_what_it_says_of_the_graph_itself(n: int) -> None:
    root, w, x = recorded(n)
    guess = chainrule.tanh(w * x)
    loss = ((guess - x) ** 2).mean()
    wanted = str(explain(loss, wrt=w, names={"loss": loss, "w": w, "x": x, "guess": guess}))
    assert str(explain(root, wrt="w")) == wanted
    assert str(explain(root, wrt=w)) == wanted


def test_a_name_that_is_not_there() -> None:
    root, _, _ = recorded(5)
    with pytest.raises(ArgumentError, match=r"wrt='v'\): that is no value of the recorded step; its names are .*'w'"):
        explain(root, wrt="v")
