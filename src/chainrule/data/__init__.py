"""Data sets, samplers and the loader, under PyTorch's names; reachable as ``chainrule.utils.data``.

Data to learn from are in ``chainrule.data.datasets``, imported when asked for.
"""

from chainrule.data.dataset import ConcatDataset, Dataset, IterableDataset, Subset, TensorDataset, random_split
from chainrule.data.loader import DataLoader, default_collate
from chainrule.data.samplers import (
    BatchSampler,
    RandomSampler,
    SequentialSampler,
    SubsetRandomSampler,
    WeightedRandomSampler,
)

__all__ = [
    "BatchSampler", "ConcatDataset", "DataLoader", "Dataset", "IterableDataset", "RandomSampler", "SequentialSampler",
    "Subset", "SubsetRandomSampler", "TensorDataset", "WeightedRandomSampler", "default_collate", "random_split",
]  # fmt: skip
