# %% [markdown] lesson=8 title="Backpropagation in matrices" minutes=110
# # 8. Backpropagation in matrices
#
# A hundred measured points lie around the curve $e^x$. A network with four hidden neurons shall follow them. It has 13 numbers to
# learn. You could build it from the `Value` of lesson 5. How much work would that be?

# %% given="*"
import time

import numpy as np

# %%
from chainrule.data import datasets
from chainrule.value import MLP, Value, topological_order
from chainrule.viz.sketch import sketch

points, heights = datasets.exp_with_noise(100, noise=0.1, seed=0)
x = points[:, None]  # (100, 1): a row for each example
y = heights[:, None]  # (100, 1)

figure, (ax,) = sketch(("x", "y"))
ax.plot(points, heights, ".", label="measured")
ax.plot(points, np.exp(points), label="eˣ")
ax.legend(frameon=False)
figure

# %%
network = MLP(1, [4, 1], activation="relu")
loss = Value(0.0)
for point, height in zip(points, heights, strict=True):
    (prediction,) = network([float(point)])
    loss = loss + (prediction - float(height)) ** 2
print(f"{len(network.parameters())} numbers to learn")
print(f"{len(topological_order(loss))} values in the graph of one step")

# %% [markdown]
# Thousands of Python objects for one step of training, and training takes hundreds of steps. Yet the hundred examples all go through the
# *same* network. The same few operations are repeated a hundred times, each time on one number.
#
# **Can one matrix operation do for all examples what a graph does for one? And backward too?**
#
# Yes. The whole network becomes a handful of lines. The difficulty is another one: which matrix goes on which side, and what is transposed? This
# lesson shows how to find out instead of guessing.
#
# ## Forward, with every shape
#
# Put each example into a row. Then $n$ examples with one input each are a matrix $x$ of shape $(n, 1)$. Four hidden neurons with one weight each
# are a matrix $W_1$ of shape $(1, 4)$: a *column* for each neuron. Look at one place of the product:
#
# $$(x\,W_1)_{ij} = \sum_k x_{ik}\,(W_1)_{kj},$$
#
# which is what neuron $j$ makes of example $i$. So `x @ W1` has the shape $(n, 4)$: all neurons for all examples.
#
# | line | shape | what it is |
# |---|---|---|
# | `z = x @ W1 + b1` | (n, 1) @ (1, 4) + (4,) → (n, 4) | the sums of the hidden neurons |
# | `a = np.maximum(z, 0)` | (n, 4) | what they send on: ReLU, which cuts off what is below 0 |
# | `prediction = a @ W2 + b2` | (n, 4) @ (4, 1) + (1,) → (n, 1) | the network's answer |
# | `loss = np.mean((prediction - y) ** 2)` | one number | how far off it is |
#
# The bias `b1` has the shape $(4,)$. NumPy adds it to each of the $n$ rows: broadcasting, lesson 7. Remember that it was used $n$ times. It will matter on
# the way back.
#
# Here is the first layer for three examples.

# %%
W1 = np.array([[1.0, -1.0, 2.0, 0.5]])  # (1, 4)
b1 = np.array([0.0, 1.0, -1.0, 0.25])  # (4,)
three = np.array([[-1.0], [0.0], [2.0]])  # (3, 1)

z = three @ W1 + b1
print("z, one row for each example:")
print(z)
print("after ReLU:")
print(np.maximum(z, 0))

# %% [markdown] exercise="8.1" title="Forward" difficulty=1 minutes=8
# ### Exercise 8.1: forward
#
# Write `forward(x, W1, b1, W2, b2)`. It returns `z`, `a` and `prediction`, as in the table. The backward pass will need all three. It must work for any number of
# examples, inputs, hidden neurons and outputs.


# %% stub="8.1"
def forward(x, W1, b1, W2, b2):
    z = x @ W1
    a = z
    prediction = a @ W2
    return z, a, prediction


# %% [markdown] hint="8.1"
# Compare the stub with the table, line by line. Three things are missing.

# %% [markdown] hint="8.1"
# Each layer adds its bias, and between the two layers stands `np.maximum(z, 0)`. Nothing bends the prediction: it must be able to be negative.


