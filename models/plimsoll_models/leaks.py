"""What refuses a table, a split or a fitted pipeline in which the future has leaked into the past.

None of this can prove that there is no leak. It finds three that are common, by figures that honest rows do not reach:
features that know the next bars, steps fitted on rows outside the training fold, and label spans that training and test
share.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .splits import IntArray, Split

FloatArray = NDArray[np.float64]
Kind = Literal[
    "future-return", "future-move", "future-copy", "label-copy", "fitted-outside", "span-overlap", "span-embargo"
]

AHEAD_BARS = 3
"""Bars ahead of a row that features are held against."""
BEHIND_BARS = 5
"""Bars behind it, the row's own included, that say what a feature is like without a leak."""
DIFFERENCES = 3
"""A feature is looked at as it is, by its change, and by the change of that: levels and slow averages show their newest
bar only so."""
LEAST_PAIRS = 100
"""Fewer rows of a symbol say nothing."""
LEAST_CHANGES = 30
SURE_DEVIATIONS = 6.0
"""A correlation is looked at where it is this many times what chance gives (1/√n): all of a wide table's at once."""
AGREEMENT = 0.5
"""A leak is suspected where the agreement with a bar ahead is this part of the strongest with a bar behind. An honest
feature of momentum agrees with the bars it is made of, and next to not at all with the next."""
BOUNCE = 1.5
"""Where returns foretell one another, as between bid and ask, features do too: what is suspected is raised by this much
of it."""
MOVE_AGREEMENT = 0.5
"""Sizes of moves are foretold honestly, since they cluster: this rank correlation and a PEAK ahead are asked for."""
FOLLOWED = 0.8
"""A feature is suspected to be made of a column's later values where its changes have this rank correlation with those
ahead."""
PEAK = 1.1
"""What agrees with a bar ahead must do so by this factor more than with those behind."""
COPIED = 0.99
MAX_FEATURES = 10_000
MAX_DEPTH = 8
DAY_MS = 86_400_000
WEEK_MS = 7 * DAY_MS
SHOWN_ROWS = 5


@dataclass(frozen=True)
class Leak:
    """One finding."""

    kind: Kind
    where: str
    """The column, step or split."""
    figure: float
    """What was measured: a rank correlation, a share of rows, a relative difference, rows (overlap), or milliseconds
    (embargo)."""
    message: str
    rows: tuple[int, ...] = ()
    """The first rows concerned, where there are such."""


class LeakInputError(ValueError):
    """A table, pipeline or split that cannot be looked at."""


class LeaksFound(ValueError):
    """Refuses what has leaks. `leaks` are the findings."""

    def __init__(self, leaks: Sequence[Leak]) -> None:
        super().__init__("; ".join(leak.message for leak in leaks))
        self.leaks = tuple(leaks)


@dataclass(frozen=True)
class Fitted:
    """A pipeline, and the rows of the table that it was to be fitted on."""

    pipeline: Any
    train: IntArray
    target: ArrayLike | None = None
    """What it was fitted to, one value a row of the table."""
    name: str = "pipeline"


def refuse_leaks(table: Mapping[str, ArrayLike], **options: Any) -> None:
    """Raises LeaksFound where `find_leaks` finds something."""
    leaks = find_leaks(table, **options)
    if leaks:
        raise LeaksFound(leaks)


def find_leaks(
    table: Mapping[str, ArrayLike],
    *,
    features: Sequence[str],
    close: str = "close",
    start: str = "start",
    end: str = "end",
    symbol: str | None = None,
    labels: Sequence[str] = (),
    calendar: Sequence[str] = (),
    splits: Iterable[Split] = (),
    embargo_ms: int = 0,
    fitted: Sequence[Fitted] = (),
    suspicion: float = 0.1,
) -> list[Leak]:
    """All leaks found in a table (columns by name; a pandas DataFrame is one), its splits and pipelines fitted on it.

    Rows are sorted by `start` and, by symbol, are bars that follow one another. The parameters are those of
    `find_future_features`, `find_span_leaks` and `find_fitted_leaks`. Raises LeakInputError.
    """
    found = find_future_features(
        table,
        features=features,
        close=close,
        start=start,
        symbol=symbol,
        labels=labels,
        calendar=calendar,
        ignored=(start, end),
        suspicion=suspicion,
    )
    splits = list(splits)
    if splits:
        found += find_span_leaks(_column(table, start), _column(table, end), splits, embargo_ms=embargo_ms)
    for one in fitted:
        if hasattr(table, "iloc"):
            matrix = table[list(features)]
        else:
            matrix = np.column_stack([_column(table, name) for name in features])
        found += find_fitted_leaks(one.pipeline, matrix, one.train, target=one.target, name=one.name)
    return found


