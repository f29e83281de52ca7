"""A compiled function that counts how often its forward ran natively, and shows its `Pair`."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any
from unittest import mock

from chainrule.compiler.jit.function import Step
from chainrule.compiler.jit.pair import Pair
from chainrule.errors import CompileWarning

run = Pair.run


class Compiled:
    """The function, compiled: run as written in its first call, recorded in two more, and native from then on."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self.step, self.ran = Step(function), 0

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        def counted(pair: Pair, *given: Any) -> Any:
            done, result = run(pair, *given)
            self.ran += done
            return done, result

        with mock.patch.object(Pair, "run", counted), warnings.catch_warnings():
            warnings.simplefilter("ignore", CompileWarning)
            return self.step(*args, **kwargs)

    @property
    def pair(self) -> Any:
        """The pair of the call that was recorded last."""
        return self.step.last

    @property
    def reason(self) -> str | None:
        """Why it runs as written."""
        return self.step.reason