# %% solution="8.1"
def forward(x, W1, b1, W2, b2):
    z = x @ W1 + b1  # (n, hidden)
    a = np.maximum(z, 0)  # (n, hidden)
    prediction = a @ W2 + b2  # (n, out)
    return z, a, prediction


# %% [markdown] explanation="8.1"
# Every row of `x` goes through the same weights, so one product handles them all. The biases are spread over the rows by broadcasting. Only the hidden layer has a ReLU: with one on the output the
# network could never say a negative number.

# %% [markdown]
# ## The first slope: from the loss to the prediction
#
# The loss is a mean over all $m$ numbers in the prediction:
#
# $$L = \frac1m \sum_i (\hat y_i - y_i)^2.$$
#
# Let one prediction $\hat y_i$ grow by a little. Only its own term changes, so
#
# $$\frac{\partial L}{\partial \hat y_i} = \frac{2\,(\hat y_i - y_i)}{m}.$$
#
# There is one such slope for *each* prediction. Together they form an array of the shape of the prediction. This is the rule that keeps you on the path:
#
# > The loss is one number. Its slope with respect to an array has the **shape of that array**: one slope for each number in it.
#
# Before you write it, a trap that sits in the shapes.

# %%
prediction = np.array([[1.0], [2.0], [3.0]])  # (3, 1)
column = np.array([[1.0], [2.0], [3.0]])  # (3, 1)
flat = np.array([1.0, 2.0, 3.0])  # (3,)
print("column:", (prediction - column).shape, "mean square", np.mean((prediction - column) ** 2))
print("flat:  ", (prediction - flat).shape, "mean square", np.mean((prediction - flat) ** 2))

# %% [markdown]
# The predictions are perfect, and with a flat `y` the loss is not 0. A column minus a row is a table of all differences: every prediction is compared with every
# truth. No error is raised. So `y` is kept as a column here, and you look at shapes before you trust a loss.

# %% [markdown] exercise="8.2" title="The slope of the mean square" difficulty=1 minutes=6
# ### Exercise 8.2: the slope of the mean square
#
# Write `mse_slope(prediction, y)`: the slope of `np.mean((prediction - y) ** 2)` with respect to `prediction`. Both arrays have the same shape, with any number of rows
# and columns.


# %% stub="8.2"
def mse_slope(prediction, y):
    return prediction * 0.0


# %% [markdown] hint="8.2"
# The result has the shape of `prediction`. Where is a sum in the formula for one $\partial L/\partial \hat y_i$?

# %% [markdown] hint="8.2"
# There is none. And $m$ is how many numbers the mean is taken over: all of them, `prediction.size`.


# %% solution="8.2"
def mse_slope(prediction, y):
    return 2 * (prediction - y) / prediction.size


# %% [markdown] explanation="8.2"
# Each prediction stands in one term of the mean only. The square gives the factor 2, the mean divides by how many terms there are, and nothing is summed: each place keeps
# its own slope. The sign says where to go: a prediction that is too high has a positive slope, so it must come down.

# %% [markdown]
# ## The second layer
#
# Call the slopes you just found $g = \partial L/\partial \hat y$, of shape $(n, 1)$. What does $L$ do when one weight of the second layer grows? Take one place again:
#
# $$\hat y_i = \sum_j a_{ij}\,(W_2)_j + b_2.$$
#
# If $(W_2)_j$ grows by $\varepsilon$, the prediction for example $i$ grows by $a_{ij}\,\varepsilon$, and that changes $L$ by $g_i\,a_{ij}\,\varepsilon$. This happens for all
# examples at once, as they share the weight. Several paths: the slopes add.
#
# $$\frac{\partial L}{\partial (W_2)_j} = \sum_i a_{ij}\,g_i$$
#
# A sum over the *rows* of both. A matrix product sums over the columns of its left factor, so the left factor must be turned: $a^\mathsf{T} g$. In shapes: (4, n) @ (n, 1) → (4, 1), that of
# $W_2$.
#
# The bias $b_2$ is added to every prediction with factor 1, so its slope is $\sum_i g_i$: sum over the rows.
#
# Why not something simpler? In published lessons you can find this shortcut: add up what each hidden neuron sends, and multiply by the mean slope. Its shape fits.

# %%
rng = np.random.default_rng(1)
W1, b1 = rng.normal(size=(1, 4)), np.zeros(4)
W2, b2 = rng.normal(size=(4, 1)) / 2, np.zeros(1)


