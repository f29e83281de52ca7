"""Compiled steps, kept on disk: a second process reads machine code instead of compiling for seconds.

    entry      what belongs to one generated module: ``step_<key>.py``, to be read by people, and ``step_<key>.*.code``
    key        a hash of all that decides the machine code: the source, the helpers it calls, versions, the processor
    folder     $CHAINRULE_CACHE_DIR, else ``chainrule/steps`` where the system keeps caches

Files are written beside their place and moved there whole; code begins with a hash of the rest.  What another process,
a full disk or a crash has left is either right or compiled again, and no one is told.  The folder is bounded: what was
not used for longest goes first.  Nothing needs a file after it is loaded, so an entry may go while it runs somewhere.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import importlib
import importlib.util
import linecache
import os
import pickle
import platform
import sys
import threading
import time
import warnings
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

from chainrule.files import write_atomically

MAX_BYTES, MAX_ENTRIES = 256 * 2**20, 500
STALE = 3600.0  # seconds after which a half-written file is no one's any more
_LOCK = threading.Lock()
_SAID: set[Path] = set()


def load(source: str) -> ModuleType:
    """The generated module of this text; its functions compile when first called, or come from disk.

    The same text gives the same module.  Functions that Numba compiles are kept on disk, except those whose names begin
    with an underscore: they are inside of the others.  Where nothing can be written, all works without, and one warning
    says so.
    """
    key = _key(source)
    name = f"chainrule_step_{key}"
    with _LOCK:
        if name in sys.modules:
            return sys.modules[name]
        shelf = folder()
        path = (shelf or Path("<chainrule>")) / f"step_{key}.py"
        if shelf is not None:
            _show(path, source)
        module = ModuleType(name)
        module.__file__ = str(path)
        linecache.cache[str(path)] = (len(source), None, source.splitlines(True), str(path))  # for tracebacks
        sys.modules[name] = module  # Numba looks the module up by name when it reads code from disk
        try:
            exec(compile(source, str(path), "exec"), module.__dict__)
        except BaseException:
            del sys.modules[name]
            raise
        if shelf is not None:
            for word, value in vars(module).items():
                if not word.startswith("_") and getattr(value, "__module__", None) == name and hasattr(value, "_cache"):
                    value._cache = _OnDisk(value.py_func, path)
            tidy(shelf, path.stem)
        return module


def keep(helper: Any) -> Any:
    """A helper that Numba compiles and Python calls (`shuffling.fresh_orders`), kept on disk as steps are."""
    shelf = folder()
    if shelf is not None and not isinstance(helper._cache, _OnDisk):
        name = f"{helper.py_func.__module__}.{helper.py_func.__qualname__}"
        helper._cache = _OnDisk(helper.py_func, shelf / f"step_{_key(name)}.py")
    return helper


def folder() -> Path | None:
    """Where entries are kept; None, after one warning, where nothing can be written."""
    try:
        given = os.environ.get("CHAINRULE_CACHE_DIR")
        place = Path(given) if given else _system_folder() / "chainrule" / "steps"
    except RuntimeError:  # no home
        return None
    try:
        place.mkdir(parents=True, exist_ok=True, mode=0o700)
        if not os.access(place, os.W_OK | os.X_OK):
            raise PermissionError(f"{place} is not writable")
    except OSError as error:
        _say(place, error)
        return None
    return place


def _system_folder() -> Path:
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local")
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")


def _say(place: Path, error: OSError) -> None:
    if place not in _SAID:
        _SAID.add(place)
        warnings.warn(
            f"compiled steps are not kept on disk, so each process compiles them anew: {error}; set "
            f"CHAINRULE_CACHE_DIR to a folder that can be written", stacklevel=4,
        )  # fmt: skip


def _key(source: str) -> str:
    return hashlib.sha256(source.encode() + b"\0" + _surroundings()).hexdigest()[:32]


@functools.cache
def _surroundings() -> bytes:
    """What the machine code depends on besides the source."""
    import llvmlite
    import numba
    import numpy
    from llvmlite.binding import get_host_cpu_features, get_host_cpu_name

    helpers = sorted((Path(__file__).parent / "native").glob("*.py"))
    versions = [sys.version, numba.__version__, llvmlite.__version__, numpy.__version__]
    machine = [platform.platform(), get_host_cpu_name(), get_host_cpu_features().flatten()]
    settings = sorted(f"{name}={value}" for name, value in os.environ.items() if name.startswith("NUMBA_"))
    texts = [helper.read_text("utf-8") for helper in helpers]
    return repr((versions, machine, settings, texts)).encode()


def _show(path: Path, source: str) -> None:
    """Leave the source to be read; its time says when the entry was last used."""
    try:
        if path.exists() and path.read_bytes() == source.encode():
            os.utime(path)
        else:
            write_atomically(path, source)
    except OSError as error:
        _say(path.parent, error)


class _OnDisk:
    """What Numba asks for the machine code of one function (its own interface for caches, with our files)."""

    def __init__(self, function: Any, source: Path) -> None:
        self.function, self.source = function, source
        self.cache_path = str(source.parent)

    def _path(self, signature: Any) -> Path:
        """One file for each combination of argument types."""
        types = hashlib.sha256(repr(signature).encode()).hexdigest()[:16]
        return self.source.with_suffix(f".{self.function.__qualname__}.{types}.code")

    def load_overload(self, signature: Any, target: Any) -> Any:
        """The compiled function, or None."""
        from numba.core.compiler import CompileResult
        from numba.core.runtime.nrt import rtsys

        data = self._read(signature)
        if data is None:
            _skip_scipy_linalg()
            return None
        if b"_numba_hashsecret" in data:
            target.refresh()  # imports all that Numba can compile, 0.3 s; what hashes needs a part of it
        else:
            rtsys.initialize(target)
        return CompileResult._rebuild(target, *pickle.loads(data))

    def _read(self, signature: Any) -> bytes | None:
        try:
            content = self._path(signature).read_bytes()
        except OSError:
            return None
        digest, data = content[:32], content[32:]
        return data if hashlib.sha256(data).digest() == digest else None  # damaged: compiled again, and overwritten

    def save_overload(self, signature: Any, result: Any) -> None:
        """Keep a function that was just compiled, unless it holds addresses of this process."""
        from numba.core.serialize import dumps

        if result.library.has_dynamic_globals or any(not lifted.can_cache for lifted in result.lifted):
            return
        data = dumps(result._reduce())
        try:
            write_atomically(self._path(signature), hashlib.sha256(data).digest() + data)
        except OSError as error:
            _say(self.source.parent, error)

    def enable(self) -> None:
        """Always on."""

    def flush(self) -> None:
        """Forget the compiled forms of this function."""
        for path in self.source.parent.glob(f"{self.source.stem}.{self.function.__qualname__}.*.code"):
            path.unlink(missing_ok=True)


@functools.cache
def _skip_scipy_linalg() -> None:
    """Let Numba see that SciPy has BLAS without importing all of `scipy.linalg` for it, which takes 0.2 s."""
    import numba.np.linalg as asks

    if "scipy.linalg" not in sys.modules and importlib.util.find_spec("scipy") is not None:
        real = asks.ensure_blas
        asks.ensure_blas = lambda: None
        try:
            importlib.import_module("numba.np.arraymath")
        finally:
            asks.ensure_blas = real


def tidy(shelf: Path, but: str = "") -> None:
    """Remove the entries that were not used for longest, until the folder is in its bounds; never the entry ``but``."""
    entries: dict[str, list[os.DirEntry[str]]] = {}
    for file in _files(shelf):
        if file.name.startswith(".step_"):  # half-written
            with contextlib.suppress(OSError):
                if time.time() - file.stat().st_mtime > STALE:
                    os.unlink(file)
        elif file.name.startswith("step_"):
            entries.setdefault(file.name.partition(".")[0], []).append(file)
    measured = []
    for name, files in entries.items():
        with contextlib.suppress(OSError):  # another process is tidying too
            stats = [file.stat() for file in files]
            measured.append((max(s.st_mtime for s in stats), sum(s.st_size for s in stats), name))
    measured.sort()
    total = sum(size for _, size, _ in measured)
    left = len(measured)
    for _, size, name in measured:
        if total <= MAX_BYTES and left <= MAX_ENTRIES:
            break
        if name != but:
            for file in entries[name]:
                with contextlib.suppress(OSError):
                    os.unlink(file)
            total, left = total - size, left - 1


def _files(shelf: Path) -> Iterator[os.DirEntry[str]]:
    with contextlib.suppress(OSError), os.scandir(shelf) as files:
        yield from files
