"""`compile_values`: a function of Values, run natively.

The first call with arguments of a certain form runs the function as it is and records it (see ``tape``); the recording
is run once natively, and must give what the function gave. Later calls run it natively, as long as everything the
function sees around it is what it was (see ``reach``); otherwise it is recorded again.
"""

from __future__ import annotations

import functools
import importlib.util
import math
import time
import warnings
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from chainrule.compiler.values.drawing import Stage, stages
from chainrule.compiler.values.form import Answer, Arguments
from chainrule.compiler.values.machine import source
from chainrule.compiler.values.number import Number, plain
from chainrule.compiler.values.program import Program
from chainrule.compiler.values.reach import Surroundings
from chainrule.compiler.values.recording import Recording
from chainrule.compiler.values.tape import Tape
from chainrule.errors import ArgumentError, CompileError, CompileWarning
from chainrule.value import Value

RECORDINGS = 16  # after so many, the function is left alone
PAUSE = 0.1  # seconds: how long native steps run until Ctrl-C is looked for
CLOSE = 1e-12


class CompiledValues:
    """A function of Values that records itself and then runs natively.

    eager_because   why it runs as it was written, None while it is compiled
    recordings      how often it was recorded
    """

    __name__: str

    def __init__(self, function: Callable[..., Any], strict: bool = False) -> None:
        functools.update_wrapper(self, function)
        self.__name__ = getattr(function, "__name__", type(function).__name__)
        self.function, self.strict = function, strict
        self.eager_because: str | None = None
        self.recordings = 0
        self._known: dict[Any, Recording] = {}
        self._last: Recording | None = None

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """What the function returns. Values are `Result`: their slopes in the leaves are computed when asked for."""
        given = Arguments(args, kwargs)
        found = self._ready(given)
        if found is None:
            return self._record(given) if self.eager_because is None else self.function(*args, **kwargs)
        leaves = found.leaves(given)
        found.program.read_leaves(leaves)
        entry = found.program.entry(given.numbers)
        out, done = found.program.run(given.row())
        if not done:  # a logarithm of 0, an overflow: Value itself says what is wrong
            return self.function(*args, **kwargs)
        found.program.write_leaves(leaves)
        return found.answer.of(out[0].tolist(), leaves, found.program, entry)

    def over(self, *sequences: Sequence[Any]) -> list[Any]:
        """``[f(*step) for step in zip(*sequences)]``, natively from step to step, with numbers for Values."""
        if not sequences or len({len(sequence) for sequence in sequences}) > 1:
            raise ArgumentError(
                f"over({', '.join(str(len(s)) + ' items' for s in sequences)}): give one sequence for each argument of "
                "the function, all of the same length; without arguments write repeat(n)"
            )
        return self._many(list(zip(*sequences, strict=True)))

    def repeat(self, n: int) -> list[Any]:
        """``[f() for _ in range(n)]``, natively from step to step, with numbers for Values."""
        if not isinstance(n, int) or n < 0:
            raise ArgumentError(f"repeat({n!r}): how often must be a whole number from 0 on")
        return self._many([()] * n)

    @property
    def source(self) -> str:
        """The native loop, as Python: one for all graphs."""
        return source()

    @property
    def graph(self) -> list[Value]:
        """The step that was recorded last, to be drawn: what it returns, and what it leaves in Values."""
        return self._recorded().graph()

    @property
    def passes(self) -> Sequence[Stage]:
        """What was made of that recording, stage by stage, and how long it took."""
        return stages(self._recorded().program)

    def _recorded(self) -> Recording:
        if self._last is None or self.eager_because is not None:
            why = f": {self.eager_because}" if self.eager_because else " yet: call it once"
            raise CompileError(f"{self.__name__} is not compiled{why}")
        return self._last

    def __repr__(self) -> str:
        if self.eager_because is not None:
            return f"<{self.__name__}, not compiled: {self.eager_because}>"
        sizes = [f"{len(r.program):,} operations on {len(r.program.leaves):,} leaves" for r in self._known.values()]
        return f"<{self.__name__}, compiled: {'; '.join(sizes) or 'at the first call'}>"

    # ------------------------------------------------------------------------------------ many steps

    def _many(self, steps: list[tuple[Any, ...]]) -> list[Any]:
        results: list[Any] = []
        while len(results) < len(steps):
            given = Arguments(steps[len(results)], {})
            found = self._ready(given)
            if found is None or given.values:
                results.append(_numbers(self(*steps[len(results)])))
            else:
                results += self._natively(found, given.key, steps[len(results) :])
        return results

    def _natively(self, found: Recording, key: Any, steps: list[tuple[Any, ...]]) -> list[Any]:
        """As many of the steps as have the same form; the last may have run as written, if it was in trouble."""
        results: list[Any] = []
        chunk, leaves = 1, found.program.leaves
        found.program.read_leaves(leaves)
        try:
            while len(results) < len(steps):
                rows = []
                for step in steps[len(results) : len(results) + chunk]:
                    given = Arguments(step, {})
                    if given.key != key:
                        break
                    rows.append(given.numbers)
                if not rows:
                    return results
                start = time.perf_counter()
                out, done = found.program.run(np.array(rows, np.float64).reshape(len(rows), -1))
                results += [found.answer.numbers(row) for row in out[:done].tolist()]
                if done < len(rows):
                    break
                took = max(time.perf_counter() - start, 1e-6) / len(rows)
                chunk = max(1, min(2 * chunk, int(PAUSE / took)))
        finally:
            found.program.write_leaves(leaves)
        if len(results) < len(steps):
            results.append(_numbers(self.function(*steps[len(results)])))
        return results

    # ------------------------------------------------------------------------------------ recording

    def _ready(self, given: Arguments) -> Recording | None:
        """The recording for such arguments, if it still holds."""
        found = self._known.get(given.key)
        if found is None or self.eager_because is not None:
            return None
        if found.around.changed() is not None or given.mixed(found.around.values) != found.answer.mixed:
            del self._known[given.key]
            return None
        return found

    def _record(self, given: Arguments) -> Any:
        """Run the function as it is, and write down what it does."""
        if importlib.util.find_spec("numba") is None:
            return self._give_up("Numba is not installed: pip install numba", given)
        if self.recordings >= RECORDINGS:
            return self._give_up(f"it was recorded {RECORDINGS} times, and things still change around it", given)
        self.recordings += 1
        around = Surroundings([self.function, *given.fixed])
        tape = Tape(self._refuse if self.strict else None)
        args, kwargs = given.recorded(tape)
        with tape.running():
            returned = self.function(*args, **kwargs)
            answer = Answer(returned, tape, given, given.mixed(around.values))
        result = answer.plain
        tape.reason = tape.reason or (around.doubt and f"it {around.doubt}")
        if tape.reason is None and (what := around.drawn()):
            tape.reason = f"it draws from {what}: draw outside, and give the numbers as arguments"
        if (what := around.changed()) and tape.reason is None:
            tape.reason = f"it changes {what}: do that outside, or keep numbers that change in a Value"
        if what:
            thaw(around)
        if tape.reason is None and not tape.leaves and not given.values:
            tape.reason = "no Value takes part in it"
        if tape.reason is None:
            self._check(tape, given, around, answer)
        if tape.reason is not None:
            self._warn(tape.reason)
        return result

    def _check(self, tape: Tape, given: Arguments, around: Surroundings, answer: Answer) -> None:
        """Run the recording natively, from where the function began, and compare."""
        program = Program(tape, answer.nodes)
        program.v[program.data_at] = [track.start[0] for track in tape.leaves]
        program.v[program.grad_at] = [track.start[1] for track in tape.leaves]
        entry = program.entry(given.numbers)
        out, done = program.run(given.row())
        v = program.v
        pairs = list(zip(answer.now, out[0].tolist(), strict=True)) if done else []
        pairs += [(leaf.data, x) for leaf, x in zip(program.leaves, v[program.data_at].tolist(), strict=True)]
        pairs += [(leaf.grad, x) for leaf, x in zip(program.leaves, v[program.grad_at].tolist(), strict=True)]
        if not done or not all(_close(a, b) for a, b in pairs):
            tape.reason = "the recording does not give what the function gives (it depends on something unseen)"
            return
        self._known[given.key] = self._last = Recording(program, around, answer, given, entry, self.function)

    def _refuse(self, reason: str) -> None:
        raise CompileError(f"{self.__name__} cannot be compiled: {reason}")

    def _give_up(self, reason: str, given: Arguments) -> Any:
        self._warn(reason)
        return self.function(*given.args, **given.kwargs)

    def _warn(self, reason: str) -> None:
        if self.strict:
            self._refuse(reason)
        self.eager_because = reason
        self._known.clear()
        warnings.warn(f"{self.__name__} runs as it is, not compiled: {reason}", CompileWarning, stacklevel=4)


