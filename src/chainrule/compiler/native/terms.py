"""Expressions of generated code as LLVM instructions.

Each name is a variable, an array, or a word of the module (a function, ``np.inf``).  What an operation or a function
means, and for which types, Numba says: ``resolve_function_type`` and ``get_function`` are asked for each of them, once.

    value    a number that the compiled code will have, or the address of one; with its type as Numba names it
    memory   an array: the type of its numbers, its address, its sizes; it lies in order
"""

from __future__ import annotations

import ast
import builtins
import operator
from collections.abc import Callable
from typing import Any, NamedTuple

from llvmlite import ir
from numba import types

OPERATORS: dict[type[ast.AST], Callable[..., Any]] = {
    ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.Div: operator.truediv,
    ast.Pow: operator.pow, ast.BitAnd: operator.and_, ast.BitOr: operator.or_, ast.BitXor: operator.xor,
    ast.Eq: operator.eq, ast.NotEq: operator.ne, ast.Lt: operator.lt, ast.LtE: operator.le, ast.Gt: operator.gt,
    ast.GtE: operator.ge, ast.USub: operator.neg, ast.Invert: operator.invert, ast.Not: operator.not_,
}  # fmt: skip
PLACE = ir.IntType(64)
WITHIN = ["nsw"]  # places are inside of arrays: they do not overflow


class Memory(NamedTuple):
    """An array."""

    kind: types.Type
    address: ir.Value
    sizes: list[ir.Value]


class Value(NamedTuple):
    """A number that the compiled code will have, and its type as Numba names it."""

    kind: types.Type
    value: ir.Value


