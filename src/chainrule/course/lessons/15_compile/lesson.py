# %% [markdown] lesson=15 title="What a graph is for" minutes=110
# # 15. What a graph is for: record, optimise, compile
#
# In lesson 2 you fitted a cubic to a sine. Here it is again, with two hundred points. Four weights: hardly any arithmetic. Yet the same step as a loop of machine code would be done before Python has finished its first line.
#
# **Where does the time of a small step go, and how do you get it back?**
#
# The graph that found the slopes is the key. Whoever has it in front of them, as data, can rewrite it, and can write a better program than the one you wrote. In this lesson you build such a compiler, small but real; then you let `chainrule.compile` do it, and read what it writes.

# %% given="*"
import random
import time

import numpy as np


# %%
def seconds(f, times=200):
    """How long one call takes: the quickest of seven rounds, because others use this machine too."""
    rounds = []
    for _ in range(7):
        start = time.perf_counter()
        for _ in range(times):
            f()
        rounds.append((time.perf_counter() - start) / times)
    return min(rounds)


x = np.linspace(-np.pi, np.pi, 200)
y = np.sin(x)


def step(a, b, c, d, x, y, lr, n):
    """One step of gradient descent on the mean squared error: the loss, and the four weights after it."""
    guess = a + b * x + c * x**2 + d * x**3
    error = guess - y
    loss = (error * error).sum() / n
    rate = lr * 2 / n
    return (
        loss,
        a - rate * error.sum(),
        b - rate * (error * x).sum(),
        c - rate * (error * x**2).sum(),
        d - rate * (error * x**3).sum(),
    )


weights = [np.array([w]) for w in (0.1, 0.5, 0.0, -0.05)]
print(f"the loss is {step(*weights, x, y, 0.001, len(x))[0]:.6f}")
print(f"one step takes {1e6 * seconds(lambda: step(*weights, x, y, 0.001, len(x))):.1f} µs")

# %% [markdown]
# Is that much? It depends on what the arithmetic itself costs. So take one operation, the product of two arrays, and let the arrays grow.

# %%
from chainrule.viz.sketch import sketch

sizes = [1, 3, 10, 30, 100, 300, 1000, 3000, 10_000, 30_000]
times = []
for size in sizes:
    u = np.ones(size)
    times.append(seconds(lambda u=u: u * u))
overhead = times[0]
per_element = (times[-2] - times[0]) / 10_000
print(f"a product of two arrays: {1e9 * overhead:.0f} ns to begin with, then {1e9 * per_element:.2f} ns per element")
print(f"the beginning costs as much as {overhead / per_element:.0f} elements")

figure, (ax,) = sketch(("elements", "µs for one product"))
ax.loglog(sizes, [1e6 * t for t in times], marker="o")
figure

# %% [markdown]
# The curve is flat at first. Python looks up the operator, NumPy looks at types and shapes, asks for memory for the answer and picks the loop to run. All that comes before the first product, and it costs the same for one element as for a hundred. With tensors there is more before it: each operation also writes down who its parents are.
#
# So the time of a small step is not arithmetic. It is the number of *operations* times what it takes to begin one. Two things would help: fewer operations, and many operations begun at once. Both need somebody who sees the whole step, and Python does not: it meets one operation after the other and forgets.
#
# ## Write it down instead of doing it
#
# The trick is old and simple. Call the function, but not with numbers. Call it with stand-ins that have a name and no value. Whatever is done with a stand-in is not done; it is *written down*, as a row of a list.
#
# A row has three parts: the name of what it makes, the operation, and the inputs. An input is a name (a text) or a number. So $2x + 1$ becomes
#
#     ("t0", "mul", (2, "x"))
#     ("t1", "add", ("t0", 1))
#
# Here is the stand-in, and what the operations will mean when somebody wants to do them after all.


# %% given="*"
class Symbol:
    """Stands for a number that is not known yet.  All symbols of one recording share one list of rows."""

    def __init__(self, name, rows):
        self.name = name
        self.rows = rows


OPERATIONS = {
    "add": lambda a, b: a + b,
    "sub": lambda a, b: a - b,
    "mul": lambda a, b: a * b,
    "div": lambda a, b: a / b,
    "pow": lambda a, b: a**b,
    "sum": lambda a: a.sum(),
}

# %% [markdown] exercise="15.1" title="Write it down" difficulty=1 minutes=10
# ### Exercise 15.1: write it down
#
# Write `note(op, *operands)`. The operands are symbols or plain numbers; at least one is a symbol. It appends one row to the list that the symbols share, and returns a new `Symbol` for what the row makes.
#
# - The first row of a list makes `"t0"`, the second `"t1"`, and so on.
# - The row is `(name, op, inputs)`: `inputs` is a tuple, with the *name* where a symbol was given, and the number where a number was.
#
# With `x = Symbol("x", rows)`, `note("sub", 1.0, x)` appends `("t0", "sub", (1.0, "x"))` to an empty `rows`.


