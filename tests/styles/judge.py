"""A program run as written and compiled, each in a world of its own, and what the two differ in.

program   registers ``build(c) -> (step, between, watched)``: ``c`` compiles, or gives back what it is given;
          ``between(i)`` runs before call ``i`` and gives its arguments; ``watched()`` gives what a user could look at
judged    the verdict on one program

    same natively    nothing differs, and native code ran
    as written       nothing differs, and a warning says that it runs eagerly
    same, silently   nothing differs, but native code never ran, and nobody said so
    refused          ``strict=True``, and a CompileError instead of a warning
    raises           only the compiled one raises
    DIFFERENT        something differs
"""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import os
import random
import re
import types
import warnings
from collections.abc import Callable, Iterator
from typing import Any
from unittest import mock

import numpy as np
from plainly import plainly

import chainrule
from chainrule.errors import CompileError, CompileWarning
from styles.seen import difference, seen

Build = Callable[[Callable[..., Any]], tuple[Callable[..., Any], Callable[[int], tuple[Any, ...]], Callable[[], Any]]]
PROGRAMS: dict[str, Program] = {}
FINE = ("same natively", "as written")
AFTERWARDS: list[Callable[[], Any]] = []  # what a program wants done when its world ends, to put back what it patched
EAGERLY = re.compile("runs eagerly")  # what a warning that nothing is compiled says


@dataclasses.dataclass(frozen=True, repr=False)
class Program:
    """One style of training code.

    compiles   a good compiler runs it natively from some call on, and has nothing to say
    tells      what a warning about it must mention, a regular expression
    options    what `compile` is given besides
    native     the generated code is run as machine code, not as plain Python
    """

    name: str
    build: Build
    compiles: bool = False
    tells: str | None = None
    calls: int = 12
    native: bool = False
    options: dict[str, Any] = dataclasses.field(default_factory=dict)

    def __repr__(self) -> str:
        return self.name

    def told(self, texts: list[str]) -> bool:
        """Whether one of these warnings mentions what it must."""
        return self.tells is None or any(re.search(self.tells, text) for text in texts)


def program(build: Build | None = None, **how: Any) -> Any:
    """Register a program: ``@program`` or ``@program(compiles=True, tells="scale")``."""
    if build is None:
        return lambda build: program(build, **how)
    if build.__name__ in PROGRAMS:
        raise ValueError(f"two programs are called {build.__name__}")
    PROGRAMS[build.__name__] = Program(build.__name__, build, **how)
    return build


# ---------------------------------------------------------------------------------------- one world


@dataclasses.dataclass(repr=False)
class World:
    """What could be seen of twelve calls."""

    calls: list[Any]  # (result or error, what was watched) after each call
    warned: list[str]
    compiled: int = 0  # how many things were compiled
    native: int = 0  # how often native code ran
    broke: BaseException | None = None  # raised by the program around the step: it went no further


def ran(program: Program, wrap: Callable[..., Any] | None = None) -> World:
    """Run a program from the beginning; ``wrap`` compiles."""
    made: list[Any] = []

    def c(function: Any = None, **options: Any) -> Any:
        if function is None:  # @c(mode="default")
            return lambda function: c(function, **options)
        if wrap is None:
            return function
        made.append(function)
        return wrap(function, **(program.options | options))

    with fresh(), warnings.catch_warnings(record=True) as told, native_runs() as native:
        warnings.simplefilter("always")
        with contextlib.nullcontext() if program.native or wrap is None else plainly():
            world = World([], [])
            try:
                step, between, watched = program.build(c)
                for i in range(program.calls):
                    given = between(i)
                    try:
                        result = seen(step(*given))
                    except CompileError:
                        raise
                    except BaseException as error:
                        result = ("raised", type(error).__qualname__, str(error))
                    world.calls.append((result, seen(watched())))
            except Exception as error:
                world.broke = error
    world.warned = [str(w.message) for w in told if issubclass(w.category, CompileWarning)]
    world.compiled, world.native = len(made), native[0]
    return world


