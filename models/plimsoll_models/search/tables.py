"""The tables that a search chooses among: the same bars, with other features or labels."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .. import scoring, splits
from ..catalogue.fit import least
from ..job import JobError
from ..table import Table, read_table
from ..table_leaks import refuse_table_leaks

CHANNEL = re.compile(r"train(?:-([0-9]{1,3}))?")
MOST_TABLES = 16
#: Fewer blocks of time leave the error of a mean unknown.
LEAST_BLOCKS = 10
#: More say no more of it, and are kept for each trial.
MOST_BLOCKS = 500
#: Rows that all tables have; what a table has beyond is left out, so that all trials are judged on the same rows.
_LEAST_COMMON = 0.8
#: Bits of a time in ms UTC, until the year 2527.
_TIME_BITS = 44
_HOUR_MS = 3_600_000

Rows = NDArray[np.int64]


@dataclass(frozen=True)
class Judging:
    """How every trial is judged."""

    folds: int
    embargo_hours: float
    #: Times of a block, several times as long as a label.
    block_rows: int


@dataclass(frozen=True)
class Candidate:
    """One table, cut to the rows that all have."""

    channel: str
    table: Table
    folds: Sequence[tuple[Rows, Rows]]
    #: By row, the log loss of who knows nothing.
    baseline: NDArray[np.float64]

    def about(self) -> dict[str, Any]:
        of = self.table.about
        told = {name: of.get(name) for name in ("sha256", "features", "label", "timeframe", "symbols", "lockedFrom") if name in of}
        return {"channel": self.channel, **told, "baselineLogLoss": float(self.baseline.mean())}


@dataclass(frozen=True)
class Ground:
    """What all trials are judged on."""

    candidates: Mapping[str, Candidate]
    #: By row, the block of time that it belongs to.
    block: Rows
    blocks: int

    def block_means(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.bincount(self.block, values, self.blocks) / np.bincount(self.block, minlength=self.blocks)


def ground_of(channels: Mapping[str, Path], judging: Judging) -> Ground:
    """Raises JobError as `read_table`, and `SEARCH_TABLES`, `SEARCH_TABLES_DIFFER`, `SEARCH_ROWS`, `SPLIT_IMPOSSIBLE`, `TABLE_LEAKS`,
    `TABLE_ONE_CLASS`."""
    tables = _common({name: read_table(folder) for name, folder in _in_order(channels)})
    first = next(iter(tables.values()))
    times, place = np.unique(first.known, return_inverse=True)
    blocks = min(MOST_BLOCKS, len(times) // judging.block_rows)
    if blocks < LEAST_BLOCKS:
        what = f"{len(times)} times are {blocks} blocks of {judging.block_rows}, and {LEAST_BLOCKS} are wanted to know how sure a gain is"
        raise JobError("SEARCH_ROWS", what, "take more bars, or a smaller block_rows that is still several labels long")
    candidates = {name: _candidate(name, table, judging) for name, table in tables.items()}
    return Ground(candidates, np.asarray(place * blocks // len(times), np.int64), blocks)


def _in_order(channels: Mapping[str, Path]) -> list[tuple[str, Path]]:
    strange = [name for name in channels if not CHANNEL.fullmatch(name)]
    if strange or not 1 <= len(channels) <= MOST_TABLES:
        what = f"a channel is called {strange[0]}" if strange else f"there are {len(channels)} channels"
        raise JobError("SEARCH_TABLES", what, f"give 1 to {MOST_TABLES} tables as channels train, train-0, train-1, …", 2)
    return sorted(channels.items(), key=lambda one: int(one[0].partition("-")[2] or -1))


def _common(tables: Mapping[str, Table]) -> dict[str, Table]:
    """Each table with the rows that all have. A row is a symbol and a time."""
    symbols = np.unique(np.concatenate([np.unique(table.symbol) for table in tables.values()]))
    keys = {name: np.searchsorted(symbols, table.symbol).astype(np.int64) << _TIME_BITS | table.known for name, table in tables.items()}
    shared = next(iter(keys.values()))
    for own in keys.values():
        shared = np.intersect1d(shared, own)
    kept = {name: _rows_of(table, np.flatnonzero(np.isin(keys[name], shared))) for name, table in tables.items()}
    largest = max(len(own) for own in keys.values())
    first = next(iter(kept.values()))
    if len(shared) < _LEAST_COMMON * largest:
        raise _differ(f"they have {len(shared)} rows in common, of up to {largest}")
    for name, table in kept.items():
        if not (np.array_equal(table.close, first.close) and np.array_equal(table.symbol, first.symbol)):
            raise _differ(f"the closes of {name} are others")
    return kept


def _rows_of(table: Table, at: Rows) -> Table:
    by_row = ("rows", "label", "weight", "known", "end", "close", "symbol")
    return dataclasses.replace(table, **{name: getattr(table, name)[at] for name in by_row})


def _differ(what: str) -> JobError:
    return JobError("SEARCH_TABLES_DIFFER", f"the tables are not of the same bars: {what}", "make them from one file of bars")


def _candidate(channel: str, table: Table, judging: Judging) -> Candidate:
    embargo_ms = int(judging.embargo_hours * _HOUR_MS)
    try:
        folds = list(splits.purged_k_fold(table.known, table.end, folds=judging.folds, embargo_ms=embargo_ms))
    except splits.SplitError as problem:
        raise JobError("SPLIT_IMPOSSIBLE", f"{channel}: {problem}", "take more bars, or fewer folds") from problem
    refuse_table_leaks(table, folds, embargo_ms, again="search", where=f"{channel}: ")
    share = np.empty(len(table.label))
    for train, test in folds:
        if table.label[train].min() == table.label[train].max():
            what = f"{channel}: every label of a fold's rows is {int(table.label[train[0]])}"
            raise JobError("TABLE_ONE_CLASS", what, "take more bars, or fewer folds")
        share[test] = np.average(table.label[train], weights=table.weight[train])
    # The share of the other blocks errs against this one where shares drift; even odds do not.
    guesses = [scoring.log_losses(table.label, said) for said in (share, np.full(len(share), 0.5))]
    return Candidate(channel, table, folds, np.asarray(least(guesses)))
