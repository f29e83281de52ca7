"""The course as a learner meets it: `chainrule learn`, JupyterLab, Chromium; a lesson run, a mistake made and mended.

Needs Chromium and Node with what ``make test`` puts into tests/browser; without one of them the test is skipped and
says which.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from chainrule.course.bank import source_of
from chainrule.course.lesson import find
from chainrule.course.workspace import Workspace

HERE = Path(__file__).parent / "browser"
BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
NODE = shutil.which("node")
PATIENCE = 90
ID = "5.2"
needs_jupyter = pytest.mark.skipif(
    not (find_spec("jupyterlab") and find_spec("ipykernel")),
    reason="jupyterlab is not installed (it is in the extra course)",
)


@contextmanager
def learning(folder: Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """`chainrule learn --no-browser`, and the address it prints."""
    command = [sys.executable, "-m", "chainrule", "learn", "--no-browser", "--dir", str(folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, start_new_session=True) as process:
        try:
            assert process.stdout
            lines = iter(process.stdout.readline, "")
            address = next((line for line in lines if "http://127.0.0.1" in line), "")
            assert address, "it ended without an address"
            yield process, "http" + address.strip().partition("http")[2]
        finally:
            process.send_signal(signal.SIGINT)
            try:
                process.wait(PATIENCE)
            finally:
                process.kill()


def chainrule(*arguments: object) -> str:
    run = subprocess.run(
        [sys.executable, "-m", "chainrule", *map(str, arguments)],
        capture_output=True,
        text=True,
        check=True,
        timeout=PATIENCE,
    )
    return run.stdout


def status(address: str) -> int:
    """What the server says to a request; 0 if there is none."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(address, timeout=PATIENCE) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        error.close()
        return int(error.code)
    except OSError:
        return 0


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return "Z" not in Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]


@needs_jupyter
def test_a_server_that_is_local_private_and_ends(tmp_path: Path) -> None:
    """It wants its token, listens on this machine only, serves the workspace, is not started twice, and ends."""
    folder = tmp_path / "mine"
    with learning(folder) as (process, address):
        base, _, token = address.partition("/lab/tree/")[0], *address.rpartition("token=")[1:]
        assert status(f"{base}/api/contents?token={token}") == 200
        assert status(f"{base}/api/contents") == 403
        assert status(f"{base}/api/contents?token=guess") == 403
        (facts,) = (folder / ".chainrule" / "jupyter" / "runtime").glob("jpserver-*.json")
        server = json.loads(facts.read_text())
        assert server["hostname"] == "127.0.0.1"
        assert Path(server["root_dir"]) == folder
        assert f"open already: {address}" in chainrule("learn", "--no-browser", "--dir", folder).replace("\n", " ")
        process.send_signal(signal.SIGTERM)
        assert process.wait(PATIENCE) == 0
        assert process.stdout
        assert f"Your work is in {folder}" in process.stdout.read()
        assert not alive(server["pid"])
        assert status(f"{base}/api/status?token={token}") == 0


@needs_jupyter
@pytest.mark.skipif(BROWSER is None, reason="no Chromium is installed, so the course cannot be opened in a browser")
@pytest.mark.skipif(NODE is None, reason="Node is not installed, so nothing can drive the browser")
@pytest.mark.skipif(
    not (HERE / "node_modules" / "playwright-core").exists(),
    reason="playwright-core is not in tests/browser/node_modules (make test puts it there)",
)
def test_a_learner_in_the_browser(tmp_path: Path) -> None:
    assert BROWSER
    assert NODE
    folder, lesson = tmp_path / "mine", find(ID)
    task, mistake = lesson.tasks[ID], lesson.bank[ID].wrong[0]
    chainrule("hint", ID, "--dir", folder)  # so that lesson 5 is where the learner stopped
    plan = {
        "exercise": ID, "marker": task.stub.splitlines()[0], "wrong": source_of(mistake.code, task.solution),
        "right": task.solution,
    }  # fmt: skip
    (tmp_path / "plan.json").write_text(json.dumps(plan))
    with learning(folder) as (_, address):
        assert f"/lab/tree/{lesson.name}/{lesson.name}.ipynb?token=" in address
        command = [NODE, str(HERE / "course.mjs"), BROWSER, address, str(tmp_path / "plan.json"), str(tmp_path)]
        run = subprocess.run(command, capture_output=True, text=True, timeout=4 * PATIENCE, check=False)
    assert run.returncode == 0, run.stderr
    found: dict[str, Any] = json.loads(run.stdout)

    assert found["errors"] == []
    assert found["outside"] == [], "a request left this machine"
    assert (found["dialogs"], found["toasts"]) == (0, []), "something popped up"
    assert found["light"], "the page has the colours of the system"
    assert max(map(int, re.findall(r"\d+", found["dark"]))) < 60, "a verdict turns dark with the page"
    assert found["title"].startswith("5. Backward")
    assert found["raised"] == 0, "a cell of the lesson does not run with the stubs as they are"
    assert found["pictures"] > 0
    assert len(found["untouched"]) == len(lesson.tasks)
    assert all("still the stub" in text for text in found["untouched"])
    assert f"The mistake: {mistake.name}" in " ".join(found["wrong"].split())
    assert "Lesson 5: 1 of 4 exercises done. Next: 5.1" in found["right"]

    entry = Workspace(folder).progress.of(ID)
    assert entry["passed"]
    assert (entry["attempts"], entry["mistakes"], entry["hints"]) == (2, {mistake.name: 1}, 1)
    assert "✓ 5.2" in chainrule("check", ID, "--dir", folder), "what was saved is the answer, also for the terminal"
    assert "● " in chainrule("progress", "--dir", folder)
