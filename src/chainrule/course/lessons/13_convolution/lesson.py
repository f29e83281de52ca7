# %% [markdown] lesson=13 title="Convolution and pooling" minutes=120
# # 13. Convolution and pooling
#
# You have networks that read digits. Here are the digits once more, each 8 × 8 picture in the middle of a sheet of 12 × 12. The network learns from these. Then the test digits are moved on their sheets, by one pixel, and by two.

# %% given="*"
import tempfile
from pathlib import Path

import numpy as np

import chainrule
from chainrule import datasets, nn, optim
from chainrule.nn import functional as F
from chainrule.utils.data import DataLoader, TensorDataset
from chainrule.viz.sketch import sketch

# %%
X, y = datasets.digits()
order = np.random.default_rng(0).permutation(len(y))
X, y = X[order].reshape(-1, 1, 8, 8).astype("float32"), y[order]
SHIFTS = {0: [(0, 0)], 1: [(0, 1), (0, -1), (1, 0), (-1, 0)], 2: [(0, 2), (0, -2), (2, 0), (-2, 0)]}


def on_sheet(pictures, down=0, right=0):
    """Pictures (n, 1, 8, 8) on sheets (n, 1, 12, 12)."""
    sheets = np.zeros((len(pictures), 1, 12, 12), "float32")
    sheets[:, :, 2 + down : 10 + down, 2 + right : 10 + right] = pictures
    return chainrule.tensor(sheets)


def learn(model, inputs, answers, epochs, lr=0.01):
    optimizer = optim.Adam(model.parameters(), lr=lr)
    model.train()
    for _ in range(epochs):
        for a, b in DataLoader(TensorDataset(inputs, chainrule.tensor(answers)), batch_size=64, shuffle=True):
            optimizer.zero_grad()
            F.cross_entropy(model(a), b).backward()
            optimizer.step()
    model.eval()


def read_right(model, inputs, answers):
    with chainrule.no_grad():
        return float(np.mean(model(inputs).numpy().argmax(axis=1) == answers))


def report(name, model):
    parts = [
        np.mean([read_right(model, on_sheet(X[1200:], *s), y[1200:]) for s in places]) for places in SHIFTS.values()
    ]
    numbers = sum(w.numel() for w in model.parameters())
    print(
        f"{name:22} {numbers:5} weights; read right: {parts[0]:.1%}, moved by one pixel {parts[1]:.1%}, by two {parts[2]:.1%}"
    )


chainrule.manual_seed(0)
dense = nn.Sequential(nn.Flatten(), nn.Linear(144, 32), nn.ReLU(), nn.Linear(32, 10))
learn(dense, on_sheet(X[:1200]), y[:1200], epochs=5)
report("dense", dense)

# %% [markdown]
# Two pixels, and it guesses. A child would not even notice. What has the network learned, then? Each of its weights belongs to one pixel. Ink *here* speaks for a 7. Whatever it knows about strokes and corners, it knows for one place only, and would have to learn again for each other.
#
# **How can a network know something about all places at once?**
#
# By using the same weights at all places.
#
# ## A small window that slides
#
# Take a small table of weights, the *kernel*, say 3 × 3. Lay it on the picture, multiply each weight by the pixel under it, add up: one number. Move it one pixel on, and again. The numbers make a new picture, a *map*, which says at which places the picture looks like the kernel. It is one neuron with nine inputs, asked at every place.

