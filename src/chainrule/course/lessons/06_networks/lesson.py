# %% [markdown] lesson=6 title="Neuron, layer, network" minutes=100
# # 6. Neuron, layer, network
#
# You have `Value`: any expression, and every slope from one backward pass. So far the expressions were small and you
# chose every number. **What do you have to build out of numbers so that it learns what you have not told it?**
#
# Start with four points. They are the smallest problem that is not easy.

# %% given="*"
import math
import random

import numpy as np

from chainrule.value import Value
from chainrule.viz.sketch import sketch

# %%
four = [[-1.0, -1.0], [-1.0, 1.0], [1.0, -1.0], [1.0, 1.0]]
wanted = [-1.0, 1.0, 1.0, -1.0]

for x, y in zip(four, wanted):
    print(f"the two inputs are {x}: answer {y:+.0f}")

# %% [markdown]
# The answer is +1 if the two inputs differ, and −1 if they are the same. Let one neuron learn it:
# $o = \tanh(w_1 x_1 + w_2 x_2 + b)$, as in lesson 5. The loss is the mean of the squared errors, and each step goes a
# little against the slopes.

# %%
from chainrule.graph import draw

w1, w2, b = Value(0.3, label="w1"), Value(-0.2, label="w2"), Value(0.1, label="b")


def neuron(x):
    return (w1 * x[0] + w2 * x[1] + b).tanh()


draw(neuron([1.0, -1.0]))

# %%
for step in range(1, 201):
    loss = sum((neuron(x) - y) ** 2 for x, y in zip(four, wanted)) * (1 / 4)
    for p in (w1, w2, b):
        p.grad = 0.0
    loss.backward()
    for p in (w1, w2, b):
        p.data -= 0.1 * p.grad
    if step in (1, 10, 200):
        print(f"step {step:3}: loss {loss.data:.4f}")

print(f"|w1| = {abs(w1.data):.4f}, |w2| = {abs(w2.data):.4f}, |b| = {abs(b.data):.4f}")

# %% [markdown]
# The loss goes to 1 and stays. The neuron has set all its weights to 0 and answers 0 to everything. It is not lazy: no
# single neuron gets below 1 here. Why?
#
# A neuron asks on which side of a line a point lies. Where $w_1 x_1 + w_2 x_2 + b$ is positive, the answer is positive,
# and that is one side of a straight line in the plane. Now draw the four points: the two with +1 lie on opposite
# corners, the two with −1 on the other corners. No straight line has the first two on one side and the others on the
# other.
#
# But *two* lines could do it. And a third neuron could look at what the two say. That is the whole idea: neurons side
# by side are a *layer*; layers one after the other are a *network*. To build it, you need three small classes.

# %% [markdown] exercise="6.1" title="A neuron" difficulty=1 minutes=12
# ### Exercise 6.1: a neuron
#
# Write the class `Neuron`.
#
# - `Neuron(inputs)` makes a list `w` of so many weights, `Value`s with random numbers between −1 and 1, and a bias `b`,
#   a `Value`.
# - Calling it with a list of numbers, or of `Value`s, gives the `Value` $\tanh(w_1 x_1 + w_2 x_2 + \dots + b)$. With
#   `Neuron(inputs, bent=False)` the tanh is left out.
# - `parameters()` gives the list of all `Value`s that training may change: the weights, then the bias.


# %% stub="6.1"
class Neuron:
    def __init__(self, inputs, bent=True):
        self.w = [Value(0.0) for _ in range(inputs)]
        self.b = Value(0.0)
        self.bent = bent

    def __call__(self, x):
        return self.b

    def parameters(self):
        return []


# %% [markdown] hint="6.1"
# `random.uniform(-1, 1)` is a random number. Each weight needs one of its own.

# %% [markdown] hint="6.1"
# In `__call__`, begin with `total = self.b`. For each pair from `zip(self.w, x)` add the product. Work with the
# `Value`s, not with their `.data`: else the graph is cut.

# %% [markdown] hint="6.1"
# At the end: `return total.tanh() if self.bent else total`. And `parameters` returns `[*self.w, self.b]`.


# %% solution="6.1"
class Neuron:
    def __init__(self, inputs, bent=True):
        self.w = [Value(random.uniform(-1, 1)) for _ in range(inputs)]
        self.b = Value(0.0)
        self.bent = bent

    def __call__(self, x):
        total = self.b
        for wi, xi in zip(self.w, x):
            total = total + wi * xi
        return total.tanh() if self.bent else total

    def parameters(self):
        return [*self.w, self.b]


