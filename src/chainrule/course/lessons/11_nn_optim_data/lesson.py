# %% [markdown] lesson=11 title="nn, optim, data" minutes=110
# # 11. nn, optim, data: the same in ten lines
#
# With `Tensor` (lesson 10) you write the forward pass and get the slopes. Here is the whole script that learns to read digits with it: 64 pixels, 32 hidden neurons, 10 scores.

# %% given="*"
import numpy as np

import chainrule
from chainrule import nn, optim
from chainrule.ladder import tasks
from chainrule.utils.data import DataLoader, TensorDataset

# %%
task = tasks.digits("float32")
W1, b1, W2, b2 = (chainrule.tensor(w, requires_grad=True) for w in task.start)

order = np.random.default_rng(0).permutation(len(task.y))
batches = [order[i : i + 32] for i in range(0, len(order), 32)]

for epoch_number in range(3):
    total = 0.0
    for batch in batches:
        x, y = chainrule.tensor(task.x[batch]), chainrule.tensor(task.y[batch])
        for w in (W1, b1, W2, b2):
            w.grad = None
        hidden = (x @ W1.T + b1).relu()
        scores = hidden @ W2.T + b2
        log_p = scores - scores.logsumexp(dim=1, keepdim=True)
        loss = -log_p.gather(1, y.reshape(-1, 1)).mean()
        loss.backward()
        with chainrule.no_grad():
            for w in (W1, b1, W2, b2):
                w -= 0.1 * w.grad
        total += loss.item() * len(batch)
    print(f"epoch {epoch_number + 1}: mean loss {total / len(order):.6f}")

# %% [markdown]
# It works. Now suppose you want one more layer. You have to make its weights, put them into two tuples, write its line, and if you forget one of the tuples, nothing complains: the layer just does not learn, or its slopes pile up.
#
# **Which of these lines are about digits, and which would be the same in every script?**
#
# Four things are the same everywhere: pieces that own weights (`nn`), what is done with the slopes (`optim`), how examples become batches (`data`), and the order of the steps. Here they have names. So that you can compare, the network gets the same first weights and the same order of examples.

# %%
model = nn.Sequential(nn.Linear(64, 32), nn.ReLU(), nn.Linear(32, 10))
model.load_state_dict({name: chainrule.tensor(w) for name, w in zip(model.state_dict(), task.start, strict=True)})

data = TensorDataset(chainrule.tensor(task.x[order]), chainrule.tensor(task.y[order]))
loader = DataLoader(data, batch_size=32)
loss_fn = nn.CrossEntropyLoss()
optimizer = optim.SGD(model.parameters(), lr=0.1)
for epoch_number in range(3):
    total = 0.0
    for x, y in loader:
        optimizer.zero_grad()
        loss = loss_fn(model(x), y)
        loss.backward()
        optimizer.step()
        total += loss.item() * len(x)
    print(f"epoch {epoch_number + 1}: mean loss {total / len(data):.6f}")

# %% [markdown]
# The same losses. (Two digits at the end may differ: sums are added up in another order.) Without what is there for the comparison, the script has ten lines: model, loader, loss, optimizer, two loops, and four lines that do the work. One more layer is one more word in `Sequential`.
#
# ## What each part knows
#
# A **module** knows its weights and how to compute. `Linear` holds two parameters; `Sequential` holds modules and calls them in turn. A parameter is a tensor that the module reports when asked. Nobody keeps a tuple:

# %%
for name, w in model.named_parameters():
    print(f"{name:10} {tuple(w.shape)}")
print(sum(w.numel() for w in model.parameters()), "numbers to learn")

# %% [markdown]
# An **optimizer** gets the parameters once and then knows two words. `zero_grad()` forgets the old slopes, `step()` changes the weights by the new ones.
#
# A **dataset** has a length and gives example number $i$. A **loader** asks it for the examples of a batch and stacks them. With `shuffle=True` it takes them in a new order each epoch, inputs and answers together: they cannot be shuffled apart.
#
# A **loss** compares scores and answers. `CrossEntropyLoss` takes *scores*, because the softmax is inside. Give it probabilities and you have two of them (lesson 9).
#
# ## Four lines, and their order
#
# Forget, run, back, step. What happens if you leave out the first?

