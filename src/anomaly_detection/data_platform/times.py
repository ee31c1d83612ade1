"""Times written as text, in the usual ways of writing them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pyarrow as pa

_CLOCK = (
    r"(?:[T ]+(?P<hour>\d{1,2}):(?P<minute>\d{2})(?::(?P<second>\d{2})(?:[.,](?P<fraction>\d{1,9}))?)?"
    r"\s*(?P<half>[AaPp][Mm])?\s*(?P<zone>Z|UTC|GMT|[+-]\d{2}(?::?\d{2})?)?)?\s*$"
)
_YEAR_FIRST = r"^\s*(?P<year>\d{4})[-/.](?P<month>\d{1,2})[-/.](?P<day>\d{1,2})" + _CLOCK
_YEAR_LAST = r"^\s*(?P<first>\d{1,2})(?P<mark>[-/.])(?P<other>\d{1,2})[-/.](?P<year>\d{4})" + _CLOCK
LOOKS_LIKE_TIME = r"^\s*(\d{4}[-/.]\d{1,2}[-/.]\d{1,2}|\d{1,2}[-/.]\d{1,2}[-/.]\d{4})([T ].*)?$"
AMBIGUOUS = "ambiguous"


def parse_times(column: pa.ChunkedArray) -> Any:
    """Read a column of strings as times.

    Read are ISO 8601 (with ``T`` or a space, a fraction, a zone), ``YYYY/MM/DD``, ``DD.MM.YYYY``, and ``MM/DD/YYYY`` or
    ``DD/MM/YYYY`` where one day above 12 tells which; with or without a time of day, also with ``AM`` and ``PM``.

    Parameters
    ----------
    column : pyarrow.ChunkedArray
        Strings.

    Returns
    -------
    pyarrow.ChunkedArray, "ambiguous" or None
        timestamp[us], in UTC where all have a zone; ``"ambiguous"`` when days and months cannot be told apart; None when a
        value is no time.
    """
    import pyarrow.compute as pc

    missing = column.null_count
    if missing == len(column):
        return None
    parts = pc.extract_regex(column, _YEAR_FIRST)
    if parts.null_count == missing:
        return _assemble(parts, "month", "day")
    parts = pc.extract_regex(column, _YEAR_LAST)
    if parts.null_count != missing:
        return None
    marks = pc.unique(pc.struct_field(parts, "mark").drop_null()).to_pylist()
    if marks == ["."]:
        return _assemble(parts, "other", "first")
    first, other = (_highest(parts, name) for name in ("first", "other"))
    if first <= 12 and other <= 12:
        return AMBIGUOUS
    return _assemble(parts, "first", "other") if other > 12 else _assemble(parts, "other", "first")


def _highest(parts: Any, name: str) -> int:
    import pyarrow as pa
    import pyarrow.compute as pc

    return int(pc.max(pc.struct_field(parts, name).cast(pa.int64())).as_py())


def _assemble(parts: Any, month: str, day: str) -> Any:
    import pyarrow as pa
    import pyarrow.compute as pc

    def text(name: str) -> Any:
        return pc.struct_field(parts, name)

    def number(name: str) -> Any:
        digits = text(name)
        return pc.if_else(pc.equal(digits, ""), "0", digits).cast(pa.int64())

    date = pc.binary_join_element_wise(
        text("year"), pc.utf8_lpad(text(month), 2, "0"), pc.utf8_lpad(text(day), 2, "0"), "-"
    )
    try:
        days = date.cast(pa.timestamp("us")).cast(pa.int64())
    except pa.ArrowInvalid:
        return None
    hour, minute, second = number("hour"), number("minute"), number("second")
    half = pc.utf8_lower(text("half"))
    if pc.any(pc.and_(pc.not_equal(half, ""), pc.or_(pc.greater(hour, 12), pc.equal(hour, 0)))).as_py():
        return None
    hour = pc.if_else(pc.and_(pc.equal(half, "am"), pc.equal(hour, 12)), 0, hour)
    hour = pc.if_else(pc.and_(pc.equal(half, "pm"), pc.less(hour, 12)), pc.add(hour, 12), hour)
    if any(pc.any(pc.greater(part, limit)).as_py() for part, limit in ((hour, 23), (minute, 59), (second, 59))):
        return None
    fraction = pc.utf8_slice_codeunits(pc.utf8_rpad(text("fraction"), 6, "0"), 0, 6).cast(pa.int64())
    seconds = pc.add(pc.add(pc.multiply(hour, 3600), pc.multiply(minute, 60)), second)
    zone = text("zone")
    zoned = pc.sum(pc.not_equal(zone, "")).as_py()
    if zoned not in {0, len(parts) - parts.null_count}:
        return None
    total = pc.add(pc.add(days, pc.multiply(pc.subtract(seconds, _offset(zone)), 1_000_000)), fraction)
    return total.cast(pa.timestamp("us", tz="UTC" if zoned else None))


def _offset(zone: Any) -> Any:
    """Return the zones' distance from UTC in seconds; the names of UTC and no zone count as none."""
    import pyarrow as pa
    import pyarrow.compute as pc

    named = pc.match_substring_regex(zone, "^[A-Z]*$")
    digits = pc.replace_substring(pc.utf8_rpad(pc.if_else(named, "+0000", zone), 5, "0"), ":", "")
    digits = pc.utf8_slice_codeunits(pc.utf8_rpad(digits, 5, "0"), 0, 5)
    hours = pc.utf8_slice_codeunits(digits, 1, 3).cast(pa.int64())
    minutes = pc.utf8_slice_codeunits(digits, 3, 5).cast(pa.int64())
    seconds = pc.add(pc.multiply(hours, 3600), pc.multiply(minutes, 60))
    return pc.if_else(pc.starts_with(digits, "-"), pc.negate(seconds), seconds)
