"""Why a row was flagged, and what would have been normal."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from anomaly_detection import PlatformError, create_detector, list_algorithms
from anomaly_detection.detection.algorithms.statistical.modified_zscore import ModifiedZScore
from anomaly_detection.detection.domain.explanation import Contribution
from anomaly_detection.detection.explanation.attribution import attribute, occlude, sum_by_source
from anomaly_detection.detection.explanation.counterfactual import columns_to_change
from anomaly_detection.detection.explanation.rows import explain_series
from anomaly_detection.detection.explanation.sentence import describe, describe_step, format_value

TABLES = [info.name for info in list_algorithms(kind="table")]


def orders(n: int = 400) -> dict[str, Any]:
    rng = np.random.default_rng(0)
    table: dict[str, Any] = {
        "amount": rng.normal(50.0, 5.0, n),
        "weight": rng.normal(2.0, 0.2, n),
        "country": np.array(["fr", "de"], dtype=object)[rng.integers(0, 2, n)],
    }
    table["amount"][7] = 9_999.0
    table["weight"][9], table["country"][9] = 40.0, "nowhere"
    return table


def test_occlusion_is_the_score_lost() -> None:
    rows, typical = np.array([[3.0, 4.0], [0.0, 1.0]]), np.zeros(2)
    lost = occlude(lambda X: np.linalg.norm(X, axis=1), rows, typical)
    np.testing.assert_allclose(lost, [[5 - 4, 5 - 3], [0, 1]])


def test_occlusion_in_blocks_is_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    rows, typical = np.random.default_rng(0).normal(size=(25, 3)), np.ones(3)
    score = lambda X: (X**2).prod(axis=1)  # noqa: E731
    whole = occlude(score, rows, typical)
    monkeypatch.setattr("anomaly_detection.detection.explanation.attribution._BLOCK_VALUES", 27)
    assert np.array_equal(occlude(score, rows, typical), whole)


def test_algorithms_that_cannot_tell_are_occluded() -> None:
    class Silent(ModifiedZScore):
        contributions = None  # type: ignore[assignment]
        attribution = property()  # type: ignore[assignment]

    fitted = ModifiedZScore().fit(np.arange(10.0).reshape(5, 2))
    assert attribute(fitted, np.ones((1, 2)), np.zeros(2))[0] == ModifiedZScore.attribution
    silent = Silent().fit(np.arange(10.0).reshape(5, 2))
    name, parts = attribute(silent, np.array([[4.0, 5.0]]), np.array([4.0, 5.0]))
    assert (name, parts.tolist()) == ("occlusion", [[0.0, 0.0]])


def test_features_are_summed_by_column() -> None:
    assert sum_by_source(np.array([[1.0, 2.0, 4.0]]), np.array([0, 1, 1]), 3).tolist() == [[1.0, 6.0, 0.0]]


def test_fewest_changes_in_the_order_of_contribution() -> None:
    score = lambda X: X.sum(axis=1)  # noqa: E731
    rows = np.array([[9.0, 0.0, 0.0], [5.0, 5.0, 0.0], [9.0, 9.0, 9.0]])
    ranking = np.argsort(-rows, axis=1, kind="stable")
    changes = columns_to_change(score, rows, np.zeros(3), np.arange(3), ranking, 3.0)
    assert [None if item is None else item.tolist() for item in changes] == [[0], [0, 1], [0, 1, 2]]
    assert rows[0, 0] == 9.0, "the rows themselves stay"
    assert columns_to_change(score, rows, np.full(3, 9.0), np.arange(3), ranking, 3.0) == [None] * 3


def test_no_more_than_five_columns_are_changed() -> None:
    rows = np.ones((1, 9))
    ranking = np.arange(9)[np.newaxis]
    assert columns_to_change(lambda X: X.sum(axis=1), rows, np.zeros(9), np.arange(9), ranking, 1.0) == [None]


@pytest.mark.parametrize("name", TABLES)
def test_counterfactual_really_is_normal(name: str) -> None:
    table = orders()
    result = create_detector(name, contamination=0.01).detect(table)
    detector = create_detector(name, contamination=0.01).fit(table)
    anomalies = {anomaly.index: anomaly for anomaly in result.anomalies}
    assert {7, 9} <= set(anomalies)
    for index in (7, 9):
        explanation = detector.explain(table, [index])[0]
        assert explanation.counterfactual is not None
        row = {column: [values[index]] for column, values in table.items()}
        changed = {**row, **{column: [value] for column, value in explanation.counterfactual.items()}}
        cutoff = detector.detect(row).threshold.score_cutoff
        assert detector.score(changed)[0] < cutoff <= detector.score(row)[0] + 1e-9


@pytest.mark.parametrize("name", TABLES)
def test_explanations_name_the_odd_columns(name: str) -> None:
    result = create_detector(name, contamination=0.01).detect(orders())
    by_index = {anomaly.index: anomaly.explanation for anomaly in result.anomalies}
    first, second = by_index[7], by_index[9]
    assert first is not None
    assert second is not None
    assert first.contributions[0].feature == "amount"
    assert first.contributions[0].value == 9_999
    assert first.contributions[0].typical == pytest.approx(50.0, abs=2.0)
    assert first.sentence.startswith("amount is 9,999, typical is ")
    assert {item.feature for item in second.contributions[:2]} == {"weight", "country"}
    for explanation in (first, second):
        sizes = [item.contribution for item in explanation.contributions]
        assert sizes == sorted(sizes, reverse=True)


def test_contributions_of_neighbours_add_up_to_the_score() -> None:
    table = orders()
    detector = create_detector("knn").fit(table)
    for explanation, score in zip(detector.explain(table, [7, 9, 20]), detector.score(table)[[7, 9, 20]], strict=True):
        assert sum(item.contribution for item in explanation.contributions) == pytest.approx(score)


def test_rows_to_explain_may_be_positions_or_a_mask() -> None:
    table = orders(60)
    detector = create_detector("knn").fit(table)
    mask = np.zeros(60, dtype=bool)
    mask[[7, 9]] = True
    assert detector.explain(table, mask) == detector.explain(table, [7, 9]) == detector.explain(table, np.array([7, 9]))
    assert detector.explain(table, 7) == detector.explain(table, [7])
    assert len(detector.explain(table)) == 60
    assert detector.explain(table, []) == []
    for wrong in ([60], [-1], [0.5], ["a"], [[1, 2]], np.ones(3, dtype=bool)):
        with pytest.raises(PlatformError, match="positions from 0 to 59") as caught:
            detector.explain(table, wrong)
        assert caught.value.code == "detection.invalid_parameter"


def test_rows_of_an_unnamed_array_are_explained_under_the_learnt_names() -> None:
    rng = np.random.default_rng(0)
    detector = create_detector("knn").fit({"b": rng.normal(size=50), "a": rng.normal(size=50)})
    explanation = detector.explain(np.array([[9.0, 0.0]]))[0]
    assert (explanation.contributions[0].feature, explanation.contributions[0].value) == ("b", 9)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (39_197.0, "39,197"),
        (0.123456, "0.1235"),
        (12.0, "12"),
        (-1_234.5, "-1,234"),
        (1e20, "1e+20"),
        (1e-9, "1e-09"),
        (0, "0"),
        (None, "missing"),
        (True, "true"),
        (False, "false"),
        ("red", "'red'"),
    ],
)
def test_values_are_written_as_a_person_would(value: Any, text: str) -> None:
    assert format_value(value) == text


def test_sentences() -> None:
    big, small, tiny = Contribution("a", 9, 5.0, 1), Contribution("b", None, 4.0, 2), Contribution("c", 3, 0.5, 3)
    assert describe((big, small, tiny)) == "a is 9, typical is 1; b is missing, typical is 2."
    assert describe((Contribution("a", 1, 5.0, 1.0),)) == "a is 1, unusual beside the other values."
    assert describe((Contribution("a", 1, 0.0, 1),)) == "No single feature stands out; the combination is unusual."
    assert describe_step((big, small, tiny)) == "a is 9 where 1 was expected; b is missing where 2 was expected."


def test_steps_of_a_series_without_expected_values() -> None:
    made = explain_series("m", ["x", "y"], [{"x": 5, "y": 1}], np.array([[1.0, 3.0]]), None)[0]
    assert [item.feature for item in made.contributions] == ["y", "x"]
    assert made.counterfactual is None
    assert made.to_dict()["contributions"][0] == {"feature": "y", "value": 1, "contribution": 3.0, "typical": None}
    known = explain_series("m", ["x"], [{"x": 5}], np.array([[1.0]]), np.array([[2.5]]))[0]
    assert known.counterfactual == {"x": 2.5}
    assert known.sentence == "x is 5 where 2.5 was expected."
