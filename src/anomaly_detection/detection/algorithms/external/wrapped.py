"""One line for each wrapped detector: where it is, which way its scores point, and what a model file of it may hold."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

RowOrder = Literal["together", "blocks", "alone"]


@dataclass(frozen=True, slots=True, eq=False)
class Wrapped:
    """What the adapter must know of a detector that its code does not say.

    Attributes
    ----------
    name : str
        Name of the class.
    module : str
        Where the class is.
    summary, reference : str
        What it does, and who described it.
    method : str
        The method that scores rows.
    inverted : bool
        True where higher means more normal, as everywhere in scikit-learn.
    rows : {"together", "blocks", "alone"}
        How rows are handed to `method` so that each scores the same whatever stands beside it: as they come; in blocks of
        one fixed size, where the last digits depend on the size of a matrix product; or one at a time, where the library
        ranks rows among those handed in.
    min_rows : int
        Below, a robust distance stands in.
    training : str or None
        Attribute that holds the training rows' scores without their own influence, in the direction of `method`.
    grows : bool
        True where scores grow with the number of training rows, so that those of a fold must be scaled.
    varying : bool
        True where columns that never vary break the detector; it then does not see them.
    fixed : mapping
        Constructor keywords that are not the user's to choose.
    types : tuple of str
        All types that a model file may hold beside numbers, text, lists and arrays; the first is the class itself.
    """

    name: str
    module: str
    summary: str
    reference: str
    types: tuple[str, ...]
    method: str = "decision_function"
    inverted: bool = False
    rows: RowOrder = "together"
    min_rows: int = 16
    training: str | None = None
    grows: bool = False
    varying: bool = False
    fixed: Mapping[str, Any] = field(default_factory=dict)


TREES = ("sklearn.tree._classes.ExtraTreeRegressor", "sklearn.tree._tree.Tree")
DISTANCES = tuple(
    f"sklearn.metrics._dist_metrics.{name}Distance64" for name in ("Euclidean", "Manhattan", "Chebyshev", "Minkowski")
)
SEARCH = ("sklearn.neighbors._kd_tree.KDTree", "sklearn.neighbors._ball_tree.BallTree", *DISTANCES)
NEAREST = ("sklearn.neighbors._unsupervised.NearestNeighbors", *SEARCH)
