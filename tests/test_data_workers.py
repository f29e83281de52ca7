"""Workers: the same batches, in the same order, with the same random numbers as PyTorch's workers."""

from __future__ import annotations

import multiprocessing
import os
import time
from typing import Any

import pytest
import torch

import chainrule
from chainrule.errors import WorkerError
from chainrule.utils.data import DataLoader, Dataset, TensorDataset, get_worker_info

LIBS = [chainrule, torch]
pytestmark = pytest.mark.filterwarnings("ignore:This DataLoader will create")


def lists(loader: Any) -> list[Any]:
    def plain(x: Any) -> Any:
        if isinstance(x, list | tuple):
            return [plain(part) for part in x]
        return x.tolist() if hasattr(x, "tolist") else x

    return [plain(batch) for batch in loader]


def augmented(lib: Any) -> Any:
    """A data set that draws random numbers of its library."""

    class Noisy(lib.utils.data.Dataset):
        def __len__(self) -> int:
            return 11

        def __getitem__(self, i: int) -> Any:
            info = lib.utils.data.get_worker_info()
            return i, lib.rand(1), (info.id, info.num_workers, info.seed, len(info.dataset))

    return Noisy()


def stream(lib: Any, sizes: tuple[int, ...]) -> Any:
    """A stream of which worker k gives sizes[k] numbers."""

    class Counting(lib.utils.data.IterableDataset):
        def __iter__(self) -> Any:
            info = lib.utils.data.get_worker_info()
            return iter(range(100 * info.id, 100 * info.id + sizes[info.id]))

    return Counting()


def both(make: Any) -> None:
    """The same from both libraries."""
    seen = []
    for lib in LIBS:
        lib.manual_seed(4)
        loader = make(lib)
        seen.append([lists(loader), lists(loader), lib.rand(1).tolist()])
    assert seen[0] == seen[1]


def test_random_numbers_and_order() -> None:
    both(lambda lib: lib.utils.data.DataLoader(augmented(lib), batch_size=2, shuffle=True, num_workers=3))


@pytest.mark.parametrize("sizes", [(5, 9), (0, 4), (7, 1, 3)], ids=str)
def test_streams_that_end_at_different_times(sizes: tuple[int, ...]) -> None:
    both(lambda lib: lib.utils.data.DataLoader(stream(lib, sizes), batch_size=2, num_workers=len(sizes)))


def test_single_examples_and_own_collate() -> None:
    def loader(lib: Any) -> Any:
        data = lib.utils.data.TensorDataset(lib.arange(7))
        return lib.utils.data.DataLoader(data, batch_size=None, num_workers=2, prefetch_factor=3)

    both(loader)
    both(
        lambda lib: lib.utils.data.DataLoader(
            list(range(9)),
            batch_size=4,
            drop_last=True,
            num_workers=2,
            collate_fn=lambda xs: [x * 2 for x in xs],
        )
    )


def test_as_without_workers() -> None:
    data = TensorDataset(chainrule.arange(10).float(), chainrule.arange(10))
    assert lists(DataLoader(data, 3, num_workers=2)) == lists(DataLoader(data, 3))
    assert lists(DataLoader(data, 3, pin_memory=True)) == lists(DataLoader(data, 3))


class Fails(Dataset):
    def __len__(self) -> int:
        return 4

    def __getitem__(self, i: int) -> Any:
        if i == 2:
            raise KeyError("broken example")
        return i


class Unsendable(Exception):
    def __init__(self, a: int, b: int) -> None:
        super().__init__(f"{a} and {b}")


class FailsOddly(Fails):
    def __getitem__(self, i: int) -> Any:
        raise Unsendable(1, 2)


def test_an_error_in_a_worker_comes_out_with_its_traceback() -> None:
    with pytest.raises(KeyError, match="broken example") as caught:
        lists(DataLoader(Fails(), 1, num_workers=2))
    (note,) = caught.value.__notes__
    assert note.startswith("in worker 0 of the DataLoader:\nTraceback")
    assert 'raise KeyError("broken example")' in note
    with pytest.raises(WorkerError, match="Unsendable: 1 and 2"):
        lists(DataLoader(FailsOddly(), 1, num_workers=1))
    assert multiprocessing.active_children() == []


def _die(number: int) -> None:
    os._exit(3)


def _sleep(number: int) -> None:
    time.sleep(60)


@pytest.mark.parametrize(
    ("init", "match"),
    [
        (_die, r"worker 0 of 1 died \(3\); look for the error with num_workers=0"),
        (_sleep, "took longer than timeout=0.3"),
    ],
)
def test_a_worker_that_gives_no_answer(init: Any, match: str) -> None:
    with pytest.raises(WorkerError, match=match):
        lists(DataLoader(range(3), num_workers=1, worker_init_fn=init, timeout=0.3 if init is _sleep else 0))
    assert multiprocessing.active_children() == []


def test_leaving_early_ends_the_workers() -> None:
    for batch in DataLoader(range(100), num_workers=2):
        assert batch.tolist() == [0]
        break
    iter(DataLoader(range(100), num_workers=2))
    assert multiprocessing.active_children() == []
    assert get_worker_info() is None


class Meets(Dataset):
    """Nobody gets an example before four ask for one: in four processes, or never."""

    def __init__(self) -> None:
        self.four = multiprocessing.Barrier(4, timeout=60)

    def __len__(self) -> int:
        return 24

    def __getitem__(self, i: int) -> Any:
        self.four.wait()
        return i


def test_workers_work_at_the_same_time() -> None:
    assert lists(DataLoader(Meets(), 1, num_workers=4)) == [[i] for i in range(24)]
