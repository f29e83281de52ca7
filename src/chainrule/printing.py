"""How numbers are printed: as PyTorch prints them."""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule.ops.base import Array


def numbers(array: Array) -> str:
    """The numbers as PyTorch prints them: four decimals, or none where all are whole."""
    if array.dtype.kind == "f" and array.size:
        finite = array[np.isfinite(array)]
        whole = bool((finite == np.round(finite)).all()) and bool((np.abs(finite) < 1e8).all())
        sizes = np.abs(finite[finite != 0])
        if sizes.size and not whole and (sizes.max() / sizes.min() > 1000 or sizes.max() > 1e8 or sizes.min() < 1e-4):
            style: Any = {"float": lambda x: f"{x:.4e}"}
        else:
            style = {"float": lambda x: f"{x:.0f}." if whole and np.isfinite(x) else f"{x:.4f}"}
        width = max((len(style["float"](x)) for x in finite.ravel()[:1000]), default=0)
        formatter = {"float_kind": lambda x: style["float"](x).rjust(width if array.ndim else 0)}
    else:
        formatter = None
    return np.array2string(array, separator=", ", prefix="tensor(", formatter=formatter)  # type: ignore[arg-type]
