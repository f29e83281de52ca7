# %% [markdown] lesson=3 title="A network is small functions" minutes=75
# # 3. A network is small functions
#
# In lesson 2 you worked out four slopes on paper, for one formula. Tomorrow the formula gets a fifth term. Next week it
# is a network with a thousand. **Do you take out the paper every time, or can a formula be put together from pieces
# that bring their slopes along?**
#
# Let us build such pieces. On the way you will find out why a network needs a bend in it.

# %% given="*"
import numpy as np

from chainrule.viz.sketch import sketch


class Curve:
    """A function of one number, and its slope: both take a whole array, place by place."""

    def __init__(self, f, slope):
        self.f = f
        self.slope = slope

    def __call__(self, x):
        return self.f(x)


line = Curve(lambda x: x, np.ones_like)
square = Curve(lambda x: x**2, lambda x: 2 * x)

# %% [markdown]
# A `Curve` is two functions in one parcel: $f(x)$ and $f'(x)$. Whoever makes the curve works out its slope, once.
# Whoever uses it never has to think of it again.

# %%
x = np.array([-1.0, 0.0, 3.0])
print("x        ", x)
print("x²       ", square(x))
print("its slope", square.slope(x))

# %% [markdown] exercise="3.1" title="Three curves" difficulty=1 minutes=8
# ### Exercise 3.1: three curves
#
# Make three more:
#
# - `constant`: 1 everywhere, as an array as long as `x`;
# - `cube`: $x^3$;
# - `hinge`: 0 left of 0, and $x$ right of it. Exactly at 0 it has no slope, and you may say 0 or 1 there.


# %% stub="3.1"
constant = Curve(lambda x: x, np.ones_like)
cube = Curve(lambda x: x, np.ones_like)
hinge = Curve(lambda x: x, np.ones_like)

# %% [markdown] hint="3.1"
# For each curve ask twice: how high is it at $x$, and by how much does it rise when $x$ grows a little? A curve that is
# 1 everywhere does not rise.

# %% [markdown] hint="3.1"
# `np.ones_like(x)` and `np.zeros_like(x)` give as many ones or zeros as `x` has numbers. `np.maximum(x, 0)` takes the
# larger of the two, place by place.

# %% [markdown] hint="3.1"
# The hinge has slope 0 on the left and 1 on the right. `x > 0` is True on the right; times `1.0`, True becomes 1 and
# False 0.

# %% solution="3.1"
constant = Curve(np.ones_like, np.zeros_like)
cube = Curve(lambda x: x**3, lambda x: 3 * x**2)
hinge = Curve(lambda x: np.maximum(x, 0), lambda x: (x > 0) * 1.0)

# %% [markdown] explanation="3.1"
# A constant does not rise, so its slope is 0. It is still as long as `x`: that keeps it in step with the others when
# they are added. For the cube the exponent comes down in front, and one factor $x$ goes. The hinge consists of two
# straight lines, and so does its slope.

# %% [markdown]
# ## A weight
#
# A curve cannot learn: nothing in it can be adjusted. So put an adjustable number in front of it, $w \cdot f(x)$. Now
# there are *two* slopes, because there are two things that may move:
#
# $$\frac{\partial\,(w f(x))}{\partial w} = f(x), \qquad \frac{\partial\,(w f(x))}{\partial x} = w f'(x).$$
#
# The first says what happens when the weight moves and the point stays. Training needs that. The second says what
# happens when the input moves and the weight stays. You will need it as soon as the input is itself the result of
# something that learns.


# %% given="*"
class Weight:
    """An adjustable number times a curve: value · f(x)."""

    def __init__(self, value, curve):
        self.value = value
        self.curve = curve
        self.grad = 0.0

    def __call__(self, x):
        return self.value * self.curve(x)

    def slopes(self, x):
        """How fast the result changes with the value, and how fast with x."""
        return self.curve(x), self.value * self.curve.slope(x)