# %% [markdown] explanation="6.1"
# The sum is built from `Value`s by their own operators, so each call leaves behind a graph that ends in the weights.
# The weights are random because neurons that start alike stay alike: they would see the same inputs, get the same
# slopes and take the same steps. The bias may start at 0; the weights make the difference.

# %% [markdown] exercise="6.2" title="Layer and network" difficulty=2 minutes=15
# ### Exercise 6.2: layer and network
#
# Write two classes. `Neuron` is there for you.
#
# - `Layer(inputs, outputs, bent=True)` has a list `neurons` of so many neurons as it has outputs. Each looks at all the
#   inputs. Calling it gives the list of their answers.
# - `MLP(inputs, outputs)` (multi-layer perceptron) has a list `layers`. `outputs` says how wide each layer is:
#   `MLP(3, [4, 4, 1])` takes 3 numbers, has two layers of 4 neurons and one of 1. Each layer looks at what the layer
#   before says. All are bent except the last: it must be able to answer 7. Calling it gives the answers of the last
#   layer, as a list.
# - Both have `parameters()`: one flat list.


# %% stub="6.2"
class Layer:
    def __init__(self, inputs, outputs, bent=True):
        self.neurons = []

    def __call__(self, x):
        return []

    def parameters(self):
        return []


class MLP:
    def __init__(self, inputs, outputs):
        self.layers = []

    def __call__(self, x):
        return x

    def parameters(self):
        return []


# %% [markdown] hint="6.2"
# A layer is three one-line methods. Each is a list with `for neuron in self.neurons` in it (or
# `for _ in range(outputs)`).

# %% [markdown] hint="6.2"
# In `MLP.__call__` the answers of one layer are the inputs of the next: `for layer in self.layers: x = layer(x)`.

# %% [markdown] hint="6.2"
# With `sizes = [inputs, *outputs]`, layer `i` leads from `sizes[i]` to `sizes[i + 1]`. It is the last one if
# `i == len(outputs) - 1`. A flat list of all: `[p for layer in self.layers for p in layer.parameters()]`.


# %% solution="6.2"
class Layer:
    def __init__(self, inputs, outputs, bent=True):
        self.neurons = [Neuron(inputs, bent) for _ in range(outputs)]

    def __call__(self, x):
        return [neuron(x) for neuron in self.neurons]

    def parameters(self):
        return [p for neuron in self.neurons for p in neuron.parameters()]


class MLP:
    def __init__(self, inputs, outputs):
        sizes = [inputs, *outputs]
        last = len(outputs) - 1
        self.layers = [Layer(sizes[i], sizes[i + 1], bent=i < last) for i in range(len(outputs))]

    def __call__(self, x):
        for layer in self.layers:
            x = layer(x)
        return x

    def parameters(self):
        return [p for layer in self.layers for p in layer.parameters()]


# %% [markdown] explanation="6.2"
# Nothing new is computed here: neurons do all the work, the classes only hold them in order. The last layer is not bent
# because tanh cannot leave −1 to 1, and an answer may be any number. Nothing had to be said about `backward`: the graph
# runs through all the layers down to every weight.

# %% [markdown]
# The library has these three classes, too. How many parameters does a network have, and how does its answer depend on
# one of them?

# %%
from chainrule import value as library

random.seed(0)
network = library.MLP(3, [4, 4, 1])
print(f"parameters: {len(network.parameters())}, and 4·(3+1) + 4·(4+1) + 1·(4+1) = {4 * 4 + 4 * 5 + 1 * 5}")
answer = network([1.0, -2.0, 0.5])[0]
answer.backward()
p = network.parameters()[0]
print(f"answer {answer.data:.4f}; its slope in the first weight of the first neuron: {p.grad:.4f}")

# %% [markdown]
# ## Training, one step
#
# A step of training has five parts, always the same, and their order matters:
#
# 1. *Forward*: let the network answer, compute the loss.
# 2. *Zero*: set all the slopes back to 0, because `backward` adds to them.
# 3. *Backward*: the slope of the loss in each parameter.
# 4. *Step*: each parameter goes a little against its slope.
# 5. Note the loss, so that you can see where it is going.

