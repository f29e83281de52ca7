"""What a tensor can do about gradients: want one, ask for one, keep it, look at it as it passes.

slopes    the walk back from some tensors: the gradient of each node that collects one
collect   those gradients into ``.grad``
hooks     functions of yours, called with a gradient when it is complete
"""

from __future__ import annotations

from collections.abc import Callable, Container, Sequence
from functools import partial
from typing import Any
from weakref import ref

import numpy as np

from chainrule import ops
from chainrule.backprop import Node, backpropagate
from chainrule.errors import GradientError, OperandError, ShapeError, shape_of
from chainrule.grad_mode import enable_grad, no_grad
from chainrule.hooks import GradientHooks, Handle, hang
from chainrule.inplace import InPlace, overtaken
from chainrule.ops.base import Array
from chainrule.tracing import edition, tracer, tracers, watched


class Differentiable(InPlace):
    """The methods of `Tensor` that are about gradients."""

    __slots__ = ()

    is_leaf = property(lambda self: self.node is None or self.node.op is None, doc="Made by nobody, so gradients end.")
    grad_fn = property(lambda self: None if self.is_leaf else self.node, doc="The node that made it, or None.")

    @property
    def grad(self) -> Any:
        """The gradient that ``backward`` left here, a tensor of the same shape, or None."""
        if tracers and (recording := tracer()):
            recording.grad_read(self)
        if watched and (watcher := watched.get(id(self))):
            watcher.grad_read(self)
        return self._grad

    @grad.setter
    def grad(self, gradient: Any) -> None:
        if tracers and (recording := tracer()):
            recording.grad_set(self)
        if watched and (watcher := watched.get(id(self))):
            watcher.grad_set(self)
        self._grad = gradient

    @property
    def requires_grad(self) -> bool:
        """Whether operations on it are remembered.  Setting it makes a leaf one that wants a gradient, or not."""
        return self.node is not None

    @requires_grad.setter
    def requires_grad(self, wanted: bool) -> None:
        if not self.is_leaf:
            if not wanted:
                raise GradientError("requires_grad of a result cannot be turned off; write x.detach()")
        elif not wanted:
            edition[0] += 1
            self.node = None
        elif self.array.dtype.kind != "f":
            raise GradientError(
                f"requires_grad of a tensor of dtype {self.array.dtype}: only floating numbers can change by a little; "
                f"write x.float() first, or give tensor(...) floats such as 1.0"
            )
        elif self.node is None:
            edition[0] += 1
            self.node = Node.leaf(self)

    def requires_grad_(self, requires_grad: bool = True) -> Any:
        """Set ``requires_grad`` and return the tensor itself."""
        self.requires_grad = requires_grad
        return self

    def backward(
        self, gradient: Any = None, retain_graph: bool | None = None, create_graph: bool = False, inputs: Any = None
    ) -> None:
        """Add to ``.grad`` of every leaf (or of the ``inputs`` alone) the slope of this tensor with respect to it.

        A result of several numbers needs ``gradient``, of the same shape: what to weigh them with.
        ``create_graph`` makes the gradients themselves differentiable; ``retain_graph`` (by default the
        same) allows a second backward through the graph.  Raises GradientError.

        >>> x = chainrule.tensor(3.0, requires_grad=True)
        >>> (x**2).backward()
        >>> x.grad
        tensor(6.)
        """
        walk_back([self], [gradient], retain_graph, create_graph, inputs)

    def retain_grad(self) -> None:
        """Keep the gradient of this result, which is no leaf, in ``.grad`` too."""
        if self.node is None:
            raise GradientError("retain_grad of a tensor that does not require grad: no gradient will reach it")
        self.node.tensor = ref(self)

    @property
    def retains_grad(self) -> bool:
        """Whether this result, no leaf, keeps its gradient."""
        return not self.is_leaf and self.node is not None and self.node.tensor is not None

    def zero_grad(self) -> None:
        """Forget the gradient."""
        self.grad = None

    def register_hook(self, hook: Callable[[Any], Any]) -> Handle:
        """Call ``hook(gradient)`` when the gradient of this tensor is complete; what it returns replaces it.

        Of several hooks the first registered is the first called.  Returns a handle: ``handle.remove()`` ends it.
        Raises GradientError for a tensor without ``requires_grad``.

        >>> x = chainrule.tensor([1.0, 2.0], requires_grad=True)
        >>> handle = x.register_hook(lambda g: 10 * g)
        >>> x.sum().backward()
        >>> x.grad
        tensor([10., 10.])
        """
        return hang(self._hooks("register_hook").before, partial(_called, hook, self.around))

    def register_post_accumulate_grad_hook(self, hook: Callable[[Any], Any]) -> Handle:
        """Call ``hook(tensor)`` each time a gradient was added to ``.grad`` of this leaf."""
        if not self.is_leaf:
            raise GradientError("register_post_accumulate_grad_hook of a result: .grad is that of leaves")
        return hang(self._hooks("register_post_accumulate_grad_hook").after, hook)

    def _hooks(self, name: str) -> GradientHooks:
        if self.node is None:
            raise GradientError(f"{name} of a tensor that does not require grad: no gradient will reach it")
        if self.node.hooks is None:
            edition[0] += 1
            self.node.hooks = GradientHooks()
        return self.node.hooks


def _called(hook: Callable[[Any], Any], around: Callable[[Array], Any], g: Any) -> Any:
    """The gradient as one hook leaves it.  The hook is given a copy, so a change of it in place reaches nobody else."""
    if isinstance(g, Differentiable):
        replaced = hook(g)
        return g if replaced is None else _fitting(replaced, g)
    given = around(np.array(g))
    with no_grad():
        replaced = hook(given)
    return (given if replaced is None else _fitting(replaced, given)).array


