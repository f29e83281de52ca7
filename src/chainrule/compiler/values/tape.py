"""`Tape`: watches a step of Values run, and writes down every operation, in order, as flat lists.

node    a number of the step: a constant, an argument, what a leaf held when the step began (``data``, ``grad``), or
        the result of an operation. Nodes are numbered in the order in which they were made
track   what the tape knows of a `Value`: the nodes that its ``data`` and its ``grad`` are at the moment
leaf    a Value that was there before the step: a parameter. What the step leaves in it is written back each time
notice  the step did something that cannot be written down: the first such thing, and its line

The step runs as it always does. The tape sees it because, during the recording and in this thread only, reading or
writing ``data`` and ``grad`` of a Value passes the tape, and making a Value and calling ``backward`` do.
"""

from __future__ import annotations

import sys
import threading
import types
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import chainrule.value
from chainrule.autograd.anomaly import here, line
from chainrule.compiler.values.number import Number, plain
from chainrule.compiler.values.result import Result
from chainrule.compiler.values.rules import FIXED, rules
from chainrule.value import Value, topological_order

EXACT = 2**53
LIVE = -1  # the gradient is where backward left it
HOME = vars(chainrule.value)
SLOTS = {name: vars(Value)[name] for name in ("data", "grad", "_slopes")}
recording = threading.Lock()


@dataclass(eq=False, slots=True)
class Track:
    """What is known of a Value."""

    value: Value
    data: int
    grad: int
    made_by: int | None = None  # the node of the operation that made it, None for a leaf or a constant
    leaf: int | None = None
    first: int = -1  # of a leaf: the node of its data before the step; that of its grad comes next
    start: tuple[Any, Any] = (0.0, 0.0)  # of a leaf: data and grad before the step


@dataclass(slots=True)
class Backward:
    """One call of ``backward``: after which node it came, over which results, from which leaves' gradients."""

    after: int
    order: list[int]
    seeds: list[tuple[Track, int]]


