"""Names for the variables and arrays of the generated source, and the user's lines beside its loops."""

from __future__ import annotations

import keyword
import re
from collections.abc import Iterable
from typing import Any

from chainrule.compiler.entries import Entry
from chainrule.compiler.trace.labels import text_of
from chainrule.compiler.works import Work

TAKEN = frozenset(
    (
        *keyword.kwlist,
        "np",
        "f32",
        "f64",
        "i64",
        "i32",
        "u8",
        "bool_",
        "scalars",
        "table",
        "abs",
        "max",
        "min",
        "range",
        *"ijklmnopqrstuvw",
    )
)


class Words:
    """Hands out names, the user's where there are some; the same thing keeps its name."""

    def __init__(self) -> None:
        self.names: dict[Any, str] = {}
        self.used: set[str] = set()

    def restart(self) -> None:
        """Begin the source anew; names stay."""

    def name(self, source: Any) -> str:
        """The name of an array, or of an option."""
        return self._name(("array", source), self._wish(source))

    def memory(self, source: Any) -> str:
        """The name of memory that several arrays use in turn."""
        return self._name(("array", source), "memory")

    def variable(self, work: Work) -> str:
        """The name of the variable of a value."""
        wish = self._wish(work)
        return self._name(("variable", work), wish if not self._has_array(work) else f"{wish}_")

    def _has_array(self, work: Work) -> bool:
        return ("array", work) in self.names

    def _wish(self, source: Any) -> str:
        entry = source if isinstance(source, Entry) else source.entry
        if isinstance(source, Work) and "result" in source.meta:
            return f"result{source.meta['result']}"
        wish = re.sub(r"\W", "_", entry.label) if entry.label else ""
        if entry.of is not None and not wish:
            of = re.sub(r"\W", "_", entry.of.label) if entry.of.label else ""
            wish = f"d_{of}_{entry.op}" if of else f"d_{entry.op}"
        return wish or (source.how if isinstance(source, Work) and source.how and source.how != "copy" else entry.op)

    def _name(self, key: Any, wish: str) -> str:
        if key not in self.names:
            wish = wish if not wish[:1].isdigit() else f"x{wish}"
            name, n = wish, 1
            while name in self.used or name in TAKEN:
                n += 1
                name = f"{wish}{n}"
            self.used.add(name)
            self.names[key] = name
        return self.names[key]


def headline(works: Iterable[Work], most: int = 8) -> list[str]:
    """The user's lines that ask for some works, forward ones as they are, gradients as such."""
    lines: dict[str, None] = {}
    for work in works:
        entry = work.entry
        if entry.of is not None and entry.of.where is not None:
            lines[f"gradient of line {entry.of.where[1]}: {text_of(entry.of.where)}"] = None
        elif entry.where is not None:
            lines[f"line {entry.where[1]}: {text_of(entry.where)}"] = None
    found = list(lines)
    return found if len(found) <= most else [*found[:most], f"… and {len(found) - most} lines more"]
