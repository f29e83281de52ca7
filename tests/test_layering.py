"""Imports go only down the house (docs of the design, "Layers of the house"), read from the sources.

The checker is shown able to fail: on small trees with one wrong import each.
"""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

import chainrule

SOURCE = Path(chainrule.__file__).parent

# bottom to top; names on one line may know one another (but never in a circle)
HOUSE = """
errors files devices outside cuda tracing
value ops
hooks random
backprop
grad_mode printing methods inplace differentiable drawing reading tensor
creation sampling serialization
functional
autograd
nn
optim data datasets utils
compiler
chainrule
graph
training
train
viz
course ladder
bridges
cli __main__
"""
LAYERS = {name: height for height, line in enumerate(HOUSE.split("\n")) for name in line.split()}
NATIVE = "chainrule.compiler.native"  # what is compiled by Numba, and imported only then
ALONE = {"value": set(), "ops": {"errors", "ops", "tracing"}}  # these two may know nothing but this


class Import(NamedTuple):
    """One import in a source: by whom, of what, where, and when it runs: "at once", "later" or "never" (for types)."""

    by: str
    of: str
    line: int
    when: str


def modules(root: Path) -> dict[str, Path]:
    """Every module of the package in ``root``, by dotted name; a lesson's text is no module: it is a notebook."""
    found = {}
    for path in sorted(root.rglob("*.py")):
        if path.parent.parent.name == "lessons" and path.name in ("lesson.py", "oracle.py"):
            continue
        parts = [root.name, *path.relative_to(root).with_suffix("").parts]
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


