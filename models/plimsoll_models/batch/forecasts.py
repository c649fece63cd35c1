"""Forecasts: the expected logarithmic return of the next bar, as it was forecast at the last fit. Of those that forecast large moves, the
size of the next one, 0 where none is expected."""

from __future__ import annotations

import numpy as np

from ..catalogue.classical import forecasts, structural
from ..catalogue.classical.series import Units
from ..catalogue.entry import Entry, named
from .bars import Rows, Seen
from .fitted import moves_of


class Forecast:
    """What was forecast at the window's last bar, a step for each bar that is asked about."""

    def __init__(self, window: int, steps: Rows) -> None:
        self._window = window
        self._steps = steps

    def said(self, seen: Seen) -> float:
        return float(self._steps[len(seen) - self._window])


def fit(entry: Entry, window: Seen, _seed: int) -> Forecast:
    units = Units.of(moves_of(window))
    series = units.series(window.log_close)
    values = forecasts.values_of(entry, series)
    if entry.target != "price":
        # The first bar has no return.
        values = values[1:]
    ahead = forecasts.checked(_ahead(entry, values, window)) * units.spread
    if entry.target == "price":
        # From each level to the next, and to the first from the last close.
        ahead = np.diff(ahead, prepend=window.log_close[-1])
    return Forecast(len(window), ahead)


def _ahead(entry: Entry, values: Rows, window: Seen) -> Rows:
    if entry.library == "statsforecast":
        return np.asarray(forecasts.said_by(named(entry.of)(**entry.fixed), values))
    features = window.features[-len(values) :]
    return structural.forecast(entry, values, structural.standing(features, features))
