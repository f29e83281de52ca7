"""Modules, layers and losses: torch's structure, torch's numbers, torch's gradients; refusals in the user's words."""

from __future__ import annotations

import copy
import pickle
from collections import OrderedDict
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

import chainrule
from chainrule import nn
from chainrule.errors import ArgumentError, ChainruleError, DtypeError, LabelError, OperandError, ShapeError
from chainrule.nn import functional as F

LIBRARIES = [pytest.param(chainrule, id="chainrule"), pytest.param(torch, id="torch")]


def whole(t: Any) -> Any:
    """A module with one of everything: parameter, module, buffer, plain attribute."""

    class Whole(t.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.w = t.nn.Parameter(t.ones(2))
            self.inner = t.nn.Linear(2, 2)
            self.register_buffer("seen", t.zeros(1))
            self.plain = 5

        def forward(self, x: Any) -> Any:
            return self.inner(x * self.w).sum() + self.seen

    return Whole()


def nested(t: Any) -> Any:
    """Sequentials in a Sequential, one layer in two places."""
    shared = t.nn.Linear(3, 3)
    return t.nn.Sequential(
        t.nn.Sequential(t.nn.Linear(4, 3), t.nn.Tanh(), shared),
        twice(t, shared),
        t.nn.Sequential(OrderedDict(out=t.nn.Linear(3, 2, bias=False), bend=t.nn.Softmax(dim=-1))),
    )


def twice(t: Any, shared: Any) -> Any:
    """A module of its own class, so that names of classes are compared too."""

    class Twice(t.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.first, self.second, self.bend = shared, t.nn.Linear(3, 3), t.nn.ReLU()

        def forward(self, x: Any) -> Any:
            return self.second(self.bend(self.first(x)))

    return Twice()


def structure(module: Any) -> dict[str, Any]:
    """Everything that can be asked about what is inside."""
    return {
        "parameters": [(name, tuple(p.shape)) for name, p in module.named_parameters()],
        "own parameters": [name for name, _ in module.named_parameters(recurse=False)],
        "prefixed": [name for name, _ in module.named_parameters(prefix="net")],
        "buffers": [(name, tuple(b.shape)) for name, b in module.named_buffers()],
        "modules": [(name, type(m).__name__) for name, m in module.named_modules()],
        "children": [(name, type(m).__name__) for name, m in module.named_children()],
        "state": list(module.state_dict()),
        "counts": [len(list(x)) for x in (module.parameters(), module.buffers(), module.modules(), module.children())],
        "training": [m.training for m in module.modules()],
        "repr": repr(module),
    }


# ---------------------------------------------------------------------------------------- what is inside


@pytest.mark.parametrize("make", [whole, nested])
def test_structure_is_torchs(make: Callable[[Any], Any]) -> None:
    assert structure(make(chainrule)) == structure(make(torch))


REPRS: dict[str, Callable[[Any], Any]] = {
    "Linear": lambda t: t.nn.Linear(2, 3),
    "Linear without bias": lambda t: t.nn.Linear(2, 3, bias=False),
    "activations": lambda t: t.nn.Sequential(t.nn.ReLU(), t.nn.Sigmoid(), t.nn.Tanh(), t.nn.Softmax(dim=1)),
    "Flatten": lambda t: t.nn.Flatten(0, 2),
    "losses": lambda t: [
        t.nn.MSELoss(),
        t.nn.L1Loss(),
        t.nn.CrossEntropyLoss(),
        t.nn.NLLLoss(),
        t.nn.BCEWithLogitsLoss(),
    ],
    "nothing inside": lambda t: t.nn.Sequential(),
    "named parts": lambda t: t.nn.Sequential(OrderedDict(a=t.nn.ReLU(), b=t.nn.Tanh())),
    "a slice keeps names": lambda t: t.nn.Sequential(t.nn.ReLU(), t.nn.Tanh(), t.nn.ReLU())[1:],
    "one part": lambda t: t.nn.Sequential(t.nn.ReLU(), t.nn.Tanh())[-1],
    "appended": lambda t: t.nn.Sequential(t.nn.ReLU()).append(t.nn.Tanh()),
    "no module there": lambda t: (lambda m: (m.add_module("none", None), m)[1])(whole(t)),
    "Parameter": lambda t: t.nn.Parameter(t.tensor([1.0, 2.5])),
}


@pytest.mark.parametrize("name", REPRS)
def test_repr_is_torchs(name: str) -> None:
    assert repr(REPRS[name](chainrule)) == repr(REPRS[name](torch))


VALUES: dict[str, Callable[[Any], Any]] = {
    "a tensor": lambda t: t.zeros(3),
    "a Parameter": lambda t: t.nn.Parameter(t.zeros(3)),
    "a module": lambda t: t.nn.ReLU(),
    "None": lambda t: None,
    "a number": lambda t: 7,
}


@pytest.mark.parametrize("value", VALUES)
@pytest.mark.parametrize("name", ["w", "inner", "seen", "plain", "new"])
def test_setting_attributes_sorts_them_as_torch_does(name: str, value: str) -> None:
    outcomes = []
    for t in (chainrule, torch):
        module = whole(t)
        try:
            setattr(module, name, VALUES[value](t))
            kept = getattr(module, name)
            outcomes.append((structure(module), None if kept is None else type(kept).__name__, name in module.__dict__))
        except TypeError:
            outcomes.append((structure(module), "refused", False))
    assert outcomes[0] == outcomes[1]


@pytest.mark.parametrize("name", ["w", "inner", "seen", "plain"])
@pytest.mark.parametrize("t", LIBRARIES)
def test_deleting_attributes(t: Any, name: str) -> None:
    module = whole(t)
    delattr(module, name)
    assert not hasattr(module, name)
    assert not any(key.startswith(name) for key in module.state_dict())
    with pytest.raises(AttributeError):
        delattr(module, name)


def test_a_parameter_under_two_names_is_listed_once_and_saved_twice() -> None:
    module = whole(chainrule)
    module.again = module.w
    assert [name for name, _ in module.named_parameters()] == ["w", "inner.weight", "inner.bias"]
    assert {"w", "again"} <= set(module.state_dict())


def test_register_none_keeps_a_place() -> None:
    for t in (chainrule, torch):
        module = whole(t)
        module.register_parameter("later", None)
        module.register_buffer("maybe", None)
        assert module.later is None
        assert module.maybe is None
        assert "later" not in module.state_dict()
        module.later = t.nn.Parameter(t.ones(1))
        assert [name for name, _ in module.named_parameters(recurse=False)] == ["w", "later"]


REGISTRATIONS: dict[str, Callable[[Any], Any]] = {
    "a tensor as parameter": lambda m: m.register_parameter("q", chainrule.ones(1)),
    "a number as buffer": lambda m: m.register_buffer("q", 5),
    "a number as module": lambda m: m.add_module("q", 5),
}


@pytest.mark.parametrize("what", REGISTRATIONS)
def test_registering_the_wrong_kind_is_refused(what: str) -> None:
    with pytest.raises(
        OperandError, match=r"Whole.q: (Tensor|int) cannot be one of the (parameters|buffers|modules); "
    ):
        REGISTRATIONS[what](whole(chainrule))


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.b", "'a.b' as a name in Whole: .* no dot"),
        ("", "'' as a name"),
        ("plain", "has an attribute 'plain' already"),
    ],
)
def test_registering_under_a_wrong_name_is_refused(name: str, text: str) -> None:
    for register in ("register_parameter", "register_buffer", "add_module"):
        with pytest.raises(ArgumentError, match=text):
            getattr(whole(chainrule), register)(name, None)


