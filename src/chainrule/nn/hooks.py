"""Hooks of modules: functions of yours, called each time a module is called or a gradient passes it.

    before forward    hook(module, args)                         -> other arguments, or None
    after forward     hook(module, args, output)                 -> another output, or None
    before backward   hook(module, grad_output)                  -> other gradients of the output, or None
    after backward    hook(module, grad_input, grad_output)      -> other gradients of the input, or None

Gradients come as tuples, one for each argument or output, None for what is no tensor or has none.  Two gates let
the module see them: the arguments pass one on the way in, the output one on the way out, and both do nothing but
show the gradients that come back through them.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from typing import Any

from chainrule.autograd import Function
from chainrule.creation import zeros_like
from chainrule.errors import ArgumentError
from chainrule.grad_mode import is_grad_enabled
from chainrule.hooks import Handle, hang
from chainrule.tensor import Tensor
from chainrule.tracing import edition

Hook = Callable[..., Any]


class Hooks:
    """The hooks of one module."""

    def __init__(self) -> None:
        self.forward_pre: dict[int, tuple[Hook, bool]] = {}  # hook, whether it takes the named arguments too
        self.forward: dict[int, tuple[Hook, bool, bool]] = {}  # the same, and whether it is called after an error
        self.backward_pre: dict[int, Hook] = {}
        self.backward: dict[int, Hook] = {}


class Hooked:
    """The methods of `Module` that register hooks; each returns a handle: ``handle.remove()`` ends the hook."""

    _hooks: Hooks | None = None

    def register_forward_pre_hook(self, hook: Hook, *, prepend: bool = False, with_kwargs: bool = False) -> Handle:
        """Call ``hook(module, args)`` before ``forward``; what it returns, if anything, is given to forward instead.

        With ``with_kwargs``, ``hook(module, args, kwargs)``, which returns both or nothing.  ``prepend`` puts it
        before the hooks that are there.
        """
        return hang(self._own_hooks().forward_pre, (hook, with_kwargs), prepend)

    def register_forward_hook(
        self, hook: Hook, *, prepend: bool = False, with_kwargs: bool = False, always_call: bool = False
    ) -> Handle:
        """Call ``hook(module, args, output)`` after ``forward``; what it returns, if anything, is the output.

        With ``with_kwargs``, ``hook(module, args, kwargs, output)``.  ``always_call``: also when forward fails.

        >>> layer = chainrule.nn.Linear(2, 3)
        >>> handle = layer.register_forward_hook(lambda module, args, output: print(output.shape))
        >>> _ = layer(chainrule.ones(5, 2))
        (5, 3)
        >>> handle.remove()
        """
        return hang(self._own_hooks().forward, (hook, with_kwargs, always_call), prepend)

    def register_full_backward_pre_hook(self, hook: Hook, prepend: bool = False) -> Handle:
        """Call ``hook(module, grad_output)`` when the gradient of the output is known; it may return another."""
        return hang(self._own_hooks().backward_pre, hook, prepend)

    def register_full_backward_hook(self, hook: Hook, prepend: bool = False) -> Handle:
        """Call ``hook(module, grad_input, grad_output)`` when the gradient of the arguments is known.

        It may return other gradients of the arguments.
        """
        return hang(self._own_hooks().backward, hook, prepend)

    def _own_hooks(self) -> Hooks:
        if self._hooks is None:
            edition[0] += 1
            self.__dict__["_hooks"] = Hooks()
        assert self._hooks is not None
        return self._hooks


def call_with_hooks(module: Any, hooks: Hooks, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """``module.forward`` with everything that hangs on it."""
    result: Any = None
    called: set[int] = set()
    try:
        args, kwargs = _before(module, hooks, args, kwargs)
        passage = Passage(module, hooks) if hooks.backward or hooks.backward_pre else None
        if passage:
            args = passage.enter(args)
        result = module.forward(*args, **kwargs)
        for number, (hook, named, _) in list(hooks.forward.items()):
            called.add(number)
            replaced = hook(module, args, kwargs, result) if named else hook(module, args, result)
            result = result if replaced is None else replaced
        return passage.leave(result) if passage else result
    except Exception:
        for number, (hook, named, always) in list(hooks.forward.items()):
            if always and number not in called:
                try:
                    hook(module, args, kwargs, result) if named else hook(module, args, result)
                except Exception as error:
                    warnings.warn(f"a forward hook with always_call=True failed too: {error}", stacklevel=3)
        raise


def _before(module: Any, hooks: Hooks, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Any, Any]:
    """The arguments as the hooks before forward leave them."""
    for hook, named in list(hooks.forward_pre.values()):
        replaced = hook(module, args, kwargs) if named else hook(module, args)
        if replaced is None:
            continue
        if not named:
            args = replaced if isinstance(replaced, tuple) else (replaced,)
        elif isinstance(replaced, tuple) and len(replaced) == 2:
            args, kwargs = replaced
        else:
            raise ArgumentError(
                f"a forward pre-hook with with_kwargs=True returned {type(replaced).__name__}: "
                f"return (args, kwargs), or None to change nothing"
            )
    return args, kwargs


class Passage:
    """One call of a module, between its two gates."""

    def __init__(self, module: Any, hooks: Hooks) -> None:
        self.module = module
        self.pre, self.after = list(hooks.backward_pre.values()), list(hooks.backward.values())
        self.grad_output: tuple[Any, ...] | None = None

    def enter(self, args: tuple[Any, ...]) -> tuple[Any, ...]:
        """The arguments, through the first gate."""
        args, self.inputs = _through(args, self._on_input, False)
        self.n_inputs = len(args)
        return args

    def leave(self, result: Any) -> Any:
        """The output, through the second gate."""
        outputs, self.outputs = _through(result if isinstance(result, tuple) else (result,), self._on_output, True)
        self.n_outputs = len(outputs)
        return outputs if isinstance(result, tuple) else outputs[0]

    def _on_output(self, gradients: Sequence[Any]) -> Sequence[Any]:
        grad_output = _placed(gradients, self.outputs, self.n_outputs)
        for hook in self.pre:
            grad_output = _replaced(hook(self.module, grad_output), grad_output, "pre-hook")
        self.grad_output = grad_output
        if not self.inputs:  # no argument wants a gradient, so none will come by the other gate
            self._call_after((None,) * self.n_inputs)
        return [grad_output[i] for i in self.outputs]

    def _on_input(self, gradients: Sequence[Any]) -> Sequence[Any]:
        if self.grad_output is None:  # the gradient came some other way than through the output
            return gradients
        grad_input = self._call_after(_placed(gradients, self.inputs, self.n_inputs))
        return [grad_input[i] for i in self.inputs]

    def _call_after(self, grad_input: tuple[Any, ...]) -> tuple[Any, ...]:
        for hook in self.after:
            grad_input = _replaced(hook(self.module, grad_input, self.grad_output), grad_input, "hook")
        self.grad_output = None
        return grad_input


class Gate(Function):
    """Hands tensors on as they are, and shows the gradients that come back to ``see``, which may replace them.

    ``see`` is given None for an output that got no gradient, zeros for an argument that got none: PyTorch's way.
    """

    @staticmethod
    def forward(ctx: Any, see: Hook, is_output: bool, *tensors: Tensor) -> Any:
        ctx.see, ctx.is_output = see, is_output
        ctx.set_materialize_grads(not is_output)
        ctx.mark_non_differentiable(*(x for x in tensors if not x.requires_grad))
        ctx.given = [x.detach() for x in tensors]
        return tensors

    @staticmethod
    def backward(ctx: Any, *gradients: Any) -> Any:
        sent = ctx.see([None if g is None else g.clone() for g in gradients])
        if ctx.is_output:
            sent = [zeros_like(x) if g is None else g for g, x in zip(sent, ctx.given, strict=True)]
        return None, None, *sent


def _through(values: tuple[Any, ...], see: Hook, is_output: bool) -> tuple[tuple[Any, ...], list[int]]:
    """The values with the tensors among them through a gate, and the places of these; none if no gradient is wanted."""
    places = [i for i, x in enumerate(values) if isinstance(x, Tensor)]
    if not is_grad_enabled() or not any(values[i].requires_grad for i in places):
        return values, []
    passed = dict(zip(places, Gate.apply(see, is_output, *(values[i] for i in places)), strict=True))
    return tuple(passed.get(i, x) for i, x in enumerate(values)), places


def _placed(gradients: Sequence[Any], places: list[int], n: int) -> tuple[Any, ...]:
    """One gradient for each of ``n`` values, None for what is no tensor."""
    known = dict(zip(places, gradients, strict=True))
    return tuple(known.get(i) for i in range(n))


def _replaced(returned: Any, gradients: tuple[Any, ...], what: str) -> tuple[Any, ...]:
    """What a backward hook returned, if it can stand for the gradients; these, if it returned nothing."""
    if returned is None:
        return gradients
    returned = returned if isinstance(returned, tuple) else (returned,)
    if len(returned) != len(gradients):
        raise ArgumentError(
            f"a backward {what} returned {len(returned)} gradients for {len(gradients)}: one for each, or None"
        )
    return returned
