"""Found by thinking against the compiler: what is no longer needed lives on, because a guard holds it."""

from __future__ import annotations

import weakref
from typing import Any

from styles.judge import program
from styles.shared import mse, problem, scaled_by, update, weights


class Config:
    """What the step reads."""

    weight = 1.0


@program
def weak_reference_to_a_config_that_goes(c: Any) -> Any:
    kept = [Config()]
    found = weakref.ref(kept[0])
    return scaled_by(c, lambda: 3.0 if found() is None else 1.0, kept.clear)


def replaced(c: Any, make: Any, told: Any) -> Any:
    """A program whose config is another from the seventh call on."""
    net, x, y, opt = problem()
    box = [make()]

    @c
    def step():
        return update(opt, mse(net(x), y) * box[0].weight)

    seen = told(box[0])

    def between(i):
        if i == 6:
            box[0] = make()
        return ()

    return step, between, lambda: [seen(), weights(net)()]
