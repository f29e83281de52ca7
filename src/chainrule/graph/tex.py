"""LaTeX for names and numbers, and the style of formulas in the names of a graph."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from chainrule.graph.notation import LATEX

NEW_LINE = r" \\[4pt] "


def tex_name(name: str) -> str:
    r"""A name in LaTeX: digits at the end become an index, words stand upright.

    >>> tex_name("w0"), tex_name("L"), tex_name("loss"), tex_name("0.weight")
    ('w_{0}', 'L', '\\text{loss}', '\\text{0.weight}')
    """
    letters = name.rstrip("0123456789")
    if len(letters) == 1 and letters.isalpha():
        return f"{letters}_{{{name[1:]}}}" if name[1:] else letters
    return rf"\text{{{escaped(name)}}}"


def escaped(text: str) -> str:
    """Text with the characters that LaTeX would take for its own made harmless."""
    return "".join(rf"\{c}" if c in "_$%&#{}" else {"\\": "/", "^": "", "~": " "}.get(c, c) for c in text)


def tex_bar(name: str) -> str:
    """The gradient with respect to ``name``: a bar over a letter, a line over anything longer."""
    return rf"\bar{{{name}}}" if len(name) == 1 else rf"\overline{{{tex_name(name)}}}"


class TexNames(dict[str, str]):
    """The LaTeX of every name there is; ``bar x`` is the gradient of x."""

    def get(self, key: str, default: Any = None) -> Any:
        return tex_bar(key.removeprefix("bar ")) if key.startswith("bar ") else tex_name(key)


TEX_NAMES = replace(LATEX, names=TexNames())
