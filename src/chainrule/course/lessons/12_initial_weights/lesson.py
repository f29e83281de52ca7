# %% [markdown] lesson=12 title="Activations and initial weights" minutes=100
# # 12. Activations and initial weights
#
# Here is one network for the digits of lesson 9, but deep: eight hidden layers of 32 neurons. It is trained four times, with the same data, the same batches and the same learning rate. Only the numbers it *starts* from differ.
# (Biases start at 0 as usual. They are left out here, to see the weights alone.)

# %% given="*"
from itertools import pairwise

import numpy as np

# %%
from chainrule.ladder import tasks
from chainrule.viz.sketch import sketch

digits = tasks.digits()

BENDS = {  # name: (function, slope, from the sums z)
    "ReLU": (lambda z: np.where(z > 0, z, 0.0), lambda z: np.where(z > 0, 1.0, 0.0)),
    "leaky ReLU": (lambda z: np.where(z > 0, z, 0.01 * z), lambda z: np.where(z > 0, 1.0, 0.01)),
    "tanh": (np.tanh, lambda z: 1 - np.tanh(z) ** 2),
    "sigmoid": (lambda z: 0.5 + 0.5 * np.tanh(z / 2), lambda z: 0.25 * (1 - np.tanh(z / 2) ** 2)),
}


def run(weights, bend, x):
    """The sums of every layer; each W is (out, in), and the last layer is not bent."""
    f, _ = BENDS[bend]
    sums = [x @ weights[0].T]
    for W in weights[1:]:
        sums.append(f(sums[-1]) @ W.T)
    return sums


def back(weights, bend, x, y):
    """The loss, the slopes for the weights of every layer, and those for the sums of every layer: lesson 9."""
    f, slope = BENDS[bend]
    sums = run(weights, bend, x)
    log_p = sums[-1] - np.logaddexp.reduce(sums[-1], axis=1)[:, None]
    rows = np.arange(len(y))
    g = np.exp(log_p)
    g[rows, y] -= 1
    g /= len(y)
    for_weights, for_sums = [], []
    for i in range(len(weights) - 1, -1, -1):
        below = f(sums[i - 1]) if i else x
        for_weights.insert(0, g.T @ below)
        for_sums.insert(0, g)
        if i:
            g = (g @ weights[i]) * slope(sums[i - 1])
    return -log_p[rows, y].mean(), for_weights, for_sums


def train(weights, bend, epochs=8, lr=0.05):
    """The loss of every step, and which part of the test digits is read right at the end."""
    losses = []
    with np.errstate(all="ignore"):  # some of these runs explode
        for batch in digits.batches[: 45 * epochs]:
            loss, slopes, _ = back(weights, bend, digits.x[batch], digits.y[batch])
            weights = [W - lr * slope for W, slope in zip(weights, slopes, strict=True)]
            losses.append(loss)
        answers = run(weights, bend, digits.x_test)[-1].argmax(axis=1)
    return losses, float(np.mean(answers == digits.y_test)), weights


SIZES = [64] + [32] * 8 + [10]


def made(draw, sizes=SIZES, seed=0):
    """Weights for every layer: draw(rng, out, in)."""
    rng = np.random.default_rng(seed)
    return [draw(rng, n_out, n_in) for n_in, n_out in pairwise(sizes)]


STARTS = {
    "all 0": lambda rng, n_out, n_in: np.zeros((n_out, n_in)),
    "normal, times 0.01": lambda rng, n_out, n_in: 0.01 * rng.normal(size=(n_out, n_in)),
    "uniform(-1, 1)": lambda rng, n_out, n_in: rng.uniform(-1, 1, (n_out, n_in)),
    "scaled to the width": lambda rng, n_out, n_in: rng.normal(size=(n_out, n_in)) * np.sqrt(2 / n_in),
}

figure, (ax,) = sketch(("step", "loss"), height=3.2)
for name, draw in STARTS.items():
    losses, right, _ = train(made(draw), "ReLU")
    print(
        f"{name:20} first loss {losses[0]:10.3f}, last loss {losses[-1]:10.3f}, {right:.1%} of the test digits read right"
    )
    ax.plot(losses, lw=1, ls="--" if name == "all 0" else "-", label=name)
