"""Data sets that are made or come along: shapes, ranges, the same for the same seed; boards that live as they must.

What is read from files is in test_datasets_files.
"""

from __future__ import annotations

import doctest
import re
import sys
from collections.abc import Callable
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import sklearn.datasets

import chainrule.datasets
from chainrule.data import datasets
from chainrule.errors import ArgumentError, ChainruleError, DataError, MissingPackage, ShapeError

GENERATED: dict[str, Callable[..., Any]] = {
    "sine": lambda **more: datasets.sine(50, noise=0.1, **more),
    "exp_with_noise": datasets.exp_with_noise,
    "quadratic": datasets.quadratic,
    "moons": datasets.moons,
    "spirals": datasets.spirals,
    "game_of_life": lambda **more: datasets.game_of_life(20, **more),
}


@pytest.mark.parametrize("name", GENERATED)
def test_the_same_seed_the_same_numbers(name: str) -> None:
    make = GENERATED[name]
    state = np.random.get_state()[1].copy()  # type: ignore[union-attr, index]
    (X, y), (X2, y2), (X3, y3) = make(seed=5), make(seed=5), make(seed=6)
    assert (X == X2).all()
    assert (y == y2).all()
    assert (X != X3).any() or (y != y3).any()
    assert (np.random.get_state()[1] == state).all()  # type: ignore[index]  # NumPy's own stream is left alone


@pytest.mark.parametrize(
    ("make", "f", "reach"),
    [(datasets.sine, np.sin, np.pi), (datasets.exp_with_noise, np.exp, 1), (datasets.quadratic, np.square, 1)],
    ids=["sine", "exp", "quadratic"],
)
def test_curves(make: Any, f: Any, reach: float) -> None:
    x, y = make(4000, noise=0.1)
    assert (x.shape, y.shape, x.dtype, y.dtype) == ((4000,), (4000,), np.float64, np.float64)
    assert (x[0], x[-1]) == (-reach, reach)
    assert np.diff(x) == pytest.approx(2 * reach / 3999)
    assert (y - f(x)).std() == pytest.approx(0.1, rel=0.05)
    assert (y - f(x)).mean() == pytest.approx(0, abs=0.01)
    assert (make(9, noise=0)[1] == f(make(9, noise=0)[0])).all()
    assert len(make(1)[0]) == 1


def test_the_usual_curves() -> None:
    assert (datasets.sine()[1] == np.sin(np.linspace(-np.pi, np.pi, 2000))).all()
    assert [len(make()[0]) for make in (datasets.exp_with_noise, datasets.quadratic)] == [100, 100]


@pytest.mark.parametrize("n", [2, 3, 100])
def test_moons_are_scikit_learns(n: int) -> None:
    X, y = datasets.moons(n, noise=0)
    theirs, labels = sklearn.datasets.make_moons(n, shuffle=False)
    order = np.lexsort((X[:, 1], X[:, 0], y))
    expected = np.lexsort((theirs[:, 1], theirs[:, 0], labels))
    assert X[order] == pytest.approx(theirs[expected], abs=1e-12)
    assert (y[order] == labels[expected]).all()
    assert (X.dtype, y.dtype) == (np.float64, np.int64)


def test_points_come_in_random_order() -> None:
    for _, y in (datasets.moons(200), datasets.spirals(210)):
        assert len(set(y[:20].tolist())) > 1
        assert 0 < (np.diff(y) != 0).sum() < len(y) - 1


@pytest.mark.parametrize(("n", "arms"), [(300, 3), (10, 4), (5, 5), (7, 1)])
def test_spirals(n: int, arms: int) -> None:
    X, y = datasets.spirals(n, arms=arms, turns=0.5, noise=0)
    assert (X.shape, X.dtype, y.dtype) == ((n, 2), np.float64, np.int64)
    counts = np.bincount(y, minlength=arms)
    assert counts.sum() == n
    assert counts.max() - counts.min() <= 1
    radius = np.hypot(*X.T)
    assert radius.max() == pytest.approx(1)
    angle = np.arctan2(X[:, 1], X[:, 0]) - 2 * np.pi * (0.5 * radius + y / arms)
    assert np.cos(angle) == pytest.approx(1)
    assert (datasets.spirals(300, noise=0.1)[0] - datasets.spirals(300, noise=0)[0]).std() == pytest.approx(
        0.1, rel=0.1
    )


# ---------------------------------------------------------------------------------------- real, bundled


def test_digits() -> None:
    X, y = datasets.digits()
    assert (X.shape, X.dtype, y.dtype) == ((1797, 64), np.float64, np.int64)
    assert (X.min(), X.max(), sorted(set(y.tolist()))) == (0, 1, list(range(10)))