def loss_of(W1, b1, W2, b2):
    hidden = np.where(x @ W1 + b1 > 0, x @ W1 + b1, 0.0)
    return float(np.mean((hidden @ W2 + b2 - y) ** 2))


def nudged(position, weights, h=1e-6):
    """The slope for each number of one of the arrays, by nudging it: two runs for each."""
    slopes = np.zeros_like(weights[position])
    for place in np.ndindex(slopes.shape):
        ends = []
        for step in (h, -h):
            moved = [w.copy() for w in weights]
            moved[position][place] += step
            ends.append(loss_of(*moved))
        slopes[place] = (ends[0] - ends[1]) / (2 * h)
    return slopes


a = np.where(x @ W1 + b1 > 0, x @ W1 + b1, 0.0)  # (100, 4)
g = 2 * (a @ W2 + b2 - y) / 100  # (100, 1)

print("nudged:         ", nudged(2, [W1, b1, W2, b2])[:, 0].round(4))
print("a.T @ g:        ", (a.T @ g)[:, 0].round(4))
print("sum × mean of g:", (a.sum(axis=0) * g.mean()).round(4))

# %% [markdown]
# The product is right. The shortcut has the right shape and wrong numbers. It separates what belongs together: the *same* example's $a_{ij}$ and $g_i$ must be multiplied before
# anything is added up. An example in which the neuron was silent says nothing about its weight. So a matching shape is necessary, and it is not enough: nudge, and compare.
#
# ## Through the layer
#
# To reach the first layer, the slope has to pass $a$. If $a_{ij}$ grows by $\varepsilon$, then the prediction $\hat y_i$ grows by $(W_2)_j\,\varepsilon$, and with several outputs $k$, each one does:
#
# $$\frac{\partial L}{\partial a_{ij}} = \sum_k g_{ik}\,(W_2)_{jk}, \qquad \text{in matrices } g\,W_2^\mathsf{T}: \quad (n, 1) @ (1, 4) \to (n, 4).$$
#
# Forward, $W_2$ carried four numbers to one. Backward, its transpose carries one slope to four: the same connections, used from the other end.
#
# Then comes the ReLU. Its slope is 1 where $z > 0$ and 0 elsewhere, place by place. And then the first layer, which is built like the second, with $x$ in the role of $a$. Every step is one of those
# you have seen.

# %% [markdown] exercise="8.3" title="Backward in matrices" difficulty=2 minutes=25
# ### Exercise 8.3: backward in matrices
#
# Write `backward(x, y, W1, b1, W2, b2)`. It returns the slopes of the loss with respect to `W1`, `b1`, `W2` and `b2`, each of the shape of its array. `forward` and
# `mse_slope` are there (in the check the right ones, whatever yours do). Write the shape at the end of each line.


# %% stub="8.3"
def backward(x, y, W1, b1, W2, b2):
    z, a, prediction = forward(x, W1, b1, W2, b2)
    g = mse_slope(prediction, y)  # (n, out)
    gW2 = W2 * 0.0
    gb2 = b2 * 0.0
    gW1 = W1 * 0.0
    gb1 = b1 * 0.0
    return gW1, gb1, gW2, gb2


# %% [markdown] hint="8.3"
# The second layer stands in the text above: a product with a transposed factor, and a sum over the rows.

# %% [markdown] hint="8.3"
# From `g` to the hidden sums there are two steps: through the weights, `ga = g @ W2.T`, and through the ReLU: `gz` is `ga` where `z > 0`, else 0. Both have the shape (n, 4).

# %% [markdown] hint="8.3"
# The first layer is like the second: where that had `a` and `g`, this has `x` and `gz`. The mean is in `mse_slope` already; divide by nothing more.


# %% solution="8.3"
def backward(x, y, W1, b1, W2, b2):
    z, a, prediction = forward(x, W1, b1, W2, b2)
    g = mse_slope(prediction, y)  # (n, out)
    gW2 = a.T @ g  # (hidden, n) @ (n, out)
    gb2 = g.sum(axis=0)  # (out,)
    ga = g @ W2.T  # (n, out) @ (out, hidden)
    gz = ga * (z > 0)  # (n, hidden)
    gW1 = x.T @ gz  # (in, n) @ (n, hidden)
    gb1 = gz.sum(axis=0)  # (hidden,)
    return gW1, gb1, gW2, gb2


