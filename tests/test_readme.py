"""The README is true: its examples run, and the one for PyTorch prints the same with PyTorch."""

import io
import re
from contextlib import redirect_stdout
from pathlib import Path

import pytest

from chainrule.cli import commands
from chainrule.ladder import rungs
from chainrule.ladder.rungs import RUNGS

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text()
BLOCKS = re.findall(r"```python\n(.*?)```", README, re.S)


def printed(source: str) -> str:
    with redirect_stdout(io.StringIO()) as out:
        exec(source, {})
    return out.getvalue()


def test_the_script_prints_the_same_number_with_pytorch() -> None:
    script = BLOCKS[0]
    ours = float(printed(script))
    swapped = script.replace("import chainrule as torch", "import torch").replace("from chainrule", "from torch")
    assert ours == pytest.approx(float(printed(swapped)), rel=1e-5)


def test_the_scalar_example_prints_its_gradients() -> None:
    a, b = map(float, printed(BLOCKS[1]).split())
    assert (a, b) == pytest.approx((29.504243308734242, -20.143889679696734))


def test_the_graph_example_shows_the_graph(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    text = printed(BLOCKS[1] + BLOCKS[2])
    assert "tanh" in text
    assert "each the slope that was measured" in text
    assert (tmp_path / "loss.html").exists()


def test_the_table_of_the_ladder_has_every_rung_and_its_lines() -> None:
    table = re.findall(r"^\| `(\w+)` \| [^|]+ \| ([\d +]+) \|", README, re.M)
    lines = {rung: [rungs.lines(text) for text in (rungs.source("digits", rung), rungs.built(rung))] for rung in RUNGS}
    assert table == [(rung, f"{mine} + {built}" if built else f"{mine}") for rung, (mine, built) in lines.items()]


@pytest.mark.parametrize("link", sorted(set(re.findall(r"\]\(([^)#]+)\)", README))))
def test_links_lead_somewhere(link: str) -> None:
    assert (ROOT / link).exists()


def test_the_commands_are_there() -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.M))
    named = re.findall(r"^    make ([a-z]+)", README, re.M)
    assert named == ["learn", "test", "ladder"]
    assert targets.issuperset(named)
    assert set(re.findall(r"(?:`|^    )chainrule ([a-z]+)", README, re.M)) <= {*commands().commands}
