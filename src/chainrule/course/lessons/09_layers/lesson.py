# %% [markdown] lesson=9 title="Layers" minutes=130
# # 9. Layers with forward and backward
#
# The slopes of lesson 8 were worked out for one network: 1-4-1, ReLU, mean square. Now you want to read handwritten digits. That takes 64 inputs, ten outputs, another bend, another loss. Do you
# start again on paper?
#
# **Can you work out each kind of piece once, and then plug pieces together?**
#
# Look at what you did. Going back through `z = x @ W1 + b1`, you needed two things: the slope that came from above, and the `x` that had gone in. You did not need to know what
# stood above or below. So each piece can have its own backward step, and nobody has to see the whole.

# %% given="*"
import numpy as np


class Layer:
    """A piece of a network, for a batch: n examples in n rows."""

    def forward(self, x):
        """The result.  Keep what backward will need."""
        raise NotImplementedError

    def backward(self, g):
        """From g, the slope of the loss with respect to the result, to its slope with respect to x."""
        raise NotImplementedError

    def update_params(self, lr):
        """One step downhill, for layers that have something to learn."""


class ReLU(Layer):
    def forward(self, x):
        self.on = x > 0
        return np.where(self.on, x, 0.0)

    def backward(self, g):
        return np.where(self.on, g, 0.0)


# %%
relu = ReLU()
print("forward: ", relu.forward(np.array([[1.5, -2.0, 0.5]])))
print("backward:", relu.backward(np.array([[10.0, 20.0, 30.0]])))

# %% [markdown]
# ReLU remembers where it was on, and lets the slope through there. That is all there is to it. The contract has three parts:
#
# | | given | gives | keeps |
# |---|---|---|---|
# | `forward(x)` | the input | the result | what `backward` will need |
# | `backward(g)` | $\partial L/\partial\,$result | $\partial L/\partial x$ | $\partial L/\partial\,$parameters, if it has any |
# | `update_params(lr)` | the learning rate | | the new parameters |
#
# What one layer gives back is what the layer below it is given: both are $\partial L$ by the same array. That is why they fit together.
#
# A word on shapes. A linear layer with $m$ inputs and $k$ outputs has $m \cdot k$ weights. In lessons 7 and 8 they stood in the shape $(m, k)$. From here on they stand the way PyTorch keeps them: $(k, m)$, a **row** for each
# neuron, so that one neuron's weights are together in memory. Then forward is `x @ W.T + b`, and what was transposed before is not transposed now.

# %% [markdown] exercise="9.1" title="Linear" difficulty=2 minutes=20
# ### Exercise 9.1: a linear layer
#
# Write `Linear`. `forward` is there already, except that it keeps nothing. `backward(g)` sets `self.gW` and `self.gb`, the slopes of the loss with respect to `W` and `b`, and returns the slope with respect to `x`. Each call writes over
# what the one before found. `update_params(lr)` makes one step downhill. The shapes: `W` is (out, in), `b` is (out,), `x` is (n, in), `g` is (n, out).


# %% stub="9.1"
class Linear(Layer):
    def __init__(self, W, b):
        self.W = W  # (out, in)
        self.b = b  # (out,)

    def forward(self, x):
        return x @ self.W.T + self.b

    def backward(self, g):
        self.gW = self.W * 0.0
        self.gb = self.b * 0.0
        return g

    def update_params(self, lr):
        pass


# %% [markdown] hint="9.1"
# What does `backward` need besides `g`? It is not an argument: `forward` must keep it.

# %% [markdown] hint="9.1"
# Let the shapes lead you. `gW` is (out, in), made of `g`, which is (n, out), and `x`, which is (n, in). What is returned is (n, in), made of `g` and `W`. And `b` was added to each of the n rows.

# %% [markdown] hint="9.1"
# `gW` is `g.T @ x`: (out, n) @ (n, in). The step is `W` minus `lr` times `gW`, and the same for `b`.


