"""There is no GPU here; scripts that ask are told so, and go on on the CPU."""

from __future__ import annotations


def is_available() -> bool:
    """False.

    >>> chainrule.device("cuda" if chainrule.cuda.is_available() else "cpu")
    device(type='cpu')
    """
    return False


def device_count() -> int:
    """0."""
    return 0
