"""Python state for `mixed`: trees of containers that hold numbers, roads to read them by, and ways to change them.

Tree    source that makes it, the way to each number in it, and of what kind each step of a way is
Root    the variable or attribute in which a tree stands, and what a function needs to declare to rebind it
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

NUMBERS = ("0.5", "1.0", "1.5", "2.0", "0.25", "-0.5", "1", "2", "3", "True", "0", "0.0", "-0.0")
ODD = ("None", '"1"', "np.float32(1.5)", "np.float64(1.0)", "np.int64(2)", "float('nan')", "[1.0]")

PRELUDE = """
import collections, contextlib, dataclasses, enum, functools, math, operator, random, types
import numpy as np
import chainrule as torch
from chainrule import nn, optim

NS = types.SimpleNamespace

class Plain:
    def __init__(self, **fields):
        vars(self).update(fields)

class Slot:
    __slots__ = ("a", "b")
    def __init__(self, a, b):
        self.a, self.b = a, b

@dataclasses.dataclass
class Data:
    a: object = 1.0
    b: object = 2.0

@dataclasses.dataclass(frozen=True)
class Frozen:
    a: object = 1.0
    b: object = 2.0

class Own:
    a = 1.0
    b = 0.5

class Kin(Own):
    b = 2.0

class Prop:
    def __init__(self, a, b):
        self._a, self.b = a, b
    @property
    def a(self):
        return self._a
    @a.setter
    def a(self, value):
        self._a = value

Named = collections.namedtuple("Named", "a b")

class Sized:
    def __init__(self, items):
        self.items = list(items)
    def __len__(self):
        return len(self.items)
    def __getitem__(self, i):
        return self.items[i]
    def __setitem__(self, i, value):
        self.items[i] = value
    def append(self, value):
        self.items.append(value)

def number(x):
    return x * 0.25 + 0.75