# ---- Features that know the future -----------------------------------------------------------------------------------


def find_future_features(
    table: Mapping[str, ArrayLike],
    *,
    features: Sequence[str],
    close: str = "close",
    start: str = "start",
    symbol: str | None = None,
    labels: Sequence[str] = (),
    calendar: Sequence[str] = (),
    ignored: Sequence[str] = (),
    suspicion: float = 0.1,
) -> list[Leak]:
    """Features of row t that are made of bars after t, up to AHEAD_BARS of them.

    - future-return: the rank correlation with the return of a bar ahead is at least `suspicion` (more where
      returns foretell one another: BOUNCE), beyond chance, and at least AGREEMENT of the strongest with a bar behind.
    - future-move: likewise with the size of that return, where it is at least MOVE_AGREEMENT and PEAK times that with
      any bar behind.
    - future-copy: where an observed column changes, the feature has its later value already, or its changes have a rank
      correlation of FOLLOWED with the later ones. Observed is what is neither a feature nor ignored, such as `volume`,
      and is taken to be as of its own row; columns that the close foretells, as the next open, are left out. Features
      are not held against each other: one and its own lag look like a leak and are none.
    - label-copy: the feature is the label of its row.

    `calendar` names columns that are known ahead, such as days to an expiry; those that follow from the time of the
    week are known by themselves. Raises LeakInputError.
    """
    if not 0 < suspicion <= 1:
        raise LeakInputError(f"suspicion is {suspicion}: use a rank correlation above 0, at most 1")
    if not 0 < len(features) <= MAX_FEATURES:
        raise LeakInputError(f"there are {len(features)} features: name 1 to {MAX_FEATURES}")
    times = _column(table, start)
    for name in (*features, *labels, close):
        if len(_column(table, name)) != len(times):
            raise LeakInputError(f"{name} has {len(_column(table, name))} rows and {start} has {len(times)}")
    groups = _groups(table, symbol, times)
    moments = _moments(times)
    prices = _column(table, close)
    returns = [_returns(prices[rows]) for rows in groups]
    ranked = [_ranks(one) for one in returns]
    itself, _ = _correlations(ranked, ranked)
    bounce = max(abs(itself[lag]) for lag in range(1, AHEAD_BARS + 1))
    series = {
        "future-return": (ranked, suspicion + BOUNCE * bounce, AGREEMENT),
        "future-move": ([_ranks(np.abs(one)) for one in returns], MOVE_AGREEMENT, PEAK),
    }
    taken = {*features, *calendar, *ignored, start} | ({symbol} if symbol else set())
    observed = [
        _Observed(name, [column[rows] for rows in groups], [_ranks(_change(column[rows], 1)) for rows in groups])
        for name, column in _numeric(table)
        if name not in taken and not _follows_calendar(column, moments)
    ]
    # What the close foretells, as it does the next open, is no secret of the future.
    closes = [prices[rows] for rows in groups]
    closes_change = [_ranks(_change(one, 1)) for one in closes]
    observed = [one for one in observed if one.name == close or not any(_copy(close, closes, closes_change, one))]
    found: list[Leak] = []
    for name in features:
        column = _column(table, name)
        for label in labels:
            share = _same(column, _column(table, label))
            if share >= COPIED:
                message = f"{name} is the label {label} in {share:.2%} of the rows: leave it out"
                found.append(Leak("label-copy", name, share, message))
        if name in calendar or _follows_calendar(column, moments):
            continue
        parts = [column[rows] for rows in groups]
        ranks = [[_ranks(_change(part, order)) for part in parts] for order in range(DIFFERENCES)]
        found += _agreement(name, ranks, series)
        found += [leak for other in observed for leak in _copy(name, parts, ranks[1], other)]
    return found


