"""Keeping the warnings of other libraries from the user, from several threads at once."""

from __future__ import annotations

import threading
import warnings
from typing import Any


class Quiet:
    """Shows no warning while any thread is inside, and leaves the filters as they were when the last one leaves.

    Notes
    -----
    The filters belong to the whole process. Where each thread kept and put back its own copy of them, as
    `warnings.catch_warnings` does, one that leaves late would put back those that another had set, and nobody would see a
    warning again.

    Examples
    --------
    >>> quiet = Quiet()
    >>> with quiet:
    ...     warnings.warn("nobody hears this")
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._inside = 0
        self._kept: Any = None

    def __enter__(self) -> None:
        """Keep the filters if nobody is inside yet."""
        with self._lock:
            if self._inside == 0:
                self._kept = warnings.catch_warnings()
                self._kept.__enter__()
                warnings.simplefilter("ignore")
            self._inside += 1

    def __exit__(self, *error: object) -> None:
        """Put the filters back if nobody else is inside."""
        with self._lock:
            self._inside -= 1
            if self._inside == 0:
                self._kept.__exit__(*error)


QUIET = Quiet()
"""The one of this process, as there is one list of filters."""
