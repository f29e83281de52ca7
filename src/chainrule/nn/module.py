"""`Module`: something with parameters, perhaps made of other modules."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np

from chainrule.creation import as_array
from chainrule.devices import is_place
from chainrule.errors import ArgumentError, DtypeError, OperandError, ShapeError, StateError, shape_of
from chainrule.grad_mode import no_grad
from chainrule.ops.dtypes import as_dtype
from chainrule.tensor import Tensor


class Parameter(Tensor):
    """A tensor that training changes: a module that is given one as an attribute lists it.

    >>> chainrule.nn.Parameter(chainrule.zeros(2)).requires_grad
    True
    """

    __slots__ = ()

    def __init__(self, data: Any, requires_grad: bool = True) -> None:
        super().__init__(as_array(data), requires_grad)

    def __repr__(self) -> str:
        return f"Parameter containing:\n{Tensor.__repr__(Tensor(self.array, self.requires_grad))}"


class Mismatch(NamedTuple):
    """The names by which a state and a module differ."""

    missing_keys: list[str]
    unexpected_keys: list[str]


class Module:
    """Base of everything with parameters.  Subclasses set attributes in ``__init__`` and write ``forward``.

    Parameters and modules set as attributes are found by name, in the order in which they were set.

    >>> class Line(chainrule.nn.Module):
    ...     def __init__(self):
    ...         super().__init__()
    ...         self.slope = chainrule.nn.Parameter(chainrule.tensor(2.0))
    ...
    ...     def forward(self, x):
    ...         return self.slope * x
    >>> Line()(chainrule.tensor(3.0))
    tensor(6., grad_fn=<mul>)
    """

    training: bool

    def __init__(self) -> None:
        self.__dict__.update(_parameters={}, _buffers={}, _modules={}, training=True)

    def forward(self, *inputs: Any) -> Any:
        """Compute the output; called by ``module(inputs)``."""
        raise NotImplementedError(f"{type(self).__name__} has no forward: write def forward(self, x): ...")

    def __call__(self, *inputs: Any, **named: Any) -> Any:
        return self.forward(*inputs, **named)

    # ------------------------------------------------------------------------------------ attributes

    def __setattr__(self, name: str, value: Any) -> None:
        home = "_parameters" if isinstance(value, Parameter) else "_modules" if isinstance(value, Module) else ""
        if home:
            self._refuse_early(name)
        inside = self.__dict__
        now = next((kind for kind in KINDS if name in inside.get(kind, ())), "")
        if now and (not home or now == "_parameters"):  # the name keeps its kind
            if value is not None and not isinstance(value, KINDS[now]):
                raise OperandError(
                    f"{type(self).__name__}.{name} is one of its {now[1:]} and was given {type(value).__name__}: "
                    f"give {KINDS[now].__name__} or None, or write del first to use the name for something else"
                )
            home = now
        for kind in KINDS:
            if kind != home:
                inside.get(kind, {}).pop(name, None)
        if home:
            inside.pop(name, None)
            inside[home][name] = value
        else:
            object.__setattr__(self, name, value)

    def __getattr__(self, name: str) -> Any:
        for kind in KINDS:
            found = self.__dict__.get(kind, {})
            if name in found:
                return found[name]
        raise AttributeError(f"{type(self).__name__} has no attribute {name!r}")

    def __delattr__(self, name: str) -> None:
        for kind in KINDS:
            if name in self.__dict__[kind]:
                del self.__dict__[kind][name]
                return
        object.__delattr__(self, name)

    def register_parameter(self, name: str, param: Parameter | None) -> None:
        """Add a parameter by name; None keeps the name free of one (a layer without bias)."""
        self._register("_parameters", name, param)

    def register_buffer(self, name: str, tensor: Tensor | None) -> None:
        """Add a tensor that is saved with the module and not trained."""
        self._register("_buffers", name, tensor)

    def add_module(self, name: str, module: Module | None) -> None:
        """Add a module by name."""
        self._register("_modules", name, module)

    def _register(self, kind: str, name: str, value: Any) -> None:
        """Put ``value`` under ``name``, once both are known to be right."""
        self._refuse_early(name)
        if value is not None and not isinstance(value, KINDS[kind]):
            raise OperandError(
                f"{type(self).__name__}.{name}: {type(value).__name__} cannot be one of the {kind[1:]}; "
                f"give {KINDS[kind].__name__} or None"
            )
        if not name or "." in name:
            raise ArgumentError(f"{name!r} as a name in {type(self).__name__}: it needs a letter or more, and no dot")
        if hasattr(self, name) and name not in self.__dict__[kind]:
            raise ArgumentError(f"{type(self).__name__} has an attribute {name!r} already: choose another name")
        self.__dict__[kind][name] = value

    def _refuse_early(self, name: str) -> None:
        if "_parameters" not in self.__dict__:
            raise ArgumentError(
                f"{type(self).__name__}.{name} is set before super().__init__() was called; call it first in __init__"
            )

    # ------------------------------------------------------------------------------------ what is inside

    def named_modules(self, prefix: str = "") -> Iterator[tuple[str, Module]]:
        """This module and all inside it, each once, with dotted names."""
        seen: set[int] = set()
        stack = [(prefix, self)]
        while stack:
            name, module = stack.pop()
            if id(module) in seen:
                continue
            seen.add(id(module))
            yield name, module
            stack += [(f"{name}.{k}" if name else k, m) for k, m in reversed(module._modules.items()) if m is not None]

    def modules(self) -> Iterator[Module]:
        """This module and all inside it."""
        return (module for _, module in self.named_modules())

    def named_children(self) -> Iterator[tuple[str, Module]]:
        """The modules directly inside, each once, by name."""
        seen: set[int] = set()
        for name, module in self._modules.items():
            if module is not None and id(module) not in seen:
                seen.add(id(module))
                yield name, module

    def children(self) -> Iterator[Module]:
        """The modules directly inside."""
        return (module for _, module in self.named_children())

    def named_parameters(self, prefix: str = "", recurse: bool = True) -> Iterator[tuple[str, Parameter]]:
        """Every parameter once, with its dotted name."""
        return self._named("_parameters", prefix, recurse)

    def parameters(self, recurse: bool = True) -> Iterator[Parameter]:
        """Every parameter once."""
        return (p for _, p in self.named_parameters(recurse=recurse))

    def named_buffers(self, prefix: str = "", recurse: bool = True) -> Iterator[tuple[str, Tensor]]:
        """Every buffer once, with its dotted name."""
        return self._named("_buffers", prefix, recurse)

    def buffers(self, recurse: bool = True) -> Iterator[Tensor]:
        """Every buffer once."""
        return (b for _, b in self.named_buffers(recurse=recurse))

    def _named(self, kind: str, prefix: str, recurse: bool) -> Iterator[tuple[str, Any]]:
        seen: set[int] = set()
        for path, module in self.named_modules(prefix) if recurse else [(prefix, self)]:
            for name, tensor in module.__dict__[kind].items():
                if tensor is not None and id(tensor) not in seen:
                    seen.add(id(tensor))
                    yield (f"{path}.{name}" if path else name), tensor

    # ------------------------------------------------------------------------------------ what it does to all

    def apply(self, fn: Callable[[Module], Any]) -> Module:
        """Call ``fn`` on every module inside, then on this one."""
        for child in self.children():
            child.apply(fn)
        fn(self)
        return self

    def train(self, mode: bool = True) -> Module:
        """Switch to training (dropout drops, batch norm measures), or with False to evaluation."""
        for module in self.modules():
            module.training = mode
        return self

    def eval(self) -> Module:
        """Switch to evaluation."""
        return self.train(False)

    def requires_grad_(self, requires_grad: bool = True) -> Module:
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

    def to(self, *args: Any, **kwargs: Any) -> Module:
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

    def float(self) -> Module:
        """Every floating parameter and buffer as float32."""
        return self.to(np.float32)

    def double(self) -> Module:
        """Every floating parameter and buffer as float64."""
        return self.to(np.float64)

    def cpu(self) -> Module:
        """The module itself: it is there already."""
        return self

    # ------------------------------------------------------------------------------------ saving

    def state_dict(self, prefix: str = "") -> dict[str, Tensor]:
        """Every parameter and buffer by name (by each of its names), sharing their memory."""
        own = {**self._parameters, **self._buffers}
        state = {prefix + name: tensor.detach() for name, tensor in own.items() if tensor is not None}
        for name, module in self._modules.items():
            if module is not None:
                state |= module.state_dict(f"{prefix}{name}.")
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

    # ------------------------------------------------------------------------------------ showing

    def extra_repr(self) -> str:
        """What ``repr`` shows between the brackets."""
        return ""

    def __repr__(self) -> str:
        inside = [f"({name}): " + repr(child).replace("\n", "\n  ") for name, child in self._modules.items()]
        if not inside:
            return f"{type(self).__name__}({self.extra_repr()})"
        lines = [*([self.extra_repr()] if self.extra_repr() else []), *inside]
        return f"{type(self).__name__}(\n  " + "\n  ".join(lines) + "\n)"


KINDS: dict[str, type] = {"_parameters": Parameter, "_buffers": Tensor, "_modules": Module}
"""Where a module keeps what it is made of, and what may be kept there."""
