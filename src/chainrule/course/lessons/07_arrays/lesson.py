# %% [markdown] lesson=7 title="From scalars to arrays" minutes=80
# # 7. From scalars to arrays
#
# The network of lesson 6 looked at two numbers of a hundred flowers, and you could wait for it. Now take pictures of
# handwritten digits: 8 × 8 pixels, so 64 numbers, and there are 1,797 of them. **How long would `Value` need for one
# layer of 32 neurons on all of these pictures?**
#
# Let us measure it on one picture.

# %% given="*"
import random
import time

import numpy as np

from chainrule import value as library
from chainrule.data import datasets
from chainrule.viz.sketch import sketch

# %%
X, y = datasets.digits()
random.seed(0)
slow = library.Layer(64, 32)

begun = time.perf_counter()
slow(X[0].tolist())
one_picture = time.perf_counter() - begun
print(f"one picture: {1000 * one_picture:.1f} ms; all {len(X)}: {one_picture * len(X):.1f} s, and that is forward only")

# %% [markdown]
# Training looks at all the pictures many times, forward and backward. You would need patience. What is so slow? Not the
# arithmetic. 32 neurons with 64 weights are 2,048 multiplications and as many additions. But each of them makes a
# Python object, which notes its operands and its slopes.
#
# Now the same layer for *all* the pictures, as one expression on arrays:

# %%
W = np.array([[w.data for w in neuron.w] for neuron in slow.neurons]).T  # (64, 32): a column for each neuron
b = np.array([neuron.b.data for neuron in slow.neurons])

begun = time.perf_counter()
sums = X @ W + b
all_pictures = time.perf_counter() - begun
same = np.allclose(np.tanh(sums[0]), [out.data for out in slow(X[0].tolist())])
faster = one_picture * len(X) / all_pictures
print(f"all pictures: {1000 * all_pictures:.2f} ms, {faster:,.0f} times as fast; same numbers: {same}")

# %% [markdown]
# The same numbers, in a tiny part of the time. How much faster depends on your machine, but it is thousands of times.
# An array keeps its numbers side by side in memory, and one call goes through all of them in compiled code. So the rule
# is: **one operation on many numbers, instead of many operations on one.**
#
# The price is that you must know the shapes of things. This lesson is about that: `X @ W + b` has four shapes in it, and
# each of them is easy to get wrong.
#
# ## Shapes and axes
#
# The *shape* of an array says how many numbers it has along each of its *axes*.

# %%
images = X.reshape(1797, 8, 8)
for name, array in (("y", y), ("X", X), ("images", images), ("one pixel", X[0, 10])):
    print(f"{name:9} shape {array.shape!s:13} axes {array.ndim}   {array.dtype}")

# %% [markdown]
# A number without axes is a *scalar*. With one axis it is a *vector*, with two a *matrix*. For any number of axes the
# word is *tensor*. Here `X` has an axis of pictures and an axis of pixels; `images` has the pixels in rows and columns.
# `reshape` changes how the numbers are counted, and leaves their order alone.
#
# Many operations go *along an axis* and use it up. The mean along axis 0, the pictures, is a mean over all the
# pictures: one number for each pixel is left. Along axis 1, the pixels, one number for each picture is left.

# %%
from chainrule.viz.plots import image_grid

average = X.mean(axis=0)
ink = X.mean(axis=1)
print("average has shape", average.shape, "and ink has shape", ink.shape)
averages = np.array([X[y == digit].mean(axis=0) for digit in range(10)])

figure, (left, right) = sketch(("", ""), ("", ""))
image_grid(left, images[:10], [str(digit) for digit in y[:10]], columns=5)
image_grid(right, averages.reshape(10, 8, 8), [f"all {digit}s" for digit in range(10)], columns=5)
figure

# %% [markdown]
# On the left the first ten pictures, on the right the mean of all zeros, all ones, and so on, each a mean along axis 0.
# To remember it: *the axis you name is the one that goes away.*
#
# ## Broadcasting
#
# `X` has shape (1797, 64) and `average` has shape (64,). What is `X - average`? You would like it to be: from each
# picture the average picture. And so it is. NumPy *broadcasts* the smaller array: it acts as if it were repeated,
# without copying anything. The rule has two lines:
#
# 1. Write the shapes below each other, **aligned on the right**. Missing axes on the left count as 1.
# 2. On each axis, the two sizes must be equal, or one of them must be **1**. The 1 is stretched.

