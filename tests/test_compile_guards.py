"""Each thing that the compiler looks after is needed: without it, some small program comes out different.

A program here is like those of `styles`.  It runs as written and compiled, and both are the same; then one check of the
compiler is taken away, and they differ.  A kind of place that no program needs is found out.
"""

from __future__ import annotations

import abc
import contextlib
import os
import types
from collections.abc import Callable, Iterator
from typing import Any
from unittest import mock

import numpy as np
import pytest

pytest.importorskip("numba")

from mixed import compared
from styles.judge import AFTERWARDS, Program
from styles.shared import always, at, does, mlp, mse, nothing, problem, scaled_by, scratch, update, weights

import chainrule as torch
from chainrule import nn, optim
from chainrule.compiler.jit import (
    answers,
    contents,
    guards,
    moving,
    observer,
    places,
    recording,
    specialization,
    states,
)
from chainrule.compiler.jit.answers import Answer, Gradients
from chainrule.compiler.jit.environment import Environment
from chainrule.compiler.jit.places import Place

Build = Callable[[Any], Any]
NEEDED: dict[str, tuple[Build, Callable[[], Any]]] = {}  # what is looked after: a program, and how to look away


def needed(name: str, away: Callable[[], Any]) -> Callable[[Build], Build]:
    """Register a program that needs something: ``away()`` is a context in which nobody looks after it."""

    def enter(build: Build) -> Build:
        NEEDED[name] = build, away
        return build

    return enter


def patched(owner: Any, name: str, new: Any) -> Callable[[], Any]:
    return lambda: mock.patch.object(owner, name, new)


def unlooked(kind: type[Place]) -> Any:
    """A context in which places of just this kind always seem to be what they were when native code asks."""
    test = kind.test
    return mock.patch.object(kind, "test", lambda self, let: "True" if type(self) is kind else test(self, let))


def unnoticed(kind: type[Place]) -> Any:
    """The same for whoever asks afterwards what a recording itself changed."""
    holds = kind.holds
    return mock.patch.object(kind, "holds", lambda self: type(self) is kind or holds(self))


def place(kind: type[Place], how: Callable[[type[Place]], Any] = unlooked) -> Callable[[Build], Build]:
    """Register a program that needs a kind of place."""
    return needed(f"{kind.__name__}, {'test' if how is unlooked else 'holds'}", lambda: how(kind))


def kinds(kind: type[Place] = Place) -> Iterator[type[Place]]:
    """All kinds of places."""
    for one in kind.__subclasses__():
        yield one
        yield from kinds(one)


# ---------------------------------------------------------------------------------------- places


@place(places.Item)
def an_item_of_a_dict(c: Any) -> Any:
    config = {"weight": 1.0}
    return scaled_by(c, lambda: config["weight"], lambda: config.update(weight=3.0))


@place(places.OwnItem)
def a_module_evaluated(c: Any) -> Any:
    net, x, y, opt = problem()

    class Net(nn.Module):
        def forward(self, x):
            return net(x) if self.training else net(x) * 3

    model = Net()

    @c
    def step():
        return update(opt, mse(model(x), y))

    return step, at(6, model.eval), weights(net)


@place(places.Index)
def an_item_of_a_list(c: Any) -> Any:
    table = [2.0, 1.0]
    return scaled_by(c, lambda: table[1], lambda: table.__setitem__(1, 3.0))


@place(places.Attribute)
def a_slot(c: Any) -> Any:
    class Config:
        __slots__ = ("weight",)

    config = Config()
    config.weight = 1.0
    return scaled_by(c, lambda: config.weight, lambda: setattr(config, "weight", 3.0))


@place(places.Variable)
def a_variable_of_a_function(c: Any) -> Any:
    weight = 1.0

    def change():
        nonlocal weight
        weight = 3.0

    return scaled_by(c, lambda: weight, change)


@place(contents.Items)
def a_sum_of_a_list(c: Any) -> Any:
    shares = [1.0, 0.5]
    return scaled_by(c, lambda: sum(shares), lambda: shares.append(3.0))


