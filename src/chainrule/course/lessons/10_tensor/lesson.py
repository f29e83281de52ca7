# %% [markdown] lesson=10 title="Tensor" minutes=120
# # 10. Tensor: the graph, with arrays
#
# Layers (lesson 9) are fast, since each does its work on whole arrays. But they only stand in a row. Take this formula, which shall follow the sine: $y = a + b \cdot P(c + d\,x)$. Or this one, where a value is used twice: $h + f(h)$. Is each
# a new kind of layer, with a backward step to be worked out? With `Value` (lesson 5) you simply wrote the formula, and its slopes came from the graph. But `Value` holds one number, and the graph of a hundred examples had thousands of nodes.
#
# **Can you have both: write any formula, and compute with arrays?**
#
# Put an array where `Value` had a number. That is the whole idea, and the name of the result is *tensor*. Let us do it and see what breaks.

# %% given="*"
import math

import numpy as np

import chainrule
from chainrule.graph import draw
from chainrule.value import topological_order


class Tensor:
    """An array that remembers what it was made from, and how to send its slopes back to them."""

    def __init__(self, data, _prev=(), _op="", label=""):
        self.data = np.asarray(data, dtype=float)
        self.grad = np.zeros_like(self.data)  # a slope for each number
        self._prev = _prev
        self._op = _op
        self.label = label
        self._backward = lambda: None


def backward(root):
    """The slopes of ``root``, one number, for all it was made from: lesson 5, unchanged."""
    order = topological_order(root)
    for each in order:
        if each._prev:
            each.grad = np.zeros_like(each.data)
    root.grad = np.ones_like(root.data)
    for each in reversed(order):
        each._backward()


# %%
def add_carelessly(a, b):
    out = Tensor(a.data + b.data, (a, b), "+")

    def _backward():
        a.grad += out.grad
        b.grad += out.grad

    out._backward = _backward
    return out


rows = Tensor([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]], label="rows")  # (3, 2)
bias = Tensor([10.0, 20.0], label="bias")  # (2,)
out = add_carelessly(rows, bias)
out.grad = np.ones((3, 2))
try:
    out._backward()
except ValueError as error:
    print(error)

# %% [markdown]
# Forward, NumPy spread the bias over three rows. Backward, three rows of slopes arrive at a bias that has one. What is its slope? Each of its numbers was used three times, so there are three paths to the result, and over paths slopes add:
#
# > What was **copied** forward is **summed** backward.
#
# You have met this before: in lesson 8 the slope of a bias was `g.sum(axis=0)`, and in exercise 7.4 you wrote the function for every case: it sums away the axes that broadcasting puts **in front**, and sums the axes of size **1** that it stretches. The library has it, too:

# %% given="*"
from chainrule.ops.base import unbroadcast

# %% [markdown]
# `unbroadcast(g, shape)` is given the slopes `g` for the result and the shape of an operand, and returns the slopes for that operand.

# %%
print("for the rows:", unbroadcast(out.grad, (3, 2)).tolist())
print("for the bias:", unbroadcast(out.grad, (2,)).tolist())

# %% [markdown] exercise="10.1" title="Division" difficulty=2 minutes=12
# ### Exercise 10.1: division
#
# Write `divide(a, b)`: the tensor with $a/b$ place by place, with both operands in `_prev`, `"/"` in `_op`, and a `_backward` that adds to `a.grad` and `b.grad`. The operands may have any two shapes that broadcast, and each `grad` keeps the shape of its own operand.


# %% stub="10.1"
def divide(a, b):
    out = Tensor(a.data / b.data, (a, b), "/")

    def _backward():
        pass

    out._backward = _backward
    return out


# %% [markdown] hint="10.1"
# First for two numbers. If $a$ grows by $\varepsilon$, then $a/b$ grows by $\varepsilon/b$. And if $b$ grows? The quotient is $a \cdot b^{-1}$.

# %% [markdown] hint="10.1"
# The local slopes are $1/b$ and $-a/b^2$. Each is multiplied by what has arrived, `out.grad`: that is an array of the shape of the *result*.

# %% [markdown] hint="10.1"
# One of the two lines is `a.grad += unbroadcast(out.grad / b.data, a.data.shape)`.


