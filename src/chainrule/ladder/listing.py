"""Source on the page of the report: coloured, its docstring set as prose, what differs marked."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from difflib import SequenceMatcher
from html import escape
from typing import Any

from chainrule.errors import require


def prose(text: str) -> str:
    """A docstring's paragraph as HTML: `code` in backticks."""
    pieces = escape(" ".join(text.split())).split("`")
    return "".join(f"<code>{piece}</code>" if i % 2 else piece for i, piece in enumerate(pieces))


def paragraphs(text: str) -> tuple[str, str]:
    """The docstring of a script: its first paragraph, and the rest, as HTML."""
    first, _, rest = (ast.get_docstring(ast.parse(text)) or "").partition("\n\n")
    return prose(first), prose(rest)


def without_docstring(text: str) -> str:
    """A script from behind its docstring on (which stands above it, as prose)."""
    return "".join(text.splitlines(keepends=True)[ast.parse(text).body[0].end_lineno :]).lstrip("\n")


def new_lines(text: str, other: str) -> list[int]:
    """The lines, counted from 1, that another text does not have in this order.

    >>> new_lines("import torch\\n@f\\nx = 1", "import chainrule\\nx = 1")
    [1, 2]
    """
    here, there = text.splitlines(), other.splitlines()
    kept = SequenceMatcher(None, here, there, autojunk=False).get_matching_blocks()
    same = {i for block in kept for i in range(block.a, block.a + block.size)}
    return [i + 1 for i, line in enumerate(here) if line and i not in same]


def highlighted(text: str, marked: Sequence[int] = ()) -> str:
    """Python source as coloured HTML, with some lines marked."""
    pygments = require("pygments", "pygments", "the report")
    lexer = require("pygments.lexers", "pygments", "the report").PythonLexer()
    html: str = pygments.highlight(text, lexer, _formatter(hl_lines=list(marked), cssclass="source"))
    return html


def code_style() -> str:
    """The colours of source, for light and dark; the paper stays the page's own."""
    styles = (_formatter(style=style, nobackground=True) for style in ("xcode", "github-dark"))
    light, dark = (style.get_style_defs(".source") for style in styles)
    return f"{light}\n@media (prefers-color-scheme: dark) {{\n{dark}\n}}"


def _formatter(**options: Any) -> Any:
    return require("pygments.formatters", "pygments", "the report").HtmlFormatter(**options)
