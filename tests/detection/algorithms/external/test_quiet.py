"""Other libraries' warnings stay unheard, and the user's own filters stay."""

from __future__ import annotations

import threading
import warnings

import pytest

from anomaly_detection.detection.algorithms.external.quiet import Quiet


def test_warnings_are_heard_again_afterwards() -> None:
    before = list(warnings.filters)
    with Quiet():
        warnings.warn("unheard", UserWarning, stacklevel=1)
    assert warnings.filters == before
    with pytest.warns(UserWarning, match="heard"):
        warnings.warn("heard", UserWarning, stacklevel=1)


def test_threads_that_leave_in_another_order_leave_the_filters_as_they_were() -> None:
    before, quiet = list(warnings.filters), Quiet()
    second_in, first_out = threading.Event(), threading.Event()

    def second() -> None:
        with quiet:
            second_in.set()
            first_out.wait(10)

    thread = threading.Thread(target=second)
    with quiet:
        thread.start()
        assert second_in.wait(10)
    warnings.warn("still unheard", UserWarning, stacklevel=1)
    first_out.set()
    thread.join()
    assert warnings.filters == before


def test_an_error_inside_leaves_the_filters_as_they_were() -> None:
    before = list(warnings.filters)
    with pytest.raises(ValueError, match="inside"), Quiet():
        raise ValueError("inside")
    assert warnings.filters == before
