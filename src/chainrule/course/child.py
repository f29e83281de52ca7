"""What happens inside the process of one answer: it is executed, then each case is tried on it.

Each step is sent as it is done, so that an answer which hangs or crashes leaves behind how far it came:

    {"load": null or what was raised, "missing": names it should define and does not}
    {"begin": 3}  {"case": 3, "outcome": {"value": ..., "changed": {...}}}  ...
    {"end": true}  (from the server, once what was printed is out)

The outcome of a gradient has ``measured`` besides: the slopes that nudging gave.
"""

from __future__ import annotations

import ast
import copy
import linecache
import math
import random
import sys
import warnings
from collections.abc import Callable, Mapping, Sequence
from types import CodeType, ModuleType, SimpleNamespace
from typing import Any

import numpy as np

import chainrule
from chainrule.course.bank import Case
from chainrule.course.encoding import encode, raised
from chainrule.course.names import parsed
from chainrule.course.showing import Encoded

ANSWER, GIVEN, CHECK = "<your answer>", "<given>", "<the check>"
AT_HAND = {"np": np, "math": math, "chainrule": chainrule}  # what a block may use without importing it
NUDGE = float(np.finfo(float).eps) ** (1 / 3)  # balances the rounding against the curvature

Send = Callable[[dict[str, Any]], None]


def examine(source: str, given: Sequence[str], names: Sequence[str], cases: Sequence[Case], send: Send) -> None:
    """Execute ``source`` after ``given``, then try every case; ``send`` what came of each step."""
    warnings.simplefilter("ignore")
    module = sys.modules["answer"] = ModuleType("answer")  # dataclasses look their module up
    space = module.__dict__
    space["display"] = lambda *_: None  # which a notebook has without importing it
    try:
        for text in given:
            _execute(text, GIVEN, space)
    except Exception as error:
        send({"broken": raised(error, GIVEN)})
        return
    try:
        _execute(source, ANSWER, space)
    except BaseException as error:
        send({"load": raised(error, ANSWER)})
        return
    send({"load": None, "missing": [name for name in names if name not in space]})
    for i, case in enumerate(cases):
        send({"begin": i})
        send({"case": i, "outcome": _outcome(case, space)})


def _outcome(case: Case, space: dict[str, Any]) -> dict[str, Encoded]:
    """What the case gives; an exception is an outcome too, whoever raised it."""
    try:
        if case.function:
            _seed()
            return {"value": encode(case.function(SimpleNamespace(**space)))}
        if case.slopes:
            return _slopes(case, space)
        inputs = copy.deepcopy(dict(case.inputs))
        before = {name: encode(value) for name, value in inputs.items()}
        value = encode(_evaluate(case.block, {**space, **inputs}))
        after = {name: encode(inputs[name]) for name in inputs}
        changed = {name: after[name] for name in inputs if repr(after[name]) != repr(before[name])}
        return {"value": value, **({"changed": changed} if changed else {})}
    except BaseException as error:
        return {"value": raised(error, ANSWER)}


def _slopes(case: Case, space: dict[str, Any]) -> dict[str, Encoded]:
    """The slopes an answer computes, and the slopes of its own value."""
    claimed = encode(_evaluate(case.slopes, {**space, **copy.deepcopy(dict(case.inputs))}))
    measured = [_measured(case, space, name) for name in case.inputs]
    together = encode(measured[0] if len(measured) == 1 else tuple(measured))
    return {"value": claimed, "measured": together}


def _measured(case: Case, space: dict[str, Any], name: str) -> Any:
    """∂value/∂input, element by element: (value(x + h) - value(x - h)) / 2h."""
    at = np.asarray(case.inputs[name], dtype=float)
    slopes = np.zeros_like(at)
    for index in np.ndindex(at.shape):
        h = NUDGE * max(1.0, abs(float(at[index])))
        ends = [_value_at(case, space, name, index, at[index] + nudge) for nudge in (h, -h)]
        slopes[index] = (ends[0] - ends[1]) / (2 * h)
    return slopes if at.shape else float(slopes)


def _value_at(case: Case, space: dict[str, Any], name: str, index: tuple[int, ...], x: float) -> float:
    inputs: Mapping[str, Any] = copy.deepcopy(dict(case.inputs))
    moved = np.array(inputs[name], dtype=float)
    moved[index] = x
    return float(_evaluate(case.block, {**space, **inputs, name: moved if moved.shape else float(moved)}))


def _evaluate(block: str, space: dict[str, Any]) -> Any:
    """Run a block as a notebook's cell: the value of its last line."""
    _seed()
    head, last = compiled(block)
    space = {**AT_HAND, **space}
    exec(head, space)
    return eval(last, space)


_COMPILED: dict[str, tuple[CodeType, CodeType]] = {}


def compiled(block: str) -> tuple[CodeType, CodeType]:
    """A block as what to execute and the expression to evaluate after it; SyntaxError if the last line is none."""
    if block not in _COMPILED:
        tree = parsed(block, CHECK)
        last = tree.body.pop() if tree.body else None
        if not isinstance(last, ast.Expr):
            raise SyntaxError(f"the last line of a case must be an expression: {block!r}")
        _COMPILED[block] = (
            compile(tree, CHECK, "exec", dont_inherit=True),
            compile(ast.Expression(last.value), CHECK, "eval", dont_inherit=True),
        )
    return _COMPILED[block]


def _execute(text: str, filename: str, space: dict[str, Any]) -> None:
    _seed()
    linecache.cache[filename] = (len(text), None, text.splitlines(keepends=True), filename)  # for the lines of errors
    exec(compile(text, filename, "exec", dont_inherit=True), space)


def _seed() -> None:
    """Every answer and every case draws the same random numbers."""
    random.seed(0)
    np.random.seed(0)
    chainrule.manual_seed(0)
