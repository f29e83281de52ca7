"""The picture itself: boxes and arrows at the places the layout gave, as SVG that needs nothing around it.

Every box is a group with ``data-v``, its key, and every arrow one with ``data-from`` and ``data-to``, so that a
program can find them, change a class or a text, and leave the layout alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from xml.sax.saxutils import escape, quoteattr

from chainrule.graph.face import CHARACTER, LINE, PAD, Face
from chainrule.graph.layout import Layout, Point
from chainrule.graph.theme import Theme, style

MARGIN = 10.0


def svg(faces: list[Face], layout: Layout, notes: Sequence[str] = (), theme: Theme | None = None) -> str:
    """Draw ``faces`` where ``layout`` puts them, with ``notes`` underneath."""
    lines = [line for note in notes for line in note.split("\n")]
    widest = max([layout.width, *(len(line) * (CHARACTER - 0.6) for line in lines)])
    width, height = widest + 2 * MARGIN, layout.height + 2 * MARGIN + (len(lines) * LINE + 6 if lines else 0)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" class="chainrule" role="img" width="{width:.0f}" '
        f'height="{height:.0f}" viewBox="0 0 {width:.1f} {height:.1f}">',
        f"<title>{escape(_spoken(faces))}</title>",
        f"<style>{escape(style(theme))}</style>",
        f'<rect class="paper" width="{width:.1f}" height="{height:.1f}" rx="6"/>',
        f'<g transform="translate({MARGIN},{MARGIN})">',
    ]
    parts += [_arrow(tail, head, points) for tail, head, points in layout.arrows]
    parts += [_card(face, *layout.centres[face.key]) for face in faces]
    parts.append("</g>")
    for i, line in enumerate(lines):
        y = layout.height + 2 * MARGIN + LINE * i + 10
        parts.append(f'<text class="small note" x="{MARGIN}" y="{y:.1f}">{escape(line)}</text>')
    return "\n".join([*parts, "</svg>\n"])


def _spoken(faces: list[Face]) -> str:
    """What the picture is, for those who hear it."""
    last = faces[-1] if faces else None
    return f"Computation graph of {len(faces)} boxes" + (f", ending in {last.op} {last.line}" if last else "")


def _arrow(tail: str, head: str, points: list[Point]) -> str:
    path = f"M{points[0][0]:.1f},{points[0][1]:.1f}C" + " ".join(f"{x:.1f},{y:.1f}" for x, y in points[1:])
    tip = _tip(points[-2], points[-1])
    return f'<g class="edge" data-from="{tail}" data-to="{head}"><path d="{path}"/><polygon points="{tip}"/></g>'


def _tip(before: Point, end: Point, length: float = 7.0) -> str:
    """A triangle that goes on where the curve ends: ``dot`` leaves room for it."""
    dx, dy = end[0] - before[0], end[1] - before[1]
    norm = (dx * dx + dy * dy) ** 0.5 or 1.0
    dx, dy = dx / norm * length, dy / norm * length
    corners = (
        (end[0] - dy * 0.45, end[1] + dx * 0.45),
        (end[0] + dx, end[1] + dy),
        (end[0] + dy * 0.45, end[1] - dx * 0.45),
    )
    return " ".join(f"{x:.1f},{y:.1f}" for x, y in corners)


def _card(face: Face, x: float, y: float) -> str:
    """One box around its centre."""
    w, h = face.width, face.height
    classes = f"node {face.kind}{' wrong' if face.marks else ''}{' open' if face.kind == 'group' else ''}"
    parts = [
        f'<g class="{classes}" data-v={quoteattr(face.key)} transform="translate({x - w / 2:.1f},{y - h / 2:.1f})">'
    ]
    parts.append(f"<title>{escape(face.hint)}</title>")
    if face.kind == "group":
        parts.append(f'<rect class="stack" x="4" y="4" width="{w:.1f}" height="{h:.1f}" rx="6"/>')
    parts.append(f'<rect class="card" width="{w:.1f}" height="{h:.1f}" rx="6"/>')
    if face.op:
        p = face.panel
        parts.append(
            f'<path class="panel" d="M{p:.1f},1V{h - 1:.1f}H6.5Q1,{h - 1:.1f} 1,{h - 6.5:.1f}V6.5Q1,1 6.5,1Z"/>'
        )
        parts.append(f'<text class="op" x="{p / 2 + 0.5:.1f}" y="{h / 2 + 4:.1f}">{escape(face.op)}</text>')
    parts += _lines(face)
    parts += [_mark(number, w - 4 - 17 * i) for i, number in enumerate(face.marks)]
    return "".join([*parts, "</g>"])


def _lines(face: Face) -> list[str]:
    """Name and value, a paler second line, and the gradient on its tint."""
    left, w = face.panel + PAD, face.width
    title = f'<tspan class="title">{escape(face.title)}</tspan>' if face.title else ""
    value = f'<tspan class="value">{escape(face.value)}</tspan>' if face.value else ""
    joint = " = " if face.title and face.value else ""
    parts = [f'<text x="{left:.1f}" y="{LINE + 1}">{title}{joint}{value}</text>']
    if face.more:
        parts.append(f'<text class="faint more" x="{left:.1f}" y="{LINE * 2 + 1}">{escape(face.more)}</text>')
    if face.grad is not None:
        side, x, top = "up" if face.tint >= 0 else "down", face.panel + 1.5, face.height - LINE - 4.5
        parts.append(
            f'<rect class="tint {side}" x="{x:.1f}" y="{top}" width="{w - x - 1.5:.1f}" height="{LINE + 3.0}" rx="4" '
            f'fill-opacity="{0.62 * abs(face.tint):.2f}"/>'
        )
        parts.append(
            f'<text x="{left:.1f}" y="{top + LINE - 3.5}"><tspan class="faint">grad </tspan>'
            f'<tspan class="grad">{escape(face.grad)}</tspan></text>'
        )
    return parts


def _mark(number: int, x: float) -> str:
    disc = f'<circle class="mark" cx="{x:.1f}" cy="0" r="8"/>'
    return f'{disc}<text class="small mark-ink" x="{x:.1f}" y="4">{number}</text>'
