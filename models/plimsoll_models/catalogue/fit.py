"""An entry, fitted and judged beside what anyone would guess."""

from __future__ import annotations

import importlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..scoring import auc, interval, interval_of, log_losses
from .data import REGIMES, Data, Rows
from .entry import Entry

SILHOUETTE_ROWS = 600
_UNUSUAL_SHARE = 0.1
_HOUR_MS = 3_600_000
#: Of the block bootstrap; several times as long as a label.
_BLOCK_ROWS = 120
#: Of the means that are kept, so that two entries can be compared later.
_KEPT_BLOCK_ROWS = 24
#: Fewer of one regime say nothing of it.
_LEAST_REGIME_ROWS = 30


@dataclass(frozen=True)
class Judged:
    metric: str
    higher_is_better: bool
    score: float
    baseline: float
    #: Of the rows that were fitted, the number; judged on rows that were not, unless `in_sample`.
    fitted_on: int
    judged_on: int
    in_sample: bool
    #: 95 % interval of what a row gains over the baseline, where rows are judged one by one.
    gained: tuple[float, float] | None
    #: By regime with enough rows: how many, and the means of score and baseline; where rows are judged one by one.
    regimes: Mapping[str, tuple[int, float, float]]
    #: Mean score of every 24 rows in order of time, the last ones of fewer left out; where rows are judged one by one.
    blocks: tuple[float, ...]

    @property
    def beats_baseline(self) -> bool:
        return self.score > self.baseline if self.higher_is_better else self.score < self.baseline


@dataclass(frozen=True)
class Fit:
    entry: Entry
    #: A pipeline from rows of features, or the estimator where nothing comes before it.
    model: Any
    judged: Judged


def fit(entry: Entry, data: Data, seed: int) -> Fit:
    """Raises whatever the library raises, and ValueError where it answers with something that is no number."""
    if entry.fitter is not None:
        fitter = importlib.import_module(f"{__package__}.classical.{entry.fitter}")
        made: Fit = fitter.fit(entry, data, seed)
        return made
    return fit_estimator(entry, entry.make(seed), data, seed)


