# %% [markdown] lesson=5 title="Backward" minutes=90
# # 5. Backward: the chain rule as an algorithm
#
# A network has a million weights and one loss. You want to know, for each weight, whether the loss goes up or down when
# the weight grows a little, and how fast. In lesson 1 you found such a slope by nudging: change the number, run
# everything again, see what the result does. With a million weights that is a million runs for one step of training.
#
# **Can all the slopes be had from one run?**
#
# They can. The cost is about that of one more run, whatever the number of weights. This lesson builds the algorithm
# that does it.

# %% given="*"
import math

from chainrule.graph import draw
from chainrule.viz.sketch import sketch


class Value:
    """A number that remembers what it was made from, and how to send its slope back to them."""

    def __init__(self, data, _prev=(), _op="", label=""):
        self.data = data
        self.grad = 0.0
        self._prev = _prev
        self._op = _op
        self.label = label
        self._backward = lambda: None

    def __repr__(self):
        return f"Value({self.label or self._op or 'leaf'}: data={self.data:.4g}, grad={self.grad:.4g})"


# %% [markdown]
# This is the `Value` of lesson 4, with two things more: `grad`, a place for the slope of the final result with respect
# to this number, and `_backward`, a function without arguments that does nothing yet. It will be the number's own small
# part of the work.
#
# ## One node knows very little
#
# Take $L = d \cdot f$ with $d = a \cdot b + c$. The node $L$ is a product. It knows its two factors and nothing else:
# not where $d$ came from, not what $L$ will be used for. What can it say about slopes? If $d$ grows by a little
# $\varepsilon$, then $L$ grows by $f \cdot \varepsilon$. So
#
# $$\frac{\partial L}{\partial d} = f, \qquad \frac{\partial L}{\partial f} = d.$$
#
# The node $d$ is a sum. If $c$ grows by $\varepsilon$, so does $d$: $\;\partial d / \partial c = 1$. These slopes of
# one single operation are called *local*.
#
# But you do not want $\partial d / \partial c$. You want $\partial L / \partial c$. Let $c$ grow by $\varepsilon$: then
# $d$ grows by $1 \cdot \varepsilon$, and then $L$ grows by $f$ times that. Slopes along a path multiply:
#
# $$\frac{\partial L}{\partial c} = \frac{\partial L}{\partial d} \cdot \frac{\partial d}{\partial c} = f \cdot 1.$$
#
# This is the chain rule. Read it from the left, and it is a procedure: *take the slope that has arrived at a node,
# multiply by its local slope, hand the product to the child.* Let us do that with numbers.

# %%
a, b, c, f = 4.0, -1.5, 10.0, -2.0
d = a * b + c
L = d * f

dL_dL = 1.0  # L changes as fast as L
dL_dd = dL_dL * f  # the product hands each factor the other one
dL_df = dL_dL * d
dL_dc = dL_dd * 1.0  # a sum hands on what it got
dL_dab = dL_dd * 1.0  # the product a * b is the other part of the sum
dL_da = dL_dab * b
dL_db = dL_dab * a

print(f"L = {L}")
print(f"∂L/∂a = {dL_da}   ∂L/∂b = {dL_db}   ∂L/∂c = {dL_dc}   ∂L/∂f = {dL_df}")

# %% [markdown]
# Six multiplications, and every slope is there. Do not believe it yet. Nudge each number and look:


# %%
def final(a, b, c, f):
    return (a * b + c) * f


h = 1e-6
for i, name in enumerate("abcf"):
    up, down = [a, b, c, f], [a, b, c, f]
    up[i] += h
    down[i] -= h
    print(f"∂L/∂{name} = {(final(*up) - final(*down)) / (2 * h):.6f}")

# %% [markdown]
# The same numbers, except that nudging needed eight runs of `final` and the chain rule needed none.