# %% [markdown] explanation="8.3"
# Three rules make up all of it. *Weights:* what went in, transposed, times the slope that came back. *Bias:* the slope, summed over the examples, since each of them used it. *Onward:* the slope times the
# weights, transposed. Between the layers the ReLU lets through what it let through forward. A network of any depth needs nothing else.

# %% [markdown]
# For the rest of the lesson the slopes are computed with indices instead of transposing: `np.einsum` takes the sum formula as it stands on paper. `"nj,nk->jk"` says: for each $j$ and $k$, multiply
# and add up over $n$, as $n$ is not in the result. It is slower than `@`, and you cannot put a factor on the wrong side.


# %%
def slopes_of(weights, x, y):
    """The slopes for W1, b1, W2, b2; n counts examples, i inputs, j hidden neurons, k outputs."""
    W1, b1, W2, b2 = weights
    z = np.einsum("ni,ij->nj", x, W1) + b1
    a = np.where(z > 0, z, 0.0)
    g = 2 / y.size * (np.einsum("nj,jk->nk", a, W2) + b2 - y)
    back = np.einsum("nk,jk->nj", g, W2)
    back[z <= 0] = 0.0
    return (
        np.einsum("ni,nj->ij", x, back),
        np.einsum("nj->j", back),
        np.einsum("nj,nk->jk", a, g),
        np.einsum("nk->k", g),
    )


weights = [W1, b1, W2, b2]
for i, (name, slope) in enumerate(zip(("W1", "b1", "W2", "b2"), slopes_of(weights, x, y), strict=True)):
    print(
        f"{name}: shape {slope.shape}, largest difference from nudging {np.abs(slope - nudged(i, weights)).max():.0e}"
    )

# %% [markdown]
# All 13 agree. Nudging needed 26 runs for that, the matrices one run forward and one back.
#
# ## Downhill
#
# Now the step you know: each weight minus the learning rate times its slope, again and again.


# %%
def start(seed=1):
    """The first weights.  Why they are random, and of this size, is lesson 12."""
    rng = np.random.default_rng(seed)
    return [rng.normal(size=(1, 4)), np.zeros(4), rng.normal(size=(4, 1)) / 2, np.zeros(1)]


def predicted(weights, x):
    W1, b1, W2, b2 = weights
    z = x @ W1 + b1
    return np.where(z > 0, z, 0.0) @ W2 + b2


figure, axes = sketch(("x, before", "y"), ("x, after 20 steps", "y"), ("x, after 1,000 steps", "y"), height=2.7)
weights, done = start(), 0
for ax, until in zip(axes, (0, 20, 1000), strict=True):
    while done < until:
        weights = [w - 0.1 * slope for w, slope in zip(weights, slopes_of(weights, x, y), strict=True)]
        done += 1
    ax.plot(points, heights, ".", ms=3)
    ax.plot(points, predicted(weights, x)[:, 0], lw=2)
    print(f"after {done:4} steps the loss is {loss_of(*weights):.4f}")
print(f"the measured points are off eˣ by {np.mean((heights - np.exp(points)) ** 2):.4f}")
figure

# %% [markdown]
# Four hidden neurons give a line with up to four kinks, one where each neuron switches on. That is enough to bend along $e^x$. The last number is the mean square of the noise: what a network
# would score that knew the curve exactly. Ours scores a little better, which is no merit: it has begun to follow the noise. Points kept back would show it (lesson 6).
#
# How large should the step be?

# %%
for lr in (0.001, 0.01, 0.1, 0.3, 1.0):
    weights = start()
    losses = []
    for _ in range(1000):
        weights = [w - lr * slope for w, slope in zip(weights, slopes_of(weights, x, y), strict=True)]
        losses.append(loss_of(*weights))
    awake = int(((x @ weights[0] + weights[1]) > 0).any(axis=0).sum())
    print(
        f"lr {lr:<5}: after 10 steps {losses[9]:7.4f}, after 100 {losses[99]:7.4f}, after 1,000 {losses[999]:7.4f};"
        f" {awake} of 4 hidden neurons answer to some example"
    )