# %%
from chainrule.viz.sketch import sketch


def losses_of(zero, lr=0.3, epochs=4):
    chainrule.manual_seed(0)
    model = nn.Sequential(nn.Linear(64, 32), nn.ReLU(), nn.Linear(32, 10))
    optimizer = optim.SGD(model.parameters(), lr=lr)
    losses = []
    for x, y in [batch for _ in range(epochs) for batch in loader]:
        if zero:
            optimizer.zero_grad()
        loss = loss_fn(model(x), y)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses


with_zero, without = losses_of(True), losses_of(False)
for name, losses in (("with", with_zero), ("without", without)):
    print(
        f"{name:8} zero_grad: mean loss {np.mean(losses[:20]):.2f} in the first 20 steps, {np.mean(losses[-20:]):.2f} in the last 20"
    )
figure, (ax,) = sketch(("step", "loss"))
ax.plot(with_zero, label="with zero_grad")
ax.plot(without, label="without")
ax.legend(frameon=False)
figure

# %% [markdown]
# No error, and at first it even looks faster. `backward()` adds to `grad` (lesson 5), so after 30 batches each step follows the sum of thirty slopes, most of them of weights that are long gone. It is like a ball without friction: it rolls past the bottom, up the other side, and never comes to rest.

# %% [markdown] exercise="11.1" title="One epoch" difficulty=1 minutes=12
# ### Exercise 11.1: one epoch
#
# Write `epoch(model, loss_fn, optimizer, loader)`. It puts the model into training mode (`model.train()`), makes one step for each batch `(x, y)` that the loader gives, and returns the mean loss per example, as a float. `loss_fn` gives the mean of its batch, and the last batch may be smaller than the others.


# %% stub="11.1"
def epoch(model, loss_fn, optimizer, loader):
    for x, y in loader:
        loss = loss_fn(model(x), y)
    return 0.0


# %% [markdown] hint="11.1"
# For each batch: forget, run, back, step. Two of the four belong to the optimizer.

# %% [markdown] hint="11.1"
# `loss.item()` is the mean of the batch. Times `len(x)` it is the sum over its examples. Add up these sums, and count the examples too.

# %% [markdown] hint="11.1"
# In the loop: `optimizer.zero_grad()`, `loss = loss_fn(model(x), y)`, `loss.backward()`, `optimizer.step()`, then `total += loss.item() * len(x)` and `count += len(x)`.


# %% solution="11.1"
def epoch(model, loss_fn, optimizer, loader):
    model.train()
    total, count = 0.0, 0
    for x, y in loader:
        optimizer.zero_grad()
        loss = loss_fn(model(x), y)
        loss.backward()
        optimizer.step()
        total += loss.item() * len(x)
        count += len(x)
    return total / count


# %% [markdown] explanation="11.1"
# The slopes must be those of this batch alone when `step()` reads them, so `zero_grad()` comes anywhere after the last step and before this `backward()`. A small last batch counts for fewer examples: hence the weight `len(x)`. `item()` takes the number out of its graph; if you added up the tensors, the graphs of all batches would stay in memory.

# %% [markdown]
# ## Two modes
#
# Some modules do not do the same while learning and while being tested. `Dropout(0.5)` sets half of its inputs to 0, chosen anew each time, so that no neuron can rely on one other alone; the rest is doubled to keep the mean. In a test, this would be noise:

# %%
chainrule.manual_seed(0)
drop = nn.Dropout(0.5)
x = chainrule.ones(8)
print("train:", drop(x).tolist(), drop(x).tolist())
drop.eval()
print("eval: ", drop(x).tolist())

# %% [markdown]
# `model.eval()` and `model.train()` tell all modules inside. They do not switch off the graph; that is what `no_grad()` is for. To measure you want both.

# %% [markdown] exercise="11.2" title="Accuracy" difficulty=2 minutes=12
# ### Exercise 11.2: accuracy
#
# Write `accuracy(model, loader)`: which part of all examples the model puts into the right class, as a float. `model(x)` gives scores of shape (batch, classes), `y` the numbers of the classes. Measure in eval mode, without recording a graph, and afterwards leave the model in the mode in which you found it (`model.training` says which).


