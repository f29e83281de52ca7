"""Random numbers: after the same ``manual_seed``, the same numbers as PyTorch on a CPU.

PyTorch's CPU generator is the Mersenne Twister MT19937 (Matsumoto & Nishimura 1998), which NumPy also has;
what differs is how bits become numbers.  Here they become numbers PyTorch's way, so a script that is run
with ``import torch`` and with ``import chainrule as torch`` starts from the same weights and shuffles alike.

    uniform   the low 24 (float32) or 53 (float64) bits of a word, over 2^24 or 2^53
    normal    Box & Muller (1958): in blocks of 16 from 16 numbers on, else pair by pair, the second kept for later
    integers  a word modulo the range (from 2^28 on, a word of 64 bits)
    order     the shuffle of Fisher & Yates, from the front
"""

from __future__ import annotations

import math
import time
from typing import Any

import numpy as np
from numpy.random.bit_generator import ISeedSequence

from chainrule.errors import ArgumentError, DtypeError
from chainrule.ops.base import Array, Shape
from chainrule.ops.dtypes import DType, float32
from chainrule.tracing import tracers


class _Blank(ISeedSequence):
    """No entropy, where NumPy would gather some for a state that is overwritten at once: a third of the time."""

    def generate_state(self, n_words: int, dtype: Any = np.uint32) -> Array:
        return np.zeros(n_words, dtype)


_BLANK = _Blank()


