"""Data sets, samplers and the loader: torch's batches in torch's order; refusals in the user's words.

The shuffled orders themselves are held against torch in test_random.
"""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Callable
from itertools import count, cycle
from typing import Any

import numpy as np
import pytest
import torch
import torch.utils.data

import chainrule
import chainrule.utils.data
from chainrule.data import BatchSampler, DataLoader, Dataset, TensorDataset
from chainrule.errors import ArgumentError, ChainruleError, DataError, LabelError, OperandError, ShapeError

LIBRARIES = [pytest.param(chainrule, id="chainrule"), pytest.param(torch, id="torch")]
Example = namedtuple("Example", "x y")


def told(batch: Any) -> Any:
    """A batch as plain data: tensors as (dtype, numbers), containers by kind."""
    if isinstance(batch, chainrule.Tensor | torch.Tensor):
        return str(batch.dtype).removeprefix("torch."), batch.tolist()
    if isinstance(batch, dict):
        return {key: told(part) for key, part in batch.items()}
    if isinstance(batch, tuple | list):
        return [type(batch).__name__, *map(told, batch)]
    return batch


def tensors(t: Any, n: int = 7) -> Any:
    return t.utils.data.TensorDataset(t.arange(2 * n).reshape(n, 2).float(), t.arange(n))


def rows(t: Any, n: int = 7) -> Any:
    """The same examples, from a class of one's own."""

    class Rows(t.utils.data.Dataset):
        def __getitem__(self, i: int) -> Any:
            i = int(i) % n
            return t.tensor([2.0 * i, 2.0 * i + 1]), i

        def __len__(self) -> int:
            return n

    return Rows()


# ---------------------------------------------------------------------------------------- data sets


@pytest.mark.parametrize("t", LIBRARIES)
def test_tensor_dataset(t: Any) -> None:
    data = tensors(t)
    assert len(data) == 7
    assert told(data[3]) == ["tuple", ("float32", [6.0, 7.0]), ("int64", 3)]
    assert told(data[-1])[2] == ("int64", 6)
    assert told(data[2:4])[2] == ("int64", [2, 3])
    assert len(data.tensors) == 2


@pytest.mark.parametrize("t", LIBRARIES)
def test_subset(t: Any) -> None:
    part = t.utils.data.Subset(tensors(t), [5, 1, 1])
    assert len(part) == 3
    assert told(part[0])[2] == ("int64", 5)
    assert told(part[[0, 1]])[2] == ("int64", [5, 1])
    assert [told(y) for _, y in t.utils.data.DataLoader(part, batch_size=2)] == [("int64", [5, 1]), ("int64", [1])]


def test_a_dataset_must_say_how_to_get_an_example() -> None:
    with pytest.raises(NotImplementedError, match=r"Dataset has no __getitem__: write def __getitem__\(self, i\)"):
        Dataset()[0]


# ---------------------------------------------------------------------------------------- samplers


@pytest.mark.parametrize("t", LIBRARIES)
def test_samplers(t: Any) -> None:
    data = t.utils.data
    assert list(data.SequentialSampler(range(4))) == [0, 1, 2, 3]
    assert len(data.SequentialSampler(range(4))) == len(data.RandomSampler(range(4))) == 4
    sampler = data.RandomSampler(range(50))
    first, second = list(sampler), list(sampler)
    assert sorted(first) == sorted(second) == list(range(50))
    assert first != second
    assert list(data.BatchSampler(range(5), 2, False)) == [[0, 1], [2, 3], [4]]
    assert list(data.BatchSampler(range(5), 2, True)) == [[0, 1], [2, 3]]
    for n, size, drop in [(5, 2, False), (5, 2, True), (4, 2, False), (3, 5, False), (3, 5, True)]:
        batches = data.BatchSampler(range(n), size, drop)
        assert len(batches) == len(list(batches))


