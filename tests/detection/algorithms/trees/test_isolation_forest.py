"""The isolation forest: its trees, its three ways of descending, and what is promised of its scores."""

from __future__ import annotations

import json
import math
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.ensemble import IsolationForest as Reference
from sklearn.metrics import roc_auc_score

from anomaly_detection.detection.algorithms.trees import isolation_forest as module
from anomaly_detection.detection.algorithms.trees import isolation_forest_kernel as kernel
from anomaly_detection.detection.algorithms.trees.forest import SCALE, Forest
from anomaly_detection.detection.algorithms.trees.isolation_forest import PARAMETERS, IsolationForest, available_cores
from anomaly_detection.detection.algorithms.trees.ranked import RankedForest
from anomaly_detection.detection.errors import InvalidData, InvalidModelFile, NotFitted


def rows(n: int = 3_000, d: int = 5, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(n, d))


def forest_of(fitted: IsolationForest) -> Forest:
    state = fitted.state()
    return Forest(state["feature"], state["threshold"], state["size"], int(state["n_features"]))


def walk(state: dict[str, np.ndarray], row: np.ndarray, tree: int) -> float:
    """Descend one tree in the plainest way and return the path length."""
    inner = state["threshold"].shape[1]
    node, depth = 0, 0
    while node < inner and math.isfinite(state["threshold"][tree, node]):
        right = row[state["feature"][tree, node]] >= state["threshold"][tree, node]
        node, depth = 2 * node + (2 if right else 1), depth + 1
    m = int(state["size"][tree, node])
    remaining = 0.0 if m < 2 else 1.0 if m == 2 else 2 * (math.log(m - 1) + np.euler_gamma) - 2 * (m - 1) / m
    return depth + remaining


def slow_score(state: dict[str, np.ndarray], row: np.ndarray, trees: list[int]) -> float:
    m = int(state["size"][0, 0])
    c = 2 * (math.log(m - 1) + np.euler_gamma) - 2 * (m - 1) / m
    return float(2 ** (-np.mean([walk(state, row, tree) for tree in trees]) / c))


def replayed_samples(X: np.ndarray, fitted: IsolationForest) -> np.ndarray:
    """Return the rows that each tree was grown on, by growing the same trees again."""
    return IsolationForest(n_estimators=fitted.n_estimators, max_samples=fitted.max_samples, seed=fitted.seed)._grow(X)


def test_parameters_are_the_constructors_defaults() -> None:
    forest = IsolationForest()
    assert {item.name: item.default for item in PARAMETERS} == {
        item.name: getattr(forest, item.name) for item in PARAMETERS
    }


@pytest.mark.parametrize(("max_samples", "d"), [(256, 5), (64, 1), (1_000, 3), (256, 40)])
def test_scores_agree_with_a_plain_walk_over_the_same_trees(max_samples: int, d: int) -> None:
    X = rows(d=d)
    forest = IsolationForest(n_estimators=20, max_samples=max_samples).fit(X)
    scores = forest.score(X)
    state = forest.state()
    expected = [slow_score(state, row, list(range(20))) for row in X[:40]]
    assert scores[:40] == pytest.approx(expected, rel=1e-6)


def test_every_split_separates_the_samples_that_the_node_holds() -> None:
    X = np.round(rows(2_000, 4), 1)
    forest = IsolationForest(n_estimators=10, seed=3).fit(X)
    samples, state = replayed_samples(X, forest), forest.state()
    inner = state["threshold"].shape[1]
    for tree in range(10):
        assert len(set(samples[tree])) == 256
        held = {0: X[samples[tree]]}
        for node in range(inner):
            here = held.get(node, X[:0])
            assert len(here) == state["size"][tree, node]
            cut = state["threshold"][tree, node]
            if not math.isfinite(cut):
                assert len(np.unique(here, axis=0)) <= 1
                continue
            right = here[:, state["feature"][tree, node]] >= cut
            assert 0 < right.sum() < len(here)
            held[2 * node + 1], held[2 * node + 2] = here[~right], here[right]


