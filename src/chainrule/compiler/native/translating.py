"""Generated loops as LLVM instructions, line by line.

Numba takes a function apart and types it as a whole, with analyses that grow faster than the function does: most of
the seconds that a step took to compile.  Generated loops need none of that: each variable has one type, that of what is
first put into it, and loops run over numbers that stand in the source.  A variable is a place on the stack, which LLVM
turns into a register; expressions are in `terms`.
"""

from __future__ import annotations

import ast
import linecache
from collections.abc import Callable
from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils

from chainrule.compiler.native.terms import PLACE, Expressions, Memory, Value


def translate(context: Any, module: ir.Module, function: Callable[..., Any], signature: Any) -> None:
    """Write a Python function of arrays, no two of which overlap, into a module, to be called as Numba calls its own.

    It gives a whole number: that of its ``return``, else 0.  Raises ValueError where its source is not known to
    `linecache`, NotImplementedError for what generated code does not have, TypeError where types do not fit.
    """
    definition, convention = _parsed(function), context.call_conv
    names = [argument.arg for argument in definition.args.args]
    kind = convention.get_function_type(signature.return_type, signature.args)
    written = ir.Function(module, kind, function.__name__)
    convention.decorate_function(written, names, signature.args, noalias=True)
    written.linkage = "internal"  # all its callers are here, so LLVM knows the sizes of its arrays
    written.attributes.add("noinline")
    translation = Translation(context, ir.IRBuilder(written.append_basic_block("entry")), function.__globals__)
    values = convention.decode_arguments(translation.builder, signature.args, written)
    for name, array, value in zip(names, signature.args, values, strict=True):
        translation.take(name, array, value)
    translation.lines(definition.body)
    if not translation.builder.block.is_terminated:
        translation.leave(0)


def _parsed(function: Any) -> ast.FunctionDef:
    """The definition of a function of a module."""
    text = "".join(linecache.getlines(function.__code__.co_filename))
    for node in ast.parse(text).body:
        if isinstance(node, ast.FunctionDef) and node.name == function.__name__:
            return node
    raise ValueError(f"{function.__name__}: its source is not there to be translated")


class Translation(Expressions):
    """Writes the lines of a function, from where ``builder`` stands."""

    def take(self, name: str, kind: types.Array, value: ir.Value) -> None:
        """An argument."""
        array = self.context.make_array(kind)(self.context, self.builder, value)
        self.arrays[name] = Memory(kind.dtype, array.data, cgutils.unpack_tuple(self.builder, array.shape))

    def leave(self, number: int) -> None:
        """Return a number."""
        self.context.call_conv.return_value(self.builder, PLACE(number))

    def lines(self, lines: list[ast.stmt]) -> None:
        """Write some lines."""
        for line in lines:
            match line:
                case ast.Assign(targets=[ast.Name(id=name)], value=value):
                    memory = self.memory(value)
                    if memory is None:
                        self._put(name, self.value(value))
                    else:
                        self.arrays[name] = memory
                case ast.Assign(targets=[ast.Subscript() as place], value=value):
                    memory, given = self.inside(place), self.value(value)
                    number = self.cast(given, memory.kind)
                    self.context.pack_value(self.builder, memory.kind, number, memory.address)
                case ast.For(
                    target=ast.Name(id=name),
                    iter=ast.Call(func=ast.Name(id="range"), args=[ast.Constant(value=int(n))]),
                    body=body,
                ):
                    if n > 0:
                        self._loop(name, n, body)
                case ast.If(test=test, body=body, orelse=[]):
                    with self.builder.if_then(self.truth(test)):
                        self.lines(body)
                case ast.Return(value=ast.Constant(value=int(n))):
                    self.leave(n)
                case ast.Expr(value=ast.Call() as call):
                    self.value(call)
                case _:
                    raise NotImplementedError(f"generated code cannot have: {ast.unparse(line)}")

    def _loop(self, name: str, n: int, body: list[ast.stmt]) -> None:
        before, block = self.builder.block, self.builder.append_basic_block("loop")
        self.builder.branch(block)
        self.builder.position_at_end(block)
        place = self.builder.phi(PLACE)
        place.add_incoming(PLACE(0), before)
        self.running[name] = Value(types.int64, place)
        self.lines(body)
        following = self.builder.add(place, PLACE(1), flags=["nuw", "nsw"])
        place.add_incoming(following, self.builder.block)
        after = self.builder.append_basic_block("after")
        self.builder.cbranch(self.builder.icmp_unsigned("<", following, PLACE(n)), block, after)
        self.builder.position_at_end(after)
        del self.running[name]

    def _put(self, name: str, given: Value) -> None:
        kind = types.unliteral(given.kind)
        if name not in self.variables:
            room = cgutils.alloca_once(self.builder, self.context.get_value_type(kind))
            self.variables[name] = Value(kind, room)
        known = self.variables[name]
        if known.kind != kind:
            raise TypeError(f"{name} was {known.kind} and becomes {kind}: a variable has one type")
        self.builder.store(self.cast(given, kind), known.value)