def fit_estimator(entry: Entry, estimator: Any, data: Data, seed: int) -> Fit:
    """`estimator`: unfitted, with the methods that scikit-learn's have for the task. Raises as `fit`."""
    from sklearn.pipeline import make_pipeline

    train = data.train[-entry.most_rows :] if entry.most_rows else data.train
    width = entry.most_features or data.rows.shape[1]
    rows = data.rows[:, :width]
    scaler = scaler_of(entry)
    model = estimator if scaler is None else make_pipeline(scaler, estimator)
    # Some groups and pictures are of the rows that they were fitted on, and of no other.
    answers = "predict" if entry.task == "clustering" else "transform"
    in_sample = entry.task in ("clustering", "decomposition") and not hasattr(estimator, answers)
    targets = {"size": data.sizes, "count": data.counts}
    known = targets.get(entry.target, data.returns) if entry.task == "regression" else data.label
    drawn: NDArray[Any] | None = None
    if in_sample:
        drawn = np.asarray(model.fit_predict(rows[train]) if entry.task == "clustering" else model.fit_transform(rows[train]))
    else:
        # Whoever looks at the features alone leaves the labels be.
        model.fit(rows[train], known[train])
    test = train if in_sample else data.test
    if entry.task == "clustering":
        # A silhouette looks at every pair of rows.
        step = max(1, len(test) // SILHOUETTE_ROWS)
        test, drawn = test[::step], None if drawn is None else drawn[::step]
    found = _JUDGES[entry.task](entry, model, rows, known, train, test, data, drawn)
    step = int(test[1] - test[0])
    return Fit(entry, model, judged(found, data, test, seed, fitted_on=len(train), in_sample=in_sample, step=step))


def judged(
    found: Score,
    data: Data,
    places: _Places,
    seed: int,
    *,
    fitted_on: int,
    in_sample: bool = False,
    step: int = 1,
    said_at: _Places | None = None,
) -> Judged:
    """`places`: by score, the row of `data` that it is of, `step` rows from one to the next; `said_at`: the row at which it was said, where
    that is an earlier one. The regime is that of then."""
    score, baseline = (float(np.mean(value)) for value in (found.score, found.baseline))
    if not np.isfinite(score) or not np.isfinite(baseline):
        raise ValueError(f"its {found.metric} is no number")
    gained = found.gained
    regimes: dict[str, tuple[int, float, float]] = {}
    blocks: tuple[float, ...] = ()
    if isinstance(found.score, np.ndarray) and isinstance(found.baseline, np.ndarray):
        gains = (found.score - found.baseline) * (1 if found.higher_is_better else -1)
        gained = interval(gains, max(2, _BLOCK_ROWS // step), seed)
        for k, name in enumerate(REGIMES):
            own = data.regime[places if said_at is None else said_at] == k
            if own.sum() >= _LEAST_REGIME_ROWS:
                regimes[name] = (int(own.sum()), float(found.score[own].mean()), float(found.baseline[own].mean()))
        length = max(1, _KEPT_BLOCK_ROWS // step)
        whole = len(found.score) // length
        blocks = tuple(float(value) for value in found.score[: whole * length].reshape(whole, length).mean(axis=1))
    return Judged(found.metric, found.higher_is_better, score, baseline, fitted_on, len(places), in_sample, gained, regimes, blocks)


def scaler_of(entry: Entry) -> Any:
    """What rows are put through before the estimator sees them, unfitted; None where that is nothing."""
    from sklearn.preprocessing import KBinsDiscretizer, MinMaxScaler, StandardScaler

    if entry.scaling == "standard":
        return StandardScaler()
    if entry.scaling == "unit":
        return MinMaxScaler(clip=True)
    if entry.scaling == "bins":
        return KBinsDiscretizer(5, encode="ordinal", quantile_method="averaged_inverted_cdf")
    return None


@dataclass(frozen=True)
class Score:
    """`score` and `baseline` by row where rows are judged one by one."""

    metric: str
    higher_is_better: bool
    score: Rows | float
    baseline: Rows | float
    #: 95 % interval of what is gained, where it does not follow from rows.
    gained: tuple[float, float] | None = None


_Places = NDArray[np.int64]


def _classification(
    entry: Entry, model: Any, rows: Rows, known: NDArray[Any], train: _Places, test: _Places, _data: Data, _drawn: Any
) -> Score:
    """Beside the share of rises among the rows that were trained on, or even odds; or beside the same class always."""
    if entry.probabilities:
        up = np.asarray(model.predict_proba(rows[test]), np.float64)[:, 1]
        guesses = [log_losses(known[test], np.full(len(test), share)) for share in (float(known[train].mean()), 0.5)]
        return Score("logLoss", False, log_losses(known[test], up), least(guesses))
    hits = np.asarray(model.predict(rows[test]) == known[test], np.float64)
    return Score("accuracy", True, hits, 1 - least([np.asarray(known[test] != one, np.float64) for one in (0, 1)]))


def _regression(entry: Entry, model: Any, rows: Rows, known: NDArray[Any], train: _Places, test: _Places, data: Data, _drawn: Any) -> Score:
    """Beside the mean, or the median, of the rows that were trained on, or no return at all; of counts, beside the hour's mean too."""
    said = np.ravel(model.predict(rows[test]))
    middle = float(np.median(known[train]) if entry.absolute else np.mean(known[train]))
    guesses: list[Rows | float] = [middle, 0.0]
    if entry.target == "count":
        guesses.append(_hourly(data, known, train, middle)[test])
    misses = [guess - known[test] for guess in guesses]
    if entry.absolute:
        return Score("absoluteError", False, np.abs(said - known[test]), least([np.abs(miss) for miss in misses]))
    return Score("squaredError", False, (said - known[test]) ** 2, least([miss**2 for miss in misses]))


def _hourly(data: Data, known: NDArray[Any], train: _Places, otherwise: float) -> Rows:
    """By row, the mean of the rows of the same hour of the day (UTC) that were trained on."""
    hours = data.known // _HOUR_MS % 24
    means = [known[train][hours[train] == hour] for hour in range(24)]
    return np.array([float(own.mean()) if len(own) else otherwise for own in means])[hours]


def least(losses: Sequence[Rows]) -> Rows:
    """Of the guesses of those who know nothing, the one that was best here: hindsight that makes it harder to beat."""
    return min(losses, key=lambda loss: float(loss.mean()))


def _clustering(
    _entry: Entry, model: Any, rows: Rows, _known: Any, train: _Places, test: _Places, data: Data, drawn: NDArray[Any] | None
) -> Score:
    groups = np.asarray(model.predict(rows[test])) if drawn is None else drawn
    return silhouette_of(data, groups, test, train)


def silhouette_of(data: Data, groups: NDArray[Any], places: _Places, train: _Places | None = None) -> Score:
    """Silhouette of the rows at `places`, beside the best of cutting any one feature into as many groups of equal size. What a method calls
    noise is a group, and one group alone is the worst there is."""
    from sklearn.metrics import silhouette_samples

    space = _standardized(data, data.train if train is None else train)[places]
    count = len(np.unique(groups))

    def silhouette(of: NDArray[Any]) -> Rows:
        if 2 <= len(np.unique(of)) < len(of):
            return np.asarray(silhouette_samples(space, of), np.float64)
        return np.full(len(of), -1.0)

    cuts = max(2, min(count, 20))
    naive = []
    for column in space.T:
        edges = np.quantile(column, np.linspace(0, 1, cuts + 1)[1:-1])
        naive.append(silhouette(np.searchsorted(edges, column)))
    return Score("silhouette", True, silhouette(groups), max(naive, key=lambda one: float(one.mean())))


def _density(entry: Entry, model: Any, rows: Rows, _known: Any, train: _Places, test: _Places, data: Data, _drawn: Any) -> Score:
    """Mean log-likelihood of a row, beside features that are normal and know nothing of each other."""
    space = _standardized(data, train)[test]
    naive = -0.5 * (space**2 + np.log(2 * np.pi)).sum(axis=1)
    if entry.category == "covariance":
        # `score` judges the covariance of rows, and the pipeline's scaler has centred those of the training alone.
        return Score("logLikelihood", True, normal_log_likelihoods(model[-1], space), naive)
    return Score("logLikelihood", True, np.asarray(model.score_samples(rows[test]), np.float64), naive)


def normal_log_likelihoods(estimator: Any, space: Rows) -> Rows:
    """Of rows in the space that the covariance was fitted in: by row, under the normal distribution of that covariance."""
    sample = space - estimator.location_
    precision = estimator.get_precision()
    _sign, logarithm = np.linalg.slogdet(precision)
    far = np.einsum("ij,jk,ik->i", sample, precision, sample)
    return np.asarray(0.5 * (logarithm - space.shape[1] * np.log(2 * np.pi) - far))


def _anomaly(_entry: Entry, model: Any, rows: Rows, _known: Any, train: _Places, test: _Places, data: Data, _drawn: Any) -> Score:
    """How often a row before a large move is held more unusual than another one, beside the distance of its farthest feature."""
    unusual = -np.asarray(model.decision_function(rows[test]), np.float64)
    large, naive = unusual_of(data, train)
    return auc_of(large, unusual, naive)


def auc_of(large: NDArray[np.int64], unusual: Rows, naive: Rows) -> Score:
    """Rows are not judged one by one: the interval is that of the difference of both areas over blocks of rows that are drawn anew."""

    def gain(rows: NDArray[np.int64]) -> float:
        drawn = large[rows]
        return auc(drawn, unusual[rows]) - auc(drawn, naive[rows]) if drawn.min() < drawn.max() else 0.0

    gained = interval_of(gain, len(large), _BLOCK_ROWS, 0)
    return Score("auc", True, auc(large, unusual), auc(large, naive), gained)


def unusual_of(data: Data, train: _Places | None = None) -> tuple[NDArray[np.int64], Rows]:
    """Of the rows that are judged: whether a large move comes, and how far the farthest feature lies."""
    seen = data.train if train is None else train
    limit = np.quantile(data.sizes[seen], 1 - _UNUSUAL_SHARE)
    large = (data.sizes[data.test] > limit).astype(np.int64)
    if large.min() == large.max():
        raise ValueError("no row, or every row, of those that it is judged on comes before a large move")
    return large, np.abs(_standardized(data, seen)[data.test]).max(axis=1)


def _decomposition(
    _entry: Entry, model: Any, rows: Rows, _known: Any, train: _Places, test: _Places, data: Data, drawn: NDArray[Any] | None
) -> Score:
    """Share of the features' variance that a weighted sum of the components gives back, beside as many of the features themselves."""
    space = _standardized(data, train)
    before = np.asarray(model.transform(rows[train]) if drawn is None else drawn, np.float64)
    after = np.asarray(model.transform(rows[test]) if drawn is None else drawn, np.float64)
    count = min(before.shape[1], space.shape[1])
    score = _given_back(before, space[train], after, space[test])
    return Score("varianceKept", True, score, _given_back(space[train][:, :count], space[train], space[test][:, :count], space[test]))


def _given_back(before: Rows, wanted: Rows, after: Rows, there: Rows) -> Rows:
    """By row, so that the mean is the share of all."""
    from sklearn.linear_model import LinearRegression

    said = LinearRegression().fit(before, wanted).predict(after)
    lost = ((there - said) ** 2).sum(axis=1)
    return np.asarray(1 - lost / ((there - wanted.mean(axis=0)) ** 2).sum(axis=1).mean())


def _standardized(data: Data, train: _Places) -> Rows:
    seen = data.rows[train]
    return np.asarray((data.rows - seen.mean(axis=0)) / np.maximum(seen.std(axis=0), 1e-12))


_JUDGES = {
    "classification": _classification,
    "regression": _regression,
    "clustering": _clustering,
    "density": _density,
    "anomaly": _anomaly,
    "decomposition": _decomposition,
}
