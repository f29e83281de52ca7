"""`Tensor` behaves as PyTorch's: gradients, views, conversions, what it prints, what it refuses."""

from __future__ import annotations

import copy
import gc
import pickle
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from samples import as_numpy, same

import chainrule
from chainrule import Tensor
from chainrule.errors import ArgumentError, DtypeError, GradientError, LabelError, OperandError, ShapeError

LIBS = pytest.mark.parametrize("lib", [chainrule, torch], ids=["chainrule", "torch"])
"""For semantics said in words: the same assertions hold for both."""


def leaf(lib: Any, data: Any = (1.0, 2.0, 3.0)) -> Any:
    return lib.tensor(data, dtype=lib.float64, requires_grad=True)


# ---------------------------------------------------------------------------------------- backward


@LIBS
def test_gradients_accumulate(lib: Any) -> None:
    x = leaf(lib)
    (x * x).sum().backward()
    first = x.grad
    (x * 3).sum().backward()
    assert x.grad.tolist() == [5.0, 7.0, 9.0]
    assert x.grad is first, "in the same memory"
    x.grad = None
    (x * 3).sum().backward()
    assert x.grad.tolist() == [3.0, 3.0, 3.0]


@LIBS
def test_a_tensor_used_many_times_gets_every_gradient(lib: Any) -> None:
    x = leaf(lib)
    y = x * x
    z = y + y * x + x.sum()
    z.sum().backward()
    assert x.grad.tolist() == [2 * v + 3 * v * v + 3 for v in (1.0, 2.0, 3.0)]


@LIBS
def test_no_gradient_unless_asked(lib: Any) -> None:
    x, k = leaf(lib), lib.tensor([1.0, 2.0, 3.0], dtype=lib.float64)
    assert not k.requires_grad
    assert (k.is_leaf, x.is_leaf) == (True, True)
    y = x * k
    assert (y.requires_grad, y.is_leaf, (k * k).requires_grad, (k * k).is_leaf) == (True, False, False, True)
    assert (x.grad_fn, k.grad_fn) == (None, None)
    assert y.grad_fn is not None
    y.sum().backward()
    assert k.grad is None


@pytest.mark.filterwarnings("ignore:The .grad attribute of a Tensor that is not a leaf:UserWarning")
@LIBS
def test_results_keep_no_gradient_unless_told(lib: Any) -> None:
    x = leaf(lib)
    y, z = x * 2, x * 3
    z.retain_grad()
    assert (x.retains_grad, y.retains_grad, z.retains_grad) == (False, False, True)
    (y * z).sum().backward()
    assert y.grad is None
    assert z.grad.tolist() == [2.0, 4.0, 6.0]
    assert x.grad.tolist() == [12.0, 24.0, 36.0]
    with pytest.raises(RuntimeError):
        lib.tensor([1.0]).retain_grad()


@LIBS
def test_backward_of_several_numbers_needs_weights(lib: Any) -> None:
    x = leaf(lib)
    (x * x).backward(lib.tensor([1.0, 0.0, -2.0], dtype=lib.float64))
    assert x.grad.tolist() == [2.0, 0.0, -12.0]
    x.grad = None
    (x * x).backward(gradient=lib.ones(3, dtype=lib.float64))
    assert x.grad.tolist() == [2.0, 4.0, 6.0]
    with pytest.raises(RuntimeError):
        (x * x).backward()
    with pytest.raises(RuntimeError):
        (x * x).backward(lib.ones(2, dtype=lib.float64))
    (x[:1] * x[:1]).reshape(1, 1).backward()  # one number, whatever its shape


@LIBS
def test_a_weight_of_another_dtype_is_converted(lib: Any) -> None:
    x = lib.tensor([1.0, 2.0], requires_grad=True)
    (x * x).backward(lib.tensor([1.0, 0.5], dtype=lib.float64))
    assert x.grad.dtype == lib.float32
    assert x.grad.tolist() == [2.0, 2.0]


@LIBS
def test_backward_twice(lib: Any) -> None:
    x = leaf(lib)
    out = (x * x).sum()
    out.backward(retain_graph=True)
    out.backward(retain_graph=True)
    assert x.grad.tolist() == [4.0, 8.0, 12.0]
    out.backward()
    with pytest.raises(RuntimeError, match="a second time"):
        out.backward()
    assert x.grad.tolist() == [6.0, 12.0, 18.0], "a refused backward leaves the gradient alone"


