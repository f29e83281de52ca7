"""The rungs: one short script per task and rung, and what can be read off its text.

A script defines ``train(x, y, start, lr, batches)``, a generator that yields ``(loss, weights)`` after
every step: the loss whose gradient the step used, and the weights after it, in the layout of ``start``.
What is shown, counted and run is the same text.  The rung ``torch`` has no script of its own: it is the
text of ``nn`` with the imports swapped.
"""

from __future__ import annotations

import ast
import io
import tokenize
from collections.abc import Callable, Iterator
from importlib.resources import files
from typing import Any

from chainrule.compiler import available
from chainrule.errors import MissingPackage, require

Train = Callable[..., Iterator[tuple[float, Any]]]

RUNGS = ("hand", "parts", "value", "layers", "tensor", "nn", "compiled", "torch")
"""Every rung, from the ground up."""

BUILT = {"parts": "ladder/parts.py", "value": "value.py", "layers": "ladder/layers.py"}
"""What the learner has built on the way to a rung, as a file inside the package."""

TORCH = "torch==2.13.0"  # where CI runs, this pin is a small CPU build
SILENT = {tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER}


def source(task: str, rung: str) -> str:
    """The text of a rung's script, as shown, counted and run."""
    if rung == "torch":
        return with_torch(source(task, "nn"))
    return files(__name__).joinpath(f"{task}_{rung}.py").read_text("utf-8")


def with_torch(text: str) -> str:
    """The same text, importing PyTorch.

    >>> print(with_torch("import chainrule as torch; from chainrule.utils.data import DataLoader"))
    import torch; from torch.utils.data import DataLoader
    """
    return text.replace("import chainrule as torch", "import torch").replace("from chainrule", "from torch")


def built(rung: str) -> str:
    """The text of what was built on the way to a rung; "" where that is nothing but the library."""
    return files("chainrule").joinpath(BUILT[rung]).read_text("utf-8") if rung in BUILT else ""


def load(task: str, rung: str) -> Train:
    """Run a rung's script and return its ``train``; MissingPackage if the rung needs one that is not there."""
    if rung == "compiled" and not available():  # it would run as written, and be taken for compiled
        raise MissingPackage("the rung compiled needs Numba and SciPy: pip install 'chainrule[compile]'")
    if rung == "torch":
        require("torch", TORCH, "the rung torch")
    namespace: dict[str, Any] = {"__name__": f"{task}_{rung}"}
    exec(compile(source(task, rung), f"<rung {task}_{rung}>", "exec"), namespace)
    train: Train = namespace["train"]
    return train


def lines(text: str) -> int:
    """Lines of code: those that hold more than blanks, a comment or a docstring.

    >>> lines('"Docstring."\\n\\n# comment\\nx = [\\n    1,  # one\\n]\\n')
    3
    """
    tokens = tokenize.generate_tokens(io.StringIO(text).readline)
    used = {line for token in tokens if token.type not in SILENT for line in range(token.start[0], token.end[0] + 1)}
    return len(used - _docstring_lines(text))


def _docstring_lines(text: str) -> set[int]:
    """The numbers of the lines that docstrings stand on."""
    holders = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    nodes = (node for node in ast.walk(ast.parse(text)) if isinstance(node, holders))
    found = (node.body[0] for node in nodes if ast.get_docstring(node))
    return {line for first in found for line in range(first.lineno, (first.end_lineno or first.lineno) + 1)}