def test_batches_of_a_sampler_without_end() -> None:
    batches = iter(BatchSampler(count(), 3))
    assert [next(batches), next(batches)] == [[0, 1, 2], [3, 4, 5]]
    loader = iter(DataLoader([1.0, 2.0], batch_size=3, sampler=cycle([0, 1])))
    assert next(loader).tolist() == [1.0, 2.0, 1.0]


# ---------------------------------------------------------------------------------------- the loader

LOADERS: dict[str, Callable[[Any], dict[str, Any]]] = {
    "one at a time": lambda t: {},
    "batches, the last one short": lambda t: {"batch_size": 3},
    "batches, the short one dropped": lambda t: {"batch_size": 3, "drop_last": True},
    "a batch larger than the data": lambda t: {"batch_size": 100},
    "a batch larger than the data, dropped": lambda t: {"batch_size": 100, "drop_last": True},
    "no batches": lambda t: {"batch_size": None},
    "no batches, shuffled": lambda t: {"batch_size": None, "shuffle": True},
    "shuffled": lambda t: {"batch_size": 3, "shuffle": True},
    "shuffled with a generator": lambda t: {"shuffle": True, "generator": t.Generator().manual_seed(4)},
    "an order as list": lambda t: {"batch_size": 2, "sampler": [6, 0, 3]},
    "an order as array": lambda t: {"batch_size": 2, "sampler": np.array([6, 0, 3])},
    "an order as tensor": lambda t: {"batch_size": 2, "sampler": t.tensor([6, 0, 3])},
    "an order from the end": lambda t: {"batch_size": 2, "sampler": [-1, -7]},
    "an empty order": lambda t: {"batch_size": 2, "sampler": []},
    "a random sampler": lambda t: {"batch_size": 2, "sampler": t.utils.data.RandomSampler(range(7))},
    "batches as lists": lambda t: {"batch_sampler": [[0, 1], [6], [2, 2, 2]]},
    "batches as arrays": lambda t: {"batch_sampler": [np.array([0, 1]), np.array([6])]},
    "batches as tensors": lambda t: {"batch_sampler": [t.tensor([0, 1]), t.tensor([6])]},
    "a batch sampler": lambda t: {"batch_sampler": t.utils.data.BatchSampler(range(5), 2, True)},
    "no batches, with a collate_fn": lambda t: {"batch_size": None, "collate_fn": lambda example: int(example[1])},
    "a collate_fn": lambda t: {"batch_size": 3, "collate_fn": lambda examples: [int(y) for _, y in examples]},
}


def passes(t: Any, data: Any, options: dict[str, Any]) -> list[Any]:
    """Two passes; the second shows what the first left behind."""
    t.manual_seed(5)
    loader = t.utils.data.DataLoader(data, **options)
    lengths = [len(loader)] if hasattr(loader.batch_sampler or loader.sampler, "__len__") else []
    return lengths + [[told(batch) for batch in loader] for _ in range(2)]


@pytest.mark.parametrize("name", LOADERS)
def test_batches_are_torchs(name: str) -> None:
    options = LOADERS[name]
    expected = passes(torch, tensors(torch), options(torch))
    assert passes(chainrule, tensors(chainrule), options(chainrule)) == expected
    if "no batches" not in name:  # there, numbers come out as they are
        assert passes(chainrule, rows(chainrule), options(chainrule)) == expected
    assert passes(torch, rows(torch), options(torch)) == passes(chainrule, rows(chainrule), options(chainrule))


def test_a_tensor_dataset_of_ones_own_is_asked_for_each_example() -> None:
    class Doubled(TensorDataset):
        def __getitem__(self, index: Any) -> Any:
            return tuple(x * 2 for x in super().__getitem__(index))

    assert [x.tolist() for (x,) in DataLoader(Doubled(chainrule.arange(3)), batch_size=2)] == [[0, 2], [4]]


