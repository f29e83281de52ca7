"""A compiled step does what the step does: with every optimizer, loss and layer; whatever changes between calls.

Most tests run the generated source as plain Python (`plainly`); those named native go through Numba.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import numpy as np
import pytest
from plainly import plainly
from test_optim import CASES

pytest.importorskip("numba")

import chainrule
from chainrule import nn, optim
from chainrule.compiler import CompileWarning
from chainrule.compiler.epochs import Epochs
from chainrule.compiler.jit.function import VARIANTS
from chainrule.errors import ArgumentError, CompileError, DivergedError, LabelError
from chainrule.graph import draw
from chainrule.nn import functional as F
from chainrule.tensor import Tensor
from chainrule.train import fit

compile = chainrule.compile
Make = Callable[[], tuple[Callable[..., Any], list[Any]]]


@pytest.fixture(autouse=True)
def _no_warning() -> Iterator[None]:
    """A step that runs eagerly says so; here that is an error, unless a test expects it."""
    with warnings.catch_warnings():
        warnings.simplefilter("error", CompileWarning)
        yield


@pytest.fixture
def plain() -> Iterator[None]:
    with plainly():
        yield


def both(make: Make, calls: int = 7, close: float = 1e-5, within: Callable[[], Any] = plainly) -> Any:
    """Run what ``make`` makes, (a step, what it changes), as written and compiled."""
    found = []
    for wrap in (lambda step: step, compile):
        chainrule.manual_seed(3)
        step, left = make()
        with within():
            run = wrap(step)
            results = [np.array(as_numbers(run)) for run in [run] for _ in range(calls)]
        found.append([*results, *(x.array.copy() for x in left)])
    eager, compiled = found
    for x, y in zip(eager, compiled, strict=True):
        np.testing.assert_allclose(y, x, rtol=close, atol=close * max(1.0, float(np.abs(x).max(initial=0))))
    return run


def as_numbers(run: Callable[..., Any]) -> Any:
    result = run()
    return result.array if isinstance(result, Tensor) else result


def trained(model: nn.Module, loss: Callable[[Any, Any], Any], x: Any, y: Any, optimizer: Any = None) -> Any:
    """A whole step of training on fixed data, and what it changes."""
    optimizer = optimizer or optim.SGD(model.parameters(), lr=0.05)

    def step() -> Tensor:
        optimizer.zero_grad()
        value = loss(model(x), y)
        value.backward()
        optimizer.step()
        return value

    return step, [*model.parameters(), *model.buffers()]


def mlp(*between: nn.Module) -> nn.Sequential:
    return nn.Sequential(nn.Linear(6, 8), *between, nn.Linear(8, 3))


def classes(n: int = 10) -> tuple[Tensor, Tensor]:
    return chainrule.randn(n, 6), chainrule.randint(0, 3, (n,))


cross_entropy = nn.CrossEntropyLoss()


# ---------------------------------------------------------------------------------------- everything compiles


@pytest.mark.parametrize(("name", "options"), CASES)
def test_optimizers(name: str, options: dict[str, Any]) -> None:
    def make() -> Any:
        model = mlp(nn.Tanh()).double()
        x, y = classes()
        return trained(model, cross_entropy, x.double(), y, getattr(optim, name)(model.parameters(), **options))

    both(make, calls=8, close=1e-9)


def numbers() -> tuple[Tensor, Tensor]:
    return chainrule.randn(10, 6), chainrule.rand(10, 3)


def signs() -> tuple[Tensor, Tensor]:
    return chainrule.randn(10, 6), chainrule.sign(chainrule.randn(10, 3))


LOSSES: dict[str, tuple[Callable[[], Any], Callable[[Any, Any], Any]]] = {
    "L1": (numbers, nn.L1Loss()),
    "smooth L1": (numbers, nn.SmoothL1Loss(beta=0.5)),
    "Huber": (numbers, nn.HuberLoss(delta=0.7)),
    "MSE": (numbers, nn.MSELoss()),
    "MSE, sum": (numbers, nn.MSELoss(reduction="sum")),
    "BCE with logits": (numbers, nn.BCEWithLogitsLoss(pos_weight=chainrule.tensor([1.0, 2.0, 3.0]))),
    "BCE": (numbers, lambda o, y: nn.BCELoss()(chainrule.sigmoid(o), y)),
    "NLL": (classes, lambda o, y: nn.NLLLoss()(F.log_softmax(o, 1), y)),
    "cross entropy": (classes, cross_entropy),
    "cross entropy, none": (classes, lambda o, y: (nn.CrossEntropyLoss(reduction="none")(o, y) ** 2).sum()),
    "cross entropy, all options": (
        classes,
        nn.CrossEntropyLoss(weight=chainrule.tensor([1.0, 2.0, 3.0]), label_smoothing=0.1, ignore_index=1),
    ),
    "cross entropy of shares": (numbers, cross_entropy),
    "KL": (numbers, lambda o, y: nn.KLDivLoss(reduction="batchmean")(F.log_softmax(o, 1), y)),
    "hinge embedding": (signs, nn.HingeEmbeddingLoss()),
    "multi margin": (classes, nn.MultiMarginLoss()),
    "cosine": (signs, lambda o, y: nn.CosineEmbeddingLoss()(o, o.flip(1) * 2, y[:, 0])),
    "Gaussian": (numbers, lambda o, y: nn.GaussianNLLLoss()(o, y, chainrule.exp(o))),
}


@pytest.mark.parametrize("name", LOSSES)
def test_losses(name: str) -> None:
    data, loss = LOSSES[name]
    both(lambda: trained(mlp(nn.Tanh()), loss, *data()))


def pictures() -> tuple[Tensor, Tensor]:
    return chainrule.randn(3, 2, 6, 6), chainrule.randint(0, 3, (3,))


def on_pictures(layers: Callable[[], list[nn.Module]], features: int) -> Callable[[], nn.Module]:
    return lambda: nn.Sequential(*layers(), nn.Flatten(), nn.Linear(features, 3))


ACTIVATIONS = (
    "ReLU", "Tanh", "Sigmoid", "LeakyReLU", "PReLU", "ReLU6", "ELU", "SELU", "GELU", "SiLU", "Mish", "Softplus",
    "Softsign", "Hardtanh", "LogSigmoid",
)  # fmt: skip
LAYERS: dict[str, tuple[Callable[[], nn.Module], Callable[[], Any]]] = {
    **{name: (lambda name=name: mlp(getattr(nn, name)()), classes) for name in ACTIVATIONS},
    "Dropout": (lambda: mlp(nn.Dropout(0.4)), classes),
    "BatchNorm1d": (lambda: mlp(nn.BatchNorm1d(8), nn.ReLU()), classes),
    "LayerNorm": (lambda: mlp(nn.LayerNorm(8)), classes),
    "GroupNorm": (lambda: mlp(nn.GroupNorm(2, 8)), classes),
    "Softmax": (lambda: mlp(nn.Softmax(1)), classes),
    "Embedding": (
        lambda: nn.Sequential(nn.Embedding(7, 5, padding_idx=0), nn.Flatten(), nn.Linear(20, 3)),
        lambda: (chainrule.randint(0, 7, (10, 4)), chainrule.randint(0, 3, (10,))),
    ),
    "Conv2d": (on_pictures(lambda: [nn.Conv2d(2, 4, 3), nn.ReLU()], 64), pictures),
    "Conv2d, all options": (
        on_pictures(lambda: [nn.Conv2d(2, 4, 3, padding=1, stride=2, dilation=2, groups=2), nn.Tanh()], 16), pictures,
    ),
    "MaxPool2d": (on_pictures(lambda: [nn.Conv2d(2, 2, 3), nn.MaxPool2d(2)], 8), pictures),
    "AvgPool2d": (on_pictures(lambda: [nn.AvgPool2d(2)], 18), pictures),
    "AdaptiveAvgPool2d": (on_pictures(lambda: [nn.AdaptiveAvgPool2d(4)], 32), pictures),
    "AdaptiveMaxPool2d": (on_pictures(lambda: [nn.AdaptiveMaxPool2d(4)], 32), pictures),
    "LPPool2d": (on_pictures(lambda: [nn.LPPool2d(2, 2)], 18), pictures),
    "BatchNorm2d": (on_pictures(lambda: [nn.BatchNorm2d(2), nn.ReLU()], 72), pictures),
    "Dropout2d": (on_pictures(lambda: [nn.Dropout2d(0.5)], 72), pictures),
    "Conv1d": (
        lambda: nn.Sequential(nn.Conv1d(2, 4, 3), nn.ReLU(), nn.MaxPool1d(2), nn.Flatten(), nn.Linear(12, 3)),
        lambda: (chainrule.randn(4, 2, 8), chainrule.randint(0, 3, (4,))),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", LAYERS)
def test_layers(name: str) -> None:
    model, data = LAYERS[name]
    both(lambda: trained(model(), cross_entropy, *data()))


@pytest.mark.parametrize("name", ["Dropout", "MaxPool2d", "Embedding", "BatchNorm1d", "GELU"])
def test_layers_native(name: str) -> None:
    model, data = LAYERS[name]
    both(lambda: trained(model(), cross_entropy, *data()), within=nullcontext)


def test_adam_native_in_float64() -> None:
    def make() -> Any:
        model = mlp(nn.Tanh()).double()
        x, y = classes()
        return trained(model, cross_entropy, x.double(), y, optim.Adam(model.parameters(), lr=0.01))

    both(make, calls=30, close=1e-9, within=nullcontext)


# ---------------------------------------------------------------------------------------- what changes between calls


def stepper(**options: Any) -> tuple[Any, Tensor, Any, Callable[..., Any]]:
    """A model of one tensor, its optimizer, and a compiled step of an argument."""
    w = chainrule.tensor([1.0, -2.0, 3.0], requires_grad=True)
    optimizer = optim.SGD([w], lr=0.1, **options)

    def step(x: Tensor) -> Tensor:
        optimizer.zero_grad()
        loss = ((w - x) ** 2).sum()
        loss.backward()
        optimizer.step()
        return loss

    return compile(step), w, optimizer, step


def variants(step: Any) -> int:
    return sum(map(len, step.variants.values()))


def times(n: int, call: Callable[[], Any]) -> list[Any]:
    return [call() for _ in range(n)]


@pytest.mark.usefixtures("plain")
def test_a_learning_rate_is_read_anew() -> None:
    for change in ("by hand", "by a schedule"):
        ways = []
        for compiled in (True, False):
            run, w, optimizer, step = stepper(momentum=0.9)
            schedule = optim.lr_scheduler.ExponentialLR(optimizer, 0.8)
            for k in range(12):
                (run if compiled else step)(chainrule.ones(3))
                if change == "by hand":
                    optimizer.param_groups[0]["lr"] = 0.1 / (k + 1)
                    optimizer.param_groups[0]["momentum"] = 0.9 - 0.01 * k
                else:
                    schedule.step()
            ways.append(w.array)
        np.testing.assert_allclose(ways[0], ways[1], rtol=1e-6)
        run, w, optimizer, step = stepper()
        for k in range(12):
            optimizer.param_groups[0]["lr"] = 0.1 / (k + 1)
            run(chainrule.ones(3))
        assert variants(run) == 1


@pytest.mark.usefixtures("plain")
def test_an_option_that_becomes_0_takes_the_other_way() -> None:
    ways = []
    for compiled in (True, False):
        run, w, optimizer, step = stepper(weight_decay=0.5)
        for k in range(10):
            optimizer.param_groups[0]["weight_decay"] = 0.5 if k < 5 else 0.0
            (run if compiled else step)(chainrule.ones(3))
        ways.append(w.array)
    np.testing.assert_allclose(ways[0], ways[1], rtol=1e-6)


@pytest.mark.usefixtures("plain")
def test_new_shapes_are_recorded_anew_with_a_bound() -> None:
    @compile
    def double(x: Tensor) -> Tensor:
        return x * 2

    for n in range(1, 4):
        for _ in range(4):
            np.testing.assert_array_equal(double(chainrule.ones(n)).array, np.full(n, 2.0, np.float32))
    assert variants(double) == 3
    sizes = iter(np.repeat(np.arange(4, VARIANTS + 3), 4).tolist())
    with pytest.warns(CompileWarning, match=f"double runs eagerly for more of them: it was compiled {VARIANTS} times"):
        times(4 * (VARIANTS - 1), lambda: double(chainrule.ones(next(sizes))))
    assert double(chainrule.ones(50)).shape == (50,)


@pytest.mark.usefixtures("plain")
def test_the_dtype_is_part_of_the_shape() -> None:
    @compile
    def third(x: Tensor) -> Tensor:
        return x / 3

    for dtype in (np.float32, np.float64):
        for _ in range(4):
            assert third(chainrule.ones(2, dtype=dtype)).dtype == dtype
    assert variants(third) == 2


@pytest.mark.usefixtures("plain")
def test_eval_and_train() -> None:
    model = nn.Sequential(nn.BatchNorm1d(3), nn.Dropout(0.5))
    run = compile(lambda x: model(x))
    x = chainrule.arange(12.0).reshape(4, 3)
    for _ in range(4):
        run(x)
    model.eval()
    for _ in range(4):
        np.testing.assert_allclose(run(x).array, model(x).array, rtol=1e-6)
    model.train()
    was = model[0].running_mean.array.copy()
    assert (run(x).array == 0).any()  # dropout is back
    assert (model[0].running_mean.array != was).all()
    assert variants(run) == 2


@pytest.mark.usefixtures("plain")
def test_a_number_closed_over_that_changes() -> None:
    scale = 2.0
    run = compile(lambda x: x * scale)
    x = chainrule.ones(3)
    for _ in range(4):
        run(x)
    scale = 5.0
    for _ in range(4):
        np.testing.assert_array_equal(run(x).array, [5, 5, 5])


@pytest.mark.usefixtures("plain")
def test_another_tensor_module_or_state_in_its_place() -> None:
    model = nn.Sequential(nn.Linear(3, 3))
    optimizer = optim.Adam(model.parameters(), lr=0.1)
    x = chainrule.ones(2, 3)

    def step() -> Tensor:
        optimizer.zero_grad()
        loss = (model(x) ** 2).sum()
        loss.backward()
        optimizer.step()
        return loss

    run = compile(step)

    def compiled_again() -> bool:
        before = variants(run)
        for _ in range(4):
            run()
        return variants(run) > before

    assert compiled_again()
    assert not compiled_again()
    model[0].weight.data = chainrule.zeros(3, 3)
    assert compiled_again()
    optimizer.load_state_dict(optimizer.state_dict())
    assert compiled_again()
    kept = optimizer.state[model[0].weight]["step"]
    run()
    assert optimizer.state[model[0].weight]["step"] == kept + 1
    model.load_state_dict(model.state_dict())  # into the same memory
    assert not compiled_again()
    model[0] = nn.Linear(3, 3)
    before = model[0].weight.array.copy()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", CompileWarning)
        run()
    assert np.array_equal(model[0].weight.array, before)  # the optimizer does not know it


@pytest.mark.usefixtures("plain")
def test_a_tensor_given_twice_is_not_two() -> None:
    run = compile(lambda x, y: x - 2 * y)
    x, y = chainrule.ones(3), chainrule.arange(3.0)
    for _ in range(4):
        np.testing.assert_array_equal(run(x, x).array, [-1, -1, -1])
    for _ in range(5):
        np.testing.assert_array_equal(run(x, y).array, [1, -1, -3])
    np.testing.assert_array_equal(run(x, x).array, [-1, -1, -1])
    assert variants(run) == 2


@pytest.mark.usefixtures("plain")
def test_arguments_that_the_step_changes_or_knows() -> None:
    w = chainrule.ones(3)

    def changes(x: Tensor) -> Tensor:
        return x.add_(1.0).sum()

    def knows(x: Tensor) -> Tensor:
        return x + w

    x = chainrule.zeros(3)
    changing, knowing = compile(changes), compile(knows)
    times(6, lambda: changing(x))
    assert (x.tolist(), variants(changing)) == ([6, 6, 6], 1)
    with pytest.warns(CompileWarning, match="knows runs eagerly: w is given to a step that knows it already"):
        times(4, lambda: knowing(w))
    assert knowing(x).tolist() == [7, 7, 7]


def later_ones(w: Tensor) -> dict[str, Any]:
    """Arguments that are bound to w by more than their numbers, and what is said of them."""
    return {
        "itself": (lambda: w, "w is given to a step that knows it already"),
        "a view": (lambda: w.detach()[:], "argument 1 shares memory with w, which the step changes: clone"),
        "spread": (lambda: w.detach()[1:].expand(2), "argument 1 shares memory with w"),
        "numpy": (lambda: chainrule.from_numpy(w.detach().numpy()[::-1]), "argument 1 shares memory with w"),
    }


@pytest.mark.usefixtures("plain")
@pytest.mark.parametrize("what", later_ones(chainrule.ones(2)))
@pytest.mark.parametrize("by_name", [False, True])
def test_a_later_argument_that_the_step_changes_on_the_way(what: str, by_name: bool) -> None:
    def changed(calls: int, wrap: Any = compile) -> Any:
        w = chainrule.tensor([1.0, 2.0])

        def step(x: Tensor) -> Tensor:
            w.add_(1.0)
            return w * x

        run = wrap(step)
        given, said = later_ones(w)[what]
        results = []
        for k in range(calls):
            with pytest.warns(CompileWarning, match=said) if k == 4 and wrap is compile else nullcontext():
                x = given() if k == 4 else chainrule.tensor([1.0, float(k)])
                results.append((run(x=x) if by_name else run(x)).tolist())
        return results, run

    (expected, _), (found, run) = changed(7, lambda step: step), changed(7)
    assert found == expected
    assert run.reason is None
    assert variants(run) == 1


@pytest.mark.usefixtures("plain")
def test_a_later_argument_that_the_step_changes_is_an_error_where_it_is_strict() -> None:
    w = chainrule.ones(2)
    run = compile(lambda x: w.add_(1.0) * x, strict=True)
    for _ in range(4):
        run(chainrule.ones(2))
    before = w.tolist()
    with pytest.raises(
        CompileError, match=r"lambda> cannot run as compiled: argument 1 shares memory with w, which the"
    ):
        run(w.detach()[:])
    assert w.tolist() == before


@pytest.mark.usefixtures("plain")
def test_a_later_argument_beside_what_the_step_changes() -> None:
    memory = chainrule.zeros(4)
    w = memory[:2]
    run = compile(lambda x: w.add_(1.0) * x)
    for k in range(5):
        run(chainrule.full((2,), float(k)))
    assert run(memory[2:]).tolist() == [0, 0]
    assert variants(run) == 1


@pytest.mark.usefixtures("plain")
def test_an_argument_with_a_history_or_a_gradient_of_its_own() -> None:
    def by(wrap: Any, calls: int) -> Any:
        w = chainrule.ones(2, requires_grad=True)
        optimizer = optim.SGD([w], lr=0.1)

        def step(x: Tensor) -> Tensor:
            optimizer.zero_grad()
            loss = (w * x).sum()
            loss.backward()
            optimizer.step()
            return loss

        run = wrap(step)
        for k in range(calls):
            run(w * 2.0 if k in (5, 6) else chainrule.arange(2.0))
        return w.tolist(), run

    with pytest.warns(CompileWarning, match=r"runs eagerly in such calls: argument 1 is the result of .*detach\(\) it"):
        found, run = by(compile, 9)
    assert (found, variants(run)) == (by(lambda step: step, 9)[0], 1)
    with pytest.raises(CompileError, match=r"argument 1 is the result of operations"):
        by(lambda step: compile(step, strict=True), 9)


@pytest.mark.usefixtures("plain")
def test_arguments_by_name_and_in_lists_are_compiled_once() -> None:
    x = chainrule.ones(3)
    run = compile(lambda x, y: (x * y).sum())
    assert [run(x, y=2 * x).item() for _ in range(12)] == [6.0] * 12
    assert (variants(run), run.calls) == (1, 3)
    run = compile(lambda pair: (pair[0] * pair[1]).sum())
    assert [run([x, 2 * x]).item() for _ in range(12)] == [6.0] * 12
    assert (variants(run), run.calls) == (1, 3)


# ---------------------------------------------------------------------------------------- randomness


@pytest.mark.usefixtures("plain")
def test_dropout_is_drawn_anew_and_follows_the_seed() -> None:
    x = chainrule.ones(40)

    def drop(x: Tensor) -> tuple[Tensor, Tensor]:
        chainrule.rand(3)  # drawn, and not used
        return F.dropout(x, 0.5), chainrule.randn(2) + F.dropout(x, 0.3).sum()

    run = compile(drop)
    for _ in range(3):
        run(x)
    a, b = run(x), run(x)
    assert not np.array_equal(a[0].array, b[0].array)
    chainrule.manual_seed(5)
    compiled = [y.array for _ in range(3) for y in run(x)]
    after = chainrule.rand(1).item()
    chainrule.manual_seed(5)
    for found, wanted in zip(compiled, [y.array for _ in range(3) for y in drop(x)], strict=True):
        np.testing.assert_allclose(found, wanted, rtol=1e-6)
    assert chainrule.rand(1).item() == after  # as many were drawn, the unused ones too


@pytest.mark.usefixtures("plain")
def test_data_made_by_numpy_are_not_frozen() -> None:
    rng = np.random.default_rng(0)

    def noisy() -> Tensor:
        return chainrule.tensor(rng.normal(size=3)) * 2

    run = compile(noisy)
    with pytest.warns(CompileWarning, match=r"noisy runs eagerly: it draws from rng: draw outside"):
        seen = [tuple(run().tolist()) for _ in range(8)]
    assert len(set(seen)) == 8


# ---------------------------------------------------------------------------------------- what cannot be recorded


def asks(x: Tensor) -> Tensor:
    if x.sum() > 0:  # a question
        return x * 2
    return x


def leaves(x: Tensor) -> Tensor:
    return x * x.max().item()  # leaves


def prints(x: Tensor) -> Tensor:
    str(x)  # shown
    return x * 2


def converts(x: Tensor) -> Tensor:
    return x + chainrule.tensor(x.numpy())  # to NumPy


@pytest.mark.usefixtures("plain")
@pytest.mark.parametrize(
    ("function", "line"), [(asks, "# a question"), (leaves, "# leaves"), (prints, "# shown"), (converts, "# to NumPy")]
)
def test_what_leaves_the_tensors_runs_eagerly(function: Any, line: str) -> None:
    run = compile(function)
    x = chainrule.tensor([1.0, 2.0])
    with pytest.warns(CompileWarning) as said:
        found = [run(x * k).tolist() for k in range(6)]
    assert found == [function(x * k).tolist() for k in range(6)]
    assert len(said) == 1
    text = str(said[0].message)
    assert f"{function.__name__} runs eagerly: " in text
    assert "test_compile.py:" in text
    assert line in text
    assert "as written" in repr(run)
    run = compile(function, strict=True)
    run(x)
    with pytest.raises(CompileError, match=line):
        run(x)


@pytest.mark.usefixtures("plain")
def test_a_side_effect_runs_eagerly() -> None:
    last = "none"

    def noting(x: Tensor) -> Tensor:
        nonlocal last
        last += "!"
        return x + 1

    run = compile(noting)
    with pytest.warns(CompileWarning, match="noting runs eagerly: the step itself changes last"):
        times(5, lambda: run(chainrule.ones(2)))
    assert last == "none!!!!!"


@pytest.mark.usefixtures("plain")
def test_what_never_settles_is_told() -> None:
    run = compile(lambda x, k: (x * 2, k + 1))
    with pytest.warns(CompileWarning, match="runs eagerly") as said:
        found = [run(chainrule.ones(2), k)[1] for k in range(40)]
    assert (found, len(said)) == (list(range(1, 41)), 1)


@pytest.mark.usefixtures("plain")
def test_labels_out_of_range() -> None:
    model = mlp()
    x, y = classes()
    optimizer = optim.SGD(model.parameters(), lr=0.1, momentum=0.9)

    @compile
    def step(x: Tensor, y: Tensor) -> Tensor:
        optimizer.zero_grad()
        loss = cross_entropy(model(x), y)
        loss.backward()
        optimizer.step()
        return loss

    for _ in range(4):
        step(x, y)
    before = [p.array.copy() for p in model.parameters()]
    wrong = y.clone()
    wrong[3] = 7
    with pytest.raises(LabelError) as eager:
        cross_entropy(model(x), wrong)
    with pytest.raises(LabelError) as compiled:
        step(x, wrong)
    assert str(compiled.value) == str(eager.value)
    for p, was in zip(model.parameters(), before, strict=True):
        np.testing.assert_array_equal(p.array, was)
    step(x, y)
    assert variants(step) == 1


@pytest.mark.usefixtures("plain")
def test_a_step_that_finds_a_mistake_late_has_changed_nothing() -> None:
    """What the step as written changes before the mistake is changed once, by the step as written."""
    a, table = chainrule.ones(5), chainrule.arange(6.0)

    @compile
    def step(places: Tensor) -> Tensor:
        a.mul_(2.0)
        return table[places].sum()

    for _ in range(4):
        step(chainrule.tensor([1, 2]))
    assert step.last is not None
    before = a.array.copy()
    with pytest.raises(LabelError):
        step(chainrule.tensor([1, 9]))
    np.testing.assert_array_equal(a.array, before * 2)


@pytest.mark.usefixtures("plain")
def test_gradients_are_not_kept_and_never_stale() -> None:
    run, w, *_ = stepper()
    for _ in range(4):
        run(chainrule.ones(3))
    with pytest.warns(CompileWarning, match=r"\.grad was asked for, of a tensor of shape \(3,\), and is None: the"):
        assert w.grad is None
    for _ in range(4):
        run(chainrule.ones(3))
    np.testing.assert_allclose(w.grad.array, 2 * (w.array / 0.8 - 1 / 0.8), rtol=1e-4)  # kept from now on
    assert run.reason is None


@pytest.mark.usefixtures("plain")
@pytest.mark.parametrize("how", ["adds up", "for others"])
def test_gradients_that_outlive_the_step(how: str) -> None:
    """A step may add to gradients of earlier calls, and leave some for others."""
    ways = []
    for wrap in (compile, lambda step: step):
        w = chainrule.ones(3, requires_grad=True)
        optimizer = optim.SGD([w], lr=0.1)

        def step(x: Tensor) -> Tensor:
            loss = ((w - x) ** 2).sum()  # noqa: B023
            loss.backward()
            return loss

        run = wrap(step)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", CompileWarning)
            for k in range(12):
                run(chainrule.arange(3.0))
                if how == "for others" or k % 3 == 2:
                    optimizer.step()
                    optimizer.zero_grad()
        ways.append(w.array)
        assert wrap is not compile or (run.reason is None and variants(run) == 2 - (how == "for others"))
    np.testing.assert_allclose(*ways, rtol=1e-6)


@pytest.mark.usefixtures("plain")
def test_overlapping_buffers_are_refused() -> None:
    memory = np.arange(6, dtype=np.float32)
    a, b = (Tensor(part, requires_grad=True) for part in (memory[:4], memory[2:]))
    optimizer = optim.SGD([a, b], lr=0.1)

    @compile
    def step() -> Tensor:
        optimizer.zero_grad()
        loss = (a * b).sum()
        loss.backward()
        optimizer.step()
        return loss

    with pytest.warns(CompileWarning, match=r"step runs eagerly: two of its buffers.*share memory"):
        times(4, step)


# ---------------------------------------------------------------------------------------- kinds of steps


def clipped() -> Any:
    model = mlp(nn.Tanh())
    x, y = classes()
    optimizer = optim.SGD(model.parameters(), lr=0.5)

    def step() -> Tensor:
        optimizer.zero_grad()
        loss = cross_entropy(model(x), y)
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 0.1)
        optimizer.step()
        return loss

    return step, list(model.parameters())


def turned() -> Any:
    """Parameters that do not lie in order in memory."""
    w = Tensor(np.arange(6, dtype=np.float32).reshape(2, 3).T, requires_grad=True)
    return trained_by(lambda: ((w @ chainrule.ones(2, 2)) ** 2).sum(), [w])


def trained_by(loss_of: Callable[[], Tensor], parameters: list[Tensor]) -> Any:
    optimizer = optim.SGD(parameters, lr=0.01, momentum=0.9)

    def step() -> Tensor:
        optimizer.zero_grad()
        loss = loss_of()
        loss.backward()
        optimizer.step()
        return loss

    return step, parameters


def two_models() -> Any:
    one, two = nn.Linear(3, 2), nn.Linear(2, 1)
    x = chainrule.randn(4, 3)
    first, second = optim.SGD(one.parameters(), lr=0.1), optim.Adam(two.parameters(), lr=0.1)

    def step() -> Tensor:
        second.zero_grad()
        (two(one(x).detach()) ** 2).mean().backward()
        second.step()
        first.zero_grad()
        loss = (two(one(x)) - 1).square().mean()
        loss.backward()
        first.step()
        second.zero_grad()
        return loss

    return step, [*one.parameters(), *two.parameters()]


def accumulated() -> Any:
    """Several backwards in one step."""
    model = mlp()
    x, y = classes()
    optimizer = optim.SGD(model.parameters(), lr=0.1)

    def step() -> Tensor:
        optimizer.zero_grad()
        for part in range(2):
            loss = cross_entropy(model(x[part::2]), y[part::2]) / 2
            loss.backward()
        optimizer.step()
        return loss

    return step, list(model.parameters())


def in_place() -> Any:
    a, b = chainrule.arange(4.0), chainrule.ones(4)

    def step() -> Tensor:
        before = a.clone()
        a.mul_(0.5).add_(b)
        b.copy_(before)
        a[1] = 3.0
        a[2:] = b[:2] * 0.25
        return (a * b).sum()

    return step, [a, b]


def swapped() -> Any:
    a, b = chainrule.arange(4.0), chainrule.ones(4)

    def step() -> Tensor:
        first = a.clone()
        a.copy_(b.flip(0) + 0.0)
        b.copy_(first)
        return first.clone()

    return step, [a, b]


def rolled() -> Any:
    a = chainrule.arange(5.0)

    def step() -> Tensor:
        before = a.clone()
        a.copy_(before.flip(0))
        return before.sum()

    return step, [a]


@pytest.mark.parametrize("make", [clipped, turned, two_models, accumulated, in_place, swapped, rolled])
def test_kinds_of_steps(make: Any) -> None:
    assert both(make).last is not None


@pytest.mark.parametrize("make", [swapped, in_place])
def test_kinds_of_steps_native(make: Any) -> None:
    both(make, within=nullcontext)


EDGES = np.array([0.0, -0.0, 1.0, -1.0, np.inf, -np.inf, np.nan, 1e-40, -1e-40, 88.0, -104.0, 3e38])


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("within", [plainly, nullcontext])
def test_edges(dtype: Any, within: Callable[[], AbstractContextManager[None]]) -> None:
    x = Tensor(EDGES.astype(dtype))

    def step(x: Tensor) -> tuple[Tensor, ...]:
        square = x.reshape(3, 4)
        return (
            chainrule.exp(x), chainrule.log(x), chainrule.tanh(x), chainrule.sigmoid(x), chainrule.relu(x), x / x,
            chainrule.maximum(x, x.flip(0)), square.amax(1), square.argmax(0), square.sum(0), F.softmax(square, 1),
            F.log_softmax(x[:4], 0), chainrule.sqrt(x), x > 0, x == x, chainrule.where(x > 0, x, -x), x.clamp(-1, 1),
        )  # fmt: skip

    with np.errstate(all="ignore"), within():
        run = compile(step)
        for _ in range(4):
            found = run(x)
        assert run.last is not None
        for k, (a, b) in enumerate(zip(found, step(x), strict=True)):
            assert (a.dtype, a.shape) == (b.dtype, b.shape)
            np.testing.assert_allclose(a.array, b.array, rtol=1e-6, atol=1e-44, err_msg=str(k))


# ---------------------------------------------------------------------------------------- many steps, and looking


def test_repeat_native() -> None:
    def make() -> Any:
        return trained(mlp(nn.Tanh()), cross_entropy, *classes())

    chainrule.manual_seed(1)
    step, left = make()
    one_by_one = [step().item() for _ in range(60)]
    chainrule.manual_seed(1)
    again, others = make()
    run = compile(again)
    assert run.repeat(0) == []
    at_once = run.repeat(60)
    np.testing.assert_allclose(at_once, one_by_one, rtol=1e-5)
    for p, q in zip(left, others, strict=True):
        np.testing.assert_allclose(p.array, q.array, rtol=1e-4, atol=1e-6)
    with pytest.warns(CompileWarning, match=r"\.grad was asked for"):
        assert all(p.grad is None for p in others)
    with pytest.raises(ArgumentError, match=r"repeat\(-1\): how often"):
        run.repeat(-1)


def test_control_c_in_repeat_keeps_what_was_learned() -> None:
    w = chainrule.zeros(100_000)
    run = compile(lambda: w.add_(1.0).mean())
    run.repeat(20)  # compiled by now
    timer = threading.Timer(0.5, os.kill, (os.getpid(), signal.SIGINT))
    timer.start()
    with pytest.raises(KeyboardInterrupt):
        run.repeat(2_000_000)
    timer.join()
    learned = w[0].item()
    assert learned > 20
    run()
    assert w[0].item() == learned + 1


@pytest.mark.usefixtures("plain")
def test_what_a_step_shows() -> None:
    x, y = classes(5)
    model = mlp(nn.Tanh())
    step, _ = trained(model, cross_entropy, x, y)
    run = compile(step)
    with pytest.raises(CompileError, match="is not compiled yet: call it three times"):
        _ = run.source
    for _ in range(3):
        run()
    source = run.source
    assert "value = loss(model(x), y)" in source  # the user's line
    assert "gradient of line" in source
    assert "model_0_weight" in source
    assert "def segment_0(table, scalars):" in source
    names = [done.name for done in run.passes]
    assert names[:3] == ["split", "fold", "share"]
    assert "values (" in repr(run.passes[0])
    picture = draw(run.graph)
    assert "<svg" in picture.svg
    assert "1 variant" in repr(run)
    assert run.__name__ == "step"


# ---------------------------------------------------------------------------------------- fit


FITS: dict[str, dict[str, Any]] = {
    "shuffled": {},
    "in order": {"shuffle": False},
    "no short batch": {"batch_size": 10},
    "validation": {"validation": True},
    "one batch": {"batch_size": 64},
}


@pytest.mark.parametrize(
    ("name", "layer"), [*((name, "Tanh") for name in FITS), ("shuffled", "Dropout"), ("validation", "Dropout")]
)
def test_fit_native(name: str, layer: str) -> None:
    options = dict(FITS[name])
    ways = []
    for compiled in (False, True):
        chainrule.manual_seed(4)
        x, y = chainrule.randn(40, 6), chainrule.randint(0, 3, (40,))
        model = mlp(getattr(nn, layer)())
        if options.get("validation"):
            options["validation"] = (x[:8], y[:8])
        optimizer = optim.Adam(model.parameters(), lr=0.01)
        history = fit(
            model, (x, y), cross_entropy, optimizer, epochs=12, progress=False, compile=compiled,
            **{"batch_size": 16, **options},
        )  # fmt: skip
        ways.append((history, [p.array for p in model.parameters()], chainrule.rand(3).tolist()))
    (eager, weights, rest), (native, others, remaining) = ways
    for series in ("loss", "accuracy", "validation_loss", "validation_accuracy"):
        np.testing.assert_allclose(getattr(native, series), getattr(eager, series), rtol=1e-4)
    for p, q in zip(weights, others, strict=True):
        np.testing.assert_allclose(q, p, rtol=1e-3, atol=1e-5)
    assert remaining == rest  # the generator stands at the same place


def test_fit_diverges_with_the_same_words() -> None:
    said = []
    for compiled in (False, True):
        chainrule.manual_seed(2)
        x = chainrule.linspace(-1, 1, 20).reshape(20, 1)
        model = nn.Linear(1, 1)
        optimizer = optim.SGD(model.parameters(), lr=4.0)
        with pytest.raises(DivergedError) as problem:
            fit(model, (x, 3 * x), nn.MSELoss(), optimizer, epochs=400, batch_size=8, progress=False, compile=compiled)
        said.append(str(problem.value))
    assert said[0] == said[1]


UNTIL_STOPPED = """
import numpy as np
import chainrule
from chainrule import nn, optim
from chainrule.compiler.epochs import Epochs
from chainrule.train import fit

