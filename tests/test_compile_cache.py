"""Compiled steps on disk: found again by another process, whole or compiled anew, bounded, never in the way."""

from __future__ import annotations

import os
import subprocess
import sys
import time
import warnings
from pathlib import Path
from typing import Any

import pytest

import chainrule

pytest.importorskip("numba")

from chainrule.compiler import cache

SOURCE = """
from numba import njit
from chainrule.compiler.native.mathematics import exp_f64
from chainrule.compiler.native.products import product_f64
from chainrule.compiler.native.memory import PLAIN, apart, f64_at

@apart
def _inner(A, C):
    product_f64(False, False, 2, 2, 2, A, A, C)
    C[0, 0] = exp_f64(C[0, 0])

@njit(**PLAIN)
def step(table, scalars):
    A, C = f64_at(table[0], (2, 2)), f64_at(table[1], (2, 2))
    _inner(A, C)
    return scalars[0] + C[0, 0]
"""
RUN = f"""
import sys
import numpy as np
from chainrule.compiler import cache
from numba.core import event
compiled = []
class Listener(event.Listener):
    def on_start(self, e): compiled.append(e.data["dispatcher"].py_func.__name__)
    def on_end(self, e): pass
module = cache.load({SOURCE!r})
from chainrule.compiler.native.compiling import fast_caller
A, C = np.zeros((2, 2)), np.ones((2, 2))
with event.install_listener("numba:compile", Listener()):
    run = fast_caller(module.step, np.array([A.ctypes.data, C.ctypes.data]), np.array([2.0]))
print(run(), *compiled)
"""


