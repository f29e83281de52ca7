"""Modules made of modules (and lists of parameters)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from chainrule.errors import LabelError, OperandError
from chainrule.nn.module import Module, Parameter
from chainrule.tensor import Tensor


def _checked(module: Any, owner: str, place: Any) -> Module:
    if not isinstance(module, Module):
        what = type(module).__name__
        raise OperandError(
            f"{owner} was given {what} at place {place}: "
            f"every part must be a module (write nn.ReLU(), not nn.ReLU or F.relu)"
        )
    return module


class Numbered(Module):
    """Modules by number."""

    def __init__(self, modules: Iterable[Any]) -> None:
        super().__init__()
        for i, module in enumerate(modules):
            self.add_module(str(i), _checked(module, type(self).__name__, i))

    def __len__(self) -> int:
        return len(self._modules)

    def __iter__(self) -> Iterator[Any]:
        return iter(self._modules.values())

    def __getitem__(self, index: int | slice) -> Any:
        parts = list(self._modules.values())
        if isinstance(index, slice):
            if isinstance(self, Sequential):  # the parts keep their names
                return Sequential(dict(list(self._modules.items())[index]))
            return ModuleList(parts[index])
        if not -len(parts) <= index < len(parts):
            raise LabelError(f"part {index} of a {type(self).__name__} with {len(parts)} parts")
        return parts[index]

    def __setitem__(self, index: int, module: Module) -> None:
        name = list(self._modules)[index]
        self._modules[name] = _checked(module, type(self).__name__, index)

    def append(self, module: Module) -> Any:
        """Add a module at the end."""
        self.add_module(str(len(self)), _checked(module, type(self).__name__, len(self)))
        return self

    def extend(self, modules: Iterable[Module]) -> Any:
        """Add modules at the end."""
        for module in modules:
            self.append(module)
        return self

    def insert(self, index: int, module: Module) -> Any:
        """Add a module before place ``index``."""
        parts = list(self._modules.values())
        parts.insert(index, _checked(module, type(self).__name__, index))
        self._modules.clear()
        return self.extend(parts)


class Sequential(Numbered):
    """Modules one after the other.

    >>> model = chainrule.nn.Sequential(chainrule.nn.Linear(64, 32), chainrule.nn.ReLU(), chainrule.nn.Linear(32, 10))
    >>> model
    Sequential(
      (0): Linear(in_features=64, out_features=32, bias=True)
      (1): ReLU()
      (2): Linear(in_features=32, out_features=10, bias=True)
    )
    """

    def __init__(self, *modules: Any) -> None:
        named = modules[0] if len(modules) == 1 and isinstance(modules[0], Mapping) else None
        super().__init__(() if named is not None else modules)
        for name, module in (named or {}).items():
            self.add_module(str(name), _checked(module, "Sequential", name))

    def forward(self, input: Any) -> Any:
        for module in self._modules.values():
            input = module(input)
        return input


class ModuleList(Numbered):
    """A list of modules whose parameters are found; call them yourself."""

    def __init__(self, modules: Iterable[Any] = ()) -> None:
        super().__init__(modules)


class ModuleDict(Module):
    """A dict of modules whose parameters are found; call them yourself."""

    def __init__(self, modules: Mapping[str, Module] | None = None) -> None:
        super().__init__()
        self.update(modules or {})

    def update(self, modules: Mapping[str, Module]) -> None:
        """Add modules by name."""
        for name, module in modules.items():
            self[name] = module

    def __getitem__(self, name: str) -> Any:
        return self._modules[name]

    def __setitem__(self, name: str, module: Module) -> None:
        self.add_module(name, _checked(module, "ModuleDict", repr(name)))

    def __delitem__(self, name: str) -> None:
        del self._modules[name]

    def __contains__(self, name: str) -> bool:
        return name in self._modules

    def __len__(self) -> int:
        return len(self._modules)

    def __iter__(self) -> Iterator[str]:
        return iter(self._modules)

    def keys(self) -> Iterable[str]:
        """The names."""
        return self._modules.keys()

    def values(self) -> Iterable[Any]:
        """The modules."""
        return self._modules.values()

    def items(self) -> Iterable[tuple[str, Any]]:
        """Names and modules."""
        return self._modules.items()


class ParameterList(Module):
    """A list of parameters; tensors given to it become parameters."""

    def __init__(self, values: Iterable[Any] = ()) -> None:
        super().__init__()
        for value in values:
            self.append(value)

    def append(self, value: Tensor) -> ParameterList:
        """Add a parameter at the end."""
        self.register_parameter(str(len(self)), value if isinstance(value, Parameter) else Parameter(value))
        return self

    def __len__(self) -> int:
        return len(self._parameters)

    def __iter__(self) -> Iterator[Any]:
        return iter(self._parameters.values())

    def __getitem__(self, index: int) -> Any:
        return list(self._parameters.values())[index]