# %% solution="9.1"
class Linear(Layer):
    def __init__(self, W, b):
        self.W = W  # (out, in)
        self.b = b  # (out,)

    def forward(self, x):
        self.x = x  # (n, in)
        return x @ self.W.T + self.b

    def backward(self, g):
        self.gW = g.T @ self.x  # (out, n) @ (n, in)
        self.gb = g.sum(axis=0)  # b was added to every row
        return g @ self.W  # (n, out) @ (out, in)

    def update_params(self, lr):
        self.W = self.W - lr * self.gW
        self.b = self.b - lr * self.gb


# %% [markdown] explanation="9.1"
# These are the three rules of lesson 8, with $W$ lying the other way. Nothing is divided by the number of examples here: if the loss is a mean, that is in the `g` which arrives. So the layer works for any loss.

# %% [markdown]
# ## The sigmoid, and a formula that breaks
#
# A neuron that answers yes or no should give a number between 0 and 1. The sigmoid does that: $\sigma(x) = 1/(1 + e^{-x})$. Its slope can be had from its value, $\sigma' = \sigma\,(1 - \sigma)$: with $u = e^{-x}$ it is
# $u/(1+u)^2$, and that is $\frac{1}{1+u}\cdot\frac{u}{1+u}$.

# %%
from chainrule.viz.sketch import sketch

s = np.linspace(-8, 8, 401)
sigma = 0.5 + 0.5 * np.tanh(s / 2)  # the same curve, by another way
figure, (left, right) = sketch(("x", "result"), ("x", "slope"))
left.plot(s, sigma, label="sigmoid")
left.plot(s, np.where(s > 0, s, 0.0), label="ReLU")
left.set_ylim(-0.2, 3)
right.plot(s, sigma * (1 - sigma), label="sigmoid")
right.plot(s, (s > 0) * 1.0, label="ReLU")
left.legend(frameon=False)
print(f"the steepest the sigmoid gets is {np.max(sigma * (1 - sigma)):.2f}")
figure

# %% [markdown]
# Now try the formula where sums are large, as they are in a network that has just been started badly. NumPy can be told to raise an error instead of printing a warning that is easily overlooked.

# %%
for x in (-5.0, -500.0, -800.0):
    try:
        with np.errstate(over="raise"):
            print(f"x = {x}: {1 / (1 + np.exp(-np.array(x))):.3g}")
    except FloatingPointError as error:
        print(f"x = {x}: {error}")

# %% [markdown]
# $e^{800}$ is larger than any float. The answer would have been harmless (1 divided by infinity is 0), but in other formulas infinity comes back as nan, and nan spreads to every weight. So write formulas that never make the large
# number at all. $e^{-|x|}$ is at most 1. For $x \ge 0$ the formula has it already. For $x < 0$, multiply above and below by $e^{x}$: $\;\sigma(x) = e^{x}/(1 + e^{x})$.

# %% [markdown] exercise="9.2" title="Sigmoid" difficulty=2 minutes=12
# ### Exercise 9.2: the sigmoid as a layer
#
# Write `Sigmoid`, with `forward` and `backward`. No number may overflow, whatever is given: not even in a place whose value is not used in the end.


# %% stub="9.2"
class Sigmoid(Layer):
    def forward(self, x):
        return x * 0.0

    def backward(self, g):
        return g


# %% [markdown] hint="9.2"
# Make `e = np.exp(-np.abs(x))` first. Both formulas can be written with it: one has $1$ above the line, the other has $e$. What is below the line?

# %% [markdown] hint="9.2"
# `np.where(x >= 0, 1, e) / (1 + e)`. Keep the result: `backward` needs only that.

# %% [markdown] hint="9.2"
# The local slope is `s * (1 - s)`, and it multiplies what has arrived, `g`.


# %% solution="9.2"
class Sigmoid(Layer):
    def forward(self, x):
        e = np.exp(-np.abs(x))  # at most 1
        self.s = np.where(x >= 0, 1, e) / (1 + e)
        return self.s

    def backward(self, g):
        return g * self.s * (1 - self.s)


