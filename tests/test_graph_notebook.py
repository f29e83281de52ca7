"""The picture and the player in a real notebook: Jupyter runs the cells, Chromium shows them, the kernel answers.

Needs Chromium, Node with what ``make test`` puts into tests/browser, and the package notebook; without one of them
the test is skipped and says which.
"""

from __future__ import annotations

import contextlib
import json
import math
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from chainrule.graph import step
from chainrule.value import Value

HERE = Path(__file__).parent / "browser"
BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
NODE = shutil.which("node")
PATIENCE = 60
CELLS = [
    'import os\nfrom pathlib import Path\nPath("kernel.pid").write_text(str(os.getpid()))',
    "import random\nfrom chainrule.graph import draw, step\nfrom chainrule.value import MLP, Value",
    """a, b = Value(2.0, label="a"), Value(-3.0, label="b")
loss = (a * b + a).tanh() * a + b**2
loss.label = "L"
draw(loss)""",
    "random.seed(0)\ndraw(MLP(3, [4, 4, 1])([1.0, 2.0, 3.0])[0] ** 2, limit=30)",
    "step(loss)",
]


def example(x: float, y: float) -> Value:
    a, b = Value(x, label="a"), Value(y, label="b")
    return (a * b + a).tanh() * a + b**2


def by_hand(a: float, b: float) -> dict[str, tuple[float, float]]:
    """Value and gradient of a, b and L, by the formulas."""
    t = math.tanh(a * b + a)
    bend = 1 - t * t
    return {"a": (a, t + a * bend * (b + 1)), "b": (b, a * bend * a + 2 * b), "L": (t * a + b**2, 1.0)}


def told(text: str) -> float:
    return float(text.replace("−", "-"))


def write_notebook(path: Path) -> None:
    import nbformat

    v4: Any = nbformat.v4
    book = v4.new_notebook(cells=[v4.new_code_cell(source, id=f"cell-{i}") for i, source in enumerate(CELLS)])
    book.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
    nbformat.write(book, path)


def gone(pid: int) -> bool:
    """Whether the process has ended."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False


def stop(server: subprocess.Popen[bytes], kernel: Path) -> None:
    """End the server, which ends its kernels, and whatever is left of either."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(server.pid, signal.SIGTERM)
    with contextlib.suppress(subprocess.TimeoutExpired):
        server.wait(PATIENCE)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(server.pid, signal.SIGKILL)
    server.wait()
    if kernel.exists() and not gone(int(kernel.read_text())):  # a kernel has a process group of its own
        with contextlib.suppress(ProcessLookupError):
            os.kill(int(kernel.read_text()), signal.SIGKILL)


@contextlib.contextmanager
def jupyter(home: Path) -> Iterator[str]:
    """A notebook server in ``home``, ready to answer, and the address of its x.ipynb."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    token = secrets.token_hex(16)
    env = {k: v for k, v in os.environ.items() if not k.startswith(("JUPYTER", "JPY_", "IPYTHON"))}
    for name in ("CONFIG", "DATA", "RUNTIME"):
        env[f"JUPYTER_{name}_DIR"] = str(home / f"jupyter-{name.lower()}")
    env |= {"IPYTHONDIR": str(home / "ipython"), "JUPYTER_TOKEN": token, "JUPYTER_PREFER_ENV_PATH": "1"}
    command = [
        sys.executable, "-m", "notebook", "--no-browser", "--allow-root", "--ip=127.0.0.1", f"--port={port}",
        "--ServerApp.port_retries=0", f"--ServerApp.root_dir={home}", "--LabApp.news_url=None",
        "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
    ]  # fmt: skip
    with (home / "server.log").open("wb") as log:
        server = subprocess.Popen(command, cwd=home, env=env, stdout=log, stderr=log, start_new_session=True)
        try:
            wait_for(f"http://127.0.0.1:{port}/api/status?token={token}", server, home / "server.log")
            yield f"http://127.0.0.1:{port}/notebooks/x.ipynb?token={token}"
        finally:
            stop(server, home / "kernel.pid")


def wait_for(url: str, server: subprocess.Popen[bytes], log: Path) -> None:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end and server.poll() is None:
        with contextlib.suppress(OSError), opener.open(url, timeout=5):
            return
        time.sleep(0.1)
    pytest.fail(f"the notebook server did not answer:\n{log.read_text(errors='replace')}")


@pytest.mark.skipif(BROWSER is None, reason="no Chromium is installed, so no notebook can be opened in a browser")
@pytest.mark.skipif(NODE is None, reason="Node is not installed, so nothing can drive the browser")
@pytest.mark.skipif(
    not (HERE / "node_modules" / "playwright-core").exists(),
    reason="playwright-core is not in tests/browser/node_modules (make test puts it there)",
)
@pytest.mark.skipif(
    not (find_spec("notebook") and find_spec("ipykernel")), reason="notebook is not installed (it is in the extra dev)"
)
def test_in_a_notebook(tmp_path: Path) -> None:
    assert BROWSER is not None
    assert NODE is not None
    write_notebook(tmp_path / "x.ipynb")
    with jupyter(tmp_path) as url:
        shot = str(tmp_path / "notebook.png")
        command = [NODE, str(HERE / "notebook.mjs"), BROWSER, url, str(len(CELLS)), "a", "0.5", shot]
        run = subprocess.run(command, capture_output=True, text=True, timeout=4 * PATIENCE, check=False)
    assert run.returncode == 0, f"{run.stderr}\n{(tmp_path / 'server.log').read_text(errors='replace')}"
    found = json.loads(run.stdout)
    assert gone(int((tmp_path / "kernel.pid").read_text())), "the kernel outlived its server"

    assert found["errors"] == []
    assert found["outside"] == [], "a request left this machine"
    assert min(found["image"]) > 50
    assert found["boxes"] == found["again"] != found["inside"] == found["byKey"]

    frames = step(example(2.0, -3.0)).frames
    steps, begins = len(frames), next(i for i, f in enumerate(frames) if f.phase == "backward") + 1
    assert found["pressed"] == [2, 3, 2, begins, 1, steps]
    assert found["slider"] == 4
    assert found["keys"] == [steps, steps - 1, 1, 2, begins], "Jupyter took a key of the player"
    assert found["cells"] == len(CELLS), "a key of the player made a cell"
    for shown, a in ((found["before"], 2.0), (found["after"], 0.5)):
        for name, (value, grad) in by_hand(a, -3.0).items():
            assert math.isclose(told(shown[name][0]), value, rel_tol=1e-3), name
            assert math.isclose(told(shown[name][1]), grad, rel_tol=1e-3), name
    assert "is no number" in found["error"]
    assert found["cured"] == ""
