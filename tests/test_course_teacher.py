"""For the teacher: nothing of the answers is in what is released; grading a class gives what is known of it, whatever
happens on the way."""

from __future__ import annotations

import base64
import csv
import json
import os
import re
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from classroom import classroom, one_lesson

from chainrule.cli import main
from chainrule.course import lesson as lessons_of
from chainrule.course import summary
from chainrule.course.bank import source_of
from chainrule.course.grading import JOURNAL, Grades, grade
from chainrule.course.judging import judge
from chainrule.course.lesson import Lesson, lessons
from chainrule.course.runner import Runner
from chainrule.errors import ArgumentError, StateError

SLEEP = "import time\ntime.sleep(60)"


@pytest.fixture
def course(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[Lesson]:
    """A course of one lesson, in which an answer may take two seconds."""
    folder = one_lesson(tmp_path / "lessons")
    bank = folder / "05_backward" / "bank.py"
    bank.write_text(
        bank.read_text() + "\nimport dataclasses\nEXERCISES = [dataclasses.replace(e, seconds=2) for e in EXERCISES]\n"
    )
    monkeypatch.setattr(lessons_of, "FOLDER", folder)
    return lessons(folder)


def table(grades: Grades) -> dict[tuple[str, str], tuple[str, str | None]]:
    """What grading found, as `classroom` tells it."""
    return {(result.learner, result.exercise): (result.kind, result.mistake) for result in grades.results}


# ---------------------------------------------------------------------------------------------------- release


def secrets(course: list[Lesson]) -> dict[str, set[str]]:
    """For each exercise every line that would give an answer away: of solutions, other right and wrong answers, hints,
    explanations, reasons, what is said about mistakes; without what the lessons themselves say somewhere."""
    told = [cell for lesson in course for cell in lesson.cells]
    shown = "\n".join(cell.text for cell in told if not {"hint", "solution", "explanation"} & {*cell.tags})
    found = {}
    for lesson in course:
        for task in lesson.tasks.values():
            bank = lesson.bank[task.id]
            codes = [task.solution, *(source_of(code, task.solution) for code in bank.right)]
            codes += [source_of(code, task.solution) for wrong in bank.wrong for code in wrong.codes]
            told_too = [
                *task.hints,
                task.explanation,
                *(text for wrong in bank.wrong for text in (wrong.name, wrong.says)),
            ]
            lines = {line.strip() for text in codes + told_too for line in text.splitlines()}
            lines |= {case.why for case in bank.cases}
            found[task.id] = {line for line in lines if len(line) > 12 and line not in shown}
    return found


def everything_in(folder: Path) -> str:
    """The text of every file, also what is inside JSON and base64."""
    pieces = []
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        raw = path.read_bytes()
        pieces += [str(path), raw.decode(errors="replace")]
        for packed in re.findall(rb"[A-Za-z0-9+/=]{40,}", raw):
            try:
                pieces.append(base64.b64decode(packed, validate=True).decode(errors="replace"))
            except ValueError:
                continue
        if path.suffix == ".ipynb":
            pieces += texts(json.loads(raw))
    return "\n".join(pieces)


def texts(data: Any) -> Iterator[str]:
    """Every text in a JSON value; a list of lines as one."""
    if isinstance(data, str):
        yield data
    elif isinstance(data, dict):
        for key, value in data.items():
            yield key
            yield from texts(value)
    elif isinstance(data, list):
        if all(isinstance(each, str) for each in data):
            yield "".join(data)
        for each in data:
            yield from texts(each)


def test_no_answer_is_in_a_release(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["release", str(tmp_path / "out")]) == 0
    assert " files in " in capsys.readouterr().out
    text = everything_in(tmp_path / "out")
    course = lessons()
    for id, hidden in secrets(course).items():
        assert len(hidden) > 10, "enough to look for"
        assert [line for line in hidden if line in text] == [], id
    for task in (task for lesson in course for task in lesson.tasks.values()):
        assert task.stub.splitlines()[0] in text, "it is the learner's notebook"
        assert f'check("{task.id}")' in text


def test_that_would_be_noticed(tmp_path: Path, course: list[Lesson]) -> None:
    (tmp_path / "out").mkdir()
    for i, code in enumerate([course[0].tasks["5.2"].solution, course[0].bank["5.2"].wrong[0].says]):
        packed = base64.b64encode(f"some text before it {code}".encode()).decode()
        book = {"cells": [], "metadata": {"x": code if i else packed}}
        (tmp_path / "out" / "a.ipynb").write_text(json.dumps(book))
        text = everything_in(tmp_path / "out")
        assert [line for line in secrets(course)["5.2"] if line in text]


def test_a_release_replaces_only_when_told(
    tmp_path: Path, course: list[Lesson], capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    assert main(["release", str(out), "--lesson", "5"]) == 0
    before = (out / "05_backward" / "5.2.py").read_bytes()
    assert main(["release", str(out)]) == 0, "the same again is no harm"
    (out / "05_backward" / "5.2.py").write_text("# work\n")
    capsys.readouterr()
    assert main(["release", str(out)]) == 2
    assert capsys.readouterr().err == (
        f"chainrule: {out} has other versions of 05_backward/5.2.py; "
        "name an empty folder, or write --force to replace them\n"
    )
    assert (out / "05_backward" / "5.2.py").read_text() == "# work\n"
    assert main(["release", str(out), "--force"]) == 0
    assert (out / "05_backward" / "5.2.py").read_bytes() == before


# ------------------------------------------------------------------------------------------------------ grade


def test_forty_learners_give_the_known_table(tmp_path: Path, course: list[Lesson]) -> None:
    known = classroom(tmp_path / "class", course[0])
    told: list[tuple[int, int]] = []
    grades = grade(tmp_path / "class", tmp_path / "out", course, tell=lambda done, of: told.append((done, of)))
    assert table(grades) == known
    assert len(known) == 160
    assert {kind for kind, _ in known.values()} == {"passed", "mistake", "untried"}
    assert told[-1] == (160, 160)
    for row in summary.rows(grades):
        mine = [value for (_, id), value in known.items() if id == row.exercise]
        assert row.passed == sum(kind == "passed" for kind, _ in mine)
        assert row.untried == sum(kind == "untried" for kind, _ in mine)
        assert row.mistakes == Counter(name for _, name in mine if name)
    files = summary.write(grades, tmp_path / "out")
    assert [path.name for path in files] == [
        "points.csv", "answers.csv", "grades.json", "summary.md", "summary.png", "summary.html",
    ]  # fmt: skip
    points = csv_of(tmp_path / "out" / "points.csv")
    worth = {task.id: task.difficulty for task in course[0].tasks.values()}
    for line in points:
        mine_too = {id: known[line["learner"], id][0] == "passed" for id in worth}
        assert {id: int(line[id]) for id in worth} == {id: worth[id] * mine_too[id] for id in worth}
        assert int(line["points"]) == sum(worth[id] for id in worth if mine_too[id])
        assert int(line["of"]) == sum(worth.values())
    answers = csv_of(tmp_path / "out" / "answers.csv")
    assert {(a["learner"], a["exercise"]): a["mistake"] or None for a in answers} == {k: v[1] for k, v in known.items()}
    assert all(float(a["seconds"]) > 0 for a in answers if a["stage"] == "passed")
    data = json.loads((tmp_path / "out" / "grades.json").read_text())
    assert [data["learners"][line["learner"]]["points"] for line in points] == [int(line["points"]) for line in points]
    assert (tmp_path / "out" / "summary.png").read_bytes().startswith(b"\x89PNG")
    page, text = (tmp_path / "out" / "summary.html").read_text(), (tmp_path / "out" / "summary.md").read_text()
    worst = max((times, name) for row in summary.rows(grades) for name, times in row.mistakes.items())
    assert f"{worst[0]}× {worst[1]}" in text
    assert "data:image/png;base64," in page
    assert "://" not in page, "the page needs nothing else"


def csv_of(path: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(path.read_text().splitlines()))


def journal(out: Path) -> list[str]:
    return [line for line in (out / JOURNAL).read_text().splitlines() if line] if (out / JOURNAL).exists() else []


HALF_WAY = """
import os, signal, sys
from pathlib import Path
from chainrule.course import lesson, runner
lesson.FOLDER, journal = Path(sys.argv.pop(1)), Path(sys.argv.pop(1))
run = runner.Runner.run
def run_until_killed(*job):
    if journal.exists() and journal.read_text().count("key") >= 40:
        os.kill(os.getpid(), signal.SIGKILL)
    return run(*job)
runner.Runner.run = run_until_killed
from chainrule.cli import main
sys.exit(main())
"""


def test_killed_half_way_and_resumed(tmp_path: Path, course: list[Lesson]) -> None:
    """SIGKILL in the middle: what was judged is kept, the rest is judged then, and the table is the same."""
    known = classroom(tmp_path / "class", course[0], seed=1)
    out = tmp_path / "class_grades"
    run = [sys.executable, "-c", HALF_WAY, lessons_of.FOLDER, out / JOURNAL, "grade", tmp_path / "class", "--jobs", "1"]
    assert subprocess.run(run, stdout=subprocess.PIPE).returncode == -signal.SIGKILL
    assert not (out / "points.csv").exists()
    half = len(journal(out))
    with (out / JOURNAL).open("a") as torn:
        torn.write('\n{"key": "half a li')
    counted = Counting()
    grades = grade(tmp_path / "class", out, course, tell=counted)
    assert table(grades) == known
    begun = sum(result.stage != "absent" for result in grades.results)
    assert counted.first - (160 - begun) == half, "what had been judged was judged again"
    assert grade(tmp_path / "class", out, course, tell=(again := Counting())).results == grades.results
    assert again.first == 160


class Counting:
    """How many were done at the first word."""

    first = -1

    def __call__(self, done: int, of: int) -> None:
        self.first = done if self.first < 0 else self.first


def test_one_that_hangs_or_crashes_is_one(tmp_path: Path, course: list[Lesson]) -> None:
    """Loops, sleeps, crashes, processes left behind, the judge itself killed: nobody else loses anything."""
    known = classroom(tmp_path / "class", course[0], learners=6, seed=2)
    bad = {
        "loop": "while True:\n    pass", "sleep": SLEEP,
        "crash": "import os\nos.abort()", "exit": "import os\nos._exit(0)",
        "judge": "import os, signal\nos.kill(os.getppid(), signal.SIGKILL)\n" + SLEEP,
        "memory": "x = [0] * 10**10", "input": "input()", "flood": "while True:\n    print('x' * 1000)",
    }  # fmt: skip
    for name, source in bad.items():
        (tmp_path / "class" / name).mkdir()
        (tmp_path / "class" / name / "5.2.py").write_text(source + "\n\ndef subtract(a, b):\n    return a\n")
        (tmp_path / "class" / name / "5.1.py").write_text(course[0].tasks["5.1"].solution)
    grades = grade(tmp_path / "class", tmp_path / "out", course, jobs=4)
    found = table(grades)
    assert {key: found[key] for key in known} == known
    for name in bad:
        assert found[name, "5.1"] == ("passed", None), name
        assert found[name, "5.2"] == ("wrong", None), name
        assert found[name, "5.3"][0] == "untried"
    headlines = {result.learner: result.headline for result in grades.of("5.2")}
    assert "stopped after 2 s" in headlines["loop"]
    assert "stopped after 2 s" in headlines["sleep"]


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="processes cannot be tied to one core here")
def test_a_busy_machine_changes_no_verdict(tmp_path: Path, course: list[Lesson]) -> None:
    """One core for six that compute without an end and one that is right, but not within its two seconds: it is right.

    It waits for the clock, and computes meanwhile: alone it would use up its two seconds of a processor, not so beside
    the six.
    """
    cores = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(cores)})
    busy = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(6)]
    try:
        burn = "import time\nend = time.monotonic() + 2.5\nwhile time.monotonic() < end: pass\n"
        with Runner() as runner:
            verdict = judge("5.2", burn + course[0].tasks["5.2"].solution, runner=runner, lesson=course[0])
            assert verdict.passed, verdict
    finally:
        os.sched_setaffinity(0, cores)
        for process in busy:
            process.kill()
            process.wait()