ax.set_ylim(0, 4)
ax.legend(frameon=False, fontsize=8, loc="lower left")
figure

# %% [markdown]
# Three of them learn nothing. The first two stay at $\log 10 = 2.303$, where one guesses (one line covers the other). The third begins with a loss in the thousands, far above the picture, and then it is nan. The code is right, the slopes are right: you could check them all by nudging.
#
# **What is wrong with the numbers at the start, and how do you choose better ones?**
#
# ## Why random
#
# Zeros first. Every neuron sends 0, so every weight has the slope 0. But it is not the zero that is the trouble. Take 0.05 everywhere, with a single hidden layer.

# %%
losses, right, weights = train(made(lambda rng, n_out, n_in: np.full((n_out, n_in), 0.05), sizes=[64, 32, 10]), "ReLU")
first = weights[0]
print(f"{right:.1%} read right")
print(
    f"the 32 neurons differ from one another by at most {np.ptp(first, axis=0).max():.1e}, while their weights range from {first.min():.3f} to {first.max():.3f}"
)
losses, right, _ = train(made(STARTS["scaled to the width"], sizes=[64, 32, 10]), "ReLU")
print(f"from random weights: {right:.1%}")

# %% [markdown]
# The weights have been learning, but all 32 neurons are the same neuron. They began with the same weights, below and above them, so they computed the same sums, got the same slopes and made the same steps. Nothing can ever tell them apart: the network has one hidden neuron, 32 times. What is equal at the start stays equal.
# Random numbers are the simplest way to make them different.
#
# ## How large: forward
#
# Now the size. Let us watch numbers go through ten layers of 100 neurons. The measure of size is the *root mean square* (RMS): square, take the mean, take the root.


# %%
def rms(array):
    return float(np.sqrt(np.mean(array**2)))


def through(draw, bend, width=100, depth=10):
    """What each layer sends, for 500 examples of random inputs of size 1."""
    rng = np.random.default_rng(0)
    a, sent = rng.normal(size=(500, width)), []
    for _ in range(depth):
        a = BENDS[bend][0](a @ draw(rng, width, width).T)
        sent.append(a)
    return sent


print("RMS of what layers 1, 2, 3, 5 and 10 send (ReLU)")
for name, draw in STARTS.items():
    grown = [rms(a) for a in through(draw, "ReLU")]
    print(f"{name:20}", "".join(f"{grown[i]:12.3g}" for i in (0, 1, 2, 4, 9)))

# %% [markdown]
# Each layer multiplies the size by about the same factor. If that factor is not 1, ten layers raise it to the tenth power. With 0.01 nothing is left at the end. With uniform(−1, 1) everything explodes. And the factor depends on the width:

# %%
for width in (10, 100, 1000):
    size = rms(through(STARTS["uniform(-1, 1)"], "tanh", width, depth=1)[0])
    sums = (
        np.random.default_rng(0).normal(size=(500, width)) @ np.random.default_rng(1).uniform(-1, 1, (width, width)).T
    )
    print(f"width {width:4}: the sums have the size {rms(sums):5.2f}, and √(width / 3) = {np.sqrt(width / 3):5.2f}")

# %% [markdown]
# Where does $\sqrt{n/3}$ come from? A neuron adds up $n$ products, $z = \sum_k w_k a_k$. The weights are drawn independently, with mean 0. Square the sum: the mixed products $w_k w_l a_k a_l$ cancel on average, because $w_k$ and $w_l$ have their signs independently. The squares remain:
#
# $$\overline{z^2} = n \cdot \overline{w^2} \cdot \overline{a^2}.$$
#
# For uniform(−1, 1), $\overline{w^2} = \int_{-1}^{1} \tfrac12 w^2\,dw = \tfrac13$. So each layer multiplies the mean square by $n/3$, and the RMS by its root. The sum of many random terms grows like the root of their number. To keep the size, the weights must be smaller the more of them there are:
#
# $$\overline{w^2} = \frac1n \qquad (n \text{ inputs: the } \textit{fan-in}).$$
#
# One thing more. ReLU makes half of the sums 0. As they are positive as often as negative, the mean square is halved: $\overline{a^2} = \frac12\,\overline{z^2}$. To make up for that, take twice as much: $\overline{w^2} = 2/n$. This is what He and others found in 2015, and what "scaled to the width" was above.

