"""Compiled graphs of `Value` give what `Value` gives: the same bits, the same errors, or a warning with the line."""

from __future__ import annotations

import ast
import copy
import doctest
import importlib.util
import itertools
import math
import random
import re
import threading
import types
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import micrograd.nn
import numpy as np
import pytest

import chainrule
import chainrule.value
from chainrule import compile as compile_values
from chainrule.compiler.jit import foresight
from chainrule.compiler.jit.valued import seeing
from chainrule.compiler.values import rules
from chainrule.errors import CompileError, CompileWarning
from chainrule.graph import draw
from chainrule.value import MLP, Value

INF, NAN = math.inf, math.nan


def same(a: float, b: float) -> bool:
    """The same number, to the last bit, the sign of zero and which of them are nan included."""
    return (a != a and b != b) or (a == b and math.copysign(1.0, a) == math.copysign(1.0, b))


def outcome(f: Callable[..., Any], point: tuple[float, ...]) -> Any:
    """The value and the slopes of ``f``, or the error it raises."""
    xs = [Value(x) for x in point]
    try:
        out = f(*xs)
        out.backward()
    except (ArithmeticError, ValueError) as error:
        return type(error), str(error)
    return (out.data, out.grad, *(x.grad for x in xs))


def assert_equal(f: Callable[..., Any], compiled: Callable[..., Any], point: tuple[float, ...]) -> None:
    expected, found = outcome(f, point), outcome(compiled, point)
    assert len(expected) == len(found), (point, expected, found)
    for a, b in zip(expected, found, strict=True):
        assert same(a, b) if isinstance(a, float) else a == b, (point, expected, found)


# ---------------------------------------------------------------------------------------- every rule

EVERY: dict[str, Callable[..., Any]] = {
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "/": lambda a, b: a / b,
    "**": lambda a, b: a**b,
    "neg": lambda a, b: -a,
    "exp": lambda a, b: a.exp(),
    "log": lambda a, b: a.log(),
    "sin": lambda a, b: a.sin(),
    "tanh": lambda a, b: a.tanh(),
    "relu": lambda a, b: a.relu(),
    "sigmoid": lambda a, b: a.sigmoid(),
    "**n": lambda a, b: a**2 + b**-1 + a**0.5 + a**0 + b**3,
    "2 **": lambda a, b: 2**a * 0.0**b,
    "a number beside": lambda a, b: 3 - a / 2 + 1 / b * -1.5,
}
EDGES = (0.0, -0.0, 1.0, -1.0, 0.5, -2.0, 3.0, 710.0, -745.5, 1e-320, 1e200, -1e308, INF, -INF, NAN)


def test_every_operation_of_value_has_a_rule() -> None:
    assert set(rules.rules()) == {name for name in EVERY if name not in ("2 **", "a number beside")}


@pytest.mark.parametrize("name", EVERY)
def test_at_the_edges_it_is_value_to_the_last_bit(name: str) -> None:
    f = EVERY[name]
    compiled = compile_values(f, strict=True)
    assert_equal(f, compiled, (0.5, 1.5))
    for point in itertools.product(EDGES, EDGES):
        assert_equal(f, compiled, point)
    assert compiled.calls == 1


def expression(rng: random.Random, depth: int) -> str:
    """The source of a random expression in a, b and c."""
    if depth == 0 or rng.random() < 0.1:
        return rng.choice(["a", "b", "c", "a", "b", "c", "0.7", "-2", "1"])
    inner = [expression(rng, depth - 1) for _ in range(2)]
    kind = rng.randrange(9)
    if kind < 4:
        return f"({inner[0]} {'+-*/'[kind]} {inner[1]})"
    if kind == 4:
        return f"(v({inner[0]}) ** {rng.choice(['2', '3', '-1', '0.5', 'c', '0'])})"
    if kind == 5:
        return f"(-v({inner[0]}))"
    return f"v({inner[0]}).{rng.choice(['tanh', 'exp', 'log', 'sin', 'relu', 'sigmoid'])}()"


@pytest.mark.parametrize("seed", range(60))
def test_random_expressions(seed: int) -> None:
    rng = random.Random(seed)
    source = f"lambda a, b, c: v({expression(rng, 5)}) + 0 * (a + b + c)"
    f = eval(source, {"v": lambda x: x if isinstance(x, Value) else Value(x)})
    compiled = compile_values(f, strict=True)
    for _ in range(12):
        point = tuple(rng.choice([rng.gauss(0, 1), rng.gauss(0, 1), 0.0, 1.0]) for _ in range(3))
        assert_equal(f, compiled, point)


