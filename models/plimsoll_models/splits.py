"""Splits of rows in time that keep a model from being tested on what it was trained on.

A row is a span: from `start`, when its features are known, to `end`, when its label is known (both ms UTC). Two rows
share information where their spans meet, and spans are closed: a label that is known at the moment another row's
features are meets it.

No split cuts through a time: rows of several symbols with one `start` are always on the same side, and sizes are
counted in distinct times, which are bars where there is one symbol.

Purging and embargo: M. Lopez de Prado, Advances in Financial Machine Learning (2018), chapter 7; combinatorial splits
and paths: chapter 12.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from math import comb
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

IntArray = NDArray[np.int64]
Split = tuple[IntArray, IntArray]
"""Row indices to train on and row indices to test on, both ascending."""

MAX_ROWS = 50_000_000
MAX_SPLITS = 10_000
"""Splits that one call yields: each is a model to fit."""


class SplitError(ValueError):
    """Rows that cannot be split as asked."""


class SplitParameterError(SplitError):
    """A number of folds, a size or an embargo is out of its bounds."""


class SpanError(SplitError):
    """Times that are not whole finite numbers, not sorted, or end before they start."""


class TooFewRowsError(SplitError):
    """Fewer rows than the split needs, or none left to train on."""


@dataclass(frozen=True)
class _Rows:
    """Spans, checked."""

    start: IntArray
    end: IntArray
    times: IntArray
    """Distinct starts, ascending."""
    first: IntArray
    """Index of the first row of each time, and the number of rows after the last."""


def purged_k_fold(start: ArrayLike, end: ArrayLike, *, folds: int, embargo_ms: int = 0) -> Iterator[Split]:
    """Each of `folds` consecutive blocks of times is tested once, on a model of the other rows less those that it
    purges.

    Training loses the rows whose spans meet one of the block's, and those that start within `embargo_ms` after the
    block's last label is known. Where times do not divide, the first blocks hold one more (as scikit-learn's KFold).

    Raises SplitParameterError, SpanError or TooFewRowsError, before the first split.
    """
    return combinatorial_purged(start, end, folds=folds, test_folds=1, embargo_ms=embargo_ms)


def combinatorial_purged(
    start: ArrayLike, end: ArrayLike, *, folds: int, test_folds: int, embargo_ms: int = 0
) -> Iterator[Split]:
    """All C(folds, test_folds) ways to test on some blocks and train on the others, in lexicographic order of the
    blocks.

    Purged and embargoed after each block as in `purged_k_fold`. `backtest_paths` says which splits make a path.

    Raises SplitParameterError, SpanError or TooFewRowsError, before the first split.
    """
    chosen = _combinations(folds, test_folds)
    embargo_ms = _whole("embargo_ms", embargo_ms, 0)
    rows = _checked(start, end)
    fold_of = _fold_of_rows(rows, folds)
    refused = [_refused_by(rows, fold_of, fold, embargo_ms) for fold in range(folds)]

    def train(tested: tuple[int, ...]) -> IntArray:
        return np.flatnonzero(~np.logical_or.reduce([refused[fold] for fold in tested]))

    # All are looked at before the first is used: a fit is dear. None is kept: together they would be large.
    for number, tested in enumerate(chosen):
        _assert_training(train(tested), number)
    return ((train(tested), np.flatnonzero(np.isin(fold_of, tested))) for tested in chosen)


def walk_forward(
    start: ArrayLike,
    end: ArrayLike,
    *,
    train_size: int,
    test_size: int,
    step: int | None = None,
    anchored: bool = False,
    embargo_ms: int = 0,
    keep_partial: bool = False,
) -> Iterator[Split]:
    """Tests blocks of `test_size` times, one after another, each on a model of what was known before it.

    Training takes the `train_size` times before the block, or with `anchored` all of them, less the rows whose label is
    not known more than `embargo_ms` before the block's first row. (After a block nothing is trained on, so the embargo
    is a distance before it.) Blocks begin `step` times apart, `test_size` where absent. A last block with fewer times
    is left out unless `keep_partial`.

    Raises SplitParameterError, SpanError or TooFewRowsError, before the first split.
    """
    train_size = _whole("train_size", train_size, 1)
    test_size = _whole("test_size", test_size, 1)
    step = test_size if step is None else _whole("step", step, 1)
    embargo_ms = _whole("embargo_ms", embargo_ms, 0)
    rows = _checked(start, end)
    times = len(rows.times)
    last = times - 1 if keep_partial else times - test_size
    if last < train_size:
        raise TooFewRowsError(
            f"there are {times} times, fewer than {train_size} to train on and "
            f"{1 if keep_partial else test_size} to test: pass more rows, or smaller sizes"
        )
    begins = range(train_size, last + 1, step)
    _bounded_splits(len(begins))

    def known(begin: int) -> IntArray:
        lowest = rows.first[0 if anchored else begin - train_size]
        train = np.arange(lowest, rows.first[begin], dtype=np.int64)
        return train[rows.end[train] < rows.times[begin] - embargo_ms]

    def splits() -> Iterator[Split]:
        for begin in begins:
            until = rows.first[min(begin + test_size, times)]
            yield known(begin), np.arange(rows.first[begin], until, dtype=np.int64)

    for number, begin in enumerate(begins):
        _assert_training(known(begin), number)
    return splits()


def backtest_paths(folds: int, test_folds: int) -> IntArray:
    """Which split supplies each fold of each path: one row a path, one column a fold, values numbers of splits.

    Every fold is tested in φ = C(folds - 1, test_folds - 1) splits of `combinatorial_purged`; path p takes of each fold
    the p-th of them. So each pair of split and fold is used once.

    Raises SplitParameterError.
    """
    chosen = _combinations(folds, test_folds)
    return np.array(
        [[split for split, tested in enumerate(chosen) if fold in tested] for fold in range(folds)], dtype=np.int64
    ).T


def recombine(
    start: ArrayLike, predictions: Sequence[ArrayLike], *, folds: int, test_folds: int
) -> NDArray[np.float64]:
    """The φ paths as predictions of all rows, one row a path, from those of each split in its order of test rows.

    Raises SplitParameterError, SpanError or TooFewRowsError.
    """
    rows = _checked(start, start)
    chosen = _combinations(folds, test_folds)
    fold_of = _fold_of_rows(rows, folds)
    if len(predictions) != len(chosen):
        raise SplitParameterError(f"there are predictions of {len(predictions)} splits, and {len(chosen)} splits")
    of_split = np.full((len(chosen), len(rows.start)), np.nan)
    for split, tested in enumerate(chosen):
        test = np.flatnonzero(np.isin(fold_of, tested))
        values = np.asarray(predictions[split], dtype=np.float64)
        if values.shape != test.shape:
            raise SplitParameterError(f"split {split} has {values.size} predictions for {test.size} test rows")
        of_split[split, test] = values
    return of_split[backtest_paths(folds, test_folds)[:, fold_of], np.arange(len(rows.start))]


def _assert_training(train: IntArray, split: int) -> None:
    if train.size == 0:
        raise TooFewRowsError(
            f"split {split} has no row left to train on: pass more rows, fewer test folds, or a shorter embargo"
        )


def _refused_by(rows: _Rows, fold_of: IntArray, fold: int, embargo_ms: int) -> NDArray[np.bool_]:
    """Rows that a model tested on this block may not train on. Rows are sorted by start, so a block is a range of
    them."""
    first, last = np.searchsorted(fold_of, [fold, fold + 1])
    refused = np.zeros(len(rows.start), dtype=np.bool_)
    refused[first:last] = True
    refused[:first] = rows.end[:first] >= rows.start[first]
    refused[last:] = rows.start[last:] <= rows.end[first:last].max() + embargo_ms
    return refused


def _fold_of_rows(rows: _Rows, folds: int) -> IntArray:
    times = len(rows.times)
    if times < folds:
        raise TooFewRowsError(f"there are {times} times for {folds} folds: pass more rows, or ask for fewer folds")
    sizes = np.full(folds, times // folds)
    sizes[: times % folds] += 1
    return np.repeat(np.repeat(np.arange(folds), sizes), np.diff(rows.first))


def _combinations(folds: int, test_folds: int) -> list[tuple[int, ...]]:
    folds = _whole("folds", folds, 2)
    test_folds = _whole("test_folds", test_folds, 1)
    if test_folds >= folds:
        raise SplitParameterError(f"{test_folds} of {folds} folds leave none to train on: test fewer of them")
    _bounded_splits(comb(folds, test_folds))
    return list(combinations(range(folds), test_folds))


def _bounded_splits(count: int) -> None:
    if count > MAX_SPLITS:
        raise SplitParameterError(f"{count} splits are more than {MAX_SPLITS}: ask for fewer folds, or a larger step")


def _whole(name: str, value: Any, least: int) -> int:
    if isinstance(value, (int, np.integer)) and not isinstance(value, bool) and least <= value < 2**53:
        return int(value)
    raise SplitParameterError(f"{name} is {value!r}: use a whole number of at least {least}")


def _checked(start: ArrayLike, end: ArrayLike) -> _Rows:
    starts, ends = _times("start", start), _times("end", end)
    if len(starts) != len(ends):
        raise SpanError(f"there are {len(starts)} starts and {len(ends)} ends: pass one of each a row")
    if len(starts) > MAX_ROWS:
        raise SpanError(f"there are {len(starts)} rows, more than {MAX_ROWS}")
    if len(starts) == 0:
        raise TooFewRowsError("there are no rows to split")
    unsorted = np.flatnonzero(np.diff(starts) < 0)
    if unsorted.size:
        raise SpanError(f"row {unsorted[0] + 1} starts before row {unsorted[0]}: sort the rows by start")
    backward = np.flatnonzero(ends < starts)
    if backward.size:
        raise SpanError(f"row {backward[0]} ends before it starts: drop the rows whose label is not known")
    times, first = np.unique(starts, return_index=True)
    return _Rows(starts, ends, times, np.append(first, len(starts)).astype(np.int64))


def _times(name: str, values: ArrayLike) -> IntArray:
    numbers = np.asarray(values)
    if numbers.ndim != 1:
        raise SpanError(f"{name} has {numbers.ndim} dimensions: pass one number a row")
    if numbers.size == 0:
        return numbers.astype(np.int64)
    if numbers.dtype.kind not in "iuf":
        raise SpanError(f"{name} holds {numbers.dtype}: pass milliseconds UTC as numbers")
    # Below 2^53 float64 holds every whole number, so nothing is rounded on the way in.
    bad = np.flatnonzero(~(np.abs(numbers.astype(np.float64)) < 2**53) | (numbers != np.floor(numbers)))
    if bad.size:
        raise SpanError(f"{name} of row {bad[0]} is {numbers[bad[0]]}: pass whole milliseconds UTC")
    return numbers.astype(np.int64)