# %% solution="10.1"
def divide(a, b):
    out = Tensor(a.data / b.data, (a, b), "/")

    def _backward():
        a.grad += unbroadcast(out.grad / b.data, a.data.shape)
        b.grad += unbroadcast(-out.grad * a.data / b.data**2, b.data.shape)

    out._backward = _backward
    return out


# %% [markdown] explanation="10.1"
# First multiply, place by place in the shape of the result: there NumPy copies the operands as it did forward, so each slope meets the numbers it was made with. Then sum over the copies, with `unbroadcast`. The other way round does not work: once it is summed, you no longer know which $a$ and which $b$ a slope belongs to.

# %% [markdown]
# The other operations are those of lesson 5, with one call more. Here are most of them in short form: a local slope for each operand, and the same last lines for all.


# %% given="10.2"
def operation(op, data, *operands):
    """A tensor made from operands, given as pairs: (tensor, function from what arrives to the slope for it)."""
    out = Tensor(data, tuple(tensor for tensor, _ in operands), op)

    def _backward():
        for tensor, local in operands:
            tensor.grad += unbroadcast(local(out.grad), tensor.data.shape)

    out._backward = _backward
    return out


def add(a, b):
    return operation("+", a.data + b.data, (a, lambda g: g), (b, lambda g: g))


def subtract(a, b):
    return operation("-", a.data - b.data, (a, lambda g: g), (b, lambda g: -g))


def multiply(a, b):
    return operation("*", a.data * b.data, (a, lambda g: g * b.data), (b, lambda g: g * a.data))


def relu(a):
    return operation("relu", np.maximum(a.data, 0), (a, lambda g: g * (a.data > 0)))


def mean(a):
    return operation("mean", a.data.mean(), (a, lambda g: np.full(a.data.shape, g / a.data.size)))


# %%
rows.grad, bias.grad = np.zeros((3, 2)), np.zeros(2)
total = mean(add(rows, bias))
backward(total)
print("slope for rows:")
print(rows.grad.round(3))
print("slope for bias:", bias.grad)

# %% [markdown]
# One thing is missing: the product of matrices. It is the operation in which a place of the result depends on a whole row and a whole column. You know its slopes from lesson 8. With $C = A\,B$ and the arriving slope $G = \partial L/\partial C$:
#
# $$C_{ij} = \sum_k A_{ik} B_{kj} \quad\Rightarrow\quad \frac{\partial L}{\partial A_{ik}} = \sum_j G_{ij} B_{kj}, \qquad \frac{\partial L}{\partial B_{kj}} = \sum_i A_{ik} G_{ij}.$$

# %% [markdown] exercise="10.2" title="The product of matrices" difficulty=2 minutes=15
# ### Exercise 10.2: the product of matrices
#
# Write `matmul(a, b)` for two tensors with two axes each, (n, m) and (m, k). It returns a tensor of shape (n, k), with both operands in `_prev`, `"@"` in `_op`, and a `_backward` that adds to `a.grad` and `b.grad`. (You may use `operation`, or write `_backward` out.)


# %% stub="10.2"
def matmul(a, b):
    out = Tensor(a.data @ b.data, (a, b), "@")

    def _backward():
        pass

    out._backward = _backward
    return out


# %% [markdown] hint="10.2"
# Write the shapes down: `out.grad` is (n, k), `a` is (n, m), `b` is (m, k). Which product of `out.grad` and one of the others, perhaps transposed, is (n, m)?

# %% [markdown] hint="10.2"
# In $\sum_j G_{ij} B_{kj}$ the sum is over the columns of both. A product sums over the columns of the left and the rows of the right, so the right one is transposed: $G\,B^\mathsf{T}$.


# %% solution="10.2"
def matmul(a, b):
    out = Tensor(a.data @ b.data, (a, b), "@")

    def _backward():
        a.grad += out.grad @ b.data.T  # (n, k) @ (k, m)
        b.grad += a.data.T @ out.grad  # (m, n) @ (n, k)

    out._backward = _backward
    return out


# %% [markdown] explanation="10.2"
# In words: a slope is handed on to an operand by multiplying with the *other* operand, as for numbers, but transposed, and on its own side. No `unbroadcast` is needed, as nothing was copied: the sums over $j$ and over $i$ are in the products.

