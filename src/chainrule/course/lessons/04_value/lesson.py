# %% [markdown] lesson=4 title="Value" minutes=70
# # 4. Value
#
# In the lessons so far you found slopes on paper, once for each formula, and whenever the formula changed you began
# again. A computer has no trouble with long formulas. It has just computed one: it took this number and that number,
# multiplied them, added a third. So it has everything that is needed to work out the slopes, has it not?
#
# **Why can't the computer tell you how it got its result?**

# %%
a, b, c = 4.0, -1.5, 10.0
L = a * b + c
L

# %% [markdown]
# Because `L` is 4.0, and that is all it is. A number does not know where it came from: 4.0 could be $4 \cdot (-1.5)
# + 10$, or $2 + 2$, or the number of legs of a horse. The product, $-6$, existed for a moment and is gone. What you
# computed *with* is forgotten as soon as it is computed.
#
# The cure is a number that remembers. In this lesson you build it, and you can see its memory as a picture. In the next
# lesson, the memory is what slopes travel along.
#
# ## A box around a number
#
# Start with as little as possible: an object that holds a number.


# %%
class Value:
    def __init__(self, data):
        self.data = data

    def __repr__(self):
        return f"Value({self.data})"


a = Value(4.0)
b = Value(-1.5)
a

# %% [markdown]
# Now add two of them.

# %%
try:
    a + b
except TypeError as error:
    print("TypeError:", error)

# %% [markdown]
# Python does not know what a sum of two boxes is. But it lets you say so. When Python meets `a + b`, it looks for a
# function named `__add__` in the class of `a` and calls `a.__add__(b)`. The same goes for `*` and `__mul__`. So the
# plus sign is yours.
#
# And that is the chance we need. Our own plus can do two things: compute the sum, and *write down what it was made
# from*.

# %% given="*"
from chainrule.graph import draw


class Value:
    """A number that remembers what it was made from."""

    def __init__(self, data, _prev=(), _op="", label=""):
        self.data = data
        self._prev = _prev  # the Values it was made from, in order
        self._op = _op  # how it was made from them
        self.label = label

    def __repr__(self):
        return f"Value({self.data})"

    def __add__(self, other):
        return Value(self.data + other.data, (self, other), "+")


# %%
a = Value(4.0)
b = Value(-1.5)
total = a + b
total, total._prev, total._op

# %% [markdown]
# The sum knows its two operands and the operation. A number that nobody computed, such as `a`, has an empty `_prev`: it
# is called a *leaf*.

# %% [markdown] exercise="4.1" title="Times" difficulty=1 minutes=6
# ### Exercise 4.1: times
#
# Write `multiply(a, b)`, in the manner of `__add__`: it takes two Values and returns a new one that holds their product
# and remembers where it came from. Its `_op` is `"*"`. (It is a function on its own so that it can be checked on its
# own. In the class it would be called `__mul__`.)


# %% stub="4.1"
def multiply(a, b):
    return Value(0.0)


# %% [markdown] hint="4.1"
# Look at the last line of `__add__`. It makes the new Value with three arguments. Which of them are different here?

# %% [markdown] hint="4.1"
# The number is `a.data * b.data`. `_prev` holds the two operands themselves, in a tuple, not their numbers.


# %% solution="4.1"
def multiply(a, b):
    return Value(a.data * b.data, (a, b), "*")


# %% [markdown] explanation="4.1"
# The result is a new Value; the operands stay as they are, and are held in `_prev`, so that one can go from the result
# back to them, and from them to what they were made from.

# %% [markdown]
# Let the class have a multiplication too. (Functions may be added to a class later.)


# %% given="4.3 4.4"
def times(self, other):
    return Value(self.data * other.data, _prev=(self, other), _op="*")


Value.__mul__ = times

# %% [markdown]
# ## See it
#
# Now the expression from the beginning. Give each number a name for the picture, a `label`, and look at what the result
# remembers:

# %%
a, b, c = Value(4.0, label="a"), Value(-1.5, label="b"), Value(10.0, label="c")
product = a * b
product.label = "product"
L = product + c
L.label = "L"
draw(L)

# %% [markdown]
# This is a **computation graph**. Read it from the left: the leaves, then what was computed from them, then the result.
# `draw` knows nothing about your class. It starts at `L`, follows `_prev` from Value to Value, and writes down what it
# finds.
#
# You have not said anywhere that there should be a graph. You wrote a formula, as always, and the graph came into being
# while it was computed. That is the whole trick, and all the large libraries use it.
#
# ## Two traps
#
# `_prev` holds the operands in a tuple, in order. Would a set do? A set is a natural choice for "the things this was
# made from". Let us try it.


