"""Random training programs mixed with Python state, which changes between the calls.  A seed decides everything.

program      the source of a module: a step around random tensor instructions (see `programs`) and a small network,
             in which numbers come from containers, attributes, defaults, closures ..., and a schedule of changes
judged       it run as written and compiled, each in a fresh world, and what the two differ in
shrunk       the smallest program that still differs

``python -m mixed 5000 [FIRST]`` tries so many seeds, shrinks what differs, and counts.
"""

from __future__ import annotations

import dataclasses
import linecache
import sys
import time
import types
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from mixed_state import PRELUDE, Root, Tree, Way, another, beside, change, path, pick, reading, tree
from mixed_training import CHANGES, EFFECTS, FORWARD, OPTIMIZERS, RESULTS
from programs import program as tensor_program
from styles.judge import EAGERLY, Program, World, ran
from styles.seen import difference, seen

import chainrule

CALLS = 12
ROOTS = ("cell", "global", "attribute", "class", "module", "function", "slot", "argument", "forward")


@dataclass(frozen=True)
class Chunk:
    """Some lines at one place of the program; ``call``: before which call they run."""

    where: str
    lines: tuple[str, ...]
    call: int = 0


@dataclass
class Mixed:
    """A program; ``str`` is its source."""

    seed: int
    chunks: list[Chunk]

    def at(self, where: str) -> list[str]:
        return [line for chunk in self.chunks if chunk.where == where for line in chunk.lines]

    def __str__(self) -> str:
        parts = [PRELUDE, *self.at("outer"), "", "def build(c, made):"]
        calls = sorted({chunk.call for chunk in self.chunks if chunk.where == "change"})
        inner = [
            f"torch.manual_seed({self.seed})",
            *self.at("net"),
            *self.at("first"),
            *self.at("setup"),
            *self.at("step"),
        ]
        for call in calls:
            inner.append(f"def change_{call}():")
            inner += [f"    {line}" for x in self.chunks if x.where == "change" and x.call == call for line in x.lines]
        inner.append(f"changes = {{{', '.join(f'{call}: change_{call}' for call in calls)}}}")
        inner += self.at("last")
        return "\n".join([*parts, *(f"    {line}" for line in inner), ""])


# ---------------------------------------------------------------------------------------- writing one


def program(seed: int) -> Mixed:
    """The program of a seed."""
    return _Writer(seed).written()


