"""Write docs/surface.md: for each name of PyTorch's, whether chainrule has it, and where it differs.

    python scripts/surface.py           writes the page
    python scripts/surface.py --check   exits 1 if the page is not up to date

Needs torch, which the names are compared with.
"""

from __future__ import annotations

import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import torch

import chainrule
from chainrule.ops import BOOK

PAGE = Path(__file__).parent.parent / "docs" / "surface.md"

DIFFERS = {
    "abs": "also of bools; the slope at nan is nan",
    "bernoulli": "the same numbers; not in place",
    "binary_cross_entropy": "refuses shapes that differ",
    "binary_cross_entropy_with_logits": "refuses shapes that differ",
    "BCELoss": "refuses shapes that differ",
    "BCEWithLogitsLoss": "refuses shapes that differ",
    "cat": "refuses the old empty tensor of shape (0,) among others of more dimensions",
    "BatchNorm1d": "an empty batch in training is refused",
    "BatchNorm2d": "an empty batch in training is refused",
    "all": "of uint8: bool, where PyTorch answers in uint8",
    "any": "of uint8: bool, where PyTorch answers in uint8",
    "clamp": "bounds are numbers; for tensors write maximum and minimum",
    "DataLoader": "pin_memory and persistent_workers change nothing; an empty data set is refused",
    "detect_anomaly": "finds inf too, and forward as well as backward; an AnomalyError, which is a RuntimeError",
    "set_detect_anomaly": "as detect_anomaly",
    "device": "only the CPU",
    "floor_divide": "has no gradient at all; PyTorch raises at backward",
    "kl_div": "the slope in a target of exactly 0 is finite; PyTorch's is nan",
    "KLDivLoss": "the slope in a target of exactly 0 is finite; PyTorch's is nan",
    "logical_and_": "a leaf that requires grad is refused, as by all in-place forms; PyTorch changes it",
    "logical_not_": "a leaf that requires grad is refused, as by all in-place forms; PyTorch changes it",
    "logical_or_": "a leaf that requires grad is refused, as by all in-place forms; PyTorch changes it",
    "logical_xor_": "a leaf that requires grad is refused, as by all in-place forms; PyTorch changes it",
    "random_split": "negative lengths are refused, where PyTorch makes an empty part",
    "register_hook": "the hook gets a copy, so changing it in place reaches this tensor alone; leaves are visited "
    "newest first",
    "register_post_accumulate_grad_hook": "called when the whole walk back is over",
    "WeightedRandomSampler": "negative, nan or only zero weights are refused when it is made, not when it is used; "
    "without replacement, so are more draws than weights above 0",
    "full": "the size may be one number",
    "l1_loss": "refuses shapes that differ, where PyTorch broadcasts with a warning",
    "L1Loss": "refuses shapes that differ, where PyTorch broadcasts with a warning",
    "linear": "the weight must have 2 dimensions and the bias one number for each output",
    "load": "safetensors files, never pickle",
    "mse_loss": "refuses shapes that differ, where PyTorch broadcasts with a warning",
    "MSELoss": "refuses shapes that differ, where PyTorch broadcasts with a warning",
    "norm": "over one or several dimensions as a vector; no matrix norms; order 0 has no gradient, PyTorch's is 0",
    "save": "safetensors files, never pickle",
    "sign": "nan stays nan",
    "sub": "of a bool and another kind is allowed",
    "topk": "among equal numbers the first in place wins; PyTorch leaves that open",
    "view": "copies where the memory does not allow a view",
}
"""Where a name behaves otherwise than PyTorch's.  Every entry must be a name that is here."""

PLACES: list[tuple[str, Any, Any]] = [
    ("torch", chainrule, torch),
    ("torch.Tensor", chainrule.Tensor, torch.Tensor),
    ("torch.nn", chainrule.nn, torch.nn),
    ("torch.nn.functional", chainrule.nn.functional, torch.nn.functional),
    ("torch.nn.Module", chainrule.nn.Module, torch.nn.Module),
    ("torch.nn.utils", chainrule.nn.utils, torch.nn.utils),
    ("torch.nn.init", chainrule.nn.init, torch.nn.init),
    ("torch.optim", chainrule.optim, torch.optim),
    ("torch.optim.Optimizer", chainrule.optim.Optimizer, torch.optim.Optimizer),
    ("torch.optim.lr_scheduler", chainrule.optim.lr_scheduler, torch.optim.lr_scheduler),
    ("torch.utils.data", chainrule.utils.data, torch.utils.data),
    ("torch.autograd", chainrule.autograd, torch.autograd),
    ("torch.autograd.functional", chainrule.autograd.functional, torch.autograd.functional),
]
TOO_MANY = ("torch", "torch.Tensor")  # what is absent there is not listed


def public(owner: Any, home: str) -> set[str]:
    """The names an owner offers: its ``__all__``, or what is defined in its own module."""
    names = getattr(owner, "__all__", None) or [
        name
        for name, value in vars(owner).items()
        if not isinstance(owner, ModuleType) or getattr(value, "__module__", home).startswith(home)
    ]
    return {name for name in names if not name.startswith("_") and not isinstance(getattr(owner, name), ModuleType)}


def table(title: str, ours: Any, theirs: Any) -> list[str]:
    """The lines about one place."""
    mine = {name for name in (dir(ours) if isinstance(ours, type) else public(ours, ours.__name__)) if name[0] != "_"}
    shared = sorted(name for name in mine if hasattr(theirs, name))
    lines = [f"## {title}", "", f"{len(shared)} names are here.", "", "| name | | |", "|---|---|---|"]
    for name in shared:
        kind = "in the book" if name in BOOK and getattr(ours, name) is BOOK[name] else ""
        lines.append(f"| `{name}` | {'differs: ' + DIFFERS[name] if name in DIFFERS else 'same'} | {kind} |")
    if title not in TOO_MANY:
        absent = sorted(public(theirs, title) - mine)
        lines += ["", f"Absent: {', '.join(f'`{name}`' for name in absent) or 'nothing'}."]
    return [*lines, ""]


def page() -> str:
    """The whole page."""
    lines = [
        "# What of PyTorch is here",
        "",
        "Generated by `python scripts/surface.py` from the code and PyTorch's own names; a test holds it up to date.",
        "",
        "*same*: the tests compare it with PyTorch's. *differs*: on purpose, as said. *in the book*: one of the",
        f"{len(BOOK)} operations with a gradient rule of its own (`chainrule.ops.BOOK`); the rest is made of these.",
        "What is absent in `torch` and `torch.Tensor` is not listed; asking for it says so, and what to write instead.",
        "",
    ]
    for place in PLACES:
        lines += table(*place)
    return "\n".join(lines)


def main(arguments: list[str]) -> int:
    """Write the page, or with ``--check`` compare it."""
    text = page()
    if "--check" in arguments:
        current = PAGE.exists() and PAGE.read_text() == text
        print(f"{PAGE} is {'up to date' if current else 'not up to date: run python scripts/surface.py'}")
        return 0 if current else 1
    PAGE.write_text(text)
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
