"""Steps of `Value`: the same front end as those of tensors, another recorder.

seeing      whether a step that was never called is one: it is given Values, or they can be reached from it
Valued      what its recordings share
Recording   one call run as written and watched: what it did, and why that cannot be trusted

One recording is enough.  Before the first call `Foresight` sees what any code could change; afterwards the code that
ran must have been foreseen, everything it read is guarded, and the recording is run once natively and must give, from
where the step began, what the step gave.
"""

from __future__ import annotations

import math
import threading
import types
from collections.abc import Callable, Iterable
from typing import Any

import chainrule.value
from chainrule.backprop import lookouts
from chainrule.compiler.jit.bytecode import GLOBAL, reads_of
from chainrule.compiler.jit.environment import Environment
from chainrule.compiler.jit.foresight import Foresight, Surroundings
from chainrule.compiler.jit.guards import Guard
from chainrule.compiler.jit.observer import Observer
from chainrule.compiler.jit.places import Place
from chainrule.compiler.jit.pytree import unpacked
from chainrule.compiler.jit.valuegraph import Graph
from chainrule.compiler.values.answer import Answer
from chainrule.compiler.values.form import Arguments
from chainrule.compiler.values.program import Program
from chainrule.compiler.values.tape import Tape
from chainrule.compiler.values.thawing import thawed
from chainrule.errors import CompileError
from chainrule.value import Value

TYPES = "it asks for the type() of something: write isinstance()"
MOST = 16  # more different forms or surroundings than this run as written
CLOSE = 1e-12


class Valued:
    """What the recordings of one step share: ``around``, the Values that any of them found around it, by id."""

    def __init__(self) -> None:
        self.around: dict[int, Value] = {}

    def unpacked(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Any, Arguments]:
        """As `pytree.unpacked`: the layout of the arguments, and themselves."""
        given = Arguments(args, kwargs)
        return self.layout(given), given

    def layout(self, given: Arguments) -> Any:
        """The form of arguments, and which of their Values are one and the same, or are seen around the step."""
        return given.key, given.mixed(self.around) if given.values else ()