@LIBS
def test_backward_twice_where_nothing_was_kept(lib: Any) -> None:
    """A sum of leaves has nothing to let go."""
    x, y = leaf(lib), leaf(lib)
    out = (x + y).sum()
    out.backward()
    out.backward()
    assert x.grad.tolist() == [2.0, 2.0, 2.0]


@LIBS
def test_two_results_of_one_graph(lib: Any) -> None:
    x = leaf(lib)
    shared = x * x
    a, b = shared.sum(), (shared * 2).sum()
    a.backward(retain_graph=True)
    b.backward()
    assert x.grad.tolist() == [6.0, 12.0, 18.0]
    with pytest.raises(RuntimeError):
        (shared * 3).sum().backward()


@pytest.mark.filterwarnings("ignore:Using backward.. with create_graph=True:UserWarning")
@LIBS
def test_gradients_of_gradients(lib: Any) -> None:
    x = leaf(lib)
    (x**3).sum().backward(create_graph=True)
    assert x.grad.requires_grad
    first, x.grad = x.grad, None
    first.sum().backward()
    assert x.grad.tolist() == [6.0, 12.0, 18.0]


@pytest.mark.filterwarnings("ignore:Using backward.. with create_graph=True:UserWarning")
@LIBS
def test_a_recorded_gradient_is_of_its_own_memory(lib: Any) -> None:
    x, y = leaf(lib), leaf(lib)
    seed = lib.ones(3, dtype=lib.float64)
    (x + y).backward(seed, create_graph=True)
    assert x.grad is not y.grad
    assert x.grad is not seed
    with lib.no_grad():
        x.grad.zero_()
    assert y.grad.tolist() == [1.0, 1.0, 1.0]
    assert seed.tolist() == [1.0, 1.0, 1.0]


@LIBS
def test_backward_of_a_leaf(lib: Any) -> None:
    x = lib.tensor(3.0, requires_grad=True)
    x.backward()
    x.backward()
    assert x.grad.item() == 2.0


@LIBS
def test_setting_requires_grad(lib: Any) -> None:
    x = lib.ones(2)
    assert x.requires_grad_() is x
    assert x.requires_grad
    y = x * 2
    with pytest.raises(RuntimeError):
        y.requires_grad = False
    x.requires_grad_(False)
    assert not x.requires_grad
    assert not (x * 2).requires_grad
    with pytest.raises(RuntimeError):
        lib.tensor([1, 2]).requires_grad_()
    with pytest.raises(RuntimeError):
        lib.tensor([True], requires_grad=True)


@LIBS
def test_turning_requires_grad_off_and_on_keeps_the_old_graph_working(lib: Any) -> None:
    x = leaf(lib)
    out = (x * x).sum()
    x.requires_grad_(False)
    x.requires_grad_(True)
    out.backward()
    assert x.grad.tolist() == [2.0, 4.0, 6.0]


def test_refusals_in_the_users_words() -> None:
    x, ints = leaf(chainrule), chainrule.tensor([1, 2])
    with pytest.raises(GradientError, match=r"backward\(\) of a tensor of shape \(3,\): .*write x\.sum\(\)\.backward"):
        (x * 2).backward()
    with pytest.raises(GradientError, match=r"does not depend on any tensor with requires_grad=True; .*detach\(\)"):
        chainrule.ones(()).backward()
    with pytest.raises(GradientError, match=r"does not depend"):
        x.detach().sum().backward()
    with pytest.raises(GradientError, match=r"requires_grad of a tensor of dtype int64: .*write x\.float\(\) first"):
        ints.requires_grad_()
    with pytest.raises(GradientError, match=r"requires_grad of a result cannot be turned off; write x\.detach\(\)"):
        (x * 2).requires_grad_(False)
    with pytest.raises(GradientError, match=r"retain_grad of a tensor that does not require grad"):
        ints.retain_grad()
    with pytest.raises(ShapeError, match=r"backward\(gradient=\.\.\.\) of shape \(2,\) for a tensor of shape \(3,\)"):
        (x * 2).backward(chainrule.ones(2))
    out = (x * x).sum()
    out.backward()
    with pytest.raises(GradientError, match=r"a second time .*\(at \w+\).*write backward\(retain_graph=True\)"):
        out.backward()


# ---------------------------------------------------------------------------------------- the switch


