"""statsforecast: the next day of a series, by its past alone. Fitted anew at every origin."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..data import Data, Rows
from ..entry import Choice, Entry, Real, Whole, named
from ..fit import Fit, Score, judged, least
from .series import Series, series_of

#: Rows that are forecast at an origin, which are those up to the next, and the latest rows that are fitted at each.
AHEAD = 24
WINDOW = 480
_DAY = 24
_SEASON = Choice((12, 24, 120))

#: From the origin's row and the rows up to it, AHEAD values.
Forecaster = Callable[[int, Rows], Rows]


def _entry(name: str, of: str, category: str, target: Any = "price", **more: Any) -> Entry:
    return Entry(
        name=name,
        of=f"statsforecast.models.{of}",
        category=category,
        task="forecast",
        served="batch-to-lake",
        target=target,
        fitter="forecasts",
        scaling="none",
        **more,
    )


def _smoothing(name: str, of: str, **more: Any) -> Entry:
    return _entry(name, of, "exponential-smoothing", **more)


def _theta(name: str, of: str) -> Entry:
    return _entry(name, of, "theta", space={"season_length": Choice((1, 24)), "decomposition_type": Choice(("additive", "multiplicative"))})


def _rare(name: str, of: str, **more: Any) -> Entry:
    """Of series that are 0 most of the time."""
    return _entry(name, of, "intermittent", "large-moves", **more)


FORECASTS: tuple[Entry, ...] = (
    _entry(
        "automatic-arima",
        "AutoARIMA",
        "arima",
        cost="high",
        most_rows=240,
        space={"max_p": Whole(1, 5), "max_q": Whole(1, 5), "ic": Choice(("aic", "aicc", "bic"))},
    ),
    _smoothing("automatic-exponential-smoothing", "AutoETS", cost="middle", space={"model": Choice(("ZZZ", "ZZN", "ANN", "AAN"))}),
    _smoothing("complex-exponential-smoothing", "AutoCES", cost="middle", space={"model": Choice(("Z", "N"))}),
    _smoothing("simple-exponential-smoothing", "SimpleExponentialSmoothingOptimized"),
    _smoothing(
        "seasonal-exponential-smoothing",
        "SeasonalExponentialSmoothingOptimized",
        fixed={"season_length": _DAY},
        space={"season_length": _SEASON},
    ),
    _smoothing("holt", "Holt", space={"error_type": Choice(("A", "M"))}),
    _smoothing("holt-winters", "HoltWinters", cost="middle", fixed={"season_length": _DAY}, space={"error_type": Choice(("A", "M"))}),
    _theta("theta", "Theta"),
    _theta("optimized-theta", "OptimizedTheta"),
    _theta("dynamic-theta", "DynamicTheta"),
    _theta("dynamic-optimized-theta", "DynamicOptimizedTheta"),
    _entry("window-average", "WindowAverage", "average", fixed={"window_size": 12}, space={"window_size": Whole(2, 120)}),
    _entry(
        "seasonal-window-average",
        "SeasonalWindowAverage",
        "average",
        fixed={"season_length": _DAY, "window_size": 3},
        space={"window_size": Whole(1, 10)},
    ),
    _entry(
        "conformal-seasonal-pool",
        "ConformalSeasonalPool",
        "average",
        fixed={"season_length": _DAY},
        space={"decay": Real(1e-3, 0.1, log=True)},
    ),
    _entry(
        "seasonal-trend-decomposition",
        "MSTL",
        "decomposition",
        cost="middle",
        fixed={"season_length": _DAY},
        space={"season_length": _SEASON},
    ),
    _entry(
        "boosted-fourier-smoothing",
        "MFLES",
        "decomposition",
        fixed={"season_length": _DAY},
        space={"max_rounds": Whole(10, 100), "trend_lr": Real(0.1, 1.0)},
    ),
    _entry(
        "trigonometric-smoothing",
        "TBATS",
        "exponential-smoothing",
        cost="high",
        fixed={"season_length": _DAY, "use_boxcox": False},
        space={"season_length": _SEASON},
    ),
    _rare("croston", "CrostonClassic"),
    _rare("optimized-croston", "CrostonOptimized"),
    _rare("unbiased-croston", "CrostonSBA"),
    _rare("aggregated-demand", "ADIDA"),
    _rare("aggregated-demand-of-several-spans", "IMAPA"),
    _rare(
        "smoothed-probability",
        "TSB",
        fixed={"alpha_d": 0.1, "alpha_p": 0.1},
        space={"alpha_d": Real(0.01, 0.5, log=True), "alpha_p": Real(0.01, 0.5, log=True)},
    ),
)


def fit(entry: Entry, data: Data, seed: int) -> Fit:
    """Squared errors beside the last value, or what the training's rows have on average."""
    model = named(entry.of)(**entry.fixed)
    return judged_forecasts(entry, data, seed, lambda _origin, window: said_by(model, window), model)


def said_by(model: Any, window: Rows) -> Any:
    """What a model of statsforecast says of the next AHEAD values."""
    return model.forecast(y=window, h=AHEAD)["mean"]


def judged_forecasts(entry: Entry, data: Data, seed: int, forecast: Forecaster, model: Any) -> Fit:
    """At every origin among the later rows, what it says beside what came. Raises ValueError where it says no number."""
    series = series_of(data)
    values = values_of(entry, series)
    origins = np.arange(int(data.test[0]) - 1, len(values) - AHEAD, AHEAD)
    places = (origins[:, None] + np.arange(1, AHEAD + 1)).ravel()
    came = values[places].reshape(len(origins), AHEAD)
    fitted_on = entry.most_rows or WINDOW
    said = np.stack([checked(forecast(int(origin), values[max(0, origin + 1 - fitted_on) : origin + 1])) for origin in origins])
    losses = [(guess - came).ravel() ** 2 for guess in _guesses(entry, values, data, origins)]
    found = Score("squaredError", False, (said - came).ravel() ** 2, least(losses))
    return Fit(entry, model, judged(found, data, places, seed, fitted_on=fitted_on, said_at=np.repeat(origins, AHEAD)))


def values_of(entry: Entry, series: Series) -> Rows:
    """What it forecasts."""
    if entry.target == "large-moves":
        return series.large
    return series.returns if entry.target == "next-return" else series.price


def _guesses(entry: Entry, values: Rows, data: Data, origins: Any) -> list[Rows]:
    shape = (len(origins), AHEAD)
    seen = values[data.train]
    if entry.target == "price":
        last = np.repeat(values[origins][:, None], AHEAD, axis=1)
        return [last, last + float(np.mean(np.diff(seen))) * np.arange(1, AHEAD + 1)]
    own = np.stack([np.full(AHEAD, values[max(0, origin + 1 - WINDOW) : origin + 1].mean()) for origin in origins])
    return [np.zeros(shape), np.full(shape, float(seen.mean())), own]


def checked(said: Any) -> Rows:
    """Raises ValueError where that is not AHEAD numbers."""
    values = np.asarray(said, np.float64).ravel()
    if len(values) != AHEAD or not np.isfinite(values).all():
        raise ValueError(f"of {AHEAD} values it forecasts {int(np.isfinite(values).sum())} that are numbers")
    return values
