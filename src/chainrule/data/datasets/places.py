"""Where files of data are, and how they are read: whole, or refused by name.

A data set that is neither in a file nor to be had from OpenML ends in one line that says what to fetch and where to
put it.  Nothing here downloads but scikit-learn's ``fetch_openml``, which keeps what it got under the root.
"""

from __future__ import annotations

import gzip
import os
import warnings
import zlib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from chainrule.errors import DataError, require

Root = str | os.PathLike[str] | None


def data_root(root: Root = None) -> Path:
    """The folder of data: ``root`` if given, else $CHAINRULE_DATA_DIR, else ~/.cache/chainrule/data.

    >>> data_root("/data").as_posix()
    '/data'
    """
    return Path(root or os.environ.get("CHAINRULE_DATA_DIR") or "~/.cache/chainrule/data").expanduser()


def find(root: Path, folders: Iterable[str], names: Iterable[str]) -> Path | None:
    """The first of ``names``, plain or with .gz, in the first of ``folders`` under ``root`` that has one."""
    names = list(names)
    places = (root / folder / (name + end) for folder in folders for name in names for end in ("", ".gz"))
    return next((path for path in places if path.is_file()), None)


def read_bytes(path: Path) -> bytes:
    """What is in a file, unpacked if it is gzip's (whatever its name says)."""
    try:
        content = path.read_bytes()
        return gzip.decompress(content) if content[:2] == b"\x1f\x8b" else content
    except (OSError, EOFError, zlib.error) as error:
        raise DataError(f"{path} cannot be read ({_line(error)}): fetch it anew") from None


def from_openml(name: str, version: int, root: Path, parser: str, advice: str) -> Any:
    """scikit-learn's Bunch of an OpenML data set as NumPy arrays, from its cache under ``root`` or the network.

    Raises DataError with the reason and the ``advice`` where it cannot be had.
    """
    try:
        sklearn = require("sklearn.datasets", "scikit-learn", "OpenML")
        with warnings.catch_warnings():  # of retries: one line at the end says it
            warnings.simplefilter("ignore")
            return sklearn.fetch_openml(
                name, version=version, data_home=str(root), as_frame=False, parser=parser, n_retries=1
            )
    except (ImportError, OSError, EOFError, ValueError, zlib.error) as error:  # no scikit-learn, network, such data
        tried = f"{name} is not under {root}, and not to be had from OpenML ({_line(error)})"
        raise DataError(f"{tried}: {advice}") from None


def _line(error: Exception) -> str:
    """What an error says, on one line; what kind it is, where it says nothing."""
    return " ".join(str(error).split()) or type(error).__name__
