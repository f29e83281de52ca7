# %% [markdown] lesson=14 title="Comparing networks honestly" minutes=100
# # 14. Comparing networks honestly
#
# How many bikes will be hired in the next hour? A city that knows can put them where they are wanted. The data are hours: what time and what weather it was, and how many bikes were hired.
#
# The real ones, from Washington in 2011 and 2012, do not come with this course. Get the file `hour.csv` of the data set "Bike Sharing" from the UCI repository, put it into a folder and write the folder's name below; `chainrule.datasets.bike_sharing` reads it. Without it you get a **stand-in**: 120 days that were made up by the function here.
# It has the two peaks of working days, the slow middle of free days, warmth, rain and chance. It is good enough to practise on; what you find with it is true of this function and says nothing about Washington. The numbers in the text below are the stand-in's.

# %% given="*"
import math

import numpy as np

import chainrule
from chainrule import datasets, nn, optim
from chainrule.nn import functional as F
from chainrule.viz.sketch import sketch

# %%
BIKES = None  # a folder with hour.csv in it, such as "/home/me/bikes"


def made_up_bikes(days=120, seed=0):
    """A stand-in: X (hours, 7), y (hours,), the columns' names."""
    rng = np.random.default_rng(seed)
    t = np.arange(24 * days)
    hour, weekday = t % 24, (t // 24) % 7
    work = ((weekday > 0) & (weekday < 6)).astype(float)
    rain = (rng.random(len(t)) < 0.1).astype(float)
    weather = np.convolve(rng.normal(size=len(t)), np.ones(72) / np.sqrt(72), "same")  # changes over three days
    temp = 0.5 * weather + np.sin(2 * np.pi * (hour - 9) / 24)

    def peak(at, width):
        return np.exp(-0.5 * ((hour - at) / width) ** 2)

    busy = work * (2.2 * peak(8, 1.2) + 2.6 * peak(17.5, 1.6) + 0.8 * peak(12, 3)) + (1 - work) * 2 * peak(13.5, 3.5)
    mean = 120 * (0.15 + busy) * np.exp(0.25 * temp - 0.7 * rain)
    y = rng.poisson(mean * rng.gamma(20, 1 / 20, len(t))).astype(float)
    circle = [wave(2 * np.pi * turn) for turn in (hour / 24, weekday / 7) for wave in (np.sin, np.cos)]
    names = ["hour_sin", "hour_cos", "weekday_sin", "weekday_cos", "workingday", "rain", "temp"]
    return np.stack([*circle, work, rain, temp], axis=1), y, names


X, y, names = made_up_bikes() if BIKES is None else datasets.bike_sharing(BIKES)
print(f"{len(y)} hours, columns {', '.join(names)}")
figure, (ax,) = sketch(("hour", "bikes in the hour"))
ax.plot(y[24 : 24 * 8])
figure

# %% [markdown]
# That is one week. The hours are in order of time, and what you want to know lies in the future. So learn from the earlier hours, and keep later ones for judging: half of them to learn from, the next quarter for *validation*, the last for the *test*. What the two are for, you will see.
#
# Two networks stand for election: one with 12 hidden neurons, one with 16. The score is the root of the mean square error in the validation hours, in bikes; less is better.

# %%
half, three_quarters = len(y) // 2, 3 * len(y) // 4
PARTS = {"train": slice(0, half), "validation": slice(half, three_quarters), "test": slice(three_quarters, None)}


def trained(hidden, seed, rows=half, steps=250):
    """A network that has learned from the last ``rows`` of the training hours: a function X -> bikes."""
    x, target = X[half - rows : half], y[half - rows : half]
    mean, size = target.mean(), target.std()
    inputs = chainrule.tensor(x.astype("float32"))
    targets = chainrule.tensor(((target - mean) / size).astype("float32")).reshape(-1, 1)
    chainrule.manual_seed(seed)
    model = nn.Sequential(nn.Linear(x.shape[1], hidden), nn.ReLU(), nn.Linear(hidden, 1))
    optimizer = optim.Adam(model.parameters(), lr=0.02)
    rng = np.random.default_rng(seed)
    for _ in range(steps):
        batch = rng.integers(0, rows, 64)
        optimizer.zero_grad()
        F.mse_loss(model(inputs[batch]), targets[batch]).backward()
        optimizer.step()

    def predict(x):
        with chainrule.no_grad():
            return model(chainrule.tensor(x.astype("float32"))).numpy()[:, 0] * size + mean

    return predict


def error(predict, part):
    rows = part if isinstance(part, slice) else PARTS[part]
    return float(np.sqrt(np.mean((predict(X[rows]) - y[rows]) ** 2)))


for seed in (0, 1, 2):
    a, b = (error(trained(hidden, seed), "validation") for hidden in (12, 16))
    print(f"seed {seed}: 12 neurons {a:.1f}, 16 neurons {b:.1f}: {'12' if a < b else '16'} wins")

# %% [markdown]
# With the seeds 0 and 1 the smaller network wins, with seed 2 the larger one. Had you run one of them and stopped, you would now be convinced, and it would have been the seed that convinced you.
#
# **How do you compare, if chance has a say in every number?**
#
# ## What chance does
#
# The seed sets the first weights and the order of examples. Nobody cares about them, but they move the score. So do not look at one run. Look at several.

# %%
SEEDS = range(8)
scores = {hidden: [error(trained(hidden, seed), "validation") for seed in SEEDS] for hidden in (12, 16)}
figure, (ax,) = sketch(("error in the validation hours, in bikes", "hidden neurons"), height=1.8)
for row, (hidden, found) in enumerate(scores.items()):
    ax.plot(found, [row] * len(found), "o", alpha=0.6)
    ax.plot(np.mean(found), row, "|", ms=24, color="black")
    print(
        f"{hidden} neurons: from {min(found):.1f} to {max(found):.1f}, mean {np.mean(found):.2f}, standard deviation {np.std(found, ddof=1):.2f}"
    )
ax.set_yticks([0, 1], ["12", "16"])
ax.set_ylim(-0.6, 1.6)
figure

# %% [markdown]
# The two clouds overlap. Who publishes the best of the upper and the worst of the lower cloud can prove anything.
#
# Before the mathematics, a simpler kind of dishonesty, which happens without intention.

# %% [markdown] exercise="14.1" title="Scale without looking" difficulty=1 minutes=10
# ### Exercise 14.1: scale without looking
#
# Columns of different size are usually brought to mean 0 and standard deviation 1 before a network gets them. The test rows must go through the *same* change. And nothing about it may come from the test rows: in earnest they lie in the future.
#
# Write `standardised(train, test)` for arrays (rows, columns). It returns both, changed: take off the mean of the column, then divide by its standard deviation (`std()`, over n). A column that is the same in every training row is only shifted. Leave the arrays you are given as they are.


# %% stub="14.1"
def standardised(train, test):
    return train * 1.0, test * 1.0


# %% [markdown] hint="14.1"
# Two things are measured for each column, on one of the two arrays. Both arrays are then changed by these same numbers.

# %% [markdown] hint="14.1"
# `train.mean(axis=0)` and `train.std(axis=0)`. For a column with standard deviation 0, divide by 1 instead: `np.where(size > 0, size, 1.0)`.


# %% solution="14.1"
def standardised(train, test):
    mean, size = train.mean(axis=0), train.std(axis=0)
    size = np.where(size > 0, size, 1.0)
    return (train - mean) / size, (test - mean) / size


# %% [markdown] explanation="14.1"
# Whatever is measured on data is part of what was learned: means and sizes as much as weights. The test rows need not have mean 0 afterwards. If summer is tested and winter was learned from, that difference is what the network must cope with.

# %% [markdown]
# ## How sure is a mean?
#
# The mean of 8 scores is less at the mercy of chance than one score. How much less? Let $s$ be the standard deviation of the scores, estimated from the $n$ that you have:
#
# $$s = \sqrt{\frac{1}{n-1} \sum_i (x_i - \bar x)^2}, \qquad \text{standard error} = \frac{s}{\sqrt n}.$$
#
# Why $n - 1$? The deviations are taken from the mean of the *same* numbers, which lies as near to them as possible, nearer than the true mean. Dividing by $n$ gives too little on average.
#
# The standard error is how far the mean of $n$ runs is typically from the mean of endlessly many. An interval that contains the true mean in 95 % of all cases reaches $t$ standard errors to each side. With many runs $t$ is 1.96. With few, $s$ itself is uncertain, and $t$ must be larger. How much larger, W. S. Gosset worked out in 1908, for a brewery. The table goes by $n - 1$.

# %% given="*"
T95 = {
    1: 12.706, 2: 4.303, 3: 3.182, 4: 2.776, 5: 2.571, 6: 2.447, 7: 2.365, 8: 2.306, 9: 2.262, 10: 2.228,
    11: 2.201, 12: 2.179, 13: 2.160, 14: 2.145, 15: 2.131, 16: 2.120, 17: 2.110, 18: 2.101, 19: 2.093, 20: 2.086,
}  # fmt: skip

# %%
rng = np.random.default_rng(0)
for n in (3, 5, 10):
    samples = rng.normal(size=(20000, n))  # the true mean is 0
    middle = samples.mean(axis=1)
    said = {
        "over n, 1.96": 1.96 * samples.std(axis=1) / np.sqrt(n),
        "over n - 1, 1.96": 1.96 * samples.std(axis=1, ddof=1) / np.sqrt(n),
        "over n - 1, from the table": T95[n - 1] * samples.std(axis=1, ddof=1) / np.sqrt(n),
    }
    print(
        f"n = {n:2}: the true mean lies inside "
        + ", ".join(f"{np.mean(np.abs(middle) < wide):.1%}" for wide in said.values())
    )

# %% [markdown]
# The three numbers in each line are for: dividing by $n$ and 1.96; dividing by $n-1$ and 1.96; dividing by $n-1$ and the table. All three claim 95 %. With three runs, the first is right in three quarters of the cases. The table keeps its word.

# %% [markdown] exercise="14.2" title="A confidence interval" difficulty=2 minutes=12
# ### Exercise 14.2: a confidence interval
#
# Write `interval(scores)`: the 95 % confidence interval for the mean of a list of 2 to 21 scores, as a tuple (low, high). `T95` is there.


# %% stub="14.2"
def interval(scores):
    return min(scores), max(scores)


# %% [markdown] hint="14.2"
# The interval is the mean, minus and plus the same width. The width is a product: a number from the table, times the standard error.

# %% [markdown] hint="14.2"
# `np.std(scores, ddof=1)` divides by $n - 1$. The standard error is that, divided by $\sqrt n$. The table is asked for $n - 1$.


# %% solution="14.2"
def interval(scores):
    n = len(scores)
    wide = T95[n - 1] * np.std(scores, ddof=1) / math.sqrt(n)
    return float(np.mean(scores) - wide), float(np.mean(scores) + wide)


# %% [markdown] explanation="14.2"
# The standard deviation says how far *one* run may be from the mean; more runs do not make it smaller. The standard error says how far the *mean* may be, and it shrinks like $1/\sqrt n$: for half the width you need four times as many runs.


# %% [markdown]
# Applied to the two networks (with a second way to write it, so that this cell does not wait for yours):


# %% given="14.3"
def around(scores):
    """Mean, and how far the 95 % interval reaches to each side."""
    n, total = len(scores), math.fsum(scores)
    squares = math.fsum((x - total / n) ** 2 for x in scores)
    return total / n, T95[n - 1] * math.sqrt(squares / (n - 1) / n)


# %%
for hidden, found in scores.items():
    mean, wide = around(found)
    print(f"{hidden} neurons: {mean:.2f} ± {wide:.2f}")

# %% [markdown]
# Each interval contains the other mean. You cannot say which network is better, and that is the honest result. With four times as many runs you might.
#
# ## In pairs
#
# Another question: does the small network get better if it makes 300 steps of training instead of 250?

# %%
longer = [error(trained(12, seed, steps=300), "validation") for seed in SEEDS]
for steps, found in ((250, scores[12]), (300, longer)):
    mean, wide = around(found)
    print(f"{steps} steps: {mean:.2f} ± {wide:.2f}, that is {mean - wide:.2f} to {mean + wide:.2f}")
mean, wide = around([a - b for a, b in zip(scores[12], longer, strict=True)])
print(f"difference, seed by seed: {mean:.2f} ± {wide:.2f}, that is {mean - wide:.2f} to {mean + wide:.2f}")

# %% [markdown]
# The two intervals overlap, so it looks unclear again. But look at the last line: the difference *seed by seed* is clearly above 0. With the same seed, both begin with the same weights and see the same batches; a start that was bad for one was bad for the other. In the difference this common luck is gone, and only what the 50 steps did is left.
#
# So give both the same seeds and the same data, and look at the differences. This needs no more runs; it only wastes none. (Between networks of different size the seed is no common luck: the same seed means other weights there. What they can share is data: the same hours, or the same pictures.)

# %% [markdown] exercise="14.3" title="Is one better?" difficulty=2 minutes=12
# ### Exercise 14.3: is one better?
#
# `a` and `b` are the errors of two networks in the same situations: `a[i]` and `b[i]` have the same seed, or the same part of the data. Write `compare(a, b)`. It returns a tuple: the mean of the differences `a[i] - b[i]`, and `"a"`, `"b"` or `"unclear"`: the network that is better (has the smaller error), if the 95 % interval of the mean difference does not contain 0. `around` from above is there: it returns the mean and how far the interval reaches.


# %% stub="14.3"
def compare(a, b):
    return 0.0, "unclear"


# %% [markdown] hint="14.3"
# Make one list of the two: the differences, pair by pair. Everything after that is about this list.

# %% [markdown] hint="14.3"
# `mean, wide = around(differences)`. The interval contains 0 if `abs(mean) <= wide`. If the mean of a − b is negative, a has the smaller errors.


# %% solution="14.3"
def compare(a, b):
    mean, wide = around([x - y for x, y in zip(a, b, strict=True)])
    if abs(mean) <= wide:
        return mean, "unclear"
    return mean, "a" if mean < 0 else "b"


# %% [markdown] explanation="14.3"
# What both have in common, a hard part of the data, an unlucky order, cancels in the difference. What remains is what the two networks do differently. "Unclear" does not mean "equal". It means: with these runs, you cannot tell.

# %% [markdown]
# ## What validation is for
#
# Suppose you try not two networks but twenty, and take the one with the best validation score. Is that score what you may promise? Here are twenty networks that differ in the seed alone. To choose there is a single day of validation; the test hours are many.

# %%
twenty = [trained(12, seed) for seed in range(20)]
one_day = slice(half, half + 24)
on_day, on_test = (np.array([error(predict, part) for predict in twenty]) for part in (one_day, "test"))
chosen = int(on_day.argmin())
print(f"mean of all twenty:   {on_day.mean():.1f} in the day, {on_test.mean():.1f} in the test hours")
print(f"the best in the day:  {on_day[chosen]:.1f} in the day, {on_test[chosen]:.1f} in the test hours")

# %% [markdown]
# On average the day is as hard as the test hours. Yet the winner is much better in the day than it is later. Two things made it win. It is a better network than most; this part stays, and it is below the average in the test, too. And the day happened to suit it; this part does not stay. Whoever picks the best of many picks luck as well, and the more there are to pick from, and the less they are judged on, the more of it. So the score that chose cannot be the score you promise.

# %% [markdown] exercise="14.4" title="Choose, then measure" difficulty=3 minutes=20
# ### Exercise 14.4: choose, then measure
#
# Write `choose(settings, fit, error, train, validation, test)`. `fit(setting, data)` returns a model that has learned from `data`; `error(model, data)` measures it. Fit a model for each setting, choose the one that an honest person would choose, and return the setting and the error that may be promised for this model, as a tuple. If two are equally good, take the earlier one.


# %% stub="14.4"
def choose(settings, fit, error, train, validation, test):
    return settings[0], 0.0


# %% [markdown] hint="14.4"
# There are three parts of the data, and each has one purpose: to learn, to choose, to promise.

# %% [markdown] hint="14.4"
# `models = [fit(setting, train) for setting in settings]`, and `[error(model, validation) for model in models]`. The place of the smallest is the choice.

# %% [markdown] hint="14.4"
# The test data are used once, at the end, for the model that has been chosen.


# %% solution="14.4"
def choose(settings, fit, error, train, validation, test):
    models = [fit(setting, train) for setting in settings]
    errors = [error(model, validation) for model in models]
    best = errors.index(min(errors))
    return settings[best], error(models[best], test)


# %% [markdown] explanation="14.4"
# Training errors favour whatever can learn by heart. Validation errors choose well, but the smallest of many is small also by luck. The test error is measured once, on data that had no influence on any decision: only that may be promised. If you look at it, go back and change something, it has become a validation error.

# %% [markdown]
# ## Learning curves
#
# One more question that a single number cannot answer: what would help, more data or a larger network? Train with more and more hours, and draw the error in these hours and in the validation hours.

# %%
ROWS = [48, 120, 300, 700, half]
figure, axes = sketch(("training hours", "error, in bikes"), ("training hours", ""), height=3.4)
for ax, hidden in zip(axes, (2, 32), strict=True):
    curves = {"train": [], "validation": []}
    for rows in ROWS:
        runs = [trained(hidden, seed, rows) for seed in range(3)]
        curves["train"].append([error(predict, slice(half - rows, half)) for predict in runs])
        curves["validation"].append([error(predict, "validation") for predict in runs])
    for name, found in curves.items():
        found = np.array(found)
        ax.semilogx(ROWS, found.mean(axis=1), "o-", ms=3, label=name)
        ax.fill_between(ROWS, found.min(axis=1), found.max(axis=1), alpha=0.2)
        print(
            f"{hidden:2} neurons, {name:10} "
            + "  ".join(f"{rows} h: {m:.0f}" for rows, m in zip(ROWS, found.mean(axis=1), strict=True))
        )
    ax.set_ylim(0, 2 * y.std())
    ax.set_title(f"{hidden} hidden neurons", fontsize=10)
    ax.legend(frameon=False)
figure

# %% [markdown]
# On the left both curves meet soon, and high up: 82 bikes off. More hours do not help; two neurons cannot say more. What helps is a larger network, or better columns. On the right there is a wide gap at first: with 48 hours the network knows these hours by heart (32) and is lost in others (152). Here more data help, and they did. Where the two curves have met at the right end, more hours would bring little.
#
# High and together: too simple. Low and apart: too little data. Low and together: that is what you want.
#
# ## What you can do now
#
# You can say of two networks which one is better, or that you do not know: same seeds for both, differences, an interval that keeps its word. You scale with what the training data say. You learn from one part, choose with the second and promise with the third, once. And you can see from two curves whether more data would help.
