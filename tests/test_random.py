"""After the same seed, torch's numbers: integers and uniform ones exactly, normal ones but for rounding."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

import chainrule
import chainrule.utils.data
from chainrule.errors import ArgumentError, DtypeError

SIZES = [0, 1, 2, 3, 15, 16, 17, 31, 32, 33, 100, 1000]
DTYPES = ["float32", "float64"]
SEEDS = [0, 1, 42, 2**31, 2**32 + 7, -1]
FUSED = torch.backends.cpu.get_cpu_capability().startswith("AVX")  # torch scales with one rounding; elsewhere with two
Script = Callable[[Any], list[Any]]


def both(script: Script, seed: int = 7) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """What a script draws in chainrule and in torch after the same seed, as arrays."""
    drawn = []
    for library in (chainrule, torch):
        library.manual_seed(seed)
        drawn.append([np.asarray(x.detach() if hasattr(x, "detach") else x) for x in script(library)])
    return drawn[0], drawn[1]


def assert_equal(script: Script, seed: int = 7) -> None:
    for mine, theirs in zip(*both(script, seed), strict=True):
        assert mine.dtype == theirs.dtype
        np.testing.assert_array_equal(mine, theirs)


def assert_close(script: Script, seed: int = 7) -> None:
    """A normal number is r cos φ, r = √(-2 log u) below 9 for the smallest u: 2⁻²⁴, or 2⁻⁵³.

    φ, below 2π, is rounded once; logarithm, root, cosine and product are off by 6 eps at most.
    """
    for mine, theirs in zip(*both(script, seed), strict=True):
        assert mine.dtype == theirs.dtype
        atol = 9 * (2 * np.pi + 6) * np.finfo(mine.dtype).eps if mine.dtype.kind == "f" else 0
        np.testing.assert_allclose(mine, theirs, rtol=0, atol=atol)


def assert_scaled(script: Script) -> None:
    """Uniform numbers between a and b, a + (b - a) u: torch rounds the product or not, as its processor has it.

    That and the last rounding are within eps of b - a; and the largest of a dozen numbers is above b / 2.
    """
    for mine, theirs in zip(*both(script), strict=True):
        assert mine.dtype == theirs.dtype
        exact = FUSED and mine.dtype == np.float32
        atol = 0 if exact else 4 * np.finfo(mine.dtype).eps * np.abs(theirs).max()
        np.testing.assert_allclose(mine, theirs, rtol=0, atol=atol)


# ---------------------------------------------------------------------------------------- numbers


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("n", SIZES)
def test_rand(n: int, dtype: str) -> None:
    assert_equal(lambda t: [t.rand(n, dtype=getattr(t, dtype)), t.rand(2, n, dtype=getattr(t, dtype))])


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("n", SIZES)
def test_randn(n: int, dtype: str) -> None:
    assert_close(lambda t: [t.randn(n, dtype=getattr(t, dtype)), t.randn(3, n, dtype=getattr(t, dtype))])


@pytest.mark.parametrize("seed", SEEDS)
def test_seeds(seed: int) -> None:
    assert_equal(lambda t: [t.rand(3), t.randperm(9)], seed)


@pytest.mark.parametrize("n", [0, 1, 2, 10, 1000, 30_000])
def test_randperm(n: int) -> None:
    assert_equal(lambda t: [t.randperm(n), t.randperm(n)])


@pytest.mark.parametrize(
    ("low", "high"),
    [(0, 2), (-5, 5), (0, 2**28 - 1), (0, 2**28), (0, 2**31), (-(2**31), 2**31), (0, 2**40), (-(2**62), 2**62)],
)
def test_randint(low: int, high: int) -> None:
    assert_equal(lambda t: [t.randint(low, high, (5,)), t.randint(low, high, (2, 3)), t.rand(1)])


def test_randint_in_all_its_spellings() -> None:
    assert_equal(
        lambda t: [
            t.randint(10, (3,)),
            t.randint(10, size=(3,)),
            t.randint(high=10, size=(3,)),
            t.randint(2, 10, (3,)),
            t.randint(low=2, high=10, size=[3, 1]),
            t.randint(10, (3,), dtype=t.float64),
            t.randint(10, ()),
        ]
    )


def mixed(t: Any) -> list[Any]:
    """Odd numbers of normal draws leave one half of a pair for later: the sequence is the test."""
    return [
        t.randn(3), t.rand(5), t.randn(1, dtype=t.float64), t.randperm(6), t.randn(()), t.randn(20), t.randn(1),
        t.randint(9, (4,)), t.randn(15), t.rand(2, 2, dtype=t.float64), t.randn(17, dtype=t.float64), t.randn(2),
    ]  # fmt: skip


@pytest.mark.parametrize("seed", range(5))
def test_one_after_the_other(seed: int) -> None:
    assert_close(mixed, seed)


def test_seeding_again_forgets_the_kept_half() -> None:
    def script(t: Any) -> list[Any]:
        first = t.randn(1)
        t.manual_seed(7)
        return [first, t.randn(1)]

    assert_close(script)
    assert [x.item() for x in script(chainrule)[-1:]] == [x.item() for x in script(chainrule)[-1:]]


def test_like_another() -> None:
    assert_close(lambda t: [t.rand_like(t.ones(3, 2)), t.randn_like(t.ones(5, dtype=t.float64))])


# ---------------------------------------------------------------------------------------- generators


def test_generators_are_independent_and_torchs() -> None:
    def script(t: Any) -> list[Any]:
        a, b = t.Generator().manual_seed(1), t.Generator().manual_seed(2)
        return [
            t.rand(3, generator=a), t.rand(3), t.randn(3, generator=b), t.randperm(5, generator=a),
            t.randint(9, (3,), generator=b), t.randn(1), t.rand(2, generator=b), t.randn(2, generator=a),
        ]  # fmt: skip

    assert_close(script)


def test_a_generator_does_not_move_the_default_one() -> None:
    chainrule.manual_seed(3)
    alone = chainrule.rand(4).tolist()
    chainrule.manual_seed(3)
    chainrule.rand(9, generator=chainrule.Generator().manual_seed(5))
    assert chainrule.rand(4).tolist() == alone


def test_seeds_are_remembered() -> None:
    assert chainrule.manual_seed(11).initial_seed() == chainrule.initial_seed() == 11
    assert isinstance(chainrule.Generator().initial_seed(), int)


# ---------------------------------------------------------------------------------------- first weights


SCHEMES: dict[str, Callable[[Any, Any], Any]] = {
    "uniform_": lambda init, w: init.uniform_(w),
    "uniform_ in (-1/3, 1/7)": lambda init, w: init.uniform_(w, -1 / 3, 1 / 7),
    "uniform_ in (1e-3, 1e3)": lambda init, w: init.uniform_(w, 1e-3, 1e3),
    "normal_": lambda init, w: init.normal_(w),
    "normal_ around 2": lambda init, w: init.normal_(w, mean=2.0, std=0.02),
    "constant_": lambda init, w: init.constant_(w, 0.3),
    "zeros_": lambda init, w: init.zeros_(w),
    "ones_": lambda init, w: init.ones_(w),
    "xavier_uniform_": lambda init, w: init.xavier_uniform_(w),
    "xavier_uniform_ for tanh": lambda init, w: init.xavier_uniform_(w, gain=init.calculate_gain("tanh")),
    "xavier_normal_": lambda init, w: init.xavier_normal_(w),
    "xavier_normal_ for relu": lambda init, w: init.xavier_normal_(w, gain=init.calculate_gain("relu")),
    "kaiming_uniform_": lambda init, w: init.kaiming_uniform_(w),
    "kaiming_uniform_ fan_out relu": lambda init, w: init.kaiming_uniform_(w, mode="fan_out", nonlinearity="relu"),
    "kaiming_uniform_ a=√5": lambda init, w: init.kaiming_uniform_(w, a=5**0.5),
    "kaiming_normal_": lambda init, w: init.kaiming_normal_(w, nonlinearity="relu"),
    "kaiming_normal_ fan_out a=0.2": lambda init, w: init.kaiming_normal_(w, a=0.2, mode="fan_out"),
}


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("shape", [(3, 4), (20, 30), (4, 3, 2, 2)], ids=str)
@pytest.mark.parametrize("scheme", SCHEMES)
def test_schemes(scheme: str, shape: tuple[int, ...], dtype: str) -> None:
    def script(t: Any) -> list[Any]:
        weight = t.empty(shape, dtype=getattr(t, dtype), requires_grad=True)
        filled = SCHEMES[scheme](t.nn.init, weight)
        assert filled is weight
        assert weight.requires_grad
        assert weight.is_leaf
        return [weight, t.rand(2)]

    (assert_close if "normal" in scheme else assert_scaled)(script)


@pytest.mark.parametrize("name", ["linear", "sigmoid", "tanh", "relu", "leaky_relu", "selu", "conv2d"])
def test_gains(name: str) -> None:
    assert chainrule.nn.init.calculate_gain(name) == torch.nn.init.calculate_gain(name)
    assert chainrule.nn.init.calculate_gain("leaky_relu", 0.3) == torch.nn.init.calculate_gain("leaky_relu", 0.3)


@pytest.mark.parametrize("dtype", DTYPES)
def test_models_start_alike(dtype: str) -> None:
    def script(t: Any) -> list[Any]:
        kind = getattr(t, dtype)
        model = t.nn.Sequential(
            t.nn.Linear(64, 32, dtype=kind),
            t.nn.ReLU(),
            t.nn.Linear(32, 3, bias=False, dtype=kind),
            t.nn.Linear(3, 1, dtype=kind),
        )
        return [*model.parameters(), t.rand(1)]

    assert_scaled(script)


# ---------------------------------------------------------------------------------------- order of examples


def passes(t: Any, own: bool, drop_last: bool, n: int, batch_size: int | None) -> list[Any]:
    """Three passes over a shuffled loader, with other random numbers drawn in between."""
    generator = t.Generator().manual_seed(3) if own else None
    data = t.utils.data.TensorDataset(t.arange(n))
    loader = t.utils.data.DataLoader(
        data, batch_size=batch_size, shuffle=True, drop_last=drop_last, generator=generator
    )
    out = []
    for _ in range(3):
        out.append(t.rand(2))
        for (x,) in loader:
            out += [x, t.randn(1)]
    return [*out, t.randperm(5, generator=generator), t.rand(1)]


@pytest.mark.parametrize("own", [False, True], ids=["default generator", "own generator"])
@pytest.mark.parametrize(
    ("n", "batch_size", "drop_last"),
    [(10, 3, False), (10, 3, True), (9, 3, False), (9, 3, True), (1, 1, False), (5, 8, False), (6, None, False)],
)
def test_shuffled_passes(own: bool, n: int, batch_size: int | None, drop_last: bool) -> None:
    assert_close(lambda t: passes(t, own, drop_last, n, batch_size))


@pytest.mark.parametrize("own", [False, True], ids=["default generator", "own generator"])
def test_passes_broken_off_and_side_by_side(own: bool) -> None:
    def script(t: Any) -> list[Any]:
        generator = t.Generator().manual_seed(3) if own else None
        data = t.utils.data.TensorDataset(t.arange(8))
        one = t.utils.data.DataLoader(data, 3, shuffle=True, generator=generator)
        two = t.utils.data.DataLoader(data, 2, shuffle=True, generator=generator)
        out = [next(iter(one))[0]]
        first, second = iter(one), iter(two)
        out.append(t.rand(1))
        for (a,), (b,) in zip(second, first, strict=False):
            out += [a, b]
        return [*out, t.rand(1)]

    assert_close(script)


@pytest.mark.parametrize("own", [False, True], ids=["default generator", "own generator"])
def test_the_sampler_alone(own: bool) -> None:
    def script(t: Any) -> list[Any]:
        sampler = t.utils.data.RandomSampler(range(7), generator=t.Generator().manual_seed(2) if own else None)
        return [list(sampler), list(sampler), t.rand(1)]

    assert_close(script)


# ---------------------------------------------------------------------------------------- refused


@pytest.mark.parametrize(
    ("call", "error", "text"),
    [
        (lambda c: c.randint(3, 3, (2,)), ArgumentError, r"randint from 3 to 3: there is no whole number in \[3, 3\)"),
        (lambda c: c.randint(-2, (2,)), ArgumentError, r"randint from 0 to -2"),
        (lambda c: c.randperm(-1), ArgumentError, r"randperm\(-1\): there are no -1 numbers to put in order"),
        (lambda c: c.rand(2, dtype=c.int64), DtypeError, "rand of dtype int64: .* need float32 or float64"),
        (lambda c: c.randn_like(c.arange(3)), DtypeError, "randn of dtype int64"),
        (lambda c: c.nn.init.uniform_(c.arange(3)), DtypeError, "uniform_ of dtype int64"),
        (lambda c: c.manual_seed(2**64), ArgumentError, r"a seed has 64 bits, from -2\^63 to 2\^64 - 1"),
        (
            lambda c: c.nn.init.xavier_normal_(c.zeros(3)),
            RuntimeError,
            r"fan-in and fan-out of a tensor of shape \(3,\)",
        ),
        (lambda c: c.nn.init.kaiming_normal_(c.zeros(3, 2), mode="in"), ArgumentError, "mode='in': choose 'fan_in' or"),
        (lambda c: c.nn.init.calculate_gain("gelu"), ArgumentError, "nonlinearity='gelu': choose linear"),
    ],
    ids=lambda x: x if isinstance(x, str) else "",
)
def test_refused(call: Callable[[Any], Any], error: type[Exception], text: str) -> None:
    with pytest.raises(error, match=text):
        call(chainrule)
