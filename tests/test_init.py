"""`nn.init`: PyTorch's numbers after the same seed, and what each scheme promises."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

import chainrule
from chainrule.errors import ArgumentError, DtypeError, ShapeError
from chainrule.nn import init

CASES: dict[str, tuple[tuple[int, ...], Callable[[Any, Any], Any]]] = {
    "uniform_": ((5, 7), lambda i, w: i.uniform_(w, -0.3, 0.4)),
    "normal_": ((5, 7), lambda i, w: i.normal_(w, 1.0, 0.1)),
    "constant_": ((5, 7), lambda i, w: i.constant_(w, 0.3)),
    "zeros_": ((5, 7), lambda i, w: i.zeros_(w)),
    "ones_": ((5, 7), lambda i, w: i.ones_(w)),
    "trunc_normal_": ((40, 7), lambda i, w: i.trunc_normal_(w)),
    "trunc_normal_ small std": ((40, 7), lambda i, w: i.trunc_normal_(w, std=0.02)),
    "trunc_normal_ narrow": ((40, 7), lambda i, w: i.trunc_normal_(w, 0.0, 1.0, -0.2, 0.1)),
    "trunc_normal_ in the tail": ((40, 7), lambda i, w: i.trunc_normal_(w, 0.0, 1.0, 1.5, 3.0)),
    "trunc_normal_ few": ((3, 2), lambda i, w: i.trunc_normal_(w, a=-0.5, b=0.5)),
    "eye_": ((3, 5), lambda i, w: i.eye_(w)),
    "eye_ tall": ((5, 3), lambda i, w: i.eye_(w)),
    "dirac_": ((3, 16, 5), lambda i, w: i.dirac_(w)),
    "dirac_ 2d": ((16, 3, 4, 3), lambda i, w: i.dirac_(w)),
    "dirac_ 3d": ((4, 4, 3, 3, 2), lambda i, w: i.dirac_(w)),
    "dirac_ groups": ((6, 24, 5, 5), lambda i, w: i.dirac_(w, 3)),
    "orthogonal_": ((5, 3), lambda i, w: i.orthogonal_(w)),
    "orthogonal_ wide": ((3, 8), lambda i, w: i.orthogonal_(w, gain=2.0)),
    "orthogonal_ kernel": ((4, 3, 3, 3), lambda i, w: i.orthogonal_(w)),
    "orthogonal_ nothing": ((0, 3), lambda i, w: i.orthogonal_(w)),
    "sparse_": ((9, 7), lambda i, w: i.sparse_(w, 0.3)),
    "sparse_ few left": ((9, 7), lambda i, w: i.sparse_(w, 0.95, std=1.0)),
    "xavier_uniform_": ((5, 7, 3), lambda i, w: i.xavier_uniform_(w, gain=1.4)),
    "xavier_normal_": ((5, 7), lambda i, w: i.xavier_normal_(w)),
    "kaiming_uniform_": ((5, 7), lambda i, w: i.kaiming_uniform_(w, a=0.2)),
    "kaiming_normal_": ((5, 7, 2, 2), lambda i, w: i.kaiming_normal_(w, mode="fan_out", nonlinearity="relu")),
}


@pytest.mark.parametrize("own", [False, True], ids=["default stream", "own stream"])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", CASES)
def test_pytorchs_numbers(name: str, dtype: str, own: bool) -> None:
    shape, fill = CASES[name]
    drawn = []
    for lib in (chainrule, torch):
        lib.manual_seed(11)
        w = lib.nn.Parameter(lib.zeros(shape, dtype=getattr(lib, dtype)))
        if own:
            generator = lib.Generator().manual_seed(5)
            within = _With(lib.nn.init, generator)
            assert fill(within, w) is w
        else:
            assert fill(lib.nn.init, w) is w
        assert w.requires_grad
        drawn.append((w.detach().numpy(), lib.rand(2).tolist()))  # the streams are in step afterwards
    assert drawn[0][1] == pytest.approx(drawn[1][1])
    tight = 1e-6 if dtype == "float32" else 1e-12
    np.testing.assert_allclose(drawn[0][0], drawn[1][0], rtol=100 * tight, atol=tight)


class _With:
    """nn.init with a generator given to every scheme that takes one."""

    def __init__(self, init: Any, generator: Any) -> None:
        self.init, self.generator = init, generator

    def __getattr__(self, name: str) -> Any:
        scheme = getattr(self.init, name)
        takes = "generator" in inspect.signature(scheme).parameters
        return lambda *args, **more: scheme(*args, **more, **({"generator": self.generator} if takes else {}))


def test_every_scheme_of_pytorch_is_here_and_tried() -> None:
    schemes = {name for name in torch.nn.init.__all__ if name.endswith("_")}
    assert schemes == {name.partition(" ")[0] for name in CASES}
    assert all(hasattr(init, name) for name in [*schemes, "calculate_gain"])


def test_orthogonal_keeps_lengths() -> None:
    w = init.orthogonal_(chainrule.empty(6, 4, dtype=chainrule.float64))
    np.testing.assert_allclose((w.T @ w).numpy(), np.eye(4), atol=1e-12)


def test_the_identity_is_one() -> None:
    x = chainrule.randn(2, 3, 7, 7)
    conv = chainrule.nn.Conv2d(3, 3, 3, padding=1, bias=False)
    init.dirac_(conv.weight)
    np.testing.assert_allclose(conv(x).detach().numpy(), x.numpy(), atol=1e-6)


def test_truncated_numbers_lie_inside() -> None:
    for a, b in [(-2.0, 2.0), (1.5, 3.0), (-0.1, 0.1)]:
        w = init.trunc_normal_(chainrule.empty(500), a=a, b=b).numpy()
        assert a <= w.min() < w.max() <= b


@pytest.mark.parametrize(
    ("call", "error", "match"),
    [
        (lambda: init.eye_(chainrule.ones(3)), ShapeError, r"eye_ of a tensor of shape \(3,\): it is for a matrix"),
        (lambda: init.sparse_(chainrule.ones(3), 0.1), ShapeError, "sparse_ of a tensor of shape"),
        (lambda: init.orthogonal_(chainrule.ones(3)), ShapeError, "orthogonal_ of .* it needs 2 dimensions"),
        (lambda: init.dirac_(chainrule.ones(3, 3)), ShapeError, r"dirac_ of .* in 1 groups: it is for the weight"),
        (lambda: init.dirac_(chainrule.ones(3, 3, 3), 2), ShapeError, r"dirac_ of .* in 2 groups"),
        (lambda: init.uniform_(chainrule.ones(3, dtype=chainrule.int64)), DtypeError, "uniform_ of dtype int64"),
        (lambda: init.uniform_(chainrule.ones(3), 2.0, 1.0), ArgumentError, r"uniform_ from 2.0 to 1.0"),
        (lambda: init.normal_(chainrule.ones(3), 0.0, -1.0), ArgumentError, "normal_ with std=-1.0"),
        (lambda: init.kaiming_normal_(chainrule.ones(3)), ShapeError, "fan-in and fan-out of a tensor"),
    ],
)
def test_what_is_refused(call: Callable[[], Any], error: Any, match: str) -> None:
    with pytest.raises(error, match=match):
        call()