def test_a_wrong_rule_would_be_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    wrong = copy.copy(rules.rules()["tanh"])
    monkeypatch.setitem(rules.rules(), "tanh", wrong)
    object.__setattr__(wrong, "source", wrong.source.replace("1.0 - t * t", "1.0 + t * t"))
    from chainrule.compiler.values import machine

    for cached in (machine.source, machine.machine):
        monkeypatch.setattr(machine, cached.__name__, cached.__wrapped__)
    monkeypatch.setattr("chainrule.compiler.values.program.machine", machine.machine)
    compiled = compile_values(EVERY["tanh"], strict=True)
    outcome(compiled, (0.5, 1.5))
    with pytest.raises(AssertionError):
        assert_equal(EVERY["tanh"], compiled, (0.5, 1.5))


@pytest.mark.parametrize(
    ("method", "message"),
    [
        ("def cosh(self): return Value(numpy.cosh(self.data), (self,), (1.0,), 'cosh')", "cosh calls numpy.cosh"),
        ("def one(self): return Value(1.0)", "one returns return Value"),
        ("def first(self, other): return Value(1.0, (other,), (1.0,), 'first')", "first has other children than"),
        ("def g(self): return Value(self.grad, (self,), (1.0,), 'g')", "g reads self.grad"),
    ],
)
def test_a_method_that_cannot_be_read_is_refused(method: str, message: str) -> None:
    (node,) = ast.parse(method).body
    assert isinstance(node, ast.FunctionDef)
    with pytest.raises(NotImplementedError, match=message):
        rules._Reader(node, True).rule()


# ---------------------------------------------------------------------------------------- whole steps

RNG = random.Random(4)
POINTS = [(RNG.gauss(0, 1), RNG.gauss(0, 1)) for _ in range(12)]
SIDES = [1 if x * y > 0 else -1 for x, y in POINTS]
WEIGHTS = [RNG.uniform(-1, 1) for _ in range(8 * 3 + 8 * 9 + 9)]


def moons(model: Any, single: Callable[[Any], Any], points: Any = POINTS) -> Callable[[int], Any]:
    """The training step of micrograd's demo, as it is written there."""
    for p, w in zip(model.parameters(), WEIGHTS, strict=True):
        p.data = w

    def step(k: int) -> Any:
        scores = [single(model(x)) for x in points]
        losses = [(1 + -yi * score).relu() for yi, score in zip(SIDES, scores, strict=True)]
        data_loss = sum(losses) * (1.0 / len(losses))
        total = data_loss + 1e-4 * sum(p * p for p in model.parameters())
        accuracy = [(yi > 0) == (score.data > 0) for yi, score in zip(SIDES, scores, strict=True)]
        model.zero_grad()
        total.backward()
        learning_rate = 1.0 - 0.9 * k / 100
        for p in model.parameters():
            p.data -= learning_rate * p.grad
        return total, sum(accuracy) / len(accuracy)

    return step


def first(out: list[Value]) -> Value:
    return out[0]


def state(model: Any) -> list[tuple[float, float]]:
    return [(p.data, p.grad) for p in model.parameters()]


def test_100_steps_of_the_moons_demo_are_the_same_to_the_last_bit() -> None:
    models = [MLP(2, [8, 8, 1], "relu") for _ in range(2)]
    eager, step = moons(models[0], first), compile_values(moons(models[1], first), strict=True)
    for k in range(100):
        (a, right), (b, also) = eager(k), step(k)
        assert (a.data, a.grad, right, type(right)) == (b.data, b.grad, also, type(also))
        assert state(models[0]) == state(models[1])
    assert step.calls == 1
    assert a.data < 0.9


def test_100_steps_natively_are_micrograds_numbers() -> None:
    models = [micrograd.nn.MLP(2, [8, 8, 1]), MLP(2, [8, 8, 1], "relu")]
    theirs, step = moons(models[0], lambda out: out), compile_values(moons(models[1], first), strict=True)
    losses = step.over(range(100))
    for k in range(100):
        loss, accuracy = theirs(k)
        assert losses[k] == (pytest.approx(loss.data, rel=1e-9), accuracy)
    for p, q in zip(*(model.parameters() for model in models), strict=True):
        assert (q.data, q.grad) == pytest.approx((p.data, p.grad), rel=1e-9, abs=1e-12)