# %% stub="15.1"
def note(op, *operands):
    return operands[0]


# %% [markdown] hint="15.1"
# Three things are needed: the list, the new name, the inputs. The list is known to any operand that is a symbol, and the first operand need not be one.

# %% [markdown] hint="15.1"
# When the list has no row yet, the name is `t0`; when it has one, `t1`. So the name follows from the length of the list *before* the row is appended.

# %% [markdown] hint="15.1"
# `inputs = tuple(x.name if isinstance(x, Symbol) else x for x in operands)`, and the list is `next(x.rows for x in operands if isinstance(x, Symbol))`.


# %% solution="15.1"
def note(op, *operands):
    rows = next(x.rows for x in operands if isinstance(x, Symbol))
    name = f"t{len(rows)}"
    inputs = tuple(x.name if isinstance(x, Symbol) else x for x in operands)
    rows.append((name, op, inputs))
    return Symbol(name, rows)


# %% [markdown] explanation="15.1"
# Nothing is computed: the row says what *would* be. The new symbol shares the list, so that what is done with it lands there too. The name is taken before the row is appended, when the length of the list is the number of the new row. And a number stays a number: as a text it could not be told from a name.

# %% [markdown]
# Now each operator of a symbol writes a row. Then a function that was written for numbers can be recorded as it is, without a change: Python finds `__mul__` and does not ask what it does. For the rest of the lesson there is this one:


# %% given="*"
class Recorded(Symbol):
    """A symbol whose operators write rows."""

    def _row(self, op, *inputs):
        name = "t" + str(len(self.rows))
        self.rows.append((name, op, tuple(getattr(x, "name", x) for x in inputs)))
        return Recorded(name, self.rows)

    def __add__(self, other):
        return self._row("add", self, other)

    def __radd__(self, other):
        return self._row("add", other, self)

    def __sub__(self, other):
        return self._row("sub", self, other)

    def __rsub__(self, other):
        return self._row("sub", other, self)

    def __mul__(self, other):
        return self._row("mul", self, other)

    def __rmul__(self, other):
        return self._row("mul", other, self)

    def __truediv__(self, other):
        return self._row("div", self, other)

    def __pow__(self, other):
        return self._row("pow", self, other)

    def sum(self):
        return self._row("sum", self)

    def __float__(self):
        raise TypeError(f"{self.name} has no value yet: this is only being written down")

    __bool__ = __float__


def record(f, *names):
    """Call ``f`` with a symbol for each name: the rows, and the names of the results."""
    rows = []
    results = f(*[Recorded(name, rows) for name in names])
    return rows, [result.name for result in results]


# %%
NAMES = ("a", "b", "c", "d", "x", "y", "lr", "n")
rows, results = record(step, *NAMES)
for row in rows:
    print(row)
print("results:", results)

# %% [markdown]
# That is the whole step, forward, slopes and update, as data. Each row is one operation, so they can be counted. Rows that touch no array of points are as expensive to begin as the others.

# %%
points = {"x", "y"}  # names with one number per point
for name, op, inputs in rows:
    if op != "sum" and points & set(inputs):
        points.add(name)
per_point = sum(op == "sum" or name in points for name, op, _ in rows)

begin, work = len(rows) * overhead, per_point * len(x) * per_element
print(f"{len(rows)} operations, {per_point} of them on {len(x)} points")
print(f"to begin them: about {1e6 * begin:.1f} µs;  their arithmetic, if all were products: about {1e6 * work:.1f} µs")

# %% [markdown]
# It is an estimate, and too low: a sum costs more to begin than a product, and a power costs more for each point. But it says where to look.
#
# A list of rows can be run, too. Go through it from the top, keep each value under its name. Two operations are not in `OPERATIONS`, since they do something else than compute from their inputs: `random` takes a fresh random number, another one at each run, and `store` puts a value into an array that lives on, the row's name: `("a", "store", ("t24",))` changes the weight `a` in place.


# %% given="*"
def run(rows, results, values):
    """Do what the rows say, with ``values`` for the names that no row makes: the results."""
    values = dict(values)
    for name, op, inputs in rows:
        given = [values.get(x, x) for x in inputs]
        if op == "store":
            values[name][...] = given[0]
        elif op == "random":
            values[name] = random.random()
        else:
            values[name] = OPERATIONS[op](*given)
    return tuple(values.get(x, x) for x in results)


# %%
values = dict(zip(NAMES, [*weights, x, y, 0.001, len(x)], strict=True))
direct = step(*values.values())
listed = run(rows, results, values)
print("the same numbers:", all(np.array_equal(one, other) for one, other in zip(direct, listed, strict=True)))