class Expressions:
    """Writes expressions where ``builder`` stands.  ``words`` are the globals of the function they are in."""

    def __init__(self, context: Any, builder: ir.IRBuilder, words: dict[str, Any]) -> None:
        self.context, self.typing, self.builder, self.words = context, context.typing_context, builder, words
        self.arrays: dict[str, Memory] = {}
        self.variables: dict[str, Value] = {}  # each with the address of its place
        self.running: dict[str, Value] = {}  # the variables of the loops around
        self.asked: dict[Any, Any] = {}

    # ------------------------------------------------------------------------------------ arrays

    def memory(self, node: ast.expr) -> Memory | None:
        """``array``, ``array[i]`` (a part), ``array[:n].reshape(...)`` (the same memory in other sizes); else None."""
        match node:
            case ast.Name(id=name):
                return self.arrays.get(name)
            case ast.Call(func=ast.Attribute(value=inner, attr="reshape"), args=sizes):
                memory = self.memory(inner)
                assert memory is not None  # only arrays are given other sizes
                return Memory(memory.kind, memory.address, [PLACE(ast.literal_eval(size)) for size in sizes])
            case ast.Subscript(value=ast.Name(id=name), slice=ast.Slice(lower=None, upper=n, step=None)) if n:
                return self.arrays[name]._replace(sizes=[PLACE(ast.literal_eval(n))])
            case ast.Subscript(value=ast.Name(id=name)) if len(_places(node)) < len(self.arrays[name].sizes):
                return self.inside(node)
        return None

    def inside(self, node: ast.Subscript) -> Memory:
        """What is at a place: an array of the dimensions that are left."""
        assert isinstance(node.value, ast.Name)
        memory = self.arrays[node.value.id]
        at = [self.cast(self.value(place), types.int64) for place in _places(node)]
        offset = at[0]
        for size, place in zip(memory.sizes[1:], [*at[1:], *(None for _ in memory.sizes[len(at) :])], strict=True):
            offset = self.builder.mul(offset, size, flags=WITHIN)
            if place is not None:
                offset = self.builder.add(offset, place, flags=WITHIN)
        address = self.builder.gep(memory.address, [offset], inbounds=True)
        return Memory(memory.kind, address, memory.sizes[len(at) :])

    def _array(self, memory: Memory) -> Value:
        """An array as Numba's functions take it."""
        from numba.np.arrayobj import populate_array  # 30 ms, when compiling only

        kind = types.Array(memory.kind, len(memory.sizes), "C")
        size = self.context.get_constant(types.intp, memory.address.type.pointee.get_abi_size(self.context.target_data))
        strides = [size]
        for length in reversed(memory.sizes[1:]):
            strides.insert(0, self.builder.mul(strides[0], length))
        array = self.context.make_array(kind)(self.context, self.builder)
        populate_array(array, data=memory.address, shape=memory.sizes, strides=strides, itemsize=size, meminfo=None)
        return Value(kind, array._getvalue())

    # ------------------------------------------------------------------------------------ numbers

    def value(self, node: ast.expr) -> Value:
        """The value of an expression."""
        match node:
            case ast.Constant(value=bool() | int() as number):
                kind = types.literal(number)
                return Value(kind, ir.Constant(self.context.get_value_type(types.unliteral(kind)), int(number)))
            case ast.Constant(value=float(number)):
                return Value(types.float64, ir.DoubleType()(number))
            case ast.Name(id=name) if name in self.running:
                return self.running[name]
            case ast.Name(id=name) if name in self.variables:
                known = self.variables[name]
                return Value(known.kind, self.builder.load(known.value))
            case ast.Name(id=name) if name in self.arrays:
                return self._array(self.arrays[name])
            case ast.Attribute() if isinstance(number := self._word(node), float):
                return Value(types.float64, ir.DoubleType()(number))
            case ast.Subscript():
                memory = self.inside(node)
                if memory.sizes:
                    return self._array(memory)
                return Value(memory.kind, self.context.unpack_value(self.builder, memory.kind, memory.address))
            case ast.Call(func=function, args=arguments, keywords=[]):
                return self._call(self._word(function), *map(self.value, arguments))
            case ast.BinOp(left=left, op=op, right=right) if type(op) in OPERATORS:
                return self._call(OPERATORS[type(op)], self.value(left), self.value(right))
            case ast.UnaryOp(op=op, operand=x) if type(op) in OPERATORS:
                return self._call(OPERATORS[type(op)], self.value(x))
            case ast.Compare(left=left, ops=ops, comparators=others):
                values = [self.value(x) for x in (left, *others)]
                asked = zip(ops, values, values[1:], strict=False)
                return self._all([self._call(OPERATORS[type(op)], x, y) for op, x, y in asked])
            case ast.BoolOp(op=ast.And(), values=[first, *rest]):
                following = ast.BoolOp(node.op, rest) if rest[1:] else rest[0]
                return self._either(self.truth(first), following, ast.Constant(value=False))
            case ast.BoolOp(op=ast.Or(), values=[first, *rest]):
                following = ast.BoolOp(node.op, rest) if rest[1:] else rest[0]
                return self._either(self.truth(first), ast.Constant(value=True), following)
            case ast.IfExp(test=test, body=body, orelse=other):
                return self._either(self.truth(test), body, other)
        raise NotImplementedError(f"generated code cannot have: {ast.unparse(node)}")

    def _call(self, function: Any, *given: Value) -> Value:
        """A function or an operator, as Numba knows it."""
        question = (function, *(x.kind for x in given))
        if question not in self.asked:
            name = self.typing.resolve_value_type(function)
            signature = self.typing.resolve_function_type(name, question[1:], {})
            if signature is None:
                raise TypeError(f"{function}: not for {', '.join(map(str, question[1:]))}")
            self.asked[question] = signature, self.context.get_function(name, signature)
        signature, write = self.asked[question]
        kinds = signature.args
        if kinds and isinstance(kinds[-1], types.StarArgTuple | types.StarArgUniTuple):  # max(*numbers)
            given = (*given[: len(kinds) - 1], self._tuple(kinds[-1], given[len(kinds) - 1 :]))
        numbers = [self.cast(x, kind) for x, kind in zip(given, kinds, strict=True)]
        result = write(self.builder, numbers)
        self.context.add_linking_libs(getattr(write, "libs", ()))
        return Value(signature.return_type, result)

    def _tuple(self, kind: types.Type, given: tuple[Value, ...]) -> Value:
        parts = [self.cast(x, wanted) for x, wanted in zip(given, kind.types, strict=True)]
        return Value(kind, self.context.make_tuple(self.builder, kind, parts))

    def cast(self, given: Value, kind: types.Type) -> ir.Value:
        """A value as one of another type."""
        return self.context.cast(self.builder, given.value, given.kind, kind)

    def truth(self, node: ast.expr) -> ir.Value:
        """Whether what an expression gives is true, as a bit."""
        given = self.value(node)
        return self.context.is_true(self.builder, types.unliteral(given.kind), given.value)

    def _all(self, truths: list[Value]) -> Value:
        value = truths[0].value
        for truth in truths[1:]:
            value = self.builder.and_(value, truth.value)
        return Value(types.boolean, value)

    def _either(self, condition: ir.Value, yes: ast.expr, no: ast.expr) -> Value:
        """One of two, of which only that one is computed: the other may be outside of an array."""
        results, blocks = [], []
        with self.builder.if_else(condition) as branches:
            for branch, node in zip(branches, (yes, no), strict=True):
                with branch:
                    results.append(self.value(node))
                    blocks.append(self.builder.block)
        kind = self.typing.unify_types(*(types.unliteral(x.kind) for x in results))
        if kind is None:
            raise TypeError(f"{ast.unparse(yes)} or {ast.unparse(no)}: no type is both")
        numbers = []
        for given, block in zip(results, blocks, strict=True):
            with self.builder.goto_block(block):
                numbers.append(self.cast(given, kind))
        chosen = self.builder.phi(self.context.get_value_type(kind))
        for number, block in zip(numbers, blocks, strict=True):
            chosen.add_incoming(number, block)
        return Value(kind, chosen)

    def _word(self, node: ast.expr) -> Any:
        """What a name stands for that is no variable: a function, np.inf."""
        if isinstance(node, ast.Attribute):
            return getattr(self._word(node.value), node.attr)
        assert isinstance(node, ast.Name)
        return self.words[node.id] if node.id in self.words else getattr(builtins, node.id)


def _places(node: ast.Subscript) -> list[ast.expr]:
    return node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
