"""How a result agrees with anomalies that are known."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from anomaly_detection.data_platform.dataset import Dataset
from anomaly_detection.detection.evaluation.ranking import auroc
from anomaly_detection.detection.results import DetectionResult


@dataclass(frozen=True, slots=True)
class Agreement:
    """A result against the labels of its rows.

    Attributes
    ----------
    label : str
        The column of the labels.
    n_known : int
        How many rows are labelled as anomalies.
    precision : float or None
        Share of the flagged rows that are labelled; None where none is flagged.
    recall : float
        Share of the labelled anomalies that are flagged.
    auroc : float
        Probability that a labelled anomaly scores higher than a normal row, whatever the threshold.
    """

    label: str
    n_known: int
    precision: float | None
    recall: float
    auroc: float

    def sentence(self) -> str:
        """Say it in one line."""
        precision = "none flagged" if self.precision is None else f"{self.precision:.3g}"
        return (
            f"Against the {self.n_known:,} known in {self.label!r}: precision {precision}, recall {self.recall:.3g}, "
            f"AUROC {self.auroc:.4g}."
        )


def agreement(dataset: Dataset, result: DetectionResult) -> Agreement | None:
    """Compare a result with the data set's labels; None where it has none, or none of both kinds.

    Rows without a label are left out.
    """
    label = dataset.roles.label
    if label is None:
        return None
    import pyarrow as pa
    import pyarrow.compute as pc

    column = dataset.table[label]
    rows = pc.is_valid(column).to_numpy().astype(bool)
    known = column.drop_null().cast(pa.int8()).to_numpy().astype(np.int64)
    if not 0 < known.sum() < known.size:
        return None
    flagged, scores = result.predictions[rows] == 1, result.scores[rows]
    hits = int(known[flagged].sum())
    return Agreement(
        label=label,
        n_known=int(known.sum()),
        precision=hits / int(flagged.sum()) if flagged.any() else None,
        recall=hits / int(known.sum()),
        auroc=auroc(known, scores),
    )
