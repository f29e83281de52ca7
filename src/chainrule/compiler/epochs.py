"""`Epochs`: whole epochs of training in native code, over data in memory.

A step is recorded from its first calls, in the first epochs, which run batch by batch; once it is native for every size
of batch, epochs run without Python: the examples of each batch are gathered in the sampler's own order, the step runs,
what it returns is summed up.

block    epochs run at once: as many as take a tenth of a second
pace     batches run in one native call: as many as take a tenth of a second, so that a bar moves and Ctrl-C is heard
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np

from chainrule.compiler.build import planned
from chainrule.compiler.driver import epochs_source
from chainrule.compiler.jit.function import Step
from chainrule.compiler.jit.specialization import STRETCH, Variant
from chainrule.compiler.memory import Memory
from chainrule.data import DataLoader, TensorDataset
from chainrule.data.samplers import BatchSampler, RandomSampler, SequentialSampler
from chainrule.random import default_generator

PAUSED = 2  # what a native call gives that ran as many batches as it was to
MOST = 1 << 17  # numbers of orders worked out ahead: they stay in a cache


class Epochs:
    """The native loop over the batches of a loader.

    step       a compiled step of the parts of a batch, which returns one number or several
    weighted   whether the first of them is a mean over the batch, to be weighted with its size
    """

    def __init__(self, step: Step, loader: DataLoader, weighted: bool = True) -> None:
        self.step, self.loader, self.weighted = step, loader, weighted
        self.ready = False
        self.reason = _why_not(loader)
        self.block, self.pace = 1, 64
        if not self.reason:
            self.rows = [np.ascontiguousarray(x.array) for x in loader.dataset.tensors]
            self.examples = len(loader.dataset)
            self.size = min(int(loader.batch_size or 1), self.examples)
            self.batches, self.rest = divmod(self.examples, self.size)
            self.rest = 0 if loader.drop_last else self.rest
            step.native = False
            self.seen = self.batches * self.size + self.rest  # examples of an epoch

    # ------------------------------------------------------------------------------------ getting ready

    def prepare(self) -> bool:
        """Compile the loop, if the step is native for every size of batch by now; whether it is ready."""
        if self.ready or self.reason or self.step.reason:
            return self.ready
        full, short = (self._variant(size) for size in (self.size, self.rest))
        if full is None or (self.rest and short is None):
            return False
        for variant in (full, short):
            if variant is not None and (self._unfit(variant) or variant.memory.copies):
                self.reason = self._unfit(variant) or "a buffer does not lie in order in memory"
                self.step.native = True
                return False
        self._build(full, short)
        self.ready = True
        return True

    def _variant(self, size: int) -> Variant | None:
        """The native step for batches of ``size``."""
        for kin in self.step.variants.values():
            for variant in kin:
                if not isinstance(variant, Variant):
                    continue
                leaves = [leaf for leaf in variant.plan.leaves if leaf.op == "argument"]
                if size and leaves and all(leaf.shape[:1] == (size,) for leaf in leaves) and variant.fits():
                    return variant
        return None

    @staticmethod
    def _unfit(variant: Variant) -> str | None:
        if variant.more or variant.written or (variant.gradients and variant.gradients.kept):
            return "the step goes on with gradients of earlier calls, or with tensors that change in between"
        if not variant.native:
            return "a part of the step is left to NumPy"
        if any(stream is not default_generator or name != "uniform" for _, (stream, name, _) in variant.memory.draws):
            return "the step draws random numbers that native code does not have"
        if any(slot is None for slot, _ in variant.memory.draws):
            return "the step draws random numbers and does not use them"
        if any(shape for _, shape in variant.memory.results):
            return "the step returns more than numbers"
        return None

    def _build(self, full: Variant, short: Variant | None) -> None:
        from chainrule.compiler.cache import load
        from chainrule.compiler.native.twister import state_of

        plan = planned(full.simple)
        self.memory = Memory(plan, full.simple)
        short_plan = None
        self.short_memory = self.memory
        if short is not None:
            short_plan = planned(short.simple, prefix="_short_", options=plan.options)
            most = max([*plan.places.values(), *short_plan.places.values()], default=0) + 1
            self.memory.scalars = np.zeros(most)
            self.short_memory = Memory(short_plan, short.simple, self.memory.scalars)
        self.source = epochs_source(plan, short_plan, self.rows, self.size, self.batches, self.rest, self.weighted)
        self.native: Any = None
        self.module = load(self.source)
        self.sources = np.array([x.ctypes.data for x in self.rows], np.int64)
        self.variants = [variant for variant in (full, short) if variant is not None]
        self.returned = max(1, len(plan.results))
        self.draws = bool(self.memory.draws or self.short_memory.draws)
        self.stream = state_of(default_generator)
        self.place, self.most = np.zeros(2, np.int64), np.zeros(1, np.int64)
        self.orders: Any = np.empty((0, self.examples), np.int64)
        self.scratch: Any = ()

    # ------------------------------------------------------------------------------------ running

    def run(
        self, most: int, pause: Callable[[int], bool] = lambda batches: False
    ) -> tuple[Any, tuple[int, Any] | None]:
        """Up to ``most`` epochs, about a tenth of a second of them, or one.

        ``pause`` is called about ten times a second with the number of batches run since, and says whether to stop.
        The sums of each epoch (a row), and None; or, if it was stopped or a step found that it must run as written,
        the sums of the epochs done and, last, of the one under way, and (the number of the batch, the order of the
        examples) to go on with.
        """
        from chainrule.compiler.native.compiling import compiled
        from chainrule.compiler.native.team import team

        if not all(variant.fits() for variant in self.variants):
            self.ready = False
            return np.zeros((0, self.returned)), None
        n = min(most, 1 if self.draws else min(self.block, max(1, MOST // self.examples)))
        orders = self._orders(n)
        totals = np.zeros((n, self.returned))
        if not (self.memory.load() and self.short_memory.load()):
            self.ready = False
            return np.zeros((0, self.returned)), None
        given = (
            self.memory.table, self.short_memory.table, self.memory.scalars, self.sources, orders, totals,
            self.place, self.stream, self.most,
        )  # fmt: skip
        if self.native is None:
            self.native = compiled(self.module.epochs, *given)
        start = time.perf_counter()
        self.place[:] = 0
        try:
            with team(self.memory.plan.largest):
                while (end := self._stretch(given)) == PAUSED and not pause(int(self.most[0])):
                    pass
        finally:  # also after a second Ctrl-C: the number of the step goes with the weights
            self.memory.leave()
            for variant in self.variants:
                variant.after([], [])
        took = max(time.perf_counter() - start, 1e-9)
        self.block = max(1, min(self.block * 4, int(n * STRETCH / took)))
        if end:
            epoch, batch = (int(x) for x in self.place)
            return totals[: epoch + 1], (batch, orders[epoch])
        return totals, None

    def _stretch(self, given: tuple[Any, ...]) -> int:
        """One native call, of whole epochs if they are short; the next one runs as many batches as this one's time
        allows.
        """
        whole = self.batches + (self.rest > 0)
        self.most[0], start = self.pace - self.pace % whole or self.pace, time.perf_counter()
        end = int(self.native(*given))
        if end == PAUSED:
            took = max(time.perf_counter() - start, 1e-9)
            self.pace = max(1, min(self.pace * 4, int(self.pace * STRETCH / took)))
        return end

    def from_batch(self, first: int, order: Any) -> Any:
        """The batches of an epoch from number ``first`` on."""
        stop = self.examples if self.rest else self.batches * self.size
        for start in range(first * self.size, stop, self.size):
            yield self.loader.batch(order[start : min(start + self.size, stop)].tolist())

    def _orders(self, n: int) -> Any:
        """The orders of the next ``n`` epochs, drawn as the loader draws them."""
        from chainrule.compiler.cache import keep
        from chainrule.compiler.native import shuffling, twister

        sampler: Any = self.loader.sampler
        generator, batches = self.loader.generator, self.loader.batch_sampler or ()
        if len(self.orders) < n:
            self.orders = np.empty((n, self.examples), np.int64)
        orders = self.orders[:n]
        if type(sampler) is SequentialSampler:
            twister.skip(twister.state_of(generator or default_generator), 2 * n)
            orders[:] = np.arange(self.examples)
        elif _simple(sampler) and generator is None and sampler.generator is None:
            self.scratch = self.scratch or shuffling.fresh_scratch(self.examples)
            keep(shuffling.fresh_orders)(self.stream, orders, *self.scratch)
        elif _simple(sampler) and generator is sampler.generator:
            keep(shuffling.own_orders)(twister.state_of(generator), orders, shuffling.reciprocals(self.examples))
        else:
            for row in orders:
                (generator or default_generator).seed_for_another()
                row[:] = [i for batch in batches for i in batch]
        return orders


def _simple(sampler: Any) -> bool:
    return type(sampler) is RandomSampler and not sampler.replacement and len(sampler) == len(sampler.data_source)


def _why_not(loader: Any) -> str | None:
    """Why the epochs of a loader cannot run natively; None if they can."""
    if type(loader) is not DataLoader or type(loader.dataset) is not TensorDataset or loader.collate_fn is not None:
        return "its batches are made in Python: give arrays, or a DataLoader of a TensorDataset"
    sampler: Any = loader.sampler
    if type(loader.batch_sampler) is not BatchSampler or len(sampler) != len(loader.dataset):
        return "its batches are chosen in Python"
    if loader.drop_last and len(loader.dataset) % (loader.batch_size or 1) and not _plain_order(sampler):
        return "its sampler leaves out examples in an order of its own"
    return None


def _plain_order(sampler: Any) -> bool:
    return type(sampler) is SequentialSampler or _simple(sampler)