def test_momentum_in_values_and_repeat() -> None:
    def make() -> tuple[Callable[[], Value], list[Value]]:
        w, speed = Value(3.0), Value(0.0)

        def step() -> Value:
            w.grad = 0
            loss = (w * w + w.sin()) / 2
            loss.backward()
            speed.data = 0.9 * speed.data - 0.1 * w.grad
            w.data += speed.data
            return loss

        return step, [w, speed]

    step, mine = make()
    expected = [step().data for _ in range(50)]
    step, theirs = make()
    assert compile_values(step, strict=True).repeat(50) == expected
    assert [w.data for w in mine] == [w.data for w in theirs]


def test_several_backwards_in_a_step_and_gradients_in_between() -> None:
    def make() -> tuple[Callable[[float], Any], list[Value]]:
        a, b = Value(0.7), Value(-0.4)

        def step(x: float) -> Any:
            middle = a * b + x
            (middle * 2).backward()
            first = middle.grad * 3 + b.grad
            (middle.tanh() + a).backward()  # leaves accumulate, what lies between starts from zero
            second = middle.grad
            a.data -= 0.1 * a.grad
            again = (a * middle).exp()  # with the new a and the old middle
            again.backward()
            b.grad = b.grad / 2
            constant = Value(x * 2)
            (constant * a).backward()
            return {"out": [again, first, second, constant.grad, x], "a": a}

        return step, [a, b]

    def flat(answer: Any) -> list[Any]:
        out, *numbers = answer["out"]
        return [out.data, out.grad, *numbers, answer["a"].data]

    eager, mine = make()
    step, theirs = make()
    step = compile_values(step, strict=True)
    for x in (0.5, -1.0, 2.0, 0.0):
        assert flat(eager(x)) == flat(step(x))
        assert [(w.data, w.grad) for w in mine] == [(w.data, w.grad) for w in theirs]


# ---------------------------------------------------------------------------------------- results are Values


def test_a_compiled_loss_goes_on_in_an_eager_graph() -> None:
    def make(compiled: bool) -> list[float]:
        w, b = Value(0.5), Value(-0.25)

        def model(x: float) -> Value:
            return (w * x + b).tanh()

        f = compile_values(model, strict=True) if compiled else model
        losses = [(f(x) - y) ** 2 for x, y in [(1.0, 0.5), (2.0, -0.5), (-1.0, 1.0)]]
        sum(losses).backward()
        assert w.grad
        return [w.grad, b.grad]

    assert make(True) == pytest.approx(make(False), rel=1e-15)


def test_a_result_knows_its_slopes_even_after_later_calls_and_updates() -> None:
    w = Value(2.0)
    f = compile_values(lambda x: w * w * x, strict=True)
    f(1.0)
    early = f(3.0)
    w.data = 5.0
    f(7.0)
    early.backward()
    assert w.grad == 12.0
    assert (early._op, early._prev) == ("compiled", (w,))


def test_arguments_that_are_values_lists_and_arrays() -> None:
    f = compile_values(lambda xs, scale, to: (sum(x * x for x in xs) * scale).tanh() + to[1], strict=True)
    for points in ([0.1, 0.2], [0.3, -0.4], [1.0, 2.0, 3.0]):
        xs = [Value(x) for x in points]
        out = f(xs, scale=np.float64(0.5), to=np.array([1.0, 2.0]))
        out.backward()
        t = math.tanh(sum(x * x for x in points) * 0.5)
        assert out.data == pytest.approx(t + 2.0)
        assert [x.grad for x in xs] == pytest.approx([(1 - t * t) * x for x in points])
    assert f.calls == 2


def test_one_value_twice_is_not_two() -> None:
    w = Value(3.0)
    f = compile_values(lambda a, b: a * b + w, strict=True)
    for a, b, slopes in [(2.0, 5.0, (5.0, 2.0)), (1.0, 4.0, (4.0, 1.0))]:
        x, y = Value(a), Value(b)
        f(x, y).backward()
        assert (x.grad, y.grad) == slopes
    x = Value(5.0)
    f(x, x).backward()
    assert x.grad == 10.0
    x, w.grad = Value(2.0), 0.0
    f(x, w).backward()
    assert (x.grad, w.grad) == (3.0, 3.0)
    f(Value(2.0), Value(2.0)).backward()
    assert w.grad == 4.0


