"""What a user can reach: `__all__` is the truth, PyTorch's paths lead somewhere, PyTorch's scripts run."""

from __future__ import annotations

import ast
import importlib
import inspect
import re
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

import chainrule

SOURCE = Path(chainrule.__file__).parent
NAMES = {
    ".".join(path.relative_to(SOURCE.parent).with_suffix("").parts).removesuffix(".__init__"): path
    for path in sorted(SOURCE.rglob("*.py"))
    if path.parent.parent.name != "lessons"  # texts for learners and their answers, held by tests of their own
}
LISTED = [name for name, path in NAMES.items() if re.search(r"^__all__(: list\[str\])? = ", path.read_text(), re.M)]


def bound(source: str) -> set[str]:
    """The public names a module makes: imported from elsewhere, defined or assigned at its top."""
    found: set[str] = set()
    for node in ast.parse(source).body:
        if isinstance(node, ast.ImportFrom) and node.module != "__future__":
            for alias in node.names:  # a star stands for the list of the module it takes from
                starred = importlib.import_module(str(node.module)).__all__ if alias.name == "*" else ()
                found |= set(starred) or {alias.asname or alias.name}
        elif isinstance(node, ast.FunctionDef | ast.ClassDef):
            found.add(node.name)
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            found |= {target.id for target in targets if isinstance(target, ast.Name)}
    return {name for name in found if not name.startswith("_")}


def unlisted(source: str, listed: list[str]) -> set[str]:
    """By what ``__all__`` and reality differ."""
    return bound(source) ^ set(listed)


@pytest.mark.parametrize("name", LISTED)
def test_all_is_what_there_is(name: str) -> None:
    module = importlib.import_module(name) if name != "chainrule" else chainrule
    assert unlisted(NAMES[name].read_text(), module.__all__) == set()
    assert len(set(module.__all__)) == len(module.__all__)
    assert sorted(module.__all__) == sorted(n for n in module.__all__ if hasattr(module, n) and not n.startswith("_"))


def test_the_places_people_import_from_list_what_they_have() -> None:
    assert {
        "chainrule", "chainrule.nn", "chainrule.nn.functional", "chainrule.optim", "chainrule.data", "chainrule.utils",
        "chainrule.utils.data", "chainrule.autograd", "chainrule.ops",
    } <= set(LISTED)  # fmt: skip


def test_a_wrong_list_would_be_noticed() -> None:
    source = "from a import b, _c, d as e\nimport f\n\ndef g(): ...\n\nh = 1\n"
    assert unlisted(source, ["b", "e", "g", "h"]) == set()
    assert unlisted(source, ["b", "e", "g", "i"]) == {"h", "i"}


def test_a_star_brings_exactly_that() -> None:
    scope: dict[str, Any] = {}
    exec("from chainrule import *", scope)
    assert set(scope) - {"__builtins__"} == set(chainrule.__all__)


PATHS = """
import chainrule as torch
import chainrule.nn as nn
import chainrule.nn.functional as F
import chainrule.nn.init as init
import chainrule.optim as optim
import chainrule.utils.data as data
import chainrule.autograd as autograd
from chainrule import nn as nn2, optim as optim2
from chainrule.autograd import Function, grad, gradcheck
from chainrule.nn import Module, Parameter, functional
from chainrule.nn.init import kaiming_uniform_
from chainrule.optim import SGD, Adam
from chainrule.utils.data import DataLoader, Dataset, TensorDataset
assert nn2 is nn is torch.nn and F is functional is nn.functional and init is torch.nn.init
assert optim2 is optim is torch.optim and data is torch.utils.data and autograd is torch.autograd
assert torch.float is torch.float32 and torch.double is torch.float64 and torch.long is torch.int64
assert torch.Tensor is type(torch.zeros(1)) and torch.no_grad is autograd.no_grad
assert torch.nn.Linear is nn.Linear and torch.device("cpu").type == "cpu" and torch.Generator().initial_seed()
assert torch.__version__
"""


def test_pytorchs_paths_lead_somewhere() -> None:
    run = subprocess.run([sys.executable, "-W", "error", "-c", PATHS], capture_output=True, text=True, check=False)
    assert run.stderr == ""


# ---------------------------------------------------------------------------------------- PyTorch's scripts

