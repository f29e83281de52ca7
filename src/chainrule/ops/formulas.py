"""Formulas of one line, composed of the operations in the book."""

from __future__ import annotations

from typing import Any

from chainrule.ops.arithmetic import pow
from chainrule.ops.functions import sqrt


def square(input: Any) -> Any:
    """x²."""
    return pow(input, 2)


def reciprocal(input: Any) -> Any:
    """1 / x."""
    return 1.0 / input


def rsqrt(input: Any) -> Any:
    """1 / √x."""
    return 1.0 / sqrt(input)


def lerp(input: Any, end: Any, weight: Any) -> Any:
    """On the line from ``input`` to ``end``: input + weight (end - input).

    >>> chainrule.lerp(chainrule.tensor([0.0]), chainrule.tensor([10.0]), 0.25)
    tensor([2.5000])
    """
    return input + weight * (end - input)


def addcmul(input: Any, tensor1: Any, tensor2: Any, *, value: float = 1) -> Any:
    """input + value × tensor1 × tensor2."""
    return input + value * tensor1 * tensor2


def addcdiv(input: Any, tensor1: Any, tensor2: Any, *, value: float = 1) -> Any:
    """input + value × tensor1 / tensor2."""
    return input + value * tensor1 / tensor2


def logical_and(input: Any, other: Any) -> Any:
    """Where both are not 0."""
    return (input != 0) & (other != 0)


def logical_or(input: Any, other: Any) -> Any:
    """Where either is not 0."""
    return (input != 0) | (other != 0)


def logical_xor(input: Any, other: Any) -> Any:
    """Where exactly one is not 0."""
    return (input != 0) ^ (other != 0)


def logical_not(input: Any) -> Any:
    """Where it is 0."""
    return input == 0
