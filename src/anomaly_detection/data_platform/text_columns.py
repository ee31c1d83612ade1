"""Columns of text whose cells are written numbers or times, in the ways that people write them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from anomaly_detection.data_platform.times import AMBIGUOUS, LOOKS_LIKE_TIME, parse_times

if TYPE_CHECKING:
    import pyarrow as pa

MISSING = frozenset({"", "NA", "N/A", "null", "NULL", "None", "nan", "NaN", "-"})
"""What stands for a missing number or time."""
MISSING_IN_TEXT = MISSING - {"None", "-"}
"""Missing in a column of words, where "None" and "-" are often values of their own."""
NUMBER = r"^\s*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?\s*$"
_WHOLE_NUMBER = r"^\s*[+-]?\d{1,18}\s*$"
_LEADING_ZERO = r"^\s*[+-]?0\d"
_MOSTLY = 0.5

Place = Callable[[int], str]
"""Says where the row of a number stands, such as "line 12"."""


def understand(
    column: pa.ChunkedArray, name: str, place: Place, *, numbers: bool = False
) -> tuple[pa.ChunkedArray, str | None]:
    """Read times that are written as text, and say what keeps a column of numbers from being one.

    Parameters
    ----------
    column : pyarrow.ChunkedArray
        Any type; only strings are looked at.
    name : str
        Of the column.
    place : callable
        Says where a row stands.
    numbers : bool, default False
        Whether text that is all numbers becomes numbers, but for leading zeros.

    Returns
    -------
    tuple of (pyarrow.ChunkedArray, str or None)
        The column, and a warning.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    if not pa.types.is_string(column.type):
        return column, None
    empty = pc.is_in(column, pa.array(sorted(MISSING_IN_TEXT)))
    if pc.any(empty).as_py():
        column = pc.if_else(empty, pa.scalar(None, pa.string()), column)
    known = len(column) - column.null_count
    if known == 0:
        return column, None
    like_time = pc.match_substring_regex(column, LOOKS_LIKE_TIME)
    if pc.sum(like_time).as_py() > _MOSTLY * known:
        return _times(column, like_time, name, place)
    like_number = pc.match_substring_regex(column, NUMBER)
    if pc.sum(like_number).as_py() > _MOSTLY * known:
        return _numbers(column, like_number, name, place, convert=numbers)
    return column, None


def understand_times(column: pa.ChunkedArray, name: str, place: Place) -> tuple[pa.ChunkedArray, str | None]:
    """Read times that are written as text, and leave other text as it is: the writer of a typed format meant it."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if not pa.types.is_string(column.type) or column.null_count == len(column):
        return column, None
    like_time = pc.match_substring_regex(column, LOOKS_LIKE_TIME)
    if pc.sum(like_time).as_py() <= _MOSTLY * (len(column) - column.null_count):
        return column, None
    return _times(column, like_time, name, place)


def _numbers(
    column: pa.ChunkedArray, like_number: Any, name: str, place: Place, *, convert: bool
) -> tuple[pa.ChunkedArray, str | None]:
    import pyarrow as pa
    import pyarrow.compute as pc

    missing = pc.is_in(column, pa.array(sorted(MISSING)))
    if not convert or not pc.all(pc.or_(pc.fill_null(like_number, True), missing)).as_py():
        return column, _odd_one(column, like_number, name, "numbers", place)
    digits = pc.utf8_trim_whitespace(pc.if_else(missing, pa.scalar(None, pa.string()), column))
    if pc.any(pc.match_substring_regex(digits, _LEADING_ZERO)).as_py():
        return column, None
    digits = pc.utf8_ltrim(digits, "+")
    whole = pc.all(pc.match_substring_regex(digits, _WHOLE_NUMBER)).as_py()
    return digits.cast(pa.int64() if whole else pa.float64()), None


def _times(column: pa.ChunkedArray, like_time: Any, name: str, place: Place) -> tuple[pa.ChunkedArray, str | None]:
    import pyarrow as pa
    import pyarrow.compute as pc

    words = pc.fill_null(pc.is_in(column, pa.array(sorted(MISSING))), False)
    moments = parse_times(pc.if_else(words, pa.scalar(None, pa.string()), column))
    if isinstance(moments, str) and moments == AMBIGUOUS:
        first = column.drop_null()[0].as_py()
        return column, (
            f"Column {name!r} holds dates such as {first!r}, whose day and month cannot be told apart; "
            "it was read as text. Write YYYY-MM-DD."
        )
    if moments is not None:
        return moments, None
    if pc.all(like_time).as_py():
        return column, (
            f"Column {name!r} looks like times, but not all can be read (a date that does not exist, or a time zone in "
            "some rows only); it was read as text."
        )
    return column, _odd_one(column, like_time, name, "times", place)


def _odd_one(column: pa.ChunkedArray, fits: Any, name: str, expected: str, place: Place) -> str:
    import pyarrow as pa
    import pyarrow.compute as pc

    missing = pc.is_in(column, pa.array(sorted(MISSING)))
    odd = pc.fill_null(pc.invert(pc.or_(fits, missing)), False)
    row = pc.index(odd, pa.scalar(True)).as_py()
    value = column[row].as_py()
    shown = value if len(value) <= 40 else value[:39] + "…"
    count = pc.sum(odd).as_py()
    others = f" (and {count - 1:,} others)" if count > 1 else ""
    return (
        f"Column {name!r} holds mostly {expected}, but {shown!r} in {place(row)}{others}: "
        "it was read as text. Leave such cells empty to have it read as "
        f"{expected}."
    )
