"""A result as a table: one row for each row that was judged, or one for each anomaly."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from anomaly_detection.detection.domain.severity import Severity
from anomaly_detection.detection.results.judged import Judged
from anomaly_detection.shared.optional import require

if TYPE_CHECKING:
    import pyarrow as pa


_BATCH_ROWS = 1 << 16
_BATCH_CELLS = 1 << 21
"""So much is converted at once: a file of any length needs the memory of one batch."""
PREFIX = "data_"
"""Set before a column of the data that is called like one of the result's."""
FOUND = ("score", "p_value", "confidence", "prediction", "severity")
EXPLAINED = 1_000
"""At most so many anomalies carry an explanation, the highest scores first."""
Picked = slice | NDArray[np.int64]
_SEVERITIES = [item.value for item in Severity]


class Table:
    """The columns of a result's table: their names, their types, and their values for a stretch of rows.

    Parameters
    ----------
    result : DetectionResult
        What was found.
    data : pyarrow.Table, optional
        The judged rows as they were read. Its columns then stand in the place of the copies that the result keeps: whole numbers
        beyond 2**53 stay as they were.
    appended : mapping of str to pyarrow array, optional
        Further columns for the end, one value for each row.

    Attributes
    ----------
    units : dict of str to {"s", "us"}
        The columns of times, and whether they hold fractions of a second.

    Notes
    -----
    In this order: ``index``; the time; the columns of the data; for a series ``expected_...``, ``lower_...`` and ``upper_...``
    of each column that was judged; ``score``, ``p_value``, ``confidence``, ``prediction``, ``severity``; then
    those appended. The names of rows that a frame's unnamed index gives are called ``row_id``. Where the data have a column of
    one of these names, theirs gets ``data_`` in front, again if that is taken too.
    """

    def __init__(
        self, result: Judged, *, data: pa.Table | None = None, appended: Mapping[str, Any] | None = None
    ) -> None:
        import pyarrow as pa

        self.result = result
        extra = appended or {}
        self._columns: dict[str, tuple[Any, Callable[[Picked], Any]]] = {}
        self.units: dict[str, Literal["s", "us"]] = {}
        own = _own_columns(result) if data is None else _columns_as_read(result, data)
        names = free_names([name for name, _ in own], [*_bands(result), "index", *FOUND, *extra])
        positions = np.arange(result.n_rows)
        self._add("index", pa.int64(), lambda rows: positions[rows])
        for name, (_, values) in zip(names, own, strict=True):
            self._add_values(name, values)
        for name, values in _bands(result).items():
            self._add_values(name, values)
        self._add_found()
        for name, values in extra.items():
            self._add_values(name, values)

    def _add(self, name: str, kind: Any, values: Callable[[Picked], Any]) -> None:
        self._columns[name] = (kind, values)

    def _add_values(self, name: str, values: Any) -> None:
        if not isinstance(values, np.ndarray):
            self._add_arrow(name, values)
            return
        if values.dtype.kind == "M":
            self.units[name] = _unit(values)
        kind, read = _typed(values)
        self._add(name, kind, lambda rows: read(values[rows]))

    def _add_arrow(self, name: str, column: Any) -> None:
        import pyarrow as pa

        if pa.types.is_timestamp(column.type):
            self.units[name] = _unit(column.to_numpy())
        kind, read = _typed_arrow(column.type)
        self._add(name, kind, lambda rows: read(_stretch(column, rows)))

    def _add_found(self) -> None:
        import pyarrow as pa

        result = self.result
        severities = np.full(result.n_rows, -1, dtype=np.int8)
        severities[result.ranking] = result.severity_ranks
        words = pa.array(_SEVERITIES)
        kind = pa.dictionary(pa.int8(), pa.string(), ordered=True)

        def severity(rows: Picked) -> Any:
            codes = severities[rows]
            return pa.DictionaryArray.from_arrays(pa.array(codes, mask=codes < 0), words, ordered=True)

        self._add("score", pa.float64(), lambda rows: pa.array(result.scores[rows], from_pandas=True))
        self._add("p_value", pa.float64(), lambda rows: result.p_values[rows])
        self._add("confidence", pa.float64(), lambda rows: result.confidence_scores[rows])
        self._add("prediction", pa.int8(), lambda rows: result.predictions[rows])
        self._add("severity", kind, severity)

    @property
    def schema(self) -> pa.Schema:
        """Names and types of the columns; all but ``severity`` are plain, missing values are null."""
        import pyarrow as pa

        return pa.schema([(name, kind) for name, (kind, _) in self._columns.items()])

    def batches(self) -> Iterator[pa.RecordBatch]:
        """Yield the rows in stretches; the more columns, the shorter."""
        batch_rows = max(1, min(_BATCH_ROWS, _BATCH_CELLS // len(self._columns)))
        for start in range(0, self.result.n_rows, batch_rows):
            yield self.take(slice(start, start + batch_rows))

    def take(self, rows: Picked) -> pa.RecordBatch:
        """Return some rows, in the order asked for."""
        import pyarrow as pa

        arrays = [_arrow(values(rows), kind) for kind, values in self._columns.values()]
        return pa.RecordBatch.from_arrays(arrays, schema=self.schema)


def to_arrow(result: Judged) -> pa.Table:
    """Return every row with what was found about it; see `Table` for the columns."""
    import pyarrow as pa

    table = Table(result)
    return pa.Table.from_batches(table.batches(), table.schema)


def to_pandas(result: Judged) -> Any:
    """Return `to_arrow` as a pandas frame: ``severity`` is an ordered category, times are in UTC.

    Raises
    ------
    MissingExtra
        pandas is not installed.
    """
    require("pandas", extra="pandas")
    return to_arrow(result).to_pandas()


def to_polars(result: Judged) -> Any:
    """Return `to_arrow` as a polars frame, with ``severity`` as an enumeration.

    Raises
    ------
    MissingExtra
        polars is not installed.
    """
    polars = require("polars", extra="polars")
    frame = polars.from_arrow(plain_severity(to_arrow(result)))
    return frame.with_columns(polars.col("severity").cast(polars.Enum(_SEVERITIES)))


def anomaly_table(result: Judged, limit: int | None = None) -> pa.Table:
    """Return one row for each anomaly, the highest score first: the columns of `to_arrow` without ``prediction``, and why.

    Parameters
    ----------
    limit : int, optional
        At most so many; all by default.

    Returns
    -------
    pyarrow.Table
        With ``rank`` in front and ``why``, a sentence, at the end; ``why`` is null where nothing explains the row.
    """
    import pyarrow as pa

    picked = result.ranking if limit is None else result.ranking[: max(limit, 0)]
    explained = result.explanations_of(picked[:EXPLAINED])
    why = [explained[int(row)].sentence if int(row) in explained else None for row in picked]
    found = pa.Table.from_batches([Table(result).take(picked)]).drop_columns(["prediction"])
    taken = set(found.column_names)
    (rank,), (reason,) = free_names(["rank"], taken), free_names(["why"], taken)
    found = found.add_column(0, rank, pa.array(np.arange(1, len(picked) + 1)))
    return found.append_column(reason, pa.array(why, pa.string()))


def plain_severity(table: Any) -> Any:
    """Return a table or batch with ``severity`` as text."""
    place = table.schema.get_field_index("severity")
    return table.set_column(place, "severity", table.column(place).cast("string"))


def free_names(names: Iterable[str], taken: Iterable[str]) -> list[str]:
    """Return names that are not taken; those that were get ``data_`` in front until they are free.

    Examples
    --------
    >>> free_names(["score", "data_score", "load"], ["score"])
    ['data_data_score', 'data_score', 'load']
    """
    wanted = list(names)
    used = set(taken)
    free = [name not in used for name in wanted]
    used |= {name for name, fine in zip(wanted, free, strict=True) if fine}
    for place, fine in enumerate(free):
        while not fine and wanted[place] in used:
            wanted[place] = PREFIX + wanted[place]
        used.add(wanted[place])
    return wanted


def _own_columns(result: Judged) -> list[tuple[str, NDArray[Any]]]:
    """Return the columns that came with the data: names of rows and time first, each once."""
    rows, names = result.rows, result.rows.names
    known: dict[str, Any] = {"row_id": rows.row_id, "time": rows.time, "entity": rows.entity}
    columns = dict(rows.values)
    first = []
    for role, values in known.items():
        if values is None:
            continue
        name = names.get(role)
        inside = columns.pop(name, None) if role == "row_id" and name == "index" else None
        if name in columns and role != "time":
            continue
        first.append((role if name is None or inside is not None else name, values))
    return [*first, *columns.items()]


def _columns_as_read(result: Judged, data: Any) -> list[tuple[str, Any]]:
    """Return the columns of the data, the time first."""
    time = result.rows.names.get("time")
    return [(name, data.column(name)) for name in sorted(data.column_names, key=lambda name: name != time)]


def _bands(result: Judged) -> Mapping[str, NDArray[Any]]:
    """Return what a series was expected to be, under the names of the table's columns."""
    columns: dict[str, NDArray[Any]] = {}
    for name, expected in result.rows.expected.items():
        columns[f"expected_{name}"] = expected
        band = result.band(name)
        if band is not None:
            columns[f"lower_{name}"], columns[f"upper_{name}"] = band
    return columns


def _typed(values: NDArray[Any]) -> tuple[Any, Callable[[NDArray[Any]], Any]]:
    """Return the Arrow type of a column, and what makes an Arrow array of a stretch of it."""
    import pyarrow as pa

    if values.dtype.kind == "M":
        kind = pa.timestamp("us", "UTC")
        return kind, lambda part: pa.array(part.astype("datetime64[us]"), pa.timestamp("us")).cast(kind)
    if values.dtype != object:
        kind = pa.from_numpy_dtype(values.dtype) if values.dtype.kind in "biuf" else pa.string()
        return kind, lambda part: pa.array(part, kind, from_pandas=True)
    try:
        kind = pa.infer_type(values, from_pandas=True)
        exact = pa.types.is_boolean(kind) or pa.types.is_integer(kind) or pa.types.is_floating(kind)
        if exact:
            pa.array(values, kind, from_pandas=True)
            return kind, lambda part: pa.array(part, kind, from_pandas=True)
    except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError, OverflowError):
        pass
    return pa.string(), _texts


def _typed_arrow(kind: Any) -> tuple[Any, Callable[[Any], Any]]:
    """Return the type that a column as read has in the table, and what brings a stretch of it to that type."""
    import pyarrow as pa

    if pa.types.is_timestamp(kind):
        utc = pa.timestamp("us", "UTC")
        return utc, lambda part: part.cast(pa.timestamp("us", kind.tz), safe=False).cast(utc)
    if pa.types.is_dictionary(kind):
        return pa.string(), lambda part: part.cast(pa.string())
    numbers = pa.types.is_boolean(kind) or pa.types.is_integer(kind) or pa.types.is_floating(kind)
    if numbers or pa.types.is_string(kind):
        return kind, lambda part: part
    return pa.string(), lambda part: _texts(np.array([*part.to_pylist(), None], dtype=object)[:-1])


def _stretch(column: Any, rows: Picked) -> Any:
    """Return some values of an Arrow column as one array."""
    if isinstance(rows, slice):
        start, stop, _ = rows.indices(len(column))
        picked = column.slice(start, max(stop - start, 0))
    else:
        picked = column.take(rows)
    return picked.combine_chunks() if hasattr(picked, "combine_chunks") else picked


def _texts(part: NDArray[Any]) -> Any:
    import pyarrow as pa

    try:
        return pa.array(part, pa.string(), from_pandas=True)
    except (pa.ArrowInvalid, pa.ArrowTypeError, UnicodeEncodeError):
        # A column of several types, or text that is no Unicode: as it reads, with what cannot be written escaped.
        texts = [None if value is None else str(value) for value in part.tolist()]
        return pa.array(
            [None if text is None else text.encode("utf-8", "backslashreplace").decode() for text in texts],
            pa.string(),
        )


def _unit(moments: NDArray[Any]) -> Literal["s", "us"]:
    ticks = moments[~np.isnat(moments)].astype("datetime64[us]").astype(np.int64)
    return "us" if np.any(ticks % 1_000_000) else "s"


def _arrow(values: Any, kind: Any) -> Any:
    import pyarrow as pa

    return pa.array(values, kind) if isinstance(values, np.ndarray) else values
