"""`configure_platform`: what it takes, what it refuses, and what it puts into effect."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from anomaly_detection import create_detector, list_algorithms, load_detector
from anomaly_detection.configurations.basic.composition import Platform
from anomaly_detection.configurations.platform import apply_performance, check_algorithms, configure_platform
from anomaly_detection.configurations.settings import FILE_NAME, Settings, load_settings
from anomaly_detection.detection.catalogue import default_algorithm, is_offered
from anomaly_detection.shared.errors import NotAllowed, PlatformError


@pytest.fixture(autouse=True)
def restored() -> Iterator[None]:
    yield
    configure_platform()


def test_the_founding_example_without_what_does_not_exist_yet() -> None:
    settings = configure_platform(
        {"anomaly_detection": {"algorithms": ["isolation_forest", "knn"], "performance": "high"}, "enterprise": {}}
    )
    assert (settings.algorithms, settings.performance) == (("isolation_forest", "knn"), "high")
    assert load_settings() == settings
    with pytest.raises(ValueError, match="frozen"):
        settings.performance = "low"


def test_calling_twice_replaces() -> None:
    configure_platform({"anomaly_detection": {"algorithms": ["knn"]}, "server": {"port": 8100}})
    settings = configure_platform({"anomaly_detection": {"algorithms": ["stl"]}})
    assert (settings.algorithms, settings.port) == (("stl",), 8000)
    assert configure_platform({}).algorithms is None


@pytest.mark.parametrize(
    ("sections", "code", "said"),
    [
        ({"anomaly_detectoin": {}}, "platform.unknown_section", "'anomaly_detection'"),
        ({"anomaly_detection": {"algoritms": ["knn"]}}, "platform.not_available", "'algorithms'"),
        ({"anomaly_detection": {"algorithms": ["knnn"]}}, "detection.unknown_algorithm", "'knn'"),
        ({"anomaly_detection": {"algorithms": "knn"}}, "platform.invalid_setting", "['knn', 'stl']"),
        ({"anomaly_detection": {"algorithms": []}}, "platform.invalid_setting", "at least one"),
        ({"anomaly_detection": {"performance": "hihg"}}, "platform.invalid_setting", "'high', 'balanced' or 'low'"),
        ({"anomaly_detection": ["knn"]}, "platform.invalid_setting", "algorithms, performance"),
        ({"anomaly_detection": {"port": 1}}, "platform.not_available", "section 'server'"),
        ({"machine_learning": {"automl": True}}, "platform.not_available", "not available in this version"),
        ({"enterprise": {"authentication": "oauth2"}}, "platform.not_available", "Leave the section 'enterprise' out"),
        ({"server": {"port": "many"}}, "platform.invalid_setting", "configure_platform"),
        (["anomaly_detection"], "platform.invalid_setting", "a mapping of sections"),
    ],
)
def test_what_is_refused_changes_nothing(sections: Any, code: str, said: str) -> None:
    before = configure_platform({"anomaly_detection": {"algorithms": ["stl"]}})
    with pytest.raises(PlatformError) as caught:
        configure_platform(sections)
    assert caught.value.code == code
    assert said in str(caught.value)
    assert load_settings() == before


def test_it_comes_after_flags_and_before_the_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("ANOMALY_DETECTION_PORT", "8002")
    (tmp_path / FILE_NAME).write_text('host = "0.0.0.0"\n')
    configure_platform({"server": {"port": 8003, "data_dir": str(tmp_path)}})
    assert load_settings().port == 8003
    assert load_settings(port=8004).port == 8004
    assert (load_settings().host, load_settings().data_dir) == ("0.0.0.0", tmp_path)


def test_only_what_is_offered_may_be_chosen() -> None:
    create_detector("isolation_forest")
    configure_platform({"anomaly_detection": {"algorithms": ["knn", "stl"]}})
    assert [info.name for info in list_algorithms()] == ["knn", "stl"]
    with pytest.raises(NotAllowed) as caught:
        create_detector("isolation_forest")
    assert caught.value.code == "platform.algorithm_not_offered"
    assert "knn, stl" in caught.value.hint


def test_a_setting_that_names_no_algorithm_is_told() -> None:
    with pytest.raises(PlatformError, match="Did you mean 'knn'"):
        check_algorithms(Settings(algorithms=("knnn",)))


def test_models_of_other_algorithms_are_not_loaded(tmp_path: Path) -> None:
    detector = create_detector("modified_zscore").fit({"load": [*range(50)]})
    path = detector.save(tmp_path / "m.adm")
    configure_platform({"anomaly_detection": {"algorithms": ["knn"]}})
    with pytest.raises(NotAllowed, match="'modified_zscore' is not offered"):
        load_detector(path)
    configure_platform()
    assert load_detector(path).algorithm == "modified_zscore"


def test_too_few_rows_are_judged_where_the_substitute_is_not_offered() -> None:
    configure_platform({"anomaly_detection": {"algorithms": ["knn"]}})
    assert create_detector("knn").detect({"load": [1.0, 2.0, 9.0]}).n_rows == 3


def test_members_of_an_ensemble_must_be_offered() -> None:
    configure_platform({"anomaly_detection": {"algorithms": ["ensemble", "knn"]}})
    with pytest.raises(NotAllowed, match="'ecod' is not offered"):
        create_detector("ensemble", members=["knn", "ecod"])


def test_the_server_offers_what_its_settings_say(tmp_path: Path) -> None:
    with Platform(Settings(data_dir=tmp_path, algorithms=("modified_zscore",))):
        assert default_algorithm("table") == "modified_zscore"
        assert not is_offered("knn")
    with Platform(Settings(data_dir=tmp_path)):
        assert default_algorithm("table") == "knn"


def test_performance_is_refused_where_a_process_cannot_be_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(os, "sched_setaffinity", raising=False)
    assert configure_platform({"anomaly_detection": {"performance": "high"}}).performance == "high"
    with pytest.raises(PlatformError) as caught:
        configure_platform({"anomaly_detection": {"performance": "low"}})
    assert caught.value.code == "platform.not_available"


def test_performance_binds_every_thread() -> None:
    """In a process of its own: the threads that run already and those that come are bound alike."""
    if not hasattr(os, "sched_setaffinity"):
        return
    script = """
import os, threading
from concurrent.futures import ThreadPoolExecutor
from anomaly_detection.configurations.platform import configure_platform
everything = len(os.sched_getaffinity(0))
go, seen = threading.Event(), []
def work():
    go.wait()
    seen.append(len(os.sched_getaffinity(0)))
early = threading.Thread(target=work); early.start()
configure_platform({"anomaly_detection": {"performance": "low"}})
go.set(); early.join()
with ThreadPoolExecutor(1) as pool:
    seen.append(pool.submit(lambda: len(os.sched_getaffinity(0))).result())
configure_platform({"anomaly_detection": {"performance": "balanced"}})
half = len(os.sched_getaffinity(0))
configure_platform()
print(seen == [1, 1], half == max(1, round(everything / 2)), len(os.sched_getaffinity(0)) == everything)
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout == "True True True\n"


def test_high_performance_is_all_that_the_process_may_use() -> None:
    assert apply_performance("high") == len(os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else [1])


def test_it_needs_no_server() -> None:
    script = (
        "import sys\n"
        "for name in ('fastapi', 'sqlalchemy', 'joserfc', 'uvicorn'): sys.modules[name] = None\n"
        "from anomaly_detection.configurations.platform import configure_platform\n"
        "print(configure_platform({'anomaly_detection': {'algorithms': ['knn']}}).algorithms)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout == "('knn',)\n"
