"""The ladder: every rung gives the numbers of ``hand``, ``hand`` is right, and what is not the same is noticed."""

import re
import sys
from functools import cache
from html import unescape
from pathlib import Path

import numpy as np
import pytest

from chainrule.compiler.jit.specialization import Variant
from chainrule.data import datasets
from chainrule.errors import ArgumentError, MissingPackage
from chainrule.ladder import layers, listing, parts, report, run, rungs, table, tasks
from chainrule.ladder.rungs import RUNGS
from chainrule.ladder.tasks import TASKS

STEPS = {"sine": 40, "digits": 50}  # of digits, more than an epoch: the short last batch is among them
SLOW = {("sine", "value"): 3, ("digits", "value"): 1, ("digits", "parts"): 3}


@pytest.fixture(scope="module")
def task_of():
    """Tasks, made once: by name, dtype and seed."""
    return cache(lambda name, dtype="float64", seed=0: TASKS[name](dtype, seed))


def planted(monkeypatch, rung, old, new):
    """Let ``rung`` run with a mistake in its script."""
    right = rungs.source

    def source(task, name):
        text = right(task, name)
        assert name != rung or old in text
        return text.replace(old, new) if name == rung else text

    monkeypatch.setattr(rungs, "source", source)


# ---------------------------------------------------------------------------------------- the same numbers


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("rung", RUNGS)
@pytest.mark.parametrize("name", TASKS)
def test_every_rung_gives_the_numbers_of_hand(task_of, name, rung, dtype):
    steps = SLOW.get((name, rung), STEPS[name])
    (row,) = run.climb(task_of(name, dtype), [rung], steps)
    assert (row.status, row.steps) == ("ok", steps), row.reason
    assert row.difference <= {"float64": 1e-9, "float32": 1e-4}[dtype] == row.tolerance
    assert row.us_per_step > 0
    assert np.isfinite(row.final_loss)


def test_float32_digits_are_compared_for_one_epoch_and_everything_else_to_the_end(task_of):
    compared = {
        (name, dtype): next(run.climb(task_of(name, dtype), ["layers"], 60)).compared
        for name in TASKS
        for dtype in ("float64", "float32")
    }
    assert compared.pop(("digits", "float32")) == 45
    assert set(compared.values()) == {60}


def test_sine_ends_at_the_known_loss_at_every_fast_rung(task_of):
    for row in run.climb(task_of("sine"), ["hand", "layers", "tensor", "nn", "compiled"]):
        assert row.steps == 2000
        assert row.final_loss == pytest.approx(8.956348, abs=5e-7), row.rung


def test_the_best_cubic_is_the_known_one(task_of):
    w, least = tasks.best_cubic(task_of("sine"))
    assert least == pytest.approx(8.8171654, abs=5e-8)
    assert w == pytest.approx([0, 0.856740843, 0, -0.093330389], abs=1e-8)


@pytest.mark.parametrize("seed", range(5))
def test_digits_are_read_rightly(task_of, seed):
    (row,) = run.climb(task_of("digits", seed=seed), ["hand"])
    assert row.steps == 30 * 45
    assert row.accuracy >= 0.95


def test_digits_are_split_batched_and_shuffled(task_of):
    task = task_of("digits")
    assert (task.x.shape, task.x_test.shape) == ((1438, 64), (359, 64))
    rows = {tuple(image) for image in np.vstack([task.x, task.x_test])}
    assert rows == {tuple(image) for image in datasets.digits()[0]}
    first, second = task.batches[:45], task.batches[45:90]
    assert [len(batch) for batch in first] == [32] * 44 + [30]
    assert sorted(np.concatenate(first)) == list(range(1438)) == sorted(np.concatenate(second))
    assert list(np.concatenate(first)) != list(np.concatenate(second))
    again, other = TASKS["digits"]("float64", 0), TASKS["digits"]("float64", 1)
    assert all(np.array_equal(a, b) for a, b in zip(task.batches, again.batches, strict=True))
    assert not np.array_equal(task.start[0], other.start[0])


