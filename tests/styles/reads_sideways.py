"""The same reads by other roads: attrgetter, vars, eval, keywords, texts."""

from __future__ import annotations

import copy
import dataclasses
import json
import operator
import re
import types
from typing import Any

from styles.judge import program
from styles.shared import scaled_by

LEVEL = 1.0


@program
def attrgetter(c: Any) -> Any:
    config = types.SimpleNamespace(loss=types.SimpleNamespace(weight=1.0))
    get = operator.attrgetter("loss.weight")
    return scaled_by(c, lambda: get(config), lambda: setattr(config.loss, "weight", 3.0))


@program
def itemgetter(c: Any) -> Any:
    config, get = {"weight": 1.0}, operator.itemgetter("weight")
    return scaled_by(c, lambda: get(config), lambda: config.update(weight=3.0))


@program
def getattr_with_a_made_up_name(c: Any) -> Any:
    config = types.SimpleNamespace(weight_a=1.0)
    return scaled_by(c, lambda: getattr(config, "_".join(["weight", "a"])), lambda: setattr(config, "weight_a", 3.0))


@program
def vars_of_an_object(c: Any) -> Any:
    config = types.SimpleNamespace(weight=1.0)
    return scaled_by(c, lambda: vars(config)["weight"], lambda: setattr(config, "weight", 3.0))


@program
def dunder_dict(c: Any) -> Any:
    config = types.SimpleNamespace(weight=1.0)
    return scaled_by(c, lambda: config.__dict__["weight"], lambda: setattr(config, "weight", 3.0))


@program
def globals_by_name(c: Any) -> Any:
    global LEVEL
    LEVEL = 1.0
    return scaled_by(c, lambda: globals()["LEVEL"], lambda: globals().update(LEVEL=3.0))


@program
def eval_of_a_name(c: Any) -> Any:
    names = {"level": 1.0}
    return scaled_by(c, lambda: eval("level * 1", names), lambda: names.update(level=3.0))


@program
def eval_of_a_text_that_changes(c: Any) -> Any:
    text = ["1.0"]
    return scaled_by(c, lambda: eval(text[0]), lambda: text.__setitem__(0, "1.0 + 2"))


@program
def copied_config(c: Any) -> Any:
    config = types.SimpleNamespace(weight=1.0)
    return scaled_by(c, lambda: copy.copy(config).weight, lambda: setattr(config, "weight", 3.0))


@program
def asdict_of_a_dataclass(c: Any) -> Any:
    @dataclasses.dataclass
    class Config:
        weight: float = 1.0

    config = Config()
    return scaled_by(c, lambda: dataclasses.asdict(config)["weight"], lambda: setattr(config, "weight", 3.0))


@program
def keywords_from_vars(c: Any) -> Any:
    config = types.SimpleNamespace(a=1.0, b=0.5)

    def weight(a, b):
        return a + b

    return scaled_by(c, lambda: weight(**vars(config)), lambda: setattr(config, "b", 3.0))


@program
def keywords_from_a_dict(c: Any) -> Any:
    options = {"a": 1.0, "b": 0.5}

    def weight(a, b=0.0, k=1.0):
        return (a + b) * k

    return scaled_by(c, lambda: weight(**options), lambda: options.update(k=3.0))


@program
def map_of_a_method(c: Any) -> Any:
    config = {"a": 1.0, "b": 0.5}
    return scaled_by(c, lambda: sum(map(config.get, ["a", "b"])), lambda: config.update(b=3.0))


@program
def max_by_a_key(c: Any) -> Any:
    scores = {"a": 1.0, "b": 0.5}
    return scaled_by(c, lambda: scores[max(scores, key=scores.get)], lambda: scores.update(b=3.0))


@program
def any_and_all(c: Any) -> Any:
    flags = [False, False]
    return scaled_by(c, lambda: 3.0 if any(flags) else 1.0 + all(flags), lambda: flags.__setitem__(1, True))


@program
def json_text(c: Any) -> Any:
    text = ['{"weight": 1.0}']
    return scaled_by(c, lambda: json.loads(text[0])["weight"], lambda: text.__setitem__(0, '{"weight": 3.0}'))


@program
def regular_expression(c: Any) -> Any:
    name = ["layer-1"]
    return scaled_by(c, lambda: float(re.search(r"\d+", name[0])[0]), lambda: name.__setitem__(0, "layer-3"))
