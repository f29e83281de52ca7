"""The text of one work's expression."""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule.compiler.expressions import COMPARE, EXPRESSIONS, LIBRARY, TYPES, cast, literal
from chainrule.compiler.works import Operand, Work


def expression(emitter: Any, work: Work) -> str:
    """What ``work`` computes at one place, in the dtype of its result."""
    if work.kind == "reduce":
        text, dtype = emitter.read(work.operands[0])
        wanted = dtype if work.how.startswith("arg") else work.dtype
        return literal(text, wanted) if dtype is None else cast(text, dtype, wanted)
    if work.how == "joined":
        return _joined(emitter, work.operands)
    read = [emitter.read(operand) for operand in work.operands]
    common = _common(work, [dtype for _, dtype in read], work.operands)
    texts = [
        literal(text, common) if dtype is None else cast(text, dtype, common) if _weak(operand) else text
        for (text, dtype), operand in zip(read, work.operands, strict=True)
    ]
    return _typed(_plain(emitter, work, texts, [dtype for _, dtype in read]), work)


def _plain(emitter: Any, work: Work, texts: list[str], dtypes: list[Any]) -> str:
    how, dtype = work.how, work.dtype
    whole = dtype.kind != "f"
    if how == "cast":
        return cast(texts[0], dtypes[0], dtype) if dtypes[0] is not None else literal(work.operands[0].source, dtype)
    if how == "clamp":
        low, high = work.meta["min"], work.meta["max"]
        larger, smaller = ("max", "min") if whole else ("max_r", "min_r")
        text = texts[0] if low is None else f"{larger}({texts[0]}, {literal(low, dtype)})"
        return text if high is None else f"{smaller}({text}, {literal(high, dtype)})"
    if how == "bitwise_not":
        return f"not {texts[0]}" if dtype.kind == "b" else f"~{texts[0]}"
    if whole and (how in ("floor", "ceil", "trunc", "round") or (how == "sign" and dtype.kind == "b")):
        return texts[0]
    if how == "round":
        return f"np.rint({texts[0]})"
    if whole and how in ("maximum", "minimum", "relu"):
        other = texts[1] if len(texts) > 1 else literal(0, dtype)
        return f"{'min' if how == 'minimum' else 'max'}({texts[0]}, {other})"
    return EXPRESSIONS[how].format(
        *texts,
        t=TYPES[dtype.name] if how in LIBRARY else "",
        zero=literal(0, dtype),
        along=emitter.place(work.meta["along"]) if how == "one_hot" else "",
    )


def _weak(operand: Operand) -> bool:
    """Whether it stands for a Python number."""
    source = operand.source
    return bool(getattr(source, "weak", False) or (isinstance(source, Work) and source.entry.weak))


def _common(work: Work, dtypes: list[Any], operands: list[Operand]) -> np.dtype[Any]:
    """The dtype in which numbers meet the operands."""
    if work.entry.weak:
        return np.dtype(np.float64)
    if work.how in COMPARE:
        strong = [d for d, operand in zip(dtypes, operands, strict=True) if d is not None and not _weak(operand)]
        kind = strong[0] if strong else np.dtype(np.float64)
        numbers = [x.source for x in operands if not isinstance(x.source, Work) and isinstance(x.source, float)]
        return np.dtype(np.float64) if kind.kind != "f" and numbers else kind
    return work.dtype


def _typed(text: str, work: Work) -> str:
    """NumPy's narrow integers stay narrow; Python's would grow."""
    return f"{TYPES[work.dtype.name]}({text})" if work.dtype.kind in "iu" and work.dtype != np.int64 else text


def _joined(emitter: Any, operands: list[Operand]) -> str:
    """One after the other: whichever part has this place."""
    parts = []
    for operand in operands:
        plain = Operand(operand.source, operand.index)
        parts.append((emitter.read(plain)[0], emitter.inside(operand)))
    text = parts[-1][0]
    for part, inside in reversed(parts[:-1]):
        text = f"({part} if {inside} else {text})"
    return str(text)
