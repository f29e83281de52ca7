"""Every operation of the book, compiled, gives what it gives as written: result and gradients, on every sample."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest
from plainly import plainly
from samples import SAMPLES, Sample, tensors

pytest.importorskip("numba")

import chainrule
from chainrule.autograd import grad
from chainrule.compiler.entries import checked
from chainrule.compiler.jit import specialization
from chainrule.ops import BOOK
from chainrule.tensor import Tensor


def flat(value: Any) -> list[Tensor]:
    if isinstance(value, Tensor):
        return [value]
    return [x for part in value for x in flat(part)] if isinstance(value, list | tuple) else []


def fresh(value: Any, leaves: list[Tensor]) -> Any:
    """The arguments with floating tensors that the step itself asks gradients of."""
    if isinstance(value, Tensor):
        if value.dtype.kind != "f":
            return value
        leaves.append(value.detach().requires_grad_())
        return leaves[-1]
    if isinstance(value, dict):
        return {key: fresh(part, leaves) for key, part in value.items()}
    return type(value)(fresh(part, leaves) for part in value) if isinstance(value, list | tuple) else value


def compared(name: str, sample: Sample, dtype: Any) -> None:
    args, kwargs, _ = tensors(sample, dtype)

    def step(args: Any, kwargs: Any) -> Any:
        leaves: list[Tensor] = []
        out = BOOK[name](*fresh(args, leaves), **fresh(kwargs, leaves))
        if BOOK[name].shares_memory:
            out = out.clone()
        if not (leaves and sample.orders and out.dtype.kind == "f" and out.requires_grad):
            return out
        weights = chainrule.cos(chainrule.arange(out.array.size, dtype=out.dtype)).reshape(out.shape)
        return out, list(grad((out * weights).sum(), leaves, allow_unused=True))

    close = 1e-9 if dtype == np.float64 else 1e-4
    with np.errstate(all="ignore"), plainly(), warnings.catch_warnings(), pytest.MonkeyPatch.context() as patch:
        patch.setattr(specialization, "futile", lambda plan: None)  # also where it does not pay
        warnings.simplefilter("error", chainrule.compiler.CompileWarning)
        run = chainrule.compile(step)
        for _ in range(4):
            found = run(args, kwargs)
        assert run.last is not None
        for done in run.passes:
            checked(done.graph)
        for x, y in zip(flat(found), flat(step(args, kwargs)), strict=True):
            assert (x.dtype, x.shape) == (y.dtype, y.shape)
            size = np.abs(y.array[np.isfinite(y.array)]).max(initial=0) if y.dtype.kind == "f" else 0
            np.testing.assert_allclose(x.array, y.array, rtol=close, atol=close * max(min(size, 1), 1e-2))


@pytest.mark.parametrize("name", SAMPLES)
def test_compiled_as_written(name: str) -> None:
    """All samples in float64, every fourth in float32 too."""
    for k, sample in enumerate(SAMPLES[name]):
        for dtype in (np.float64, np.float32) if k % 4 == 0 else (np.float64,):
            try:
                compared(name, sample, dtype)
            except Exception as error:
                error.add_note(f"{name}, {sample.label}, {np.dtype(dtype)}")
                raise
