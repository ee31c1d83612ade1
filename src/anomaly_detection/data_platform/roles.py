"""The part that each column of a data set plays."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from anomaly_detection.data_platform.errors import UnknownColumn
from anomaly_detection.shared.errors import did_you_mean

if TYPE_CHECKING:
    import pyarrow as pa

Kind = Literal["series", "table"]


@dataclass(frozen=True, slots=True)
class Roles:
    """The part that each column plays.

    Attributes
    ----------
    time : str or None
        When a row happened.
    label : str or None
        Whether a row is known to be an anomaly. Never a feature.
    entity : str or None
        Whom or what a row is about, where several are mixed in one table.
    row_id : str or None
        The name of each single row.
    features : tuple of str
        What a detector looks at.
    """

    time: str | None = None
    label: str | None = None
    entity: str | None = None
    row_id: str | None = None
    features: tuple[str, ...] = ()

    def of(self, column: str) -> str:
        """Return the published role of one column: time, label, entity, feature or ignored."""
        if column == self.time:
            return "time"
        if column == self.label:
            return "label"
        if column in {self.entity, self.row_id}:
            return "entity"
        return "feature" if column in self.features else "ignored"

    def to_dict(self) -> dict[str, Any]:
        """Return plain values."""
        return {
            "time": self.time,
            "label": self.label,
            "entity": self.entity,
            "row_id": self.row_id,
            "features": list(self.features),
        }


def require_column(table: pa.Table, name: str) -> None:
    """Raise `UnknownColumn` with the nearest name unless the table has the column."""
    if name not in table.column_names:
        raise UnknownColumn(
            f"There is no column {name!r}.",
            code="data.unknown_column",
            hint=did_you_mean(name, table.column_names),
            details={"column": name, "columns": list(table.column_names)},
        )


def require_usable(wanted: Iterable[str | None], given: Collection[str], table: pa.Table) -> None:
    """Raise `UnknownColumn` where a wanted column was given, and left out of the table because its type cannot be used."""
    for name in wanted:
        if name is not None and name in given and name not in table.column_names:
            raise UnknownColumn(
                f"Column {name!r} cannot be used: it holds lists, maps, binary data or another type without an order.",
                code="data.unusable_column",
                hint="Name other columns, or write its values as columns of numbers, times or text.",
                details={"column": name},
            )
