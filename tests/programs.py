"""Random training steps: programs that a seed decides, to be run as written and compiled.

program      instructions over numbered values, then a loss, a backward, a step of an optimizer
instruction  an operation (its name), the values it is given, and the rest of its arguments
exact        a value that comes from the inputs through elementwise operations and movements alone: it is the same to
             the last bit however the step is run, so that a kink or a tie may be met
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

import chainrule
from chainrule import optim
from chainrule.nn import functional as F
from chainrule.ops import BOOK
from chainrule.tensor import Tensor

SIZES = (1, 2, 3, 4, 5, 6)
MOST = 400  # numbers in a value
FAR = 30.0  # values beyond this are not kept: errors would grow too far
CLEAR = 1e-3  # how far from a kink a value must be that is not exact

Shape = tuple[int, ...]


@dataclass
class Instruction:
    """``values[k] = run(*(values[i] for i in inputs))``."""

    name: str
    inputs: tuple[int, ...]
    run: Callable[..., Tensor]
    told: str = ""

    def __str__(self) -> str:
        return f"{self.name}({', '.join(f'v{i}' for i in self.inputs)}{self.told})"


@dataclass
class Program:
    """A step that a seed decides."""

    seed: int
    dtype: Any
    inputs: list[Any] = field(default_factory=list)  # arrays; the floating ones a little different in each call
    parameters: list[Any] = field(default_factory=list)
    code: list[Instruction] = field(default_factory=list)
    outputs: list[int] = field(default_factory=list)
    optimizer: tuple[str, dict[str, Any]] = ("SGD", {"lr": 0.01})
    shown: int = 0

    def __str__(self) -> str:
        given = [f"{x.dtype}{list(x.shape)}" for x in (*self.parameters, *self.inputs)]
        lines = [f"v{len(given) + k} = {line}" for k, line in enumerate(self.code)]
        return "\n".join(
            [f"seed {self.seed}, {np.dtype(self.dtype)}: {len(self.parameters)} parameters of {given}", *lines,
             f"loss of {self.outputs}, shown {self.shown}, {self.optimizer}"]
        )  # fmt: skip

    def values(self, parameters: list[Tensor], inputs: list[Tensor]) -> list[Tensor]:
        """Every value, in order."""
        values = [*parameters, *inputs]
        for line in self.code:
            values.append(line.run(*(values[i] for i in line.inputs)))
        return values

    def loss(self, values: list[Tensor]) -> Tensor:
        """One number of the outputs and the parameters."""
        total = chainrule.zeros((), dtype=self.dtype)
        for p in values[: len(self.parameters)]:
            total = total + (p * p).mean()
        for k, i in enumerate(self.outputs):
            out = values[i]
            total = total + (out.mean() if k % 2 else (out * chainrule.sin(out)).sum() / max(out.array.size, 1))
        return total

    def trained(
        self, wrap: Callable[[Any], Any], calls: int = 6, near: Callable[[Any], Any] = np.copy
    ) -> tuple[list[Any], Any]:
        """What ``calls`` of the step returned and left behind, all arrays; and the step, wrapped.

        ``near`` is what the parameters begin as, instead of as the seed says.
        """
        chainrule.manual_seed(self.seed)
        parameters = [chainrule.tensor(near(p), requires_grad=True) for p in self.parameters]
        name, options = self.optimizer
        optimizer = getattr(optim, name)(parameters, **options)

        def step(*inputs: Tensor) -> tuple[Tensor, Tensor]:
            optimizer.zero_grad()
            values = self.values(parameters, list(inputs))
            loss, shown = self.loss(values), values[self.shown].detach().clone()
            loss.backward()
            optimizer.step()
            return loss, shown

        run, seen = wrap(step), []
        with np.errstate(all="ignore"):
            for call in range(calls):
                given = [
                    chainrule.tensor(x + x.dtype.type(0.01 * call) if x.dtype.kind == "f" else x) for x in self.inputs
                ]
                loss, shown = run(*given)
                seen += [loss.array, shown.array]
        seen += [p.array for p in parameters]
        for p in parameters:
            seen += [x for x in optimizer.state[p].values() if isinstance(x, np.ndarray)]
        return seen, run


# ---------------------------------------------------------------------------------------- writing one


def program(seed: int, dtype: Any = np.float64, length: int = 12, big: bool = False) -> Program:
    """The program of a seed: ``length`` instructions over small shapes (with ``big``, matrices too big for loops)."""
    return _Writer(seed, dtype, big).written(length)


class _Writer:
    def __init__(self, seed: int, dtype: Any, big: bool) -> None:
        self.rng = np.random.default_rng(seed)
        self.sizes = (*SIZES, 7, 9) if big else SIZES
        self.program = Program(seed, dtype)
        self.exact: set[int] = set()

    def written(self, length: int) -> Program:
        rng, made = self.rng, self.program
        base = self.shape(3)
        for _ in range(rng.integers(1, 4)):
            made.parameters.append(self.normal(self.related(base)))
        for _ in range(rng.integers(1, 3)):
            made.inputs.append(self.normal(self.related(base)))
        self.values: list[Tensor] = [chainrule.tensor(x) for x in (*made.parameters, *made.inputs)]
        self.exact = set(range(len(self.values)))
        chainrule.manual_seed(0)
        tries = 0
        with np.errstate(all="ignore"), chainrule.no_grad():
            while len(made.code) < length and (tries := tries + 1) < 40 * length:
                maker = MAKERS[rng.integers(len(MAKERS))]
                self.add(maker(self))
        n = len(made.parameters)
        floats = [i for i, x in enumerate(self.values) if i >= n and x.dtype.kind == "f" and x.array.size]
        made.outputs = sorted({floats[-1 - int(k)] for k in rng.integers(0, min(4, len(floats)), 3)})
        made.shown = int(rng.integers(len(self.values)))
        made.optimizer = OPTIMIZERS[rng.integers(len(OPTIMIZERS))]
        return made

    def add(self, line: Instruction | None, exact: bool | None = None) -> None:
        if line is None:
            return
        try:
            value = line.run(*(self.values[i] for i in line.inputs))
        except chainrule.errors.ChainruleError:
            return  # it does not fit: another try
        x = value.array
        if x.size > MOST or (x.dtype.kind == "f" and not (np.isfinite(x).all() and (np.abs(x) < FAR).all())):
            return
        if x.dtype.kind == "f" and x.dtype != self.program.dtype:
            return
        self.program.code.append(line)
        self.values.append(value)
        if all(i in self.exact for i in line.inputs) and line.name in STAYS_EXACT:
            self.exact.add(len(self.values) - 1)

    # ------------------------------------------------------------------------------------ choosing

    def shape(self, most: int = 4) -> Shape:
        return tuple(int(n) for n in self.rng.choice(self.sizes, self.rng.integers(0, most + 1)))

    def related(self, shape: Shape) -> Shape:
        """A shape that broadcasts with ``shape``, mostly."""
        if self.rng.random() < 0.3:
            return self.shape(3)
        kept = shape[self.rng.integers(0, len(shape) + 1) :] if self.rng.random() < 0.5 else shape
        return tuple(1 if self.rng.random() < 0.25 else n for n in kept)

    def normal(self, shape: Shape) -> Any:
        x = np.asarray(self.rng.normal(size=shape), self.program.dtype)
        if x.ndim == 2 and self.rng.random() < 0.2:
            return np.asarray(self.rng.normal(size=shape[::-1]), self.program.dtype).T  # not in order in memory
        return x

    def one(self, fits: Callable[[Any], bool] = lambda x: True, kind: str = "f", exact: bool = False) -> int | None:
        """The number of a value, the newer the likelier."""
        found = [
            i for i, x in enumerate(self.values) if x.dtype.kind in kind and fits(x) and (not exact or i in self.exact)
        ]
        if not found:
            return None
        return (
            found[-1 - min(int(self.rng.exponential(3)), len(found) - 1)]
            if self.rng.random() < 0.8
            else int(self.rng.choice(found))
        )

    def clear(self, i: int, *edges: float) -> bool:
        """Whether a value stays away from places where something breaks, or is exact."""
        return i in self.exact or all((np.abs(self.values[i].array - e) > CLEAR).all() for e in edges)

    def dim(self, x: Tensor) -> int:
        return int(self.rng.integers(-x.ndim, x.ndim)) if x.ndim else 0

    def dims(self, x: Tensor) -> Any:
        if self.rng.random() < 0.25 or not x.ndim:
            return None
        n = self.rng.integers(1, x.ndim + 1)
        return tuple(int(d) for d in self.rng.choice(x.ndim, n, replace=False))

    def places(self, n: int, shape: Shape) -> Tensor:
        return chainrule.tensor(self.rng.integers(0, n, shape))


Maker = Callable[[_Writer], Instruction | None]
MAKERS: list[Maker] = []
STAYS_EXACT = {
    "add", "sub", "mul", "neg", "abs", "relu", "maximum", "minimum", "clamp", "where", "reshape", "permute", "expand",
    "flip", "pad_constant", "cat", "getitem", "gather", "clone", "detach", "sign", "floor", "ceil", "trunc", "amax",
    "amin", "setitem", "windows", "masked",
}  # fmt: skip


def maker(times: int = 1) -> Callable[[Maker], Maker]:
    """Enter a way to make an instruction; ``times`` as likely as others."""

    def enter(make: Maker) -> Maker:
        MAKERS.extend([make] * times)
        return make

    return enter


def call(name: str, *inputs: int | None, **meta: Any) -> Instruction | None:
    """An operation of the book."""
    if any(i is None for i in inputs):
        return None
    told = "".join(f", {key}={value!r}" for key, value in meta.items())
    return Instruction(name, inputs, lambda *given: BOOK[name](*given, **meta), told)  # type: ignore[arg-type]


def does(name: str, inputs: tuple[int | None, ...], run: Callable[..., Tensor], told: str = "") -> Instruction | None:
    """Something made of several operations."""
    return None if any(i is None for i in inputs) else Instruction(name, inputs, run, told)  # type: ignore[arg-type]


SMOOTH: dict[str, Callable[[Any], Any]] = {
    "exp": chainrule.tanh, "sin": lambda x: x, "cos": lambda x: x, "tanh": lambda x: x, "sigmoid": lambda x: x,
    "logsigmoid": lambda x: x, "expm1": chainrule.tanh, "erf": lambda x: x, "erfc": lambda x: x, "atan": lambda x: x,
    "asinh": lambda x: x, "sinh": chainrule.tanh, "cosh": chainrule.tanh, "exp2": chainrule.tanh,
    "log": lambda x: x * x + 0.5, "log1p": lambda x: x * x, "log2": lambda x: x * x + 0.5,
    "log10": lambda x: x * x + 0.5, "sqrt": lambda x: x * x + 0.5, "acosh": lambda x: x * x + 1.1,
    "tan": chainrule.tanh, "asin": lambda x: chainrule.tanh(x) * 0.9, "acos": lambda x: chainrule.tanh(x) * 0.9,
    "atanh": lambda x: chainrule.tanh(x) * 0.9, "neg": lambda x: x, "clone": lambda x: x, "detach": lambda x: x,
    "flush": lambda x: x,
}  # fmt: skip


@maker(6)
def smooth(w: _Writer) -> Instruction | None:
    """A smooth function of one value, kept where it is tame."""
    name = str(w.rng.choice(list(SMOOTH)))
    tamed = SMOOTH[name]
    return does(name, (w.one(),), lambda x: BOOK[name](tamed(x)))


@maker(3)
def kinked(w: _Writer) -> Instruction | None:
    """A function with kinks or jumps."""
    name = str(w.rng.choice(["relu", "abs", "sign", "floor", "ceil", "trunc", "round", "clamp"]))
    i = w.one(exact=name in ("floor", "ceil", "trunc", "round"))
    if i is None or not w.clear(i, *((-0.5, 0.75) if name == "clamp" else (0.0,))):
        return None
    if name == "clamp":
        low, high = ((-0.5, 0.75), (None, 0.75), (-0.5, None))[w.rng.integers(3)]
        return does(name, (i,), lambda x: x.clamp(min=low, max=high), f", {low}, {high}")
    if name == "round" and w.rng.random() < 0.5:
        return call(name, i, decimals=1)
    return call(name, i)


def _pair(w: _Writer) -> tuple[int | None, int | None]:
    i = w.one()
    if i is None or w.rng.random() < 0.1:
        return i, i
    shape = w.values[i].shape

    def fits(y: Tensor) -> bool:
        return all(a == b or 1 in (a, b) for a, b in zip(shape[::-1], y.shape[::-1], strict=False))

    j = w.one(fits)
    return (i, j) if w.rng.random() < 0.5 else (j, i)


@maker(8)
def arithmetic(w: _Writer) -> Instruction | None:
    """Two values, or a value and a number."""
    name = str(w.rng.choice(["add", "sub", "mul", "div", "pow", "atan2", "hypot"]))
    if w.rng.random() < 0.2:
        i, number = w.one(), float(w.rng.choice([0.5, 2, 3, -1, 1, 0.0, 2.5]))
        if name == "pow":
            return does(name, (i,), lambda x: (x * x + 0.5) ** number, f", {number}")
        if name == "div" or w.rng.random() < 0.5:
            return does(name, (i,), lambda x: BOOK[name](number, x * x + 0.5), f", {number} left")
        return does(name, (i,), lambda x: BOOK[name](x + 0.0, number), f", {number}")
    i, j = _pair(w)
    if name == "div":
        return does(name, (i, j), lambda x, y: x / (y * y + 0.5))
    if name == "pow":
        return does(name, (i, j), lambda x, y: (x * x + 0.5) ** chainrule.tanh(y))
    if name in ("atan2", "hypot"):
        return does(name, (i, j), lambda x, y: BOOK[name](x, y * y + 0.5))
    return call(name, i, j)


@maker(2)
def chosen(w: _Writer) -> Instruction | None:
    """The larger or smaller, or one by a condition."""
    name = str(w.rng.choice(["maximum", "minimum", "where"]))
    i, j = _pair(w)
    if i is None or j is None:
        return None
    if not (i in w.exact and j in w.exact) and not (np.abs(w.values[i].array - w.values[j].array) > CLEAR).all():
        return None
    if name == "where":
        asked = str(w.rng.choice(["lt", "le", "gt", "ge", "eq", "ne"]))
        return does(name, (i, j), lambda x, y: chainrule.where(BOOK[asked](x, y), x * 2.0, y - 1.0), f" {asked}")
    return call(name, i, j)


@maker(2)
def divided(w: _Writer) -> Instruction | None:
    """Divisions with a remainder."""
    name = str(w.rng.choice(["floor_divide", "remainder", "fmod"]))
    i = w.one(exact=True)
    return does(name, (i,), lambda x: BOOK[name](x, 0.7310585))


@maker(2)
def masked(w: _Writer) -> Instruction | None:
    """Logic and bits between comparisons, and casts there and back."""
    i = w.one(exact=True)
    how = int(w.rng.integers(5))
    dtype = w.program.dtype

    def run(x: Tensor) -> Tensor:
        positive, small = x > 0, x.abs() < 1
        if how == 0:
            return chainrule.where((positive & ~small) | (x != x), x, -x)
        if how == 1:
            return x * (positive ^ small)
        if how == 2:
            return (x * 10).to(np.int64).to(dtype) / 10
        if how == 3:
            whole = (x * 3).to(np.int32)
            return x + ((whole & 3) | 1 ^ (whole * 2)).to(dtype) * 0.1
        return x + positive.sum(0).to(dtype) if x.ndim else x + positive.to(np.uint8)

    return does("masked", (i,), run, f" {how}")


@maker(6)
def reduction(w: _Writer) -> Instruction | None:
    """Sums and their kin along some dimensions."""
    name = str(w.rng.choice(["sum", "mean", "sum_squares", "amax", "amin", "prod", "var"]))
    i = w.one(lambda x: x.array.size > 0)
    if i is None:
        return None
    x = w.values[i]
    dims, keepdim = w.dims(x), bool(w.rng.random() < 0.5)
    if name in ("amax", "amin") and i not in w.exact:
        return None
    if name == "prod":
        return does(name, (i,), lambda x: BOOK["prod"](chainrule.tanh(x) + 1.5, dims, keepdim), f", {dims}, {keepdim}")
    if name == "var":
        return does(name, (i,), lambda x: x.var(dims, unbiased=False, keepdim=keepdim), f", {dims}, {keepdim}")
    return (
        does(name, (i,), lambda x: getattr(chainrule, name)(x, dims, keepdim=keepdim), f", {dims}, {keepdim}")
        if name != "sum_squares"
        else does(name, (i,), lambda x: BOOK[name].act(x, dim=dims, keepdim=keepdim), f", {dims}, {keepdim}")
    )


@maker(2)
def along(w: _Writer) -> Instruction | None:
    """Functions of a whole dimension."""
    name = str(w.rng.choice(["softmax", "log_softmax", "cumsum", "cumprod", "layer_norm"]))
    i = w.one(lambda x: x.ndim > 0 and x.array.size > 0)
    if i is None:
        return None
    dim = w.dim(w.values[i])
    if name == "cumprod":
        return does(name, (i,), lambda x: chainrule.cumprod(chainrule.tanh(x) + 1.5, dim), f", {dim}")
    if name == "layer_norm":
        n = w.values[i].shape[-1:]
        return does(name, (i,), lambda x: F.layer_norm(x, n, eps=0.1))
    return does(name, (i,), lambda x: getattr(chainrule, name)(x, dim), f", {dim}")


@maker(2)
def searched(w: _Writer) -> Instruction | None:
    """Places of the largest, or of all in order, and what is found there."""
    name = str(w.rng.choice(["argmax", "argmin", "argsort"]))
    i = w.one(lambda x: x.ndim > 0 and x.array.size > 0, exact=True)
    if i is None:
        return None
    dim = w.dim(w.values[i])
    if name == "argsort":
        return does(name, (i,), lambda x: x.gather(dim, chainrule.argsort(x, dim)), f", {dim}")
    return does(name, (i,), lambda x: x.gather(dim, getattr(x, name)(dim, keepdim=True)), f", {dim}")


@maker(7)
def moved(w: _Writer) -> Instruction | None:
    """The same numbers elsewhere."""
    name = str(w.rng.choice(["reshape", "permute", "expand", "flip", "pad_constant", "slice", "slice", "cat"]))
    i = w.one()
    if i is None:
        return None
    x, rng = w.values[i], w.rng
    if name == "reshape":
        return call(name, i, shape=_reshaped(rng, x.shape))
    if name == "permute":
        return call(name, i, dims=tuple(int(d) for d in rng.permutation(x.ndim)))
    if name == "expand":
        front = tuple(int(n) for n in rng.choice((1, 2, 3), rng.integers(0, 2)))
        return (
            does(name, (i,), lambda x: x.expand(*front, *(3 if n == 1 else n for n in x.shape)), f", {front}")
            if front or x.ndim
            else None
        )
    if name == "flip" and x.ndim:
        return does(name, (i,), lambda x: x.flip(dims), f", {dims}") if (dims := w.dims(x)) else None
    if name == "pad_constant":
        widths = tuple((int(a), int(b)) for a, b in rng.integers(0, 3, (x.ndim, 2)))
        return (
            does(name, (i,), lambda x: BOOK[name].act(x, widths=widths, value=value), f", {widths}, {value}")
            if (value := float(rng.choice((0.0, 1.5)))) >= 0
            else None
        )
    if name == "cat" and x.ndim:
        dim = w.dim(x)
        others = [j for j, y in enumerate(w.values) if _alike(x, y, dim % x.ndim)]
        parts = tuple(int(j) for j in rng.choice(others, rng.integers(1, 4)))
        return does(name, parts, lambda *given: chainrule.cat(given, dim), f", dim {dim}")
    if name == "slice":
        index = _index(rng, x.shape)
        return does("getitem", (i,), lambda x: x[index], f", {index}")
    return None


def _alike(x: Tensor, y: Tensor, dim: int) -> bool:
    same = x.ndim == y.ndim and x.dtype == y.dtype
    return same and all(n == m for d, (n, m) in enumerate(zip(x.shape, y.shape, strict=True)) if d != dim)


def _reshaped(rng: Any, shape: Shape) -> Shape:
    sizes = [int(n) for n in shape]
    for _ in range(3):
        k = rng.integers(4)
        if k == 0:
            sizes.insert(int(rng.integers(len(sizes) + 1)), 1)
        elif k == 1 and 1 in sizes:
            sizes.remove(1)
        elif k == 2 and len(sizes) > 1:
            at = int(rng.integers(len(sizes) - 1))
            sizes[at : at + 2] = [sizes[at] * sizes[at + 1]]
        elif sizes:
            at = int(rng.integers(len(sizes)))
            for n in (2, 3):
                if sizes[at] % n == 0 and sizes[at]:
                    sizes[at : at + 1] = [n, sizes[at] // n]
                    break
    return tuple(sizes)


def _index(rng: Any, shape: Shape) -> tuple[Any, ...]:
    parts: list[Any] = []
    for n in shape:
        k = rng.integers(6)
        if k == 0 and n:
            parts.append(int(rng.integers(-n, n)))
        elif k == 1:
            parts.append(slice(None, None, int(rng.integers(1, 4))))
        elif k in (2, 3):
            start = int(rng.integers(0, n + 1))
            parts.append(slice(start, int(rng.integers(start, n + 1)) if k == 2 else None))
        else:
            parts.append(slice(None))
        if rng.random() < 0.15:
            parts.append(None)
    if rng.random() < 0.3:
        parts = [..., *parts[int(rng.integers(len(parts) + 1)) :]]
    return tuple(parts)


@maker(4)
def looked_up(w: _Writer) -> Instruction | None:
    """Values at places that are values too."""
    how = str(w.rng.choice(["rows", "mask", "gather", "pick", "several", "setitem", "places", "chosen"]))
    i = w.one(lambda x: x.ndim > 0 and x.array.size > 0)
    if i is None:
        return None
    x, rng = w.values[i], w.rng
    if how in ("rows", "places"):
        places = w.places(x.shape[0], w.shape(2) if how == "rows" else (4,))
        return does("getitem", (i,), lambda x: x[places], f", {places.tolist()}")
    if how == "mask":
        mask = chainrule.tensor(rng.random(x.shape[: rng.integers(1, x.ndim + 1)]) < 0.6)
        return does("getitem", (i,), lambda x: x[mask], f", mask {mask.tolist()}")
    if how == "several" and x.ndim > 1:
        a, b = w.places(x.shape[0], (3,)), w.places(x.shape[1], (3,))
        return does("getitem", (i,), lambda x: x[a, b], f", {a.tolist()}, {b.tolist()}")
    if how == "gather":
        dim = w.dim(x) % x.ndim
        places = w.places(x.shape[dim], tuple(2 if d == dim else n for d, n in enumerate(x.shape)))
        return does("gather", (i,), lambda x: x.gather(dim, places), f", {dim}, {places.tolist()}")
    if how == "pick":
        places = w.places(x.shape[-1], x.shape[:-1])
        return does("pick", (i,), lambda x: BOOK["pick"](x, places), f", {places.tolist()}")
    if how == "setitem":
        index = _index(rng, x.shape)

        def put(x: Tensor) -> Tensor:
            y = x * 1.5
            y[index] = x[index] * x[index]
            return y

        return does("setitem", (i,), put, f", {index}")
    if how == "chosen":  # places that the step itself works out
        dim = w.dim(x) % x.ndim
        return does("gather", (i,), lambda x: x.gather(dim, (x.detach() > 9).to(np.int64)), f", {dim}, computed")
    return None


@maker(5)
def products(w: _Writer) -> Instruction | None:
    """Products of matrices, vectors and many of them."""
    i = w.one(lambda x: x.ndim > 0)
    if i is None:
        return None
    x, rng = w.values[i], w.rng
    if rng.random() < 0.3:  # with itself, turned
        return (
            does("matmul", (i,), lambda x: chainrule.tanh(x @ x.transpose(-1, -2)), " itself") if x.ndim > 1 else None
        )
    inner = [j for j, y in enumerate(w.values) if y.ndim > 0 and y.dtype == x.dtype and y.shape[-2:][0] == x.shape[-1]]
    turned = [j for j, y in enumerate(w.values) if y.ndim == 2 and y.dtype == x.dtype and y.shape[1] == x.shape[-1]]
    if turned and rng.random() < 0.4:
        weight = int(rng.choice(turned))
        return does("linear", (i, weight), lambda x, w: F.linear(x, w, w[:, 0] * 0.5 if w.shape[1] else None))
    if not inner:
        return None
    return does("matmul", (i, int(rng.choice(inner))), lambda x, y: x @ y)


@maker(3)
def windows(w: _Writer) -> Instruction | None:
    """Convolution, pooling and their parts on whatever has two dimensions to slide over."""
    name = str(w.rng.choice(["windows", "overlap", "max_pool", "max_pool", "avg_pool", "conv"]))
    i = w.one(lambda x: x.ndim >= 2 and min(x.shape[-2:]) >= 3, exact=name == "max_pool")
    if i is None:
        return None
    stride, dilation = (int(n) for n in w.rng.integers(1, 3, 2))
    how = {"kernel": (2, 2), "stride": (stride, stride), "dilation": (dilation, 1)}
    told = f", stride {stride}, dilation {dilation}"
    if name == "windows":
        return does(name, (i,), lambda x: BOOK[name].act(x, **how), told)
    if name == "overlap":
        shape = w.values[i].shape

        def there_and_back(x: Tensor) -> Tensor:
            return BOOK[name].act(BOOK["windows"].act(x, **how) * 2.0, shape=shape, **how)

        return does(name, (i,), there_and_back, told)

    def picture(x: Tensor) -> Tensor:
        return x.reshape(1, -1, *x.shape[-2:])

    if name == "max_pool":
        return does(name, (i,), lambda x: F.max_pool2d(picture(x), 2, stride), told)
    if name == "avg_pool":
        return does(name, (i,), lambda x: F.avg_pool2d(picture(x), 2, stride), told)
    weight = chainrule.tensor(w.rng.normal(size=(2, 1, 2, 2)).astype(w.program.dtype))
    return does("conv", (i,), lambda x: F.conv2d(picture(x)[:, :1], weight, stride=stride, padding=1), told)


@maker(1)
def dropped(w: _Writer) -> Instruction | None:
    """Dropout, with fresh numbers in each call."""
    return does("dropout", (w.one(),), lambda x: F.dropout(x, 0.4))


OPTIMIZERS: list[tuple[str, dict[str, Any]]] = [
    ("SGD", {"lr": 0.01}),
    ("SGD", {"lr": 0.01, "momentum": 0.9, "nesterov": True, "weight_decay": 0.1}),
    ("SGD", {"lr": 0.01, "momentum": 0.5, "dampening": 0.3, "maximize": True}),
    ("Adam", {"lr": 0.01, "eps": 1e-2}),
    ("Adam", {"lr": 0.01, "eps": 1e-2, "amsgrad": True, "weight_decay": 0.1}),
    ("AdamW", {"lr": 0.01, "eps": 1e-2}),
    ("NAdam", {"lr": 0.01, "eps": 1e-2}),
    ("RAdam", {"lr": 0.01, "eps": 1e-2}),
    ("Adamax", {"lr": 0.01, "eps": 1e-2}),
    ("Adagrad", {"lr": 0.01, "eps": 1e-2}),
    ("Adadelta", {"lr": 0.1, "eps": 1e-2}),
    ("RMSprop", {"lr": 0.01, "eps": 1e-2, "momentum": 0.5, "centered": True}),
]
"""Optimizers with eps large enough that a gradient of 0, but for rounding, does not become a step."""
