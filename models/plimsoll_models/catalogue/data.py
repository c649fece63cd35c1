"""The rows that the catalogue is fitted and judged on: a feature table, cut once in time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

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
#: Returns from one close to the next that are unusually large: the largest fifth of those that are trained on.
LARGE_SHARE = 0.2
#: By the deviation of the returns of so many rows before it.
REGIMES = ("calm", "middle", "turbulent")
_REGIME_ROWS = 48


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
    #: ms UTC: when a row's features, its label and its forward return are known.
    known: NDArray[np.int64]
    label_known: NDArray[np.int64]
    return_known: NDArray[np.int64]
    close: Rows
    symbol: NDArray[Any]
    #: Of the HORIZON returns from one close to the next that follow a row, those that are large.
    counts: NDArray[np.int64]
    #: By row, a place in REGIMES; the limits are those of the rows that are trained on.
    regime: NDArray[np.int64]

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
    return Data(
        features=table.features,
        rows=table.rows[kept],
        label=table.label[kept],
        returns=returns / spread,
        train=train,
        test=test,
        purged=purged,
        known=known,
        label_known=table.end[kept],
        return_known=table.known[later],
        close=table.close[kept],
        symbol=table.symbol[kept],
        counts=_large_ahead(table, kept, kept[train]),
        regime=_regimes(table.close[kept], table.symbol[kept], train),
    )


def _large_ahead(table: Table, kept: NDArray[np.int64], trained: NDArray[np.int64]) -> NDArray[np.int64]:
    moves = np.zeros(len(table.close))
    for symbol in np.unique(table.symbol):
        own = np.flatnonzero(table.symbol == symbol)
        moves[own[1:]] = np.abs(np.diff(np.log(table.close[own])))
    large = moves > np.quantile(moves[trained], 1 - LARGE_SHARE)
    counts = np.zeros(len(table.close), np.int64)
    for symbol in np.unique(table.symbol):
        own = np.flatnonzero(table.symbol == symbol)
        so_far = np.cumsum(large[own])
        counts[own[:-HORIZON]] = so_far[HORIZON:] - so_far[:-HORIZON]
    return counts[kept]


def _regimes(close: Rows, symbol: NDArray[Any], train: NDArray[np.int64]) -> NDArray[np.int64]:
    """From the past of each row alone; rows of several symbols are told apart within each."""
    regime = np.zeros(len(close), np.int64)
    trained = np.zeros(len(close), np.bool_)
    trained[train] = True
    for one in np.unique(symbol):
        own = np.flatnonzero(symbol == one)
        squares = np.concatenate([[0.0], np.cumsum(np.diff(np.log(close[own]), prepend=np.log(close[own[0]])) ** 2)])
        begin = np.maximum(0, np.arange(1, len(own) + 1) - _REGIME_ROWS)
        variance = (squares[1:] - squares[begin]) / (np.arange(1, len(own) + 1) - begin)
        regime[own] = np.searchsorted(np.quantile(variance[trained[own]], [1 / 3, 2 / 3]), variance)
    return regime


def _ahead(table: Table) -> NDArray[np.int64]:
    """By row, the row of the same symbol that is HORIZON later; -1 where there is none."""
    ahead = np.full(len(table.known), -1, np.int64)
    for symbol in np.unique(table.symbol):
        own = np.flatnonzero(table.symbol == symbol)
        ahead[own[:-HORIZON]] = own[HORIZON:]
    return ahead


def _too_few(what: str) -> JobError:
    return JobError("CATALOGUE_ROWS", f"the catalogue cannot be judged on this table: {what}", "take more bars")