# %% [markdown] explanation="9.2"
# With $e = e^{-|x|}$ the value is $1/(1+e)$ on the right and $e/(1+e)$ on the left. `np.where` computes both of its branches everywhere and then chooses, so each branch must be harmless everywhere. `backward` works place by place: the
# sigmoid of one number has nothing to do with the others.

# %% [markdown]
# ## Softmax: when everything depends on everything
#
# For ten digits you want ten probabilities: positive, and 1 in sum. Softmax makes them out of any ten scores of an example:
#
# $$p_i = \frac{e^{x_i}}{\sum_k e^{x_k}}.$$
#
# If all scores of an example grow by the same amount, nothing changes, because the factor cancels. So subtract the largest of the row first: then the largest power is $e^0 = 1$, and nothing overflows.
#
# Here comes something new. Let one score $x_j$ grow: then *all* probabilities change. $p_j$ grows, and the others give way, as the sum stays 1. The quotient rule gives
#
# $$\frac{\partial p_i}{\partial x_j} = p_i\,(\delta_{ij} - p_j), \qquad \delta_{ij} = 1 \text{ if } i = j, \text{ else } 0.$$
#
# For one example these are ten by ten slopes, a matrix called the Jacobian. For three classes it looks like this:

# %%
scores = np.array([2.0, 1.0, -1.0])
p = np.exp(scores - scores.max()) / np.exp(scores - scores.max()).sum()
jacobian = np.diag(p) - np.outer(p, p)
print("p =", p.round(3))
print(jacobian.round(3))
print("sums of the columns:", jacobian.sum(axis=0).round(12) + 0.0)

# %% [markdown]
# Each column sums to 0: what one probability gains the others lose. Remember that. Some published code adds up the Jacobian along an axis and multiplies by the slope that arrives, place by place. That factor is always 0.
# So nothing below the softmax ever learns, and no error is raised.
#
# What is right? The score $x_j$ moves the loss through every $p_i$, and paths add up:
#
# $$\frac{\partial L}{\partial x_j} = \sum_i g_i \frac{\partial p_i}{\partial x_j} = \sum_i g_i\,p_i\,(\delta_{ij} - p_j) = p_j \Big(g_j - \sum_i g_i\,p_i\Big).$$

# %%
g = np.array([0.5, -1.0, 2.0])
print("through every p:    ", (g @ jacobian).round(4))
print("Jacobian summed up: ", (jacobian.sum(axis=0) * g).round(4) + 0.0)

h = 1e-6
for j in range(3):
    ends = []
    for step in (h, -h):
        e = np.exp(scores + step * (np.arange(3) == j))
        ends.append(g @ (e / e.sum()))
    print(f"nudged, score {j}:     {(ends[0] - ends[1]) / (2 * h):.4f}")

# %% [markdown] exercise="9.3" title="Softmax" difficulty=3 minutes=20
# ### Exercise 9.3: softmax as a layer
#
# Write `Softmax`, with `forward` and `backward`, for a batch of shape (n, classes). Each row is an example of its own. Large scores must not overflow, and rows whose scores lie far apart from those of other rows must come out right too.


# %% stub="9.3"
class Softmax(Layer):
    def forward(self, x):
        return x * 0.0

    def backward(self, g):
        return g


# %% [markdown] hint="9.3"
# Everything here happens along a row: the largest, the sum, and the sum in `backward`. That is `axis=1`. What does `keepdims=True` do to the shape of a sum?

# %% [markdown] hint="9.3"
# `forward`: subtract `x.max(axis=1, keepdims=True)`, take `np.exp`, divide by the sum of the row. Keep the result.

# %% [markdown] hint="9.3"
# `backward` is the last formula: `p` times (`g` minus the row's sum of `g * p`). No Jacobian has to be built.


# %% solution="9.3"
class Softmax(Layer):
    def forward(self, x):
        e = np.exp(x - x.max(axis=1, keepdims=True))  # the largest of each row becomes e⁰ = 1
        self.p = e / e.sum(axis=1, keepdims=True)
        return self.p

    def backward(self, g):
        p = self.p
        return p * (g - (g * p).sum(axis=1, keepdims=True))