def test_samples_and_split_features_are_spread_evenly() -> None:
    X = rows(1_000, 4)
    forest = IsolationForest(n_estimators=2_000, max_samples=50)
    samples = forest._grow(X)
    times = np.bincount(samples.ravel(), minlength=1_000)
    assert abs(times - 100).max() < 6 * math.sqrt(100)
    roots = np.bincount(forest.state()["feature"][:, 0], minlength=4)
    assert abs(roots - 500).max() < 5 * math.sqrt(375)


@pytest.mark.parametrize("d", [1, 2, 10, 120])
def test_all_ways_of_descending_give_the_same_bits(d: int, monkeypatch: pytest.MonkeyPatch) -> None:
    X = np.round(rows(5_000, d), 2)
    forest = IsolationForest(n_estimators=60).fit(X)
    assert RankedForest.of(forest_of(forest)) is not None
    ranked = forest.score(X)
    trees = np.arange(60)
    plain = forest_of(forest).path_lengths(X, np.arange(len(X))[:, np.newaxis], trees).sum(axis=1)
    monkeypatch.setattr(module, "_RANKED_ROWS", 10**9)
    assert np.array_equal(forest.score(X), ranked)
    assert np.array_equal(forest._scores(plain, 60), ranked)


def test_forests_that_ranks_cannot_hold_are_descended_directly() -> None:
    X = rows(9_000, 2)
    tall = IsolationForest(n_estimators=5, max_samples=2_000).fit(X)
    assert RankedForest.of(forest_of(tall)) is None
    many = IsolationForest(n_estimators=2_000).fit(X[:, :1].copy())
    assert RankedForest.of(forest_of(many)) is None
    assert np.array_equal(tall.score(X)[:50], tall.score(X[:50]))
    assert np.array_equal(many.score(X[:, :1].copy())[:50], many.score(X[:50, :1].copy()))


@pytest.mark.parametrize("chunk", [2_048, 5_000, 16_384])
@pytest.mark.parametrize("threads", [1, 3])
def test_scores_do_not_depend_on_threads_and_blocks(chunk: int, threads: int, monkeypatch: pytest.MonkeyPatch) -> None:
    X = rows(20_001, 4)
    expected = IsolationForest(n_threads=1, seed=5).fit(X).score(X)
    monkeypatch.setattr(module, "_CHUNK", chunk)
    forest = IsolationForest(n_threads=threads, seed=5)
    out_of_bag = forest.fit_score(X)
    assert np.array_equal(forest.score(X), expected)
    assert np.array_equal(forest.score(X[7:12_000]), expected[7:12_000])
    assert np.array_equal(out_of_bag, IsolationForest(seed=5).fit_score(X))


def test_a_row_alone_scores_the_same_as_in_a_batch() -> None:
    X = rows(3_000, 6)
    forest = IsolationForest().fit(X)
    scores = forest.score(X)
    assert all(forest.score(X[i : i + 1])[0] == scores[i] for i in range(300))


def test_a_seed_repeats_and_another_differs() -> None:
    X = rows()
    first = IsolationForest(seed=1).fit(X).score(X)
    assert np.array_equal(first, IsolationForest(seed=1).fit(X).score(X))
    assert not np.array_equal(first, IsolationForest(seed=2).fit(X).score(X))
    again = IsolationForest(seed=1).fit(X)
    assert np.array_equal(again.score(X), again.score(X))


@pytest.mark.parametrize("n", [40, 700])
def test_training_scores_come_from_the_trees_that_did_not_see_the_row(n: int) -> None:
    X = rows(n, 3)
    forest = IsolationForest(n_estimators=30)
    scores = forest.fit_score(X)
    samples, state = replayed_samples(X, forest), forest.state()
    for row in range(40):
        unseen = [tree for tree in range(30) if row not in samples[tree]]
        assert 0 < len(unseen) < 30
        from_trees = slow_score(state, X[row], unseen)
        if (X[row] == X.min(axis=0)).any() or (X[row] == X.max(axis=0)).any():
            assert scores[row] > from_trees, "the other rows' range ends before it"
        else:
            assert scores[row] == pytest.approx(from_trees, rel=1e-6)


