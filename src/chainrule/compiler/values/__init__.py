"""Graphs of `Value`: what is their own once a step is recorded; when that is, says ``jit``.

tape      watches a step of Values run, with ``number`` for what it reads in them (``thawing`` takes them back)
form      arguments -> numbers and Values, ``answer`` the way back; ``result``: a Value that a compiled step returns
rules     the operations, read from ``value.py``
program   the step as flat arrays; ``machine``: the one native loop that runs them; ``drawing``: as a picture
"""
