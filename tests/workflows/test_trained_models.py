"""Training and scoring by files, and how a result agrees with known anomalies."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from anomaly_detection import PlatformError, load_dataset
from anomaly_detection.workflows.agreement import agreement
from anomaly_detection.workflows.batch_detection import detect_dataset
from anomaly_detection.workflows.sources import Source
from anomaly_detection.workflows.trained_models import score_file, train_file


@pytest.fixture
def table(tmp_path: Path) -> Path:
    """Two hundred orders; the last two are wrong and labelled so, one further label is of a normal row."""
    rng = np.random.default_rng(0)
    lines = [f"{value:.3f},{'XY'[row % 2]},{int(row == 5)}" for row, value in enumerate(rng.normal(size=200))]
    path = tmp_path / "orders.csv"
    path.write_text("amount,country,known_bad\n" + "\n".join([*lines, "60,X,1", "75,Y,1"]) + "\n")
    return path


def test_what_was_learnt_judges_new_rows(table: Path, tmp_path: Path) -> None:
    source = Source((table,), columns=("amount",))
    dataset, detector, result = train_file(source, algorithm="knn", threshold=("alert_rate", 1.0))
    assert (len(dataset), result.n_rows, detector.feature_names) == (202, 202, ("amount",))
    assert all(anomaly.explanation is None for anomaly in result.anomalies)
    model = detector.save(tmp_path / "orders.adm")
    new = tmp_path / "new.csv"
    new.write_text("other,amount\na,0.1\nb,90\n")
    told: list[float] = []
    _, loaded, judged = score_file(new, model, progress=lambda fraction, _: told.append(fraction))
    assert judged.predictions.tolist() == [0, 1]
    assert judged.threshold.kind == "alert_rate"
    assert told == sorted(told)
    assert score_file(new, loaded, threshold=("score", 1e9))[2].n_anomalies == 0


def test_a_column_that_is_missing_is_told(table: Path, tmp_path: Path) -> None:
    _, detector, _ = train_file(table, algorithm="modified_zscore")
    new = tmp_path / "new.csv"
    new.write_text("amuont,country\n1,X\n2,Y\n")
    with pytest.raises(PlatformError, match="is 'amuont' meant") as caught:
        score_file(new, detector)
    assert caught.value.code == "detection.missing_column"


def test_a_time_that_is_missing_is_told(tmp_path: Path) -> None:
    old, new = tmp_path / "old.csv", tmp_path / "new.csv"
    old.write_text("when,load\n" + "".join(f"2026-01-{1 + h // 24:02d} {h % 24:02d}:00,{h % 24}\n" for h in range(240)))
    new.write_text("load\n1\n2\n")
    _, detector, _ = train_file(old)
    with pytest.raises(PlatformError, match="'when'") as caught:
        score_file(new, detector)
    assert caught.value.code == "detection.missing_column"


def test_the_label_is_compared_with_and_not_judged_by(table: Path) -> None:
    source = Source.of(table, label="known_bad")
    dataset = source.read()
    detector, result = detect_dataset(dataset, algorithm="modified_zscore")
    assert "known_bad" not in detector.feature_names
    known = agreement(dataset, result.with_threshold("score", 20.0))
    assert known is not None
    assert (known.n_known, known.precision) == (3, 1.0)
    assert known.recall == pytest.approx(2 / 3)
    assert 0.6 < known.auroc < 1.0
    assert known.sentence().startswith("Against the 3 known in 'known_bad': precision 1, recall 0.667, AUROC 0.")
    nothing = agreement(dataset, result.with_threshold("score", 1e9))
    assert nothing is not None
    assert (nothing.precision, nothing.recall) == (None, 0.0)
    assert "none flagged" in nothing.sentence()


@pytest.mark.parametrize("labels", ["0", "1"])
def test_labels_of_one_kind_say_nothing(tmp_path: Path, labels: str) -> None:
    path = tmp_path / "data.csv"
    path.write_text("load,label\n" + "".join(f"{row % 7},{labels}\n" for row in range(50)))
    dataset = load_dataset(path)
    assert dataset.roles.label == "label"
    assert agreement(dataset, detect_dataset(dataset)[1]) is None


def test_rows_without_a_label_are_left_out(tmp_path: Path) -> None:
    path = tmp_path / "data.csv"
    path.write_text("load,label\n" + "".join(f"{row % 7},{'' if row < 40 else 0}\n" for row in range(60)) + "900,1\n")
    dataset = load_dataset(path)
    known = agreement(dataset, detect_dataset(dataset, threshold=("contamination", 0.02))[1])
    assert known is not None
    assert (known.n_known, known.precision, known.recall, known.auroc) == (1, 1.0, 1.0, 1.0)


def test_a_source_is_a_file_or_several() -> None:
    assert Source.of("a.csv").files == ("a.csv",)
    assert Source.of(["a.csv", "b.csv"], time="t") == Source(("a.csv", "b.csv"), time="t")
    source = Source(("x",))
    assert Source.of(source) is source