# %% stub="11.2"
def accuracy(model, loader):
    for x, y in loader:
        scores, answers = model(x), y
    return 0.0


# %% [markdown] hint="11.2"
# The answer of the model for an example is the place of its largest score. Along which axis are the scores of one example?

# %% [markdown] hint="11.2"
# `(scores.argmax(dim=1) == y).sum().item()` counts the right ones of a batch. Add up, and divide by the number of examples once, at the end.

# %% [markdown] hint="11.2"
# `was_training = model.training`, then `model.eval()`; the loop inside `with chainrule.no_grad():`; then `model.train(was_training)`.


# %% solution="11.2"
def accuracy(model, loader):
    was_training = model.training
    model.eval()
    right, count = 0, 0
    with chainrule.no_grad():
        for x, y in loader:
            right += (model(x).argmax(dim=1) == y).sum().item()
            count += len(y)
    model.train(was_training)
    return right / count


# %% [markdown] explanation="11.2"
# Axis 0 counts examples, axis 1 classes; the largest score of *each example* is asked for. Softmax is not needed: it does not change which score is largest. `train(was_training)` puts back what was there, true or false.

# %% [markdown]
# ## What else can be done with a slope?
#
# So far each step was $w \leftarrow w - \eta\, g$, with the slope $g$ and the learning rate $\eta$ (`lr`). That is `SGD`, stochastic gradient descent. Here is a surface on which it has trouble: a valley that is steep in one direction and nearly flat in the other, $L = \frac12 (x^2 + 40\, y^2)$.


# %%
def valley(x, y):
    return 0.5 * (x**2 + 40 * y**2)


OPTIMIZERS = {
    "SGD": lambda weights, lr: optim.SGD(weights, lr=lr),
    "momentum": lambda weights, lr: optim.SGD(weights, lr=lr, momentum=0.9),
    "RMSprop": lambda weights, lr: optim.RMSprop(weights, lr=lr),
    "Adam": lambda weights, lr: optim.Adam(weights, lr=lr),
}


def run(name, lr, steps=100, surface=valley):
    """The places on the way (steps + 1, 2) and the loss at each."""
    w = chainrule.tensor([-8.0, 1.5], requires_grad=True)
    optimizer = OPTIMIZERS[name]([w], lr)
    places, losses = [], []
    for _ in range(steps + 1):
        optimizer.zero_grad()
        loss = surface(w[0], w[1])
        places.append(w.tolist())
        losses.append(loss.item())
        loss.backward()
        optimizer.step()
    return np.array(places), np.array(losses)


for lr in (0.01, 0.04, 0.051):
    places, losses = run("SGD", lr)
    print(
        f"SGD, lr {lr}: loss {losses[0]:.1f} at first, {losses[100]:.2g} after 100 steps; y begins {np.round(places[:4, 1], 2).tolist()}"
    )

# %% [markdown]
# A step multiplies $y$ by $1 - 40\,\eta$. At $\eta = 0.05$ this is $-1$: it jumps from wall to wall for ever, and beyond that it flies out. So the steep direction sets the limit for $\eta$. But in the flat direction a step multiplies $x$ by $1 - \eta$ only: with $\eta = 0.04$ each step brings it 4 % nearer. One number cannot suit both.
#
# Three cures:
#
# - **Momentum** keeps a velocity: $v \leftarrow \beta v + g$, then $w \leftarrow w - \eta\, v$. Slopes that point the same way every time add up to $1/(1-\beta)$ times one slope, ten times with $\beta = 0.9$. Slopes that change sign cancel.
# - **RMSprop** divides each slope by its own usual size: $s \leftarrow \alpha s + (1-\alpha)\, g^2$, then $w \leftarrow w - \eta\, g / (\sqrt{s} + \varepsilon)$. Steep and flat directions get steps of about the same length.
# - **Adam** does both, with means: $m$ of the slopes, $v$ of their squares.
#
# A race is fair only if each has a learning rate that suits it. So each runs with several, and the best is drawn. And the valley is bent, $L = \frac12 x^2 + 20\,(y - x^2/10)^2$: real ones do not lie along an axis.


# %%
def bent(x, y):
    return valley(x, y - x**2 / 10)


