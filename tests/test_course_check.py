"""`chainrule course check` proves the course, and it can fail: a lesson with one thing wrong is told what."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from chainrule.cli import main
from chainrule.course import checking
from chainrule.course.lesson import folders, lessons
from chainrule.errors import ArgumentError

PAGE = (Path(__file__).parent.parent / "docs" / "authoring.md").read_text()
TEXT, BANK = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)[:2]
HEAD = '# %% [markdown] lesson=1 title="Slopes" minutes=30\n# # Slopes\n\n# %% given="*"\nimport math\n\n'
WRONG = 'Wrong("the factor 2 is missing", edit("2 * x", "x"), '


def folder(tmp_path: Path, text: str = HEAD + TEXT, bank: str = BANK) -> Path:
    path = tmp_path / "01_slopes"
    path.mkdir()
    (path / "lesson.py").write_text(text)
    (path / "bank.py").write_text(bank)
    return tmp_path


def test_the_worked_example_of_the_authors_page_is_proved(tmp_path: Path) -> None:
    report = checking.check(folder=folder(tmp_path))
    assert report.failures == []
    assert (report.exercises, report.right_answers, report.wrong_answers, report.named) == (1, 3, 4, 4)


def test_the_course_is_proved() -> None:
    report = checking.check()
    assert report.failures == []
    assert report.lessons == len(lessons()) > 0
    assert report.exercises == sum(len(lesson.tasks) for lesson in lessons())
    assert report.named == report.wrong_answers >= 4 * report.exercises
    assert report.right_answers >= 2 * report.exercises


IN_TEXT = {
    "the head": ("lesson=1", "lesson=2", 'the first cell must have the tags lesson=1 title="..." minutes=...'),
    "no title": (' title="Slopes"', "", "the first cell must have the tags"),
    "an id of another lesson": ("1.1", "2.1", "the id of exercise 2.1 must begin with 1."),
    "the stub passes": ("return 0.0", "return 2 * x", "1.1: the stub passes"),
    "the stub breaks": ("return 0.0", "return 0.0\n1 / 0", "1.1: the stub must run as it is"),
    "the stub defines nothing": ("def slope(x):\n    return 0.0", "pass", "its stub defines nothing"),
    "one hint": (
        '# %% [markdown] hint="1.1"\n# Let $x$',
        "# %% [markdown]\n# Let $x$",
        "it has 1 hints; write at least 2",
    ),
    "an empty hint": ("# Let $x$ grow by $h$. By how much does $x^2$ grow?\n", "#\n", "a hint is empty"),
    "the solution fails": (
        "return 2 * x\n",
        "return 2 * x / 0\n",
        "1.1: the solution raises ZeroDivisionError: float division by zero in 'slope(1.0)'",
    ),
    "the solution is wrong": ("return 2 * x\n", "return 2 * x + 1\n", "1.1: the solution does not pass"),
    "no explanation": ('explanation="1.1"', 'hint="1.1"', "it has no explanation"),
    "no exercise title": (' title="The slope of a square"', "", "it has no title"),
    "no minutes": (" minutes=5", "", "it has no minutes"),
    "no difficulty": (" difficulty=1", " difficulty=4", "difficulty=4: write 1 (warm-up), 2 or 3 (stretch)"),
    "no heading": ("# ### Exercise", "# Exercise", "its text must begin with a heading"),
    "a dead link": (
        "Write `slope(x)`",
        "See [it](missing.ipynb). Write `slope(x)`",
        "the link missing.ipynb leads nowhere",
    ),
    "an address that is none": ("Write `slope(x)`", "See [it](http://x). Write", "the link http://x leads nowhere"),
    "no Python": ("import math", "%matplotlib inline", "line 4: the cell is no Python"),
    "an empty cell": ("import math", "", "line 4: the cell is empty"),
    "a cell of comments": ("import math", "# to be written", "line 4: the cell is empty: there are comments in it"),
    "a later cell takes the name": (
        '# %% [markdown] hint="1.1"\n# Let $x$',
        '# %%\nfor slope in (1, 2):\n    print(slope)\n\n# %% [markdown] hint="1.1"\n# Let $x$',
        "01_slopes, line 17: it defines slope, which exercise 1.1 asks for",
    ),
    "the answer given away": (
        "import math",
        "def slope(x):\n    return 2 * x",
        "1.1: its solution stands in the learner's notebook",
    ),
    "not in the bank": (
        'exercise="1.1"',
        'exercise="1.2" title="x"\n# # x\n\n# %% [markdown] exercise="1.1"',
        "1.2: it is in lesson.py and not in bank.py",
    ),
    "out of place": ('stub="1.1"', 'stub="1.9"', 'stub="1.9" comes before its exercise'),
}
IN_BANK = {
    "a mistake without a name": (WRONG, 'Wrong("", edit("2 * x", "x"), ', "the wrong answer '' needs a name"),
    "a mistake without a sentence": (
        '"Left of 0 the curve falls when x grows, and a slope that falls is negative."',
        '"No."',
        "the wrong answer 'the size without the sign' needs a name and a sentence",
    ),
    "a wrong answer that is right": (
        WRONG,
        WRONG.replace('"x")', '"x * 2")'),
        "the wrong answer 'the factor 2 is missing' passes",
    ),
    "a wrong answer that defines something else": (
        WRONG,
        'Wrong("the factor 2 is missing", "def slop(x): return x", ',
        "the wrong answer 'the factor 2 is missing' does not define what is asked for",
    ),
    "two mistakes that behave alike": (
        WRONG,
        WRONG.replace('"x")', '"abs(2 * x)")'),
        "behave the same on every case: add one that tells them apart",
    ),
    "the same name twice": (
        WRONG,
        WRONG.replace("the factor 2 is missing", "the slope at one place"),
        "two wrong answers are named 'the slope at one place'",
    ),
    "a random wrong answer": (
        WRONG,
        WRONG.replace('"x")', "\"x * __import__('os').urandom(9)[0]\")"),
        "the wrong answer 'the factor 2 is missing' is named None",
    ),
    "three wrong answers": (
        BANK[BANK.index(WRONG) - 8 : BANK.index('        Wrong("the slope at one')],
        "",
        "it has 3 wrong answers; write at least 4",
    ),
    "an edit that does not hit": (
        WRONG,
        WRONG.replace('"2 * x"', '"3 * x"'),
        "edit: '3 * x' stands 0 times in the solution",
    ),
    "a right answer that is wrong": ("return x + x", "return x * x", "1.1: right answer 1 does not pass"),
    "no right answer": (BANK[BANK.index("right=[") : BANK.index("wrong=[")], "", "it has no other right answer"),
    "no why": ('why="2 · 1 is 2"', 'why=""', "a case says no why: 'slope(1.0)'"),
    "no case": (BANK[BANK.index("cases=[") : BANK.index("right=[")], "cases=[], ", "1.1: it has no cases"),
    "a case that is no Python": (
        '"slope(x)", at',
        '"y = slope(x)", at',
        "a case cannot be run: the last line of a case must be an expression",
    ),
    "a recording that is not there": (
        'why="2 · 1 is 2"',
        'why="so it is", torch="one"',
        "oracle.json has no recording 'one'",
    ),
    "an exercise too many": (
        "EXERCISES = [square]",
        'EXERCISES = [square, Exercise("1.7", [], [])]',
        "1.7: it is in bank.py and not in lesson.py",
    ),
    "the same id twice": ("EXERCISES = [square]", "EXERCISES = [square, square]", "two exercises have the same id"),
    "a bank that is no Python": ("EXERCISES = [square]", "EXERCISES = [square", "was never closed"),
}


@pytest.mark.parametrize("what", IN_TEXT)
def test_a_fault_in_the_text_is_found(what: str, tmp_path: Path) -> None:
    old, new, message = IN_TEXT[what]
    assert old in HEAD + TEXT
    report = checking.check(folder=folder(tmp_path, text=(HEAD + TEXT).replace(old, new)))
    assert any(message in failure for failure in report.failures), report


def test_two_exercises_must_not_ask_for_the_same_name(tmp_path: Path) -> None:
    again = HEAD + TEXT + "\n" + TEXT.replace("1.1", "1.2")
    bank = BANK + 'from dataclasses import replace\nEXERCISES.append(replace(square, id="1.2"))\n'
    report = checking.check(folder=folder(tmp_path, again, bank))
    assert report.failures == ["1.2: it asks for slope, as 1.1 does; call it something else"]


def test_a_solution_that_leans_on_a_cell_of_the_notebook_is_found(tmp_path: Path) -> None:
    """Alone it passes; in the notebook it would be refused, because the other cell is there."""
    text = HEAD.replace("import math", "import math\n\n# %%\ntwo = 2.0") + TEXT.replace(
        "    return 2 * x\n", "    return 2 * x if True else two\n"
    )
    (failure,) = checking.check(folder=folder(tmp_path, text)).failures
    assert (
        "1.1: in the notebook, the check of the solution says: ✗ 1.1 The slope of a square: your answer uses" in failure
    )
    assert "`two`, which another cell defines" in failure


def test_a_later_solution_must_not_be_taken_for_an_earlier_one(tmp_path: Path) -> None:
    text, bank = TEXT.replace("1.1", "1.2"), BANK.replace('"1.1"', '"1.2"').replace("square", "other")
    text = text.replace("slope(x)", "rise(x)").replace(
        "    return 2 * x\n", "    return slope(x)\n\n\nslope = lambda x: 2 * x\n"
    )
    bank = (
        bank.replace('"slope"', '"rise"')
        .replace("slope(x)", "rise(x)")
        .replace("EXERCISES = [other]", "EXERCISES = [square, other]")
    )
    report = checking.check(folder=folder(tmp_path, HEAD + TEXT + "\n" + text, BANK + bank))
    assert "1.1: when the notebook has run, its answer is sought in another cell" in report.failures[-1], report


def test_a_lesson_without_a_bank_is_a_failure(tmp_path: Path) -> None:
    (folder(tmp_path) / "01_slopes" / "bank.py").unlink()
    (failure,) = checking.check(folder=tmp_path).failures
    assert "bank.py is not there; write it, with the check of each exercise" in failure


@pytest.mark.parametrize("what", IN_BANK)
def test_a_fault_in_the_bank_is_found(what: str, tmp_path: Path) -> None:
    old, new, message = IN_BANK[what]
    assert old in BANK
    report = checking.check(folder=folder(tmp_path, bank=BANK.replace(old, new)))
    assert any(message in failure for failure in report.failures), report


def test_the_command_prints_what_was_proved(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["course", "check", "5"]) == 0
    assert re.match(
        r"1 lessons, 4 exercises, \d+ right answers pass, (\d+) of \1 wrong answers named, 0 failures",
        capsys.readouterr().out,
    )
    assert main(["course", "check", "05_backward", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["exercises"], told["failures"], told["named"]) == (4, [], told["wrong_answers"])


def test_the_command_fails_where_the_course_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    broken = folder(tmp_path, text=(HEAD + TEXT).replace("return 0.0", "return 2 * x"))
    paths = list(folders(broken))
    monkeypatch.setattr(checking, "folders", lambda folder=None: paths)
    assert main(["course", "check"]) == 1
    assert "✗ 1.1: the stub passes" in capsys.readouterr().out


def test_a_lesson_that_is_not_there_is_refused() -> None:
    with pytest.raises(ArgumentError, match=r"there is no lesson 77, only .*05_backward"):
        checking.check(["77"])
