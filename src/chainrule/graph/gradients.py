"""The gradients to show: those that are stored, or, for tensors, those a backward pass would find now.

Between its leaves a tensor graph stores no gradients.  `computed` runs the rules again, node by node, touching no
``.grad``; it refuses where a value was changed in place since, because the answer would belong to no graph.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule.backprop import Node
from chainrule.graph.readers import TensorReader
from chainrule.graph.view import View


def stored_or_computed(view: View) -> tuple[dict[int, Any] | None, str]:
    """The gradients by id, None if there are none yet; and a remark where some cannot be known."""
    stored = {v.id: g for v in view if (g := v.grad) is not None}
    if not any(g if isinstance(g, float) else np.any(g) for g in stored.values()):
        return None, ""
    if not isinstance(view.reader, TensorReader):
        return stored, ""
    if len(view.roots) != 1 or np.size(view.roots[0].data) != 1:
        return stored, ""
    if changed(view):
        return stored, "gradients between are not shown: a value was changed in place since"
    return computed(view) | stored, ""


def changed(view: View) -> bool:
    """Whether a value that a gradient rule reads was changed in place since the graph was made."""
    nodes = (v.object for v in view if isinstance(v.object, Node))
    return any(version[0] != then for node in nodes for version, then in node.seen)


def computed(view: View, seed: Any = None) -> dict[int, Any]:
    """The gradient of the root with respect to every value, by id."""
    root = view.root
    grads: dict[int, Any] = {root.id: np.ones_like(root.data) if seed is None else seed}
    for vertex in reversed(view.vertices):
        node, g = vertex.object, grads.get(vertex.id)
        if g is None or not isinstance(node, Node) or node.op is None:
            continue
        for parent, sent in zip(node.parents, sent_by(node, g), strict=True):
            if sent is not None and parent is not None:
                at = view.find(parent).id
                grads[at] = grads[at] + sent if at in grads else sent
    return {i: g for i, g in grads.items() if isinstance(g, np.ndarray | np.generic)}


def sent_by(node: Node, g: Any) -> list[Any]:
    """What a node sends to each of its inputs for the gradient ``g``: its rule, on plain arrays."""
    assert node.op is not None  # leaves send nothing
    return list(node.op.pull(g, node.out, node.raw, node.meta, node.parents))
