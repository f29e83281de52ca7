"""`Module`: something with parameters, perhaps made of other modules."""

from __future__ import annotations

from typing import Any

from chainrule.errors import ArgumentError, OperandError
from chainrule.nn.hooks import Hooked, call_with_hooks
from chainrule.nn.inside import Inside
from chainrule.nn.parameter import Parameter as Parameter
from chainrule.nn.state import Saved
from chainrule.outside import INSTEAD, outside
from chainrule.tensor import Tensor
from chainrule.tracing import Counted, edition


class Module(Inside, Saved, Hooked):
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

    def __init__(self) -> None:
        self.__dict__.update(
            _parameters=Counted(), _buffers=Counted(), _modules=Counted(), _passing=set(), training=True
        )

    def forward(self, *inputs: Any) -> Any:
        """Compute the output; called by ``module(inputs)``."""
        raise NotImplementedError(f"{type(self).__name__} has no forward: write def forward(self, x): ...")

    def __call__(self, *inputs: Any, **named: Any) -> Any:
        if self._hooks is None:
            return self.forward(*inputs, **named)
        return call_with_hooks(self, self._hooks, inputs, named)

    # ------------------------------------------------------------------------------------ attributes

    def __setattr__(self, name: str, value: Any) -> None:
        edition[0] += 1
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
        inside = self.__dict__
        for kind in KINDS:
            if kind in inside and name in inside[kind]:
                return inside[kind][name]
        if name in INSTEAD:
            raise outside(type(self).__name__, name, ())
        raise AttributeError(f"{type(self).__name__} has no attribute {name!r}")

    def __delattr__(self, name: str) -> None:
        edition[0] += 1
        for kind in KINDS:
            if name in self.__dict__[kind]:
                del self.__dict__[kind][name]
                return
        object.__delattr__(self, name)

    def register_parameter(self, name: str, param: Parameter | None) -> None:
        """Add a parameter by name; None keeps the name free of one (a layer without bias)."""
        self._register("_parameters", name, param)

    def register_buffer(self, name: str, tensor: Tensor | None, persistent: bool = True) -> None:
        """Add a tensor that is not trained; it is saved with the module, unless ``persistent=False``."""
        self._register("_buffers", name, tensor)
        if persistent:
            self._passing.discard(name)
        else:
            self._passing.add(name)

    def add_module(self, name: str, module: Module | None) -> None:
        """Add a module by name."""
        self._register("_modules", name, module)

    register_module = add_module

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