@LIBS
def test_no_grad(lib: Any) -> None:
    x = leaf(lib)
    with lib.no_grad():
        y = x * 2
        assert not y.requires_grad
        assert not lib.is_grad_enabled()
        with lib.enable_grad():
            assert (x * 2).requires_grad
            with lib.no_grad():
                assert not (x * 2).requires_grad
            assert (x * 2).requires_grad
        assert not (x * 2).requires_grad
        assert leaf(lib).requires_grad, "a leaf may be made in it"
    assert (x * 2).requires_grad
    assert lib.is_grad_enabled()


@LIBS
def test_no_grad_ends_with_an_exception(lib: Any) -> None:
    def fail() -> None:
        with lib.no_grad():
            raise KeyError("here")

    with pytest.raises(KeyError):
        fail()
    assert lib.is_grad_enabled()


@LIBS
def test_no_grad_as_a_decorator(lib: Any) -> None:
    @lib.no_grad()
    def double(x: Any, times: int = 1) -> Any:
        """Doubles."""
        if times < 0:
            raise ValueError("fewer than none")
        return double(x * 2, times - 1) if times else x

    assert (double.__name__, double.__doc__) == ("double", "Doubles.")
    assert not double(leaf(lib), times=3).requires_grad
    with pytest.raises(ValueError, match="fewer"):
        double(leaf(lib), -1)
    assert lib.is_grad_enabled()
    with lib.no_grad():
        assert lib.enable_grad()(lambda x: x * 2)(leaf(lib)).requires_grad


@LIBS
def test_one_switch_used_twice(lib: Any) -> None:
    off = lib.no_grad()
    with off:
        pass
    with off:
        assert not lib.is_grad_enabled()
    assert lib.is_grad_enabled()


@LIBS
def test_detach_shares_memory_and_nothing_else(lib: Any) -> None:
    x = leaf(lib)
    d = (x * 1).detach()
    assert (d.requires_grad, d.is_leaf, d.grad_fn) == (False, True, None)
    y = x.detach()
    with lib.no_grad():
        y[0] = 10.0
    assert x.tolist()[0] == 10.0
    (x * x.detach()).sum().backward()
    assert x.grad.tolist() == x.tolist(), "the detached one counts as a constant"


# ---------------------------------------------------------------------------------------- deep graphs


@pytest.mark.parametrize("length", [20_000])
def test_a_deep_graph(length: int) -> None:
    """No recursion, neither on the way back nor when it is let go."""
    x = leaf(chainrule, 0.5)
    y = x * 1
    for _ in range(length):
        y = y + x
    y.backward()
    assert x.grad.item() == length + 1
    del y
    gc.collect()
    z = x * 1
    for _ in range(length):
        z = z + x
    del z  # never walked
    gc.collect()


def test_a_graph_is_let_go_with_its_result() -> None:
    class Counted(np.ndarray):
        pass

    alive: list[int] = []

    def probe() -> None:
        alive.append(sum(type(o) is Tensor for o in gc.get_objects()))

    gc.collect()
    gc.disable()
    try:
        x = leaf(chainrule)
        probe()
        for _ in range(50):
            (x * x).tanh().sum().backward()
        probe()
    finally:
        gc.enable()
    assert alive[1] - alive[0] <= 2, "without cycles: nothing waits for the collector (x.grad is one)"


# ---------------------------------------------------------------------------------------- the way out


@LIBS
def test_numbers_out(lib: Any) -> None:
    x = lib.tensor([[1.5, 2.0], [3.0, -4.0]])
    assert x.tolist() == [[1.5, 2.0], [3.0, -4.0]]
    assert x.numpy().tolist() == x.tolist()
    assert x.numpy() is not None
    x.numpy()[0, 0] = 9.0
    assert x[0, 0].item() == 9.0
    assert type(x[0, 0].item()) is float
    assert type(lib.tensor(3).item()) is int
    assert type(lib.tensor([[True]]).item()) is bool
    assert (float(lib.tensor(2.5)), int(lib.tensor(2.5)), bool(lib.tensor([0.0]))) == (2.5, 2, False)
    assert lib.tensor(2.5).tolist() == 2.5
    assert [10, 20, 30][lib.tensor(1)] == 20
    assert (len(x), [row.tolist() for row in x]) == (2, x.tolist())
    assert np.asarray(x).dtype == np.float32
    assert np.asarray(x, dtype=np.float64).tolist() == x.tolist()
    assert f"{lib.tensor(3.14159):.2f}" == "3.14"
    assert f"{lib.tensor([1, 2])}" == "tensor([1, 2])"
    assert 3.0 in x
    assert 8.0 not in x
    assert (x.ndim, x.dim(), x.numel(), x.size(0), x.size(-1), tuple(x.size())) == (2, 2, 4, 2, 2, (2, 2))