# %%
class ValueWithSet(Value):
    def __init__(self, data, _prev=(), _op="", label=""):
        super().__init__(data, set(_prev), _op, label)

    def __add__(self, other):
        return ValueWithSet(self.data + other.data, (self, other), "+")


x = ValueWithSet(3.0)
double = x + x
print(f"x + x = {double.data}, made from {len(double._prev)} Value")

# %% [markdown]
# A set holds each thing once. So $x + x$ seems to be made from one Value, and anybody who follows the graph comes to
# $x$ once instead of twice. And a set has no order: in $a - b$ it would no longer be clear which was subtracted from
# which. A tuple has both, order and repetition.
#
# The other trap is a name. A label belongs to a *Value*, and so does a Python variable name, but they are different
# things. Watch:

# %%
d = Value(1.0, label="d")
old = d
d = d + d
print(f"the variable d now holds {d}, labelled {d.label!r}; the first one still exists: {old}, labelled {old.label!r}")
draw(d)

# %% [markdown]
# `d = d + d` did not change the Value 1.0. It made a new one, 2.0, and moved the *variable* to it. The first Value
# lives on, because the new one remembers it. Nothing in a graph ever changes: whatever is computed is added to it.
#
# ## Plain numbers
#
# Most formulas have plain numbers in them, `2 * x + 1`. So far that fails:

# %%
x = Value(3.0, label="x")
for what in ("x + 1", "1 + x"):
    try:
        eval(what)
    except Exception as error:
        print(f"{what}:  {type(error).__name__}: {error}")

# %% [markdown]
# These are two different failures. In `x + 1` your `__add__` was called, and looked for the `data` of 1. A plain number
# has none; it must be put into a Value first.
#
# In `1 + x` your `__add__` was not called at all. Python asked the 1, and an integer does not know what a Value is. But
# Python does not give up so fast. Before it reports an error, it asks the right operand: is there an `x.__radd__(1)`?
# The r stands for *reflected*. With that you can answer, and you need not be able to change integers.
#
# For a sum, the two orders give the same. For a difference they do not: `1 - x` calls `x.__rsub__(1)`, and the answer
# is 1 minus `x`, not the other way round.

# %% [markdown] exercise="4.2" title="Numbers on either side" difficulty=2 minutes=15
# ### Exercise 4.2: numbers on either side
#
# Write a class `Number` with plus and minus. It inherits from the `Value` above, which keeps the data and the memory.
# Each operand may be a Number or a plain number, on either side; a plain number becomes a leaf. The results are
# Numbers, with `"+"` and `"-"` as their `_op`, and `_prev` holds the operands in the order in which they were written.


# %% stub="4.2"
class Number(Value):
    def __add__(self, other):
        return Number(self.data + other.data, (self, other), "+")


# %% [markdown] hint="4.2"
# Four functions are needed: `__add__`, `__radd__`, `__sub__` and `__rsub__`. Write the two without r first, for two
# Numbers.

# %% [markdown] hint="4.2"
# A line such as `other = other if isinstance(other, Number) else Number(other)` at the beginning of each makes a leaf
# out of a plain number.

# %% [markdown] hint="4.2"
# In `__rsub__(self, other)`, `other` stands on the left of the minus. Once it is a Number, you can simply write `other
# - self`, and the work is done by `__sub__`.


# %% solution="4.2"
class Number(Value):
    def __add__(self, other):
        other = other if isinstance(other, Number) else Number(other)
        return Number(self.data + other.data, (self, other), "+")

    def __radd__(self, other):
        return Number(other) + self

    def __sub__(self, other):
        other = other if isinstance(other, Number) else Number(other)
        return Number(self.data - other.data, (self, other), "-")

    def __rsub__(self, other):
        return Number(other) - self


# %% [markdown] explanation="4.2"
# `__radd__` and `__rsub__` are only ever called with something on the left that is no Number, so they make one of it.
# Then both sides are Numbers, in the order they were written in, and the ordinary plus or minus does the rest. So the
# mathematics of each operation stands in one place.

