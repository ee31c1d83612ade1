"""The ensemble: who takes part, who is left out, and what is told of it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Self

import numpy as np
import pytest

from anomaly_detection import PlatformError, create_detector, load_detector
from anomaly_detection.detection.algorithms.statistical.modified_zscore import ModifiedZScore
from anomaly_detection.detection.catalogue import CataloguedMembers, create_algorithm
from anomaly_detection.detection.ensemble.ensemble import DEFAULT_MEMBERS, Ensemble
from anomaly_detection.detection.ports import Algorithm, AlgorithmInfo, Attributing, Composed
from anomaly_detection.shared.errors import Cancelled

MEMBERS = ["knn", "isolation_forest", "modified_zscore"]


def rows(n: int = 300, seed: int = 0) -> np.ndarray:
    X = np.random.default_rng(seed).normal(size=(n, 3))
    X[n // 2] = 7.0
    return X


class Failing(ModifiedZScore):
    """Learns nothing."""

    error: Exception = RuntimeError("no\nluck")

    def fit(self, X: np.ndarray) -> Self:
        raise self.error


class Wild(ModifiedZScore):
    """Gives scores that are none."""

    def fit_score(self, X: np.ndarray) -> np.ndarray:
        return np.full(len(X), np.nan)


class Silent:
    """Cannot tell what each feature adds."""

    def __init__(self) -> None:
        self.inner = ModifiedZScore()

    def fit(self, X: np.ndarray) -> Self:
        self.inner.fit(X)
        return self

    def score(self, X: np.ndarray) -> np.ndarray:
        return self.inner.score(X)

    def fit_score(self, X: np.ndarray) -> np.ndarray:
        return self.inner.fit_score(X)

    def state(self) -> Any:
        return self.inner.state()

    def restore(self, state: Any) -> None:
        self.inner.restore(state)


class WithFailures(CataloguedMembers):
    """The catalogue, in which some names make what cannot be used."""

    def __init__(self, **broken: type[Algorithm]) -> None:
        self.broken = broken

    def create(self, name: str, parameters: Any, *, seed: int = 0) -> Algorithm:
        return self.broken[name]() if name in self.broken else super().create(name, parameters, seed=seed)


def ensemble(factory: CataloguedMembers | None = None, **parameters: Any) -> Ensemble:
    return Ensemble(**{"members": MEMBERS, **parameters}).compose(factory or CataloguedMembers())


@pytest.mark.parametrize("method", ["average", "weighted", "max", "vote"])
def test_every_method_finds_the_anomaly_and_calibrates(method: str) -> None:
    found = create_detector("ensemble", members=MEMBERS, method=method).detect(rows())
    assert found.anomalies[0].index == 150
    assert found.p_values[150] < 1e-4
    assert found.n_anomalies <= 5
    assert len(np.unique(found.scores)) > 290, "ties could not be calibrated"


def test_members_are_told_on_the_result() -> None:
    members = ["knn", {"algorithm": "modified_zscore", "parameters": {"combine": "mean"}, "weight": 2}]
    found = create_detector("ensemble", members=members, method="weighted").detect(rows())
    assert found.metadata["members"] == [
        {"name": "knn", "weight": 1.0, "status": "ok"},
        {"name": "modified_zscore", "weight": 2.0, "status": "ok"},
    ]
    assert found.to_dict()["parameters"]["members"] == members
    assert create_detector("knn").detect(rows()).metadata["members"] == []


def test_one_member_alone_ranks_as_it_does_by_itself() -> None:
    alone = create_algorithm("knn", {}).fit_score(rows())
    together = ensemble(members=["knn"]).fit_score(rows())
    assert np.array_equal(np.argsort(together[alone > np.median(alone)]), np.argsort(alone[alone > np.median(alone)]))


def test_parameters_and_weights_of_members_count() -> None:
    X = rows()
    plain = ensemble(members=["knn"]).fit_score(X)
    tuned = ensemble(members=[{"algorithm": "knn", "parameters": {"n_neighbors": 3}}]).fit_score(X)
    assert not np.array_equal(plain, tuned)
    heavy = ensemble(members=["knn", "modified_zscore"], method="weighted", weights=[1e6, 1.0]).fit_score(X)
    assert np.allclose(heavy, plain, rtol=1e-3, atol=1e-3)


def test_seeds_repeat_and_differ_between_equal_members() -> None:
    twice = ensemble(members=["isolation_forest", "isolation_forest"], seed=3)
    first = twice.fit_score(rows())
    assert np.array_equal(first, ensemble(members=["isolation_forest"] * 2, seed=3).fit_score(rows()))
    assert not np.array_equal(first, ensemble(members=["isolation_forest"] * 2, seed=4).fit_score(rows()))
    assert not np.array_equal(first, ensemble(members=["isolation_forest"], seed=3).fit_score(rows()))


@pytest.mark.parametrize("broken", [Failing, Wild])
def test_a_member_that_fails_is_left_out_with_a_warning(
    broken: type[Algorithm], caplog: pytest.LogCaptureFixture
) -> None:
    made = ensemble(WithFailures(knn=broken))
    scores = made.fit_score(rows())
    assert caplog.records == [], "without a configured log, Python would print a traceback"
    record = made.composition()
    assert [item["status"] for item in record] == ["failed", "ok", "ok"]
    assert "\n" not in record[0]["reason"]
    assert any("'knn' was left out" in note for note in made.notes)
    others = ensemble(WithFailures(knn=broken), members=MEMBERS[1:], seed=1)
    assert np.array_equal(scores, others.fit_score(rows())), "the others count as if it had never been named"
    assert np.array_equal(made.score(rows()), others.score(rows()))


def test_what_was_left_out_is_told_by_a_saved_model_too(tmp_path: Path) -> None:
    members = ["isolation_forest", "modified_zscore"]
    detector = create_detector("ensemble", members=members).fit(rows(5))
    loaded = load_detector(detector.save(tmp_path / "model.adm"))
    before, after = detector.detect(rows(40)), loaded.detect(rows(40))
    assert np.array_equal(before.scores, after.scores)
    assert before.metadata["members"] == after.metadata["members"]
    assert before.metadata["members"][0]["reason"] == "it needs 8 rows and there are 5"
    assert any("'isolation_forest' was left out" in warning for warning in after.metadata["warnings"])


def test_too_few_rows_for_all_are_judged_by_a_robust_distance(tmp_path: Path) -> None:
    detector = create_detector("ensemble", members=["isolation_forest", "knn"]).fit(rows(3))
    loaded = load_detector(detector.save(tmp_path / "model.adm"))
    found = loaded.detect(rows(30))
    assert np.array_equal(found.scores, detector.score(rows(30)))
    assert [item["status"] for item in found.metadata["members"]] == ["failed", "failed", "ok"]
    assert any("too few rows for every member" in warning for warning in found.metadata["warnings"])


def test_all_failing_is_an_error_that_says_why() -> None:
    made = ensemble(WithFailures(knn=Failing, modified_zscore=Wild), members=["knn", "modified_zscore"])
    with pytest.raises(PlatformError, match="RuntimeError: no luck; modified_zscore") as caught:
        made.fit(rows())
    assert caught.value.code == "detection.all_members_failed"
    assert [item["status"] for item in caught.value.details["members"]] == ["failed", "failed"]
    with pytest.raises(PlatformError, match="learnt nothing"):
        made.score(rows())


def test_stopping_the_work_is_no_failure_of_a_member(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Failing, "error", Cancelled("Stopped.", code="platform.cancelled"))
    with pytest.raises(Cancelled):
        ensemble(WithFailures(knn=Failing)).fit(rows())


@pytest.mark.parametrize(
    ("parameters", "says", "code"),
    [
        ({"members": ["knm"]}, "Did you mean 'knn'", "detection.unknown_algorithm"),
        ({"members": ["ensemble"]}, "ensembles do not nest", "detection.invalid_parameter"),
        ({"members": ["stl"]}, "takes series data", "detection.invalid_parameter"),
        ({"members": []}, "a list", "detection.invalid_parameter"),
        ({"members": 5}, "a list", "detection.invalid_parameter"),
        ({"members": [5]}, "must be a name", "detection.invalid_parameter"),
        ({"members": [{"name": "knn"}]}, "must be a name", "detection.invalid_parameter"),
        ({"members": [{"algorithm": "knn", "k": 3}]}, "has 'k'", "detection.invalid_parameter"),
        ({"members": [{"algorithm": "knn", "parameters": [3]}]}, "are [3]", "detection.invalid_parameter"),
        (
            {"members": [{"algorithm": "knn", "parameters": {"n_neighbours": 3}}]},
            "no parameter 'n_neighbours'",
            "detection.unknown_parameter",
        ),
        ({"members": [{"algorithm": "knn", "weight": 2}]}, "does not count them", "detection.invalid_parameter"),
        ({"members": ["knn"], "weights": [2]}, "does not count them", "detection.invalid_parameter"),
        ({"members": ["knn"], "weights": [2, 1], "method": "vote"}, "2 weights for 1", "detection.invalid_parameter"),
        ({"members": ["knn"], "weights": [0], "method": "vote"}, "weight of the member", "detection.invalid_parameter"),
        ({"members": ["knn"], "weights": ["x"], "method": "vote"}, "a list of numbers", "detection.invalid_parameter"),
        (
            {"members": [{"algorithm": "knn", "weight": 2}], "weights": [1], "method": "vote"},
            "given twice",
            "detection.invalid_parameter",
        ),
        ({"method": "stacking"}, "one of 'average'", "detection.invalid_parameter"),
    ],
)
def test_what_cannot_be_is_told_when_it_is_made(parameters: dict[str, Any], says: str, code: str) -> None:
    with pytest.raises(PlatformError) as caught:
        create_detector("ensemble", **parameters)
    assert says in str(caught.value)
    assert caught.value.code == code
    assert caught.value.hint


@pytest.mark.parametrize(
    "members", ["knn, modified_zscore", '["knn", "modified_zscore"]', ("knn", "modified_zscore"), np.array(["knn", "modified_zscore"])]
)  # fmt: skip
def test_members_may_come_as_text_or_any_list(members: Any) -> None:
    assert create_detector("ensemble", members=members).parameters == {"members": ["knn", "modified_zscore"]}


def test_contributions_add_up_to_the_surprise() -> None:
    made = ensemble(members=["knn", "modified_zscore"])
    made.fit(rows())
    parts = made.contributions(rows())
    assert parts.sum(axis=1) == pytest.approx(made.score(rows()))
    X = np.zeros((1, 3))
    X[0, 2] = 9.0
    assert made.contributions(X)[0].argmax() == 2


def test_members_that_cannot_tell_are_found_out_by_trying() -> None:
    made = ensemble(WithFailures(knn=Silent), members=["knn"])
    assert isinstance(made, Attributing)
    made.fit(rows())
    assert not isinstance(made, Attributing)
    mixed = ensemble(WithFailures(knn=Silent), members=["knn", "modified_zscore"])
    mixed.fit(rows())
    assert isinstance(mixed, Attributing)
    lone = ensemble(members=["modified_zscore"]).fit(rows())
    assert np.allclose(mixed.contributions(rows()), lone.contributions(rows()))


def test_a_state_of_other_members_is_refused() -> None:
    made = ensemble()
    made.fit(rows())
    state = made.state()
    json.dumps(sorted(state))
    for broken in (
        {"places": np.array([0, 9])},
        {"places": np.array([1, 0])},
        {"places": np.array([], dtype=np.int64)},
        {"places": np.array([0, 3])},
        {"0.standard.cutoff": np.array([np.nan])},
    ):
        with pytest.raises((ValueError, KeyError)):
            ensemble().restore(state | broken)
    with pytest.raises((ValueError, KeyError)):
        ensemble(members=["modified_zscore"]).restore(state)


def test_an_ensemble_needs_a_place_to_take_members_from() -> None:
    with pytest.raises(PlatformError, match="no place to take its members from"):
        Ensemble(members=MEMBERS).fit(rows())
    assert isinstance(Ensemble(members=MEMBERS), Composed)


def test_the_default_members_differ_in_family() -> None:
    infos: list[AlgorithmInfo] = [CataloguedMembers().info(name) for name in DEFAULT_MEMBERS]
    assert len({info.family for info in infos}) == len(infos) >= 3
    assert all(info.extra is None and info.independent_rows for info in infos)