class _Writer:
    def __init__(self, seed: int) -> None:
        self.rng = np.random.default_rng(seed)
        self.seed, self.chunks = seed, []  # type: tuple[int, list[Chunk]]
        self.hits: list[Callable[[], list[str]]] = []
        self.misses: list[Callable[[], list[str]]] = []
        self.watched: list[str] = []
        self.arguments: list[str] = []

    def put(self, where: str, *lines: str, call: int = 0) -> None:
        self.chunks.append(Chunk(where, lines, call))

    def written(self) -> Mixed:
        rng = self.rng
        self.outside = rng.random() < 0.25  # backward and the update happen outside of what is compiled
        self.network()
        for k in range(int(rng.integers(1, 4))):
            self.state(k)
        if rng.random() < 0.2:
            self.effect()
        self.step()
        self.schedule()
        self.chunks.append(Chunk("last", tuple(self.last())))
        return Mixed(self.seed, self.chunks)

    def network(self) -> None:
        rng = self.rng
        forward = [line for lines in FORWARD if rng.random() < 0.25 for line in lines]
        self.put("outer", "class Net(nn.Module):", "    def __init__(self):", "        super().__init__()",
                 "        self.first, self.last = nn.Linear(3, 4), nn.Linear(4, 2)",
                 "        self.more = nn.ModuleList([nn.Linear(4, 4)])", "        self.plain = [torch.tanh]",
                 "        self.act, self.gain, self.deep = torch.tanh, 1.0, {'gain': 1.0, 'k': [1.0]}",
                 "        self.register_buffer('mask', torch.ones(4))", "    def forward(self, x):",
                 "        h = self.act(self.first(x))", *(f"        {line}" for line in forward),
                 "        return self.last(h)")  # fmt: skip
        self.put("net", "net, other = Net(), Net()", "x0, y0 = torch.randn(5, 3), torch.randn(5, 2)",
                 "parameters = [torch.tensor(p.copy(), requires_grad=True) for p in made.parameters]",
                 "extra = [torch.tensor(x) for x in made.inputs[1:]]", f"opt = {pick(rng, OPTIMIZERS)}")  # fmt: skip

    def state(self, k: int) -> None:
        """A tree somewhere, a reader of it in the step, and how both can change."""
        rng, name = self.rng, f"s{k}"
        made, kind = tree(rng), pick(rng, ROOTS)
        root = Root(name, f"nonlocal {name}")
        where = "first"
        if kind == "global":
            root, where = Root(name, f"global {name}"), "outer"
        elif kind in ("attribute", "class", "module", "function", "slot"):
            holder = {
                "attribute": "Plain()", "class": f"type('C{k}', (Own,), {{}})", "module": f"types.ModuleType('m{k}')",
                "function": "lambda: None", "slot": "Slot(1.0, 2.0)",
            }[kind]  # fmt: skip
            if kind == "function":
                self.put(where, f"def h{k}():", f"    return h{k}.{name}")
            else:
                self.put(where, f"h{k} = {holder}")
            root = Root(f"h{k}.{'a' if kind == 'slot' else name}")
        elif kind == "forward":
            root = Root(f"net.{name}")
        self.put(where, f"{root.read} = {made.source}")
        self.watched.append(root.read)
        local = f"a{k}" if kind == "argument" else f"h{k}()" if kind == "function" and rng.random() < 0.5 else root.read
        defines, writes, value, way = reading(rng, f"r{k}", root.read, made)
        if kind == "argument":
            self.arguments.append((local, root.read))  # type: ignore[arg-type]
            defines, writes, value = [], [], path(local, way)
        else:
            value, writes = value.replace(root.read, local), [line.replace(root.read, local) for line in writes]
        home = "outer" if where == "outer" and rng.random() < 0.3 else "setup"
        self.put(home, *defines)
        self.put("body", *writes, *self.use(value))
        self.hits += [lambda: change(rng, root, made, way)] * 2
        self.misses.append(lambda: beside(rng, root, made, way))
        if rng.random() < 0.4:  # the same again, which nobody reads
            self.put("first", f"d{k} = {made.source}")
            decoy = Root(f"d{k}", f"nonlocal d{k}")
            self.misses.append(lambda: change(rng, decoy, made, way))
        if made.inner and rng.random() < 0.4 and kind != "argument":  # another name for a part of it
            inner, _ = pick(rng, made.inner)
            self.put("first", f"alias{k} = {path(root.read, inner)}")
            if len(inner) < len(way) and way[: len(inner)] == inner:
                alias = Root(f"alias{k}", f"nonlocal alias{k}")
                self.hits.append(lambda: change(rng, alias, _below(made, inner), way[len(inner) :]))  # fmt: skip
        if defines and defines[0].startswith("def r") and rng.random() < 0.5:  # the reader itself becomes another
            declare = {"outer": "global", "setup": "nonlocal"}[home]
            self.hits.append(lambda: [f"{declare} r{k}", f"r{k} = lambda *args, **more: {another(rng)}"])

    def use(self, value: str) -> list[str]:
        """What the step does with a number."""
        rng = self.rng
        i = int(rng.integers(0, 3))
        return pick(rng, [
            [f"loss = loss * number({value})"], [f"loss = loss + (v[{i}] * number({value})).mean()"],
            [f"if {value} > 0.75:", f"    loss = loss + torch.sin(v[{i}]).mean()"],
            [f"turns = {value}", "for _ in range(int(turns) if -1 < turns < 4 else 1):", "    loss = torch.tanh(loss)"],
            [f"loss = loss + ({value} if v[{i}].ndim else number({value})) * net.first.weight.mean()"],
            [f"loss = loss * (2.0 if {value} else 0.5)"], [f"shown = [{value}, *shown]"],
            [f"loss = loss + torch.full((2,), number({value}), dtype=loss.dtype).sum() * loss"],
        ])  # fmt: skip

    def effect(self) -> None:
        setup, body, watched = pick(self.rng, EFFECTS)
        self.put("first", *setup)
        self.put("body", *body)
        self.watched += watched

    def step(self) -> None:
        rng = self.rng
        names = ["x", *(local for local, _ in self.arguments)]
        update = ["loss.backward()", "opt.step()"]
        zero = pick(
            rng, (["opt.zero_grad()"], ["opt.zero_grad()"], ["if not net.deep.get('keep'):", "    opt.zero_grad()"])
        )
        lines = [
            *([] if self.outside else zero), "shown = []", "v = made.values(parameters, [x, *extra])",
            "loss = made.loss(v)",
            *(["loss = loss + ((net(x0) - y0) ** 2).mean()"] if rng.random() < 0.7 else []), *self.at("body"),
            *([] if self.outside else update), f"return {pick(rng, RESULTS) if not self.outside else 'loss, shown'}",
        ]  # fmt: skip
        self.chunks = [chunk for chunk in self.chunks if chunk.where != "body"]
        self.put("step", "@c", f"def step({', '.join(names)}):", *(f"    {line}" for line in lines))
        if self.outside:
            self.put("step", f"def run({', '.join(names)}):", "    opt.zero_grad()",
                     f"    loss, shown = step({', '.join(names)})",
                     *(f"    {line}" for line in update), "    return loss.detach(), shown")  # fmt: skip

    def at(self, where: str) -> list[str]:
        return [line for chunk in self.chunks if chunk.where == where for line in chunk.lines]

    def schedule(self) -> None:
        rng = self.rng
        self.hits += [lambda: list(pick(rng, CHANGES))] * 2
        self.misses.append(lambda: [line.replace("net.", "other.") for line in pick(rng, CHANGES) if "opt" not in line])
        for call in range(1, CALLS):
            if rng.random() < 0.35:
                lines = pick(rng, self.hits if rng.random() < 0.5 else self.misses)()
                self.put("change", *(lines or ["pass"]), call=call)

    def last(self) -> list[str]:
        given = "".join(f", {name}" for _, name in self.arguments)
        watched = ", ".join(f"there(lambda: {what})" for what in self.watched)
        return [
            "failed = []", "def between(i):", "    if i in changes:", "        try:", "            changes[i]()",
            "        except Exception as error:", "            failed.append(repr(error))",
            f"    return (torch.tensor(made.inputs[0] + made.inputs[0].dtype.type(0.01 * i)){given})"
            if given else "    return (torch.tensor(made.inputs[0] + made.inputs[0].dtype.type(0.01 * i)),)",
            "def watched():",
            f"    return look([parameters, net, opt.state, [{watched}], failed"
            + (", [p.grad for p in parameters]])" if self.outside else "])"),
            f"return {'run' if self.outside else 'step'}, between, watched",
        ]  # fmt: skip


