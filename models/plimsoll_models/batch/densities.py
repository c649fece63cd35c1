"""Density: the log-likelihood of the bar's features under the distribution of the window's, each in deviations of the window's rows: how
unlike the window a bar is."""

from __future__ import annotations

from ..catalogue.entry import Entry
from ..catalogue.fit import normal_log_likelihoods
from .bars import Seen
from .fitted import Standing, moves_of


class Density:
    """A normal distribution, by its covariance."""

    def __init__(self, entry: Entry, window: Seen, seed: int) -> None:
        # Bars that do not move have features that mean nothing.
        moves_of(window)
        self._standing = Standing(entry, window)
        self._estimator = entry.make(seed).fit(self._standing.rows)

    def said(self, seen: Seen) -> float:
        return float(normal_log_likelihoods(self._estimator, self._standing.last(seen))[0])


def fit(entry: Entry, window: Seen, seed: int) -> Density:
    return Density(entry, window, seed)