# %%
for name, other in (("average", average), ("ink", ink), ("ink[:, None]", ink[:, None])):
    try:
        print(f"X {X.shape} - {name} {other.shape}: shape {(X - other).shape}")
    except ValueError as error:
        print(f"X {X.shape} - {name} {other.shape}: {error}")

# %% [markdown]
# (1797, 64) and (64,) fit: on the right 64 meets 64, and on the left 1797 meets a missing axis. (1797, 64) and (1797,)
# do not: aligned on the *right*, 1797 meets 64. To say that `ink` belongs to the first axis, give it a second axis of
# size 1: `ink[:, None]`. Or keep the axis when you take the mean, `X.mean(axis=1, keepdims=True)`.

# %% [markdown] exercise="7.1" title="On one scale" difficulty=1 minutes=10
# ### Exercise 7.1: on one scale
#
# In lesson 2 inputs of different sizes made the valley narrow. So bring them to one scale. Write `standardise(X)` for
# an array of shape (examples, inputs): it returns a new array in which each *input* (each column) has mean 0 and
# standard deviation 1 (`std`) over the examples. A column in which all numbers are the same cannot have that: it
# becomes all 0. (Some pixels of the digits are always empty.)


# %% stub="7.1"
def standardise(X):
    return X - 0.0


# %% [markdown] hint="7.1"
# A mean *over the examples*: which axis goes away? And does what is left line up with `X`, on the right?

# %% [markdown] hint="7.1"
# `(X - X.mean(axis=0)) / X.std(axis=0)` does it, unless a column's standard deviation is 0: then it divides 0 by 0.

# %% [markdown] hint="7.1"
# Where the standard deviation is 0, divide by 1 instead: `spread = X.std(axis=0)`, then `spread[spread == 0] = 1.0`.


# %% solution="7.1"
def standardise(X):
    spread = X.std(axis=0)
    spread[spread == 0] = 1.0
    return (X - X.mean(axis=0)) / spread


# %% [markdown] explanation="7.1"
# Axis 0 holds the examples, and it is the one that goes away. Mean and spread have shape (inputs,), and aligned on the
# right they meet the inputs of `X`. A column that is always the same has nothing to say; minus its mean it is 0, and 0
# divided by 1 stays 0.

# %% [markdown]
# ## A layer is a product of matrices
#
# One neuron: $z = w_1 x_1 + \dots + w_n x_n + b$. One product for each input, and their sum. A layer has several
# neurons, each with its own weights. Put the weights of each neuron into a *column* of a matrix: $W$ has shape (inputs,
# outputs). And put each example into a row of $X$, of shape (examples, inputs). You want a number for each example $i$
# and each neuron $j$:
#
# $$Z_{ij} = \sum_k X_{ik} \, W_{kj} + b_j.$$
#
# The *matrix product* $A B$ multiplies the rows of $A$ with the columns of $B$ and adds up:
# $(AB)_{ij} = \sum_k A_{ik} B_{kj}$. The sizes that meet in the middle must be the same, and they go away: (n, **k**)
# times (**k**, m) is (n, m). That is the sum above: the rows of $X$ are the examples, the columns of $W$ the neurons. If
# a neuron's weights lie in a row, as they came out of the list of neurons at the beginning, turn the matrix round: $W^T$
# has rows and columns exchanged, and in code it is `W.T`.

# %%
small_X = np.array([[1.0, 2.0, 3.0], [0.0, -1.0, 0.5]])  # 2 examples, 3 inputs
small_W = np.array([[1.0, 2.0, 0.0, 1.0], [0.0, 1.0, 0.5, 1.0], [-1.0, 0.0, 0.5, 1.0]])  # 3 inputs, 4 neurons
print("X @ W has shape", (small_X @ small_W).shape)
print(small_X @ small_W)
print("by hand, example 0 and neuron 1:", 1.0 * 2.0 + 2.0 * 1.0 + 3.0 * 0.0)

# %% [markdown] exercise="7.2" title="A layer for a batch" difficulty=1 minutes=8
# ### Exercise 7.2: a layer for a batch
#
# Write `layer(X, W, b)` with the shapes `X` (examples, inputs), `W` (inputs, outputs), `b` (outputs,). It returns the
# sums of all the neurons for all the examples: shape (examples, outputs).


