"""One shape for every graph, in an order that depends on the graph alone."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import Any

import numpy as np
import pytest

import chainrule
from chainrule.errors import ArgumentError
from chainrule.graph.order import ranks
from chainrule.graph.view import View
from chainrule.value import Value


class Half:
    """A learner's class at its beginning: ``data`` and ``_prev``, nothing else."""

    def __init__(self, data: float, _prev: Any = ()) -> None:
        self.data, self._prev = data, _prev


def shape(view: View) -> list[tuple[str, str, list[int]]]:
    return [(v.label, v.op, [c.id for c in v.children]) for v in view]


def test_value() -> None:
    a, b = Value(2.0, label="a"), Value(3.0, label="b")
    product = a * b
    view = View(product + a)
    assert shape(view) == [("a", "", []), ("b", "", []), ("", "*", [0, 1]), ("", "+", [2, 0])]
    assert view.root.data == 8.0
    assert view.find(product).id == 2
    assert view.users == [[2, 3], [2], [3], []]


def test_half_built_class() -> None:
    a = Half(1.0)
    view = View(Half(3.0, (a, a, 5)))
    assert shape(view) == [("", "", []), ("", "", []), ("", "?", [0, 0, 1])]
    assert [v.data for v in view] == [1.0, 5, 3.0]
    assert view[0].grad is None


def test_tensor() -> None:
    w = chainrule.ones(2, 3, requires_grad=True)
    x = chainrule.ones(4, 2)
    loss = ((x @ w).tanh() ** 2).mean()
    view = View(loss, names={"w": w, "x": x, "elsewhere": chainrule.ones(1), "word": "w"})
    assert [(v.name, v.op) for v in view] == [
        ("x", ""), ("w", ""), ("v2", "@"), ("v3", "tanh"), ("v4", "** 2"), ("v5", "mean"),
    ]  # fmt: skip
    assert view.find(w).grad is None
    loss.backward()
    np.testing.assert_array_equal(view.find(w).grad, w.grad.array)
    assert view.find(x).reader.wants_grad(view.find(x).object) is False


def test_names_from_a_module() -> None:
    model = chainrule.nn.Linear(2, 1)
    view = View(model(chainrule.ones(1, 2)).sum(), names=model)
    assert [v.label for v in view if v.label] == ["weight", "bias"]


def test_several_roots_share_what_they_share() -> None:
    a = Value(1.0)
    view = View([a + 1.0, a * 2.0])
    assert [r.op for r in view.roots] == ["+", "*"]
    assert len(view) == 5
    with pytest.raises(ArgumentError, match="one result to start from, and was given 2"):
        _ = view.root


def test_deep() -> None:
    total = Value(0.0)
    for _ in range(100_000):
        total = total + 1.0
    assert len(View(total)) == 200_001


def test_a_circle_is_refused() -> None:
    a = Half(1.0)
    b = Half(2.0, (a,))
    a._prev = (b,)
    with pytest.raises(ArgumentError, match="goes round in a circle"):
        View(b)


@pytest.mark.parametrize(
    ("x", "words"),
    [
        (3.0, "float is no graph that can be read: it lacks data and _prev"),
        (object(), "object is no graph"),
        ([Value(1.0), chainrule.ones(1)], "tensors and scalars were mixed|it lacks _prev"),
        ([], "a graph of nothing"),
    ],
)
def test_what_cannot_be_read(x: Any, words: str) -> None:
    with pytest.raises(ArgumentError, match=words):
        View(x)


def test_names_that_are_none() -> None:
    with pytest.raises(ArgumentError, match="names=list: give a dict"):
        View(Value(1.0), names=["a"])


def test_find_elsewhere() -> None:
    with pytest.raises(ArgumentError, match="is not in the graph of L"):
        View(Value(1.0, label="L")).find(Value(1.0))


# ---------------------------------------------------------------------------------------- children as a set

SETS = """
import random, sys
from chainrule.graph import draw
class V:
    def __init__(s, data, _prev=(), op="", label=""):
        s.data, s._prev, s._op, s.label, s.grad = data, set(_prev), op, label, 0.0
keep = [object() for _ in range(int(sys.argv[1]))]      # other addresses
a, b, c = V(2.0, label="a"), V(3.0, label="b"), V(2.0)
d, e = V(6.0, (a, b), "*"), V(6.0, (b, c), "*")
f = V(12.0, (d, e), "+")
print(draw(V(14.0, (f, c, a), "+")).dot)
"""


def test_sets_are_drawn_in_one_order_whatever_the_hash() -> None:
    drawn = set()
    for seed in ("0", "1", "77", "4000"):
        run = [sys.executable, "-c", SETS, seed]
        drawn.add(
            subprocess.run(
                run, capture_output=True, text=True, check=True, env={**os.environ, "PYTHONHASHSEED": seed}
            ).stdout
        )
    assert len(drawn) == 1
    assert drawn.pop().count("->") == 9


def test_ranks_tell_apart_what_only_its_users_tell_apart() -> None:
    left, right = Half(1.0), Half(1.0)
    root = Half(0.0, {Half(5.0, {left}), Half(6.0, {right})})
    found = ranks([root])
    assert found[id(left)] != found[id(right)]
    assert found[id(left)][0] == found[id(right)][0]
