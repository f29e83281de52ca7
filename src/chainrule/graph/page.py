"""Pictures and players as one file that needs no network, and the same as widgets in a notebook.

The JavaScript is in ``js/``: plain modules that a browser runs as they are.  Each exports ``render({model, el})``,
which is what a widget host calls; in a file, a few lines stand in for the host.
"""

from __future__ import annotations

import json
from collections import deque
from functools import cache
from html import escape
from pathlib import Path
from string import Template
from typing import TYPE_CHECKING, Any

from chainrule.errors import require

if TYPE_CHECKING:
    from chainrule.graph.collapse import Partition
    from chainrule.graph.picture import Picture

OPENED = 150  # boxes that a file holds the inside of
END = "export default { render };"
HOST = """
const state = $state;
const model = { get: key => state[key], set() {}, save_changes() {}, on() {}, off() {}, send() {}, inFile: true };
render({ model, el: document.getElementById("here") });
"""
PAGE = Template("""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>$title</title>
<style>html{color-scheme:light dark}body{margin:0;padding:16px;background:Canvas;color:CanvasText}
$css</style></head>
<body><div id="here"></div>
<script type="module">
$script
</script></body></html>
""")


@cache
def text(name: str) -> str:
    """A file of ``js/``."""
    return (Path(__file__).parent / "js" / name).read_text(encoding="utf-8")


def page(title: str, module: str, css: str, state: dict[str, Any]) -> str:
    """A whole page that runs ``module`` on ``state``."""
    source = text(module)
    assert source.rstrip().endswith(END)
    host = HOST.replace("$state", json.dumps(state).replace("</", "<\\/"))
    return PAGE.substitute(title=escape(title), css=text(css), script=source.rstrip().removesuffix(END) + host)


def picture_page(picture: Picture) -> str:
    """A picture whose boxes open on a click, as a page."""
    return page("chainrule: a computation graph", "picture.js", "picture.css", picture_state(picture, OPENED))


def picture_state(picture: Picture, opened: int) -> dict[str, Any]:
    """The pictures behind the boxes, by the path of boxes that leads there, outermost first."""
    pictures = {"": picture.svg}
    waiting: deque[tuple[str, Partition]] = deque([("", picture.partition)])
    while waiting:
        path, partition = waiting.popleft()
        for group in partition.groups:
            if len(group.members) > 1 and len(pictures) <= opened:
                here = f"{path}/{group.key}"
                pictures[here], inner = picture.inside(group.key, partition)
                waiting.append((here, inner))
    return {"pictures": pictures, "level": picture.partition.level}


def picture_widget(picture: Picture) -> Any:
    """The picture as a widget: what is in a box is drawn when it is opened."""
    partitions = {"": picture.partition}

    def opened(widget: Any, message: Any, buffers: Any) -> None:
        path = str(message["open"])
        outer, _, key = path.rpartition("/")
        drawn, partitions[path] = picture.inside(key, partitions[outer])
        widget.pictures = widget.pictures | {path: drawn}

    made = widget("picture", picture_state(picture, 0), picture.svg)
    made.on_msg(opened)
    return made


def widget(name: str, state: dict[str, Any], fallback: str) -> Any:
    """A widget of ``js/<name>.js`` with ``state``; where widgets cannot run, ``fallback`` (SVG) is shown."""
    anywidget = require("anywidget", "anywidget", "a widget")
    traitlets = require("traitlets", "anywidget", "a widget")

    def bundle(self: Any, **kwargs: Any) -> Any:
        shown = anywidget.AnyWidget._repr_mimebundle_(self, **kwargs)
        data, metadata = shown if isinstance(shown, tuple) else (shown or {}, {})
        return {**data, "image/svg+xml": fallback}, metadata

    traits = {key: traitlets.Any(value).tag(sync=True) for key, value in state.items()}
    files = {"_esm": text(f"{name}.js"), "_css": text(f"{name}.css")}
    kind = type(name.capitalize(), (anywidget.AnyWidget,), {**files, **traits, "_repr_mimebundle_": bundle})
    return kind()
