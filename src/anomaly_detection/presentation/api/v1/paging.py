"""Lists by cursor: the id of a page's last item, because ids sort by the time of their making."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, TypeVar


class _Identified(Protocol):
    @property
    def id(self) -> str: ...


T = TypeVar("T", bound=_Identified)


def page(found: Sequence[T], limit: int) -> tuple[Sequence[T], str | None]:
    """Return a page and the cursor of the next one; `found` was asked for with one item more than the page holds."""
    items = found[:limit]
    return items, items[-1].id if len(found) > limit else None
