"""MNIST: 70,000 handwritten digits, from the files people have of it.

    IDX      train-images-idx3-ubyte, train-labels-idx1-ubyte, t10k-images-…, t10k-labels-…, plain or .gz
    CSV      mnist_train.csv, mnist_test.csv, plain or .gz: a row is a label and 784 pixels; a head line may be there
    OpenML   mnist_784, through scikit-learn: the first 60,000 to train on, the rest to test

An IDX file is two bytes 0, one for the kind of number (8: bytes), one for the number of dimensions, the size of each in
four bytes (the high one first), then the numbers.
"""

from __future__ import annotations

import io
import math
import struct
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from chainrule.data.datasets.places import Root, data_root, find, from_openml, read_bytes
from chainrule.errors import DataError
from chainrule.ops.base import Array

COUNTS = {"train": 60_000, "t10k": 10_000}
FOLDERS = ("mnist", "", "MNIST/raw")  # the last is torchvision's
SOURCE = "https://ossci-datasets.s3.amazonaws.com/mnist/"


def mnist(train: bool = True, root: Root = None) -> tuple[Array, Array]:
    """MNIST's 60,000 images to train on (10,000 to test on, with ``train=False``), and which digit each is.

    X is float32 of shape (n, 784), from 0 (paper) to 1 (ink), an image of 28 × 28 in each row (for Conv2d:
    ``X.reshape(-1, 1, 28, 28)``); y is int64 of shape (n,), 0 to 9.  Where classifiers of images start.

    Taken from the first that is there: IDX files, CSV, OpenML; looked for in ``root`` (see ``data_root``) and its
    folder mnist.  Files of the same form and size, as Fashion-MNIST's, load from a root of their own.
    Source: Y. LeCun, C. Cortes, C. Burges, The MNIST database of handwritten digits.
    Raises DataError, naming the file, for one that is missing, cut short, or not MNIST's::

        X, y = mnist()
        X_test, y_test = mnist(train=False)
    """
    part, place = ("train" if train else "t10k"), data_root(root)
    images, labels = (
        find(place, FOLDERS, [f"{part}-{what}-ubyte", f"{part}-{what.replace('-', '.')}-ubyte"])
        for what in ("images-idx3", "labels-idx1")
    )
    if images or labels:
        return _from_idx(part, images, labels)
    if table := find(place, FOLDERS, ["mnist_train.csv" if train else "mnist_test.csv"]):
        rows = read_table(table)
        return _checked(part, rows[:, 1:], rows[:, 0], str(table))
    return _from_openml(part, place)


def read_idx(path: Path) -> Array:
    """The bytes in an IDX file, as a uint8 array of the shape it states; DataError where it does not hold them."""
    content = read_bytes(path)
    start = 4 + 4 * content[3] if len(content) > 3 and content[:3] == b"\0\0\x08" else 0
    if not 4 < start <= len(content):
        raise DataError(f"{path} is no IDX file of bytes: it starts with {content[:4]!r}; is it another file?")
    shape = struct.unpack(f">{content[3]}I", content[4:start])
    if len(content) - start != math.prod(shape):
        raise DataError(
            f"{path} says it holds {' × '.join(map(str, shape))} bytes, and holds {len(content) - start}: "
            f"cut short, or something else; fetch it anew"
        )
    return np.frombuffer(content, np.uint8, offset=start).reshape(shape)


def read_table(path: Path) -> Array:
    """The rows of a CSV file of label and 784 pixels, as an int16 array of shape (n, 785)."""
    try:
        text = read_bytes(path).decode("utf-8-sig")
        if not text[:1].isdigit():
            text = text.partition("\n")[2]  # without its head line
        if not text.strip():
            raise ValueError("it has no rows")
        rows = np.loadtxt(io.StringIO(text), np.int16, delimiter=",", ndmin=2)
    except ValueError as error:  # no text, no whole numbers, rows of other lengths
        raise DataError(f"{path} is no table of label and pixels ({error}): cut short, or something else") from None
    if rows.shape[1] != 785:
        raise DataError(f"{path} has {rows.shape[1]} columns, not a label and 784 pixels: is it another file?")
    return rows


def _from_idx(part: str, images: Path | None, labels: Path | None) -> tuple[Array, Array]:
    if images is None or labels is None:
        there, missing = images or labels, "images-idx3" if images is None else "labels-idx1"
        raise DataError(f"{there} is there without {part}-{missing}-ubyte: fetch it from {SOURCE} and put it beside")
    pixels, digits = read_idx(images), read_idx(labels)
    if pixels.shape[1:] != (28, 28) or digits.ndim != 1:
        wrong, shape = (labels, digits.shape) if digits.ndim != 1 else (images, pixels.shape)
        raise DataError(f"{wrong} holds {' × '.join(map(str, shape))} bytes: not MNIST's; is it another file?")
    return _checked(part, pixels.reshape(len(pixels), 784), digits, f"{images} with {labels.name}")


def _from_openml(part: str, place: Path) -> tuple[Array, Array]:
    kind = "train" if part == "train" else "test"
    advice = (
        f"put {part}-images-idx3-ubyte.gz and {part}-labels-idx1-ubyte.gz (from {SOURCE}), or mnist_{kind}.csv, "
        f"into {place / 'mnist'}"
    )
    bunch = from_openml("mnist_784", 1, place, "pandas" if find_spec("pandas") else "liac-arff", advice)
    pixels, labels = np.asarray(bunch.data), np.asarray(bunch.target).astype(np.int64)  # labels come as words
    if len(pixels) != sum(COUNTS.values()) or pixels.ndim != 2:
        raise DataError(f"OpenML's mnist_784 came with {len(pixels)} rows, not {sum(COUNTS.values())}: {advice}")
    half = slice(COUNTS["train"]) if part == "train" else slice(COUNTS["train"], None)
    return _checked(part, pixels[half], labels[half], "OpenML's mnist_784")


def _checked(part: str, pixels: Array, labels: Array, source: str) -> tuple[Array, Array]:
    n = COUNTS[part]
    if pixels.shape != (n, 784) or labels.shape != (n,):
        raise DataError(f"{source}: {len(pixels)} images and {len(labels)} labels, where MNIST's has {n} of each")
    if not (pixels.min() >= 0 and pixels.max() <= 255):
        raise DataError(f"{source}: pixels from {pixels.min()} to {pixels.max()}, where MNIST's are 0 to 255")
    if not (labels.min() >= 0 and labels.max() <= 9):
        raise DataError(f"{source}: labels from {labels.min()} to {labels.max()}, where MNIST's are 0 to 9")
    return np.divide(pixels, 255, dtype=np.float32), labels.astype(np.int64)
