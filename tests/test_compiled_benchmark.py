"""The race of the compiler: what it prints is what it measured, and it writes only between its marks."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parent.parent))

from benchmarks import compiled
from benchmarks.peers import contest
from benchmarks.peers.contest import Result, verdict
from benchmarks.peers.pytorch import eager
from benchmarks.peers.workloads import WORKLOADS, Contestant, Workload

W3 = next(w for w in WORKLOADS if w.key == "w3")


def test_the_verdict_says_the_ratio_and_whether_it_is_enough() -> None:
    assert verdict(300.0, 10.0, 30) == "30 | ≥ 30 | PASS"
    assert verdict(299.0, 10.0, 30) == "29.9 | ≥ 30 | short"
    assert verdict(None, 10.0, 30) == "– | ≥ 30 | not run"


def test_the_tables_hold_what_was_measured() -> None:
    found = {"torch eager": 90.0, "JAX scan": 20.0, "by hand": 4.0, "chainrule native": 3.0}
    results = {"w3": Result("w3", found, {"JAX scan": 2e-7}, {}, {"torch.compile": "not run: no g++"})}
    row = "| w3: digits 64-32-10, batch 32, SGD | 90 | – | – | 20 | – | 4 | – | – | 3 |"
    assert row in compiled.times([W3], results)
    text = compiled.ratios([W3], results)
    assert "| torch eager | 30 | ≥ 30 | PASS |" in text
    assert "| by hand | 1.33 | ≥ 0.833 | PASS |" in text
    assert "- torch.compile (w3): not run: no g++" in compiled.notes(results)


def test_only_what_is_between_the_marks_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page = tmp_path / "performance.md"
    monkeypatch.setattr(compiled, "PAGE", page)
    compiled.write("first")
    page.write_text("above\n" + page.read_text() + "below\n")
    compiled.write("second")
    text = page.read_text()
    assert text.startswith("above\n")
    assert text.endswith("below\n")
    assert "second" in text
    assert "first" not in text
    page.write_text("no marks")
    with pytest.raises(SystemExit, match="must hold"):
        compiled.write("third")


def test_whoever_does_other_work_is_found_out() -> None:
    import torch

    w = Workload("small", "small", "mlp", (64, 4, 10), 512)
    wrong = Workload("small", "small", "mlp", (64, 4, 10), 512, rate=0.11)
    good = Result("small")
    contest._compare(w, {"right": eager(w, False, torch.float32)}, good)
    assert good.apart["right"] < 1e-5
    with pytest.raises(SystemExit, match="cheat does not do the same work"):
        contest._compare(w, {"cheat": eager(wrong, False, torch.float32)}, Result("small"))


@pytest.mark.parametrize("w", WORKLOADS, ids=lambda w: w.key)
def test_the_data_come_in_whole_batches_except_for_the_short_one(w: Workload) -> None:
    sizes = [len(x) for x, _ in w.batches()]
    assert len(sizes) == w.steps
    assert set(sizes[:-1]) <= {w.batch}
    assert sizes[-1] == {"cubic": 2000, "tiny": 4}.get(w.kind, w.batch)
    assert all(v.dtype == np.float32 for v in w.first_weights())


def test_a_run_that_is_not_whole_is_not_written() -> None:
    with pytest.raises(SystemExit, match="--write needs a whole run"):
        compiled.run(("w1", "--write"))
    with pytest.raises(SystemExit, match="there is no"):
        compiled.run(("w9",))
    assert Contestant(lambda n: 0.0, list).failing() is None