native = Epochs.run
def told(self, *given):
    found = native(self, *given)
    print("native", flush=True)
    return found
Epochs.run = told

def trained(epochs):
    chainrule.manual_seed(0)
    model = nn.Sequential(nn.Linear(1, 4), nn.Tanh(), nn.Linear(4, 1))
    x = chainrule.linspace(-1, 1, 100).reshape(100, 1)
    optimizer = optim.Adam(model.parameters(), lr=1e-3)
    history = fit(model, (x, x * x), nn.MSELoss(), optimizer, epochs, progress=False, compile=True)
    return history, [p.array for p in model.parameters()], {state["step"] for state in optimizer.state.values()}

history, weights, steps = trained(10**9)
n = len(history.loss)
again, others, _ = trained(n)
print(history.ended, n > 3, steps == {4 * n}, again.loss == history.loss, all(map(np.array_equal, weights, others)))
"""


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGINT for one process")
def test_control_c_in_native_epochs_keeps_what_was_learned() -> None:
    child = subprocess.Popen([sys.executable, "-c", UNTIL_STOPPED], stdout=subprocess.PIPE, text=True)
    try:
        assert child.stdout is not None
        assert [child.stdout.readline() for _ in range(2)] == ["native\n"] * 2
        child.send_signal(signal.SIGINT)
        said, _ = child.communicate(timeout=120)
    finally:
        child.kill()
    assert said.splitlines()[-1] == "interrupted True True True True"


def test_a_second_control_c_leaves_weights_and_steps_together(monkeypatch: pytest.MonkeyPatch) -> None:
    chainrule.manual_seed(4)
    x = chainrule.linspace(-1, 1, 20).reshape(20, 1)
    model = nn.Linear(1, 1)
    optimizer = optim.Adam(model.parameters(), lr=0.01)
    run, expected = Epochs.run, []

    def impatient(epochs: Epochs, *most: Any) -> Any:
        if epochs.native is not None:
            native = epochs.native

            def twice(*given: Any) -> Any:
                orders = given[4]
                expected.append(steps() + 2 * len(orders))
                native(*given)
                signal.raise_signal(signal.SIGINT)
                signal.raise_signal(signal.SIGINT)

            epochs.native = twice
        return run(epochs, *most)

    def steps() -> int:
        (number,) = {state["step"] for state in optimizer.state.values()}
        return int(number)

    monkeypatch.setattr(Epochs, "run", impatient)
    with pytest.raises(KeyboardInterrupt):
        fit(model, (x, 3 * x), nn.MSELoss(), optimizer, 1000, batch_size=10, progress=False, compile=True)
    assert [steps()] == expected


def trained_natively(epochs: int) -> tuple[Any, list[Any]]:
    """The history of a fit with a short last batch and dropout, and the weights."""
    chainrule.manual_seed(4)
    x = chainrule.linspace(-1, 1, 50).reshape(50, 1)
    model = nn.Sequential(nn.Linear(1, 8), nn.Dropout(0.2), nn.Tanh(), nn.Linear(8, 1))
    optimizer = optim.Adam(model.parameters(), lr=0.01)
    history = fit(model, (x, 3 * x), nn.MSELoss(), optimizer, epochs, batch_size=8, progress=False, compile=True)
    return history, [p.array.copy() for p in model.parameters()]


def test_long_epochs_let_python_in(monkeypatch: pytest.MonkeyPatch) -> None:
    expected, weights = trained_natively(12)
    stretch, calls = Epochs._stretch, []

    def slow(epochs: Epochs, given: Any) -> int:
        epochs.pace = 3  # of 7 batches an epoch, as if each took long
        calls.append(stretch(epochs, given))
        return calls[-1]

    monkeypatch.setattr(Epochs, "_stretch", slow)
    history, others = trained_natively(12)
    assert calls.count(2) >= 2 * calls.count(0) > 0
    assert history.loss == expected.loss
    assert all(map(np.array_equal, others, weights))


def test_control_c_within_a_long_epoch(monkeypatch: pytest.MonkeyPatch) -> None:
    expected, _ = trained_natively(12)
    stretch, calls = Epochs._stretch, []

    def slow(epochs: Epochs, given: Any) -> int:
        epochs.pace = 3
        calls.append(stretch(epochs, given))
        if len(calls) == 5:  # in the second native epoch
            signal.raise_signal(signal.SIGINT)
        return calls[-1]

    monkeypatch.setattr(Epochs, "_stretch", slow)
    history, _ = trained_natively(12)
    assert history.ended == "interrupted"
    assert 0 < len(history.loss) < 12
    assert history.loss[:-1] == expected.loss[: len(history.loss) - 1]
    assert history.loss[-1] != expected.loss[len(history.loss) - 1]  # of the batches that were run


def test_what_is_all_left_to_numpy_runs_as_written() -> None:
    x = chainrule.tensor([3.0, 1.0, 2.0])
    run = compile(lambda x: x.cumsum(0))
    with pytest.warns(CompileWarning, match=r"it would not pay: all it does is left to NumPy \(cumsum\)"):
        found = [run(x).tolist() for _ in range(5)]
    assert found == [[3.0, 4.0, 6.0]] * 5
    partly = compile(lambda x: (x * 2).cumsum(0))
    assert [partly(x).tolist() for _ in range(5)][-1] == [6.0, 8.0, 12.0]
    assert partly.reason is None


def test_without_numba_everything_runs_as_written() -> None:
    code = """