# ---------------------------------------------------------------------------------------- never silently wrong

rate = 0.5
table = {"scale": 2.0}


class Settings:
    rate = 0.5


def test_changes_around_the_function_are_honoured() -> None:
    data, numbers, w = [[1.0, 2.0], [3.0]], np.array([1.0, 2.0]), Value(1.0)
    settings, offset = Settings(), 0.0

    def f(x: float = 1.0) -> Value:
        return w * (data[0][1] * rate * table["scale"] * numbers[1] * settings.rate) + offset * x

    compiled = compile_values(f, strict=True)

    def change(what: str) -> None:
        nonlocal offset
        global rate
        exec(what, globals(), {"data": data, "numbers": numbers, "settings": settings, "f": f})
        offset += 1.0 if what == "pass" else 0.0

    for what in (
        "pass", "data[0][1] = 7.0", "data[0] = [0.0, 8.0]", "globals().update(rate=0.25)", "table['scale'] = 3.0",
        "numbers[1] = 5.0", "settings.rate = 0.1", "Settings.rate = 9.0", "del settings.rate",
        "f.__defaults__ = (3.0,)",
    ):  # fmt: skip
        before = compiled.calls
        assert compiled().data == compiled().data == f().data
        change(what)
        assert compiled().data == f().data
        assert compiled.calls == before + (1 if before else 2)
    globals().update(rate=0.5)
    table["scale"], Settings.rate = 2.0, 0.5


def eager_because(f: Callable[..., Any], *args: Any) -> str:
    """Why ``f`` is not compiled; it still does what it does, and says so once, in its first call or the second."""
    compiled = compile_values(f)
    with pytest.warns(CompileWarning, match="runs eagerly: ") as told:
        [compiled(*args) for _ in range(2)]
    assert len(told) == 1
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        compiled(*args)
    assert compiled.reason is not None
    strict = compile_values(f, strict=True)
    with pytest.raises(CompileError, match="cannot be compiled: "):
        [strict(*args) for _ in range(2)]
    return str(compiled.reason)


W = Value(2.0)
SEEN: list[Any] = []
COUNT = {"n": 0}


def decides(x: float) -> Any:
    return W * x if W.data > 0 else -W  # the line that decides


def draws(x: float) -> Any:
    return W * random.random() * x


def draws_numpy(x: float) -> Any:
    return W * float(np.random.rand()) * x


def draws_its_own(x: float, rng: random.Random = random.Random(0)) -> Any:  # noqa: B008
    return W * rng.random() * x


def appends(x: float) -> Any:
    SEEN.append((W * x).data)
    return W * x


def counts(x: float) -> Any:
    COUNT["n"] += 1
    return W * (x + COUNT["n"])


def tells(x: float) -> Any:
    print("x is", x)
    return W * x


def calls_math(x: float) -> Any:
    return W * math.exp(x)


def indexes(x: int) -> Any:
    return W * [1.0, 2.0, 3.0][x]


def invents(x: float) -> Any:
    return Value(math.cos(2.0), (W,), (-math.sin(2.0),), "cos") * x


OUTSIDE = W * W


def goes_through(x: float) -> Any:
    out = OUTSIDE * x
    out.backward()
    return out


def turns(x: float, it: Any = itertools.cycle([1.0, 2.0])) -> Any:  # noqa: B008
    return W * next(it) * x


def formats(x: float) -> Any:
    return (W * x, f"{(W * x).data:.2f}")


class Special(Value):
    __slots__ = ()


