"""Formulas that write instructions: a `Number` stands for a value that the compiled code will have.

``a * b + 1.0`` on Numbers computes nothing; it writes a multiplication and an addition into the function that Numba
is compiling.  `scalar` makes a formula on Numbers a function that generated code calls.  Why not plain Numba functions:
each costs 30-60 ms to compile in every program, Numba widens int32 to int64 and float32 times 0.5 to float64, and an
``if`` may stay a jump.  What is written here is what runs: no jumps, so LLVM turns loops over it into vectors.

    Number   a float32 or float64;  + - * / and comparisons as in Python
    Bits     a whole number of 32 or 64 bits;  + - * & | ^ << >> (logical)
    Truth    the result of a comparison, for `where`

``contract`` is the only licence given: a * b + c may become one fused instruction.  Orders and signs are kept.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any, NamedTuple

from llvmlite import ir
from numba import types
from numba.core.cgutils import get_or_insert_function
from numba.extending import intrinsic

CONTRACT = ("contract",)
LOOSE = ("reassoc", "contract", "nsz")
WHOLE = {"float": ir.IntType(32), "double": ir.IntType(64)}


class Truth(NamedTuple):
    """A bit: the result of a comparison."""

    builder: ir.IRBuilder
    value: ir.Value


class Bits(NamedTuple):
    """A whole number of 32 or 64 bits, often those of a Number."""

    builder: ir.IRBuilder
    value: ir.Value

    def _with(self, write: Callable[[ir.Value, ir.Value], ir.Value], other: Bits | int) -> Bits:
        right = ir.Constant(self.value.type, other) if isinstance(other, int) else other.value
        return Bits(self.builder, write(self.value, right))

    def __add__(self, other: Bits | int) -> Bits:  # type: ignore[override]
        return self._with(self.builder.add, other)

    def __sub__(self, other: Bits | int) -> Bits:
        return self._with(self.builder.sub, other)

    def __and__(self, other: Bits | int) -> Bits:
        return self._with(self.builder.and_, other)

    def __or__(self, other: Bits | int) -> Bits:
        return self._with(self.builder.or_, other)

    def __mul__(self, other: Bits | int) -> Bits:  # type: ignore[override]
        return self._with(self.builder.mul, other)

    def __neg__(self) -> Bits:
        return Bits(self.builder, self.builder.neg(self.value))

    def __xor__(self, other: Bits | int) -> Bits:
        return self._with(self.builder.xor, other)

    def __lshift__(self, places: int) -> Bits:
        return self._with(self.builder.shl, places)

    def __rshift__(self, places: int) -> Bits:
        return self._with(self.builder.lshr, places)

    def doubled(self) -> Bits:
        """The same whole number in 64 bits."""
        return Bits(self.builder, self.builder.zext(self.value, ir.IntType(64)))

    def instead_of(self, other: Bits, condition: Truth) -> Bits:
        """This where the condition holds, else the other."""
        return Bits(self.builder, self.builder.select(condition.value, self.value, other.value))

    def look_up(self, name: str, table: list[int]) -> Bits:
        """The entry of a table of 64-bit numbers at this place."""
        module, kind = self.builder.module, ir.ArrayType(ir.IntType(64), len(table))
        if name not in module.globals:
            constant = ir.GlobalVariable(module, kind, name)
            constant.linkage, constant.global_constant = "internal", True
            constant.initializer = ir.Constant(kind, table)
        place = self.builder.gep(module.globals[name], [ir.IntType(32)(0), self.value], inbounds=True)
        return Bits(self.builder, self.builder.load(place))

    def signed_number(self) -> Number:
        """This whole number, counted from -2^63, as a float64."""
        return Number(self.builder, self.builder.sitofp(self.value, ir.DoubleType()))

    def is_zero(self) -> Truth:
        """Whether no bit is set."""
        return Truth(self.builder, self.builder.icmp_unsigned("==", self.value, ir.Constant(self.value.type, 0)))

    def number(self) -> Number:
        """The number that has these bits."""
        kind = ir.FloatType() if self.value.type.width == 32 else ir.DoubleType()
        return Number(self.builder, self.builder.bitcast(self.value, kind))


class Number(NamedTuple):
    """A float32 or float64 that the compiled code will have."""

    builder: ir.IRBuilder
    value: ir.Value

    @property
    def double(self) -> bool:
        return str(self.value.type) == "double"

    def of(self, other: Number | float) -> ir.Value:
        """``other`` as an operand beside this one: Python's numbers take this one's type."""
        return other.value if isinstance(other, Number) else ir.Constant(self.value.type, float(other))

    def _with(self, name: str, left: Number | float, right: Number | float) -> Number:
        write = getattr(self.builder, name)
        return Number(self.builder, write(self.of(left), self.of(right), flags=CONTRACT))

    def __add__(self, other: Number | float) -> Number:  # type: ignore[override]
        return self._with("fadd", self, other)

    def __sub__(self, other: Number | float) -> Number:
        return self._with("fsub", self, other)

    def __rsub__(self, other: Number | float) -> Number:
        return self._with("fsub", other, self)

    def __mul__(self, other: Number | float) -> Number:  # type: ignore[override]
        return self._with("fmul", self, other)

    def __radd__(self, other: float) -> Number:
        return self + other

    def __rmul__(self, other: float) -> Number:  # type: ignore[override]
        return self * other

    def __truediv__(self, other: Number | float) -> Number:
        return self._with("fdiv", self, other)

    def __rtruediv__(self, other: Number | float) -> Number:
        return self._with("fdiv", other, self)

    def __neg__(self) -> Number:
        return Number(self.builder, self.builder.fneg(self.value))

    def __lt__(self, other: Number | float) -> Truth:  # type: ignore[override]
        return Truth(self.builder, self.builder.fcmp_ordered("<", self.value, self.of(other)))

    def __gt__(self, other: Number | float) -> Truth:  # type: ignore[override]
        return Truth(self.builder, self.builder.fcmp_ordered(">", self.value, self.of(other)))

    def equals(self, other: Number | float) -> Truth:
        """Whether two numbers are equal (0 and -0 are)."""
        return Truth(self.builder, self.builder.fcmp_ordered("==", self.value, self.of(other)))

    def bits(self) -> Bits:
        """The bits, as a whole number."""
        return Bits(self.builder, self.builder.bitcast(self.value, WHOLE[str(self.value.type)]))

    def constant(self, number: float) -> Number:
        """A number of this type."""
        return Number(self.builder, self.of(number))

    def wide(self) -> Number:
        """The same number as float64."""
        return self if self.double else Number(self.builder, self.builder.fpext(self.value, ir.DoubleType()))

    def narrow(self) -> Number:
        """This float64, rounded to float32."""
        return Number(self.builder, self.builder.fptrunc(self.value, ir.FloatType()))

    def call(self, name: str, *others: Number) -> Number:
        """An instruction of LLVM's (``llvm.fabs``) of this number and others of its type."""
        kind, values = self.value.type, [self.value, *(x.value for x in others)]
        function = self.builder.module.declare_intrinsic(name, [kind], ir.FunctionType(kind, [kind] * len(values)))
        return Number(self.builder, self.builder.call(function, values))

    def loosely(self, name: str, other: Number) -> Number:
        """``fadd`` or ``fmul`` in a chain of which the order may be changed."""
        return Number(self.builder, getattr(self.builder, name)(self.value, other.value, flags=LOOSE))

    def library(self, name: str) -> Number:
        """A function of float64 from C's mathematical library."""
        kind = ir.DoubleType()
        function = get_or_insert_function(self.builder.module, ir.FunctionType(kind, [kind]), name)
        for attribute in ("nounwind", "readnone"):
            function.attributes.add(attribute)
        result = Number(self.builder, self.builder.call(function, [self.wide().value]))
        return result if self.double else result.narrow()