RATES = (0.003, 0.01, 0.03, 0.1, 0.3, 1.0)
best = {}
print("loss after 150 steps     " + "".join(f"lr {lr:<9}" for lr in RATES))
for name in OPTIMIZERS:
    ends = [run(name, lr, 150, bent)[1][-1] for lr in RATES]
    best[name] = RATES[int(np.nanargmin(ends))]
    print(f"{name:24} " + "".join(f"{end:<12.1e}" for end in ends))

figure, axes = sketch(("x", "y"), ("step", "loss"), height=3.6)
xs, ys = np.meshgrid(np.linspace(-9, 6, 151), np.linspace(-3, 9, 121))
axes[0].contour(xs, ys, bent(xs, ys), levels=[0.1, 1, 4, 10, 20, 40, 80], colors="0.8", linewidths=0.8)
for name in OPTIMIZERS:
    places, losses = run(name, best[name], 150, bent)
    axes[0].plot(*places.T, "o-", ms=2, lw=0.9, label=name)
    axes[1].semilogy(losses, lw=1.2, label=f"{name}, lr {best[name]}")
axes[0].set_xlim(-9, 6)
axes[0].set_ylim(-3, 9)
axes[1].legend(frameon=False, fontsize=8)
figure

# %% [markdown]
# Read the table first. SGD and momentum become nan beyond some rate: their steps are as long as the slopes, and on a steep wall that is too long. RMSprop and Adam never do, because they divide by the size of the slopes. They have the opposite trouble. A step of Adam is about `lr` long at most: at 0.003, 150 steps move a weight by no more than about 0.45, however steep it is.
#
# Then the pictures. SGD was lucky: its first steps threw it across the valley, near the bottom, and from there it creeps, a straight line in the right picture. Momentum swings from wall to wall, the swings fade, and it ends lowest. RMSprop leaps out of the picture at first: its $s$ begins at 0, so at first it divides by too little, and its first step is ten times too long. Adam has the same problem and a cure for it, in exercise 11.4.
#
# No winner here is a law. On another surface, or from another start, the order is another one.

# %% [markdown] exercise="11.3" title="Momentum" difficulty=2 minutes=10
# ### Exercise 11.3: momentum
#
# Write one step of SGD with momentum, for arrays: `momentum(w, slope, velocity, lr, beta)` returns the new `w` and the new `velocity`, as a tuple. It leaves the arrays it is given as they are. The check compares with PyTorch.


# %% stub="11.3"
def momentum(w, slope, velocity, lr, beta):
    return w + 0.0, velocity + 0.0


# %% [markdown] hint="11.3"
# Two lines: first the velocity, then the weights. The second line uses what the first one made.

# %% [markdown] hint="11.3"
# The velocity is what is left of the old one, `beta * velocity`, and the whole new slope. The learning rate comes in only when the weights move.


# %% solution="11.3"
def momentum(w, slope, velocity, lr, beta):
    velocity = beta * velocity + slope
    return w - lr * velocity, velocity


# %% [markdown] explanation="11.3"
# The old velocity fades by the factor $\beta$ each step, so the slope of $k$ steps ago still counts $\beta^k$. `velocity = ...` makes a new array and gives it the name; `velocity *= beta` would have changed the caller's.

# %% [markdown] exercise="11.4" title="Adam" difficulty=3 minutes=20
# ### Exercise 11.4: Adam
#
# Adam (Kingma and Ba, 2015) keeps two running means for each weight:
#
# $$m \leftarrow \beta_1 m + (1-\beta_1)\, g, \qquad v \leftarrow \beta_2 v + (1-\beta_2)\, g^2.$$
#
# Both begin at 0, so at first they are too small: after step $t$ all the weights in the mean $m$ together are not 1 but $1 - \beta_1^t$. Hence they are corrected before they are used, and the step is
#
# $$\hat m = \frac{m}{1-\beta_1^t}, \qquad \hat v = \frac{v}{1-\beta_2^t}, \qquad w \leftarrow w - \eta\, \frac{\hat m}{\sqrt{\hat v} + \varepsilon}.$$
#
# Write `adam(w, slope, m, v, t, lr=0.001, beta1=0.9, beta2=0.999, eps=1e-8)`. The first step has `t = 1`. Return the new `w`, `m` and `v` as a tuple; `m` and `v` are kept *un*corrected. Leave the arrays you are given as they are.