# %%
KERNELS = {
    "upright edge": np.array([[1.0, 0, -1], [1, 0, -1], [1, 0, -1]]),
    "lying edge": np.array([[1.0, 1, 1], [0, 0, 0], [-1, -1, -1]]),
    "mean": np.full((3, 3), 1 / 9),
}
seven = X[y == 7][0, 0]
figure, (ax,) = sketch(("", ""), height=1.8)
ax.imshow(seven, cmap="Greys", extent=(0, 8, 0, 8))
ax.text(4, 8.6, "a seven", ha="center", fontsize=8)
for i, (name, kernel) in enumerate(KERNELS.items(), 1):
    found = F.conv2d(chainrule.tensor(seven[None, None]), chainrule.tensor(kernel[None, None].astype("float32")))
    ax.imshow(found.numpy()[0, 0], cmap="RdBu", vmin=-3, vmax=3, extent=(9 * i + 1, 9 * i + 7, 1, 7))
    ax.text(9 * i + 4, 8.6, name, ha="center", fontsize=8)
    print(
        f"{name:13} {seven.shape} -> {tuple(found.shape[2:])}, from {found.min().item():.1f} to {found.max().item():.1f}"
    )
ax.set_xlim(-0.2, 34.2)
ax.set_ylim(-0.2, 9.8)
ax.axis("off")
figure

# %% [markdown]
# Blue is positive, red negative. The upright edge answers where the ink on its left ends, and with the other sign where ink begins on its right. The mean blurs. In a network nobody writes kernels down: they are weights, and are learned.
#
# The map is smaller than the picture. A window of width $k$ fits into a row of $n$ pixels at $n - k + 1$ places. Two numbers change that. *Padding* $p$ puts $p$ zeros at each end first. With *stride* $s$ the window moves $s$ pixels at a time.

# %% [markdown] exercise="13.1" title="How many places" difficulty=1 minutes=6
# ### Exercise 13.1: how many places
#
# Write `places(n, kernel, stride=1, padding=0)`: at how many places does a window of width `kernel` fit, in a row of `n` pixels with `padding` zeros at each end, if it moves by `stride`? The first place is at the left end. The result is an int.


# %% stub="13.1"
def places(n, kernel, stride=1, padding=0):
    return n


# %% [markdown] hint="13.1"
# First without stride and padding: where does the window begin when it touches the right end?

# %% [markdown] hint="13.1"
# With padding the row is $n + 2p$ long, so the last possible beginning is $n + 2p - k$ (counted from 0). How many multiples of the stride are there from 0 to that number?


# %% solution="13.1"
def places(n, kernel, stride=1, padding=0):
    return (n + 2 * padding - kernel) // stride + 1


# %% [markdown] explanation="13.1"
# The window begins at 0, $s$, $2s$, … and at most at $n + 2p - k$. These are $\lfloor (n + 2p - k)/s \rfloor + 1$ places: the 1 is the place at 0. What is left over at the right end is not seen.

# %% [markdown] exercise="13.2" title="Convolution" difficulty=2 minutes=15
# ### Exercise 13.2: convolution
#
# Write `convolve(image, kernel, bias)`. `image` has shape (H, W), `kernel` (h, w). The result has shape (H − h + 1, W − w + 1), and
#
# $$\text{out}_{ij} = b + \sum_{a=0}^{h-1} \sum_{c=0}^{w-1} \text{image}_{i+a,\,j+c} \cdot \text{kernel}_{a c}.$$


# %% stub="13.2"
def convolve(image, kernel, bias):
    return image * 0.0


# %% [markdown] hint="13.2"
# Two loops over the places (i, j) of the result, and for each the piece of the image under the window.

# %% [markdown] hint="13.2"
# The piece is `image[i : i + h, j : j + w]`. Times the kernel, element by element, summed, plus the bias.


# %% solution="13.2"
def convolve(image, kernel, bias):
    h, w = kernel.shape
    out = np.zeros((image.shape[0] - h + 1, image.shape[1] - w + 1))
    for i in range(out.shape[0]):
        for j in range(out.shape[1]):
            out[i, j] = (image[i : i + h, j : j + w] * kernel).sum() + bias
    return out


# %% [markdown] explanation="13.2"
# The bias is added once for each place, not once for each pixel under the window. Mathematicians call this sum a *correlation*; their convolution turns the kernel by 180° first. Networks do without the turn: the kernel is learned, and would only be learned the other way round.

