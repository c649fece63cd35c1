"""The feature table that the platform wrote: what its core computed, and nothing that is computed here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .job import JobError
from .job.files import read_json_object, sha256_of_file

FORMAT = "plimsoll-features/1"
ROWS_FILE = "rows.parquet"
ABOUT_FILE = "table.json"
_OTHER_COLUMNS = ("symbol", "known", "end", "close", "label", "weight")
#: Fewer rows than this for each feature tell chance from skill in no split.
_LEAST_ROWS = 500
_REMEDY = "write the table again with `plimsoll models table`"


@dataclass(frozen=True)
class Table:
    """Rows in order of time; every array has one entry a row."""

    features: tuple[str, ...]
    #: Float64 that holds float32: what every library, and the platform, looks at.
    rows: NDArray[np.float64]
    #: 1 where the price went up, else 0; under a meta label, 1 where its primary was right.
    label: NDArray[np.int64]
    weight: NDArray[np.float64]
    #: ms UTC, when the features and when the label are known.
    known: NDArray[np.int64]
    end: NDArray[np.int64]
    close: NDArray[np.float64]
    symbol: NDArray[Any]
    #: table.json.
    about: Mapping[str, Any]

    def columns(self) -> dict[str, Any]:
        """For the checks in leaks.py."""
        features = {name: self.rows[:, k] for k, name in enumerate(self.features)}
        return {
            **features,
            "start": self.known,
            "end": self.end,
            "close": self.close,
            "label": self.label.astype(np.float64),
            "symbol": self.symbol,
        }


def read_table(folder: Path) -> Table:
    """Raises JobError: `TABLE_MISSING`, `TABLE_CHANGED`, `TABLE_INVALID`, `TABLE_TOO_SHORT`, `TABLE_ONE_CLASS`."""
    import pyarrow.parquet as parquet

    about = read_json_object(folder / ABOUT_FILE)
    if about is None or not (folder / ROWS_FILE).is_file():
        raise JobError("TABLE_MISSING", f"the channel has no {ABOUT_FILE} with {ROWS_FILE} beside it", _REMEDY)
    if about.get("format") != FORMAT:
        raise JobError("TABLE_INVALID", f"the table is of the format {about.get('format')!r}, and {FORMAT!r} is read here", _REMEDY)
    if sha256_of_file(folder / ROWS_FILE) != about.get("sha256"):
        raise JobError("TABLE_CHANGED", f"{ROWS_FILE} is not the file that {ABOUT_FILE} describes", _REMEDY)
    data = parquet.read_table(folder / ROWS_FILE)
    features = tuple(str(name) for name in about["features"])
    wanted = {*_OTHER_COLUMNS, *features}
    if set(data.column_names) != wanted:
        difference = ", ".join(sorted(set(data.column_names) ^ wanted))
        raise JobError("TABLE_INVALID", f"its columns are not those that it names: {difference}", _REMEDY)
    rows = np.column_stack([np.asarray(data[name], np.float64) for name in features])
    label = np.asarray(data["label"], np.float64)
    weight = np.asarray(data["weight"], np.float64)
    for name, values in {**dict(zip(features, rows.T, strict=True)), "label": label, "weight": weight}.items():
        if not np.isfinite(values).all():
            at = int(np.flatnonzero(~np.isfinite(values))[0])
            raise JobError("TABLE_INVALID", f"the column {name} has no number in row {at}", _REMEDY)
    if len(label) < _LEAST_ROWS:
        raise JobError("TABLE_TOO_SHORT", f"the table has {len(label)} rows, and a model wants {_LEAST_ROWS}", "take more bars")
    if not np.isin(label, (0, 1)).all():
        raise JobError("TABLE_INVALID", "a label is neither 0 nor 1", _REMEDY)
    if label.min() == label.max():
        raise JobError("TABLE_ONE_CLASS", f"every label is {int(label[0])}", "choose labels that tell rows apart")
    return Table(
        features,
        rows,
        label.astype(np.int64),
        weight,
        np.asarray(data["known"], np.int64),
        np.asarray(data["end"], np.int64),
        np.asarray(data["close"], np.float64),
        np.asarray(data["symbol"].to_pylist()),
        about,
    )
