"""A notebook run without a kernel: its cells, in order, in IPython's shell in this process.

    python notebook_shell.py NOTEBOOK

prints {"verdicts": what each check said, by exercise, "printed": all that was printed} as JSON.  A cell that raises ends
it with the traceback.  It is a kernel without the start and the messages, which take longer than many a lesson.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output
from traitlets.config import Config


def main(path: Path) -> None:
    shell = InteractiveShell.instance(config=Config({"HistoryManager": {"enabled": False}}))
    verdicts, printed = {}, []
    for cell in json.loads(path.read_text())["cells"]:
        if cell["cell_type"] != "code":
            continue
        with capture_output() as captured:  # what is shown is made, as a page would need it, and kept here
            ran = shell.run_cell("".join(cell["source"]), store_history=True)
        if not ran.success:
            sys.exit(captured.stdout + captured.stderr)
        printed += [captured.stdout, captured.stderr]
        if id := cell["metadata"].get("chainrule", {}).get("check"):
            verdicts[id] = repr(ran.result)
    print(json.dumps({"verdicts": verdicts, "printed": "".join(printed)}))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
