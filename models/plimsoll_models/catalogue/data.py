"""The rows that the catalogue is fitted and judged on: a feature table, cut once in time."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..job import JobError
from ..splits import SplitError, walk_forward
from ..table import Table

Rows = NDArray[np.float64]
#: Rows ahead, of the same symbol, whose close makes the forward return.
HORIZON = 12
MOST_ROWS = 20_000
LEAST_TEST_ROWS = 500
_TRAINED_SHARE = 0.65
_LEAST_SIZE = 1e-3


@dataclass(frozen=True)
class Data:
    """`train` before `test`; no label or return of a row of `train` is known later than the first row of `test` begins."""

    features: tuple[str, ...]
    rows: Rows
    #: 1 where the price went up, by the table's label.
    label: NDArray[np.int64]
    #: Forward return, in deviations of the training's.
    returns: Rows
    train: NDArray[np.int64]
    test: NDArray[np.int64]
    #: Rows between the two that neither takes.
    purged: int

    @property
    def sizes(self) -> Rows:
        """Of the returns, and never 0."""
        return np.maximum(np.abs(self.returns), _LEAST_SIZE)


def data_of(table: Table) -> Data:
    """Raises JobError `CATALOGUE_ROWS` where the table has too few rows, or ones of no spread."""
    ahead = _ahead(table)
    kept = np.flatnonzero(ahead >= 0)[-MOST_ROWS:]
    later = ahead[kept]
    known = table.known[kept]
    # Whoever is trained on a row is told its label and its return: it is known when the later of both is.
    end = np.maximum(table.end[kept], table.known[later])
    returns = np.log(table.close[later] / table.close[kept])
    times = len(np.unique(known))
    trained = int(times * _TRAINED_SHARE)
    try:
        train, test = next(walk_forward(known, end, train_size=trained, test_size=times - trained, anchored=True))
    except SplitError as problem:
        raise _too_few(str(problem)) from problem
    if len(test) < LEAST_TEST_ROWS:
        raise _too_few(f"{len(test)} rows are left to judge by, and {LEAST_TEST_ROWS} are wanted")
    spread = float(returns[train].std())
    if not spread > 0 or not np.isfinite(returns).all():
        raise _too_few("the closes have no spread, or one is no positive number")
    purged = int(test[0]) - len(train)
    return Data(table.features, table.rows[kept], table.label[kept], returns / spread, train, test, purged)


def _ahead(table: Table) -> NDArray[np.int64]:
    """By row, the row of the same symbol that is HORIZON later; -1 where there is none."""
    ahead = np.full(len(table.known), -1, np.int64)
    for symbol in np.unique(table.symbol):
        own = np.flatnonzero(table.symbol == symbol)
        ahead[own[:-HORIZON]] = own[HORIZON:]
    return ahead


def _too_few(what: str) -> JobError:
    return JobError("CATALOGUE_ROWS", f"the catalogue cannot be judged on this table: {what}", "take more bars")