def compile_values(function: Callable[..., Any], strict: bool = False) -> CompiledValues:
    """Compile a function that computes with `Value`: an expression, a loss, or a whole training step.

    The function stays as it is. It may take numbers, lists of numbers and Values, use Values from around it, call
    ``backward``, read and set ``data`` and ``grad``, and return Values and numbers.

    What cannot be recorded (``if v.data > 0``, printing, random numbers, changing a list) runs as it is, with one
    warning that names the line; with ``strict=True`` it raises CompileError.

    >>> from chainrule.value import Value
    >>> w = Value(2.0)
    >>> def step(x, lr):
    ...     loss = (w * x - 6.0) ** 2
    ...     w.grad = 0.0
    ...     loss.backward()
    ...     w.data -= lr * w.grad
    ...     return loss
    >>> step = compile_values(step)
    >>> [step(2.0, 0.1).data, step(2.0, 0.1).data, step(1.0, 0.05).data]
    [4.0, 0.16000000000000028, 9.2416]
    >>> step
    <step, compiled: 7 operations on 1 leaves>
    """
    return CompiledValues(function, strict)


def uses_values(function: Callable[..., Any], args: Sequence[Any] = (), kwargs: dict[str, Any] | None = None) -> bool:
    """Whether a function sees Values: among its arguments or around it."""
    return bool(Surroundings([function, *args, *(kwargs or {}).values()]).values)


def thaw(around: Surroundings) -> None:
    """Put plain numbers where the step put recorded ones."""
    for container, _, _ in around.containers:
        if isinstance(container, list):
            container[:] = [_thawed(x) for x in container]
        elif isinstance(container, dict):
            container.update({key: _thawed(x) for key, x in container.items()})


def _thawed(x: Any) -> Any:
    if type(x) is Number:
        return plain(x)
    if type(x) in (list, tuple):
        return type(x)(_thawed(item) for item in x)
    return {key: _thawed(item) for key, item in x.items()} if type(x) is dict else x


def _numbers(x: Any) -> Any:
    """Numbers for Values."""
    if isinstance(x, list | tuple):
        return type(x)(_numbers(item) for item in x)
    if isinstance(x, dict):
        return {key: _numbers(item) for key, item in x.items()}
    return getattr(x, "data", x)


def _close(a: float, b: float) -> bool:
    return math.isclose(a, b, rel_tol=CLOSE, abs_tol=1e-300) or (a != a and b != b)
