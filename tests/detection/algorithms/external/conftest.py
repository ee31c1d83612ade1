"""Registered algorithms leave the catalogue with the test that registered them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from anomaly_detection.detection import catalogue


@pytest.fixture
def registered() -> Iterator[Callable[..., Any]]:
    names: list[str] = []

    def register(name: str, *args: Any, **options: Any) -> Any:
        info = catalogue.register_adapter(name, *args, **options)
        names.append(name)
        return info

    yield register
    for name in dict.fromkeys(names):
        catalogue.unregister_adapter(name)