def test_iris() -> None:
    X, y = datasets.iris()
    assert (X.shape, X.dtype, y.dtype, np.bincount(y).tolist()) == ((150, 4), np.float64, np.int64, [50, 50, 50])
    assert (X.min(), X.max()) == (0.1, 7.9)
    few, labels = datasets.iris(two_classes=True)
    assert (few == X[:100]).all()
    assert (labels == y[:100]).all()
    assert labels.dtype == np.int64
    assert few[labels == 0, 2].max() < few[labels == 1, 2].min()  # the length of the petals parts them


def test_iris_without_scikit_learn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sklearn.datasets", None)
    with pytest.raises(MissingPackage, match="the data set iris needs the package scikit-learn: pip install scikit"):
        datasets.iris()


# ---------------------------------------------------------------------------------------- the Game of Life


def board(text: str) -> np.ndarray[Any, np.dtype[np.int64]]:
    return np.array([[int(cell == "#") for cell in line] for line in text.split()], np.int64)


BLOCK = board("...... ..##.. ..##.. ...... ......")
BLINKER = [board("..... ..#.. ..#.. ..#.. ....."), board("..... ..... .###. ..... .....")]
BEEHIVE = board("...... ..##.. .#..#. ..##.. ......")
TOAD = [board("...... ...... ..###. .###.. ...... ......"), board("...... ...#.. .#..#. .#..#. ..#... ......")]
GLIDER = board(".#...... ..#..... ###..... ........ ........ ........ ........ ........")


@pytest.mark.parametrize("wrap", [True, False])
def test_known_patterns(wrap: bool) -> None:
    for still in (BLOCK, BEEHIVE, np.zeros((4, 7), int)):
        assert (datasets.life_step(still, wrap) == still).all()
    for first, second in (BLINKER, TOAD):
        assert (datasets.life_step(first, wrap) == second).all()
        assert (datasets.life_step(second, wrap) == first).all()


