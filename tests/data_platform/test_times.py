"""Times in the usual ways of writing them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from anomaly_detection import load_dataset
from anomaly_detection.data_platform.times import AMBIGUOUS, parse_times

MOMENT = datetime(2026, 3, 14, 15, 9, 26)  # noqa: DTZ001 - the texts name no zone


def parsed(*texts: str | None) -> object:
    found = parse_times(pa.chunked_array([list(texts)], type=pa.string()))
    return found.to_pylist() if isinstance(found, pa.ChunkedArray) else found


@pytest.mark.parametrize(
    "text",
    [
        "2026-03-14 15:09:26",
        "2026-03-14T15:09:26",
        "2026/03/14 15:09:26",
        "2026/3/14 15:09:26",
        "2026.03.14 15:09:26",
        "14.03.2026 15:09:26",
        "14.3.2026 15:09:26",
        "03/14/2026 15:09:26",
        "3/14/2026 3:09:26 PM",
        "14/03/2026 15:09:26",
        "14-03-2026 15:09:26",
        " 2026-03-14  15:09:26 ",
    ],
)
def test_without_a_zone(text: str) -> None:
    assert parsed(text, None) == [MOMENT, None]


@pytest.mark.parametrize(
    "text",
    [
        "2026-03-14T15:09:26Z",
        "2026-03-14 15:09:26 UTC",
        "2026-03-14T16:09:26+01:00",
        "2026-03-14T16:09:26+0100",
        "2026-03-14T16:09:26+01",
        "2026-03-14T09:39:26-05:30",
        "03/14/2026 15:09:26 GMT",
    ],
)
def test_with_a_zone(text: str) -> None:
    assert parsed(text) == [MOMENT.replace(tzinfo=UTC)]


def test_parts_of_a_second_and_half_days() -> None:
    assert parsed("2026/03/14 15:09:26.123456789") == [MOMENT.replace(microsecond=123456)]
    assert parsed("2026-03-14 15:09:26,5") == [MOMENT.replace(microsecond=500_000)]
    assert parsed("01/31/2026 12:00 AM", "01/31/2026 12:30 pm") == [
        datetime(2026, 1, 31),  # noqa: DTZ001
        datetime(2026, 1, 31, 12, 30),  # noqa: DTZ001
    ]


@pytest.mark.parametrize(
    "texts",
    [
        ("2026-02-30",),
        ("2026-13-01",),
        ("31.04.2026",),
        ("2026-03-14 24:00:00",),
        ("2026-03-14 10:60:00",),
        ("03/14/2026 13:00 PM",),
        ("2026-03-14", "soon"),
        ("2026-03-14T15:00:00Z", "2026-03-14T15:00:00"),
        ("13/13/2026",),
        ("03/14/2026", "14/03/2026"),
        (None,),
    ],
)
def test_what_is_no_time(texts: tuple[str | None, ...]) -> None:
    assert parsed(*texts) is None


def test_days_and_months_that_cannot_be_told_apart() -> None:
    assert parsed("03/04/2026", "05/06/2026") == AMBIGUOUS
    assert parsed("03/04/2026", "05/16/2026") == [datetime(2026, 3, 4), datetime(2026, 5, 16)]  # noqa: DTZ001


@settings(max_examples=200, deadline=None)
@given(
    st.datetimes(datetime(1, 1, 2), datetime(9999, 12, 30)),  # noqa: DTZ001
    st.integers(-14 * 60, 14 * 60).filter(lambda minutes: minutes != 0),
)
def test_iso_8601_with_any_zone(moment: datetime, minutes: int) -> None:
    aware = moment.replace(tzinfo=timezone(timedelta(minutes=minutes)))
    assert parsed(aware.isoformat()) == [aware.astimezone(UTC)]


@pytest.mark.parametrize(
    ("cells", "first"),
    [
        (["1404172800", "1404174600"], "2014-07-01T00:00:00Z"),
        (["1404172800123", "1404174600123"], "2014-07-01T00:00:00.123000Z"),
        (["1404172800.5", "1404174600.5"], "2014-07-01T00:00:00.500000Z"),
        (["1404172800000000000", "1404174600000000000"], "2014-07-01T00:00:00Z"),
        (["2014-07-01", "2014-07-02"], "2014-07-01T00:00:00Z"),
        (["01.07.2014 00:00", "01.07.2014 00:30"], "2014-07-01T00:00:00Z"),
        (["2014-07-01 00:00", "-"], "2014-07-01T00:00:00Z"),
        (["07/13/2014", "NA"], "2014-07-13T00:00:00Z"),
    ],
)
def test_times_of_files(tmp_path: Path, cells: list[str], first: str) -> None:
    path = tmp_path / "data.csv"
    path.write_text("timestamp,value\n" + "".join(f"{cell},{number}\n" for number, cell in enumerate(cells)))
    data = load_dataset(path)
    assert data.roles.time == "timestamp"
    assert data.head(1)[0]["timestamp"] == first


def test_dates_that_stay_text_say_why(tmp_path: Path) -> None:
    path = tmp_path / "data.csv"
    path.write_text("day,value\n03/04/2026,1\n05/06/2026,2\n")
    assert "cannot be told apart" in load_dataset(path).warnings[0]
    path.write_text("day,value\n2026-03-04,1\n2026-03-05,2\nlater,3\n")
    assert "holds mostly times, but 'later' in line 4" in load_dataset(path).warnings[0]
    path.write_text("day,value\n2026-02-30,1\n2026-03-05,2\n")
    assert "not all can be read" in load_dataset(path).warnings[0]
