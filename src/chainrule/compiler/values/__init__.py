"""Graphs of `Value`, compiled: recorded once, then run by one small native loop."""

from chainrule.compiler.values.compiled import CompiledValues as CompiledValues
from chainrule.compiler.values.compiled import compile_values as compile_values
from chainrule.compiler.values.compiled import uses_values as uses_values