@contextlib.contextmanager
def fresh() -> Iterator[None]:
    """The state that all of Python shares, the same at each beginning, and put back at the end."""
    kept = random.getstate(), np.random.get_state(), dict(os.environ)
    chainrule.manual_seed(0)
    random.seed(0)
    np.random.seed(0)
    try:
        yield
    finally:
        while AFTERWARDS:
            AFTERWARDS.pop()()
        chainrule.set_default_dtype(chainrule.float32)
        random.setstate(kept[0])
        np.random.set_state(kept[1])
        os.environ.clear()
        os.environ.update(kept[2])


@contextlib.contextmanager
def native_runs() -> Iterator[list[int]]:
    """Count how often native code runs to its end.  The only place that knows how the compiler is built."""
    from chainrule.compiler.jit.specialization import Variant
    from chainrule.compiler.jit.valuegraph import Graph

    count = [0]
    ran, run_values = Variant.ran, Graph.run

    def counted(self: Any, *args: Any) -> bool:
        done: bool = ran(self, *args)
        count[0] += done
        return done

    def counted_values(self: Any, *args: Any) -> Any:
        found = run_values(self, *args)
        count[0] += bool(found[0])
        return found

    with mock.patch.object(Variant, "ran", counted), mock.patch.object(Graph, "run", counted_values):
        yield count


# ---------------------------------------------------------------------------------------- the verdict


@dataclasses.dataclass(repr=False)
class Verdict:
    """What a program came to: ``word`` (see above), why, and what the compiler said."""

    word: str
    why: str
    world: World

    @property
    def fallbacks(self) -> list[str]:
        """The warnings that something runs eagerly."""
        return [text for text in self.world.warned if EAGERLY.search(text)]

    def __str__(self) -> str:
        return f"{self.word:15} {self.world.native:3} native  {self.why or ' | '.join(self.world.warned)[:200]}"


@functools.cache
def written(name: str) -> World:
    """The world of a program as written."""
    world = ran(PROGRAMS[name])
    if world.broke is not None:
        raise world.broke
    return world


def judged(program: Program, compile: Callable[..., Any] = chainrule.compile, **options: Any) -> Verdict:
    """Run a program as written and compiled, and compare."""
    eagerly = written(program.name)
    world = ran(program, lambda function, **own: compile(function, **(own | options)))
    for i, (eager, now) in enumerate(zip(eagerly.calls, world.calls, strict=False), 1):
        for what, a, b in zip(("returned", "left"), eager, now, strict=True):
            if isinstance(b, tuple) and b[:1] == ("raised",) and b != a:
                return Verdict("raises", f"call {i}: {b[1]}: {b[2]}", world)
            if found := difference(a, b):
                return Verdict("DIFFERENT", f"call {i}: {what}{found}", world)
    if world.broke is not None:
        refused = isinstance(world.broke, CompileError) and options.get("strict")
        return Verdict("refused" if refused else "raises", f"{type(world.broke).__name__}: {world.broke}", world)
    raised = [isinstance(result, tuple) and result[:1] == ("raised",) for result, _ in eagerly.calls]
    never = raised.count(False) < 3  # it cannot be recorded twice
    if never or any(EAGERLY.search(text) for text in world.warned):  # what never returns need not be talked about
        return Verdict("as written", "", world)
    return Verdict("same natively" if world.native else "same, silently", "", world)


def names_in(build: Build) -> set[str]:
    """Every name and string in the source of a program."""
    found: set[str] = set()
    codes = [build.__code__]
    while codes:
        code = codes.pop()
        found |= {*code.co_names, *code.co_varnames, *code.co_freevars, *code.co_cellvars, code.co_name}
        for constant in code.co_consts:
            if isinstance(constant, types.CodeType):
                codes.append(constant)
            elif isinstance(constant, str):
                found.add(constant)
    return found - {"step", "a", "i", "c", "it", "x"}


def names_a_place(text: str, program: Program) -> bool:
    """Whether a warning says where: a line, or a name that the program has."""
    reason = text[found.end() :] if (found := EAGERLY.search(text)) else text
    words = set(re.findall(r"\w+", reason))
    return bool(
        re.search(r"\bline \d+|:\d+\b", reason) or words & names_in(program.build) or re.search(r"`.+`", reason)
    )