def imports(name: str, path: Path, known: dict[str, Path]) -> Iterator[Import]:
    """The imports of a module: those at the top, those inside functions, those for types only."""

    def walk(node: ast.AST, when: str) -> Iterator[Import]:
        if isinstance(node, ast.Import):
            yield from (Import(name, alias.name, node.lineno, when) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            package = name.split(".") if path.stem == "__init__" else name.split(".")[:-1]
            base = package[: len(package) - node.level + 1] if node.level else []
            module = ".".join([*base, *filter(None, [node.module])])
            for alias in node.names:  # a module of the package, or something in one
                inner = f"{module}.{alias.name}"
                yield Import(name, inner if inner in known else module, node.lineno, when)
        else:
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
                when = "later"
            types_only = isinstance(node, ast.If) and ast.unparse(node.test).endswith("TYPE_CHECKING")
            for child in ast.iter_child_nodes(node):
                yield from walk(child, "never" if types_only and child in node.body else when)  # type: ignore[attr-defined]

    yield from walk(ast.parse(path.read_text()), "at once")


def unit(name: str) -> str:
    """The part of the house a module belongs to: chainrule.nn.layers -> nn; the package itself -> its own name."""
    return name.split(".")[1] if "." in name else name


def violations(root: Path) -> list[str]:
    """Every import of the package in ``root`` that the rules forbid, in words."""
    known = modules(root)
    wrong = [f"{name} is in no layer: add it to HOUSE" for name in known if unit(name) not in LAYERS]
    edges: dict[str, set[str]] = {name: set() for name in known}
    for name, path in known.items():
        for found in imports(name, path, known):
            where = f"{name}, line {found.line}, imports {found.of}"
            top = found.of.partition(".")[0]
            if top != root.name:
                native = name.startswith(NATIVE) and top in {"numba", "llvmlite"}
                if found.when == "at once" and top not in {*sys.stdlib_module_names, "numpy"} and not native:
                    wrong.append(f"{where} at the top: third parties are imported inside functions")
                continue
            target = found.of if found.of in known else found.of.rpartition(".")[0]
            mine, theirs = unit(name), unit(target)
            if theirs not in LAYERS or mine not in LAYERS:
                continue
            if mine in ALONE and theirs not in ALONE[mine]:
                wrong.append(f"{where}: {mine} stands alone")
            elif LAYERS[theirs] > LAYERS[mine]:
                wrong.append(f"{where}, which is above it")
            if found.when != "never":
                edges[name].add(target)
    return wrong + [f"in a circle: {' -> '.join(circle)}" for circle in circles(edges)]


def circles(edges: dict[str, set[str]]) -> list[list[str]]:
    """The ways by which a module imports itself, each once."""
    found, done, path = [], set(), []

    def visit(name: str) -> None:
        if name in path:
            found.append([*path[path.index(name) :], name])
        elif name not in done:
            path.append(name)
            for target in sorted(edges.get(name, ())):
                visit(target)
            done.add(path.pop())

    for name in sorted(edges):
        visit(name)
    return found


def test_imports_go_down() -> None:
    assert violations(SOURCE) == []
    assert len(modules(SOURCE)) > 30  # it has read them


# ---------------------------------------------------------------------------------------- it can fail

GOOD = {
    "__init__.py": "from chainrule import nn, ops\n",
    "errors.py": "import math\n",
    "value.py": "import math\nimport random\n",
    "ops/__init__.py": "from chainrule.ops.base import Op\n",
    "ops/base.py": "import numpy as np\nfrom chainrule.errors import X\n",
    "nn/__init__.py": "from chainrule.nn import layers\nfrom chainrule.nn.layers import Linear\n",
    "nn/layers.py": "from chainrule import ops\n\ndef f():\n    import sklearn\n",
    "optim/__init__.py": "from .sgd import SGD\n",
    "ops/types.py": "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from chainrule.ops.uses import Y\n",
    "ops/uses.py": "from chainrule.ops.types import X\n",
    "optim/sgd.py": "from typing import TYPE_CHECKING\nfrom ..ops import Op\nif TYPE_CHECKING:\n    import torch\n",
}
WRONG = {
    "up": (
        "nn/layers.py",
        "from chainrule.optim import SGD",
        "chainrule.nn.layers, line 1, imports chainrule.optim, which is above it",
    ),
    "up, from the package": (
        "nn/layers.py",
        "from chainrule import optim",
        "imports chainrule.optim, which is above it",
    ),
    "up, relative": ("nn/layers.py", "from ..optim import SGD", "imports chainrule.optim, which is above it"),
    "up, inside a function": (
        "nn/layers.py",
        "def f():\n    import chainrule.optim",
        "line 2, imports chainrule.optim, which",
    ),
    "the package from inside": (
        "nn/layers.py",
        "import chainrule",
        "chainrule.nn.layers, line 1, imports chainrule, which",
    ),
    "the package from above it": (
        "__init__.py",
        "from chainrule.train import fit",
        "chainrule, line 1, imports chainrule.train",
    ),
    "value knows something": (
        "value.py",
        "from chainrule.errors import X",
        "imports chainrule.errors: value stands alone",
    ),
    "value needs NumPy's tensors": (
        "value.py",
        "from chainrule.ops import Op",
        "imports chainrule.ops: value stands alone",
    ),
    "ops knows the graph": (
        "ops/base.py",
        "from chainrule.backprop import Node",
        "chainrule.backprop: ops stands alone",
    ),
    "a third party": ("nn/layers.py", "import sklearn", "chainrule.nn.layers, line 1, imports sklearn at the top"),
    "a third party, tried": (
        "errors.py",
        "try:\n    import torch\nexcept ImportError: ...",
        "line 2, imports torch at the top",
    ),
    "a third party, in a class": (
        "errors.py",
        "class A:\n    from tqdm import tqdm",
        "line 2, imports tqdm at the top",
    ),
    "up, for types": (
        "nn/layers.py",
        "import typing\nif typing.TYPE_CHECKING:\n    from chainrule.optim import SGD",
        "line 3, imports chainrule.optim, which is above it",
    ),
    "a new part": ("quantum.py", "", "chainrule.quantum is in no layer: add it to HOUSE"),
    "a circle, inside a function": (
        "ops/uses.py",
        "def f():\n    from chainrule.ops import base\n\nfrom chainrule.ops.types import X",
        "in a circle: chainrule.ops.base -> chainrule.ops.uses -> chainrule.ops.base",
    ),
    "a circle": (
        "ops/more.py",
        "from chainrule.ops import base",
        "in a circle: chainrule.ops.base -> chainrule.ops.more -> ",
    ),
}


def tree(root: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        path = root / "chainrule" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root / "chainrule"


def test_a_good_tree_passes(tmp_path: Path) -> None:
    assert violations(tree(tmp_path, GOOD)) == []


@pytest.mark.parametrize("what", WRONG)
def test_a_wrong_import_is_named(tmp_path: Path, what: str) -> None:
    name, text, expected = WRONG[what]
    others = {"train.py": "", "backprop.py": ""}
    if "circle" in what:
        others["ops/base.py"] = f"from chainrule.ops.{Path(name).stem} import X\n"
    found = violations(tree(tmp_path, {**GOOD, **others, name: text}))
    assert [line for line in found if expected in line] == found[:1]
    assert len(found) == 1 or what == "the package from inside"  # which is a circle too


# ---------------------------------------------------------------------------------------- NumPy only

ASK = """
import sys
before = set(sys.modules)
{imports}
new = [name for name in sys.modules if name not in before and getattr(sys.modules[name], "__spec__", None)]
tops = {{name.partition(".")[0] for name in new}}
print(*sorted(tops - set(sys.stdlib_module_names)))
"""


def loaded_by(imports: str, folder: Path) -> str:
    """The packages outside the standard library that a fresh Python has loaded after ``imports``."""
    run = subprocess.run(
        [sys.executable, "-c", ASK.format(imports=imports)],
        capture_output=True, text=True, check=True, cwd=folder, env={"PYTHONPATH": f"{SOURCE.parent}:{folder}"},
    )  # fmt: skip
    return run.stdout.strip()


def test_importing_chainrule_loads_numpy_only(tmp_path: Path) -> None:
    assert loaded_by("import chainrule, chainrule.value", tmp_path) == "chainrule numpy"


def test_that_would_be_noticed(tmp_path: Path) -> None:
    (tmp_path / "third_party.py").write_text("")
    assert loaded_by("import chainrule, third_party", tmp_path) == "chainrule numpy third_party"
