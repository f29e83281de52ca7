"""A compiled forward and backward do what the eager ones do: gradients, errors, versions, random numbers, memory.

Functions are made a `Pair` by `halves.Compiled`, as the compiler does.  Most tests run the generated source as plain
Python (`plainly`); those named native go through Numba.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from halves import Compiled
from plainly import plainly
from programs import program

pytest.importorskip("numba")

import chainrule
from chainrule import nn, optim
from chainrule.autograd import Function, detect_anomaly, grad
from chainrule.errors import GradientError
from chainrule.nn import functional as F
from chainrule.tensor import Tensor

Make = Callable[[Callable[[Any], Any]], Iterator[Any]]
"""A test program: it wraps what is to be compiled, and yields arrays and numbers to be compared."""


@pytest.fixture(autouse=True)
def _plain(request: pytest.FixtureRequest) -> Iterator[None]:
    if "native" in request.node.name:
        yield
    else:
        with plainly():
            yield


def same(make: Make, close: float = 1e-5) -> list[Compiled]:
    """Run a program as written and with its functions compiled: the same numbers.  The compiled functions."""
    found: list[list[Any]] = []
    made: list[Compiled] = []

    def compiled(function: Callable[..., Any]) -> Compiled:
        made.append(Compiled(function))
        return made[-1]

    for wrap in (lambda function: function, compiled):
        chainrule.manual_seed(5)
        with np.errstate(all="ignore"):
            found.append([np.array(x.array if isinstance(x, Tensor) else x) for x in make(wrap)])
    for k, (x, y) in enumerate(zip(*found, strict=True)):
        assert (x.dtype, x.shape) == (y.dtype, y.shape), k
        size = max(1.0, float(np.abs(x).max(initial=0))) if x.dtype.kind == "f" else 0.0
        np.testing.assert_allclose(y, x, rtol=close, atol=close * size, err_msg=f"value {k}")
    for one in made:
        assert one.reason is None, one.reason
        assert one.ran, "it never ran natively"
    return made


def randn(*shape: int, **options: Any) -> Tensor:
    return chainrule.randn(*shape, **options)


def digits() -> tuple[nn.Module, Tensor, Tensor]:
    model = nn.Sequential(nn.Linear(6, 5), nn.ReLU(), nn.Linear(5, 3))
    return model, randn(4, 6), chainrule.tensor([0, 2, 1, 1])


def grads(module: nn.Module) -> list[Any]:
    return [p.grad for p in module.parameters() if p.grad is not None]


def ready(function: Callable[..., Any], *args: Any) -> Compiled:
    """The function, compiled for these arguments."""
    compiled = Compiled(function)
    for _ in range(3):
        compiled(*args)
    assert compiled.reason is None, compiled.reason
    return compiled


# ---------------------------------------------------------------------------------------- training


def trained(model: nn.Module, function: Any, optimizer: Any, *args: Tensor, calls: int = 7) -> Iterator[Any]:
    for _ in range(calls):
        optimizer.zero_grad()
        loss = function(*args)
        loss.backward()
        yield loss
        yield from grads(model)
        optimizer.step()
    yield from (p for p in model.parameters())
    yield from (b for _, b in model.named_buffers())


def the_loss(wrap: Any) -> Iterator[Any]:
    model, x, y = digits()
    f = wrap(lambda x, y: F.cross_entropy(model(x), y))
    yield from trained(model, f, optim.Adam(model.parameters(), lr=0.01), x, y)


def the_model(wrap: Any) -> Iterator[Any]:
    model, x, y = digits()
    f = wrap(lambda x: model(x))
    yield from trained(model, lambda x, y: F.cross_entropy(f(x), y), optim.SGD(model.parameters(), lr=0.1), x, y)


def a_picture(wrap: Any) -> Iterator[Any]:
    model = nn.Sequential(
        nn.Conv2d(1, 3, 3), nn.BatchNorm2d(3), nn.ReLU(), nn.MaxPool2d(2), nn.Dropout(0.4), nn.Flatten(),
        nn.Linear(12, 3),
    )  # fmt: skip
    x, y = randn(4, 1, 6, 6), chainrule.tensor([0, 2, 1, 1])
    f = wrap(lambda x, y: F.cross_entropy(model(x), y))
    yield from trained(model, f, optim.SGD(model.parameters(), lr=0.05), x, y)
    yield chainrule.rand(3)  # the stream went on as far


def words(wrap: Any) -> Iterator[Any]:
    model = nn.Sequential(nn.Embedding(9, 4), nn.Flatten(), nn.Linear(12, 3))
    x, y = chainrule.tensor(np.arange(12).reshape(4, 3) % 9), chainrule.tensor([0, 2, 1, 1])
    f = wrap(lambda x, y: F.cross_entropy(model(x), y))
    yield from trained(model, f, optim.SGD(model.parameters(), lr=0.05), x, y)


@pytest.mark.parametrize("make", [the_loss, the_model, a_picture, words])
def test_training(make: Make) -> None:
    same(make)


@pytest.mark.parametrize("make", [the_loss, a_picture])
def test_training_native(make: Make) -> None:
    same(make)


def test_shared_and_frozen_parameters() -> None:
    def make(wrap: Any) -> Iterator[Any]:
        model, x, y = digits()
        shared = nn.Linear(5, 5)
        model[0].weight.requires_grad_(False)
        f = wrap(lambda x, y: F.cross_entropy(model[2](shared(shared(model[0](x)).relu())), y))
        both = nn.ModuleList([model, shared])
        yield from trained(both, f, optim.SGD([p for p in both.parameters() if p.requires_grad], lr=0.1), x, y)
        assert model[0].weight.grad is None

    same(make)


def test_a_parameter_frozen_or_thawed_later() -> None:
    model, x, y = digits()
    f = ready(lambda x, y: F.cross_entropy(model(x), y), x, y)
    model[0].bias.requires_grad_(False)
    f(x, y).backward()
    assert model[0].bias.grad is None
    assert model[0].weight.grad is not None
    model[0].weight.requires_grad_(False)
    g = ready(lambda x, y: F.cross_entropy(model(x), y), x, y)
    model[0].weight.requires_grad_(True)
    g(x, y).backward()
    assert g.ran == 0
    assert model[0].weight.grad is not None


# ---------------------------------------------------------------------------------------- results


def test_several_results_in_a_structure() -> None:
    def make(wrap: Any) -> Iterator[Any]:
        a, b, c = (randn(3, 3, requires_grad=True) for _ in range(3))

        def outputs(x: Tensor) -> Any:
            h = chainrule.tanh(x @ a + c.sum(0))
            return {"h": h, "parts": (h @ b, (h.detach() > 0).sum(1)), "place": h.argmax(1), "name": "n"}

        f = wrap(outputs)
        for k in range(7):
            found = f(randn(4, 3))
            assert list(found) == ["h", "parts", "place", "name"]
            assert found["name"] == "n"
            assert [x.requires_grad for x in (found["h"], *found["parts"], found["place"])] == [
                True,
                True,
                False,
                False,
            ]
            loss = found["h"].sum() * 2 if k % 3 == 0 else found["parts"][0].exp().mean()
            loss = loss + (found["h"] * found["parts"][0]).sum() if k % 3 == 2 else loss
            for p in (a, b, c):
                p.grad = None
            loss.backward()
            yield from (found["h"], *found["parts"], found["place"], a.grad, c.grad)
            yield np.zeros(1) if b.grad is None else b.grad  # None where the result of b was not used

    same(make)


def test_a_result_is_changed_in_place() -> None:
    """As in eager: an error where the gradient reads it, and nothing where it does not."""

    def make(wrap: Any) -> Iterator[Any]:
        a = randn(3, requires_grad=True)
        f, g = wrap(lambda x: (x * a).exp()), wrap(lambda x: x * a)
        for _ in range(5):
            yield raised(lambda: f(randn(3)).mul_(2).sum().backward())
            yield raised(lambda: g(randn(3)).mul_(2).sum().backward())
            yield a.grad

    same(make)


def raised(run: Callable[[], Any]) -> bool:
    """Whether it raises a GradientError."""
    try:
        run()
    except GradientError:
        return True
    return False


def test_results_belong_to_whoever_has_them() -> None:
    model, x, y = digits()
    f = ready(lambda x, y: F.cross_entropy(model(x), y), x, y)
    losses, kept = [], []
    for k in range(9):
        loss = f(x + 0.1 * k, y)
        loss.backward()
        losses.append((loss, loss.item()))
        kept.append([(p.grad, p.grad.array.copy()) for p in model.parameters()])
        for p in model.parameters():
            p.grad = None
        if k == 6:
            del losses[1:3]
    assert f.ran == 9
    assert all(loss.item() == then for loss, then in losses)
    for gradients in kept:
        for g, then in gradients:
            np.testing.assert_array_equal(g.array, then)
    assert len({id(g.array) for gradients in kept for g, _ in gradients}) == 9 * 4


def test_views_keep_their_memory() -> None:
    a = randn(3, requires_grad=True)
    f = ready(lambda x: chainrule.tanh(x * a), randn(3))
    views = []
    for k in range(8):
        out = f(chainrule.full((3,), float(k)))
        out.sum().backward()
        views.append((out.array[1:], a.grad.array[::2], out.array[1:].copy(), a.grad.array[::2].copy()))
        a.grad = None
        del out
    assert f.ran == 8
    for seen, slope, value, g in views:
        np.testing.assert_array_equal(seen, value)
        np.testing.assert_array_equal(slope, g)


# ---------------------------------------------------------------------------------------- arguments


def test_arguments_get_gradients() -> None:
    def make(wrap: Any) -> Iterator[Any]:
        model, _, y = digits()
        w = randn(4, 6, requires_grad=True)
        f = wrap(lambda x, y: F.cross_entropy(model(x), y))
        for _ in range(6):
            x = randn(4, 6, requires_grad=True)
            f(x, y).backward()
            yield x.grad
            yield from grads(model)
        g = wrap(lambda h, y: F.cross_entropy(model(h), y))
        for _ in range(6):
            h = chainrule.sin(w * 2)
            out = g(h, y)
            assert not out.is_leaf
            assert out.grad_fn is not None
            assert out.requires_grad
            (out * 3 + h.sum()).backward()
            yield w.grad

    same(make)


def test_an_argument_and_the_parameter_it_was_made_of() -> None:
    """What flows through the argument is no part of the function: it flows on from there, once."""

    def make(wrap: Any) -> Iterator[Any]:
        w = randn(3, 3, requires_grad=True)
        f = wrap(lambda h: chainrule.tanh(h @ w).sum())
        for _ in range(6):
            w.grad = None
            h = (w * w).sum(0)
            h.register_hook(lambda g: g * 2)
            f(h).backward()
            yield w.grad

    same(make)


def test_a_result_of_outside_is_closed_over() -> None:
    def make(wrap: Any) -> Iterator[Any]:
        w = randn(3, requires_grad=True)
        h = w * 2
        f = wrap(lambda x: (x * h).sum())
        for _ in range(6):
            f(randn(3)).backward(retain_graph=True)
            yield w.grad

    same(make)


def test_keywords_and_structures() -> None:
    def make(wrap: Any) -> Iterator[Any]:
        w = randn(3, requires_grad=True)
        f = wrap(lambda batch, *, scale: (batch["x"] * w * scale).sum() + batch["y"][0].sum() * w.sum())
        for _ in range(5):
            f({"x": randn(3), "y": [randn(2)]}, scale=randn(1)).backward()
            yield w.grad

    same(make)


# ---------------------------------------------------------------------------------------- several calls


def test_accumulation_over_calls() -> None:
    def make(wrap: Any) -> Iterator[Any]:
        model, _, y = digits()
        f = wrap(lambda x, y: F.cross_entropy(model(x), y))
        for _ in range(3):
            model.zero_grad()
            for _ in range(3):
                f(randn(4, 6), y).backward()
            yield from [np.array(g.array) for g in grads(model)]

    same(make)


@pytest.mark.parametrize("order", [(0, 1, 2, 3, 4), (4, 3, 2, 1, 0), (2, 0, 3, 1, 4)])
def test_several_calls_before_the_walks(order: tuple[int, ...]) -> None:
    def make(wrap: Any) -> Iterator[Any]:
        model = nn.Sequential(nn.Linear(6, 5), nn.Tanh(), nn.Dropout(0.5), nn.Linear(5, 3))
        y = chainrule.tensor([0, 2, 1, 1])
        f = wrap(lambda x, y: F.cross_entropy(model(x), y))
        for _ in range(4):
            losses = [f(randn(4, 6), y) for _ in order]
            for k in order:
                model.zero_grad()
                losses[k].backward()
                yield from grads(model)
            losses = [f(randn(4, 6), y) for _ in order]
            model.zero_grad()
            sum(losses[1:], losses[0] * 2).backward()
            yield from grads(model)

    same(make)


def test_two_functions_and_one_inside_the_other() -> None:
    def make(wrap: Any) -> Iterator[Any]:
        model, x, y = digits()
        head = wrap(lambda h: model[2](model[1](h)))
        body = wrap(lambda x: model[0](x))
        loss = wrap(lambda out, y: F.cross_entropy(out, y))
        for _ in range(6):
            model.zero_grad()
            loss(head(body(x)), y).backward()
            yield from grads(model)

    same(make)


def test_retain_graph() -> None:
    def make(wrap: Any) -> Iterator[Any]:
        model, x, y = digits()
        f = wrap(lambda x, y: F.cross_entropy(model(x), y))
        for _ in range(5):
            model.zero_grad()
            loss = f(x, y)
            loss.backward(retain_graph=True)
            f(x + 1, y).backward()
            loss.backward()
            yield from grads(model)
            yield raised(loss.backward)

    same(make)
    model, x, y = digits()
    loss = ready(lambda x, y: F.cross_entropy(model(x), y), x, y)(x, y)
    loss.backward()
    with pytest.raises(GradientError, match=r"backward a second time through the same graph \(at <lambda>\)"):
        loss.backward()


# ---------------------------------------------------------------------------------------- changes in place


def test_a_parameter_changed_between() -> None:
    """A step of the optimizer between forward and backward is an error where the gradient reads what it changed."""

    def make(wrap: Any) -> Iterator[Any]:
        w, b, v = (randn(3, requires_grad=True) for _ in range(3))
        x = randn(3)
        f = wrap(lambda x: (chainrule.tanh(x * w + b) * v).sum())
        for k in range(12):
            loss = f(x)
            with chainrule.no_grad():
                changed = [x, w, b, v, chainrule.zeros(3)][k % 5]
                changed.mul_(1.5)
            yield raised(loss.backward)

    same(make)


def test_a_step_between() -> None:
    model, x, y = digits()
    optimizer = optim.SGD(model.parameters(), lr=0.1)
    f = ready(lambda x, y: F.cross_entropy(model(x), y), x, y)
    f(x, y).backward()
    loss = f(x, y)
    optimizer.step()
    with pytest.raises(GradientError, match="was changed in place after linear used it"):
        loss.backward()
    f(x, y).backward()


def test_buffers_the_forward_writes_count_as_changed() -> None:
    norm = nn.BatchNorm1d(3)
    f = ready(lambda x: norm(x).sum(), randn(4, 3))
    y = (randn(3, requires_grad=True) * norm.running_mean).sum()
    f(randn(4, 3))
    with pytest.raises(GradientError, match="changed in place"):
        y.backward()


def test_the_walk_reads_what_the_forward_left() -> None:
    """A buffer that the forward moves on, and a product with what it was before and is after."""

    def make(wrap: Any) -> Iterator[Any]:
        w, mean = randn(3, requires_grad=True), chainrule.zeros(3)

        def step(x: Tensor) -> Tensor:
            old = mean.clone()
            mean.mul_(0.9).add_(x * 0.1)
            return (x * w * mean).sum() + (old * w * w).sum()

        f = wrap(step)
        for _ in range(7):
            f(randn(3)).backward()
            yield from (w.grad, mean)
        loss = f(randn(3))
        f(randn(3))
        yield raised(loss.backward)

    same(make)


def test_copies_of_what_changes_later() -> None:
    """A reshape that has to copy: the gradient reads the copy, whatever becomes of the memory it was made from."""

    def make(wrap: Any) -> Iterator[Any]:
        w, scale, mean = randn(6, requires_grad=True), randn(2, 3), randn(2, 3)

        def step(x: Tensor) -> Tensor:
            old = mean.t().reshape(-1)
            mean.mul_(0.9)
            return (x.t().reshape(-1) * w * scale.t().reshape(-1) * old).sum() + (w.reshape(2, 3) * mean).sum()

        f = wrap(step)
        for k in range(8):
            x = randn(2, 3)
            loss = f(x)
            (x, scale, chainrule.zeros(1))[k % 3].mul_(2)
            loss.backward()
            yield from (w.grad, mean)

    same(make)


# ---------------------------------------------------------------------------------------- derivatives of derivatives


def test_create_graph() -> None:
    def make(wrap: Any) -> Iterator[Any]:
        model = nn.Sequential(nn.Linear(3, 5), nn.BatchNorm1d(5), nn.Tanh(), nn.Dropout(0.5), nn.Linear(5, 1))
        w = randn(4, 3, requires_grad=True)
        f = wrap(lambda x: (model(x) * x.detach().sum()).sum())
        for _ in range(5):
            model.zero_grad()
            w.grad = None
            x = w * 2
            (slope,) = grad(f(x), x, create_graph=True)
            ((slope**2).sum() + slope.sum()).backward()
            yield from (slope, w.grad, *grads(model), model[1].running_mean, model[1].num_batches_tracked)
            yield chainrule.rand(2)

    (f,) = same(make)
    assert f.pair is not None
    assert f.pair.repeatable


def test_create_graph_with_several_results() -> None:
    def make(wrap: Any) -> Iterator[Any]:
        w = randn(3, requires_grad=True)
        f = wrap(lambda x: ((x * w).exp(), (x * w * w).sum()))
        for k in range(6):
            a, b = f(randn(3))
            loss = [a.sum() + b, a.sum() * 2, b][k % 3]
            (slope,) = grad(loss, w, create_graph=True)
            (twice,) = grad(slope.sum(), w)
            yield from (slope, twice)

    same(make)


def test_create_graph_where_the_function_cannot_be_run_again() -> None:
    model, x, y = digits()
    f = ready(lambda x, y: F.cross_entropy(model(x), y), x, y)
    loss = f(x, y)
    with chainrule.no_grad():
        model[2].bias.add_(1)  # which the first derivative does not read
    with pytest.raises(GradientError, match="needs the function run once more, but what it reads was changed since"):
        grad(loss, model[0].weight, create_graph=True)
    loss.backward()
    count = chainrule.zeros(1)
    w = randn(1, requires_grad=True)

    def counts(x: Tensor) -> Tensor:
        count.add_(1)
        return (x * w * count).sum()

    g = ready(counts, randn(1))
    with pytest.raises(GradientError, match="it changes what it reads itself"):
        grad(g(randn(1)), w, create_graph=True)
    assert count.item() == 4


# ---------------------------------------------------------------------------------------- the walk around it


def test_grad_hooks_and_kept_gradients() -> None:
    def make(wrap: Any) -> Iterator[Any]:
        model, x, y = digits()
        f = wrap(lambda x, y: F.cross_entropy(model(x), y))
        model[0].bias.register_hook(lambda g: g * 3)
        for _ in range(6):
            loss = f(x, y)
            yield from grad(loss, [model[2].weight, model[0].bias], retain_graph=True)
            yield from grad(loss, [model[0].weight], chainrule.tensor(2.0), retain_graph=True)
            loss.register_hook(lambda g: g * 5)
            loss.retain_grad()
            model.zero_grad()
            loss.backward()
            yield from (loss.grad, *grads(model))
            loss = f(x, y)
            model.zero_grad()
            loss.backward(inputs=[model[0].weight])
            yield from grads(model)

    same(make)


def test_detect_anomaly_and_no_grad() -> None:
    model, x, y = digits()
    f = ready(lambda x, y: F.cross_entropy(model(x), y), x, y)
    with detect_anomaly():
        f(x, y).backward()
    with chainrule.no_grad():
        assert not f(x, y).requires_grad
    assert f.ran == 0  # both are other calls: one is watched by somebody else, one wants no gradients
    f(x, y).backward()
    assert f.ran == 1


def test_nothing_is_seen_of_the_recorded_walk() -> None:
    model, x, y = digits()
    f = Compiled(lambda x, y: F.cross_entropy(model(x), y))
    for _ in range(3):
        versions = [p.version[0] for p in model.parameters()]
        loss = f(x, y)
        assert all(p.grad is None and p.version[0] == v for p, v in zip(model.parameters(), versions, strict=True))
        loss.backward()
        assert raised(loss.backward)
        model.zero_grad()


def test_a_function_of_ones_own() -> None:
    class Scaled(Function):
        @staticmethod
        def forward(ctx: Any, x: Tensor, w: Tensor) -> Tensor:
            ctx.save_for_backward(x, w)
            return x * w

        @staticmethod
        def backward(ctx: Any, g: Tensor) -> Any:
            x, w = ctx.saved_tensors
            return g * w * 2, g * x * 3

    def make(wrap: Any) -> Iterator[Any]:
        w = randn(3, requires_grad=True)
        f = wrap(lambda x: Scaled.apply(chainrule.sin(x * w), w).sum())
        for k in range(6):
            loss = f(randn(3))
            if k > 3:
                w.data.mul_(2)
            yield raised(loss.backward)
            yield w.grad

    same(make)


# ---------------------------------------------------------------------------------------- refused


def refused(function: Callable[..., Any], *args: Any) -> str:
    """Why it is not compiled; it still runs."""
    compiled = Compiled(function)
    for _ in range(4):
        compiled(*args)
    assert compiled.reason is not None
    assert compiled.ran == 0
    return compiled.reason


def test_what_is_refused() -> None:
    w, x = randn(3, requires_grad=True), randn(3, requires_grad=True)
    assert "result 2 lies in the memory of" in refused(lambda x: ((x * w).sum(), w), x)
    assert "lies in the memory of x" in refused(lambda x: ((x * w).sum(), x), x)
    assert "lies in the memory of x" in refused(lambda x: ((x * w).sum(), x[1:]), x)
    assert "share memory" in refused(lambda x: (h := x * w, h.reshape(3, 1)), x)

    def hooked(x: Tensor) -> Tensor:
        h = x * w
        h.register_hook(lambda g: g * 2)
        return h.sum()

    def kept(x: Tensor) -> Tensor:
        h = x * w
        h.retain_grad()
        return h.sum()

    def changing(x: Tensor) -> Tensor:
        h = (x * w).exp()
        y = h * 2
        h.detach().mul_(2)
        return y.sum()

    class Deciding(Function):
        @staticmethod
        def forward(ctx: Any, x: Tensor) -> Tensor:
            return x * 2

        @staticmethod
        def backward(ctx: Any, g: Tensor) -> Any:
            return g * 2 if (g > 0).all() else g

    assert "a hook is called with it" in refused(hooked, x)
    assert "is kept" in refused(kept, x)
    assert "its walk back ends in an error" in refused(changing, x)

    class Drawing(Function):
        @staticmethod
        def forward(ctx: Any, x: Tensor) -> Tensor:
            return x * 2

        @staticmethod
        def backward(ctx: Any, g: Tensor) -> Any:
            return g * chainrule.rand(3)

    assert "takes numbers out of the tensors" in refused(lambda x: Deciding.apply(x * w).sum(), x)
    assert "its gradient rules change something" in refused(lambda x: Drawing.apply(x * w).sum(), x)


def test_an_argument_overtaken_through_a_view() -> None:
    w = randn(3, requires_grad=True)
    f = ready(lambda x: (x * w).sum(), w * 2)
    h = w * 2
    f(h).backward()
    h = w * 2
    h.detach().mul_(2)
    with pytest.raises(GradientError, match="changed in place through a view"):
        f(h)


# ---------------------------------------------------------------------------------------- against differences


@pytest.mark.parametrize("native", [False, True], ids=["plain", "native"])
def test_slopes_against_differences(native: bool) -> None:
    rng = np.random.default_rng(0)
    model = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.LayerNorm(4), nn.Linear(4, 2)).double()
    x = chainrule.tensor(rng.normal(size=(5, 3)), requires_grad=True)
    f = ready(lambda x: (F.log_softmax(model(x), 1)[:, 0] * chainrule.sin(x[:, 1])).sum(), x)
    f(x).backward()
    for p in (x, *model.parameters()):
        slope = np.zeros(p.shape)
        for place in np.ndindex(*p.shape):
            ends = []
            for h in (1e-6, -1e-6):
                p.array[place] += h
                ends.append(f(x).item())
                p.array[place] -= h
            slope[place] = (ends[0] - ends[1]) / 2e-6
        np.testing.assert_allclose(p.grad.array, slope, rtol=1e-6, atol=1e-8)
    assert f.ran > 50


# ---------------------------------------------------------------------------------------- random programs


def outside(seed: int, wrap: Callable[[Any], Any], dtype: Any) -> list[Any]:
    """A random program's forward, wrapped; its loss or the parts of it, walked back outside."""
    made = program(seed, dtype, length=4 + seed % 14)
    chainrule.manual_seed(seed)
    parameters = [chainrule.tensor(p.copy(), requires_grad=True) for p in made.parameters]
    several = seed % 3 == 0

    def forward(*inputs: Tensor) -> Any:
        values = made.values(parameters, list(inputs))
        loss = made.loss(values)
        return (loss, *(values[i] * 1.5 for i in made.outputs)) if several else loss

    run, seen = wrap(forward), []
    with np.errstate(all="ignore"):
        for call in range(5):
            given = []
            for x in made.inputs:
                y = chainrule.tensor(x + x.dtype.type(0.01 * call) if x.dtype.kind == "f" else x)
                given.append(y.requires_grad_() if seed % 2 and y.dtype.kind == "f" else y)
            out = run(*given)
            parts = out if isinstance(out, tuple) else (out,)
            sum((x.sum() for x in parts[1:] if x.requires_grad), parts[0]).backward()
            seen += [x.array for x in parts]
            for p in (*parameters, *given):
                seen += [p.grad.array.copy()] if p.grad is not None else []
            with chainrule.no_grad():
                for p in parameters:
                    p -= 0.01 * p.grad
                    p.grad = None
    return seen


