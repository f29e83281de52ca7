"""Names that are not here: one line that says so, and what to write instead."""

from typing import Any

import pytest
import torch

import chainrule
from chainrule import optim
from chainrule.errors import OutsideError
from chainrule.nn import functional
from chainrule.outside import INSTEAD

X = chainrule.ones(2)


@pytest.mark.parametrize(
    ("owner", "name", "text"),
    [
        (chainrule, "fft", "^chainrule has no 'fft': docs/surface.md lists what is here$"),
        (chainrule, "zeros_lik", "^chainrule has no 'zeros_lik': did you mean zeros_like"),
        (chainrule, "FloatTensor", r"write tensor\(data, dtype=chainrule.float32\)$"),
        (chainrule.nn, "LSTM", "^chainrule.nn has no 'LSTM': write the loop over time"),
        (functional, "conv3d", "^chainrule.nn.functional has no 'conv3d': did you mean conv"),
        (optim, "LBFGS", "^chainrule.optim has no 'LBFGS': use Adam"),
        (X, "cuda", "^Tensor has no 'cuda': chainrule computes on the CPU; leave it out$"),
        (X, "sumx", "^Tensor has no 'sumx': did you mean sum"),
    ],
    ids=lambda value: value if isinstance(value, str) and " " not in value else "",
)
def test_a_name_that_is_not_here(owner: Any, name: str, text: str) -> None:
    with pytest.raises(OutsideError, match=text):
        getattr(owner, name)
    assert not hasattr(owner, name)  # it is an AttributeError too


@pytest.mark.parametrize("name", INSTEAD)
def test_every_hint_is_for_a_name_pytorch_has_and_we_have_not(name: str) -> None:
    theirs = (torch, torch.nn, torch.nn.functional, torch.optim, torch.Tensor)
    ours = (chainrule.nn, functional, optim, chainrule.Tensor)
    assert any(hasattr(owner, name) for owner in theirs)
    assert not any(hasattr(owner, name) for owner in ours)
    assert name == "cuda" or not hasattr(chainrule, name)


def test_scripts_that_look_for_a_gpu_go_on() -> None:
    device = chainrule.device("cuda" if chainrule.cuda.is_available() else "cpu")
    assert X.to(device) is X
    assert chainrule.cuda.device_count() == 0
