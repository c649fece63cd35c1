"""Volatility: the standard deviation of the logarithmic return of the next bar."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..catalogue.classical.volatility import model_of
from ..catalogue.entry import Entry
from .bars import Seen
from .fitted import moves_of


class Variance:
    """Parameters of the window's returns; the variance of a return, from the returns before it."""

    def __init__(self, entry: Entry, window: Seen) -> None:
        moves = moves_of(window)
        self._entry = entry
        # A likelihood of numbers near 1 is easier to climb.
        self._spread = float(moves.std())
        self._parameters: Any = model_of(entry, moves / self._spread).fit(disp="off", show_warning=False).params

    def said(self, seen: Seen) -> float:
        # A place for the next return, which is not known. The library looks at all that it is given for its bounds, so it is given no more.
        returns = np.append(np.diff(seen.log_close) / self._spread, 0.0)
        deviations = model_of(self._entry, returns).fix(self._parameters).conditional_volatility
        return float(deviations[-1]) * self._spread


def fit(entry: Entry, window: Seen, _seed: int) -> Variance:
    return Variance(entry, window)