def another_process(folder: Path, code: str = RUN) -> str:
    """What a new process prints: the result and the names of what it had to compile."""
    environment = {**os.environ, "CHAINRULE_CACHE_DIR": str(folder)}
    run = subprocess.run([sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, env=environment)
    assert (run.returncode, run.stderr) == (0, "")
    return run.stdout.strip()


def test_the_second_process_compiles_nothing_and_damage_is_repaired(tmp_path: Path) -> None:
    assert another_process(tmp_path) == "3.0 step"
    source, code = sorted(tmp_path.iterdir(), key=lambda path: path.suffix, reverse=True)
    assert source.read_text() == SOURCE
    assert another_process(tmp_path) == "3.0"

    whole = code.read_bytes()
    for damaged in (whole[: len(whole) // 2], whole[:-100] + b"\0" * 100):
        code.write_bytes(damaged)
        source.write_text("raise SystemExit('damaged')")
        assert another_process(tmp_path) == "3.0 step"
        assert source.read_text() == SOURCE
        assert len(code.read_bytes()) == len(whole)
    assert another_process(tmp_path) == "3.0"


def test_processes_side_by_side(tmp_path: Path) -> None:
    environment = {**os.environ, "CHAINRULE_CACHE_DIR": str(tmp_path)}
    runs = [subprocess.Popen([sys.executable, "-W", "error", "-c", RUN], stdout=-1, env=environment) for _ in range(3)]
    assert [run.communicate()[0].split()[0] for run in runs] == [b"3.0"] * 3
    assert another_process(tmp_path) == "3.0"
    assert len(list(tmp_path.iterdir())) == 2  # nothing half-written is left


def test_a_helper_is_kept_too(tmp_path: Path) -> None:
    code = (
        "import numpy as np\n"
        "from chainrule.compiler import cache\n"
        "from chainrule.compiler.native import twister\n"
        "seed = cache.keep(cache.keep(twister.seed))\n"
        "state = np.zeros(625, np.uint32)\n"
        "seed(state, 5)\n"
        "print(state[1], *seed.stats.cache_hits.values())"
    )
    assert another_process(tmp_path, code) == "472231674"
    assert another_process(tmp_path, code) == "472231674 1"
    assert len(list(tmp_path.iterdir())) == 1


@pytest.fixture
def shelf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CHAINRULE_CACHE_DIR", str(tmp_path / "steps"))
    monkeypatch.setattr(cache, "_SAID", set())
    return tmp_path / "steps"


def simple(number: int) -> str:
    return f"value = {number}\n# {os.urandom(8).hex()}\n"


def test_the_same_text_is_the_same_module(shelf: Path) -> None:
    text = simple(1)
    module = cache.load(text)
    assert module.value == 1
    assert cache.load(text) is module is sys.modules[module.__name__]
    assert cache.load(simple(2)).value == 2


def test_a_text_that_fails_leaves_no_module(shelf: Path) -> None:
    before = set(sys.modules)
    with pytest.raises(ZeroDivisionError):
        cache.load("1 / 0")
    assert {name for name in set(sys.modules) - before if "step" in name} == set()


def test_the_key_knows_the_helpers_the_versions_and_the_processor(monkeypatch: pytest.MonkeyPatch) -> None:
    surroundings = cache._surroundings().decode()
    for part in ("def exp(x: Number)", "def shuffle", __import__("numba").__version__, sys.version.split()[0]):
        assert part in surroundings
    before = cache._key("x")
    cache._surroundings.cache_clear()
    monkeypatch.setattr("llvmlite.binding.get_host_cpu_name", lambda: "abacus")
    assert cache._key("x") != before != cache._key("y")
    cache._surroundings.cache_clear()


def entry(shelf: Path, name: str, size: int, age: float) -> None:
    for suffix in (".py", ".step.0.code"):
        path = shelf / f"step_{name}{suffix}"
        path.write_bytes(b"\0" * (size // 2))
        os.utime(path, (time.time() - age,) * 2)


def left(shelf: Path) -> list[str]:
    return sorted({path.name.split(".")[0] for path in shelf.iterdir()})


def test_what_was_not_used_for_longest_goes_first(shelf: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shelf.mkdir()
    for i in range(6):
        entry(shelf, f"e{i}", 1000, age=i)
    monkeypatch.setattr(cache, "MAX_ENTRIES", 4)
    cache.tidy(shelf, but="step_e5")
    assert left(shelf) == ["step_e0", "step_e1", "step_e2", "step_e5"]
    monkeypatch.setattr(cache, "MAX_BYTES", 2500)
    cache.tidy(shelf)
    assert left(shelf) == ["step_e0", "step_e1"]
    (shelf / ".step_old.py.x").write_text("half")
    os.utime(shelf / ".step_old.py.x", (0, 0))
    (shelf / ".step_new.py.x").write_text("half")
    (shelf / "notes.txt").write_text("not ours")
    monkeypatch.setattr(cache, "MAX_BYTES", 0)
    cache.tidy(shelf)
    assert sorted(path.name for path in shelf.iterdir()) == [".step_new.py.x", "notes.txt"]


def test_loading_is_using_and_tidies(shelf: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache, "MAX_ENTRIES", 2)
    text = simple(1)
    cache.load(text)
    (path,) = shelf.iterdir()
    os.utime(path, (0, 0))
    sys.modules.pop(f"chainrule_{path.stem}")
    cache.load(text)
    assert path.stat().st_mtime > 0
    for i in range(4):
        entry(shelf, f"e{i}", 10, age=1000 + i)
    cache.load(simple(2))
    assert len(left(shelf)) == 2
    assert path.exists()


@pytest.mark.parametrize("how", ["a file in the way", "no permission"])
def test_without_a_folder_all_works_and_one_warning_says_so(
    shelf: Path, how: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if how == "a file in the way":
        shelf.write_text("")
    else:  # (as root, everything can be written)
        monkeypatch.setattr(cache, "write_atomically", _refused)
    with pytest.warns(
        UserWarning, match="not kept on disk, so each process compiles them anew.*CHAINRULE_CACHE_DIR"
    ) as said:
        module = cache.load(simple(1) + "from numba import njit\nf = njit(lambda x: x + 1)")
    assert len(said) == 1
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert cache.load(simple(2)).value == 2
        if how != "a file in the way":
            assert module.f(1) == 2


def _refused(path: Path, content: Any) -> None:
    raise PermissionError(13, "Permission denied", str(path))


@pytest.mark.parametrize(
    ("platform", "variables", "expected"),
    [
        ("linux", {"XDG_CACHE_HOME": "/x"}, "/x/chainrule/steps"),
        ("linux", {"HOME": "/h"}, "/h/.cache/chainrule/steps"),
        ("darwin", {"HOME": "/h"}, "/h/Library/Caches/chainrule/steps"),
        ("win32", {"LOCALAPPDATA": "/l"}, "/l/chainrule/steps"),
    ],
)
def test_where_it_is(
    platform: str, variables: dict[str, str], expected: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in ("CHAINRULE_CACHE_DIR", "XDG_CACHE_HOME", "LOCALAPPDATA"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, str(tmp_path) + value)
    monkeypatch.setattr(sys, "platform", platform)
    assert str(cache.folder()) == str(tmp_path) + expected
    assert Path(str(tmp_path) + expected).is_dir()


def test_a_compiled_step_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Through the front door: machine code of a step lies in the folder afterwards."""
    monkeypatch.setenv("CHAINRULE_CACHE_DIR", str(tmp_path))
    w = chainrule.ones(13, 7, requires_grad=True)

    @chainrule.compile
    def step(x: chainrule.Tensor) -> chainrule.Tensor:
        loss = ((x @ w) ** 2).mean()
        w.grad = None
        loss.backward()
        with chainrule.no_grad():
            w.sub_(0.01 * w.grad)  # type: ignore[operator]
        return loss

    for _ in range(4):
        step(chainrule.ones(11, 13))
    assert step.last is not None
    assert len(list(tmp_path.glob("step_*.segment_0.*.code"))) == 1
