# %% [markdown] lesson=2 title="Fit a sine by hand" minutes=75
# # 2. Fit a sine by hand
#
# You have points of a curve and no formula for it. What you have is a formula with four numbers in it, which you may
# choose. **How do you find the four numbers that make the formula follow the points?** And how would you do it if there
# were four million of them?
#
# Training a network is this and nothing else. So here is all of it once, with a pencil and NumPy.

# %% given="*"
import numpy as np

from chainrule.data import datasets
from chainrule.viz.sketch import sketch


def cubic(w, x):
    """a + b·x + c·x² + d·x³ at every x, for w = (a, b, c, d)."""
    a, b, c, d = w
    return a + b * x + c * x**2 + d * x**3


# %%
x, y = datasets.sine(2000)  # 2,000 points from -π to π
start = np.array([0.1, 0.2, 0.3, 0.4])

figure, (ax,) = sketch(("x", "y"))
ax.plot(x, y, lw=7, alpha=0.25, label="the points")
ax.plot(x, cubic(start, x), label="the cubic with 0.1, 0.2, 0.3, 0.4")
ax.legend(frameon=False)
figure

# %% [markdown]
# The points come from the sine. The formula is a cubic,
#
# $$\hat y = a + b x + c x^2 + d x^3,$$
#
# and the four *weights* are a blind guess: $a = 0.1$, $b = 0.2$, $c = 0.3$, $d = 0.4$. The hat on $y$ says: this is
# what the formula answers, not what is true. Computing it is called the *forward* pass.
#
# ## How bad is a guess?
#
# Before you can make something better, you must be able to say which of two guesses is better. So put a number on it.
# At each point the formula is off by $e_i = \hat y_i - y_i$. You want one number for all 2,000 errors, and errors to
# the two sides must not cancel. Square them, and add:
#
# $$L = \sum_i e_i^2 = \sum_i (\hat y_i - y_i)^2.$$
#
# This is the *loss*. It is 0 if every point is hit, and the larger, the further off.

# %% [markdown] exercise="2.1" title="The loss" difficulty=1 minutes=5
# ### Exercise 2.1: the loss
#
# Write `loss(w, x, y)`: the sum of the squared errors of the cubic with the weights `w` on the points `x`, `y`. It is
# one number. `cubic(w, x)` is there for you.


# %% stub="2.1"
def loss(w, x, y):
    return 0.0


# %% [markdown] hint="2.1"
# `cubic(w, x)` answers for all points at once, in an array as long as `y`. Subtract, and you have all the errors.

# %% [markdown] hint="2.1"
# `error**2` squares every element. `np.sum(...)` adds the elements up.


# %% solution="2.1"
def loss(w, x, y):
    error = cubic(w, x) - y
    return np.sum(error**2)


# %% [markdown] explanation="2.1"
# The formula from the text, in its own order: the errors, their squares, the sum. First square, then add: the other way
# round, an error of +1 and one of −1 would cancel.

# %% [markdown]
# ## Guessing
#
# Three guesses: the start; all zeros; and $x - x^3/6$, which hugs the sine near 0.


# %%
powers = np.stack([x**k for k in range(4)])  # 1, x, x², x³ in four rows


def badness(w):
    error = np.dot(w, powers) - y  # each weight times its power, added up: the same cubic
    return error @ error  # each error times itself, added up


for name, w in [
    ("0.1, 0.2, 0.3, 0.4", start),
    ("all zeros", np.zeros(4)),
    ("x - x³/6", np.array([0, 1, 0, -1 / 6])),
]:
    print(f"{name:20} loss {badness(w):12,.2f}")

# %% [markdown]
# The start is far worse than saying 0 everywhere. And the formula that is so good near 0 is not the best one: it loses
# at the ends. So what *is* the best one? You could try everything. Take 11 values for each weight, from −1 to 1, and
# all ways to combine them:

# %%
from itertools import product

values = np.linspace(-1, 1, 11)
tried = [(badness(w), w) for w in product(values, repeat=4)]
best, w = min(tried)
print(f"{len(tried):,} guesses, the best is {', '.join(f'{v:.1f}' for v in w)} with loss {best:,.2f}")
print(f"with 20 weights it would be 11 to the power of 20: {11**20:,} guesses")