# %%
in_value, in_x = Weight(5.0, square).slopes(np.array([1.0, 3.0]))
print("5·x² at 1 and 3: slope in the weight", in_value, "  slope in x", in_x)

# %% [markdown]
# At $x = 3$ the weight has a leverage of 9: that is $x^2$. And $x$ has one of 30: that is $5 \cdot 2x$. The two are
# easily mixed up.
#
# ## A sum of weights
#
# One weight is one term. Add several, and you have a formula such as $a \cdot 1 + b \cdot x + c \cdot x^2$. Call it an
# *approximator*: with enough terms it comes near to many things. Its slopes cost no thought:
#
# - Somebody says how fast the loss changes with the sum, at each point: $g_i = \partial L/\partial \hat y_i$. That has
#   *arrived*.
# - Each term counts once in the sum. So each gets $g_i$ unchanged, and multiplies it by its own slope.
# - One weight serves all the points, so what they say about it is added up:
#   $\;\partial L/\partial w = \sum_i g_i \, f(x_i)$.
# - One $x_i$ is looked at by all the terms, so what *they* say about it is added up:
#   $\;\partial L/\partial x_i = \sum_w g_i \cdot w f'(x_i)$.

# %% [markdown] exercise="3.2" title="The approximator" difficulty=2 minutes=15
# ### Exercise 3.2: the approximator
#
# Write the class. Calling it with `x`, an array of `n` numbers, gives the sum of its weights at each of them.
# `backward(x, g)` gets $\partial L/\partial \hat y$ as an array of `n` numbers. It *sets* the `grad` of each weight to
# $\partial L/\partial w$, one number, and returns $\partial L/\partial x$, an array of `n` numbers.


# %% stub="3.2"
class Approximator:
    def __init__(self, weights):
        self.weights = list(weights)

    def __call__(self, x):
        return np.zeros_like(x)

    def backward(self, x, g):
        return np.zeros_like(x)


# %% [markdown] hint="3.2"
# Both methods are a loop over `self.weights`. `weight(x)` is a term; `weight.slopes(x)` is a pair of arrays.

# %% [markdown] hint="3.2"
# In `backward`, for each weight: the first slope times `g`, added up with `np.sum`, is its `grad`. The second slope
# times `g` is its share of the slopes in `x`.

# %% [markdown] hint="3.2"
# Begin with `g_x = np.zeros_like(x)`. In the loop write `g_x += g * in_x`, and after the loop return it.


# %% solution="3.2"
class Approximator:
    def __init__(self, weights):
        self.weights = list(weights)

    def __call__(self, x):
        return sum(weight(x) for weight in self.weights)

    def backward(self, x, g):
        g_x = np.zeros_like(x)
        for weight in self.weights:
            in_value, in_x = weight.slopes(x)
            weight.grad = np.sum(g * in_value)
            g_x += g * in_x
        return g_x


# %% [markdown] explanation="3.2"
# Twice the same rule: what has arrived, times the local slope. And twice a sum, over different things. A weight is
# shared by all points, so the sum goes over the points. A point is shared by all weights, so the sum goes over the
# weights.

# %% [markdown]
# Is it the same as on paper? The library has these classes, too, in `chainrule.ladder.parts`. There an approximator may
# look at several inputs, so it is given a list of them. Here are the sine, the start and the rate of lesson 2.

# %%
from chainrule.data import datasets
from chainrule.ladder import parts

x, y = datasets.sine(2000)
curves = [parts.constant, parts.line, parts.square, parts.cube]
third_degree = parts.Approximator([parts.Weight(w, curve) for w, curve in zip((0.1, 0.2, 0.3, 0.4), curves)])

for step in range(1, 2001):
    error = third_degree([x]) - y
    if step in (1, 100, 2000):
        print(f"step {step:4}: loss {np.sum(error**2):14.6f}")
    third_degree.backward([x], 2 * error)
    third_degree.step(lr=1e-6)

