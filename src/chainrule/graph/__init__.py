"""The computation graph, seen: drawn, stepped through, checked, explained.

    draw     a picture: SVG, PNG, a page whose boxes open, text in a terminal
    step     a player: forward and backward, node by node
    check    is every gradient sent the slope?  Wrong rules are named at the node that has them
    explain  the derivation of a gradient, path by path; the rule of an operation
    watch    a block that shows the graph when something in it breaks
    demos    what goes wrong, and why, each in one call

They work on `chainrule.Tensor`, on `chainrule.value.Value`, and on any class of your own whose objects have ``data``
and ``_prev`` (``_op``, ``label``, ``grad`` and ``_backward`` are used where they are).  Drawing needs the packages in
the extra ``graph``: pip install 'chainrule[graph]'.
"""

from chainrule.graph import demos as demos
from chainrule.graph.checking import check
from chainrule.graph.explaining import explain
from chainrule.graph.picture import draw
from chainrule.graph.player import step
from chainrule.graph.watching import watch

__all__ = ["check", "demos", "draw", "explain", "step", "watch"]
