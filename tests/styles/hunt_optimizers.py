"""Found by thinking against the compiler: optimizers that begin anew, and options by names that are made."""

from __future__ import annotations

import collections
from typing import Any

from chainrule import nn, optim
from styles.judge import program
from styles.shared import at, mse, problem, update, weights


def trained(c: Any, opt: Any, change: Any, *models: Any, loss: Any = mse) -> Any:
    """A program that trains the sum of models with what ``opt()`` gives."""
    _, x, y, _ = problem()

    @c
    def step():
        return update(opt(), loss(sum(model(x) for model in models), y))

    return step, at(6, change), weights(*models)


@program
def state_of_adam_cleared(c: Any) -> Any:
    net = nn.Linear(3, 2)
    opt = optim.Adam(net.parameters(), lr=0.01)
    return trained(c, lambda: opt, lambda: opt.state.clear(), net)


@program
def state_of_one_parameter_dropped(c: Any) -> Any:
    net = nn.Linear(3, 2)
    opt = optim.Adam(net.parameters(), lr=0.01)
    return trained(c, lambda: opt, lambda: opt.state.pop(net.bias), net)


@program
def group_added_to_adam(c: Any) -> Any:
    net, other = nn.Linear(3, 2), nn.Linear(3, 2)
    opt = optim.Adam(net.parameters(), lr=0.01)
    return trained(c, lambda: opt, lambda: opt.add_param_group({"params": list(other.parameters())}), net, other)


@program
def adam_made_anew(c: Any) -> Any:
    net = nn.Linear(3, 2)
    box = {"opt": optim.Adam(net.parameters(), lr=0.01)}
    return trained(c, lambda: box["opt"], lambda: box.update(opt=optim.Adam(net.parameters(), lr=0.01)), net)


@program
def sgd_replaced_by_adamw(c: Any) -> Any:
    net = nn.Linear(3, 2)
    box: dict[str, Any] = {"opt": optim.SGD(net.parameters(), lr=0.01)}
    return trained(c, lambda: box["opt"], lambda: box.update(opt=optim.AdamW(net.parameters(), lr=0.01)), net)


@program
def bias_thawed_under_adam(c: Any) -> Any:
    net = nn.Linear(3, 2)
    net.bias.requires_grad_(False)
    opt = optim.Adam(net.parameters(), lr=0.01)
    return trained(c, lambda: opt, lambda: net.bias.requires_grad_(True), net)


@program
def state_of_the_optimizer_replaced(c: Any) -> Any:
    net = nn.Linear(3, 2)
    opt = optim.SGD(net.parameters(), lr=0.01, momentum=0.9)
    return trained(c, lambda: opt, lambda: setattr(opt, "state", collections.defaultdict(dict)), net)


def by_learning_rate(c: Any, read: Any) -> Any:
    net = nn.Linear(3, 2)
    opt = optim.SGD(net.parameters(), lr=0.1)
    loss = lambda a, b: mse(a, b) * read(opt.param_groups[0])  # noqa: E731
    return trained(c, lambda: opt, lambda: opt.param_groups[0].update(lr=0.5), net, loss=loss)


@program
def learning_rate_by_a_name_in_a_variable(c: Any) -> Any:
    key = ["lr"]
    return by_learning_rate(c, lambda group: group[key[0]])


@program
def learning_rate_among_all_options(c: Any) -> Any:
    return by_learning_rate(c, lambda group: sum(value for value in group.values() if isinstance(value, float)))


@program
def learning_rate_set_by_a_name_in_a_variable(c: Any) -> Any:
    net, x, y, opt = problem()
    key = ["lr"]

    @c
    def step():
        opt.param_groups[0][key[0]] = 0.1
        return update(opt, mse(net(x), y))

    return step, at(6, lambda: opt.param_groups[0].update(lr=0.5)), lambda: [opt.param_groups[0]["lr"], weights(net)()]