# %% [markdown] exercise="6.3" title="One step of training" difficulty=2 minutes=15
# ### Exercise 6.3: one step of training
#
# Write `train_step(model, xs, ys, lr)`. `model` has `parameters()`, and `model(x)` gives a list with one `Value` (like
# `MLP(2, [4, 1])`). The loss is the *mean* of the squared errors over all the examples. Do one step with the learning
# rate `lr`, and return the loss from before the step, as a plain number.


# %% stub="6.3"
def train_step(model, xs, ys, lr):
    return 0.0


# %% [markdown] hint="6.3"
# Begin with `loss = Value(0.0)` and add one square after the other: `(model(x)[0] - y) ** 2`. Then times `1 / len(xs)`.

# %% [markdown] hint="6.3"
# After the loss: set every `p.grad` to 0, call `loss.backward()`, and only then move the parameters.

# %% [markdown] hint="6.3"
# `p.data -= lr * p.grad` changes the parameter. `p = p - lr * p.grad` only gives the name `p` to something new, and the
# network does not notice.


# %% solution="6.3"
def train_step(model, xs, ys, lr):
    loss = Value(0.0)
    for x, y in zip(xs, ys):
        loss = loss + (model(x)[0] - y) ** 2
    loss = loss * (1 / len(xs))

    for p in model.parameters():
        p.grad = 0.0
    loss.backward()
    for p in model.parameters():
        p.data -= lr * p.grad
    return loss.data


# %% [markdown] explanation="6.3"
# The zeros may come before or after the forward pass, but never between `backward` and the step: there they would wipe
# out what the step needs. `p.data` is changed inside the `Value` that the network holds, so that its next answer is
# another one.

# %% [markdown]
# Here are the four points again, now with a network of four neurons and one.


# %%
def descend(model, xs, ys, lr):
    """The five parts once more, for the rest of the lesson."""
    errors = [model(x)[0] - y for x, y in zip(xs, ys)]
    loss = sum(e * e for e in errors) / len(xs)
    model.zero_grad()
    loss.backward()
    for p in model.parameters():
        p.data -= lr * p.grad
    return loss.data


random.seed(1)
network = library.MLP(2, [4, 1])
axis = np.linspace(-2, 2, 33)
figure, panels = sketch(*[(f"after {n} steps", "") for n in (0, 20, 100)])
done = 0
for until, ax in zip((0, 20, 100), panels):
    while done < until:
        loss = descend(network, four, wanted, 0.2)
        done += 1
    plane = np.array([[network([float(u), float(v)])[0].data for u in axis] for v in axis])
    ax.contourf(axis, axis, plane, np.linspace(-2, 2, 21), cmap="RdBu", extend="both")
    for x, y in zip(four, wanted):
        ax.plot(*x, "o", ms=9, mec="white", color="#3451b2" if y > 0 else "#d6409f")
print(f"loss in step {done}: {loss:.1e}")
figure

# %% [markdown]
# It has learned it. On the right you see where it answers + (blue) and where − (red): each corner has the right colour.
# None of the four neurons of the first layer can do this. Each of them has drawn one line, and the last one has put the
# lines together.
#
# ## Does it know, or does it remember?
#
# Four points, learned by heart. Is that knowing? You want answers for points it has *not* seen. And that can be
# measured, if you keep some points back. Here are 30 points of $x^2$ with noise. Half of them are for training. The
# other half, the *test*, the network never learns from.

# %%
from chainrule.data import datasets

x, y = datasets.quadratic(30, noise=0.15, seed=1)
mixed = np.random.default_rng(0).permutation(30)
train, test = mixed[:15], mixed[15:]

by_heart = np.polynomial.Polynomial.fit(x[train], y[train], 14)
errors = (by_heart(x) - y) ** 2
print("polynomial of degree 14, mean squared error")
print(f"on the points it was fitted to: {np.mean(errors[train]):.4f}")
print(f"on the others: {np.mean(errors[test]):.4f}")

# %% [markdown]
# The polynomial has 15 numbers for 15 points, so it hits them all. On the other points it is hopeless. Had you looked
# at the first line only, you would have been content. Now a network with 12 neurons, and both losses along the way. One
# pass over all the training points is called an *epoch*; here an epoch is one step.

# %%
random.seed(1)
network = library.MLP(1, [12, 1])
inputs = [[float(v)] for v in x]
fine = np.linspace(-1.2, 1.2, 61)
seen, unseen, shots = [], [], {}
for epoch in range(301):
    if epoch in (0, 30, 100, 150, 300):
        shots[epoch] = [network([float(v)])[0].data for v in fine]
    answers = np.array([network(v)[0].data for v in inputs])
    seen.append(np.mean((answers[train] - y[train]) ** 2))
    unseen.append(np.mean((answers[test] - y[test]) ** 2))
    descend(network, [inputs[i] for i in train], y[train].tolist(), 0.3)

