# %% [markdown] lesson=1 title="Slopes" minutes=60
# # 1. Slopes
#
# A neural network is a machine with many knobs, called weights. Training means turning the knobs until the machine does
# what you want. There may be a million of them, so turning each one all the way round to see what happens is out of the
# question. You can afford one small question for each knob:
#
# **If I turn it by a hair, does the result go up or down, and how fast?**
#
# The answer is a number, the *slope*. Everything in this course rests on it: if you know the slope, you know which way
# to turn. In this lesson you find slopes in three ways, and you see one of them fail.

# %% [markdown]
# ## One knob
#
# Here is a machine with one knob, `x`.

# %% given="*"
import math

from chainrule.viz.sketch import sketch


def f(x):
    return 2 * x**2 - 3 * x + 4


# %%
f(3.0)

# %% [markdown]
# The knob stands at 3 and the machine shows 13. Turn the knob by a hair, to 3.001.

# %%
f(3.001)

# %% [markdown]
# It went up. It went up by about 0.009, which is about 9 times as much as the knob was turned. This 9 is what we
# are after. Written down:
#
# $$\frac{f(x + h) - f(x)}{h},$$
#
# the change of the result, divided by the turn $h$ that caused it. Does the answer depend on how far you turn? Let us
# see.


# %%
def ratio(x, h):
    return (f(x + h) - f(x)) / h


for h in (1.0, 0.1, 0.01, 0.001, 0.0001):
    print(f"h = {h:<7} (f(3 + h) - f(3)) / h = {ratio(3.0, h):.4f}")

# %% [markdown]
# It does depend on $h$, but less and less: the smaller the turn, the nearer to 9. A picture shows what goes on. Each
# of the straight lines goes through the curve twice, at 3 and at $3 + h$, and the ratio says how steep the line is.

# %%
figure, (ax,) = sketch(("x", "f(x)"), height=3.6)
xs = [i / 50 for i in range(100, 251)]
ax.plot(xs, [f(x) for x in xs], lw=2.5)
for h in (1.5, 1.0, 0.5):
    ax.plot(xs, [f(3.0) + ratio(3.0, h) * (x - 3.0) for x in xs], lw=1, label=f"h = {h}: steepness {ratio(3.0, h):.1f}")
ax.plot(xs, [f(3.0) + 9 * (x - 3.0) for x in xs], "k--", lw=1.5, label="steepness 9")
ax.plot([3.0], [f(3.0)], "ko")
ax.legend(fontsize=8)
figure

# %% [markdown]
# As $h$ shrinks, the lines turn into one that touches the curve at a single point and goes along with it there. Its
# steepness is the **slope** of $f$ at 3, also called the *derivative*, $f'(3)$:
#
# $$f'(x) = \lim_{h \to 0} \frac{f(x + h) - f(x)}{h}.$$
#
# A limit, not "$h = 0$": with $h = 0$ the fraction is $0/0$. It says what the ratio is heading for.
#
# ## By hand
#
# For a formula, you can follow the ratio with pencil and paper. Put $x + h$ into $f$ and multiply out:
#
# $$f(x + h) = 2x^2 + 4xh + 2h^2 - 3x - 3h + 4.$$
#
# Take away $f(x) = 2x^2 - 3x + 4$. What is left has an $h$ in every term, so it can be divided by $h$:
#
# $$\frac{f(x + h) - f(x)}{h} = \frac{4xh + 2h^2 - 3h}{h} = 4x + 2h - 3.$$
#
# Now let $h$ go to 0. Only one term still has an $h$, and it vanishes: $f'(x) = 4x - 3$. At 3 that is 9.
#
# Two things can be seen in this calculation. The 4 is gone: a constant lifts the whole curve and changes no slope. And
# each power $x^n$ became $n x^{n-1}$: $x^2$ gave $2x$, and $x$ gave 1. Let us trust it only as far as it can be
# checked:

# %%
for x in (-2.0, 0.0, 0.75, 1.0, 3.0):
    print(f"x = {x:7.4f}   4x - 3 = {4 * x - 3:8.4f}   ratio with h = 0.000001: {ratio(x, 0.000001):8.4f}")

# %% [markdown]
# Look at the signs. At $-2$ the slope is negative: turn the knob up, and the result goes down. At $0.75$ it is 0: the
# curve is level there, and that is its lowest point. So the sign says which way is down, and 0 says that you have
# arrived.

# %% [markdown] exercise="1.1" title="A slope by hand" difficulty=1 minutes=6
# ### Exercise 1.1: a slope by hand
#
# Take $g(x) = x^3 - 2x + 7$. Work out its slope on paper, as above. Then write `slope(x)`, which returns $g'(x)$ by
# your formula.


# %% stub="1.1"
def slope(x):
    return 0.0


# %% [markdown] hint="1.1"
# The three terms can be treated one by one, and their slopes added. What does a constant do to a slope?

