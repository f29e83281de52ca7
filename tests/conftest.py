"""What every test module and doctest finds at hand."""

import os
import signal
import sys
import tempfile

# compiled steps go to a folder of the tests (for all workers the same), not into the home of whoever runs them
os.environ.setdefault("CHAINRULE_CACHE_DIR", os.path.join(tempfile.gettempdir(), f"chainrule-tests-{os.getuid()}"))

# two workers on two cores: one thread each, or they wait for one another
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import pytest

import chainrule

# a shell that starts the tests in the background tells them to ignore Ctrl-C, and so would what they start
signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(autouse=True)
def _seeded() -> None:
    """Each test draws the same random numbers, whatever ran before it."""
    chainrule.manual_seed(0)
    if samples := sys.modules.get("samples"):
        samples.rng.bit_generator.state = samples.START
    if torch := sys.modules.get("torch"):
        torch.manual_seed(0)