# %% [markdown] explanation="9.3"
# $\sum_i g_i\,p_i$ is the mean of what arrives, weighted by the probabilities. A score has a positive slope if its own $g_j$ is above that mean. So the slopes of a row always sum to 0. The largest has to be taken row by row: with the largest of the
# whole batch, a row of small scores becomes all zeros, and 0/0 is nan.

# %% [markdown]
# ## Losses: what is a mistake worth?
#
# Training follows the slope of the loss and nothing else. So choose a loss by its slope. Begin with numbers to predict. Five measurements, one of them spoiled. What is the one number that predicts all five best?

# %%
measured = np.array([1.0, 1.2, 0.9, 1.1, 9.0])
guesses = np.linspace(0, 10, 10001)[:, None]
squares = ((guesses - measured) ** 2).mean(axis=1)
sizes = np.abs(guesses - measured).mean(axis=1)
print(f"least mean square error:   {guesses[squares.argmin(), 0]:.2f}   (the mean is {measured.mean():.2f})")
print(f"least mean absolute error: {guesses[sizes.argmin(), 0]:.2f}   (the median is {np.median(measured):.2f})")

# %% [markdown]
# The slope of the *mean square error* (MSE) is $2(\hat y - y)/n$: an error twice as large pulls twice as hard. The spoiled value pulls so hard that the answer fits none of the five. The slope of the *mean absolute error* (MAE) is $\pm 1/n$: every
# example pulls equally hard, and the middle one decides. MAE does not mind a few wild values. But its slope does not get smaller near the goal, so with a fixed step it jumps about it, while MSE slows down by itself.
#
# Now classes. The truth is 1, and a sigmoid turns a score into the probability $p$. *Cross-entropy* is the loss $-\log p$: how surprised you are by the truth if you had given it the probability $p$. What slope does the **score** get from each loss?

# %%
p = 0.5 + 0.5 * np.tanh(s / 2)  # sigmoid of the scores s
bend = p * (1 - p)
figure, (left, right) = sketch(("score, truth 1", "loss"), ("score, truth 1", "slope with respect to the score"))
for name, loss, slope in (
    ("MSE, (1 − p)²", (1 - p) ** 2, -2 * (1 - p) * bend),
    ("MAE, 1 − p", 1 - p, -bend),
    ("cross-entropy, −log p", -np.log(p), p - 1),
):
    left.plot(s, loss, label=name)
    right.plot(s, slope, label=name)
    print(
        f"{name:22} slope at score −6: {np.interp(-6, s, slope):8.4f}   at 0: {np.interp(0, s, slope):7.4f}   at 6: {np.interp(6, s, slope):8.4f}"
    )
left.legend(frameon=False)
figure

# %% [markdown]
# Look at the score −6: the network is quite sure, and wrong. It should learn most there. With MSE and MAE it learns almost nothing, because the slope has to pass the sigmoid, which is flat out there. Cross-entropy is made for it:
#
# $$\frac{\partial(-\log p)}{\partial s} = -\frac1p \cdot p\,(1 - p) = p - 1.$$
#
# The $1/p$ of the logarithm cancels the flatness. The slope is the error itself. The same happens with softmax: the slopes of the scores are $p_i$, minus 1 at the true class.
#
# If the truth may also be 0, there is a second term for it: $L = -\big(y \log p + (1 - y)\log(1 - p)\big)$. Mind the brackets: the minus is for both.
#
# ## The logarithm of a rounded number
#
# How do you compute $\log p$? The plain way is to compute $p$ and take its logarithm. Try it with a score that is far off.

# %%
for score in (-5.0, -30.0, -800.0):
    e = np.exp(-abs(score))
    p = e / (1 + e)
    with np.errstate(divide="ignore"):
        print(
            f"score {score:6}: −log p = {-np.log(p):8.4f}   −log(p + 1e-6) = {-np.log(p + 1e-6):8.4f}   "
            f"log(1 + e^−score) = {np.logaddexp(0, -score):8.4f}"
        )

