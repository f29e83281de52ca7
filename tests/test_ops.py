"""The laws every operation in the book obeys, tried on the samples and mistakes of ``samples.py``.

A newly registered operation is tested by giving it samples and mistakes there, and by nothing else.
"""

from __future__ import annotations

import dis
import re
from collections.abc import Callable, Iterable
from itertools import combinations
from typing import Any

import numpy as np
import pytest
import torch
from samples import (
    EITHER_ZERO,
    FLOATS,
    MISTAKES,
    SAMPLES,
    Mistake,
    Sample,
    arrays,
    as_numpy,
    exactly,
    over,
    reference,
    same,
    tensors,
    torches,
)

import chainrule
from chainrule.errors import GradientError
from chainrule.ops import BOOK
from chainrule.ops.elementwise import Elementwise
from chainrule.ops.indexing import MASK
from chainrule.tensor import Tensor, apply

pytestmark = pytest.mark.filterwarnings("ignore:invalid value:RuntimeWarning", "ignore:divide by zero:RuntimeWarning")

EVERY = [(name, sample) for name, samples in SAMPLES.items() for sample in samples]
WITH_GRADIENT = [(name, sample) for name, sample in EVERY if name in BOOK and BOOK[name].differentiable]
MEASURED = [(name, sample) for name, sample in WITH_GRADIENT if sample.smooth]
EVERY_MISTAKE = [(name, mistake) for name, mistakes in MISTAKES.items() for mistake in mistakes]


def each(cases: Iterable[tuple[str, Any]]) -> Callable[..., Any]:
    """Run a test for each (operation, sample), under a name to be read."""
    cases = list(cases)
    return pytest.mark.parametrize(("name", "sample"), cases, ids=[f"{name}: {case.label}" for name, case in cases])


def weights(*shape: int, seed: int = 1) -> Any:
    """Random numbers to weigh results with, so that no two elements of a gradient can be mistaken for each other."""
    return np.asarray(np.random.default_rng(seed).normal(size=shape))


def floats_of(sample: Sample) -> list[Any]:
    """The floating arrays among the arguments, in order."""
    found: list[Any] = []
    over(lambda a: found.append(a) if a.dtype.kind == "f" else None, [list(sample.args), sample.kwargs])
    return found


def call(name: str, sample: Sample, dtype: Any = np.float64, copy: bool = False) -> tuple[Any, list[Any]]:
    """The sample run here: its result and the leaves it was made from."""
    args, kwargs, leaves = tensors(sample, dtype, copy)
    return BOOK[name](*args, **kwargs), leaves


def torch_call(name: str, sample: Sample, dtype: Any = np.float64) -> tuple[Any, list[Any]]:
    """The sample run in PyTorch: its result and the leaves it was made from."""
    args, kwargs, leaves = torches(sample, dtype)
    return reference(name)(*args, **kwargs), leaves


def gradients(lib: Any, out: Any, inputs: list[Any], seed: Any, create_graph: bool = False) -> list[Any]:
    """The gradient in each input, zeros where there is none; ``lib`` is chainrule or torch."""
    found = [None] * len(inputs)
    if out.requires_grad and inputs:
        found = lib.autograd.grad(out, inputs, seed, create_graph=create_graph, allow_unused=True)
    return [lib.zeros_like(x) if g is None else g for g, x in zip(found, inputs, strict=True)]


# ---------------------------------------------------------------------------------------- the registry is whole


def missing(book: Iterable[str], *tables: dict[str, Any]) -> set[str]:
    return {name for name in book for table in tables if not table.get(name)}


def test_every_operation_has_samples_and_mistakes() -> None:
    assert not missing(BOOK, SAMPLES, MISTAKES)
    assert not missing(SAMPLES, BOOK), "samples of an operation that is not in the book"


def test_an_operation_without_samples_is_noticed() -> None:
    assert missing([*SAMPLES, "new"], SAMPLES, MISTAKES) == {"new"}


HARD: dict[str, tuple[Callable[[Any], bool], set[str]]] = {
    "empty": (lambda a: a.size == 0, set()),
    "0-d": (lambda a: a.ndim == 0, {"matmul", "linear", "cat", "windows", "overlap", "at_peak", "unpeak"}),
    "size 1": (lambda a: a.ndim > 0 and 1 in a.shape, set()),
    "not contiguous": (lambda a: not a.flags.c_contiguous, set()),
    "expanded": (lambda a: a.size > 1 and 0 in a.strides, set()),
}


@pytest.mark.parametrize("case", HARD)
def test_the_samples_hold_the_hard_cases(case: str) -> None:
    is_it, exempt = HARD[case]
    found: dict[str, bool] = dict.fromkeys(SAMPLES, False)
    for name, sample in EVERY:
        seen: list[bool] = []
        over(lambda a, seen=seen: seen.append(is_it(a)), [*sample.args, *sample.kwargs.values()])
        found[name] |= any(seen)
    assert {name for name, there in found.items() if not there} <= exempt