# %% [markdown]
# That took a moment for four weights and 14,641 guesses. Each further weight makes it 11 times as much. Nobody will
# ever try out 20 weights this way, and large networks have more than $10^9$.
#
# Guessing throws away what each guess could tell you. You ask "how bad?" and never "which way is better?".
#
# ## Which way is better?
#
# That is a question about slopes. If $\partial L/\partial b$ is positive, the loss grows with $b$: make $b$ smaller. If
# it is negative, make $b$ larger. You know from lesson 1 how to find a slope by nudging. It takes two runs for each
# weight. With a pencil you get all of them from one.
#
# Let us do it for a straight line, $\hat y = a + b x$, so that the cubic is left for you. Go from the loss back:
#
# - $L = \sum_i e_i^2$. One error $e_i$ moves the loss at the speed $\;\partial L/\partial e_i = 2 e_i$.
# - $e_i = a + b x_i - y_i$. The error moves with $a$ at speed $1$, and with $b$ at speed $x_i$.
# - Along a path, slopes multiply: through point $i$, $\;a$ moves the loss at $2 e_i \cdot 1$, and $b$ at
#   $2 e_i \cdot x_i$.
# - Each weight moves *every* error, and $L$ adds up what they all do:
#
# $$\frac{\partial L}{\partial a} = \sum_i 2 e_i \cdot 1, \qquad \frac{\partial L}{\partial b} = \sum_i 2 e_i \cdot x_i.$$
#
# The $x_i$ in the second formula is no accident. At $x_i = 3$ the weight $b$ has three times the leverage that it has
# at $x_i = 1$. At $x_i = 0$ it has none.

# %%
a, b = 0.1, 0.2
e = a + b * x - y
print(f"on paper:   ∂L/∂a = {np.sum(2 * e):.6f}   ∂L/∂b = {np.sum(2 * e * x):.6f}")


def line_loss(a, b):
    return np.sum((a + b * x - y) ** 2)


h = 1e-5
slope_a = (line_loss(a + h, b) - line_loss(a - h, b)) / (2 * h)
slope_b = (line_loss(a, b + h) - line_loss(a, b - h)) / (2 * h)
print(f"by nudging: ∂L/∂a = {slope_a:.6f}   ∂L/∂b = {slope_b:.6f}")

# %% [markdown]
# The pencil and the nudge agree. The loss grows with $a$, so $a$ should shrink. It falls when $b$ grows, so $b$ should
# grow.

# %% [markdown] exercise="2.2" title="Four slopes on paper" difficulty=2 minutes=15
# ### Exercise 2.2: four slopes on paper
#
# Take a sheet of paper and work out $\partial L/\partial a$, $\partial L/\partial b$, $\partial L/\partial c$ and
# $\partial L/\partial d$ for the cubic. Then write `gradient(w, x, y)`: it returns the four slopes of the loss as an
# array of shape `(4,)`. All the slopes together are called the *gradient* of the loss.


# %% stub="2.2"
def gradient(w, x, y):
    error = cubic(w, x) - y
    return np.array([0.0, 0.0, 0.0, 0.0])


# %% [markdown] hint="2.2"
# Only one of the steps changes: how fast does $e_i = a + b x_i + c x_i^2 + d x_i^3 - y_i$ move when $c$ moves, and
# $x_i$ stays where it is?

# %% [markdown] hint="2.2"
# You ask for the slope *in the weight*. Seen from $c$, the number $x_i^2$ is a constant factor. So
# $\partial e_i/\partial c = x_i^2$, and not $2 x_i$.

# %% [markdown] hint="2.2"
# With `g = 2 * error`, the slope of $b$ is `np.sum(g * x)`. The other three look alike. For $a$, the factor is 1.


# %% solution="2.2"
def gradient(w, x, y):
    error = cubic(w, x) - y
    g = 2 * error
    return np.array([np.sum(g), np.sum(g * x), np.sum(g * x**2), np.sum(g * x**3)])


# %% [markdown] explanation="2.2"
# `g` holds $\partial L/\partial e_i$ for every point. The error moves with the four weights at the speeds
# $1, x_i, x_i^2, x_i^3$. Multiply along each path, and add over the paths: one path leads through each point.

# %% [markdown]
# ## The step
#
# Now you know which way each weight should go, and how strongly the loss answers. So go a little way, against the
# slope:
#
# $$w \leftarrow w - \eta \, \frac{\partial L}{\partial w}.$$
#
# The small number $\eta$ (eta) is the *learning rate*. How small must it be? The slope is true only *here*; a step too
# long leads to where it is not true any more. Let us take one step with different rates, from the same start.
# (`powers @ g` adds up `g` times each power of $x$. It is the four sums at once.)

# %%
downhill = -powers @ (2 * (cubic(start, x) - y))  # against the slopes
for rate in (1e-8, 1e-7, 1e-6, 3e-6, 1e-5):
    print(f"rate {rate:.0e}: from {badness(start):,.0f} to {badness(start + rate * downhill):,.0f}")