# %% [markdown]
# A learning step should leave the new weights where the old ones were. So let four stores follow, and keep the loss as the only result.

# %%
loss, *new = results
rows += [(weight, "store", (name,)) for weight, name in zip("abcd", new, strict=True)]
results = [loss]
print(rows[-4:], results)

# %% [markdown]
# ## Passes: a list in, a better list out
#
# A *pass* takes `(rows, results)` and gives back `(rows, results)` that mean the same with less to do. Compilers consist of passes, one after the other, each with one idea. Three of them you write yourself.
#
# The first: what is known now need not be computed later. While `lr` and `n` are names, nothing is known. But you do know them: the learning rate is 0.001 and there are 200 points. Put the numbers in:


# %% given="*"
def freeze(rows, results, **known):
    """The same rows with numbers in place of some names."""
    frozen = [(name, op, tuple(known.get(x, x) for x in inputs)) for name, op, inputs in rows]
    return frozen, [known.get(x, x) for x in results]


# %%
frozen = freeze(rows, results, lr=0.001, n=200)
for before, after in zip(rows, frozen[0], strict=True):
    if before != after:
        print(before, " →", after)

# %% [markdown] exercise="15.2" title="Constant folding" difficulty=2 minutes=15
# ### Exercise 15.2: constant folding
#
# Write `fold(rows, results)`. A row all of whose inputs are numbers is computed now, with `OPERATIONS[op]`, and goes. Its number takes the place of its name in every later row and in the results. A row may become computable by that, and then it goes too. Return the new rows and the new results; leave the lists you were given as they are.
#
# Think of what must *not* be folded: a `store` has something to do at each run, and so has `random`.


# %% stub="15.2"
def fold(rows, results):
    return list(rows), list(results)


# %% [markdown] hint="15.2"
# Go through the rows once, from the top, with a dictionary from names to the numbers you have found. What do you do first with a row's inputs?

# %% [markdown] hint="15.2"
# First replace: `inputs = tuple(known.get(x, x) for x in inputs)`. Then decide. Names are texts, everything else is a number.

# %% [markdown] hint="15.2"
# `random` has no inputs at all. "No input is a name" is true of it, and still it must stay. `OPERATIONS` holds just the operations that always give the same for the same inputs.


# %% solution="15.2"
def fold(rows, results):
    known, kept = {}, []
    for name, op, inputs in rows:
        inputs = tuple(known.get(x, x) for x in inputs)
        if op in OPERATIONS and not any(isinstance(x, str) for x in inputs):
            known[name] = OPERATIONS[op](*inputs)
        else:
            kept.append((name, op, inputs))
    return kept, [known.get(x, x) for x in results]


# %% [markdown] explanation="15.2"
# Rows come in order, so when a row is reached, everything known about its inputs is known already: replace first, then decide, and one walk is enough. `op in OPERATIONS` lets only those rows go that compute something from their inputs and do nothing else. A draw folded would be the same number for ever; a store folded would never happen. And $0 \cdot x$ is not folded to 0: for $x = \infty$ or nan it is nan.

# %% [markdown]
# The second idea: `x**2` stands twice in the step, once in the guess and once in the slope of $c$. You could have given it a name; the slopes of a `backward()` are full of such repetitions, and nobody sees them. A pass does: the same operation on the same inputs gives the same.

# %% [markdown] exercise="15.3" title="Say it once" difficulty=2 minutes=15
# ### Exercise 15.3: say it once
#
# Write `share(rows, results)`. Where a row repeats an earlier one (same operation, same inputs in the same order), it goes, and everybody who used its name uses the earlier one's. By that, later rows may become repetitions too. Return the new rows and the new results; leave the lists you were given as they are.
#
# Again two operations are different: two draws are two numbers, and every store has to happen.


# %% stub="15.3"
def share(rows, results):
    return list(rows), list(results)


# %% [markdown] hint="15.3"
# Two dictionaries: one finds the first row that did the same, one tells which name stands for a name that went.

# %% [markdown] hint="15.3"
# As in folding: first replace the names in the inputs, then look whether `(op, inputs)` has been there.

# %% [markdown] hint="15.3"
# With `first[op, inputs] = name` and `same[name] = first[op, inputs]`. A result may have gone as well: `[same.get(x, x) for x in results]`.


# %% solution="15.3"
def share(rows, results):
    first, same, kept = {}, {}, []
    for name, op, inputs in rows:
        inputs = tuple(same.get(x, x) for x in inputs)
        if op in OPERATIONS and (op, inputs) in first:
            same[name] = first[op, inputs]
        else:
            first[op, inputs] = name
            kept.append((name, op, inputs))
    return kept, [same.get(x, x) for x in results]


