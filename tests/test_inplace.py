"""Changing numbers in place: what PyTorch does, or a refusal that says why; never a wrong gradient."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from samples import same

import chainrule
from chainrule.errors import ArgumentError, DtypeError, GradientError, LabelError, ShapeError


def leaves(lib: Any) -> tuple[Any, Any]:
    """Two leaves in float64, shapes (3, 2) and (2,)."""
    x = lib.tensor([[1.0, -2.0], [0.5, 3.0], [-1.5, 0.25]], dtype=lib.float64, requires_grad=True)
    return x, lib.tensor([2.0, -0.75], dtype=lib.float64, requires_grad=True)


def _set_row(lib: Any, x: Any, y: Any) -> Any:
    z = x * 2
    z[0] = y * y
    return z * z


def _set_to_number(lib: Any, x: Any, y: Any) -> Any:
    z = x * y
    z[1, 0] = 7.0
    return z * z


def _add_to_row(lib: Any, x: Any, y: Any) -> Any:
    z = x * 2
    z[0] += y
    return z * z


def _add_to_itself(lib: Any, x: Any, y: Any) -> Any:
    z = x * 2
    z[1:] += z[:2] * 3
    return z.sin()


def _multiply_row(lib: Any, x: Any, y: Any) -> Any:
    z = x + 0
    z[1] *= y
    z[-1] -= 1
    z[0] /= 4
    return z * z


def _at_mask(lib: Any, x: Any, y: Any) -> Any:
    z = x * 3
    z[z < 0] = 0.5
    return z * z


def _at_places(lib: Any, x: Any, y: Any) -> Any:
    z = x * 3
    z[lib.tensor([2, 0])] = y
    return z * z


def _add_at_places(lib: Any, x: Any, y: Any) -> Any:
    z = x * 3
    z[lib.tensor([2, 0]), 1] += y
    return z * z


def _add_in_place(lib: Any, x: Any, y: Any) -> Any:
    z = x * 2
    z += y
    z -= 1
    z *= y
    z /= 3
    return z


def _methods(lib: Any, x: Any, y: Any) -> Any:
    z = x * 2
    return z.add_(y).mul_(x).sub_(1.5).div_(y).neg_()


def _functions(lib: Any, x: Any, y: Any) -> Any:
    z = x * 2
    return (x * 2).tanh_() + (x * y).exp_() + (x * x + 1).sqrt_() + z.sigmoid_()


def _relu_and_clamp(lib: Any, x: Any, y: Any) -> Any:
    return (x * 2).relu_() + (x * y).clamp_(-1, 1)


def _power(lib: Any, x: Any, y: Any) -> Any:
    z = x * 2
    z **= 2
    return z.pow_(3)


def _zero(lib: Any, x: Any, y: Any) -> Any:
    z = x * 2
    z.zero_()
    z += y
    return z * x


def _fill_and_copy(lib: Any, x: Any, y: Any) -> Any:
    z, v = x * 2, x * 3
    z.fill_(1.5)
    v.copy_(y)
    return z * x + v * v


def _into_a_tensor_without_graph(lib: Any, x: Any, y: Any) -> Any:
    z = lib.zeros(4, 2, dtype=lib.float64)
    z[:3] = x
    z[3] = y
    return z * z


def _accumulate(lib: Any, x: Any, y: Any) -> Any:
    total = lib.zeros(2, dtype=lib.float64)
    for i in range(3):
        total += x[i] * y
    return total


def _what_was_not_needed(lib: Any, x: Any, y: Any) -> Any:
    z = x + 1
    out = z + y  # the gradient of a sum reads nothing
    z.mul_(10)
    return out * 2


def _after_exp_of_it(lib: Any, x: Any, y: Any) -> Any:
    z = x + 1
    out = z.exp()  # exp reads its result
    z.zero_()
    return out


def _chain(lib: Any, x: Any, y: Any) -> Any:
    z = x * 1
    for i in range(3):
        z[i] = z[i - 1] * y
    return z


def _two_levels(lib: Any, x: Any, y: Any) -> Any:
    z = x * 1
    z[1:][0] = y  # a view of a view; what it is a view of changes too
    return z


ALLOWED: list[Callable[[Any, Any, Any], Any]] = [
    _set_row,
    _set_to_number,
    _add_to_row,
    _add_to_itself,
    _multiply_row,
    _at_mask,
    _at_places,
    _add_at_places,
    _add_in_place,
    _methods,
    _functions,
    _relu_and_clamp,
    _power,
    _zero,
    _fill_and_copy,
    _into_a_tensor_without_graph,
    _accumulate,
    _what_was_not_needed,
    _after_exp_of_it,
]


@pytest.mark.parametrize("program", ALLOWED, ids=lambda f: f.__name__.strip("_").replace("_", " "))
def test_values_and_gradients_are_pytorchs(program: Callable[[Any, Any, Any], Any]) -> None:
    grads = []
    for lib in (chainrule, torch):
        x, y = leaves(lib)
        out = program(lib, x, y)
        (out * out).sum().backward()
        zeros = [lib.zeros_like(leaf) if leaf.grad is None else leaf.grad for leaf in (x, y)]
        grads.append([out, *zeros])
    for ours, theirs in zip(*grads, strict=True):
        same(ours, theirs)


@pytest.mark.parametrize("program", ALLOWED, ids=lambda f: f.__name__.strip("_").replace("_", " "))
def test_without_recording_the_same_numbers(program: Callable[[Any, Any, Any], Any]) -> None:
    with torch.no_grad(), chainrule.no_grad():
        same(program(chainrule, *leaves(chainrule)), program(torch, *leaves(torch)))


# ---------------------------------------------------------------------------------------- refused


def _needed_by_mul(lib: Any, x: Any, y: Any) -> Any:
    z = x + 1
    out = z * y
    z += 1
    return out


def _needed_by_square(lib: Any, x: Any, y: Any) -> Any:
    z = x + 1
    out = z**2
    z[0] = 0.0
    return out


def _result_needed_by_exp(lib: Any, x: Any, y: Any) -> Any:
    out = x.exp()
    out += 1
    return out


def _result_needed_by_tanh(lib: Any, x: Any, y: Any) -> Any:
    out = x.tanh()
    out[0] = 1.0
    return out


def _weight_of_matmul(lib: Any, x: Any, y: Any) -> Any:
    w = y.reshape(2, 1) * 1
    out = x @ w
    w.zero_()
    return out


def _constant_operand(lib: Any, x: Any, y: Any) -> Any:
    k = lib.tensor([1.0, 2.0], dtype=lib.float64)
    out = x * k
    k.add_(1)
    return out


def _detached_memory(lib: Any, x: Any, y: Any) -> Any:
    z = x * 2
    out = z * z
    z.detach().zero_()
    return out


def _through_a_view(lib: Any, x: Any, y: Any) -> Any:
    z = x * 2
    out = z * z
    z[0].zero_()
    return out


def _without_recording(lib: Any, x: Any, y: Any) -> Any:
    out = x * x
    with lib.no_grad():
        x += 1
    return out


def _places(lib: Any, x: Any, y: Any) -> Any:
    places = lib.tensor([0, 2])
    out = x[places]
    places.zero_()
    return out


def _places_of_gather(lib: Any, x: Any, y: Any) -> Any:
    places = lib.tensor([[0], [1], [1]])
    out = lib.gather(x, 1, places)
    places.zero_()
    return out


def _mask(lib: Any, x: Any, y: Any) -> Any:
    mask = lib.tensor([True, False, True])
    out = x[mask]
    mask.fill_(True)
    return out


def _condition(lib: Any, x: Any, y: Any) -> Any:
    condition = lib.tensor([True, False])
    out = lib.where(condition, x, y)
    condition.fill_(True)
    return out


OVERWRITTEN = [
    _chain,
    _needed_by_mul,
    _needed_by_square,
    _result_needed_by_exp,
    _result_needed_by_tanh,
    _weight_of_matmul,
    _constant_operand,
    _detached_memory,
    _through_a_view,
    _without_recording,
    _places,
    _places_of_gather,
    _mask,
    _condition,
]


@pytest.mark.parametrize("program", OVERWRITTEN, ids=lambda f: f.__name__.strip("_").replace("_", " "))
def test_overwriting_what_a_gradient_needs_is_refused_at_backward(program: Callable[[Any, Any, Any], Any]) -> None:
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        program(torch, *leaves(torch)).sum().backward()
    with pytest.raises(
        GradientError, match=r"changed in place after .* used it \(version \d, used at \d\); .*x\.clone"
    ):
        program(chainrule, *leaves(chainrule)).sum().backward()


@pytest.mark.parametrize(
    ("change", "match"),
    [
        (lambda lib, x: x.add_(1), r"add_ would change a leaf that requires grad in place.*no_grad"),
        (lambda lib, x: x.__iadd__(1), r"a leaf that requires grad"),
        (lambda lib, x: x.__setitem__(0, 1.0), r"x\[index\] = value would change a leaf that requires grad"),
        (lambda lib, x: x.zero_(), r"would change a leaf that requires grad"),
        (lambda lib, x: x[0].mul_(2), r"mul_ would change a view of a leaf that requires grad"),
        (lambda lib, x: x.reshape(6).add_(1), r"add_ would change a view of a leaf"),
        (lambda lib, x: x.t()[0].add_(1), r"add_ would change a view of a leaf"),
        (lambda lib, x: x[1:].__setitem__(0, 2.0), r"a view of a leaf"),
    ],
    ids=["add_", "+=", "[index] =", "zero_", "row.mul_", "reshape.add_", "t()[0].add_", "view[index] ="],
)
def test_a_leaf_is_not_changed_under_its_gradient(change: Callable[[Any, Any], Any], match: str) -> None:
    with pytest.raises(RuntimeError, match="leaf"):
        change(torch, leaves(torch)[0])
    x, before = leaves(chainrule)[0], leaves(chainrule)[0].detach()
    with pytest.raises(GradientError, match=match):
        change(chainrule, x)
    assert x.detach().equal(before)
    (x * x).sum().backward()
    assert x.grad.equal(before * 2)


def test_a_copy_of_a_leaf_may_be_changed() -> None:
    """What an index of places picks, or a reshape had to copy, is no view."""
    for lib in (chainrule, torch):
        x, _ = leaves(lib)
        picked, turned, cloned = x[lib.tensor([0, 1])], x.t().reshape(6), x.clone()
        picked += 1
        turned.mul_(2)
        cloned.zero_()
        (picked.sum() + turned.sum() + cloned.sum()).backward()
        assert x.grad.tolist() == [[3.0, 3.0], [3.0, 3.0], [2.0, 2.0]]


def test_changing_a_copy_does_not_spoil_the_original() -> None:
    for lib in (chainrule, torch):
        x, _ = leaves(lib)
        z = x * 2
        out = z * z
        picked = z[lib.tensor([0, 1])]
        picked += 1
        out.sum().backward()
        same(x.grad.detach(), x.detach() * 8)


def test_a_leaf_may_be_changed_without_recording() -> None:
    for lib in (chainrule, torch):
        x, y = leaves(lib)
        with lib.no_grad():
            x += 1
            x[0] = 5.0
            x -= 0.5 * y
        assert x.is_leaf
        assert x.requires_grad
        assert x.detach()[0].tolist() == [4.0, 5.375]
        (x * x).sum().backward()
        same(x.grad.detach(), x.detach() * 2)


CHANGES: dict[str, Callable[[Any], Any]] = {
    "add_": lambda z: z.add_(1),
    "+=": lambda z: z.__iadd__(1),
    "clamp_": lambda z: z.clamp_(max=1),
    "fill_": lambda z: z.fill_(7),
    "[index] =": lambda z: z.__setitem__(0, 7.0),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_result_may_be_changed_without_recording(change: str) -> None:
    """It keeps its place in the graph, with the new numbers."""
    grads = []
    for lib in (chainrule, torch):
        x, _ = leaves(lib)
        z = x * 2
        with lib.no_grad():
            CHANGES[change](z)
        out = z * z
        out.sum().backward()
        grads.append((out, x.grad))
    for ours, theirs in zip(*grads, strict=True):
        same(ours, theirs)


@pytest.mark.parametrize("change", ["add_", "+=", "clamp_"])
def test_an_expanded_tensor_is_not_written_to(change: str) -> None:
    """Several of its places are one number in memory."""
    with pytest.raises(RuntimeError, match="single memory location"):
        CHANGES[change](torch.ones(1).expand(3))
    x = chainrule.ones(1)
    with pytest.raises(chainrule.errors.ChainruleError, match=r"expand"):
        CHANGES[change](x.expand(3))
    assert x.tolist() == [1.0]


def test_a_view_made_before_a_change_is_not_used_after_it() -> None:
    """PyTorch makes the view a new place in the graph; here it is refused, with what to write instead."""
    x, y = leaves(chainrule)
    z = x * 2
    row = z[0]
    z[0] = y
    assert row.tolist() == y.tolist(), "it shows the new numbers"
    with pytest.raises(GradientError, match=r"mul was given a tensor whose memory was since changed .* through a view"):
        row * 2
    with pytest.raises(GradientError, match=r"changed in place through a view"):
        row.sum()
    with pytest.raises(GradientError, match=r"changed in place through a view"):
        row.backward(y)
    (z * z).sum().backward()
    assert x.grad[0].tolist() == [0.0, 0.0]


def test_a_change_through_a_view_spoils_what_it_is_a_view_of() -> None:
    """PyTorch follows it; here ``z[1:][0] = y`` is refused once z is used: write z[1] = y."""
    x, y = leaves(chainrule)
    with pytest.raises(GradientError, match=r"change the tensor itself \(x\[index\] = value\) instead of the view"):
        _two_levels(chainrule, x, y).sum()
    same(_two_levels(chainrule, x.detach(), y.detach()), _two_levels(torch, *(t.detach() for t in leaves(torch))))


def test_a_value_with_a_graph_into_a_view_without_one_is_refused() -> None:
    z, (_, y) = chainrule.zeros(2, 2, dtype=chainrule.float64), leaves(chainrule)
    with pytest.raises(GradientError, match=r"write a value with a graph into a view of a tensor that has none"):
        z[0].copy_(y)
    assert z.tolist() == [[0.0, 0.0], [0.0, 0.0]]
    z[0] = y
    assert z.requires_grad


@pytest.mark.parametrize(
    ("change", "error", "match"),
    [
        (lambda x: x.add_(chainrule.ones(3)), ShapeError, r"shapes \(2,\) and \(3,\)"),
        (lambda x: x.add_(chainrule.ones(3, 2)), ShapeError, r"add_ would put a result of shape \(3, 2\) into"),
        (lambda x: x.copy_(chainrule.ones(3)), ShapeError, r"expand of \(3,\) to \(2,\)"),
        (lambda x: x.long().add_(0.5), DtypeError, r"add_ would put float32 numbers into a tensor of dtype int64"),
        (lambda x: x.long().div_(2), DtypeError, r"div_ would put float32 numbers into a tensor of dtype int64"),
        (lambda x: x.bool().add_(1), DtypeError, r"add_ would put int64 numbers into a tensor of dtype bool"),
        (lambda x: x.__setitem__(2, 1.0), LabelError, r"index \(2,\) into a tensor of shape \(2,\).*outside"),
        (lambda x: x.__setitem__([0, 5], 1.0), LabelError, r"out of bounds"),
        (lambda x: x.__setitem__(0, chainrule.ones(2)), ShapeError, r"value of shape \(2,\).*has shape \(\)"),
        (lambda x: x.__setitem__(1.0, 1.0), DtypeError, r"an index of type float"),
        (lambda x: x.__setitem__(slice(None, None, -1), 1.0), ArgumentError, r"a slice with step -1"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_does_not_fit_is_refused(change: Callable[[Any], Any], error: type[Exception], match: str) -> None:
    x = chainrule.tensor([1.0, 2.0])
    with pytest.raises(error, match=match):
        change(x)
    assert x.tolist() == [1.0, 2.0]


@pytest.mark.parametrize("dtype", ["float32", "float64", "int64", "int32", "uint8", "bool"])
@pytest.mark.parametrize("other", ["float32", "float64", "int64", "int32", "uint8", "bool"])
def test_dtypes_in_place(dtype: str, other: str) -> None:
    """The result is cast back where PyTorch casts it, and refused where it refuses."""
    results = []
    for lib, refusal in ((chainrule, DtypeError), (torch, RuntimeError)):
        x, y = lib.tensor([3, 1], dtype=getattr(lib, dtype)), lib.tensor([2, 2], dtype=getattr(lib, other))
        for change in (x.add_, x.mul_, x.copy_):
            try:
                results.append(change(y).clone())
            except refusal:
                results.append(None)
    for ours, theirs in zip(results[:3], results[3:], strict=True):
        assert (ours is None) == (theirs is None)
        if ours is not None:
            same(ours, theirs)


def test_in_place_returns_the_tensor_itself_and_keeps_its_memory() -> None:
    x = chainrule.tensor([1.0, 4.0])
    memory, view = x.numpy(), x[1:]
    for change in (lambda: x.add_(1), x.sqrt_, lambda: x.clamp_(min=0), lambda: x.fill_(2), x.zero_):
        assert change() is x
    y = x
    y += 3
    assert y is x
    assert x.numpy() is memory
    assert view.tolist() == [3.0]
    assert memory.tolist() == [3.0, 3.0]


def test_an_update_in_place_through_numpy_shared_memory() -> None:
    array = np.zeros(3)
    x = chainrule.from_numpy(array)
    x[1] = 5
    array[2] = 7
    assert x.tolist() == [0.0, 5.0, 7.0]
    assert array.tolist() == [0.0, 5.0, 7.0]


def test_setting_data_replaces_the_numbers() -> None:
    x, _ = leaves(chainrule)
    out = x * x
    x.data = chainrule.ones(3, 2, dtype=chainrule.float64)
    assert x.requires_grad
    assert x.is_leaf
    (x * 3).sum().backward()
    assert x.grad.tolist() == [[3.0, 3.0]] * 3
    with pytest.raises(GradientError, match="changed in place"):
        out.sum().backward()
    assert not x.data.requires_grad
    x.data[0] = 0.0
    assert x.detach()[0].tolist() == [0.0, 0.0]


@pytest.mark.parametrize(
    "change",
    [
        lambda x, y: x.add_(y), lambda x, y: x.sub_(y), lambda x, y: x.mul_(y), lambda x, y: x.div_(y),
        lambda x, y: x.neg_(), lambda x, y: x.sqrt_(), lambda x, y: x.sub_(0.5),
    ],
    ids=["add", "sub", "mul", "div", "neg", "sqrt", "sub of a number"],
)  # fmt: skip
def test_floats_without_a_graph_are_changed_where_they_are(change: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not computed elsewhere and copied: how optimizers written by hand stay fast."""
    monkeypatch.setattr(chainrule.Tensor, "door", None)  # what would make a new array
    x = chainrule.tensor([1.0, 4.0])
    memory, before = x.array, x.version[0]
    assert change(x, chainrule.tensor([2.0, 0.5])) is x
    assert x.array is memory
    assert x.version[0] == before + 1
