"""The walk through what chainrule knows: tensors, modules, optimizers, and the hooks on them."""

from __future__ import annotations

from typing import Any

from chainrule.compiler.jit.contents import Items, OwnEntries, OwnSize
from chainrule.compiler.jit.observer import HOMES, MISSING, Looked
from chainrule.compiler.jit.places import Attribute, ClassItem, Item, OwnItem
from chainrule.compiler.jit.states import TensorState
from chainrule.compiler.jit.walk_code import NOTHING, of_library
from chainrule.compiler.jit.walk_objects import (
    ObjectWalk,
)
from chainrule.nn import Module
from chainrule.nn.hooks import Hooks
from chainrule.optim import Optimizer
from chainrule.tensor import Tensor

SYMBOLIC = (
    "lr", "betas", "momentum", "weight_decay", "eps", "step", "initial_lr", "max_lr", "min_lr", "base_momentum",
    "max_momentum",
)  # fmt: skip


class ModelWalk(ObjectWalk):
    """Tensors, modules, optimizers."""

    def _tensor(self, t: Tensor, name: str) -> None:
        node = t.node
        hooks = node.hooks if node is not None else None
        self._note(TensorState(t, "", (t.array, node, hooks), name), deeper=False)
        if hooks is not None:
            for home in (hooks.before, hooks.after):
                self._hooks(home, f"the hooks of {name}")

    def _module(self, m: Module, name: str, looked: Looked) -> None:
        fields = vars(m)
        library = any(of_library(one) and one not in Module.__mro__ for one in type(m).__mro__)
        for home in HOMES:
            for key, value in fields.get(home, {}).items():
                self._note(OwnItem(fields[home], key, value, f"{name}.{key}"))
            self._note(OwnSize(fields.get(home, {}), "", len(fields.get(home, {})), f"the {home[1:]} of {name}"))
        for key in ("training", "_hooks", *HOMES):
            self._note(OwnItem(fields, key, fields.get(key, MISSING), f"{name}.{key}"), deeper=False)
        hooks = fields.get("_hooks")
        if isinstance(hooks, Hooks):
            for kind, home in vars(hooks).items():
                self._hooks(home, f"the {kind} hooks of {name}")
        plain = {key: value for key, value in fields.items() if key not in (*HOMES, "_hooks", "training", "_passing")}
        if self.seen.reflects:
            self._note(OwnSize(fields, "", len(fields), f"the attributes of {name}"))
        if library:  # the code of layers may read any of them
            for key, value in plain.items():
                self._note(OwnItem(fields, key, value, f"{name}.{key}"), True)
        item = OwnItem if library and of_library(type(m)) else Item
        names = self._names(looked) | {"forward"}
        for key, value in plain.items():
            if self.seen.reflects or key in names:
                self._note(item(fields, key, value, f"{name}.{key}"), self._loosely(key))
        self._note(Attribute(m, "__class__", type(m), f"the class of {name}"), deeper=False)
        self._note(ClassItem(Module, "__call__", vars(Module)["__call__"], "Module.__call__"), deeper=False)
        for key in (looked.attributes | self._shadowing(type(m)) | {"forward"}) - set(fields):
            if not any(key in fields.get(home, ()) for home in HOMES):
                self._note(OwnItem(fields, key, MISSING, f"{name}.{key}"))
        for one in type(m).__mro__:
            if "forward" in vars(one):
                self._note(ClassItem(one, "forward", vars(one)["forward"], f"{one.__name__}.forward"))
                break
        self._class(type(m), names)

    def _optimizer(self, o: Optimizer, name: str, looked: Looked) -> None:
        fields, groups = vars(o), o.param_groups
        self._note(OwnItem(fields, "param_groups", groups, f"the groups of {name}"), deeper=False)
        self._note(Items(groups, "", list(groups), f"the groups of {name}"), deeper=False)
        through = "param_groups" in looked.attributes or "param_groups" in self.seen.loose
        for group in groups:
            self._group(group, name, through)
        for home in (o.before_step, o.after_step):
            self._hooks(home, f"the step hooks of {name}")
        self._note(Attribute(o, "__class__", type(o), f"the class of {name}"), deeper=False)
        self._note(OwnItem(fields, "state", o.state, f"the state of {name}"), deeper=False)
        if "state" in looked.attributes or "state" in self.seen.loose:
            self._refuse(f"it reads what {name} remembers (its state): keep what you need yourself")
        skipped = ("param_groups", "state", "calls", "before_step", "after_step")
        for key, value in fields.items():
            if key not in skipped and (self.seen.reflects or key in self._names(looked)):
                self._note(OwnItem(fields, key, value, f"{name}.{key}"), True)
        for key in looked.attributes - fields.keys():
            self._note(OwnItem(fields, key, MISSING, f"{name}.{key}"))
        for method in ("step", "update", "zero_grad"):
            one = next(one for one in type(o).__mro__ if method in vars(one))
            self._note(ClassItem(one, method, vars(one)[method], f"{one.__name__}.{method}"))
        self._class(type(o), self._names(looked))

    def _hooks(self, home: dict[int, Any], name: str) -> None:
        """Hooks: who hangs one there, or takes one away, counts that."""
        self._note(OwnEntries(home, "", (list(home), list(home.values())), name), deeper=False)
        self._todo.extend((hook, f"{name}[{i}]", True) for i, hook in enumerate(home.values()))

    def _group(self, group: dict[str, Any], name: str, through: bool) -> None:
        """Options of an optimizer: numbers are read at each call, unless the user's own code reads them too."""
        looked = self.seen.exact.get(id(group), NOTHING)
        for key, value in group.items():
            varies = through and self.seen.varies
            theirs = key in looked.items or (through and key in self._words) or varies or self.seen.reflects
            if key in looked.stored or (through and (key in self.seen.set_items or self.seen.sets)):
                self._refuse(f"the step itself sets {key} of {name}: set it outside")
            if key == "params":
                self._note(OwnItem(group, key, value, f"{name}'s params"), deeper=False)
                self._note(Items(value, "", list(value), f"{name}'s params"), deeper=False)
                self._todo.extend((p, f"{name}'s params[{i}]", True) for i, p in enumerate(value))
            elif key != "param_names" and (key not in SYMBOLIC or theirs or self.broadly):
                self._note(OwnItem(group, key, value, f"{name}'s {key}"), True)
        self._note(OwnSize(group, "", len(group), f"the options of {name}"))