# ---------------------------------------------------------------------------------------- values and gradients


@each(EVERY)
def test_float64_equals_pytorch(name: str, sample: Sample) -> None:
    """The value, its sign at 0, whether there is a gradient, the gradient, the gradient of the gradient."""
    (ours, xs), (theirs, ts) = call(name, sample), torch_call(name, sample)
    same(ours, theirs, signs=name not in EITHER_ZERO)
    assert ours.requires_grad == theirs.requires_grad
    if not ours.requires_grad or not sample.orders:
        return
    w = weights(*ours.shape).astype(ours.dtype)
    wx, wt = Tensor(w, requires_grad=True), torch.tensor(w, requires_grad=True)
    gx = gradients(chainrule, ours, xs, wx, create_graph=True)
    gt = gradients(torch, theirs, ts, wt, create_graph=True)
    for a, b in zip(gx, gt, strict=True):
        same(a, b)
    if sample.orders < 2:
        return
    total_x, total_t = Tensor(np.zeros(())), torch.zeros((), dtype=torch.float64)
    for a, b in zip(gx, gt, strict=True):
        v = weights(*a.shape, seed=2)
        total_x, total_t = total_x + (a * Tensor(v)).sum(), total_t + (b * torch.tensor(v)).sum()
    for a, b in zip(
        gradients(chainrule, total_x, [*xs, wx], None), gradients(torch, total_t, [*ts, wt], None), strict=True
    ):
        same(a, b, rtol=1e-10, atol=1e-12)


@each(EVERY)
def test_float32_equals_pytorch(name: str, sample: Sample) -> None:
    """Value and gradient stay float32 all the way, and are PyTorch's within rounding."""
    (ours, xs), (theirs, ts) = call(name, sample, np.float32), torch_call(name, sample, np.float32)
    same(ours, theirs, rtol=3e-6, atol=1e-6)
    if not ours.requires_grad or not sample.orders:
        return
    w = weights(*ours.shape).astype(as_numpy(ours).dtype)
    gx, gt = gradients(chainrule, ours, xs, Tensor(w)), gradients(torch, theirs, ts, torch.tensor(w))
    for a, b in zip(gx, gt, strict=True):
        same(a, b, rtol=2e-5, atol=2e-6)


def measured(function: Callable[[list[Any]], Any], at: list[Any], eps: float = 1e-6) -> list[Any]:
    """The slope of a function of arrays in every number of every array, by central differences."""
    slopes = []
    for i, x in enumerate(at):
        slope = np.zeros(x.shape)
        for place in np.ndindex(x.shape):
            sides = []
            for step in (eps, -eps):
                moved = [a.copy() for a in at]
                moved[i][place] += step
                sides.append(function(moved))
            slope[place] = (sides[0] - sides[1]) / (2 * eps)
        slopes.append(slope)
    return slopes


def with_floats(sample: Sample, numbers: list[Any]) -> Sample:
    """The sample with its floating arrays, in order, replaced."""
    rest = iter(numbers)
    args, kwargs = over(lambda a: next(rest) if a.dtype.kind == "f" else a, [list(sample.args), sample.kwargs])
    return Sample(sample.label, tuple(args), kwargs)


@each(MEASURED)
def test_gradient_is_the_measured_slope(name: str, sample: Sample) -> None:
    out, leaves = call(name, sample)
    if not out.requires_grad:
        return
    w = weights(*out.shape)

    def loss(numbers: list[Any]) -> float:  # raw arrays: nothing of the engine is in here
        args, kwargs = arrays(with_floats(sample, numbers))
        return float((BOOK[name](*args, **kwargs) * w).sum())

    got = gradients(chainrule, out, leaves, Tensor(w))
    for g, slope in zip(got, measured(loss, floats_of(sample)), strict=True):
        np.testing.assert_allclose(g.array, slope, rtol=1e-5, atol=1e-7)


@each(MEASURED)
def test_second_gradient_is_the_measured_slope_of_the_first(name: str, sample: Sample) -> None:
    out, leaves = call(name, sample)
    if not out.requires_grad:
        return
    w = weights(*out.shape)
    vs = [weights(*x.shape, seed=2) for x in leaves]

    def slope_along(numbers: list[Any]) -> float:
        there, at = call(name, with_floats(sample, numbers[:-1]))
        first = gradients(chainrule, there, at, Tensor(numbers[-1]))
        return sum(float((g.array * v).sum()) for g, v in zip(first, vs, strict=True))

    seed = Tensor(w, requires_grad=True)
    first = gradients(chainrule, out, leaves, seed, create_graph=True)
    total = Tensor(np.zeros(()))
    for g, v in zip(first, vs, strict=True):
        total = total + (g * Tensor(v)).sum()
    second = gradients(chainrule, total, [*leaves, seed], None)
    for g, slope in zip(second, measured(slope_along, [*floats_of(sample), w]), strict=True):
        np.testing.assert_allclose(g.array, slope, rtol=1e-5, atol=1e-7)


