# %% [markdown] lesson=16 title="PyTorch" minutes=80
# # 16. PyTorch
#
# You have built the parts of a deep learning library, and then used one that has PyTorch's names. PyTorch itself is what most networks are trained with, in research and elsewhere.
#
# **How much of what you can do do you have to learn again?**
#
# Let us find out with a script. It is a text here, so that it can be run twice: once with each library. Read it; it contains nothing new.

# %% given="*"
import copy
import importlib.util

import chainrule
from chainrule import nn, optim
from chainrule.course.oracle import numbers

# %%
SCRIPT = """
torch.manual_seed(0)
x = torch.linspace(-3, 3, 64).reshape(64, 1)
data = torch.utils.data.TensorDataset(x, torch.sin(x))
loader = torch.utils.data.DataLoader(data, batch_size=16, shuffle=True)
model = torch.nn.Sequential(torch.nn.Linear(1, 16), torch.nn.Tanh(), torch.nn.Linear(16, 1))
optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
losses = []
for epoch in range(40):
    for a, b in loader:
        optimizer.zero_grad()
        loss = torch.nn.functional.mse_loss(model(a), b)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
"""


def losses_with(first_line):
    names = {}
    exec(first_line + "\n" + SCRIPT, names)
    return names["losses"]


ours = losses_with("import chainrule as torch")
print(f"{len(ours)} steps; loss {ours[0]:.6f} at first, {ours[-1]:.6f} at the end")

# %% [markdown]
# `import chainrule as torch`: that is the one line. Now the other one. If PyTorch is installed here, the next cell runs the script with it. If not, it takes the losses that were recorded when this lesson was written.

# %%
HAVE_TORCH = importlib.util.find_spec("torch") is not None

recorded = {int(step): loss for step, loss in numbers("16_pytorch", "losses").items()}
if HAVE_TORCH:
    live = losses_with("import torch")
    theirs = {step: live[step] for step in recorded}
    print("PyTorch is installed: these are its losses, computed now")
else:
    theirs = recorded
    print("PyTorch is not installed here (pip install torch): these are its losses, recorded")
for step, loss in theirs.items():
    print(f"step {step + 1:3}: chainrule {ours[step]:.6f}, PyTorch {loss:.6f}, apart by {abs(ours[step] - loss):.0e}")

# %% [markdown]
# The same losses. Not only the slopes agree: the first weights and the order of the examples do too, for the random numbers are made in the same way. What small differences there are come from adding up in another order, and a float32 has only about seven digits.
#
# So the answer is: nothing of it. What you know about modules, losses, optimizers, loaders, `no_grad`, `train` and `eval` holds word for word.
#
# ## Where they differ
#
# A few things differ on purpose. Here is the one that matters most. Five scores of shape (5, 1), five answers of shape (5,), and each score is exactly right:

# %%
scores, answers = chainrule.arange(5.0).reshape(5, 1), chainrule.arange(5.0)
try:
    nn.functional.mse_loss(scores, answers)
except Exception as error:
    print(f"{type(error).__name__}: {error}")
print("what PyTorch makes of it, with a warning:", numbers("16_pytorch", "broadcast"))

# %% [markdown]
# PyTorch broadcasts (lesson 7): a column against a row gives 5 × 5 differences, of each score with *every* answer. The loss is 4 where it should be 0, and training then pulls all predictions to the mean of the answers. There is a warning, and scripts print many. chainrule refuses. In PyTorch, look at your shapes: `scores.squeeze(1)`, or `answers.reshape(-1, 1)`.
#
# The other differences are limits: chainrule computes on the CPU, in float32 and float64, and reads weights from safetensors files, not from pickles. The page `docs/surface.md` of the project lists every name.
#
# ## A module of your own
#
# `Sequential` is a chain. As soon as something is used twice, you write a class. The most famous case is the *residual block*: $y = x + f(x)$. The layers learn what to *change* about $x$, and on the way back the slope reaches $x$ on a path without any weight: whatever $f$ does, it does not vanish. This is what networks of a hundred layers are made of.