@dataclass
class Tape:
    """One recording. ``with tape.running():`` records; the lists then say what was done."""

    strict: Callable[[str], None] | None = None  # raises, with the reason
    symbols: list[str] = field(default_factory=list)
    left: list[int] = field(default_factory=list)
    right: list[int] = field(default_factory=list)
    to_left: list[Track | None] = field(default_factory=list)
    to_right: list[Track | None] = field(default_factory=list)
    constants: dict[Any, int] = field(default_factory=dict)
    tracks: dict[int, Track] = field(default_factory=dict)
    leaves: list[Track] = field(default_factory=list)
    backwards: list[Backward] = field(default_factory=list)
    loaded: list[Track] = field(default_factory=list)
    reason: str | None = None
    void: bool = False  # the step made something in its first call: the next one counts
    _quiet: int = 0
    _exponent: Any = None

    def __post_init__(self) -> None:
        self.thread, self.on = threading.get_ident(), False
        self.zero = self.constant(0.0)
        for rule in rules().values():  # slopes that are always the same
            for slope in rule.slopes:
                if isinstance(slope, float):
                    self.constant(slope)

    # ------------------------------------------------------------------------------------ nodes

    def node(
        self, symbol: str, left: int = 0, right: int = 0, to_left: Track | None = None, to_right: Track | None = None
    ) -> int:
        """A new node."""
        self.symbols.append(symbol)
        self.left.append(left)
        self.right.append(right)
        self.to_left.append(to_left)
        self.to_right.append(to_right)
        return len(self.symbols) - 1

    def constant(self, x: float) -> int:
        """The node of a fixed number."""
        if isinstance(x, int) and abs(x) > EXACT:
            self.notice(f"computes with {x}, which is more than whole numbers can be as floating ones")
            x = 0.0
        key = x if x and x == x else repr(float(x))  # -0.0 is not 0.0, nan is nan
        if key not in self.constants:
            self.constants[key] = self.node("constant")
        return self.constants[key]

    def of(self, x: Any) -> int:
        """The node of a number, recorded or plain."""
        return x.node if type(x) is Number else self.constant(x)

    def computed(self, symbol: str, now: Any, x: Any, y: Any = None) -> Any:
        """The result ``now`` of an operation on numbers."""
        if not self.on:
            return now
        left = self.of(x)
        return Number(self, self.node(symbol, left, left if y is None else self.of(y)), now)

    def load(self, known: Track) -> int:
        """The gradient that backward left, as a number."""
        self.loaded.append(known)
        return self.node("grad", to_left=known)

    def notice(self, what: str) -> None:
        """The step does ``what``, which cannot be recorded."""
        if self.on and self.reason is None:
            self.reason = f"it {what}, at {line(here())}"
            if self.strict:
                self.strict(self.reason)

    # ------------------------------------------------------------------------------------ Values

    def track(self, value: Value) -> Track:
        """What is known of a Value; one never seen before is a leaf."""
        known = self.tracks.get(id(value))
        return known or self._leaf(value)

    def _leaf(self, value: Value) -> Track:
        start = (SLOTS["data"].__get__(value), SLOTS["grad"].__get__(value))
        if type(value) not in (Value, Result):
            self.notice(f"uses a {type(value).__name__}, whose own rules would not be looked at")
        if not all(isinstance(x, int | float) for x in start):
            self.notice(f"uses a Value that holds {type(start[0]).__name__}")
        node, at_grad = self.node("data"), self.node("start")
        known = Track(value, node, at_grad, None, len(self.leaves), node, start)
        self.tracks[id(value)] = known
        self.leaves.append(known)
        return known

    def made(self, value: Value, data: Any) -> None:
        """A Value was made: a constant, or the result of an operation."""
        if not value._prev:
            if not isinstance(data, int | float):
                self.notice(f"makes a Value of {type(data).__name__}")
                data = 0.0
            self.tracks[id(value)] = Track(value, self.of(data), self.zero)
            return
        operands = [self.track(child) for child in value._prev]
        symbol = value._op
        if symbol not in rules():
            symbol, exponent = FIXED, self._exponent
            if exponent is None or len(operands) != 1 or not value._op.startswith("**"):
                self.notice(f"makes a Value by an operation of its own ({value._op!r})")
                exponent = 1.0
            ends = (operands[0].data, self.of(exponent))
        else:
            ends = (operands[0].data, operands[-1].data)
        node = self.node(symbol, *ends, operands[0], operands[-1])
        self.tracks[id(value)] = Track(value, node, self.zero, node)

    def read(self, value: Value, name: str) -> Any:
        """The user reads ``value.data`` or ``value.grad``."""
        known, now = self.track(value), SLOTS[name].__get__(value)
        if name == "grad" and known.grad == LIVE:
            known.grad = self.load(known)
        return Number(self, known.data if name == "data" else known.grad, now)

    def write(self, value: Value, name: str, new: Any) -> None:
        """The user sets ``value.data`` or ``value.grad``."""
        known = self.track(value)
        if isinstance(new, int | float):
            setattr(known, name, self.of(new))
        else:
            self.notice(f"sets .{name} to {type(new).__name__}")

    def backward(self, root: Value) -> None:
        """The user calls ``root.backward()``."""
        order, seeds = [], []
        self.track(root)
        for value in topological_order(root):
            known = self.track(value)
            if known.made_by is not None:
                order.append(known.made_by)
            elif value._prev:
                self.notice("calls backward through a Value that was computed outside of the step")
            else:
                seeds.append((known, self.load(known) if known.grad == LIVE else known.grad))
            known.grad = LIVE
        if not order:
            self.notice("calls backward of a Value that nothing was computed for")
        else:
            self.backwards.append(Backward(len(self.symbols), order, seeds))

    def rewind(self) -> None:
        """Put into the leaves what they held before the step."""
        for leaf in self.leaves:
            leaf.value.data, leaf.value.grad = leaf.start

    # ------------------------------------------------------------------------------------ looking on

    def watching(self) -> bool:
        """Whether what happens now is the user's step."""
        return not self._quiet and threading.get_ident() == self.thread

    @contextmanager
    def quiet(self) -> Iterator[None]:
        """`Value` is at work: what it reads and sets is not the user's doing."""
        self._quiet += 1
        try:
            yield
        finally:
            self._quiet -= 1

    @contextmanager
    def running(self) -> Iterator[None]:
        """Watch the step that runs within."""
        with recording:
            before = {name: vars(Value)[name] for name in _watched(self)}
            self.on = True
            try:
                for name, replacement in _watched(self).items():
                    setattr(Value, name, replacement)
                yield
            finally:
                for name, original in before.items():
                    setattr(Value, name, original)
                self.on = False


