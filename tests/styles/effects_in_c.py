"""Changes that no line of Python makes, or that come in odd places."""

from __future__ import annotations

import array
import bisect
import collections
import contextlib
import contextvars
import heapq
import queue
import types
import weakref
from typing import Any

import numpy as np

from styles.judge import program
from styles.shared import always, at, does, mse, problem, update, weights


@program(compiles=True)
def stack_pushed_and_popped(c: Any) -> Any:
    net, x, y, opt = problem()
    stack: list[float] = [1.0]

    @c
    def step():
        own = [*stack, 2.0]
        own.append(3.0)
        return update(opt, mse(net(x), y) * own.pop() * own[0])

    return step, at(6, lambda: stack.__setitem__(0, 0.2)), weights(net)


@program
def shared_stack_pushed_and_popped(c: Any) -> Any:
    stack: list[Any] = []

    @contextlib.contextmanager
    def scope(name):
        stack.append(name)
        yield
        stack.pop()

    net, x, y, opt = problem()

    @c
    def step():
        with scope("loss"):
            loss = mse(net(x), y) * (3.0 if stack[0] == "outer" else 1.0)
        return update(opt, loss)

    return step, at(6, lambda: stack.append("outer")), lambda: [stack, dict(net.state_dict())]


@program
def attribute_of_the_function_counts(c: Any) -> Any:
    def effect():
        effect.calls += 1

    effect.calls = 0
    return does(c, effect, lambda: effect.calls)


@program
def class_attribute_counts(c: Any) -> Any:
    class Counter:
        n = 0

        @classmethod
        def count(cls):
            cls.n += 1

    return does(c, Counter.count, lambda: Counter.n)


@program
def module_attribute_counts(c: Any) -> Any:
    module = types.ModuleType("counters")
    module.n = 0

    def effect():
        module.n += 1

    return does(c, effect, lambda: module.n)


@program
def mutable_default_collects(c: Any) -> Any:
    def effect(kept=[]):  # noqa: B006
        kept.append(len(kept))

    return does(c, effect, lambda: effect.__defaults__)


@program
def slot_counts(c: Any) -> Any:
    class Counter:
        __slots__ = ("n",)

    counter = Counter()
    counter.n = 0

    def effect():
        counter.n += 1

    return does(c, effect, lambda: counter.n)


@program
def heap_grows(c: Any) -> Any:
    heap: list[int] = []
    return does(c, lambda: heapq.heappush(heap, -len(heap)), lambda: heap)


@program
def sorted_insert(c: Any) -> Any:
    kept: list[int] = []
    return does(c, lambda: bisect.insort(kept, len(kept) % 3), lambda: kept)


@program
def queue_filled(c: Any) -> Any:
    tasks: queue.Queue[int] = queue.Queue()
    return does(c, lambda: tasks.put(1), tasks.qsize)


@program
def typed_array_grows(c: Any) -> Any:
    kept = array.array("d")
    return does(c, lambda: kept.append(1.0), lambda: list(kept))


@program
def bytes_grow(c: Any) -> Any:
    kept = bytearray()
    return does(c, lambda: kept.extend(b"x"), lambda: bytes(kept))


@program
def ordered_dict_reordered(c: Any) -> Any:
    recent = collections.OrderedDict(a=1, b=2, c=3)
    return does(c, lambda: recent.move_to_end(next(iter(recent))), lambda: recent)


@program
def list_rotated(c: Any) -> Any:
    ring = [1, 2, 3]
    return does(c, lambda: ring.append(ring.pop(0)), lambda: ring)


@program
def deque_rotated_and_read(c: Any) -> Any:
    net, x, y, opt = problem()
    ring = collections.deque([1.0, 1.0, 1.0, 1.0, 1.0, 3.0])

    @c
    def step():
        ring.rotate(1)
        return update(opt, mse(net(x), y) * ring[-1])

    return step, always(), lambda: [ring, dict(net.state_dict())]


@program
def numpy_sorted_in_place(c: Any) -> Any:
    numbers = np.array([3.0, 1.0, 2.0])
    return does(c, numbers.sort, lambda: numbers, lambda i: (numbers.__setitem__(2, -float(i)), ())[1])


@program
def numpy_augmented(c: Any) -> Any:
    box = types.SimpleNamespace(total=np.zeros(2))

    def effect():
        box.total += 1

    return does(c, effect, lambda: box.total)


@program
def large_numpy_array_written(c: Any) -> Any:
    log = np.zeros(200_000)
    at_row = [0]

    def effect():
        log[at_row[0]] = 1.0

    def between(i: int) -> tuple[Any, ...]:
        at_row[0] = i * 1000
        return ()

    return does(c, effect, log.sum, between)


@program
def setattr_by_name(c: Any) -> Any:
    state = types.SimpleNamespace(n=0)
    return does(c, lambda: setattr(state, "n", state.n + 1), lambda: state.n)


@program
def weak_dictionary_counts(c: Any) -> Any:
    class Meta:
        pass

    meta = weakref.WeakKeyDictionary()
    key = Meta()
    meta[key] = 0

    def effect():
        meta[key] += 1

    return does(c, effect, lambda: meta[key])


@program
def context_variable_set(c: Any) -> Any:
    count = contextvars.ContextVar("count", default=0)
    return does(c, lambda: count.set(count.get() + 1), count.get)
