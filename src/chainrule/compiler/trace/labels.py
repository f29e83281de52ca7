"""The user's own words for what a recording holds: lines of source, and the names values are given there."""

from __future__ import annotations

import ast
import inspect
import linecache
from typing import Any

from chainrule.compiler.entries import Entry
from chainrule.tensor import Tensor

Place = tuple[str, int]


def text_of(place: Place | None) -> str:
    """The user's line, without its indentation."""
    return linecache.getline(*place).strip() if place else ""


def assigned(text: str) -> str:
    """The name a line gives to its value; "" if it gives none.

    >>> assigned("hidden = relu(x @ W1 + b1)"), assigned("loss.backward()")
    ('hidden', '')
    """
    try:
        statement = ast.parse(text).body[0]
    except (SyntaxError, IndexError):
        return ""
    targets = statement.targets if isinstance(statement, ast.Assign) else []
    return targets[0].id if len(targets) == 1 and isinstance(targets[0], ast.Name) else ""


def label_results(entries: list[Entry]) -> None:
    """Give the last forward value of each line ``name = ...`` that name."""
    for entry, following in zip(entries, [*entries[1:], None], strict=False):
        if entry.where is None or entry.is_leaf or entry.of is not None or entry.label:
            continue
        if following is None or following.where != entry.where or following.of is not None:
            entry.label = assigned(text_of(entry.where))


def parameter_names(function: Any, n: int) -> list[str]:
    """What the function calls its first ``n`` arguments."""
    try:
        names = list(inspect.signature(function).parameters)[:n]
    except (TypeError, ValueError):
        names = []
    return names + [f"argument{i}" for i in range(len(names), n)]


def argument_names(function: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> list[str]:
    """What the function calls the tensors it is given, in the order in which `packing.unpacked` finds them."""
    found: list[str] = []
    for name, value in [*zip(parameter_names(function, len(args)), args, strict=True), *kwargs.items()]:
        _collect(value, name, found)
    return found


def _collect(value: Any, name: str, found: list[str]) -> None:
    if isinstance(value, Tensor):
        found.append(name)
    elif isinstance(value, tuple | list):
        for i, part in enumerate(value):
            _collect(part, f"{name}_{i}", found)
    elif isinstance(value, dict):
        for key, part in value.items():
            _collect(part, f"{name}_{key}", found)


def label_arguments(entries: list[Entry], names: list[str]) -> None:
    """Name arguments as the function does."""
    for entry in entries:
        if entry.op == "argument" and entry.source < len(names):
            entry.label = names[entry.source]


def label_buffers(entries: list[Entry], places: list[tuple[str, Any]]) -> None:
    """Name buffers after where they are found: ``places`` holds (name, array)."""
    names = {id(array): name for name, array in reversed(places)}
    for entry in entries:
        if entry.op == "buffer" and not entry.label:
            entry.label = names.get(id(entry.source), "")
