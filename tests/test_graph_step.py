"""The player: what each step says is what happened; editing a leaf computes everything again."""

from __future__ import annotations

import math
import random
from pathlib import Path
from typing import Any

import micrograd.engine
import numpy as np
import pytest

import chainrule
from chainrule.errors import ArgumentError, GradientError
from chainrule.graph import step
from chainrule.graph.rebuild import read_number
from chainrule.graph.view import View
from chainrule.value import MLP, Value


def example() -> tuple[Value, Value, Value]:
    a, b = Value(2.0, label="a"), Value(-3.0, label="b")
    loss = (a * b + a).tanh() * 0.5 - b**2 / (a + 1.0)
    loss.label = "L"
    return a, b, loss


def last_grads(player: Any) -> dict[str, float]:
    grads: dict[str, float] = {}
    for frame in player.frames:
        grads |= {key: size for key, (_, size) in frame.grads.items()}
    return grads


def test_every_node_forward_and_backward_once() -> None:
    _, _, loss = example()
    player = step(loss)
    results = [f"v{v.id}" for v in player.view if v.op]
    assert [f.node for f in player.frames if f.phase == "forward"] == ["", *results]
    backward = [f.node for f in player.frames if f.phase == "backward"]
    assert backward == [results[-1], *reversed(results)]


def test_the_sums_are_those_of_backward() -> None:
    _, _, loss = example()
    found = last_grads(step(loss))
    assert all(v.object.grad == 0.0 for v in View(loss)), "nothing of the user's was changed"
    loss.backward()
    for vertex in View(loss):
        assert found[f"v{vertex.id}"] == pytest.approx(vertex.object.grad)


def test_a_row_says_slope_product_and_sum() -> None:
    a, b = Value(2.0, label="a"), Value(-3.0, label="b")
    row, other = step((a * b) * a).frames[-1].rows
    assert (row.name, row.local, row.product) == ("a", "∂v2/∂a  =  b  =  −3.0", "2.0 × (−3.0)  =  −6.0")
    assert row.added == "a.grad  −6.0 + (−6.0)  =  −12.0"
    assert (other.name, other.added) == ("b", "b.grad  0.0 + 4.0  =  4.0")


def test_forward_says_formula_and_numbers() -> None:
    a = Value(2.0, label="a")
    titles = [f.title for f in step((a - 3.0).tanh() ** 2).frames if f.phase == "forward"]
    assert titles == [
        "The leaves are given",
        "v2  =  a − v1  =  2 − 3  =  −1.0",
        "v3  =  tanh(v2)  =  tanh(−1)  =  −0.7616",
        "v4  =  v3²  =  (−0.7616)²  =  0.58",
    ]


def test_it_runs_the_learners_own_closures() -> None:
    calls = []

    class Noisy(micrograd.engine.Value):  # type: ignore[misc]
        pass

    a, b = Noisy(2.0), Noisy(3.0)
    out = a * b
    inner = out._backward
    out._backward = lambda: (calls.append(1), inner())
    player = step(out)
    assert calls
    assert last_grads(player) == {"v0": 3.0, "v1": 2.0, "v2": 1.0}
    assert (a.grad, b.grad, out.grad) == (0, 0, 0)


def test_a_wrong_rule_shows_what_it_wrote_and_the_finding() -> None:
    a, b = Value(2.0, label="a"), Value(5.0, label="b")
    out = a - b
    out._slopes = (1.0, 1.0)
    player = step(out)
    right, wrong = player.frames[-1].rows
    assert right.wrong == ""
    assert wrong.product == "1.0 × (−1.0)  =  −1.0"
    assert wrong.added == "b.grad  0.0 → 1.0"
    assert "sent +1.0 to b; the slope measured is −1.0" in wrong.wrong
    assert player.state()["findings"] == [str(player.report[0])]
    assert "WRONG: the − node" in repr(player)
    assert "node result wrong" in player.picture()


def test_tensors() -> None:
    w = chainrule.tensor([[1.0, 2.0], [3.0, -1.0]], requires_grad=True)
    x = chainrule.tensor([[1.0, 0.5]])
    loss = ((x @ w).tanh() ** 2).sum()
    player = step(loss, names={"w": w, "x": x})
    row = player.frames[-1].rows[0]
    assert (row.name, row.local) == ("w", "w̄  +=  xᵀ @ v̄2")
    assert w.grad is None
    loss.backward()
    assert row.added.endswith("[[0.05247, 0.3271], [0.02624, 0.1636]]")
    assert last_grads(player)["v1"] == pytest.approx(float(np.sqrt(np.mean(w.grad.array**2))))


def test_pages_need_nothing_else(tmp_path: Path) -> None:
    _, _, loss = example()
    page = step(loss).save(tmp_path / "player.html").read_text()
    assert "http" not in page.replace("http://www.w3.org/2000/svg", "")
    assert "import " not in page
    with pytest.raises(ArgumentError, match=r"a player is a page; give it the ending \.html"):
        step(loss).save(tmp_path / "player.svg")


