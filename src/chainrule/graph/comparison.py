"""Two pictures side by side: what goes wrong, and what is right."""

from __future__ import annotations

from base64 import b64encode
from dataclasses import dataclass
from html import escape
from pathlib import Path

from chainrule.errors import ArgumentError
from chainrule.graph.picture import Picture

PAGE = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title}</title>
<style>html{{color-scheme:light dark}}body{{margin:16px;font:15px/1.5 system-ui,sans-serif}}</style></head>
<body>{body}</body></html>
"""


@dataclass(frozen=True)
class Side:
    """A picture and what it shows."""

    what: str
    picture: Picture


class Comparison:
    """A lesson, the wrong way and the right way, each with its picture."""

    def __init__(self, lesson: str, wrong: Side, right: Side) -> None:
        self.lesson, self.wrong, self.right = lesson, wrong, right

    def save(self, path: str | Path) -> Path:
        """Write both pictures as one .html file that needs no network."""
        path = Path(path)
        if path.suffix != ".html":
            raise ArgumentError(f"save({str(path)!r}): two pictures make a page; give it the ending .html")
        path.write_text(PAGE.format(title=escape(self.lesson), body=self._repr_html_()), encoding="utf-8")
        return path

    def _repr_html_(self) -> str:
        sides = (("✗", "#c8102e", self.wrong), ("✓", "#1a7f37", self.right))
        shown = "".join(_figure(sign, colour, side) for sign, colour, side in sides)
        return f'<p><b>{escape(self.lesson)}</b></p><div style="display:flex;gap:24px;flex-wrap:wrap">{shown}</div>'

    def __repr__(self) -> str:
        return f"{self.lesson}\nwrong  {self.wrong.what}\nright  {self.right.what}"


def _figure(sign: str, colour: str, side: Side) -> str:
    image = b64encode(side.picture.svg.encode()).decode()
    caption = (
        f'<figcaption style="margin-bottom:6px"><b style="color:{colour}">{sign}</b> {escape(side.what)}</figcaption>'
    )
    picture = f'<img style="max-width:100%" alt="{escape(side.what)}" src="data:image/svg+xml;base64,{image}">'
    return f'<figure style="margin:0;max-width:100%">{caption}{picture}</figure>'
