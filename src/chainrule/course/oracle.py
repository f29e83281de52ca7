"""Numbers recorded from PyTorch, to be had without PyTorch.

A lesson's ``oracle.py`` imports torch and defines functions without arguments that return plain data: numbers, lists,
tuples, dicts, arrays, tensors.  What they return is recorded, by function name, in ``oracle.json`` beside it, with
torch's version.  A case with ``torch="name"`` must come out as that recording.

    record    run a lesson's oracle.py with torch and write oracle.json
    verify    run it and compare: what differs from the recording
    recorded  read one recording
"""

from __future__ import annotations

import inspect
import json
from pathlib import Path
from typing import Any

from chainrule.course.comparing import Tolerance, difference
from chainrule.course.encoding import encode
from chainrule.course.lesson import FOLDER, executed
from chainrule.course.showing import Encoded
from chainrule.errors import StateError, require
from chainrule.files import write_atomically

NEAR = Tolerance(1e-6, 1e-9)


def recorded(folder: Path, name: str) -> Encoded:
    """What torch gave for ``name``; StateError if that was never recorded."""
    path = folder / "oracle.json"
    values = json.loads(path.read_text())["values"] if path.exists() else {}
    if name not in values:
        raise StateError(
            f"{path} has no recording {name!r}; write the function {name} in oracle.py and run: chainrule course record"
        )
    return values[name]


def record(folder: Path) -> Path:
    """Run ``oracle.py`` with torch and write what it gives; the file."""
    text = json.dumps({"torch": _torch_version(), "values": _run(folder)}, indent=1) + "\n"
    path = folder / "oracle.json"
    write_atomically(path, text.encode())
    return path


def verify(folder: Path) -> list[str]:
    """Run ``oracle.py`` with torch; what does not agree with the recording, in words."""
    values = _run(folder)
    there = json.loads((folder / "oracle.json").read_text())["values"]
    wrong = [f"{name} is recorded, but oracle.py does not compute it" for name in there if name not in values]
    for name, value in values.items():
        if name not in there:
            wrong.append(f"{name} is not recorded")
        elif found := difference(there[name], value, NEAR):
            wrong.append(f"{name}{found.path}: recorded {found.got}, torch gives {found.expected}")
    return wrong


def _run(folder: Path) -> dict[str, Encoded]:
    require("torch", "torch", "recording an oracle")
    module = executed(folder / "oracle.py")
    return {name: encode(function()) for name, function in _functions(module)}


def _functions(module: Any) -> list[tuple[str, Any]]:
    found = inspect.getmembers(module, inspect.isfunction)
    return [(name, f) for name, f in found if f.__module__ == module.__name__ and not name.startswith("_")]


def _torch_version() -> str:
    return str(require("torch", "torch", "recording an oracle").__version__).partition("+")[0]


def numbers(lesson: str, name: str) -> Any:
    """A recording as plain numbers, lists and dicts, for a lesson's text.

    >>> round(numbers("05_backward", "neuron")["x1"], 9)
    1.880029698
    """
    return _plain(recorded(FOLDER / lesson, name))


def _plain(value: Encoded) -> Any:
    if value["kind"] == "mapping":
        return {key: _plain(item) for key, item in value["items"].items()}
    if value["kind"] == "sequence":
        return [_plain(item) for item in value["items"]]
    if value["kind"] == "array":
        import numpy as np

        return np.array(value["data"], dtype=value["dtype"]).reshape(value["shape"])
    return value.get("data")
