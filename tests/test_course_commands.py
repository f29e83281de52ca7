"""The learner's commands: what they print, with which exit code they end, what they keep."""

from __future__ import annotations

import json
import os
import pty
import re
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from classroom import command, one_lesson

from chainrule.cli import main
from chainrule.course import keeper, lesson, workspace
from chainrule.course.bank import source_of
from chainrule.course.lesson import find

PATIENCE = 90  # seconds after which something is taken to hang
BOOK, FILE = "05_backward/05_backward.ipynb", "05_backward/5.2.py"


@pytest.fixture(autouse=True)
def mine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A course of one lesson, and the folder in which the commands lay it out."""
    monkeypatch.setattr(lesson, "FOLDER", one_lesson(tmp_path / "lessons"))
    monkeypatch.setattr(keeper, "_KEEPER", [])
    monkeypatch.setenv("CHAINRULE_COURSE", str(tmp_path / "mine"))
    monkeypatch.chdir(tmp_path)
    return tmp_path / "mine"


def say(capsys: pytest.CaptureFixture[str], *arguments: str, code: int = 0) -> str:
    """What a command prints, which must end with this exit code."""
    assert main(arguments) == code
    out, err = capsys.readouterr()
    assert "Traceback" not in out + err
    return out if code != 2 else err


def solution(id: str = "5.2") -> str:
    return find(id).tasks[id].solution


def wrong(id: str = "5.2", name: str = "the sign of the second operand") -> str:
    each = next(each for each in find(id).bank[id].wrong if each.name == name)
    return source_of(each.code, solution(id))


def write(mine: Path, source: str, name: str = FILE) -> None:
    (mine / name).parent.mkdir(parents=True, exist_ok=True)
    (mine / name).with_suffix(".new").write_text(source)
    (mine / name).with_suffix(".new").replace(mine / name)  # at once: a watch shall not read half of it


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["check"], r"Missing argument 'WHAT \[FILE\]\.\.\.'\."),
        (["check", "5.9"], r"there is no exercise 5\.9; lesson 5 has 5\.1, 5\.2, 5\.3, 5\.4"),
        (["check", "77.1"], r"there is no exercise 77\.1: no lesson has that number; .* \(lessons: 05_backward\)"),
        (["check", "9"], r"there is no lesson 9, only 05_backward"),
        (
            ["check", "nowhere.py"],
            r"nowhere\.py: there is no such file; name an exercise \(5\.2\), a lesson \(5\) or .*",
        ),
        (["check", "mine.py"], r"mine\.py: its name does not say which exercise .* chainrule check 5\.2 mine\.py"),
        (
            ["check", "half.ipynb"],
            r"half\.ipynb is no notebook that Jupyter could open \(.*\); save it again from Jupyter",
        ),
        (["check", "photo_5.2.py"], r"photo_5\.2\.py is no text \(byte 0\): save it as UTF-8"),
        (
            ["check", "empty.ipynb"],
            r"empty\.ipynb: no exercise of the course is in it; write which .*check 5\.2 empty\.ipynb",
        ),
        (["hint", "5.9"], r"there is no exercise 5\.9; .*"),
        (["hint", "five"], r"there is no exercise five: .*"),
        (["solution", "5"], r"there is no exercise 5; lesson 5 has .*"),
        (["reset", "8"], r"there is no lesson 8, only 05_backward"),
        (["reset", "5.8"], r"there is no exercise 5\.8; .*"),
        (["watch", "5.8"], r"there is no exercise 5\.8; .*"),
        (
            ["progress", "--dir", "mine.py"],
            r"the course cannot be laid out in .*mine\.py \(Not a directory\); .* --dir",
        ),
        (["learn", "--port", "0"], r"Invalid value for '--port': 0 is not in the range .*"),
        (["learn", "--port", "1", "--dir", "mine.py"], r"the course cannot be laid out .*"),
        (["release"], r"Missing argument 'DIR'\."),
        (["release", "new", "--lesson", "9"], r"there is no lesson 9, only 05_backward"),
        (["release", "mine.py"], r"mine\.py: cannot write there \(Not a directory\); name another folder"),
        (["grade", "nowhere"], r".*nowhere is no folder; name the one in which each learner has a folder or a file"),
        (["grade", "class"], r".* no exercise of the course is in any of its files"),
        (["grade", "lessons", "--out", "lessons/x"], r"--out .*x: it is inside .*; name one outside"),
        (["grade", ".", "--jobs", "0"], r"Invalid value for '--jobs': .*"),
    ],
)
def test_what_a_person_can_get_wrong_is_one_line_and_2(capsys, tmp_path, arguments, line) -> None:
    (tmp_path / "mine.py").write_text("x = 1\n")
    (tmp_path / "half.ipynb").write_text('{"cells": [')
    (tmp_path / "empty.ipynb").write_text('{"cells": []}')
    (tmp_path / "class").mkdir()
    (tmp_path / "class" / "ada.py").write_text("x = 1\n")
    (tmp_path / "photo_5.2.py").write_bytes(b"\xff\xd8\xff")
    assert re.fullmatch(f"chainrule: {line}\n", say(capsys, *arguments, code=2))


# ------------------------------------------------------------------------------------------------------ check


def test_check_an_exercise(capsys, mine) -> None:
    untouched = "○ 5.2 Subtraction: not begun yet: this is still the stub. Change it and save it."
    assert untouched in say(capsys, "check", "5.2", code=1)
    write(mine, wrong())
    out = say(capsys, "check", "5.2", code=1)
    assert "The mistake: the sign of the second operand" in out
    assert f"checked: {mine / FILE}\nstuck? chainrule hint 5.2" in out
    write(mine, solution())
    assert say(capsys, "check", "5.2") == (
        "✓ 5.2 Subtraction: right.\n\nLesson 5: 1 of 4 exercises done. Next: 5.1, Back through three operations.\n"
    )


def test_check_finds_the_answer_that_was_saved_last(capsys, mine) -> None:
    say(capsys, "progress")
    book = json.loads((mine / BOOK).read_text())
    (cell,) = [c for c in book["cells"] if c["metadata"].get("chainrule", {}).get("stub") == "5.2"]
    cell["source"] = solution()
    write(mine, json.dumps(book), BOOK)
    assert "✓ 5.2" in say(capsys, "check", "5.2"), "the file is still the stub, so it is the notebook"
    write(mine, wrong())
    os.utime(mine / FILE, (2e9, 2e9))
    assert "the sign" in say(capsys, "check", "5.2", code=1)
    os.utime(mine / BOOK, (3e9, 3e9))
    assert "✓ 5.2" in say(capsys, "check", "5.2")


def test_check_a_lesson_and_a_notebook(capsys, mine) -> None:
    write(mine, wrong())
    out = say(capsys, "check", "5", code=1)
    assert out.count("○ ") == 3
    assert "The mistake: the sign of the second operand" in out
    assert out.endswith("0 of 4 pass\n")
    out = say(capsys, "check", str(mine / BOOK), code=1)
    assert out.count("○ ") == 4
    for id in ("5.1", "5.2", "5.3", "5.4"):
        write(mine, solution(id), f"05_backward/{id}.py")
    assert say(capsys, "check", "5").endswith("4 of 4 pass\n")
    assert "That was the last one." in say(capsys, "progress")


def test_check_files(capsys, tmp_path, mine) -> None:
    (tmp_path / "5.2.py").write_text(solution())
    (tmp_path / "attempt.py").write_text(wrong())
    cells = f'# %% [markdown]\n# text\n\n# %% stub="5.2"\n{solution()}\n\n# %%\n%time 3\ncheck("5.2")\n'
    (tmp_path / "lesson.py").write_text(cells)
    for name in ("5.2.py", "lesson.py"):
        assert "✓ 5.2" in say(capsys, "check", name)
    assert "the sign" in say(capsys, "check", "5.2", "attempt.py", code=1)
    assert say(capsys, "check", "5.2", "attempt.py", "5.2.py", code=1).endswith("1 of 2 pass\n")
    assert not mine.exists(), "a file from elsewhere makes no workspace"


def test_check_as_json(capsys, mine) -> None:
    write(mine, wrong())
    (data,) = json.loads(say(capsys, "check", "5.2", "--json", code=1))
    assert (data["exercise"], data["passed"], data["mistake"]) == ("5.2", False, "the sign of the second operand")
    assert data["file"] == str(mine / FILE)


def test_an_answer_that_leans_on_another_cell(capsys, tmp_path) -> None:
    leaning = solution().replace("return out", "half(2)\n    return out")
    text = f'# %%\ndef half(x): return x / 2\n\n# %%\n{leaning}\n\n# %%\ncheck("5.2")\n'
    (tmp_path / "lean.py").write_text(text)
    assert "your answer uses `half`, which another cell defines" in say(capsys, "check", "lean.py", code=1)


# --------------------------------------------------------------------------------- hint, solution, progress, reset


def test_hints_come_one_by_one(capsys) -> None:
    hints = find("5.2").tasks["5.2"].hints
    for i in range(1, len(hints) + 2):
        out = say(capsys, "hint", "5.2")
        shown = min(i, len(hints))
        assert [hint in out for hint in hints] == [j < shown for j in range(len(hints))]
        more = "hint 5.2 again shows the next." if shown < len(hints) else "chainrule solution 5.2 shows a solution."
        assert more in out


def test_the_solution_comes_after_a_pass(capsys, mine) -> None:
    out = say(capsys, "solution", "5.2", code=1)
    assert "is shown when your answer passes" in out
    assert "-1.0" not in out
    assert "(5 min" not in out
    write(mine, solution())
    say(capsys, "check", "5.2")
    out = say(capsys, "solution", "5.2")
    assert solution() in out
    assert find("5.2").tasks["5.2"].explanation.split("\n")[0] in out


def test_giving_up_is_remembered_and_is_no_pass(capsys) -> None:
    assert solution("5.3") in say(capsys, "solution", "5.3", "--give-up")
    entry = json.loads(say(capsys, "progress", "--json"))["exercises"]["5.3"]
    assert entry["solution"]
    assert not entry["passed"]


def test_progress_shows_what_is_done(capsys, mine) -> None:
    assert "○ ○ ○ ○    0 of 4" in say(capsys, "progress")
    write(mine, wrong())
    say(capsys, "check", "5.2", code=1)
    write(mine, solution("5.1"), "05_backward/5.1.py")
    say(capsys, "check", "5.1")
    out = say(capsys, "progress")
    assert "● ◐ ○ ○    1 of 4" in out
    assert out.endswith("Lesson 5: 1 of 4 exercises done. Next: 5.2, Subtraction.\n")


def test_reset_keeps_what_was_written(capsys, mine) -> None:
    write(mine, "# precious\n" + solution())
    say(capsys, "check", "5.2")
    out = say(capsys, "reset", "5.2")
    backup = Path(out.rstrip().rpartition(" is in ")[2])
    assert (backup / FILE).read_text().startswith("# precious")
    assert "still the stub" in say(capsys, "check", "5.2", code=1)
    assert "nothing of yours to put away" in say(capsys, "reset", "5.2")
    assert "nothing of yours" in say(capsys, "reset", "5")


def test_an_update_is_told_on_standard_error(capsys, mine, monkeypatch) -> None:
    write(mine, "# mine\n")
    say(capsys, "progress")
    path = lesson.FOLDER / "05_backward" / "lesson.py"
    path.write_text(path.read_text().replace("Write `subtract", "Now write `subtract"))
    assert main(["progress"]) == 0
    assert "5.2_new.py" in capsys.readouterr().err
    assert (mine / FILE).read_text() == "# mine\n"


def test_the_commands_work_from_inside_a_workspace(capsys, tmp_path, monkeypatch) -> None:
    say(capsys, "progress", "--dir", str(tmp_path / "other"))
    monkeypatch.chdir(tmp_path / "other" / "05_backward")
    assert json.loads(say(capsys, "progress", "--json"))["folder"] == str(tmp_path / "other")


def test_a_missing_package_is_one_line_and_2(capsys, monkeypatch) -> None:
    for package, arguments in (("jupyterlab", ["learn"]), ("watchfiles", ["watch"]), ("rich", ["progress"])):
        with monkeypatch.context() as patch:
            patch.setitem(sys.modules, package, None)
            for name in [name for name in sys.modules if name.startswith(f"{package}.")]:
                patch.setitem(sys.modules, name, None)
            err = say(capsys, *arguments, code=2)
        assert re.fullmatch(rf"chainrule: .+ needs the package {package}: pip install {package}\n", err)


# ------------------------------------------------------------------------------------------------------ watch


class Terminal:
    """`chainrule watch` in a terminal of its own."""

    def __init__(self, folder: Path, *arguments: str) -> None:
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            line = command(folder, "watch", *arguments)
            os.execvpe(line[0], line, {**os.environ, "TERM": "xterm", "COLUMNS": "120"})
        self.shown = ""

    def until(self, text: str, seconds: float = PATIENCE) -> str:
        """What was shown up to this text."""
        end = time.monotonic() + seconds
        while text not in self.shown and time.monotonic() < end:
            if select.select([self.fd], [], [], 0.1)[0]:
                try:
                    self.shown += os.read(self.fd, 65536).decode(errors="replace")
                except OSError:  # the other end is closed
                    break
        assert text in self.shown, self.shown
        before, _, self.shown = self.shown.partition(text)
        return before

    def press(self, key: str) -> None:
        os.write(self.fd, key.encode())

    def end(self) -> int:
        """The exit code, when it ends by itself."""
        for _ in range(10 * PATIENCE):
            done, status = os.waitpid(self.pid, os.WNOHANG)
            if done:
                os.close(self.fd)
                return os.waitstatus_to_exitcode(status)
            time.sleep(0.1)
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        os.close(self.fd)
        raise AssertionError("watch did not end")


def test_watch_in_a_terminal(mine: Path) -> None:
    terminal = Terminal(lesson.FOLDER)
    terminal.until("q quit")
    write(mine, wrong())
    terminal.until("The mistake: the sign of the second operand")
    terminal.until("Lesson 5: 0 of 4")
    terminal.press("h")
    terminal.until("Hint 1 of 3")
    write(mine, solution())
    terminal.until("✓ 5.2 Subtraction")
    terminal.until("Lesson 5: 1 of 4      h hint   l list   n next   q quit")
    terminal.press("n")
    terminal.until("5.3 The bend")
    terminal.press("l")
    terminal.until("→ ○ 5.3")
    terminal.press("q")
    assert terminal.end() == 0
    assert workspace.Workspace(mine).progress.of("5.2")["attempts"] == 2


def test_ctrl_c_ends_a_watch(mine: Path) -> None:
    terminal = Terminal(lesson.FOLDER, "5.2")
    terminal.until("q quit")
    terminal.press("\x03")
    assert terminal.end() == 130


@pytest.fixture
def piped(mine: Path) -> Iterator[subprocess.Popen[str]]:
    """`chainrule watch 5` without a terminal."""
    with subprocess.Popen(
        command(lesson.FOLDER, "watch", "5"), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True
    ) as process:
        yield process
        process.kill()


def test_watch_without_a_terminal_prints(piped: subprocess.Popen[str], mine: Path) -> None:
    assert piped.stdout
    assert piped.stdout.readline() == "5.1 Back through three operations\n"
    piped.stdout.readline()
    write(mine, solution())
    assert piped.stdout.readline() == "✓ 5.2 Subtraction: right.\n"
    piped.send_signal(signal.SIGINT)
    assert piped.wait(PATIENCE) == 130


def test_a_notebook_that_is_saved_is_checked_where_it_changed(piped: subprocess.Popen[str], mine: Path) -> None:
    assert piped.stdout
    piped.stdout.readline()
    piped.stdout.readline()
    book = json.loads((mine / BOOK).read_text())
    (cell,) = [c for c in book["cells"] if c["metadata"].get("chainrule", {}).get("stub") == "5.3"]
    cell["source"] = solution("5.3")
    write(mine, json.dumps(book), BOOK)
    assert piped.stdout.readline() == "✓ 5.3 The bend: right.\n"
