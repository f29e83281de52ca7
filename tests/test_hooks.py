"""Hooks of tensors and of modules: the same calls, in the same order, with the same gradients as PyTorch's.

A scenario is run in both libraries; what its hooks see goes into a log, and the logs must be equal.
"""

from __future__ import annotations

import copy
import gc
from collections.abc import Callable
from typing import Any

import pytest
import torch

import chainrule
from chainrule.errors import ArgumentError, GradientError, OperandError, ShapeError
from chainrule.nn.inside import NameOfNothing


def plain(x: Any) -> Any:
    """Tensors as lists, in whatever they come."""
    if isinstance(x, tuple | list):
        return tuple(plain(part) for part in x)
    if isinstance(x, dict):
        return {key: plain(part) for key, part in x.items()}
    if not hasattr(x, "tolist"):
        return x if isinstance(x, str | int | float | bool | None) else type(x).__name__
    numbers = x.detach().tolist()
    return pytest.approx(numbers) if isinstance(numbers, float) else [*map(_near, numbers)]


def _near(x: Any) -> Any:
    return [*map(_near, x)] if isinstance(x, list) else pytest.approx(x, rel=1e-5, abs=1e-6)


class Log(list[Any]):
    """What the hooks saw."""

    def __call__(self, *seen: Any) -> None:
        self.append(plain(seen))


def leaf(lib: Any, *data: float) -> Any:
    return lib.tensor(data, requires_grad=True)


def net(lib: Any) -> Any:
    """Two layers whose weights are the same in both."""
    model = lib.nn.Sequential(lib.nn.Linear(2, 3), lib.nn.Tanh(), lib.nn.Linear(3, 1))
    with lib.no_grad():
        for k, p in enumerate(model.parameters()):
            p.copy_(lib.arange(p.numel()).reshape(p.shape) * 0.1 - 0.2 * k)
    return model


# ---------------------------------------------------------------------------------------- tensors


def _order(lib: Any, log: Log) -> None:
    x = leaf(lib, 1.0, 2.0)
    y = x * x
    x.register_hook(lambda g: log("x first", g))
    x.register_hook(lambda g: g * 10)
    x.register_hook(lambda g: log("x third", g))
    y.register_hook(lambda g: log("y", g))
    y.register_hook(lambda g: g + 1)
    (y * 3).sum().backward()
    log(x.grad)


def _accumulates(lib: Any, log: Log) -> None:
    x = leaf(lib, 1.0, 2.0)
    x.register_hook(lambda g: 2 * g)
    for _ in range(2):
        (x * x).sum().backward()
        log(x.grad)


def _removed(lib: Any, log: Log) -> None:
    x = leaf(lib, 1.0, 2.0)
    handle = x.register_hook(lambda g: 2 * g)
    with x.register_hook(lambda g: g + 1):
        x.sum().backward()
    log(x.grad)
    x.sum().backward()
    log(x.grad)
    handle.remove()
    handle.remove()
    x.sum().backward()
    log(x.grad)


def _used_twice(lib: Any, log: Log) -> None:
    x = leaf(lib, 1.0, 2.0)
    y = x * 2
    y.register_hook(lambda g: log("once, the sum", g))
    (y * y + y).sum().backward()


def _kept(lib: Any, log: Log) -> None:
    x = leaf(lib, 1.0, 2.0)
    y = x * 2
    y.retain_grad()
    y.register_hook(lambda g: g * 5)
    (y * y).sum().backward()
    log(y.grad, x.grad)


def _wanted(lib: Any, log: Log) -> None:
    x, z = leaf(lib, 1.0, 2.0), leaf(lib, 3.0, 4.0)
    y = x * z
    for name, t in (("x", x), ("y", y)):
        t.register_hook(lambda g, name=name: log(name, g))
    y.register_hook(lambda g: g * 2)
    log(lib.autograd.grad(y.sum(), x, retain_graph=True))
    log(lib.autograd.grad(y.sum(), [x, z], retain_graph=True), lib.autograd.grad(y.sum(), y, retain_graph=True))
    y.sum().backward(inputs=[z])
    log(x.grad, z.grad)


def _differentiable(lib: Any, log: Log) -> None:
    x = leaf(lib, 2.0, 3.0)
    y = x**3
    y.register_hook(lambda g: g * x)
    (slope,) = lib.autograd.grad(y.sum(), x, create_graph=True)
    log(slope, lib.autograd.grad(slope.sum(), x))


def _recording(lib: Any, log: Log) -> None:
    x = leaf(lib, 2.0, 3.0)
    x.register_hook(lambda g: log(lib.is_grad_enabled(), g.requires_grad))
    (x * x).sum().backward()
    (x * x).sum().backward(create_graph=True)