# %% [markdown]
# In step 2,000 it is 8.956348, as before. And there is no slope of the cubic in this cell. To try another formula,
# change the list of curves.
#
# ## Where polynomials stop
#
# So why not simply take more and more powers? Here is something that happens everywhere: nothing, then a rise, then
# nothing more. A tap that is turned on. A tank that fills and is full.

# %%
x = np.linspace(-2, 2, 201)
y = np.clip(3 * x, -1, 1)
wide = np.linspace(-2.5, 2.5, 251)

figure, (ax,) = sketch(("x", "y"))
ax.plot(x, y, lw=7, alpha=0.25, label="the points")
for degree in (3, 7, 15, 25):
    fitted = np.polynomial.Polynomial.fit(x, y, degree)  # the best one of this degree
    ax.plot(wide, fitted(wide), lw=1.3, label=f"degree {degree}")
    worst = np.abs(fitted(x) - y).max()
    print(f"degree {degree:2}: off by up to {worst:.3f} on the points, and at x = 2.5 it says {fitted(2.5):,.0f}")
ax.set_ylim(-2, 2)
ax.legend(frameon=False, fontsize=8, loc=(0.52, 0.05))
figure

# %% [markdown]
# Two things go wrong. The polynomial must follow corners, and it cannot: it cuts them and ripples beside them. More
# powers make the ripples smaller, but there are more of them, and they never go. And half a unit beyond the last point
# the one of degree 25 has gone to −209,658. A power has its say *everywhere*. To bend a little at one place, many of
# them have to cancel everywhere else, and outside nobody makes them cancel.
#
# Training suffers, too. In lesson 2 the rate had an edge, beyond which the walk flew out. For a single weight the edge
# is at $2/A$ (exercise 2.4 asked for $1/A$, half of it), where for the weight of $x^k$ the curvature is
# $A = 2 \sum_i x_i^{2k}$.

# %%
for k in (1, 3, 9, 25):
    print(f"x to the power of {k:2}: the rate must be below {2 / (2 * np.sum(x ** (2 * k))):.1e}")

# %% [markdown]
# One rate has to serve all the weights. With $x^{25}$ among them it is so small that the weight of $x$ hardly moves in
# a lifetime.
#
# What you want is a piece that bends at *one* place and stays straight everywhere else. You have it already: the hinge.
# Shift it so that it bends at $k$: $\;h(x - k)$ is 0 up to $k$, and from there on it rises with slope 1. Two of them
# are enough here:

# %%
h = parts.relu  # the library's hinge; ReLU is its usual name: rectified linear unit
two_hinges = -1 + 3 * h(x + 1 / 3) - 3 * h(x - 1 / 3)
print(f"off by up to {np.abs(two_hinges - y).max():.1e}")

figure, (left, right) = sketch(("x", "the pieces"), ("x", "their sum"))
left.plot(x, np.full_like(x, -1), label="-1")
left.plot(x, 3 * h(x + 1 / 3), label="3·h(x + ⅓)")
left.plot(x, -3 * h(x - 1 / 3), label="-3·h(x - ⅓)")
left.legend(frameon=False, fontsize=8)
right.plot(x, y, lw=7, alpha=0.25)
right.plot(x, two_hinges)
figure

# %% [markdown]
# The first hinge starts the rise at −⅓, the second one stops it at ⅓. Where neither of them bends, the sum is straight.
#
# But *you* put the bends there, because you could see the points. With 64 inputs nobody sees anything. The place of the
# bend has to be learned as well. So make it adjustable: $h(u x + k)$ bends where $u x + k = 0$. Look at what this is: a
# hinge of an approximator $u \cdot x + k \cdot 1$. And the whole is an approximator of such hinges. Small functions,
# put into one another. This is a *network*, and each $h(u x + k)$ in it is a *unit*.
#
# ## Is the hinge needed?
#
# It looks like the odd one out. Without it everything would be lines. Let us leave it out and put lines into lines:
# take $x$, apply $2x + 1$, to the result apply $-0.5 x + 4$, to that result $3 x - 2$.