# %% [markdown] exercise="12.1" title="Weights for ReLU" difficulty=1 minutes=10
# ### Exercise 12.1: weights for ReLU
#
# Write `he(rng, n_out, n_in)`: first weights of shape (n_out, n_in) for a layer with `n_in` inputs whose neurons are followed by ReLU, or get their inputs from ReLU. They are random, with mean 0 and mean square $2/n$. Draw them from `rng` (made by `np.random.default_rng`), with `rng.normal` or with `rng.uniform`, as you
# like. The check looks at means over many weights.


# %% stub="12.1"
def he(rng, n_out, n_in):
    return rng.random((n_out, n_in))


# %% [markdown] hint="12.1"
# Which of the two numbers is $n$? It says how many products a neuron adds up.

# %% [markdown] hint="12.1"
# `rng.normal(size=...)` has mean square 1. If you multiply all numbers by $s$, the mean square is multiplied by $s^2$.

# %% [markdown] hint="12.1"
# So multiply by $\sqrt{2/n_{in}}$. (Or evenly from $-\sqrt{6/n_{in}}$ to $\sqrt{6/n_{in}}$: the mean square of uniform(−r, r) is $r^2/3$.)


# %% solution="12.1"
def he(rng, n_out, n_in):
    return rng.normal(size=(n_out, n_in)) * np.sqrt(2 / n_in)


# %% [markdown] explanation="12.1"
# A neuron adds up `n_in` products, so the fan-in counts, not how many neurons there are. The mean *square* shall be $2/n$, so the factor is its root. Which distribution the numbers come from hardly matters: after adding up many of them only their mean square is left.

# %% [markdown] exercise="12.2" title="Layer by layer" difficulty=2 minutes=12
# ### Exercise 12.2: layer by layer
#
# Write `sizes(x, weights, f)`: a list with the RMS of what each layer sends. Each layer sends `f(input @ W.T)`, the last one too; `f` is a function such as `np.tanh` that works on arrays. The first layer's input is `x`.


# %% stub="12.2"
def sizes(x, weights, f):
    return [0.0 for W in weights]


# %% [markdown] hint="12.2"
# Go through the weights in a loop, with a variable for what the last layer sent. It begins as `x`.

# %% [markdown] hint="12.2"
# In each round: `a = f(a @ W.T)`, then append the root of the mean of `a ** 2`.


# %% solution="12.2"
def sizes(x, weights, f):
    a, found = x, []
    for W in weights:
        a = f(a @ W.T)
        found.append(float(np.sqrt(np.mean(a**2))))
    return found


# %% [markdown] explanation="12.2"
# Each layer works on what the one before it sent, so `a` is replaced in each round. The RMS is not the standard deviation: that takes off the mean first, and what ReLU sends has a mean well above 0, which the next layer has to carry too.

# %% [markdown]
# ## Seen layer by layer
#
# Numbers hide the shape. Here is what tanh layers send, in the layers 1, 4 and 10, from three starts.

# %%
STARTS["1/n for tanh"] = lambda rng, n_out, n_in: rng.normal(size=(n_out, n_in)) / np.sqrt(n_in)
figure, axes = sketch(*[(f"layer {i} sends", "how often") for i in (1, 4, 10)], height=2.6)
for name in ("normal, times 0.01", "uniform(-1, 1)", "1/n for tanh"):
    sent = through(STARTS[name], "tanh")
    flat = np.mean(np.abs(sent[-1]) > 0.95)
    print(
        f"{name:20} RMS in layer 1 {rms(sent[0]):.2g}, in layer 10 {rms(sent[9]):.2g}; {flat:.0%} of layer 10 is beyond ±0.95, where the slope is under 0.1"
    )
    for ax, i in zip(axes, (1, 4, 10), strict=True):
        ax.hist(sent[i - 1].ravel(), bins=81, range=(-1.01, 1.01), histtype="step", lw=1.5, label=name)
        ax.set_yscale("log")
axes[0].legend(frameon=False, fontsize=8, loc="lower center")
figure