# %% [markdown]
# With $10^{-8}$ the loss goes down by little. With $10^{-6}$ it drops to a quarter. With $10^{-5}$ the step jumps right
# over the valley and lands higher than before. One step, of course, is not enough. After it the slopes are different,
# so they are computed anew, and the next step is taken. That loop is called *gradient descent*.

# %% [markdown] exercise="2.3" title="Training" difficulty=2 minutes=15
# ### Exercise 2.3: training
#
# Write `train(w, x, y, lr, steps)`. It takes so many steps of gradient descent with the learning rate `lr`, and returns
# two things: the weights after the last step, and a list with the loss *before* each step. The array `w` that it was
# given must stay as it was: someone else may need the start again. You may use `loss` and `gradient`; the check brings
# its own.


# %% stub="2.3"
def train(w, x, y, lr, steps):
    losses = [loss(w, x, y)]
    return w, losses


# %% [markdown] hint="2.3"
# A loop over `range(steps)`. Inside it two things happen: note the loss, make new weights.

# %% [markdown] hint="2.3"
# Inside the loop: `losses.append(loss(w, x, y))`, then `w = w - ...`. Where does the gradient have to be computed,
# before the loop or in it?

# %% [markdown] hint="2.3"
# `w = w - lr * gradient(w, x, y)` makes a new array. `w -= ...` would write into the array of the caller.


# %% solution="2.3"
def train(w, x, y, lr, steps):
    losses = []
    for _ in range(steps):
        losses.append(loss(w, x, y))
        w = w - lr * gradient(w, x, y)
    return w, losses


# %% [markdown] explanation="2.3"
# The loss is noted first, so the list begins with the loss of the start. The gradient belongs to the weights of this
# step, so it stands in the loop. `w = w - ...` gives the name `w` to a new array and leaves the caller's alone. All
# four slopes are taken at the same place, and then all four weights move together.

# %% [markdown]
# Here are 2,000 steps with the rate $10^{-6}$.

# %%
w, losses, path = start, [], []
for _ in range(2000):
    e = w @ powers - y  # the same cubic: the weights times the powers, added up
    losses.append(np.sum(e**2))
    path.append(w)
    w = w - 1e-6 * powers @ (2 * e)

for step in (1, 2, 10, 100, 1000, 2000):
    print(f"step {step:4}: loss {losses[step - 1]:14.6f}")
print("weights:", ", ".join(f"{v:.4f}" for v in w))

# %%
figure, (left, right) = sketch(("x", "y"), ("step", "loss"))
left.plot(x, y, lw=7, alpha=0.25, label="the points")
for step, shade in ((1, 0.25), (10, 0.45), (100, 0.7), (2000, 1.0)):
    left.plot(x, cubic(path[step - 1], x), color="#d6409f", alpha=shade, lw=1.5, label=f"step {step}")
left.set_ylim(-2.5, 2.5)
left.legend(frameon=False, fontsize=8)
right.loglog(range(1, 2001), losses)
figure

# %% [markdown]
# A cubic has learned the sine, and nobody told it what a sine is. In step 2,000 the loss is 8.956348. Keep this number.
# In the next lessons you will fit the same curve in other ways, from the same start, and it has to come out each time.
#
# Can it get to 0? No: a cubic is not a sine. How low *can* it get? For a formula in which every weight stands alone as
# a factor, the lowest place can be computed directly:

# %%
w_best = np.linalg.lstsq(powers.T, y, rcond=None)[0]
print("best weights:", ", ".join(f"{round(v, 4) + 0.0:.4f}" for v in w_best), f" loss {badness(w_best):.6f}")

# %% [markdown]
# So 2,000 steps came within 0.14 of the best loss a cubic can have. Why learn to walk, if one can jump? Because the
# jump works only for such formulas. For a network there is no such formula, and walking is all there is.
#
# ## The land you walk on
#
# What does gradient descent see? Four weights make a landscape in four dimensions, which nobody can draw. But the sine
# is the same upside down and mirrored ($\sin(-x) = -\sin x$), so $a$ and $c$ must end at 0. Put them there, and two
# weights are left, $b$ and $d$. The loss is then the height over a plane.

# %%
b_axis, d_axis = np.linspace(-0.4, 1.6, 61), np.linspace(-0.25, 0.15, 61)
height = np.array([[badness((0, b, 0, d)) for b in b_axis] for d in d_axis])

b, d, walk = 0.2, 0.1, []
for _ in range(2000):
    walk.append((b, d))
    g = 2 * (b * powers[1] + d * powers[3] - y)
    b, d = b - 1e-6 * g @ powers[1], d - 1e-6 * g @ powers[3]
walk = np.array(walk)

