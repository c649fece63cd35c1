"""How good probabilities of two classes are, and how sure one can be of that."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

Column = NDArray[np.float64]
#: A probability of 0 or 1 that is wrong would cost without end.
_LEAST = 1e-6
_BINS = 10


def log_losses(labels: NDArray[np.int64], up: Column) -> Column:
    """By row, in nats."""
    up = np.clip(up, _LEAST, 1 - _LEAST)
    return np.asarray(-np.log(np.where(labels == 1, up, 1 - up)))


def auc(labels: NDArray[np.int64], up: Column) -> float:
    """Area under the curve of hits against false alarms: how often a row that rose is placed above one that fell."""
    from sklearn.metrics import roc_auc_score

    return float(roc_auc_score(labels, up))


def score(labels: NDArray[np.int64], up: Column, weights: Column) -> dict[str, float]:
    """Unweighted but for the log loss by uniqueness, which is what training looks at."""
    losses = log_losses(labels, up)
    return {
        "logLoss": float(losses.mean()),
        "weightedLogLoss": float(np.average(losses, weights=weights)),
        "brier": float(np.mean((up - labels) ** 2)),
        "accuracy": float(np.mean((up > 0.5) == (labels == 1))),
        "auc": auc(labels, up),
    }


def interval(values: Column, block: int, seed: int, draws: int = 1_000, confidence: float = 0.95) -> tuple[float, float]:
    """Of the mean of rows in order of time, by the circular block bootstrap (Politis and Romano 1992): labels that overlap
    err together, and blocks keep them together."""
    count = len(values)
    block = min(max(1, block), count)
    starts = np.random.default_rng(seed).integers(0, count, (draws, -(-count // block)))
    sums = np.concatenate([[0.0], np.cumsum(np.concatenate([values, values[:block]]))])
    # Whole blocks, so that a draw is a sum of differences.
    means = (sums[starts + block] - sums[starts]).sum(axis=1) / (starts.shape[1] * block)
    low, high = np.quantile(means, [(1 - confidence) / 2, (1 + confidence) / 2])
    return float(low), float(high)


def interval_of(
    statistic: Callable[[NDArray[np.int64]], float], count: int, block: int, seed: int, draws: int = 200, confidence: float = 0.95
) -> tuple[float, float]:
    """As `interval`, of what is no mean: `statistic` is asked for the places of the rows that were drawn."""
    block = min(max(1, block), count)
    generator = np.random.default_rng(seed)
    within = np.arange(block)
    drawn = [
        statistic(((generator.integers(0, count, -(-count // block))[:, None] + within).ravel() % count)[:count]) for _ in range(draws)
    ]
    low, high = np.quantile(drawn, [(1 - confidence) / 2, (1 + confidence) / 2])
    return float(low), float(high)


def calibration(labels: NDArray[np.int64], up: Column) -> dict[str, Any]:
    """Rows in ten groups of equal size by their probability: what was said, and what came. The error is the mean distance of the two."""
    groups = np.array_split(np.argsort(up, kind="stable"), _BINS)
    bins = [
        {"rows": len(rows), "said": float(up[rows].mean()), "came": float(labels[rows].mean())} for rows in groups if len(rows)
    ]
    error = sum(one["rows"] * abs(one["said"] - one["came"]) for one in bins) / len(labels)
    return {"bins": bins, "error": float(error)}


def conformal_limit(labels: NDArray[np.int64], up: Column, coverage: float) -> float:
    """The largest 1 - p at which a class still belongs to the set of those that are possible, so that the true one is in it for `coverage` of
    rows like these (split conformal prediction: Vovk, Gammerman and Shafer 2005). `up` has to come from models that had not seen the rows."""
    wrong = np.where(labels == 1, 1 - up, up)
    place = min(len(wrong), int(np.ceil((len(wrong) + 1) * coverage)))
    return float(np.partition(wrong, place - 1)[place - 1])


def permutation_importance(
    up_of: Callable[[NDArray[np.float64]], Column], rows: NDArray[np.float64], labels: NDArray[np.int64], seed: int
) -> Column:
    """By feature: how much the log loss grows where its values are dealt out anew among the rows."""
    generator = np.random.default_rng(seed)
    before = float(log_losses(labels, up_of(rows)).mean())
    grown = np.empty(rows.shape[1])
    for k in range(rows.shape[1]):
        dealt = rows.copy()
        dealt[:, k] = generator.permutation(dealt[:, k])
        grown[k] = float(log_losses(labels, up_of(dealt)).mean()) - before
    return grown