# %% [markdown] explanation="15.3"
# The key is the operation with its inputs in order: $x - y$ is not $y - x$. The inputs are renamed before the key is made, so that `t2 = t0 + 1` and `t3 = t1 + 1` are seen to be the same once `t1` is `t0`. (For a sum or a product the order does not matter; a cleverer key could sort their inputs.) Draws and stores are left alone: the first because equal words do not mean equal numbers, the second because they are there for what they do.

# %% [markdown]
# The third: what nobody wants. Suppose you look at the loss only now and then. In the other steps, everything that only the loss needs is for nothing.

# %% [markdown] exercise="15.4" title="Dead code" difficulty=2 minutes=15
# ### Exercise 15.4: dead code
#
# Write `drop(rows, results)`. It keeps a row if it is a store, or if a result or a row that is kept needs what it makes. Everything else goes. The rows that stay keep their order. Return the rows and the results; leave the lists you were given as they are.


# %% stub="15.4"
def drop(rows, results):
    return list(rows), list(results)


# %% [markdown] hint="15.4"
# Whether a row is wanted depends on rows that come later. From which end do you have to start?

# %% [markdown] hint="15.4"
# Keep a set of the names that are wanted. At the start it holds the results. Walk from the last row to the first. When a row is kept, its inputs become wanted.

# %% [markdown] hint="15.4"
# `for name, op, inputs in reversed(rows):` and keep the row if `op == "store" or name in wanted`. At the end, turn round what you have collected.


# %% solution="15.4"
def drop(rows, results):
    wanted, kept = set(results), []
    for name, op, inputs in reversed(rows):
        if op == "store" or name in wanted:
            wanted.update(inputs)
            kept.append((name, op, inputs))
    return kept[::-1], list(results)


# %% [markdown] explanation="15.4"
# Walking from the end, everyone who could want a row has been asked before the row is reached: the same order as in `backward` (lesson 5), for the same reason. A row that only a dead row uses is never wanted, so a whole branch goes in one walk. Stores are wanted for themselves, and through them all that leads to the new weights.

# %% [markdown]
# Here are the three together, on the step. They are written in another way, so that the lesson goes on whatever you wrote: one function that rewrites a list, with a different question each time.


# %% given="*"
def rewritten(rows, results, replaced):
    """The rows, without those for which ``replaced(row)`` finds something to stand in their place."""
    instead, stay = {}, []
    for name, op, inputs in rows:
        row = (name, op, tuple(instead.get(x, x) for x in inputs))
        found = replaced(row) if op in OPERATIONS else None
        if found is None:
            stay.append(row)
        else:
            instead[name] = found
    return stay, [instead.get(x, x) for x in results]


def optimised(rows, results):
    """After all three passes, with a line about each."""

    def known(row):
        return None if any(isinstance(x, str) for x in row[2]) else OPERATIONS[row[1]](*row[2])

    made = {}

    def earlier(row):
        who = made.setdefault(row[1:], row[0])
        return who if who != row[0] else None

    def unused(rows, results):
        live = {x for _, op, inputs in rows if op == "store" for x in inputs} | set(results)
        while True:
            more = live | {x for name, _, inputs in rows if name in live for x in inputs}
            if more == live:
                return [row for row in rows if row[1] == "store" or row[0] in live], results
            live = more

    print(f"recorded {len(rows):3} rows")
    for word, tidy in (
        ("folded", lambda *code: rewritten(*code, known)),
        ("shared", lambda *code: rewritten(*code, earlier)),
        ("dropped", unused),
    ):
        rows, results = tidy(rows, results)
        print(f"{word:8} {len(rows):3} rows")
    return rows, results


# %%
lean, lean_results = optimised(*frozen)
print()
silent, _ = optimised(frozen[0], [])  # the same, when nobody asks for the loss


def trained(rows, results, steps=3):
    """What the results are after some steps from the same start, and the weights then."""
    mine = {name: np.array(value) for name, value in values.items()}
    found = [run(rows, results, mine) for _ in range(steps)][-1]
    return [*found, *(mine[w] for w in "abcd")]


one, other = trained(rows, results), trained(lean, lean_results)
print("\nlargest difference after three steps:", max(np.max(np.abs(p - q)) for p, q in zip(one, other, strict=True)))

# %% [markdown]
# Each pass has been checked in the only way that counts: the numbers are the same before and after it. Folding took two rows, sharing two, and dropping takes the loss when nobody wants it.
#
# ## From the list to a program
#
# So far the list is done by `run`, which looks up every name and every operation, each time. But a row is as good as a line of a program. Write the lines down as text, and Python can load them.

# %% given="*"
SIGNS = {"add": "+", "sub": "-", "mul": "*", "div": "/", "pow": "**"}


