"""What other libraries, or the papers' formulas written out plainly in numpy, make of the series that arrive as JSON on stdin.

Question: {"trials": [[returns]], "remembering": [[returns]], "pairs": [[[returns], [returns]]], "blocks": S, "blockLength": L,
           "circularLength": l, "draws": B, "manyDraws": B, "bandwidth": S}
"""

import itertools
import json
import sys

import numpy as np
from arch.bootstrap import SPA, CircularBlockBootstrap, StationaryBootstrap, optimal_block_length
from arch.covariance.kernel import Parzen
from scipy import stats

SEED = 20_240_229


def moments(returns):
    return {
        "mean": returns.mean(),
        "deviation": returns.std(ddof=1),
        "skewness": stats.skew(returns),
        "kurtosis": stats.kurtosis(returns, fisher=False),
    }


def sharpes(rows):
    return rows.mean(axis=0) / rows.std(axis=0, ddof=1)


def overfitting(table, blocks):
    """The five steps of the paper's section 2.2."""
    parts = np.array_split(table, blocks)
    logits, inside, outside = [], [], []
    for chosen in itertools.combinations(range(blocks), blocks // 2):
        within = sharpes(np.concatenate([parts[b] for b in chosen]))
        beyond = sharpes(np.concatenate([parts[b] for b in range(blocks) if b not in chosen]))
        best = within.argmax()
        share = stats.rankdata(beyond)[best] / (table.shape[1] + 1)
        logits.append(np.log(share / (1 - share)))
        inside.append(within[best])
        outside.append(beyond[best])
    line = stats.linregress(inside, outside)
    return {
        "logits": logits,
        "probability": np.mean(np.array(logits) <= 0),
        "probabilityOfLoss": np.mean(np.array(outside) < 0),
        "degradation": [line.slope, line.intercept, line.rvalue**2],
    }


def indices(bootstrap, draws):
    return [bootstrap.index.tolist() for _ in bootstrap.bootstrap(draws)]


def spa_of(gains, block_length, draws):
    """arch asks for losses: those of a benchmark of 0 less -gains are the gains."""
    spa = SPA(np.zeros(len(gains)), -gains, block_size=block_length, reps=draws, seed=SEED)
    spa.compute()
    return spa


def superior_ability(table, block_length, draws, many_draws):
    plain = spa_of(table, block_length, draws)
    # arch takes variances for its threshold alone. With gains that have a variance of 1 its test is Hansen's.
    studentized = spa_of(table / np.sqrt(plain._loss_diff_var), block_length, draws)
    return {
        "resamples": indices(StationaryBootstrap(block_length, table, seed=SEED), draws),
        "variances": plain._loss_diff_var.tolist(),
        "plain": plain.pvalues.tolist(),
        "studentized": studentized.pvalues.tolist(),
        "many": spa_of(table, block_length, many_draws).pvalues.tolist(),
    }


def four_moments(pair):
    """Means and second moments, what each observation adds to them, and the gradient of the difference of Sharpe ratios."""
    values = np.column_stack([pair, pair**2])
    (m1, m2, g1, g2) = values.mean(axis=0)
    v1, v2 = g1 - m1**2, g2 - m2**2
    gradient = np.array([g1 / v1**1.5, -g2 / v2**1.5, -m1 / v1**1.5 / 2, m2 / v2**1.5 / 2])
    return m1 / np.sqrt(v1) - m2 / np.sqrt(v2), values - values.mean(axis=0), gradient


def ledoit_wolf(pair, bandwidth):
    difference, distances, gradient = four_moments(pair)
    # arch's weights are k(j / (bandwidth + 1)).
    covariance = Parzen(distances, bandwidth=bandwidth - 1, df_adjust=4, center=False).cov.long_run
    return difference, np.sqrt(gradient @ covariance @ gradient / len(pair))


def ledoit_wolf_bootstrap(pair, bandwidth, resamples, length):
    difference, error = ledoit_wolf(pair, bandwidth)
    extreme = 0
    for resample in resamples:
        drawn, distances, gradient = four_moments(pair[resample])
        sums = distances.reshape(-1, length, 4).sum(axis=1) / np.sqrt(length)
        own = np.sqrt(gradient @ (sums.T @ sums / len(sums)) @ gradient / len(resample))
        extreme += abs(drawn - difference) / own >= abs(difference) / error
    return (extreme + 1) / (len(resamples) + 1)


def andrews(values):
    rho = (values[1:] @ values[:-1]) / (values[:-1] @ values[:-1])
    return 2.6614 * (4 * rho**2 / (1 - rho) ** 4 * len(values)) ** 0.2


def memmel(pair):
    """Jobson and Korkie's statistic in its first form, of covariances, with Memmel's correction of theta."""
    n = len(pair)
    m1, m2 = pair.mean(axis=0)
    (v1, v12), (_, v2) = np.cov(pair.T)
    s1, s2 = np.sqrt(v1), np.sqrt(v2)
    theta = (
        2 * v1 * v2 - 2 * s1 * s2 * v12 + m1**2 * v2 / 2 + m2**2 * v1 / 2 - m1 * m2 / (s1 * s2) * v12**2
    ) / n
    z = (s2 * m1 - s1 * m2) / np.sqrt(theta)
    return [m1 / s1 - m2 / s2, 2 * stats.norm.sf(abs(z))]


def pair_answer(pair, question):
    length, block_length, bandwidth = question["circularLength"], question["blockLength"], question["bandwidth"]
    rows = len(pair) - len(pair) % length
    whole = CircularBlockBootstrap(length, pair, seed=SEED)
    circular = [index[:rows] for index in indices(whole, question["draws"])]
    differences = pair[:, 0] - pair[:, 1]
    stationary = StationaryBootstrap(block_length, differences, seed=SEED)
    drawn = stationary.apply(np.mean, reps=question["manyDraws"]).ravel() - differences.mean()
    _, distances, gradient = four_moments(pair)
    return {
        "memmel": memmel(pair),
        "ledoitWolf": list(ledoit_wolf(pair, bandwidth)),
        "andrews": andrews(distances @ gradient),
        "resamples": circular,
        "ledoitWolfBootstrap": ledoit_wolf_bootstrap(pair, bandwidth, circular, length),
        "meanDifference": float(np.mean(np.abs(drawn) >= abs(differences.mean()))),
        "meanDeviation": float(drawn.std()),
    }


def main():
    question = json.load(sys.stdin)
    table = np.array(question["trials"]).T
    correlations = np.corrcoef(table.T)
    answer = {
        "moments": [moments(column) for column in table.T],
        "meanCorrelation": correlations[np.triu_indices_from(correlations, 1)].mean(),
        "overfitting": overfitting(table, question["blocks"]),
        "blockLengths": [optimal_block_length(np.array(series)).iloc[0].tolist() for series in question["remembering"]],
        "superiorAbility": superior_ability(table, question["blockLength"], question["draws"], question["manyDraws"]),
        "pairs": [pair_answer(np.array(pair).T, question) for pair in question["pairs"]],
    }
    json.dump(answer, sys.stdout, default=float)


main()