@pytest.mark.parametrize("part", ["a Parameter", "a module"])
def test_setting_before_init_says_what_to_call(part: str) -> None:
    class Early(nn.Module):
        def __init__(self) -> None:
            self.part = VALUES[part](chainrule)
            super().__init__()

    with pytest.raises(
        ChainruleError, match=r"Early.part is set before super\(\).__init__\(\) was called; call it fir"
    ):
        Early()


def test_what_a_name_is_for_is_said() -> None:
    module = whole(chainrule)
    with pytest.raises(
        OperandError, match=r"Whole.w is one of its parameters and was given Tensor: give Parameter or No"
    ):
        module.w = chainrule.ones(2)
    with pytest.raises(OperandError, match=r"Whole.inner is one of its modules and was given int: give Module or None"):
        module.inner = 5
    with pytest.raises(AttributeError, match="Whole has no attribute 'weight'"):
        _ = module.weight
    with pytest.raises(NotImplementedError, match=r"Module has no forward: write def forward\(self, x\)"):
        nn.Module()(1)


def test_parameter() -> None:
    data = chainrule.ones(2)
    p = nn.Parameter(data)
    assert p.requires_grad
    assert p.is_leaf
    assert isinstance(p, chainrule.Tensor)
    data[0] = 5.0
    assert p.tolist() == [5.0, 1.0]  # the same memory
    assert not nn.Parameter(data, requires_grad=False).requires_grad
    assert nn.Parameter(3.0).dtype == nn.Parameter([1.0, 2.0]).dtype == np.float32