@LIBS
@pytest.mark.parametrize(
    "use",
    [
        lambda lib: lib.ones(2).item(),
        lambda lib: lib.ones(0).item(),
        lambda lib: float(lib.ones(2)),
        lambda lib: bool(lib.ones(2)),
        lambda lib: len(lib.tensor(1.0)),
        lambda lib: list(lib.tensor(1.0)),
        lambda lib: [1, 2][lib.tensor(1.0)],
        lambda lib: leaf(lib).numpy(),
        lambda lib: np.asarray(leaf(lib)),
        lambda lib: copy.deepcopy(leaf(lib) * 2),
        lambda lib: "a" + lib.ones(2),
        lambda lib: lib.ones(2) + "a",
        lambda lib: lib.ones(2) @ 2.0,
        lambda lib: lib.ones(2) @ lib.tensor(2.0),
        lambda lib: lib.ones(2, 3).transpose(0, 2),
        lambda lib: lib.ones(2, 3, 4).t(),
        lambda lib: lib.ones(2).unsqueeze(2),
        lambda lib: lib.stack([]),
        lambda lib: lib.stack([lib.ones(2), lib.ones(3)]),
        lambda lib: lib.ones(2, 3).view(4),
        lambda lib: lib.arange(0, 5, -1),
        lambda lib: lib.arange(0, 5, 0),
        lambda lib: lib.tensor([[1.0], [1.0, 2.0]]),
        lambda lib: lib.ones(2, 3).flatten(1, 0),
    ],
)
def test_both_refuse(lib: Any, use: Callable[[Any], Any]) -> None:
    with pytest.raises((RuntimeError, TypeError, IndexError, ValueError)) as caught:
        use(lib)
    if lib is chainrule:
        assert isinstance(caught.value, chainrule.errors.ChainruleError) or "str" in str(caught.value)


