from chainrule.graph.checking import check
from chainrule.graph.picture import draw
