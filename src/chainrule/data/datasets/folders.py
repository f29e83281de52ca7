"""Pictures of one's own: a folder for each class, as torchvision's ImageFolder has it.

root/chihuahua/1.jpg     root/chihuahua/2.jpg     root/muffin/a.png     …
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from chainrule.data.dataset import Dataset
from chainrule.errors import ArgumentError, DataError, require
from chainrule.ops.base import Array

ENDINGS = (".jpeg", ".jpg", ".png")


class ImageFolder(Dataset):
    """The pictures in root/class_name/*.png, .jpg or .jpeg, each with the number of its class.

    An example is (image, number): the image is float32 of shape (3, H, W), or (1, H, W) with ``grayscale``, red, green
    and blue from 0 (dark) to 1; the number is an int, by the order of the classes' names.

    size            (H, W) to which every picture is stretched; without, each keeps its own (a batch needs one size)
    transform       what is done to each image, an array
    classes         the names, in order               class_to_idx   name -> number
    samples         (path, number) of each picture    targets        the numbers alone

    For chihuahua or muffin, painters, your own.  Pictures are read when asked for.  Raises DataError, naming it, for a
    folder or picture that is missing or broken, MissingPackage without Pillow.

    >>> ImageFolder("no/such/pictures")
    Traceback (most recent call last):
        ...
    chainrule.errors.DataError: ImageFolder: there is no folder no/such/pictures:
    put a folder for each class there, with its .png, .jpg or .jpeg files in it
    """

    def __init__(
        self, root: str | os.PathLike[str], transform: Callable[[Array], Any] | None = None,
        size: tuple[int, int] | None = None, grayscale: bool = False,
    ) -> None:  # fmt: skip
        if size is not None and (not isinstance(size, tuple | list) or len(size) != 2 or min(size) < 1):
            raise ArgumentError(f"ImageFolder(size={size!r}): write (height, width) in pixels, both from 1 on")
        _pillow()  # without it, say so now
        self.root, self.transform, self.size, self.grayscale = Path(root).expanduser(), transform, size, grayscale
        self.classes = _classes(self.root)
        self.class_to_idx = {name: i for i, name in enumerate(self.classes)}
        self.samples = [(path, i) for name, i in self.class_to_idx.items() for path in _pictures(self.root / name)]
        self.targets = [i for _, i in self.samples]

    def __getitem__(self, index: int) -> tuple[Any, int]:
        path, label = self.samples[index]
        image = self.load(path)
        return (image if self.transform is None else self.transform(image)), label

    def __len__(self) -> int:
        return len(self.samples)

    def load(self, path: str | os.PathLike[str]) -> Array:
        """A picture as the examples have them, before ``transform``; DataError names a file that is broken."""
        pillow = _pillow()
        try:
            with pillow.open(path) as picture:
                shown = _of_bytes(picture, pillow).convert("L" if self.grayscale else "RGB")
        except (OSError, SyntaxError, ValueError, pillow.DecompressionBombError) as error:
            raise DataError(f"{path} cannot be read as a picture ({error}): mend it or take it away") from None
        if self.size is not None:
            shown = shown.resize((self.size[1], self.size[0]), pillow.Resampling.BILINEAR)
        pixels = np.asarray(shown, np.float32) / np.float32(255)  # (H, W) or (H, W, 3)
        return pixels[None] if self.grayscale else np.ascontiguousarray(pixels.transpose(2, 0, 1))


def _pillow() -> Any:
    return require("PIL.Image", "pillow", "reading pictures")


def _of_bytes(picture: Any, pillow: Any) -> Any:
    """A picture with 16 bits a pixel in 8, which Pillow would cut off at 255."""
    if not picture.mode.startswith("I"):
        return picture
    return pillow.fromarray((np.asarray(picture, np.float64) / 257).round().clip(0, 255).astype(np.uint8))


def _classes(root: Path) -> list[str]:
    wanted = "put a folder for each class there, with its .png, .jpg or .jpeg files in it"
    if not root.is_dir():
        raise DataError(f"ImageFolder: there is no folder {root}: {wanted}")
    names = sorted(path.name for path in root.iterdir() if path.is_dir() and not path.name.startswith("."))
    if not names:
        raise DataError(f"ImageFolder: {root} has no folders in it: {wanted}")
    return names


def _pictures(folder: Path) -> list[Path]:
    seen = (path for path in folder.iterdir() if not path.name.startswith("."))
    found = sorted(path for path in seen if path.suffix.lower() in ENDINGS)
    if not found:
        raise DataError(f"ImageFolder: {folder} has no .png, .jpg or .jpeg in it: put some there or take it away")
    return found
