"""The learner's own folder: what is laid out, that nothing of the learner's is ever overwritten, what reset keeps."""

from __future__ import annotations

import json
import os
import random
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from classroom import one_lesson

from chainrule.course.answers import answer, read
from chainrule.course.lesson import Lesson, lessons
from chainrule.course.progress import Progress
from chainrule.course.resetting import reset
from chainrule.course.verdict import Verdict
from chainrule.course.workspace import Workspace, around, located
from chainrule.errors import ArgumentError, StateError

BOOK, FILE = "05_backward/05_backward.ipynb", "05_backward/5.2.py"


@pytest.fixture
def course(tmp_path: Path) -> Path:
    return one_lesson(tmp_path / "lessons")


@pytest.fixture
def workspace(tmp_path: Path, course: Path) -> Workspace:
    made = Workspace(tmp_path / "mine")
    assert made.lay_out(lessons(course)) == []
    return made


def files(workspace: Workspace) -> dict[str, bytes]:
    """What is in the workspace, the hidden folder left out."""
    paths = [path for path in workspace.folder.rglob("*") if path.is_file() and ".chainrule" not in path.parts]
    return {path.relative_to(workspace.folder).as_posix(): path.read_bytes() for path in paths}


def update(course: Path, old: str, new: str) -> list[Lesson]:
    """A new version of the lesson."""
    path = course / "05_backward" / "lesson.py"
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))
    return lessons(course)


def edit(workspace: Workspace, id: str, source: str) -> None:
    """Do what a learner does in Jupyter: change the exercise's cell, run it, save."""
    path = workspace.folder / BOOK
    book = json.loads(path.read_text())
    (cell,) = [c for c in book["cells"] if c["metadata"].get("chainrule", {}).get("stub") == id]
    cell.update(source=source, execution_count=7, outputs=[{"output_type": "stream", "name": "stdout", "text": "hi"}])
    path.write_text(json.dumps(book))


def test_what_is_laid_out(workspace: Workspace) -> None:
    assert set(files(workspace)) == {BOOK, *(f"05_backward/5.{i}.py" for i in (1, 2, 3, 4))}
    text = files(workspace)[FILE].decode()
    assert text.startswith("# Exercise 5.2: subtraction\n")
    assert "Already there when it is checked: Value, add" in text
    assert max(map(len, text.splitlines())) < 100
    assert not any(workspace.changed(name) for name in files(workspace))


def test_unchanged_files_are_refreshed(workspace: Workspace, course: Path) -> None:
    told = workspace.lay_out(update(course, "Can all the slopes be had", "Is it true that all slopes can be had"))
    assert told == [f"{BOOK} is the new version of the lesson; you had not changed the old one."]
    assert b"Is it true" in files(workspace)[BOOK]
    assert workspace.lay_out(lessons(course)) == []


def test_what_the_learner_changed_is_never_written(workspace: Workspace, course: Path) -> None:
    edit(workspace, "5.2", "def subtract(a, b): return 1")
    (workspace.folder / FILE).write_text("# mine\n")
    before = files(workspace)
    told = workspace.lay_out(update(course, "Write `subtract", "Now write `subtract"))
    after = files(workspace)
    assert {name: after[name] for name in before if name in (BOOK, FILE)} == {
        name: before[name] for name in (BOOK, FILE)
    }
    assert b"Now write" in after["05_backward/05_backward_new.ipynb"]
    assert b"Now write" in after["05_backward/5.2_new.py"]
    assert told == [
        f"{BOOK} is yours and stays as it is; the new version of the lesson lies beside it: 05_backward_new.ipynb",
        f"{FILE} is yours and stays as it is; the new version of the lesson lies beside it: 5.2_new.py",
    ]
    assert workspace.lay_out(lessons(course)) == [], "the same version was offered twice"
    assert files(workspace) == after


def test_a_third_version_leaves_the_second_alone(workspace: Workspace, course: Path) -> None:
    (workspace.folder / FILE).write_text("# mine\n")
    workspace.lay_out(update(course, "Write `subtract", "Now write `subtract"))
    (workspace.folder / "05_backward/5.2_new.py").write_text("# mine too\n")
    workspace.lay_out(update(course, "Now write `subtract", "Then write `subtract"))
    after = files(workspace)
    assert (after[FILE], after["05_backward/5.2_new.py"]) == (b"# mine\n", b"# mine too\n")
    assert b"Then write" in after["05_backward/5.2_new2.py"]