@dataclass(frozen=True)
class _Observed:
    """A column that is no feature, by symbol, and the ranks of its changes."""

    name: str
    parts: list[FloatArray]
    changes: list[FloatArray]


def _agreement(
    name: str, ranks: list[list[FloatArray]], series: Mapping[Kind, tuple[list[FloatArray], float, float]]
) -> Iterator[Leak]:
    """The most telling difference of a feature, if one tells: at most one finding for returns and one for their
    sizes."""
    for kind, (ahead_of, floor, share) in series.items():
        worst: tuple[float, int, float] | None = None
        for parts in ranks:
            by_lag, pairs = _correlations(parts, ahead_of)
            if pairs == 0:
                continue
            behind = max(abs(value) for lag, value in by_lag.items() if lag <= 0)
            for lag in range(1, AHEAD_BARS + 1):
                ahead = abs(by_lag[lag])
                enough = max(floor, SURE_DEVIATIONS / np.sqrt(pairs), share * behind)
                if ahead >= enough and (worst is None or ahead > abs(worst[0])):
                    worst = by_lag[lag], lag, behind
        if worst is not None:
            figure, lag, behind = worst
            what = "return" if kind == "future-return" else "size of the return"
            message = (
                f"{name} has a rank correlation of {figure:.3f} with the {what} {lag} bar(s) ahead, "
                f"and at most {behind:.3f} with those behind: shift it back"
            )
            yield Leak(kind, name, figure, message)


def _copy(name: str, parts: list[FloatArray], changes: list[FloatArray], other: _Observed) -> Iterator[Leak]:
    """At most one finding: that the feature is a later value of the column, or moves with it."""
    for lag in range(1, AHEAD_BARS + 1):
        same = told = 0
        for part, values in zip(parts, other.parts, strict=True):
            now, after = _shifted(part, values, lag)
            before = values[: len(now)]
            # Where the column stands still, an honest copy of it has the later value too.
            is_told = np.isfinite(before) & np.isfinite(after) & np.isfinite(now) & (before != after)
            told += np.count_nonzero(is_told)
            same += np.count_nonzero(now[is_told] == after[is_told])
        if told >= LEAST_CHANGES and same / told >= COPIED:
            message = (
                f"{name} is what {other.name} is {lag} bar(s) later, in {same / told:.2%} of {told} rows: shift it back"
            )
            yield Leak("future-copy", name, same / told, message)
            return
    by_lag, pairs = _correlations(changes, other.changes)
    if pairs == 0:
        return
    behind = max(abs(value) for lag, value in by_lag.items() if lag <= 0)
    lag = max(range(1, AHEAD_BARS + 1), key=lambda one: abs(by_lag[one]))
    if abs(by_lag[lag]) >= max(FOLLOWED, SURE_DEVIATIONS / np.sqrt(pairs), PEAK * behind):
        message = (
            f"{name} moves as {other.name} does {lag} bar(s) later, with a rank correlation of {by_lag[lag]:.3f}: "
            "shift it back"
        )
        yield Leak("future-copy", name, by_lag[lag], message)


def _correlations(parts: list[FloatArray], series: list[FloatArray]) -> tuple[dict[int, float], int]:
    """Correlation of ranks at t with ranks at t + lag, by lag, and the pairs: a mean over symbols, weighed by their
    pairs."""
    sums = {lag: 0.0 for lag in range(1 - BEHIND_BARS, AHEAD_BARS + 1)}
    pairs = 0
    for part, values in zip(parts, series, strict=True):
        count = int(np.count_nonzero(np.isfinite(part)))
        if count < LEAST_PAIRS:
            continue
        pairs += count
        for lag in sums:
            sums[lag] += count * _correlation(*_shifted(part, values, lag))
    return {lag: value / max(pairs, 1) for lag, value in sums.items()}, pairs