for epoch in (0, 30, 100, 150, 300):
    print(f"epoch {epoch:3}: training {seen[epoch]:.4f}   test {unseen[epoch]:.4f}")
noise = (x**2 - y) ** 2
print(f"x² itself: training {noise[train].mean():.4f}   test {noise[test].mean():.4f}")

# %%
figure, (left, right) = sketch(("x", "y"), ("epoch", "mean squared error"))
left.plot(x[train], y[train], "o", color="#3451b2", ms=5, label="training")
left.plot(x[test], y[test], "o", mfc="none", color="#3451b2", ms=5, label="test")
for (epoch, shot), shade in zip(shots.items(), (0.2, 0.35, 0.5, 0.75, 1.0)):
    left.plot(fine, shot, color="#d6409f", alpha=shade, lw=1.6, label=f"epoch {epoch}")
left.legend(frameon=False, fontsize=7, ncols=2, loc="upper center")
right.semilogy(seen, label="training")
right.semilogy(unseen, label="test")
right.legend(frameon=False)
figure

# %% [markdown]
# At first the network answers with a nearly straight line, and after one quick step both losses creep. Then it finds
# the bend, and both fall together. That is what you want to see. At the end the test loss is 0.0276. Is that bad? The
# last line of the numbers is for $x^2$ itself, from which the points were made: it gets 0.0179 on the test points. That
# is the noise, and nobody can foresee noise. The network is not far above it, and the polynomial was at 1,892.
#
# If the training loss goes on falling and the test loss rises, the network has begun to learn the noise by heart. You
# only see it if you kept points back.
#
# ## Two kinds of flowers
#
# Now real data: a hundred iris flowers of two kinds, setosa and versicolor, with the length and the width of their
# sepals. The answer is no number on a scale; it is one of two *classes*, 0 or 1. Let the network give a *probability*
# $p$ of class 1. For this, squeeze its answer $z$ into 0 to 1:
#
# $$p = \sigma(z) = \frac{1}{1 + e^{-z}}.$$
#
# This is the *sigmoid*. Which loss? You could take $(p - y)^2$. Look at its slope when the network is very sure and
# wrong: the class is 1, and $z$ is −8.

# %%
for name, loss_of in (("square", lambda p: (p - 1) ** 2), ("-log p", lambda p: -p.log())):
    z = Value(-8.0)
    loss = loss_of(z.sigmoid())
    loss.backward()
    print(f"{name}: p = {z.sigmoid().data:.5f}, loss {loss.data:.4f}, slope in z {z.grad:.5f}")

# %% [markdown]
# With the square the slope is almost 0: the sigmoid is flat out there, so the network that is most wrong learns least.
# With $-\log p$ the slope is almost −1. The logarithm grows as fast as the sigmoid flattens. For a flower of class 0
# take $-\log(1 - p)$. Both in one formula:
#
# $$L = -\bigl(y \log p + (1 - y) \log (1 - p)\bigr).$$
#
# One of the two terms is always 0, because $y$ is 0 or 1. Note the brackets: the minus belongs to both. This loss is
# called *binary cross-entropy*.
#
# On paper it is finished. In a machine $p$ becomes exactly 1 for large $z$, and what is $\log(1 - p)$ then?

# %%
z = Value(40.0)
p = z.sigmoid()
print(f"p = {p.data}, so 1 - p = {1 - p.data}; in truth it is {math.exp(-40):.1e}")
try:
    (1 - p).log()
except ValueError as error:
    print("log(1 - p) fails:", error)
print(f"and -log(1 - p + 0.000001) says {-math.log(1 - p.data + 1e-6):.2f}, where it should be 40")

# %% [markdown] exercise="6.4" title="A loss for two classes" difficulty=3 minutes=25
# ### Exercise 6.4: a loss for two classes
#
# Write `log_loss(z, y)`. `z` is the score, a `Value` *before* the sigmoid; `y` is 0 or 1. It returns the `Value`
# $-\bigl(y \log p + (1 - y) \log (1 - p)\bigr)$ with $p = \sigma(z)$. It must be right, with its slope, for any $z$
# from −800 to 800, without adding anything inside the logarithm. PyTorch is asked for what must come out.


