"""Names that are imported when they are first used, so that importing a package stays cheap."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from typing import Any


def resolve(target: str) -> Any:
    """Return the object that ``"package.module:name"`` names.

    Examples
    --------
    >>> resolve("math:pi") > 3
    True
    """
    module, _, name = target.partition(":")
    return getattr(importlib.import_module(module), name)


def lazy_names(module: str, table: Mapping[str, str]) -> tuple[Callable[[str], Any], Callable[[], list[str]]]:
    """Return ``__getattr__`` and ``__dir__`` for a module whose public names are `table` (name to ``module:name``)."""

    def get(name: str) -> Any:
        try:
            return resolve(table[name])
        except KeyError:
            raise AttributeError(f"module {module!r} has no attribute {name!r}") from None

    def names() -> list[str]:
        return sorted(table)

    return get, names
