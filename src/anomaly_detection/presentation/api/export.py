"""A result as a file that is made while it is sent: memory holds some thousand rows of it, however many there are."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from anomaly_detection.detection.results import DetectionResult

Said = Mapping[int, tuple[str | None, str]]


def export(
    result: DetectionResult, said: Said, form: Literal["csv", "jsonl", "parquet", "arrow"], *, anomalies: bool
) -> Iterator[Any]:
    """Return the parts of a file.

    Parameters
    ----------
    result : DetectionResult
        What was found.
    said : mapping of int to (verdict, note)
        What people said, by row; the columns ``verdict`` and ``note`` at the end.
    form : {"csv", "jsonl", "parquet", "arrow"}
        How it is written. Times are ISO 8601 in the two texts; CSV holds no formulas.
    anomalies : bool
        Whether only the anomalies are wanted, ranked and with ``why``, in the place of every row.
    """
    from anomaly_detection.detection.results import files
    from anomaly_detection.detection.results.ranked import Ranked
    from anomaly_detection.detection.results.tables import Table

    verdicts = {row: verdict for row, (verdict, _) in said.items()}
    notes = {row: note or None for row, (_, note) in said.items()}
    appended = {"verdict": _column(verdicts, result.n_rows), "note": _column(notes, result.n_rows)}
    table = Table(result, appended=appended)
    chosen = Ranked(table) if anomalies else table
    if form == "csv":
        return files.as_csv(chosen, guarded=True)
    return {"jsonl": files.as_jsonl, "parquet": files.as_parquet, "arrow": files.as_arrow}[form](chosen)


def _column(texts: Mapping[int, str | None], n_rows: int) -> Any:
    import numpy as np
    import pyarrow as pa

    values = np.full(n_rows, None, dtype=object)
    for row, text in texts.items():
        values[row] = text
    return pa.array(values, pa.string())
