"""What torch was recorded to say is what torch says."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from chainrule.cli import main
from chainrule.course import commands, lesson, oracle
from chainrule.course.lesson import folders
from chainrule.errors import ArgumentError, StateError

WITH_ORACLE = [path for path in folders() if (path / "oracle.py").exists()]
SCRIPT = "import torch\n\ndef third():\n    return torch.tensor([1.0, 3.0]) / 3\n\ndef _hidden():\n    return 1\n"


@pytest.mark.parametrize("path", WITH_ORACLE, ids=lambda path: path.name)
def test_the_recordings_are_what_torch_gives(path: Path) -> None:
    pytest.importorskip("torch")
    assert oracle.verify(path) == []


def test_recording_and_verifying(tmp_path: Path) -> None:
    pytest.importorskip("torch")
    (tmp_path / "oracle.py").write_text(SCRIPT)
    path = oracle.record(tmp_path)
    assert list(json.loads(path.read_text())["values"]) == ["third"]
    assert oracle.verify(tmp_path) == []
    told = json.loads(path.read_text())
    told["values"]["third"]["data"][0] = 0.5
    told["values"]["old"] = {"kind": "none"}
    path.write_text(json.dumps(told))
    wrong = oracle.verify(tmp_path)
    assert len(wrong) == 2
    assert wrong[0] == "old is recorded, but oracle.py does not compute it"
    assert wrong[1].startswith("third[0]: recorded")
    path.write_text(json.dumps({"values": {}}))
    assert oracle.verify(tmp_path) == ["third is not recorded"]


def test_a_recording_that_is_not_there_says_how_to_make_it(tmp_path: Path) -> None:
    with pytest.raises(
        StateError, match=r"no recording 'x'; write the function x in oracle.py and run: chainrule course"
    ):
        oracle.recorded(tmp_path, "x")


def test_recordings_are_read_without_torch() -> None:
    code = "import sys; sys.modules['torch'] = None\n"
    code += "from chainrule.course.judging import judge\nfrom chainrule.course.lesson import find\n"
    code += "print(judge('5.3', find('5.3').tasks['5.3'].solution).passed)"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout == "True\n"


def test_a_lesson_without_an_oracle_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "01_one").mkdir()
    (tmp_path / "01_one" / "lesson.py").write_text("")
    monkeypatch.setattr(lesson, "FOLDER", tmp_path)
    with pytest.raises(ArgumentError, match=r"01_one has no oracle.py: write one"):
        commands.record(("1",))
    assert main(["course", "record", "99"]) == 2