# %% [markdown] hint="1.1"
# $(x + h)^3 = x^3 + 3x^2h + 3xh^2 + h^3$. Take away $x^3$, divide by $h$, and let $h$ go to 0.


# %% solution="1.1"
def slope(x):
    return 3 * x**2 - 2


# %% [markdown] explanation="1.1"
# From $x^3$ there remains $3x^2 + 3xh + h^2$ after dividing by $h$, and $3x^2$ in the limit. From $-2x$ there remains
# $-2$, and from the constant nothing.

# %% [markdown]
# ## Several knobs
#
# A machine with three knobs:


# %%
def three(a, b, c):
    return a * b + c


a, b, c = 4.0, -1.5, 2.0
three(a, b, c)

# %% [markdown]
# What is *its* slope? The question is not complete: a slope belongs to one knob. Turn one of them by a hair and leave
# the others where they are; then it is the old question again.

# %%
h = 0.0001
print("slope for a:", (three(a + h, b, c) - three(a, b, c)) / h)
print("slope for b:", (three(a, b + h, c) - three(a, b, c)) / h)
print("slope for c:", (three(a, b, c + h) - three(a, b, c)) / h)

# %% [markdown]
# Three knobs, three slopes (with a little dirt in the last digits, to which we shall come). They are called *partial*
# derivatives, $\partial/\partial a$ and so on, and all of them together are the **gradient**. Do the numbers make
# sense? If $a$ grows by $h$, then $a \cdot b$ grows by $h \cdot b$: the slope for $a$ is $b$, which is $-1.5$. In the
# same way, the slope for $b$ is $a$. And $c$ is simply added, so its slope is 1.
#
# Notice the price. Each knob needed one more run of the machine. With a million knobs that would be a million runs, for
# one single turn of all of them. Lesson 5 is about getting all slopes for the price of two.

# %% [markdown] exercise="1.2" title="The gradient by number" difficulty=2 minutes=10
# ### Exercise 1.2: the gradient by number
#
# Write `gradient(f, x, h)`. Here `x` is a list with the positions of the knobs, and `f` takes such a list and returns a
# number. Return a list with one slope for each knob: the ratio above, with this knob turned by `h` and the others left
# alone. The list `x` belongs to the caller; it must be the same afterwards.


# %% stub="1.2"
def gradient(f, x, h):
    return [0.0 for knob in x]


# %% [markdown] hint="1.2"
# Go through the positions with `for i in range(len(x))`. For each, make a copy of the list, `list(x)`, and turn knob
# `i` in the copy.

# %% [markdown] hint="1.2"
# A fresh copy for every knob! If you use one copy for all, the first knob is still turned when you come to the second.

# %% [markdown] hint="1.2"
# With `turned` for the copy, the slope is `(f(turned) - f(x)) / h`.


# %% solution="1.2"
def gradient(f, x, h):
    slopes = []
    for i in range(len(x)):
        turned = list(x)
        turned[i] += h
        slopes.append((f(turned) - f(x)) / h)
    return slopes


# %% [markdown] explanation="1.2"
# Each knob gets a copy of its own, in which only this knob is turned. So the knobs do not disturb one another, and the
# caller's list stays as it is.

# %% [markdown]
# ## When h is too small
#
# The smaller $h$, the better: that is what a limit seems to say. So let us take a really small one. The slope of $\sin
# x$ at 1 is $\cos 1$; here is how far from it the ratio is.

# %%
true = math.cos(1.0)
for h in (1e-2, 1e-4, 1e-6, 1e-8, 1e-10, 1e-12, 1e-14, 1e-16):
    found = (math.sin(1.0 + h) - math.sin(1.0)) / h
    print(f"h = {h:.0e}   ratio {found:.12f}   error {abs(found - true):.1e}")

# %% [markdown]
# Down to $10^{-8}$ it gets better. Then it gets *worse*, and for $h = 10^{-16}$ the slope is 0. Nothing is wrong with
# the mathematics. What is wrong is that a computer's number has only about 16 digits:

# %%
print(1.0 + 1e-16 == 1.0)
print(f"{math.sin(1.0 + 1e-12):.20f}")
print(f"{math.sin(1.0):.20f}")

# %% [markdown]
# $1 + 10^{-16}$ *is* 1: the knob was not turned at all. And with $h = 10^{-12}$ the two sines agree in their first
# eleven digits. The subtraction takes those away, and of the sixteen good digits only about four are left. The rest is
# rounding. Then you divide by $h$, and blow the rounding up by $10^{12}$.
#
# So there are two errors. One comes from the curve's bend and shrinks with $h$. The other comes from rounding and grows
# as $h$ shrinks. Somewhere between them is the best you can do.
#
# You can do better with a better ratio: turn the knob both ways,
#
# $$\frac{f(x + h) - f(x - h)}{2h}.$$
#
# What the bend adds on the right, it takes off on the left. The error no longer shrinks like $h$ but like $h^2$.

