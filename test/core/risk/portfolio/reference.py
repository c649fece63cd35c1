"""What other libraries make of the series that arrive as JSON on stdin: the answers as JSON on stdout.

Question: {"series": {name: [returns]}, "tables": {name: [[returns of one instrument], ...]},
           "confidences": [...], "horizon": h, "decay": d, "probabilities": [...]}
"""

import importlib.util
import json
import sys
import types
import warnings

import numpy as np
import pandas as pd


def package_without_its_init(name):
    """A package whose modules can be imported one by one: what its __init__ draws in (plots, solvers) is not installed."""
    module = importlib.util.module_from_spec(importlib.util.find_spec(name))
    sys.modules[name] = module


warnings.simplefilter("ignore")
package_without_its_init("quantstats")
package_without_its_init("pypfopt")
# quantstats imports it to download prices, which nothing here does.
sys.modules["yfinance"] = types.ModuleType("yfinance")

import empyrical  # noqa: E402
import quantstats.stats as quantstats  # noqa: E402
from arch.univariate import EWMAVariance, ZeroMean  # noqa: E402
from pypfopt.risk_models import CovarianceShrinkage  # noqa: E402
from scipy import integrate, optimize, stats  # noqa: E402
from sklearn.covariance import LedoitWolf  # noqa: E402


def expansion(z, skewness, kurtosis):
    return (
        z
        + (z**2 - 1) * skewness / 6
        + (z**3 - 3 * z) * kurtosis / 24
        - (2 * z**3 - 5 * z) * skewness**2 / 36
    )


def cornish_fisher(returns, tail, horizon):
    """By scipy's moments, with the shortfall as an integral over the quantiles."""
    skewness = stats.skew(returns) / np.sqrt(horizon)
    kurtosis = stats.kurtosis(returns) / horizon
    mean = returns.mean() * horizon
    deviation = returns.std(ddof=1) * np.sqrt(horizon)
    bound = stats.norm.ppf(tail)
    part, _ = integrate.quad(
        lambda z: expansion(z, skewness, kurtosis) * stats.norm.pdf(z), -np.inf, bound, epsabs=1e-14, epsrel=1e-13
    )
    grid = expansion(np.linspace(-5, 5, 100_001), skewness, kurtosis)
    return {
        "skewness": skewness,
        "kurtosis": kurtosis,
        "valueAtRisk": -(mean + deviation * expansion(bound, skewness, kurtosis)),
        "expectedShortfall": -(mean + deviation * part / tail),
        "rises": bool((np.diff(grid) >= 0).all()),
    }


def tails(returns, confidence, horizon):
    tail = round(1 - confidence, 12)
    series = pd.Series(returns)
    windows = (1 + series).rolling(horizon).apply(np.prod, raw=True).dropna().to_numpy() - 1
    return {
        "empyrical": {
            "valueAtRisk": empyrical.value_at_risk(returns, tail),
            "conditionalValueAtRisk": empyrical.conditional_value_at_risk(returns, tail),
        },
        "empyricalOverHorizon": {
            "valueAtRisk": empyrical.value_at_risk(windows, tail),
            "conditionalValueAtRisk": empyrical.conditional_value_at_risk(windows, tail),
        },
        "quantstats": {
            "valueAtRisk": quantstats.value_at_risk(series, confidence=confidence, prepare_returns=False),
            "parametricShortfall": quantstats.cvar(series, confidence=confidence, prepare_returns=False),
            "historicalShortfall": quantstats.cvar(
                series, confidence=confidence, prepare_returns=False, method="historical"
            ),
        },
        "cornishFisher": cornish_fisher(returns, tail, 1),
        "cornishFisherOverHorizon": cornish_fisher(returns, tail, horizon),
    }


def one_series(returns, question):
    series = pd.Series(returns)
    model = ZeroMean(returns, volatility=EWMAVariance(question["decay"]), rescale=False)
    fitted = model.fit(disp="off")
    forecast = fitted.forecast(horizon=1, reindex=False).variance.to_numpy()[-1, 0]
    return {
        "tails": [tails(returns, confidence, question["horizon"]) for confidence in question["confidences"]],
        "archVariance": (np.asarray(fitted.conditional_volatility) ** 2).tolist() + [float(forecast)],
        "kellyOfOdds": quantstats.kelly_criterion(series, prepare_returns=False),
        "volatility": quantstats.volatility(series, annualize=False, prepare_returns=False),
    }


def risk_parity(covariance):
    """Spinu's problem by scipy's Newton with trust region."""
    scale = np.trace(covariance) / len(covariance)
    matrix = covariance / scale
    size = len(matrix)
    found = optimize.minimize(
        lambda x: 0.5 * x @ matrix @ x - np.log(x).mean() if (x > 0).all() else np.inf,
        1 / np.sqrt(np.diag(matrix) * size),
        jac=lambda x: matrix @ x - 1 / (size * x),
        hess=lambda x: matrix + np.diag(1 / (size * x**2)),
        method="trust-exact",
        options={"gtol": 1e-14, "maxiter": 1000},
    )
    return (found.x / found.x.sum()).tolist()


def constant_correlation(frame, ddof):
    """PyPortfolioOpt, with its sample covariance over n - ddof; its own is over n - 1."""
    shrinkage = CovarianceShrinkage(frame, returns_data=True, frequency=1)
    shrinkage.S = np.cov(frame.to_numpy().T, ddof=ddof)
    covariance = shrinkage.ledoit_wolf("constant_correlation")
    return {"shrinkage": shrinkage.delta, "covariance": covariance.to_numpy().ravel().tolist()}


def one_table(columns):
    matrix = np.array(columns).T
    frame = pd.DataFrame(matrix)
    fitted = LedoitWolf().fit(matrix)
    covariance = np.cov(matrix.T, ddof=1)
    return {
        "covariance": covariance.ravel().tolist(),
        "correlation": np.corrcoef(matrix.T).ravel().tolist(),
        "ledoitWolf": {"shrinkage": fitted.shrinkage_, "covariance": fitted.covariance_.ravel().tolist()},
        "constantCorrelation": constant_correlation(frame, 0),
        "constantCorrelationAsShipped": constant_correlation(frame, 1),
        "riskParity": risk_parity(covariance),
    }


def main():
    question = json.load(sys.stdin)
    answer = {
        "series": {name: one_series(np.array(values), question) for name, values in question["series"].items()},
        "tables": {name: one_table(columns) for name, columns in question["tables"].items()},
        "normalQuantiles": stats.norm.ppf(question["probabilities"]).tolist(),
    }
    json.dump(answer, sys.stdout)


if __name__ == "__main__":
    main()