REGRESSION = """
import torch
import torch.nn as nn
import torch.nn.functional as F
from torch import optim

torch.manual_seed(0)
x = torch.linspace(-3.0, 3.0, 200).reshape(-1, 1)
y = torch.sin(x) + 0.1 * torch.randn(200, 1)

class Net(nn.Module):
    def __init__(self, hidden):
        super().__init__()
        self.first = nn.Linear(1, hidden)
        self.second = nn.Linear(hidden, hidden)
        self.out = nn.Linear(hidden, 1)
        nn.init.xavier_uniform_(self.second.weight)

    def forward(self, x):
        x = torch.tanh(self.first(x))
        x = F.relu(self.second(x))
        return self.out(x)

model = Net(16)
optimizer = optim.Adam(model.parameters(), lr=1e-2)
losses = []
for step in range(60):
    optimizer.zero_grad()
    loss = nn.MSELoss()(model(x), y)
    loss.backward()
    optimizer.step()
    losses.append(loss.item())
"""

CLASSIFIER = """
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(1)
device = torch.device("cpu")
points = torch.randn(300, 2)
labels = ((points ** 2).sum(dim=1) > 1.4).long()
train = TensorDataset(points[:250], labels[:250])
loader = DataLoader(train, batch_size=32, shuffle=True)
model = nn.Sequential(nn.Linear(2, 32), nn.ReLU(), nn.Linear(32, 2)).to(device)
loss_fn = nn.CrossEntropyLoss()
optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9, weight_decay=1e-4)
losses = []
for epoch in range(5):
    model.train()
    for xb, yb in loader:
        xb, yb = xb.to(device), yb.to(device)
        loss = loss_fn(model(xb), yb)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    model.eval()
    with torch.no_grad():
        correct = (model(points[250:]).argmax(dim=1) == labels[250:]).sum().item()
    losses.append(1 + correct)
"""

BY_HAND = """
import torch

torch.manual_seed(2)
x = torch.rand(64, 3)
y = x @ torch.tensor([[1.0], [-2.0], [0.5]]) + 0.3
w = torch.randn(3, 1, requires_grad=True)
b = torch.zeros(1, requires_grad=True)
losses = []
for step in range(50):
    loss = ((x @ w + b - y) ** 2).mean()
    loss.backward()
    with torch.no_grad():
        w -= 0.3 * w.grad
        b -= 0.3 * b.grad
        w.grad = None
        b.grad.zero_()
    losses.append(loss.item())
order = torch.randperm(64)
losses.append(1 + x[order[:10]].sum().item())
"""


def swapped(script: str) -> str:
    """The script with the import swapped: nothing else changes."""
    script = re.sub(r"^import torch$", "import chainrule as torch", script, flags=re.M)
    return re.sub(r"^(import|from) torch\b", r"\1 chainrule", script, flags=re.M)


def losses_of(script: str) -> list[float]:
    scope: dict[str, Any] = {"__name__": "script"}
    exec(script, scope)
    return scope["losses"]


@pytest.mark.parametrize("script", [REGRESSION, CLASSIFIER, BY_HAND], ids=["regression", "classifier", "by hand"])
def test_a_pytorch_script_runs_with_the_import_swapped(script: str) -> None:
    assert "torch" not in re.sub(r"import chainrule as torch|torch\.", "", swapped(script))
    mine, theirs = losses_of(swapped(script)), losses_of(script)
    assert mine == pytest.approx(theirs, rel=1e-4)
    assert theirs[-2] < 0.5 * theirs[0]  # it learned


# ---------------------------------------------------------------------------------------- what it says


def undocumented(source: str) -> list[str]:
    """The public functions and classes at the top of a source that say nothing, and the source itself."""
    tree = ast.parse(source)
    silent = [] if ast.get_docstring(tree) else ["the module"]
    return silent + [
        node.name
        for node in tree.body
        if isinstance(node, ast.FunctionDef | ast.ClassDef)
        and not node.name.startswith("_")
        and not ast.get_docstring(node)
    ]


@pytest.mark.parametrize("name", NAMES)
def test_everything_public_says_what_it_is(name: str) -> None:
    silent = undocumented(NAMES[name].read_text())
    if ".rungs." in name:  # what a learner writes: the script is explained, its functions are as a learner's
        silent = [x for x in silent if x == "the module"]
    assert silent == []


def test_silence_would_be_noticed() -> None:
    assert undocumented("def f(): ...\nclass A:\n    'said'\nclass _B: ...") == ["the module", "f"]


@pytest.mark.parametrize("name", [name for name in LISTED if name != "chainrule.ops"])
def test_everything_listed_answers_help(name: str) -> None:
    module = importlib.import_module(name)
    for public in module.__all__:
        thing = getattr(module, public)
        if isinstance(thing, ModuleType) or not (callable(thing) or isinstance(thing, type)):
            continue
        assert inspect.getdoc(thing), f"{name}.{public}"
        if isinstance(thing, type) and thing.__module__.startswith("chainrule"):
            for attribute in (a for a in dir(thing) if not a.startswith("_")):
                if callable(getattr(thing, attribute)):
                    assert inspect.getdoc(getattr(thing, attribute)), f"{name}.{public}.{attribute}"
