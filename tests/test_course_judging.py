"""The verdict: what it says, in which order, and that it names the mistake however it is written."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest

from chainrule.course.bank import gradient, source_of
from chainrule.course.comparing import Tolerance, difference
from chainrule.course.encoding import encode
from chainrule.course.judging import judge
from chainrule.course.lesson import Lesson, find
from chainrule.course.outcomes import first_difference
from chainrule.course.showing import seen, written
from chainrule.tensor import Tensor
from chainrule.value import Value

LESSON = """\
# %% [markdown] lesson=1 title="One" minutes=1
# # One

# %% [markdown] exercise="1.1" title="A line" difficulty=1 minutes=1
# # A line

# %% stub="1.1"
def f(x, w):
    return 0.0

def slopes(x, w):
    return 0.0, w * 0.0

# %% [markdown] hint="1.1"
# Use `@`.

# %% solution="1.1"
def f(x, w):
    if len(w) == 0:
        raise ValueError("no weights")
    return x * float(w @ w)

def slopes(x, w):
    return float(w @ w), 2 * x * w
"""
BANK = '''
import numpy as np
from chainrule.course.bank import *

def keys(names):
    return {"sum": names.f(1.0, np.ones(2)), "shape": names.slopes(1.0, np.ones(3))[1]}

EXERCISES = [
    Exercise(
        "1.1",
        cases=[
            call("f", 1.0, np.array([2.0]), why="2 · 2 is 4"),
            call("f", 2.0, np.array([1.0, -3.0]), why="it is twice 10"),
            cell("slopes(2.0, np.array([1.0, -3.0]))[1]", why="each is 2 · x · w"),
            call("f", 1.0, np.array([]), why="without weights there is nothing to do", raises="ValueError"),
            probe(keys, shown="f and slopes, on ones", why="both look at w"),
            gradient("f(x, w)", "slopes(x, w)", at={"x": 1.5, "w": np.array([0.5, -2.0])}),
        ],
        wrong=[
            Wrong("the square is missing", edit("x * float(w @ w)", "x * float(w.sum())"), "You add up w itself."),
            Wrong("the factor 2 is missing", edit("2 * x * w", "x * w"), "You differentiate one of two factors."),
            Wrong("the other slope", edit("return float(w @ w), ", "return x, "), "What does f do when x grows?"),
            Wrong("no refusal", edit("""    if len(w) == 0:
        raise ValueError("no weights")