class Generator:
    """A stream of random numbers with a state of its own.

    >>> Generator().manual_seed(42).uniform((2,))
    array([0.88226926, 0.91500396], dtype=float32)
    """

    def __init__(self, device: Any = "cpu") -> None:
        self.device = device
        self._bits = np.random.RandomState(np.random.MT19937(_BLANK))  # type: ignore[arg-type]
        self.manual_seed(time.time_ns() & 0xFFFFFFFF)

    def manual_seed(self, seed: int) -> Generator:
        """Start again at ``seed``: the same seed, the same numbers."""
        if tracers:
            tracers[-1].spoil("manual_seed() starts the random numbers again")
        seed = int(seed)
        if not -(2**63) <= seed < 2**64:
            raise ArgumentError(f"manual_seed({seed}): a seed has 64 bits, from -2^63 to 2^64 - 1")
        self._seed = seed
        self._bits.seed(seed & 0xFFFFFFFF)  # NumPy's old way to fill 624 words from one number is PyTorch's
        self._kept: float | None = None  # the second of a pair of normal numbers
        return self

    def initial_seed(self) -> int:
        """The seed this stream started at."""
        if tracers:
            tracers[-1].spoil("the seed of random numbers is asked for")
        return self._seed

    def words(self, n: int) -> Array:
        """``n`` random words of 32 bits, as uint64."""
        return self._bits.randint(0, 2**32, size=n, dtype=np.uint32).astype(np.uint64)

    def long_words(self, n: int) -> Array:
        """``n`` random words of 64 bits: two short ones each, the high half first."""
        pairs = self.words(2 * n)
        return (pairs[0::2] << np.uint64(32)) | pairs[1::2]

    def uniform(self, shape: Shape, dtype: DType = float32) -> Array:
        """Numbers in [0, 1), every multiple of 2^-24 (float32) or 2^-53 (float64) equally likely."""
        return self._told("uniform", (shape, dtype), self._uniform(shape, dtype))

    def _uniform(self, shape: Shape, dtype: DType = float32) -> Array:
        n = math.prod(shape)
        if dtype == float32:
            numbers = (self.words(n) & np.uint64(2**24 - 1)) * 2.0**-24
        else:
            numbers = (self.long_words(n) & np.uint64(2**53 - 1)) * 2.0**-53
        return numbers.astype(dtype).reshape(shape)

    def normal(self, shape: Shape, dtype: DType = float32) -> Array:
        """Numbers with mean 0 and variance 1."""
        n = math.prod(shape)
        if n < 16:
            return self._told("normal", (shape, dtype), self._pairs(shape).astype(dtype))
        numbers = self._uniform((n,), dtype)
        whole = n // 16 * 16
        numbers[:whole] = _box_muller(numbers[:whole].reshape(-1, 16)).ravel()
        if whole < n:  # the last block is drawn anew and overlaps the one before
            numbers[-16:] = _box_muller(self._uniform((1, 16), dtype)).ravel()
        return self._told("normal", (shape, dtype), numbers.reshape(shape))

    def normals(self, shape: Shape) -> Array:
        """The same pair by pair, however many: PyTorch's way for few, and where others are made of them."""
        return self._told("normals", (shape,), self._pairs(shape))

    def _pairs(self, shape: Shape) -> Array:
        return np.array([self._one_normal() for _ in range(math.prod(shape))]).reshape(shape)

    def _one_normal(self) -> float:
        if self._kept is not None:
            number, self._kept = self._kept, None
            return number
        u, v = self._uniform((2,), np.dtype("float64")).tolist()
        radius, angle = math.sqrt(-2.0 * math.log1p(-v)), 2.0 * math.pi * u
        self._kept = radius * math.sin(angle)
        return radius * math.cos(angle)

    def exponential(self, shape: Shape, dtype: DType = float32) -> Array:
        """Numbers with density e^-x: -log(1 - u) of uniform ones, drawn with 53 bits whatever the dtype."""
        numbers = -np.log1p(-self._uniform(shape, np.dtype("float64"))).astype(dtype)
        return self._told("exponential", (shape, dtype), numbers)

    def integers(self, low: int, high: int, shape: Shape) -> Array:
        """Whole numbers in [low, high), as int64."""
        if high <= low:
            raise ArgumentError(f"randint from {low} to {high}: there is no whole number in [{low}, {high})")
        n, span = math.prod(shape), high - low
        words = self.words(n) if span < 2**28 else self.long_words(n)
        numbers = (words % np.uint64(span)).astype(np.int64).reshape(shape) + low
        return self._told("integers", (low, high, shape), numbers)

    def whole(self, shape: Shape, dtype: DType) -> Array:
        """Whole numbers from 0 to the largest up to which ``dtype`` holds every one."""
        if dtype.kind == "f":
            return self.integers(0, 2 ** (np.finfo(dtype).nmant + 1) + 1, shape)
        n, largest = math.prod(shape), 1 if dtype.kind == "b" else np.iinfo(dtype).max
        words = self.long_words(n) if dtype == np.int64 else self.words(n)
        return self._told("whole", (shape, dtype), (words & np.uint64(largest)).astype(dtype).reshape(shape))

    def permutation(self, n: int) -> Array:
        """0 … n-1 in random order, as int64."""
        if n < 0:
            raise ArgumentError(f"randperm({n}): there are no {n} numbers to put in order")
        order = list(range(n))
        for i, word in enumerate(self.words(max(n - 1, 0)).tolist()):
            j = i + word % (n - i)
            order[i], order[j] = order[j], order[i]
        return self._told("permutation", (n,), np.array(order, np.int64))

    def snapshot(self) -> Any:
        """The state of the stream, for `restore`."""
        return self._bits.get_state(), self._kept

    def restore(self, snapshot: Any) -> None:
        """Go back to a state that `snapshot` gave."""
        bits, self._kept = snapshot
        self._bits.set_state(bits)

    def _told(self, name: str, given: tuple[Any, ...], numbers: Array) -> Array:
        """The numbers; a recording under way hears of them, so that its step draws anew each time."""
        if tracers:
            tracers[-1].drawn(self, name, given, numbers)
        return numbers

    def seed_for_another(self) -> int:
        """A seed of 63 bits for another stream, drawn from this one."""
        if tracers:
            tracers[-1].spoil("an order or a seed is drawn")
        return int(self.long_words(1)[0]) % (2**63)


def _box_muller(u: Array) -> Array:
    """Rows of 16 uniform numbers -> rows of 16 normal ones; the first 8 of a row give radii, the last 8 angles."""
    radius = np.sqrt(-2.0 * np.log(1.0 - u[:, :8]))
    angle = u[:, 8:] * np.asarray(2.0 * math.pi, u.dtype)
    return np.concatenate([radius * np.cos(angle), radius * np.sin(angle)], axis=1)


default_generator = Generator()


def stream(generator: Generator | None) -> Generator:
    """The stream that was given, or the default one."""
    return default_generator if generator is None else generator


def manual_seed(seed: int) -> Generator:
    """Start the default stream at ``seed``, and return it."""
    return default_generator.manual_seed(seed)


def initial_seed() -> int:
    """The seed the default stream started at."""
    return default_generator.initial_seed()


def floating(dtype: DType, name: str) -> DType:
    """Refuse to draw ``name`` numbers of a dtype that cannot hold them."""
    if dtype.kind != "f":
        raise DtypeError(f"{name} of dtype {dtype}: random numbers between whole ones need float32 or float64")
    return dtype