# %% [markdown] exercise="16.1" title="A residual block" difficulty=1 minutes=10
# ### Exercise 16.1: a residual block
#
# Write a class `Residual`, a module. `Residual(width, hidden)` makes two linear layers, first from `width` to `hidden`, then back to `width`. Applied to x it gives $x + W_2\,\mathrm{relu}(W_1 x + b_1) + b_2$. The check trains with it, and compares with PyTorch. (Your class would run there unchanged.)


# %% stub="16.1"
class Residual(nn.Module):
    def __init__(self, width, hidden):
        super().__init__()

    def forward(self, x):
        return x


# %% [markdown] hint="16.1"
# Make the layers in `__init__` and give each a name of its own on `self`. A module finds the layers that are its attributes.

# %% [markdown] hint="16.1"
# In `__init__`: `self.widen = nn.Linear(width, hidden)` and one more. In `forward`: both, with a relu between them, and x added at the end.


# %% solution="16.1"
class Residual(nn.Module):
    def __init__(self, width, hidden):
        super().__init__()
        self.widen = nn.Linear(width, hidden)
        self.narrow = nn.Linear(hidden, width)

    def forward(self, x):
        return x + self.narrow(self.widen(x).relu())


# %% [markdown] explanation="16.1"
# When you write `self.widen = ...`, the module looks at what it is given: a module or a parameter is registered, and `parameters()` will find it. A plain list is not looked into; for that there is `ModuleList`. `super().__init__()` comes first, since it makes the place where they are registered.

# %% [markdown]
# ## What is there to save?
#
# Training can take days, and machines stop. What do you have to keep in order to go on as if nothing had happened? The weights, of course. `model.state_dict()` has them by name, and everything else the model must remember, such as running means. But look at what Adam knows:

# %%
model = nn.Linear(2, 1)
optimizer = optim.Adam(model.parameters(), lr=0.1)
model(chainrule.ones(1, 2)).sum().backward()
optimizer.step()
print("model:    ", {name: tuple(w.shape) for name, w in model.state_dict().items()})
print("optimizer:", sorted(optimizer.state_dict()["state"][0]))

before = model.state_dict()["weight"]
first = before.tolist()
optimizer.step()
print("a state from before the second step:", first, "and now:", before.tolist())

# %% [markdown]
# The optimizer has its means and its count of steps (lesson 11). And the last line is a trap: `state_dict()` does not copy. It shows the weights themselves, and they go on changing under your hands. In a file (`chainrule.save`, `torch.save`) they would be safe. In memory you need a copy.

# %% [markdown] exercise="16.2" title="Stop and go on" difficulty=2 minutes=15
# ### Exercise 16.2: stop and go on
#
# Write two functions. `snapshot(model, optimizer)` returns all that is needed to come back to this moment. `restore(model, optimizer, saved)` brings a model and an optimizer (the same, or new ones of the same kind) back to it. The steps after `restore` must be the very steps that followed the snapshot. It must work more than once with the same snapshot. (The order of the data is none of your business.)


# %% stub="16.2"
def snapshot(model, optimizer):
    return None


def restore(model, optimizer, saved):
    return None


# %% [markdown] hint="16.2"
# Both have a `state_dict()`, and both have a `load_state_dict()`.

# %% [markdown] hint="16.2"
# `copy.deepcopy(...)` copies dicts with everything in them. It is needed where you take, and it is wise where you give back: else the optimizer may go on working *in* your snapshot.


# %% solution="16.2"
def snapshot(model, optimizer):
    return copy.deepcopy((model.state_dict(), optimizer.state_dict()))


def restore(model, optimizer, saved):
    of_model, of_optimizer = copy.deepcopy(saved)
    model.load_state_dict(of_model)
    optimizer.load_state_dict(of_optimizer)