@each(WITH_GRADIENT)
def test_recording_the_rule_gives_the_same_gradient(name: str, sample: Sample) -> None:
    """To the last bit, whether the rule was given arrays or tensors that record.

    But for the last bits where an operation has a way of its own for arrays, with fewer passes over them.
    """
    for dtype, most in zip(FLOATS, (2e-5, 1e-13), strict=True):
        out, leaves = call(name, sample, dtype)
        if out.requires_grad:
            w = Tensor(weights(*out.shape).astype(out.dtype))
            recorded = gradients(chainrule, out, leaves, w, create_graph=True)
            for raw, rec in zip(gradients(chainrule, out, leaves, w), recorded, strict=True):
                if name == "standardize":
                    np.testing.assert_allclose(raw.array, rec.array, rtol=most, atol=most)
                else:
                    exactly(raw, rec)


@pytest.mark.parametrize("dtype", FLOATS)
def test_where_next_to_nothing_is_numpys_where(dtype: str) -> None:
    """A number beside 0 is kept or dropped without asking at each place: to the bit, whatever the numbers are."""
    x = np.array([[1.5, -0.0, 0.0, np.inf, -np.inf, np.nan, 5e-324, -2.0]], dtype)
    keep = np.array([[True, False] * 4, [False, True] * 4])
    for zero in (0.0, 0, -0.0):
        for condition in (keep, keep.T[:, :, None], np.True_, True):
            for given, expected in (
                (BOOK["where"](condition, x, zero), np.where(condition, x, np.array(zero, dtype))),
                (BOOK["where"](condition, zero, x), np.where(condition, np.array(zero, dtype), x)),
            ):
                exactly(given, expected)
                np.testing.assert_array_equal(np.signbit(given), np.signbit(expected))


@pytest.mark.parametrize("batch", [(), (2,), (2, 1)], ids=str)
def test_products_of_long_rows(batch: tuple[int, ...]) -> None:
    """Turned round for BLAS where the right factor lies in memory by columns: the same product."""
    rng = np.random.default_rng(0)
    for m, n in ((2, 5), (5, 2), (3, 3), (1, 4)):
        x, y = rng.normal(size=(*batch, m, 1500)), rng.normal(size=(*batch, n, 1500))
        for right in (y.swapaxes(-1, -2), np.ascontiguousarray(y.swapaxes(-1, -2))):
            given = BOOK["matmul"](x, right)
            assert given.shape == (*batch, m, n)
            np.testing.assert_allclose(given, np.einsum("...mk,...nk->...mn", x, y), rtol=1e-10, atol=1e-10)


@each((name, sample) for name, sample in EVERY if len({a.dtype for a in floats_of(sample)}) == 1)
def test_on_arrays_the_same_numbers_as_on_tensors(name: str, sample: Sample) -> None:
    args, kwargs = arrays(sample)
    exactly(np.asarray(BOOK[name](*args, **kwargs)), call(name, sample)[0])


# ---------------------------------------------------------------------------------------- shapes


@each(EVERY)
def test_the_shape_rule_tells_the_shape(name: str, sample: Sample) -> None:
    op, (args, kwargs) = BOOK[name], arrays(sample)
    inputs, meta = op.bind(*args, **kwargs)
    if MASK in meta.get("index", ()):
        return  # how many places a mask names depends on its numbers
    assert op.infer(*[getattr(x, "shape", ()) for x in inputs], **meta) == call(name, sample)[0].shape


# ---------------------------------------------------------------------------------------- mistakes


@each(EVERY_MISTAKE)
def test_a_mistake_is_refused_in_the_users_words(name: str, sample: Mistake) -> None:
    args, kwargs, _ = tensors(sample)
    with pytest.raises(sample.error, match=re.compile(sample.match, re.DOTALL)) as caught:
        BOOK[name](*args, **kwargs)
    assert type(caught.value) is sample.error
    assert "\n" not in str(caught.value)


# ---------------------------------------------------------------------------------------- what a rule reads


def poison(x: Tensor) -> None:
    """Overwrite every number in place: nan, or for whole numbers and bools, 0."""
    with chainrule.no_grad():
        x.fill_(float("nan") if x.dtype.kind == "f" else 0)


