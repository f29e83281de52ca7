"""``python -m benchmarks [eager] [scalar] [imports] [graph] [layers] [outside] [compiled]``: all, or those named.

What follows ``compiled`` is for it: ``--write``, and names of its workloads.
"""

from __future__ import annotations

import importlib
import sys

from benchmarks.measure import alone

NAMES = ("eager", "scalar", "imports", "graph", "layers", "outside", "compiled")


def main(words: list[str]) -> int:
    """Run the benchmarks named, print their tables."""
    end = words.index("compiled") + 1 if "compiled" in words else len(words)
    names, given = words[:end], {"compiled": tuple(words[end:])}
    unknown = [name for name in names if name not in NAMES]
    if unknown:
        print(f"benchmarks: there is no {unknown[0]!r}; choose from {', '.join(NAMES)}", file=sys.stderr)
        return 2
    alone()
    for name in names or NAMES:
        module = importlib.import_module(f"benchmarks.{name}")
        told = module.run(given[name]) if name in given else module.run()
        print(f"## {name}\n\n{(module.__doc__ or '').strip()}\n\n{told}\n", flush=True)
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
