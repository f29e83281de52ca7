"""Data sets, samplers and the loader, under PyTorch's names; reachable as ``chainrule.utils.data``.

Data to learn from are in ``chainrule.data.datasets``, imported when asked for.
"""

from chainrule.data.dataset import ConcatDataset, Dataset, IterableDataset, Subset, TensorDataset, random_split
from chainrule.data.loader import DataLoader, default_collate, default_convert
from chainrule.data.samplers import (
    BatchSampler,
    RandomSampler,
    Sampler,
    SequentialSampler,
    SubsetRandomSampler,
    WeightedRandomSampler,
)
from chainrule.data.workers import get_worker_info
from chainrule.outside import outside as _outside

__all__ = [
    "BatchSampler", "ConcatDataset", "DataLoader", "Dataset", "IterableDataset", "RandomSampler", "Sampler",
    "SequentialSampler", "Subset", "SubsetRandomSampler", "TensorDataset", "WeightedRandomSampler", "default_collate",
    "default_convert", "get_worker_info", "random_split",
]  # fmt: skip


def __getattr__(name: str) -> object:
    raise _outside("chainrule.data", name, __all__)