# ---------------------------------------------------------------------------------------- done to all inside


@pytest.mark.parametrize("t", LIBRARIES)
def test_train_eval_apply_requires_grad(t: Any) -> None:
    model = nested(t)
    assert model.eval() is model
    assert not any(m.training for m in model.modules())
    assert model.train() is model
    assert all(m.training for m in model.modules())
    visited: list[str] = []
    assert model.apply(lambda m: visited.append(type(m).__name__)) is model
    assert visited[:4] == ["Linear", "Tanh", "Linear", "Sequential"]
    assert visited[-1] == "Sequential"
    assert model.requires_grad_(False) is model
    assert not any(p.requires_grad for p in model.parameters())
    model.requires_grad_()
    assert all(p.requires_grad for p in model.parameters())


def test_apply_visits_in_torchs_order() -> None:
    orders: list[list[str]] = []
    for t in (chainrule, torch):
        orders.append([])
        nested(t).apply(lambda m, seen=orders[-1]: seen.append(type(m).__name__))
    assert orders[0] == orders[1]


@pytest.mark.parametrize("t", LIBRARIES)
def test_zero_grad(t: Any) -> None:
    model = whole(t)
    model(t.ones(2)).backward()
    kept = model.w.grad
    model.zero_grad(set_to_none=False)
    assert model.w.grad is kept
    assert kept.tolist() == [0.0, 0.0]
    model.zero_grad()
    assert [p.grad for p in model.parameters()] == [None] * 3


@pytest.mark.parametrize("t", LIBRARIES)
def test_casting_keeps_the_parameters_and_the_optimizers_hold_on_them(t: Any) -> None:
    model = whole(t)
    model.register_buffer("count", t.arange(2))
    optimizer = t.optim.SGD(model.parameters(), lr=0.1)
    model(t.ones(2)).backward()
    before = list(model.parameters())
    assert model.double() is model
    assert all(a is b for a, b in zip(model.parameters(), before, strict=True))
    assert {p.dtype for p in model.parameters()} == {p.grad.dtype for p in model.parameters()} == {t.float64}
    assert (model.seen.dtype, model.count.dtype) == (t.float64, t.int64)
    assert all(p.requires_grad and p.is_leaf for p in model.parameters())
    was = model.w.tolist()
    model(t.ones(2, dtype=t.float64)).backward()
    optimizer.step()
    assert model.w.tolist() != was
    assert {p.dtype for p in model.to(t.float32).parameters()} == {t.float32}
    assert {p.dtype for p in model.to("cpu", t.float64).parameters()} == {t.float64}
    assert {p.dtype for p in model.float().cpu().parameters()} == {t.float32}


def test_casting_to_integers_is_refused() -> None:
    with pytest.raises(DtypeError, match=r"Whole.to\(int64\): parameters are float32 or float64"):
        whole(chainrule).to(chainrule.int64)


@pytest.mark.parametrize("t", LIBRARIES)
def test_a_deep_copy_trains_on_its_own(t: Any) -> None:
    model = nested(t)
    twin = copy.deepcopy(model)
    assert twin[1].first is twin[0][2]  # what was shared is shared
    before = [p.tolist() for p in model.parameters()]
    optimizer = t.optim.SGD(twin.parameters(), lr=1.0)
    (twin(t.ones(1, 4)) ** 2).sum().backward()
    optimizer.step()
    assert [p.tolist() for p in model.parameters()] == before
    assert [p.tolist() for p in twin.parameters()] != before
    assert [p.grad for p in model.parameters()] == [None] * 7


