"""Laws of Python numbers that change from call to call: a compiled step does with them what it does as written.

Programs are made at random: up to three numbers, each an argument, an attribute, a slot, a variable around, an item;
and lines that compute with them, ask them, slice by them, move them.  Two copies run side by side, one compiled.
"""

from __future__ import annotations

import copy
import datetime
import functools
import gc
import json
import math
import random
import types
import warnings
from collections import deque
from collections.abc import Iterator
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from plainly import plainly
from styles.judge import native_runs
from styles.seen import difference, seen

import chainrule
from chainrule.compiler import compile
from chainrule.compiler.jit.function import Step
from chainrule.compiler.trace.symbols import Symbol
from chainrule.errors import CompileWarning

CALLS = 15
HOMES = ("argument", "named", "attribute", "slot", "variable", "item", "entry")
READS = {
    "argument": "{0}", "named": "{0}", "attribute": "holder.{0}", "slot": "slotted.{0}", "variable": "{0}",
    "item": "row_{0}[0]", "entry": "book[{0!r}]",
}  # fmt: skip

HEAD = """
def build(values):
    chainrule.manual_seed(0)
    X = chainrule.randn(40, 3)
    N = chainrule.arange(40)
    w = chainrule.randn(3, 2, requires_grad=True)
    optimizer = chainrule.optim.SGD([w], lr=0.1)
    holder, slotted, book = Holder(), Slotted(), {{}}
    {setup}
    def step({parameters}):
        {nonlocals}
        total = w.sum()
{body}
        optimizer.zero_grad()
        total.backward()
        optimizer.step()
        return total.detach()
    def between(values):
        {nonlocals}
        {moves}
        return [{arguments}], {{{named}}}
    def state():
        return [{state}], w.detach()
    return step, between, state
"""


class Holder:
    pass


class Slotted:
    __slots__ = ("a", "b", "c")