def test_training_rows_that_all_trees_saw_are_scored_by_all() -> None:
    X = rows(2, 3)
    forest = IsolationForest(n_estimators=10)
    assert np.array_equal(forest.fit_score(X), forest.score(X))


def test_training_scores_are_distributed_as_those_of_new_rows() -> None:
    forest = IsolationForest(seed=4)
    own = forest.fit_score(rows(300, 3))
    new = forest.score(rows(4_000, 3, seed=9))
    assert abs(float((new > np.quantile(own, 0.9)).mean()) - 0.1) < 0.06


@pytest.mark.parametrize("seed", [0, 1])
def test_ranks_anomalies_as_well_as_the_reference(seed: int) -> None:
    generator = np.random.default_rng(seed)
    normal = generator.normal(size=(2_000, 6)) @ generator.normal(size=(6, 6))
    odd = generator.normal(size=(60, 6)) * 3.5
    X, y = np.vstack([normal, odd]), np.repeat([0, 1], [2_000, 60])
    ours = np.mean([roc_auc_score(y, IsolationForest(seed=s).fit(X).score(X)) for s in range(4)])
    theirs = np.mean([roc_auc_score(y, -Reference(random_state=s).fit(X).score_samples(X)) for s in range(4)])
    assert ours > 0.7
    assert abs(ours - theirs) < 0.02


def test_contributions_add_up_and_name_the_odd_feature() -> None:
    X = rows(3_000, 5)
    X[:5, 3] = 9.0
    forest = IsolationForest().fit(X)
    parts = forest.contributions(X)
    assert parts.shape == X.shape
    assert parts.sum(axis=1) + forest.baseline == pytest.approx(forest.score(X), abs=1e-12)
    assert (parts[:5].argmax(axis=1) == 3).all()
    assert (parts[:5, 3] > 0.5 * parts[:5].clip(min=0).sum(axis=1)).all()
    assert np.array_equal(forest.contributions(X[11:12])[0], parts[11])


def test_contributions_of_a_constant_column_are_zero() -> None:
    X = np.insert(rows(500, 2), 1, 4.0, axis=1)
    forest = IsolationForest().fit(X)
    state = forest.state()
    assert not (state["feature"][np.isfinite(state["threshold"])] == 1).any()
    assert not forest.contributions(X)[:, 1].any()


def test_state_round_trip_gives_the_same_bits() -> None:
    X = rows()
    forest = IsolationForest(n_estimators=25, seed=8).fit(X)
    other = IsolationForest(n_estimators=25, seed=8)
    other.restore({name: array.copy() for name, array in forest.state().items()})
    assert np.array_equal(other.score(X), forest.score(X))
    assert np.array_equal(other.contributions(X[:9]), forest.contributions(X[:9]))


def test_read_only_rows_and_states_need_no_second_compiled_function() -> None:
    X = rows()
    expected = IsolationForest(seed=8).fit_score(X)
    X.flags.writeable = False
    forest = IsolationForest(seed=8)
    assert np.array_equal(forest.fit_score(X), expected)
    state = forest.state()
    for array in state.values():
        array.flags.writeable = False
    other = IsolationForest(seed=8)
    other.restore(state)
    assert np.array_equal(other.score(X), forest.score(X))
    assert len(kernel.sum_direct.signatures) == len(kernel.sum_ranked.signatures) == len(kernel.grow.signatures) == 1


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("feature", np.full((4, 255), 7, dtype=np.int32)),
        ("feature", np.zeros((4, 100), dtype=np.int32)),
        ("size", np.full((4, 511), -1, dtype=np.int32)),
        ("size", np.ones((4, 100), dtype=np.int32)),
        ("threshold", np.full((4, 255), np.nan)),
        ("threshold", np.full((4, 254), np.inf)),
        ("threshold", np.full(255, np.inf)),
        ("threshold", np.empty((0, 255))),
        ("n_features", np.array(0)),
        ("n_features", np.array(2**31 - 1)),
    ],
)
def test_an_impossible_state_is_refused(name: str, value: np.ndarray) -> None:
    state = IsolationForest(n_estimators=4).fit(rows(d=5)).state()
    with pytest.raises(InvalidModelFile) as error:
        IsolationForest(n_estimators=4).restore({**state, name: value})
    assert error.value.code == "detection.invalid_model_file"