def _shifted(left: FloatArray, right: FloatArray, lag: int) -> tuple[FloatArray, FloatArray]:
    """left[t] beside right[t + lag]."""
    if lag >= 0:
        return left[: max(0, len(left) - lag)], right[lag:]
    return left[-lag:], right[:lag]


def _change(values: FloatArray, order: int) -> FloatArray:
    """The difference of that order from one row to the next, NaN for the first rows."""
    return np.diff(values, order, prepend=np.full(order, np.nan)) if order > 0 else values


def _correlation(left: FloatArray, right: FloatArray) -> float:
    """Of the pairs that are finite; 0 where there are few, or one side stands still."""
    both = np.isfinite(left) & np.isfinite(right)
    if np.count_nonzero(both) < LEAST_PAIRS:
        return 0.0
    left, right = left[both] - left[both].mean(), right[both] - right[both].mean()
    scale = np.sqrt((left @ left) * (right @ right))
    return float(left @ right / scale) if scale > 0 else 0.0


def _ranks(values: FloatArray) -> FloatArray:
    """Ranks of the finite values, equal ones sharing their mean; NaN for the others."""
    ranks = np.full(len(values), np.nan)
    finite = np.isfinite(values)
    _, which, counts = np.unique(values[finite], return_inverse=True, return_counts=True)
    ranks[finite] = (np.cumsum(counts) - (counts - 1) / 2)[which]
    return ranks


def _same(column: FloatArray, label: FloatArray) -> float:
    """Share of rows in which a feature is the label; 0 where the label is one value alone."""
    both = np.isfinite(column) & np.isfinite(label)
    if np.count_nonzero(both) < LEAST_PAIRS or np.ptp(label[both]) == 0:
        return 0.0
    return float(np.mean(column[both] == label[both]))


def _moments(times: FloatArray) -> list[IntArray]:
    """For each row the number of its time of the day, and of the week; left out where times hardly come again."""
    found = [np.unique(np.mod(times, period), return_inverse=True)[1] for period in (DAY_MS, WEEK_MS)]
    return [which for which in found if 3 * (which.max(initial=0) + 1) <= len(times)]


def _follows_calendar(column: FloatArray, moments: list[IntArray]) -> bool:
    """Whether rows at one time of the day, or of the week, all have one value: then it is known ahead."""
    finite = np.isfinite(column)
    for which in moments:
        last = np.zeros(which.max(initial=0) + 1)
        last[which[finite]] = column[finite]
        if finite.any() and np.array_equal(last[which[finite]], column[finite]):
            return True
    return False


