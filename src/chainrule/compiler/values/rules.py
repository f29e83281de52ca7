"""The rules of `Value`, read from its source: `value.py` is the only place where they stand.

rule      one operation as a function of numbers, (x, y) -> (result, slope in x, slope in y): the body of a method of
          `Value` with ``self.data`` for x and ``other.data`` for y
symbol    what `Value` writes into ``_op``; a power with a fixed exponent (``**2``) has the symbol ``**n``
trouble   where Python raises (log of 0, division by 0, an overflow), a rule raises ArithmeticError: the step is then
          run by `Value` itself, which raises what it always raises

A method that does not look like the others is refused: an operation that is added to `Value` either compiles, or the
tests say that it does not.
"""

from __future__ import annotations

import ast
import copy
import inspect
from dataclasses import dataclass
from functools import cache

import chainrule.value

FIXED = "**n"

# Python's own checks: what `math` and `**` raise an error for
CHECKED = """
def _{name}(x):
    r = math.{name}(x)
    if (math.isinf(r) and math.isfinite(x)) or (math.isnan(r) and not math.isnan(x)):
        raise ArithmeticError
    return r

"""
DIVIDE = """
def _divide(x, y):
    if y == 0:
        raise ArithmeticError
    return x / y
"""
POWER = """
def _power(x, y):
    r = x**y
    if (math.isinf(r) and math.isfinite(x) and math.isfinite(y)) or (math.isnan(r) and x == x and y == y):
        raise ArithmeticError
    return r
"""


@dataclass(frozen=True)
class Rule:
    """An operation: its symbol, the name and source of its function, and what each of its slopes is.

    A slope is "x" or "y" where it is simply an operand, a number where it is always that, else None: computed.
    """

    symbol: str
    name: str
    source: str
    slopes: tuple[str | float | None, ...]


@cache
def rules() -> dict[str, Rule]:
    """Every operation of `Value`, by symbol.

    >>> print(rules()["*"].source)
    def _value_mul(x, y):
        return (x * y, y, x)
    """
    found: dict[str, Rule] = {}
    for method in _methods():
        for other_is_value in (True, False):
            rule = _Reader(method, other_is_value).rule()
            found.setdefault(rule.symbol, rule)
    return found


def helpers() -> list[str]:
    """The sources of the functions that the rules call."""
    calls = {
        node.func.id
        for rule in rules().values()
        for node in ast.walk(ast.parse(rule.source))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
    }
    return [DIVIDE, POWER, *(CHECKED.format(name=name[1:]) for name in sorted(calls - {"_divide", "_power", "abs"}))]


def _methods() -> list[ast.FunctionDef]:
    """The methods of `Value` that make a Value."""
    tree = ast.parse(inspect.getsource(chainrule.value))
    (value,) = (node for node in tree.body if isinstance(node, ast.ClassDef) and node.name == "Value")
    return [node for node in value.body if isinstance(node, ast.FunctionDef) and any(map(_makes, ast.walk(node)))]


