"""Memory that several arrays use in turn, and arrays that are others in another shape.

An array that the step keeps for itself lives from the first item (a loop, a product) whose lines name it to the last.
Arrays whose lives do not meet get the same memory, the largest first; each begins with a line that says so:

    d_columns = memory[:960000].reshape(150, 6400)

No two arrays given to generated code may overlap (see `native.memory.apart`); so what does overlap is given once, and
the rest is made from it, where LLVM sees that it is the same memory.
"""

from __future__ import annotations

import math
import re
from itertools import pairwise
from typing import Any

import numpy as np

from chainrule.compiler.places import Array, Segment
from chainrule.compiler.schedule import root
from chainrule.compiler.wording import Words
from chainrule.compiler.works import Work

MANY = 4096  # an array of fewer numbers keeps its memory to itself: the source is easier to read


class Shared:
    """Memory for several arrays of one dtype: who uses it when, as (first item, last item)."""

    def __init__(self, size: int, dtype: np.dtype[Any]) -> None:
        self.size, self.dtype = size, dtype
        self.lives: dict[Array, tuple[int, int]] = {}

    def has_room(self, array: Array, life: tuple[int, int]) -> bool:
        """Whether an array that is no larger can live here, too."""
        return array.dtype == self.dtype and all(life[1] < a or b < life[0] for a, b in self.lives.values())


def share(segments: list[Segment], words: Words) -> None:
    """Let arrays of one segment share memory, and make aliases from what they are aliases of."""
    outside = {
        root(x)
        for segment in segments
        if segment.call is not None
        for x in (segment.call, *(operand.source for operand in segment.call.operands))
        if isinstance(x, Work)
    }
    named = [{root(source) for source in segment.arrays} for segment in segments]
    for segment, mine in zip(segments, named, strict=True):
        elsewhere = outside.union(*(theirs for theirs in named if theirs is not mine))
        lives = _lives(segment)
        views = {a: f"{segment.arrays[root(source)].name}" for source, a in _aliases(segment) if a in lives}
        for memory in _packed(segment, lives, elsewhere):
            given = Array(words.memory(memory), memory, (memory.size,), memory.dtype)
            segment.arrays[memory] = given
            views |= {a: f"{given.name}[:{math.prod(a.shape)}]" for a in memory.lives}
        _put(segment, lives, views)


def _aliases(segment: Segment) -> list[tuple[Any, Array]]:
    return [(source, array) for source, array in segment.arrays.items() if root(source) is not source]


def _lives(segment: Segment) -> dict[Array, tuple[int, int]]:
    """The first and the last item that name each array, or an alias of it."""
    arrays = {array.name: (array, segment.arrays[root(source)]) for source, array in segment.arrays.items()}
    lives: dict[Array, tuple[int, int]] = {}
    for number, (start, stop) in enumerate(pairwise((*segment.starts, len(segment.lines)))):
        text = "\n".join(line.partition("#")[0] for line in segment.lines[start:stop])
        for word in set(re.findall(r"\w+", text)):
            for array in arrays.get(word, ()):
                lives[array] = lives.get(array, (number, number))[0], number
    return lives


def _packed(segment: Segment, lives: dict[Array, tuple[int, int]], elsewhere: set[Any]) -> list[Shared]:
    """Memory for the arrays that can share some: the largest arrays first, each where there is room."""
    own = [
        array for array in lives
        if isinstance(array.source, Work) and root(array.source) is array.source and array.source not in elsewhere
        and "result" not in array.source.meta and math.prod(array.shape) >= MANY
    ]  # fmt: skip
    memories: list[Shared] = []
    for array in sorted(own, key=lambda array: -math.prod(array.shape)):
        memory = next((m for m in memories if m.has_room(array, lives[array])), None)
        if memory is None:
            memory = Shared(math.prod(array.shape), array.dtype)
            memories.append(memory)
        memory.lives[array] = lives[array]
    return [memory for memory in memories if len(memory.lives) > 1]


def _put(segment: Segment, lives: dict[Array, tuple[int, int]], views: dict[Array, str]) -> None:
    """Write the line that makes each view before the item that needs it first."""
    made: dict[int, list[Array]] = {}
    for array in sorted(views, key=lambda array: root(array.source) is not array.source):  # aliases after their bases
        made.setdefault(lives[array][0], []).append(array)
    for item in sorted(made, reverse=True):
        at = segment.starts[item]
        segment.lines[at:at] = [
            f"    {a.name} = {views[a]}.reshape({', '.join(map(str, a.shape))})" for a in made[item]
        ]
    segment.views = frozenset(views)
