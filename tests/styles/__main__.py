"""The verdict on each program, or on those named: ``python -m styles [--strict] [NAME ...]``, from ``tests``."""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections import Counter

from styles import PROGRAMS
from styles.judge import judged

os.environ.setdefault("CHAINRULE_CACHE_DIR", os.path.join(tempfile.gettempdir(), f"chainrule-tests-{os.getuid()}"))
strict = {"strict": True} if "--strict" in sys.argv else {}
chosen = [word for word in sys.argv[1:] if not word.startswith("-")]
tally: Counter[str] = Counter()
for name, program in PROGRAMS.items():
    if chosen and name not in chosen:
        continue
    start = time.perf_counter()
    try:
        verdict = judged(program, **strict)
    except Exception as error:
        tally["the program is wrong"] += 1
        print(f"{name:44} WRONG PROGRAM {type(error).__name__}: {error}")
        continue
    short = program.compiles and verdict.word != "same natively"
    tally[verdict.word] += 1
    tally["should compile, but does not"] += short
    print(f"{name:44} {'!' if short else ' '} {time.perf_counter() - start:5.2f} s  {verdict}", flush=True)
print(dict(tally))