def _makes(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Value"


class _Reader(ast.NodeTransformer):
    """Turns a method of `Value` into a rule, for another operand that is a Value or is a plain number."""

    def __init__(self, method: ast.FunctionDef, other_is_value: bool) -> None:
        self.method, self.other_is_value = copy.deepcopy(method), other_is_value
        self.symbol = ""
        self.slopes: tuple[str | float | None, ...] = ()

    def rule(self) -> Rule:
        """The rule, or a NotImplementedError for a method that cannot be read."""
        name = "_value_" + self.method.name.strip("_")
        body = self._block(self.method.body)
        made = ast.FunctionDef(name, _two_numbers(), body, [], None)
        source = ast.unparse(ast.fix_missing_locations(ast.Module([made], [])))
        if self.symbol == FIXED:
            source, name = source.replace(f"def {name}(", "def _value_fixed_power(", 1), "_value_fixed_power"
        simple = len(body) == 1  # else a slope may be one thing here and another there
        return Rule(self.symbol, name, source, self.slopes if simple else (None,) * len(self.slopes))

    def _block(self, statements: list[ast.stmt]) -> list[ast.stmt]:
        """Statements as those of the rule, up to the first that always returns."""
        lines: list[ast.stmt] = []
        for statement in statements:
            lines += self._lines(statement)
            if lines and isinstance(lines[-1], ast.Return):
                break
        return lines

    def _lines(self, statement: ast.stmt) -> list[ast.stmt]:
        """A statement as those of the rule: none, itself, or what an ``if`` about the kind of operand leaves."""
        if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant):
            return []  # the docstring
        if isinstance(statement, ast.Assign) and ast.unparse(statement.targets[0]) == "other":
            return []  # a number becomes a Value: here all are numbers
        if isinstance(statement, ast.If):
            known = self._known(statement.test)
            if known is not None:
                return self._block(statement.body if known else statement.orelse)
            statement.body, statement.orelse = self._block(statement.body), self._block(statement.orelse)
            statement.test = self.visit(statement.test)
            return [statement]
        if isinstance(statement, ast.Raise):
            return ast.parse("raise ArithmeticError").body
        return [self.visit(statement)]

    def _known(self, test: ast.expr) -> bool | None:
        """The answer to ``isinstance(other, Value)``, and to its opposite; None for another question."""
        text = ast.unparse(test)
        if text == "isinstance(other, Value)":
            return self.other_is_value
        return not self.other_is_value if text == "not isinstance(other, Value)" else None

    def visit_Return(self, node: ast.Return) -> ast.stmt:
        """Value(result, children, slopes, symbol) -> (result, slope, slope)."""
        if node.value is None or not _makes(node.value) or len(node.value.args) != 4:  # type: ignore[attr-defined]
            raise NotImplementedError(f"{self.method.name} returns {ast.unparse(node)}: not a Value of four parts")
        out, children, slopes, symbol = node.value.args  # type: ignore[attr-defined]
        if [ast.unparse(child) for child in children.elts] != ["self", "other"][: len(slopes.elts)]:
            raise NotImplementedError(f"{self.method.name} has other children than (self, other)")
        self.symbol = str(symbol.value) if isinstance(symbol, ast.Constant) else FIXED
        parts = [self.visit(part) for part in (out, *slopes.elts)] + [ast.Constant(0.0)] * (2 - len(slopes.elts))
        self.slopes = tuple(map(_simple, parts[1 : 1 + len(slopes.elts)]))
        return ast.Return(ast.Tuple(parts, ast.Load()))

    def visit_IfExp(self, node: ast.IfExp) -> ast.expr:
        """``other if isinstance(other, Value) else _constant(other)`` -> other."""
        known = self._known(node.test)
        if known is None:
            return self.generic_visit(node)  # type: ignore[return-value]
        return self.visit(node.body if known else node.orelse)

    def visit_Call(self, node: ast.Call) -> ast.expr:
        """math.exp(x) -> _exp(x), which is checked; _constant(other) -> other."""
        called = ast.unparse(node.func)
        if called == "_constant":
            return node.args[0]
        node.args = [self.visit(x) for x in node.args]
        if called.startswith("math."):
            node.func = ast.Name("_" + called.removeprefix("math."), ast.Load())
        elif called != "abs":
            raise NotImplementedError(f"{self.method.name} calls {called}")
        return node

    def visit_Attribute(self, node: ast.Attribute) -> ast.expr:
        """self.data -> x, other.data -> y; math.inf stays."""
        of = ast.unparse(self.visit(node.value) if isinstance(node.value, ast.IfExp) else node.value)
        if node.attr == "data":
            return ast.Name({"self": "x", "other": "y"}[of], ast.Load())
        if of != "math":
            raise NotImplementedError(f"{self.method.name} reads {ast.unparse(node)}")
        return node

    def visit_BinOp(self, node: ast.BinOp) -> ast.expr:
        """What Python raises for is checked: division and powers."""
        left, right = self.visit(node.left), self.visit(node.right)
        name = {ast.Div: "_divide", ast.Pow: "_power"}.get(type(node.op))
        if name is None:
            return ast.BinOp(left, node.op, right)
        return ast.Call(ast.Name(name, ast.Load()), [left, right], [])


def _simple(slope: ast.expr) -> str | float | None:
    """A slope that need not be computed."""
    if isinstance(slope, ast.Name) and slope.id in ("x", "y"):
        return slope.id
    try:
        return float(ast.literal_eval(slope))
    except ValueError:
        return None


def _two_numbers() -> ast.arguments:
    return ast.arguments([], [ast.arg("x"), ast.arg("y")], None, [], [], None, [])