def test_what_is_broken_is_an_error_and_only_there(
    tmp_path: Path, course: list[Lesson], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A fault of ours in one answer: that one is "error", is not kept as a result, and is in the exit code."""
    known = classroom(tmp_path / "class", course[0], learners=5, seed=3)
    (tmp_path / "class" / "unlucky").mkdir()
    (tmp_path / "class" / "unlucky" / "5.2.py").write_text("UNLUCKY = 1")
    real = Runner.run

    def run(self: Runner, lesson: Lesson, id: str, source: str) -> Any:
        if "UNLUCKY" in source:
            raise StateError("the judge fell asleep")
        return real(self, lesson, id, source)

    with monkeypatch.context() as patch:
        patch.setattr(Runner, "run", run)
        assert main(["grade", str(tmp_path / "class"), "--out", str(tmp_path / "out")]) == 1
    assert capsys.readouterr().err == "chainrule: unlucky, 5.2: not judged: StateError: the judge fell asleep\n"
    grades = grade(tmp_path / "class", tmp_path / "out", course)
    found = table(grades)
    assert {key: found[key] for key in known} == known
    assert found["unlucky", "5.2"] == ("untried", None), "judged now: it does not define what is asked for"


def test_what_is_handed_in_again_is_judged_again(tmp_path: Path, course: list[Lesson]) -> None:
    (tmp_path / "class" / "ada").mkdir(parents=True)
    answer = tmp_path / "class" / "ada" / "5.2.py"
    answer.write_text("def subtract(a, b): return 1")
    assert not grade(tmp_path / "class", tmp_path / "out", course).of("5.2")[0].passed
    answer.write_text(course[0].tasks["5.2"].solution)
    assert grade(tmp_path / "class", tmp_path / "out", course).of("5.2")[0].passed
    bank = course[0].folder / "bank.py"
    bank.write_text(bank.read_text() + "\n# a new version of the check\n")
    counted = Counting()
    grade(tmp_path / "class", tmp_path / "out", lessons(lessons_of.FOLDER), tell=counted)
    assert counted.first == 3, "with another check the answer is judged again; three were not handed in"


def test_whose_file_it_is(tmp_path: Path, course: list[Lesson]) -> None:
    folder, right = tmp_path / "class", course[0].tasks["5.2"].solution
    (folder / "Grace Hopper" / "some" / "where").mkdir(parents=True)
    (folder / "Grace Hopper" / "some" / "where" / "5.2.py").write_text(right)
    (folder / "Grace Hopper" / "5.2_first try.py").write_text("def subtract(a, b): return 0")
    (folder / "Grace Hopper" / "backups").mkdir()
    (folder / "Grace Hopper" / "backups" / "5.1.py").write_text(course[0].tasks["5.1"].solution)
    (folder / "ada_5.2.py").write_text(right)
    (folder / "5.1 ada.py").write_text(course[0].tasks["5.1"].solution)
    (folder / "bob.ipynb").write_text("{half")
    (folder / "eve").mkdir()
    (folder / ".DS_Store").write_text("")
    grades = grade(folder, tmp_path / "out", course)
    passed = {(result.learner, result.exercise) for result in grades.results if result.passed}
    assert sorted(grades.learners) == ["Grace Hopper", "ada", "bob", "eve"]
    assert passed == {("Grace Hopper", "5.2"), ("ada", "5.1"), ("ada", "5.2")}
    assert [learner for learner, _ in grades.unread] == ["bob"]
    assert "no notebook that Jupyter could open" in grades.unread[0][1]
    assert {result.stage for result in grades.results if result.learner == "eve"} == {"absent"}


def test_a_name_that_a_spreadsheet_would_run_is_text(tmp_path: Path, course: list[Lesson]) -> None:
    (tmp_path / "class" / "=1+1").mkdir(parents=True)
    (tmp_path / "class" / "=1+1" / "5.2.py").write_text("x = 1")
    grades = grade(tmp_path / "class", tmp_path / "out", course)
    summary.write(grades, tmp_path / "out")
    assert "\n'=1+1,0," in (tmp_path / "out" / "points.csv").read_text()


def test_two_at_once_are_refused(tmp_path: Path, course: list[Lesson]) -> None:
    from chainrule.course.store import locked

    classroom(tmp_path / "class", course[0], learners=1)
    with (
        locked(tmp_path / "out" / "grade.lock"),
        pytest.raises(
            ArgumentError, match=r"another chainrule grade is writing to .*; wait for it, or name another --out"
        ),
    ):
        grade(tmp_path / "class", tmp_path / "out", course)


def test_the_command(tmp_path: Path, course: list[Lesson], capsys: pytest.CaptureFixture[str]) -> None:
    known = classroom(tmp_path / "class", course[0], learners=4)
    assert main(["grade", str(tmp_path / "class"), "--lesson", "5"]) == 0
    out, err = capsys.readouterr()
    passed = sum(kind == "passed" for kind, _ in known.values())
    assert out.startswith(f"4 learners, lesson 5: {passed} of 16 answers pass")
    assert f"{tmp_path / 'class'}_grades: points.csv, answers.csv, " in out
    assert err == ""