@pytest.mark.parametrize(
    ("use", "error", "match"),
    [
        (lambda: chainrule.ones(2).item(), ShapeError, r"item\(\) of a tensor of shape \(2,\): it holds 2 "),
        (lambda: bool(chainrule.ones(2)), ArgumentError, r"the truth of a tensor .*x\.all\(\) or x\.any"),
        (lambda: len(chainrule.tensor(1.0)), OperandError, r"len\(\) of a 0-d tensor: .*x\.item\(\)"),
        (lambda: iter(chainrule.tensor(1.0)), OperandError, r"cannot be iterated over; use x\.item\(\)"),
        (lambda: [1][chainrule.tensor(0.0)], OperandError, r"a tensor of dtype float32 as an index"),
        (lambda: leaf(chainrule).numpy(), GradientError, r"would lose the graph; write x\.detach"),
        (lambda: copy.deepcopy(leaf(chainrule) * 2), GradientError, r"deep copy of a result .*x\.detach"),
        (lambda: pickle.dumps(leaf(chainrule) * 2), GradientError, r"cannot be pickled .*write x\.detach"),
        (lambda: chainrule.ones(2) @ 2.0, OperandError, r"matmul with float: both sides must be tensors; use \*"),
        (lambda: chainrule.ones(2) @ chainrule.ones(()), ShapeError, r"matmul with a 0-d tensor: .*use \* instead"),
        (lambda: chainrule.ones(2, 3, 4).t(), ShapeError, r"t\(\) of shape \(2, 3, 4\): it is for .*x\.mT"),
        (lambda: chainrule.ones(2).transpose(0, 1), LabelError, r"transpose: dim=1 does not exist"),
        (lambda: chainrule.ones(2).unsqueeze(3), LabelError, r"unsqueeze: dim=3"),
        (lambda: chainrule.stack([]), ArgumentError, r"stack of no tensors"),
        (lambda: chainrule.stack([chainrule.ones(2), chainrule.ones(3)]), ShapeError, r"stack of shapes \(2,\) and"),
        (lambda: chainrule.stack(chainrule.ones(2)), OperandError, r"stack takes a list"),
        (lambda: chainrule.ones(2, 3).flatten(1, 0), ArgumentError, r"flatten from dim 1 to 0"),
        (lambda: chainrule.tensor([[1.0], [1.0, 2.0]]), ShapeError, r"differ in length, so they have no shape"),
        (lambda: chainrule.ones(-1), ShapeError, r"a tensor of shape \(-1,\): no size can be below 0"),
        (lambda: chainrule.ones(2).to("cuda"), (DtypeError, ArgumentError), r"cuda"),
        (lambda: chainrule.device("cuda"), ArgumentError, r"device 'cuda': chainrule computes on the CPU"),
        (lambda: chainrule.ones(2, device="meta"), ArgumentError, r"device 'meta'"),
        (lambda: chainrule.from_numpy([1.0]), OperandError, r"from_numpy of list: it takes a NumPy array"),
        (lambda: chainrule.arange(0, 5, -1), ArgumentError, r"arange from 0 to 5 in steps of -1 never arrives"),
        (lambda: chainrule.ones(2, 3) @ chainrule.ones(2), ShapeError, r"matmul of \(2, 3\) and \(2, 1\)|of \(2,\)"),
        (lambda: chainrule.linspace(0, 1, -2), ShapeError, r"\(-2,\): no size can be below 0"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)  # fmt: skip
def test_misuse_is_refused_in_the_users_words(use: Callable[[], Any], error: Any, match: str) -> None:
    with pytest.raises(error, match=match) as caught:
        use()
    assert "\n" not in str(caught.value)


@LIBS
def test_deepcopy_and_pickle_of_leaves(lib: Any) -> None:
    x = leaf(lib)
    (x * x).sum().backward()
    twin = copy.deepcopy(x)
    assert twin.tolist() == x.tolist()
    assert (twin.requires_grad, twin.is_leaf, twin.dtype) == (True, True, lib.float64)
    assert twin.grad.tolist() == x.grad.tolist()
    assert twin.grad is not x.grad
    with lib.no_grad():
        twin.zero_()
    assert x.tolist() == [1.0, 2.0, 3.0]
    pair = copy.deepcopy([x, x])
    assert pair[0] is pair[1]
    again = pickle.loads(pickle.dumps(x))
    assert (again.tolist(), again.requires_grad) == (x.tolist(), True)
    assert not pickle.loads(pickle.dumps(lib.ones(2))).requires_grad


@LIBS
def test_equality_is_by_place_and_hash_by_identity(lib: Any) -> None:
    x, y = lib.tensor([1.0, 2.0]), lib.tensor([1.0, 3.0])
    assert (x == y).tolist() == [True, False]
    assert (x != 1).tolist() == [False, True]
    assert (x == "text") is False
    assert (x != "text") is True
    assert (x == None) is False  # noqa: E711
    assert len({x, y, x}) == 2
    assert {x: 1}[x] == 1


@LIBS
def test_numpy_on_the_other_side(lib: Any) -> None:
    x = lib.ones(2, dtype=lib.float64)
    for result in (x + np.float64(2), np.float64(2) + x, x * np.int64(3)):
        assert isinstance(result, lib.Tensor)
    assert (2 - x).tolist() == [1.0, 1.0]
    assert (2 / x).tolist() == [2.0, 2.0]
    assert (2**x).tolist() == [2.0, 2.0]


def test_arrays_as_operands() -> None:
    x, a = leaf(chainrule), np.array([1.0, 2.0, 3.0])
    for result in (x + a, a + x, a * x, a - x, a / x, a**x, x == a, chainrule.ones(2, 3) @ a.astype(np.float32)):
        assert isinstance(result, Tensor)
    (a * x).sum().backward()
    assert x.grad.tolist() == a.tolist()
    assert (a[None, :] @ chainrule.ones(3, 2, dtype=chainrule.float64)).tolist() == [[6.0, 6.0]]


# ---------------------------------------------------------------------------------------- what it prints

PRINTED: dict[str, Any] = {
    "0-d": 1.5,
    "0-d whole": 3.0,
    "0-d small": 1e-5,
    "0-d large": 123456789.0,
    "0-d negative": -2.5,
    "0-d int": 7,
    "0-d bool": True,
    "0-d nan": float("nan"),
    "0-d -inf": float("-inf"),
    "whole": [1.0, 2.0, 3.0],
    "whole, negative": [-1.0, 20.0],
    "fractions": [1.5, 2.25],
    "rounded": [0.123456, 12.3456789],
    "negative fractions": [-0.5, 0.25, 10.125],
    "ints": [1, -20, 300],
    "bools": [True, False],
    "matrix": [[1.0, 2.0], [3.0, 4.5]],
    "matrix of ints": [[1, 2], [30, 4]],
    "matrix of bools": [[True, False], [False, False]],
    "3-d": [[[1.0, 2.0], [3.0, 4.0]], [[5.0, 6.0], [7.0, 8.0]]],
    "small": [1e-5, 2e-5],
    "tiny and whole": [1e-6, 1.0],
    "far apart": [1e-3, 1e4],
    "not so far apart": [0.01, 9.5],
    "large": [1e9, 2.5e9],
    "large whole": [1e8, 1.0],
    "hundred thousand": [123456.5, 1.0],
    "whole and nan": [1.0, float("nan")],
    "fractions and nan": [1.5, float("nan"), float("inf")],
    "only nan": [float("nan"), float("nan")],
    "whole and inf": [1.0, float("inf"), -2.0],
    "small and inf": [1e-7, float("-inf")],
    "zero": [0.0, 0.0],
    "negative zero": [-0.0, 0.0],
    "zero and small": [0.0, 1e-6],
    "empty": [],
    "empty rows": [[], []],
    "one": [[[5.0]]],
    "long": [float(i) for i in range(40)],
    "long ints": list(range(60)),
    "long fractions": [i / 7 for i in range(30)],
    "far apart, whole": [1.0, 2000.0],
    "far apart, not zero": [0.0, 0.5, 300.25],
    "matrix of rows to wrap": [[i + 0.5 for i in range(12)] for _ in range(2)],
    "wide matrix": [[float(i * j) / 3 for i in range(15)] for j in range(3)],
    "summarised": [float(i) for i in range(1500)],
    "summarised matrix": [[float(i + j) for i in range(60)] for j in range(60)],
    "summarised bools": [i % 2 == 0 for i in range(1200)],
}


@pytest.mark.parametrize("case", PRINTED)
def test_printed_as_pytorch_prints(case: str) -> None:
    assert repr(chainrule.tensor(PRINTED[case])) == repr(torch.tensor(PRINTED[case]))
    assert str(chainrule.tensor(PRINTED[case])) == str(torch.tensor(PRINTED[case]))


@pytest.mark.parametrize("dtype", ["float64", "int32", "uint8"])
@pytest.mark.parametrize("data", [[1, 2], 3, []], ids=["vector", "0-d", "empty"])
def test_another_dtype_is_printed(dtype: str, data: Any) -> None:
    ours = repr(chainrule.tensor(data, dtype=getattr(chainrule, dtype)))
    assert ours == repr(torch.tensor(data, dtype=getattr(torch, dtype))).replace("torch.", "")


def test_the_place_in_the_graph_is_printed() -> None:
    x = chainrule.tensor([1.0], requires_grad=True)
    assert repr(x) == "tensor([1.], requires_grad=True)"
    assert repr(x * 2) == "tensor([2.], grad_fn=<mul>)"
    assert repr(x.detach()) == "tensor([1.])"
    assert repr(chainrule.zeros(0, 3)) == "tensor([], size=(0, 3))"
    assert repr((x * 2).grad_fn) == "<mul (1,)>"


# ---------------------------------------------------------------------------------------- indexing and products

GRID = np.arange(24.0).reshape(2, 3, 4)
INDEXINGS: dict[str, Callable[[Any], Any]] = {
    "int": lambda lib: 1,
    "negative int": lambda lib: -1,
    "slice": lambda lib: slice(0, 2),
    "step": lambda lib: slice(None, None, 2),
    "ellipsis": lambda lib: (..., 1),
    "None": lambda lib: (slice(None), None, 2),
    "bool mask": lambda lib: lib.tensor(GRID % 3 == 0),
    "mask of rows": lambda lib: lib.tensor([True, False]),
    "tensor of places": lambda lib: lib.tensor([0, 1, 1, 0]),
    "0-d tensor": lambda lib: lib.tensor(1),
    "two tensors": lambda lib: (lib.tensor([0, 1]), lib.tensor([2, 2])),
    "tensor and slice": lambda lib: (lib.tensor([1, 1]), slice(0, 2), -1),
    "list": lambda lib: [0, 0, 1],
    "array": lambda lib: np.array([1, 0]),
    "0-d array": lambda lib: (np.int64(1), 2),
    "mixed": lambda lib: (0, lib.tensor([2, 0]), ..., None),
    "grid of places": lambda lib: (slice(None), lib.tensor([[0, 1], [2, 0]])),
}


@pytest.mark.parametrize("case", INDEXINGS)
def test_indexing_reads_writes_and_sends_gradients_back(case: str) -> None:
    results = []
    for lib in (chainrule, torch):
        x = lib.tensor(GRID, requires_grad=True)
        index = INDEXINGS[case](lib)
        picked = x[index]
        (picked * picked).sum().backward()
        written = lib.tensor(GRID)
        written[index] = -1.0
        results.append((picked, x.grad, written))
    for ours, theirs in zip(*results, strict=True):
        same(ours, theirs)


@LIBS
def test_a_place_named_twice_gets_both_gradients(lib: Any) -> None:
    x = leaf(lib)
    x[lib.tensor([0, 0, 2])].backward(lib.tensor([1.0, 10.0, 5.0], dtype=lib.float64))
    assert x.grad.tolist() == [11.0, 0.0, 5.0]


SHAPES = [
    ((3,), (3,)),
    ((2, 3), (3,)),
    ((3,), (3, 2)),
    ((2, 3), (3, 4)),
    ((5, 2, 3), (3,)),
    ((3,), (5, 3, 2)),
    ((5, 2, 3), (3, 4)),
    ((2, 3), (5, 3, 4)),
    ((5, 1, 2, 3), (4, 3, 2)),
    ((1, 2, 3), (5, 3, 2)),
    ((0, 3), (3,)),
    ((2, 0), (0,)),
    ((0,), (0,)),
    ((4, 0, 3), (3, 2)),
    ((1,), (1, 1)),
]


@pytest.mark.parametrize(("left", "right"), SHAPES, ids=[f"{a} @ {b}" for a, b in SHAPES])
def test_matmul_of_every_shape(left: tuple[int, ...], right: tuple[int, ...]) -> None:
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=left), rng.normal(size=right)
    results = []
    for lib in (chainrule, torch):
        x, y = lib.tensor(a, requires_grad=True), lib.tensor(b, requires_grad=True)
        out = x @ y
        first = lib.autograd.grad((out**3).sum(), (x, y), create_graph=True)
        second = lib.autograd.grad((first[0] * 2).sum() + (first[1] ** 2).sum(), (x, y))
        results.append([out, *first, *second])
    for ours, theirs in zip(*results, strict=True):
        same(ours, theirs, rtol=1e-9)
    exact = chainrule.ops.matmul(a, b)
    np.testing.assert_allclose(exact, as_numpy(results[0][0]))


# ---------------------------------------------------------------------------------------- composed of the book's own

COMPOSED: dict[str, Callable[[Any, Any], Any]] = {
    "transpose": lambda lib, x: x.transpose(0, -1),
    "transpose with itself": lambda lib, x: lib.transpose(x, 1, 1),
    "T of a matrix": lambda lib, x: x[0].T,
    "mT": lambda lib, x: x.mT,
    "t": lambda lib, x: x[0].t(),
    "t of a vector": lambda lib, x: x[0, 0].t(),
    "view": lambda lib, x: x.view(4, -1),
    "view one by one": lambda lib, x: x.view((3, 8)),
    "flatten": lambda lib, x: x.flatten(),
    "flatten some": lambda lib, x: lib.flatten(x, 1, 2),
    "flatten from -2": lambda lib, x: x.flatten(-2),
    "flatten 0-d": lambda lib, x: x[0, 0, 0].flatten(),
    "unsqueeze": lambda lib, x: x.unsqueeze(1),
    "unsqueeze -1": lambda lib, x: lib.unsqueeze(x, -1),
    "squeeze": lambda lib, x: x[:1, :, :1].squeeze(),
    "squeeze a dim": lambda lib, x: x[:1, :, :1].squeeze(0),
    "squeeze dims": lambda lib, x: x[:1, :, :1].squeeze((0, -1)),
    "squeeze nothing": lambda lib, x: x.squeeze(1),
    "stack": lambda lib, x: lib.stack([x, x * 2]),
    "stack at the end": lambda lib, x: lib.stack([x, x * 2], dim=-1),
    "stack 0-d": lambda lib, x: lib.stack([x[0, 0, 0], x[1, 2, 3]]),
    "cat": lambda lib, x: lib.cat((x, x * 2), dim=1),
    "contiguous": lambda lib, x: x.transpose(0, 1).contiguous(),
    "max": lambda lib, x: x.max(),
    "max along": lambda lib, x: x.max(dim=1).values,
    "max along, kept": lambda lib, x: lib.max(x, 2, True)[0],
    "max of two": lambda lib, x: lib.max(x, x * 0 + 0.5),
    "max of 0-d": lambda lib, x: x[0, 0, 0].max(dim=0).values,
    "min": lambda lib, x: x.min(),
    "min along": lambda lib, x: x.min(-1)[0],
    "min of two": lambda lib, x: lib.min(x, -x),
    "where of a method": lambda lib, x: x.where(x > 0, x * 2),
    "expand -1": lambda lib, x: x[:, :1].expand(-1, 5, -1),
    "linear": lambda lib, x: lib.nn.functional.linear(x, x[0]),
}


@pytest.mark.parametrize("data", ["distinct", "tied"])
@pytest.mark.parametrize("case", COMPOSED)
def test_what_is_composed_is_pytorchs(case: str, data: str) -> None:
    numbers = np.random.default_rng(3).normal(size=(2, 3, 4)) if data == "distinct" else np.round(GRID % 5) - 2
    results = []
    for lib in (chainrule, torch):
        x = lib.tensor(numbers, requires_grad=True)
        out = COMPOSED[case](lib, x)
        (first,) = lib.autograd.grad((out * out * out).sum(), x, create_graph=True)
        (second,) = lib.autograd.grad((first * first).sum(), x)
        results.append((out, first, second))
    for ours, theirs in zip(*results, strict=True):
        same(ours, theirs)


@pytest.mark.parametrize("name", ["max", "min"])
@pytest.mark.parametrize(
    "data", [[[3.0, 1.0], [1.0, 2.0]], [[1, 5], [5, 5]], [[float("nan"), 1.0], [0.0, 1.0]]], ids=str
)
def test_extremes_come_with_their_places(name: str, data: Any) -> None:
    for dims in ((0,), (1, True), (-1,)):
        ours, theirs = (getattr(lib.tensor(data), name)(*dims) for lib in (chainrule, torch))
        same(ours.values, theirs.values)
        same(ours.indices, theirs.indices)
        values, indices = ours
        assert values is ours[0]
        assert indices is ours.indices


@pytest.mark.parametrize("data", [[[1, 0], [2, 3]], [[0, 0], [0, 0]], [[1, 1], [1, 1]], [[], []]], ids=str)
def test_all_any_equal(data: Any) -> None:
    x, t = chainrule.tensor(data), torch.tensor(data)
    for name in ("all", "any"):
        for dims in ((), (0,), (1, True)):
            same(getattr(x, name)(*dims), getattr(t, name)(*dims))
    assert x.equal(chainrule.tensor(data))
    assert chainrule.allclose(x.float(), x.float() + 1e-9)
    assert not x.equal(chainrule.ones(2, 3))


@LIBS
def test_allclose(lib: Any) -> None:
    nan, inf = float("nan"), float("inf")
    x = lib.tensor([1.0, inf])
    assert lib.allclose(x, lib.tensor([1.0 + 1e-6, inf]))
    assert not lib.allclose(x, lib.tensor([1.1, inf]))
    assert lib.allclose(x, lib.tensor([1.1, inf]), rtol=0.2)
    assert not lib.allclose(x, lib.tensor([1.0, -inf]))
    assert not lib.allclose(lib.tensor([nan]), lib.tensor([nan]))
    assert lib.allclose(lib.tensor([nan]), lib.tensor([nan]), equal_nan=True)
    assert not lib.equal(lib.tensor([nan]), lib.tensor([nan]))


def test_views_share_memory_and_copies_do_not() -> None:
    x = chainrule.tensor(GRID)
    for view in (x[0], x[..., ::2], x.t_ if False else x.mT, x.view(-1), x[None], x.detach(), x.unsqueeze(0), x.T):
        assert np.shares_memory(view.array, x.array)
    for own in (x.clone(), x[chainrule.tensor([0])], x + 0, x.mT.reshape(-1), x.mT.contiguous(), x.float()):
        assert not np.shares_memory(own.array, x.array)
    assert x.mT.contiguous().array.flags.c_contiguous
    assert x.contiguous() is x


def test_tensor_copies_and_as_tensor_does_not() -> None:
    a = np.ones(3)
    assert not np.shares_memory(chainrule.tensor(a).array, a)
    assert np.shares_memory(chainrule.as_tensor(a).array, a)
    assert np.shares_memory(chainrule.from_numpy(a).array, a)
    x = chainrule.as_tensor(a)
    assert chainrule.as_tensor(x) is x
    assert chainrule.as_tensor(a, dtype=chainrule.float32).dtype == np.float32