def load(text):
    """The function ``made`` that a text defines."""
    names = {"random": random.random, "np": np}
    exec(text, names)
    return names["made"]


# %% [markdown] exercise="15.5" title="A program that writes programs" difficulty=3 minutes=25
# ### Exercise 15.5: a program that writes programs
#
# Write `source(rows, results, arguments)`. It returns a text: the Python source of a function `made`, whose arguments have the names in `arguments`, which does what the rows say and returns a *tuple* of the results (also if there is only one). For example
#
#     def made(x, y):
#         t0 = x - y
#         return (t0,)
#
# - Operations with two inputs have their sign in `SIGNS`; a sum is `t0.sum()`; a draw is `random()`, anew at each call of `made`.
# - A store changes an array in place, for whoever has it outside: `w[...] = t3`.
# - Numbers must come back exactly. They may be negative, and $(-2)^2$ is 4.
# - A result may be a number, a name from a row, or an argument.
#
# The check does not compare texts. It runs yours.


# %% stub="15.5"
def source(rows, results, arguments):
    return "def made(*arguments):\n    return ()"


# %% [markdown] hint="15.5"
# Collect lines in a list: one for `def`, one for each row, one for `return`; then join them with `"\n"`. Every line but the first begins with four spaces.

# %% [markdown] hint="15.5"
# Make a small function first that writes an input: a name as it is, a number as `repr` has it (all its digits), with brackets round it. Without them, `-2.0 ** 2` is $-(2^2)$.

# %% [markdown] hint="15.5"
# Four kinds of rows: `store` (`{name}[...] = {given[0]}`), `random`, `sum`, and those with a sign: `f"    {name} = {given[0]} {SIGNS[op]} {given[1]}"`. A tuple is written with a comma after *each* of its parts: `"(" + "".join(text + ", " for ...) + ")"`.


# %% solution="15.5"
def source(rows, results, arguments):
    def written(x):
        return x if isinstance(x, str) else f"({x!r})"

    lines = [f"def made({', '.join(arguments)}):"]
    for name, op, inputs in rows:
        given = [written(x) for x in inputs]
        if op == "store":
            lines.append(f"    {name}[...] = {given[0]}")
        elif op == "random":
            lines.append(f"    {name} = random()")
        elif op == "sum":
            lines.append(f"    {name} = {given[0]}.sum()")
        else:
            lines.append(f"    {name} = {given[0]} {SIGNS[op]} {given[1]}")
    lines.append(f"    return ({''.join(f'{written(x)}, ' for x in results)})")
    return "\n".join(lines)


# %% [markdown] explanation="15.5"
# One row, one line: because every intermediate result has a name, there is at most one sign in a line, and no question of which binds tighter. The only trap left is a negative number before `**`; the brackets take care of it. `repr` writes as many digits as it takes to get the very same float back. The draw is written as a *call*, so it happens when `made` runs and not when the text is made.

# %% [markdown]
# Here is a generator for our step, and what it writes. Read it: it is the function you might have written yourself, had you been patient.


# %% given="*"
def straight(rows, results, arguments):
    """The text of ``made``, a line for a row."""
    table = {**{op: f"{{1}} = {{2}} {sign} {{3}}" for op, sign in SIGNS.items()}, "sum": "{1} = {2}.sum()"}
    table |= {"store": "{1}[...] = {2}", "random": "{1} = random()"}
    body = [table[op].format(op, name, *(f"{x}" for x in inputs)) for name, op, inputs in rows]
    body.append("return " + "".join(f"{x}, " for x in results))
    return f"def made({', '.join(arguments)}):\n    " + "\n    ".join(body)


# %%
text = straight(lean, lean_results, "abcdxy")
print(text)

made = load(text)
mine = [np.array(w) for w in weights]
before, listed, after = (
    seconds(lambda: step(*weights, x, y, 0.001, 200)),
    seconds(lambda: run(lean, lean_results, values | dict(zip("abcd", mine, strict=True))), 50),
    seconds(lambda: made(*mine, x, y)),
)
print(f"\nthe step you wrote takes {before / after:.2f} times as long as this,")
print(f"and the list, run row by row, {listed / after:.2f} times as long")

# %% [markdown]
# The list is slower than the text that was made from it. Compared with your own step, the gain is what the passes took away: above all the second $x^3$, for a power is dear. Why not more? Each line is still one NumPy operation, with all that comes before its first element. For the big gain, the loop over the points must be *outside* and the operations inside.
#
# ## One loop
#
# Look at it from the side of memory first, with an array so large that beginning costs nothing. A cubic is $a + x \cdot (b + x \cdot (c + x \cdot d))$: six operations, and in NumPy each of them walks through the whole array, reads it and writes it. An array that is larger than the cache next to the processor is fetched from farther away at every walk. Now do the same in pieces: all six operations on one piece, while it is at hand.

