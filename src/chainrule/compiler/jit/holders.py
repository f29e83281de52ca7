"""`replace`: numbers for the symbols that a recorded step left somewhere, in whatever holds them."""

from __future__ import annotations

import gc
import types
from collections import deque
from typing import Any

from chainrule.backprop import Node
from chainrule.compiler.trace.symbols import plain, symbolic


def replace(old: dict[int, Any], known: set[int], depth: int) -> None:
    """Put numbers for those in ``old`` (symbols, or tuples with some) into whatever holds them."""
    known.add(id(old))

    def new(x: Any) -> Any:
        return plain(x) if id(x) in old else x

    tuples: dict[int, Any] = {}
    for holder in gc.get_referrers(*old.values()):
        kind = type(holder)
        if id(holder) in known or kind in (Node, types.FrameType):
            continue
        if isinstance(holder, dict):
            if any(map(symbolic, list(holder))):  # keys keep their order
                items = list(holder.items())
                dict.clear(holder)
                for key, x in items:
                    dict.__setitem__(holder, new(key), x)
            for key, x in list(holder.items()):
                if id(x) in old:
                    holder[key] = new(x)
        elif isinstance(holder, list):
            for i, x in enumerate(holder):
                if id(x) in old:
                    holder[i] = new(x)
        elif kind is types.CellType:
            holder.cell_contents = new(holder.cell_contents)
        elif isinstance(holder, set | deque):
            items = [new(x) for x in holder]
            holder.clear()
            getattr(holder, "update" if isinstance(holder, set) else "extend")(items)
        elif isinstance(holder, tuple):
            tuples[id(holder)] = holder
        else:
            slots = [x for cls in kind.__mro__ for x in vars(cls).values() if isinstance(x, types.MemberDescriptorType)]
            for slot in slots:
                x = getattr(holder, slot.__name__, None)
                if id(x) in old:
                    slot.__set__(holder, new(x))
    if tuples and depth:
        replace(tuples, known, depth - 1)