# %% [markdown] exercise="5.1" title="Back through three operations" difficulty=1 minutes=8
# ### Exercise 5.1: back through three operations
#
# Here is another expression: $L = (a + b) \cdot (b - c)$. Write `slopes(a, b, c)`. It returns the three slopes
# $\partial L/\partial a$, $\partial L/\partial b$ and $\partial L/\partial c$ as a tuple. Go node by node, from $L$
# back, as above. Note that $b$ is used twice.


# %% stub="5.1"
def slopes(a, b, c):
    s = a + b
    d = b - c
    # L = s * d
    dL_ds = 0.0
    dL_dd = 0.0
    return dL_ds, dL_ds, dL_dd


# %% [markdown] hint="5.1"
# $L = s \cdot d$ is a product: each factor gets the other one. That is $\partial L/\partial s$ and $\partial L/\partial
# d$.

# %% [markdown] hint="5.1"
# Now one step further back: $s = a + b$ hands its slope on to $a$ and to $b$, each times 1. What does $d = b - c$ do to
# $c$, if $c$ grows?

# %% [markdown] hint="5.1"
# $b$ reaches $L$ on two paths: through $s$ and through $d$. If $b$ grows a little, both factors change, and the two
# changes of $L$ add up.


# %% solution="5.1"
def slopes(a, b, c):
    s = a + b
    d = b - c
    dL_ds = d
    dL_dd = s
    return dL_ds * 1.0, dL_ds * 1.0 + dL_dd * 1.0, dL_dd * -1.0


# %% [markdown] explanation="5.1"
# The product gives each factor the other: $\partial L/\partial s = d$ and $\partial L/\partial d = s$. The sum passes
# $d$ on to $a$ and $b$; the difference passes $s$ on to $b$, and $-s$ to $c$, because $d$ falls when $c$ grows. Two
# paths lead from $b$ to $L$, and their slopes add: $d + s$.

# %% [markdown]
# ## Let each node do its own part
#
# Working out slopes by hand is what a program should do. The trick is to have each operation prepare its own step
# *while it computes its result*: at that moment it knows its operands and it knows its local slopes. It wraps them up
# in a function and leaves that with the result.


# %% given="*"
def add(a, b):
    out = Value(a.data + b.data, (a, b), "+")

    def _backward():
        a.grad += out.grad * 1.0  # what has arrived × the local slope
        b.grad += out.grad * 1.0

    out._backward = _backward
    return out


def multiply(a, b):
    out = Value(a.data * b.data, (a, b), "*")

    def _backward():
        a.grad += out.grad * b.data
        b.grad += out.grad * a.data

    out._backward = _backward
    return out


Value.__add__ = add
Value.__mul__ = multiply

# %% [markdown]
# `_backward` is defined inside `add`, so it can still see `a`, `b` and `out` when it is called later. Nothing is
# computed backward yet: the functions only lie there, ready. To start, say that $L$ changes as fast as itself, `L.grad
# = 1.0`. Then call the functions, from the result back to the leaves.

# %%
a, b, c, f = Value(4.0, label="a"), Value(-1.5, label="b"), Value(10.0, label="c"), Value(-2.0, label="f")
e = a * b
d = e + c
L = d * f
e.label, d.label, L.label = "e", "d", "L"

L.grad = 1.0
L._backward()
d._backward()
e._backward()
draw(L)

# %% [markdown]
# In the picture each box has the number first and then the slope. They are the slopes from above: −1.5 · −2 = 3 for
# $a$, 4 · −2 = −8 for $b$, −2 for $c$ and 4 for $f$.
#
# ## Why `+=`
#
# Every `_backward` above *adds* to a `grad`. Is that needed? Each value is mentioned once there. Let us use one twice,
# and let us write the simpler `=`.


# %%
def add_carelessly(a, b):
    out = Value(a.data + b.data, (a, b), "+")

    def _backward():
        a.grad = out.grad
        b.grad = out.grad

    out._backward = _backward
    return out


x = Value(3.0, label="x")
y = add_carelessly(x, x)
y.grad = 1.0
y._backward()
print(f"y = x + x = {y.data}, and ∂y/∂x is said to be {x.grad}")

