"""Which rows of a data set came from which file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Part:
    """The rows that came from one file.

    Attributes
    ----------
    name : str
        The file's path.
    n_rows : int
        How many rows it gave.
    """

    name: str
    n_rows: int


def locate(parts: Sequence[Part], row: int) -> tuple[Part, int]:
    """Return the part that a row lies in, and the row's number inside of it, from 0.

    Raises
    ------
    IndexError
        There is no such row.

    Examples
    --------
    >>> locate((Part("monday.csv", 3), Part("tuesday.csv", 2)), 4)
    (Part(name='tuesday.csv', n_rows=2), 1)
    """
    inside = row
    for part in parts if row >= 0 else ():
        if inside < part.n_rows:
            return part, inside
        inside -= part.n_rows
    raise IndexError(f"There is no row {row}.")