def _fitting(replaced: Any, g: Any) -> Any:
    """What a hook returned, if it can stand for the gradient ``g``."""
    if not isinstance(replaced, Differentiable):
        raise OperandError(f"a hook returned {type(replaced).__name__}: return a tensor, or None to change nothing")
    if replaced.shape != g.shape:
        raise ShapeError(
            f"a hook returned a gradient of shape {shape_of(replaced.shape)} for one of {shape_of(g.shape)}: "
            f"they must be equal"
        )
    return replaced.to(g.dtype)


def walk_back(
    outputs: list[Any], gradients: list[Any], retain_graph: bool | None, create_graph: bool, inputs: Any
) -> None:
    """``backward`` from several tensors at once, into every leaf or into ``inputs`` alone."""
    if inputs is None:
        collect(slopes(outputs, gradients, retain_graph, create_graph))
        return
    wanted: Sequence[Any] = [inputs] if isinstance(inputs, Differentiable) else list(inputs)
    for i, x in enumerate(wanted):
        if x.node is None:
            raise GradientError(f"backward(inputs=...): input {i} does not require grad, so it has no gradient")
        if x.node.tensor is None:
            x.node.tensor = ref(x)
    collect(slopes(outputs, gradients, retain_graph, create_graph, frozenset(x.node for x in wanted)))


def slopes(
    outputs: list[Any],
    gradients: list[Any],
    retain_graph: bool | None = None,
    create_graph: bool = False,
    wanted: Container[Node] = (),
) -> dict[Node, Any]:
    """Walk back from ``outputs``: the gradient of each node that collects one, as a tensor with memory of its own."""
    seeds: dict[Node, Any] = {}
    for output, gradient in zip(outputs, gradients, strict=True):
        node = output.node
        if node is None:
            raise GradientError(
                f"backward() of a tensor of shape {shape_of(output.shape)} that does not depend on any tensor with "
                f"requires_grad=True; make the parameters with requires_grad=True, and look for a detach(), item() or "
                f"no_grad() on the way"
            )
        if node.op is not None and output.made != output.version[0]:
            raise overtaken(node.op)
        seed: Any = _seed(output, gradient)
        seed = seed if create_graph or (tracers and tracer()) else seed.array
        seeds[node] = seeds[node] + seed if node in seeds else seed
        around = output.around
    retain = create_graph if retain_graph is None else retain_graph
    if not create_graph:
        if tracers and (recording := tracer()):  # the rules are fed tensors, so that the recording sees them
            recording.walking()
            with no_grad():
                return _owned(backpropagate(seeds, partial(_lift, around), retain, wanted), seeds, around)
        return _owned(backpropagate(seeds, None, retain, wanted), seeds, around)
    with enable_grad():
        return _owned(backpropagate(seeds, partial(_lift, around), retain, wanted), seeds, around)


def _lift(around: Callable[[Array], Any], array: Array, node: Node) -> Any:
    """The tensor of a node in the graph, for a gradient that is itself differentiated."""
    tensor = around(array)
    tensor.node = node
    return tensor


def _owned(gradients: dict[Node, Any], seeds: dict[Node, Any], around: Callable[[Array], Any]) -> dict[Node, Any]:
    """The gradients as tensors, each with memory of its own: one value may have been sent to several places."""
    taken = {id(_array(seed)) for seed in seeds.values()}
    for node, g in gradients.items():
        array = _array(g)
        if array.base is not None or id(array) in taken:
            g = ops.clone(g)
            array = _array(g)
        taken.add(id(array))
        gradients[node] = g if isinstance(g, InPlace) else around(array)
    return gradients


def _array(g: Any) -> Array:
    """The numbers of a gradient that is a tensor, an array, or one number of NumPy's."""
    return g if type(g) is np.ndarray else g.array if isinstance(g, InPlace) else np.asarray(g)


def collect(gradients: dict[Node, Any]) -> None:
    """Add each gradient to the ``.grad`` of the tensor that collects it."""
    for node, g in gradients.items():
        tensor = node.tensor() if node.tensor is not None else None
        if tensor is not None:
            before = tensor.grad
            tensor.grad = g if before is None else _added(before, g)
            if node.hooks is not None:
                with enable_grad() if g.node is not None else no_grad():
                    for hook in list(node.hooks.after.values()):
                        hook(tensor)


def _seed(output: Any, gradient: Any) -> Any:
    """The gradient that the walk starts from: 1, or what the caller gave."""
    if gradient is None:
        if output.array.size != 1:
            raise GradientError(
                f"backward() of a tensor of shape {shape_of(output.shape)}: a slope is that of one number; "
                f"write x.sum().backward() or x.mean().backward(), or give backward(gradient=...) of the same shape"
            )
        return output.around(np.array(1, output.dtype).reshape(output.shape))
    gradient = gradient if isinstance(gradient, InPlace) else output.around(np.asarray(gradient, output.dtype))
    if gradient.shape != output.shape:
        raise ShapeError(
            f"backward(gradient=...) of shape {shape_of(gradient.shape)} for a tensor of shape "
            f"{shape_of(output.shape)}: they must be equal, one weight for each number"
        )
    return gradient.to(output.dtype)


def _added(grad: Any, g: Any) -> Any:
    """``grad`` with ``g`` added: in the same memory, unless one of them has a graph."""
    if grad.node is not None or g.node is not None:
        return grad + g
    if tracers and tracer():
        with no_grad():
            return grad.add_(g)
    grad.array += g.array
    grad.version[0] += 1
    return grad