SPECIAL = Special(1.0)
CANNOT: dict[str, tuple[Callable[..., Any], str]] = {
    "if": (decides, r"it decides by a number \(if, while, and, .*\), at .*py:\d+: return W \* x if W.data > 0"),
    "random": (draws, r"it calls random\(\) of a Random, which a compiled step would not do again, at .*: return W"),
    "numpy": (draws_numpy, "it draws from the random numbers of NumPy: draw outside"),
    "own generator": (draws_its_own, r"it calls random\(\) of a Random, which .*rng.random"),
    "a list": (appends, r"it calls append\(\) of SEEN, at .*; return the value, and collect it outside"),
    "a counter": (counts, r"the step itself changes COUNT\['n'\], at .*: COUNT\[\"n\"\] \+= 1; return what is new"),
    "print": (tells, r"it calls print\(\), which a compiled step would not do again, at .*print"),
    "math": (calls_math, r"it takes a number out \(float, math, numpy\), at .*math.exp\(x\)"),
    "index": (indexes, "it uses a number as an index"),
    "own operation": (invents, r"it makes a Value by an operation of its own \('cos'\)"),
    "a graph outside": (goes_through, "it calls backward through a Value that was computed outside of the step"),
    "an iterator": (turns, "it reads a default of turns.*, a cycle, which may change unseen: use a list"),
    "text": (formats, "it writes a number as text"),
    "a subclass": (lambda x: SPECIAL * x, "it uses a Special, whose own rules would not be looked at"),
    "whole division": (lambda x: W * (x // 2), "it divides with //"),
    "a set": (lambda x: (W * x, {1}), "it returns a set: return Values and numbers, or tuples"),
    "large": (lambda x: W * (2**60) * x, "it computes with 1152921504606846976, which is more than"),
}


@pytest.mark.parametrize("name", CANNOT)
def test_what_cannot_be_recorded_says_so_and_runs_as_it_is(name: str) -> None:
    import re

    function, message = CANNOT[name]
    assert re.search(message, eager_because(function, 2))
    assert all(type(x) is float for x in SEEN)


def test_after_giving_up_the_numbers_are_values_own() -> None:
    W.data = 2.0
    compiled = compile_values(decides)
    with pytest.warns(CompileWarning, match="the line that decides"):
        assert compiled(3.0).data == 6.0
    W.data = -1.0
    assert compiled(3.0).data == 1.0
    W.data = 2.0


def test_errors_are_those_of_value_and_leave_things_as_they_are() -> None:
    w = Value(1.0)

    def step(x: float) -> Value:
        loss = (w - x).log() * 1.0
        w.grad = 0.0
        loss.backward()
        w.data -= 0.1 * w.grad
        return loss

    compiled = compile_values(step, strict=True)
    compiled(-1.0)
    before = (w.data, w.grad)
    with pytest.raises(ValueError, match=r"math domain error|expected a positive input"):
        compiled(w.data)
    assert (w.data, w.grad) == before
    with pytest.raises(ValueError, match=r"math domain error|expected a positive input"):
        compiled.over([-1.0, -2.0, 50.0, -1.0])
    twin = w.data, w.grad
    w.data, w.grad = before
    step(-1.0)
    step(-2.0)
    assert (w.data, w.grad) == twin  # what came before the error is kept
    assert compiled.reason is None


def test_an_error_while_recording_leaves_value_as_it_was() -> None:
    before = dict(vars(Value))

    def fails(x: float) -> Value:
        raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        compile_values(fails)(1.0)
    assert dict(vars(Value)) == before
    assert print.__module__ == "builtins"
    assert isinstance(Value(1.0).data, float)


def test_other_threads_are_not_recorded() -> None:
    inside, done = threading.Event(), threading.Event()
    found: list[Any] = []

    def elsewhere() -> None:
        inside.wait(10)
        a = Value(3.0)
        (a * a).backward()
        found.append((a.data, a.grad, type(a.data)))
        done.set()

    def f(x: float) -> Value:
        inside.set()
        done.wait(10)
        return W * x

    other = threading.Thread(target=elsewhere)
    other.start()
    compiled = compile_values(lambda x: f(x), strict=False)
    with pytest.warns(CompileWarning, match=r"it calls threading.Event.set\(\)"):
        compiled(2.0)
    other.join()
    assert found == [(3.0, 6.0, float)]


def test_it_gives_up_after_so_many_recordings() -> None:
    scale = [0.0]
    compiled = compile_values(lambda x: W * scale[0] * x)
    for k in range(16):
        scale[0] = float(k)
        assert compiled(1.0).data == W.data * k
    scale[0] = 100.0
    with pytest.warns(CompileWarning, match=r"it was compiled 16 times .*, the last time because scale\[0\]"):
        assert compiled(1.0).data == W.data * 100
    scale[0] = 200.0
    assert compiled(1.0).data == W.data * 200


def test_over_and_repeat_refuse_what_makes_no_sense() -> None:
    f = compile_values(lambda x, y: W * x + y)
    with pytest.raises(ValueError, match=r"over\(2 items, 3 items\): give one sequence for each argument"):
        f.over([1, 2], [1, 2, 3])
    with pytest.raises(ValueError, match=r"repeat\(-1\): how often must be a whole number from 0 on"):
        f.repeat(-1)
    assert f.over([], []) == []
    assert f.over([1, 2.0, 3], [0, 0, 1]) == [2.0, 4.0, 7.0]  # of two forms
    assert f.over([Value(1.0)], [1.0]) == [3.0]


def test_constants_that_are_nearly_the_same_are_not_one() -> None:
    def signs(a: Value) -> tuple[Value, ...]:
        return a * 0.0, a * -0.0, a * NAN, a * INF, a * True, a * 1, a * False

    compiled = compile_values(signs, strict=True)
    for _ in range(3):
        assert all(same(x.data, y.data) for x, y in zip(signs(Value(2.0)), compiled(Value(2.0)), strict=True))


def test_one_value_twice_first_and_two_values_then() -> None:
    def f(a: Value, b: Value) -> float:
        (a * b * b).backward()
        b.data += 1.0
        return a.grad

    compiled = compile_values(f, strict=True)
    for function in (compiled, f):
        x, y, z = Value(2.0), Value(3.0), Value(5.0)
        found = [function(x, x), function(y, z), function(y, y), function(x, z)]
        state = [(v.data, v.grad) for v in (x, y, z)]
        if function is compiled:
            first = found, state
    assert first == (found, state)


def test_without_numba_it_runs_as_written(monkeypatch: pytest.MonkeyPatch) -> None:
    find = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "numba" else find(name))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it is said once in a process
        compiled = compile_values(lambda x: W * x)
    assert compiled(1.0).data == W.data
    assert compiled.reason == "Numba or SciPy is not installed: pip install 'chainrule[compile]'"


def test_functions_of_values_are_told_from_others() -> None:
    model = MLP(2, [1])
    assert seeing(lambda x: model(x), (1.0,), {})
    assert seeing(lambda x: x * x, (Value(1.0),), {})
    assert not seeing(lambda x: x * rate, (1.0,), {})


@pytest.mark.parametrize("form", ["apart", "in a list", "by name"])
def test_a_function_that_sees_values_as_arguments_alone(form: str) -> None:
    def f(a: Any, b: Any = None) -> Any:
        a, b = a if b is None else (a, b)
        return (a * b + a.tanh()) ** 2

    compiled = chainrule.compile(f)
    for point in ((2.0, -3.0), (1.5, 0.25), (-1.0, 4.0)):
        found = []
        for run in (f, compiled):
            a, b = map(Value, point)
            out = run([a, b]) if form == "in a list" else run(a, b=b) if form == "by name" else run(a, b)
            out.backward()
            found.append((out.data, a.grad, b.grad))
        assert found[0] == found[1]
    assert "4 operations on 2 leaves" in repr(compiled)
    assert compiled.calls == 1
    assert compiled.graph[0].data == f(Value(2.0), Value(-3.0)).data
    assert "_value_tanh" in compiled.source
    assert [stage.name for stage in compiled.passes] == ["sort", "slopes", "sums"]


def test_such_a_function_says_why_it_runs_as_it_is() -> None:
    def f(a: Value) -> Any:
        return a if a.data > 0 else -a

    compiled = chainrule.compile(f)
    with pytest.warns(CompileWarning, match="f runs eagerly: it decides by a number"):
        assert compiled(Value(-2.0)).data == 2.0
    assert compiled(Value(3.0)).data == 3.0
    with pytest.raises(CompileError, match="f cannot be compiled: it decides by a number"):
        chainrule.compile(f, strict=True)(Value(1.0))


def test_the_graph_of_a_step() -> None:
    w, b = Value(2.0, label="w"), Value(0.5, label="b")

    def step(x: Any, rates: Any) -> Any:
        loss = (w * x + b - 6.0) ** 2
        loss.label = "loss"
        w.grad = b.grad = 0.0
        loss.backward()
        for p, rate in zip((w, b), rates, strict=True):
            p.data -= rate * p.grad
        return loss, w.grad

    compiled = compile_values(step)
    with pytest.raises(CompileError, match="step is not compiled yet: call it"):
        _ = compiled.graph
    compiled(2.0, [0.1, 0.2])
    wanted = Value(2.0, label="w"), Value(0.5, label="b")
    eager = (wanted[0] * 2.0 + wanted[1] - 6.0) ** 2
    eager.backward()
    compiled(1.0, [0.3, 0.4])  # what is shown is the recording, whatever came later
    loss, gradient, *after = compiled.graph
    assert (loss.label, gradient.label, [x.label for x in after]) == ("loss", "w.grad", ["w after", "b after"])
    assert (loss.data, gradient.data) == (eager.data, wanted[0].grad)
    assert [x.data for x in after] == [2.0 - 0.1 * wanted[0].grad, 0.5 - 0.2 * wanted[1].grad]

    def grads(x: Value) -> Any:
        return x.data if not x._prev else (x._op, x.data, x.grad, x._slopes, [grads(child) for child in x._prev])

    assert grads(loss) == grads(eager)
    drawn = repr(draw(after[0]))
    assert drawn.splitlines() == ["w after: - = 2.6", "├─ w = 2.0   grad −6.0", "└─ * = −0.6", "   ├─ rates_0 = 0.1",
                                  "   └─ w.grad = −6.0"]  # fmt: skip


def test_what_was_made_of_a_step() -> None:
    model = MLP(2, [3, 1], "tanh")

    def step(x: Any) -> Any:
        model.zero_grad()
        loss = (model(x)[0] - 1.0) ** 2 + (model(x)[0] - 1.0) ** 2
        loss.backward()
        return loss

    compiled = compile_values(step)
    compiled([0.1, 0.2])
    told = [repr(stage) for stage in compiled.passes]
    program = compiled.passes[0].graph
    assert [line.split()[:3] for line in told] == [
        [name, str(len(program)), "operations"] for name in ("sort", "slopes", "sums")
    ]
    assert f" levels, {len(program.runs)} runs of one operation;" in told[0]
    assert all(stage.seconds >= 0 for stage in compiled.passes)
    known, slopes = (int(x) for x in re.findall(r"(\d+) of (\d+) slopes", told[1])[0])
    assert slopes - known == 2 * (3 + 1)  # of three tanh and a square, in each of two forward passes


def test_the_sources_are_shown() -> None:
    compiled = compile_values(lambda x: W * x, strict=True)
    compiled(1.0)
    assert re.fullmatch(r"<compiled .*<lambda>, 1 variant: 1 operations on 1 leaves>", repr(compiled))
    assert "def _value_tanh(x, y):\n    t = _tanh(x)\n    return (t, 1.0 - t * t, 0.0)" in compiled.source


def test_library_code_is_not_looked_through() -> None:
    compiled = compile_values(moons(MLP(2, [8, 8, 1]), first), strict=True)
    compiled(0)
    assert len(compiled.values.around) == len(WEIGHTS)
    owners = {id(place.owner) for place in compiled.last.guard.places}
    assert id(vars(chainrule.value)) not in owners


def test_over_sees_that_a_value_holds_a_number_of_another_kind() -> None:
    w = Value(2, label="w")
    compiled = compile_values(lambda x: w.data * 3 + 0 * x, strict=True)
    assert [(type(x), x) for x in compiled.over([1, 1])] == [(int, 6)] * 2
    w.data = 2.0
    assert [(type(x), x) for x in compiled.over([1, 1])] == [(float, 6.0)] * 2
    assert compiled.recompiled == ["w held int, and holds float now"]


def test_what_can_be_reached_is_walked_once_and_not_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """Modules that name one another, and more code than anybody would wait for."""
    one, two = types.ModuleType("one"), types.ModuleType("two")
    one.other, two.other, two.scale = two, one, 3.0
    compiled = compile_values(lambda x: W * x * one.other.scale)
    assert [compiled(1.0).data for _ in range(2)] == [3.0 * W.data] * 2
    two.scale = 4.0
    assert [compiled(1.0).data for _ in range(2)] == [4.0 * W.data] * 2
    assert compiled.recompiled == ["one.other.scale changed from 3.0 to 4.0"]
    monkeypatch.setattr(foresight, "MOST_CODES", 0)
    later = compile_values(lambda x: W * x, strict=True)  # its first call only shows that Values take part
    assert [later(1.0).data for _ in range(3)] == [W.data] * 3
    assert later.calls == 2


def test_the_guide() -> None:
    path = Path(__file__).parent.parent / "docs" / "compile-values.md"
    failed, tried = doctest.testfile(str(path), module_relative=False, optionflags=doctest.ELLIPSIS)
    assert tried > 5
    assert failed == 0
