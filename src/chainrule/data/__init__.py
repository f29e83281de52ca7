"""Data sets, samplers and the loader, under PyTorch's names; reachable as ``chainrule.utils.data``."""

from chainrule.data.dataset import Dataset, Subset, TensorDataset
from chainrule.data.loader import BatchSampler, DataLoader, RandomSampler, SequentialSampler, default_collate

__all__ = [
    "BatchSampler", "DataLoader", "Dataset", "RandomSampler", "SequentialSampler", "Subset", "TensorDataset",
    "default_collate",
]  # fmt: skip
