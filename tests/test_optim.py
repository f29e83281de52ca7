"""Optimizers walk torch's way: 50 steps, every option, parameters of 0, 1 and 2 dimensions."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable
from itertools import product
from typing import Any

import numpy as np
import pytest
import torch

import chainrule
from chainrule import optim
from chainrule.errors import ArgumentError, ChainruleError, OperandError, ShapeError

LIBRARIES = [pytest.param(chainrule, id="chainrule"), pytest.param(torch, id="torch")]
RNG = np.random.default_rng(0)
X, Y = RNG.normal(size=(20, 3)), RNG.normal(size=(20, 4))
START = [np.array(0.7), RNG.normal(size=3), RNG.normal(size=(4, 3))]  # an offset, scales, weights

Options = dict[str, Any]
SGD_OPTIONS: list[Options] = [
    dict(zip(("momentum", "dampening", "nesterov", "weight_decay", "maximize"), values, strict=True))
    for values in product((0.0, 0.9), (0.0, 0.3), (False, True), (0.0, 0.1), (False, True))
    if not values[2] or (values[0] and not values[1])  # nesterov goes with momentum and without dampening
]
ADAM_OPTIONS: list[Options] = [
    dict(zip(("betas", "eps", "weight_decay", "amsgrad", "maximize"), values, strict=True))
    for values in product(((0.9, 0.999), (0.5, 0.8)), (1e-8, 1e-2), (0.0, 0.1), (False, True), (False, True))
]

DECAY: list[Options] = [{}, {"weight_decay": 0.1}, {"maximize": True}]
MORE_OPTIONS: dict[str, tuple[float, list[Options]]] = {
    "AdamW": (0.01, [*DECAY, {"amsgrad": True}, {"betas": (0.5, 0.8), "eps": 1e-2}]),
    "NAdam": (
        0.01,
        [*DECAY, {"momentum_decay": 0.1}, {"weight_decay": 0.1, "decoupled_weight_decay": True}, {"betas": (0.5, 0.8)}],
    ),
    "RAdam": (0.01, [*DECAY, {"weight_decay": 0.1, "decoupled_weight_decay": True}, {"betas": (0.5, 0.8), "eps": 0.1}]),
    "Adamax": (0.01, [*DECAY, {"betas": (0.5, 0.8), "eps": 1e-2}]),
    "Adagrad": (0.05, [*DECAY, {"lr_decay": 0.1}, {"initial_accumulator_value": 0.3, "eps": 1e-3}]),
    "Adadelta": (1.0, [*DECAY, {"rho": 0.5, "eps": 1e-3}]),
    "RMSprop": (
        0.005,
        [*DECAY, {"momentum": 0.9}, {"centered": True}, {"centered": True, "momentum": 0.5, "alpha": 0.8, "eps": 0.1}],
    ),
    "Rprop": (0.01, [{}, {"maximize": True}, {"etas": (0.3, 1.5)}, {"step_sizes": (1e-3, 0.05)}]),
}


def shown(options: Options) -> str:
    return " ".join(f"{k}={v}" for k, v in options.items() if v) or "plain"


CASES = [
    pytest.param(name, {"lr": lr, **options}, id=f"{name} {shown(options)}")
    for name, lr, all_options in (
        ("SGD", 0.05, SGD_OPTIONS),
        ("Adam", 0.01, ADAM_OPTIONS),
        *((name, *rest) for name, rest in MORE_OPTIONS.items()),
    )
    for options in all_options
]


class Run:
    """A small network under an optimizer, in chainrule or in torch."""

    def __init__(self, t: Any, dtype: str, name: str, options: Options) -> None:
        self.t, self.dtype = t, getattr(t, dtype)
        self.params = [t.tensor(x, dtype=self.dtype, requires_grad=True) for x in START]
        self.x, self.y = t.tensor(X, dtype=self.dtype), t.tensor(Y, dtype=self.dtype)
        self.optimizer = getattr(t.optim, name)(self.params, **options)

    def loss(self) -> Any:
        offset, scale, weight = self.params
        return ((((self.x * scale) @ weight.T + offset).tanh() - self.y) ** 2).mean()

    def steps(self, n: int) -> np.ndarray:
        """All parameters after each of n steps: (n, 16)."""
        walked = []
        for _ in range(n):
            self.optimizer.zero_grad()
            self.loss().backward()
            self.optimizer.step()
            walked.append(self.place())
        return np.array(walked)

    def place(self) -> np.ndarray:
        return np.concatenate([p.detach().numpy().ravel().copy() for p in self.params])


@pytest.mark.parametrize(("name", "options"), CASES)
def test_50_steps_are_torchs(name: str, options: Options) -> None:
    """In float64, with the network's own gradients: a rounding of 1e-16 would have to grow ten million times.

    (Where the network is made to run away, it grows a thousand times.  PyTorch's NAdam keeps a product in float32.)
    """
    walked = Run(chainrule, "float64", name, options).steps(50)
    np.testing.assert_allclose(walked, Run(torch, "float64", name, options).steps(50), rtol=0, atol=1e-9)
    assert np.abs(walked[-1] - walked[0]).max() > 1e-3  # it went somewhere


@pytest.mark.parametrize(("name", "options"), CASES)
def test_50_steps_in_float32_are_torchs(name: str, options: Options) -> None:
    """The same gradients for both: in those of a network, which may be 0 but for rounding, Adam sees ones like any.

    Between 0.5 and 1.5, of either sign, no gradient vanishes, nor does its running square or variance: dividing by the
    root of one makes a rounding at most 10 times as large.  A step rounds up to 16 times, and once more when it is
    subtracted.
    """
    runs = [Run(t, "float32", name, options) for t in (chainrule, torch)]
    walks = [[run.place()] for run in runs]
    rng = np.random.default_rng(0)
    for _ in range(50):
        gradients = [rng.choice([-1, 1], x.shape) * rng.uniform(0.5, 1.5, x.shape) for x in START]
        for run, walk in zip(runs, walks, strict=True):
            for p, g in zip(run.params, gradients, strict=True):
                p.grad = run.t.tensor(g, dtype=run.dtype)
            run.optimizer.step()
            walk.append(run.place())
    mine, theirs = map(np.array, walks)
    place, step = np.abs(theirs).max(), np.abs(np.diff(theirs, axis=0)).max()
    np.testing.assert_allclose(mine, theirs, rtol=0, atol=50 * np.finfo("f4").eps * (place + 16 * 10 * step))
    assert {p.dtype for p in runs[0].params} == {np.dtype("float32")}
    assert step > 1e-3  # it went somewhere


CHOICES = [
    pytest.param("SGD", {"lr": 0.05}, id="SGD"),
    pytest.param("SGD", {"lr": 0.05, "momentum": 0.9, "nesterov": True, "weight_decay": 0.1}, id="SGD with momentum"),
    pytest.param("Adam", {"lr": 0.01}, id="Adam"),
    pytest.param("Adam", {"lr": 0.01, "amsgrad": True, "weight_decay": 0.1}, id="Adam with amsgrad"),
    *(pytest.param(name, {"lr": lr, **rest[-1]}, id=name) for name, (lr, rest) in MORE_OPTIONS.items()),
]


@pytest.mark.parametrize(("name", "options"), CHOICES)
def test_a_saved_state_goes_on_in_a_fresh_optimizer(name: str, options: Options) -> None:
    straight = Run(chainrule, "float64", name, options)
    walked = straight.steps(20)
    first = Run(chainrule, "float64", name, options)
    first.steps(10)
    state = pickle.loads(pickle.dumps(first.optimizer.state_dict()))
    second = Run(chainrule, "float64", name, {"lr": 123.0})  # its options come from the state
    for p, other in zip(second.params, first.params, strict=True):
        p.data = other.detach().clone()
    second.optimizer.load_state_dict(state)
    assert second.optimizer.param_groups[0]["lr"] == options["lr"]
    np.testing.assert_array_equal(second.steps(10), walked[10:])
    np.testing.assert_array_equal(first.steps(10), walked[10:])  # saving changed nothing


@pytest.mark.parametrize(("name", "options"), CHOICES)
def test_loading_copies(name: str, options: Options) -> None:
    run = Run(chainrule, "float64", name, options)
    run.steps(3)
    state = copy.deepcopy(run.optimizer.state_dict())
    other = Run(chainrule, "float64", name, options)
    other.optimizer.load_state_dict(state)
    before = repr(state)
    other.steps(3)
    assert repr(state) == before


def test_a_state_takes_the_dtype_of_the_parameters() -> None:
    small = Run(chainrule, "float32", "SGD", {"lr": 0.1, "momentum": 0.9})
    small.steps(2)
    large = Run(chainrule, "float64", "SGD", {"lr": 0.1, "momentum": 0.9})
    large.optimizer.load_state_dict(small.optimizer.state_dict())
    assert {x["momentum_buffer"].dtype for x in large.optimizer.state_dict()["state"].values()} == {chainrule.float64}


def test_the_state_is_keyed_as_torchs() -> None:
    states = []
    for t in (chainrule, torch):
        run = Run(t, "float64", "Adam", {"lr": 0.01, "amsgrad": True})
        run.steps(2)
        state = run.optimizer.state_dict()
        states.append((state["param_groups"][0]["params"], {k: sorted(v) for k, v in state["state"].items()}))
        states[-1] += ({k: int(v["step"]) for k, v in state["state"].items()},)
    assert states[0] == states[1]


@pytest.mark.parametrize(("name", "options"), CHOICES)
def test_a_step_leaves_the_gradient_alone(name: str, options: Options) -> None:
    run = Run(chainrule, "float64", name, options)
    for _ in range(3):
        run.optimizer.zero_grad()
        run.loss().backward()
        gradients = [p.grad.tolist() for p in run.params]
        run.optimizer.step()
        assert [p.grad.tolist() for p in run.params] == gradients


@pytest.mark.parametrize(("name", "options"), CHOICES)
@pytest.mark.parametrize("t", LIBRARIES)
def test_parameters_without_gradient_stay(t: Any, name: str, options: Options) -> None:
    run = Run(t, "float64", name, options)
    (run.params[1] ** 2).sum().backward()
    run.optimizer.step()
    assert [p.tolist() == x.tolist() for p, x in zip(run.params, START, strict=True)] == [True, False, True]
    assert len(run.optimizer.state) <= 1 or (name, t) == ("Adagrad", torch)  # which makes its state at once


@pytest.mark.parametrize("t", LIBRARIES)
def test_zero_grad_both_ways(t: Any) -> None:
    run = Run(t, "float64", "SGD", {"lr": 0.1})
    run.loss().backward()
    kept = run.params[2].grad
    run.optimizer.zero_grad(set_to_none=False)
    assert run.params[2].grad is kept
    assert not kept.any()
    run.optimizer.zero_grad()
    assert [p.grad for p in run.params] == [None, None, None]
    run.optimizer.zero_grad(set_to_none=False)
    assert [p.grad for p in run.params] == [None, None, None]


@pytest.mark.parametrize("inside_no_grad", [False, True])
@pytest.mark.parametrize("t", LIBRARIES)
def test_closure(t: Any, inside_no_grad: bool) -> None:
    run, plain = Run(t, "float64", "SGD", {"lr": 0.1}), Run(t, "float64", "SGD", {"lr": 0.1})

    def closure() -> Any:
        run.optimizer.zero_grad()
        loss = run.loss()
        loss.backward()
        return loss

    with t.no_grad() if inside_no_grad else t.enable_grad():
        loss = run.optimizer.step(closure)
    assert loss.item() == plain.loss().item()
    np.testing.assert_array_equal(run.place(), plain.steps(1)[0])
    assert run.optimizer.step() is None


@pytest.mark.parametrize(("name", "options"), CHOICES)
def test_groups_are_torchs(name: str, options: Options) -> None:
    walked = []
    for t in (chainrule, torch):
        run = Run(t, "float64", name, options)
        offset, scale, weight = run.params
        run.optimizer = getattr(t.optim, name)(
            [{"params": [offset]}, {"params": scale, "lr": 0.2, "weight_decay": 0.3}], **options
        )
        run.optimizer.add_param_group({"params": [weight], "lr": 0.003, "maximize": True})
        assert [len(group["params"]) for group in run.optimizer.param_groups] == [1, 1, 1]
        assert [group["lr"] for group in run.optimizer.param_groups] == [options["lr"], 0.2, 0.003]
        walked.append(run.steps(20))
        run.optimizer.param_groups[0]["lr"] = 0.0  # what a schedule does
        before = offset.item()
        run.steps(1)
        assert offset.item() == before
    np.testing.assert_allclose(walked[0], walked[1], rtol=0, atol=1e-8)  # PyTorch's NAdam keeps a product in float32


def test_a_step_between_forward_and_backward_is_noticed() -> None:
    run = Run(chainrule, "float64", "SGD", {"lr": 0.1})
    run.steps(1)
    loss = run.loss()
    run.optimizer.step()
    with pytest.raises(ChainruleError, match="changed in place"):
        loss.backward()


def test_repr_shows_the_options() -> None:
    text = repr(optim.SGD([chainrule.ones(1, requires_grad=True)], lr=0.1))
    assert text.startswith("SGD (\nParameter Group 0\n    dampening: 0")
    assert "    lr: 0.1\n" in text
    assert "params" not in text


# ---------------------------------------------------------------------------------------- refused


def parameter() -> Any:
    return chainrule.ones(2, requires_grad=True)


P = parameter()
BAD: dict[str, tuple[Callable[[], Any], type[ChainruleError], str]] = {
    "a tensor": (
        lambda: optim.SGD(P),
        OperandError,
        r"an optimizer takes a list of parameters: write model.parameters",
    ),
    "nothing": (
        lambda: optim.SGD([]),
        ArgumentError,
        "an optimizer was given no parameters: an empty list, or a generat",
    ),
    "a number": (lambda: optim.Adam([P, 1.0]), OperandError, "parameter 1 is float: an optimizer changes tensors"),
    "a result": (
        lambda: optim.SGD([P * 2]),
        ArgumentError,
        "parameter 0 is the result of an operation: only leaves can",
    ),
    "twice": (lambda: optim.SGD([P, P]), ArgumentError, "parameter 1 is given twice: it would be moved twice a step"),
    "twice, in two groups": (
        lambda: optim.SGD([{"params": [P]}, {"params": [P]}]),
        ArgumentError,
        "parameter 0 is given twice",
    ),
    "a group without parameters": (
        lambda: optim.SGD([{"lr": 0.1}]),
        OperandError,
        r"a parameter group is a dict with parameters and options: {'para",
    ),
    "a tensor among groups": (
        lambda: optim.SGD([{"params": [P]}, parameter()]),
        OperandError,
        "a parameter group is a dict",
    ),
    "lr below 0": (lambda: optim.SGD([P], lr=-1), ArgumentError, "lr=-1: it must be at least 0"),
    "lr nan": (lambda: optim.Adam([P], lr=float("nan")), ArgumentError, "lr=nan: it must be at least 0"),
    "momentum below 0": (lambda: optim.SGD([P], momentum=-0.1), ArgumentError, "momentum=-0.1: it must be at least 0"),
    "weight decay below 0": (
        lambda: optim.Adam([P], weight_decay=-1),
        ArgumentError,
        "weight_decay=-1: it must be at le",
    ),
    "nesterov alone": (
        lambda: optim.SGD([P], nesterov=True),
        ArgumentError,
        "nesterov=True needs momentum above 0 and no dampening",
    ),
    "nesterov dampened": (
        lambda: optim.SGD([P], momentum=0.9, dampening=0.1, nesterov=True),
        ArgumentError,
        "nesterov=True needs momentum",
    ),
    "beta of 1": (
        lambda: optim.Adam([P], betas=(0.9, 1.0)),
        ArgumentError,
        "betas=1.0: it must be from 0 up to but without 1",
    ),
    "one beta": (
        lambda: optim.Adam([P], betas=(0.9,)),
        ArgumentError,
        r"betas=\(0.9,\): give two, for the mean and for",
    ),
    "eps below 0": (lambda: optim.Adam([P], eps=-1e-8), ArgumentError, "eps=-1e-08: it must be at least 0"),
    "another state": (
        lambda: optim.SGD([P]).load_state_dict(optim.SGD([parameter(), parameter()]).state_dict()),
        ArgumentError,
        r"the state is of groups of \[2\] parameters, this optimizer has groups of \[1\]",
    ),
}


@pytest.mark.parametrize("name", BAD)
def test_refused(name: str) -> None:
    call, error, text = BAD[name]
    with pytest.raises(error, match=text):
        call()


def test_a_gradient_of_another_shape_is_refused() -> None:
    p = parameter()
    optimizer = optim.SGD([p], lr=0.1)
    p.grad = chainrule.ones(3)
    with pytest.raises(ShapeError, match=r"a gradient of shape \(3,\) for a parameter of shape \(2,\)"):
        optimizer.step()
    assert p.tolist() == [1.0, 1.0]
