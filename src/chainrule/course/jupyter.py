"""JupyterLab for the course: on this machine only, in the learner's folder, with nothing of the user's own Jupyter.

Its settings, its list of running servers and its log are in the workspace's hidden folder.  It asks no one for news or
updates, shows no dialogs, and takes the theme of the system, light or dark.
"""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from types import FrameType
from urllib.parse import quote

from chainrule.course.store import locked
from chainrule.course.workspace import VARIABLE, Workspace
from chainrule.errors import ArgumentError, StateError, require
from chainrule.files import write_atomically

PATIENCE = 60.0  # seconds in which the server must answer
SETTINGS = {
    "@jupyterlab/apputils-extension:notification": {"checkForUpdates": False, "fetchNews": "false"},
    "@jupyterlab/apputils-extension:themes": {"adaptive-theme": True},
    "@jupyterlab/notebook-extension:tracker": {
        "windowingMode": "none"
    },  # all cells stay on the page: it can be searched
}


def running(workspace: Workspace, page: str) -> str | None:
    """The address of ``page`` on a server that already serves this workspace, or None."""
    for path in sorted((_home(workspace) / "runtime").glob("jpserver-*.json")):
        with contextlib.suppress(OSError, ValueError, KeyError):
            facts = json.loads(path.read_bytes())
            base, token = f"http://127.0.0.1:{facts['port']}", facts["token"]
            if _answers(base, token):
                return address(base, token, page)
    return None


def address(base: str, token: str, page: str) -> str:
    """Where a notebook of the workspace is shown."""
    return f"{base}/lab/tree/{quote(page)}?token={token}"


@contextlib.contextmanager
def server(
    workspace: Workspace, page: str, port: int | None, browser: bool
) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """A server that shows ``page``: its address and its process.  When the block ends, it and its kernels are ended."""
    require("jupyterlab", "jupyterlab", "the course")
    require("ipykernel", "ipykernel", "the course")
    port, token = _free(port), secrets.token_hex(24)
    home = _home(workspace)
    write_settings(home)
    log = home / "server.log"
    with locked(home / "starting.lock"), log.open("wb") as written:
        process = subprocess.Popen(
            _command(workspace, page, port, browser), cwd=workspace.folder, env=_environment(workspace, token),
            stdin=subprocess.DEVNULL, stdout=written, stderr=written, start_new_session=True,
        )  # fmt: skip
    try:
        _wait(process, f"http://127.0.0.1:{port}", token, log)
        yield address(f"http://127.0.0.1:{port}", token, page), process
    finally:
        _stop(process)


@contextlib.contextmanager
def ended_gently() -> Iterator[None]:
    """Within the block, being told to end (SIGTERM, a closed terminal) is like Ctrl-C."""

    def interrupt(number: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    old = {number: signal.signal(number, interrupt) for number in (signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    finally:
        for number, handler in old.items():
            signal.signal(number, handler)


def write_settings(home: Path) -> None:
    """The settings of the page."""
    (home / "settings").mkdir(parents=True, exist_ok=True)
    write_atomically(home / "settings" / "overrides.json", json.dumps(SETTINGS, indent=1))


def _command(workspace: Workspace, page: str, port: int, browser: bool) -> list[str]:
    home = _home(workspace)
    return [
        sys.executable, "-m", "jupyterlab",
        *([] if browser else ["--no-browser"]),
        *(["--allow-root"] if os.geteuid() == 0 else []),
        "--ip=127.0.0.1", f"--port={port}", "--ServerApp.port_retries=0",
        f"--ServerApp.root_dir={workspace.folder}", f"--LabApp.default_url=/lab/tree/{quote(page)}",
        f"--LabApp.app_settings_dir={home / 'settings'}", f"--LabApp.user_settings_dir={home / 'user-settings'}",
        f"--LabApp.workspaces_dir={home / 'workspaces'}",
        "--LabApp.news_url=None", "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
        "--LabApp.extension_manager=readonly",
    ]  # fmt: skip


def _environment(workspace: Workspace, token: str) -> dict[str, str]:
    """The user's environment without what is for another Jupyter."""
    home = _home(workspace)
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("JUPYTER", "JPY_", "IPYTHON"))}
    ours = {f"JUPYTER_{name.upper()}_DIR": str(home / name) for name in ("config", "data", "runtime")}
    path = (
        f"{Path(sys.executable).parent}{os.pathsep}{kept.get('PATH', os.defpath)}"  # `chainrule` in Jupyter's terminal
    )
    return {
        "OPENBLAS_NUM_THREADS": "1",  # the course's products are small: threads would wait for one another
        **kept, **ours, "PATH": path, "IPYTHONDIR": str(home / "ipython"), "JUPYTER_TOKEN": token,
        "JUPYTER_PREFER_ENV_PATH": "1", VARIABLE: str(workspace.folder),
    }  # fmt: skip


def _home(workspace: Workspace) -> Path:
    return workspace.hidden / "jupyter"


def _free(port: int | None) -> int:
    """A port that is free, or this one if it is."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port or 0))
        except (OSError, OverflowError):
            raise ArgumentError(
                f"--port {port}: it is taken or not allowed; leave --port out, and a free one is found"
            ) from None
        return int(probe.getsockname()[1])


def _wait(process: subprocess.Popen[bytes], base: str, token: str, log: Path) -> None:
    """Return when the server answers; StateError with its last words if it never does."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end and process.poll() is None:
        if _answers(base, token):
            return
        time.sleep(0.1)
    said = [line for line in log.read_text(errors="replace").splitlines() if line.strip()]
    raise StateError(f"JupyterLab did not start: {said[-1] if said else 'it said nothing'} (all of it: {log})")


def _answers(base: str, token: str) -> bool:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with contextlib.suppress(OSError), opener.open(f"{base}/api/status?token={token}", timeout=5):
        return True
    return False


def _stop(process: subprocess.Popen[bytes]) -> None:
    """End the server, which ends its kernels; with force if it takes too long."""
    with contextlib.suppress(ProcessLookupError):
        process.send_signal(signal.SIGTERM)
    try:
        process.wait(15)
    except subprocess.TimeoutExpired:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