# ---------------------------------------------------------------------------------------- hand itself


@pytest.mark.parametrize("name", TASKS)
def test_the_gradients_of_hand_are_the_slopes_of_its_loss(task_of, name):
    task = task_of(name)

    def step(start):
        loss, weights = next(rungs.load(name, "hand")(task.x, task.y, start, task.lr, task.batches[:1]))
        return loss, run.flat(weights)

    def unflat(numbers):
        arrays = task.blocks(numbers)
        return tuple(arrays) if isinstance(task.start, tuple) else arrays[0]

    at = run.flat(task.start)
    _, after = step(task.start)
    gradient = (at - after) / task.lr
    h = 1e-5
    for i in np.random.default_rng(0).permutation(len(at))[:60]:
        nudge = h * (np.arange(len(at)) == i)
        slope = (step(unflat(at + nudge))[0] - step(unflat(at - nudge))[0]) / (2 * h)
        assert gradient[i] == pytest.approx(slope, rel=1e-5, abs=1e-7), f"parameter {i}"


# ---------------------------------------------------------------------------------------- what is not the same


@pytest.mark.parametrize(
    ("name", "rung", "old", "new"),
    [
        ("sine", "layers", "start[:1])", "start[:1] * (1 + 1e-7))"),
        ("sine", "tensor", "lr * w.grad", "lr * w.grad * (1 + 1e-7)"),
        ("sine", "tensor", "w.grad = None", "pass"),
        ("digits", "layers", "ReLU(), Linear", "Linear"),
        ("digits", "nn", "loss.backward()", "loss.backward(); model[0].bias.grad.zero_()"),
        ("digits", "tensor", ".mean()", ".sum() / 32"),
        ("sine", "compiled", "lr=lr", "lr=lr * (1 + 1e-7)"),
        ("digits", "compiled", "optimizer.step()", "model[0].bias.grad.zero_(); optimizer.step()"),
    ],
)
def test_a_rung_with_a_mistake_differs(task_of, monkeypatch, name, rung, old, new):
    planted(monkeypatch, rung, old, new)
    (row,) = run.climb(task_of(name), [rung], 50)
    assert row.status == "differs"
    assert re.fullmatch(r".+ away from hand, and at most 1e-09 is the same", row.reason)


def test_a_mistake_that_leaves_the_loss_alone_is_seen_in_the_weights(task_of, monkeypatch):
    planted(monkeypatch, "layers", "network.params", "[*network.params[:3], b2]")
    (row,) = run.climb(task_of("digits"), ["layers"], 5)
    assert np.all(row.apart < 1e-12)
    assert row.status == "differs"


def test_a_rung_that_leaves_the_finite_numbers_differs(task_of, monkeypatch):
    planted(monkeypatch, "layers", "update_params(lr)", "update_params(lr * np.nan)")
    (row,) = run.climb(task_of("sine"), ["layers"], 5)
    assert (row.status, table.as_data(row)["final_loss"]) == ("differs", None)


def test_relative_difference():
    assert run.relative(np.zeros(2), np.zeros(2)) == 0
    assert run.relative(np.ones(2), np.zeros(2)) == np.inf
    assert run.relative(np.array([1.0, 2.0]), np.array([1.0, 4.0])) == 0.5


# ---------------------------------------------------------------------------------------- scripts


@pytest.mark.parametrize("name", TASKS)
def test_torch_is_nn_with_the_imports_swapped(name):
    nn, torch = (rungs.source(name, rung).splitlines() for rung in ("nn", "torch"))
    changed = [(here, there) for here, there in zip(nn, torch, strict=True) if here != there]
    assert ("import chainrule as torch", "import torch") in changed
    assert all(re.match(r"(import|from) chainrule", here) for here, _ in changed)
    assert not any("chainrule" in line for line in torch)


