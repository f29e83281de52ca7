"""Files of tensors: what goes in comes out, safetensors reads them, and a broken file loads nothing."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file
from samples import as_numpy, exactly

import chainrule
from chainrule import nn
from chainrule.errors import ArgumentError, DataError, MissingPackage, OperandError
from chainrule.tensor import Tensor

DTYPES = ("float32", "float64", "int64", "int32", "uint8", "bool")


def states() -> dict[str, Any]:
    """A tensor of every dtype, and of every shape and layout that could go wrong."""
    numbers = {name: chainrule.tensor(np.array([0, 1, 2]), dtype=getattr(chainrule, name)) for name in DTYPES}
    return numbers | {
        "0-d": chainrule.tensor(1.5),
        "empty": chainrule.zeros(0, 3),
        "transposed": chainrule.arange(6).reshape(2, 3).T,
        "expanded": chainrule.ones(1).expand(2, 3),
        "strided": chainrule.arange(10.0)[::3],
        "a leaf": chainrule.ones(2, requires_grad=True),
        "edges": chainrule.tensor([float("nan"), float("inf"), -0.0]),
        "layer.0.weight": chainrule.ones(2, 2),
    }


def alike(a: Any, b: Any) -> None:
    """The same structure, the same tensors to the last bit."""
    assert type(a) is type(b) or isinstance(a, Tensor)
    if isinstance(a, Tensor):
        exactly(a.detach(), b.detach())
    elif isinstance(a, dict):
        assert list(a) == list(b)
        for key in a:
            alike(a[key], b[key])
    elif isinstance(a, list | tuple):
        assert len(a) == len(b)
        for x, y in zip(a, b, strict=True):
            alike(x, y)
    else:
        assert a == b


def test_what_goes_in_comes_out(tmp_path: Path) -> None:
    state = states()
    chainrule.save(state, tmp_path / "state.safetensors")
    again = chainrule.load(tmp_path / "state.safetensors")
    assert set(again) == set(state)
    for name, x in state.items():
        exactly(again[name], x.detach())
        assert again[name].array.flags.writeable
        assert not again[name].requires_grad
    assert chainrule.load(str(tmp_path / "state.safetensors")).keys() == again.keys()


def test_nested_things_come_out_as_they_were(tmp_path: Path) -> None:
    state = {
        "epoch": 3, "best": 0.25, "name": "small", "none": None, "done": True, "far": float("inf"),
        "model": {"w": chainrule.ones(2), "deep": {"b": chainrule.zeros(1)}},
        "list": [1, chainrule.arange(3), (2, "x", chainrule.ones(1))],
        "by number": {0: chainrule.ones(1), 7: {"step": 1}},
        "a.b": chainrule.zeros(1), "a": {"b": chainrule.ones(1)}, "empty": {}, "nothing": [],
    }  # fmt: skip
    chainrule.save(state, tmp_path / "f")
    alike(chainrule.load(tmp_path / "f"), state)


@pytest.mark.parametrize("name", ["SGD", "Adam", "RMSprop", "Rprop", "NAdam"])
def test_training_goes_on_from_a_file(name: str, tmp_path: Path) -> None:
    def run() -> tuple[Any, Any]:
        chainrule.manual_seed(1)
        model = nn.Sequential(nn.Linear(2, 3), nn.BatchNorm1d(3), nn.Linear(3, 1))
        return model, getattr(chainrule.optim, name)(model.parameters(), lr=0.01)

    def train(model: Any, optimizer: Any) -> list[Any]:
        for _ in range(3):
            optimizer.zero_grad()
            (model(chainrule.arange(8.0).reshape(4, 2)) ** 2).mean().backward()
            optimizer.step()
        return [x.tolist() for x in model.state_dict().values()]

    model, optimizer = run()
    train(model, optimizer)
    chainrule.save({"model": model.state_dict(), "optimizer": optimizer.state_dict()}, tmp_path / "checkpoint")
    other, again = run()
    state = chainrule.load(tmp_path / "checkpoint")
    other.load_state_dict(state["model"])
    again.load_state_dict(state["optimizer"])
    assert train(other, again) == train(model, optimizer)


def test_torchs_safetensors_reads_ours_and_we_read_its(tmp_path: Path) -> None:
    chainrule.save(states(), tmp_path / "ours")
    theirs = load_file(tmp_path / "ours")
    assert set(theirs) == set(states())
    for name, x in states().items():
        exactly(theirs[name], x.detach())
    twin = torch.nn.Sequential(torch.nn.Conv2d(1, 2, 3), torch.nn.BatchNorm2d(2))
    save_file(twin.state_dict(), tmp_path / "theirs")
    model = nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2))
    model.load_state_dict(chainrule.load(tmp_path / "theirs"))
    for name, x in model.state_dict().items():
        exactly(x, twin.state_dict()[name])
    chainrule.save(model.state_dict(), tmp_path / "back")
    twin.load_state_dict(load_file(tmp_path / "back"))


def test_a_dtype_we_do_not_have(tmp_path: Path) -> None:
    for dtype in (torch.float16, torch.bfloat16):
        save_file({"half": torch.ones(2, dtype=dtype)}, tmp_path / "half")
        with pytest.raises(DataError, match=r"half"):
            chainrule.load(tmp_path / "half")


FILES: dict[str, Callable[[bytes], bytes]] = {
    "empty": lambda whole: b"",
    "cut short": lambda whole: whole[:-1],
    "cut in the header": lambda whole: whole[:20],
    "eight bytes": lambda whole: whole[:8],
    "text": lambda whole: b"epoch,loss\n1,0.5\n",
    "a pickle": lambda whole: b"\x80\x02}q\x00X\x01\x00\x00\x00wq\x01K\x01s.",
    "a zip": lambda whole: b"PK\x03\x04" + whole,
    "longer": lambda whole: whole + b"more",
}


@pytest.mark.parametrize("kind", FILES)
def test_a_broken_file_is_refused(kind: str, tmp_path: Path) -> None:
    path = tmp_path / "model.safetensors"
    chainrule.save(nn.Linear(2, 2).state_dict(), path)
    path.write_bytes(FILES[kind](path.read_bytes()))
    with pytest.raises(DataError, match=r"model\.safetensors is no whole safetensors file .*cut short.*save") as caught:
        chainrule.load(path)
    assert "\n" not in str(caught.value)


def test_no_file_and_no_directory(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"none is not there: check the path, or save it first"):
        chainrule.load(tmp_path / "none")
    with pytest.raises(DataError):
        chainrule.load(tmp_path)
    with pytest.raises(OSError, match="missing"):
        chainrule.save({"w": chainrule.ones(1)}, tmp_path / "missing" / "f")


def test_a_file_with_a_foreign_description_is_refused(tmp_path: Path) -> None:
    for text in ("{", '{"tensor": "gone"}', '{"odd": 1}', "[1, 2]", '{"dict": 5}'):
        save_file({"w": torch.ones(1)}, tmp_path / "f", metadata={"chainrule": text})
        with pytest.raises(DataError, match=r"f was not written by chainrule\.save"):
            chainrule.load(tmp_path / "f")


def test_the_old_file_stays_when_writing_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "model"
    chainrule.save({"w": chainrule.ones(2)}, path)
    before = path.read_bytes()

    def full(*_: Any) -> None:
        raise OSError("no space left")

    for name in ("replace", "fsync"):
        with monkeypatch.context() as patch:
            patch.setattr(os, name, full)
            with pytest.raises(OSError, match="no space left"):
                chainrule.save({"w": chainrule.zeros(2)}, path)
        assert path.read_bytes() == before
        assert [p.name for p in tmp_path.iterdir()] == ["model"], "nothing is left behind"
    with pytest.raises(ArgumentError):
        chainrule.save({"w": chainrule.zeros(2), "f": print}, path)
    assert path.read_bytes() == before
    chainrule.save({"w": chainrule.zeros(2)}, path)
    assert chainrule.load(path)["w"].tolist() == [0.0, 0.0]


def test_what_cannot_be_saved_is_said() -> None:
    for wrong in (chainrule.ones(1), [1], nn.Linear(1, 1)):
        with pytest.raises(OperandError, match=r"save of \w+: give a dict of tensors, such as model\.state_dict\(\)"):
            chainrule.save(wrong, "/nowhere/f")
    with pytest.raises(ArgumentError, match=r"save: a\.1 is function; a file holds tensors, numbers, strings"):
        chainrule.save({"a": [1, lambda: 0]}, "/nowhere/f")


def test_without_safetensors_it_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.partition(".")[0] == "safetensors"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "safetensors", None)
    for use in (lambda: chainrule.save({"w": chainrule.ones(1)}, tmp_path / "f"), lambda: chainrule.load(tmp_path)):
        with pytest.raises(MissingPackage, match=r"needs the package safetensors: pip install safetensors$"):
            use()
    assert not list(tmp_path.iterdir())


def test_it_shares_nothing_with_the_file(tmp_path: Path) -> None:
    chainrule.save({"w": chainrule.ones(2)}, tmp_path / "f")
    one, two = chainrule.load(tmp_path / "f")["w"], chainrule.load(tmp_path / "f")["w"]
    one.zero_()
    assert as_numpy(two).tolist() == [1.0, 1.0]
