"""Colours of the pictures, for light and for dark pages, and the style sheet made from them.

Blue is a positive gradient and orange a negative one: a pair that colour-blind readers tell apart.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from string import Template


@dataclass(frozen=True)
class Theme:
    """One set of colours."""

    paper: str
    card: str
    leaf: str
    line: str
    ink: str
    faint: str
    op: str
    op_ink: str
    group: str
    up: str
    down: str
    wrong: str


LIGHT = Theme(
    paper="#ffffff", card="#ffffff", leaf="#f4f6f8", line="#b4bcc6", ink="#1a1e23", faint="#66707b", op="#e8ecfb",
    op_ink="#2f49a8", group="#eef3ee", up="#2b7bba", down="#d9691e", wrong="#c8102e",
)  # fmt: skip
DARK = Theme(
    paper="#14181d", card="#1c2229", leaf="#252c35", line="#56616d", ink="#e9ecef", faint="#9aa5b1", op="#2b3560",
    op_ink="#b9c6ff", group="#22302a", up="#4fa3e3", down="#f08a45", wrong="#ff6b7d",
)  # fmt: skip

FONT = "'DejaVu Sans Mono', Menlo, Consolas, 'Courier New', Courier, monospace"
RULES = Template("""
.chainrule .paper{fill:$paper}
.chainrule text{fill:$ink}
.chainrule .card{fill:$card;stroke:$line}
.chainrule .leaf .card{fill:$leaf}
.chainrule .data .card{stroke-dasharray:3 2}
.chainrule .group .card,.chainrule .group .stack{fill:$group;stroke:$line}
.chainrule .panel{fill:$op}
.chainrule .op{fill:$op_ink}
.chainrule .faint{fill:$faint}
.chainrule .edge path{stroke:$line;fill:none}
.chainrule .edge polygon{fill:$line}
.chainrule .up{fill:$up}
.chainrule .down{fill:$down}
.chainrule .wrong .card{stroke:$wrong}
.chainrule .mark{fill:$wrong}
.chainrule .mark-ink{fill:$paper}
""")
SHAPE = f"""
.chainrule text{{font-family:{FONT};font-size:12px;white-space:pre}}
.chainrule .title,.chainrule .op{{font-weight:bold}}
.chainrule .small{{font-size:11px}}
.chainrule .op,.chainrule .mark-ink{{text-anchor:middle}}
.chainrule .card{{stroke-width:1.2}}
.chainrule .wrong .card{{stroke-width:2.6}}
.chainrule .edge path{{stroke-width:1.2}}
.chainrule .open{{cursor:pointer}}
"""


def rules(theme: Theme) -> str:
    """The colours of a theme, as CSS."""
    return RULES.substitute(asdict(theme))


def style(theme: Theme | None = None) -> str:
    """The style sheet: of one theme, or (None) of the one the reader's screen is set to."""
    if theme is not None:
        return SHAPE + rules(theme)
    return f"{SHAPE}{rules(LIGHT)}@media (prefers-color-scheme:dark){{{rules(DARK)}}}"
