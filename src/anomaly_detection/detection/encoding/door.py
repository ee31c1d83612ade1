"""One door for each kind of data: from what users have to what the algorithm takes, and back to rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from anomaly_detection.detection.encoding.columns import Column, Columns, no_rows
from anomaly_detection.detection.encoding.series import SeriesEncoder
from anomaly_detection.detection.encoding.table import PLURAL, TableEncoder, listed, no_value
from anomaly_detection.detection.errors import InvalidData
from anomaly_detection.detection.ports import FloatArray, Input
from anomaly_detection.shared.errors import did_you_mean


@dataclass(frozen=True, slots=True)
class Chosen:
    """Which columns the user wants, by name; None leaves the choice to the data."""

    columns: tuple[str, ...] | None = None
    time: str | None = None


@dataclass(frozen=True, slots=True)
class Encoded:
    """What the algorithm takes, and for each row of the data its place in the algorithm's output (None: the same)."""

    input: Input
    position: NDArray[np.int64] | None
    notes: tuple[str, ...]

    def per_row(self, output: FloatArray) -> FloatArray:
        """Bring an output of the algorithm, one entry a step, back to the rows."""
        return output if self.position is None else output[self.position]


class Door(Protocol):
    """Learns from the training columns how rows are encoded."""

    @property
    def names(self) -> tuple[str, ...]:
        """The input columns used, in order."""
        ...

    def encode(self, columns: Columns, *, training: bool = False) -> Encoded:
        """Encode rows; `training` says that they are those that were learnt from."""
        ...

    def check(self, columns: Columns) -> None:
        """Refuse what `encode` would only note: strange columns, and text that stands for nothing."""
        ...

    def to_dict(self) -> dict[str, Any]:
        """Return what was learnt as plain values."""
        ...


def time_column(columns: Columns, chosen: Chosen) -> Column | None:
    """Return the column that tells the time of a row: as asked for, as the data declare, else the only one of times."""
    if chosen.time is not None:
        return _existing(columns, chosen.time)
    declared = columns.roles.get("time")
    if declared:
        return columns.get(declared)
    times = [column for column in columns.items if column.kind == "datetime"]
    return times[0] if len(times) == 1 else None


def feature_columns(columns: Columns, chosen: Chosen, *, without: Column | None) -> tuple[Column, ...]:
    """Return the columns to judge rows by: as asked for, as the data declare, else all but time, label and names."""
    if chosen.columns is not None:
        return tuple(_existing(columns, name) for name in dict.fromkeys(chosen.columns))
    declared = columns.roles.get("features")
    if declared is not None:
        if not declared:
            names = ", ".join(map(repr, columns.names))
            raise InvalidData(
                f"None of the columns can be used to tell rows apart: {names}.",
                code="detection.no_usable_column",
                hint="Give at least one column of numbers, flags, times or repeated categories.",
            )
        wanted = [name for name in declared if name in columns.unreadable]
        if wanted:
            raise columns.unreadable[wanted[0]]
        return tuple(column for column in columns.items if column.name in declared)
    candidates = (columns.items[place] for place in columns.candidates)
    return tuple(column for column in candidates if column is not without)


def _unread(columns: Columns, chosen: Chosen) -> list[str]:
    """Return a note for each column that nobody asked for and that cannot be read."""
    if chosen.columns is not None or columns.roles.get("features") is not None:
        return []
    return [f"{error.message} It was left out." for error in columns.unreadable.values()]


def _counted(columns: Columns, time: str | None) -> list[str]:
    """Return a note where numbers are taken for times: they might count anything."""
    column = None if time is None else columns.get(time)
    if column is None or column.kind != "number":
        return []
    return [f"The time column {time!r} holds numbers: they were read as seconds since 1970-01-01 UTC."]


def _existing(columns: Columns, name: str) -> Column:
    column = columns.get(name)
    if column is None and name in columns.unreadable:
        raise columns.unreadable[name]
    if column is None:
        raise InvalidData(
            f"There is no column {name!r}.",
            code="detection.unknown_column",
            hint=did_you_mean(name, columns.names),
            details={"column": name},
        )
    return column


