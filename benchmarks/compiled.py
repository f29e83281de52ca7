"""The compiler against its peers: whole training steps in float32, on one core.

PyTorch (eager, and torch.compile of the whole step), JAX (a jitted step, and `lax.scan` over all steps, blocked on the
result), scikit-learn where it fits, Numba written by hand (the ceiling), and chainrule three times: eager, a compiled
step called from Python, and whole epochs natively. Each workload in a fresh process; everyone's weights are compared
with PyTorch's in float64 after some epochs; then they take turns, and medians count.

`python -m benchmarks compiled --write` puts the tables into docs/performance.md; with `--busy` each process counts its
own time only, for a look on a machine that others use too; with names (w1 w2 w3 w3a w4 w4a w5 lenet) only those run.
"""

from __future__ import annotations

import platform
import sys
from importlib.metadata import version
from pathlib import Path

from benchmarks.measure import apart
from benchmarks.peers.contest import OURS, Result, contest, verdict
from benchmarks.peers.costs import costs
from benchmarks.peers.scalars import moons
from benchmarks.peers.together import both_cores, many_epochs
from benchmarks.peers.workloads import WORKLOADS, Workload

PAGE = Path(__file__).parent.parent / "docs" / "performance.md"
START, END = "<!-- benchmarks compiled: start -->", "<!-- benchmarks compiled: end -->"
ORDER = (
    "torch eager", "torch.compile", "JAX jit", "JAX scan", "scikit-learn", "by hand", "chainrule eager",
    "chainrule step", "chainrule native",
)  # fmt: skip


def run(arguments: tuple[str, ...] = ()) -> str:
    """Every table; with ``--write`` also into the page. Names of workloads restrict it to those."""
    keys = [word for word in arguments if not word.startswith("-")]
    unknown = set(keys) - {w.key for w in WORKLOADS}
    if unknown:
        raise SystemExit(
            f"benchmarks compiled: there is no {sorted(unknown)}; choose from {[w.key for w in WORKLOADS]}"
        )
    workloads = [w for w in WORKLOADS if not keys or w.key in keys]
    busy = "--busy" in arguments
    if "--write" in arguments and (keys or busy):
        raise SystemExit("benchmarks compiled: --write needs a whole run on a quiet machine")
    results = {w.key: apart(contest, w.key, busy=busy) for w in workloads}
    parts = [machine(), times(workloads, results), ratios(workloads, results), notes(results)]
    if not keys:
        parts += [many_epochs(), both_cores(), moons(), costs()]
    if busy:
        parts.insert(1, "(Time of each process alone: others were using the machine.)")
    text = "\n\n".join(part for part in parts if part)
    if "--write" in arguments:
        write(text)
    return text


def machine() -> str:
    """What it was measured on."""
    names = {"PyTorch": "torch", "JAX": "jax", "Numba": "numba", "scikit-learn": "scikit-learn", "NumPy": "numpy"}
    cpu = next(
        (line.partition(":")[2].strip() for line in _lines("/proc/cpuinfo") if line.startswith("model name")),
        platform.processor() or platform.machine(),
    )
    versions = ", ".join(f"{name} {version(package)}" for name, package in names.items())
    return (
        f"Measured on {cpu}, {platform.system()}, Python {platform.python_version()}, {versions}, by "
        "`python -m benchmarks compiled`."
    )


def _lines(path: str) -> list[str]:
    try:
        return Path(path).read_text().splitlines()
    except OSError:
        return []


def times(workloads: list[Workload], results: dict[str, Result]) -> str:
    """Microseconds a step."""
    lines = ["Microseconds a step:", "", f"| | {' | '.join(ORDER)} |", f"|---|{'---:|' * len(ORDER)}"]
    for w in workloads:
        found = results[w.key].microseconds
        cells = [_figures(found[who]) if who in found else "–" for who in ORDER]
        lines.append(f"| {w.title} | {' | '.join(cells)} |")
    return "\n".join(lines)


def ratios(workloads: list[Workload], results: dict[str, Result]) -> str:
    """How many times as fast we are, beside what was aimed at."""
    lines = [
        "How many times as fast the native loop is:",
        "",
        "| | than | ratio | target | |",
        "|---|---|---:|---:|---|",
    ]
    for w in workloads:
        found = results[w.key].microseconds
        for peer, target in w.targets.items():
            lines.append(f"| {w.title} | {peer} | {verdict(found.get(peer), found.get(OURS), target)} |")
    return "\n".join(lines)


def notes(results: dict[str, Result]) -> str:
    """How far apart the weights were, and who did not run."""
    worst = max(far for result in results.values() for far in result.apart.values())
    lines = [f"After two to six epochs all weights agree with PyTorch's in float64 to {worst:.0e} of the largest."]
    absent = sorted({(who, why, key) for key, result in results.items() for who, why in result.absent.items()})
    grouped: dict[tuple[str, str], list[str]] = {}
    for who, why, key in absent:
        grouped.setdefault((who, why), []).append(key)
    lines += [f"- {who} ({', '.join(keys)}): {why}" for (who, why), keys in grouped.items()]
    return "\n".join(lines)


def _figures(x: float) -> str:
    """Three figures."""
    return f"{x:.0f}" if x >= 100 else f"{x:.3g}"


def write(text: str) -> None:
    """Put the tables between the marks of the page, which is made if it is not there."""
    page = PAGE.read_text() if PAGE.exists() else f"# Performance\n\n{START}\n{END}\n"
    if page.count(START) != 1 or page.count(END) != 1:
        raise SystemExit(f"{PAGE} must hold {START} and {END} once each")
    before, rest = page.split(START)
    PAGE.write_text(f"{before}{START}\n{text}\n{END}{rest.split(END)[1]}")
    print(f"wrote {PAGE}", file=sys.stderr)
