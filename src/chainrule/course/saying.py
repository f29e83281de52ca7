"""What is said about an answer that is not right: the parts of a `Verdict`, as keyword arguments."""

from __future__ import annotations

from typing import Any

from chainrule.course import accidents
from chainrule.course.bank import Case, Exercise
from chainrule.course.outcomes import Miss
from chainrule.course.runner import Run
from chainrule.course.showing import Encoded, seen

Said = dict[str, Any]
SHORT = 100  # characters of a value that is shown whole, though only one number of it is wrong
IN_THE_CHECK = "(It broke in the lines above, on what the answer gave them: is that what they need?)"
LEFT = "It left {} running when it was done; that was ended. An answer finishes what it starts."


def notes(run: Run) -> tuple[str, ...]:
    """What else happened, besides right or wrong."""
    return (LEFT.format("a process" if run.left == 1 else f"{run.left} processes"),) if run.left else ()


def not_running(error: Encoded, exercise: Exercise) -> Said:
    """For an exception before any case."""
    return {"stage": "run", "headline": "it does not run.", **_accident(error, exercise)}


def ended(run: Run, exercise: Exercise) -> Said:
    """For an answer that did not come back."""
    at = {"shown": exercise.cases[run.at].shown} if run.at is not None else {}
    reason = run.ended or {"reason": "exit"}
    return {"stage": "run", "headline": accidents.ending(reason, exercise.seconds), **at}


def missing(names: list[str]) -> Said:
    """For an answer without what was asked for."""
    told = " and ".join(f"`{name}`" for name in names)
    return {"stage": "missing", "headline": f"it does not define {told}; the check calls it by that name."}


def differing(exercise: Exercise, miss: Miss) -> Said:
    """For the case on which the outcome is wrong."""
    case, found = miss.case, miss.difference
    facts = {"shown": case.shown, "got": seen(found.got), "expected": seen(found.expected), "why": case.why}
    at = f" at {found.path}" if found.path else ""
    if found.stage == "raised" and found.got["kind"] == "raised":
        wanted = f"; {facts['expected']} is what should be raised" if found.expected["kind"] == "raised" else ""
        told = _accident(found.got, exercise)
        return {"stage": "run", "headline": f"it runs, but here it breaks off{wanted}.", "shown": case.shown, **told}
    if found.stage == "raised":
        return {"stage": "value", "headline": "here an error is expected, and none came.", **facts}
    if found.stage == "changed":
        return {"stage": "changed", "headline": _changed(found.path, found.got, found.expected), **facts}
    if found.stage in FORMS:
        facts.update(got=_form(found.got), expected=_form(found.expected))
        return {"stage": found.stage, "headline": f"the {FORMS[found.stage]} is wrong{at}.", **facts}
    if case.slopes:
        return {"stage": "gradient", **facts, **_gradient(case, found.path)}
    if len(seen(miss.got)) <= SHORT and len(seen(miss.expected)) <= SHORT:
        facts.update(got=seen(miss.got), expected=seen(miss.expected))
    return {"stage": "value", "headline": f"a value is wrong{at}.", **facts}


def _accident(error: Encoded, exercise: Exercise) -> Said:
    """What to say about an exception: what, where, the usual cause."""
    usual = accidents.cause(error, exercise.megabytes)
    if not error.get("number"):
        return {"got": seen(error), "explanation": f"{usual} {IN_THE_CHECK}".strip()}
    where = f"\nin line {error['number']} of the answer:  {error['line']}"
    return {"got": seen(error) + where, "explanation": usual}


def _changed(name: str, got: Encoded, expected: Encoded) -> str:
    """For an argument that is not afterwards what it should be."""
    which = f"`{name}`" if not name.startswith("argument_") else f"argument {name.removeprefix('argument_')}"
    if got["kind"] == "none":
        return f"{which} is to be changed in place here, and was not."
    if expected["kind"] == "none":
        return f"it changes {which} in place; whoever called it finds other numbers in it than before."
    return f"it changes {which} in place, as it should, but not to the right values."


def _gradient(case: Case, path: str) -> Said:
    """For a slope that is not what nudging gives: the path in the words of the inputs."""
    names = list(case.inputs)
    if len(names) > 1 and path:  # [1][0, 2]: the input, then the place in it
        index, _, rest = path[1:].partition("]")
        which = names[int(index)] + rest
    else:
        which = names[0] + path
    why = case.why or f"that is how much the result changes when {which} is nudged, divided by the nudge"
    return {"headline": f"the slope with respect to {which} is wrong.", "why": why}


FORMS = {"type": "type", "shape": "shape", "dtype": "kind of number"}
_NAMES = {"bool": "a truth value", "number": "a number", "text": "a text", "mapping": "a dict"}


def _form(value: Encoded) -> str:
    """What kind of thing it is, with its value if that is short."""
    if value["kind"] == "array":
        name = "an array" if value["type"] == "array" else "a tensor"
        return f"{name} of shape {tuple(value['shape'])}, {value['dtype']}"
    if value["kind"] == "sequence":
        return f"a {value['type']} of {len(value['items'])}: {seen(value)}"
    if value["kind"] == "none":
        return "None: nothing was returned"
    if value["kind"] == "object":
        return f"an object of type {seen(value)}"
    return f"{_NAMES[value['kind']]}: {seen(value)}"