# %% [markdown]
# With 0.001 the loss goes down and is far from done. Between 0.1 and 0.3 there is room: both end at the same place. With 1.0 the first steps leap across the valley, so far that no hidden neuron is above 0 any more, for
# any example. A ReLU that is off has the slope 0, so it will never learn again. Only $b_2$ still moves: it jumps to and fro between two sides of the valley, at the same height each time. Lesson 12 comes back to such dead
# neurons.
#
# ## Minibatches
#
# So far each step looked at all 100 examples. With a million examples that is a million forward passes for a single step. Must it be all of them? The mean over 10 examples is nearly the mean over 100.
# So take 10, make a step, take the next 10. When all have had their turn, an **epoch** is over. Each of these small packs is a **minibatch**.
#
# A minibatch gives a slope that is only about right. How far off is it?

# %%
true_slope = slopes_of(start(), x, y)[2]  # for W2, from all examples
rng = np.random.default_rng(0)
for size in (1, 4, 16, 64):
    off = []
    for _ in range(400):
        some = rng.permutation(100)[:size]
        off.append(np.linalg.norm(slopes_of(start(), x[some], y[some])[2] - true_slope))
    print(
        f"{size:2} examples: off by {np.mean(off):.2f}, where the slope itself is {np.linalg.norm(true_slope):.2f} long"
    )

# %% [markdown]
# With four times the examples the error halves, or a little more: a mean of $n$ independent measurements is off by about $1/\sqrt n$ of what one is. (At 64 of 100 it is less than that, since most examples are in it.) So the first few
# examples tell you most of the direction, and the rest cost as much each and add little. That is why small batches pay.
#
# What do they change? Let us train for 100 epochs with batches of 100, 25, 10 and 1, everything else equal.


# %%
def trained(size, epochs=100, lr=0.1, shuffle=True):
    """The loss on all the data after each epoch, how many steps were made, and the microseconds one took."""
    rng, weights, losses, steps, seconds = np.random.default_rng(1), start(), [], 0, 0.0
    for _ in range(epochs):
        order = rng.permutation(100) if shuffle else np.arange(100)
        begun = time.process_time()
        for first in range(0, 100, size):
            some = order[first : first + size]
            weights = [w - lr * slope for w, slope in zip(weights, slopes_of(weights, x[some], y[some]), strict=True)]
            steps += 1
        seconds += time.process_time() - begun
        losses.append(loss_of(*weights))
    return losses, steps, 1e6 * seconds / steps


figure, (ax,) = sketch(("epoch", "loss on all the data"), height=3.4)
for size in (100, 25, 10, 1):
    losses, steps, each = trained(size)
    ax.semilogy(range(1, 101), losses, lw=1.5, label=f"{size} a batch")
    print(
        f"{size:3} a batch: {steps:5} steps, {each:.0f} µs each; loss after 1 epoch {losses[0]:.4f}, after 10 {losses[9]:.4f}, after 100 {losses[99]:.4f};"
        f" over the last 20 epochs between {min(losses[-20:]):.4f} and {max(losses[-20:]):.4f}"
    )
ax.legend(frameon=False)
figure

# %% [markdown]
# Every row has seen the same examples equally often. What differs:
#
# - **Steps.** Batches of 10 make ten steps in an epoch where the whole data make one. After one epoch they are far ahead.
# - **Noise.** With single examples the loss never comes to rest: every step obeys one example, and the next one pulls elsewhere. The last columns show how much it wanders. The remedy is a smaller learning rate
#   towards the end, or a larger batch.
# - **Time.** A step on one example takes NumPy nearly as long as one on ten, because most of it is the cost of calling (compare the microseconds). So an epoch of single examples is slow as well. Batches of 16 to 256 are usual.
#
# One thing must not be forgotten. Our points are sorted by $x$. What if batches of 5 are taken in that order?

# %%
for lr in (0.1, 0.3):
    for shuffle in (True, False):
        losses, *_ = trained(5, lr=lr, shuffle=shuffle)
        how = "shuffled" if shuffle else "sorted"
        print(
            f"lr {lr}, {how:8}: loss after 1 epoch {losses[0]:.4f}, after 10 {losses[9]:.4f}, after 100 {losses[99]:.4f}"
        )

# %% [markdown]
# A batch of neighbours is no sample of the whole. The last batches of each epoch have only points on the right, and the network is bent to fit those. With the smaller step it recovers, after a first epoch that was nearly wasted; with
# the larger one it is spoiled for good, while shuffled batches bear the same step well. Therefore the examples are put into a new random order in each epoch, and an example must keep its truth while that happens.

