"""Which names a piece of code can look up, and on what, read from its bytecode without running it.

chain      a variable and the attributes and fixed items that are looked up on it: ``self.opt.param_groups[0]["lr"]``
written    a chain whose last part is set or deleted, not read
loose      an attribute name that is looked up on something no chain leads to (the result of a call, a loop variable):
           whatever has such an attribute may be meant

Only simple stretches of instructions are understood; what is not is loose, so other versions of Python are less exact
and never wrong.
"""

from __future__ import annotations

import dis
import functools
import types
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

LOCAL, GLOBAL = "local", "global"
ATTRIBUTE, ITEM = "attribute", "item"
LOADS_LOCAL = (
    "LOAD_FAST", "LOAD_FAST_CHECK", "LOAD_FAST_BORROW", "LOAD_FAST_AND_CLEAR", "LOAD_DEREF", "LOAD_CLASSDEREF",
)  # fmt: skip
LOADS_TWO = ("LOAD_FAST_LOAD_FAST", "LOAD_FAST_BORROW_LOAD_FAST_BORROW", "STORE_FAST_LOAD_FAST")
STORES = (
    "STORE_ATTR", "DELETE_ATTR", "STORE_DEREF", "DELETE_DEREF", "STORE_GLOBAL", "DELETE_GLOBAL", "STORE_NAME",
)  # fmt: skip
SILENT = ("PUSH_NULL", "PRECALL", "NOP", "EXTENDED_ARG", "CACHE", "NOT_TAKEN")  # leave a chain on the stack as it is
INTERNAL = frozenset(("array", "version", "made", "node", "_grad"))  # of tensors: read past everything that watches
SIZES = frozenset(("shape", "ndim", "size", "dtype", "nbytes", "itemsize"))
COMPARING = frozenset(("repr", "str", "format", "copy", "deepcopy", "replace", "index", "count", "remove", "sorted"))
ITEMWISE = frozenset(("items", "values", "keys", "get", "copy", "update", "setdefault", "pop", "popitem", "itemgetter"))
REFLECTING = frozenset(
    ("__dict__", "__setattr__", "__getattribute__", "__delattr__", "attrgetter", "methodcaller", "__setstate__")
)  # names that reach attributes by other names


@dataclass(frozen=True)
class Chain:
    """``root`` (a local or a global variable), then ``steps``: (kind, name or key) each."""

    kind: str
    root: str
    steps: tuple[tuple[str, Any], ...] = ()
    written: bool = False


@dataclass
class Reads:
    """What one code object, without those inside it, looks up.

    assigned   variables that get a value within it: what they hold at its start says nothing
    stored     attribute names that it sets
    set_items  fixed items that it sets of something unknown
    imported   modules that it imports, by name
    """

    chains: list[Chain] = field(default_factory=list)
    loose: set[str] = field(default_factory=set)
    assigned: set[str] = field(default_factory=set)
    stored: set[str] = field(default_factory=set)
    set_items: set[Any] = field(default_factory=set)
    imported: set[str] = field(default_factory=set)
    reflects: bool = False
    compares: bool = False  # by == or as text: a class made in C looks at what its objects hold
    varies: bool = False  # items by names in variables
    sets: bool = False  # and it sets some
    internal: set[str] = field(default_factory=set)  # what tensors keep for themselves, but for sizes


@functools.lru_cache(maxsize=4096)
def reads_of(code: types.CodeType) -> Reads:
    """What ``code`` looks up."""
    reads = Reads()
    _Scan(code, reads).run()
    for chain in [chain for chain in reads.chains if chain.kind == LOCAL and chain.root in reads.assigned]:
        reads.chains.remove(chain)
        reads.loose |= {name for kind, name in chain.steps if kind == ATTRIBUTE}
        if chain.written and chain.steps[-1][0] == ITEM:
            reads.set_items.add(chain.steps[-1][1])
    reads.compares = reads.compares or not COMPARING.isdisjoint(code.co_names)
    reads.varies = reads.varies or not ITEMWISE.isdisjoint(code.co_names)
    reads.reflects = reads.reflects or not REFLECTING.isdisjoint(code.co_names)
    return reads


def nested(code: types.CodeType) -> Iterator[types.CodeType]:
    """The code, and that of every function defined inside it."""
    yield code
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            yield from nested(constant)


def texts(code: types.CodeType) -> Iterator[str]:
    """The strings in the code."""
    for constant in code.co_consts:
        if isinstance(constant, str):
            yield constant
        elif isinstance(constant, tuple):
            yield from (x for x in constant if isinstance(x, str))