def test_a_label_cannot_end_the_script() -> None:
    page = step(Value(1.0, label="</script><script>alert(1)</script>") * 2.0).page()
    assert page.count("</script>") == 1


def test_boxes_have_room_for_every_text() -> None:
    _, _, loss = example()
    player = step(loss)
    longest = max((text for f in player.frames for key, (text, _) in f.grads.items() if key == "v0"), key=len)
    assert longest in player.picture()


# ---------------------------------------------------------------------------------------- editing a leaf


def test_editing_a_leaf_of_values() -> None:
    a, b, loss = example()
    player = step(loss)
    player.edited("v0", "0.5")
    assert (a.data, b.data) == (2.0, -3.0)
    a.data = 0.5
    assert player.view.root.data == pytest.approx(((a * b + a).tanh() * 0.5 - b**2 / (a + 1.0)).data)
    assert player.view.root.label == "L"
    assert [v.label for v in player.view if v.label] == ["a", "b", "L"]


def test_editing_a_leaf_of_micrograd() -> None:
    a, b = micrograd.engine.Value(2.0), micrograd.engine.Value(-3.0)
    player = step((a * b - a / b + (a + b).relu()) ** 2)
    before = player.view.root.data
    leaf = next(f"v{v.id}" for v in player.view if v.object is a)
    player.edited(leaf, "2.0")
    assert player.view.root.data == pytest.approx(before)
    player.edited(leaf, "5.0")
    x, y = 5.0, -3.0
    assert player.view.root.data == pytest.approx((x * y - x / y + max(x + y, 0.0)) ** 2)


def test_editing_a_leaf_of_tensors() -> None:
    w = chainrule.tensor([1.0, 2.0], requires_grad=True)
    player = step((w * w).sum() * 2.0, names={"w": w})
    player.edited("v0", "[3, 4]")
    assert player.view.root.data == 50.0
    assert player.view[0].label == "w"
    assert w.tolist() == [1.0, 2.0]


def test_editing_with_a_function() -> None:
    a, b = Value(2.0, label="a"), Value(3.0, label="b")
    player = step(lambda a, b: a * b if a.data > 0 else b, a, b)
    assert player.view.root.data == 6.0
    player.edited("v0", "4.0")
    assert player.view.root.data == 12.0
    player.edited("v1", "5.0")
    assert player.view.root.data == 20.0
    assert a.data == 2.0
    x = chainrule.tensor(2.0, requires_grad=True)
    assert step(lambda x: x**3, x).edited("v0", "3.0").view.root.data == 27.0


def test_what_cannot_be_computed_again() -> None:
    class Odd(Value):
        def half(self) -> Odd:
            return Odd(self.data / 2, (self,), (0.5,), "halved")

    player = step(Odd(3.0).half())
    with pytest.raises(ArgumentError, match=r"Odd has no operator or method 'halved'.*write step\(fn, \*leaves\)"):
        player.edited("v0", "1.0")


@pytest.mark.parametrize(
    ("text", "like", "said"),
    [("two", 1.0, "'two' is no number"), ("[1, 2]", 1.0, "has the shape"), ("NaN", 1.0, "of finite numbers"),
     ("[1, 2, 3]", np.zeros(2), r"has the shape \(3,\); this leaf has \(2,\)")],
)  # fmt: skip
def test_numbers_that_are_none(text: str, like: Any, said: str) -> None:
    with pytest.raises(ArgumentError, match=said):
        read_number(text, like)


def test_the_widget() -> None:
    _, _, loss = example()
    widget = step(loss).widget()
    before = widget.play["frames"][0]["data"]["v0"]
    widget._handle_custom_msg({"leaf": "v0", "text": "0.25"}, [])
    assert (before, widget.play["frames"][0]["data"]["v0"], widget.error) == ("2.0", "0.25", "")
    widget._handle_custom_msg({"leaf": "v0", "text": "x"}, [])
    assert "'x' is no number" in widget.error
    assert widget.play["frames"][0]["data"]["v0"] == "0.25"
    assert "image/svg+xml" in step(loss)._repr_mimebundle_()


def test_refusals() -> None:
    random.seed(0)
    with pytest.raises(ArgumentError, match=r"this graph has .* values: step through a smaller one"):
        step(MLP(8, [16, 16, 1])([1.0] * 8)[0])
    with pytest.raises(ArgumentError, match="leaves belong to a function"):
        step(Value(1.0) * 2.0, Value(1.0))
    x = chainrule.ones(2, requires_grad=True)
    with pytest.raises(GradientError, match=r"step of a tensor of shape \(2,\)"):
        step(x * 2.0)
    loss = (x * x).sum()
    with chainrule.no_grad():
        x += 1.0
    with pytest.raises(GradientError, match="changed in place"):
        step(loss)


def test_an_unknown_operation_is_played_without_a_slope() -> None:
    a = Value(2.0, label="a")
    out = Value(math.erf(2.0), (a,), (2 / math.sqrt(math.pi) * math.exp(-4.0),), "erf")
    player = step(out)
    assert "nobody knows the operation 'erf'" in player.frames[-1].rows[0].local
    assert player.report.unmeasured