"""

ATTRIBUTES = {"NS": "NS(a={}, b={})", "Plain": "Plain(a={}, b={})", "Slot": "Slot({}, {})", "Data": "Data({}, {})",
              "Prop": "Prop({}, {})", "Frozen": "Frozen({}, {})", "Named": "Named({}, {})", "Own": "Own()",
              "Kin": "Kin()"}  # fmt: skip
ITEMS = {"list": "[{}, {}]", "tuple": "({}, {})", "deque": "collections.deque([{}, {}])", "Sized": "Sized([{}, {}])",
         "array": "np.array([{}, {}])"}  # fmt: skip
KEYS = {"dict": '{{"a": {}, "b": {}}}', "OrderedDict": "collections.OrderedDict(a={}, b={})",
        "defaultdict": 'collections.defaultdict(float, {{"a": {}, "b": {}}})'}  # fmt: skip
FIXED = ("tuple", "Frozen", "Named")
GROWING = ("list", "deque", "Sized")


@dataclass(frozen=True)
class Step:
    """One step of a way: into a container of ``kind`` by ``key``."""

    kind: str
    key: str

    def __str__(self) -> str:
        return f".{self.key}" if self.kind in ATTRIBUTES else f"[{self.key}]"


Way = tuple[Step, ...]


@dataclass
class Tree:
    """``source`` makes it; ``leaves`` are the ways to its numbers, ``inner`` those to its containers."""

    source: str
    leaves: list[Way] = field(default_factory=list)
    inner: list[tuple[Way, str]] = field(default_factory=list)


@dataclass(frozen=True)
class Root:
    """``read`` is its expression; ``declare`` what a function writes before it assigns to it."""

    read: str
    declare: str = ""


def tree(rng: Any, depth: int = 2) -> Tree:
    """A random tree."""
    if depth == 0 or rng.random() < 0.15:
        return Tree(pick(rng, NUMBERS), [()])
    kinds = {**ATTRIBUTES, **ITEMS, **KEYS}
    kind = pick(rng, list(kinds))
    below = 0 if kind in ("array", "Own", "Kin") else depth - 1
    parts = [tree(rng, below), tree(rng, below)]
    if kind == "array":
        parts = [Tree(pick(rng, ("0.5", "1.0", "1.5")), [()]) for _ in parts]
    keys = ("a", "b") if kind in ATTRIBUTES else ("0", "1") if kind in ITEMS else ('"a"', '"b"')
    made = Tree(kinds[kind].format(*(part.source for part in parts)), [], [((), kind)])
    for key, part in zip(keys, parts, strict=True):
        step = Step(kind, key)
        made.leaves += [(step, *way) for way in part.leaves]
        made.inner += [((step, *way), inner) for way, inner in part.inner]
    return made


def pick(rng: Any, choices: Any) -> Any:
    return choices[int(rng.integers(len(choices)))]


def path(root: str, way: Way) -> str:
    return root + "".join(map(str, way))


# ---------------------------------------------------------------------------------------- reading


Road = tuple[str, str, str]
"""What it defines outside of the step, what it writes in it, and the expression."""

ROADS: tuple[Road, ...] = (
    ("", "", "{full}"),
    ("", "", "{full}"),
    ("", "it = {before}", "it{after}"),
    ("", "", "(o := {before}){after}"),
    ("", "got = [o{after} for o in ({before}, {before})]", "got[1]"),
    ("", "try:\n    got = {full}\nexcept (KeyError, IndexError, AttributeError, TypeError):\n    got = 2.0", "got"),
    ("", "got = 3.0 if isinstance({full}, int) else {full}", "got"),
    ("def {name}():\n    return {full}", "", "{name}()"),
    ("def {name}(o):\n    return o{after}", "", "{name}({before})"),
    ("def {name}(o={before}):\n    return o{after}", "", "{name}()"),
    ("def {name}():\n    yield {full}\n    yield 1.0", "", "sum({name}())"),
    ("{name} = {{'k': lambda: {full}}}", "", "{name}['k']()"),
    ("{name} = [lambda o: o{after}, len]", "", "{name}[0]({before})"),
    ("{name} = functools.partial(lambda o: o{after}, {before})", "", "{name}()"),
    ("class {name}:\n    @staticmethod\n    def read():\n        return {full}", "", "{name}.read()"),
    ("class {name}:\n    @property\n    def value(self):\n        return {full}", "it = {name}()", "it.value"),
    ("class {name}:\n    def __init__(self, o):\n        self.o = o\n    def __call__(self):\n"
     "        return self.o{after}\n{name} = {name}({before})", "", "{name}()"),
    ("def {name}(f):\n    @functools.wraps(f)\n    def inner(*args):\n        return f(*args) * {full}\n"
     "    return inner\n@{name}\ndef d{name}(x):\n    return x", "", "d{name}(1.0)"),
)  # fmt: skip
BY_ATTRIBUTE: tuple[Road, ...] = (
    ("", "", "getattr({holder}, {key!r}, 1.5)"),
    ("", "", "operator.attrgetter({key!r})({holder})"),
)
BY_KEY: tuple[Road, ...] = (
    ("", "", "{holder}.get({key}, 1.5)"),
    ("", "", "sum(v for k, v in {holder}.items() if k == {key})"),
    ("def {name}(a=0.0, b=0.0, **more):\n    return a + len(more)", "", "{name}(**{holder})"),
)
BY_ITEM: tuple[Road, ...] = (
    ("", "for got in {holder}:\n    pass", "got"),
    ("", "", "len({holder})"),
    ("", "*rest, got = {holder}", "got + len(rest)"),
    ("", "", "{holder}[-1]"),
)


def reading(rng: Any, name: str, root: str, made: Tree) -> tuple[list[str], list[str], str, Way]:
    """A road to a number, and the way it takes."""
    way = pick(rng, made.leaves)
    cut = int(rng.integers(len(way) + 1))
    last = way[-1] if way else Step("", "")
    words = {
        "name": name, "full": path(root, way), "before": path(root, way[:cut]), "after": path("", way[cut:]),
        "holder": path(root, way[:-1]), "key": last.key,
    }  # fmt: skip
    roads = ROADS
    if last.kind in ATTRIBUTES:
        roads += BY_ATTRIBUTE
    elif last.kind in KEYS:
        roads += BY_KEY
    elif last.kind in ITEMS and last.kind != "array":
        roads += BY_ITEM
    outside, inside, value = (part.format(**words) for part in pick(rng, roads))
    return outside.splitlines(), inside.splitlines(), value, way


# ---------------------------------------------------------------------------------------- changing


def another(rng: Any, kind: str = "") -> str:
    """A number to put somewhere; now and then something that is none."""
    if kind == "array":
        return pick(rng, ("0.5", "1.0", "2.0"))
    return pick(rng, ODD) if rng.random() < 0.04 else pick(rng, NUMBERS)


def change(rng: Any, root: Root, made: Tree, way: Way) -> list[str]:
    """Statements that change what ``way`` leads over: a number, or a container on the way."""
    at = len(way) if rng.random() < 0.6 else int(rng.integers(len(way) + 1))
    while at and way[at - 1].kind in FIXED:
        at -= 1
    if at == len(way):
        new = another(rng, way[-1].kind if way else "")
    else:
        kind = way[at].kind
        new = (
            _anew(rng, made, way[:at])
            if rng.random() < 0.95
            else pick(rng, NUMBERS)
            if kind != "array"
            else "np.ones(2)"
        )
    lines = [root.declare] if root.declare and not at else []
    return [*lines, f"{path(root.read, way[:at])} = {new}"]


def _anew(rng: Any, made: Tree, way: Way) -> str:
    """Source of a container like the one at the end of the way, with other numbers."""
    kind = next(kind for inner, kind in made.inner if inner == way)
    form = {**ATTRIBUTES, **ITEMS, **KEYS}[kind]
    values = []
    for key in ("a", "b", "0", "1", '"a"', '"b"'):
        below = (*way, Step(kind, key))
        if any(inner == below for inner, _ in made.inner):
            values.append(_anew(rng, made, below))
        elif below in made.leaves:
            values.append(another(rng, kind))
    return form.format(*values) if "{" in form else form


def beside(rng: Any, root: Root, made: Tree, way: Way) -> list[str]:
    """Statements that change something next to it."""
    choices = [[f"{path(root.read, other)} = {another(rng, other[-1].kind)}"] for other in made.leaves
               if other and other != way and other[-1].kind not in FIXED]  # fmt: skip
    for inner, kind in made.inner:
        holder = path(root.read, inner)
        if kind in GROWING:
            choices.append([f"{holder}.append({pick(rng, NUMBERS)})"])
        elif kind in KEYS:
            choices += [[f'{holder}["z"] = 1.0'], [f'{holder}["a"] = {holder}.pop("a")']]
        elif kind in ("NS", "Plain", "Data", "Own", "Kin"):
            choices.append([f"{holder}.z = {pick(rng, NUMBERS)}"])
        if kind in ("Own", "Kin"):
            choices += [
                [f"{kind}.{pick(rng, 'ab')} = {another(rng)}"],
                [f"{holder}.{pick(rng, 'ab')} = {another(rng)}"],
            ]
        if kind == "dict":
            choices.append([f'del {holder}["b"]'])
    return pick(rng, choices) if choices else ["pass"]
