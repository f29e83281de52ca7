"""The state of a module: its parameters and buffers by name, to be saved and loaded."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from chainrule.errors import ShapeError, StateError, shape_of
from chainrule.grad_mode import no_grad
from chainrule.tensor import Tensor


class Mismatch(NamedTuple):
    """The names by which a state and a module differ."""

    missing_keys: list[str]
    unexpected_keys: list[str]

    def __repr__(self) -> str:
        if not self.missing_keys and not self.unexpected_keys:
            return "<All keys matched successfully>"
        return f"Mismatch(missing_keys={self.missing_keys}, unexpected_keys={self.unexpected_keys})"


class Saved:
    """The methods of `Module` that give and take its state."""

    _parameters: dict[str, Any]
    _buffers: dict[str, Any]
    _modules: dict[str, Any]
    _passing: set[str]  # the buffers that are not saved

    def state_dict(self, *, prefix: str = "", keep_vars: bool = False) -> dict[str, Tensor]:
        """Every parameter and buffer by name (by each of its names), sharing their memory.

        ``keep_vars`` gives the parameters themselves instead of tensors without the graph.
        """
        own = {**self._parameters, **self._buffers}
        state = {
            prefix + name: tensor if keep_vars else tensor.detach()
            for name, tensor in own.items()
            if tensor is not None and name not in self._passing
        }
        for name, module in self._modules.items():
            if module is not None:
                state |= module.state_dict(prefix=f"{prefix}{name}.", keep_vars=keep_vars)
        return state

    def load_state_dict(self, state_dict: dict[str, Any], strict: bool = True) -> Mismatch:
        """Copy the numbers of ``state_dict`` into the parameters and buffers of the same names.

        All is checked before anything is written: names (unless ``strict=False``) and shapes.  Raises
        StateError, ShapeError.
        """
        mine = self.state_dict()
        missing = [name for name in mine if name not in state_dict]
        unexpected = [name for name in state_dict if name not in mine]
        if strict and (missing or unexpected):
            raise StateError(
                f"the state does not fit the {type(self).__name__}: missing {missing or 'nothing'}, "
                f"unexpected {unexpected or 'nothing'}; write strict=False to load what fits"
            )
        arrays = {}
        for name in (name for name in mine if name in state_dict):
            value = state_dict[name]
            arrays[name] = value.array if isinstance(value, Tensor) else np.asarray(value)
            if arrays[name].shape != mine[name].shape:
                raise ShapeError(
                    f"{name} of shape {shape_of(arrays[name].shape)} in the state, {shape_of(mine[name].shape)} in "
                    f"the {type(self).__name__}: build the module with the sizes it was saved with"
                )
        with no_grad():
            for name, array in arrays.items():
                mine[name].copy_(Tensor(array))
        return Mismatch(missing, unexpected)
