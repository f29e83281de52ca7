"""The short path to ``chainrule.data.datasets``."""

from chainrule.data.datasets import (
    ImageFolder,
    bike_sharing,
    data_root,
    digits,
    exp_with_noise,
    game_of_life,
    iris,
    life_step,
    mnist,
    moons,
    quadratic,
    sine,
    spirals,
)

__all__ = [
    "ImageFolder", "bike_sharing", "data_root", "digits", "exp_with_noise", "game_of_life", "iris", "life_step",
    "mnist", "moons", "quadratic", "sine", "spirals",
]  # fmt: skip