# %% [markdown] exercise="8.4" title="Batches" difficulty=2 minutes=15
# ### Exercise 8.4: batches
#
# Write `batches(x, y, size, rng)`. It returns a list of pairs, a part of `x` and the part of `y` that belongs to it, for one epoch: all examples in random order, each exactly once, `size` in each
# pair. The last pair holds what is left over. The randomness comes from `rng`, a generator made by `np.random.default_rng`. `x` and `y` themselves stay as they are.


# %% stub="8.4"
def batches(x, y, size, rng):
    return [(x, y)]


# %% [markdown] hint="8.4"
# `rng.permutation(len(x))` is the numbers 0 to n − 1 in a random order. How do you use one such order for both arrays?

# %% [markdown] hint="8.4"
# An array indexed with an array of numbers, `x[order]`, is a new array with the rows in that order. Cut pieces out of `order` first, then index `x` and `y` with the same piece.

# %% [markdown] hint="8.4"
# The pieces begin at `range(0, len(x), size)`. A slice that reaches past the end, `order[95:105]`, is simply shorter.


# %% solution="8.4"
def batches(x, y, size, rng):
    order = rng.permutation(len(x))
    pieces = [order[first : first + size] for first in range(0, len(x), size)]
    return [(x[piece], y[piece]) for piece in pieces]


# %% [markdown] explanation="8.4"
# One order, used for both arrays: so each example stays with its truth. It is a permutation, so each comes exactly once. Slices stop at the end by themselves, which takes care of the last short batch.
# Indexing with an array copies, so the data stay in place.

# %% [markdown] exercise="8.5" title="Any depth" difficulty=3 minutes=25
# ### Exercise 8.5: any depth
#
# Write `slopes(x, y, layers)` for a network of any depth. `layers` is a list of pairs `(W, b)`. Each layer computes `input @ W + b`; after each one but the last stands a ReLU. The loss is the mean square. The result is a list of
# pairs `(gW, gb)`, in the order of `layers`. `mse_slope` is there.


# %% stub="8.5"
def slopes(x, y, layers):
    return [(W * 0.0, b * 0.0) for W, b in layers]


# %% [markdown] hint="8.5"
# Two loops: one forward, from the first layer to the last, and one backward. What does the backward loop need from the forward loop, for each layer? Keep it in a list.

# %% [markdown] hint="8.5"
# Keep for each layer what went in, and its sums `z`. Going back, a layer does three things with the slope `g` of its sums: `input.T @ g`, `g.sum(axis=0)`, and `g @ W.T` for the layer below.

# %% [markdown] hint="8.5"
# `g @ W.T` is the slope of what the layer below *sent*. Before that layer uses it, it has to pass its ReLU: times `z > 0`, with the `z` of that layer.


# %% solution="8.5"
def slopes(x, y, layers):
    kept = []  # for each layer: what went in, and its sums
    a = x
    for W, b in layers:
        z = a @ W + b
        kept.append((a, z))
        a = np.maximum(z, 0)

    g = mse_slope(z, y)  # the last layer has no ReLU: its sums are the prediction
    found = []
    last = len(layers) - 1
    for i in range(last, -1, -1):
        a, z = kept[i]
        if i < last:
            g = g * (z > 0)
        found.append((a.T @ g, g.sum(axis=0)))
        g = g @ layers[i][0].T
    return found[::-1]


# %% [markdown] explanation="8.5"
# Forward, each layer leaves behind what its own backward step will need: its input, for `gW`, and its sums, for the ReLU. Backward, one `g` travels down. On its way it passes the weights of a layer, then the ReLU of the layer below. The results come
# out from the last layer to the first, so the list is turned round at the end. The next lesson gives each layer an object of its own for what is kept here in a list.

# %% [markdown]
# ## What you can do now
#
# You can write a network for a whole batch in four lines, and its slopes in six. You find a transposed factor from the index formula and check it in two ways: by its shape, and by nudging. You can say what a minibatch saves (most of the work for a
# step) and what it costs (noise, for which shuffling and a suitable learning rate are needed). But the lines were written for *this* network. In the next lesson each kind of layer learns its own backward step once, and networks are put together from them.
