"""arch: the variance of the next return, by what is remembered of those before. The distribution is a setting, no entry of its own."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..data import Data, Rows
from ..entry import Choice, Entry, Whole
from ..fit import Fit, Score, judged, least
from .series import series_of

#: Of the rolling variances that anyone would guess by.
_WINDOWS = (24, 120)
_CLASSES = {"normal": "Normal", "t": "StudentsT", "skewt": "SkewStudent", "ged": "GeneralizedError"}
_DISTRIBUTIONS = Choice(tuple(_CLASSES))
_LAGS = Whole(1, 3)


def _entry(name: str, of: str, category: str = "conditional-variance", **more: Any) -> Entry:
    more["space"] = {"distribution": _DISTRIBUTIONS} | more.get("space", {})
    more.setdefault("served", "batch-to-lake")
    return Entry(
        name=name,
        of=f"arch.univariate.{of}",
        category=category,
        task="volatility",
        target="variance",
        fitter="volatility",
        scaling="none",
        **more,
    )


VOLATILITY: tuple[Entry, ...] = (
    _entry("arch", "ARCH", fixed={"p": 5}, space={"p": Whole(1, 10)}),
    _entry("garch", "GARCH", fixed={"p": 1, "q": 1}, space={"p": _LAGS, "q": _LAGS}),
    _entry("garch-with-leverage", "GARCH", fixed={"p": 1, "o": 1, "q": 1}, space={"p": _LAGS, "o": _LAGS, "q": _LAGS}),
    _entry("absolute-value-garch", "GARCH", fixed={"p": 1, "q": 1, "power": 1.0}, space={"p": _LAGS, "q": _LAGS}),
    _entry("threshold-arch", "GARCH", fixed={"p": 1, "o": 1, "q": 1, "power": 1.0}, space={"p": _LAGS, "o": _LAGS, "q": _LAGS}),
    _entry("exponential-garch", "EGARCH", fixed={"p": 1, "o": 1, "q": 1}, space={"p": _LAGS, "o": _LAGS, "q": _LAGS}),
    _entry("asymmetric-power-arch", "APARCH", fixed={"p": 1, "o": 1, "q": 1}, space={"p": _LAGS, "q": _LAGS}),
    _entry("fractional-garch", "FIGARCH", fixed={"p": 1, "q": 1}, space={"p": Whole(0, 1), "q": Whole(0, 1)}, cost="middle"),
    _entry(
        "fractional-absolute-value-garch",
        "FIGARCH",
        fixed={"p": 1, "q": 1, "power": 1.0},
        space={"p": Whole(0, 1), "q": Whole(0, 1)},
        cost="middle",
    ),
    _entry("heterogeneous-arch", "HARCH", fixed={"lags": (1, 6, 24)}),
    _entry("mixed-frequency-arch", "MIDASHyperbolic", fixed={"m": 24}, space={"m": Whole(10, 60)}, cost="middle"),
    _entry("exponentially-weighted-variance", "EWMAVariance", "moving-variance", fixed={"lam": None}),
    _entry("risk-metrics", "RiskMetrics2006", "moving-variance", fixed={"kmax": 14}, space={"kmax": Whole(6, 18)}),
    _entry("garch-in-mean", "ARCHInMean", fixed={"form": "vol"}, space={"form": Choice(("log", "vol", "var"))}),
)


def fit(entry: Entry, data: Data, seed: int) -> Fit:
    """Parameters of the training's rows; the variance of each later row from the rows before it. QLIKE (Patton 2011), beside rolling
    variances and the training's own."""
    returns = series_of(data).returns
    model = model_of(entry, returns)
    result = model.fit(disp="off", last_obs=len(data.train), show_warning=False)
    # With the parameters fixed, a row's variance rests on the rows before it alone.
    variance = np.asarray(model.fix(result.params).conditional_volatility, np.float64)[data.test] ** 2
    guesses = [_rolling(returns, window)[data.test] for window in _WINDOWS]
    guesses.append(np.full(len(data.test), float(np.mean(returns[data.train] ** 2))))
    squares = returns[data.test] ** 2
    found = Score("qlike", False, _qlike(squares, variance), least([_qlike(squares, guess) for guess in guesses]))
    return Fit(entry, result, judged(found, data, data.test, seed, fitted_on=len(data.train), said_at=data.test - 1))


def model_of(entry: Entry, returns: Rows) -> Any:
    """Of these returns, unfitted. The distribution is the normal one where the entry names none."""
    from arch import univariate

    settings = dict(entry.fixed)
    distribution = getattr(univariate, _CLASSES[settings.pop("distribution", "normal")])()
    if entry.name == "garch-in-mean":
        volatility = univariate.GARCH(p=1, q=1)
        return univariate.ARCHInMean(returns, constant=False, volatility=volatility, distribution=distribution, rescale=False, **settings)
    volatility = getattr(univariate, entry.of.rpartition(".")[2])(**settings)
    return univariate.ZeroMean(returns, volatility=volatility, distribution=distribution, rescale=False)


def _rolling(returns: Rows, window: int) -> Rows:
    """By row, the mean square of the rows before it."""
    so_far = np.concatenate([[0.0], np.cumsum(returns**2)])
    rows = np.arange(len(returns))
    begin = np.maximum(0, rows - window)
    return np.asarray((so_far[rows] - so_far[begin]) / np.maximum(1, rows - begin))


def _qlike(squares: Rows, variance: Rows) -> Rows:
    return np.asarray(np.log(variance) + squares / variance)
