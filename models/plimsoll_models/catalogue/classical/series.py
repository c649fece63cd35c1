"""What those that look at the series of prices alone are given: one symbol's closes, as returns, symbols and counts."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...job import JobError
from ..data import LARGE_SHARE, Data, Rows

#: Returns that one count is made of.
COUNTED_ROWS = 6
#: Returns are told apart by the quantiles of those that are trained on.
SYMBOLS = 5
DIRECTIONS = 3


@dataclass(frozen=True)
class Series:
    """One entry a row of the table."""

    #: Logarithm of the close, in deviations of the training's returns.
    price: Rows
    #: From the close before, in the same unit; of the first row 0.
    returns: Rows
    #: Size of the return where it is large, else 0.
    large: Rows
    #: 0 to SYMBOLS - 1, by the size and sign of the return.
    symbols: NDArray[np.int64]
    #: 0 a fall, 1 hardly a move, 2 a rise.
    direction: NDArray[np.int64]


@dataclass(frozen=True)
class Units:
    """What tells returns apart, as the rows that are fitted have it."""

    #: Of a return from one close to the next, its standard deviation. The others are in this unit.
    spread: float
    #: Where the size of a return begins to be large.
    large: float
    symbol_cuts: Rows
    direction_cuts: Rows

    @staticmethod
    def of(moves: Rows) -> Units:
        """`moves`: logarithmic returns."""
        spread = float(moves.std())
        seen = moves / spread
        return Units(
            spread,
            float(np.quantile(np.abs(seen), 1 - LARGE_SHARE)),
            np.quantile(seen, np.arange(1, SYMBOLS) / SYMBOLS),
            np.quantile(seen, np.arange(1, DIRECTIONS) / DIRECTIONS),
        )

    def series(self, log_close: Rows) -> Series:
        returns = np.diff(log_close, prepend=log_close[0]) / self.spread
        sizes = np.abs(returns)
        return Series(
            price=log_close / self.spread,
            returns=returns,
            large=np.where(sizes > self.large, sizes, 0.0),
            symbols=np.searchsorted(self.symbol_cuts, returns).astype(np.int64),
            direction=np.searchsorted(self.direction_cuts, returns).astype(np.int64),
        )


def series_of(data: Data) -> Series:
    """Raises JobError `CATALOGUE_SYMBOLS` where the table holds more than one symbol."""
    symbols = np.unique(data.symbol)
    if len(symbols) > 1:
        raise JobError("CATALOGUE_SYMBOLS", f"a series is of one symbol, and the table has {len(symbols)}", "write a table of one symbol")
    log_close = np.log(data.close)
    moves = np.diff(log_close, prepend=log_close[0])
    return Units.of(moves[data.train]).series(log_close)


def move_counts(series: Series) -> NDArray[np.int64]:
    """Large moves among every COUNTED_ROWS rows, one count after the other: shape (counts, 1)."""
    return np.asarray(_blocks(series.large > 0).sum(axis=1, keepdims=True), np.int64)


def direction_counts(series: Series) -> NDArray[np.int64]:
    """Falls, hardly moves and rises among every COUNTED_ROWS rows: shape (counts, DIRECTIONS)."""
    blocks = _blocks(series.direction)
    return np.stack([(blocks == k).sum(axis=1) for k in range(DIRECTIONS)], axis=1)


def _blocks(column: NDArray[np.generic]) -> NDArray[np.generic]:
    whole = len(column) // COUNTED_ROWS
    return column[: whole * COUNTED_ROWS].reshape(whole, COUNTED_ROWS)
