"""`Verdict`: what is said about an answer, as an object, in a terminal and in a notebook.

stage   how far the answer came: "stub": not begun; "run", "missing", "type", "shape", "dtype", "value", "changed",
        "gradient" say at what it failed; "passed"
"""

from __future__ import annotations

import textwrap
from dataclasses import asdict, dataclass
from html import escape
from typing import Any

WIDTH = 92

STYLE = """<style>
.chainrule-verdict {--edge:#d6409f; --ink:#1c2024; --faint:#60666d; --paper:#fbf7fa; --code:#f1edf0;
 border-left:4px solid var(--edge); background:var(--paper); color:var(--ink); padding:.6em 1em; border-radius:4px;
 max-width:52em; line-height:1.5}
.chainrule-verdict.passed {--edge:#2b9a66; --paper:#f4faf6; --code:#e9f3ed}
.chainrule-verdict.untouched {--edge:#8b8d98; --paper:#f7f7f8; --code:#ededf0}
.chainrule-verdict pre, .chainrule-verdict code {background:var(--code)!important; color:inherit!important;
 border-radius:3px; padding:0 .25em}
.chainrule-verdict pre {padding:.4em .7em!important; margin:.4em 0; white-space:pre-wrap}
.chainrule-verdict p, .chainrule-verdict details {margin:.35em 0}
.chainrule-verdict .faint, .chainrule-verdict summary {color:var(--faint)}
.chainrule-verdict summary {cursor:pointer}
@media (prefers-color-scheme:dark) {
 body:not([data-jp-theme-light=true]) .chainrule-verdict {--edge:#f76bbb; --ink:#e8eaed; --faint:#9aa2ab;
  --paper:#201a1f; --code:#2c242a}
 body:not([data-jp-theme-light=true]) .chainrule-verdict.passed {--edge:#3dd68c; --paper:#161f1a; --code:#1f2c25}
 body:not([data-jp-theme-light=true]) .chainrule-verdict.untouched {--edge:#777b84; --paper:#1c1d1f; --code:#28292c}
}
[data-jp-theme-light=false] .chainrule-verdict {--edge:#f76bbb; --ink:#e8eaed; --faint:#9aa2ab;
 --paper:#201a1f; --code:#2c242a}
[data-jp-theme-light=false] .chainrule-verdict.passed {--edge:#3dd68c; --paper:#161f1a; --code:#1f2c25}
[data-jp-theme-light=false] .chainrule-verdict.untouched {--edge:#777b84; --paper:#1c1d1f; --code:#28292c}
</style>"""


@dataclass(frozen=True)
class Verdict:
    """What is said about one answer.

    ``mistake`` is the name of the wrong answer of the bank that behaves the same, or None; ``explanation`` what the
    bank says about it.  ``shown`` is the code that was run, ``got`` and ``expected`` what it gave and should give.
    """

    exercise: str
    title: str
    passed: bool
    stage: str
    headline: str
    shown: str = ""
    got: str = ""
    expected: str = ""
    why: str = ""
    mistake: str | None = None
    explanation: str = ""
    printed: str = ""
    notes: tuple[str, ...] = ()
    hints: tuple[str, ...] = ()
    seconds: float = 0.0

    @property
    def mark(self) -> str:
        """✓ for a pass, ○ where nothing has been tried yet, ✗ for an answer that is not right."""
        return "✓" if self.passed else "○" if self.stage == "stub" else "✗"

    @property
    def text(self) -> str:
        """All of it, as plain text."""
        return "\n".join(self._lines())

    def as_data(self) -> dict[str, Any]:
        """All of it, for JSON (without the hints)."""
        data = {**asdict(self), "text": self.text, "notes": list(self.notes)}
        del data["hints"]
        return data

    def __repr__(self) -> str:
        return self.text

    def _lines(self) -> list[str]:
        lines = [f"{self.mark} {self.exercise} {self.title}: {self.headline}"]
        if self.shown:
            lines += ["", textwrap.indent(self.shown, "    ")]
        if self.got:
            lines += ["", *_wrapped(f"got       {self.got}", "          ")]
        if self.expected:
            because = f", because {self.why}" if self.why else ""
            lines += _wrapped(f"expected  {self.expected}{because}", "          ")
        if self.mistake:
            lines += ["", f"The mistake: {self.mistake}"]
        if self.explanation:
            lines += [*([] if self.mistake else [""]), *_wrapped(self.explanation)]
        for note in self.notes:
            lines += ["", *_wrapped(note)]
        if self.printed.strip():
            lines += ["", "It printed:", textwrap.indent(_shortened(self.printed), "    ")]
        return lines

    def _repr_html_(self) -> str:
        look = {"✓": " passed", "○": " untouched", "✗": ""}[self.mark]
        parts = [f"<p><b>{self.mark} {self.exercise} {escape(self.title)}</b>: {_inline(self.headline)}</p>"]
        if self.shown:
            parts.append(f"<pre>{escape(self.shown)}</pre>")
        if self.got:
            parts.append(_fact("got", self.got))
        if self.expected:
            parts.append(_fact("expected", self.expected, f", because {_inline(self.why)}" if self.why else ""))
        if self.mistake:
            parts.append(f'<p><span class="faint">The mistake:</span> <b>{_inline(self.mistake)}</b></p>')
        parts += [f"<p>{_inline(text)}</p>" for text in (self.explanation, *self.notes) if text]
        if self.printed.strip():
            parts.append(_folded("It printed", f"<pre>{escape(_shortened(self.printed))}</pre>"))
        if not self.passed:
            parts += [_folded(f"Hint {i}", f"<p>{_inline(hint)}</p>") for i, hint in enumerate(self.hints, 1)]
        return f'{STYLE}<div class="chainrule-verdict{look}">{"".join(parts)}</div>'


def _fact(name: str, code: str, more: str = "") -> str:
    text = escape(code).replace("\n", "<br>")
    return f'<p><span class="faint">{name}</span> <code>{text}</code>{more}</p>'


def _folded(name: str, inner: str) -> str:
    return f"<details><summary>{name}</summary>{inner}</details>"


def _wrapped(text: str, indent: str = "") -> list[str]:
    """Lines of at most WIDTH; the text's own line breaks stay."""
    return [
        line
        for part in text.splitlines()
        for line in textwrap.wrap(part, WIDTH, subsequent_indent=indent, break_long_words=False) or [""]
    ]


def _shortened(printed: str, lines: int = 12) -> str:
    shown = printed.strip("\n").splitlines()
    more = [f"... ({len(shown)} lines)"] if len(shown) > lines else []
    return "\n".join([*(line[:200] for line in shown[:lines]), *more])


def _inline(text: str) -> str:
    """Text with `code` in it, for HTML."""
    pieces = escape(text).split("`")
    if len(pieces) % 2 == 0:  # an odd backtick: leave it as it is
        return escape(text)
    return "".join(f"<code>{piece}</code>" if i % 2 else piece for i, piece in enumerate(pieces)).replace("\n", "<br>")