@pytest.mark.parametrize("name", TASKS)
def test_compiled_is_nn_with_its_step_as_a_function(name):
    nn, compiled = (listing.without_docstring(rungs.source(name, rung)) for rung in ("nn", "compiled"))
    lines, more = ([line.strip() for line in text.splitlines() if line.strip()] for text in (nn, compiled))
    assert [line for line in lines if line not in more] == [next(line for line in lines if line.startswith("yield"))]
    marked = [compiled.splitlines()[i - 1].split()[0] for i in listing.new_lines(compiled, nn)]
    assert marked == ["@torch.compile", "def", "return", "for", "yield"]


@pytest.mark.parametrize(("name", "steps", "as_written"), [("sine", 20, 3), ("digits", 140, 3 + 2)])
def test_compiled_runs_native_code(task_of, monkeypatch, name, steps, as_written):
    """Of digits, the short last batch of an epoch is recorded twice, too, and then native."""
    native = []

    def run_native(variant, *given, right=Variant.run):
        native.append(right(variant, *given))
        return native[-1]

    monkeypatch.setattr(Variant, "run", run_native)
    (row,) = run.climb(task_of(name), ["compiled"], steps)
    assert row.status == "ok"
    assert len([done for done, _ in native if done]) == steps - as_written


@pytest.mark.parametrize("package", ["numba", "scipy"])
def test_compiled_without_numba_is_skipped_and_never_runs_as_written(task_of, monkeypatch, package):
    monkeypatch.setitem(sys.modules, package, None)
    nn, compiled = run.climb(task_of("sine"), ["nn", "compiled"], 5)
    assert (nn.status, compiled.status, compiled.steps) == ("ok", "skipped", 0)
    assert compiled.reason == "the rung compiled needs Numba and SciPy: pip install 'chainrule[compile]'"
    assert len(table.remarks(task_of("sine"), [nn, compiled])) == 1  # of what was not compiled, nothing was paid


def test_what_compiling_costs_is_told_where_something_was_compiled(task_of):
    task = task_of("sine")
    for steps in (3, 4):
        (row,) = run.climb(task, ["compiled"], steps)
        told = [line for line in table.remarks(task, [row]) if line.startswith("The first 3 steps of compiled")]
        assert len(told) == (steps > 3)
    assert re.search(r"paid once: 4 steps took \S+ [µm]?s; at the pace of the median they take \S+ [µm]?s\.$", told[0])
    assert row.us_in_all == pytest.approx(float(np.sum(row.run.seconds)) * 1e6) == table.as_data(row)["us_in_all"]


@pytest.mark.parametrize("name", TASKS)
@pytest.mark.parametrize("rung", RUNGS)
def test_scripts_are_short_and_say_what_they_are_and_what_comes_next(name, rung):
    text = rungs.source(name, rung)
    what, onward = listing.paragraphs(text)
    assert what.startswith(("By hand", "In "))
    assert onward.startswith("The next rung")
    assert 10 < rungs.lines(text) < 40


def test_lines_count_code_only():
    assert rungs.lines('"""A.\n\nB."""\n\n# c\ndef f(x):  # d\n    """E."""\n\n    return [\n        x,\n    ]\n') == 4
    assert rungs.lines('x = """a\nb\n"""\n') == 3  # text that is no docstring is code


def test_torch_absent_is_one_clear_line(task_of, monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", None)
    hand, torch = run.climb(task_of("sine"), ["hand", "torch"], 3)
    assert (hand.status, torch.status, torch.steps) == ("ok", "skipped", 0)
    assert torch.reason == "the rung torch needs the package torch==2.13.0: pip install torch==2.13.0"


def test_the_torch_to_install_is_the_one_the_project_names():
    assert f'torch = ["{rungs.TORCH}"]' in (Path(__file__).parent.parent / "pyproject.toml").read_text()


def test_torch_gets_its_threads_back(task_of):
    torch = pytest.importorskip("torch")
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        with run.undisturbed("torch"):
            assert torch.get_num_threads() == 1
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)


