"""Plain PyTorch scripts, unchanged: with PyTorch, and with chainrule under PyTorch's name, they print the same.

``tests/scripts`` holds them as text.  Each library runs all of them in one fresh Python; chainrule takes PyTorch's
place in ``sys.modules``, under every path, so not a letter of a script changes.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

SCRIPTS = sorted((Path(__file__).parent / "scripts").glob("*.txt"))
ALIASED = """
import sys
import chainrule, chainrule.utils.data, chainrule.nn.functional, chainrule.autograd.functional
for name in [name for name in sys.modules if name.partition(".")[0] == "chainrule"]:
    sys.modules["torch" + name.removeprefix("chainrule")] = sys.modules[name]
"""
RUN = """
import contextlib, io, json, sys, warnings
warnings.simplefilter("ignore")
printed = {}
for path in sys.argv[1:]:
    import torch
    torch.set_default_dtype(torch.float32)
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        exec(compile(open(path).read(), path, "exec"), {"__name__": "__main__"})
    printed[path] = out.getvalue()
print(json.dumps([torch.__name__, printed]))
"""


def printed_by(start: str) -> tuple[str, dict[str, str]]:
    """Which library answered to the name torch, and what each script printed."""
    run = subprocess.run(
        [sys.executable, "-c", start + RUN, *map(str, SCRIPTS)], capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stderr[-3000:]
    name, printed = json.loads(run.stdout.splitlines()[-1])
    return name, printed


@pytest.fixture(scope="module")
def outputs() -> Any:
    """What every script prints with chainrule, and with PyTorch."""
    pytest.importorskip("torch")
    (ours, mine), (theirs, other) = printed_by(ALIASED), printed_by("")
    assert (ours, theirs) == ("chainrule", "torch")
    return mine, other


NUMBER = re.compile(r"(?<![\w.])-?\d+(?:\.\d+)?(?:e[-+]?\d+)?(?![\w])")


def numbers(text: str) -> list[float]:
    return [float(x) for x in NUMBER.findall(text)]


def words(text: str) -> str:
    return re.sub(r"\s+", " ", NUMBER.sub("#", text))


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.stem)
def test_the_same_is_printed(path: Path, outputs: Any) -> None:
    mine, theirs = (printed[str(path)] for printed in outputs)
    assert words(mine) == words(theirs)
    assert numbers(mine) == pytest.approx(numbers(theirs), rel=2e-4, abs=2e-5)
    assert len(numbers(theirs)) >= 5


def test_the_scripts_know_nothing_of_chainrule() -> None:
    assert len(SCRIPTS) >= 10
    assert not [path.name for path in SCRIPTS if "chainrule" in path.read_text()]


# ---------------------------------------------------------------------------------------- outside the surface

OUTSIDE = {
    "import torch\nx = torch.ones(2).cuda()": "Tensor has no 'cuda': chainrule computes on the CPU; leave it out",
    "import torch\nimport torch.nn as nn\nm = nn.LSTM(3, 4)": (
        "chainrule.nn has no 'LSTM': write the loop over time with Linear and tanh"
    ),
    "import torch\n@torch.jit.script\ndef f(x): return x": "chainrule has no 'jit': leave it out",
    "import torch\ny = torch.fft.rfft(torch.ones(4))": "chainrule has no 'fft': docs/surface.md lists what is here",
    "import torch\nm = torch.nn.Linear(1, 1)\nm.cuda()": (
        "Linear has no 'cuda': chainrule computes on the CPU; leave it out"
    ),
    "from torch.nn import Linear, MultiheadAttention": (
        "chainrule.nn has no 'MultiheadAttention': write it with Linear, softmax and @"
    ),
    "from torch import jit": "chainrule has no 'jit': leave it out",
    "from torch.nn.init import xavier_norm_": "chainrule.nn.init has no 'xavier_norm_': did you mean xavier_normal_",
    "import torch\nx = torch.ones(2, dtype=torch.complex64)": (
        "chainrule has no 'complex64': chainrule has real numbers only"
    ),
    "import torch\nopt = torch.optim.LBFGS([torch.ones(1)])": (
        "chainrule.optim has no 'LBFGS': use Adam, or SGD with a small learning rate"
    ),
    "import torch\nx = torch.ones(2, device='cuda')": "cuda",
    "import torch\nwith torch.autocast('cpu'):\n    pass": (
        "chainrule has no 'autocast': chainrule computes in float32 and float64; leave it out"
    ),
    "import torch\ns = torch.optim.lr_scheduler.CyclicLR(None)": "chainrule.optim.lr_scheduler has no 'CyclicLR'",
    "import torch\ntorch.nn.init.xavier_uniform(torch.ones(2, 2))": "did you mean xavier_uniform_",
}


@pytest.mark.parametrize("script", OUTSIDE, ids=lambda script: script.splitlines()[-1][:40])
def test_outside_the_surface_one_clear_line(script: str) -> None:
    run = subprocess.run([sys.executable, "-c", ALIASED + script], capture_output=True, text=True, check=False)
    assert run.returncode == 1
    last = run.stderr.strip().splitlines()[-1]
    assert OUTSIDE[script] in last, last