@pytest.mark.parametrize("t", LIBRARIES)
def test_a_loader_says_what_it_does(t: Any) -> None:
    loader = t.utils.data.DataLoader(tensors(t), batch_size=2, drop_last=True)
    assert (loader.batch_size, loader.drop_last, len(loader)) == (2, True, 3)
    assert isinstance(loader.sampler, t.utils.data.SequentialSampler)
    assert isinstance(loader.batch_sampler, t.utils.data.BatchSampler)
    assert isinstance(t.utils.data.DataLoader(tensors(t), shuffle=True).sampler, t.utils.data.RandomSampler)


def test_the_same_seed_the_same_order() -> None:
    def order() -> list[int]:
        chainrule.manual_seed(9)
        return [int(y) for _, y in DataLoader(tensors(chainrule, 50), shuffle=True)]

    assert order() == order() != list(range(50))
    assert sorted(order()) == list(range(50))


def test_a_batch_is_a_copy() -> None:
    data = chainrule.zeros(4, 2)
    for (x,) in DataLoader(TensorDataset(data), batch_size=2):
        x += 1
    assert not data.any()


# ---------------------------------------------------------------------------------------- examples -> a batch

BATCHES: dict[str, Callable[[Any], list[Any]]] = {
    "floats": lambda t: [1.0, 2.5],
    "integers": lambda t: [1, 2],
    "truths": lambda t: [True, False],
    "NumPy numbers": lambda t: [np.float32(1.5), np.float32(2)],
    "NumPy integers": lambda t: [np.int32(1), np.int32(2)],
    "arrays": lambda t: [np.ones((2, 3), np.float32), np.zeros((2, 3), np.float32)],
    "0-d arrays": lambda t: [np.array(1.5), np.array(2.5)],
    "tensors": lambda t: [t.ones(2), t.zeros(2)],
    "tuples": lambda t: [(1, 2.0), (3, 4.0)],
    "lists": lambda t: [[1, 2.0], [3, 4.0]],
    "dicts": lambda t: [{"x": t.ones(2), "y": 1}, {"x": t.zeros(2), "y": 0}],
    "dicts of tuples": lambda t: [{"a": (1, [2.0, 3.0])}, {"a": (4, [5.0, 6.0])}],
    "named tuples": lambda t: [Example(1, 2.0), Example(3, 4.0)],
    "words": lambda t: ["a", "b"],
    "words and numbers": lambda t: [("a", 1), ("b", 2)],
}


@pytest.mark.parametrize("name", BATCHES)
def test_collate_is_torchs(name: str) -> None:
    collated = [t.utils.data.default_collate(BATCHES[name](t)) for t in (chainrule, torch)]
    assert told(collated[0]) == told(collated[1])


def test_examples_without_batches_are_torchs() -> None:
    data = [(np.ones(2), 1, 2.5), {"x": np.float32(3), "y": [np.arange(2)]}, Example(np.zeros(1), "a")]
    mine, theirs = DataLoader(data, batch_size=None), torch.utils.data.DataLoader(data, batch_size=None)
    assert [told(x) for x in mine] == [told(x) for x in theirs]


# ---------------------------------------------------------------------------------------- refused

