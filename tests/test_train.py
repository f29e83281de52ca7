"""`train.fit`: it learns, it measures what it says, it stops when asked, it refuses data that teach nothing."""

import io
import re
import signal
import sys
from contextlib import redirect_stderr

import numpy as np
import pytest

import chainrule as cr
from chainrule import nn, optim
from chainrule.errors import ArgumentError, DataError, DivergedError, MissingPackage
from chainrule.train import evaluate, fit
from chainrule.utils.data import DataLoader, Dataset, TensorDataset


def blobs(n=90, seed=0):
    """Three well separated clouds of points: (n, 2) inputs and (n,) labels."""
    rng = np.random.default_rng(seed)
    labels = np.arange(n) % 3
    centres = np.array([[0.0, 3.0], [3.0, -2.0], [-3.0, -2.0]])
    return (centres[labels] + rng.normal(size=(n, 2)) * 0.3).astype(np.float32), labels


def classifier():
    model = nn.Sequential(nn.Linear(2, 8), nn.ReLU(), nn.Linear(8, 3))
    return model, optim.Adam(model.parameters(), lr=0.05)


def test_fit_learns_and_keeps_a_history():
    model, optimizer = classifier()
    history = fit(model, blobs(), nn.CrossEntropyLoss(), optimizer, 30, validation=blobs(seed=1), progress=False)
    assert history.ended == "epochs"
    assert [len(s) for s in (history.loss, history.accuracy, history.validation_loss, history.validation_accuracy)] == [
        30
    ] * 4
    assert history.accuracy[-1] == history.validation_accuracy[-1] == 1.0
    assert history.loss[-1] < 0.1 * history.loss[0]
    assert history.latest()["loss"] == history.loss[-1]


def test_history_is_the_mean_over_examples_with_a_short_last_batch():
    x, y = blobs(50)
    model, _ = classifier()
    frozen = optim.SGD(model.parameters(), lr=0.0)  # nothing moves, so the mean over batches is the mean over all
    history = fit(model, (x, y), nn.CrossEntropyLoss(), frozen, 1, batch_size=32, progress=False)
    whole = nn.CrossEntropyLoss()(model(cr.tensor(x)), cr.tensor(y)).item()
    assert history.loss[0] == pytest.approx(whole, rel=1e-6)
    assert evaluate(model, (x, y), nn.CrossEntropyLoss(), batch_size=7).loss == pytest.approx(whole, rel=1e-6)
    summed = nn.CrossEntropyLoss(reduction="sum")
    assert evaluate(model, (x, y), summed, batch_size=7).loss == pytest.approx(whole, rel=1e-6)


def test_fit_is_the_loop_one_would_write():
    x, y = (cr.tensor(part) for part in blobs())

    def by_hand(model, optimizer):
        for _ in range(3):
            for inputs, targets in DataLoader(TensorDataset(x, y), batch_size=32, shuffle=True):
                loss = nn.CrossEntropyLoss()(model(inputs), targets)
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()

    results = []
    for train in (by_hand, lambda m, o: fit(m, (x, y), nn.CrossEntropyLoss(), o, 3, progress=False)):
        cr.manual_seed(5)
        model, optimizer = classifier()
        train(model, optimizer)
        results.append([p.detach().numpy() for p in model.parameters()])
    for a, b in zip(*results, strict=True):
        np.testing.assert_array_equal(a, b)


def test_every_kind_of_data_trains_alike():
    x, y = blobs()

    class Pairs(Dataset):
        def __len__(self):
            return len(x)

        def __getitem__(self, i):
            return x[i], y[i]

    tensors = cr.tensor(x), cr.tensor(y)
    kinds = [
        (x, y),
        (x.astype(np.float64), y),
        tensors,
        TensorDataset(*tensors),
        Pairs(),
        DataLoader(TensorDataset(*tensors), batch_size=16),
    ]
    losses = []
    for data in kinds:
        cr.manual_seed(1)
        model, optimizer = classifier()
        history = fit(model, data, nn.CrossEntropyLoss(), optimizer, 2, batch_size=16, shuffle=False, progress=False)
        losses.append(history.loss)
    np.testing.assert_allclose(losses, [losses[0]] * len(kinds), rtol=1e-6)


def test_first_interrupt_keeps_what_was_learned():
    model, optimizer = classifier()
    start = [p.detach().numpy().copy() for p in model.parameters()]
    steps = []
    loss = nn.CrossEntropyLoss()

    def interrupted_in_the_fifth_step(prediction, target):
        steps.append(1)
        if len(steps) == 5:
            signal.raise_signal(signal.SIGINT)
        return loss(prediction, target)

    before = signal.getsignal(signal.SIGINT)
    history = fit(model, blobs(), interrupted_in_the_fifth_step, optimizer, 50, batch_size=30, progress=False)
    assert history.ended == "interrupted"
    assert len(steps) == 5  # the step under way was finished, no other begun
    assert all(state["step"] == 5 for state in optimizer.state.values())
    assert len(history.loss) == 2
    assert any((a != p.detach().numpy()).any() for a, p in zip(start, model.parameters(), strict=True))
    assert signal.getsignal(signal.SIGINT) is before


