"""The player, the picture that opens, and the widget, in a real browser: every control pressed, nothing leaves.

Needs Chromium and Node; without them the test is skipped and says so.  ``make test`` installs playwright-core, the
library that drives the browser, into tests/browser (and so does this test, where that was not run).
"""

from __future__ import annotations

import json
import math
import random
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from chainrule.graph import draw, page, step
from chainrule.value import MLP, Value

HERE = Path(__file__).parent / "browser"
BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
NODE = shutil.which("node")


def example() -> Value:
    a, b = Value(2.0, label="a"), Value(-3.0, label="b")
    loss = (a * b + a).tanh() * a + b**2
    loss.label = "L"
    return loss


def widget_page(path: Path) -> None:
    """The widget's own module, in a page that plays the notebook: an edit brings the state that Python answered."""
    player = step(example())
    before, after = player.state(), step(example()).edited("v0", "0.5").state()
    model = """
const state = $before, handlers = {};
globalThis.sent = [];
const model = { get: key => state[key], on(name, f) { handlers[name] = f; }, off() {},
  send(message) {
    sent.push(message);
    Object.assign(state, $after);
    handlers["change:play"]();
    handlers["change:error"]();
  } };
render({ model, el: document.getElementById("here") });
"""
    source = page.text("player.js").replace(page.END, "")
    model = model.replace("$before", json.dumps({"play": before, "error": ""}))
    model = model.replace("$after", json.dumps({"play": after, "error": "said"}))
    path.write_text(
        page.PAGE.substitute(title="w", css=page.text("player.css"), script=source + model), encoding="utf-8"
    )


def drive(folder: Path) -> dict[str, Any]:
    if not (HERE / "node_modules" / "playwright-core").exists():
        install = ["npm", "install", "--prefix", str(HERE), "--no-package-lock", "--no-audit", "--no-fund", "--silent"]
        subprocess.run(install, check=True, timeout=120)
    assert BROWSER is not None
    assert NODE is not None
    files = [str(folder / name) for name in ("player.html", "picture.html", "widget.html")]
    run = subprocess.run(
        [NODE, str(HERE / "drive.mjs"), BROWSER, *files], capture_output=True, text=True, timeout=150, check=False
    )
    assert run.returncode == 0, run.stderr
    return dict(json.loads(run.stdout))


@pytest.mark.skipif(BROWSER is None, reason="no Chromium is installed, so no page can be opened in a browser")
@pytest.mark.skipif(NODE is None, reason="Node is not installed, so nothing can drive the browser")
def test_in_a_browser(tmp_path: Path) -> None:
    loss = example()
    shown = step(loss)
    shown.save(tmp_path / "player.html")
    random.seed(0)
    network = draw(MLP(3, [4, 4, 1])([1.0, 2.0, 3.0])[0] ** 2, limit=30)
    network.save(tmp_path / "picture.html")
    widget_page(tmp_path / "widget.html")
    found = drive(tmp_path)

    assert found["errors"] == []
    assert found["requests"] == [], "a request left the page"

    player, frames = found["player"], shown.frames
    steps = len(frames)
    titles = [f"{f.phase}{f.title}" for f in frames]
    assert [t.lower().replace("\u00a0", " ") for t in player["titles"]] == [t.lower() for t in titles]
    assert player["back"] == player["titles"]
    assert (player["end"], player["beyond"], player["last"], player["first"]) == (steps, steps, steps, 1)
    assert player["blank"] == "", "back at the start there is no gradient"
    loss.backward()
    for vertex in shown.view:
        if vertex.reader.wants_grad(vertex.object):
            told = float(player["grads"][f"v{vertex.id}"].replace("−", "-"))
            assert math.isclose(told, vertex.object.grad, rel_tol=1e-3)
            assert math.isclose(float(player["values"][f"v{vertex.id}"].replace("−", "-")), vertex.data, rel_tol=1e-3)
    begins = next(i for i, f in enumerate(frames) if f.phase == "backward") + 1
    assert player["turn"].lower() == "backward"
    assert player["slider"] == 3
    assert player["keys"] == [steps, steps - 1, 1, 2, begins]
    assert "pause" in player["playing"]
    assert player["played"] == steps
    assert player["anew"] == 1
    assert "play" in player["paused"]
    assert player["fits"]
    assert player["inputs"] == 0, "a file cannot compute: it offers no leaf to edit"

    picture = found["picture"]
    assert picture["whole"] == picture["again"] == len(network.partition.groups)
    assert picture["inside"] == picture["byKey"] != picture["whole"]
    assert picture["crumbs"][0] == "the whole graph"
    assert len(picture["crumbs"]) == 2

    widget = found["widget"]
    assert widget == {
        "before": "2.0", "field": "2.0", "sent": [{"leaf": "v0", "text": "0.5"}], "after": "0.5", "error": "said",
    }  # fmt: skip
