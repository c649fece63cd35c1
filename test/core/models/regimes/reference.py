"""What other programs say of the same numbers, as reference.json: hidden Markov models by hmmlearn 0.3.3, k-means by scikit-learn, and
change points by Adams and MacKay's recursion over all run lengths with SciPy's Student t. In a Python that has hmmlearn and scipy:

    python reference.py > reference.json
"""

import json

import numpy as np
from hmmlearn.hmm import GaussianHMM
from scipy import stats
from sklearn.cluster import KMeans

DIGITS = 6


def hidden_markov(rows, start, iterations):
    """From this start, so many iterations of Baum and Welch without priors or floors."""
    model = GaussianHMM(
        n_components=len(start["start"]),
        covariance_type="diag",
        min_covar=0,
        covars_prior=0,
        n_iter=iterations,
        tol=-np.inf,
        init_params="",
        implementation="log",
    )
    model.startprob_ = np.array(start["start"])
    model.transmat_ = np.array(start["transition"])
    model.means_ = np.array(start["means"])
    model.covars_ = np.array(start["variances"])
    before = float(model.score(rows))
    model.fit(rows)
    return {
        "columns": rows.T.tolist(),
        "from": start,
        "iterations": iterations,
        "logLikelihoodBefore": before,
        "logLikelihood": float(model.score(rows)),
        "start": model.startprob_.tolist(),
        "transition": model.transmat_.tolist(),
        "means": model.means_.tolist(),
        "variances": [np.diag(covariance).tolist() for covariance in model.covars_],
        "smoothed": model.predict_proba(rows)[::25].tolist(),
        # Given the rows before alone: the last posterior of each beginning.
        "filtered": [model.predict_proba(rows[: end + 1])[-1].tolist() for end in range(0, len(rows), 25)],
        "path": model.predict(rows).tolist(),
    }


def one_column(generator):
    state = np.repeat([0, 1, 0, 1], [90, 40, 110, 60])
    rows = np.where(state == 0, generator.normal(0.05, 0.4, 300), generator.normal(-0.1, 1.6, 300))
    start = {"start": [0.5, 0.5], "transition": [[0.9, 0.1], [0.2, 0.8]], "means": [[0.0], [0.0]], "variances": [[0.3], [2.0]]}
    return hidden_markov(rows.round(DIGITS).reshape(-1, 1), start, 6)


def two_columns(generator):
    state = np.repeat([0, 1, 2, 1, 0], [80, 60, 60, 100, 100])
    scale = np.array([0.5, 1.0, 2.5])[state]
    rows = np.column_stack([generator.normal(0, scale), generator.normal(state, 0.7)])
    start = {
        "start": [0.2, 0.3, 0.5],
        "transition": [[0.8, 0.1, 0.1], [0.1, 0.8, 0.1], [0.1, 0.1, 0.8]],
        "means": [[0.0, 0.2], [0.1, 0.9], [-0.1, 1.8]],
        "variances": [[0.5, 0.5], [1.0, 0.5], [4.0, 0.5]],
    }
    return hidden_markov(rows.round(DIGITS), start, 15)


def clusters(generator):
    rows = np.vstack([generator.normal(centre, 0.8, (40, 2)) for centre in [(0, 0), (2, 1), (0, 3)]]).round(DIGITS)
    first = rows[[0, 45, 100]]
    model = KMeans(3, init=first, n_init=1, algorithm="lloyd", tol=0).fit(rows)
    return {
        "columns": rows.T.tolist(),
        "from": first.tolist(),
        "centroids": model.cluster_centers_.tolist(),
        "inertia": float(model.inertia_),
    }


def change_points(generator):
    """All run lengths, from the prior kappa = 1, alpha = 1, beta = 1, mu = 0."""
    values = np.concatenate([generator.normal(0, 1, 60), generator.normal(1.5, 0.3, 40)]).round(DIGITS)
    hazard = 1 / 50
    mu, kappa, alpha, beta = (np.array([value]) for value in (0.0, 1.0, 1.0, 1.0))
    joint = np.array([1.0])
    posteriors = []
    for value in values:
        density = stats.t.pdf(value, 2 * alpha, mu, np.sqrt(beta * (kappa + 1) / (alpha * kappa)))
        joint = np.concatenate([[(joint * density).sum() * hazard], joint * density * (1 - hazard)])
        joint /= joint.sum()
        posteriors.append(joint.copy())
        beta = np.concatenate([[1.0], beta + kappa * (value - mu) ** 2 / (2 * (kappa + 1))])
        mu = np.concatenate([[0.0], (kappa * mu + value) / (kappa + 1)])
        kappa, alpha = np.concatenate([[1.0], kappa + 1]), np.concatenate([[1.0], alpha + 0.5])
    return {"values": values.tolist(), "hazard": hazard, "posteriors": {str(at): posteriors[at].tolist() for at in (0, 30, 62, 99)}}


random = np.random.default_rng(7)
print(
    json.dumps(
        {"oneColumn": one_column(random), "twoColumns": two_columns(random), "clusters": clusters(random), "changePoints": change_points(random)},
        separators=(",", ":"),
    )
)