# %%
x = np.linspace(-2, 2, 9)
first = 2 * x + 1
second = -0.5 * first + 4
third = 3 * second - 2
print("x     ", x)
print("result", third)
print("rises ", np.diff(third))

# %% [markdown]
# It falls by the same 1.5 in each of the steps. Three lines into one another are *one line*. A hundred would be, too:
# you would train two hundred weights and could draw nothing that two weights cannot draw.

# %% [markdown] exercise="3.3" title="Lines into lines" difficulty=2 minutes=10
# ### Exercise 3.3: lines into lines
#
# Layer $i$ maps $x$ to $m_i x + c_i$. The layers are applied one after the other, the first in the list first. Write
# `one_line(slopes, shifts)`: it gets the lists of the $m_i$ and of the $c_i$, and returns slope and shift of the one
# line that does the same, as a tuple.


# %% stub="3.3"
def one_line(slopes, shifts):
    return slopes[0], shifts[0]


# %% [markdown] hint="3.3"
# Take two layers only, with letters, and multiply out: $m_2 (m_1 x + c_1) + c_2 = \ldots$ What stands before $x$, and
# what stands alone?

# %% [markdown] hint="3.3"
# $m_2 m_1 x + (m_2 c_1 + c_2)$. So a layer multiplies *both* numbers of the line so far by its slope, and then adds its
# shift to the second. Start with the line $1 \cdot x + 0$ and let each layer do that.


# %% solution="3.3"
def one_line(slopes, shifts):
    slope, shift = 1.0, 0.0
    for m, c in zip(slopes, shifts):
        slope, shift = m * slope, m * shift + c
    return slope, shift


# %% [markdown] explanation="3.3"
# $m (\text{slope} \cdot x + \text{shift}) + c = (m \cdot \text{slope})\, x + (m \cdot \text{shift} + c)$, once for each
# layer. The slope of the whole is the product of the slopes. You may have recognised the chain rule.

# %% [markdown]
# ## A network that learns its bends
#
# Now with the hinge between. Six units look at $x$, an approximator adds them up, and everything is adjustable: 6
# slopes $u$, 6 shifts $k$, 6 weights $v$ and one constant. To train it, send $\partial L/\partial \hat y$ back through
# the outer approximator. It returns $\partial L/\partial z$ for each of its inputs $z$, and each of these goes back
# through the unit that made it. Here you need the second slope.

# %%
x = np.linspace(-2, 2, 201)
y = np.clip(3 * x, -1, 1)

rng = np.random.default_rng(3)
units = [
    parts.Approximator([parts.Weight(u, parts.line), parts.Weight(k, parts.constant)])
    for u, k in zip(rng.choice([-1, 1], 6) * rng.uniform(0.5, 1.5, 6), rng.uniform(-1, 1, 6))
]
adder = parts.Approximator(
    [parts.Weight(v, parts.relu, at=j) for j, v in enumerate(rng.uniform(-0.5, 0.5, 6))]
    + [parts.Weight(0.0, parts.constant)]
)

history = {}
for step in range(1, 2001):
    z = np.array([unit([x]) for unit in units])  # what each unit says, before the hinge: 6 rows of 201 numbers
    answer = adder(z)
    error = answer - y
    if step in (1, 20, 200, 2000):
        history[step] = answer
        print(f"step {step:4}: mean squared error {np.mean(error**2):.6f}")

    g_z = adder.backward(z, 2 * error / len(x))  # ∂L/∂z
    for unit, g in zip(units, g_z):
        unit.backward(np.array([x]), g)
    for approximator in (adder, *units):
        approximator.step(lr=0.1)

print(f"off by up to {np.abs(error).max():.3f}")

# %%
figure, (left, right) = sketch(("x", "y"), ("x", "what each unit adds"))
left.plot(x, y, lw=7, alpha=0.25)
for (step, answer), shade in zip(history.items(), (0.3, 0.5, 0.75, 1.0)):
    left.plot(x, answer, color="#d6409f", alpha=shade, lw=1.5, label=f"step {step}")