def _watched(tape: Tape) -> dict[str, Any]:
    """What stands in for the attributes and methods of `Value` during a recording."""
    init, power, backward, shown = Value.__init__, Value.__pow__, Value.backward, Value.__repr__

    def attribute(name: str) -> property:
        slot = SLOTS[name]

        def get(self: Value) -> Any:
            if not tape.watching() or sys._getframe(1).f_globals is HOME:
                return slot.__get__(self)
            if name == "_slopes":
                tape.notice("reads slopes")
                return slot.__get__(self)
            return tape.read(self, name)

        def put(self: Value, new: Any) -> None:
            if tape.watching() and name != "_slopes":
                tape.write(self, name, new)
            slot.__set__(self, plain(new))

        return property(get, put)

    def __init__(self: Value, data: Any, _prev: Any = (), _slopes: Any = (), _op: str = "", label: str = "") -> None:
        if not tape.watching():
            init(self, plain(data), _prev, _slopes, _op, label)
            return
        if _prev and sys._getframe(1).f_globals is not HOME:
            tape.notice(f"makes a Value by an operation of its own ({_op!r})")
        tape._quiet = 1  # written out: this runs once for every operation
        try:
            init(self, plain(data), _prev, _slopes, _op, label)
        finally:
            tape._quiet = 0
        tape.made(self, data)

    def __pow__(self: Value, other: Any) -> Any:
        if not tape.watching():
            return power(self, other)
        tape._exponent = None if isinstance(other, Value) else other
        try:
            return power(self, other)
        finally:
            tape._exponent = None

    def watched_backward(self: Value) -> None:
        if not tape.watching():
            backward(self)
            return
        tape.backward(self)
        with tape.quiet():
            backward(self)

    def _backward(self: Value) -> None:
        if tape.watching():
            tape.notice("calls _backward itself")
        stepping(self)

    def __repr__(self: Value) -> str:
        if tape.watching():
            tape.notice("writes a Value as text")
        return shown(self)

    stepping = Value._backward
    operations: dict[str, Callable[..., Any]] = {
        name: f for name, f in vars(Value).items() if isinstance(f, types.FunctionType)
    }
    operations |= {"__pow__": __pow__, "backward": watched_backward}
    return {name: _unobserved(f) for name, f in operations.items()} | {
        "data": attribute("data"), "grad": attribute("grad"), "_slopes": attribute("_slopes"), "__init__": __init__,
        "_backward": _backward, "__repr__": __repr__,
    }  # fmt: skip


def _unobserved(method: Callable[..., Any]) -> Callable[..., Any]:
    """A method of `Value` that nobody listens to (see ``jit.observer``): it runs none of the user's code."""

    def run(self: Value, *others: Any) -> Any:
        listening = sys.getprofile()
        if listening is None:
            return method(self, *others)
        sys.setprofile(None)
        try:
            return method(self, *others)
        finally:
            sys.setprofile(listening)

    return run
