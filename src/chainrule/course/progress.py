"""What a learner has done, kept in a file: which exercises passed and when, attempts, hints, solutions opened.

`Progress` is a keeper (see `chainrule.course.keeper`): `check`, `hint` and `solution` report to it, in notebooks and
terminals at once.

    {"last": {"lesson": 5, "at": time},
     "exercises": {"5.2": {"passed": time or null, "attempts": 3, "hints": 1, "solution": time or null,
                           "mistakes": {"the sign of the second operand": 2}}}}
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from chainrule.course.lesson import Lesson, find, lessons
from chainrule.course.store import Store, now
from chainrule.course.verdict import Verdict
from chainrule.errors import StateError

NO_ATTEMPT = ("stub", "missing")  # stages at which nothing has been tried yet
FRESH: dict[str, Any] = {"passed": None, "attempts": 0, "hints": 0, "solution": None, "mistakes": {}}


class Progress:
    """The progress kept in the file ``path``."""

    def __init__(self, path: Path) -> None:
        self.store = Store(path)

    def record(self, verdict: Verdict) -> str:
        """Write down a check; what to say about it: how far the lesson is done, after a pass.

        Where it cannot be written, that is what is said: a verdict must not be lost over it.
        """
        try:
            with self._exercise(verdict.exercise) as entry:
                entry["attempts"] += verdict.stage not in NO_ATTEMPT
                if verdict.passed:
                    entry["passed"] = entry["passed"] or now()
                if verdict.mistake:
                    entry["mistakes"][verdict.mistake] = entry["mistakes"].get(verdict.mistake, 0) + 1
        except (OSError, StateError) as error:
            return f"Your progress could not be written down: {error}"
        return self.told(find(verdict.exercise)) if verdict.passed else ""

    def passed(self, id: str) -> bool:
        """Whether an answer to it has passed."""
        return bool(self.of(id)["passed"])

    def hinted(self, id: str) -> int:
        """Count one more hint; how many have been shown, this one included."""
        with self._exercise(id) as entry:
            entry["hints"] += 1
            return int(entry["hints"])

    def gave_up(self, id: str) -> None:
        """The solution was shown before a pass."""
        with self._exercise(id) as entry:
            entry["solution"] = entry["solution"] or now()

    def of(self, id: str) -> dict[str, Any]:
        """All there is about one exercise."""
        return {**FRESH, **self.store.read().get("exercises", {}).get(id, {})}

    def all(self) -> dict[str, dict[str, Any]]:
        """All there is about all exercises that were ever touched."""
        return {id: {**FRESH, **entry} for id, entry in self.store.read().get("exercises", {}).items()}

    def last(self) -> tuple[int, str] | None:
        """The lesson in which something was done last, and when."""
        last = self.store.read().get("last")
        return (last["lesson"], last["at"]) if last else None

    def opened(self, lesson: Lesson) -> None:
        """The lesson was opened."""
        with self.store.change() as data:
            data["last"] = {"lesson": lesson.number, "at": now()}

    def forget(self, ids: Iterable[str]) -> None:
        """Begin these exercises anew."""
        with self.store.change() as data:
            for id in ids:
                data.setdefault("exercises", {}).pop(id, None)

    def told(self, lesson: Lesson) -> str:
        """How far a lesson is done, and what comes next, in a sentence.

        >>> import tempfile
        >>> Progress(Path(tempfile.gettempdir()) / "none.json").told(find("5.1"))
        'Lesson 5: 0 of 4 exercises done. Next: 5.1, Back through three operations.'
        """
        done = {id for id, entry in self.all().items() if entry["passed"]}
        left = [task for task in lesson.tasks.values() if task.id not in done]
        head = f"Lesson {lesson.number}: {len(lesson.tasks) - len(left)} of {len(lesson.tasks)} exercises done."
        if left:
            return f"{head} Next: {left[0].id}, {left[0].title}."
        after = next((each for each in lessons() if not done.issuperset(each.tasks)), None)
        return f"{head} Next: lesson {after.number}, {after.title}." if after else f"{head} That was the last one."

    @contextmanager
    def _exercise(self, id: str) -> Iterator[dict[str, Any]]:
        """The entry of one exercise, to be changed."""
        with self.store.change() as data:
            entry = {**FRESH, "mistakes": {}, **data.setdefault("exercises", {}).get(id, {})}
            yield entry
            data["exercises"][id] = entry
            data["last"] = {"lesson": int(id.partition(".")[0]), "at": now()}
