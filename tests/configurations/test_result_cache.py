"""Results in memory: bounded by bytes, loaded once, the ones looked at last kept longest."""

from __future__ import annotations

import threading
import time

import numpy as np

from anomaly_detection.configurations.basic.result_cache import ResultCache, size_of
from anomaly_detection.detection.calibration.calibrator import Calibrator
from anomaly_detection.detection.calibration.threshold import make_threshold
from anomaly_detection.detection.results import DetectionResult, Rows


def make_result(n_rows: int = 1000) -> DetectionResult:
    scores = np.random.default_rng(0).exponential(size=n_rows)
    calibrator = Calibrator.learn(scores)
    return DetectionResult(
        scores=scores,
        calibrator=calibrator,
        threshold=make_threshold("contamination", 0.01, scores, calibrator),
        algorithm="knn",
        rows=Rows(values={"x": scores, "name": np.array(["a"] * n_rows, dtype=object)}),
    )


def test_the_least_recently_used_goes_first() -> None:
    result = make_result()
    cache = ResultCache(2 * size_of(result))
    for key in ("a", "b", "a", "c"):
        cache.get((key,), lambda: result)
    assert cache.size_bytes == 2 * size_of(result)
    made: list[str] = []
    for key in ("a", "c", "b"):
        cache.get((key,), lambda key=key: made.append(key) or result)  # type: ignore[misc]
    assert made == ["b"]


def test_what_is_larger_than_all_room_is_not_kept() -> None:
    result = make_result()
    cache = ResultCache(size_of(result) - 1)
    assert cache.get(("a",), lambda: result) is result
    assert cache.size_bytes == 0


def test_many_who_ask_at_once_wait_for_one_load() -> None:
    cache, made = ResultCache(), []

    def make() -> DetectionResult:
        made.append(1)
        time.sleep(0.1)
        return make_result()

    found: list[DetectionResult] = []
    threads = [threading.Thread(target=lambda: found.append(cache.get(("a",), make))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) == 1
    assert len({id(result) for result in found}) == 1


def test_a_load_that_fails_is_tried_again() -> None:
    cache = ResultCache()
    outcomes = iter([MemoryError("none left"), None])

    def make() -> DetectionResult:
        error = next(outcomes)
        if error is not None:
            raise error
        return make_result()

    try:
        cache.get(("a",), make)
    except MemoryError:
        assert cache.get(("a",), make).n_rows == 1000
    else:
        raise AssertionError("the error was swallowed")
