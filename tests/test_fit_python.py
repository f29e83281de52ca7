"""`fit` trains what is written, whatever a model does in Python, also where it compiles by itself."""

from __future__ import annotations

import random
import time
import warnings
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

pytest.importorskip("numba")

import chainrule
from chainrule import nn, optim, train
from chainrule.compiler import CompileWarning
from chainrule.compiler.epochs import Epochs


class Plain(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.fc, self.out = nn.Linear(3, 8), nn.Linear(8, 2)
        self.seen, self.scale, self.history = 0, 1.0, []

    def forward(self, x: Any) -> Any:
        return self.out(self.hidden(self.fc(x)))

    def hidden(self, x: Any) -> Any:
        return chainrule.tanh(x)


class Counts(Plain):
    def hidden(self, x: Any) -> Any:
        self.seen += 1
        return chainrule.tanh(x) * (1.0 if self.seen < 20 else 3.0)


class Anneals(Plain):
    def hidden(self, x: Any) -> Any:
        self.scale *= 0.99
        return chainrule.tanh(x) * self.scale


class Remembers(Plain):
    def hidden(self, x: Any) -> Any:
        self.history.append(x.detach().mean())
        return chainrule.tanh(x) * len(self.history) ** -0.1


class Keeps(Plain):
    def hidden(self, x: Any) -> Any:
        self.last = chainrule.tanh(x)
        return self.last


class Flips(Plain):
    def hidden(self, x: Any) -> Any:
        return chainrule.tanh(x) * (2.0 if random.random() < 0.1 else 1.0)


class Noisy(Plain):
    def hidden(self, x: Any) -> Any:
        return chainrule.tanh(x) + chainrule.tensor(np.random.normal(size=8).astype(np.float32))


class Asks(Plain):
    def hidden(self, x: Any) -> Any:
        return chainrule.tanh(x) if x.abs().max() < 1.5 else x


class Prints(Plain):
    def hidden(self, x: Any) -> Any:
        print("hidden", x.shape)
        return chainrule.tanh(x)


class Times(Plain):
    def hidden(self, x: Any) -> Any:
        self.history.append(time.perf_counter())
        return chainrule.tanh(x)


class Switches(Plain):
    """Frozen half-way, by the model itself."""

    def hidden(self, x: Any) -> Any:
        self.seen += 1
        self.fc.weight.requires_grad = self.seen % 7 < 5
        return chainrule.tanh(x)


class Drops(Plain):
    def __init__(self) -> None:
        super().__init__()
        self.drop = nn.Dropout(0.3)

    def hidden(self, x: Any) -> Any:
        return self.drop(chainrule.tanh(x))


MODELS = (Plain, Counts, Anneals, Remembers, Keeps, Flips, Noisy, Asks, Prints, Times, Switches, Drops)
NATIVE = (Plain, Drops)


@pytest.fixture(autouse=True)
def always_pays(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(train, "PAYS", -1.0)
    with warnings.catch_warnings():
        warnings.simplefilter("error", CompileWarning)  # nobody asked `fit` to compile: it says nothing
        yield


def trained(kind: type, compile: bool | None, hooked: bool) -> tuple[Any, ...]:
    chainrule.manual_seed(0)
    random.seed(0)
    np.random.seed(0)
    model, losses = kind(), []
    x, y = chainrule.randn(40, 3), chainrule.randn(40, 2)
    if hooked:
        model.fc.register_forward_hook(lambda module, args, out: losses.append(out.shape) or out * 1.5)
    optimizer = optim.Adam(model.parameters(), lr=0.01)
    history = train.fit(
        model, (x, y), nn.MSELoss(), optimizer, epochs=12, batch_size=16, progress=False, compile=compile
    )
    state = {key: value for key, value in vars(model).items() if key in ("seen", "scale")}
    return history.loss, [p.array for p in model.parameters()], state, len(model.history), len(losses)


@pytest.mark.parametrize("hooked", [False, True])
@pytest.mark.parametrize("kind", MODELS)
def test_fit_trains_what_is_written(kind: type, hooked: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    ran = []
    run = Epochs.run
    monkeypatch.setattr(Epochs, "run", lambda self, *given: ran.append(1) or run(self, *given))
    losses, parameters, *state = trained(kind, False, hooked)
    assert not ran
    again, others, *compiled = trained(kind, None, hooked)
    np.testing.assert_allclose(again, losses, rtol=1e-4)
    for p, q in zip(parameters, others, strict=True):
        np.testing.assert_allclose(q, p, rtol=1e-3, atol=1e-5)
    assert compiled == state
    assert bool(ran) == (kind in NATIVE and not hooked), "native epochs"