figure, (left, right) = sketch(("b", "d"), ("b", "d"), height=3.8)
hill = figure.figure.add_subplot(left.get_subplotspec(), projection="3d")
left.remove()
hill.plot_surface(*np.meshgrid(b_axis, d_axis), height, cmap="plasma", lw=0, alpha=0.9)
hill.set(xlabel="b", ylabel="d")
hill.set_title("loss", color="#6b737c", size=9.5)
hill.view_init(40, -120)
right.contourf(b_axis, d_axis, np.log10(height), 24, cmap="plasma")
right.plot(*walk.T, "w.-", lw=1, ms=3)
right.plot(*w_best[[1, 3]], "w*", ms=11)
figure

# %% [markdown]
# On the left, the loss over $b$ and $d$. On the right, the same from above: the darker, the lower (the colours are for
# the logarithm of the loss). The white dots are 2,000 steps of gradient descent, the star is the lowest place. The
# first steps run down the wall. Then they creep along the bottom of a long, narrow valley.
#
# Why is it narrow? Move away from the lowest place by 0.1, once in $b$, once in $d$:

# %%
for name, moved in (("b", (0, 0.1, 0, 0)), ("d", (0, 0, 0, 0.1))):
    print(f"{name} + 0.1: the loss grows by {badness(w_best + moved) - badness(w_best):8.2f}")
print(f"Σx² · 0.01 = {np.sum(x**2) * 0.01:.2f}   Σx⁶ · 0.01 = {np.sum(x**6) * 0.01:.2f}")

# %% [markdown]
# The loss is 42 times more sensitive to $d$ than to $b$. The reason: $x^3$ reaches up to 31, and $x$ only to 3.14. So
# the rate must be small enough for $d$, and for $b$ this rate is far too small. One rate for all weights is a
# compromise, and how bad it is depends on the *sizes of the inputs*. That is why people scale their inputs before they
# train.
#
# How small is small enough? Try it:

# %%
for rate in (1e-7, 1e-6, 3e-6, 3.5e-6, 3.6e-6, 4e-6):
    w = start
    for _ in range(300):
        w = w - rate * powers @ (2 * (w @ powers - y))
    print(f"rate {rate:.1e}: loss after 300 steps {badness(w):.3g}")

# %% [markdown]
# Up to $3.5 \cdot 10^{-6}$, faster is better. A hair above, at $3.6 \cdot 10^{-6}$, the loss explodes: each step jumps
# over the valley and lands higher on the other side. With one weight, you can compute where this edge is.

# %% [markdown] exercise="2.4" title="The perfect rate" difficulty=3 minutes=20
# ### Exercise 2.4: the perfect rate
#
# Take the smallest model there is: $\hat y = b x$, with one weight and the loss $L = \sum_i (b x_i - y_i)^2$. Seen from
# $b$, the loss is a parabola. There is one learning rate with which a *single* step lands exactly at its lowest place,
# wherever the step begins. Find it. Write `best_rate(x)`.


# %% stub="2.4"
def best_rate(x):
    return 1e-6


# %% [markdown] hint="2.4"
# Write down the slope $\partial L/\partial b$ and multiply it out. It has the form $A b - B$. At which $b$ is it 0?

# %% [markdown] hint="2.4"
# The slope is $A b - B$, so the lowest place is $B/A$. A step leads from $b$ to $b - \eta (A b - B)$. For which $\eta$
# is that $B/A$, whatever $b$ is?

# %% [markdown] hint="2.4"
# $\eta = 1/A$. Now read $A$ off the slope $\sum_i 2 (b x_i - y_i) x_i$: it is all that is multiplied by $b$.


# %% solution="2.4"
def best_rate(x):
    return 1 / (2 * np.sum(x**2))


# %% [markdown] explanation="2.4"
# $\partial L/\partial b = \sum_i 2 (b x_i - y_i) x_i = b \cdot 2\sum_i x_i^2 - 2\sum_i x_i y_i$. So
# $A = 2 \sum_i x_i^2$: this is how fast the slope itself changes, the *curvature*. A step with $\eta = 1/A$ removes the
# whole distance; with $2/A$ it lands as far off on the other side, and beyond that the walk diverges. The cubic has
# such an edge too, set by its steepest direction. You saw it in the table, between $3.5 \cdot 10^{-6}$ and
# $3.6 \cdot 10^{-6}$.

# %% [markdown]
# ## What you can do now
#
# You can train a model from nothing: say how bad it is with one number, work out the slopes on paper from the loss back
# to the weights, and walk downhill. You have seen the land, and you know why the learning rate has an edge.
#
# One thing was tedious. For every new formula you have to take out the paper again. In lesson 3 the pieces of a formula
# bring their slopes along.
