"""What is inside a module, by name, and what is done to all of it at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from chainrule.devices import is_place
from chainrule.errors import ArgumentError, DtypeError
from chainrule.nn.parameter import Parameter
from chainrule.ops.dtypes import as_dtype
from chainrule.tensor import Tensor
from chainrule.tracing import tracer, tracers


class NameOfNothing(ArgumentError, AttributeError):
    """A dotted name under which a module has nothing of that kind."""


class Inside:
    """The methods of `Module` that go through its parts."""

    training: bool
    _modules: dict[str, Any]

    def named_modules(
        self, memo: set[int] | None = None, prefix: str = "", remove_duplicate: bool = True
    ) -> Iterator[tuple[str, Any]]:
        """This module and all inside it, each once (or by all its names), with dotted names."""
        seen: set[int] = set() if memo is None else memo
        stack: list[tuple[str, Any]] = [(prefix, self)]
        while stack:
            name, module = stack.pop()
            if id(module) in seen and remove_duplicate:
                continue
            seen.add(id(module))
            yield name, module
            stack += [(f"{name}.{k}" if name else k, m) for k, m in reversed(module._modules.items()) if m is not None]

    def modules(self) -> Iterator[Any]:
        """This module and all inside it."""
        return (module for _, module in self.named_modules())

    def named_children(self) -> Iterator[tuple[str, Any]]:
        """The modules directly inside, each once, by name."""
        seen: set[int] = set()
        for name, module in self._modules.items():
            if module is not None and id(module) not in seen:
                seen.add(id(module))
                yield name, module

    def children(self) -> Iterator[Any]:
        """The modules directly inside."""
        return (module for _, module in self.named_children())

    def named_parameters(
        self, prefix: str = "", recurse: bool = True, remove_duplicate: bool = True
    ) -> Iterator[tuple[str, Parameter]]:
        """Every parameter once (by all its names without ``remove_duplicate``), with its dotted name."""
        return self._named("_parameters", prefix, recurse, remove_duplicate)

    def parameters(self, recurse: bool = True) -> Iterator[Parameter]:
        """Every parameter once."""
        return (p for _, p in self.named_parameters(recurse=recurse))

    def named_buffers(
        self, prefix: str = "", recurse: bool = True, remove_duplicate: bool = True
    ) -> Iterator[tuple[str, Tensor]]:
        """Every buffer once (by all its names without ``remove_duplicate``), with its dotted name."""
        return self._named("_buffers", prefix, recurse, remove_duplicate)

    def buffers(self, recurse: bool = True) -> Iterator[Tensor]:
        """Every buffer once."""
        return (b for _, b in self.named_buffers(recurse=recurse))

    def _named(self, kind: str, prefix: str, recurse: bool, once: bool) -> Iterator[tuple[str, Any]]:
        seen: set[int] = set()
        modules = self.named_modules(prefix=prefix, remove_duplicate=once) if recurse else [(prefix, self)]
        for path, module in modules:
            for name, tensor in module.__dict__[kind].items():
                if tensor is not None and not (once and id(tensor) in seen):
                    seen.add(id(tensor))
                    yield (f"{path}.{name}" if path else name), tensor

    def get_submodule(self, target: str) -> Any:
        """The module of that dotted name; "" is this one.  Raises ArgumentError where there is none."""
        return self._get(target, Inside)

    def get_parameter(self, target: str) -> Any:
        """The parameter of that dotted name."""
        return self._get(target, Parameter)

    def get_buffer(self, target: str) -> Any:
        """The buffer of that dotted name."""
        return self._get(target, Tensor)

    def _get(self, target: str, kind: type) -> Any:
        found: Any = self
        for name in target.split(".") if target else ():
            found = getattr(found, name, None) if isinstance(found, Inside) else None
        if not isinstance(found, kind) or (kind is Tensor and isinstance(found, Parameter)):
            what = {Inside: "module", Parameter: "parameter", Tensor: "buffer"}[kind]
            raise NameOfNothing(f"{type(self).__name__} has no {what} named {target!r}")
        return found

    # ------------------------------------------------------------------------------------ what it does to all

    def apply(self, fn: Callable[[Any], Any]) -> Any:
        """Call ``fn`` on every module inside, then on this one."""
        for child in self.children():
            child.apply(fn)
        fn(self)
        return self

    def train(self, mode: bool = True) -> Any:
        """Switch to training (dropout drops, batch norm measures), or with False to evaluation."""
        recording = tracer() if tracers else None
        for module in self.modules():
            if recording:
                recording.mode_set(module, mode)
            module.training = mode
        return self

    def eval(self) -> Any:
        """Switch to evaluation."""
        return self.train(False)

    def requires_grad_(self, requires_grad: bool = True) -> Any:
        """Set ``requires_grad`` of every parameter."""
        for p in self.parameters():
            p.requires_grad = requires_grad
        return self

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Forget every gradient."""
        for p in self.parameters():
            if set_to_none or p.grad is None:
                p.grad = None
            else:
                p.grad.zero_()

    def to(self, *args: Any, **kwargs: Any) -> Any:
        """Cast every floating parameter and buffer to a dtype; a device may be named, and must be "cpu"."""
        for target in (*args, *kwargs.values()):
            if is_place(target) or target is None or isinstance(target, bool):
                continue
            dtype = as_dtype(target.dtype if isinstance(target, Tensor) else target)
            if dtype.kind != "f":
                raise DtypeError(f"{type(self).__name__}.to({dtype}): parameters are float32 or float64")
            for tensor in (*self.parameters(), *self.buffers()):
                if tensor.dtype.kind == "f":
                    tensor.data = tensor.detach().to(dtype)
                    if tensor.grad is not None:
                        tensor.grad = tensor.grad.detach().to(dtype)
        return self

    def float(self) -> Any:
        """Every floating parameter and buffer as float32."""
        return self.to(np.float32)

    def double(self) -> Any:
        """Every floating parameter and buffer as float64."""
        return self.to(np.float64)

    def cpu(self) -> Any:
        """The module itself: it is there already."""
        return self
