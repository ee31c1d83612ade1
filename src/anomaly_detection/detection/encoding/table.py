"""Raw rows as a finite matrix: missing, infinite, constant and unseen values, categories, booleans and dates.

Each input column becomes one or more *features*. What was learnt from the training rows decides how; the same row is encoded
the same way whenever it comes, alone or among others.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import cached_property
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from anomaly_detection.detection.encoding.columns import Column, Columns, level_text, read_time
from anomaly_detection.detection.errors import InvalidData
from anomaly_detection.shared.errors import did_you_mean

FieldKind = Literal["number", "boolean", "datetime", "category"]

LARGEST = 1e100
"""Values beyond are cut here, so that a sum of squares stays finite."""
IDENTIFIER_SHARE = 0.5
"""A text column with more distinct values than this share of its rows (and more than `IDENTIFIER_LEVELS`) names the rows."""
IDENTIFIER_LEVELS = 50
ONE_HOT_LEVELS = 12
"""Up to so many distinct values, each gets a feature of its own beside the rarity of the value."""

_DAY, _WEEK = 86_400.0, 604_800.0


@dataclass(frozen=True, slots=True)
class Field:
    """How one input column is encoded, as learnt from the training rows."""

    name: str
    kind: FieldKind
    fill: float
    """The typical number (median, most frequent flag, or second): it stands for a missing one."""
    low: float = -LARGEST
    high: float = LARGEST
    """Infinities become these: one range beyond the extremes seen."""
    missing_seen: bool = False
    levels: tuple[str, ...] = ()
    rarity: tuple[float, ...] = ()
    """Information content of each level in nats; the last one is that of an unseen level, the one before of a missing value."""
    one_hot: bool = False
    cycles: tuple[float, ...] = ()
    """Lengths in seconds of the cycles (day, week) that a time is placed on."""

    @property
    def width(self) -> int:
        """How many features this column becomes."""
        if self.kind == "category":
            return 1 + (len(self.levels) if self.one_hot else 0)
        return (2 * len(self.cycles) if self.kind == "datetime" else 1) + int(self.missing_seen)


@dataclass(frozen=True)
class TableEncoder:
    """Turns columns into the finite float64 matrix that algorithms take.

    Notes
    -----
    Numbers stay as they are; a missing one takes the median, with an indicator feature where the training rows had gaps
    too. A category becomes its rarity, ``-log`` of its smoothed frequency, so that a value never seen is the rarest of all,
    plus one indicator per level when there are few. A time becomes its place on the day and on the week (sine and cosine).
    Columns of text with mostly distinct values name the rows and are left out.
    """

    fields: tuple[Field, ...]
    named: bool
    notes: tuple[str, ...] = ()
    left_out: tuple[str, ...] = field(default=())
    n_columns: int = 0
    """How many columns the training rows had, used or not."""

    @classmethod
    def learn(cls, columns: Columns, selected: tuple[Column, ...]) -> TableEncoder:
        """Learn the encoding from training columns.

        Parameters
        ----------
        columns : Columns
            The whole table.
        selected : tuple of Column
            The columns to use as features.

        Raises
        ------
        InvalidData
            None of the columns can be used.
        """
        chosen = {column.name for column in selected}
        fields, notes, left_out = [], [], [name for name in columns.names if name not in chosen]
        for column in selected:
            if _names_rows(column, columns.n_rows):
                left_out.append(column.name)
                notes.append(_says_names(column))
                continue
            learnt = _LEARN[column.kind](column)
            if learnt.width == 0:
                left_out.append(column.name)
                notes.append(
                    f"Column {column.name!r} holds times that vary neither over the day nor the week: left out."
                )
                continue
            if learnt.kind != "category" and np.isnan(column.values[:1]).any() and np.isnan(column.values).all():
                notes.append(f"Column {column.name!r} is empty: it tells nothing yet.")
            fields.append(learnt)
        if not fields:
            names = ", ".join(repr(column.name) for column in selected) or "all have another role"
            raise InvalidData(
                f"No column can be used to tell rows apart: {names}.",
                code="detection.no_usable_column",
                hint="Give at least one column of numbers, flags, times or repeated categories.",
            )
        return cls(tuple(fields), columns.named, tuple(notes), tuple(left_out), len(columns.names))

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Names of the input columns that are used."""
        return tuple(item.name for item in self.fields)

    @cached_property
    def sources(self) -> NDArray[np.int64]:
        """For each feature, the position of the input column that it comes from."""
        return np.repeat(np.arange(len(self.fields)), [item.width for item in self.fields])

    def encode(self, columns: Columns) -> tuple[NDArray[np.float64], list[str]]:
        """Encode rows.

        Returns
        -------
        matrix : array of shape (n_rows, n_features)
            Finite, float64; where the numbers stay as they are, a view of the columns, in whatever order they lie.
        notes : list of str
            What had to be filled in or was ignored.

        Raises
        ------
        InvalidData
            A column is missing.
        """
        notes: list[str] = []
        places = self._match(columns, notes)
        if columns.matrix is not None and self._numeric:
            block = columns.matrix if places is None else columns.matrix[:, list(places)]
            return self._encode_numbers(block, notes), notes
        picked = columns.items if places is None else [columns.items[place] for place in places]
        matrix = np.empty((columns.n_rows, self._starts[-1]))
        for item, column, start in zip(self.fields, picked, self._starts, strict=False):
            _WRITE[item.kind](item, column, matrix[:, start : start + item.width], notes)
        return matrix, notes

    def pick(self, columns: Columns) -> list[Column]:
        """Return the columns that are used, in the order of `names`."""
        places = self._match(columns, [])
        return [columns.items[place] for place in (range(len(self.fields)) if places is None else places)]

    def typical(self) -> NDArray[np.float64]:
        """Return the encoded typical row, shape (n_features,)."""
        parts = []
        for item in self.fields:
            column = _typical_column(item)
            part = np.empty((1, item.width))
            _WRITE[item.kind](item, column, part, [])
            parts.append(part[0])
        return np.concatenate(parts)

    def typical_values(self) -> tuple[Any, ...]:
        """Return the typical value of each input column, as a user would write it."""
        return tuple(_typical_column(item).take(np.array([0]))[0] for item in self.fields)

    def to_dict(self) -> dict[str, Any]:
        """Return the encoding as plain values."""
        return {
            "fields": [asdict(item) for item in self.fields],
            "named": self.named,
            "left_out": list(self.left_out),
            "n_columns": self.n_columns,
        }

    @classmethod
    def from_dict(cls, state: Mapping[str, Any]) -> TableEncoder:
        """Make the encoder from what `to_dict` returned."""
        fields = [_field(item) for item in state["fields"]]
        return cls(tuple(fields), bool(state["named"]), (), tuple(state["left_out"]), int(state["n_columns"]))

    @cached_property
    def _numeric(self) -> bool:
        return all(item.kind == "number" for item in self.fields)

    @cached_property
    def _starts(self) -> list[int]:
        """Where each column's features begin; the last entry is the number of all."""
        return [0, *np.cumsum([item.width for item in self.fields]).tolist()]

    def _encode_numbers(self, block: NDArray[np.float64], notes: list[str]) -> NDArray[np.float64]:
        """Encode columns of numbers at once; only those with a missing, infinite or huge value one by one."""
        usual = bool(block.min() >= -LARGEST and block.max() <= LARGEST)
        width = self._starts[-1]
        if usual and width == block.shape[1]:
            return block
        matrix = np.zeros((block.shape[0], width))
        matrix[:, self._starts[:-1]] = block
        if not usual:
            finite = (block.min(axis=0) >= -LARGEST) & (block.max(axis=0) <= LARGEST)
            for place in np.flatnonzero(~finite):
                item, start = self.fields[place], self._starts[place]
                column = Column(item.name, "number", block[:, place])
                _write_number(item, column, matrix[:, start : start + item.width], notes)
        return matrix

    def _match(self, columns: Columns, notes: list[str]) -> Sequence[int] | None:
        """Return the positions of the columns used, None when they are simply all, in order."""
        if columns.named == self.named and columns.names == self.names:
            return None
        if columns.named and self.named:
            return self._by_name(columns, notes)
        as_in_training = not columns.named and not self.named and len(columns.names) == self.n_columns
        if as_in_training and all(name in columns.places for name in self.names):
            return [columns.places[name] for name in self.names]
        if len(columns.candidates) == len(self.fields):
            return columns.candidates
        given = len(columns.candidates)
        raise InvalidData(
            f"The rows have {given} {'column' if given == 1 else 'columns'}; the detector learnt from {len(self.fields)}.",
            code="detection.column_count",
            hint=f"Give the columns {listed(self.names)} in this order.",
        )

    def _by_name(self, columns: Columns, notes: list[str]) -> list[int]:
        absent = [name for name in self.names if name not in columns.places]
        if absent and absent[0] in columns.unreadable:
            raise columns.unreadable[absent[0]]
        if absent:
            raise InvalidData(
                f"Missing column{'s' if len(absent) > 1 else ''}: {listed(map(repr, absent))}.",
                code="detection.missing_column",
                hint=did_you_mean(absent[0], columns.names),
                details={"missing": absent},
            )
        known = {*self.names, *self.left_out}
        ignored = [columns.names[place] for place in columns.candidates if columns.names[place] not in known]
        if ignored:
            notes.append(f"Columns the detector does not know were ignored: {listed(map(repr, ignored))}.")
        return [columns.places[name] for name in self.names]


