"""The bars that a batch is made from, as the platform wrote them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..job import JobError
from ..job.files import read_json_object, sha256_of_file

FORMAT = "plimsoll-batch-bars/1"
BARS_FILE = "bars.parquet"
ABOUT_FILE = "bars.json"
MOST_FEATURES = 30
_PRICES = ("open", "high", "low", "close")
_COLUMNS = ("time", *_PRICES, "volume")
_MOST_BARS = 1_000_000
_MOST_BYTES = 512 << 20
#: A week and a bit; no exchange has longer bars but those of a month.
_LONGEST_TIMEFRAME_MS = 32 * 86_400_000
_REMEDY = "let `plimsoll models batch` write the bars again"
Rows = NDArray[np.float64]


@dataclass(frozen=True)
class Seen:
    """Bars that follow one another, and nothing of what came after the last of them."""

    #: Of the close, shape (bars,).
    log_close: Rows
    #: Float64 that holds float32, shape (bars, features); no columns where the bars have no features.
    features: Rows

    def __len__(self) -> int:
        return len(self.log_close)


@dataclass(frozen=True)
class Bars:
    """In order of time; every array has one entry a bar."""

    #: ms UTC, of the open.
    time: NDArray[np.int64]
    close: Rows
    features: Rows
    timeframe_ms: int
    #: Place of the first bar that is predicted.
    start: int

    def __len__(self) -> int:
        return len(self.time)

    def seen(self, first: int, last: int) -> Seen:
        """Copies of the bars from `first` to `last`, both among them: whoever is given them reaches no bar after `last`."""
        return Seen(np.log(self.close[first : last + 1]), self.features[first : last + 1].copy())


def read_bars(folder: Path) -> Bars:
    """Raises JobError: `BATCH_BARS_MISSING`, `BATCH_BARS_CHANGED`, `BATCH_BARS_INVALID`, `BATCH_ROWS`."""
    about = read_json_object(folder / ABOUT_FILE)
    path = folder / BARS_FILE
    if about is None or not path.is_file():
        raise JobError("BATCH_BARS_MISSING", f"the channel has no {ABOUT_FILE} with {BARS_FILE} beside it", _REMEDY)
    if about.get("format") != FORMAT:
        raise _invalid(f"they are of the format {str(about.get('format'))[:60]!r}, and {FORMAT!r} is read here")
    features, timeframe_ms, start_time = _about(about)
    if path.stat().st_size > _MOST_BYTES:
        raise _invalid(f"{BARS_FILE} is longer than {_MOST_BYTES >> 20} MiB")
    if sha256_of_file(path) != about.get("sha256"):
        raise JobError("BATCH_BARS_CHANGED", f"{BARS_FILE} is not the file that {ABOUT_FILE} describes", _REMEDY)
    columns = _columns(path, features)
    time = columns["time"]
    start = int(np.searchsorted(time, start_time))
    if start == len(time):
        raise JobError("BATCH_ROWS", f"no bar opens at {start_time} or later, so none is to be predicted", "take later bars")
    rows = np.column_stack([columns[name] for name in features]) if features else np.empty((len(time), 0))
    return Bars(time, columns["close"], rows, timeframe_ms, start)


def _about(about: Mapping[str, Any]) -> tuple[tuple[str, ...], int, int]:
    """Features, timeframe and the open of the first bar that is predicted."""
    features = about.get("features")
    if not isinstance(features, list) or not all(isinstance(name, str) and name for name in features):
        raise _invalid("`features` is no list of names")
    if len(features) > MOST_FEATURES or len(set(features)) < len(features) or set(features) & set(_COLUMNS):
        raise _invalid(f"`features` are more than {MOST_FEATURES}, or two columns have one name")
    timeframe, start = about.get("timeframeMs"), about.get("from")
    if type(timeframe) is not int or not 1 <= timeframe <= _LONGEST_TIMEFRAME_MS:
        raise _invalid(f"`timeframeMs` is no whole number from 1 to {_LONGEST_TIMEFRAME_MS}")
    if type(start) is not int:
        raise _invalid("`from` is no time in ms")
    return tuple(features), timeframe, start


def _columns(path: Path, features: tuple[str, ...]) -> dict[str, NDArray[Any]]:
    import pyarrow
    import pyarrow.parquet as parquet

    try:
        table = parquet.read_table(path)
    except (pyarrow.ArrowException, OSError) as problem:
        raise _invalid(f"{BARS_FILE} cannot be read ({str(problem)[:200]})") from problem
    wanted = {*_COLUMNS, *features}
    if set(table.column_names) != wanted or len(table.column_names) > len(wanted):
        raise _invalid(f"their columns are not those that they name: {', '.join(sorted(set(table.column_names) ^ wanted))}")
    if not 1 <= table.num_rows <= _MOST_BARS:
        raise _invalid(f"there are {table.num_rows} of them, not 1 to {_MOST_BARS}")
    columns = {name: _numbers(table[name], name) for name in wanted}
    time = columns["time"]
    behind = np.flatnonzero(np.diff(time) <= 0)
    if len(behind):
        at = int(behind[0]) + 1
        raise _invalid(f"bar {at} opens at {time[at]}, no later than the one before: they are not sorted, or one is there twice")
    for name in _PRICES:
        if not (columns[name] > 0).all():
            raise _invalid(f"{name} of bar {int(np.flatnonzero(columns[name] <= 0)[0])} is no positive number")
    return columns


def _numbers(column: Any, name: str) -> NDArray[Any]:
    import pyarrow

    kinds = {"time": pyarrow.int64(), **dict.fromkeys(_COLUMNS[1:], pyarrow.float64())}
    wanted = kinds.get(name, pyarrow.float32())
    if column.type != wanted:
        raise _invalid(f"the column {name} is {column.type}, not {wanted}")
    if column.null_count:
        raise _invalid(f"the column {name} has {column.null_count} holes")
    values = np.asarray(column, np.int64 if name == "time" else np.float64)
    if not np.isfinite(values).all():
        raise _invalid(f"{name} of bar {int(np.flatnonzero(~np.isfinite(values))[0])} is no number")
    return values


def _invalid(what: str) -> JobError:
    return JobError("BATCH_BARS_INVALID", f"these are no bars to predict: {what}", _REMEDY)
