"""Notebooks run without a kernel: the cells, in order, in IPython's shell, each notebook in a fork of this process.

It reads the paths of notebooks, one a line, and after each has run writes a line: "done", or how it ended.  Beside the
notebook there is then a .json with {"verdicts": what each check said, by exercise, "printed": all that was printed,
"broken": the traceback of a cell that raised}.  What a start costs (Python, NumPy, Matplotlib, scikit-learn) is paid
once and not for every lesson; a cell must still import what it uses.
"""

from __future__ import annotations

import importlib
import json
import os
import signal
import sys
from pathlib import Path

DEAR = ("matplotlib.figure", "sklearn.datasets", "IPython.core.interactiveshell", "chainrule.graph")
SECONDS = 120  # after which a notebook is ended


def run(path: Path) -> None:
    """Run one notebook, in its folder."""
    from IPython.core.interactiveshell import InteractiveShell
    from IPython.utils.capture import capture_output
    from traitlets.config import Config

    os.chdir(path.parent)
    shell = InteractiveShell.instance(config=Config({"HistoryManager": {"enabled": False}}))
    verdicts, printed, broken = {}, [], ""
    for cell in json.loads(path.read_text())["cells"]:
        if cell["cell_type"] != "code":
            continue
        with capture_output() as captured:  # pictures are drawn, as for a page
            ran = shell.run_cell("".join(cell["source"]), store_history=True)
        printed += [captured.stdout, captured.stderr]
        if not ran.success:
            broken = captured.stdout
            break
        if id := cell["metadata"].get("chainrule", {}).get("check"):
            verdicts[id] = repr(ran.result)
    said = {"verdicts": verdicts, "printed": "".join(printed), "broken": broken}
    path.with_suffix(".json").write_text(json.dumps(said))


def main() -> None:
    """One fork a line; it leaves by the end of the program, so that what it has started is ended."""
    for name in DEAR:
        importlib.import_module(name)
    for line in sys.stdin:
        child = os.fork()
        if not child:
            signal.alarm(SECONDS)
            run(Path(line.rstrip("\n")))
            return
        status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        print("done" if status == 0 else f"ended with {status}", flush=True)


if __name__ == "__main__":
    main()