def listed(names: Iterable[str]) -> str:
    """Return the first ten names, and how many more there are."""
    every = list(names)
    return ", ".join(every[:10]) + (f" and {len(every) - 10} more" if len(every) > 10 else "")


def _says_names(column: Column) -> str:
    levels = column.levels or ()
    text = f"Column {column.name!r} has {len(levels)} distinct texts: it names the rows and was left out."
    if not any(np.isnan(_parse(level)) for level in levels):
        return f"{text} The texts are numbers: give them as numbers to have them judged."
    if not any(np.isnan(read_time(level)) for level in levels[:100]):
        return f"{text} The texts are times: give them as times, or name the column as the time."
    return text


def _field(state: Mapping[str, Any]) -> Field:
    made = Field(
        name=str(state["name"]),
        kind=state["kind"],
        fill=float(state["fill"]),
        low=float(state["low"]),
        high=float(state["high"]),
        missing_seen=bool(state["missing_seen"]),
        levels=tuple(str(level) for level in state["levels"]),
        rarity=tuple(float(value) for value in state["rarity"]),
        one_hot=bool(state["one_hot"]),
        cycles=tuple(float(cycle) for cycle in state["cycles"]),
    )
    category = made.kind == "category"
    sound = made.kind in _LEARN and (not category or len(made.rarity) == len(made.levels) + 2)
    limits = np.array([made.fill, made.low, made.high, *made.rarity, *made.cycles])
    if not sound or not np.isfinite(limits).all() or (made.kind != "datetime" and np.abs(limits).max() > LARGEST):
        raise ValueError(f"column {made.name!r} has no sound description")
    if any(cycle <= 0.0 for cycle in made.cycles):
        raise ValueError(f"column {made.name!r} has a cycle without length")
    return made


