"""What Python says when something breaks, in plain sentences with the usual cause."""

from __future__ import annotations

from typing import Any

from chainrule.course.showing import Encoded

ENDINGS = {
    "time": "it was stopped after {seconds:g} s: a loop that never ends, or far too much work.",
    "flood": "it printed so much that it was stopped: a print in a loop that does not end.",
    "size": "it gave back so much data that it was stopped: return what was asked for, nothing larger.",
    "exit": "it ended the process it ran in (os._exit): an answer returns a value, it does not end Python.",
    "signal": "it crashed Python itself ({signal}): recursion without an end does that, and so does foreign code.",
    "lost": "it ended the process that was to check it: an answer must leave other processes alone.",
}

CAUSES = {
    "SystemExit": "exit() and quit() end the program; an answer returns a value instead.",
    "EOFError": "input() waits for someone at a keyboard; a check has nobody there: take the value as an argument.",
    "MemoryError": "It asked for more memory than the {megabytes} MB an answer gets: how large are its arrays?",
    "RecursionError": "A function called itself without an end, or the graph is deeper than Python's 1000 calls: "
    "is there a case in which it stops, or can a loop with a list do the same?",
    "IndentationError": "The lines of one block must begin in the same column.",
    "SyntaxError": "Python cannot read this line: look for a missing bracket, colon or quote, also on the line above.",
    "NameError": "This name is not known: is it spelled as where it was defined, and defined in the answer itself?",
    "UnboundLocalError": "A name that is assigned anywhere in a function belongs to the function: it has no value yet.",
    "ZeroDivisionError": "Something in the denominator is 0.",
    "OverflowError": "A number grew too large for a float (e^710 is too large already): write the formula so that "
    "the exponent stays below 0.",
    "KeyError": "There is no such key in the dictionary.",
    "IndexError": "An index reaches past the end: the last of n has the index n - 1.",
    "NotImplementedError": "This part is still to be written.",
    "AttributeError": "The object has nothing of that name: is it of the type you think it is, and spelled that way?",
    "TypeError": "A value is of another type than the line expects, or the call has other arguments than the function.",
    "UnicodeEncodeError": "A character cannot be written that way.",
    "OSError": "The system refused: a file larger than an answer may write, or something else it may not have.",
    "PermissionError": "An answer may not write there.",
    "FileNotFoundError": "There is no such file where an answer runs: an empty folder of its own.",
    "ModuleNotFoundError": "This package is not installed here; the exercises need NumPy and what the lesson imports.",
}
SHAPES = ("shape", "broadcast", "matmul", "dimension", "aligned", "size")
NONE = "None: the function before it returned nothing. Is its return missing?"


def cause(error: Encoded, megabytes: int) -> str:
    """The usual cause of an exception, in a sentence; empty if there is none to give."""
    kind, text = error["type"], error["text"]
    if kind in ("TypeError", "AttributeError") and "NoneType" in text:
        return f"One of the values is {NONE}"
    if kind in ("ValueError", "ShapeError") and any(word in text for word in SHAPES):
        return "The shapes of two arrays do not go together: print both shapes just above this line."
    return CAUSES.get(kind, "").format(megabytes=megabytes)


def ending(ended: dict[str, Any], seconds: float) -> str:
    """Why an answer was ended before it was done, as the rest of a sentence."""
    return ENDINGS[ended["reason"]].format(seconds=seconds, signal=ended.get("signal", ""))