# %% [markdown]
# But $x + x = 2x$ has the slope 2. What happened? The first line wrote 1 into `x.grad`. The second line wrote 1 over
# it. There are two paths from $x$ to $y$, and the chain rule adds up what comes along them. Whoever arrives second must
# not wipe out the first: hence `+=`.

# %%
x = Value(3.0, label="x")
y = x + x
y.grad = 1.0
y._backward()
print(f"with += it is {x.grad}")

# %% [markdown]
# The price of `+=` is that somebody must set the slopes back to zero before the next pass. PyTorch made the same
# choice, and that is why training scripts call `zero_grad`.

# %% [markdown] exercise="5.2" title="Subtraction" difficulty=2 minutes=8
# ### Exercise 5.2: subtraction
#
# Write `subtract(a, b)` in the manner of `add`: it returns a `Value` that holds `a.data - b.data`, remembers its
# operands in `_prev` and its operation `"-"` in `_op`, and has a `_backward` of its own.


# %% stub="5.2"
def subtract(a, b):
    out = Value(0.0, (a, b), "-")

    def _backward():
        pass

    out._backward = _backward
    return out


# %% [markdown] hint="5.2"
# If $a$ grows by a little, by how much does $a - b$ grow? And if $b$ does?

# %% [markdown] hint="5.2"
# The local slopes are $1$ for $a$ and $-1$ for $b$. Each is multiplied by what has arrived: `out.grad`.

# %% [markdown] hint="5.2"
# One of the two lines is `a.grad += out.grad * 1.0`. In the other, only the local slope is different.


# %% solution="5.2"
def subtract(a, b):
    out = Value(a.data - b.data, (a, b), "-")

    def _backward():
        a.grad += out.grad * 1.0
        b.grad += out.grad * -1.0

    out._backward = _backward
    return out


# %% [markdown] explanation="5.2"
# $a - b$ rises with $a$ and falls with $b$, both at speed 1. So the local slopes are $1$ and $-1$, and each is
# multiplied by `out.grad`, the slope of the final result with respect to this node. `+=` because $a$ and $b$ may have
# other users, or be the same object: for $a - a$ the two contributions add up to 0, as they must.

# %% [markdown]
# ## A neuron
#
# A neuron adds up its inputs, each times a weight, adds a bias, and bends the sum: $o = \tanh(w_1 x_1 + w_2 x_2 + b)$.
# What does the bend look like, and what is its slope?

# %%
points = [i / 50 for i in range(-200, 201)]
figure, (left, right) = sketch(("x", "tanh x"), ("x", "slope of tanh"))
left.plot(points, [math.tanh(x) for x in points])
right.plot(points, [1 - math.tanh(x) ** 2 for x in points])
figure

# %% [markdown]
# For large and for small $x$ the curve is flat. There a change of the sum changes the output by almost nothing, so
# almost no slope gets through: the neuron is *saturated*, and its weights hardly learn. In the middle the slope is 1.
#
# The slope has a convenient form. With $t = \tanh x$,
#
# $$\frac{dt}{dx} = 1 - t^2,$$
#
# so whoever has just computed $t$ gets the slope for two more operations. (Here is why. $\tanh x = \sinh x / \cosh x$;
# the quotient rule gives $(\cosh^2 x - \sinh^2 x)/\cosh^2 x = 1 - \tanh^2 x$.)
#
# How do you compute the tanh itself? One formula is $\tanh x = (e^{2x} - 1)/(e^{2x} + 1)$. It is true. Try it:


# %%
def tanh_by_formula(x):
    return (math.exp(2 * x) - 1) / (math.exp(2 * x) + 1)


for x in (1.0, 100.0, 400.0):
    try:
        print(f"x = {x}: formula {tanh_by_formula(x)}, math.tanh {math.tanh(x)}")
    except OverflowError as error:
        print(f"x = {x}: formula fails with OverflowError ({error}), math.tanh gives {math.tanh(x)}")