# %% [markdown] explanation="16.2"
# Two objects have a memory: the model (weights, running means) and the optimizer (means, count of steps, learning rate). Without the second, training goes on, but stumbles: Adam begins with empty means. `deepcopy` because a `state_dict` holds the tensors themselves.

# %% [markdown]
# ## What else PyTorch gives

# %%
if HAVE_TORCH:
    import torch

    print(f"PyTorch {torch.__version__}, with a GPU: {torch.cuda.is_available()}")
    layers = [
        name
        for name in dir(torch.nn)
        if isinstance(getattr(torch.nn, name), type) and issubclass(getattr(torch.nn, name), torch.nn.Module)
    ]
    there = [name for name in layers if name in nn.__all__]
    print(f"{len(layers)} kinds of modules in torch.nn; {len(there)} of them are in chainrule too")
else:
    print("PyTorch is not installed here: nothing to show. pip install torch, and run this cell again")
print("in chainrule, for example:", ", ".join(sorted(nn.__all__)[:8]))

# %% [markdown]
# - **Speed.** A graphics card does the products of large matrices many times faster than a CPU. `device = "cuda" if torch.cuda.is_available() else "cpu"`, then `model.to(device)`, and each batch `.to(device)`. Forget one of them, and an error tells you so.
# - **A compiler.** `torch.compile(model)` records and optimises what you call, as in lesson 15.
# - **More layers.** Attention and recurrent networks, three-dimensional convolutions, sparse tensors.
# - **Many machines.** Data and models that are too large for one.
# - **Networks that have learned already.** `torchvision` and many others give you models with the weights from millions of pictures or texts. This changes what you can do with a few dozen pictures of your own.
#
# The last point is worth a closer look, and it needs no PyTorch. A network that has learned one task has layers that find edges, textures, strokes. Keep those, *freeze* them, and learn only a new last layer for your own classes. With so few numbers to learn, a few examples do.

# %% [markdown] exercise="16.3" title="A new head" difficulty=3 minutes=20
# ### Exercise 16.3: a new head
#
# `model` is a trained `nn.Sequential` whose last module is an `nn.Linear`. Write `adapt(model, classes, lr)`. It changes the model in place: the last layer is replaced by a fresh `nn.Linear` for `classes` classes (with as many inputs as the old one had), and all other parameters are frozen (`requires_grad` is False). It returns an `optim.SGD` with learning rate `lr` for the parameters that still learn, and for these only.


# %% stub="16.3"
def adapt(model, classes, lr):
    return optim.SGD(model.parameters(), lr=lr)


# %% [markdown] hint="16.3"
# There are three steps: freeze everything, put in the new layer, make the optimizer. What goes wrong in another order?

# %% [markdown] hint="16.3"
# `for w in model.parameters(): w.requires_grad_(False)`. The old layer is `model[-1]`, and it knows its `in_features`.

# %% [markdown] hint="16.3"
# A new layer is not frozen. So after freezing: `model[-1] = nn.Linear(...)`, and the optimizer gets `model[-1].parameters()`.


# %% solution="16.3"
def adapt(model, classes, lr):
    for w in model.parameters():
        w.requires_grad_(False)
    model[-1] = nn.Linear(model[-1].in_features, classes)
    return optim.SGD(model[-1].parameters(), lr=lr)


# %% [markdown] explanation="16.3"
# Frozen parameters get no slopes, so the way back ends at the new layer: that saves time as well. `requires_grad` belongs to each *parameter*; setting an attribute of that name on a layer does nothing. The optimizer comes last, because it keeps the parameters it is given when it is made.

# %% [markdown]
# Does it help? Here are the digits of lesson 13 on their sheets of 12 × 12, each on ten sheets, moved somewhere. A network learns 0 to 6 from all of these. Then 7, 8 and 9 come along, with five pictures of each. Once a new head is learned on the frozen layers, once the same network from random numbers.

# %%
import numpy as np

from chainrule import datasets

