"""What every job asks of a table before it learns from it: that none of its columns knows the future, under its folds."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from . import leaks
from .job import JobError
from .table import Table

_CALENDAR = ("hour-sin", "hour-cos", "week-sin", "week-cos")

Rows = NDArray[np.int64]


def refuse_table_leaks(table: Table, folds: Sequence[tuple[Rows, Rows]], embargo_ms: int, *, again: str, where: str = "") -> None:
    """Raises `TABLE_LEAKS`. `again` is what to do then, in the words of the job; `where` stands before what was found."""
    calendar = [name for name in _CALENDAR if name in table.features]
    try:
        leaks.refuse_leaks(
            table.columns(), features=table.features, symbol="symbol", labels=("label",), calendar=calendar, splits=folds, embargo_ms=embargo_ms
        )
    except leaks.LeaksFound as found:
        raise JobError("TABLE_LEAKS", f"{where}{found}", f"remove what looks ahead, and {again} again") from found