# %% [markdown]
# The answer for $x = 400$ is 1, as near as a float can tell. But on the way the formula needs $e^{800}$, and the
# largest float is about $1.8 \cdot 10^{308}$, which is $e^{709.8}$. A formula that is true on paper can be unusable in
# a machine. `math.tanh` takes care of it.

# %% [markdown] exercise="5.3" title="The bend" difficulty=2 minutes=10
# ### Exercise 5.3: the bend
#
# Write `tanh(x)`: an operation with one operand, in the manner of `add`. Its `_op` is `"tanh"`. It must work for large
# numbers too. The check builds a whole neuron with it and compares every slope with the one that PyTorch finds.


# %% stub="5.3"
def tanh(x):
    out = Value(x.data, (x,), "tanh")

    def _backward():
        x.grad += out.grad

    out._backward = _backward
    return out


# %% [markdown] hint="5.3"
# There are two things to change: the number that `out` holds, and the local slope in `_backward`.

# %% [markdown] hint="5.3"
# Compute `t = math.tanh(x.data)` first; you need it twice.

# %% [markdown] hint="5.3"
# The local slope is $1 - t^2$, and it multiplies what has arrived: `out.grad`.


# %% solution="5.3"
def tanh(x):
    t = math.tanh(x.data)
    out = Value(t, (x,), "tanh")

    def _backward():
        x.grad += out.grad * (1.0 - t * t)

    out._backward = _backward
    return out


# %% [markdown] explanation="5.3"
# `t` is computed once, by a function that does not overflow, and used twice: as the result and in the local slope $1 -
# t^2$. `_backward` may use `t` later because a function keeps the names it was defined among.

# %% [markdown]
# ## In which order?
#
# You called the `_backward` functions by hand, result first. A program must find the order itself. It seems easy: call
# the one of the result, then those of its children, then those of *their* children, and so on. Let us try it on $y = (x
# \cdot x) + (x \cdot x) \cdot x$, where the square is used twice.


# %%
def backward_by_levels(root):
    root.grad = 1.0
    waiting = [root]
    while waiting:
        value = waiting.pop(0)
        print(f"{value.label} has grad {value.grad} and sends it on")
        value._backward()
        waiting += [child for child in value._prev if child not in waiting and child._prev]


x = Value(2.0, label="x")
square = x * x
cube = square * x
y = square + cube
square.label, cube.label, y.label = "square", "cube", "y"
backward_by_levels(y)
print(f"∂y/∂x is said to be {x.grad}; it is {2 * 2.0 + 3 * 2.0**2}")

# %% [markdown]
# `square` sent its slope on *before* `cube` had added its share to it, and then it sent a second time, what it had sent
# already included. Two rules follow:
#
# - A value may send only when **everyone who uses it has sent**. Only then is its own `grad` complete.
# - It sends **once**.
#
# An order that puts every value after all those who use it is called *topological*. How do you find one? Turn the
# question round. List the values so that each comes after its own children. That is easy to do by walking down: before
# a value goes into the list, put in all its children, unless they are there already. Read backward, this list has each
# value before its children, and so after everyone who uses it.
#
# For our graph the list is `x, square, cube, y`. Read from the end:

# %%
for value in (x, square, cube, y):
    value.grad = 0.0
y.grad = 1.0
for value in (y, cube, square, x):
    value._backward()
print(f"∂y/∂x = {x.grad}")
draw(y)

# %% [markdown]
# ## Against PyTorch
#
# PyTorch is the library most networks are trained with. It does what you have just seen, with arrays instead of single
# numbers. If your `Value` is right, both must agree, digit for digit. Here is a neuron with two inputs. The library
# `chainrule` has a function that finds the order; it works on any class with `_prev`, so on yours too.

# %%
from chainrule.course.oracle import numbers
from chainrule.value import topological_order