class Program:
    """One program: its source, and the numbers of each call."""

    def __init__(self, seed: int, lines: list[str] | None = None, homes: list[str] | None = None) -> None:
        self.random = random.Random(seed)
        names = list("abc"[: self.random.randint(1, 3)]) if homes is None else list("abc"[: len(homes)])
        self.homes = dict(zip(names, homes or [self.random.choice(HOMES) for _ in names], strict=True))
        self.kinds = {name: self.random.choice((int, float)) for name in names}
        self.counts: list[str] = []  # names that the step moves itself
        self.lines = [self._line() for _ in range(self.random.randint(1, 3))] if lines is None else lines
        self.calls = [[self._value(name, i) for name in names] for i in range(CALLS)]

    def read(self, name: str) -> str:
        return READS[self.homes[name]].format(name)

    def _expression(self, depth: int = 2, kind: type | None = None) -> str:
        names = [name for name in self.homes if kind is None or self.kinds[name] is kind]
        if depth == 0 or self.random.random() < 0.2:
            if names and self.random.random() < 0.8:
                return self.read(self.random.choice(names))
            return self.random.choice(("2", "3", "5") if kind is int else ("2", "0.5", "-1.5", "3"))
        signs = ["+", "-", "*"] + (["//", "%"] if kind is int else ["/", "+"])
        sign = self.random.choice(signs)
        x = self._expression(depth - 1, kind)
        y = self.random.choice(("3", "7")) if sign in ("//", "%", "/") else self._expression(depth - 1, kind)
        return f"({x} {sign} {y})" if self.random.random() < 0.9 else f"abs({x} {sign} {y})"

    def _line(self) -> str:
        number, whole = self._expression(), self._expression(2, int)
        name = self.random.choice(list(self.homes))
        if self.homes[name] not in ("argument", "named") and self.random.random() < 0.3 and name not in self.counts:
            self.counts.append(name)
            step = self.random.choice(("1", "2")) if self.kinds[name] is int else "0.25"
            return f"{self.read(name)} = {self.read(name)} + {step}"
        return self.random.choice(
            (
                f"total = total + (w * ({number})).sum()",
                f"total = total + ((X[:3, :2] - ({number})) * w).mean()",
                f"total = total + (X[({whole}) % 30 : ({whole}) % 30 + 4] @ w).sum()",
                f"total = total + (X[({whole}) % 40] @ w).sum() * ({number})",
                f"total = total + (X[-(({whole}) % 7) - 1] @ w).mean()",
                f"total = total + X[{whole} : ({whole}) + 3].sum()",
                f"total = total + (N * ({whole})).sum() * 0.001",
                f"total = total + (N[({whole}) % 9 :] + ({whole})).max() * w.sum()",
                f"if {number} > 3: total = total * 2",
                f"for _ in range(({whole}) % 3): total = total + (w * 0.5).sum()",
                f"total = total + w.sum() * min(1.0, {number})",
                f"if isinstance({number}, int): total = total + w.mean()",
                f"total = total + w.sum() * len(f'{{{name}}}')" if self.homes[name] in ("argument", "named")
                else f"total = total + w.sum() * int({number} > 2)",
                f"if ({whole}) % 4 == 0: total = total + (w * ({number})).sum()",
            )
        )  # fmt: skip

    def _value(self, name: str, i: int) -> Any:
        if self.kinds[name] is float:
            if self.random.random() < 0.04:
                return self.random.choice((-0.0, math.nan, 1, True, 1e30))
            return self.random.choice((0.1 * i, 1.0 / (1 + i), self.random.uniform(-4, 4)))
        if self.random.random() < 0.04:
            return self.random.choice((True, 2.0, 2**60 + i, -3))
        return self.random.choice((i, i // 2, self.random.randrange(50)))

    @property
    def source(self) -> str:
        """The program as Python."""
        places = {name: home for name, home in self.homes.items() if home not in ("argument", "named")}
        variables = [name for name, home in places.items() if home == "variable"]
        values = {name: f"values[{k}]" for k, name in enumerate(self.homes)}
        setup = [f"row_{name} = [0]" for name, home in places.items() if home == "item"]
        setup += [f"{self.read(name)} = {values[name]}" for name in places]
        moves = [f"{self.read(name)} = {values[name]}" for name in places if name not in self.counts]
        return HEAD.format(
            setup="; ".join(setup) or "pass",
            parameters=", ".join(sorted((n for n in self.homes if n not in places), key=lambda n: self.homes[n])),
            nonlocals=f"nonlocal {', '.join(variables)}" if variables else "pass",
            body="\n".join(f"        {line}" for line in self.lines),
            moves="; ".join(moves) or "pass",
            arguments=", ".join(values[name] for name, home in self.homes.items() if home == "argument"),
            named=", ".join(f"{n!r}: {values[n]}" for n, home in self.homes.items() if home == "named"),
            state=", ".join(self.read(name) for name in places),
        )


def worlds(program: Program) -> Iterator[tuple[Any, Any, Step]]:
    """After each call: what the step as written did and left, and what the compiled one did and left."""
    sides = []
    for compiled in (False, True):
        space: dict[str, Any] = {"chainrule": chainrule, "Holder": Holder, "Slotted": Slotted, "math": math}
        exec(program.source, space)
        step, between, state = space["build"](program.calls[0])
        sides.append((compile(step) if compiled else step, between, state))
    for values in program.calls:
        found = []
        for step, between, state in sides:
            args, kwargs = between(values)
            try:
                result = seen(step(*args, **kwargs))
            except Exception as error:
                result = (type(error).__name__, str(error))
            found.append((result, [(type(x), repr(x)) for x in state()[0]], seen(state()[1])))
        yield found[0], found[1], sides[1][0]


@pytest.fixture(autouse=True)
def plain() -> Iterator[None]:
    """Generated code runs as Python."""
    with plainly():
        yield


def held(program: Program) -> tuple[int, list[str]]:
    """Check the law on one program: how often it ran natively, and what was said."""
    with warnings.catch_warnings(record=True) as told, native_runs() as native, np.errstate(all="ignore"):
        warnings.simplefilter("always")
        for i, (written, compiled, _) in enumerate(worlds(program)):
            what = difference(written, compiled)
            assert not what, f"call {i} {program.calls[i]}: {what}\n{program.source}"
    return native[0], [str(w.message) for w in told if issubclass(w.category, CompileWarning)]


@pytest.mark.parametrize("seed", range(120))
def test_random_programs(seed: int) -> None:
    held(Program(seed))


def test_most_random_programs_run_natively() -> None:
    ran = [held(Program(seed))[0] for seed in range(200, 240)]
    assert sum(ran) > 0.5 * CALLS * len(ran), ran


# ---------------------------------------------------------------------------------------- one thing at a time


def compared(build: Any, calls: list[Any], least: int = 1) -> list[str]:
    """Both sides of ``build(c) -> (step, state)``, call by call; what was said.  ``least`` calls must be native."""
    (written, left), (step, right) = build(lambda f: f), build(compile)
    with warnings.catch_warnings(record=True) as told, native_runs() as native, np.errstate(all="ignore"):
        warnings.simplefilter("always")
        for i, given in enumerate(calls):
            found = []
            for f, state in ((written, left), (step, right)):
                try:
                    result = f(*given) if isinstance(given, tuple) else f(**given)
                except Exception as error:
                    result = (type(error).__name__, str(error), [type(x) for x in error.args])
                found.append((seen(result), seen(state()), _types(result), _types(state())))
            assert not (what := difference(*found)), f"call {i}, {given}: {what}"
    assert native[0] >= least, (native[0], [str(w.message) for w in told])
    symbols = [x for x in gc.get_objects() if type(x) is Symbol]
    assert not [holder for x in symbols for holder in gc.get_referrers(x) if holder is not symbols and _holds(holder)]
    return [str(w.message) for w in told if issubclass(w.category, CompileWarning)]


def _holds(holder: Any) -> bool:
    return type(holder) in (dict, list, set, types.CellType, Holder, Slotted)


def _types(x: Any) -> Any:
    if isinstance(x, tuple | list | set):
        return [type(x), *map(_types, x)]
    if isinstance(x, dict):
        return [type(x), [(type(key), _types(item)) for key, item in x.items()]]
    return type(x)


N = chainrule.arange(3)
COUNT = [(i,) for i in range(CALLS)]
HALVES = [(i / 2,) for i in range(CALLS)]
USES = {
    "float": lambda x, k: x * float(k),
    "int": lambda x, k: x * int(k),
    "math": lambda x, k: x * math.sqrt(k) + math.floor(k) + math.ceil(k + 0.5),
    "round": lambda x, k: x * round(k, 1) + round(k),
    "text": lambda x, k: x * len(f"{k:5} {k!r} %d" % k + str(k)),
    "hash": lambda x, k: x * {0: 1.0, 1: 2.0}.get(k, 3.0),
    "kind": lambda x, k: x * (2 if type(k) is int else 3) + isinstance(k, int) + isinstance(k, bool),
    "numpy": lambda x, k: x * np.sqrt(k) + np.float64(2) * k + np.int64(3) * k + k * np.ones(3, np.float32),
    "array": lambda x, k: x + chainrule.tensor([k, 1.0, k]) + np.array(k) + np.arange(k + 3)[-3:] + np.float32(k),
    "complex": lambda x, k: x * (k * 1j).imag + complex(k).real,
    "sequence": lambda x, k: x * len([0] * k) + len("ab" * k) + [*range(20)][k],
    "bits": lambda x, k: x * (k & 5) + (k << 1) - (k ^ 3) + (~k) + (k | 1) + (k >> 1),
    "truth": lambda x, k: x * k if k % 3 else (x * 2 if k else x * 3),
    "kind of a power": lambda x, k: x * (2 ** (k - 7)) + isinstance(2 ** (9 - k), int),
    "power": lambda x, k: x * k**2 + 0.5**k + pow(k, 3, 7) + (-2) ** k,
    "divmod": lambda x, k: x * divmod(k, 4)[1] + divmod(17, k + 1)[0],
    "chained": lambda x, k: x if 2 < k < 9 else x * 2,
    "methods": lambda x, k: x * k.bit_length() + k.real,
    "min": lambda x, k: x * min(k, 5) + max(k, 3) + sorted([k, 7, 2])[1] + sum([k, k]),
    "missing": lambda x, k: x * k.shape,
    "divided": lambda x, k: x * (1 / (k - 7)),
    "json": lambda x, k: x * len(json.dumps({"k": k})),
    "timedelta": lambda x, k: x * datetime.timedelta(days=k).days,
    "decimal": lambda x, k: x * float(Decimal(k) + 1),
    "fraction": lambda x, k: x * float(Fraction(k, 3)),
    "ldexp": lambda x, k: x * math.ldexp(1.5, k),
    "power of": lambda x, k: (x**k, k**x, x.clamp(max=k), x.sum(k % 1)),
    "compared": lambda x, k: ((x > k), (x == k), k <= x, x.where(x > k, k)),
    "whole": lambda x, k: (chainrule.arange(3) * k, chainrule.arange(3) + k, k - chainrule.arange(3)),
    "whole divided": lambda x, k: (N / (k + 1), N // (k + 1), k == N),
    "whole and float": lambda x, k: chainrule.arange(3) * (k * 0.5),
    "narrow": lambda x, k: chainrule.arange(3).to(np.int32) * k,
    "exact": lambda x, k: chainrule.arange(3) * (k + 2**60),
    "too large": lambda x, k: chainrule.arange(3) * (k + 2**63 - 5),
    "huge": lambda x, k: x * (k + 2**53),
    "copied": lambda x, k: x * copy.deepcopy(k) + copy.copy([k])[0],
    "returned": lambda x, k: (x * 2, k, [k + 1, {"k": k}]),
    "cached": lambda x, k: x * cached(k),
    "raised": lambda x, k: raises(k) if k % 4 == 3 else x * k,
    "seven": lambda x, k: x * k if k != 7 else x[k],
    "matched": lambda x, k: matched(x, k),
}  # fmt: skip


@functools.lru_cache
def cached(k: Any) -> Any:
    return k + 1


def raises(k: Any) -> Any:
    raise ValueError(k, "is bad")


def matched(x: Any, k: Any) -> Any:
    match k:
        case 3:
            return x
        case int(n) if n > 5:
            return x * n
    return x * 2


@pytest.mark.parametrize("given", [COUNT, HALVES], ids=["whole", "float"])
@pytest.mark.parametrize("use", USES)
@pytest.mark.parametrize("home", ["argument", "variable", "item"])
def test_what_is_done_with_a_number(use: str, given: list[Any], home: str) -> None:
    cached.cache_clear()

    def build(c: Any) -> Any:
        x, f, kept = chainrule.ones(3), USES[use], [0]
        if home == "argument":
            return c(lambda k: f(x, k)), list
        n = 0

        def around() -> Any:
            return f(x, n if home == "variable" else kept[0])

        compiled = c(around)

        def step(k: Any) -> Any:
            nonlocal n
            n = kept[0] = k
            return compiled()

        return step, lambda: [n, kept]

    compared(build, given, 0)


def left(name: str, value: Any) -> Any:
    """A program that leaves its number somewhere."""

    def build(c: Any) -> Any:
        x, places, holder, slotted = (
            chainrule.ones(3),
            {"list": [], "dict": {}, "set": set(), "tuple": ()},
            Holder(),
            Slotted(),
        )
        kept, n = [value, 5, deque()], 0

        def step(k: Any) -> Any:
            nonlocal n
            if k < 3 * value:  # by then it is a symbol
                return x * k
            if name == "list":
                places["list"].append(k)
            elif name == "key":
                places["dict"][k] = 1
            elif name == "item":
                places["dict"]["a"] = k * 2
            elif name == "set":
                places["set"].add(k)
            elif name == "tuple":
                places["tuple"] = (1, (k, 2))
            elif name == "attribute":
                holder.last = k
            elif name == "slot":
                slotted.a = k
            elif name == "deque":
                kept[2].append(k)
            elif name == "variable":
                n = k
            elif name == "other":
                kept[1] = k + kept[0]
            return x * k

        return c(step), lambda: [places, vars(holder), getattr(slotted, "a", None), kept, n]

    return build


@pytest.mark.parametrize(
    "name", ["list", "key", "item", "set", "tuple", "attribute", "slot", "deque", "variable", "other"]
)
@pytest.mark.parametrize("value", [1, 0.5])
def test_no_symbol_is_left_behind(name: str, value: Any) -> None:
    compared(left(name, value), [(i * value,) for i in range(CALLS)], 0)


def test_an_error_leaves_the_counter_where_it_was() -> None:
    def build(c: Any) -> Any:
        x, k = chainrule.ones(6), [0]

        @c
        def step(limit: int) -> Any:
            k[0] += 1
            if k[0] == limit:
                raise ValueError(k[0])
            y = x * k[0]
            k[0] = k[0] + 2
            return y

        return step, lambda: k

    for limit in (4, 7, 10, 19, 100):  # written, recorded, native
        compared(build, [(limit,)] * CALLS)


def test_numbers_keep_their_objects() -> None:
    """What stood in a place before a recording stands there after it: not one like it."""
    holder, x = Holder(), chainrule.ones(3)
    step = compile(lambda: x * holder.a)
    for i in range(6):
        holder.a = value = 1000.5 + i
        step()
        assert holder.a is value
    assert not step.reason
    assert step.variants


def test_a_helper_that_is_given_the_settings() -> None:
    def build(c: Any) -> Any:
        x, settings, rows = chainrule.ones(3), {"scale": 1.0, "other": 2.0}, [0.5, 2.0]

        def scaled(x: Any, settings: Any, rows: Any) -> Any:
            return x * sum(settings.values()) + sum(rows)

        compiled = c(lambda: scaled(x, settings, rows))

        def step(k: float) -> Any:
            settings["scale"] = rows[0] = k
            if k == 4.0:
                settings["other"] = 3.0
            if k == 5.0:
                rows[1] = 3.0
            return compiled()

        return step, lambda: [settings, rows]

    assert not compared(build, HALVES, 6)


def test_a_rate_of_the_optimizer_read_by_the_step() -> None:
    def build(c: Any) -> Any:
        chainrule.manual_seed(0)
        w, x = chainrule.randn(3, requires_grad=True), chainrule.randn(3)
        optimizer = chainrule.optim.SGD([w], lr=0.1)

        @c
        def update() -> Any:
            loss = ((w - x) ** 2).sum()
            w.grad = None
            loss.backward()
            with chainrule.no_grad():
                w.sub_(optimizer.param_groups[0]["lr"] * w.grad)
            optimizer.step()
            return loss.detach()

        def step(k: float) -> Any:
            optimizer.param_groups[0]["lr"] = 0.1 / (1 + k)
            return update()

        return step, lambda: [w.detach(), optimizer.param_groups[0]["lr"]]

    assert not compared(build, HALVES, 6)


SLICES = {
    "rows": lambda x, order, z, k: x[k : k + 3].sum(),
    "one row": lambda x, order, z, k: x[k] * 2,
    "from behind": lambda x, order, z, k: x[-k - 1].sum() + x[-3 - k : -k or None].sum(),
    "a column": lambda x, order, z, k: x[:, k % 3] * 2,
    "an order": lambda x, order, z, k: x[order[k : k + 3]].sum(),
    "of an argument": lambda x, order, z, k: (z[k : k + 4].mean(), z[..., None, k] * 1, z[k : k + 2, None] + 1),
    "detached": lambda x, order, z, k: x.detach()[k // 3].sum(),
    "every other": lambda x, order, z, k: x[k % 5 :: 2].sum(),
    "none": lambda x, order, z, k: x[k:k].sum() + x[2 * k : k].sum(),
    "of what was computed": lambda x, order, z, k: (x * 2)[k // 2 : k // 2 + 2].sum(),
    "a step": lambda x, order, z, k: x[:: k // 4 + 1].sum(),
    "next to places": lambda x, order, z, k: x[k // 4, order[:3] % 3].sum(),
    "twice": lambda x, order, z, k: x[k : k + 3][1].sum() + x[k : k + 3][k % 2].sum(),
    "a view itself": lambda x, order, z, k: x[k : k + 2],
    "two sources": lambda x, order, z, k: x[k] @ x[k + 1] + z[k] * order[k],
    "wrong": lambda x, order, z, k: x[k, k, k] if k > 7 else x[k * 0.5] if k == 5 else x[k] * 2,
}


@pytest.mark.parametrize("name", SLICES)
def test_slices(name: str) -> None:
    """Windows of what was there, of arguments, at an end, past it, from behind, of nothing."""

    def build(c: Any) -> Any:
        chainrule.manual_seed(0)
        x, order = chainrule.randn(12, 3), chainrule.tensor(np.random.default_rng(0).permutation(12))
        step = c(lambda k, z: SLICES[name](x, order, z, k))
        return (lambda k: step(k, chainrule.arange(24.0) + k)), lambda: x

    pinned = ("of what was computed", "a step", "next to places", "a view itself", "twice")
    compared(build, [*COUNT[:12], (-1,), (-12,), (12,), (True,), (1.0,), (3,)], 0 if name in pinned else 1)


def test_a_window_of_what_the_step_writes() -> None:
    def build(c: Any) -> Any:
        x = chainrule.ones(20, 2)

        @c
        def step(k: int) -> Any:
            y = x[k : k + 3].clone()
            x.add_(1)
            return y + x[k : k + 3]

        return step, lambda: x

    compared(build, COUNT, 0)


def test_a_window_of_what_the_step_writes_by_another_name() -> None:
    def build(c: Any) -> Any:
        memory = np.ones((20, 2), np.float32)
        x, rest = chainrule.from_numpy(memory), chainrule.from_numpy(memory[2:])

        @c
        def step(k: int) -> Any:
            rest.add_(1)
            return x[k : k + 3] * 2

        return step, lambda: x

    compared(build, COUNT, 0)


def test_data_replaced_under_a_window() -> None:
    def build(c: Any) -> Any:
        holder = Holder()
        holder.x = chainrule.ones(20, 2)

        @c
        def inner(k: int) -> Any:
            return holder.x[k : k + 3] * 2

        def step(k: int) -> Any:
            if k == 8:
                holder.x = chainrule.ones(20, 2) * 5
            if k == 11:
                holder.x[:] = 7
            return inner(k)

        return step, list

    compared(build, COUNT, 5)


def test_a_question_with_two_answers_has_two_variants() -> None:
    x = chainrule.ones(3)
    step = compile(lambda k: x * 2 if k % 3 == 0 else x * k)
    for k in range(30):
        assert step(k).tolist() == [2.0 if k % 3 == 0 else k] * 3
    assert sum(map(len, step.variants.values())) == 2
    assert not step.reason


def test_numbers_that_native_code_never_sees_alike_are_told() -> None:
    x, k = chainrule.zeros(40), [0]

    @compile
    def step() -> Any:
        x[k[0]] = 1
        return x.sum()

    def all_steps() -> None:
        for i in range(16):
            k[0] = i
            assert step().item() == i + 1

    with pytest.warns(CompileWarning, match=r"step runs eagerly: .* k\[0\]"):
        all_steps()


def test_one_number_is_compiled_for_and_another_is_an_input() -> None:
    def build(c: Any) -> Any:
        x, rows = chainrule.ones(40, 5), Holder()
        rows.k = 0
        inner = c(lambda i: x[i : i + 2].sum(rows.k % 2) * i)

        def step(i: int, k: int) -> Any:
            rows.k = k
            return inner(i)

        return step, list

    assert not compared(build, [(i, min(i, 9)) for i in range(30)], 8)