# %%
hs = [10 ** (-i / 4) for i in range(2, 65)]
one = [abs((math.sin(1 + h) - math.sin(1)) / h - true) for h in hs]
both = [abs((math.sin(1 + h) - math.sin(1 - h)) / (2 * h) - true) for h in hs]
figure, (ax,) = sketch(("h", "error of the slope"), height=3.6)
ax.loglog(hs, [max(e, 1e-17) for e in one], label="one side")
ax.loglog(hs, [max(e, 1e-17) for e in both], label="both sides")
ax.legend()
figure

# %%
for name, errors in (("one side", one), ("both sides", both)):
    best = min(range(len(hs)), key=lambda i: errors[i])
    print(f"{name}: smallest error {errors[best]:.0e}, with h = {hs[best]:.0e}")

# %% [markdown]
# Read the picture from the right. Both errors fall as $h$ shrinks, the one for both sides twice as steeply. At the
# bottom they meet the rounding, which rises to the left like a ragged wall. From both sides you get down further, and
# with a *larger* $h$. A good choice is $h = 10^{-5}$ or so.
#
# A slope by number is always right to some digits only. But it needs no formula and no thinking, and so it is the
# judge: whenever this course derives a slope by cleverness, it is compared with one by number. The checks of the
# exercises do that, too.

# %% [markdown] exercise="1.3" title="From both sides" difficulty=2 minutes=6
# ### Exercise 1.3: from both sides
#
# Write `two_sided(f, x, h)`: the slope of the function `f` at `x`, with the knob turned by `h` to both sides.


# %% stub="1.3"
def two_sided(f, x, h):
    return f(x)


# %% [markdown] hint="1.3"
# It is the last formula above. How far apart are the two places at which you ask `f`?

# %% [markdown] hint="1.3"
# The two places are $x - h$ and $x + h$, so they are $2h$ apart, and that is what the difference is divided by. In
# code, put brackets around `2 * h`.


# %% solution="1.3"
def two_sided(f, x, h):
    return (f(x + h) - f(x - h)) / (2 * h)


# %% [markdown] explanation="1.3"
# The rise between the two places, divided by the distance between them. For a parabola this is the exact slope,
# whatever `h`: what the bend adds on one side it takes off on the other.

# %% [markdown]
# ## What slopes are for
#
# The sign of the slope says which way is down. So here is a way to find the lowest point of a curve that you cannot
# see: stand anywhere, measure the slope, go a little *against* it, and repeat. How far is "a little"? Take a step in
# proportion to the slope: long where it is steep, short where it gets level. The factor is called the *learning rate*.
#
# $$x \leftarrow x - \text{rate} \cdot f'(x)$$
#
# With $f$ from above, which is lowest at $0.75$:

# %%
x, rate = 3.0, 0.1
for _ in range(6):
    print(f"x = {x:.4f}   f(x) = {f(x):.4f}   slope {4 * x - 3:.4f}")
    x = x - rate * (4 * x - 3)

# %% [markdown]
# In these few lines you have seen how neural networks learn. The rest of the course is about doing it with a million knobs.

# %% [markdown] exercise="1.4" title="Downhill" difficulty=3 minutes=15
# ### Exercise 1.4: downhill
#
# Write `lowest(f, x, rate, steps)`. It starts at `x`, takes `steps` steps downhill, and returns where it ends. You do
# not know a formula for `f`, so measure its slope in every step, from both sides, with $h = 10^{-5}$.


# %% stub="1.4"
def lowest(f, x, rate, steps):
    h = 1e-5
    return x


# %% [markdown] hint="1.4"
# A loop, `for _ in range(steps)`, with two lines in it: measure the slope where you are now; move.

# %% [markdown] hint="1.4"
# If the slope is positive, downhill is to the left. So you *subtract* the rate times the slope.

# %% [markdown] hint="1.4"
# The slope must be measured inside the loop: after a step you stand somewhere else, and there the slope is another.


# %% solution="1.4"
def lowest(f, x, rate, steps):
    h = 1e-5
    for _ in range(steps):
        slope = (f(x + h) - f(x - h)) / (2 * h)
        x = x - rate * slope
    return x


# %% [markdown] explanation="1.4"
# Each step measures the slope at the present place and goes against it. Near the lowest point the slope becomes small,
# and so do the steps: nobody has to say when to slow down.

# %% [markdown]
# ## What you can do now
#
# You know that a slope is how fast a result changes with one number that goes into it, and that it is the limit of a
# ratio. You can find it on paper for a formula, and by number for anything that runs. You know why a very small $h$
# spoils it. And you have gone downhill with it. In the next lesson you fit a curve to points in this way, with four
# weights and gradients worked out by hand.
