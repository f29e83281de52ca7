"""A source as a tree: which names it defines at its top, and which it needs from elsewhere."""

from __future__ import annotations

import ast
import builtins
import symtable
import threading
from collections.abc import Iterator

_turn = threading.Lock()


def parsed(source: str, where: str = "<unknown>") -> ast.Module:
    """``ast.parse``, in one thread at a time: in CPython 3.11 two at once may fail with a SystemError.

    How deep in its tree it is, it keeps in one place for all threads (python/cpython#106905).
    """
    with _turn:
        return ast.parse(source, where)


def defined(source: str) -> tuple[str, ...]:
    """What a source defines at its top, in order, imports left out; nothing if it is no Python.

    >>> defined("import math\\ndef f(): pass\\na, b = 1, 2")
    ('f', 'a', 'b')
    """
    tree = _parsed(source)
    names: list[str] = []
    for node in tree.body if tree else ():
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            names.append(node.name)
        elif isinstance(node, ast.Assign | ast.AnnAssign | ast.AugAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            inside = [each for target in targets for each in ast.walk(target) if isinstance(each, ast.Name)]
            inside.sort(key=lambda each: (each.lineno, each.col_offset))
            names += [each.id for each in inside if isinstance(each.ctx, ast.Store)]
    return tuple(dict.fromkeys(names))


def bound(source: str) -> set[str]:
    """Every name that has a meaning at the top after the source has run, imports too.

    >>> sorted(bound("import math as m\\nfor i in []: x = 1"))
    ['i', 'm', 'x']
    """
    if not _parsed(source):
        return set()
    table = symtable.symtable(source, "answer", "exec")
    return {each.get_name() for each in table.get_symbols() if each.is_assigned() or each.is_imported()}


def needed(source: str) -> set[str]:
    """The names a source uses, anywhere, and gives no meaning to itself; Python's own left out.

    >>> sorted(needed("def f(x): return g(x) + len(y)\\ny = 2"))
    ['g']
    """
    if not _parsed(source):
        return set()
    used = set(_globals(symtable.symtable(source, "answer", "exec")))
    return used - bound(source) - set(dir(builtins))


def same_code(one: str, other: str) -> bool:
    """Whether two sources are the same but for comments and layout.

    >>> same_code("x=1  # one", "x = 1"), same_code("x = 1", "x = 2")
    (True, False)
    """
    left, right = _parsed(one), _parsed(other)
    return left is not None and right is not None and ast.dump(left) == ast.dump(right)


def without_commands(source: str) -> str:
    """A notebook's cell without what only a notebook understands (``%time``); line numbers stay.

    >>> without_commands("get_ipython().run_line_magic('pdb', '')\\nx = 1")
    '\\nx = 1'
    """
    tree = _parsed(source)
    lines = source.split("\n")
    for node in tree.body if tree else ():
        if isinstance(node, ast.Expr) and ast.unparse(node).startswith("get_ipython()."):
            lines[node.lineno - 1 : node.end_lineno] = [""] * ((node.end_lineno or node.lineno) - node.lineno + 1)
    return "\n".join(lines)


def _globals(table: symtable.SymbolTable) -> Iterator[str]:
    top = table.get_type() == "module"
    for each in table.get_symbols():
        if each.is_referenced() and (top or each.is_global()):
            yield each.get_name()
    for inner in table.get_children():
        yield from _globals(inner)


def _parsed(source: str) -> ast.Module | None:
    try:
        return parsed(source)
    except (SyntaxError, ValueError):
        return None