X, y = datasets.digits()
count = len(y)
X, y = np.tile(X, (10, 1)), np.tile(y, 10)
rng = np.random.default_rng(0)
sheets = np.zeros((len(X), 12, 12), "float32")
for sheet, picture, (down, right) in zip(sheets, X.reshape(-1, 8, 8), rng.integers(0, 5, (len(X), 2)), strict=True):
    sheet[down : down + 8, right : right + 8] = picture
sheets = chainrule.tensor(sheets.reshape(-1, 144))

old = np.flatnonzero(y < 7)
few = np.concatenate([np.flatnonzero(y == k)[:5] for k in (7, 8, 9)])  # one sheet of each picture
rest = np.setdiff1d(np.flatnonzero(y[:count] >= 7), few)


def learn(model, weights, rows, first_class, steps, lr):
    optimizer = optim.Adam(weights, lr=lr)
    for _ in range(steps):
        pick = rng.choice(rows, 32) if len(rows) > 32 else rows
        optimizer.zero_grad()
        nn.functional.cross_entropy(model(sheets[pick]), chainrule.tensor(y[pick] - first_class)).backward()
        optimizer.step()


def part_right(model):
    with chainrule.no_grad():
        return float(np.mean(model(sheets[rest]).numpy().argmax(axis=1) == y[rest] - 7))


def body():
    return [nn.Linear(144, 48), nn.ReLU(), nn.Linear(48, 32), nn.ReLU()]


found = {"new head on frozen layers": [], "everything from random numbers": []}
for seed in range(5):
    chainrule.manual_seed(seed)
    trained = nn.Sequential(*body(), nn.Linear(32, 7))
    learn(trained, trained.parameters(), old, 0, 600, 0.005)
    with_head = nn.Sequential(*trained[:-1].requires_grad_(False), nn.Linear(32, 3))
    learn(with_head, with_head[-1].parameters(), few, 7, 100, 0.01)
    from_scratch = nn.Sequential(*body(), nn.Linear(32, 3))
    learn(from_scratch, from_scratch.parameters(), few, 7, 100, 0.01)
    for parts, model in zip(found.values(), (with_head, from_scratch), strict=True):
        parts.append(part_right(model))
for name, parts in found.items():
    print(
        f"{name:31} {np.mean(parts):.1%} of the other 7, 8 and 9 read right (five seeds: {min(parts):.1%} to {max(parts):.1%})"
    )

# %% [markdown]
# Fifteen pictures are too few to learn what a stroke is and that it may be anywhere. From random numbers the network hardly does better than guessing, a third. The frozen layers know it from other digits, and the head has only to find out which of their answers mean 7, 8 or 9. It is still far from good: what tells a 7 from a 9 was never needed before. Had the layers learned from a million pictures of many kinds, they would know more. That is what the large libraries offer.
#
# ## Where to go
#
# - **Run something of yours with PyTorch.** Take your script from lesson 11 or 13, change the import, and go on from there. PyTorch's own tutorials begin where this course ends.
# - **A network that has learned already, and your own photographs**: the folders of lesson 13, `torchvision.models`, and `adapt` from above.
# - **A problem without a known best answer.** `chainrule.datasets.game_of_life(reverse=True)` gives boards of Conway's Game of Life and asks what they looked like one step before. Many answers are right. A convolution sees what it needs; how well can you do?
# - **Read code.** chainrule is written to be read: `src/chainrule/value.py` is lesson 5, `backprop.py` lesson 10. You can find a mistake there, or a sentence that nobody understands, and mend it.
# - **Books.** *Deep Learning* by Goodfellow, Bengio and Courville has the theory; *Understanding Deep Learning* by Prince is newer and has more pictures; *Dive into Deep Learning* by Zhang and others has code for everything. All three can be read on the web for nothing.
#
# ## What you can do now
#
# In lesson 1 you nudged a number to find a slope. Since then you have written the chain rule as an algorithm, for numbers and for arrays; layers, losses, optimizers, convolutions; and you have seen what a recorded graph can be turned into. When a library does something strange, you know what it does inside, and where to look. It is your own code, with other names.