def seeing(function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Valued | None:
    """What the recordings of a step share, if it computes with Values; None where it must run first to tell."""
    if unpacked((args, kwargs))[1]:
        return None
    given = Arguments(args, kwargs)
    try:
        before = Foresight(given.roots(function), Observer())
    except Exception:  # something around it cannot be looked at
        return None
    if before.refused or not (given.values or before.values) or asks_for_types(before.seen.codes):
        return None
    return Valued()


def computed(seen: Observer) -> bool:
    """Whether Values took part in what was seen."""
    return any(code.co_filename == chainrule.value.__file__ for code in seen.ours)


def asks_for_types(codes: Iterable[types.CodeType]) -> bool:
    """Whether code may look at the ``type()`` of a number, which is another one while it is recorded."""
    return any(chain.kind == GLOBAL and chain.root == "type" for code in codes for chain in reads_of(code).chains)


class Tensors:
    """A lookout that notices when a step of Values computes with tensors, too."""

    def __init__(self, tape: Tape) -> None:
        self.tape, self.thread = tape, threading.get_ident()

    def applied(self, *what: Any) -> None:
        """An operation on tensors."""
        if threading.get_ident() == self.thread:
            self.tape.notice("computes with tensors and with Values")

    walking = pulled = failed = applied


class Recording:
    """One watched call of a step of Values.

    result   what it returned, run as written
    reason   why a step that does this cannot be compiled; None while nothing speaks against it
    guard    what it relies on
    """

    alone = True  # no second one is needed
    inputs, counted = None, ()  # all its numbers are inputs anyway

    def __init__(
        self, function: Callable[..., Any], args: Any, kwargs: Any, given: Arguments, known: Observer, valued: Valued,
        strict: bool,
    ) -> None:  # fmt: skip
        self.function, self.given, self.valued = function, given, valued
        self.layout, self.seen = valued.layout(given), Observer()
        self.tape = Tape(self._refuse if strict else None)
        try:
            self.reason = self._foreseen(known)
        except Exception as error:
            self.reason = f"looking around it failed with {type(error).__name__}: {error}"
        if self.reason:
            self.result = function(*args, **kwargs)
            return
        self._run(args, kwargs)
        if self.reason is None:
            try:
                self.reason = self._relied()
            except Exception as error:
                self.reason = f"compiling it failed with {type(error).__name__}: {error}"

    def _foreseen(self, known: Observer) -> str | None:
        """Look around before the step runs; or why it is not to be recorded."""
        if asks_for_types(known.codes):
            return TYPES
        self.first, self.roots = not known.codes, self.given.roots(self.function)
        self.before: Environment = Foresight(self.roots, known)
        if self.before.refused:  # then what ran before says what will
            self.before = Surroundings(self.roots, known, broadly=True)
        else:
            known.codes |= self.before.seen.codes
        return None

    def _run(self, args: Any, kwargs: Any) -> None:
        """Run the step, watched."""
        tape = self.tape
        numbered, named = self.given.recorded(tape, self.function)
        lookout = Tensors(tape)
        lookouts.append(lookout)
        try:
            with tape.running():
                with self.seen:
                    returned = self.function(*numbered, **named)
                self.answer = Answer(returned, tape, self.given, {id(x) for x in self.before.things()})
        except BaseException as error:
            told = self._affected() or self.seen.refused
            if told or not isinstance(error, Exception) or isinstance(error, CompileError):
                raise
            tape.rewind()
            self.result = self.function(*args, **kwargs)  # raises it again, or shows that the recording is to blame
            self.reason = f"it cannot be recorded: {type(error).__name__}: {error}"
            return
        finally:
            lookouts.remove(lookout)
        affected = self._affected()
        self.result = thawed(self.answer.plain) if self.answer.reason else self.answer.plain
        self.reason = self.seen.refused or tape.reason
        tape.void = bool(self.reason is None and affected and self.first)
        self.reason = None if tape.void else self.reason or affected or self.answer.reason

    def _affected(self) -> str | None:
        """What the step changed besides Values, in words; recorded numbers that it put there become plain."""
        affected = self.before.affected(self.seen)
        if affected:
            met: set[int] = set()
            for place in self.before.places:
                if not held(place):
                    if isinstance(now := place.now(), list | tuple) and not hasattr(place.owner, "cell_contents"):
                        thawed(now, met)
                    thawed(place.owner, met)
        return self.given.changed() or affected

    def _relied(self) -> str | None:
        """Find what the recording relies on, and run it natively; or why that cannot be."""
        if self.tape.void:
            return None
        if asks_for_types(self.seen.codes):
            return TYPES
        around = Surroundings([*self.roots, (Value, "Value")], self.seen)
        if around.refused:
            return around.refused
        if not self.tape.tracks:
            return "no Value takes part in it"
        self.valued.around |= around.values
        self.guard = Guard(around.places)
        self.layout = self.valued.layout(self.given)
        return self._checked()

    def _checked(self) -> str | None:
        """Run the recording natively, from where the function began, and compare."""
        tape, given, answer = self.tape, self.given, self.answer
        self.program = program = Program(tape, answer.nodes)
        program.v[program.data_at] = [track.start[0] for track in tape.leaves]
        program.v[program.grad_at] = [track.start[1] for track in tape.leaves]
        self.entry = program.entry(given.numbers)
        out, done = program.run(given.row())
        v = program.v
        pairs = list(zip(answer.now, out[0].tolist(), strict=True)) if done else []
        pairs += [(leaf.data, x) for leaf, x in zip(program.leaves, v[program.data_at].tolist(), strict=True)]
        pairs += [(leaf.grad, x) for leaf, x in zip(program.leaves, v[program.grad_at].tolist(), strict=True)]
        if not done or not all(_close(a, b) for a, b in pairs):
            return "the recording does not give what the function gives (it depends on something unseen)"
        self.graph = Graph(
            self.function, self.given, self.layout, self.valued.around, self.guard, self.tape, self.program,
            self.answer, self.entry,
        )  # fmt: skip
        return None

    def _refuse(self, reason: str) -> None:
        name = getattr(self.function, "__qualname__", type(self.function).__name__)
        raise CompileError(f"{name} cannot be compiled: {reason}")

    def specialized(self) -> Graph:
        """This recording, to be run natively."""
        return self.graph


def held(place: Place) -> bool:
    """Whether a place is what it was."""
    try:
        return place.holds()
    except Exception:
        return False


def _close(a: float, b: float) -> bool:
    return math.isclose(a, b, rel_tol=CLOSE, abs_tol=1e-300) or (a != a and b != b)