@each(WITH_GRADIENT)
def test_a_rule_reads_what_it_declares_and_nothing_else(name: str, sample: Sample) -> None:
    """Overwriting a value before backward is refused if the rule reads it, else leaves the gradient as it was."""
    op = BOOK[name]

    def fresh(wanted: int) -> tuple[list[Any], Tensor]:
        args, kwargs, _ = tensors(sample, copy=True)
        inputs, meta = op.bind(*args, **kwargs)
        for i, x in enumerate(inputs):
            if isinstance(x, Tensor):
                x.requires_grad = i == wanted
        return list(inputs), apply(op, inputs, meta)

    args, kwargs, _ = tensors(sample)
    inputs, _ = op.bind(*args, **kwargs)
    if len({x.dtype for x in inputs if isinstance(x, Tensor) and x.requires_grad}) != 1:
        return  # of mixed dtypes, or whole numbers: the operation reads copies
    if any(isinstance(x, Tensor) and x.dtype.kind != "f" for x in inputs) and op.kind != "any" and name != "where":
        return
    for wanted, x in enumerate(inputs):
        if not (isinstance(x, Tensor) and x.requires_grad):
            continue
        _, out = fresh(wanted)
        if not out.requires_grad:
            continue
        seed = Tensor(weights(*out.shape))
        inputs, out = fresh(wanted)
        (expected,) = gradients(chainrule, out, [inputs[wanted]], seed)
        for victim in [*range(len(inputs)), -1]:
            inputs, out = fresh(wanted)
            value = out if victim == -1 else inputs[victim]
            if not isinstance(value, Tensor) or not value.array.flags.writeable or not value.array.size:
                continue
            poison(value)
            if victim in reads_of(op, wanted):
                with pytest.raises(GradientError, match=rf"the gradient of {name} needs .*changed in place"):
                    out.backward(seed)
            elif victim > 0 and name in ("getitem", "unindex", "setitem") and value.dtype.kind in "iub":
                with pytest.raises(GradientError, match="changed in place"):  # places, which these rules read
                    out.backward(seed)
            elif victim != -1 and np.shares_memory(out.array, value.array):
                with pytest.raises(GradientError, match="changed in place through a view"):
                    out.backward(seed)
            else:
                (got,) = gradients(chainrule, out, [inputs[wanted]], seed)
                exactly(got, expected)


def reads_of(op: Any, wanted: int) -> list[int]:
    """What the rule for input ``wanted`` says it reads; operations of many inputs have one rule for all."""
    return [place for rule, place in op.reads if rule == (wanted if wanted < len(op.rules) else 0)]


@pytest.mark.parametrize("name", [name for name in BOOK if BOOK[name].differentiable])
def test_a_rule_asks_for_nothing_it_does_not_use(name: str) -> None:
    """What it asks for is kept alive until backward, and may not be overwritten."""
    for rule in BOOK[name].vjp:
        if rule is not None:
            asked = rule.__code__.co_varnames[: rule.__code__.co_argcount]
            used = [i.argval for i in dis.get_instructions(rule) if i.opname.startswith("LOAD_FAST")]
            flat = {x for names in used for x in (names if isinstance(names, tuple) else (names,))}
            assert set(asked) <= flat


# ---------------------------------------------------------------------------------------- memory


@each(WITH_GRADIENT)
def test_gradients_share_no_memory(name: str, sample: Sample) -> None:
    """Not with each other, not with what went in or came out, not with the seed."""
    check_memory(name, sample, create_graph=False)


@each((name, SAMPLES[name][0]) for name in BOOK if name in SAMPLES and BOOK[name].differentiable)
def test_recorded_gradients_share_no_memory(name: str, sample: Sample) -> None:
    check_memory(name, sample, create_graph=True)


def check_memory(name: str, sample: Sample, create_graph: bool) -> None:
    out, leaves = call(name, sample, copy=True)
    if not out.requires_grad:
        return
    out.retain_grad()
    seed = Tensor(weights(*out.shape))
    out.backward(seed, create_graph=create_graph)
    grads = [x.grad for x in [*leaves, out] if x.grad is not None]
    for a, b in combinations(grads, 2):
        assert a is not b
        assert not np.shares_memory(a.array, b.array)
    for g in grads:
        for other in (seed, out, *leaves):
            assert not np.shares_memory(g.array, other.array)
        assert g.array.flags.writeable or not g.array.size


# ---------------------------------------------------------------------------------------- facts


@pytest.mark.parametrize("name", BOOK)
def test_the_facts_fit_together(name: str) -> None:
    op = BOOK[name]
    assert op.name == name
    assert repr(op) == f"<op {name}>"
    assert op.__doc__, "an operation says what it is"
    if name != "matmul":  # there, the one that takes vectors too
        assert getattr(chainrule.ops, name) is op
    if isinstance(op, Elementwise):
        assert len(op.vjp) == len(op.inputs.split())