# %% [markdown]
# A layer `Conv2d(in_channels, out_channels, k)` has a kernel for each pair of channels: each output map is a sum over the maps that came in. The weight has the shape (out, in, k, k). How many numbers is that?

# %%
for layer in (nn.Linear(144, 144), nn.Conv2d(1, 1, 3, padding=1), nn.Conv2d(1, 8, 5, padding=2), nn.Conv2d(8, 32, 3)):
    print(f"{sum(w.numel() for w in layer.parameters()):6} weights   {layer}")

# %% [markdown]
# From a picture of 144 pixels to another one: 20,880 weights if each pixel may influence each, 10 if one window is used at every place.
#
# If the picture moves, the map moves along. That is already something: what the kernel knows, it knows everywhere. But a map that has moved is another map for the layer behind. At some point it must be forgotten *where* something was, and kept *that* it was.
#
# ## Pooling
#
# Pooling cuts the map into windows and keeps one number of each. Which number? Here are four maps of 4 × 4, and what different kinds of pooling keep of them when the window is the whole map.

# %%
rng = np.random.default_rng(1)
dot = np.zeros((4, 4))
dot[1, 2] = 1.0
moved = np.zeros((4, 4))
moved[3, 0] = 1.0
maps = {
    "one strong answer": dot,
    "the same, elsewhere": moved,
    "weak everywhere": np.full((4, 4), 0.25),
    "noise around 0": 0.25 * rng.normal(size=(4, 4)),
}
KINDS = {
    "max": lambda m: F.max_pool2d(m, 4),
    "mean": lambda m: F.avg_pool2d(m, 4),
    "2-norm": lambda m: F.lp_pool2d(m, 2.0, 4),
    "stride": lambda m: m[:, :, ::4, ::4],
}
print(" " * 20 + "".join(f"{kind:>9}" for kind in KINDS))
for name, numbers in maps.items():
    m = chainrule.tensor(numbers[None, None])
    print(f"{name:20}" + "".join(f"{pool(m).item():9.3f}" for pool in KINDS.values()))

# %% [markdown]
# - **Max** keeps the strongest answer, wherever it was: *is it there at all?* It does not see how often. And it takes noise for an answer: of sixteen numbers around 0, the largest is well above 0.
# - **Mean** keeps how much there is altogether. Noise cancels. A single strong answer among fifteen zeros becomes a sixteenth.
# - **2-norm**, $\sqrt{\sum x^2}$, stands between: one answer of 1 counts as much as sixteen of 0.25. Signs are lost.
# - **Stride** does not look at all: it keeps one pixel of each window and drops the others. A convolution with stride 2 does the same with its map, and is cheap because it does not compute what it drops.
#
# They differ on the way back, too. Which pixels get a slope?

# %%
small = np.array([[1.0, 3.0], [2.0, 0.0]])
for kind, pool in {"max": F.max_pool2d, "mean": F.avg_pool2d, "2-norm": lambda m, k: F.lp_pool2d(m, 2.0, k)}.items():
    m = chainrule.tensor(small[None, None], requires_grad=True)
    pool(m, 2).sum().backward()
    print(f"{kind:7} of {small.tolist()}: slopes {np.round(m.grad.numpy()[0, 0], 3).tolist()}")

# %% [markdown]
# Max sends everything to the winner: the others learn nothing from this example. Mean gives each the same share. The 2-norm gives each a share in proportion to its size.
#
# *Global* pooling takes the whole map as its window, whatever its size (`AdaptiveMaxPool2d(1)`): one number for each channel. And if you want to know where the winner was, `max_pool2d(..., return_indices=True)` says it.

# %% [markdown] exercise="13.3" title="Max pooling" difficulty=2 minutes=12
# ### Exercise 13.3: max pooling
#
# Write `max_pool(image, size, stride)` for an image of shape (H, W): the largest number in each window of `size` × `size`, where the windows are `stride` apart. Windows that would stick out on the right or at the bottom are left out.


# %% stub="13.3"
def max_pool(image, size, stride):
    return image * 1.0


