"""What is said of a name that is not here: that it is not, and how to write it instead."""

from __future__ import annotations

import difflib
import dis
import sys
from collections.abc import Iterable

from chainrule.errors import OutsideError, OutsideImport

IMPORT_FROM = dis.opmap["IMPORT_FROM"]

INSTEAD = {
    "amp": "chainrule computes in float32 and float64; leave autocast out",
    "autocast": "chainrule computes in float32 and float64; leave it out",
    "backends": "there is one, NumPy; leave it out",
    "bfloat16": "use float32",
    "half": "use float32",
    "float16": "use float32",
    "complex64": "chainrule has real numbers only",
    "complex128": "chainrule has real numbers only",
    "cuda": "chainrule computes on the CPU; leave it out",
    "mps": "chainrule computes on the CPU; leave it out",
    "distributed": "train in PyTorch for that: the same script with import torch",
    "jit": "leave it out",
    "FloatTensor": "write tensor(data, dtype=chainrule.float32)",
    "DoubleTensor": "write tensor(data, dtype=chainrule.float64)",
    "LongTensor": "write tensor(data, dtype=chainrule.int64)",
    "Size": "a shape is a tuple",
    "inference_mode": "write no_grad",
    "set_grad_enabled": "write no_grad or enable_grad as a with block",
    "set_num_threads": "set OMP_NUM_THREADS before Python starts",
    "use_deterministic_algorithms": "everything is deterministic after manual_seed",
    "LazyLinear": "write Linear with the number of features",
    "MultiheadAttention": "write it with Linear, softmax and @",
    "LSTM": "write the loop over time with Linear and tanh",
    "GRU": "write the loop over time with Linear and tanh",
    "RNN": "write the loop over time with Linear and tanh",
    "Transformer": "write it with Linear, softmax and @",
    "LBFGS": "use Adam, or SGD with a small learning rate",
}


def outside(owner: str, name: str, known: Iterable[str]) -> Exception:
    """The error for ``owner.name``, with what to write instead or the nearest names that are here.

    >>> print(outside("Tensor", "cuda", []))
    Tensor has no 'cuda': chainrule computes on the CPU; leave it out
    >>> print(outside("chainrule.nn", "Linaer", ["Linear", "ReLU"]))
    chainrule.nn has no 'Linaer': did you mean Linear? docs/surface.md lists what is here
    """
    if name in INSTEAD:
        return _error(f"{owner} has no {name!r}: {INSTEAD[name]}", f"{owner}.{name}")
    near = difflib.get_close_matches(name, list(known), 2, 0.7)
    guess = f"did you mean {' or '.join(near)}? " if near else ""
    return _error(f"{owner} has no {name!r}: {guess}docs/surface.md lists what is here", f"{owner}.{name}")


def _error(message: str, path: str) -> Exception:
    """An AttributeError; for ``from owner import name`` an ImportError, as Python would drop what the other says."""
    asking = sys._getframe(3)  # who asked the module or object, whose __getattr__ asked `outside`
    imports = asking.f_code.co_code[asking.f_lasti] == IMPORT_FROM if asking.f_lasti >= 0 else False
    return OutsideImport(message) if imports and path not in sys.modules else OutsideError(message)
