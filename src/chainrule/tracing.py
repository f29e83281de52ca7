"""What the core tells `chainrule.compile`: the recording under way, and an edition that counts changes.

tracers   whoever does something that the one door does not see asks here whether to tell: values that leave the
          tensors for Python, draws of random numbers, options of an optimizer, gradients read and set
edition   grows whenever a tensor, a module or a hook becomes another one in a way that its numbers do not show (its
          memory, whether gradients are wanted, an attribute, what hangs on it).  A compiled step that finds the
          edition it knows need not look at any of these
"""

from __future__ import annotations

from typing import Any

tracers: list[Any] = []
"""The recording under way: empty, or one."""

edition = [0]
"""How many changes there were, in the whole process."""


class Counted(dict[Any, Any]):
    """A dict whose changes count in the edition."""

    __slots__ = ()

    def __setitem__(self, key: Any, value: Any) -> None:
        edition[0] += 1
        dict.__setitem__(self, key, value)

    def __delitem__(self, key: Any) -> None:
        edition[0] += 1
        dict.__delitem__(self, key)

    def __ior__(self, other: Any) -> Any:  # type: ignore[misc]
        self.update(other)
        return self

    def __reduce__(self) -> Any:
        return Counted, (dict(self),)

    def copy(self) -> Counted:
        """Another with the same items."""
        return Counted(self)


def _counting(name: str) -> Any:
    original = getattr(dict, name)

    def change(self: Counted, *args: Any, **kwargs: Any) -> Any:
        edition[0] += 1
        return original(self, *args, **kwargs)

    change.__name__, change.__doc__ = name, f"As `dict.{name}`; counts in the edition."
    return change


for _name in ("clear", "pop", "popitem", "setdefault", "update"):
    setattr(Counted, _name, _counting(_name))


patches = [0]
"""How often the class of tensors was patched."""


class Counting(type):
    """The class of a class whose changes count in the edition."""

    def __setattr__(cls, name: str, value: Any) -> None:
        patches[0] += 1
        edition[0] += 1
        type.__setattr__(cls, name, value)

    def __delattr__(cls, name: str) -> None:
        patches[0] += 1
        edition[0] += 1
        type.__delattr__(cls, name)


watched: dict[int, Any] = {}
"""What wants to know when the gradient of a tensor is asked for, by the id of the tensor: see `Tensor.grad`."""


def tracer() -> Any:
    """The recording of this thread, or None."""
    return tracers[-1] if tracers and tracers[-1].here() else None


def left(tensor: Any, how: str) -> None:
    """Numbers of ``tensor`` leave for Python by ``how``, where no recording can follow them."""
    if tracers and tracers[-1].here():
        tracers[-1].spoil(f"{how} takes numbers out of the tensors", tensor)


def found(condition: Any) -> bool:
    """The truth of a 0-d ``condition``; in a recording it is kept as a check, made again in each compiled step."""
    truth = bool(condition.array if hasattr(condition, "array") else condition)
    if tracers and tracers[-1].here():
        tracers[-1].check(condition, truth)
    return truth
