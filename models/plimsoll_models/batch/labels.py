"""Classification by label propagation: the probability that the close is higher HORIZON bars later, from the bars of the window of which
that was known when it was fitted."""

from __future__ import annotations

import numpy as np

from ..catalogue.data import HORIZON
from ..catalogue.entry import Entry
from .bars import Seen
from .fitted import NotFitted, Standing, moves_of


class Propagated:
    """Labels of the window's rows."""

    def __init__(self, entry: Entry, window: Seen, seed: int) -> None:
        moves_of(window)
        rose = (window.log_close[HORIZON:] > window.log_close[:-HORIZON]).astype(np.int64)
        if rose.min() == rose.max():
            raise NotFitted("one-class")
        self._standing = Standing(entry, window)
        self._estimator = entry.make(seed).fit(self._standing.rows[:-HORIZON], rose)

    def said(self, seen: Seen) -> float:
        return float(self._estimator.predict_proba(self._standing.last(seen))[0, 1])


def fit(entry: Entry, window: Seen, seed: int) -> Propagated:
    return Propagated(entry, window, seed)
