"""What `check` finds: one sentence for each wrong gradient, at the node that sent it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from chainrule.graph.numbers import number, summary
from chainrule.graph.view import Vertex, View


@dataclass(frozen=True)
class Finding:
    """A gradient that is wrong: which node sent it, to whom, what, and what the slope measured is."""

    vertex: Vertex
    to: Vertex | None
    sent: Any
    measured: Any
    sentence: str

    @property
    def node(self) -> Any:
        """The object of yours that did it."""
        return self.vertex.object

    @property
    def child(self) -> Any:
        """The object of yours it was sent to; None where the finding is about the node alone."""
        return None if self.to is None else self.to.object

    def __str__(self) -> str:
        return self.sentence


class Report(list[Finding]):
    """The findings, in the order in which a backward pass meets them; empty when all is right.

    ``checked`` counts the gradients compared; ``unmeasured`` says of each other one why it could not be.
    """

    def __init__(self, view: View) -> None:
        super().__init__()
        self.view = view
        self.checked = 0
        self.unmeasured: list[str] = []

    def __repr__(self) -> str:
        gradients = f"{self.checked:,} gradient{'' if self.checked == 1 else 's'}"
        if not self:
            verdict = (
                f"{gradients} checked, each the slope that was measured" if self.checked else "nothing was checked"
            )
        else:
            verdict = f"{gradients} checked, {len(self)} finding{'' if len(self) == 1 else 's'}:"
        lines = [verdict, *(f"{n}  {finding}" for n, finding in enumerate(self, 1))]
        return "\n".join(lines + [f"not checked: {reason}" for reason in self.unmeasured])

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        from chainrule.graph.picture import draw

        shown = draw(self.view, findings=self)._repr_mimebundle_() if self else {}
        return {**shown, "text/plain": repr(self)}


def called(vertex: Vertex) -> str:
    """A vertex in a sentence: its label, or how it was made and what it holds.

    >>> from chainrule.value import Value
    >>> called(View(Value(2.0) * Value(3.0)).root)
    'the × node (6.0)'
    """
    if vertex.label:
        return vertex.label
    sign = {"*": "×", "-": "−"}.get(vertex.op, vertex.op)
    return f"the {sign} node ({summary(vertex.data)})" if vertex.op else f"the leaf {summary(vertex.data)}"


def signed(x: Any) -> str:
    """A number with its sign; an array in short."""
    return number(x, sign=True) if isinstance(x, int | float) else summary(x)
