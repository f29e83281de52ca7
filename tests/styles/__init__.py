"""Training programs as fifty people would write them: `judge` runs each as written and compiled, and compares."""

from __future__ import annotations

import importlib
import pkgutil

from styles.judge import PROGRAMS as PROGRAMS

for found in pkgutil.iter_modules(__path__):
    if found.name != "__main__":
        importlib.import_module(f"{__name__}.{found.name}")