# %% [markdown]
# With the same few lines come division, $a / b$, and powers; the names are `__truediv__` and `__pow__`. You find all of
# them in the library's own `Value`, one page of code that you will understand completely after the next
# lesson: `import inspect, chainrule.value; print(inspect.getsource(chainrule.value.Value))`.
#
# ## Walk through it
#
# What can be done with a memory? Follow it. Here is a function that says how deep a graph is: how many operations lie
# between the result and the leaf farthest away.


# %%
def depth(value):
    if not value._prev:
        return 0
    return 1 + max(depth(operand) for operand in value._prev)


print("L is", depth(L), "operations deep")

# %% [markdown]
# A function that calls itself for each operand fits a graph well. But there is something to watch out for. A Value may
# be used more than once, and then there are several ways to it. Count how often `depth` is called when each Value is
# the double of the one before:

# %%
calls = 0


def depth_counted(value):
    global calls
    calls += 1
    return 1 + max(map(depth_counted, value._prev)) if value._prev else 0


for doublings in (1, 2, 4, 8, 16):
    x = Value(1.0)
    for _ in range(doublings):
        x = x + x
    calls = 0
    depth_counted(x)
    print(f"{doublings:2} doublings, {doublings + 1:2} Values: {calls:6} calls")

# %% [markdown]
# Seventeen Values, and more than a hundred thousand calls: each doubling doubles the number of ways. Forty doublings
# would keep the computer busy for days. Whoever walks through a graph must remember where they have been.

# %% [markdown] exercise="4.3" title="The leaves" difficulty=2 minutes=12
# ### Exercise 4.3: the leaves
#
# Write `leaves(root)`. It returns a list with the labels of all leaves in the graph of `root`, each leaf once, from
# left to right as they are written in the formula: for `a * b + a` that is `["a", "b"]`. It must be quick for forty
# doublings, too.


# %% stub="4.3"
def leaves(root):
    return [operand.label for operand in root._prev]


# %% [markdown] hint="4.3"
# Write a function inside, `visit(value)`, that calls itself for each operand, in order. At a leaf it appends the label
# to a list.

# %% [markdown] hint="4.3"
# Keep a set of the Values that have been visited, *all* of them, not just the leaves. If a Value is in it, `visit`
# returns at once.


# %% solution="4.3"
def leaves(root):
    found, seen = [], set()

    def visit(value):
        if value in seen:
            return
        seen.add(value)
        if not value._prev:
            found.append(value.label)
        for operand in value._prev:
            visit(operand)

    visit(root)
    return found


# %% [markdown] explanation="4.3"
# `visit` looks at each Value once, however many ways lead to it, because it leaves at once if it has been there. Two
# leaves may have the same label or the same number; they are told apart because `seen` holds the Values themselves.

# %% [markdown] exercise="4.4" title="Read it out" difficulty=3 minutes=20
# ### Exercise 4.4: read it out
#
# The graph knows the formula. Write `formula(value)`, which gives it back as a text. A leaf is written as its label. A
# sum is written as its two parts with `" + "` between them, a product with `" * "`. Brackets stand only where the
# formula would mean something else without them: `"(a + b) * c"`, but `"a * b + c"`. Sums and products of several parts
# may be built in any order, and $(a + b) + c$ is the same as $a + (b + c)$: no brackets there. Labels of what was
# computed do not matter.


# %% stub="4.4"
def formula(value):
    return value.label


# %% [markdown] hint="4.4"
# Let `formula` call itself for the two operands and put the sign between the two texts. That gives everything but the
# brackets.

# %% [markdown] hint="4.4"
# When is an operand put in brackets? When it is a sum and you are just writing a product. No other case needs them.

# %% [markdown] hint="4.4"
# So for a product, before joining: `f"({text})"` if `operand._op == "+"`, and `text` as it is otherwise.


# %% solution="4.4"
def formula(value):
    if not value._prev:
        return value.label
    parts = []
    for operand in value._prev:
        text = formula(operand)
        if value._op == "*" and operand._op == "+":
            text = f"({text})"
        parts.append(text)
    return f" {value._op} ".join(parts)


# %% [markdown] explanation="4.4"
# Times binds tighter than plus, so the only text that would be torn apart is a sum inside a product. Everything else
# may stand as it is. (With minus there would be one case more: the right operand of a minus.)

# %% [markdown]
# ## What you can do now
#
# You can make your own objects take part in formulas, with plain numbers on either side. Your Values remember what they
# were made from, you can look at that as a graph, and you can walk through it without going in circles. What the Values
# cannot do yet is the thing they were made for: tell how fast the result changes with each of them. For that, each gets
# one more number and one small function. That is the next lesson.
