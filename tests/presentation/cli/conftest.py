"""What commands run inside of this process leave behind is taken back."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from anomaly_detection.detection.catalogue import offer


@pytest.fixture(autouse=True)
def everything_is_offered() -> Iterator[None]:
    yield
    offer(None)