@place(contents.Entries)
def a_sum_of_a_dict(c: Any) -> Any:
    shares = {"a": 1.0, "b": 0.5}
    return scaled_by(c, lambda: sum(shares.values()), lambda: shares.update(b=3.0))


@place(contents.Members)
def a_set_that_is_asked(c: Any) -> Any:
    names = {"a"}
    return scaled_by(c, lambda: 3.0 if "b" in names else 1.0, lambda: names.add("b"))


@place(contents.Numbers)
def a_numpy_array(c: Any) -> Any:
    table = np.ones(3)
    return scaled_by(c, lambda: float(table.sum()), lambda: table.__setitem__(0, 3.0))


@place(places.ClassItem)
def an_attribute_of_a_class(c: Any) -> Any:
    class Config:
        weight = 1.0

    config = Config()
    return scaled_by(c, lambda: config.weight, lambda: setattr(Config, "weight", 3.0))


@place(states.DefaultDtype)
def the_dtype_of_zeros(c: Any) -> Any:
    return scaled_by(
        c, lambda: 1.0 if torch.zeros(1).dtype == np.float32 else 3.0, lambda: torch.set_default_dtype(torch.float64)
    )


@place(states.Registered)
def a_class_registered_with_an_abstract_one(c: Any) -> Any:
    class Loud(abc.ABC): ...  # noqa: B024

    class Thing: ...

    thing = Thing()
    return scaled_by(c, lambda: 3.0 if isinstance(thing, Loud) else 1.0, lambda: Loud.register(Thing))


@place(states.Patches)
def a_method_of_tensors_patched(c: Any) -> Any:
    tanh = torch.Tensor.tanh
    AFTERWARDS.append(lambda: setattr(torch.Tensor, "tanh", tanh))
    step = c(lambda x: x.tanh() * 2)
    return step, at(6, lambda: setattr(torch.Tensor, "tanh", lambda x: x * 0.5), (torch.ones(2),)), nothing


@place(contents.OwnEntries)
def a_hook_of_a_module_added(c: Any) -> Any:
    net, x, y, opt = problem()
    net.register_forward_hook(lambda module, args, out: None)
    step = c(lambda: update(opt, mse(net(x), y)))
    return step, at(6, lambda: net.register_forward_hook(lambda module, args, out: out * 3)), weights(net)


@place(states.Memory)
def another_memory_for_a_tensor(c: Any) -> Any:
    scale = torch.ones(2)
    step = c(lambda x: x * scale)
    return step, at(6, lambda: setattr(scale, "array", np.full(2, 3.0, np.float32)), (torch.ones(2),)), nothing


@place(contents.OwnSize)
def a_layer_appended(c: Any) -> Any:
    net, _, y, opt = problem()
    layers = nn.ModuleList([net])
    x = torch.randn(8, 3)

    @c
    def step():
        out = x
        for layer in layers:
            out = layer(out)
        return update(opt, mse(out, y))

    return step, at(6, lambda: layers.append(nn.Tanh())), weights(net)


@place(states.TensorState)
def a_weight_frozen(c: Any) -> Any:
    net, x, y, opt = problem()

    @c
    def step():
        return update(opt, mse(net(x), y))

    return step, at(6, lambda: net.weight.requires_grad_(False)), weights(net)


@place(states.Alike)
def rebound_data_that_want_a_gradient_once(c: Any) -> Any:
    net, x, y, opt = problem()
    batch = {"x": x}

    @c
    def step():
        return update(opt, mse(net(batch["x"]), y))

    def between(i):
        batch["x"] = torch.randn(8, 3, requires_grad=i == 10)
        return ()

    return step, between, lambda: [batch["x"].grad is None, weights(net)()]


@place(moving.Rest)
def a_list_of_which_one_item_counts(c: Any) -> Any:
    shares = [0.0, 0.5]
    step, _, look = scaled_by(c, lambda: sum(shares), nothing)

    def between(i):
        shares[0] += 1.0
        if i == 10:
            shares[1] = 3.0
        return ()

    return step, between, look


