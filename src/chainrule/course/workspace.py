"""`Workspace`: a learner's own folder, which an update never overwrites.

    05_backward/05_backward.ipynb   the notebook of a lesson
    05_backward/5.2.py              one exercise, for those who work in an editor
    backups/                        what `reset` has put away
    .chainrule/                     laid_out.json, progress.json

``laid_out.json`` holds the hash of every file as it was laid out.  A file that still has it is as we gave it, and may
be refreshed; any other is the learner's: it stays, and a new version is laid beside it (``05_backward_new.ipynb``).
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

from chainrule.course.handout import exercise_path, handout, notebook_path
from chainrule.course.lesson import Lesson, lessons
from chainrule.course.progress import Progress
from chainrule.course.store import Store
from chainrule.errors import ArgumentError
from chainrule.files import write_atomically

HIDDEN = ".chainrule"
VARIABLE = "CHAINRULE_COURSE"
DEFAULT = "~/chainrule-course"


class Workspace:
    """The workspace in ``folder``; nothing is made or read before `lay_out`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.hidden = folder / HIDDEN
        self.progress = Progress(self.hidden / "progress.json")
        self._laid_out = Store(self.hidden / "laid_out.json")

    def lay_out(self, course: Sequence[Lesson] | None = None) -> list[str]:
        """Put every lesson there that is not, refresh what the learner has not changed; what to tell, a line each."""
        files = [handout(lesson) for lesson in (lessons() if course is None else course)]
        told: list[str] = []
        try:
            self.hidden.mkdir(parents=True, exist_ok=True)
            with self._laid_out.change() as hashes:
                for name, content in (pair for each in files for pair in each.items()):
                    told += self._lay(name, content, hashes)
        except OSError as error:
            reason = os.strerror(error.errno) if error.errno else str(error)
            raise ArgumentError(
                f"the course cannot be laid out in {self.folder} ({reason}); name another folder with --dir"
            ) from None
        return told

    def changed(self, name: str) -> bool:
        """Whether the learner has changed this file (or brought it)."""
        path = self.folder / name
        return path.is_file() and digest(path.read_bytes()) != self._laid_out.read().get(name, {}).get("ours")

    def lesson(self, course: Sequence[Lesson] | None = None) -> Lesson:
        """The lesson to open: where something was done last, or the one after it if all of it is done."""
        course = lessons() if course is None else course
        if not course:
            raise ArgumentError("this chainrule has no lessons; reinstall it: pip install --force-reinstall chainrule")
        last = max(self._touched(course), default=(0.0, course[0].number))[1]
        done = {id for id, entry in self.progress.all().items() if entry["passed"]}
        onward = [each for each in course if each.number >= last]
        return next((each for each in onward if not done.issuperset(each.tasks)), (onward or course)[0])

    def files(self, lesson: Lesson, id: str) -> list[Path]:
        """Where an answer to an exercise may be, latest first: its own file, the notebooks of the lesson."""
        folder = self.folder / lesson.name
        paths = [self.folder / exercise_path(lesson, id), *folder.glob(f"{id}_new*.py"), *folder.glob("*.ipynb")]
        return sorted((path for path in paths if path.is_file()), key=lambda path: -path.stat().st_mtime_ns)

    def backup(self, names: Sequence[str]) -> Path:
        """Copy these files into a new folder among the backups."""
        stamp = datetime.now(UTC).strftime("%Y-%m-%d_%H-%M-%S")
        for i in range(1000):
            folder = self.folder / "backups" / (f"{stamp}_{i}" if i else stamp)
            if not folder.exists():
                break
        for name in names:
            copy = folder / name
            copy.parent.mkdir(parents=True, exist_ok=True)
            write_atomically(copy, (self.folder / name).read_bytes())
        return folder

    def restore(self, name: str, content: bytes, laid_out: bytes) -> None:
        """Write a file anew, after `backup`; ``laid_out`` is how the lesson has it."""
        with self._laid_out.change() as hashes:
            path = self.folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            write_atomically(path, content)
            hashes[name] = {"ours": digest(laid_out), "offered": digest(laid_out)}

    def _lay(self, name: str, content: bytes, hashes: dict[str, dict[str, str]]) -> Iterator[str]:
        """Lay out one file, and say so if that is news to the learner.

        ``ours`` is the hash of the file as we last wrote it, ``offered`` that of the version last laid there or beside.
        """
        path, new, entry = self.folder / name, digest(content), hashes.get(name)
        there = digest(path.read_bytes()) if path.is_file() else None
        if there is None or there == new or (entry and there == entry["ours"]):
            if there != new:
                path.parent.mkdir(parents=True, exist_ok=True)
                write_atomically(path, content)
            if entry and there and there != new:
                yield f"{name} is the new version of the lesson; you had not changed the old one."
            hashes[name] = {"ours": new, "offered": new}
        elif entry is None:  # it was there before us: the learner's, and nothing to compare it with
            hashes[name] = {"ours": "", "offered": new}
        elif entry["offered"] != new:
            beside = self._beside(path)
            write_atomically(beside, content)
            entry["offered"] = new
            yield f"{name} is yours and stays as it is; the new version of the lesson lies beside it: {beside.name}"

    def _beside(self, path: Path) -> Path:
        """A free name beside ``path``."""
        names = (path.with_name(f"{path.stem}_new{i or ''}{path.suffix}") for i in (0, *range(2, 10_000)))
        return next(name for name in names if not name.exists())

    def _touched(self, course: Sequence[Lesson]) -> Iterator[tuple[float, int]]:
        """When something was done in which lesson: checks and hints, files saved."""
        if last := self.progress.last():
            yield datetime.strptime(last[1], "%Y-%m-%dT%H:%M:%S%z").timestamp(), last[0]
        for lesson in course:
            for name in (notebook_path(lesson), *(exercise_path(lesson, id) for id in lesson.tasks)):
                if self.changed(name):
                    yield (self.folder / name).stat().st_mtime, lesson.number


def digest(content: bytes) -> str:
    """The hash a file is known by; of a notebook only its cells and their outputs count.

    Jupyter changes the rest when it opens one: that is no work of the learner's.
    """
    try:
        book = json.loads(content)
        cells = [
            (c["cell_type"], "".join(c["source"]), c.get("outputs", []), c.get("attachments")) for c in book["cells"]
        ]
    except (ValueError, KeyError, TypeError):
        return hashlib.sha256(content).hexdigest()
    return hashlib.sha256(json.dumps(cells, sort_keys=True).encode()).hexdigest()


def located(folder: str | None) -> Workspace:
    """The workspace asked for: ``--dir``, or the one we are in, or $CHAINRULE_COURSE, or the default."""
    if folder:
        return Workspace(Path(folder).expanduser().resolve())
    if found := around(Path.cwd()):
        return found
    return Workspace(Path(os.environ.get(VARIABLE) or DEFAULT).expanduser().resolve())


def around(folder: Path) -> Workspace | None:
    """The workspace that ``folder`` is in, if it is in one."""
    for each in (folder, *folder.parents):
        if (each / HIDDEN / "laid_out.json").is_file():
            return Workspace(each)
    return None
