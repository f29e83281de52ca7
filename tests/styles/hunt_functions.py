"""Found by thinking against the compiler: functions that carry something besides their code."""

from __future__ import annotations

import functools
from typing import Any

from styles.judge import program
from styles.shared import does, scaled_by


@program
def get_of_a_dict_kept(c: Any) -> Any:
    config = {"weight": 1.0}
    get = config.get
    return scaled_by(c, lambda: get("weight"), lambda: config.update(weight=3.0))


@program
def getitem_of_a_list_kept(c: Any) -> Any:
    table = [1.0, 2.0]
    look_up = table.__getitem__
    return scaled_by(c, lambda: look_up(1), lambda: table.__setitem__(1, 3.0))


@program
def append_of_a_list_kept(c: Any) -> Any:
    seen: list[float] = []
    note = seen.append
    return does(c, lambda: note(1.0), lambda: list(seen))


@program
def function_as_a_namespace(c: Any) -> Any:
    def config() -> None: ...

    config.weight = 1.0
    return scaled_by(c, lambda: config.weight, lambda: setattr(config, "weight", 3.0))


@program
def function_as_a_namespace_counts(c: Any) -> Any:
    def stats() -> None: ...

    stats.n = 0

    def effect():
        stats.n += 1

    return does(c, effect, lambda: stats.n)


@program
def name_of_a_function_read(c: Any) -> Any:
    def quiet() -> None: ...

    return scaled_by(c, lambda: 3.0 if quiet.__name__ == "loud" else 1.0, lambda: setattr(quiet, "__name__", "loud"))


@program
def defaults_of_a_function_read(c: Any) -> Any:
    def config(weight=1.0): ...

    return scaled_by(c, lambda: config.__defaults__[0], lambda: setattr(config, "__defaults__", (3.0,)))


@program
def docstring_read(c: Any) -> Any:
    def config():
        """1.0"""

    return scaled_by(c, lambda: float(config.__doc__), lambda: setattr(config, "__doc__", "3.0"))


@program
def attribute_of_a_cached_function(c: Any) -> Any:
    @functools.lru_cache
    def one():
        return 1.0

    one.boost = 1.0
    return scaled_by(c, lambda: one.boost * one(), lambda: setattr(one, "boost", 3.0))


@program
def attribute_of_a_partial(c: Any) -> Any:
    one = functools.partial(float, 1.0)
    one.boost = 1.0
    return scaled_by(c, lambda: one.boost * one(), lambda: setattr(one, "boost", 3.0))
