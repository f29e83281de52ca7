"""``python -m benchmarks [eager] [scalar] [imports] [graph] [layers]``: all of them, or those named."""

from __future__ import annotations

import importlib
import sys

from benchmarks.measure import alone

NAMES = ("eager", "scalar", "imports", "graph", "layers")


def main(names: list[str]) -> int:
    """Run the benchmarks named, print their tables."""
    unknown = [name for name in names if name not in NAMES]
    if unknown:
        print(f"benchmarks: there is no {unknown[0]!r}; choose from {', '.join(NAMES)}", file=sys.stderr)
        return 2
    alone()
    for name in names or NAMES:
        module = importlib.import_module(f"benchmarks.{name}")
        print(f"## {name}\n\n{(module.__doc__ or '').strip()}\n\n{module.run()}\n", flush=True)
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