def _below(made: Tree, inner: Way) -> Tree:
    """The part of a tree at the end of a way."""
    n = len(inner)
    leaves = [way[n:] for way in made.leaves if way[:n] == inner]
    return Tree("", leaves, [(way[n:], kind) for way, kind in made.inner if way[:n] == inner])


# ---------------------------------------------------------------------------------------- running one


def look(x: Any, known: tuple[int, ...] = ()) -> Any:
    """What is in a value, copied, with the attributes and slots of the program's own objects."""
    if id(x) in known:
        return "again"
    known = (*known, id(x))
    if isinstance(x, chainrule.nn.Module):
        fields = {
            k: look(v, known) for k, v in vars(x).items() if not k.startswith("_") and k != "hook" and not callable(v)
        }
        return [seen(dict(x.state_dict())), fields, [p.requires_grad for p in x.parameters()]]
    if isinstance(x, dict):
        return [(type(x).__name__, len(x)), [(k if isinstance(k, str) else "", look(v, known)) for k, v in x.items()]]
    if isinstance(x, list | tuple) or type(x).__name__ == "deque":
        return [type(x).__name__, *(look(v, known) for v in x)]
    if isinstance(x, types.FunctionType):
        return ("function", look(vars(x), known))
    if type(x).__module__ == "mixed_program" or isinstance(x, types.SimpleNamespace):
        slots = {k: getattr(x, k, "nothing") for k in getattr(type(x), "__slots__", ())}
        return (type(x).__name__, look({**slots, **getattr(x, "__dict__", {})}, known))
    return seen(x)


def there(read: Callable[[], Any]) -> Any:
    """What can be read; the error if it cannot."""
    try:
        return read()
    except Exception as error:
        return error


