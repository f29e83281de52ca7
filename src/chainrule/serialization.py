"""Saving and loading: files of named tensors in the safetensors format, which PyTorch's own library reads too.

No pickle: loading a file runs nothing.  A file is whole or not there: it is written beside its place and
moved in one step, and a file that is cut short or of another kind is refused before anything is loaded.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from chainrule.devices import is_place
from chainrule.errors import ArgumentError, DataError, OperandError, require
from chainrule.files import write_atomically
from chainrule.ops.dtypes import SUPPORTED
from chainrule.tensor import Tensor


def save(obj: Mapping[str, Any], f: str | os.PathLike[str]) -> None:
    """Write ``{name: tensor}``, such as ``model.state_dict()``, to the file ``f``.

    Nested dicts with string or number keys, lists and plain values (an optimizer's state) are kept too.
    Raises OperandError for what is not such a dict, ArgumentError for values it cannot hold.
    """
    if not isinstance(obj, Mapping):
        raise OperandError(f"save of {type(obj).__name__}: give a dict of tensors, such as model.state_dict()")
    codec = require("safetensors.numpy", "safetensors", "saving")
    tensors: dict[str, Any] = {}
    shape = _taken_apart(obj, "", tensors)
    flat = all(isinstance(name, str) and isinstance(value, Tensor) for name, value in obj.items())
    metadata = {"format": "pt"} if flat else {"format": "pt", "chainrule": json.dumps(shape)}
    write_atomically(Path(f), codec.save(tensors, metadata))


def load(f: str | os.PathLike[str], map_location: Any = None, *, weights_only: bool = True) -> Any:
    """Read a file written by `save`, or by the safetensors library: the dict, with tensors.

    ``map_location`` can only be the CPU, and whatever ``weights_only`` says, nothing but data is loaded.
    Raises DataError, naming the file, if it is not there, is cut short or is of another kind.
    """
    path = Path(f)
    if map_location is not None:
        is_place(map_location)  # refuses any other than the CPU
    codec = require("safetensors", "safetensors", "loading")
    try:
        with codec.safe_open(path, framework="numpy") as file:
            metadata = file.metadata() or {}
            arrays = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 (not a dict)
    except FileNotFoundError:
        raise DataError(f"{path} is not there: check the path, or save it first") from None
    except (codec.SafetensorError, OSError) as error:
        raise DataError(
            f"{path} is no whole safetensors file ({error}): it may be cut short, or written by torch.save; "
            f"write it with chainrule.save or safetensors.torch.save_file"
        ) from None
    except TypeError as error:  # NumPy does not know the dtype
        raise DataError(f"{path}: {error}; chainrule has {', '.join(map(str, SUPPORTED))}") from None
    for name, array in arrays.items():
        if array.dtype not in SUPPORTED:
            raise DataError(f"{path}: {name} has dtype {array.dtype}; chainrule has {', '.join(map(str, SUPPORTED))}")
    tensors = {name: Tensor(np.array(array)) for name, array in arrays.items()}
    if "chainrule" not in metadata:
        return tensors
    try:
        return _put_together(json.loads(metadata["chainrule"]), tensors)
    except (ValueError, TypeError, AttributeError, KeyError):
        raise DataError(f"{path} was not written by chainrule.save: what it says of its tensors fits none") from None


def _taken_apart(value: Any, name: str, tensors: dict[str, Any]) -> Any:
    """A description of ``value`` that JSON can hold, with its tensors put into ``tensors`` by name."""
    if isinstance(value, Tensor):
        while name in tensors:  # {"a.b": ...} beside {"a": {"b": ...}}
            name += "'"
        tensors[name] = np.ascontiguousarray(value.array).reshape(value.shape)
        return {"tensor": name}
    if isinstance(value, Mapping):
        inside = [(k, _taken_apart(v, f"{name}.{k}" if name else str(k), tensors)) for k, v in value.items()]
        return {"dict": [[k, v] for k, v in inside]}
    if isinstance(value, list | tuple):
        inside = [_taken_apart(v, f"{name}.{i}" if name else str(i), tensors) for i, v in enumerate(value)]
        return {type(value).__name__: inside}
    if value is None or isinstance(value, bool | int | float | str):
        return {"value": value}
    raise ArgumentError(
        f"save: {name or 'the object'} is {type(value).__name__}; "
        f"a file holds tensors, numbers, strings, lists and dicts"
    )


def _put_together(described: Any, tensors: dict[str, Tensor]) -> Any:
    ((kind, inside),) = described.items()
    if kind == "tensor":
        return tensors[inside]
    if kind == "dict":
        return {k: _put_together(v, tensors) for k, v in inside}
    if kind in ("list", "tuple"):
        parts = [_put_together(v, tensors) for v in inside]
        return tuple(parts) if kind == "tuple" else parts
    if kind != "value":
        raise ValueError(kind)
    return inside
