"""Modules that are a function of ``functional`` with its options kept: state the function and the options."""

from __future__ import annotations

from typing import Any, ClassVar

from chainrule.errors import ArgumentError
from chainrule.nn.module import Module


class OfFunction(Module):
    """``forward`` calls ``function`` with the options; they are given to the constructor in their order or by name."""

    function: ClassVar[Any]
    options: ClassVar[dict[str, Any]] = {}
    required: ClassVar[tuple[str, ...]] = ()  # options without a default
    unshown: ClassVar[tuple[str, ...]] = ("inplace",)  # options that PyTorch's repr leaves out

    def __init__(self, *values: Any, **named: Any) -> None:
        super().__init__()
        names = [*self.required, *self.options]
        given = dict(zip(names, values, strict=False)) | named
        if len(values) > len(names) or set(given) - set(names) or len(given) < len(values) + len(named):
            raise ArgumentError(
                f"{type(self).__name__} takes {', '.join(names) or 'no options'}, and was given "
                f"{(*values, *(f'{k}={v!r}' for k, v in named.items()))}"
            )
        missing = [name for name in self.required if name not in given]
        if missing:
            raise ArgumentError(f"{type(self).__name__} needs {', '.join(missing)}")
        for name in names:
            setattr(self, name, given[name] if name in given else self.options[name])

    def forward(self, *inputs: Any) -> Any:
        return type(self).function(*inputs, **{name: getattr(self, name) for name in (*self.required, *self.options)})

    def extra_repr(self) -> str:
        shown = [(name, getattr(self, name)) for name in (*self.required, *self.options) if name not in self.unshown]
        return ", ".join(f"{name}={value!r}" for name, value in shown)