def _returns(prices: FloatArray) -> FloatArray:
    """The return of each bar, NaN for the first."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.append(np.nan, prices[1:] / prices[:-1] - 1)[: len(prices)]


def _groups(table: Mapping[str, ArrayLike], symbol: str | None, times: FloatArray) -> list[IntArray]:
    """Rows of each symbol, in order of time."""
    if symbol is None:
        groups = [np.arange(len(times))]
    else:
        names, which = np.unique(np.asarray(table[symbol]), return_inverse=True)
        groups = [np.flatnonzero(which == k) for k in range(len(names))]
    for rows in groups:
        late = np.flatnonzero(~(np.diff(times[rows]) > 0))
        if late.size:
            raise LeakInputError(
                f"row {rows[late[0] + 1]} is not after row {rows[late[0]]} of its symbol: sort the table"
            )
    return groups


def _column(table: Mapping[str, ArrayLike], name: str) -> FloatArray:
    try:
        return np.asarray(table[name], dtype=np.float64)
    except (KeyError, ValueError, TypeError) as problem:
        raise LeakInputError(f"the table has no column of numbers named {name}") from problem


def _numeric(table: Mapping[str, ArrayLike]) -> Iterator[tuple[str, FloatArray]]:
    for name in table.keys():
        if np.asarray(table[name]).dtype.kind in "iufb":
            yield name, _column(table, name)


# ---- Steps fitted on other rows --------------------------------------------------------------------------------------


def find_fitted_leaks(
    pipeline: Any,
    matrix: Any,
    train: ArrayLike,
    *,
    target: ArrayLike | None = None,
    name: str = "pipeline",
    tolerance: float = 1e-6,
) -> list[Leak]:
    """Steps of a fitted scikit-learn pipeline (or of one estimator) whose state is not what the training rows alone
    give.

    Each step is fitted anew on `matrix[train]` as the steps before it leave it, and its fitted numbers (attributes that
    end in an underscore, those of inner steps too) and what it makes of the training rows are compared. What differs
    between two such fits is random and is not compared. So each step costs two fits. Raises LeakInputError.
    """
    from sklearn.base import clone

    rows = np.asarray(train)
    if rows.ndim != 1 or rows.dtype.kind not in "iu" or rows.size == 0:
        raise LeakInputError("train must be row indices, at least one")
    if rows.min() < 0 or rows.max() >= len(matrix):
        raise LeakInputError(f"train names row {rows.max()}, and there are {len(matrix)} rows")
    given = matrix.iloc[rows] if hasattr(matrix, "iloc") else np.asarray(matrix)[rows]
    wanted = None if target is None else np.asarray(target)[rows]
    steps = list(pipeline.steps) if hasattr(pipeline, "steps") else [(type(pipeline).__name__, pipeline)]
    found: list[Leak] = []
    for position, (label, step) in enumerate(steps):
        if step is None or step == "passthrough":
            continue
        where = f"{name}.{label}"
        try:
            twins = [clone(step).fit(given, wanted) for _ in range(2)]
            difference = _difference(step, twins[0], twins[1], given, tolerance)
        except Exception as problem:
            raise LeakInputError(f"{where} cannot be fitted on the training rows again: {problem}") from problem
        if difference:
            figure, what = difference
            found.append(
                Leak(
                    "fitted-outside",
                    where,
                    figure,
                    f"{where} was fitted on other rows than the {len(rows)} of the training fold: {what}: "
                    "fit it on those alone",
                )
            )
        if position + 1 < len(steps):
            # As the step that is used leaves it: each step answers for itself alone.
            given = step.transform(given)
    return found


def _difference(step: Any, twin: Any, again: Any, given: Any, tolerance: float) -> tuple[float, str] | None:
    """The largest relative difference and what it is of, or None where all is as it should be."""
    state, honest, repeated = ({**dict(_state(one)), **dict(_output(one, given))} for one in (step, twin, again))
    if set(state) != set(honest):
        return float("inf"), "it has other fitted attributes"
    worst: tuple[float, str] | None = None
    for name, expected in honest.items():
        if _apart(repeated[name], expected) > tolerance:
            continue
        apart = _apart(state[name], expected)
        if apart > tolerance and (worst is None or apart > worst[0]):
            shown = (
                f"{state[name].flat[0]:.6g} where {expected.flat[0]:.6g} was due"
                if expected.size == 1
                else f"{apart:.3g} apart"
            )
            worst = (apart, f"{name} is {shown}")
    return worst


def _output(step: Any, given: Any) -> Iterator[tuple[str, FloatArray]]:
    """What it makes of the training rows, since what it learned may be in no attribute of numbers (a tree)."""
    for method in ("predict_proba", "predict", "transform"):
        if hasattr(step, method):
            made = np.asarray(getattr(step, method)(given))
            if made.dtype.kind in "iufb":
                yield f"{method}()", made.astype(np.float64)
            return


def _apart(left: FloatArray, right: FloatArray) -> float:
    """The largest difference in units of the largest number on the right; infinite where shapes or gaps differ."""
    if left.shape != right.shape or not np.array_equal(np.isfinite(left), np.isfinite(right)):
        return float("inf")
    finite = np.isfinite(right)
    if not finite.any():
        return 0.0
    gap = float(np.abs(left[finite] - right[finite]).max())
    return gap / max(float(np.abs(right[finite]).max()), 1e-300) if gap > 0 else 0.0


def _state(value: Any, path: str = "", depth: int = 0) -> Iterator[tuple[str, FloatArray]]:
    """Fitted numbers of an estimator and of those inside of it, by path."""
    if depth > MAX_DEPTH:
        return
    if hasattr(value, "get_params") and hasattr(value, "__dict__"):
        for name, held in vars(value).items():
            if (name.endswith("_") and not name.startswith("_")) or name in ("steps", "transformer_list"):
                yield from _state(held, f"{path}.{name}" if path else name, depth + 1)
    elif isinstance(value, Mapping):
        for name, held in value.items():
            yield from _state(held, f"{path}[{name}]", depth + 1)
    elif isinstance(value, (list, tuple)) and any(
        hasattr(one, "get_params") or isinstance(one, (list, tuple)) for one in value
    ):
        for position, held in enumerate(value):
            yield from _state(held, f"{path}[{position}]", depth + 1)
    elif path and not isinstance(value, (str, bytes)):
        try:
            numbers = np.asarray(value)
        except ValueError:
            return
        if numbers.dtype.kind in "iufb" and numbers.size:
            yield path, numbers.astype(np.float64)


# ---- Label spans that training and test share ------------------------------------------------------------------------


def find_span_leaks(start: ArrayLike, end: ArrayLike, splits: Iterable[Split], *, embargo_ms: int = 0) -> list[Leak]:
    """Splits of which a training row's closed span [start, end] meets a test row's (or is one of them), or begins
    within `embargo_ms` after a test row's label is known. Works for any split, made by whatever. Raises
    LeakInputError."""
    starts, ends = np.asarray(start, dtype=np.float64), np.asarray(end, dtype=np.float64)
    if starts.ndim != 1 or starts.shape != ends.shape or not np.isfinite(starts).all() or not (ends >= starts).all():
        raise LeakInputError("spans need one finite start and one end, not before it, a row")
    if not embargo_ms >= 0:
        raise LeakInputError(f"the embargo is {embargo_ms}: use milliseconds from 0")
    found: list[Leak] = []
    for number, (train, test) in enumerate(splits):
        train, test = _rows_of(train, len(starts), number), _rows_of(test, len(starts), number)
        meets = _meets(starts, ends, train, test)
        after = _after_ms(starts[train], ends[test])
        where = f"split {number}"
        if meets.any():
            count = int(np.count_nonzero(meets))
            message = f"{where}: the spans of {count} training rows meet those of rows that are tested: purge them"
            found.append(Leak("span-overlap", where, count, message, _shown(train[meets])))
        soon = ~meets & (after <= embargo_ms)
        if soon.any():
            figure = float((embargo_ms - after[soon]).max())
            message = (
                f"{where}: {np.count_nonzero(soon)} training rows begin within the embargo after rows that are tested, "
                f"up to {figure:.0f} ms too soon: leave them out"
            )
            found.append(Leak("span-embargo", where, figure, message, _shown(train[soon])))
    return found


def _rows_of(rows: ArrayLike, count: int, split: int) -> IntArray:
    indices = np.asarray(rows)
    if (
        indices.ndim != 1
        or indices.size == 0
        or indices.dtype.kind not in "iu"
        or indices.min() < 0
        or indices.max() >= count
    ):
        raise LeakInputError(f"split {split} does not name rows of the table, at least one to train on and one to test")
    return indices


def _shown(rows: IntArray) -> tuple[int, ...]:
    return tuple(int(row) for row in rows[:SHOWN_ROWS])


def _meets(starts: FloatArray, ends: FloatArray, train: IntArray, test: IntArray) -> NDArray[np.bool_]:
    """Whether the span of each training row meets that of any test row."""
    order = test[np.argsort(starts[test], kind="stable")]
    latest = np.maximum.accumulate(ends[order])
    # Of the test rows that start before a training row ends, the one that ends last meets it or none does.
    at = np.searchsorted(starts[order], ends[train], side="right") - 1
    return (at >= 0) & (latest[np.maximum(at, 0)] >= starts[train])


def _after_ms(starts: FloatArray, ends: FloatArray) -> FloatArray:
    """For each training row the time since the last label of a test row was known before it."""
    known = np.sort(ends)
    at = np.searchsorted(known, starts, side="left") - 1
    return starts - np.where(at >= 0, known[np.maximum(at, 0)], -np.inf)