# %% stub="6.4"
def log_loss(z, y):
    return z * 0.0


# %% [markdown] hint="6.4"
# Do not compute $p$ at all. Write $-\log p = \log(1 + e^{-z})$. And $1 - p = \frac{e^{-z}}{1 + e^{-z}}$, so what is
# $-\log(1 - p)$?

# %% [markdown] hint="6.4"
# $-\log(1 - p) = \log(1 + e^{-z}) + z$. Together: $L = \log(1 + e^{-z}) + (1 - y)\, z$. This is right everywhere on
# paper, and in a machine as long as $e^{-z}$ does not overflow: for $z \ge 0$.

# %% [markdown] hint="6.4"
# For $z < 0$ use $\log(1 + e^{-z}) = \log(1 + e^{z}) - z$. Then $L = \log(1 + e^{z}) - y\, z$. Two cases, and an `if`
# on `z.data`.


# %% solution="6.4"
def log_loss(z, y):
    if z.data >= 0:
        return (1 + (-z).exp()).log() + (1 - y) * z
    return (1 + z.exp()).log() - y * z


# %% [markdown] explanation="6.4"
# The exponent is never positive, so nothing overflows; the logarithm is taken of a number between 1 and 2, so it never
# meets 0. The slope of both branches is $\sigma(z) - y$: what the network says minus what is true. It is never flat
# where the network is wrong.

# %% [markdown]
# Here is the training. The inputs are first brought to mean 0 and standard deviation 1 (lesson 2 says why), with the
# numbers of the *training* flowers. A single neuron without tanh gives the score; for these two classes one line is
# enough.

# %%
X, y = datasets.iris(two_classes=True)
sepals = X[:, :2]
mixed = np.random.default_rng(0).permutation(100)
train, test = mixed[:70], mixed[70:]
scaled = (sepals - sepals[train].mean(axis=0)) / sepals[train].std(axis=0)
flowers, kinds = scaled.tolist(), y.tolist()

random.seed(0)
scorer = library.Neuron(2, activation="")
lines = {}
for epoch in range(41):
    right = [(scorer(x).data > 0) == bool(k) for x, k in zip(flowers, kinds)]
    if epoch in (0, 1, 3, 10, 40):
        lines[epoch] = [p.data for p in scorer.parameters()]
        seen, unseen = sum(right[i] for i in train), sum(right[i] for i in test)
        print(f"epoch {epoch:2}: right on {seen} of 70 training and {unseen} of 30 test flowers")
    loss = Value(0.0)
    for i in train:
        z = scorer(flowers[i])
        good = z if kinds[i] else -z  # the larger, the better: -log σ(good) is the loss
        loss = loss + ((1 + (-good).exp()).log() if good.data > 0 else (1 + good.exp()).log() - good)
    loss = loss / 70
    scorer.zero_grad()
    loss.backward()
    for p in scorer.parameters():
        p.data -= 1.0 * p.grad

# %%
figure, (ax,) = sketch(("sepal length (scaled)", "sepal width (scaled)"))
for kind, colour in ((0, "#d6409f"), (1, "#3451b2")):
    for part, fill in ((train, colour), (test, "none")):
        some = scaled[part][y[part] == kind]
        ax.plot(*some.T, "o", ms=5, color=colour, mfc=fill)
across = np.array([-2.0, 2.5])
for (epoch, (u, v, shift)), shade in zip(lines.items(), (0.15, 0.3, 0.5, 0.75, 1.0)):
    ax.plot(across, -(u * across + shift) / v, color="#1c2024", alpha=shade, label=f"epoch {epoch}")
ax.set_ylim(-3, 3.5)
ax.legend(frameon=False, fontsize=7)
figure

# %% [markdown]
# The line turns until it parts the two kinds. (Filled: training. Open: test.) In the end all the training flowers are
# right, and 29 of the 30 test flowers. In epoch 3 all 30 were. Is epoch 3 better, then? One flower more or less says
# very little: had you kept back 30 other flowers, it might be the other way round. Lesson 14 is about how to compare
# honestly.
#
# ## What you can do now
#
# You can build a network of any size from numbers, train it, and judge it on data it has not seen. You know the five
# parts of every training step, and what goes wrong when one is missing. You know how a class becomes a probability, and
# why its loss has a logarithm.
#
# But it is slow. Each number is an object, and each multiplication a call. In the next lesson whole arrays take their
# place.