# %%
big = np.linspace(-1, 1, 4_000_000)
out = np.empty_like(big)


def cubic(x, out):
    np.multiply(x, -0.05, out=out)
    np.add(out, 0.2, out=out)
    np.multiply(out, x, out=out)
    np.add(out, 0.5, out=out)
    np.multiply(out, x, out=out)
    np.add(out, 0.1, out=out)


def in_pieces(x, out, piece=16_384):
    for start in range(0, len(x), piece):
        cubic(x[start : start + piece], out[start : start + piece])


six_walks = seconds(lambda: cubic(big, out), 1)
one_walk = seconds(lambda: in_pieces(big, out), 1)
print(f"six walks take {six_walks / one_walk:.2f} times as long as one walk in pieces")
print(f"and the one walk begins {6 * -(-len(big) // 16_384)} operations, the six walks 6")

# %% [markdown]
# Where the number is above 1, one walk was quicker, although it begins so many more operations. Putting loops into one is called *fusion*. Taken to the end, the piece is a single element: one loop over the points, and in it everything that belongs to the point. What lies between two operations need not go to memory at all; it can stay in a register of the processor.
#
# The list can be written as such a loop. Rows that belong to a point go inside. A sum starts at 0 before the loop and grows inside. What only needs the sums comes after.


# %%
def looped(rows, results, arguments, arrays):
    """The text of ``made`` as one loop over the elements of ``arrays``; weights are arrays of one element."""
    weights = [name for name, op, _ in rows if op == "store"]
    each, first, inside, after = set(arrays), [], [], []

    def element(x):
        return f"{x}[i]" if x in arrays else f"{x}[0]" if x in weights else f"{x}"

    for name, op, inputs in rows:
        given = [element(x) for x in inputs]
        if op == "sum":
            first.append(f"{name} = 0.0")
            inside.append(f"{name} += {given[0]}")
        elif op == "store":
            after.append(f"{name}[0] = {given[0]}")
        elif each & set(inputs):
            each.add(name)
            inside.append(f"{name} = {given[0]} {SIGNS[op]} {given[1]}")
        else:
            after.append(f"{name} = {given[0]} {SIGNS[op]} {given[1]}")
    lines = [*first, f"for i in range(len({arrays[0]})):", *(f"    {line}" for line in inside), *after]
    lines.append("return " + "".join(f"{x}, " for x in results))
    return f"def made({', '.join(arguments)}):\n    " + "\n    ".join(lines)


text = looped(lean, lean_results, list("abcdxy"), ["x", "y"])
print(text)

# %% [markdown]
# One loop: the guess, the error, the loss and all four slopes of a point, one after the other, and then the update. No array but the data and the weights is left. Does it give the same, and is it quicker?

# %%
from chainrule.compiler import available

loop = load(text)
one, other = [np.array(w) for w in weights], [np.array(w) for w in weights]
pair = made(*one, x, y)[0], loop(*other, x, y)[0]
print(f"loss {pair[0]:.12f} and {pair[1]:.12f}")
print("the same weights:", np.allclose(one, other, rtol=1e-12))

in_python = seconds(lambda: loop(*other, x, y), 3)
print(f"run by Python, the loop takes {in_python / after:.0f} times as long as the NumPy lines")
if available():
    import numba

    native = numba.njit(loop)
    native(*other, x, y)  # the first call translates it
    in_machine_code = seconds(lambda: native(*other, x, y))
    print(f"as machine code, it takes 1/{after / in_machine_code:.0f} of the NumPy lines' time")
else:
    print("Numba is not installed, so there is no machine code here: pip install 'chainrule[compile]'")

# %% [markdown]
# As Python, the loop is slow: now Python begins an operation for each point *and* each row. The text is the right program in the wrong hands. [Numba](https://numba.pydata.org) is a compiler that takes Python text such as this, loops over arrays of numbers, and makes machine code from it. That is the way `chainrule` goes, too.
#
# ## When a recording is no longer true
#
# You froze the learning rate, and you froze the number of points. What happens when one of them changes?

# %%
fewer, fewer_y = x[:50], y[:50]
wanted = step(*weights, fewer, fewer_y, 0.001, len(fewer))[0]
stale = made(*[np.array(w) for w in weights], fewer, fewer_y)[0]
print(f"50 points: the step finds the loss {wanted:.6f}, the recording {stale:.6f}")

# %% [markdown]
# No error, and a wrong number: it still divides by 200. That is the worst kind of bug. A recording is true only under the conditions it was made under, and whoever uses it must check them each time: that is a *guard*. If a guard fails, the step is recorded anew.