@place(answers.GradientIs)
def gradients_left_over_outside(c: Any) -> Any:
    net, x, y, opt = problem()

    @c
    def step():
        loss = mse(net(x), y)
        loss.backward()
        opt.step()
        return loss.detach()

    def between(i):
        opt.zero_grad()
        if i == 8:
            net.weight.grad = torch.ones(2, 3)
        return ()

    return step, between, weights(net)


# ---------------------------------------------------------------------------------------- what a step itself changes


@place(places.Item, unnoticed)
def an_attribute_counts(c: Any) -> Any:
    meter = types.SimpleNamespace(n=0)

    def effect():
        meter.n += 1

    return does(c, effect, lambda: meter.n)


@place(places.Attribute, unnoticed)
def a_slot_counts(c: Any) -> Any:
    class Meter:
        __slots__ = ("n",)

    meter = Meter()
    meter.n = 0

    def effect():
        meter.n += 1

    return does(c, effect, lambda: meter.n)


@place(places.Variable, unnoticed)
def a_variable_counts(c: Any) -> Any:
    n = 0

    def effect():
        nonlocal n
        n += 1

    return does(c, effect, lambda: n)


@place(contents.Items, unnoticed)
def an_item_counts(c: Any) -> Any:
    seen = [0.0]

    def effect():
        last = len(seen) - 1
        seen[last] += 1.0

    return does(c, effect, lambda: list(seen))


@place(contents.Entries, unnoticed)
def a_dict_counts(c: Any) -> Any:
    seen = {"n": 0}

    def effect():
        seen["n"] += 1

    return does(c, effect, lambda: dict(seen))


@place(contents.Members, unnoticed)
def a_set_grows(c: Any) -> Any:
    holder = types.SimpleNamespace(seen=set())

    def effect():
        holder.seen |= {len(holder.seen)}

    return does(c, effect, lambda: set(holder.seen))


@place(contents.Numbers, unnoticed)
def a_numpy_array_counts(c: Any) -> Any:
    seen = np.zeros(3)
    return does(c, lambda: np.add(seen, 1.0, out=seen), lambda: seen)


@place(places.OwnItem, unnoticed)
def an_option_of_a_layer_counts(c: Any) -> Any:
    other = nn.LeakyReLU(0.1)

    def effect():
        other.negative_slope += 0.1

    return does(c, effect, lambda: other.negative_slope)


@place(states.TensorState, unnoticed)
def a_tensor_frozen_and_thawed(c: Any) -> Any:
    other = torch.ones(2)
    return does(c, lambda: other.requires_grad_(not other.requires_grad), lambda: other.requires_grad)


def test_a_large_array_that_is_written_is_named() -> None:
    """It would not compile anyhow: an array of that size is not watched."""
    rows = np.zeros(20_000)
    said = []
    for away in (contextlib.nullcontext(), unnoticed(contents.Digest)):
        with away:
            found = compared(Program("rows", lambda c: does(c, lambda: np.add(rows, 1.0, out=rows), lambda: None)))
        assert found.word == "as written"
        said += found.world.warned
    assert "the step itself changes rows" in said[0]
    assert "too many to watch" in said[1]


# ---------------------------------------------------------------------------------------- the rest of a guard


@needed("grad mode", lambda: mock.patch.object(guards, "mode", mock.Mock(recording=True)))
def gradients_switched_off(c: Any) -> Any:
    net, x, y, opt = problem()

    @c
    def step():
        return update(opt, mse(net(x), y))

    def run(i):
        with torch.no_grad() if i in (6, 7) else contextlib.nullcontext():  # an error, as written
            return step()

    return run, lambda i: (i,), weights(net)


NEEDED["edition"] = a_module_evaluated, lambda: mock.patch.object(guards, "edition", [0])