# %% stub="7.2"
def layer(X, W, b):
    return np.zeros((len(X), W.shape[1]))


# %% [markdown] hint="7.2"
# Write down the shapes: (examples, inputs) times what is (examples, outputs)? Which sizes must meet in the middle?

# %% [markdown] hint="7.2"
# `X @ W` is (examples, inputs) @ (inputs, outputs). Now the bias: does shape (outputs,) line up with (examples,
# outputs), on the right?


# %% solution="7.2"
def layer(X, W, b):
    return X @ W + b


# %% [markdown] explanation="7.2"
# (examples, inputs) @ (inputs, outputs) gives (examples, outputs). `b` has shape (outputs,), so aligned on the right it
# meets the neurons and is stretched over the examples: every example gets the same biases. Beware of square `W`:
# then `X @ W.T` runs, too, and is wrong.

# %% [markdown]
# ## When shapes fit by accident
#
# An error message is annoying, but it is the good case. The bad case is when shapes fit that should not. Here is a
# straight line to be learned, $y = 3x + 1$. The network has one output, so its answers have shape (50, 1). The targets
# have shape (50,).

# %%
x = np.linspace(-1, 1, 50)
targets = 3 * x + 1


def fit_line(targets):
    w, b = np.zeros((1, 1)), np.zeros(1)
    for _ in range(300):
        answers = x[:, None] @ w + b  # (50, 1)
        errors = answers - targets
        g = 2 * errors / errors.size
        w = w - 0.3 * np.sum(g * x[:, None])
        b = b - 0.3 * np.sum(g)
    return errors.shape, w.item(), b.item()


for name, given in (("shape (50,)  ", targets), ("shape (50, 1)", targets[:, None])):
    shape, w, b = fit_line(given)
    print(f"targets of {name}: errors of shape {shape}, learned {abs(w):.4f}·x + {b:.4f}")

# %% [markdown]
# No error, no warning, and the first line learned is wrong: its slope is 0 instead of 3. (50, 1) minus (50,) is (50,
# 50): *every answer minus every target*. The best that one can answer to all targets at once is their mean, 1, and that
# is what came out. Such a mistake can sit in a program for weeks, because the loss goes down.

# %% [markdown] exercise="7.3" title="A loss that is not fooled" difficulty=2 minutes=12
# ### Exercise 7.3: a loss that is not fooled
#
# Write `mse(answers, targets)`: the mean of the squared differences, one number. Each of the two may have shape (n,) or
# (n, 1), and answer number $i$ always belongs to target number $i$. If there are not as many targets as answers, raise
# a `ValueError` that says so.


# %% stub="7.3"
def mse(answers, targets):
    return 0.0


# %% [markdown] hint="7.3"
# First bring both into the same shape. `a.reshape(-1)` makes one axis of all there is.

# %% [markdown] hint="7.3"
# If you do not check the numbers yourself: 3 answers and *1* target are broadcast without a word. Compare the lengths
# before you subtract, and `raise ValueError("...")`.


# %% solution="7.3"
def mse(answers, targets):
    a, t = answers.reshape(-1), targets.reshape(-1)
    if len(a) != len(t):
        raise ValueError(f"{len(a)} answers and {len(t)} targets: there must be one target for each answer")
    return np.mean((a - t) ** 2)


# %% [markdown] explanation="7.3"
# With one axis each, and of the same length, nothing is left that could be stretched. A check of two lines at the
# border of a function is cheaper than a week of wondering why nothing is learned.

# %% [markdown]
# ## Slopes of what was stretched
#
# `X @ W + b` stretches `b` over the examples. How does the loss change with $b_j$? In lesson 5 you saw: whoever is
# used several times gets a slope from each use, and they add up. `b` is used once *for each example*. So if $G$ holds
# the slopes of the loss in $Z$, of shape (examples, outputs), then
#
# $$\frac{\partial L}{\partial b_j} = \sum_i G_{ij}.$$
#
# Let us nudge. As a loss take the sum of the squares of $Z$, so that $G = 2Z$.

# %%
small_b = np.array([0.5, -1.0, 2.0, 0.0])


def loss_at(b):
    return np.sum((small_X @ small_W + b) ** 2)


