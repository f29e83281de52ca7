"""A whole training step in one graph: forward, backward and update are drawn, played, checked and explained."""

from pathlib import Path

import chainrule
from chainrule.autograd import grad
from chainrule.graph import check, draw, explain, step


def whole_step() -> tuple[chainrule.Tensor, chainrule.Tensor]:
    """The weights before and after a step of gradient descent that was recorded whole."""
    x, y = chainrule.randn(8, 2), chainrule.randn(8, 1)
    w = chainrule.randn(1, 2, requires_grad=True)
    loss = (((x @ w.T).tanh() - y) ** 2).mean()
    (g,) = grad(loss, w, create_graph=True)
    return w, w - 0.1 * g


def test_it_is_drawn_with_what_the_backward_pass_did(tmp_path: Path) -> None:
    w, after = whole_step()
    picture = draw(after, names={"w": w})
    text = repr(picture)
    forward, backward = "tanh", "1.0 -"  # the rule of tanh, g (1 - out²), stands in the graph as operations
    assert forward in text
    assert backward in text or "1 -" in text
    for ending in ("svg", "png", "html"):
        picture.save(tmp_path / f"step.{ending}")
        assert (tmp_path / f"step.{ending}").stat().st_size > 1000


def test_its_gradients_are_right_and_it_plays(tmp_path: Path) -> None:
    w, after = whole_step()
    assert list(check(after)) == []
    assert "permute" in repr(explain(after.sum(), wrt=w))
    step(after.sum()).save(tmp_path / "player.html")
    assert "<svg" in (tmp_path / "player.html").read_text()