@needed("types of numbers", lambda: mock.patch.object(guards, "same", lambda a, b: a is b or bool(a == b)))
def an_integer_made_a_float(c: Any) -> Any:
    counts, factor = torch.arange(4), [2]

    @c
    def step():
        return (counts * 1.5).sum(), counts * factor[0]

    return step, at(6, lambda: factor.__setitem__(0, 2.0)), nothing


# ---------------------------------------------------------------------------------------- what is refused


@needed("calls of C", lambda: mock.patch.object(observer, "refused", return_value=None))
def a_file_measured(c: Any) -> Any:
    file = str(scratch() / "file")
    with open(file, "w") as out:
        out.write("a")

    def change():
        with open(file, "w") as out:
            out.write("abc")

    return scaled_by(c, lambda: float(os.stat(file).st_size), change)


@needed("other code of Python", lambda: mock.patch.object(observer.Observer, "_other"))
def a_file_looked_for(c: Any) -> Any:
    file = scratch() / "file"
    name = str(file)
    return scaled_by(c, lambda: 3.0 if os.path.isfile(name) else 1.0, file.touch)


@needed("effects", lambda: mock.patch.object(Environment, "affected", return_value=None))
def an_attribute_that_counts(c: Any) -> Any:
    class Meter:
        n = 0

    meter = Meter()

    def effect():
        meter.n = len(str(meter.__class__.__name__)) if meter.n > 99 else meter.n + 1

    return does(c, effect, lambda: meter.n)


@needed("a generator of NumPy", lambda: mock.patch.object(Environment, "stream"))
def a_coin_of_an_own_generator(c: Any) -> Any:
    rng = np.random.default_rng(0)
    return scaled_by(c, lambda: 3.0 if rng.random() < 0.2 else 1.0, lambda: None)


def _complete() -> Any:
    refuse = Environment._refuse
    return mock.patch.object(
        Environment, "_refuse", lambda self, why: None if "not found around it" in why else refuse(self, why)
    )


@needed("code that is found nowhere", _complete)
def a_function_held_by_c(c: Any) -> Any:
    weight = [1.0]
    scale = np.frompyfunc(lambda x: x * weight[0], 1, 1)
    return scaled_by(c, lambda: float(scale(1.0)), lambda: weight.__setitem__(0, 3.0))


# ---------------------------------------------------------------------------------------- what a call gives back


def _without(**lost: Any) -> Callable[[], Any]:
    """`Answer` that does not know of some of the tensors around."""
    init = Answer.__init__

    def blind(self: Any, layout: Any, tensors: Any, around: Any, tape: Any) -> None:
        seen = mock.Mock(entries=tape.entries, arguments=lost.get("arguments", tape.arguments))
        init(self, layout, tensors, lost.get("around", around), seen)
        self.unknown = set()

    return lambda: mock.patch.object(Answer, "__init__", blind)


def returned(c: Any, what: Callable[[Any, Any], Any], told: Callable[[Any, Any, Any], Any]) -> Any:
    """A program that looks closely at what its step gave back."""
    net, x, y, opt = problem()

    @c
    def step(x):
        update(opt, mse(net(x), y))
        return what(net, x)

    def run(x):
        return told(step(x), net, x)

    return run, always(x), weights(net)


@needed("answers: an argument", _without(arguments=[]))
def the_argument_given_back(c: Any) -> Any:
    return returned(c, lambda net, x: x, lambda result, net, x: result is x)


@needed("answers: the same", _without(around={}))
def the_buffer_given_back(c: Any) -> Any:
    scale = torch.ones(2)
    return returned(c, lambda net, x: scale.mul_(1.01), lambda result, net, x: result is scale)


@needed("answers: a view", _without(around={}))
def a_view_given_back(c: Any) -> Any:
    return returned(
        c, lambda net, x: net.weight.detach()[0],
        lambda result, net, x: bool(np.shares_memory(result.array, net.weight.array)),
    )  # fmt: skip