def test_opening_a_notebook_is_no_change(workspace: Workspace, course: Path) -> None:
    """Jupyter writes its own metadata when it opens a notebook."""
    path = workspace.folder / BOOK
    book = json.loads(path.read_text())
    book["metadata"]["language_info"] = {"name": "python", "version": "3.11.9"}
    book["metadata"]["kernelspec"]["display_name"] = "Python 3 (ipykernel)"
    path.write_text(json.dumps(book))
    assert not workspace.changed(BOOK)
    workspace.lay_out(update(course, "Can all the slopes be had", "Is it true that all slopes can be had"))
    assert b"Is it true" in files(workspace)[BOOK]


def test_a_deleted_file_comes_back_and_one_that_was_there_before_stays(tmp_path: Path, course: Path) -> None:
    workspace = Workspace(tmp_path / "mine")
    (workspace.folder / "05_backward").mkdir(parents=True)
    (workspace.folder / FILE).write_text("# from the teacher's release, with my work\n")
    assert workspace.lay_out(lessons(course)) == []
    assert files(workspace)[FILE].startswith(b"# from the teacher")
    (workspace.folder / BOOK).unlink()
    workspace.lay_out(lessons(course))
    assert BOOK in files(workspace)


@pytest.mark.parametrize("seed", range(8))
def test_the_law(tmp_path: Path, seed: int) -> None:
    """Whatever learner and updates do, in whatever order: what the learner wrote is still there, byte for byte."""
    draw = random.Random(seed)
    course = one_lesson(tmp_path / "lessons")
    workspace, mine = Workspace(tmp_path / "mine"), {}
    workspace.lay_out(lessons(course))
    for step in range(12):
        if draw.random() < 0.5:
            path = course / "05_backward" / "lesson.py"
            path.write_text(path.read_text().replace("subtract(a, b)`", f"subtract(a, b)` (version {step})", 1))
            workspace.lay_out(lessons(course))
        else:
            name = draw.choice(sorted(files(workspace)))
            mine[name] = f"# written by the learner in step {step}\n".encode()
            (workspace.folder / name).write_bytes(mine[name])
        assert {name: files(workspace)[name] for name in mine} == mine


def test_a_folder_that_cannot_be_written(tmp_path: Path, course: Path) -> None:
    (tmp_path / "taken").write_text("")
    with pytest.raises(
        ArgumentError, match=r"cannot be laid out in .*taken \(Not a directory\); name another .* --dir"
    ):
        Workspace(tmp_path / "taken").lay_out(lessons(course))


