"""Data to learn from, as NumPy arrays ``(X, y)`` or as a Dataset; also reachable as ``chainrule.datasets``.

generated     sine, exp_with_noise, quadratic     curves: one number -> one number
              moons, spirals                      points in the plane, in classes
              game_of_life, life_step             boards: now -> later, or later -> before
bundled       digits, iris                        real, and come with scikit-learn
from files    mnist, bike_sharing                 files you fetched, or OpenML through scikit-learn
              ImageFolder                         your own pictures, a folder for each class

The same arguments give the same numbers: what is random is drawn from ``np.random.default_rng(seed)``.
Files are looked for under ``root``, else under $CHAINRULE_DATA_DIR, else in ~/.cache/chainrule/data (``data_root``).
A file that is cut short, or is something else, is refused by name; nothing is half loaded.
"""

from chainrule.data.datasets.bikes import bike_sharing
from chainrule.data.datasets.bundled import digits, iris
from chainrule.data.datasets.folders import ImageFolder
from chainrule.data.datasets.generated import exp_with_noise, moons, quadratic, sine, spirals
from chainrule.data.datasets.handwriting import mnist
from chainrule.data.datasets.life import game_of_life, life_step
from chainrule.data.datasets.places import data_root

__all__ = [
    "ImageFolder", "bike_sharing", "data_root", "digits", "exp_with_noise", "game_of_life", "iris", "life_step",
    "mnist", "moons", "quadratic", "sine", "spirals",
]  # fmt: skip