@pytest.mark.parametrize("block", range(10))
def test_random_programs(block: int) -> None:
    ran = 0
    for seed in range(block * 10, block * 10 + 10):
        dtype = np.float32 if seed % 2 else np.float64
        wanted = outside(seed, lambda function: function, dtype)
        one: list[Compiled] = []
        found = outside(seed, lambda function, one=one: one.append(Compiled(function)) or one[0], dtype)
        ran += one[0].ran
        assert one[0].ran or one[0].reason, "nothing was compiled"
        assert len(found) == len(wanted)
        for x, y in zip(found, wanted, strict=True):
            assert (x.dtype, x.shape) == (y.dtype, y.shape)
            if y.dtype.kind == "f" and not (np.abs(y) < 1e6).all():
                break
            size = max(1.0, float(np.abs(y).max(initial=0))) if y.dtype.kind == "f" else 0.0
            close = 1e-4 if dtype == np.float32 else 1e-9
            np.testing.assert_allclose(x, y, rtol=close, atol=close * size, err_msg=f"seed {seed}")
    assert ran >= 12, "hardly anything ran natively"


@pytest.mark.parametrize("seed", range(300, 306))
def test_random_programs_native(seed: int) -> None:
    wanted = outside(seed, lambda function: function, np.float64)
    found = outside(seed, Compiled, np.float64)
    for x, y in zip(found, wanted, strict=True):
        np.testing.assert_allclose(x, y, rtol=1e-9, atol=1e-9 * max(1.0, float(np.abs(y).max(initial=0))))
