"""What a lesson's ``bank.py`` is written in: exercises, cases, answers.

    Exercise   the check of one exercise: its cases, other right answers, the wrong ones
    call       a case: call a function, compare what comes back
    cell       a case: run some lines as a notebook would, compare what the last one gives
    gradient   a case: compare slopes with slopes measured by nudging the inputs
    probe      a case: a Python function looks at what the answer defined
    Wrong      a mistake: code that makes it, its name, what to say about it
    edit       code that is the solution with a few words changed

A case says what to do; what must come of it comes from running the solution, or from numbers recorded from
PyTorch (``torch="name"``: see `chainrule.course.oracle`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

from chainrule.course.showing import written
from chainrule.errors import ArgumentError

RTOL, ATOL = 1e-6, 1e-9
RTOL_GRADIENT = 1e-4  # a measured slope has about eight right digits at best


@dataclass(frozen=True)
class Case:
    """One thing a check does with an answer.  Made by `call`, `cell`, `gradient` and `probe`."""

    shown: str  # what a learner reads, and can type
    why: str = ""  # completes "expected 4.0, because ..."
    block: str = ""  # lines whose last one is an expression: the outcome
    inputs: Mapping[str, Any] = field(default_factory=dict)  # names the block may use
    slopes: str = ""  # of a gradient: the block that gives the slopes, one per input
    function: Callable[[SimpleNamespace], Any] | None = None
    oracle: str = ""  # the name of a recording that holds what must come out
    rtol: float = RTOL
    atol: float = ATOL
    dtype: bool = False  # whether float32 for float64 is a difference
    raises: str = ""  # the exception the solution must raise here, by the name of its class


def call(name: str, *args: Any, why: str, torch: str = "", **options: Any) -> Case:
    """Call ``name(*args)``.  ``why`` completes "expected ..., because".

    The arguments are copied for each answer; an answer that changes them where the solution does not is found.

    >>> call("slope", 3.0, why="x² has the slope 2x").shown
    'slope(3.0)'
    """
    inputs = {f"argument_{i}": arg for i, arg in enumerate(args, 1)}
    shown = f"{name}({', '.join(map(written, args))})"
    return Case(shown, why, f"{name}({', '.join(inputs)})", inputs, oracle=torch, **options)


def cell(block: str, *, why: str, torch: str = "", inputs: Mapping[str, Any] | None = None, **options: Any) -> Case:
    """Run lines as a notebook's cell: the value of the last line is compared.

    ``np``, ``math`` and ``chainrule`` are there, and everything the answer defined; ``inputs`` adds to them.
    """
    block = _dedented(block)
    return Case(_with_inputs(block, inputs or {}), why, block, inputs or {}, oracle=torch, **options)


def gradient(value: str, slopes: str, *, at: Mapping[str, Any], why: str = "", **options: Any) -> Case:
    """Compare the slopes an answer computes with slopes measured on the answer itself.

    ``at`` names the inputs, numbers or float arrays, and says where.  ``value`` is a block whose last line is a
    number that depends on them; ``slopes`` one whose last line gives a slope for each of them, in that order.
    Each element of each input is nudged up and down, and ``value`` is run again.

    >>> gradient("w ** 2", "2 * w", at={"w": 3.0}).shown
    'w = 3.0\\n2 * w'
    """
    value, slopes = _dedented(value), _dedented(slopes)
    options = {"rtol": RTOL_GRADIENT, "atol": 1e-6, **options}
    return Case(_with_inputs(slopes, at), why, value, at, slopes, **options)


def probe(function: Callable[[SimpleNamespace], Any], *, shown: str, why: str, torch: str = "", **options: Any) -> Case:
    """Call ``function`` with what the answer defined (``names.Value``); what it returns is compared.

    For what cannot be said in a block.  ``shown`` tells a learner in code or words what was done.
    """
    return Case(shown, why, function=function, oracle=torch, **options)


@dataclass(frozen=True)
class Edit:
    """The solution with some pieces replaced."""

    pairs: tuple[tuple[str, str], ...]

    def of(self, solution: str) -> str:
        """The edited text; ArgumentError unless each piece stands there exactly once."""
        for old, new in self.pairs:
            if (times := solution.count(old)) != 1:
                raise ArgumentError(
                    f"edit: {old!r} stands {times} times in the solution; give a piece that stands there once"
                )
            solution = solution.replace(old, new)
        return solution


def edit(*pieces: str) -> Edit:
    """``edit(old, new, old, new ...)``: the solution, changed one piece after the other.

    >>> edit("+", "-", "return ", "return 2 * ").of("return a + b")
    'return 2 * a - b'
    """
    if not pieces or len(pieces) % 2:
        raise ArgumentError(f"edit: {len(pieces)} pieces; they come in pairs: old, new, old, new ...")
    return Edit(tuple(zip(pieces[::2], pieces[1::2], strict=True)))


Code = str | Edit


@dataclass(frozen=True)
class Wrong:
    """A mistake.  ``code`` makes it, ``says`` explains it to the one who made it, without giving the solution.

    ``also`` are other ways to write the same mistake, where they behave differently on the cases.
    """

    name: str
    code: Code
    says: str
    also: Sequence[Code] = ()

    @property
    def codes(self) -> list[Code]:
        """Every way the mistake is written."""
        return [self.code, *self.also]


@dataclass(frozen=True)
class Exercise:
    """The check of one exercise of the lesson: ``id`` is the one in ``lesson.py``.

    ``uses`` are exercises whose solutions the answer may rely on (their names are there without being defined).
    ``seconds`` and ``megabytes`` limit one answer.  Cases go from small to large: the first one on which an answer
    differs is the one shown.
    """

    id: str
    cases: Sequence[Case]
    wrong: Sequence[Wrong]
    right: Sequence[Code] = ()
    uses: Sequence[str] = ()
    seconds: float = 5.0
    megabytes: int = 1024


def source_of(code: Code, solution: str) -> str:
    """The text of an answer: as written, or the solution edited."""
    return code.of(solution) if isinstance(code, Edit) else _dedented(code)


def _with_inputs(block: str, inputs: Mapping[str, Any]) -> str:
    lines = [f"{name} = {written(value)}" for name, value in inputs.items()]
    return "\n".join([*lines, block])


def _dedented(text: str) -> str:
    """A triple-quoted text without its indentation and its empty ends."""
    import textwrap

    return textwrap.dedent(text.strip("\n")).strip()