def _nothing_sent(lib: Any, log: Log) -> None:
    x = leaf(lib, 1.0, 2.0)
    y = x * 2
    y.register_hook(lambda g: log("never"))
    (x * 3).sum().backward()
    log(x.grad)


def _new_data(lib: Any, log: Log) -> None:
    x = leaf(lib, 1.0, 2.0)
    x.register_hook(lambda g: g * 4)
    x.data = lib.tensor([5.0, 6.0])
    (x * x).sum().backward()
    log(x.grad)


def _after_accumulating(lib: Any, log: Log) -> None:
    x, z = leaf(lib, 1.0, 2.0), leaf(lib, 1.0, 1.0)
    x.register_hook(lambda g: log("before", x.grad, g))

    def step(p: Any) -> None:
        log("after", p.grad, lib.is_grad_enabled())
        p.data = p.data - p.grad
        p.grad = None

    handle = x.register_post_accumulate_grad_hook(step)
    for _ in range(2):
        (x * x * z).sum().backward()
    handle.remove()
    (x * x * z).sum().backward()
    log(x, x.grad, z.grad)


def _clipped(lib: Any, log: Log) -> None:
    model = net(lib)
    for p in model.parameters():
        p.register_hook(lambda g: g.clamp(-0.01, 0.01))
    model(lib.tensor([[1.0, -2.0]])).sum().backward()
    log([p.grad for p in model.parameters()])


# ---------------------------------------------------------------------------------------- modules


def _forward(lib: Any, log: Log) -> None:
    layer, x = net(lib)[0], lib.tensor([[1.0, 2.0]])
    layer.register_forward_hook(lambda m, args, out: log("second", m, args, out))
    layer.register_forward_hook(lambda m, args, out: out * 2)
    layer.register_forward_hook(lambda m, args, out: log("first", out), prepend=True)
    layer.register_forward_pre_hook(lambda m, args: log("pre", args))
    layer.register_forward_pre_hook(lambda m, args: args[0] + 1)
    layer.register_forward_pre_hook(lambda m, args: (args[0] * 3,), prepend=True)
    log(layer(x))


def _named(lib: Any, log: Log) -> None:
    class Scale(lib.nn.Module):
        def forward(self, x: Any, scale: float = 1.0, shift: float = 0.0) -> Any:
            return x * scale + shift

    m, x = Scale(), lib.tensor([1.0, 2.0])
    m.register_forward_pre_hook(lambda m, args, kwargs: log(args, kwargs), with_kwargs=True)
    m.register_forward_pre_hook(lambda m, args, kwargs: (args, {**kwargs, "shift": 1.0}), with_kwargs=True)
    m.register_forward_hook(lambda m, args, kwargs, out: log(args, kwargs, out), with_kwargs=True)
    m.register_forward_hook(lambda m, args, out: log(args, out))
    log(m(x, scale=2.0))


def _called_always(lib: Any, log: Log) -> None:
    class Fails(lib.nn.Module):
        def forward(self, x: Any) -> Any:
            raise KeyError("on purpose")

    m = Fails()
    m.register_forward_hook(lambda m, args, out: log("never"))
    m.register_forward_hook(lambda m, args, out: log("always", out), always_call=True)
    with pytest.raises(KeyError):
        m(lib.ones(1))

    def fails(m: Any, args: Any, out: Any) -> None:
        raise ValueError("on purpose")

    m.register_forward_hook(fails, always_call=True)
    with pytest.raises(KeyError), pytest.warns(UserWarning, match="always_call=True"):
        m(lib.ones(1))


def _backward(lib: Any, log: Log) -> None:
    model = net(lib)
    for name, m in model.named_modules():
        m.register_full_backward_pre_hook(lambda m, go, name=name: log(name, "pre", go))
        m.register_full_backward_hook(lambda m, gi, go, name=name: log(name, gi, go))
    x = lib.tensor([[1.0, -2.0]], requires_grad=True)
    model(x).sum().backward()
    log(x.grad, [p.grad for p in model.parameters()])


def _backward_without_input_gradient(lib: Any, log: Log) -> None:
    model = net(lib)
    model[0].register_full_backward_hook(lambda m, gi, go: log(gi, go))
    model[2].register_full_backward_hook(lambda m, gi, go: log(gi, go))
    model(lib.tensor([[1.0, -2.0]])).sum().backward()
    with lib.no_grad():
        log(model(lib.tensor([[1.0, -2.0]])))


def _backward_replaced(lib: Any, log: Log) -> None:
    model = net(lib)
    model[2].register_full_backward_hook(lambda m, gi, go: (gi[0] * 2,))
    model[2].register_full_backward_hook(lambda m, gi, go: log("sees it doubled", gi))
    model[1].register_full_backward_pre_hook(lambda m, go: (go[0] + 1,))
    model[1].register_full_backward_pre_hook(lambda m, go: log("later", go))
    model[1].register_full_backward_pre_hook(lambda m, go: log("earlier", go), prepend=True)
    x = lib.tensor([[1.0, -2.0]], requires_grad=True)
    model(x).sum().backward()
    log(x.grad, [p.grad for p in model.parameters()])


