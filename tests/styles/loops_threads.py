"""Threads: calls in them, two at once, pools, locks."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import chainrule as torch
from styles.judge import program
from styles.shared import always, at, mse, problem, update, weights


@program(compiles=True)
def every_call_in_a_thread(c: Any) -> Any:
    net, x, y, opt = problem()

    @c
    def train(k):
        return update(opt, mse(net(x * k), y))

    def step(k):
        with ThreadPoolExecutor(1) as pool:
            return pool.submit(train, k).result()

    return step, lambda i: (torch.tensor(float(i)),), weights(net)


@program
def two_threads_at_once(c: Any) -> Any:
    models = [problem() for _ in range(2)]

    @c
    def train(net, x, y, opt):
        return update(opt, mse(net(x), y))

    def step():
        with ThreadPoolExecutor(2) as pool:
            return list(pool.map(lambda model: train(*model).detach(), models))

    return step, always(), weights(*(model[0] for model in models))


@program
def no_grad_in_another_thread(c: Any) -> Any:
    net, x, _, _ = problem()

    @c
    def forward():
        return net(x)

    def step(i):
        def work():
            with torch.no_grad():
                return forward().requires_grad

        if i % 2:
            with ThreadPoolExecutor(1) as pool:
                return pool.submit(work).result()
        return forward().requires_grad

    return step, lambda i: (i,), weights(net)


@program
def a_pool_inside(c: Any) -> Any:
    net, x, y, opt = problem()

    @c
    def step():
        with ThreadPoolExecutor(2) as pool:
            halves = list(pool.map(lambda rows: rows.mean(0), [x[:4], x[4:]]))
        return update(opt, mse(net(x + halves[0] - halves[1]), y))

    return step, always(), weights(net)


@program
def thread_local_config(c: Any) -> Any:
    net, x, y, opt = problem()
    local = threading.local()
    local.weight = 1.0

    @c
    def step():
        return update(opt, mse(net(x), y) * local.weight)

    return step, at(6, lambda: setattr(local, "weight", 3.0)), weights(net)


@program
def a_lock_around(c: Any) -> Any:
    net, x, y, opt = problem()
    lock = threading.Lock()

    @c
    def step():
        with lock:
            return update(opt, mse(net(x), y))

    return step, always(), lambda: [lock.locked(), dict(net.state_dict())]
