"""What the methods of all tasks have in common."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

import numpy as np

from ..catalogue.entry import Entry
from ..catalogue.fit import scaler_of
from .bars import Rows, Seen


class Fitted(Protocol):
    """An entry, fitted on a window of bars."""

    def said(self, seen: Seen) -> float:
        """What it says of the last of these bars, which begin where its window began. It is asked about bars in their order. What is no
        finite number is no answer. Raises whatever its library raises."""


#: From an entry, the bars of the window and a seed. Raises NotFitted, and whatever its library raises.
Fitter = Callable[[Entry, Seen, int], Fitted]


class NotFitted(Exception):
    """There is nothing to fit; `reason` is one of rows.MISSING."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Standing:
    """Features as the entry's estimator looks at them, by the window's rows."""

    def __init__(self, entry: Entry, window: Seen) -> None:
        self._scaler = scaler_of(entry)
        self.rows: Rows = window.features if self._scaler is None else np.asarray(self._scaler.fit_transform(window.features))

    def last(self, seen: Seen) -> Rows:
        """Of the last bar, shape (1, features)."""
        row: Any = seen.features[-1:]
        return np.asarray(row if self._scaler is None else self._scaler.transform(row))


def moves_of(seen: Seen) -> Rows:
    """Logarithmic returns, from the second bar on. Raises NotFitted where no close differs from the one before."""
    moves = np.diff(seen.log_close)
    if not moves.std() > 0:
        raise NotFitted("no-spread")
    return moves


def variance_order(moves: Rows, shares: Rows) -> Rows:
    """By state, its place among all in order of their own variance, 0 the calmest.

    `shares`: of each move in each state, shape (moves, states). A state without any comes last."""
    total = shares.sum(axis=0)
    filled = np.where(total > 0, total, 1.0)
    mean = (shares * moves[:, None]).sum(axis=0) / filled
    variance = (shares * (moves[:, None] - mean) ** 2).sum(axis=0) / filled
    order = np.argsort(np.where(total > 0, variance, np.inf), kind="stable")
    places = np.empty(len(order))
    places[order] = np.arange(len(order))
    return places
