"""What can go wrong, said in the words of the person who wrote the line.

Every message has three parts: what was given (names, shapes, dtypes), why it cannot be, and what to
write instead.  The classes also inherit from the built-in that PyTorch raises in the same place, so
an ``except RuntimeError`` written for PyTorch still catches it.

    ChainruleError
    ├── ShapeError      RuntimeError   sizes that do not fit together
    ├── DtypeError      RuntimeError   the wrong kind of number
    ├── GradientError   RuntimeError   a gradient that does not exist, or would be wrong
    ├── OperandError    TypeError      something that is no tensor where a tensor is needed
    ├── DataError       ValueError     data that cannot be trained on: empty, NaN, lengths that differ
    ├── LabelError      IndexError     a class label or an index outside its range
    ├── ArgumentError   ValueError     any other argument that makes no sense
    ├── StateError      RuntimeError   a saved state that does not fit
    ├── DivergedError   ArithmeticError  training left the finite numbers
    │   └── AnomalyError  RuntimeError   the operation in which that happened first
    ├── WorkerError     RuntimeError   a process that loads data has died
    ├── CompileError    RuntimeError   a function that cannot be compiled, where that is demanded
    ├── OutsideError    AttributeError  a name of PyTorch's that chainrule does not have
    ├── OutsideImport   ImportError    the same, where it is imported by name
    └── MissingPackage  ImportError    an optional package is not installed
"""

from __future__ import annotations

import importlib
from types import ModuleType


class ChainruleError(Exception):
    """Base of every error chainrule raises on purpose."""


class ShapeError(ChainruleError, RuntimeError):
    """Sizes that do not fit together."""


class DtypeError(ChainruleError, RuntimeError):
    """The wrong kind of number for this operation."""


class GradientError(ChainruleError, RuntimeError):
    """A gradient that does not exist, or that would come out wrong."""


class OperandError(ChainruleError, TypeError):
    """Something that is no tensor where a tensor is needed."""


class DataError(ChainruleError, ValueError):
    """Data that cannot be trained on."""


class LabelError(ChainruleError, IndexError):
    """A class label or an index outside its range."""


class ArgumentError(ChainruleError, ValueError):
    """An argument that makes no sense here."""


class StateError(ChainruleError, RuntimeError):
    """A saved state that does not fit what it is loaded into."""


class DivergedError(ChainruleError, ArithmeticError):
    """Training left the finite numbers."""


class AnomalyError(DivergedError, RuntimeError):
    """The operation in which the first NaN or Inf was born; ``node`` is its place in the graph."""

    node: object = None


class WorkerError(ChainruleError, RuntimeError):
    """A process that loads data has died, or takes too long."""


class CompileError(ChainruleError, RuntimeError):
    """A function that cannot be compiled, with ``strict=True``."""


class CompileWarning(UserWarning):
    """A function that was to be compiled runs eagerly, as written; the text says why, and on which line."""


class OutsideError(ChainruleError, AttributeError):
    """A name of PyTorch's that chainrule does not have."""


class OutsideImport(ChainruleError, ImportError):
    """The same, of a name that ``from chainrule import name`` asked for."""


class MissingPackage(ChainruleError, ImportError):
    """An optional package is not installed."""


def require(module: str, package: str, purpose: str) -> ModuleType:
    """Import an optional ``module``, or say which ``package`` to install and for what.

    >>> require("json", "json", "reading settings").__name__
    'json'
    >>> require("no_such_module", "no-such-package", "drawing")
    Traceback (most recent call last):
        ...
    chainrule.errors.MissingPackage: drawing needs the package no-such-package: pip install no-such-package
    """
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] != module.partition(".")[0]:
            raise  # the package is there, and something inside it is broken: do not hide that
        raise MissingPackage(f"{purpose} needs the package {package}: pip install {package}") from None


def shape_of(shape: tuple[int, ...]) -> str:
    """Write a shape the way Python does: ``(3, 4)``, ``(3,)``, ``()``."""
    return str(tuple(int(size) for size in shape))
