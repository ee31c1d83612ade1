"""The anomalies as a table that is read in stretches, so that a file of any number of them needs little memory."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from anomaly_detection.detection.results.tables import EXPLAINED, Table, free_names

if TYPE_CHECKING:
    import pyarrow as pa

_STRETCH_ROWS = 1 << 14


class Ranked:
    """The rows of a result's table that are anomalies, the highest score first.

    Parameters
    ----------
    table : Table
        Of every row.

    Attributes
    ----------
    units : mapping
        As the table's.

    Notes
    -----
    The columns of `table` without ``prediction``, with ``rank`` in front and ``why``, a sentence, at the end, as
    `DetectionResult.anomaly_table` has them.

    Examples
    --------
    >>> from anomaly_detection import create_detector
    >>> result = create_detector("modified_zscore").detect({"load": [*range(50), 9_999]})
    >>> [batch.to_pylist()[0]["why"] for batch in Ranked(Table(result)).batches()]
    ['load is 9,999, typical is 25.']
    """

    def __init__(self, table: Table) -> None:
        self._table = table
        self.units: Mapping[str, Any] = table.units
        taken = table.schema.names
        (self._rank,), (self._why,) = free_names(["rank"], taken), free_names(["why"], taken)

    @property
    def schema(self) -> pa.Schema:
        """Names and types of the columns."""
        import pyarrow as pa

        fields = [field for field in self._table.schema if field.name != "prediction"]
        return pa.schema([(self._rank, pa.int64()), *fields, (self._why, pa.string())])

    def batches(self) -> Iterator[pa.RecordBatch]:
        """Yield the anomalies in stretches."""
        ranking = self._table.result.ranking
        for start in range(0, len(ranking), _STRETCH_ROWS):
            yield self._stretch(start, ranking[start : start + _STRETCH_ROWS])

    def _stretch(self, start: int, rows: Any) -> pa.RecordBatch:
        import pyarrow as pa

        explained = self._table.result.explanations_of(rows[: max(EXPLAINED - start, 0)])
        why = [explained[row].sentence if row in explained else None for row in rows.tolist()]
        found = self._table.take(rows)
        kept = [found.column(name) for name in found.schema.names if name != "prediction"]
        ranks = pa.array(np.arange(start + 1, start + 1 + len(rows)))
        return pa.RecordBatch.from_arrays([ranks, *kept, pa.array(why, pa.string())], schema=self.schema)