def test_second_interrupt_stops_at_once():
    model, optimizer = classifier()

    def impatient(prediction, target):
        signal.raise_signal(signal.SIGINT)
        signal.raise_signal(signal.SIGINT)
        raise AssertionError("the second interrupt did not stop")

    with pytest.raises(KeyboardInterrupt):
        fit(model, blobs(), impatient, optimizer, progress=False)


def test_mode_is_restored():
    model, optimizer = classifier()
    seen = []
    model.register_buffer("unused", None)
    loss = nn.CrossEntropyLoss()

    def watching(prediction, target):
        seen.append(model.training)
        return loss(prediction, target)

    model.eval()
    fit(model, blobs(), watching, optimizer, validation=blobs(), progress=False)
    assert seen == [True] * 3 + [False] * 3
    assert not model.training


def with_number(value, place):
    x, y = blobs()
    x[place] = value
    return x, y


@pytest.mark.parametrize(
    ("change", "error", "text"),
    [
        (
            {"data": with_number(np.nan, (7, 1))},
            DataError,
            r"data, inputs of shape \(90, 2\) hold nan at \(7, 1\) \(1 of 180 numbers.*fill them in",
        ),
        ({"data": with_number(np.inf, (7, 0))}, DataError, r"hold inf at \(7, 0\)"),
        ({"validation": with_number(np.nan, (0, 0))}, DataError, r"validation, inputs of shape"),
        ({"data": (np.zeros((0, 2)), np.zeros(0, int))}, DataError, "data holds no examples"),
        ({"data": (np.zeros((3, 2)), np.zeros(4, int))}, DataError, r"\[3, 4\] examples"),
        ({"data": (np.zeros((3, 2)),)}, DataError, r"data has 1 parts: give \(inputs, targets\)"),
        ({"data": 5}, DataError, "data is int: give"),
        ({"epochs": 0}, ArgumentError, "epochs=0: it must be a whole number from 1 on"),
    ],
)
def test_refused(change, error, text):
    model, optimizer = classifier()
    given = {"data": blobs(), "epochs": 1, "progress": False, **change}
    data, epochs = given.pop("data"), given.pop("epochs")
    start = [p.detach().numpy().copy() for p in model.parameters()]
    with pytest.raises(error, match=text):
        fit(model, data, nn.CrossEntropyLoss(), optimizer, epochs, **given)
    for a, p in zip(start, model.parameters(), strict=True):
        np.testing.assert_array_equal(a, p.detach().numpy())


def test_nan_in_a_loader_of_ones_own_is_found_too():
    x, y = with_number(np.nan, (40, 0))
    loader = DataLoader(TensorDataset(cr.tensor(x), cr.tensor(y)), batch_size=32)
    model, optimizer = classifier()
    with pytest.raises(DataError, match=r"batch 1, inputs of shape \(32, 2\) hold nan at \(8, 0\)"):
        fit(model, loader, nn.CrossEntropyLoss(), optimizer, progress=False)


def test_divergence_is_named_before_the_parameters_are_lost():
    x = np.linspace(-1, 1, 32, dtype=np.float32).reshape(-1, 1)
    model = nn.Linear(1, 1)
    optimizer = optim.SGD(model.parameters(), lr=1e6)
    with pytest.raises(DivergedError, match=r"the loss became (inf|nan) in epoch \d+, step 0.*lr=1000000"):
        fit(model, (x, 3 * x), nn.MSELoss(), optimizer, 100, progress=False)
    assert all(np.isfinite(p.detach().numpy()).all() for p in model.parameters())


def test_bar_shows_loss_and_accuracy(monkeypatch):
    import tqdm.auto

    original = tqdm.auto.tqdm
    monkeypatch.setattr(tqdm.auto, "tqdm", lambda *a, **k: original(*a, **{**k, "delay": 0, "mininterval": 0}))
    model, optimizer = classifier()
    with redirect_stderr(io.StringIO()) as shown:
        fit(model, blobs(), nn.CrossEntropyLoss(), optimizer, 2)
    assert re.search(r"6/6 .*loss=0\.\d{4}.*accuracy=", shown.getvalue().replace("\r", "\n"))


def test_missing_tqdm_is_one_line(monkeypatch):
    monkeypatch.setitem(sys.modules, "tqdm", None)
    monkeypatch.setitem(sys.modules, "tqdm.auto", None)
    model, optimizer = classifier()
    with pytest.raises(MissingPackage, match=r"needs the package tqdm: pip install tqdm"):
        fit(model, blobs(), nn.CrossEntropyLoss(), optimizer)