class Line(nn.Module):
    """At the top of a module, where pickle finds it."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(2, 1)
        self.tied = self.layer
        self.register_buffer("scale", chainrule.tensor(2.0))

    def forward(self, x: Any) -> Any:
        return self.layer(x) * self.scale


def test_pickle() -> None:
    model = Line().double().eval()
    again = pickle.loads(pickle.dumps(model))
    x = chainrule.randn(3, 2, dtype=chainrule.float64)
    assert again(x).tolist() == model(x).tolist()
    assert again.tied is again.layer
    assert again.layer.weight.requires_grad
    assert isinstance(again.layer.weight, nn.Parameter)
    assert not again.training
    again(x).sum().backward()
    assert model.layer.weight.grad is None


# ---------------------------------------------------------------------------------------- saving


@pytest.mark.parametrize("t", LIBRARIES)
def test_a_state_shares_memory_and_loading_copies(t: Any) -> None:
    one, two = nested(t), nested(t)
    state = one.state_dict()
    assert not any(x.requires_grad for x in state.values())
    missing, unexpected = two.load_state_dict(state)
    assert (missing, unexpected) == ([], [])
    assert [p.tolist() for p in one.parameters()] == [p.tolist() for p in two.parameters()]
    with t.no_grad():
        one[0][0].bias.fill_(5.0)
    assert state["0.0.bias"].tolist() == [5.0, 5.0, 5.0]
    assert two[0][0].bias.tolist() != [5.0, 5.0, 5.0]


def test_a_state_may_hold_arrays_other_dtypes_and_torchs_tensors() -> None:
    model = nn.Linear(2, 2)
    model.load_state_dict({"weight": np.eye(2), "bias": torch.tensor([1, 2])})
    assert (model.weight.tolist(), model.bias.tolist()) == ([[1.0, 0.0], [0.0, 1.0]], [1.0, 2.0])
    assert model.weight.dtype == np.float32


def test_a_state_that_does_not_fit_is_refused_and_nothing_is_loaded() -> None:
    model = whole(chainrule)
    before = {name: x.tolist() for name, x in model.state_dict().items()}
    state: dict[str, Any] = {name: x.clone() + 1 for name, x in model.state_dict().items()}
    with pytest.raises(
        ChainruleError, match=r"does not fit the Whole: missing \['w'\], unexpected \['v'\]; write strict=F"
    ):
        model.load_state_dict({**{k: v for k, v in state.items() if k != "w"}, "v": chainrule.ones(1)})
    with pytest.raises(
        ShapeError, match=r"inner.weight of shape \(3, 2\) in the state, \(2, 2\) in the Whole: build the"
    ):
        model.load_state_dict({**state, "inner.weight": chainrule.ones(3, 2)})
    with pytest.raises(ShapeError, match=r"seen of shape \(2,\) in the state"):
        model.load_state_dict({"seen": chainrule.ones(2), "w": chainrule.ones(2)}, strict=False)
    assert {name: x.tolist() for name, x in model.state_dict().items()} == before


@pytest.mark.parametrize("t", LIBRARIES)
def test_loading_what_fits(t: Any) -> None:
    model = whole(t)
    found = model.load_state_dict({"w": t.zeros(2), "other": t.ones(1)}, strict=False)
    assert found.missing_keys == ["seen", "inner.weight", "inner.bias"]
    assert found.unexpected_keys == ["other"]
    assert model.w.tolist() == [0.0, 0.0]


# ---------------------------------------------------------------------------------------- layers

RNG = np.random.default_rng(0)
X34, X2345 = RNG.normal(size=(3, 4)), RNG.normal(size=(2, 3, 4, 5))
LAYERS: dict[str, tuple[Callable[[Any], Any], np.ndarray]] = {
    "Linear": (lambda t: t.nn.Linear(4, 6, dtype=t.float64), X34),
    "Linear without bias": (lambda t: t.nn.Linear(4, 6, bias=False, dtype=t.float64), X34),
    "Linear of one row": (lambda t: t.nn.Linear(4, 6, dtype=t.float64), X34[0]),
    "Linear of a batch of batches": (lambda t: t.nn.Linear(5, 2, dtype=t.float64), X2345),
    "Linear of nothing": (lambda t: t.nn.Linear(4, 6, dtype=t.float64), np.zeros((0, 4))),
    "Linear without bias of a batch of batches": (lambda t: t.nn.Linear(5, 2, bias=False, dtype=t.float64), X2345),
    "ReLU": (lambda t: t.nn.ReLU(), np.array([-1.0, 0.0, 2.0, -0.0])),
    "Sigmoid": (lambda t: t.nn.Sigmoid(), np.array([-800.0, -1.0, 0.0, 2.0, 800.0])),
    "Tanh": (lambda t: t.nn.Tanh(), np.array([-800.0, -1.0, 0.0, 2.0, 800.0])),
    "Softmax": (lambda t: t.nn.Softmax(dim=1), X34 * 100),
    "Softmax along the first": (lambda t: t.nn.Softmax(dim=0), X2345),
    "Flatten": (lambda t: t.nn.Flatten(), X2345),
    "Flatten in the middle": (lambda t: t.nn.Flatten(1, 2), X2345),
    "Flatten of all": (lambda t: t.nn.Flatten(0), X2345),
    "Sequential": (lambda t: t.nn.Sequential(t.nn.Linear(4, 5), t.nn.Tanh(), t.nn.Linear(5, 2)).double(), X34),
    "nested with a shared layer": (lambda t: nested(t).double(), X34),
    "Sequential of nothing": (lambda t: t.nn.Sequential(), X34),
}


@pytest.mark.parametrize("name", LAYERS)
def test_layers_are_torchs(name: str) -> None:
    make, array = LAYERS[name]
    mine, theirs = make(chainrule), make(torch)
    mine.load_state_dict(theirs.state_dict())
    x, y = chainrule.tensor(array, requires_grad=True), torch.tensor(array, requires_grad=True)
    out, expected = mine(x), theirs(y)
    assert out.shape == tuple(expected.shape)
    np.testing.assert_allclose(out.detach().numpy(), expected.detach().numpy(), rtol=1e-12, atol=1e-14)
    weights = np.random.default_rng(1).normal(size=out.shape)
    (out * chainrule.tensor(weights)).sum().backward()
    (expected * torch.tensor(weights)).sum().backward()
    pairs = [(x, y), *zip(mine.parameters(), theirs.parameters(), strict=True)]
    for a, b in pairs:
        np.testing.assert_allclose(a.grad.numpy(), b.grad.numpy(), rtol=1e-11, atol=1e-13)


def test_a_layer_works_on_float32_by_default() -> None:
    model, twin = nn.Linear(4, 6), torch.nn.Linear(4, 6)
    model.load_state_dict(twin.state_dict())
    out = model(chainrule.tensor(X34).float())
    assert out.dtype == np.float32
    np.testing.assert_allclose(out.detach().numpy(), twin(torch.tensor(X34).float()).detach().numpy(), atol=1e-6)


# ---------------------------------------------------------------------------------------- losses

LOGITS = RNG.normal(size=(5, 3)) * 3
LABELS = np.array([0, 2, 1, 1, 0])
LOSSES: dict[str, tuple[str, Any, Any]] = {
    "mse": ("MSELoss", X34, RNG.normal(size=(3, 4))),
    "mse of numbers": ("MSELoss", np.array(1.5), np.array(-0.5)),
    "l1, some equal": ("L1Loss", np.array([1.0, 2.0, 3.0]), np.array([1.0, 5.0, -1.0])),
    "cross-entropy": ("CrossEntropyLoss", LOGITS, LABELS),
    "cross-entropy of one row": ("CrossEntropyLoss", LOGITS[0], LABELS[1]),
    "cross-entropy of sure networks": ("CrossEntropyLoss", LOGITS * 1000, LABELS),
    "nll": ("NLLLoss", np.log(np.abs(LOGITS)), LABELS),
    "bce": ("BCEWithLogitsLoss", LOGITS, (LOGITS > 1).astype(float)),
    "bce of soft targets": ("BCEWithLogitsLoss", LOGITS, np.full((5, 3), 0.3)),
    "bce of sure networks": ("BCEWithLogitsLoss", np.array([-1e4, 1e4, 0.0]), np.array([1.0, 1.0, 0.0])),
}
FUNCTIONS = {
    "MSELoss": "mse_loss",
    "L1Loss": "l1_loss",
    "CrossEntropyLoss": "cross_entropy",
    "NLLLoss": "nll_loss",
    "BCEWithLogitsLoss": "binary_cross_entropy_with_logits",
}


@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
@pytest.mark.parametrize("name", LOSSES)
def test_losses_are_torchs(name: str, reduction: str) -> None:
    kind, prediction, target = LOSSES[name]
    x, y = chainrule.tensor(prediction, requires_grad=True), torch.tensor(prediction, requires_grad=True)
    a = getattr(nn, kind)(reduction=reduction)(x, chainrule.tensor(target))
    b = getattr(torch.nn, kind)(reduction=reduction)(y, torch.tensor(target))
    assert a.shape == tuple(b.shape)
    np.testing.assert_allclose(a.detach().numpy(), b.detach().numpy(), rtol=1e-12, atol=1e-14)
    a.sum().backward()
    b.sum().backward()
    np.testing.assert_allclose(x.grad.numpy(), y.grad.numpy(), rtol=1e-11, atol=1e-14)
    function = getattr(F, FUNCTIONS[kind])
    assert function(x, chainrule.tensor(target), reduction=reduction).tolist() == a.tolist()


@pytest.mark.parametrize("kind", ["MSELoss", "L1Loss", "BCEWithLogitsLoss"])
def test_targets_get_gradients_too(kind: str) -> None:
    grads = []
    for t in (chainrule, torch):
        target = t.tensor([0.2, 0.9], dtype=t.float64, requires_grad=True)
        getattr(t.nn, kind)()(t.tensor([1.0, -2.0], dtype=t.float64), target).backward()
        grads.append(target.grad.tolist())
    assert grads[0] == pytest.approx(grads[1], rel=1e-12)


def test_functional_activations_and_their_dtypes() -> None:
    for name in ("relu", "sigmoid", "tanh", "logsigmoid"):
        mine, theirs = getattr(F, name)(chainrule.tensor(X34)), getattr(torch.nn.functional, name)(torch.tensor(X34))
        np.testing.assert_allclose(mine.numpy(), theirs.numpy(), rtol=1e-12)
    for name in ("softmax", "log_softmax"):
        mine = getattr(F, name)(chainrule.arange(3), dim=0, dtype=chainrule.float64)
        theirs = getattr(torch.nn.functional, name)(torch.arange(3), dim=0, dtype=torch.float64)
        np.testing.assert_allclose(mine.numpy(), theirs.numpy(), rtol=1e-12)
    assert F.linear(chainrule.ones(4, 5), chainrule.ones(5)).tolist() == [5.0] * 4


# ---------------------------------------------------------------------------------------- bad input

zeros, tensor = chainrule.zeros, chainrule.tensor
BAD: dict[str, tuple[Callable[[], Any], type[ChainruleError], str]] = {
    "linear misfit": (
        lambda: nn.Linear(3, 2)(zeros(4, 5)),
        ShapeError,
        r"linear of an input of shape \(4, 5\) with a weight of shape \(2, 3\): .* last size of the input \(5\)",
    ),
    "linear misfit without bias": (
        lambda: nn.Linear(3, 2, bias=False)(zeros(4, 5)),
        ShapeError,
        r"linear of an input of shape \(4, 5\) with a weight of shape \(2, 3\)",
    ),
    "linear of a number": (lambda: nn.Linear(3, 2)(tensor(1.0)), ShapeError, r"linear of an input of shape \(\)"),
    "linear with a wrong bias": (
        lambda: F.linear(zeros(1, 3), zeros(2, 3), zeros(3)),
        ShapeError,
        r"linear with a bias of shape \(3,\): .* \(2,\)",
    ),
    "linear of integers": (
        lambda: nn.Linear(3, 2)(chainrule.arange(3)),
        DtypeError,
        "linear of dtypes float32 and int64: .* one dtype",
    ),
    "linear of float64": (
        lambda: nn.Linear(3, 2)(zeros(3, dtype=chainrule.float64)),
        DtypeError,
        "linear of dtypes float32 and float64",
    ),
    "linear of a list": (lambda: nn.Linear(3, 2)([1.0, 2.0, 3.0]), OperandError, "linear of a tensor and list"),
    "Linear without features": (
        lambda: nn.Linear(0, 2),
        ArgumentError,
        r"Linear\(0, 2\): both numbers of features must",
    ),
    "a label too large": (
        lambda: F.cross_entropy(zeros(2, 3), tensor([0, 3])),
        LabelError,
        r"cross_entropy with label 3 \(at place 1\): with 3 classes, labels run from 0 to 2",
    ),
    "a label below 0": (
        lambda: nn.NLLLoss()(zeros(3, 3), tensor([0, 1, -1])),
        LabelError,
        r"nll_loss with label -1 \(at place 2\)",
    ),
    "labels of floats": (
        lambda: F.cross_entropy(zeros(2, 3), tensor([0.0, 1.0])),
        DtypeError,
        r"cross_entropy with labels of dtype float32: labels are class numbers; write target.long\(\)",
    ),
    "labels of another length": (
        lambda: F.cross_entropy(zeros(2, 3), tensor([0, 1, 2])),
        ShapeError,
        r"cross_entropy of scores of shape \(2, 3\) and labels of shape \(3,\): scores are \(n, classes\)",
    ),
    "labels as a column": (
        lambda: F.cross_entropy(zeros(2, 3), tensor([[0], [1]])),
        ShapeError,
        r"labels of shape \(2, 1\)",
    ),
    "labels in a list": (
        lambda: F.cross_entropy(zeros(2, 3), [0, 1]),
        OperandError,
        r"cross_entropy: the labels is list; write chainrule.tensor\(...\) around it",
    ),
    "scores of integers": (
        lambda: F.cross_entropy(zeros(2, 3).long(), tensor([0, 1])),
        DtypeError,
        "log_softmax of dtype int64: it needs flo",
    ),
    "(n, 1) against (n,)": (
        lambda: nn.MSELoss()(zeros(3, 1), zeros(3)),
        ShapeError,
        r"mse_loss of a prediction of shape \(3, 1\) and a target of shape \(3,\): they must be equal, .* "
        r"write mse_loss\(prediction, target.reshape\(prediction.shape\)\)",
    ),
    "l1 of other shapes": (lambda: nn.L1Loss()(zeros(3), zeros(4)), ShapeError, r"l1_loss .* every target$"),
    "bce of other shapes": (
        lambda: nn.BCEWithLogitsLoss()(zeros(3, 1), zeros(3)),
        ShapeError,
        r"binary_cross_entropy_with_logits of a predic",
    ),
    "a target in a list": (
        lambda: nn.MSELoss()(zeros(2), [0.0, 1.0]),
        OperandError,
        "mse_loss: the target is list; write",
    ),
    "an unknown reduction": (
        lambda: nn.MSELoss(reduction="avg"),
        ArgumentError,
        "reduction='avg': choose 'mean', 'sum' or 'none'",
    ),
    "an unknown reduction, in the function": (
        lambda: F.l1_loss(zeros(1), zeros(1), reduction="avg"),
        ArgumentError,
        "reduction='avg'",
    ),
    "Sequential of a class": (
        lambda: nn.Sequential(nn.Linear(1, 1), nn.ReLU),
        OperandError,
        r"Sequential was given type at place 1: every part must be a module \(write nn.ReLU\(\)",
    ),
    "Sequential of a list": (lambda: nn.Sequential([nn.ReLU()]), OperandError, "Sequential was given list at place 0"),
    "Sequential of a function": (lambda: nn.Sequential(F.relu), OperandError, "Sequential was given .* at place 0"),
    "softmax along no dimension": (lambda: nn.Softmax(dim=3)(zeros(2)), LabelError, "softmax: dim=3 does not exist"),
    "Flatten of a row": (lambda: nn.Flatten()(zeros(3)), LabelError, "flatten: dim=1 does not exist"),
    "a Parameter of integers": (
        lambda: nn.Parameter(chainrule.arange(3)),
        ChainruleError,
        "of dtype int64: only floating",
    ),
}


@pytest.mark.parametrize("name", BAD)
def test_refused(name: str) -> None:
    call, error, text = BAD[name]
    with pytest.raises(error, match=text):
        call()