x1, x2 = Value(0.5, label="x1"), Value(-1.0, label="x2")
w1, w2 = Value(2.0, label="w1"), Value(1.5, label="w2")
b = Value(0.25, label="b")
n = x1 * w1 + x2 * w2 + b
n.label = "n"
n.grad = 1 - math.tanh(n.data) ** 2  # the slope that the tanh sends to n
for value in reversed(topological_order(n)):
    value._backward()

torch_says = numbers("05_backward", "neuron")  # recorded, so that you need not install PyTorch
for value in (x1, x2, w1, w2, b):
    print(f"{value.label}: yours {value.grad:.12f}   PyTorch's {torch_says[value.label]:.12f}")

# %% [markdown]
# ## Twice
#
# One last trap. Call the whole thing a second time, on the same graph. You expect each leaf to receive its slope again,
# so that it holds twice the slope: that is what `+=` says, and what PyTorch does.


# %%
def send_all(root):
    root.grad = 1.0
    for value in reversed(topological_order(root)):
        value._backward()


x = Value(2.0, label="x")
y = (x * x) * x
send_all(y)
print(f"after one pass:   {x.grad}")
send_all(y)
print(f"after two passes: {x.grad}, and twice 12 is 24")

# %% [markdown]
# What went wrong? The value in the middle, $x \cdot x$, still had its slope from the first pass, and added the second
# to it. Then it sent *both* on. Only the leaves may collect over several passes. Everything between them and the result
# has to start from zero each time.

# %% [markdown] exercise="5.4" title="backward" difficulty=3 minutes=25
# ### Exercise 5.4: backward
#
# Write `backward(root)`. Afterwards each leaf's `grad` has grown by the slope of `root` with respect to that leaf. It
# must hold for:
#
# - graphs in which values are used several times;
# - a second call on the same graph, which must add the same slopes again (leaves keep what they have; whatever was
#   computed starts from zero);
# - deep graphs: a sum of 5,000 terms is a graph 5,000 levels deep. Python allows about 1,000 function calls inside one
#   another.


# %% stub="5.4"
def backward(root):
    root.grad = 1.0
    root._backward()


# %% [markdown] hint="5.4"
# There are three steps: list all values so that children come before those made of them; set the grads of all that have
# children to 0, then that of `root` to 1; go through the list from its end and call each `_backward`.

# %% [markdown] hint="5.4"
# For the list, write the version that calls itself first: `visit(value)` returns at once if the value was seen, visits
# its children, and then appends the value. This passes all but the deep graph.

# %% [markdown] hint="5.4"
# Without recursion, keep a stack of your own, a list of pairs `(value, done)`. Take a pair off the end. If `done`, all
# its children are in the list already: append the value. Otherwise push `(value, True)` back, and on top of it `(child,
# False)` for every child not seen yet.


# %% solution="5.4"
def backward(root):
    order, seen = [], set()
    stack = [(root, False)]
    while stack:
        value, done = stack.pop()
        if done:
            order.append(value)
        elif value not in seen:
            seen.add(value)
            stack.append((value, True))
            stack += [(child, False) for child in value._prev]

    for value in order:
        if value._prev:
            value.grad = 0.0
    root.grad = 1.0
    for value in reversed(order):
        value._backward()


# %% [markdown] explanation="5.4"
# A value comes off the stack twice: first to push its children above itself, then, when they are all done, to be
# appended. So in `order` each value stands after its children, and read from the end, after its users. A child may be
# pushed several times before it is seen; `seen` lets only the first through. Every value that was computed starts from
# zero, leaves keep what they had. The stack is a list, so the depth of the graph does not matter.

# %% [markdown]
# ## What you can do now
#
# You can find the slopes of any expression in one pass from the result back, whatever the number of leaves. You know
# why slopes multiply along a path and add over paths, why a value waits for all who use it, and where the zeros belong.
# This algorithm is *backpropagation*, and you will meet it again in this course with matrices (lesson 8) and with
# tensors (lesson 10). The next lesson puts neurons together and trains them.
