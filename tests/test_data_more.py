"""Streams, joined and split data sets, and the samplers by chance: torch's examples in torch's order."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
import torch
import torch.utils.data

import chainrule
import chainrule.utils.data
from chainrule.data import (
    ConcatDataset,
    DataLoader,
    Dataset,
    IterableDataset,
    RandomSampler,
    SubsetRandomSampler,
    TensorDataset,
    WeightedRandomSampler,
    random_split,
)
from chainrule.errors import ArgumentError, ChainruleError, DataError, DtypeError, LabelError

LIBRARIES = [pytest.param(chainrule, id="chainrule"), pytest.param(torch, id="torch")]


def told(batch: Any) -> Any:
    """A batch as plain data."""
    if isinstance(batch, chainrule.Tensor | torch.Tensor):
        return str(batch.dtype).removeprefix("torch."), batch.tolist()
    if isinstance(batch, tuple | list):
        return [type(batch).__name__, *map(told, batch)]
    return batch


# ---------------------------------------------------------------------------------------- streams


def stream(t: Any, n: int, length: bool = False) -> Any:
    """The first ``n`` squares, one after the other, with the draw of a random number at the start of each pass."""

    class Squares(t.utils.data.IterableDataset):
        def __iter__(self) -> Iterator[Any]:
            shift = t.rand(1)
            return iter([(i * i, shift) for i in range(n)])

    class Counted(Squares):
        def __len__(self) -> int:
            return n

    return Counted() if length else Squares()


STREAMS: dict[str, dict[str, Any]] = {
    "one at a time": {},
    "batches, the last one short": {"batch_size": 3},
    "batches, the short one dropped": {"batch_size": 3, "drop_last": True},
    "batches that fit": {"batch_size": 7},
    "a batch larger than the stream": {"batch_size": 100},
    "a batch larger than the stream, dropped": {"batch_size": 100, "drop_last": True},
    "no batches": {"batch_size": None},
    "no batches, with a collate_fn": {"batch_size": None, "collate_fn": lambda example: example[0]},
    "a collate_fn": {"batch_size": 3, "collate_fn": lambda examples: [x for x, _ in examples]},
    "shuffle=False": {"batch_size": 2, "shuffle": False},
}


@pytest.mark.parametrize("n", [7, 0])
@pytest.mark.parametrize("name", STREAMS)
def test_batches_of_a_stream_are_torchs(name: str, n: int) -> None:
    def passes(t: Any) -> list[Any]:
        t.manual_seed(5)
        loader = t.utils.data.DataLoader(stream(t, n), **STREAMS[name])
        return [[told(batch) for batch in loader] for _ in range(2)]

    assert passes(chainrule) == passes(torch)


@pytest.mark.parametrize("t", LIBRARIES)
def test_a_stream_has_the_length_it_says(t: Any) -> None:
    loader = t.utils.data.DataLoader
    assert len(loader(stream(t, 7, length=True), batch_size=3)) == 3
    assert len(loader(stream(t, 7, length=True), batch_size=3, drop_last=True)) == 2
    assert len(loader(stream(t, 7, length=True), batch_size=None)) == 7
    with pytest.raises(TypeError, match=r"object of type 'Squares' has no len\(\)"):
        len(loader(stream(t, 7), batch_size=3))


def test_a_stream_without_end() -> None:
    class Endless(IterableDataset):
        def __iter__(self) -> Iterator[float]:
            i = 0.0
            while True:
                yield i
                i += 1

    batches = iter(DataLoader(Endless(), batch_size=2))
    assert [next(batches).tolist(), next(batches).tolist()] == [[0.0, 1.0], [2.0, 3.0]]


# ---------------------------------------------------------------------------------------- joined


@pytest.mark.parametrize("t", LIBRARIES)
def test_joined(t: Any) -> None:
    a, b = t.utils.data.TensorDataset(t.arange(3)), t.utils.data.TensorDataset(t.arange(10, 12))
    for both in (t.utils.data.ConcatDataset(x for x in (a, b)), a + b):
        assert isinstance(both, t.utils.data.ConcatDataset)
        assert (len(both), both.cumulative_sizes, both.datasets) == (5, [3, 5], [a, b])
        assert [int(both[i][0]) for i in range(-5, 5)] == [0, 1, 2, 10, 11] * 2
        assert [told(y) for (y,) in t.utils.data.DataLoader(both, batch_size=4)] == [
            ("int64", [0, 1, 2, 10]),
            ("int64", [11]),
        ]
    with_empty = t.utils.data.ConcatDataset([[], ["a"], [], ["b"]])
    assert [with_empty[i] for i in range(2)] == ["a", "b"]
    with pytest.raises(IndexError):
        with_empty[2]
    assert list(with_empty) == ["a", "b"]


# ---------------------------------------------------------------------------------------- split

SPLITS: dict[str, tuple[int, list[float]]] = {
    "numbers": (10, [7, 2, 1]),
    "an empty part": (10, [10, 0]),
    "one part": (10, [10]),
    "fractions": (30, [0.3, 0.3, 0.4]),
    "fractions with some left over": (103, [0.5, 0.25, 0.25]),
    "fractions a little below 1": (10, [0.1] * 10),
    "all, as a fraction": (9, [1.0]),
    "NumPy numbers": (10, list(np.array([4, 6]))),
    "of one": (1, [1, 0]),
}


@pytest.mark.parametrize("own", [True, False], ids=["a generator", "the default stream"])
@pytest.mark.parametrize("name", SPLITS)
@pytest.mark.filterwarnings("ignore:.*(Length of split|has no examples)")
def test_split_as_torch(name: str, own: bool) -> None:
    n, lengths = SPLITS[name]

    def parts(t: Any) -> list[Any]:
        t.manual_seed(3)
        given = {"generator": t.Generator().manual_seed(42)} if own else {}
        made = t.utils.data.random_split(range(n), lengths, **given)
        assert all(isinstance(part, t.utils.data.Subset) for part in made)
        return [[list(part) for part in made], t.rand(2).tolist()]

    assert parts(chainrule) == parts(torch)


@pytest.mark.parametrize("t", LIBRARIES)
def test_a_part_that_comes_out_empty_is_told(t: Any) -> None:
    with pytest.warns(
        UserWarning, match=r"split at index 1 is 0|random_split: part 1 has no examples \(0.1 of 3\)"
    ) as w:
        t.utils.data.random_split(range(3), [0.9, 0.1])
    assert w[0].filename == __file__
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        t.utils.data.random_split(range(3), [3, 0])  # asked for


# ---------------------------------------------------------------------------------------- samplers

WEIGHTS = np.random.default_rng(0).random(200) * (np.random.default_rng(1).random(200) > 0.2)
SAMPLERS: dict[str, Callable[[Any, Any], Any]] = {
    "weighted": lambda d, g: d.WeightedRandomSampler([0.1, 0.9, 0.4, 0.7, 3.0, 0.6], 40, generator=g),
    "weighted, one": lambda d, g: d.WeightedRandomSampler([0.1, 0.9, 0.4], 1, generator=g),
    "weighted, many": lambda d, g: d.WeightedRandomSampler(WEIGHTS, 500, generator=g),
    "weighted, each once": lambda d, g: d.WeightedRandomSampler([0.9, 0.4, 0.05, 0.2, 0.3], 5, False, g),
    "weighted, some once": lambda d, g: d.WeightedRandomSampler(WEIGHTS, 100, replacement=False, generator=g),
    "of some": lambda d, g: d.SubsetRandomSampler([5, 3, 9, 9, 2, 0, -1], generator=g),
    "of none": lambda d, g: d.SubsetRandomSampler([], generator=g),
    "any, with replacement": lambda d, g: d.RandomSampler(range(7), True, generator=g),
    "many, with replacement": lambda d, g: d.RandomSampler(range(1000), True, 70, g),
    "32, with replacement": lambda d, g: d.RandomSampler(range(9), replacement=True, num_samples=32, generator=g),
    "fewer than there are": lambda d, g: d.RandomSampler(range(20), num_samples=6, generator=g),
    "more than there are": lambda d, g: d.RandomSampler(range(4), num_samples=11, generator=g),
    "twice what there is": lambda d, g: d.RandomSampler(range(4), num_samples=8, generator=g),
}


@pytest.mark.parametrize("own", [True, False], ids=["a generator", "the default stream"])
@pytest.mark.parametrize("name", SAMPLERS)
def test_samplers_are_torchs(name: str, own: bool) -> None:
    def passes(t: Any) -> list[Any]:
        t.manual_seed(8)
        generator = t.Generator().manual_seed(1) if own else None
        sampler = SAMPLERS[name](t.utils.data, generator)
        drawn = [list(sampler), list(sampler)]
        assert [len(sampler)] * 2 == [len(x) for x in drawn]
        return [*drawn, t.rand(2).tolist(), t.rand(2, generator=generator).tolist()]

    assert passes(chainrule) == passes(torch)


def test_weights_say_how_often() -> None:
    drawn = list(WeightedRandomSampler(chainrule.tensor([1.0, 0.0, 3.0]), 4000))
    assert np.bincount(drawn, minlength=3) / 4000 == pytest.approx([0.25, 0, 0.75], abs=0.03)
    assert sorted(WeightedRandomSampler([5.0, 0.0, 1.0, 1.0], 3, replacement=False)) == [0, 2, 3]


def test_samplers_in_a_loader() -> None:
    data = TensorDataset(chainrule.arange(6))
    loader = DataLoader(data, batch_size=2, sampler=SubsetRandomSampler([1, 3, 5]))
    assert sorted(int(x) for (batch,) in loader for x in batch) == [1, 3, 5]
    assert len(loader) == 2


# ---------------------------------------------------------------------------------------- refused

STREAM = stream(chainrule, 3)
BAD: dict[str, tuple[Callable[[], Any], type[Exception], str]] = {
    "a shuffled stream": (
        lambda: DataLoader(STREAM, shuffle=True),
        ArgumentError,
        "Squares is an IterableDataset, which has an order of its own: leave out shuffle, sampler and batch_sampler, "
        "and shuffle in its __iter__",
    ),
    "a sampled stream": (lambda: DataLoader(STREAM, sampler=[0]), ArgumentError, "Squares is an IterableDataset"),
    "a stream in given batches": (lambda: DataLoader(STREAM, batch_sampler=[[0]]), ArgumentError, "Squares is an Iter"),
    "a stream without batches, dropped": (
        lambda: DataLoader(STREAM, batch_size=None, drop_last=True),
        ArgumentError,
        "batch_size=None makes no batches",
    ),
    "an example of a stream": (
        lambda: STREAM[0],
        NotImplementedError,
        "Squares is a stream without numbers: go through it with for",
    ),
    "a stream that is none": (
        lambda: list(DataLoader(IterableDataset())),
        NotImplementedError,
        r"IterableDataset has no __iter__: write def __iter__\(self\): \.\.\.",
    ),
    "a stream joined": (
        lambda: ConcatDataset([[1], STREAM]),
        DataError,
        "ConcatDataset: part 1 is an IterableDataset, a stream that has no numbers to go on",
    ),
    "a stream added": (lambda: Dataset() + STREAM, DataError, "part 1 is an IterableDataset"),
    "none joined": (lambda: ConcatDataset([]), DataError, "ConcatDataset of no data sets: give at least one"),
    "outside": (lambda: ConcatDataset([[1], [2]])[2], LabelError, "example 2 of 2: the numbers go from -2 to 1"),
    "before": (lambda: ConcatDataset([[1], [2]])[-3], LabelError, "example -3 of 2: the numbers go from -2 to 1"),
    "too few": (
        lambda: random_split(range(7), [3, 3]),
        DataError,
        r"random_split of 7 examples into \[3, 3\], together 6: write lengths that add up",
    ),
    "fractions of too much": (lambda: random_split(range(7), [0.9, 0.2]), DataError, r"together 1\.1: write lengths"),
    "fewer than none": (
        lambda: random_split(range(7), [8, -1]),
        ArgumentError,
        r"random_split into \[8, -1\]: a part cannot have fewer than 0 examples",
    ),
    "half an example": (
        lambda: random_split(range(7), [3.5, 3.5]),
        ArgumentError,
        r"random_split into \[3.5, 3.5\]: write whole numbers, or fractions that add up to 1",
    ),
    "0 draws": (
        lambda: WeightedRandomSampler([1.0], 0),
        ArgumentError,
        "num_samples=0: it must be a whole number from",
    ),
    "True draws": (lambda: WeightedRandomSampler([1.0], True), ArgumentError, "num_samples=True: it must be a whole"),
    "half a draw": (lambda: RandomSampler([1], num_samples=0.5), ArgumentError, "num_samples=0.5: it must be a whole"),
    "a weight below 0": (
        lambda: WeightedRandomSampler([1.0, -1.0], 1),
        ArgumentError,
        "weights: they must be finite, from 0 on, and not all 0",
    ),
    "no weight": (lambda: WeightedRandomSampler([0.0, 0.0], 1), ArgumentError, "not all 0"),
    "not a number": (lambda: WeightedRandomSampler([1.0, np.nan], 1), ArgumentError, "they must be finite"),
    "without end": (lambda: WeightedRandomSampler([1.0, np.inf], 1), ArgumentError, "they must be finite"),
    "a table of weights": (
        lambda: WeightedRandomSampler([[1.0], [2.0]], 1),
        ArgumentError,
        r"weights of shape \(2, 1\): give one number for each example",
    ),
    "words as weights": (lambda: WeightedRandomSampler(["a"], 1), DtypeError, "a"),
    "more than have a weight": (
        lambda: WeightedRandomSampler([1.0, 0.0, 2.0], 3, replacement=False),
        ArgumentError,
        "num_samples=3 without replacement: 2 numbers have a weight above 0; draw fewer, or with replacement=True",
    ),
}


@pytest.mark.parametrize("name", BAD)
def test_refused(name: str) -> None:
    call, error, text = BAD[name]
    with pytest.raises(error, match=text) as caught:
        call()
    assert issubclass(error, ChainruleError) or error is NotImplementedError
    assert "\n" not in str(caught.value)
