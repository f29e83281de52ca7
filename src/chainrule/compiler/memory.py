"""`Memory`: where a plan keeps its arrays and numbers, and how they get there.

table     the addresses of all arrays, in the order of the plan: buffers where they are, the rest in arrays of our own
scalars   the options of optimizers
copies    buffers that do not lie in order: copied in, and back if the step writes them
"""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule.compiler.build import Plan
from chainrule.compiler.entries import Entry, Graph
from chainrule.compiler.schedule import root


class Memory:
    """The arrays of a plan."""

    def __init__(self, plan: Plan, graph: Graph, scalars: Any = None) -> None:
        self.plan = plan
        self.copies: list[tuple[Any, Any, bool]] = []  # (theirs, ours, written)
        stored = {buffer for buffer, _ in graph.stores}
        self.arrays = [self._of(leaf, leaf in stored) for leaf in plan.leaves]
        self.arrays += [np.empty(array.shape, array.dtype) for array in plan.temporary]
        self.table = np.array([array.ctypes.data for array in self.arrays], np.int64)
        self.arguments = [(slot, leaf.source) for slot, leaf in enumerate(plan.leaves) if leaf.op == "argument"]
        self.draws = [(slot, leaf.source) for slot, leaf in enumerate(plan.leaves) if leaf.op == "draw"]
        self.results = [
            (self.arrays[slot], value.shape) for slot, value in zip(plan.results, graph.outputs, strict=True)
        ]
        most = max(plan.places.values(), default=0) + 1
        self.scalars = np.zeros(most) if scalars is None else scalars
        left = {option for option, _ in graph.options}
        self.options = []
        for option in plan.options:
            (owner, key, path), *others = option.source
            self.options.append(
                (plan.places[option], owner, key, path, others, option in left, type(_value(owner, key, path)))
            )

    def _of(self, leaf: Entry, written: bool) -> Any:
        """The array of a leaf."""
        theirs = leaf.source
        if leaf.op in ("argument", "draw"):
            return np.empty(leaf.shape, leaf.dtype)
        if theirs.flags.c_contiguous and theirs.flags.aligned and (theirs.flags.writeable or not written):
            return theirs
        ours = np.array(theirs, order="C")
        if leaf.op == "buffer":
            self.copies.append((theirs, ours, written))
        return ours

    def array(self, source: Any) -> Any:
        """The array of something in the plan."""
        return self.arrays[self.plan.slots[root(source)]]

    def enter(self, tensors: list[Any]) -> bool:
        """Bring in what this step is given; False if numbers that were equal are no longer so."""
        arrays = self.arrays
        for slot, i in self.arguments:
            arrays[slot][...] = tensors[i].array
        for slot, (stream, name, given) in self.draws:
            arrays[slot][...] = getattr(stream, name)(*given)
        for theirs, ours, _ in self.copies:
            ours[...] = theirs
        return self.load()

    def load(self) -> bool:
        """Bring in the options; False if numbers that were equal are no longer so."""
        scalars = self.scalars
        for i, owner, key, path, others, _, _ in self.options:
            value = _value(owner, key, path)
            for other, k, p in others:
                if _value(other, k, p) != value:
                    return False
            scalars[i] = value
        return True

    def leave(self) -> None:
        """Put back what belongs to others."""
        for theirs, ours, written in self.copies:
            if written:
                theirs[...] = ours
        for i, owner, key, _, others, left, kind in self.options:
            if left:
                value = kind(self.scalars[i])
                owner[key] = value
                for other, k, _ in others:
                    other[k] = value


def _value(owner: Any, key: Any, path: Any) -> Any:
    value = owner[key]
    for i in path:
        value = value[i]
    return value