@dataclass(frozen=True, slots=True)
class TableDoor:
    """Rows that are judged one by one."""

    encoder: TableEncoder

    @classmethod
    def learn(cls, columns: Columns, chosen: Chosen) -> tuple[TableDoor, tuple[str, ...]]:
        """Learn from training columns; also returns notes for the user."""
        if columns.n_rows == 0:
            raise no_rows()
        selected = feature_columns(columns, chosen, without=_row_time(columns, chosen))
        encoder = TableEncoder.learn(columns, selected)
        return cls(encoder), (*encoder.notes, *_unread(columns, chosen), *_counted(columns, chosen.time))

    @property
    def names(self) -> tuple[str, ...]:
        """The input columns used, in order."""
        return self.encoder.names

    def encode(self, columns: Columns, *, training: bool = False) -> Encoded:
        """Encode rows as a matrix; one row never depends on the others."""
        del training
        if columns.n_rows == 0:
            raise no_rows()
        matrix, notes = self.encoder.encode(columns)
        return Encoded(matrix, None, tuple(notes))

    def check(self, columns: Columns) -> None:
        """Refuse columns that are not known, and text where numbers, flags or times were learnt."""
        encoder = self.encoder
        known = {*encoder.names, *encoder.left_out}
        strange = [name for name in (*columns.names, *columns.unreadable) if name not in known]
        if strange and columns.named and encoder.named:
            raise InvalidData(
                f"The detector does not know the column{'s' if len(strange) > 1 else ''} {listed(map(repr, strange))}.",
                code="detection.unknown_column",
                hint=did_you_mean(strange[0], encoder.names),
                details={"column": strange[0], "columns": list(encoder.names)},
            )
        if columns.matrix is not None:
            return
        for item, column in zip(encoder.fields, encoder.pick(columns), strict=True):
            wrong = None if item.kind == "category" else no_value(item, column)
            if wrong is not None:
                raise InvalidData(
                    f"Column {item.name!r} was learnt as {PLURAL[item.kind]}; {wrong!r} is none.",
                    code="detection.column_type",
                    hint="Leave out what is missing, or send null.",
                    details={"column": item.name},
                )

    def pick(self, columns: Columns) -> list[Column]:
        """Return the columns that are used, in the order of `names`."""
        return self.encoder.pick(columns)

    def to_dict(self) -> dict[str, Any]:
        """Return what was learnt as plain values."""
        return {"kind": "table", "encoder": self.encoder.to_dict()}


def _row_time(columns: Columns, chosen: Chosen) -> Column | None:
    """Return the time column of a table, which names its rows and is no feature."""
    if chosen.time is not None or columns.roles.get("time"):
        return time_column(columns, chosen)
    return None


@dataclass(frozen=True, slots=True)
class SeriesDoor:
    """Rows that follow one another in time."""

    encoder: SeriesEncoder
    names: tuple[str, ...]
    time: str | None

    @classmethod
    def learn(cls, columns: Columns, chosen: Chosen) -> tuple[SeriesDoor, tuple[str, ...]]:
        """Learn from training columns; also returns notes for the user."""
        if columns.n_rows == 0:
            raise no_rows()
        time = time_column(columns, chosen)
        wanted = feature_columns(columns, chosen, without=time)
        numeric = [column for column in wanted if column.kind in ("number", "boolean") and column is not time]
        skipped = [column.name for column in wanted if column not in numeric and column is not time]
        if not numeric:
            raise InvalidData(
                "A series needs at least one column of numbers beside its time.",
                code="detection.no_usable_column",
                hint="Name the columns of numbers, or choose an algorithm for tables.",
            )
        names = tuple(column.name for column in numeric)
        encoder = SeriesEncoder.learn(None if time is None else time.values, _stack(numeric), names)
        notes = [f"Columns that hold no numbers were left out: {', '.join(map(repr, skipped))}."] if skipped else []
        notes += [*_unread(columns, chosen), *_counted(columns, None if time is None else time.name)]
        return cls(encoder, names, None if time is None else time.name), tuple(notes)

    def encode(self, columns: Columns, *, training: bool = False) -> Encoded:
        """Put rows on the grid; without a clock, rows other than those learnt from are taken to follow them."""
        if columns.n_rows == 0:
            raise no_rows()
        time = self._time_in(columns)
        values = None if time is None else time.values
        encoded = self.encoder.encode(values, _stack(self.pick(columns)), training=training)
        return Encoded(encoded.series, encoded.position, tuple(encoded.notes))

    def check(self, columns: Columns) -> None:
        """Do nothing: a series refuses text already, and does not know which other columns its training rows had."""

    def pick(self, columns: Columns) -> list[Column]:
        """Return the columns that are used, in the order of `names`."""
        if columns.named or all(name in columns.places for name in self.names):
            return [_existing(columns, name) for name in self.names]
        if len(columns.items) != len(self.names):
            raise InvalidData(
                f"The rows have {len(columns.items)} {'column' if len(columns.items) == 1 else 'columns'}; the detector learnt from {len(self.names)}.",
                code="detection.column_count",
                hint=f"Give the columns {', '.join(self.names)} in this order.",
            )
        return list(columns.items)

    def _time_in(self, columns: Columns) -> Column | None:
        if self.time is None:
            return None
        time = columns.get(self.time) or columns.get(str(columns.roles.get("time")))
        return _existing(columns, self.time) if time is None and columns.named else time

    def to_dict(self) -> dict[str, Any]:
        """Return what was learnt as plain values."""
        return {"kind": "series", "encoder": self.encoder.state(), "names": list(self.names), "time": self.time}


def _stack(columns: Sequence[Column]) -> FloatArray:
    for column in columns:
        if column.kind == "category":
            raise InvalidData(
                f"Column {column.name!r} holds text where the detector learnt numbers.",
                code="detection.column_type",
                hint="Give numbers; missing values may be left empty.",
            )
    return np.ascontiguousarray(np.column_stack([column.values.astype(np.float64) for column in columns]))


def door_from_dict(state: Mapping[str, Any]) -> TableDoor | SeriesDoor:
    """Make the door from what `to_dict` returned."""
    if state["kind"] == "series":
        return SeriesDoor(SeriesEncoder.from_state(state["encoder"]), tuple(state["names"]), state["time"])
    return TableDoor(TableEncoder.from_dict(state["encoder"]))