# %% [markdown]
# tanh cannot explode: it never sends more than 1. But with uniform(−1, 1) most of what it sends sits at the two ends, where the curve is flat and its slope nearly 0. Such neurons are *saturated*. They have made up their minds before they have learned anything. With 0.01 all is a spike at 0. Between the two, the numbers fill the
# range in which tanh bends.
#
# ## Backward: what dies and what explodes
#
# Slopes go through the same weights on their way back, transposed, and are multiplied by the slope of each bend. So they shrink or grow layer by layer too. A slope for an input is a sum over the *outputs* of a layer, $n_{out}$ of them, so on the way back the fan-out takes the place of the fan-in. Glorot and Bengio (2010)
# proposed to meet in the middle: $\overline{w^2} = 2/(n_{in} + n_{out})$. In layers as wide as their inputs, both are $1/n$.
#
# How do the bends compare, each with weights that suit it?

# %%
STARTS["Glorot"] = lambda rng, n_out, n_in: rng.normal(size=(n_out, n_in)) * np.sqrt(2 / (n_in + n_out))
pairs = [
    ("ReLU", "scaled to the width"),
    ("leaky ReLU", "scaled to the width"),
    ("tanh", "Glorot"),
    ("sigmoid", "Glorot"),
]

figure, (left, right) = sketch(("sum z", "slope of the bend"), ("layer", "RMS of the slopes for its sums"), height=3.2)
z = np.linspace(-5, 5, 401)
for bend, start in pairs:
    dashes = "--" if bend == "leaky ReLU" else "-"
    left.plot(z, BENDS[bend][1](z), ls=dashes, label=bend)
    _, _, for_sums = back(made(STARTS[start]), bend, digits.x[:200], digits.y[:200])
    slopes = [rms(g) for g in for_sums]
    right.semilogy(range(1, 10), slopes, "o", ls=dashes, ms=3, label=f"{bend}, {start}")
    print(
        f"{bend:10} steepest {BENDS[bend][1](z).max():.2f}; slopes in the last layer {slopes[-1]:.1e}, in the first {slopes[0]:.1e}"
    )
right.legend(frameon=False, fontsize=8)
left.legend(frameon=False, fontsize=8)
figure

# %% [markdown]
# With the sigmoid the slopes get smaller by a factor of more than four in each layer, from the last to the first. It is never steeper than 0.25, so weights of this size lose at least three quarters of the slope in every layer. The first layers hardly learn: the slope has *vanished*. This is one reason why deep networks were hard to train for a
# long time. The tanh has the slope 1 in the middle, ReLU wherever it is on. With suitable weights about as much arrives in the first layer as there was in the last for ReLU, and a good third for tanh.
#
# Do they learn accordingly?

# %%
for bend, start in pairs:
    losses, right_part, _ = train(made(STARTS[start]), bend)
    print(f"{bend:10} with {start:20} last loss {losses[-1]:.3f}, {right_part:.1%} read right")

# %% [markdown]
# All learn, except the sigmoids: they are where they began, guessing.
#
# ## A neuron that is dead
#
# ReLU has a trouble of its own. Where its sum is below 0, its slope is 0. If that is so for *every* example, no slope reaches its weights, so they do not change. In the first layer, whose inputs never change either, it stays that way for ever. The neuron is *dead*. What kills it? One step that is too large is enough. Below, a network with one hidden layer trains for four epochs, and then
# those neurons are counted that no example switches on.

# %%
for bend in ("ReLU", "leaky ReLU"):
    for lr in (0.1, 1.0, 3.0, 6.0):
        start = made(STARTS["scaled to the width"], sizes=[64, 32, 10])
        losses, right_part, weights = train(start, bend, epochs=4, lr=lr)
        never_on = int(np.sum(~(run(weights, bend, digits.x)[0] > 0).any(axis=0)))
        print(f"{bend:10} lr {lr:<4} {never_on:2} of 32 neurons are on for no example; {right_part:.1%} read right")

# %% [markdown]
# With a small step nearly all neurons live. With a large one they die, and a network without hidden neurons can only guess. Leaky ReLU is thrown below 0 by such a step as well, but there it keeps a slope of 0.01: a little still gets through, forward and backward, and it goes on learning. The simplest cure is a smaller learning rate. GELU and SiLU, which you find in newer networks, are smooth relatives of ReLU that are not flat just below 0 either.