# %% [markdown]
# With these the 1-4-1 network of lesson 8 is an expression. Below, the first layer has one input, so its product is a plain multiplication with broadcasting, (100, 1) times (1, 4); for the second layer multiply and sum, which is the same as a product with one column.

# %%
from chainrule.data import datasets


def row_sums(a):
    return operation("sum", a.data.sum(axis=1, keepdims=True), (a, lambda g: np.broadcast_to(g, a.data.shape)))


points, heights = datasets.exp_with_noise()
rng = np.random.default_rng(1)
x, y = Tensor(points[:, None], label="x"), Tensor(heights[:, None], label="y")
W1, b1 = Tensor(rng.normal(size=(1, 4)), label="W1"), Tensor(np.zeros(4), label="b1")
W2, b2 = Tensor(rng.normal(size=(1, 4)) / 2, label="W2"), Tensor(np.zeros(1), label="b2")

hidden = relu(add(multiply(x, W1), b1))  # (100, 4)
error = subtract(add(row_sums(multiply(hidden, W2)), b2), y)  # (100, 1)
loss = mean(multiply(error, error))
loss.label = "loss"
backward(loss)
print(f"{len(topological_order(loss))} tensors in the graph, for all 100 examples")
print("slope for W2:", W2.grad.round(4))
draw(loss)

# %% [markdown]
# In lesson 8 the graph of this step had 2,814 values. And the slope for `W2` is the one that was found there by matrices, and by nudging. The graph has the size of the *formula*, no longer the size of the data. `error` is used twice, and nobody had to think about it.
#
# ## The finished one
#
# `chainrule.tensor` is this class, finished: with operators, many more operations, and the names of PyTorch. You know how it works inside. What remains is to see why it is used the way it is. Each of its habits is the answer to some trouble.
#
# **Who gets slopes?** Data need none. So a tensor gets them only if you ask for it.

# %%
x = chainrule.tensor([1.0, 2.0, 3.0])
w = chainrule.tensor(2.0, requires_grad=True)
loss = ((w * x - 1.0) ** 2).sum()
loss.backward()
print("w.grad:", w.grad, "  x.grad:", x.grad)

# %% [markdown]
# **Why only from one number?** `backward` answers "how does the result change". For several results there is no single answer.

# %%
try:
    (w * x).backward()
except chainrule.errors.GradientError as error:
    print(error)

# %% [markdown]
# **Why zero the slopes?** `backward` adds to `grad`, since a tensor may have several users (lesson 5). It cannot know that your next call is a new step and not another path.

# %%
((w * x - 1.0) ** 2).sum().backward()
print("after a second backward:", w.grad)
w.grad = None
((w * x - 1.0) ** 2).sum().backward()
print("with grad = None before it:", w.grad)

# %% [markdown]
# **Why `no_grad`?** The step `w - lr * w.grad` is a formula too, and formulas are recorded. Written as a new tensor, it does not give you a weight:

# %%
moved = w - 0.01 * w.grad
print("a leaf, one that was not computed:", moved.is_leaf)
(moved * 2.0).backward()
print("its grad:", moved.grad)

# %% [markdown]
# `moved` is a node in the middle of a graph. Slopes pass it on their way to the old `w`, and it keeps none itself. After a thousand steps the graph would be a thousand steps long. Written in place, it is refused, as the recorded formula still needs the old value:

# %%
try:
    w -= 0.01 * w.grad
except chainrule.errors.GradientError as error:
    print(error)

with chainrule.no_grad():
    w -= 0.01 * w.grad
print("inside no_grad:", w)

# %% [markdown]
# Inside `no_grad` nothing is recorded: `w` remains a leaf, with a new number in it.
#
# **Why `item` and `detach`?** A loss is a tensor, and it holds its graph, with all the arrays in it. Whoever collects losses in a list collects graphs. `loss.item()` is the number alone; `x.detach()` is the array without its history.
#
# **Why is changing in place dangerous?** A rule such as that of the product needs what the operands *were*. Change one in between, and the slope would be wrong without a word. So it is found out:

# %%
u = chainrule.tensor([1.0, 2.0], requires_grad=True).exp()
total = (u * u).sum()
u += 1.0
try:
    total.backward()
