"""hmmlearn: states that are not seen, by what they let be seen. Judged by how likely each next observation was, from those before it."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..data import Data, Rows
from ..entry import Choice, Entry, Whole, named
from ..fit import Fit, Score, judged
from .series import COUNTED_ROWS, Series, direction_counts, move_counts, series_of

_STATES = Whole(2, 6)


def _entry(name: str, of: str, target: Any, **more: Any) -> Entry:
    more["space"] = {"n_components": _STATES} | more.get("space", {})
    more["fixed"] = {"n_components": 3, "n_iter": 200} | more.get("fixed", {})
    return Entry(
        name=name,
        of=f"hmmlearn.{of}",
        category="hidden-markov",
        task="regime",
        served="batch-to-lake",
        target=target,
        fitter="hidden_markov",
        scaling="none",
        **more,
    )


HIDDEN_MARKOV: tuple[Entry, ...] = (
    _entry(
        "gaussian-hidden-markov", "hmm.GaussianHMM", "next-return", space={"covariance_type": Choice(("diag", "full", "tied", "spherical"))}
    ),
    _entry("mixture-hidden-markov", "hmm.GMMHMM", "next-return", fixed={"n_components": 2, "n_mix": 2}, space={"n_mix": Whole(1, 4)}),
    _entry("bayesian-gaussian-hidden-markov", "vhmm.VariationalGaussianHMM", "next-return", cost="middle"),
    _entry("symbol-hidden-markov", "hmm.CategoricalHMM", "move-symbols"),
    _entry("bayesian-symbol-hidden-markov", "vhmm.VariationalCategoricalHMM", "move-symbols", cost="middle"),
    _entry("count-hidden-markov", "hmm.PoissonHMM", "move-counts"),
    _entry("direction-hidden-markov", "hmm.MultinomialHMM", "direction-counts", fixed={"n_trials": COUNTED_ROWS}),
)


def fit(entry: Entry, data: Data, seed: int) -> Fit:
    """Beside one state alone: the same distribution for every observation, as the training's rows have it."""
    series = series_of(data)
    seen, step = observations(entry.target, series)
    trained = (int(data.train[-1]) + 1) // step
    first = -(-int(data.test[0]) // step)
    model = named(entry.of)(random_state=seed, **entry.fixed).fit(seen[:trained])
    likely = log_likelihoods(model, seen)
    score = _one_ahead(np.asarray(model.startprob_), np.asarray(model.transmat_), likely)[first:]
    baseline = _one_state(entry.target, seen[:trained], seen[first:])
    places = np.arange(first, len(seen)) * step
    found = Score("logLikelihood", True, score, baseline)
    return Fit(entry, model, judged(found, data, places, seed, fitted_on=trained, step=step, said_at=places - 1))


def log_likelihoods(model: Any, seen: NDArray[Any]) -> Rows:
    """Of each row in each state. The library has no public method for rows that it was not fitted on."""
    return np.asarray(model._compute_log_likelihood(seen), np.float64)


def observations(target: str, series: Series) -> tuple[NDArray[Any], int]:
    """Shape (rows, values), and how many rows of the table one of them is."""
    if target == "move-symbols":
        return series.symbols[:, None], 1
    if target == "move-counts":
        return move_counts(series), COUNTED_ROWS
    if target == "direction-counts":
        return direction_counts(series), COUNTED_ROWS
    return series.returns[:, None], 1


def _one_ahead(start: Rows, transitions: Rows, likely: Rows) -> Rows:
    """By row, the logarithm of how likely it was before it was seen: the forward recursion, scaled (Rabiner 1989, section V.A)."""
    said = np.empty(len(likely))
    states = start
    for row, logarithms in enumerate(likely):
        states, said[row] = updated(states, logarithms)
        states = states @ transitions
    return said


def updated(states: Rows, logarithms: Rows) -> tuple[Rows, float]:
    """The probabilities of the states once a row is seen, from those before it and its log-likelihood in each; and its log-likelihood."""
    highest = logarithms.max()
    joint = states * np.exp(logarithms - highest)
    total = joint.sum()
    return joint / total, np.log(total) + highest


def _one_state(target: str, trained: NDArray[Any], asked: NDArray[Any]) -> Rows:
    from scipy import stats

    if target == "move-symbols":
        shares = np.bincount(trained[:, 0]) / len(trained)
        return np.asarray(np.log(shares[asked[:, 0]]))
    if target == "move-counts":
        return np.asarray(stats.poisson.logpmf(asked[:, 0], trained[:, 0].mean()))
    if target == "direction-counts":
        return np.asarray(stats.multinomial.logpmf(asked, COUNTED_ROWS, trained.sum(axis=0) / trained.sum()))
    return np.asarray(stats.norm.logpdf(asked[:, 0], trained[:, 0].mean(), trained[:, 0].std()))