def test_wrong_use_is_named() -> None:
    with pytest.raises(NotFitted):
        IsolationForest().score(rows())
    with pytest.raises(NotFitted):
        IsolationForest().state()
    forest = IsolationForest(n_estimators=3).fit(rows(d=5))
    with pytest.raises(InvalidData, match="5 features"):
        forest.score(rows(d=4))
    with pytest.raises(InvalidData):
        forest.contributions(rows(d=6))


@pytest.mark.parametrize("n", [1, 2, 3, 500])
@pytest.mark.parametrize("d", [1, 4])
def test_constant_data_scores_all_rows_alike(n: int, d: int) -> None:
    X = np.full((n, d), 3.25)
    forest = IsolationForest(n_estimators=20)
    scores = forest.fit_score(X)
    assert np.isfinite(scores).all()
    assert len(set(scores)) == 1
    beyond = forest.score(X + 1.0)
    assert (beyond > scores[0]).all() if n > 3 else (beyond >= scores[0]).all()
    assert not forest.contributions(X).any()


def test_scores_go_on_growing_beyond_the_rows_seen() -> None:
    X = rows(500, 3)
    forest = IsolationForest(seed=2).fit(X)
    steps = np.array([0.0, 0.5, 2.0, 10.0, 1e3, 1e9])
    far = np.repeat(np.median(X, axis=0)[np.newaxis], len(steps), axis=0)
    far[:, 1] = X[:, 1].max() + steps
    scores = forest.score(far)
    assert (np.diff(scores) > 0.0).all()
    assert forest.score(np.full((1, 3), 1e9))[0] > scores[-1], "three features far out are more than one"
    parts = forest.contributions(far)
    np.testing.assert_allclose(parts.sum(axis=1), scores - forest.baseline, rtol=1e-5)
    assert (parts[2:].argmax(axis=1) == 1).all()


def test_rows_beyond_are_found_alike_by_numpy_and_by_the_compiled_loop(monkeypatch: pytest.MonkeyPatch) -> None:
    X = rows(6_000, 4)
    forest = IsolationForest(n_estimators=10).fit(X[:300])
    many = forest.score(X)
    assert (many > 0.6).any()
    compiled = forest._beyond(X)
    monkeypatch.setattr(module, "_KERNEL", "absent")
    assert np.array_equal(forest._beyond(X).rows, compiled.rows)
    assert np.array_equal(forest._beyond(X).parts, compiled.parts)
    assert np.array_equal(
        np.concatenate([forest.score(X[row : row + 1]) for row in compiled.rows]), many[compiled.rows]
    )


def test_one_training_row_far_out_is_found_although_no_other_tree_saw_it() -> None:
    X = np.column_stack([20.0 + np.arange(400) % 17, np.arange(400) % 5])
    X = np.vstack([X, [2_500.0, 2.0]])
    scores = IsolationForest().fit_score(X)
    assert int(scores.argmax()) == 400
    assert scores[400] > scores[:400].max() + 0.1


def test_a_state_without_a_range_scores_by_the_trees_alone() -> None:
    X = rows(300, 2)
    forest = IsolationForest(n_estimators=10).fit(X)
    older = IsolationForest()
    older.restore({name: array for name, array in forest.state().items() if name not in {"low", "high"}})
    assert np.array_equal(older.score(X), forest.score(X))
    assert older.score(X + 1e6)[0] < forest.score(X + 1e6)[0]