class _Scan:
    """One pass over the instructions; ``chain`` is what the last of them left on top of the stack, if a chain led to
    it."""

    def __init__(self, code: types.CodeType, reads: Reads) -> None:
        self.reads = reads
        self.chain: Chain | None = None
        self.code = [x for x in dis.get_instructions(code) if x.opname not in SILENT]

    def run(self) -> None:
        skip = False
        for x, after in zip(self.code, [*self.code[1:], None], strict=True):
            if skip:
                skip = False
                continue
            if x.is_jump_target:  # the stack may come from elsewhere
                self.end()
            skip = self.one(x, after)
        self.end()

    def end(self) -> None:
        """The chain is used as it is: read whole."""
        if self.chain is not None:
            self.reads.chains.append(self.chain)
            self.chain = None

    def begin(self, kind: str, name: str) -> None:
        self.end()
        self.chain = Chain(kind, name)

    def further(self, kind: str, key: Any, written: bool = False) -> None:
        assert self.chain is not None
        self.chain = Chain(self.chain.kind, self.chain.root, (*self.chain.steps, (kind, key)), written)
        if written:
            self.end()

    def one(self, x: dis.Instruction, after: dis.Instruction | None) -> bool:
        """Take in one instruction; whether the next is taken in with it."""
        op, name = x.opname, x.argval
        if op in LOADS_LOCAL:
            self.begin(LOCAL, name)
        elif op in LOADS_TWO:
            first, second = name
            if op == "STORE_FAST_LOAD_FAST":
                self.reads.assigned.add(first)
            else:
                self.begin(LOCAL, first)
            self.begin(LOCAL, second)
        elif op in ("LOAD_GLOBAL", "LOAD_NAME"):
            self.begin(GLOBAL, name)
        elif op in ("LOAD_ATTR", "LOAD_METHOD"):
            if name in INTERNAL and not (
                after and after.opname in ("LOAD_ATTR", "LOAD_METHOD") and after.argval in SIZES
            ):
                self.reads.internal.add(name)
            if self.chain is not None:
                self.further(ATTRIBUTE, name)
            else:
                self.reads.loose.add(name)
        elif op in ("LOAD_CONST", "LOAD_SMALL_INT") and self.chain is not None and after and not after.is_jump_target:
            if _subscripts(after) and _hashable(name):
                self.further(ITEM, name)
                return True
            if after.opname in ("STORE_SUBSCR", "DELETE_SUBSCR") and _hashable(name):
                self.further(ITEM, name, written=True)
                return True
            self.end()
        elif op in ("LOAD_CONST", "LOAD_SMALL_INT"):
            if after and after.opname == "STORE_SUBSCR" and _hashable(name):
                self.reads.set_items.add(name)
            self.end()
        elif op in ("STORE_ATTR", "DELETE_ATTR"):
            self.reads.stored.add(name)
            if self.chain is not None:
                self.further(ATTRIBUTE, name, written=True)
            else:
                self.reads.loose.add(name)
        elif op == "COPY" and self.chain is not None and name == 1:  # x.n += 1: read here, set when nothing leads to it
            pass
        else:
            self.other(op, name)
        return False

    def other(self, op: str, name: Any) -> None:
        self.end()
        if op in ("STORE_FAST", "DELETE_FAST", "STORE_DEREF", "DELETE_DEREF"):
            self.reads.assigned.add(name)
        elif op in ("STORE_FAST_STORE_FAST", "STORE_FAST_MAYBE_NULL"):
            self.reads.assigned |= set(name) if isinstance(name, tuple) else {name}
        elif op in ("STORE_GLOBAL", "DELETE_GLOBAL", "STORE_NAME", "DELETE_NAME"):
            self.reads.assigned.add(name)
            self.reads.chains.append(Chain(GLOBAL, name, (), True))
        elif op == "IMPORT_NAME":
            self.reads.imported.add(name)
        elif op in ("IMPORT_FROM", "LOAD_SUPER_ATTR"):
            self.reads.loose.add(name[-1] if isinstance(name, tuple) else name)
        elif op in ("COMPARE_OP", "CONTAINS_OP", "FORMAT_VALUE", "FORMAT_SIMPLE", "FORMAT_WITH_SPEC", "CONVERT_VALUE"):
            self.reads.compares = True
        elif op in ("BINARY_SUBSCR", "STORE_SUBSCR", "DICT_MERGE", "DICT_UPDATE", "CALL_FUNCTION_EX"):
            self.reads.varies = True
            self.reads.sets |= op == "STORE_SUBSCR"
        elif op in ("MATCH_CLASS", "IMPORT_STAR"):
            self.reads.reflects = True


def _subscripts(x: dis.Instruction) -> bool:
    return x.opname == "BINARY_SUBSCR" or (x.opname == "BINARY_OP" and x.argrepr == "[]")


def _hashable(x: Any) -> bool:
    return isinstance(x, str | int | float | bool | bytes | type(None))


def line_of_store(code: types.CodeType, name: str) -> int | None:
    """The line in which the code sets what the user calls ``name`` (``total``, ``self.n``, ``seen['a']``), if any."""
    item = name.endswith("]")
    last = (name.partition("[")[0] if item else name).rpartition(".")[2]
    sets = ("STORE_SUBSCR", "DELETE_SUBSCR") if item else STORES
    on_line: set[str] = set()
    line = code.co_firstlineno
    for x in dis.get_instructions(code):
        if x.starts_line is not None:
            line, on_line = _line(x), set()
        if isinstance(x.argval, str):
            on_line.add(x.argval)
        if x.opname in sets and (last in on_line if item else x.argval == last):
            return line
    return None


def _line(x: dis.Instruction) -> int:
    number = getattr(x, "line_number", None)  # Python 3.13 made starts_line a bool
    return number if number is not None else int(x.starts_line or 0)
