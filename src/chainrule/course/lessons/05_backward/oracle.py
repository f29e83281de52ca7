"""What torch says: recorded in oracle.json by `chainrule course record`."""

import torch


def _leaves(**numbers):
    return {name: torch.tensor(x, dtype=torch.float64, requires_grad=True) for name, x in numbers.items()}


def neuron():
    v = _leaves(x1=0.5, x2=-1.0, w1=2.0, w2=1.5, b=0.25)
    torch.tanh(v["x1"] * v["w1"] + v["x2"] * v["w2"] + v["b"]).backward()
    return {name: leaf.grad.item() for name, leaf in v.items()}


def several_uses():
    v = _leaves(a=-4.0, b=2.0)
    c = v["a"] + v["b"]
    d = v["a"] * v["b"] + c * c
    e = d * c + d * v["b"] + c
    e.backward()
    return {name: leaf.grad.item() for name, leaf in v.items()}