DATA = tensors(chainrule)
collate = chainrule.utils.data.default_collate
BAD: dict[str, tuple[Callable[[], Any], type[ChainruleError], str]] = {
    "no examples": (
        lambda: DataLoader(TensorDataset(chainrule.zeros(0, 2))),
        DataError,
        "DataLoader of a data set with no examples: there is nothing to go through",
    ),
    "an empty list": (lambda: DataLoader([], shuffle=True), DataError, "a data set with no examples"),
    "lengths that differ": (
        lambda: TensorDataset(chainrule.ones(3, 1), chainrule.ones(2)),
        DataError,
        r"TensorDataset of tensors with \[3, 2\] examples: each must have as many as the others",
    ),
    "no tensors": (lambda: TensorDataset(), DataError, "TensorDataset of no tensors: give at least the inputs"),
    "a number": (
        lambda: TensorDataset(chainrule.tensor(1.0)),
        DataError,
        "part 0 is a 0-d tensor, which holds no exampl",
    ),
    "an array": (
        lambda: TensorDataset(chainrule.ones(2), np.ones(2)),
        OperandError,
        r"TensorDataset: part 1 is ndarray; write chainrule.tensor\(...\) around it",
    ),
    "batch_size 0": (
        lambda: DataLoader(DATA, batch_size=0),
        ArgumentError,
        "batch_size=0: it must be a whole number from",
    ),
    "batch_size 1.5": (
        lambda: DataLoader(DATA, batch_size=1.5),
        ArgumentError,
        "batch_size=1.5: it must be a whole numb",
    ),
    "BatchSampler of 0": (lambda: BatchSampler(range(3), 0), ArgumentError, "batch_size=0: it must be a whole number"),
    "sampler and shuffle": (
        lambda: DataLoader(DATA, sampler=[0], shuffle=True),
        ArgumentError,
        "sampler gives the order: leave out shuffle",
    ),
    "batch_sampler and batch_size": (
        lambda: DataLoader(DATA, batch_sampler=[[0]], batch_size=2),
        ArgumentError,
        "batch_sampler says everything: leave",
    ),
    "batch_sampler and shuffle": (
        lambda: DataLoader(DATA, batch_sampler=[[0]], shuffle=True),
        ArgumentError,
        "batch_sampler says everything",
    ),
    "batch_sampler and sampler": (
        lambda: DataLoader(DATA, batch_sampler=[[0]], sampler=[0]),
        ArgumentError,
        "batch_sampler says everything",
    ),
    "batch_sampler and drop_last": (
        lambda: DataLoader(DATA, batch_sampler=[[0]], drop_last=True),
        ArgumentError,
        "batch_sampler says everything",
    ),
    "drop_last without batches": (
        lambda: DataLoader(DATA, batch_size=None, drop_last=True),
        ArgumentError,
        "batch_size=None makes no batches",
    ),
    "workers": (lambda: DataLoader(DATA, num_workers=-1), ArgumentError, "num_workers=-1: it is 0 or more"),
    "no workers to prefetch": (lambda: DataLoader(DATA, prefetch_factor=2), ArgumentError, "they need at least 1"),
    "a place that is not there": (
        lambda: list(DataLoader(DATA, sampler=[7])),
        LabelError,
        "out of bounds|outside its dimension",
    ),
    "an empty batch": (
        lambda: list(DataLoader(DATA, batch_sampler=[[]])),
        DataError,
        "a batch of no examples: there is n",
    ),
    "nothing to collate": (lambda: collate([]), DataError, "a batch of no examples"),
    "None as examples": (
        lambda: collate([None]),
        OperandError,
        "examples of type NoneType cannot be made a batch: let __getitem__ return t",
    ),
    "tuples of other lengths": (
        lambda: collate([(1, 2), (3,)]),
        DataError,
        "the examples of a batch differ in their numb",
    ),
    "tensors of other shapes": (
        lambda: collate([chainrule.ones(2), chainrule.ones(3)]),
        ShapeError,
        r"stack of shapes \(2,\) and \(3,\): all must",
    ),
    "arrays of other shapes": (
        lambda: collate([np.ones(2), np.ones(3)]),
        ShapeError,
        r"stack of shapes \(2,\) and \(3,\): all must be equal",
    ),
    "arrays of words": (lambda: collate([np.array("a")]), ChainruleError, "a tensor of dtype <U1"),
}


@pytest.mark.parametrize("name", BAD)
def test_refused(name: str) -> None:
    call, error, text = BAD[name]
    with pytest.raises(error, match=text):
        call()


def test_one_set_of_names_on_both_paths() -> None:
    for name in chainrule.data.__all__:
        assert getattr(chainrule.utils.data, name) is getattr(chainrule.data, name)