# %% [markdown]
# At −800 the probability is rounded to 0, and its logarithm is −∞. A well-known patch is to add `1e-6` inside the logarithm. It hides the infinity and makes another loss: at −30 it says 13.8 where 30 is true, and it is flat from there on, so
# the slope is gone just where it is needed. The cure is to go from the score to the logarithm in one step, on paper: $-\log\frac{1}{1+e^{-s}} = \log(1 + e^{-s})$. NumPy computes this without overflow: `np.logaddexp(a, b)` is
# $\log(e^a + e^b)$, and $e^0 = 1$.
#
# Therefore libraries have losses that take *scores*. The sigmoid or softmax is inside.

# %% [markdown] exercise="9.4" title="Yes or no" difficulty=2 minutes=18
# ### Exercise 9.4: yes or no
#
# Write `binary_cross_entropy(scores, y)`. `scores` and `y` have the shape (n,), and each truth is 0 or 1. It returns two things: the loss, $-\big(y \log p + (1 - y)\log(1 - p)\big)$ with $p = \sigma(\text{score})$, averaged over the examples, and its
# slopes with respect to the scores. It must be exact for scores of any size.


# %% stub="9.4"
def binary_cross_entropy(scores, y):
    return 0.0, scores * 0.0


# %% [markdown] hint="9.4"
# $-\log p = \log(1 + e^{-s})$. Find $-\log(1 - p)$ in the same way: $1 - p = \frac{1}{1 + e^{s}}$.

# %% [markdown] hint="9.4"
# `np.logaddexp(0, -scores)` counts where `y` is 1, and `np.logaddexp(0, scores)` where `y` is 0. Take the mean.

# %% [markdown] hint="9.4"
# For a truth of 1 the slope was $p - 1$. For a truth of 0 it is $p - 0$. The mean divides by $n$. And $p$ without overflow is `np.exp(-np.logaddexp(0, -scores))`.


# %% solution="9.4"
def binary_cross_entropy(scores, y):
    losses = y * np.logaddexp(0, -scores) + (1 - y) * np.logaddexp(0, scores)
    p = np.exp(-np.logaddexp(0, -scores))
    return losses.mean(), (p - y) / len(y)


# %% [markdown] explanation="9.4"
# Each truth switches one of the terms on. Both terms are at least 0, as a probability is at most 1 and its logarithm at most 0. The slope is $p - y$ for both: the prediction minus the truth, as with half the squared error, but on the score, without
# passing the flat sigmoid.

# %% [markdown]
# With more than two classes it is the same with softmax. $-\log p_y = \log\sum_k e^{s_k} - s_y$, where $s_y$ is the score of the true class.

# %% [markdown] exercise="9.5" title="Cross-entropy of scores" difficulty=3 minutes=20
# ### Exercise 9.5: cross-entropy of scores
#
# Write `cross_entropy(scores, y)` for `scores` of shape (n, classes) and class numbers `y` of shape (n,). It returns the loss, the mean of $-\log p_y$, and its slopes with respect to the scores, of shape (n, classes). Scores of any size.


# %% stub="9.5"
def cross_entropy(scores, y):
    return 0.0, scores * 0.0


# %% [markdown] hint="9.5"
# First make log-probabilities for the whole batch: the scores, minus the largest of the row, minus the logarithm of the row's sum of powers.

# %% [markdown] hint="9.5"
# From row 0 you need the number at `y[0]`, from row 1 that at `y[1]`, and so on: index with two arrays, `log_p[np.arange(n), y]`.

# %% [markdown] hint="9.5"
# The slopes are the probabilities, minus 1 at each true class, all divided by n.


# %% solution="9.5"
def cross_entropy(scores, y):
    n = len(y)
    shifted = scores - scores.max(axis=1, keepdims=True)
    log_p = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    loss = -log_p[np.arange(n), y].mean()
    slopes = np.exp(log_p)
    slopes[np.arange(n), y] -= 1
    return loss, slopes / n


# %% [markdown] explanation="9.5"
# The sum of powers contains $e^0 = 1$ for the largest score, so its logarithm is never that of 0. No probability is rounded before the logarithm is taken. For the slopes the probabilities are good enough, and each row of slopes sums to 0: what the
# true class gains, the others give.

