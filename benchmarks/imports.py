"""How long ``import chainrule`` takes, as a whole process, beside ``import numpy`` and ``import torch``."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time


def run() -> str:
    """Median seconds of 11 starts each, in turns, less that of an empty process."""
    statements = {"nothing": "", "numpy": "import numpy", "chainrule": "import chainrule", "torch": "import torch"}
    times: dict[str, list[float]] = {name: [] for name in statements}
    for _ in range(11):
        for name, statement in statements.items():
            start = time.perf_counter()
            subprocess.run([sys.executable, "-c", statement], check=True)
            times[name].append(time.perf_counter() - start)
    medians = {name: statistics.median(taken) for name, taken in times.items()}
    rows = [f"| import {n} | {medians[n] - medians['nothing']:.3f} s |" for n in ("numpy", "chainrule", "torch")]
    return "\n".join(["| | seconds |", "|---|---:|", *rows])