def where(condition: Truth, yes: Number | float, no: Number | float) -> Number:
    """``yes`` where the condition holds, else ``no``: a selection, not a jump."""
    like = yes if isinstance(yes, Number) else no
    assert isinstance(like, Number)  # one of the two is always a Number in our formulas
    return Number(like.builder, condition.builder.select(condition.value, like.of(yes), like.of(no)))


def size(x: Number) -> Number:
    """|x|."""
    return x.call("llvm.fabs")


def with_sign(magnitude: Number, sign: Number) -> Number:
    """|magnitude| with the sign of the other."""
    return magnitude.call("llvm.copysign", sign)


def polynomial(x: Number, coefficients: list[float]) -> Number:
    """c₀ + c₁ x + c₂ x² + …, by Horner's rule."""
    total = x.constant(coefficients[-1])
    for c in reversed(coefficients[:-1]):
        total = total * x + c
    return total


def scalar(formula: Callable[..., Number], kind: types.Float) -> Any:
    """A formula on Numbers as a function of numbers of one type, for compiled code to call."""
    return _function(formula, f"{formula.__name__}_f{kind.bitwidth}", Number, kind)


def either(formula: Callable[..., Number]) -> Any:
    """A formula as a function of float32 or of float64 numbers: the type of the first of them."""
    return _function(formula, formula.__name__, Number, None)


def words(formula: Callable[..., Bits]) -> Any:
    """A formula on Bits as a function of uint32 numbers."""
    return _function(formula, formula.__name__, Bits, types.uint32)


def _function(formula: Callable[..., Any], name: str, stand_in: Callable[..., Any], kind: Any) -> Any:
    names = list(inspect.signature(formula).parameters)

    def function(typing_context: Any, *arguments: Any) -> Any:
        def write(context: Any, builder: ir.IRBuilder, signature: Any, values: list[ir.Value]) -> ir.Value:
            return formula(*(stand_in(builder, value) for value in values)).value

        chosen = kind or arguments[0]
        return chosen(*(chosen for _ in arguments)), write

    return as_intrinsic(function, name, names)


def as_intrinsic(function: Any, name: str, names: list[str], **options: Any) -> Any:
    """Code that writes instructions, as a function with parameters of these names: Numba counts them."""
    function.__name__ = name
    kinds = inspect.Parameter.POSITIONAL_OR_KEYWORD
    parameters = [inspect.Parameter(word, kinds) for word in ("typing_context", *names)]
    function.__signature__ = inspect.Signature(parameters)
    return intrinsic(**options)(function) if options else intrinsic(function)