# %% stub="11.4"
def adam(w, slope, m, v, t, lr=0.001, beta1=0.9, beta2=0.999, eps=1e-8):
    return w + 0.0, m + 0.0, v + 0.0


# %% [markdown] hint="11.4"
# Write the five formulas as five lines, in their order. All work on whole arrays.

# %% [markdown] hint="11.4"
# Give the corrected means names of their own (`m_hat`, `v_hat`): `m` and `v` must be returned as they were before the correction.

# %% [markdown] hint="11.4"
# Test it in your head for $t = 1$ from $m = v = 0$: $\hat m = g$ and $\hat v = g^2$, so the first step is $\eta$ in the direction of the sign of the slope, however large the slope.


# %% solution="11.4"
def adam(w, slope, m, v, t, lr=0.001, beta1=0.9, beta2=0.999, eps=1e-8):
    m = beta1 * m + (1 - beta1) * slope
    v = beta2 * v + (1 - beta2) * slope**2
    m_hat = m / (1 - beta1**t)
    v_hat = v / (1 - beta2**t)
    return w - lr * m_hat / (np.sqrt(v_hat) + eps), m, v


# %% [markdown] explanation="11.4"
# Without the correction the first step would be $\eta \cdot 0.1\,g / (\sqrt{0.001}\,|g|) \approx 3.2\,\eta$: the two means do not start equally late. $\varepsilon$ stands outside the root and only keeps a slope of 0 from dividing by 0. As $\hat m$ is divided by the usual size of the slope, Adam's steps are about $\eta$ long, in the units of the weights: that is why 0.001 suits so many networks.

# %% [markdown]
# ## And on the digits?
#
# A surface of two weights is a drawing. What counts is the task. Again each optimizer gets several learning rates. Four epochs, the same first weights, the same batches; what is measured is the accuracy on digits that were held back.

# %%
held_back, held_back_y = chainrule.tensor(task.x_test), task.y_test


def reads(name, lr, epochs=4):
    chainrule.manual_seed(0)
    model = nn.Sequential(nn.Linear(64, 32), nn.ReLU(), nn.Linear(32, 10))
    optimizer = OPTIMIZERS[name](model.parameters(), lr)
    for x, y in [batch for _ in range(epochs) for batch in loader]:
        optimizer.zero_grad()
        loss_fn(model(x), y).backward()
        optimizer.step()
    return float(np.mean(model(held_back).detach().numpy().argmax(axis=1) == held_back_y))


RATES = (0.001, 0.01, 0.1, 1.0)
print("read right      " + "".join(f"lr {lr:<7}" for lr in RATES))
for name in OPTIMIZERS:
    print(f"{name:15} " + "".join(f"{reads(name, lr):<10.1%}" for lr in RATES))

# %% [markdown]
# Look along the rows, then down the columns. Each optimizer has a rate at which it reads more than 95 % right, and the four best numbers lie within two percent of one another. But these rates are far apart: 1.0 for SGD, 0.1 with momentum, 0.01 for RMSprop and Adam. With a rate that suits another one, the same optimizer may read a few percent right, which guessing can do as well. **The learning rate matters more than the optimizer.** (The table flatters all four a little: the best rate was picked with the digits it is measured on.)
#
# How to choose, then:
#
# - Begin with Adam and `lr=0.001`, and try 0.01 and 0.0001. Adam's steps have nearly the same length whatever the slopes are, so rates carry over from task to task better than those of SGD.
# - SGD with momentum 0.9 is worth trying with rates ten to a hundred times as large. Here it did best.
# - Change the rate by factors of 3 or 10, not by 10 %. If the best one is at the end of your list, make the list longer.
# - Loss nan or rising: the rate is too large. Loss falling smoothly and slowly: try a larger one.
# - If the loss jitters near the end, make the rate smaller as you go: `optim.lr_scheduler` has the usual ways.
#
# ## What you can do now
#
# You can write a training script with `nn`, `optim` and `data` and say what each line replaces. You know which mode to measure in, what momentum and Adam do with a slope, and how to choose: by trying learning rates in powers of ten. A difference between two results like the ones above may still be luck. How to tell is lesson 14. Before that: what the first weights must be (12), and pictures (13).
