"""`Tape`: watches a step run, and writes down every value it makes.

The step runs as it always does, with its real effects; the tape only looks on.  Every operation passes the one
door, where the tape stands as a lookout; what the door does not see (numbers that leave for Python, random numbers,
the options of an optimizer) tells it through ``tracing``.

cell     a piece of memory: which value it holds now, and the count of its changes when that was so.  A tensor and
         its ``detach()`` share one
leaf     memory whose value the step did not make (see ``entries``)
spoilt   the step did something that cannot be written down; ``reason`` says what, and on which line
"""

from __future__ import annotations

import threading
import weakref
from collections.abc import Sequence
from typing import Any

import numpy as np

from chainrule.autograd.anomaly import here, line
from chainrule.backprop import Node, lookouts
from chainrule.compiler.entries import Entry, Graph, remembered
from chainrule.compiler.memory import NUMBERS
from chainrule.compiler.trace.numbers import Symbols
from chainrule.compiler.trace.scalars import Scalar
from chainrule.compiler.trace.symbols import Symbol, number, plain
from chainrule.errors import CompileError
from chainrule.grad_mode import no_grad
from chainrule.ops.base import BOOK, Array, Op, is_view
from chainrule.tensor import Tensor
from chainrule.tracing import tracers


class Cell:
    """Memory, and the value it holds.  ``array`` is that of a leaf, or a weak reference to that of a result.

    of, index   for a view that is an item of another memory: that, and where
    """

    __slots__ = ("array", "count", "entry", "index", "leaf", "of", "version", "view")

    def __init__(
        self, entry: Entry, array: Any, version: list[int], leaf: Entry | None, view: bool, of: Cell | None = None,
        index: Any = None,
    ) -> None:  # fmt: skip
        self.entry, self.array, self.version, self.count = entry, array, version, version[0]
        self.leaf, self.view, self.of, self.index = leaf, view, of, index


class Gradient:
    """What a step does with the ``.grad`` of a tensor.

    start    what it was before the step; ``relies`` says whether the step reads it, or adds to it
    """

    __slots__ = ("relies", "start", "tensor")

    def __init__(self, tensor: Tensor, relies: bool) -> None:
        self.tensor, self.start, self.relies = tensor, tensor._grad, relies