def test_a_glider_goes_round() -> None:
    now = GLIDER
    for step in range(1, 33):
        now = datasets.life_step(now, wrap=True)
        if step % 4 == 0:
            assert (now == np.roll(GLIDER, (step // 4, step // 4), (0, 1))).all()
    assert (now == GLIDER).all()


def test_a_glider_ends_at_the_wall_as_a_block() -> None:
    now = GLIDER
    for _ in range(60):
        now = datasets.life_step(now, wrap=False)
    assert now.sum() == 4
    assert (now == datasets.life_step(now, wrap=False)).all()
    assert now[-2:, -2:].sum() == 4


def test_every_neighbourhood() -> None:
    """All 2⁹ of them, by the rule as it is told."""
    cells = np.array(list(product([0, 1], repeat=9))).reshape(512, 3, 3)
    alive, neighbours = cells[:, 1, 1], cells.sum((1, 2)) - cells[:, 1, 1]
    expected = [int(n == 3 or (n == 2 and a == 1)) for a, n in zip(alive, neighbours, strict=True)]
    for wrap in (True, False):
        assert datasets.life_step(np.pad(cells, ((0, 0), (1, 1), (1, 1))), wrap)[:, 2, 2].tolist() == expected
    # an edge and a corner, with and without what is on the other side
    corner = np.zeros((3, 4), int)
    corner[0, 0] = corner[2, 3] = corner[0, 3] = 1
    assert datasets.life_step(corner, wrap=True)[2, 0] == 1
    assert not datasets.life_step(corner, wrap=False).any()


@pytest.mark.parametrize("dtype", [bool, np.uint8, np.int64, np.float32, np.float64])
def test_boards_keep_their_dtype_and_are_left_alone(dtype: Any) -> None:
    first = BLINKER[0].astype(dtype)[None, None]
    after = datasets.life_step(first)
    assert (after.dtype, after.shape) == (np.dtype(dtype), (1, 1, 5, 5))
    assert (after[0, 0] == BLINKER[1]).all()
    assert (first[0, 0] == BLINKER[0]).all()


@pytest.mark.parametrize("wrap", [True, False])
@pytest.mark.parametrize("steps", [1, 3])
def test_pairs(steps: int, wrap: bool) -> None:
    X, y = datasets.game_of_life(50, size=(5, 7), steps=steps, wrap=wrap)
    assert (X.shape, y.shape, X.dtype, y.dtype) == ((50, 1, 5, 7), (50, 1, 5, 7), np.float32, np.float32)
    assert set(np.unique(X)) == set(np.unique(y)) == {0.0, 1.0}
    then = X
    for _ in range(steps):
        then = datasets.life_step(then, wrap)
    assert (then == y).all()
    after, before = datasets.game_of_life(50, size=(5, 7), steps=steps, wrap=wrap, reverse=True)
    assert (after == y).all()
    assert (before == X).all()


def test_density() -> None:
    for density in (0, 0.3, 1):
        assert datasets.game_of_life(200, density=density)[0].mean() == pytest.approx(density, abs=0.02)


# ---------------------------------------------------------------------------------------- refused

BAD: dict[str, tuple[Callable[[], Any], type[ChainruleError], str]] = {
    "no sine": (
        lambda: datasets.sine(0),
        ArgumentError,
        r"sine\(n=0\): a curve needs at least one point; write n=2000",
    ),
    "no exp": (
        lambda: datasets.exp_with_noise(0),
        ArgumentError,
        r"exp_with_noise\(n=0\): a curve needs at least one point; write n=100 or so",
    ),
    "noise below 0": (
        lambda: datasets.quadratic(noise=-1),
        ArgumentError,
        r"quadratic\(noise=-1\): a standard deviation is 0 or more",
    ),
    "noise that is none": (lambda: datasets.moons(noise=np.nan), ArgumentError, r"moons\(noise=nan\): a standard dev"),
    "one moon": (
        lambda: datasets.moons(1),
        ArgumentError,
        r"moons\(n=1\): there are two moons, each with at least one point; write n=200 or so",
    ),
    "no arms": (
        lambda: datasets.spirals(arms=0),
        ArgumentError,
        r"spirals\(arms=0\): there must be at least one arm; write arms=3 or so",
    ),
    "an arm without points": (
        lambda: datasets.spirals(3, arms=4),
        ArgumentError,
        r"spirals\(n=3\): each of the 4 arms needs at least one point; write n=400 or so",
    ),
    "no boards": (
        lambda: datasets.game_of_life(0),
        ArgumentError,
        r"game_of_life\(n=0, steps=1\): both must be 1 or more",
    ),
    "no steps": (lambda: datasets.game_of_life(steps=0), ArgumentError, r"steps=0\): both must be 1 or more"),
    "a board too small": (
        lambda: datasets.game_of_life(size=2),
        ArgumentError,
        r"game_of_life\(size=2\): give one side or \(H, W\), from 3 on: a cell has 8 neighbours",
    ),
    "a board of 3 sides": (lambda: datasets.game_of_life(size=(4, 4, 4)), ArgumentError, r"give one side or \(H, W\)"),
    "a chance above 1": (
        lambda: datasets.game_of_life(density=1.5),
        ArgumentError,
        r"game_of_life\(density=1.5\): the chance to be alive is in \[0, 1\]",
    ),
    "a row": (
        lambda: datasets.life_step(np.zeros(5)),
        ShapeError,
        r"life_step of shape \(5,\): boards are \(…, H, W\), both sides from 3 on",
    ),
    "a thin board": (lambda: datasets.life_step(np.zeros((5, 2))), ShapeError, r"life_step of shape \(5, 2\)"),
    "half alive": (
        lambda: datasets.life_step(np.full((3, 3), 0.5)),
        DataError,
        r"a cell is 0 \(dead\) or 1 \(alive\); for a network's output write output > 0.5",
    ),
}


@pytest.mark.parametrize("name", BAD)
def test_refused(name: str) -> None:
    call, error, text = BAD[name]
    with pytest.raises(error, match=text) as caught:
        call()
    assert "\n" not in str(caught.value)


# ---------------------------------------------------------------------------------------- where they are


def test_one_set_of_names_on_both_paths() -> None:
    assert chainrule.datasets.__all__ == datasets.__all__
    for name in datasets.__all__:
        assert getattr(chainrule.datasets, name) is getattr(datasets, name)


PAGE = (Path(__file__).parent.parent / "docs" / "datasets.md").read_text()


def test_the_page_says_what_is_so() -> None:
    blocks = "".join(re.findall(r"```python\n(.*?)```", PAGE, re.S))
    examples = doctest.DocTestParser().get_doctest(blocks, {}, "datasets.md", None, 0)
    assert len(examples.examples) > 5
    said: list[str] = []
    assert doctest.DocTestRunner().run(examples, out=said.append).failed == 0, "".join(said)


def test_the_page_names_them_all() -> None:
    listed = set(re.findall(r"^\| `(\w+)\(", PAGE, re.M))
    assert listed == set(datasets.__all__) - {"life_step", "data_root"}