def test_one_row_and_two_rows_can_be_learnt() -> None:
    assert np.isfinite(IsolationForest().fit(np.ones((1, 3))).score(rows(d=3))).all()
    forest = IsolationForest().fit(np.array([[0.0], [1.0]]))
    assert np.isfinite(forest.score(np.array([[-5.0], [0.5], [9.0]]))).all()


def test_no_rows_have_no_scores() -> None:
    forest = IsolationForest(n_estimators=5).fit(rows(d=3))
    assert forest.score(np.empty((0, 3))).shape == (0,)
    assert forest.contributions(np.empty((0, 3))).shape == (0, 3)


@pytest.mark.parametrize("scale", [1e100, 1.7e308, 5e-324, 1e-310])
def test_huge_and_denormal_values_are_split(scale: float) -> None:
    X = np.clip(np.round(rows(600, 2) * 20), -60, 60)
    X = np.clip(X / 60, -1, 1) * scale if scale > 1 else X * scale
    forest = IsolationForest(n_estimators=50)
    scores = forest.fit_score(X)
    state = forest.state()
    assert np.isfinite(scores).all()
    assert np.isfinite(state["threshold"][:, 0]).all()
    assert len(set(scores)) > 100


def test_values_apart_by_the_last_bit_are_split_exactly() -> None:
    values = np.array([1.7e9, np.nextafter(1.7e9, 2e9)])
    X = np.tile(values, 300).reshape(-1, 1)
    forest = IsolationForest(n_estimators=10).fit(X)
    thresholds = forest.state()["threshold"]
    assert set(thresholds[np.isfinite(thresholds)]) == {values[1]}


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=2, max_size=2), min_size=1, max_size=60
    )
)
def test_any_finite_table_gives_finite_scores_in_range(table: list[list[float]]) -> None:
    X = np.array(table)
    forest = IsolationForest(n_estimators=10, max_samples=16)
    for scores in (forest.fit_score(X), forest.score(X)):
        assert ((scores > 0) & (scores <= 1)).all()
    state = forest.state()
    expected = sum(round(walk(state, X[0], tree) * SCALE) for tree in range(10))
    assert abs(int(forest._sums(X)[0]) - expected) <= 10
    parts = forest.contributions(X)
    assert parts.sum(axis=1) + forest.baseline == pytest.approx(forest.score(X), abs=1e-12)


def test_threads_never_exceed_the_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = []

    class Counting(module.ThreadPoolExecutor):
        def __init__(self, workers: int) -> None:
            seen.append(workers)
            super().__init__(workers)

    monkeypatch.setattr(module, "ThreadPoolExecutor", Counting)
    monkeypatch.setattr(module, "_CHUNK", 2_048)
    monkeypatch.setattr(module, "available_cores", lambda: 2)
    IsolationForest(n_estimators=5).fit_score(rows(10_000, 2))
    assert seen == [2]
    assert available_cores() >= 1


COLD = """
import json, sys
import numpy as np
from anomaly_detection.detection.algorithms.trees.isolation_forest import IsolationForest
forest = IsolationForest()
with np.load(sys.argv[1]) as file:
    X = file["X"]
    forest.restore({name: file[name] for name in file.files if name != "X"})
cold = [float(forest.score(X[i : i + 1])[0]) for i in range(20)]
before = [name for name in ("numba", "pandas", "sklearn", "scipy") if name in sys.modules]
batch = forest.score(X)
print(json.dumps({"cold": cold, "batch": batch.tolist(), "before": before, "numba": "numba" in sys.modules}))
"""


def test_a_fresh_process_scores_few_rows_without_numba_and_bit_equal(tmp_path: Path) -> None:
    X = rows(6_000, 3)
    forest = IsolationForest().fit(X)
    np.savez(tmp_path / "model.npz", X=X, **forest.state())
    done = subprocess.run(
        [sys.executable, "-c", COLD, str(tmp_path / "model.npz")], capture_output=True, text=True, check=True
    )
    seen = json.loads(done.stdout)
    expected = forest.score(X)
    assert seen["before"] == []
    assert seen["numba"]
    assert np.array_equal(seen["cold"], expected[:20])
    assert np.array_equal(seen["batch"], expected)
