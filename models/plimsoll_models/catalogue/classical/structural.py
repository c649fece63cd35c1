"""statsmodels: series whose parts, lags or regimes have a form of their own."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..data import Data, Rows
from ..entry import Choice, Entry, Whole
from ..fit import Fit, Score, judged
from .forecasts import AHEAD, judged_forecasts
from .series import series_of

_LAGS = Whole(1, 24)
#: Of the features, those that are forecast beside the return.
_BESIDE = 3


def _entry(name: str, of: str, category: str, target: Any, **more: Any) -> Entry:
    more.setdefault("task", "forecast")
    return Entry(
        name=name,
        of=f"statsmodels.tsa.{of}",
        category=category,
        served="batch-to-lake",
        target=target,
        fitter="structural",
        scaling="none",
        **more,
    )


STRUCTURAL: tuple[Entry, ...] = (
    _entry("autoregression", "api.AutoReg", "arima", "next-return", fixed={"lags": 3}, space={"lags": _LAGS}),
    _entry(
        "autoregression-with-features",
        "api.ARDL",
        "arima",
        "next-return",
        fixed={"lags": 2, "order": 1},
        space={"lags": _LAGS, "order": Whole(1, 6)},
        beside=True,
    ),
    _entry("vector-autoregression", "api.VAR", "vector", "next-return", fixed={"maxlags": 2}, space={"maxlags": Whole(1, 12)}, beside=True),
    _entry(
        "vector-moving-average",
        "api.VARMAX",
        "vector",
        "next-return",
        cost="high",
        most_rows=240,
        fixed={"order": (0, 1)},
        beside=True,
    ),
    _entry(
        "dynamic-factor",
        "api.DynamicFactor",
        "vector",
        "next-return",
        cost="high",
        most_rows=240,
        # Of two series, no more factors than one.
        fixed={"k_factors": 1, "factor_order": 1},
        space={"factor_order": Whole(1, 4)},
        beside=True,
    ),
    _entry(
        "unobserved-components",
        "api.UnobservedComponents",
        "state-space",
        "price",
        cost="middle",
        most_rows=240,
        fixed={"level": "local linear trend"},
        space={"level": Choice(("local level", "local linear trend", "smooth trend"))},
    ),
    _entry(
        "switching-regression",
        "api.MarkovRegression",
        "markov-switching",
        "next-return",
        task="regime",
        cost="middle",
        fixed={"k_regimes": 2, "trend": "c", "switching_variance": True},
        space={"k_regimes": Whole(2, 3), "trend": Choice(("n", "c"))},
        beside=True,
    ),
    _entry(
        "switching-autoregression",
        "api.MarkovAutoregression",
        "markov-switching",
        "next-return",
        task="regime",
        cost="middle",
        fixed={"k_regimes": 2, "order": 1, "switching_ar": True, "switching_variance": True},
        space={"k_regimes": Whole(2, 3), "order": Whole(1, 4)},
    ),
)


def fit(entry: Entry, data: Data, seed: int) -> Fit:
    """Forecasts as statsforecast's are judged, and regimes as hmmlearn's."""
    if entry.task == "regime":
        return _switching(entry, data, seed)
    return judged_forecasts(entry, data, seed, lambda origin, window: forecast(entry, window, _beside(data, origin, len(window))), None)


def forecast(entry: Entry, window: Rows, beside: Rows) -> Rows:
    """The next AHEAD values. `beside`: features of the window's rows, which some look at."""
    by_name = {
        "autoregression": _autoregression,
        "autoregression-with-features": _with_features,
        "vector-autoregression": _vector,
        "unobserved-components": _state_space,
    }
    return by_name.get(entry.name, _vector_state_space)(entry, window, beside)


def _autoregression(entry: Entry, window: Rows, _beside_it: Rows) -> Rows:
    from statsmodels.tsa.api import AutoReg

    return np.asarray(AutoReg(window, **entry.fixed).fit().forecast(AHEAD))


def _with_features(entry: Entry, window: Rows, features: Rows) -> Rows:
    """What comes of the features is not known: they stay as they are."""
    from statsmodels.tsa.api import ARDL

    later = np.repeat(features[-1:], AHEAD, axis=0)
    return np.asarray(ARDL(window, exog=features, **entry.fixed).fit().forecast(AHEAD, exog=later))


def _vector(entry: Entry, window: Rows, features: Rows) -> Rows:
    from statsmodels.tsa.api import VAR

    together = np.column_stack([window, features])
    fitted = VAR(together).fit(**entry.fixed)
    return np.asarray(fitted.forecast(together[-fitted.k_ar :], AHEAD)[:, 0])


def _state_space(entry: Entry, window: Rows, _beside_it: Rows) -> Rows:
    from statsmodels.tsa import api

    return np.asarray(getattr(api, _class_of(entry))(window, **entry.fixed).fit(disp=False, maxiter=50).forecast(AHEAD))


def _vector_state_space(entry: Entry, window: Rows, features: Rows) -> Rows:
    from statsmodels.tsa import api

    together = np.column_stack([window, features[:, 0]])
    model = getattr(api, _class_of(entry))(together, **entry.fixed)
    return np.asarray(model.fit(disp=False, maxiter=30).forecast(AHEAD))[:, 0]


def _class_of(entry: Entry) -> str:
    return entry.of.rpartition(".")[2]


def _of_the_row_before(rows: Rows) -> Rows:
    return np.vstack([np.zeros((1, rows.shape[1])), rows[:-1]])


def _standing(data: Data) -> Rows:
    """Features in deviations of those that are trained on."""
    return standing(data.rows, data.rows[data.train])


def _beside(data: Data, origin: int, count: int) -> Rows:
    """Features of the `count` rows that end at the origin, in deviations of these."""
    rows = data.rows[origin + 1 - count : origin + 1]
    return standing(rows, rows)


def standing(rows: Rows, seen: Rows) -> Rows:
    """The first features of `rows`, those that are looked at, in deviations of the rows of `seen`."""
    own = seen[:, :_BESIDE]
    return np.asarray((rows[:, :_BESIDE] - own.mean(axis=0)) / np.maximum(own.std(axis=0), 1e-12))


def _switching(entry: Entry, data: Data, seed: int) -> Fit:
    """Parameters of the training's rows; then every later row from those before it, beside one normal distribution."""
    from scipy import stats

    returns = series_of(data).returns
    beside = _of_the_row_before(_standing(data))
    trained = len(data.train)
    fitted = switching(entry, returns[:trained], beside[:trained]).fit(search_reps=5, maxiter=100, rng=seed)
    score = np.asarray(switching(entry, returns, beside).filter(fitted.params).llf_obs)[-len(data.test) :]
    seen = returns[data.train]
    baseline = np.asarray(stats.norm.logpdf(returns[data.test], seen.mean(), seen.std()))
    found = Score("logLikelihood", True, score, baseline)
    return Fit(entry, fitted, judged(found, data, data.test, seed, fitted_on=len(data.train), said_at=data.test - 1))


def switching(entry: Entry, returns: Rows, beside: Rows) -> Any:
    """Unfitted. `beside`: what was known of each row before it came, which one of them looks at: without it, a regression whose variance
    switches is a hidden Markov model."""
    from statsmodels.tsa import api

    features = {"exog": beside} if entry.beside else {}
    return getattr(api, _class_of(entry))(returns, **entry.fixed, **features)
