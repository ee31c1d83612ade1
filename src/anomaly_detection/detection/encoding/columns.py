"""Any table as typed columns: what `reading.read_columns` makes of the many things that users hold."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from functools import cached_property
from numbers import Real
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from anomaly_detection.detection.domain.moments import FIRST_SECOND, LAST_SECOND
from anomaly_detection.detection.errors import InvalidData

ColumnKind = Literal["number", "boolean", "datetime", "category"]
WRONG_TYPE = "detection.column_type"


@dataclass(frozen=True, slots=True, eq=False)
class Column:
    """One typed column.

    Attributes
    ----------
    values : array of shape (n,)
        float64 with NaN where missing: the number, 0/1 for booleans, seconds since 1970 UTC for times; for categories
        the code of the level, -1 where missing, as int32.
    levels : tuple of str or None
        The distinct values of a category that occur, in the order of the codes.
    """

    name: str
    kind: ColumnKind
    values: NDArray[Any]
    levels: tuple[str, ...] | None = None

    def take(self, rows: NDArray[np.int64]) -> list[Any]:
        """Return the rows' values as plain Python values, None where missing."""
        picked = self.values[rows]
        if self.kind == "category":
            levels = self.levels or ()
            return [None if code < 0 else levels[code] for code in picked.tolist()]
        if self.kind == "datetime":
            return [epoch_to_iso(second) for second in picked.tolist()]
        if self.kind == "boolean":
            return [None if np.isnan(flag) else bool(flag) for flag in picked.tolist()]
        return [plain_number(number) for number in picked.tolist()]


@dataclass(frozen=True, slots=True, eq=False)
class Unreadable:
    """A column whose values cannot be judged, and why: it does no harm unless somebody asks for it."""

    name: str
    error: InvalidData


def attempt(name: str, read: Callable[[], Column]) -> Column | Unreadable:
    """Read a column, or keep why it cannot be read."""
    try:
        return read()
    except InvalidData as error:
        if error.code != WRONG_TYPE:
            raise
        return Unreadable(name, error)


@dataclass(frozen=True, eq=False)
class Columns:
    """Typed columns of equal length, and the roles that the data themselves declare.

    Attributes
    ----------
    names : tuple of str
        In order, each once.
    named : bool
        False when the names are made up, as for a numpy array: columns are then matched by position.
    matrix : array of shape (n_rows, n_columns) or None
        All columns at once, where all are plain numbers; `items` are then views of it. It keeps the usual table cheap.
    """

    names: tuple[str, ...]
    n_rows: int
    named: bool
    columns: tuple[Column, ...] | None = None
    matrix: NDArray[np.float64] | None = None
    roles: Mapping[str, Any] = field(default_factory=dict)
    unreadable: Mapping[str, InvalidData] = field(default_factory=dict)
    """Further columns, nested ones for example, with what is wrong with them."""
    name: str | None = None
    fingerprint: str | None = None
    kept: bool = False
    """Whether nobody else can write to the values."""

    @classmethod
    def of(
        cls,
        items: Sequence[Column | Unreadable],
        n_rows: int,
        *,
        named: bool,
        roles: Mapping[str, Any] | None = None,
    ) -> Columns:
        """Put columns together; those that cannot be read stand apart."""
        columns = tuple(item for item in items if isinstance(item, Column))
        names = tuple(item.name for item in columns)
        unreadable = {item.name: item.error for item in items if isinstance(item, Unreadable)}
        return cls(names, n_rows, named, columns=columns, roles=roles or {}, unreadable=unreadable)

    @cached_property
    def items(self) -> tuple[Column, ...]:
        """The columns, in order."""
        if self.columns is not None:
            return self.columns
        assert self.matrix is not None
        return tuple(Column(name, "number", self.matrix[:, place]) for place, name in enumerate(self.names))

    @cached_property
    def places(self) -> Mapping[str, int]:
        """Position of each name."""
        return {name: place for place, name in enumerate(self.names)}

    @cached_property
    def candidates(self) -> tuple[int, ...]:
        """Positions of the columns that may be features: those that no other role claims."""
        claimed = {self.roles.get(role) for role in ("time", "label", "entity", "row_id")}
        return tuple(place for place, name in enumerate(self.names) if name not in claimed)

    def get(self, name: str) -> Column | None:
        """Return the column of that name, if there is one."""
        place = self.places.get(name)
        return None if place is None else self.items[place]

    def owned(self) -> Columns:
        """Return the same with values of its own, so that a later change of the caller's array changes no result."""
        if self.kept:
            return self
        if self.matrix is not None:
            return replace(self, matrix=self.matrix.copy(order="F"), kept=True)
        return replace(self, columns=tuple(replace(item, values=item.values.copy()) for item in self.items), kept=True)

    def with_times(self, name: str) -> Columns:
        """Return the same with the named column as times, where it came as text in ISO 8601."""
        column = self.get(name)
        if column is None or column.kind != "category":
            return self
        seconds = np.array([read_time(level) for level in column.levels or ()] + [np.nan])
        wrong = [level for level, second in zip(column.levels or (), seconds, strict=False) if np.isnan(second)]
        if wrong:
            raise InvalidData(
                f"Column {name!r} holds text that is no time in ISO 8601: {wrong[0]!r}.",
                code="detection.not_a_time",
                hint="Give times such as 2026-11-21T08:30:00, or numbers that count seconds since 1970 UTC.",
            )
        times = Column(name, "datetime", seconds[column.values])
        return replace(self, columns=tuple(times if item is column else item for item in self.items), matrix=None)


