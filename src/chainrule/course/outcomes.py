"""What a case gave, held against what it must give.

Outcome   {"value": encoded, "changed": {input: encoded}, "measured": encoded}, the last two where there are any
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from chainrule.course.bank import Case
from chainrule.course.comparing import Difference, Tolerance, difference
from chainrule.course.showing import Encoded

Outcome = dict[str, Encoded]
NOTHING: Encoded = {"kind": "none"}


@dataclass(frozen=True)
class Miss:
    """The first case on which an answer is wrong, how it differs there, and both values in full."""

    case: Case
    difference: Difference
    got: Encoded
    expected: Encoded


def first_difference(outcomes: Sequence[Outcome], cases: Sequence[Case], expects: Sequence[Outcome]) -> Miss | None:
    """The first case whose outcome is not what it must be; a gradient must be what was measured."""
    for outcome, case, expect in zip(outcomes, cases, expects, strict=False):  # an answer may have been ended early
        must = {"value": outcome["measured"]} if "measured" in outcome else expect
        if found := differ(outcome, must, tolerance(case)):
            return Miss(case, found, outcome["value"], must["value"])
    return None


def differ(got: Outcome, must: Outcome, near: Tolerance) -> Difference | None:
    """The first difference of two outcomes: of their values, or of what they changed in place."""
    if found := difference(got["value"], must["value"], near):
        return found
    ours, theirs = got.get("changed", {}), must.get("changed", {})
    for name in sorted({*ours, *theirs}):
        if found := difference(ours.get(name, NOTHING), theirs.get(name, NOTHING), near):
            return Difference("changed", name, found.got, found.expected)
    return None


def tolerance(case: Case) -> Tolerance:
    """How near a case wants its numbers."""
    return Tolerance(case.rtol, case.atol, case.dtype)