# %% [markdown] hint="13.3"
# How many windows there are in each direction, you know from exercise 13.1.

# %% [markdown] hint="13.3"
# Window (i, j) begins at pixel (i · stride, j · stride) and is `size` wide. Its largest number is `image[top : top + size, left : left + size].max()`.


# %% solution="13.3"
def max_pool(image, size, stride):
    rows = (image.shape[0] - size) // stride + 1
    columns = (image.shape[1] - size) // stride + 1
    out = np.zeros((rows, columns))
    for i in range(rows):
        for j in range(columns):
            top, left = i * stride, j * stride
            out[i, j] = image[top : top + size, left : left + size].max()
    return out


# %% [markdown] explanation="13.3"
# The stride says where a window begins, the size how far it reaches. If they are equal, the windows lie side by side; with a smaller stride they overlap. The largest of negative numbers is negative: pooling has no reason to stop at 0.

# %% [markdown]
# ## A small CNN
#
# Now a network for the sheets: windows of 5 × 5, eight kinds of them; pooling 2 × 2; then windows of 3 × 3 over the eight maps, 32 kinds. What comes then decides what happens to *where*. One network flattens the maps, so that each place has weights of its own again. The other pools each map down to one number.


# %%
def convolutions():
    return [nn.Conv2d(1, 8, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(8, 32, 3), nn.ReLU()]


ENDS = {
    "flattened": lambda: [nn.Flatten(), nn.Linear(32 * 4 * 4, 10)],
    "pooled to one number": lambda: [nn.AdaptiveMaxPool2d(1), nn.Flatten(), nn.Linear(32, 10)],
}
for name, end in ENDS.items():
    chainrule.manual_seed(0)
    model = nn.Sequential(*convolutions(), *end())
    learn(model, on_sheet(X[:1200]), y[:1200], epochs=4)
    report(name, model)
report("dense, from above", dense)

# %% [markdown]
# Look at the last column. Flattened, two pixels are enough to make it guess, as the dense one does: the convolutions know the strokes everywhere, but the last layer has learned at which place to expect them. Pooled to one number, it still reads two thirds of the digits that moved by two pixels. It has never seen one that moved, and it has the fewest weights.
#
# Why not all of them? The pooling in the middle has stride 2, so a map that moves by one pixel falls into other windows. Moved by two, the pooled map moves by exactly one; but then a part of the digit lies at the edge, where the windows of the last convolution do not reach as often. And there is a price: in their place a few digits fewer are read. If only *that* a stroke is there remains, and not *where*, some digits look more alike.
#
# Which to take depends on the task. If things stand where they stand, keep the place. If they may be anywhere, pool it away. (Each network was trained once. How far to trust a difference of one percent, see lesson 14.)

# %% [markdown] exercise="13.4" title="Back through a convolution" difficulty=3 minutes=25
# ### Exercise 13.4: back through a convolution
#
# `g` holds the slopes that have arrived at the result of exercise 13.2 (with bias 0): $g_{ij} = \partial L/\partial\, \text{out}_{ij}$. Write `conv_slopes(image, kernel, g)`. It returns the slopes for the image and those for the kernel, as a tuple of two arrays of their shapes. The check nudges every pixel and every weight.


# %% stub="13.4"
def conv_slopes(image, kernel, g):
    return np.zeros(image.shape), np.zeros(kernel.shape)


# %% [markdown] hint="13.4"
# Take a single place (i, j). There the window was a neuron: products of pixels and weights, added up. What does its slope `g[i, j]` give to each pixel under the window, and what to each weight?

# %% [markdown] hint="13.4"
# Each pixel under the window gets `g[i, j]` times its weight, each weight `g[i, j]` times its pixel.

# %% [markdown] hint="13.4"
# A pixel lies under many windows, and the kernel is used at every place: all these shares add up. Two loops, and in them two lines with `+=`: one on a piece of the image's slopes, one on the whole of the kernel's.


# %% solution="13.4"
def conv_slopes(image, kernel, g):
    h, w = kernel.shape
    for_image, for_kernel = np.zeros(image.shape), np.zeros(kernel.shape)
    for i in range(g.shape[0]):
        for j in range(g.shape[1]):
            for_image[i : i + h, j : j + w] += g[i, j] * kernel
            for_kernel += g[i, j] * image[i : i + h, j : j + w]
    return for_image, for_kernel


# %% [markdown] explanation="13.4"
# Weights that are used at many places get the sum of the slopes of all places: lesson 5's `+=` once more. Look at the second line: it is a convolution of the image with `g` as its kernel. The first is one, too, of `g` with padding and with the kernel turned by 180°.

# %% [markdown]
# ## Pictures in folders
#
# There is a well-known joke: the face of a chihuahua and a blueberry muffin look alike. Both are round and brown, with dark spots. It makes a good task, and your own pictures are read just like these. The ones here are *drawn*, so that nothing has to be fetched: a face has two eyes and a nose at their places, and ears. A muffin has three berries anywhere.


# %%
def draw_picture(kind, rng, side=48):
    """A drawing of one or the other, as a Pillow image."""
    from PIL import Image, ImageDraw

    paper = tuple(int(v) for v in rng.integers(150, 256, 3))
    brown = tuple(int(v) for v in np.array([190, 140, 85]) + rng.integers(-30, 31, 3))
    dark = tuple(int(v) for v in rng.integers(10, 70, 3))
    image = Image.new("RGB", (side, side), paper)
    pen = ImageDraw.Draw(image)
    cx, cy, r = (*(side / 2 + rng.uniform(-5, 5, 2)), rng.uniform(13, 17))
    if kind == "chihuahua":
        for way in (-1, 1):
            pen.polygon(
                [(cx + way * r * a, cy + r * b) for a, b in ((0.3, -0.9), (1.25, -1.4), (0.95, -0.2))], fill=brown
            )
        spots = np.array([(-0.4, -0.2), (0.4, -0.2), (0.0, 0.4)]) + rng.uniform(-0.06, 0.06, (3, 2))
    else:
        spots = rng.uniform(-0.55, 0.55, (3, 2))
    pen.ellipse((cx - r, cy - r, cx + r, cy + r), fill=brown)
    for a, b in spots:
        size = r * rng.uniform(0.12, 0.2)
        pen.ellipse((cx + a * r - size, cy + b * r - size, cx + a * r + size, cy + b * r + size), fill=dark)
    return image


scratch = tempfile.TemporaryDirectory()
rng = np.random.default_rng(0)
for part, count in (("train", 100), ("test", 50)):
    for kind in ("chihuahua", "muffin"):
        folder = Path(scratch.name) / part / kind
        folder.mkdir(parents=True)
        for i in range(count):
            draw_picture(kind, rng).save(folder / f"{i:03}.png")

train = datasets.ImageFolder(Path(scratch.name) / "train", size=(24, 24))
test = datasets.ImageFolder(Path(scratch.name) / "test", size=(24, 24))
image, label = train[0]
print(f"{len(train)} pictures to learn from, {len(test)} to test; classes {train.classes}")
print(f"one picture: {image.shape}, {image.dtype}, from {image.min():.2f} to {image.max():.2f}; its class: {label}")

# %% [markdown]
# The folders make the classes: one folder for each, its name is the name of the class. `ImageFolder` numbers them by the alphabet, reads a picture when it is asked for one, and brings it to the size you say. `DataLoader` makes the batches, as before. Three channels come in now: red, green, blue.


# %%
def show(pictures, titles):
    """Up to eight pictures, four in a row."""
    figure, (ax,) = sketch(("", ""), height=3)
    for i, (picture, title) in enumerate(zip(pictures, titles, strict=False)):
        left, top = 1.1 * (i % 4), -1.4 * (i // 4)
        ax.imshow(picture.transpose(1, 2, 0), extent=(left, left + 1, top, top + 1), interpolation="nearest")
        ax.text(left + 0.5, top - 0.2, title, ha="center", fontsize=8)
    ax.set_xlim(0, 4.4)
    ax.set_ylim(-1.4 * ((len(pictures) - 1) // 4) - 0.3, 1)
    ax.axis("off")
    return figure


chosen = [0, 1, 2, 3, 100, 101, 102, 103]
show([train[i][0] for i in chosen], [train.classes[train[i][1]] for i in chosen])


# %%
def picture_network(classes):
    return nn.Sequential(
        nn.Conv2d(3, 8, 5, stride=2, padding=2), nn.ReLU(),
        nn.Conv2d(8, 16, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
        nn.Flatten(), nn.Linear(16 * 6 * 6, classes),
    )  # fmt: skip


def learn_pictures(train, test, epochs, lr=0.005):
    chainrule.manual_seed(0)
    model = picture_network(len(train.classes))
    optimizer = optim.Adam(model.parameters(), lr=lr)
    for epoch in range(1, epochs + 1):
        for a, b in DataLoader(train, batch_size=32, shuffle=True):
            optimizer.zero_grad()
            F.cross_entropy(model(a), b).backward()
            optimizer.step()
        if epoch % 4 == 0:
            print(f"epoch {epoch:2}: train {measured(model, train)[0]:.1%}, test {measured(model, test)[0]:.1%}")
    return model


def measured(model, pictures):
    """The part that is right, and the class given to each picture."""
    with chainrule.no_grad():
        said = np.concatenate([model(a).numpy().argmax(axis=1) for a, _ in DataLoader(pictures, batch_size=64)])
    return float(np.mean(said == np.array(pictures.targets))), said


model = learn_pictures(train, test, epochs=8)
part, said = measured(model, test)
wrong = np.flatnonzero(said != np.array(test.targets))[:8]
print(f"{round((1 - part) * len(test))} of {len(test)} test pictures are taken for the other")

# %%
show([test[i][0] for i in wrong], [f"said: {test.classes[said[i]]}" for i in wrong]) if len(wrong) else "none to show"

# %% [markdown]
# Drawings are an easy task. One picture of a hundred is wrong, and it may well be that the network looks at the ears alone. You could find out: draw some without ears.
#
# ## Your own pictures
#
# Make a folder with one folder for each class in it, and put photographs there, .png or .jpg, a few dozen of each at least:
#
#     muffins/chihuahua/1.jpg   muffins/chihuahua/2.jpg   muffins/muffin/a.png   …
#
# Crop them so that the thing fills the picture, for `size=` stretches each to the same height and width. Write the folder's name below and run the cell. A fifth of the pictures is held back for the test.

# %%
PICTURES = None  # such as "/home/me/muffins"

if PICTURES is None:
    print("no pictures of your own yet: write the name of their folder after PICTURES =")
else:
    own_train, own_test = (datasets.ImageFolder(PICTURES, size=(24, 24)) for _ in range(2))
    mixed = np.random.default_rng(0).permutation(len(own_train))
    cut = len(mixed) // 5
    for part, kept in ((own_test, mixed[:cut]), (own_train, mixed[cut:])):
        part.samples = [part.samples[i] for i in kept]
        part.targets = [label for _, label in part.samples]
    learn_pictures(own_train, own_test, epochs=8)

scratch.cleanup()

# %% [markdown]
# Do not be disappointed. Photographs differ in more ways than these drawings: light, posture, what is behind. From a few dozen of them, a network that starts from random numbers mostly learns those pictures by heart: near 100 % on the training pictures, much less in the test. What helps: more pictures; the same ones mirrored (`transform=` takes a function on the array; half of the time it may return `image[:, :, ::-1].copy()`); or a network that has learned from a million other photographs (lesson 16).
#
# ## What you can do now
#
# You know what a convolution computes, how large its result is, and how slopes go back through it. You can choose a pooling by what it keeps. You can build a small CNN and feed it with pictures from folders. Is one network really better than another, or was it luck? That is the next lesson.
