"""What a learner calls in a notebook, and the notebooks themselves."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace

import pytest

from chainrule.course import building, check, hint, keeper, solution
from chainrule.course.keeper import Memory
from chainrule.course.lesson import Lesson, find, lessons
from chainrule.course.notebook import checked
from chainrule.course.verdict import Verdict
from chainrule.errors import ArgumentError

RIGHT = find("5.2").tasks["5.2"].solution
WRONG = RIGHT.replace("out.grad * -1.0", "out.grad")


@pytest.fixture(autouse=True)
def memory() -> Memory:
    fresh = Memory()
    keeper.use(fresh)
    return fresh


def test_the_answer_is_the_last_cell_that_was_run() -> None:
    assert checked("5.2", [WRONG, "1 + 1", RIGHT, "subtract"]).passed
    assert checked("5.2", [RIGHT, WRONG]).mistake == "the sign of the second operand"


def test_without_an_answer_it_says_what_to_do() -> None:
    verdict = checked("5.2", ["import math", "def add(a, b): ..."])
    assert verdict.stage == "missing"
    assert "no cell that defines `subtract` has been run yet; run the cell with your answer first" in verdict.text


def test_an_answer_that_leans_on_another_cell_is_told_to_stand_alone() -> None:
    leaning = RIGHT.replace("a.data - b.data", "difference(a, b)")
    verdict = checked("5.2", ["import numpy as np\ndef difference(a, b): return a.data - b.data", leaning])
    assert "your answer uses `difference`, which another cell defines" in verdict.text
    whole = "def difference(a, b): return a.data - b.data\n" + leaning
    assert checked("5.2", [whole]).passed
    verdict = checked("5.2", [leaning])  # defined nowhere: then it is an error like any other
    assert "NameError: name 'difference' is not defined" in verdict.text


def test_what_the_lesson_gives_need_not_be_in_the_answer() -> None:
    given = find("5.3").given("5.3")
    assert checked("5.3", [*given, find("5.3").tasks["5.3"].solution]).passed  # uses math and Value


def test_commands_of_the_notebook_do_not_matter() -> None:
    assert checked("5.2", ["get_ipython().run_line_magic('timeit', '1')\n" + RIGHT + "\ndisplay(subtract)"]).passed


def test_check_reads_the_history_of_the_notebook(monkeypatch: pytest.MonkeyPatch, memory: Memory) -> None:
    getter = pytest.importorskip("IPython.core.getipython")
    with pytest.raises(ArgumentError, match=r"this is none; write in a terminal: chainrule check 5\.2"):
        check("5.2")
    running = SimpleNamespace(user_ns={"In": ["", RIGHT]})
    monkeypatch.setattr(getter, "get_ipython", lambda: running)
    assert check("5.2").passed
    assert memory.passed("5.2")
    assert not memory.passed("5.3")
    running.user_ns["In"].append(WRONG)
    assert not check("5.2").passed
    assert memory.passed("5.2")  # what is passed stays passed


def test_hints_come_one_after_the_other() -> None:
    hints = find("5.2").tasks["5.2"].hints
    for shown in (1, 2, 3, 3):
        text = repr(hint("5.2"))
        assert [each in text for each in hints] == [i < shown for i in range(3)]
    assert 'solution("5.2") shows a solution' in text
    assert repr(hint("5.2", 1)).startswith("5.2 Subtraction\n\nHint 1 of 3: ")
    with pytest.raises(ArgumentError, match=r"exercise 5\.2 has the hints 1 to 3; write one of these"):
        hint("5.2", 4)


def test_the_solution_is_shown_after_a_pass_or_on_giving_up(memory: Memory) -> None:
    assert RIGHT not in repr(solution("5.2"))
    assert 'solution("5.2", give_up=True)' in repr(solution("5.2"))
    assert RIGHT in repr(solution("5.2", give_up=True))
    assert "```python\n" + RIGHT in solution("5.2", give_up=True)._repr_markdown_()
    memory.record(Verdict("5.2", "Subtraction", True, "passed", "right."))
    assert RIGHT in repr(solution("5.2"))
    assert find("5.2").tasks["5.2"].explanation in repr(solution("5.2"))


# ---------------------------------------------------------------------------------------------- notebooks


def cells(text: str, kind: str) -> list[str]:
    return ["".join(cell["source"]) for cell in json.loads(text)["cells"] if cell["cell_type"] == kind]


@pytest.mark.parametrize("lesson", lessons(), ids=lambda lesson: lesson.name)
def test_notebooks_are_valid_and_the_same_each_time(lesson: Lesson) -> None:
    nbformat = pytest.importorskip("nbformat")
    for build in (building.student, building.solved):
        text = build(lesson)
        nbformat.validate(nbformat.reads(text, as_version=4))
        assert build(Lesson(lesson.folder)) == text
        ids = [cell["id"] for cell in json.loads(text)["cells"]]
        assert len({*ids}) == len(ids)


def test_the_learners_notebook_has_stubs_checks_and_no_answers() -> None:
    lesson = find("5.2")
    text = building.student(lesson)
    code, prose = cells(text, "code"), cells(text, "markdown")
    for task in lesson.tasks.values():
        place = code.index(task.stub)
        assert code[place + 1].startswith(f'check("{task.id}")')
        assert task.text in prose
        for secret in (task.solution, task.explanation, *task.hints):
            assert secret not in code + prose
    assert code[0] == "from chainrule.course import check, hint, solution"
    marks = [cell["metadata"]["chainrule"] for cell in json.loads(text)["cells"] if cell["metadata"]]
    assert marks[:3] == [{"exercise": "5.1"}, {"stub": "5.1"}, {"check": "5.1"}]


def test_the_solved_notebook_has_solutions_and_why() -> None:
    lesson = find("5.2")
    text = building.solved(lesson)
    code, prose = cells(text, "code"), cells(text, "markdown")
    for task in lesson.tasks.values():
        assert code[code.index(task.solution) + 1].startswith(f'check("{task.id}")')
        assert task.stub not in code
        assert task.explanation in prose


def test_an_edited_cell_changes_its_own_id_only(tmp_path: Path) -> None:
    source = find("5.2").text.read_text()
    path = tmp_path / "05_backward"
    path.mkdir()
    (path / "lesson.py").write_text(source.replace("One node knows very little", "One node knows little"))
    before, after = (
        [cell["id"] for cell in json.loads(building.student(each))["cells"]] for each in (find("5.2"), Lesson(path))
    )
    assert sum(one != other for one, other in zip(before, after, strict=True)) == 1
