"""Typed columns with the part that each plays: what is read from a file and what detectors take."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Self

from anomaly_detection.data_platform.parts import Part, locate
from anomaly_detection.data_platform.roles import Kind, Roles, require_column, require_usable

if TYPE_CHECKING:
    import pyarrow as pa

    from anomaly_detection.data_platform.profile import ColumnProfile

_UNCHANGED: Any = object()


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Dataset:
    """A table of typed columns with roles. It never changes; what alters it returns a new one.

    Any Arrow consumer takes it (``polars.DataFrame(dataset)``, ``pyarrow.table(dataset)``), and so do the detectors.

    Parameters
    ----------
    table : pyarrow.Table
        Columns of numbers, booleans, timestamps or strings.
    name : str
        What the data are called.
    roles : Roles
        The part that each column plays; `Dataset.from_arrow` recognises them.
    warnings : tuple of str
        What a reader should know about how the data were understood.
    parts : tuple of Part
        Which rows came from which file, in order; empty for data that came from no file.
    owned : bool, default False
        Whether nobody else can write to the memory of the values, as after reading a file: who keeps them needs no copy.

    Examples
    --------
    >>> import pyarrow as pa
    >>> data = Dataset.from_arrow(pa.table({"load": [1.0, 2.0, None], "label": [0, 0, 1]}), name="demo")
    >>> len(data), data.kind, data.roles.features, data.roles.label
    (3, 'table', ('load',), 'label')
    """

    table: pa.Table
    name: str
    roles: Roles = field(default_factory=Roles)
    warnings: tuple[str, ...] = ()
    parts: tuple[Part, ...] = ()
    owned: bool = False
    _cache: dict[str, Any] = field(default_factory=dict, init=False)

    @classmethod
    def from_arrow(
        cls,
        table: Any,
        *,
        name: str = "data",
        time: str | None = None,
        columns: Sequence[str] | None = None,
        label: str | None = None,
        warnings: Iterable[str] = (),
    ) -> Self:
        """Recognise the part that each column of an Arrow table plays.

        Parameters
        ----------
        table : pyarrow.Table, or a pandas or polars frame
            Anything with ``__arrow_c_stream__``. Any column types; unusual ones (decimals, dates, dictionaries) are brought to
            the usual ones.
        name : str
            What the data are called.
        time, label : str, optional
            The columns with the time and with the known anomalies; recognised by content and name otherwise.
        columns : sequence of str, optional
            The features; all columns that can be one otherwise.
        warnings : iterable of str
            Put before those that the recognition adds.

        Raises
        ------
        UnknownColumn
            A column named here does not exist (``data.unknown_column``), or its content cannot play the part
            (``data.not_a_time``, ``data.not_a_label``).
        """
        from anomaly_detection.data_platform.columns import flat, normalise
        from anomaly_detection.data_platform.recognition import recognise

        if not hasattr(table, "column_names"):
            from anomaly_detection.data_platform.records import as_table

            table, _ = as_table(table, name)
        given = dict.fromkeys(name for name, _ in flat(table.column_names, table.columns))
        table, notes = normalise(table)
        require_usable([time, label, *(columns or ())], given, table)
        table, roles, more = recognise(table, time=time, columns=columns, label=label)
        return cls(table, name, roles, tuple(dict.fromkeys([*warnings, *notes, *more])))

    @classmethod
    def from_records(cls, records: Iterable[Mapping[str, Any]], **options: Any) -> Self:
        """Make a data set of dictionaries, one for each row; keys that are absent are missing values.

        Parameters
        ----------
        records : iterable of mapping
            Plain values, times, decimals, or dictionaries, which become columns with dotted names.
        **options
            As for `from_arrow`.

        Raises
        ------
        InvalidInput
            ``data.not_a_table``.

        Examples
        --------
        >>> data = Dataset.from_records([{"load": 1.5, "where": {"host": "a"}}, {"load": 2}])
        >>> data.head()
        [{'load': 1.5, 'where.host': 'a'}, {'load': 2.0, 'where.host': None}]
        """
        from anomaly_detection.data_platform.records import as_table

        table, warnings = as_table(list(records), str(options.get("name", "data")))
        return cls.from_arrow(table, **{**options, "warnings": [*options.get("warnings", ()), *warnings]})

    def __len__(self) -> int:
        return int(self.table.num_rows)

    def __repr__(self) -> str:
        return f"Dataset({self.name!r}, {self.kind}, {len(self)} rows, {len(self.column_names)} columns)"

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
        return self.table.__arrow_c_stream__(requested_schema)

    @property
    def column_names(self) -> list[str]:
        """The columns in their order."""
        return list(self.table.column_names)

    @property
    def kind(self) -> Kind:
        """``series`` for numbers on a mostly regular, nearly unique time; otherwise ``table``."""
        if "kind" not in self._cache:
            from anomaly_detection.data_platform.recognition import kind_of

            self._cache["kind"] = kind_of(self.table, self.roles)
        kind: Kind = self._cache["kind"]
        return kind

    @property
    def block(self) -> Any:
        """All columns as one array of shape (n_rows, n_columns) that may only be read, where memory holds them so; else None."""
        from anomaly_detection.data_platform.gathering import block_of

        return block_of(self.table)

    @property
    def fingerprint(self) -> str:
        """Hash of names, types and values: ``blake2b:`` and 32 hexadecimal digits, whatever the chunks."""
        if "fingerprint" not in self._cache:
            from anomaly_detection.data_platform.fingerprint import fingerprint

            self._cache["fingerprint"] = fingerprint(self.table)
        return str(self._cache["fingerprint"])

    def select(self, columns: Sequence[str]) -> Dataset:
        """Return the same rows with these columns only, in this order."""
        self._require(columns)
        kept = set(columns)

        def still(column: str | None) -> str | None:
            return column if column in kept else None

        roles = Roles(
            time=still(self.roles.time),
            label=still(self.roles.label),
            entity=still(self.roles.entity),
            row_id=still(self.roles.row_id),
            features=tuple(name for name in columns if name in self.roles.features),
        )
        return replace(self, table=self.table.select(list(columns)), roles=roles)

    def with_roles(
        self,
        *,
        time: str | None = _UNCHANGED,
        label: str | None = _UNCHANGED,
        entity: str | None = _UNCHANGED,
        row_id: str | None = _UNCHANGED,
        features: Sequence[str] = _UNCHANGED,
    ) -> Dataset:
        """Return the same data with other roles; what is not given stays.

        A column that gets another part here stops being a feature, unless `features` names it.

        Raises
        ------
        UnknownColumn
            A column does not exist, or the time's content is no time.
        """
        changes = {
            key: value
            for key, value in {"time": time, "label": label, "entity": entity, "row_id": row_id}.items()
            if value is not _UNCHANGED
        }
        self._require([name for name in changes.values() if name is not None])
        table = self.table
        if changes.get("time") is not None:
            from anomaly_detection.data_platform.recognition import as_time

            table = as_time(table, str(changes["time"]))
        if features is _UNCHANGED:
            taken = set(changes.values())
            chosen = tuple(name for name in self.roles.features if name not in taken)
        else:
            self._require(features)
            chosen = tuple(features)
        return replace(self, table=table, roles=replace(self.roles, **changes, features=chosen))

    def part_of(self, row: int) -> tuple[Part, int]:
        """Return the file that a row came from, and the row's number inside of it, from 0.

        Raises
        ------
        IndexError
            There is no such row, or the data came from no file.
        """
        return locate(self.parts, row)

    def head(self, n: int = 5) -> list[dict[str, Any]]:
        """Return the first rows as dictionaries of plain JSON values."""
        from anomaly_detection.data_platform.description import plain_rows

        return plain_rows(self.table.slice(0, max(0, n)))

    def info(self) -> dict[str, Any]:
        """Describe the data and each column in plain JSON values.

        Notes
        -----
        One pass over each column, and a hash table of its distinct values.
        """
        if "columns" not in self._cache:
            from anomaly_detection.data_platform.description import describe

            self._cache["columns"] = describe(self.table, self.roles)
        return {
            "name": self.name,
            "kind": self.kind,
            "n_rows": len(self),
            "n_columns": len(self.column_names),
            "fingerprint": self.fingerprint,
            "roles": self.roles.to_dict(),
            "columns": [dict(column) for column in self._cache["columns"]],
            "warnings": list(self.warnings),
        }

    def profile(self, *, top: int = 3) -> tuple[ColumnProfile, ...]:
        """Return what each column holds: missing and distinct values, minimum, median and maximum, the most frequent.

        Parameters
        ----------
        top : int, default 3
            How many of the most frequent values.

        Notes
        -----
        Fast on millions of rows: distinct values are counted up to 1 000 only (`more_distinct` says so).

        Examples
        --------
        >>> data = Dataset.from_records([{"load": 1, "host": "a"}, {"load": 5, "host": "b"}, {"load": 2, "host": "a"}])
        >>> load, host = data.profile()
        >>> load.minimum, load.median, load.maximum, host.most_frequent
        (1, 2, 5, (('a', 2), ('b', 1)))
        """
        from anomaly_detection.data_platform.profile import profile

        return tuple(profile(self.table, self.roles, top=top))

    def _require(self, columns: Iterable[str]) -> None:
        for name in columns:
            require_column(self.table, name)