def test_where_the_workspace_is(tmp_path: Path, workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHAINRULE_COURSE", str(tmp_path / "elsewhere"))
    monkeypatch.chdir(tmp_path)
    assert around(tmp_path) is None
    assert located(None).folder == tmp_path / "elsewhere"
    assert located(str(tmp_path / "named")).folder == tmp_path / "named"
    monkeypatch.chdir(workspace.folder / "05_backward")
    assert located(None).folder == workspace.folder
    monkeypatch.delenv("CHAINRULE_COURSE")
    monkeypatch.chdir(tmp_path)
    assert located(None).folder == Path("~/chainrule-course").expanduser()


# ------------------------------------------------------------------------------------------ where one stopped


def test_the_lesson_where_one_stopped(tmp_path: Path) -> None:
    first, course = one_lesson(tmp_path / "lessons"), tmp_path / "lessons"
    shutil.copytree(first / "05_backward", course / "06_more")
    for name in ("lesson.py", "bank.py"):
        path = course / "06_more" / name
        path.write_text(path.read_text().replace('"5.', '"6.').replace("lesson=5", "lesson=6"))
    all = lessons(course)
    workspace = Workspace(tmp_path / "mine")
    workspace.lay_out(all)
    assert workspace.lesson(all).number == 5
    workspace.progress.record(told("6.1"))
    assert workspace.lesson(all).number == 6
    path = workspace.folder / FILE
    path.write_text("# saved, and later than anything else\n")
    os.utime(path, (2e9, 2e9))
    assert workspace.lesson(all).number == 5
    for i in (1, 2, 3, 4):
        workspace.progress.record(told(f"5.{i}"))
    assert workspace.lesson(all).number == 6, "all of 5 is done"


# --------------------------------------------------------------------------------------------------- progress


def told(id: str, passed: bool = True, stage: str = "passed", mistake: str | None = None) -> Verdict:
    return Verdict(id, "title", passed, stage, "", mistake=mistake)


def test_progress(tmp_path: Path) -> None:
    progress = Progress(tmp_path / "progress.json")
    assert progress.record(told("5.2", False, "stub")) == ""
    assert progress.of("5.2")["attempts"] == 0
    progress.record(told("5.2", False, "value", "the sign"))
    progress.record(told("5.2", False, "value", "the sign"))
    assert not progress.passed("5.2")
    assert progress.record(told("5.2")) == "Lesson 5: 1 of 4 exercises done. Next: 5.1, Back through three operations."
    progress.record(told("5.2", False, "value"))
    assert progress.passed("5.2"), "what has passed stays passed"
    assert (progress.hinted("5.3"), progress.hinted("5.3")) == (1, 2)
    progress.gave_up("5.3")
    assert progress.of("5.2")["attempts"] == 4
    assert progress.of("5.2")["mistakes"] == {"the sign": 2}
    assert progress.of("5.3")["solution"]
    assert Progress(tmp_path / "progress.json").all() == progress.all()
    progress.forget(["5.2"])
    assert not progress.passed("5.2")
    assert progress.of("5.3")["hints"] == 2


COUNT = """
import sys
from pathlib import Path
from chainrule.course.progress import Progress
progress = Progress(Path(sys.argv[1]))
for _ in range(60):
    progress.hinted("5.2")
    progress.hinted(sys.argv[2])
"""


def test_two_processes_lose_nothing(tmp_path: Path) -> None:
    path = tmp_path / "progress.json"
    running = [subprocess.Popen([sys.executable, "-c", COUNT, path, id]) for id in ("5.1", "5.3")]
    while any(process.poll() is None for process in running):
        if path.exists():
            json.loads(path.read_text())  # never half of it
    assert [process.returncode for process in running] == [0, 0]
    progress = Progress(path)
    assert [progress.of(id)["hints"] for id in ("5.1", "5.2", "5.3")] == [60, 120, 60]


def test_a_verdict_is_not_lost_over_the_progress(tmp_path: Path) -> None:
    progress = Progress(tmp_path / "progress.json")
    progress.store.path.write_text("{half")
    assert "could not be written down: " in progress.record(told("5.2"))
    with pytest.raises(StateError, match=r"progress.json is damaged .*: move it away, and a new one is made"):
        progress.passed("5.2")
    blocked = Progress(tmp_path / "file" / "progress.json")
    (tmp_path / "file").write_text("")
    assert "could not be written down: " in blocked.record(told("5.2"))


# ------------------------------------------------------------------------------------------------------ reset


def test_reset_of_an_exercise(workspace: Workspace, course: Path) -> None:
    lesson = lessons(course)[0]
    edit(workspace, "5.1", "def slopes(a, b, c): return 5")
    edit(workspace, "5.2", "def subtract(a, b): return 1")
    (workspace.folder / FILE).write_text("# mine\n")
    workspace.progress.record(told("5.1"))
    workspace.progress.record(told("5.2"))
    before = files(workspace)
    names, backup = reset(workspace, lesson, ["5.2"])
    assert sorted(names) == [BOOK, FILE]
    assert backup is not None
    assert {name: (backup / name).read_bytes() for name in names} == {name: before[name] for name in names}
    sheet = read(workspace.folder / BOOK)
    assert answer(lesson, "5.2", sheet) == lesson.tasks["5.2"].stub
    assert answer(lesson, "5.1", sheet) == "def slopes(a, b, c): return 5", "only what was named begins anew"
    assert [workspace.progress.passed(id) for id in ("5.1", "5.2")] == [True, False]
    assert reset(workspace, lesson, ["5.2"]) == ([], None)


def test_reset_of_a_lesson(workspace: Workspace, course: Path) -> None:
    fresh = files(workspace)
    edit(workspace, "5.2", "def subtract(a, b): return 1")
    (workspace.folder / "05_backward/5.4.py").write_text("# mine\n")
    before = files(workspace)
    names, backup = reset(workspace, lessons(course)[0])
    after = files(workspace)
    assert {name: after[name] for name in fresh} == fresh
    assert backup is not None
    for name in names:
        assert (backup / name).read_bytes() == before[name]
    edit(workspace, "5.2", "again")
    assert reset(workspace, lessons(course)[0])[1] != backup, "a backup is not written over"
    assert not any(workspace.changed(name) for name in fresh)


def test_reset_of_a_notebook_that_is_broken(workspace: Workspace, course: Path) -> None:
    (workspace.folder / BOOK).write_text("{half")
    names, backup = reset(workspace, lessons(course)[0], ["5.2"])
    assert names == [BOOK]
    assert backup is not None
    assert (backup / BOOK).read_text() == "{half"
    assert read(workspace.folder / BOOK).ids


def test_a_damaged_list_of_what_was_laid_out(workspace: Workspace, course: Path) -> None:
    before = files(workspace)
    (workspace.hidden / "laid_out.json").write_text("[]")
    with pytest.raises(StateError, match="damaged"):
        workspace.lay_out(lessons(course))
    (workspace.hidden / "laid_out.json").unlink()
    shown: Any = workspace.lay_out(lessons(course))
    assert (shown, files(workspace)) == ([], before)
