"""Whatever an answer does, it ends in one plain sentence, soon, and nothing of it is left."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from chainrule.course import runner as runner_module
from chainrule.course.judging import judge
from chainrule.course.lesson import Lesson
from chainrule.course.runner import Runner
from chainrule.errors import StateError

LESSON = """\
# %% [markdown] lesson=1 title="One" minutes=1
# # One

# %% given="*"
import random
import numpy as np

def greet():
    return "hello"

# %% [markdown] exercise="1.1" title="Twice" difficulty=1 minutes=1
# # Twice

# %% stub="1.1"
def twice(x):
    return x

# %% solution="1.1"
def twice(x):
    return 2 * x
"""
BANK = """
from chainrule.course.bank import *
cases = [call("twice", 1.0, why="of 1"), call("twice", 3.0, why="of 3")]
EXERCISES = [Exercise("1.1", cases, [], seconds=1, megabytes=200)]
"""
DEFINED = "\ndef twice(x):\n    return 2 * x\n"


def lesson(path: Path, seconds: int = 1) -> Lesson:
    path.mkdir()
    (path / "lesson.py").write_text(LESSON)
    (path / "bank.py").write_text(BANK.replace("seconds=1", f"seconds={seconds}"))
    return Lesson(path)


@pytest.fixture(scope="module")
def one(tmp_path_factory: pytest.TempPathFactory) -> Lesson:
    return lesson(tmp_path_factory.mktemp("lessons") / "01_one")


@pytest.fixture(scope="module")
def patient(tmp_path_factory: pytest.TempPathFactory) -> Lesson:
    """For what comes to its own end: on a busy machine, too, before its time is over."""
    return lesson(tmp_path_factory.mktemp("lessons") / "01_one", seconds=40)


@pytest.fixture(scope="module")
def runner() -> Iterator[Runner]:
    with Runner() as made:
        yield made


def inside(line: str) -> str:
    return f"def twice(x):\n    {line}\n    return 2 * x"


LOOP, EXIT = "a loop that never ends", "it ended the process it ran in (os._exit)"
ACCIDENTS = {
    "a loop": ("while True: pass", LOOP),
    "a loop in the function": (inside("while x: pass"), LOOP),
    "a loop that will not be interrupted": (
        "while True:\n    try:\n        while True: pass\n    except BaseException: pass",
        LOOP,
    ),
    "a loop that ignores signals": (
        "import signal\nfor n in range(1, 30):\n    try: signal.signal(n, signal.SIG_IGN)\n    except OSError: pass\n"
        "while True: pass",
        LOOP,
    ),
    "sleep": (inside("import time; time.sleep(60)"), LOOP),
    "memory, a list": ("x = [0] * 10**9", "more memory than the 200 MB"),
    "memory, an array": (inside("np.ones(10**9)"), "more memory than the 200 MB"),
    "memory, growing": ("x = [1]\nwhile True: x = x + x", ("more memory than the 200 MB", LOOP)),
    "a flood": ("while True: print('hello' * 1000)", "it printed so much"),
    "a flood of errors": ("import sys\nwhile True: sys.stderr.write('hello' * 1000)", "it printed so much"),
    "a flood from another process": ("import subprocess\nsubprocess.run(['yes'])", "it printed so much"),
    "a large file": ("open('f', 'wb').write(bytes(10**8))", "OSError: [Errno 27] File too large"),
    "exit()": ("exit()", "exit() and quit() end the program"),
    "sys.exit in the function": (inside("import sys; sys.exit(3)"), "exit() and quit() end the program"),
    "os._exit": ("import os; os._exit(0)", EXIT),
    "os._exit in the function": (inside("import os; os._exit(1)"), EXIT),
    "segfault": ("import ctypes; ctypes.string_at(0)", "it crashed Python itself (SIGSEGV)"),
    "abort": (inside("import os; os.abort()"), "it crashed Python itself (SIGABRT)"),
    "kills itself": ("import os; os.kill(0, 9)", "it crashed Python itself (SIGKILL)"),
    "kills the checker": ("import os; os.kill(os.getppid(), 9)", "it ended the process that was to check it"),
    "input": ("x = input()", "input() waits for someone at a keyboard"),
    "stdin": ("import sys\nassert sys.stdin.read() == '', 'there was something'\n1 / 0", "ZeroDivisionError"),
    "recursion": (inside("return twice(x)"), "A function called itself without an end"),
    "recursion without a limit": (  # which of them, the memory decides that is left for saying it
        "import sys; sys.setrecursionlimit(10**8)\ndef twice(x): return [twice(x)][0]",
        ("it crashed Python itself", "more memory than", "SystemError", EXIT, LOOP),
    ),
    "closes everything": (inside("import os; os.closerange(0, 1000)"), ("OSError", EXIT, "it crashed")),
    "an interrupt": ("raise KeyboardInterrupt", "KeyboardInterrupt"),
    "an exception that cannot be said": ("class E(Exception):\n    def __str__(self): 1/0\nraise E", "got       E"),
    "a syntax error": ("def twice(x:\n  pass", "in line 1 of the answer:  def twice(x:"),
    "a null byte": ("x = 1\0", "it does not run"),
    "an object that bites": (
        "class C:\n    def __getattr__(self, name): raise ValueError('no ' + name)\ndef twice(x): return C()",
        "ValueError: no",
    ),
    "a list that holds itself": (inside("y = []; y.append(y); return y"), "the type is wrong"),
    "a huge result": (inside("return list(range(10**8))"), ("more memory than", "so much data")),
}


@pytest.mark.parametrize("what", ACCIDENTS)
def test_an_accident_ends_in_a_sentence(what: str, one: Lesson, patient: Lesson, runner: Runner) -> None:
    source, sentences = ACCIDENTS[what]
    verdict = judge("1.1", source, runner=runner, lesson=one if LOOP in sentences else patient)
    assert not verdict.passed
    assert any(sentence in verdict.text for sentence in (sentences if isinstance(sentences, tuple) else [sentences]))
    assert judge("1.1", one.tasks["1.1"].solution, runner=runner, lesson=one).passed  # and the next one is served


LEFT = {
    "a process": "import subprocess; subprocess.Popen(['sleep', '{mark}'])",
    "a process in its own session": "from subprocess import Popen\nPopen(['sleep', '{mark}'], start_new_session=True)",
    "the child of a child": (
        "import os, subprocess\nif os.fork() == 0:\n    os.setsid()\n    if os.fork() == 0:\n"
        "        os.execvp('sleep', ['sleep', '{mark}'])\n    os._exit(0)\nos.wait()"
    ),
    "a fork of itself": "import os, time\nif os.fork() == 0:\n    time.sleep({mark})",
}


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
@pytest.mark.parametrize("what", LEFT)
def test_nothing_is_left_running(what: str, one: Lesson, runner: Runner) -> None:
    mark = str(1000 + os.getpid() % 1000)
    verdict = judge("1.1", LEFT[what].format(mark=mark) + DEFINED, runner=runner, lesson=one)
    assert verdict.passed
    assert verdict.notes == (
        "It left a process running when it was done; that was ended. An answer finishes what it starts.",
    )
    assert (
        f"sleep {mark}" not in subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=True).stdout
    )
    assert judge("1.1", DEFINED, runner=runner, lesson=one).notes == ()


def test_what_it_prints_is_kept_and_cannot_be_taken_for_a_result(one: Lesson, runner: Runner) -> None:
    forged = '{"case": 0, "outcome": {"value": {"kind": "number", "type": "float", "data": 2.0}}}'
    said = runner.run(one, "1.1", f"print({forged!r})\nprint('done')\ndef twice(x): return 0.0")
    assert said.printed == f"{forged}\ndone\n"
    assert [outcome["value"]["data"] for outcome in said.outcomes] == [0.0, 0.0]


def test_it_runs_in_an_empty_folder_that_is_gone_afterwards(one: Lesson, runner: Runner) -> None:
    source = "import os\nopen('left.txt', 'w').write('x')\nprint(os.getcwd(), os.listdir())" + DEFINED
    where, there = runner.run(one, "1.1", source).printed.split()
    assert there == "['left.txt']"
    assert not Path(where).exists()
    assert Path(where) != Path.cwd()


def test_a_fork_of_the_answer_says_nothing_in_its_place(one: Lesson, runner: Runner) -> None:
    run = runner.run(one, "1.1", "import os\nchild = os.fork() == 0\ndef twice(x): return -1.0 if child else 2 * x")
    assert [outcome["value"]["data"] for outcome in run.outcomes] == [2.0, 6.0]


def test_answers_do_not_see_one_another(one: Lesson, runner: Runner) -> None:
    broken = "import numpy, random, builtins\nnumpy.ones = None\nbuiltins.len = None\nrandom.leaked = 1"
    assert not judge("1.1", broken, runner=runner, lesson=one).passed
    clean = "import numpy, random\nassert numpy.ones(2).sum() == len('ab') and not hasattr(random, 'leaked')" + DEFINED
    assert judge("1.1", clean, runner=runner, lesson=one).passed


def test_given_code_is_there_and_random_numbers_repeat(one: Lesson, runner: Runner) -> None:
    source = "x = greet(), random.random(), np.random.rand()\nprint(x)" + DEFINED
    first, second = (runner.run(one, "1.1", source).printed for _ in range(2))
    assert first == second
    assert first.startswith("('hello', ")


def test_a_dataclass_with_late_annotations_is_possible(one: Lesson, runner: Runner) -> None:
    source = "from __future__ import annotations\nfrom dataclasses import dataclass\n@dataclass\nclass P:\n    x: float"
    assert judge("1.1", source + "\ndef twice(x): return P(2 * x).x", runner=runner, lesson=one).passed


def test_a_file_in_the_learners_folder_is_not_taken_for_numpy(
    one: Lesson, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "numpy.py").write_text("raise SystemExit('shadowed')")
    (tmp_path / "random.py").write_text("raise SystemExit('shadowed')")
    monkeypatch.chdir(tmp_path)
    with Runner() as fresh:
        assert judge("1.1", DEFINED, runner=fresh, lesson=one).passed


def test_a_lesson_that_changed_is_read_again(tmp_path: Path, runner: Runner) -> None:
    path = tmp_path / "01_one"
    path.mkdir()
    (path / "lesson.py").write_text(LESSON)
    (path / "bank.py").write_text(BANK)
    assert judge("1.1", DEFINED, runner=runner, lesson=Lesson(path)).passed
    (path / "lesson.py").write_text(LESSON.replace("return 2 * x", "return 5 * x"))
    os.utime(path / "lesson.py", ns=(1, 1))
    assert not judge("1.1", DEFINED, runner=runner, lesson=Lesson(path)).passed


def test_given_code_that_breaks_is_the_courses_fault(tmp_path: Path, runner: Runner) -> None:
    path = tmp_path / "01_one"
    path.mkdir()
    (path / "lesson.py").write_text(LESSON.replace("import random\n", "import random\n1 / 0\n"))
    (path / "bank.py").write_text(BANK)
    with pytest.raises(StateError, match=r"the code given with it raised ZeroDivisionError.*a fault of the course"):
        judge("1.1", DEFINED, runner=runner, lesson=Lesson(path))


def test_an_interrupted_check_does_not_mix_up_the_next(one: Lesson, monkeypatch: pytest.MonkeyPatch) -> None:
    with Runner() as fresh:
        assert judge("1.1", DEFINED, runner=fresh, lesson=one).passed

        def interrupted(*_: object) -> None:
            raise KeyboardInterrupt

        with monkeypatch.context() as patch:
            patch.setattr(runner_module.select, "select", interrupted)
            with pytest.raises(KeyboardInterrupt):
                judge("1.1", "def twice(x): return 7", runner=fresh, lesson=one)
        assert judge("1.1", DEFINED, runner=fresh, lesson=one).passed


def test_the_server_that_cannot_start_says_why(one: Lesson, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONHOME", "/nonexistent")
    with Runner() as fresh, pytest.raises(StateError, match=r"(?s)the process that runs answers failed; .*PYTHONHOME"):
        fresh.run(one, "1.1", DEFINED)