except chainrule.errors.GradientError as error:
    print(error)

# %% [markdown]
# ## An operation of your own
#
# The formula from the beginning was $y = a + b \cdot P(c + d\,x)$. Let $P$ be a *Legendre polynomial*. The second one is $P_2(u) = \frac12(3u^2 - 1)$, with the slope $P_2'(u) = 3u$. You can write it with tensor operations, and the graph takes care of the slopes. But you may know
# something that the graph does not: a simpler slope, or one that does not overflow, or you call foreign code that records nothing. Then you write both directions yourself, as a `Function`:


# %%
class LegendreP2(chainrule.autograd.Function):
    @staticmethod
    def forward(ctx, u):
        ctx.save_for_backward(u)  # for backward
        return 0.5 * (3 * u**2 - 1)

    @staticmethod
    def backward(ctx, g):
        (u,) = ctx.saved_tensors
        return g * 3 * u  # what has arrived, times the local slope


u = chainrule.tensor([-1.0, 0.0, 0.5], requires_grad=True)
LegendreP2.apply(u).sum().backward()
print("slopes:", u.grad)
print(
    "is the slope right?",
    chainrule.autograd.gradcheck(
        LegendreP2.apply, chainrule.tensor([-1.0, 0.2, 0.5], dtype=chainrule.float64, requires_grad=True)
    ),
)

# %% [markdown]
# It is a layer of lesson 9, with its two directions. What the layer kept in `self` goes into `ctx`, because the same operation may be used many times in a graph, and each use needs its own memory. `apply` puts the call into the graph as one node. `gradcheck` is nudging, done for you: call it for every operation you write.

# %% [markdown] exercise="10.3" title="Your own Function" difficulty=2 minutes=15
# ### Exercise 10.3: the third Legendre polynomial
#
# Write `LegendreP3`, a `Function` for $P_3(u) = \frac12(5u^3 - 3u)$. It works place by place, on tensors of any shape.


# %% stub="10.3"
class LegendreP3(chainrule.autograd.Function):
    @staticmethod
    def forward(ctx, u):
        return u * 1.0

    @staticmethod
    def backward(ctx, g):
        return g * 1.0


# %% [markdown] hint="10.3"
# Take `LegendreP2` as the pattern. Two formulas change. What is the derivative of $\frac12(5u^3 - 3u)$?

# %% [markdown] hint="10.3"
# Term by term: $5u^3$ gives $15u^2$, and $-3u$ gives $-3$. Half of both is $\frac12(15u^2 - 3) = \frac32(5u^2 - 1)$.


# %% solution="10.3"
class LegendreP3(chainrule.autograd.Function):
    @staticmethod
    def forward(ctx, u):
        ctx.save_for_backward(u)
        return 0.5 * (5 * u**3 - 3 * u)

    @staticmethod
    def backward(ctx, g):
        (u,) = ctx.saved_tensors
        return g * 1.5 * (5 * u**2 - 1)


# %% [markdown] explanation="10.3"
# `backward` returns one slope for each input of `forward`, here one, of the shape of `u`: the arriving slope times the local slope at each place. Nothing is summed, since each place of the result comes from one place of `u`.

# %% [markdown]
# Now all is there to fit the formula to the sine: 2,000 points, four numbers to learn.

# %% [markdown] exercise="10.4" title="The loop" difficulty=3 minutes=20
# ### Exercise 10.4: the loop
#
# Write `fit(x, y, steps, lr)`. It trains $a$, $b$, $c$ and $d$ in $y = a + b \cdot P_3(c + d\,x)$, from 0, −1, 0 and 0.3, by `steps` steps downhill with the learning rate `lr`. The loss is the *sum* of the squared errors. It returns two lists of plain numbers: the loss of each
# step, before the step is made, and the four weights in the end. `LegendreP3` is there. The check compares with what PyTorch finds.


# %% stub="10.4"
def fit(x, y, steps, lr):
    weights = [chainrule.tensor(w, dtype=x.dtype, requires_grad=True) for w in (0.0, -1.0, 0.0, 0.3)]
    losses = []
    for _ in range(steps):
        a, b, c, d = weights
        loss = ((a + b * LegendreP3.apply(c + d * x) - y) ** 2).sum()
        losses.append(loss.item())
    return losses, [w.item() for w in weights]


