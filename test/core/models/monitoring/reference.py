"""Makes reference.json beside it: what numpy, scipy and scikit-learn say to the numbers in it. In a Python with models/requirements/core.txt:

    python test/core/models/monitoring/reference.py
"""

import json
from pathlib import Path

import numpy as np
from scipy.stats import ks_2samp
from sklearn.covariance import LedoitWolf

DECILES = 10
BINS = 10
LEAST_SHARE = 1e-4


def stability(reference, window):
    """Siddiqi's index over the reference's deciles, equal bounds once; a value at a bound belongs below it."""
    bounds = np.unique(np.quantile(reference, np.arange(1, DECILES) / DECILES))

    def shares(values):
        counts = np.bincount(np.searchsorted(bounds, values, side="left"), minlength=len(bounds) + 1)
        return np.maximum(counts / len(values), LEAST_SHARE)

    p, q = shares(window), shares(reference)
    return float(np.sum((p - q) * np.log(p / q)))


def drift(reference, window):
    return {
        "reference": reference.tolist(),
        "window": window.tolist(),
        "psi": stability(reference, window),
        "distance": float(ks_2samp(reference, window).statistic),
    }


def calibration(up, outcome):
    bins = np.minimum(BINS - 1, np.floor(up * BINS).astype(int))
    filled = np.unique(bins)
    counts = np.array([(bins == k).sum() for k in filled])
    said = np.array([up[bins == k].mean() for k in filled])
    happened = np.array([outcome[bins == k].mean() for k in filled])
    base = outcome.mean()
    return {
        "up": up.tolist(),
        "outcome": outcome.tolist(),
        "expectedError": float(np.average(np.abs(said - happened), weights=counts)),
        "score": float(np.mean((up - outcome) ** 2)),
        "reliability": float(np.average((said - happened) ** 2, weights=counts)),
        "resolution": float(np.average((happened - base) ** 2, weights=counts)),
        "uncertainty": float(base * (1 - base)),
    }


def distances(columns, rows):
    """Mahalanobis' with scikit-learn's Ledoit-Wolf covariance around 0, each feature from its median in its robust deviation."""
    median = np.median(columns, axis=1)
    scale = 1.4826 * np.median(np.abs(columns - median[:, None]), axis=1)
    near = np.clip((columns - median[:, None]) / scale[:, None], -10, 10).T
    inverse = np.linalg.inv(LedoitWolf().fit(near).covariance_)
    apart = (rows - median) / scale
    return {
        "columns": columns.tolist(),
        "rows": rows.tolist(),
        "distances": np.sqrt(np.einsum("ij,jk,ik->i", apart, inverse, apart)).tolist(),
    }


def main():
    random = np.random.default_rng(7)
    normal = lambda *size: np.round(random.standard_normal(size), 3)
    up = np.round(random.beta(3, 3, 200), 3)
    mixed = np.round(normal(3, 120) + 0.8 * normal(120), 3)
    answer = {
        "drift": {
            "same": drift(normal(200), normal(80)),
            "wider": drift(normal(200), 2.5 * normal(80)),
            "apart": drift(normal(50), normal(20) + 9),
            "ties": drift(np.round(normal(200)), np.round(normal(80) + 0.5)),
        },
        "calibration": calibration(up, (random.random(200) < 0.2 + 0.6 * up).astype(float)),
        "distances": distances(mixed, np.round(normal(5, 3) * 2, 3)),
    }
    Path(__file__).with_name("reference.json").write_text(json.dumps(answer) + "\n")


main()