# %% [markdown]
# ## Reading digits
#
# Time to plug the pieces together. The data are 1,797 handwritten digits of 8 × 8 pixels. The library has the layers of this lesson as well, in `chainrule.ladder.layers`, and the split, the first weights and the batches in `chainrule.ladder.tasks`. From here on they are used,
# so that this works whether or not you have solved the exercises.

# %%
from chainrule.ladder import layers, tasks
from chainrule.viz.plots import confusion_matrix, image_grid

task = tasks.digits()
W1, b1, W2, b2 = task.start
print(f"{len(task.x)} digits to learn from, {len(task.x_test)} kept back for the test")
print(
    f"W1 {W1.shape}, b1 {b1.shape}, W2 {W2.shape}, b2 {b2.shape}; {len(task.batches)} batches of up to 32 in 30 epochs"
)

figure, (ax,) = sketch(("", ""), height=2.1)
image_grid(ax, task.x[:12].reshape(-1, 8, 8), [str(digit) for digit in task.y[:12]], columns=6)
figure


# %%
def trained(top, loss):
    """A network 64-32-10 with ``top`` above the scores: the loss of every step, the scores of the test digits."""
    network = layers.MultiLayerNetwork([layers.Linear(W1, b1), layers.ReLU(), layers.Linear(W2, b2), *top])
    losses = []
    for batch in task.batches:
        losses.append(loss.forward(network.forward(task.x[batch]), task.y[batch]))
        network.backward(loss.backward())
        network.update_params(task.lr)
    return np.array(losses), network.forward(task.x_test)


def read_right(scores):
    """How many of the test digits have their largest score at the truth."""
    return sum(int(row.argmax()) == digit for row, digit in zip(scores, task.y_test, strict=True))


losses, scores = trained([layers.Softmax()], layers.CrossEntropy())
print(f"the loss went from {losses[0]:.3f} to {losses[-1]:.3f}; guessing among ten costs log 10 = {np.log(10):.3f}")
print(f"{read_right(scores)} of {len(task.y_test)} digits read right: {read_right(scores) / len(task.y_test):.1%}")

# %% [markdown]
# One line builds the network. The loop does the same four things in each step: forward, loss, backward, update. If you solved exercises 9.1 and 9.3, your `Linear` and `Softmax` can take the places of the library's: they keep the same contract.
#
# Which digits were misread, and as what?

# %%
answers = scores.argmax(axis=1)
wrong = np.flatnonzero(answers != task.y_test)
figure, (left, right) = sketch(("", ""), ("", ""), height=4.4)
confusion_matrix(left, task.y_test, answers, 10)
image_grid(
    right, task.x_test[wrong].reshape(-1, 8, 8), [f"{task.y_test[i]}, read {answers[i]}" for i in wrong], columns=3
)
figure

# %% [markdown] exercise="9.6" title="Accuracy" difficulty=1 minutes=6
# ### Exercise 9.6: accuracy
#
# Write `accuracy(scores, y)`: which part of the examples has its largest score at the true class, a number from 0 to 1. `scores` has the shape (n, classes), `y` holds the class numbers, shape (n,).


# %% stub="9.6"
def accuracy(scores, y):
    return 0.0


# %% [markdown] hint="9.6"
# `argmax` with an axis gives, along that axis, the position of the largest. You want one position for each row. Along which axis do you go when you walk through a row?

# %% [markdown] hint="9.6"
# Comparing the positions with `y` gives an array of True and False. Their mean is the part that is True.


# %% solution="9.6"
def accuracy(scores, y):
    return float((scores.argmax(axis=1) == y).mean())


# %% [markdown] explanation="9.6"
# `axis=1` walks along the columns, so it leaves one answer for each row. Softmax would not change which score is the largest, so there is no need for it. Accuracy cannot be trained on: nudge a weight a little, and it does not change at all. Its slope is 0 almost everywhere,
# which is why there is a loss.

# %% [markdown]
# ## What the wrong pieces do
#
# Three mistakes of this lesson raise no error. What do they cost? Here they are, in the same network, with the same start and the same batches.