# %%
class Compiled:
    """The step above, recorded once for each learning rate and each number of points it meets."""

    def __init__(self, function):
        self.function, self.known = function, {}

    def __call__(self, weights, x, y, lr):
        condition = (lr, len(x))  # the guard
        if condition not in self.known:
            print(f"   recording, for lr={lr} and {len(x)} points")
            rows, (loss, *new) = record(self.function, *NAMES)
            rows += [(weight, "store", (name,)) for weight, name in zip("abcd", new, strict=True)]
            text = straight(*freeze(rows, [loss], lr=lr, n=len(x)), "abcdxy")
            self.known[condition] = load(text)
        return self.known[condition](*weights, x, y)[0]


quick, mine = Compiled(step), [np.array(w) for w in weights]
print(f"{quick(mine, x, y, 0.001):.6f}")
print(f"{quick(mine, x, y, 0.001):.6f}")
print(f"{quick(mine, fewer, fewer_y, 0.001):.6f}")
print(f"{quick(mine, x, y, 0.0005):.6f}")
print(f"{quick(mine, x, y, 0.001):.6f}")

# %% [markdown]
# There is a better way for the learning rate. With a schedule it is another at each step, and each would be recorded. Leave it a name, an argument of `made`: then one recording serves all. To fold a number is quicker; to keep it a name is more general. A compiler has to choose for each.
#
# And some things cannot be recorded at all. If your step asks what a number *is*, there is no answer while it is only being written down:


# %%
def curious(x):
    if float(x) > 0:
        return (x * 2,)
    return (x * 3,)


try:
    record(curious, "x")
except TypeError as problem:
    print("TypeError:", problem)

# %% [markdown]
# ## The same for tensors: chainrule.compile
#
# Now the real thing. Here is the sine cubic as one writes it with tensors and an optimizer. `chainrule.compile(step)` gives back something that is called like `step`. The first call runs as written (the optimizer may have to make what it remembers); the next two run as written too, and are recorded. Only if both recordings agree is it believed.

# %%
import chainrule

points, targets = chainrule.tensor(x, dtype=chainrule.float32), chainrule.tensor(y, dtype=chainrule.float32)


def a_step():
    """A step on the sine cubic with new weights, and its optimizer."""
    x, y = points, targets
    a, b, c, d = (chainrule.tensor(w, requires_grad=True) for w in (0.1, 0.5, 0.0, -0.05))
    optimizer = chainrule.optim.SGD([a, b, c, d], lr=0.001)

    def train():
        guess = a + b * x + c * x**2 + d * x**3
        loss = ((guess - y) ** 2).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        return loss

    return train, optimizer


written, _ = a_step()
original, _ = a_step()
compiled = chainrule.compile(original)
for number in range(6):
    print(f"step {number}: as written {written():.6f}, compiled {compiled():.6f}")
print(compiled if available() else "without Numba, compile gives the step back as it is")

# %% [markdown]
# The recorded graph can be drawn, like any graph. It is no longer the graph of the loss alone: the slopes are in it, computed by operations like all others, and at its ends, besides the loss, are the weights after the step. Each box holds the numbers of the recorded call.

# %%
from chainrule.graph import draw

draw(compiled.graph if available() else written())

# %% [markdown]
# Look for the 1.0 and the 200 of the mean: what comes from them depends on no input, so it can be computed once and for all. And `x` goes into a square and a cube, which forward and backward both use.
#
# Here are the passes. You know them: `fold`, `share`, and dropping what nobody wants, which is done along with each. `split` is new: it takes an operation apart into simpler ones ($x^3$ is $x \cdot x \cdot x$, a mean is a sum and a division), so that the others find more.

# %%
for one in compiled.passes if available() else []:
    print(one)

# %% [markdown]
# Now read the program that it wrote.

# %%
if available():
    lines = compiled.source.splitlines()
    start = next(i for i, line in enumerate(lines) if line.startswith("def _loops"))
    end = next(i for i, line in enumerate(lines) if i > start and line.startswith("    return 0"))
    print("\n".join(lines[start : end + 1]))
else:
    print(straight(lean, lean_results, "abcdxy"))

# %% [markdown]
# It is our loop. (Without Numba you see the lines that our own generator wrote.) At the top come the numbers that were *not* frozen: the learning rate is read anew at each call. But the 2 of the square and the 200 of the mean have been folded into one number. What the recording relied on is looked at there as well, and if it does not hold, the function returns 1 before it has changed anything, and the step runs as written. The comments say which of your lines a block comes from; `f32` marks single precision, `add_r` adds to a sum, and a variable that begins with `d_` is a slope. In the loop, forward and backward of one point stand together, and the sums grow. After the loop the weights move, and the loss is handed out.
#
# Nowhere is a `backward`: at this level a slope is a number like any other. That is what a graph is for. It let you find the slopes, and it lets somebody else rewrite the whole step.
#
# How much is it worth? Measure, as a ratio, on the machine you sit at.

