"""`Store`: a JSON file that several processes may read and change at once.

A change is made under a lock and written whole or not at all, so no process sees half of one, and none loses
another's.  The lock is a file beside it, ``name.lock``, held by the system for as long as the process lives.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from chainrule.errors import StateError
from chainrule.files import write_atomically


class Store:
    """The JSON object in ``path``; an empty one as long as there is no such file."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def read(self) -> dict[str, Any]:
        """What is in it now; StateError if that is no JSON object."""
        try:
            data = json.loads(self.path.read_bytes())
        except FileNotFoundError:
            return {}
        except ValueError as error:
            data = error
        if not isinstance(data, dict):
            raise StateError(f"{self.path} is damaged (no JSON object is in it): move it away, and a new one is made")
        return data

    @contextmanager
    def change(self) -> Iterator[dict[str, Any]]:
        """What is in it, to be changed in place: written when the block ends, unless it raises.

        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     store = Store(Path(folder) / "counts.json")
        ...     for _ in range(2):
        ...         with store.change() as data:
        ...             data["n"] = data.get("n", 0) + 1
        ...     store.read()
        {'n': 2}
        """
        with locked(self.path.with_name(f"{self.path.name}.lock")):
            data = self.read()
            yield data
            write_atomically(self.path, json.dumps(data, indent=1, ensure_ascii=False, sort_keys=True) + "\n")


@contextmanager
def locked(path: Path, wait: bool = True) -> Iterator[None]:
    """Hold the lock ``path``; BlockingIOError if another holds it and ``wait`` is False."""
    import fcntl

    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        yield


def now() -> str:
    """The time, to the second, as ISO 8601 in UTC: such texts sort as the times do."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