G = 2 * (small_X @ small_W + small_b)
h = 1e-6
nudged = [(loss_at(small_b + h * unit) - loss_at(small_b - h * unit)) / (2 * h) for unit in np.eye(4)]
print("nudged:           ", np.round(nudged, 6))
print("summed over axis 0:", G.sum(axis=0))
print("not summed: shape  ", G.shape)

# %% [markdown]
# The general rule: **where the forward pass stretches, the backward pass sums.** The slope of an array has the shape of
# the array, always. If it came out larger, somewhere a sum is missing.

# %% [markdown] exercise="7.4" title="Undo the stretching" difficulty=3 minutes=20
# ### Exercise 7.4: undo the stretching
#
# An array of shape `shape` was broadcast to a larger shape. `g`, of that larger shape, holds the slopes of the loss in
# the stretched array. Write `unbroadcast(g, shape)`: the slopes in the array as it was, of shape `shape`. Every library
# that finds the slopes of arrays needs this function; you will need it in lesson 10.


# %% stub="7.4"
def unbroadcast(g, shape):
    return np.zeros(shape)


# %% [markdown] hint="7.4"
# Broadcasting does two things: it adds axes on the left, and it stretches axes of size 1. Undo them one after the
# other.

# %% [markdown] hint="7.4"
# As long as `g` has more axes than `shape`, sum over its axis 0: that was added on the left, and it must go.

# %% [markdown] hint="7.4"
# Then look at each axis on which `shape` has a 1: sum over it, but let it stay, with size 1:
# `g.sum(axis=axis, keepdims=True)`.


# %% solution="7.4"
def unbroadcast(g, shape):
    while g.ndim > len(shape):
        g = g.sum(axis=0)
    for axis, size in enumerate(shape):
        if size == 1:
            g = g.sum(axis=axis, keepdims=True)
    return g


# %% [markdown] explanation="7.4"
# The two rules of broadcasting, read backward. An axis that was added on the left did not exist before, so it is summed
# away. An axis of size 1 existed, so it is summed and kept. If an axis was 1 before *and* after, the sum has one term
# and changes nothing. For scalars `shape` is `()`, and everything is summed.

# %% [markdown]
# ## Batches
#
# Examples that go through the network together are a *batch*. How large should it be? Here is the time for one picture,
# if they go through our layer one at a time, or 4, or 16 at a time, and so on.

# %%
sizes, microseconds = (1, 4, 16, 64, 256), []
for size in sizes:
    batch, best = X[:size], np.inf
    for _ in range(200):
        begun = time.perf_counter()
        batch @ W
        best = min(best, time.perf_counter() - begun)
    microseconds.append(1e6 * best / size)
    print(f"{size:3} at a time: {microseconds[-1]:6.3f} µs for each picture")

figure, (ax,) = sketch(("pictures in a batch", "µs for each picture"))
ax.loglog(sizes, microseconds, "o-")
figure

# %% [markdown]
# One at a time is the dearest: each call costs the same few moments, however little there is to do. In a batch they are
# shared. From some size on it hardly gets cheaper, because now the arithmetic counts. So why not take all the data in
# one batch? Because a step of training then costs a look at *all* the data. With smaller batches you can take many
# steps in the same time, each a little less exact. Lesson 8 measures that.
#
# ## Arrays with a memory
#
# NumPy's arrays do not know where they came from. The library's *tensors* are arrays that do, like `Value`. They have
# shapes, axes and broadcasting by the same rules. And when shapes do not fit, they tell you what to do:

# %%
import chainrule

lying = chainrule.tensor(W.T)  # (32, 64): somebody has put each neuron into a row
try:
    chainrule.tensor(X) @ lying
except chainrule.errors.ShapeError as error:
    print(error)

bias = chainrule.tensor(small_b, requires_grad=True)
loss = ((chainrule.tensor(small_X) @ chainrule.tensor(small_W) + bias) ** 2).sum()
loss.backward()
print("slope in the bias:", bias.grad.numpy())

# %% [markdown]
# The slope in the bias is the sum over axis 0 from above. Someone has written `unbroadcast` for the library, too.
#
# ## What you can do now
#
# You can read the shape of any expression before you run it: which axis goes away, what is stretched, which sizes meet
# in a matrix product. You can send a whole batch through a layer in one line, you know the trap of shapes that fit by
# accident, and you know where a backward pass must sum.
#
# In the next lesson all this comes together: a network of two layers, forward and backward, in matrices, by hand.
