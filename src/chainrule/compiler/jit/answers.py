"""What a compiled call gives back and leaves behind, as the step as written would: `Answer` and `Gradients`.

new     a tensor made in the step: its numbers are copied out.  If gradients flowed back through it, it is spent
same    a tensor that was there before (a parameter, an argument): it itself
view    a tensor in the memory of one that was there: another view of it
part    the same of an argument: (its number, the offset, the shape, the strides)
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable
from typing import Any
from weakref import WeakMethod, ref

import numpy as np
from numpy.lib.array_utils import byte_bounds

from chainrule.backprop import Node
from chainrule.compiler.entries import Entry
from chainrule.compiler.jit.backward import wants_backward
from chainrule.compiler.jit.places import Place
from chainrule.compiler.jit.pytree import Layout, packer
from chainrule.compiler.jit.states import fits
from chainrule.compiler.memory import owner
from chainrule.compiler.trace.numbers import Symbols
from chainrule.compiler.trace.tracer import Gradient, Tape
from chainrule.errors import CompileWarning
from chainrule.ops.base import Op
from chainrule.tensor import Tensor, wrap
from chainrule.tracing import tracers, watched

NEW, ARGUMENT, SAME, VIEW, PART = "new", "argument", "same", "view", "part"


class Spent(Op):
    """The operation that made a result, when the walk back through it is done, or leads to nothing that is left."""

    reads: list[tuple[int, int]] = []  # noqa: RUF012 (as Op has it)
    differentiable = True

    def __init__(self, name: str, done: bool) -> None:
        self.name, self.keeps_values = name, done

    def pull(self, g: Any, out: Any, inputs: Any, meta: Any, wanted: Any) -> list[Any]:
        """No gradient for nobody."""
        return []


class Answer:
    """What a call returns.

    new      the tensors made in it, in the order of the outputs of the graph
    reason   why it cannot be given back by a compiled call
    """

    def __init__(self, layout: Layout, tensors: list[Tensor], around: dict[int, Tensor], tape: Tape) -> None:
        self.layout, self.pack, self.reason = layout, packer(layout), None  # type: tuple[Any, Any, str | None]
        self.new: list[Tensor] = []
        self.nodes: list[Node | None] = []
        self.plan: list[tuple[str, Any]] = []
        memory = {owner(x.array) for x in around.values()}
        met = {owner(leaf.source) for leaf in tape.entries if leaf.op == "buffer"}
        self.unknown: set[int] = set()  # memory of results that the step may have made itself, or not
        self.known = len(tape.arguments) if tape.symbols is None else tape.given + len(tape.places)
        given = {id(x): i for i, x in enumerate(tape.arguments[: self.known])}
        lent: dict[int, list[int]] = {}
        for i, x in enumerate(tape.arguments):
            lent.setdefault(owner(x.array), []).append(i)
        owners = [owner(x.array) for x in tensors]
        for k, x in enumerate(tensors):
            if id(x) in given:
                self.plan.append((ARGUMENT, given[id(x)]))
            elif id(x) in around:
                self.plan.append((SAME, x))
            elif owners[k] in lent and x.array.size:
                self._part(x, lent[owners[k]], tape.arguments)
            elif owner(x.array) in memory and x.array.size:
                self.plan.append((VIEW, x))
                if x.node is not None:
                    self.reason = "it returns a view of a tensor that lives on, with its place in the graph: detach it"
            elif owners[k] in owners[:k] and x.array.size:
                self.reason = "two of its results share memory: return a copy of one, x.clone()"
            else:
                self.plan.append((NEW, len(self.new)))
                self.new.append(x)
                self.unknown |= {owners[k]} & met
                self.nodes.append(None if x.node is None else _spent(x))
        leaves = [x for x in self.new if x.node is not None and x.node.op is None]
        if leaves and any(x.node is not None and x.node.op is not None and wants_backward([x]) for x in self.new):
            self.reason = "it returns a leaf and what gradients flow back from to it"
        self.simple = len(self.plan) == len(self.new) == 1 and layout[0] == "tensor"

    def _part(self, x: Tensor, places: list[int], arguments: list[Tensor]) -> None:
        """A view of an argument, one of ``places``."""
        i, array = places[0], arguments[places[0]].array
        (low, high), (first, last) = byte_bounds(x.array), byte_bounds(array)
        if i >= self.known:
            self.reason = "it returns a view of a part of a tensor that a number chooses: return a copy, x.clone()"
            return
        if len(places) > 1 or not array.flags.c_contiguous or low < first or high > last:
            self.reason = "it returns a view of an argument that is not in order in memory: return a copy, x.clone()"
            return
        offset = x.array.__array_interface__["data"][0] - first
        node = None if x.node is None else _spent(x)
        self.plan.append((PART, (i, offset, x.array.shape, x.array.strides, node)))

    def fits(self, given: list[Tensor]) -> bool:
        """Whether views of arguments can be made of these."""
        parts = [which[0] for kind, which in self.plan if kind is PART]
        return all(given[i].array.flags.c_contiguous for i in parts)

    def of(self, new: list[Tensor], given: list[Tensor]) -> Any:
        """The value to return, made of the new tensors and those the call was given."""
        for x, node in zip(new, self.nodes, strict=True):
            x.node = node
        if self.simple:
            return new[0]
        found: list[Any] = []
        for kind, which in self.plan:
            if kind is NEW:
                found.append(new[which])
            elif kind is ARGUMENT:
                found.append(given[which])
            elif kind is SAME:
                found.append(which)
            elif kind is PART:
                i, offset, shape, strides, node = which
                array = given[i].array
                view = wrap(np.ndarray(shape, array.dtype, array, offset, strides))
                view.version, view.made, view.node = given[i].version, given[i].version[0], node
                found.append(view)
            else:
                view = wrap(which.array)
                view.version, view.made = which.version, which.version[0]
                found.append(view)
        return self.pack(found)


def _spent(x: Tensor) -> Node:
    assert x.node is not None
    if x.node.op is None:  # a leaf made in the step, that wants a gradient
        return Node.leaf(x)
    done = not wants_backward([x])
    node = Node(Spent(x.node.op.name, done), (), [], [], x.array, {}, [])
    node.spent = done
    return node


# ---------------------------------------------------------------------------------------- gradients


class GradientIs(Place):
    """That a tensor has no gradient (``value`` None), or one of a certain shape and dtype."""

    __slots__ = ()

    def now(self) -> Any:
        return self.owner._grad

    def holds(self) -> bool:
        now = self.now()
        return now is None if self.value is None else fits(now, self.value.array.shape, self.value.array.dtype)

    def test(self, let: Callable[[Any], str]) -> str:
        if self.value is None:
            return f"{let(self.owner)}._grad is None"
        array = self.value.array
        return f"fits({let(self.owner)}._grad, {array.shape!r}, {let(array.dtype)})"

    def change(self) -> str:
        return f"{self.name} has " + ("no gradient any more" if self.now() is None else "another gradient")


class Gradients:
    """What a step relies on and leaves in ``.grad``.

    kept      (tensor, or the number of an argument; the output that becomes its gradient)
    cleared   those whose gradient is None afterwards, used up by the step or forgotten
    unkept    those of them that have one when the step runs as written
    """

    def __init__(self, tape: Tape, around: dict[int, Tensor], moved: set[int], keep: bool) -> None:
        self.places: list[Place] = []
        self.entries: list[Entry] = []
        self.kept: list[tuple[Any, int]] = []
        self.cleared: list[Any] = []
        self.unkept: list[Tensor] = []
        self.unlike: list[tuple[int, Any]] = []
        self.runs = 0
        given = {id(x): i for i, x in enumerate(tape.arguments[: tape.given])}
        for known in tape.gradients.values():
            tensor = known.tensor
            if id(tensor) in given:
                self._note(tape, known, given[id(tensor)], True)
                if known.relies:
                    self.unlike.append((given[id(tensor)], known.start))
            elif id(tensor) in around:
                self._note(tape, known, tensor, keep or known.relies or id(tensor.array) not in moved)
                if known.relies:
                    self.places.append(GradientIs(tensor, "grad", known.start, _named(tape, tensor)))
        self.inherited = [given.get(id(x), x) for x in tape.inherited]

    def _note(self, tape: Tape, known: Gradient, where: Any, keep: bool) -> None:
        final = known.tensor._grad
        if final is None:
            self.cleared.append(where)
        elif final is known.start:
            pass  # changed in place, if at all: it is an argument that is written
        elif keep:
            self.kept.append((where, len(self.entries)))
            self.entries.append(tape.entry(final))
        else:
            self.cleared.append(where)
            self.unkept.append(known.tensor)

    def taken_up(self, tensors: list[Tensor], further: Iterable[Tensor] = ()) -> list[Tensor] | None:
        """The gradients of earlier calls that this one goes on with, and ``further`` arguments among them in the order
        in which they were met; None if they are not as they were recorded.
        """
        for i, start in self.unlike:
            now = tensors[i]._grad
            if (now is None) != (start is None) or (now is not None and now.array.shape != start.array.shape):
                return None
        rest = iter(further)
        return [
            next(rest) if type(x) is Symbols else (tensors[x] if type(x) is int else x)._grad for x in self.inherited
        ]

    def leave(self, new: list[Tensor], tensors: list[Tensor]) -> None:
        """Put what the step leaves where it belongs."""
        self.runs += 1
        for where in self.cleared:
            (tensors[where] if type(where) is int else where)._grad = None
        for where, k in self.kept:
            (tensors[where] if type(where) is int else where)._grad = new[k]


def _named(tape: Tape, tensor: Tensor) -> str:
    cell = tape.cells.get(id(tensor.array))
    label = cell.leaf.label if cell is not None and cell.leaf is not None else ""
    return label or f"a tensor of shape {tensor.shape}"


class Watcher:
    """Notices when somebody outside a step asks for a gradient that it leaves, or would leave if run as written."""

    def __init__(self, wanted: Callable[[], None], name: str) -> None:
        self.wanted, self.name = WeakMethod(wanted), name
        self.gradients: Gradients | None = None
        self.inside = 0  # the step itself runs as written
        self.reset: dict[int, int] = {}  # after how many runs a gradient was set from outside

    def watch(self, tensors: Iterable[Tensor], gradients: Gradients) -> None:
        """Watch these from now on."""
        self.gradients = gradients
        for tensor in tensors:
            watched.setdefault(id(tensor), Watchers(tensor)).add(self)

    def grad_read(self, tensor: Tensor) -> None:
        """Somebody asks for ``tensor.grad``."""
        gradients = self.gradients
        if tracers and not self.inside:
            return
        if gradients is None or all(x is not tensor for x in gradients.unkept):
            return
        if self.inside and not gradients.runs:
            return
        if gradients.runs and (tensor._grad is not None or gradients.runs <= self.reset.get(id(tensor), 0)):
            return  # what is there was not the step's doing
        if gradients.runs:
            warnings.warn(
                f".grad was asked for, of a tensor of shape {tensor.shape}, and is None: the compiled {self.name} used "
                f"it up; from its next call on it is kept (write compile(..., keep_grads=True) to keep all from the "
                f"first)",
                CompileWarning,
                stacklevel=4,
            )
        if wanted := self.wanted():
            wanted()

    def grad_set(self, tensor: Tensor) -> None:
        """Somebody sets ``tensor.grad``."""
        if self.gradients is not None:
            self.reset[id(tensor)] = self.gradients.runs


class Watchers:
    """All that watch one tensor."""

    def __init__(self, tensor: Tensor) -> None:
        key = id(tensor)
        self.tensor = ref(tensor, lambda _: watched.pop(key, None))
        self.each: list[Any] = []

    def add(self, watcher: Watcher) -> None:
        """One more."""
        if all(x() is not watcher for x in self.each):
            self.each.append(ref(watcher))

    def grad_read(self, tensor: Tensor) -> None:
        """Tell all."""
        for watcher in self.each:
            if (one := watcher()) is not None:
                one.grad_read(tensor)

    def grad_set(self, tensor: Tensor) -> None:
        """Tell all."""
        for watcher in self.each:
            if (one := watcher()) is not None:
                one.grad_set(tensor)


def moved(tape: Tape) -> set[int]:
    """The ids of the arrays that a recorded step changes."""
    return {id(cell.array) for cell in tape.stored if isinstance(cell.array, np.ndarray)}