# %% [markdown] exercise="12.3" title="Count the dead" difficulty=2 minutes=10
# ### Exercise 12.3: count the dead
#
# Write `dead(sums)`. `sums` holds the sums $z$ of a ReLU layer, for many examples: shape (n, neurons). Return how many of the neurons are dead: on for none of the examples. (A sum of exactly 0 is off.)


# %% stub="12.3"
def dead(sums):
    return 0


# %% [markdown] hint="12.3"
# A table of True and False first: where is a sum above 0? Which axis holds the examples of one neuron?

# %% [markdown] hint="12.3"
# `(sums > 0).any(axis=0)` says for each neuron whether any example switches it on. Count those for which it is False.


# %% solution="12.3"
def dead(sums):
    on_for_some = (sums > 0).any(axis=0)
    return int((~on_for_some).sum())


# %% [markdown] explanation="12.3"
# "Dead" is a statement about all examples at once: off for *every* one. A neuron that is off for some examples is what a ReLU should be. An example for which all neurons are off would be a row, not a column.

# %% [markdown]
# ## Let the data decide
#
# The formulas assume sums that are independent and as often positive as negative. Real data do not care. There is a way without any formula: send a batch through, and look how large the sums are; then correct the weights. It must be done from the first layer up.

# %% [markdown] exercise="12.4" title="Calibrate" difficulty=3 minutes=25
# ### Exercise 12.4: calibrate
#
# Write `calibrated(x, weights, f)`. It returns a list of new weights: each matrix of `weights` multiplied by one positive number, such that, when the batch `x` goes through the *new* network, the sums of every layer have the RMS 1. Each layer's sums are `input @ W.T`, and it sends `f(sums)` to the next one. `weights` itself stays as it is.


# %% stub="12.4"
def calibrated(x, weights, f):
    return [W * 1.0 for W in weights]


# %% [markdown] hint="12.4"
# If all weights of a layer are multiplied by $s$, its sums are multiplied by $s$. Which $s$ brings an RMS of $r$ to 1?

# %% [markdown] hint="12.4"
# The next layer must be measured with what the *corrected* layer sends. So correct a layer before you go on to the next.

# %% [markdown] hint="12.4"
# In a loop: `z = a @ W.T`, its RMS `r`, keep `W / r`, and go on with `a = f(z / r)`.


# %% solution="12.4"
def calibrated(x, weights, f):
    a, found = x, []
    for W in weights:
        z = a @ W.T
        size = np.sqrt(np.mean(z**2))
        found.append(W / size)
        a = f(z / size)
    return found


# %% [markdown] explanation="12.4"
# Dividing the weights by the RMS of the sums makes that RMS 1. What the layer sends changes with it, and for a curve such as tanh not in proportion: so the layers above can only be measured afterwards. That is why it goes from the bottom up. Networks that do such a thing in *every* step have a layer for it: `nn.BatchNorm1d`.

# %% [markdown]
# ## What to take
#
# | after the layer comes | mean square of the first weights | in `nn.init` |
# |---|---|---|
# | ReLU and its relatives | $2/n_{in}$ | `kaiming_normal_`, `kaiming_uniform_` |
# | tanh, sigmoid | $2/(n_{in} + n_{out})$ | `xavier_normal_`, `xavier_uniform_` |
# | nothing (scores) | $1/n_{in}$ or less | the default of `nn.Linear`: uniform, mean square $1/(3\,n_{in})$ |

# %%
from chainrule import manual_seed, nn

manual_seed(0)
layer = nn.Linear(400, 300)
print(f"as made:         400 · mean square = {400 * rms(layer.weight.detach().numpy()) ** 2:.2f}")
nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
print(f"kaiming_normal_: 400 · mean square = {400 * rms(layer.weight.detach().numpy()) ** 2:.2f}")

# %% [markdown]
# ## What you can do now
#
# When a network does not learn, you can look inside, layer by layer: how large is what each layer sends, how large are its slopes, how many neurons are saturated or dead? You know what to do about it: random weights, because equal neurons stay equal; scaled by the fan-in, because a sum of $n$ random terms grows like $\sqrt n$; twice the mean square for ReLU,
# because it silences half; no deep stack of sigmoids, as each of them takes at least three quarters of the slope; and a smaller step if neurons die.