def epoch_to_iso(second: float) -> str | None:
    """Write seconds since 1970 UTC as ISO 8601; None where missing, or outside of the years 1 to 9999.

    Examples
    --------
    >>> epoch_to_iso(1404172800.0)
    '2014-07-01T00:00:00Z'
    """
    if not FIRST_SECOND <= second < LAST_SECOND:
        return None
    return str(np.datetime64(round(second * 1e6), "us")).removesuffix(".000000") + "Z"


def read_time(text: str) -> float:
    """Return the seconds since 1970 of a time in ISO 8601 (UTC where it names no zone), NaN where it is none.

    Examples
    --------
    >>> read_time("2014-07-01T02:00:00+02:00"), read_time("soon")
    (1404172800.0, nan)
    """
    try:
        return epoch_second(datetime.fromisoformat(text.strip()))
    except (ValueError, OverflowError):
        return float("nan")


def plain_number(number: float) -> float | int | str | None:
    """Return a JSON-compatible number: None for missing, whole numbers as int, infinities in words."""
    if np.isnan(number):
        return None
    if np.isinf(number):
        return "Infinity" if number > 0 else "-Infinity"
    return int(number) if number.is_integer() and abs(number) < 2**53 else number


def seconds_of(ticks: NDArray[np.int64], per_second: int, missing: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Return whole ticks as seconds; the whole seconds apart, because 2**53 microseconds last only until 2255."""
    whole = ticks // per_second
    return np.where(missing, np.nan, whole + (ticks - whole * per_second) / per_second)


def epoch_second(value: date | np.datetime64 | None) -> float:
    """Return the seconds since 1970 UTC of a date or time (UTC where it names no zone), NaN for None."""
    if value is None:
        return float("nan")
    if isinstance(value, np.datetime64):
        ticks = np.atleast_1d(value.astype("datetime64[us]"))
        return float(seconds_of(ticks.astype(np.int64), 1_000_000, np.isnat(ticks))[0])
    moment = value if isinstance(value, datetime) else datetime.combine(value, time())
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    passed = aware - datetime(1970, 1, 1, tzinfo=UTC)
    return passed.days * 86_400.0 + passed.seconds + passed.microseconds / 1e6


def level_text(value: Any) -> str:
    """Return the name of a category's level: the same however a value comes, alone or among others.

    Examples
    --------
    >>> level_text(1.0), level_text("é"), level_text(True), level_text(date(2020, 1, 2))
    ('1', 'é', 'True', '2020-01-02T00:00:00Z')
    """
    if isinstance(value, date | np.datetime64):
        return str(epoch_to_iso(epoch_second(value)))
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, bytes):
        return value.decode("utf-8", "backslashreplace")
    if isinstance(value, time):
        value = timedelta(hours=value.hour, minutes=value.minute, seconds=value.second, microseconds=value.microsecond)
    if isinstance(value, timedelta):
        value = value.total_seconds()
    if type(value) is not bool and isinstance(value, Real | Decimal):
        return str(plain_number(as_float(value)))
    text = str(value)
    # Lone surrogates cannot be written to any file.
    return text if text.isascii() else text.encode("utf-8", "backslashreplace").decode()


def as_float(value: Any) -> float:
    """Return a number as a double; what lies beyond is infinite."""
    try:
        return float(value)
    except OverflowError:
        return float("inf") if value > 0 else float("-inf")


def column_name(label: Any) -> str:
    """Return a column's name as text; the parts of a name with several levels are joined by dots.

    Examples
    --------
    >>> column_name(0), column_name(("load", "mean"))
    ('0', 'load.mean')
    """
    if isinstance(label, tuple):
        return ".".join(column_name(part) for part in label)
    return str(label) if isinstance(label, int) else level_text(label)


def category(name: str, codes: NDArray[Any], values: Sequence[Any]) -> Column:
    """Return a category from codes into values; equal texts become one level, and values that do not occur none."""
    codes = np.asarray(codes, dtype=np.int64)
    used = np.flatnonzero(np.bincount(codes[codes >= 0], minlength=len(values))).tolist()
    texts = {place: level_text(values[place]) for place in used if not is_missing(values[place])}
    levels = {text: code for code, text in enumerate(dict.fromkeys(texts.values()))}
    translate = np.full(len(values) + 1, -1, dtype=np.int32)
    translate[list(texts)] = [levels[text] for text in texts.values()]
    return Column(name, "category", translate[codes], tuple(levels))


def is_missing(value: Any) -> bool:
    """Whether a Python value stands for a missing one: None, NaN, NaT, NA or masked."""
    if value is None or value is np.ma.masked:
        return True
    if isinstance(value, float | np.floating):
        return bool(np.isnan(value))
    if isinstance(value, np.datetime64 | np.timedelta64):
        return bool(np.isnat(value))
    if isinstance(value, Decimal):
        return value.is_nan()
    return type(value).__name__ in ("NAType", "NaTType")


def no_rows() -> InvalidData:
    """Return the error for a table without rows."""
    return InvalidData(
        "The table has no row.", code="detection.no_rows", hint="Give at least one row to learn from or to judge."
    )


def wrong_type(name: str, what: str) -> InvalidData:
    """Return the error for a column whose values cannot be judged."""
    return InvalidData(
        f"Column {name!r} holds {what}; numbers, flags, times and text can be judged.",
        code=WRONG_TYPE,
        hint="Leave it out, or turn it into columns of numbers, flags, times or text.",
        details={"column": name},
    )