def _several(lib: Any, log: Log) -> None:
    class Both(lib.nn.Module):
        def forward(self, x: Any, number: float, y: Any, z: Any) -> Any:
            return x * y * number, "text", y + z, z * 2

    m = Both()
    m.register_full_backward_hook(lambda m, gi, go: log(gi, go))
    m.register_full_backward_hook(lambda m, gi, go: (*gi[:2], gi[2] * 3, *gi[3:]))
    x, y, z = leaf(lib, 1.0, 2.0), leaf(lib, 3.0, 4.0), lib.tensor([5.0, 6.0])
    first, _, second, third = m(x, 2.0, y, z)
    log(third.requires_grad)
    (first + second).sum().backward(retain_graph=True)
    log(x.grad, y.grad)
    second.sum().backward()
    log(x.grad, y.grad)


def _called_twice(lib: Any, log: Log) -> None:
    layer = lib.nn.Tanh()
    layer.register_full_backward_hook(lambda m, gi, go: log(gi, go))
    x = leaf(lib, 0.5, 1.0)
    layer(layer(x)).sum().backward()
    log(x.grad)


def _penalty(lib: Any, log: Log) -> None:
    model = net(lib)
    model[1].register_full_backward_hook(lambda m, gi, go: (gi[0] * 2,))
    x = lib.tensor([[1.0, -2.0]], requires_grad=True)
    (slope,) = lib.autograd.grad(model(x).sum(), x, create_graph=True)
    ((slope**2).sum() - 1).backward()
    log(slope, [p.grad for p in model.parameters() if p.grad is not None])


def _copied(lib: Any, log: Log) -> None:
    layer = net(lib)[0]
    layer.register_forward_hook(lambda m, args, out: log("called"))
    twin = copy.deepcopy(layer)
    twin(lib.ones(1, 2))
    layer(lib.ones(1, 2))


def _handles(lib: Any, log: Log) -> None:
    layer = net(lib)[0]
    handles = [
        layer.register_forward_pre_hook(lambda m, args: log("pre")),
        layer.register_forward_hook(lambda m, args, out: log("post")),
        layer.register_full_backward_pre_hook(lambda m, go: log("back")),
        layer.register_full_backward_hook(lambda m, gi, go: log("done")),
    ]
    x = lib.ones(1, 2, requires_grad=True)
    for handle in [*handles, None]:
        layer(x).sum().backward()
        if handle is not None:
            handle.remove()


SCENARIOS = [value for name, value in list(globals().items()) if name[0] == "_" and hasattr(value, "__code__")]
SCENARIOS = [f for f in SCENARIOS if f.__code__.co_varnames[:2] == ("lib", "log")]


@pytest.mark.filterwarnings("ignore:Full backward hook is firing", "ignore:Using backward.. with create_graph")
@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda f: f.__name__[1:])
def test_the_same_calls_as_pytorch(scenario: Callable[[Any, Log], None]) -> None:
    theirs, ours = Log(), Log()
    scenario(torch, theirs)
    scenario(chainrule, ours)
    assert len(ours) == len(theirs) > 0
    for mine, other in zip(ours, theirs, strict=True):
        assert exact(mine) == other


def exact(x: Any) -> Any:
    """A log entry without the tolerance, to be compared with one that has it."""
    if isinstance(x, dict):
        return {key: exact(part) for key, part in x.items()}
    if isinstance(x, tuple | list):
        return type(x)(exact(part) for part in x)
    return getattr(x, "expected", x)


def test_there_are_scenarios() -> None:
    assert len(SCENARIOS) >= 22


# ---------------------------------------------------------------------------------------- alone


def _zeroed(g: Any) -> None:
    g.zero_()


def test_a_gradient_changed_in_place_by_a_hook_reaches_nobody_else() -> None:
    x, y = leaf(chainrule, 1.0), leaf(chainrule, 1.0)
    x.register_hook(_zeroed)
    (x + y).sum().backward()
    assert (x.grad.tolist(), y.grad.tolist()) == ([0.0], [1.0])
    model = chainrule.nn.Identity()
    model.register_full_backward_hook(lambda m, gi, go: _zeroed(gi[0]))
    z = leaf(chainrule, 1.0)
    (model(z) + z).sum().backward()
    assert z.grad.tolist() == [1.0]  # what came the other way is whole


