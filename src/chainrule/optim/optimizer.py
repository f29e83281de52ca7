"""`Optimizer`: what every way of stepping downhill has in common."""

from __future__ import annotations

import functools
from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from chainrule.errors import ArgumentError, OperandError, ShapeError
from chainrule.grad_mode import enable_grad
from chainrule.hooks import Handle, hang
from chainrule.ops.dtypes import NEGLIGIBLE
from chainrule.tensor import Tensor
from chainrule.tracing import Counted, edition, tracer, tracers

StepHook = Callable[..., Any]


def with_step_hooks(step: Callable[..., Any]) -> Callable[..., Any]:
    """``step``, with the hooks of the optimizer called before and after."""

    @functools.wraps(step)
    def run(self: Optimizer, *args: Any, **kwargs: Any) -> Any:
        for hook in list(self.before_step.values()):
            replaced = hook(self, args, kwargs)
            if replaced is not None:
                if not isinstance(replaced, tuple) or len(replaced) != 2:
                    raise ArgumentError("a hook before the step returned something else than (args, kwargs) or None")
                args, kwargs = replaced
        result = step(self, *args, **kwargs)
        for hook in list(self.after_step.values()):
            hook(self, args, kwargs)
        return result

    return run


class Optimizer:
    """Holds the parameters and, for each, what the rule remembers of it.

    A subclass states its rule as ``update(p, g, state, group)`` in operators that change ``p`` and the
    state in place (``p -= lr * g``): it is written once and acts on whatever it is given.

    param_groups   list of dicts: "params" and the options for them; "param_names" if names were given
    state          for each parameter, a dict of what the rule remembers

    An optimizer of your own may write ``step`` itself, as in PyTorch.
    """

    def __init_subclass__(cls) -> None:
        if "step" in vars(cls):
            cls.step = with_step_hooks(cls.step)  # type: ignore[method-assign]

    calls: int

    def __setattr__(self, name: str, value: Any) -> None:
        edition[0] += 1
        object.__setattr__(self, name, value)

    def __delattr__(self, name: str) -> None:
        edition[0] += 1
        object.__delattr__(self, name)

    def __init__(self, params: Iterable[Any], defaults: dict[str, Any]) -> None:
        self.defaults = defaults
        vars(self)["calls"] = 0
        self.param_groups: list[dict[str, Any]] = []
        self.state: dict[Tensor, dict[str, Any]] = defaultdict(dict)
        self.before_step: dict[int, StepHook] = {}
        self.after_step: dict[int, StepHook] = {}
        if isinstance(params, Tensor):
            raise OperandError("an optimizer takes a list of parameters: write model.parameters(), or [w]")
        groups = list(params)
        if not groups:
            raise ArgumentError("an optimizer was given no parameters: an empty list, or a generator already used up")
        for group in groups if isinstance(groups[0], dict) else [{"params": groups}]:
            self.add_param_group(group)

    def add_param_group(self, param_group: dict[str, Any]) -> None:
        """Add parameters with options of their own: ``{"params": [...], "lr": 0.1}``."""
        if not isinstance(param_group, dict) or "params" not in param_group:
            raise OperandError("a parameter group is a dict with parameters and options: {'params': [...], 'lr': 0.1}")
        params = param_group["params"]
        params = [params] if isinstance(params, Tensor) else list(params)
        named = [isinstance(p, tuple) for p in params]
        if any(named) != all(named) or (self.param_groups and any(named) != ("param_names" in self.param_groups[0])):
            raise ArgumentError(
                "some parameters came with a name and some without: write model.named_parameters() for all, "
                "or model.parameters() for all"
            )
        names = {"param_names": [name for name, _ in params]} if params and all(named) else {}
        params = [p for _, p in params] if names else params
        known = {id(p) for group in self.param_groups for p in group["params"]}
        for i, p in enumerate(params):
            if not isinstance(p, Tensor):
                raise OperandError(f"parameter {i} is {type(p).__name__}: an optimizer changes tensors")
            if not p.is_leaf:
                raise ArgumentError(f"parameter {i} is the result of an operation: only leaves can be optimized")
            if id(p) in known:
                raise ArgumentError(f"parameter {i} is given twice: it would be moved twice a step")
            known.add(id(p))
        self.param_groups.append(Counted({**self.defaults, **param_group, "params": params, **names}))

    def register_step_pre_hook(self, hook: StepHook) -> Handle:
        """Call ``hook(optimizer, args, kwargs)`` before each step; it may return other (args, kwargs)."""
        return hang(self.before_step, hook)

    def register_step_post_hook(self, hook: StepHook) -> Handle:
        """Call ``hook(optimizer, args, kwargs)`` after each step."""
        return hang(self.after_step, hook)

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Forget the gradients, before the next backward adds to them."""
        for group in self.param_groups:
            for p in group["params"]:
                if set_to_none or p.grad is None:
                    p.grad = None
                else:
                    p.grad.zero_()

    @with_step_hooks
    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Move every parameter that has a gradient.  ``closure``, if given, recomputes the loss first."""
        loss = None
        if closure is not None:
            with enable_grad():
                loss = closure()
        vars(self)["calls"] += 1  # not counted as a change
        for group in self.param_groups:
            if isinstance(group["lr"], Tensor):
                group = {**group, "lr": group["lr"].item()}
            for p in group["params"]:
                grad = p.grad
                if grad is not None:
                    if grad.shape != p.shape:
                        raise ShapeError(f"a gradient of shape {grad.shape} for a parameter of shape {p.shape}")
                    state = self.state[p]
                    if tracers and (recording := tracer()):
                        recording.move(self, p, state, group)
                        continue
                    g = -grad.array if group.get("maximize") else grad.array
                    self.update(p.array, g, state, group)
                    if not p.array.ndim:  # NumPy makes numbers of 0-d arrays, which nothing can change in place
                        state.update({k: np.asarray(x) for k, x in state.items() if isinstance(x, np.generic)})
                    p.version[0] += 1
        return loss

    def flush(self, *means: Any) -> None:
        """Now and then, set to 0 what is negligible in a running mean, in place (see ``NEGLIGIBLE`` in `ops.dtypes`).

        Where gradients stay 0 (a dead unit) a mean shrinks for ever and becomes subnormal, below 1e-38 in
        float32, and every operation on such numbers is many times slower: measured, a step of Adam takes
        three times as long after a thousand steps.
        """
        if self.calls % 32 == 0 or (tracers and tracer()):
            for mean in means:
                mean *= abs(mean) > NEGLIGIBLE[mean.dtype]

    def update(self, p: Any, g: Any, state: dict[str, Any], group: dict[str, Any]) -> None:
        """Change ``p`` in place, given its gradient ``g``.  Must not change ``g``."""
        raise NotImplementedError

    def state_dict(self) -> dict[str, Any]:
        """Everything needed to go on later: states by the number of the parameter, and the groups."""
        numbers = {p: i for i, p in enumerate(p for group in self.param_groups for p in group["params"])}
        state = {
            numbers[p]: {k: Tensor(v) if isinstance(v, np.ndarray | np.generic) else v for k, v in kept.items()}
            for p, kept in self.state.items()
        }
        groups = [{**group, "params": [numbers[p] for p in group["params"]]} for group in self.param_groups]
        return {"state": state, "param_groups": groups}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Go on from a ``state_dict``; the groups must have the same numbers of parameters."""
        groups = state_dict["param_groups"]
        sizes, mine = [len(g["params"]) for g in groups], [len(g["params"]) for g in self.param_groups]
        if sizes != mine:
            raise ArgumentError(f"the state is of groups of {sizes} parameters, this optimizer has groups of {mine}")
        params = [p for group in self.param_groups for p in group["params"]]
        self.state.clear()
        for i, kept in state_dict["state"].items():
            dtype, own = params[i].dtype, type(self).update is Optimizer.update  # a rule of the user's keeps tensors
            self.state[params[i]] = {
                k: v if not isinstance(v, Tensor) else v.to(dtype).clone() if own else np.array(v.array, dtype)
                for k, v in kept.items()
            }
        for group, saved in zip(self.param_groups, groups, strict=True):
            group.update({k: v for k, v in saved.items() if k != "params"})

    def __repr__(self) -> str:
        groups = (
            f"Parameter Group {i}\n" + "".join(f"    {k}: {v}\n" for k, v in sorted(group.items()) if k != "params")
            for i, group in enumerate(self.param_groups)
        )
        return f"{type(self).__name__} (\n{''.join(groups)})"


def checked(name: str, value: float, least: float = 0.0, below: float = float("inf")) -> float:
    """Refuse an option outside [least, below)."""
    if not least <= value < below:
        span = f"at least {least:g}" if below == float("inf") else f"from {least:g} up to but without {below:g}"
        raise ArgumentError(f"{name}={value}: it must be {span}")
    return value
