"""Regimes: the state that is the most probable by the bars so far (filtered, never smoothed), as its place among all in order of their own
variance, 0 the calmest. A method that counts over several bars says what the last whole count said."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..catalogue.classical import hidden_markov, structural
from ..catalogue.classical.series import SYMBOLS, Units
from ..catalogue.entry import Entry, named
from .bars import Rows, Seen
from .fitted import Fitted, moves_of, variance_order


class HiddenMarkov:
    """hmmlearn's: the forward recursion, carried on from bar to bar."""

    def __init__(self, entry: Entry, window: Seen, seed: int) -> None:
        moves = moves_of(window)
        self._target = entry.target
        self._units = Units.of(moves)
        _, self._step = hidden_markov.observations(entry.target, self._units.series(window.log_close))
        # The first bar has no return; and a count ends with the window.
        self._first = 1 + len(moves) % self._step
        observed = self._observed(window)
        # Or a symbol that comes later is one too many.
        known = {"n_features": SYMBOLS} if entry.target == "move-symbols" else {}
        self._model: Any = named(entry.of)(random_state=seed, **entry.fixed, **known).fit(observed)
        self._transitions = np.asarray(self._model.transmat_, np.float64)
        self._next = np.asarray(self._model.startprob_, np.float64)
        self._count = 0
        shares = self._filtered(observed)
        self._places = variance_order(moves[len(moves) % self._step :], np.repeat(shares, self._step, axis=0))
        self._now = shares[-1]

    def said(self, seen: Seen) -> float:
        came = self._observed(seen)[self._count :]
        for row in range(len(came)):
            self._now = self._filtered(came[row : row + 1])[0]
        return _most_probable(self._now, self._places)

    def _observed(self, seen: Seen) -> NDArray[Any]:
        series = self._units.series(seen.log_close)
        cut = {name: column[self._first :] for name, column in vars(series).items()}
        return hidden_markov.observations(self._target, type(series)(**cut))[0]

    def _filtered(self, observed: NDArray[Any]) -> Rows:
        """By observation, the probabilities of the states once it is seen."""
        shares = np.empty((len(observed), len(self._next)))
        for row, likely in enumerate(hidden_markov.log_likelihoods(self._model, observed)):
            shares[row], _ = hidden_markov.updated(self._next, likely)
            self._next = shares[row] @ self._transitions
            self._count += 1
        return shares


class Switching:
    """statsmodels': its parameters, and its filter over the bars so far."""

    def __init__(self, entry: Entry, window: Seen, seed: int) -> None:
        moves = moves_of(window)
        self._entry = entry
        self._spread = float(moves.std())
        self._features = window.features
        self._parameters: Any = self._model(window).fit(search_reps=5, maxiter=100, rng=seed).params
        shares = self._filtered(window)
        self._places = variance_order(moves[-len(shares) :], shares)

    def said(self, seen: Seen) -> float:
        return _most_probable(self._filtered(seen)[-1], self._places)

    def _filtered(self, seen: Seen) -> Rows:
        """The last rows by state; of the first returns, those that are regressed on give none."""
        return np.asarray(self._model(seen).filter(self._parameters).filtered_marginal_probabilities, np.float64)

    def _model(self, seen: Seen) -> Any:
        # The first bar has no return, and stands before the second.
        before = structural.standing(seen.features, self._features)[:-1]
        return structural.switching(self._entry, np.diff(seen.log_close) / self._spread, before)


def fit(entry: Entry, window: Seen, seed: int) -> Fitted:
    return HiddenMarkov(entry, window, seed) if entry.library == "hmmlearn" else Switching(entry, window, seed)


def _most_probable(shares: Rows, places: Rows) -> float:
    return float(places[int(np.argmax(shares))]) if np.isfinite(shares).all() else float("nan")