class Tape:
    """One recording.  Within ``with tape:`` every operation is written down; ``graph`` is the result.

    arguments   tensors that are others in each call: those the step is given, and those read at ``places``
    places      where the step reads tensors that may be others in each call
    symbols     what it does with numbers that may be others in each call
    inherited   tensors whose gradient of an earlier call the step takes up (and ``symbols``, for each part of a tensor
                that they choose): further arguments
    """

    symbols: Symbols | None = None

    def __init__(self, arguments: list[Tensor], strict: bool = False, places: Sequence[Any] = ()) -> None:
        self.entries: list[Entry] = []
        self.checks: list[tuple[Entry, bool]] = []
        self.reason: str | None = None
        self.void, self._starting = False, False  # void: neither good nor bad, the next call may tell more
        self.strict, self.given, self.places = strict, len(arguments), list(places)
        self.arguments = [*arguments, *(place.now() for place in places)]
        self.inherited: list[Any] = []
        self.cells: dict[int, Cell] = {}  # by the id of the array, as long as that lives
        self.stored: list[Cell] = []
        self.optional: dict[tuple[Any, ...], Scalar] = {}  # options by (id of their dict, key, path), as they are now
        self.firsts: dict[tuple[int, str], Scalar | None] = {}  # ... and as they were at first
        self.families: dict[tuple[Any, ...], Entry] = {}
        self.left_in: dict[Entry, Entry] = {}
        self.around: dict[int, Tensor] = {}
        self.draws: dict[int, tuple[Any, str, tuple[Any, ...]]] = {}
        self.owners: list[tuple[Any, Any, Any]] = []  # (tensor, "array", its memory); (dict, key, what is in it)
        self.gradients: dict[int, Gradient] = {}  # by the id of the tensor
        self.sized: list[Entry] = []  # values whose shape depends on numbers: on how often a mask is True
        self.modes: dict[int, tuple[Any, bool]] = {}  # modules that the step switches to training or evaluation
        self.settled: set[int] = set()  # ids of arrays of random numbers that became leaves
        self.pending: tuple[Op, dict[int, Entry]] | None = None
        self._thread, self._of = threading.get_ident(), 0
        for i, tensor in enumerate(self.arguments):
            self._leaf(tensor, Entry("argument", data=remembered(tensor.array), source=i))

    def __enter__(self) -> Tape:
        tracers.append(self)
        lookouts.append(self)
        return self

    def __exit__(self, *error: Any) -> None:
        tracers.remove(self)
        lookouts.remove(self)

    def here(self) -> bool:
        """Whether this thread is the one recorded."""
        return threading.get_ident() == self._thread

    def place(self) -> Any:
        """The user's line that runs now."""
        return here()

    # ------------------------------------------------------------------------------------ as a lookout

    def applied(self, op: Op, inputs: tuple[Any, ...], meta: dict[str, Any], result: Tensor) -> None:
        """An operation ran."""
        if self.reason or not self.here() or BOOK.get(op.name) is not op:  # a Function: its parts were seen
            return
        scalars: dict[int, Entry] = {}
        if self.pending and self.pending[0] is op:
            scalars, self.pending = self.pending[1], None
        if self.symbols is not None:
            meta = plain(meta)
        given = tuple(
            scalars[i] if i in scalars else self.entry(x) if isinstance(x, Tensor) else x for i, x in enumerate(inputs)
        )
        if op.name == "detach":
            self.cells[id(result.array)] = self.cells[id(inputs[0].array)]
            self.around[id(result.array)] = result  # keeps the array, whose id stands for it, alive
            return
        entry = Entry(op.name, given, meta, remembered(result.array), where=here())
        view = op.shares_memory and is_view(result.array, inputs[0].array)
        self.entries.append(entry)
        if op.name == "getitem" and any(isinstance(x, Tensor) and x.dtype.kind == "b" for x in inputs[1:]):
            self.sized.append(entry)
        of = self.cells.get(id(inputs[0].array)) if view and op.name == "getitem" and len(inputs) == 1 else None
        self._result(Cell(entry, None, result.version, None, view, of, meta.get("index")), result.array)

    def walking(self) -> None:
        """A walk back begins: what is written down from here on is the work of gradient rules."""
        self._of = len(self.entries)

    def pulled(self, node: Node, g: Any, sends: list[Any]) -> None:
        """A gradient rule ran: what was written down since the last one is its work."""
        cell = self.cells.get(id(node.out))
        for entry in self.entries[self._of :]:
            if not entry.is_leaf:
                entry.of = cell.entry if cell else None
        self._of = len(self.entries)

    def grad_read(self, tensor: Tensor) -> None:
        """``tensor.grad`` is asked for; where that is the first the step does with it, it takes up what was there."""
        if id(tensor) in self.gradients:
            return
        known = self.gradients[id(tensor)] = Gradient(tensor, True)
        if known.start is not None and id(known.start.array) not in self.cells:
            leaf = Entry("argument", data=remembered(known.start.array), source=len(self.arguments), where=here())
            self.arguments.append(known.start)
            self.inherited.append(tensor)
            self._leaf(known.start, leaf)

    def grad_set(self, tensor: Tensor) -> None:
        """``tensor.grad`` is set."""
        if id(tensor) not in self.gradients:
            self.gradients[id(tensor)] = Gradient(tensor, False)

    def failed(self, node: Node, error: Exception) -> None:
        """A gradient rule raised an error: the step ends, and with it the recording."""

    # ------------------------------------------------------------------------------------ values

    def entry(self, tensor: Tensor) -> Entry:
        """The value a tensor holds now."""
        cell = self.cells.get(id(tensor.array))
        if cell is None:
            return self._leaf(tensor, self._found(tensor))
        if cell.version[0] != cell.count:
            self.spoil("memory was changed through a view of it")
        return cell.entry

    def _leaf(self, tensor: Tensor, leaf: Entry) -> Entry:
        self.entries.append(leaf)
        self.cells[id(tensor.array)] = Cell(leaf, tensor.array, tensor.version, leaf, False)
        return leaf

    def _found(self, tensor: Tensor) -> Entry:
        """A leaf for memory met for the first time."""
        array = tensor.array
        if id(array) in self.draws:
            self.settled.add(id(array))
            return Entry("draw", data=remembered(array), source=self.draws[id(array)], where=here())
        if id(array) not in self.around:
            self.owners.append((tensor, "array", array))
        return Entry("buffer", data=remembered(array), source=array, where=here())

    def same(self, copy: Array, tensor: Tensor) -> None:
        """``copy`` holds the value of ``tensor``."""
        self._result(Cell(self.entry(tensor), None, [0], None, False), copy)

    def _result(self, cell: Cell, array: Array) -> None:
        """``array`` is the memory of ``cell``: known by its id until it dies, for others may have that id then."""
        key, cells = id(array), self.cells
        cell.array = weakref.ref(array, lambda _: cells.pop(key, None))
        cells[key] = cell

    def written(self, tensor: Tensor, result: Tensor) -> None:
        """``result`` was written over the memory of ``tensor``."""
        if self.reason or not self.here():
            return
        value = self.entry(result)
        cell = self.cells.get(id(tensor.array))
        if cell is None:
            self._leaf(tensor, self._found(tensor))
            cell = self.cells[id(tensor.array)]
        if value.shape != tensor.shape:
            value = self._made("expand", value, {"shape": tensor.shape}, tensor.array)
        if value.dtype != tensor.dtype:
            value = self._made("cast", value, {"dtype": tensor.dtype}, tensor.array)
        self._write(cell, value, tensor.version[0])

    def _write(self, cell: Cell, value: Entry, count: int) -> None:
        """A piece of memory holds ``value`` from now on, and so does its part of what it is an item of."""
        if cell.view and (cell.of is None or cell.of.count != count - 1):
            self.spoil("a view of a tensor is changed in place")
            return
        cell.entry, cell.count = value, count
        if cell.of is not None and cell.view:
            whole = Entry("setitem", (cell.of.entry, value), {"index": cell.index}, cell.of.entry.data, where=here())
            self.entries.append(whole)
            self._write(cell.of, whole, count)
        elif cell.leaf is not None and cell not in self.stored:
            self.stored.append(cell)

    def _made(self, op: str, x: Entry, meta: dict[str, Any], data: Array) -> Entry:
        entry = Entry(op, (x,), meta, remembered(data), where=here())
        self.entries.append(entry)
        return entry

    def drawn(self, stream: Any, name: str, given: tuple[Any, ...], array: Array) -> None:
        """Random numbers were drawn."""
        if self.here():
            self.draws[id(array)] = (stream, name, given)
            self.around[id(array)] = Tensor(array)

    # ------------------------------------------------------------------------------------ numbers

    def mode_set(self, module: Any, mode: bool) -> None:
        """``module.train(mode)`` is called."""
        self.modes[id(module)] = (module, mode)

    def wrapped(self, array: Array) -> None:
        """A tensor is made around an array: if that was drawn, it is drawn anew in each call."""
        if id(array) in self.draws:
            self.settled.add(id(array))

    def without_scalars(self, op: Op, inputs: tuple[Any, ...]) -> tuple[Any, ...]:
        """The inputs of ``op`` with plain numbers for scalars, whose places are kept for `applied`."""
        scalars: dict[int, Entry] = {i: x.entry for i, x in enumerate(inputs) if isinstance(x, Scalar)}
        for i, x in enumerate(inputs):
            if type(x) is Symbol and (entry := x.symbols.operand(self, op, x, inputs)):
                scalars[i] = entry
        if scalars:
            self.pending = (op, scalars)
        return tuple(float(x.value) if isinstance(x, Scalar) else x.value if type(x) is Symbol else x for x in inputs)

    def with_symbols(self, result: Tensor, given: tuple[Any, ...]) -> None:
        """Let gradient rules read the symbols that an operation was ``given``, not what they are now."""
        node = result.node
        if node is not None and len(node.inputs) == len(given):
            node.inputs = tuple(x if type(x) is Symbol else y for x, y in zip(given, node.inputs, strict=True))

    def indexed(self, x: Any, index: Any) -> tuple[Any, Any]:
        """What to take instead of ``x[index]``: the part that is another in each call is an argument of its own."""
        if self.symbols is None or not isinstance(x, Tensor):
            return x, index
        return self.symbols.indexed(self, x, index)

    def option(
        self, owner: dict[str, Any], key: str, value: Any, path: tuple[Any, ...] = (), family: Any = None
    ) -> Any:
        """A number in ``owner[key]`` (in a tuple there, at ``path``) as a scalar.

        Numbers of one ``family`` and key that are equal are one leaf with several sources (every parameter of a
        group has taken the same number of steps); a compiled step makes sure that they still are equal.
        """
        name = (id(owner), key, path)
        if name in self.optional:
            return self.optional[name]
        if type(value) is Symbol:
            entry = value.symbols.leaf(self, value)
            return value.value if entry is None else Scalar(self, entry, value.value)
        kin = (family, key, value)
        if family is not None and kin in self.families:
            leaf = self.families[kin]
            leaf.source.append((owner, key, path))
        else:
            leaf = Entry("option", data=float(value), weak=True, source=[(owner, key, path)], label=key)
            self.entries.append(leaf)
            self.families[kin] = leaf
        self.optional[name] = Scalar(self, leaf, value)
        return self.optional[name]

    def keep(self, owner: dict[str, Any], key: str, value: Any) -> None:
        """``owner[key]`` is a number from now on: ``value``."""
        before = self.firsts.setdefault((id(owner), key), self.optional.get((id(owner), key, ())))
        if isinstance(value, Scalar) and before is not None:
            owner[key] = value.value
            self.left_in[before.entry] = value.entry
            self.optional[(id(owner), key, ())] = value
        else:
            owner[key] = value
            self.spoil(f"the optimizer sets {key} to a number of its own")

    def move(self, optimizer: Any, p: Tensor, state: dict[str, Any], group: dict[str, Any]) -> None:
        """Let an optimizer move a parameter by its own rule, fed things that record."""
        options = (group.get(key, 0.0) for key in ("lr", "momentum", "weight_decay"))
        if any(type(number(x)) not in NUMBERS for x in options):
            self.spoil("an option of the optimizer is no number")  # and let the rule say so in its own words
            g = -p._grad.array if group.get("maximize") else p._grad.array
            optimizer.update(p.array, g, state, group)
            p.version[0] += 1
            return
        self.owners.append((optimizer.state, p, state))
        self._starting = not state
        try:
            with no_grad():
                g = -p.grad if group.get("maximize") else p.grad
                moved = p.detach() if self._starting else p  # what makes arrays like it needs no gradient of it
                optimizer.update(moved, g, Kept(self, state, id(group)), Kept(self, group))
        finally:
            self._starting = False

    def tensor_around(self, array: Array) -> Tensor:
        """One and the same tensor around an array of the optimizer's, each time it is asked for."""
        if id(array) not in self.around:
            self.around[id(array)] = Tensor(array)
        return self.around[id(array)]

    def check(self, condition: Any, truth: bool) -> None:
        """``condition`` was asked, and the recording relies on the answer."""
        if not self.reason:
            self.checks.append((self.entry(condition), truth))

    # ------------------------------------------------------------------------------------ the end

    def spoil(self, what: str, tensor: Any = None) -> None:
        """Give up: ``what`` cannot be written down."""
        if self._starting:  # an optimizer makes its state in its first step: it is not like the others
            self.void = True
        elif self.reason is None:
            self.reason = f"{what}, at {line(here())}"
            if self.strict:
                raise CompileError(f"the step cannot be recorded: {self.reason}")

    def graph(self, outputs: list[Tensor]) -> Graph:
        """What was written down."""
        results = [self.entry(x) for x in outputs]
        if len(self.settled) < len(self.draws):
            self.spoil("it draws random numbers and computes with them outside of recorded operations")
        stores = [(cell.leaf, cell.entry) for cell in self.stored if cell.leaf is not None]
        options, draws = list(self.left_in.items()), list(self.draws.values())
        return Graph(list(self.entries), stores, options, results, list(self.checks), draws)