# %%
slow = seconds(written)
fast = seconds(compiled)
print(f"as written, a step takes {slow / fast:.1f} times as long as compiled")

if available():
    alone = seconds(lambda: compiled.repeat(1000), 1) / 1000
    print(f"and {slow / alone:.0f} times as long as one of a thousand steps in a row, without Python between them")

# %% [markdown]
# The second ratio is larger: even the call of a compiled step begins in Python, and for so small a step that is most of what is left.
#
# ## Guards
#
# The learning rate is not frozen, so a new one counts at once. Zero is easy to see: the loss, which is taken before the weights move, still shows the last step, and then it stays.

# %%
original, optimizer = a_step()
fresh = chainrule.compile(original)
for rate in (0.001, 0.0, 0.0005):
    optimizer.param_groups[0]["lr"] = rate
    print(f"lr = {rate:<6}: " + " ".join(f"{fresh():.6f}" for _ in range(5)))

# %% [markdown]
# A number that your function finds outside, and that is no option of the optimizer, is frozen into the recording and guarded. A shape is guarded, too. Here is a function with an argument and such a number.

# %%
scale = 2.0


@chainrule.compile
def size(p):
    return (scale * p**2).mean()


def call_four_times(p, says):
    print(f"{says}: {[round(size(p).item(), 4) for _ in range(4)]}  {size if available() else ''}")


call_four_times(points, "200 points")
call_four_times(points[:50], "50 points ")
scale = 3.0
call_four_times(points, "scale is 3")

# %% [markdown]
# The values are right each time. Fifty points are another shape, and 3 is another number: for each the function was recorded anew. There are three variants now, each with a loop of its own, and the guards pick the right one at each call.
#
# What cannot be recorded runs as written. `.item()` asks for a number in the middle of the step, just as `float` did above. You get the right result, and one warning that names the line; with `chainrule.compile(step, strict=True)` you get an error instead.

# %%
import warnings


def nosy(x):
    if x.sum().item() > 0:
        return x * 2
    return x * 3


with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    careful = chainrule.compile(nosy)
    print([careful(chainrule.tensor([v])).item() for v in (1.0, 1.0, 1.0, -1.0)])
for warning in caught:
    print(warning.message)

# %% [markdown]
# The last answer is −3: had the recording of the first calls been trusted, it would be −2.
#
# Mostly you need not call `compile` yourself. `chainrule.train.fit` can compile the step, and whole epochs around it: shuffling, cutting into batches, the mean loss.

# %%
from chainrule import nn
from chainrule.train import fit

data = points.reshape(-1, 1), targets.reshape(-1, 1)


def trained_by(epochs, compile):
    """The losses of all epochs, and how long they took."""
    chainrule.manual_seed(0)
    model = nn.Sequential(nn.Linear(1, 16), nn.Tanh(), nn.Linear(16, 1))
    adam = chainrule.optim.Adam(model.parameters(), lr=0.01)
    start = time.perf_counter()
    losses = fit(model, data, nn.MSELoss(), adam, epochs, batch_size=40, progress=False, compile=compile).loss
    return losses, time.perf_counter() - start


trained_by(4, True)  # this step was perhaps never made into machine code before; next time it comes from the disk
histories = {}
for epochs in (5, 400):
    histories[False], slow = trained_by(epochs, False)
    histories[True], fast = trained_by(epochs, True)
    print(f"{epochs} epochs: loss {histories[False][-1]:.6f} as written, {histories[True][-1]:.6f} compiled")
    print(f"   as written they took {slow / fast:.2f} times as long")

figure, (ax,) = sketch(("epoch", "mean loss"))
ax.semilogy(histories[False], label="as written", linewidth=5, alpha=0.4)
ax.semilogy(histories[True], label="compiled")
ax.legend(frameon=False)
figure

# %% [markdown]
# The curves lie on one another: the same numbers, up to the order in which sums are added up. The time of a compiled training includes recording and loading the program, and for a few epochs that is most of it: a ratio below 1 says that compiling cost more than it saved. After many epochs it has paid. Left to itself, without `compile=`, `fit` times the first epoch and compiles only if the rest would take seconds.
#
# ## What you can do now
#
# You know what a small step spends its time on, and you can measure it. You can record a function by calling it with stand-ins, tidy up the list with passes that leave the numbers alone, and turn it into a program. You know why one loop beats many, what a recording silently takes for granted, and what guards are for. And you can read what a compiler wrote for you: the next time a step is slow, look at its source. The last lesson takes a script of yours to PyTorch, which has a compiler of the same kind.