import sys, warnings
class Blocked:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in ("numba", "llvmlite"):
            raise ModuleNotFoundError(name)
sys.meta_path.insert(0, Blocked())
import importlib.util
real = importlib.util.find_spec
importlib.util.find_spec = lambda name, *rest: None if name == "numba" else real(name, *rest)
import chainrule
from chainrule import nn, optim
from chainrule.train import fit
with warnings.catch_warnings(record=True) as said:
    warnings.simplefilter("always")
    one, two = chainrule.compile(lambda x: x * 2), chainrule.compile(lambda x: x + 1)
    print([one(chainrule.ones(1)).item() for _ in range(4)], two(chainrule.ones(1)).item())
    model = nn.Linear(1, 1)
    x = chainrule.ones(4, 1)
    fit(model, (x, x), nn.MSELoss(), optim.SGD(model.parameters(), lr=0.1), epochs=3, progress=False, compile=True)
print([str(w.message) for w in said])
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120)
    assert done.stderr == ""
    lines = done.stdout.splitlines()
    assert lines[0] == "[2.0, 2.0, 2.0, 2.0] 2.0"
    assert lines[1].count("Numba or SciPy is not installed, so everything runs as written") == 1


# ---------------------------------------------------------------------------------------- threads


@pytest.mark.usefixtures("plain")
def test_threads_may_share_a_compiled_step() -> None:
    """They run in the same memory: one at a time natively, the others as written."""
    run = compile(lambda x: (x * 2 + 1).sum())
    for _ in range(4):
        run(chainrule.ones(1000))
    wrong = []

    def work(k: int) -> None:
        x = chainrule.full((1000,), float(k))
        wrong.extend(found for _ in range(200) if (found := run(x).item()) != 1000 * (2 * k + 1))

    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    try:
        threads = [threading.Thread(target=work, args=(k,)) for k in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        sys.setswitchinterval(before)
    assert not wrong
