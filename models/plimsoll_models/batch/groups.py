"""Clustering: the group of the bar's features among those of the window, as its place among all in order of the variance of their own bars'
returns, 0 the calmest; -1 where it belongs to none. These methods group the rows that they are given and no other: a bar after the window
is of the group of the nearest row of the window, or, where groups are of a reach, of none beyond it."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..catalogue.entry import Entry
from .bars import Rows, Seen
from .fitted import Standing, moves_of, variance_order

NO_GROUP = -1.0


class Groups:
    """Of the rows of a window."""

    def __init__(self, entry: Entry, window: Seen, seed: int) -> None:
        moves = moves_of(window)
        self._window = len(window)
        self._standing = Standing(entry, window)
        estimator = entry.make(seed)
        labels = np.asarray(estimator.fit_predict(self._standing.rows))
        self._group = _ordered(labels, moves)
        # Of groups that grow from their inner rows, these alone take others in.
        inner = getattr(estimator, "core_sample_indices_", np.arange(self._window))
        self._near = self._standing.rows[inner]
        self._group_near = self._group[inner]
        self._reach = float(estimator.eps) if _has_reach(estimator) else np.inf

    def said(self, seen: Seen) -> float:
        if len(seen) == self._window:
            return float(self._group[-1])
        if len(self._near) == 0:
            return NO_GROUP
        distances = np.sqrt(((self._near - self._standing.last(seen)) ** 2).sum(axis=1))
        nearest = int(np.argmin(distances))
        return float(self._group_near[nearest]) if distances[nearest] <= self._reach else NO_GROUP


def fit(entry: Entry, window: Seen, seed: int) -> Groups:
    return Groups(entry, window, seed)


def _has_reach(estimator: Any) -> bool:
    return hasattr(estimator, "core_sample_indices_")


def _ordered(labels: NDArray[Any], moves: Rows) -> Rows:
    """By row. `moves`: of every row but the first."""
    group = np.full(len(labels), NO_GROUP)
    names = np.unique(labels[labels >= 0])
    if len(names):
        shares = (labels[1:, None] == names).astype(np.float64)
        places = variance_order(moves, shares)
        for name, place in zip(names, places, strict=True):
            group[labels == name] = place
    return group