class Kept:
    """What an optimizer remembers of a parameter, or its options, as the recording gives them out."""

    def __init__(self, tape: Tape, owner: dict[str, Any], family: Any = None) -> None:
        self.tape, self.owner, self.family = tape, owner, family

    def _out(self, key: str, value: Any) -> Any:
        if isinstance(value, np.ndarray):
            self.tape.owners.append((self.owner, key, value))
            return self.tape.tensor_around(value)
        if isinstance(value, float) or (type(value) is int and key in ("lr", "step", "momentum", "weight_decay")):
            return self.tape.option(self.owner, key, value, family=self.family)
        if key == "betas":
            return tuple(self.tape.option(self.owner, key, beta, (i,)) for i, beta in enumerate(value))
        return value

    def __getitem__(self, key: str) -> Any:
        return self._out(key, self.owner[key])

    def get(self, key: str, default: Any = None) -> Any:
        """As a dict does."""
        return self._out(key, self.owner[key]) if key in self.owner else default

    def __contains__(self, key: str) -> bool:
        return key in self.owner

    def __len__(self) -> int:
        return len(self.owner)

    def __setitem__(self, key: str, value: Any) -> None:
        before = self.owner.get(key)
        if isinstance(value, Tensor) and isinstance(before, np.ndarray) and before.shape == value.shape:
            self.tape.tensor_around(before).copy_(value)
        elif isinstance(value, Tensor):
            self.tape.void = True
            self.owner[key] = value.array
        elif key in self.owner and isinstance(before, int | float):
            self.tape.keep(self.owner, key, value)
        else:
            self.tape.void = True
            self.owner[key] = getattr(value, "value", value)

    def update(self, **values: Any) -> None:
        """As a dict does."""
        for key, value in values.items():
            self[key] = value