@needed("answers: spent", patched(answers, "_spent", lambda x: None))
def a_loss_that_knows_it_was_made(c: Any) -> Any:
    net, x, y, opt = problem()

    @c
    def step():
        return update(opt, mse(net(x), y))

    return (lambda: step().requires_grad), always(), weights(net)


# ---------------------------------------------------------------------------------------- gradients and versions


def _forgetful(name: str) -> Callable[[], Any]:
    """`Gradients` that forgets one of its lists."""
    leave = Gradients.leave

    def left(self: Any, new: Any, tensors: Any) -> None:
        with mock.patch.object(self, name, []):
            leave(self, new, tensors)

    return lambda: mock.patch.object(Gradients, "leave", left)


def accumulating(c: Any, between: Callable[[Any, int], Any]) -> Any:
    net, x, y, _ = problem()

    @c
    def step():
        loss = mse(net(x), y)
        loss.backward()
        return loss.detach()

    def before(i):
        between(net, i)
        return ()

    return step, before, lambda: [p.grad for p in net.parameters()]


@needed("gradients kept", _forgetful("kept"))
def gradients_looked_at(c: Any) -> Any:
    return accumulating(c, lambda net, i: net.zero_grad())


def _anew(self: Any, tensors: list[Any]) -> list[Any]:
    return [torch.zeros_like(tensors[x] if type(x) is int else x).detach() for x in self.inherited]


@needed("gradients inherited", patched(Gradients, "taken_up", _anew))
def gradients_added_up(c: Any) -> Any:
    return accumulating(c, lambda net, i: None)


@needed("gradients cleared", _forgetful("cleared"))
def gradients_forgotten_inside(c: Any) -> Any:
    net, x, y, opt = problem()

    @c
    def step():
        opt.zero_grad()
        with torch.no_grad():
            return mse(net(x), y)

    def between(i):
        net.weight.grad = torch.ones(2, 3)
        return ()

    return step, between, lambda: net.weight.grad is None


@needed("versions", patched(specialization, "versions", lambda tape, stored: []))
def weights_changed_before_the_walk_back(c: Any) -> Any:
    _, x, y, _ = problem()
    model = mlp()
    opt = optim.SGD(model.parameters(), lr=0.1)

    @c
    def step():
        return update(opt, mse(model(x), y)).detach()

    def run():
        early = model(x.clone().requires_grad_()).sum()
        step()
        early.backward()  # an error: what it needs was overwritten

    return run, always(), weights(model)


def _untangled() -> Any:
    both = contextlib.ExitStack()
    for module in (specialization, recording):
        both.enter_context(mock.patch.object(module, "entangled", return_value=None))
    return both


@needed("arguments that share memory with the step", _untangled)
def a_weight_given_to_its_step(c: Any) -> Any:
    net, x, y, opt = problem()

    @c
    def step(w):
        update(opt, mse(net(x), y))
        return (w * w).sum()

    return step, lambda i: (net.weight.detach() if i == 8 else torch.ones(2, 3),), weights(net)


# ---------------------------------------------------------------------------------------- the tests

KNOWN: dict[str, str] = {}


def _marked(name: str) -> Any:
    why = KNOWN.get(name)
    return pytest.param(name, marks=[pytest.mark.xfail(reason=why)]) if why else name


@pytest.mark.parametrize("name", list(map(_marked, NEEDED)))
def test_as_written_while_it_is_looked_after(name: str) -> None:
    found = compared(Program(name, NEEDED[name][0]))
    assert found.word in ("same natively", "as written"), str(found)


@pytest.mark.parametrize("name", NEEDED)
def test_different_when_nobody_looks(name: str) -> None:
    build, away = NEEDED[name]
    with away():
        found = compared(Program(name, build))
    assert found.word in ("DIFFERENT", "raises"), str(found)


def test_every_kind_of_place_has_a_program() -> None:
    seen_by_others = {"Digest", "Size", "Kinds", "Lists"}  # the last two: test_compile_values
    covered = {name.partition(",")[0] for name in NEEDED} | seen_by_others
    assert {kind.__name__ for kind in kinds()} <= covered