# %%
class SummedJacobian(layers.Softmax):
    """WRONG: adds up the Jacobian, then multiplies place by place."""

    def backward(self, g):
        jacobians = np.stack([np.diag(p) - np.outer(p, p) for p in self.p])
        return jacobians.sum(axis=1) * g


class OfScores:
    """Cross-entropy that has the softmax inside, as the losses of libraries do."""

    def forward(self, scores, y):
        self.p, self.y = layers.Softmax().forward(scores), y
        return float((np.logaddexp.reduce(scores, axis=1) - np.take_along_axis(scores, y[:, None], 1)[:, 0]).mean())

    def backward(self):
        return (self.p - np.eye(10)[self.y]) / len(self.y)


class SquaresOfProbabilities:
    """The mean square between the probabilities and 1 at the truth, 0 elsewhere."""

    def forward(self, p, y):
        self.error = p - np.eye(10)[y]
        return float((self.error**2).mean())

    def backward(self):
        return 2 * self.error / self.error.size


for name, top, loss in (
    ("softmax, then cross-entropy", [layers.Softmax()], layers.CrossEntropy()),
    ("cross-entropy of scores", [], OfScores()),
    ("softmax, and a loss that contains it", [layers.Softmax()], OfScores()),
    ("softmax with its Jacobian summed", [SummedJacobian()], layers.CrossEntropy()),
    ("softmax, then mean square", [layers.Softmax()], SquaresOfProbabilities()),
):
    losses, scores = trained(top, loss)
    print(f"{name:37} {read_right(scores) / len(task.y_test):6.1%} read right")

# %% [markdown]
# The first two are the same mathematics, and the same result. With softmax *twice*, the loss gets probabilities where it expects scores: they all lie between 0 and 1, so the second softmax can never be sure, and the slopes stay weak. It learns, badly, and this is why the mistake lives
# long. With the summed Jacobian nothing arrives below: the first weights are still the first weights. The mean square learns too, with the same learning rate more slowly: its slopes are flat where the network is sure and wrong, and they are divided by ten times as many numbers.
#
# ## MNIST
#
# The best-known digits are MNIST's: 70,000 images of 28 × 28 pixels. They do not come with this course. If you have the files (`train-images-idx3-ubyte.gz` and so on, or `mnist_train.csv`), put the name of their folder here; or write `"openml"`, and scikit-learn fetches them once.

# %%
MNIST = None  # a folder such as "/home/me/mnist", or "openml"

if MNIST is None:
    print("MNIST is left out: set MNIST to a folder or to 'openml'")
else:
    from chainrule.data.datasets import mnist

    root = None if MNIST == "openml" else MNIST
    (X, Y), (X_test, Y_test) = mnist(root=root), mnist(train=False, root=root)
    rng = np.random.default_rng(0)
    big = layers.MultiLayerNetwork(
        [
            layers.Linear(tasks.he_uniform(rng, (100, 784)), np.zeros(100)),
            layers.ReLU(),
            layers.Linear(tasks.he_uniform(rng, (10, 100)), np.zeros(10)),
        ]
    )
    loss = OfScores()
    for epoch in range(3):
        order = rng.permutation(len(X))
        for first in range(0, len(X), 32):
            batch = order[first : first + 32]
            loss.forward(big.forward(X[batch]), Y[batch])
            big.backward(loss.backward())
            big.update_params(0.1)
        print(
            f"epoch {epoch + 1}: {np.mean(big.forward(X_test).argmax(axis=1) == Y_test):.1%} of the test digits read right"
        )

# %% [markdown]
# ## What you can do now
#
# You can give any piece of a network a forward and a backward step of its own and plug it in. You know which loss belongs to which task, and why: mean square for numbers, mean absolute error if some of them are wild, cross-entropy for classes, because its slope on the score is the error itself. You take
# logarithms of scores, not of rounded probabilities. What is still missing: these networks are chains, one layer after the other. What if a value is used in two places? The next lesson brings back the graph of lesson 5, this time with arrays.