""", ""), "You accept an empty w."),
            Wrong("w is spoiled", edit("return x * float(w @ w)", "w *= w; return x * sum(w)"), "You square w itself."),
        ],
    )
]
'''


@pytest.fixture(scope="module")
def line(tmp_path_factory: pytest.TempPathFactory) -> Lesson:
    path = tmp_path_factory.mktemp("lessons") / "01_one"
    path.mkdir()
    (path / "lesson.py").write_text(LESSON)
    (path / "bank.py").write_text(BANK)
    return Lesson(path)


SLOPES = "\ndef slopes(x, w):\n    return float(w @ w), 2 * x * w\n"
REFUSE = "    if len(w) == 0: raise ValueError\n"

STAGES = {
    "the stub": (
        "# my try\n" + LESSON[LESSON.index("def f") : LESSON.index("# %% [markdown] hint")],
        "stub",
        "this is still the stub",
    ),
    "no Python": ("def f(:\n", "run", "in line 1 of the answer:  def f(:"),
    "a name missing": (
        "def f(x, w): return 0.0",
        "missing",
        "it does not define `slopes`; the check calls it by that name",
    ),
    "raises": ("def f(x, w):\n    return x / 0" + SLOPES, "run", "Something in the denominator is 0."),
    "raises, not as it should": (
        "def f(x, w):\n    w[0]\n    return x * (w @ w)" + SLOPES,
        "run",
        "ValueError: no weights is what should be raised",
    ),
    "nothing returned": ("def f(x, w):\n    x * (w @ w)" + SLOPES, "type", "got       None: nothing was returned"),
    "a text": ("def f(x, w): return '4'" + SLOPES, "type", "got       a text: '4'"),
    "an array for a number": (
        "def f(x, w): return x * w" + SLOPES,
        "type",
        "got       an array of shape (1,), float64",
    ),
    "shape": (
        "def f(x, w):\n    return x * float(w @ w)\ndef slopes(x, w): return 1.0, w[None]",
        "shape",
        "the shape is wrong.\n",
    ),
    "a value": ("def f(x, w): return 4.0" + SLOPES, "value", "got       4.0\nexpected  20.0, because it is twice 10"),
    "an element": (
        "import numpy as np\ndef f(x, w): return x * (w @ w)\n"
        "def slopes(x, w): return 0, w * 4 * np.array([1, 2])[: len(w)]",
        "value",
        "a value is wrong at [1].\n",
    ),
    "no error": ("def f(x, w): return x * (w @ w)" + SLOPES, "value", "here an error is expected, and none came"),
    "changed": (
        "def f(x, w):\n" + REFUSE + "    y = x * float(w @ w)\n    w += 1\n    return y" + SLOPES,
        "changed",
        "it changes argument 2 in place; whoever called it finds other numbers",
    ),
    "a gradient": (
        "def f(x, w):\n" + REFUSE + "    return x * float(w @ w)\ndef slopes(x, w): return x * 4, 2 * x * w",
        "gradient",
        "the slope with respect to x is wrong",
    ),
    "an element of a gradient": (
        "import numpy as np\ndef f(x, w):\n"
        + REFUSE
        + "    return x * float(w @ w)\ndef slopes(x, w):\n"
        + "    return w @ w, 2 * x * w * (np.array([1, 2]) if x == 1.5 else 1)",
        "gradient",
        "with respect to w[1] is wrong",
    ),
    "right": (
        "import numpy as np\ndef f(x, w):\n"
        + REFUSE
        + "    return x * sum(v * v for v in w)\ndef slopes(x, w): return [np.dot(w, w), x * w + w * x]",
        "passed",
        "right.",
    ),
}


@pytest.mark.parametrize("what", STAGES)
def test_the_verdict_says_how_far_it_came(what: str, line: Lesson) -> None:
    source, stage, text = STAGES[what]
    verdict = judge("1.1", source, lesson=line)
    assert verdict.stage == stage, verdict.text
    assert text in verdict.text
    assert verdict.passed == (stage == "passed")


def test_the_first_case_that_differs_is_the_smallest(line: Lesson) -> None:
    verdict = judge("1.1", "def f(x, w): return 0" + SLOPES, lesson=line)
    assert (verdict.shown, verdict.got, verdict.expected) == ("f(1.0, np.array([2.0]))", "0", "4.0")
    assert verdict.why == "2 · 2 is 4"
    assert "f(1.0, np.array([2.0]))" in repr(verdict)


OTHER_WORDS = {
    (
        "5.1",
        "the sign of the second operand",
    ): "import numpy\ndef slopes(p, q, r):\n    u, v = p + q, q - r\n    return (v, u + v, +u)",
    ("5.2", "the sign of the second operand"): (
        "class Sub:\n    def __init__(self, out): self.out = out\n"
        "    def __call__(self):\n        for v in self.out._prev:\n"
        "            v.grad = v.grad + self.out.grad\n"
        "def subtract(left, right):\n    result = Value(left.data - right.data, (left, right), '-')\n"
        "    result._backward = Sub(result)\n    return result"
    ),
    ("5.2", "written over, not added"): (
        "def subtract(a, b):\n    out = Value(a.data + -b.data, (a, b), '-')\n"
        "    def go():\n        for v, s in zip(out._prev, (1, -1)):\n"
        "            setattr(v, 'grad', s * out.grad)\n    out._backward = go\n    return out"
    ),
    ("5.3", "the local slope is missing"): (
        "def tanh(v):\n    x = max(-300, min(300, v.data))\n"
        "    r = Value(math.sinh(x) / math.cosh(x), (v,), 'tanh')\n"
        "    r._backward = lambda: setattr(v, 'grad', v.grad + r.grad)\n    return r"
    ),
    ("5.3", "tanh overflows"): (
        "import math as m\ndef tanh(v):\n    e = m.e ** (2 * v.data)\n    r = Value((e - 1) / (e + 1), (v,), 'tanh')\n"
        "    def b(): v.grad += r.grad * (1 - r.data * r.data)\n    r._backward = b\n    return r"
    ),
    ("5.4", "backward twice"): (
        "from chainrule.value import topological_order\n"
        "def backward(end):\n    end.grad = 1.0\n    order = topological_order(end)\n"
        "    while order:\n        order.pop()._backward()"
    ),
    ("5.4", "recursion too deep"): (
        "def backward(root):\n    def walk(v, done):\n"
        "        if v in done: return done\n        for c in v._prev: walk(c, done)\n"
        "        done[v] = len(done)\n        return done\n    order = list(walk(root, {}))[::-1]\n"
        "    for v in order:\n        if len(v._prev): v.grad = 0\n    root.grad = 1\n    for v in order: v._backward()"
    ),
}


@pytest.mark.parametrize(("id", "name"), OTHER_WORDS)
def test_a_mistake_in_other_words_is_named(id: str, name: str) -> None:
    source = OTHER_WORDS[id, name]
    lesson = find(id)
    known = [source_of(code, lesson.tasks[id].solution) for wrong in lesson.bank[id].wrong for code in wrong.codes]
    assert source not in known
    verdict = judge(id, source)
    assert verdict.mistake == name, verdict.text
    says = next(wrong.says for wrong in lesson.bank[id].wrong if wrong.name == name)
    assert verdict.explanation == " ".join(says.split())


UNKNOWN = {
    "another number": ("5.2", "def subtract(a, b):\n    return Value(a.data - b.data + 0.25, (a, b), '-')"),
    "two mistakes at once": (
        "5.3",
        "def tanh(x):\n    out = Value(math.tanh(x.data), (x,), 'tanh')\n"
        "    def b(): x.grad = out.grad\n    out._backward = b\n    return out",
    ),
    "a slip in a name": ("5.4", "def backward(root):\n    rot.grad = 1.0"),
    "random": ("5.1", "import random\ndef slopes(a, b, c): return random.random(), b, c"),
}


@pytest.mark.parametrize("what", UNKNOWN)
def test_an_unknown_mistake_gets_values_and_no_name(what: str) -> None:
    verdict = judge(*UNKNOWN[what])
    assert not verdict.passed
    assert verdict.mistake is None
    assert verdict.shown
    assert verdict.got


def test_a_slip_is_not_taken_for_a_mistake_that_raises_the_same(tmp_path: Path) -> None:
    path = tmp_path / "01_one"
    path.mkdir()
    (path / "lesson.py").write_text(LESSON)
    wrong = 'Wrong("not imported", edit("x * float(w @ w)", "x * np.sum(w * w)"), "Import it in your answer.")'
    (path / "bank.py").write_text(BANK.replace("wrong=[", f"wrong=[{wrong},"))
    lesson = Lesson(path)
    refused = f"def f(x, w):\n{REFUSE}    return x * {{}}.sum(w * w)" + SLOPES
    assert judge("1.1", refused.format("np"), lesson=lesson).mistake == "not imported"
    assert judge("1.1", refused.format("nump"), lesson=lesson).mistake is None


def test_slopes_must_be_those_of_the_answers_own_function() -> None:
    two, five = encode(2.0), encode(5.0)
    case = gradient("f(x)", "slope(x)", at={"x": 1.0})
    assert first_difference([{"value": two, "measured": two}], [case], [{"value": five, "measured": five}]) is None
    assert first_difference([{"value": five, "measured": two}], [case], [{"value": five, "measured": five}])


def test_a_verdict_as_data_and_as_html(line: Lesson) -> None:
    verdict = judge("1.1", "print('<b>')\ndef f(x, w): return '<script>'" + SLOPES, lesson=line)
    data = json.loads(json.dumps(verdict.as_data()))
    assert (data["exercise"], data["passed"], data["stage"], data["mistake"]) == ("1.1", False, "type", None)
    assert data["text"] == repr(verdict)
    assert "hints" not in data
    page = verdict._repr_html_()
    assert "<script>" not in page
    assert "&lt;script&gt;" in page
    assert "<summary>It printed</summary><pre>&lt;b&gt;</pre>" in page
    assert "<summary>Hint 1</summary><p>Use <code>@</code>.</p>" in page
    assert "prefers-color-scheme:dark" in page
    assert "data-jp-theme-light=false" in page
    passed = judge("1.1", line.tasks["1.1"].solution, lesson=line)
    assert 'class="chainrule-verdict passed"' in passed._repr_html_()
    assert "Hint" not in passed._repr_html_()


def test_a_stub_is_not_begun_and_not_wrong(line: Lesson) -> None:
    """Neither the mark nor the colour of a mistake, for somebody who has run the whole notebook before beginning."""
    verdict = judge("1.1", line.tasks["1.1"].stub, lesson=line)
    assert (verdict.stage, verdict.passed, verdict.mark) == ("stub", False, "○")
    assert repr(verdict) == "○ 1.1 A line: not begun yet: this is still the stub. Change it, run it, and check again."
    page = verdict._repr_html_()
    assert '<div class="chainrule-verdict untouched"><p><b>○ 1.1 A line</b>' in page
    assert page.count(".chainrule-verdict.untouched {") == 3  # light, dark by the system, dark by JupyterLab
    assert "Hint 1" in page
    assert judge("1.1", "def f(x, w): return 0.0" + SLOPES, lesson=line).mark == "✗"


# ------------------------------------------------------------------------------------------- comparison

NEAR = Tolerance(1e-6, 1e-9)
nan, inf = float("nan"), float("inf")
EQUAL = [
    (1, 1.0),
    (1.0, 1.0 + 1e-9),
    (np.float32(0.5), 0.5),
    (np.array(2.0), 2),
    (nan, nan),
    (inf, inf),
    (0.0, -0.0),
    (True, np.True_),
    ([1, 2], (1.0, 2.0)),
    ({"a": 1}, {"a": np.int64(1)}),
    ({3, 1}, {1, 3}),
    (None, None),
    ("a", "a"),
    ([], ()),
    (np.array([1, 2]), np.array([1.0, 2.0])),
    (np.zeros((0, 3)), np.zeros((0, 3))),
    (np.array([nan, inf]), np.array([nan, inf])),
    (np.array([1e6, 0.0]), np.array([1e6, 1e-3])),
    (Tensor([1.0]), Tensor([1.0])),
    (Value(2.0), Value(2.0 + 1e-9)),
    (np.float32(0.1), 0.1),
]
DIFFERENT = [
    (1, 2, "value", ""),
    (1.0, 1.00001, "value", ""),
    (nan, 1.0, "value", ""),
    (inf, -inf, "value", ""),
    (1, True, "type", ""),
    (1, "1", "type", ""),
    (None, 0, "type", ""),
    ([1, 2], [1, 3], "value", "[1]"),
    ([1, 2], [1], "shape", ""),
    ({"a": [1]}, {"a": [2]}, "value", "['a'][0]"),
    ({"a": 1}, {"b": 1}, "shape", ""),
    (np.ones(2), [1, 1], "type", ""),
    (np.ones(1), 1.0, "type", ""),
    (np.ones((2, 1)), np.ones(2), "shape", ""),
    (np.array([[1, 2], [3, 4]]), np.array([[1, 2], [3, 5]]), "value", "[1, 1]"),
    (Tensor([1.0]), np.ones(1), "type", ""),
    (Value(2.0), 2.0, "type", ""),
    (Value(2.0), Value(3.0), "value", ".data"),
    (np.array([True]), np.array([1]), "dtype", ""),
    (np.array(["a"]), np.array(["b"]), "value", "[0]"),
    ((1,), {1}, "type", ""),
]


@pytest.mark.parametrize(("one", "other"), EQUAL, ids=str)
def test_equal(one: object, other: object) -> None:
    there, back = (json.loads(json.dumps(encode(x))) for x in (one, other))
    assert difference(there, back, NEAR) is None
    assert difference(back, there, NEAR) is None


@pytest.mark.parametrize(("one", "other", "stage", "path"), DIFFERENT, ids=str)
def test_different(one: object, other: object, stage: str, path: str) -> None:
    there, back = (json.loads(json.dumps(encode(x))) for x in (one, other))
    for first, second in ((there, back), (back, there)):
        found = difference(first, second, NEAR)
        assert found
        assert (found.stage, found.path) == (stage, path)


def test_a_case_may_be_strict_about_float32() -> None:
    one, other = encode(np.ones(2, np.float32)), encode(np.ones(2))
    assert difference(one, other, NEAR) is None
    found = difference(one, other, Tolerance(1e-6, 1e-9, dtype=True))
    assert found
    assert found.stage == "dtype"


def test_small_numbers_are_compared_to_the_largest_of_their_array() -> None:
    """A slope of 1e-20 beside one of 1 is rounding; beside nothing larger it is 0 to the absolute tolerance."""
    assert difference(encode(np.array([1.0, 1e-8])), encode(np.array([1.0, 0.0])), NEAR) is None
    assert difference(encode(np.array([1.0, 1e-3])), encode(np.array([1.0, 0.0])), NEAR)
    assert difference(encode(1e-12), encode(0.0), NEAR) is None


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (2.0, "2.0"),
        (3, "3"),
        (0.1 + 0.2, "0.3"),
        (-0.0, "-0.0"),
        (nan, "nan"),
        (1e-300, "1e-300"),
        (True, "True"),
        ("a", "'a'"),
        (None, "None"),
        ((1,), "(1,)"),
        ([1.5, "a"], "[1.5, 'a']"),
        ({"a": 1.0}, "{a: 1.0}"),
        (np.array([[1.0, 2.0]]), "[[1.0, 2.0]]"),
        (np.zeros((50, 2)), "array of shape (50, 2)"),
        (Tensor([1.0]), "[1.0]"),
        (Value(2.0), "Value(2.0)"),
        (len, "builtin_function_or_method"),
    ],
    ids=str,
)
def test_what_came_out_is_said_shortly(value: object, text: str) -> None:
    assert seen(json.loads(json.dumps(encode(value)))) == text


def test_what_goes_in_is_written_as_code() -> None:
    arguments = (1.5, [1, 2.0], (np.array([1, 2]),), "x", np.float64(2.5), {"a": 1}, None)
    assert [written(x) for x in arguments] == [
        "1.5",
        "[1, 2.0]",
        "(np.array([1, 2]),)",
        "'x'",
        "2.5",
        "{'a': 1}",
        "None",
    ]
    for x in arguments:
        assert difference(encode(eval(written(x), {"np": np})), encode(x), NEAR) is None
    assert re.fullmatch(r"<float64 array, shape \(30, 30\)>", written(np.ones((30, 30))))