# ---------------------------------------------------------------------------------------- what the rungs stand on


def slopes(f, x, h=1e-6):
    """Central differences of the number f() with respect to every number of the array x, in place."""
    out = np.empty_like(x)
    for place in np.ndindex(x.shape):
        kept = x[place]
        x[place] = kept + h
        above = f()
        x[place] = kept - h
        out[place] = (above - f()) / (2 * h)
        x[place] = kept
    return out


@pytest.mark.parametrize("curve", [parts.constant, parts.line, parts.square, parts.cube, parts.relu])
def test_curves_know_their_slopes(curve):
    x = np.array([-1.7, -0.3, 0.4, 2.0])
    numeric = (curve(x + 1e-6) - curve(x - 1e-6)) / 2e-6
    assert curve.slope(x) == pytest.approx(numeric, abs=1e-8)


def test_an_approximator_knows_its_slopes():
    rng = np.random.default_rng(0)
    values, x, g = rng.normal(size=5), rng.normal(size=(2, 6)), rng.normal(size=6)
    curves = [(parts.constant, 0), (parts.cube, 0), (parts.line, 1), (parts.square, 1), (parts.line, 1)]
    built = parts.Approximator([parts.Weight(v, c, at) for v, (c, at) in zip(values, curves, strict=True)])

    def loss():
        for weight, value in zip(built.weights, values, strict=True):
            weight.value = value
        return float(g @ built(x))

    g_inputs = built.backward(x, g)
    assert [w.grad for w in built.weights] == pytest.approx(slopes(loss, values), abs=1e-7)
    assert g_inputs == pytest.approx(slopes(loss, x), abs=1e-7)
    before = built(x)
    built.step(1e-3)
    assert g @ built(x) < g @ before


@pytest.mark.parametrize(
    "layer",
    [
        layers.Linear(np.arange(12.0).reshape(3, 4) / 7 - 0.8, np.array([0.1, -0.2, 0.3])),
        layers.ReLU(),
        layers.Sigmoid(),
        layers.Softmax(),
    ],
    ids=lambda layer: type(layer).__name__,
)
def test_layers_know_their_slopes(layer):
    rng = np.random.default_rng(1)
    x = rng.normal(size=(5, 4))
    g = rng.normal(size=layer.forward(x).shape)

    def loss():
        return float(np.sum(g * layer.forward(x)))

    loss()
    assert layer.backward(g) == pytest.approx(slopes(loss, x), abs=1e-7)
    if layer.params:
        assert layer.gW == pytest.approx(slopes(loss, layer.W), abs=1e-7)
        assert layer.gb == pytest.approx(slopes(loss, layer.b), abs=1e-7)


@pytest.mark.parametrize(
    ("loss", "y"), [(layers.SquaredError(), np.ones((4, 3))), (layers.CrossEntropy(), np.array([0, 2, 1, 2]))]
)
def test_losses_know_their_slopes(loss, y):
    p = np.random.default_rng(2).uniform(0.1, 1, (4, 3))
    loss.forward(p, y)
    assert loss.backward() == pytest.approx(slopes(lambda: loss.forward(p, y), p), abs=1e-6)


@pytest.mark.parametrize("layer", [layers.Sigmoid(), layers.Softmax()])
def test_no_layer_overflows(layer):
    out = layer.forward(np.array([[-1000.0, 0.0, 1000.0]]))
    assert np.all(np.isfinite(out))
    assert np.all(np.isfinite(layer.backward(np.ones_like(out))))


# ---------------------------------------------------------------------------------------- data


def test_data_sets():
    X, y = datasets.digits()
    assert (X.shape, X.dtype, y.dtype, X.min(), X.max()) == ((1797, 64), np.float64, np.int64, 0, 1)
    x, sin = datasets.sine()
    assert x.shape == sin.shape == (2000,)
    with pytest.raises(ArgumentError, match=r"sine\(n=0\): a curve needs at least one point"):
        datasets.sine(0)


