"""`Recording`: one recorded form of a compiled function of Values."""

from __future__ import annotations

from typing import Any

from chainrule.compiler.values.drawing import roots
from chainrule.compiler.values.form import Answer, Arguments
from chainrule.compiler.values.program import Program
from chainrule.compiler.values.reach import Surroundings
from chainrule.value import Value


class Recording:
    """A program, what it relies on, what it answers, and what it looked like.

    bound      for each leaf: which argument it is, None for one from around
    entry      what the recorded run began with
    labels     the names of the leaves; ``arguments``: of the numbers it was given
    """

    def __init__(
        self, program: Program, around: Surroundings, answer: Answer, given: Arguments, entry: Any, function: Any
    ) -> None:
        self.program, self.around, self.answer, self.entry = program, around, answer, entry
        self.bound = [given.place_of(leaf) for leaf in program.leaves]
        self.arguments, values = given.names(function)
        self.labels = [
            leaf.label or (values[k] if k is not None else "")
            for leaf, k in zip(program.leaves, self.bound, strict=True)
        ]

    def leaves(self, given: Arguments) -> list[Any]:
        """The Values to read and write in a call with these arguments."""
        pairs = zip(self.program.leaves, self.bound, strict=True)
        return [leaf if k is None else given.values[k] for leaf, k in pairs]

    def graph(self) -> list[Value]:
        """The recorded step as Values to draw."""
        return roots(self.program, self.entry, self.answer.shown, self.labels, self.arguments)