left.legend(frameon=False, fontsize=8)
for weight, unit in zip(adder.weights, units):
    right.plot(x, weight(unit([x])))
figure

# %% [markdown]
# Nobody told it where to bend. On the right you see the six hinges that it made: their corners have moved to where the
# curve has corners, and their sum, with the constant, is the last curve on the left.
#
# One thing to keep in mind: beyond the last point a network knows nothing either. But it goes on straight, and does not
# shoot up like $x^{25}$.
#
# ## How far does this go?
#
# Can hinges follow *any* curve? Take any points, from left to right, and join them by straight pieces. Each piece has
# its slope, and at each point the slope changes. A change of slope at one place is exactly what a hinge does.

# %% [markdown] exercise="3.4" title="Any broken line" difficulty=3 minutes=20
# ### Exercise 3.4: any broken line
#
# Given are points `xs` (rising) and `ys`, arrays of `n` numbers. Write `hinge_weights(xs, ys)`: it returns the array of
# the `n - 1` numbers $v_j$ for which
#
# $$\hat y(x) = y_0 + \sum_{j=0}^{n-2} v_j \, h(x - x_j)$$
#
# goes straight from each point to the next.


# %% stub="3.4"
def hinge_weights(xs, ys):
    return np.zeros(len(xs) - 1)


# %% [markdown] hint="3.4"
# Begin on the left. Between $x_0$ and $x_1$ only the hinge of $x_0$ is up. So $v_0$ must be the slope of the first
# piece: (rise of $y$) / (length in $x$).

# %% [markdown] hint="3.4"
# Between $x_1$ and $x_2$ two hinges are up, and their slopes add: $v_0 + v_1$. This must be the slope of the second
# piece. So what is $v_1$?

# %% [markdown] hint="3.4"
# `np.diff(ys) / np.diff(xs)` are the slopes of the pieces. The first of the $v_j$ is the first slope; each of the
# others is a slope minus the one before.


# %% solution="3.4"
def hinge_weights(xs, ys):
    slopes = np.diff(ys) / np.diff(xs)
    return np.diff(slopes, prepend=0.0)


# %% [markdown] explanation="3.4"
# Right of $x_j$ the hinges $0$ to $j$ are up, and the slope there is $v_0 + \dots + v_j$. It has to be the slope of
# piece $j$. So $v_j$ is the difference of two neighbouring slopes: the *change* at the point. Left of the first point
# the slope counts as 0.

# %% [markdown]
# With this you can build a network for any curve without training. Here it is for the sine. (The sum is worked out
# another way here: from the change of slope at each point.)

# %%
wide = np.linspace(-np.pi, np.pi, 2000)
for pieces in (4, 8, 16, 32):
    knots = np.linspace(-np.pi, np.pi, pieces + 1)
    heights, width = np.sin(knots), knots[1] - knots[0]
    bends = np.append(heights[1] - heights[0], heights[2:] - 2 * heights[1:-1] + heights[:-2]) / width
    broken = heights[0] + sum(v * h(wide - k) for v, k in zip(bends, knots))
    print(f"{pieces:2} hinges: off by up to {np.abs(broken - np.sin(wide)).max():.4f}")

# %% [markdown]
# From 8 on, twice the hinges make the error about four times smaller. There is no end to this: between two ends, any
# curve without jumps can be followed as closely as you like, if you pay with hinges. That such a network *exists* does
# not say that training finds it; that is what the rest of the course is about.
#
# ## What you can do now
#
# You can put a model together from small functions that know their own slopes, and train it without a sheet of paper.
# You know why there must be something bent between the layers, and why hinges go where powers fail.
#
# A piece is still a whole curve here, and someone has to write `backward` for each way to put pieces together. In the
# next lesson the pieces get as small as they can be: one addition, one multiplication.