def _names_rows(column: Column, n_rows: int) -> bool:
    count = len(column.levels or ())
    return column.kind == "category" and count > IDENTIFIER_LEVELS and count > IDENTIFIER_SHARE * n_rows


def _learn_number(column: Column) -> Field:
    values = column.values
    # Of the usual column, which is finite, no copy is made but for the median; NaN hides neither bound.
    usual = values.size > 0 and values.min() >= -LARGEST and values.max() <= LARGEST
    finite = values if usual else values[np.isfinite(values)]
    if finite.size == 0:
        return Field(column.name, "number", 0.0, missing_seen=False)
    # Halved first, so that the range of the largest doubles does not overflow.
    low, high = float(finite.min()), float(finite.max())
    span = max(high / 2 - low / 2, abs(high) * 1e-9, 1e-9) * 2
    return Field(
        column.name,
        "number",
        fill=float(np.clip(np.median(finite if usual else np.clip(finite, -LARGEST, LARGEST)), -LARGEST, LARGEST)),
        low=min(max(low - span, -LARGEST), LARGEST),
        high=max(min(high + span, LARGEST), -LARGEST),
        missing_seen=not usual and bool(np.isnan(values).any()),
    )


def _learn_boolean(column: Column) -> Field:
    known = column.values[~np.isnan(column.values)]
    fill = float(known.mean() >= 0.5) if known.size else 0.0
    return Field(column.name, "boolean", fill, 0.0, 1.0, missing_seen=bool(np.isnan(column.values).any()))