def test_digits_without_scikit_learn(monkeypatch):
    for name in [name for name in sys.modules if name.partition(".")[0] == "sklearn"]:
        monkeypatch.setitem(sys.modules, name, None)
    monkeypatch.setitem(sys.modules, "sklearn", None)
    with pytest.raises(MissingPackage, match="the data set digits needs the package scikit-learn: pip install"):
        datasets.digits()


# ---------------------------------------------------------------------------------------- the report


@pytest.fixture(scope="module")
def written(tmp_path_factory, task_of):
    """A report of all rungs at three steps: its folder and its page."""
    folder = tmp_path_factory.mktemp("ladder")
    climbs = [(task_of(name), list(run.climb(task_of(name), RUNGS, 2))) for name in TASKS]
    page = report.write(climbs, folder, seed=0)
    return folder, page.read_text("utf-8")


def test_the_report_shows_every_source(written):
    _, page = written
    shown = unescape(re.sub(r"<[^>]+>", "", page))
    for name in TASKS:
        for rung in RUNGS:
            assert f'id="{name}-{rung}"' in page
            assert rungs.source(name, rung).split('"""', 2)[2].strip() in shown  # all that follows the docstring
    for rung in rungs.BUILT:
        assert rungs.built(rung).strip() in shown


def test_the_report_marks_what_is_new_beside_nn(written):
    articles = re.findall(r'<article.*?id="(\w+)-(\w+)".*?</article>', written[1], re.S)
    assert [rung for name, rung in articles if name == "sine"] == list(RUNGS)
    for whole in re.findall(r"<article.*?</article>", written[1], re.S):
        rung = re.search(r'id="\w+-(\w+)"', whole)[1]
        assert ('class="hll"' in whole) == ("only the marked lines are new" in whole) == (rung in ("compiled", "torch"))
        assert (report.DOOR in whole) == (rung == "torch")


def test_the_report_has_every_picture_and_needs_no_network(written):
    folder, page = written
    named = set(re.findall(r'src(?:set)?="([^"]+)"', page))
    there = {path.name for path in folder.iterdir()} - {"index.html"}
    assert named == there
    assert {"ladder.png", "cost.png", "sine-fit.png", "digits-confusion.png", "digits-misread-dark.png"} <= there
    assert all((folder / name).read_bytes().startswith(b"\x89PNG") for name in there)
    assert not re.search(r"(https?:)?//[a-z]", page)


def test_a_report_that_fails_leaves_the_old_one_whole(tmp_path, task_of, monkeypatch):
    climbs = [(task_of("sine"), list(run.climb(task_of("sine"), ["hand"], 2)))]
    (tmp_path / "index.html").write_text("old")

    def full(*_):
        raise OSError("disk full")

    monkeypatch.setattr("os.replace", full)
    with pytest.raises(OSError, match="disk full"):
        report.write(climbs, tmp_path, seed=0)
    assert [path.name for path in tmp_path.iterdir()] == ["index.html"]
    assert (tmp_path / "index.html").read_text() == "old"


def test_a_report_of_a_rung_that_differs_or_is_skipped_says_so(tmp_path, task_of, monkeypatch):
    planted(monkeypatch, "layers", "update_params(lr)", "update_params(lr * np.nan)")
    monkeypatch.setitem(sys.modules, "torch", None)
    task = task_of("sine")
    page = report.write([(task, list(run.climb(task, ["layers", "torch"], 3)))], tmp_path, seed=0).read_text("utf-8")
    assert "<strong>sine / layers</strong> did not give the numbers" in page
    assert "skipped: the rung torch needs the package torch==2.13.0" in page
    assert "sine-torch.png" not in page


def test_a_report_of_nothing_but_skipped_rungs(tmp_path, task_of, monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", None)
    task = task_of("sine")
    report.write([(task, list(run.climb(task, ["torch"], 3)))], tmp_path, seed=0)
    assert [path.name for path in tmp_path.iterdir()] == ["index.html"]