@pytest.mark.parametrize(
    ("hook", "error", "match"),
    [
        (lambda g: 3.0, OperandError, "a hook returned float: return a tensor, or None"),
        (lambda g: g[:1], ShapeError, r"a hook returned a gradient of shape \(1,\) for one of \(2,\)"),
    ],
)
def test_wrong_answers_of_a_hook(hook: Any, error: Any, match: str) -> None:
    x = leaf(chainrule, 1.0, 2.0)
    x.register_hook(hook)
    with pytest.raises(error, match=match):
        x.sum().backward()


def test_wrong_places_for_a_hook() -> None:
    for name in ("register_hook", "register_post_accumulate_grad_hook"):
        with pytest.raises(GradientError, match=f"{name} of a tensor that does not require grad"):
            getattr(chainrule.ones(1), name)(print)
    with pytest.raises(GradientError, match=r"register_post_accumulate_grad_hook of a result: .grad is that of leaves"):
        (leaf(chainrule, 1.0) * 2).register_post_accumulate_grad_hook(print)
    layer = chainrule.nn.Linear(1, 1)
    layer.register_forward_pre_hook(lambda m, args, kwargs: args, with_kwargs=True)
    with pytest.raises(ArgumentError, match=r"with_kwargs=True returned tuple: return \(args, kwargs\)"):
        layer(chainrule.ones(1, 1))
    layer = chainrule.nn.Linear(1, 1)
    layer.register_full_backward_hook(lambda m, gi, go: (gi[0], gi[0]))
    with pytest.raises(ArgumentError, match="a backward hook returned 2 gradients for 1"):
        layer(leaf(chainrule, 1.0)).sum().backward()


def test_a_module_without_hooks_has_none() -> None:
    layer = chainrule.nn.Linear(1, 1)
    assert "_hooks" not in vars(layer)
    assert layer(chainrule.ones(1, 1)).node.op.name == "linear"


def test_hooks_keep_no_graph_alive() -> None:
    layer = chainrule.nn.Linear(1, 1)
    layer.register_full_backward_hook(lambda m, gi, go: None)
    x = leaf(chainrule, 1.0)
    for _ in range(3):
        layer(x).sum().backward()
    gc.collect()
    assert not [o for o in gc.get_objects() if type(o).__name__ == "Passage"]


# ---------------------------------------------------------------------------------------- buffers and names


@pytest.mark.parametrize("lib", [chainrule, torch], ids=["chainrule", "torch"])
def test_buffers_that_are_not_saved(lib: Any) -> None:
    m = lib.nn.Module()
    m.register_buffer("kept", lib.ones(1))
    m.register_buffer("passing", lib.ones(2), persistent=False)
    m.inner = lib.nn.Module()
    m.inner.register_buffer("b", lib.ones(3), persistent=False)
    assert list(m.state_dict()) == ["kept"]
    assert [name for name, _ in m.named_buffers()] == ["kept", "passing", "inner.b"]
    twin = copy.deepcopy(m)
    assert list(twin.state_dict()) == ["kept"]
    assert not m.load_state_dict({"kept": lib.zeros(1)}).missing_keys
    m.passing = lib.zeros(2)
    assert list(m.state_dict()) == ["kept"]
    m.double()
    assert m.passing.dtype == lib.float64
    m.register_buffer("passing", lib.ones(2))
    assert list(m.state_dict()) == ["kept", "passing"]
    del m.passing
    m.register_buffer("passing", None)
    assert list(m.state_dict()) == ["kept"]
    state = m.state_dict(prefix="a.", keep_vars=True)
    assert state["a.kept"] is m.kept


@pytest.mark.parametrize("lib", [chainrule, torch], ids=["chainrule", "torch"])
def test_parts_by_name(lib: Any) -> None:
    m = lib.nn.Sequential(lib.nn.Linear(1, 2), lib.nn.Sequential(lib.nn.BatchNorm1d(2)))
    assert m.get_submodule("1.0") is m[1][0]
    assert m.get_submodule("") is m
    assert m.get_parameter("0.weight") is m[0].weight
    assert m.get_buffer("1.0.running_mean") is m[1][0].running_mean
    for method, name in [("get_submodule", "2"), ("get_parameter", "1.0.running_mean"), ("get_buffer", "0.weight")]:
        with pytest.raises(AttributeError):
            getattr(m, method)(name)
    m.register_module("again", m[0])
    assert len(list(m.named_parameters())) == 4
    assert [n for n, _ in m.named_parameters(remove_duplicate=False)][-2:] == ["again.weight", "again.bias"]
    assert [n for n, _ in m.named_modules(remove_duplicate=False)] == ["", "0", "1", "1.0", "again"]


def test_a_name_of_nothing() -> None:
    with pytest.raises(NameOfNothing, match="Linear has no buffer named 'weight'"):
        chainrule.nn.Linear(1, 1).get_buffer("weight")