# %% [markdown] hint="10.4"
# Three things are missing in the loop: the slopes, the step, and what makes the slopes of the next round start from zero.

# %% [markdown] hint="10.4"
# `loss.backward()`, then `with chainrule.no_grad():` a loop over the weights.

# %% [markdown] hint="10.4"
# In that loop: `w -= lr * w.grad`, which changes `w` in place, and then `w.grad = None`.


# %% solution="10.4"
def fit(x, y, steps, lr):
    weights = [chainrule.tensor(w, dtype=x.dtype, requires_grad=True) for w in (0.0, -1.0, 0.0, 0.3)]
    losses = []
    for _ in range(steps):
        a, b, c, d = weights
        loss = ((a + b * LegendreP3.apply(c + d * x) - y) ** 2).sum()
        losses.append(loss.item())
        loss.backward()
        with chainrule.no_grad():
            for w in weights:
                w -= lr * w.grad
                w.grad = None
    return losses, [w.item() for w in weights]


# %% [markdown] explanation="10.4"
# Every line answers one of the troubles above: `item` so that no graph is kept, `backward` for the slopes, `no_grad` so that the step is not recorded, in place so that the weights stay the leaves they are, and `None` so that the next round does not add to this one.

# %% [markdown]
# Here is the same fit in another style, without grads kept in tensors: `autograd.grad` returns the slopes, and the new weights are new leaves. $P_3$ is written with tensor operations.

# %%
from chainrule.course.oracle import numbers
from chainrule.viz.sketch import sketch

x = chainrule.linspace(-math.pi, math.pi, 2000)
y = chainrule.sin(x)
torch_says = numbers("10_tensor", "legendre")  # recorded, so that you need not install PyTorch


def curve(weights):
    a, b, c, d = weights
    u = c + d * x
    return a + b * (0.5 * (5 * u**3 - 3 * u))


weights = [chainrule.tensor(w, requires_grad=True) for w in (0.0, -1.0, 0.0, 0.3)]
before = curve(weights).detach()
for step in range(2000):
    loss = ((curve(weights) - y) ** 2).sum()
    slopes = chainrule.autograd.grad(loss, weights)
    if str(step) in torch_says:
        print(f"step {step:4}: loss {loss.item():9.5f}   PyTorch's {torch_says[str(step)]:9.5f}")
    weights = [(w.detach() - 5e-6 * slope).requires_grad_() for w, slope in zip(weights, slopes, strict=True)]

a, b, c, d = (w.item() for w in weights)
print(
    f"y = {a:.6f} + {b:.6f} · P3({c:.6f} + {d:.6f} x)   PyTorch: b = {torch_says['b']:.6f}, d = {torch_says['d']:.6f}"
)

figure, (ax,) = sketch(("x", ""), height=3.2)
ax.plot(x.numpy(), y.numpy(), lw=6, alpha=0.3, label="sin x")
ax.plot(x.numpy(), before.numpy(), "--", label="before")
ax.plot(x.numpy(), curve(weights).detach().numpy(), label="after 2,000 steps")
ax.legend(frameon=False)
figure

# %% [markdown]
# A formula that is no chain of layers, with weights before and after the bend, trained by writing it down. The losses are PyTorch's.
#
# What would your `Function` change? The graph. Here is the part $P_2(c + d\,x)$, once written with operations and once as a `Function`:

# %%
c, d = chainrule.tensor(0.1, requires_grad=True), chainrule.tensor(0.3, requires_grad=True)
u = c + d * chainrule.tensor([1.0, 2.0])
spelled = (0.5 * (3 * u**2 - 1)).sum()
draw(spelled, names={"c": c, "d": d, "u": u})

# %%
draw(LegendreP2.apply(u).sum(), names={"c": c, "d": d, "u": u})

# %% [markdown]
# ## What you can do now
#
# You can build autograd over arrays: the graph of lesson 5, arrays in its nodes, and two rules more, that copies are summed on the way back and how a product of matrices sends its slopes. You can add an operation of your own with `Function` and have it checked by `gradcheck`. And you know why each line of a training loop is there.
# The lines are the same in every script, so they got names: that is the next lesson.
