"""How formulas are written: as LaTeX, as text for a terminal, as Python.

Each operation has a *strength* (how tightly it binds) and a template.  In a template, ``{0}`` is the first operand,
put in parentheses if it binds less tightly than this operation; ``{1+}`` must bind more tightly than this operation
(the right operand of −: a − (b − c)); ``{0.}`` never needs parentheses (under a fraction bar, inside brackets).
An operation without a template is written as a function: name(operands, named arguments).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from chainrule.graph.numbers import number, tex_number
from chainrule.graph.symbols import Symbol

WEAK, COMPARE, ADD, MUL, MATMUL, APPLY, POWER, ATOM = range(8)


@dataclass(frozen=True)
class Style:
    """A way to write: templates by operation, parentheses, and the name of a function that has no template."""

    templates: dict[str, tuple[int, str]]
    parentheses: tuple[str, str] = ("(", ")")
    function: str = "{name}"
    names: dict[str, str] = field(default_factory=dict)
    tex: bool = False


LATEX = Style(
    {
        "add": (ADD, "{0} + {1}"),
        "sub": (ADD, "{0} - {1+}"),
        "neg": (ADD, "-{0+}"),
        "mul": (MUL, r"{0} \odot {1}"),
        "times": (MUL, r"{0} \cdot {1}"),
        "div": (MUL, r"\frac{{{0.}}}{{{1.}}}"),
        "pow": (POWER, "{0+}^{{{1.}}}"),
        "matmul": (MATMUL, r"{0}\,{1}"),
        "transpose": (POWER, r"{0+}^{{\top}}"),
        "linear": (ADD, r"{0+}\,{1+}^{{\top}} + {2}"),
        "exp": (POWER, "e^{{{0.}}}"),
        "log": (APPLY, r"\ln {0+}"),
        "sin": (APPLY, r"\sin {0+}"),
        "cos": (APPLY, r"\cos {0+}"),
        "tanh": (APPLY, r"\tanh {0+}"),
        "sigmoid": (ATOM, r"\sigma\left({0.}\right)"),
        "logsigmoid": (APPLY, r"\ln \sigma\left({0.}\right)"),
        "sqrt": (ATOM, r"\sqrt{{{0.}}}"),
        "abs": (ATOM, r"\left|{0.}\right|"),
        "where": (WEAK, r"\begin{{cases}} {1.} & {0.} \\ {2.} & \text{{otherwise}} \end{{cases}}"),
        "sum": (APPLY, r"\sum{at} {0+}"),
        "getitem": (POWER, "{0+}[{index}]"),
        "eq": (COMPARE, "{0} = {1}"),
        "ne": (COMPARE, r"{0} \neq {1}"),
        "lt": (COMPARE, "{0} < {1}"),
        "le": (COMPARE, r"{0} \le {1}"),
        "gt": (COMPARE, "{0} > {1}"),
        "ge": (COMPARE, r"{0} \ge {1}"),
        "bitwise_and": (WEAK, r"{0+} \wedge {1+}"),
        "detach": (ATOM, "{0.}"),
        "clone": (ATOM, "{0.}"),
    },
    (r"\left(", r"\right)"),
    r"\operatorname{{{name}}}",
    tex=True,
)
TEXT = Style(
    {
        "add": (ADD, "{0} + {1}"),
        "sub": (ADD, "{0} − {1+}"),
        "neg": (ADD, "−{0+}"),
        "mul": (MUL, "{0} ⊙ {1}"),
        "times": (MUL, "{0}·{1}"),
        "div": (MUL, "{0} / {1+}"),
        "pow": (POWER, "{0+}{power}"),
        "matmul": (MATMUL, "{0} @ {1}"),
        "transpose": (POWER, "{0+}ᵀ"),
        "linear": (ADD, "{0+} @ {1+}ᵀ + {2}"),
        "where": (WEAK, "{1.} where {0.}, else {2.}"),
        "sigmoid": (ATOM, "σ({0.})"),
        "log": (ATOM, "ln({0.})"),
        "abs": (ATOM, "|{0.}|"),
        "sum": (ATOM, "Σ{at}({0.})"),
        "getitem": (POWER, "{0+}[{index}]"),
        "eq": (COMPARE, "{0} = {1}"),
        "ne": (COMPARE, "{0} ≠ {1}"),
        "lt": (COMPARE, "{0} < {1}"),
        "le": (COMPARE, "{0} ≤ {1}"),
        "gt": (COMPARE, "{0} > {1}"),
        "ge": (COMPARE, "{0} ≥ {1}"),
        "bitwise_and": (WEAK, "{0+} and {1+}"),
    }
)
PYTHON = Style(
    {
        "add": (ADD, "{0} + {1}"),
        "sub": (ADD, "{0} - {1+}"),
        "neg": (ADD, "-{0+}"),
        "mul": (MUL, "{0} * {1}"),
        "times": (MUL, "{0} * {1}"),
        "div": (MUL, "{0} / {1+}"),
        "pow": (POWER, "{0+}**{1+}"),
        "matmul": (MUL, "{0} @ {1}"),
        "transpose": (POWER, "{0+}.mT"),
        "getitem": (POWER, "{0+}[{index}]"),
    }
)
SUPERSCRIPT = str.maketrans("0123456789-−", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻⁻")
FIELD = re.compile(r"\{(\d)([+.]?)\}|\{(\w+)\}|\{\{|\}\}")


def write(x: Any, style: Style) -> str:
    """A formula in a style.

    >>> a, b = Symbol("a"), Symbol("b")
    >>> write(a - (b - a) * 2.0, TEXT), write((a - b) / (a * b), LATEX)
    ('a − (b − a)·2', '\\\\frac{a - b}{a \\\\cdot b}')
    """
    return _written(x, style)[1]


def _written(x: Any, style: Style) -> tuple[int, str]:
    """How tightly a formula binds, and the formula."""
    if not isinstance(x, Symbol):
        return _number(x, style)
    if x.op is None:
        return ATOM, style.names.get(x.name, x.name)
    name = _kind(x)
    if name not in style.templates:
        return ATOM, _call(x, style)
    strength, template = style.templates[name]

    def filled(match: re.Match[str]) -> str:
        if match[1] is None:
            return _fact(match[3], x, style) if match[3] else match[0][0]
        return _operand(x.inputs[int(match[1])], match[2], strength, style)

    return strength, FIELD.sub(filled, template)


def _operand(x: Any, mark: str, strength: int, style: Style) -> str:
    binds, text = _written(x, style)
    if mark == "." or binds > strength or (binds == strength and not mark):
        return text
    return f"{style.parentheses[0]}{text}{style.parentheses[1]}"


def _kind(x: Symbol) -> str:
    """The template an operation is written with: numbers multiply with a dot, two dimensions transpose."""
    assert x.op is not None  # the caller asked
    if x.op.name == "mul" and any(getattr(i, "shape", ()) == () for i in x.inputs):
        return "times"
    if x.op.name == "permute" and x.ndim >= 2 and list(x.meta["dims"]) == [*range(x.ndim - 2), x.ndim - 1, x.ndim - 2]:
        return "transpose"
    return x.op.name


def _number(x: Any, style: Style) -> tuple[int, str]:
    """A plain number; a negative one binds like a minus."""
    if isinstance(x, bool) or not isinstance(x, int | float):
        return ATOM, str(x)
    if style.templates is PYTHON.templates:
        return (ADD if x < 0 else ATOM), repr(x)
    text = tex_number(float(x)) if style.tex else number(float(x))
    return (ADD if x < 0 else ATOM), text.removesuffix(".0")


def _call(x: Symbol, style: Style) -> str:
    assert x.op is not None  # the caller asked
    name = x.op.name.replace("_", r"\_") if style.tex else x.op.name
    operands = [_written(i, style)[1] for i in x.inputs]
    facts = [f"{key}={_plain(value)}" for key, value in x.meta.items() if value is not None and value is not False]
    told = [rf"\text{{{fact}}}".replace("_", r"\_") for fact in facts] if style.tex else facts
    left, right = style.parentheses
    return (
        style.function.replace("{{", "{").replace("}}", "}").replace("{name}", name)
        + left
        + ", ".join(operands + told)
        + right
    )


def _fact(name: str, x: Symbol, style: Style) -> str:
    """What a template asks of the named arguments: where a sum runs, an index, an exponent."""
    if name == "index":
        index = x.meta["index"] if isinstance(x.meta["index"], tuple) else (x.meta["index"],)
        return ", ".join(map(_plain, index)) or "..."
    if name == "at":
        dim = x.meta["dim"]
        if dim is None:
            return ""
        dims = ",".join(map(str, dim))
        return f"_{{{dims}}}" if style.tex else "".join("₀₁₂₃₄₅₆₇₈₉"[int(d)] for d in dims if d.isdigit())
    exponent = _written(x.inputs[1], style)
    plain = exponent[1].translate(SUPERSCRIPT)
    return (
        plain
        if isinstance(x.inputs[1], int | float) and "." not in plain
        else f"^{_operand(x.inputs[1], '+', POWER, style)}"
    )


def _plain(value: Any) -> str:
    if isinstance(value, slice):
        return ":".join(
            "" if part is None else str(part)
            for part in (value.start, value.stop, value.step)[: 3 if value.step else 2]
        )
    return str(value).replace(" ", "")