def built(made: Mixed) -> Callable[[Any], Any]:
    """The function that builds the program in a fresh module."""
    source, name = str(made), f"<mixed {made.seed}>"
    linecache.cache[name] = (len(source), None, source.splitlines(True), name)
    code = compile(source, name, "exec")

    def build(c: Any) -> Any:
        module = types.ModuleType("mixed_program")
        sys.modules["mixed_program"] = module
        vars(module).update(look=look, there=there)
        exec(code, vars(module))
        tensors = tensor_program(made.seed, (np.float64, np.float32)[made.seed % 4 == 3], length=3 + made.seed % 5)
        return module.build(c, tensors)  # type: ignore[attr-defined]

    return build


@dataclass
class Found:
    """``word`` as in `styles.judge`, and why."""

    word: str
    why: str
    world: World

    def __str__(self) -> str:
        return f"{self.word}: {self.why}"


def judged(made: Mixed, compile: Callable[..., Any] = chainrule.compile) -> Found:
    """The verdict on a program."""
    return compared(Program(f"mixed {made.seed}", built(made), calls=CALLS), compile)


def compared(it: Program, compile: Callable[..., Any] = chainrule.compile) -> Found:
    """Run a program as written and compiled, and compare after each call, up to where numbers run away."""
    with np.errstate(all="ignore"):
        eager, world = ran(it), ran(it, compile)
    if eager.broke is not None:
        return Found("broken", repr(eager.broke), eager)
    for i, (a, b) in enumerate(zip(eager.calls, world.calls, strict=False), 1):
        for what, x, y in zip(("returned", "left"), a, b, strict=True):
            if isinstance(y, tuple) and y[:1] == ("raised",) and y != x:
                return Found("raises", f"call {i}: {y[1]}: {y[2]}", world)
            if found := difference(x, y):
                return Found("DIFFERENT", f"call {i}: {what}{found}", world)
        if any(_wild(x) for x in a):
            break
    if world.broke is not None:
        return Found("raises", f"{type(world.broke).__name__}: {world.broke}", world)
    if any(EAGERLY.search(text) for text in world.warned):
        return Found("as written", "", world)
    return Found("same natively" if world.native else "same, silently", "", world)


def _wild(x: Any) -> bool:
    """Whether numbers have run away, so that rounding decides everything from now on."""
    if isinstance(x, list | tuple):
        return any(map(_wild, x))
    array = getattr(x, "array", None)
    return array is not None and array.dtype.kind == "f" and not (np.abs(array) < 1e4).all()


def shrunk(made: Mixed, still: Callable[[Mixed], bool]) -> Mixed:
    """Leave out lines and whole chunks as long as ``still``."""
    for size in ("chunks", "lines", "chunks"):
        k = len(made.chunks) - 1
        while k >= 0:
            for smaller in _without(made.chunks[k], size):
                tried = Mixed(made.seed, [*made.chunks[:k], *([smaller] if smaller else []), *made.chunks[k + 1 :]])
                if still(tried):
                    made = tried
                    break
            else:
                k -= 1
            k = min(k, len(made.chunks) - 1)
    return made


def _without(chunk: Chunk, size: str) -> Iterable[Chunk | None]:
    if size == "chunks":
        yield None
        return
    for i in range(len(chunk.lines)):
        for n in (3, 2, 1):
            if i + n <= len(chunk.lines):
                yield dataclasses.replace(chunk, lines=(*chunk.lines[:i], *chunk.lines[i + n :]))


def fails(made: Mixed) -> str:
    """The word of a program that comes out otherwise; "" for all others."""
    try:
        found = judged(made)
    except SyntaxError:
        return ""
    return found.word if found.word in ("DIFFERENT", "raises") else ""


def main(count: int, first: int = 0, small: bool = True) -> None:
    tally: Counter[str] = Counter()
    start = time.perf_counter()
    try:
        for seed in range(first, first + count):
            made = program(seed)
            found = judged(made)
            tally[found.word] += 1
            if found.word in ("DIFFERENT", "raises", "broken", "same, silently"):
                print(f"seed {seed}: {found}", flush=True)
            if small and (word := found.word) in ("DIFFERENT", "raises"):
                print(str(shrunk(made, lambda it, word=word: fails(it) == word)).replace(PRELUDE, ""), flush=True)
    finally:
        print(dict(tally), f"{time.perf_counter() - start:.0f} s")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
