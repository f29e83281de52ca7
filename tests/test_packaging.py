"""The wheel: everything a user needs, nothing else, and it works where there is only NumPy."""

from __future__ import annotations

import os
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).parent.parent
SOURCE = ROOT / "src" / "chainrule"


def run(*command: str | Path, folder: Path, pythonpath: str = "") -> subprocess.CompletedProcess[str]:
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "PIP_", "COV"))}
    return subprocess.run(
        list(map(str, command)), cwd=folder, env={**environment, "PYTHONPATH": pythonpath},
        capture_output=True, text=True, check=False,
    )  # fmt: skip


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from this checkout."""
    folder = tmp_path_factory.mktemp("dist")
    built = run(sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", folder, ROOT, folder=folder)
    assert built.returncode == 0, built.stdout + built.stderr
    (path,) = folder.glob("*.whl")
    return path


@pytest.fixture(scope="module")
def elsewhere(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A fresh environment with the wheel in it (its ``bin``), and a path where NumPy is all there is."""
    folder = tmp_path_factory.mktemp("elsewhere")
    venv.create(folder / "env", symlinks=os.name != "nt")  # without pip: the one here installs
    scripts = folder / "env" / ("Scripts" if os.name == "nt" else "bin")
    installed = run(
        sys.executable, "-m", "pip", "--disable-pip-version-check", "--python", scripts / "python", "install",
        "--no-deps", "--no-index", wheel, folder=folder,
    )  # fmt: skip
    assert installed.returncode == 0, installed.stderr
    packages = folder / "packages"
    packages.mkdir()
    for path in Path(np.__file__).parent.parent.glob("numpy*"):
        (packages / path.name).symlink_to(path, target_is_directory=path.is_dir())
    return scripts, str(packages)


def test_the_wheel_holds_every_module_and_no_test(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
        metadata = archive.read(next(name for name in names if name.endswith(".dist-info/METADATA"))).decode()
        entries = archive.read(next(name for name in names if name.endswith("entry_points.txt"))).decode()
    mine = {f"chainrule/{path.relative_to(SOURCE).as_posix()}" for path in SOURCE.rglob("*.py")}
    assert "chainrule/tensor.py" in mine
    assert {*mine, "chainrule/py.typed"} <= names
    assert {name.partition("/")[0].partition("-")[0] for name in names} == {"chainrule"}
    assert not [name for name in names if "test" in name or "__pycache__" in name]
    assert any(name.endswith("licenses/LICENSE") for name in names)
    needed = [line for line in metadata.splitlines() if line.startswith("Requires-Dist: ") and "extra ==" not in line]
    assert needed == ["Requires-Dist: numpy>=2.0"]
    assert "chainrule = chainrule.cli:main" in entries


TRAIN = """
import sys, chainrule as torch
from importlib.util import find_spec
assert not find_spec("torch") and not find_spec("click") and "env" in torch.__file__
model = torch.nn.Sequential(torch.nn.Linear(2, 4), torch.nn.Tanh(), torch.nn.Linear(4, 1))
optimizer = torch.optim.Adam(model.parameters(), lr=0.1)
x = torch.rand(20, 2)
data = torch.utils.data.DataLoader(torch.utils.data.TensorDataset(x, x.sum(1, keepdim=True)), batch_size=5)
for epoch in range(60):
    for a, b in data:
        optimizer.zero_grad()
        loss = torch.nn.MSELoss()(model(a), b)
        loss.backward()
        optimizer.step()
assert loss.item() < 0.05, loss
print("trained")
"""


def test_it_trains_where_there_is_only_numpy(elsewhere: tuple[Path, str], tmp_path: Path) -> None:
    scripts, packages = elsewhere
    trained = run(scripts / "python", "-W", "error", "-c", TRAIN, folder=tmp_path, pythonpath=packages)
    assert (trained.stdout, trained.stderr) == ("trained\n", "")


def test_without_numpy_that_is_what_is_missing(elsewhere: tuple[Path, str], tmp_path: Path) -> None:
    failed = run(elsewhere[0] / "python", "-c", "import chainrule", folder=tmp_path)
    assert "No module named 'numpy'" in failed.stderr


@pytest.mark.parametrize("arguments", [[], ["--help"], ["ladder"]], ids=lambda x: " ".join(x) or "no arguments")
def test_the_command_without_click_says_what_to_install(
    elsewhere: tuple[Path, str], tmp_path: Path, arguments: list[str]
) -> None:
    scripts, packages = elsewhere
    for command in ([scripts / "chainrule"], [scripts / "python", "-m", "chainrule"]):
        said = run(*command, *arguments, folder=tmp_path, pythonpath=packages)
        assert said.returncode == 2
        assert said.stdout == ""
        assert said.stderr.count("\n") == 1
        assert 'needs the package click: pip install "chainrule[course]"' in said.stderr