def _learn_datetime(column: Column) -> Field:
    known = column.values[np.isfinite(column.values)]
    cycles = []
    if known.size:
        if np.ptp(known % _DAY) > 1.0:
            cycles.append(_DAY)
        if np.ptp(known // _DAY) >= 1.0:
            cycles.append(_WEEK)
    missing = bool(np.isnan(column.values).any()) and bool(cycles)
    fill = float(np.median(known)) if known.size else 0.0
    return Field(column.name, "datetime", fill, missing_seen=missing, cycles=tuple(cycles))


def _learn_category(column: Column) -> Field:
    levels = column.levels or ()
    known = column.values[column.values >= 0]
    counts = np.bincount(known, minlength=len(levels)).astype(np.float64)
    missing = float(column.values.size - known.size)
    # Krichevsky-Trofimov smoothing: half a count for each level, for a missing and for an unseen value.
    all_counts = np.concatenate([counts, [missing, 0.0]]) + 0.5
    rarity = -np.log(all_counts / all_counts.sum())
    order = np.argsort(-counts, kind="stable")
    return Field(
        column.name,
        "category",
        fill=0.0,
        missing_seen=missing > 0,
        levels=tuple(levels[position] for position in order),
        rarity=tuple(float(rarity[position]) for position in [*order, len(levels), len(levels) + 1]),
        one_hot=2 <= len(levels) <= ONE_HOT_LEVELS,
    )


_LEARN: dict[str, Callable[[Column], Field]] = {
    "number": _learn_number,
    "boolean": _learn_boolean,
    "datetime": _learn_datetime,
    "category": _learn_category,
}


def _as_numbers(item: Field, column: Column, notes: list[str]) -> NDArray[np.float64]:
    """Return the column as numbers, also when it arrives as text."""
    if column.kind != "category":
        return column.values
    wrong = no_value(item, column)
    if wrong is not None:
        notes.append(
            f"Column {item.name!r} was learnt as {PLURAL[item.kind]}; {wrong!r} is none and counts as missing."
        )
    return np.asarray(_parsed(item, column)[column.values])


def _parsed(item: Field, column: Column) -> NDArray[np.float64]:
    """Return what the levels of a column of text stand for, NaN for nothing, and one more NaN for a missing value."""
    parse = _PARSE.get(item.kind, _parse)
    return np.array([parse(level) for level in column.levels or ()] + [np.nan])


def no_value(item: Field, column: Column) -> str | None:
    """Return a text that stands for nothing where numbers, flags or times were learnt; None where there is none."""
    if column.kind != "category":
        return None
    levels = zip(column.levels or (), _parsed(item, column), strict=False)
    return next((level for level, number in levels if np.isnan(number)), None)


def _parse(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return np.nan


def _parse_flag(text: str) -> float:
    return {"true": 1.0, "false": 0.0}.get(text.strip().lower(), _parse(text))


_PARSE: dict[str, Callable[[str], float]] = {"datetime": read_time, "boolean": _parse_flag}
PLURAL = {"datetime": "times", "boolean": "flags", "number": "numbers"}


def _write_number(item: Field, column: Column, out: NDArray[np.float64], notes: list[str]) -> None:
    values = _as_numbers(item, column, notes)
    target = out[:, 0]
    # The usual row is finite: one pass, no temporary arrays beyond the test.
    if np.isfinite(values).all():
        np.clip(values, -LARGEST, LARGEST, out=target)
        if item.missing_seen:
            out[:, 1] = 0.0
        return
    missing = np.isnan(values)
    filled = np.where(missing, item.fill, values)
    filled = np.where(filled == np.inf, item.high, np.where(filled == -np.inf, item.low, filled))
    np.clip(filled, -LARGEST, LARGEST, out=target)
    if item.missing_seen:
        out[:, 1] = missing
    elif missing.any():
        notes.append(f"Column {item.name!r} lacks {_counted(missing, 'value')}; the typical one is taken instead.")
    infinite = int(np.isinf(values).sum())
    if infinite:
        notes.append(f"Column {item.name!r} holds {infinite} infinite values; they count as far beyond the range seen.")


def _counted(where: NDArray[np.bool_], what: str) -> str:
    count = int(where.sum())
    return f"{count} {what}{'s' * (count != 1)}"


def _write_datetime(item: Field, column: Column, out: NDArray[np.float64], notes: list[str]) -> None:
    seconds = _as_numbers(item, column, notes)
    missing = ~np.isfinite(seconds)
    seconds = np.where(missing, item.fill, seconds)
    for position, cycle in enumerate(item.cycles):
        angle = (seconds % cycle) * (2 * np.pi / cycle)
        out[:, 2 * position] = np.sin(angle)
        out[:, 2 * position + 1] = np.cos(angle)
    if item.missing_seen:
        out[:, -1] = missing
    elif missing.any():
        notes.append(f"Column {item.name!r} lacks {_counted(missing, 'time')}; the typical one is taken instead.")


def _write_category(item: Field, column: Column, out: NDArray[np.float64], notes: list[str]) -> None:
    known = {level: code for code, level in enumerate(item.levels)}
    missing_code, unseen_code = len(item.levels), len(item.levels) + 1
    if column.kind == "category":
        translate = np.array([known.get(level, unseen_code) for level in column.levels or ()] + [missing_code])
        codes = translate[column.values]
    else:
        texts = column.take(np.arange(column.values.shape[0]))
        codes = np.array([missing_code if text is None else known.get(level_text(text), unseen_code) for text in texts])
    out[:, 0] = np.array(item.rarity)[codes]
    if item.one_hot:
        out[:, 1:] = codes[:, np.newaxis] == np.arange(len(item.levels))
    unseen = int((codes == unseen_code).sum())
    if unseen:
        notes.append(f"Column {item.name!r} holds {unseen} values never seen in training; they count as the rarest.")


_WRITE: dict[str, Callable[[Field, Column, NDArray[np.float64], list[str]], None]] = {
    "number": _write_number,
    "boolean": _write_number,
    "datetime": _write_datetime,
    "category": _write_category,
}


def _typical_column(item: Field) -> Column:
    if item.kind == "category":
        return Column(item.name, "category", np.array([0 if item.levels else -1], dtype=np.int32), item.levels)
    return Column(item.name, item.kind, np.array([item.fill]))
