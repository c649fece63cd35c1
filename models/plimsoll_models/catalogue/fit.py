"""An entry, fitted and judged beside what anyone would guess."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..scoring import auc, interval, log_losses
from .data import Data, Rows
from .entry import Entry

_SILHOUETTE_ROWS = 600
_UNUSUAL_SHARE = 0.1
#: Of the block bootstrap; several times as long as a label.
_BLOCK_ROWS = 120


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
    from sklearn.pipeline import make_pipeline

    train = data.train[-entry.most_rows :] if entry.most_rows else data.train
    width = entry.most_features or data.rows.shape[1]
    rows = data.rows[:, :width]
    scaler = _scaler(entry)
    estimator = entry.make(seed)
    model = estimator if scaler is None else make_pipeline(scaler, estimator)
    # Some groups and pictures are of the rows that they were fitted on, and of no other.
    answers = "predict" if entry.task == "clustering" else "transform"
    in_sample = entry.task in ("clustering", "decomposition") and not hasattr(estimator, answers)
    returns = data.sizes if entry.target == "size" else data.returns
    known = returns if entry.task == "regression" else data.label
    drawn: NDArray[Any] | None = None
    if in_sample:
        drawn = np.asarray(model.fit_predict(rows[train]) if entry.task == "clustering" else model.fit_transform(rows[train]))
    else:
        # Whoever looks at the features alone leaves the labels be.
        model.fit(rows[train], known[train])
    test = train if in_sample else data.test
    if entry.task == "clustering":
        # A silhouette looks at every pair of rows.
        step = max(1, len(test) // _SILHOUETTE_ROWS)
        test, drawn = test[::step], None if drawn is None else drawn[::step]
    found = _JUDGES[entry.task](entry, model, rows, known, train, test, data, drawn)
    score, baseline = (float(np.mean(value)) for value in (found.score, found.baseline))
    if not np.isfinite(score) or not np.isfinite(baseline):
        raise ValueError(f"its {found.metric} is no number")
    gained = None
    if isinstance(found.score, np.ndarray):
        gains = (found.score - found.baseline) * (1 if found.higher_is_better else -1)
        gained = interval(gains, _BLOCK_ROWS, seed)
    return Fit(entry, model, Judged(found.metric, found.higher_is_better, score, baseline, len(train), len(test), in_sample, gained))


def _scaler(entry: Entry) -> Any:
    from sklearn.preprocessing import KBinsDiscretizer, MinMaxScaler, StandardScaler

    if entry.scaling == "standard":
        return StandardScaler()
    if entry.scaling == "unit":
        return MinMaxScaler(clip=True)
    if entry.scaling == "bins":
        return KBinsDiscretizer(5, encode="ordinal", quantile_method="averaged_inverted_cdf")
    return None


@dataclass(frozen=True)
class _Score:
    """`score` and `baseline` by row where rows are judged one by one."""

    metric: str
    higher_is_better: bool
    score: Rows | float
    baseline: Rows | float


_Places = NDArray[np.int64]


def _classification(
    entry: Entry, model: Any, rows: Rows, known: NDArray[Any], train: _Places, test: _Places, _data: Data, _drawn: Any
) -> _Score:
    """Beside the share of rises among the rows that were trained on, or even odds; or beside the same class always."""
    if entry.probabilities:
        up = np.asarray(model.predict_proba(rows[test]), np.float64)[:, 1]
        guesses = [log_losses(known[test], np.full(len(test), share)) for share in (float(known[train].mean()), 0.5)]
        return _Score("logLoss", False, log_losses(known[test], up), _least(guesses))
    hits = np.asarray(model.predict(rows[test]) == known[test], np.float64)
    return _Score("accuracy", True, hits, 1 - _least([np.asarray(known[test] != one, np.float64) for one in (0, 1)]))


def _regression(
    entry: Entry, model: Any, rows: Rows, known: NDArray[Any], train: _Places, test: _Places, _data: Data, _drawn: Any
) -> _Score:
    """Beside the mean, or the median, of the rows that were trained on, or no return at all."""
    said = np.ravel(model.predict(rows[test]))
    middle = float(np.median(known[train]) if entry.absolute else np.mean(known[train]))
    misses = [guess - known[test] for guess in (middle, 0.0)]
    if entry.absolute:
        return _Score("absoluteError", False, np.abs(said - known[test]), _least([np.abs(miss) for miss in misses]))
    return _Score("squaredError", False, (said - known[test]) ** 2, _least([miss**2 for miss in misses]))


def _least(losses: Sequence[Rows]) -> Rows:
    """Of the guesses of those who know nothing, the one that was best here: hindsight that makes it harder to beat."""
    return min(losses, key=lambda loss: float(loss.mean()))


def _clustering(
    _entry: Entry, model: Any, rows: Rows, _known: Any, train: _Places, test: _Places, data: Data, drawn: NDArray[Any] | None
) -> _Score:
    """Silhouette, beside the best of cutting any one feature into as many groups of equal size. What a method calls noise is a
    group, and one group alone is the worst there is."""
    from sklearn.metrics import silhouette_score

    groups = np.asarray(model.predict(rows[test])) if drawn is None else drawn
    space = _standardized(data, train)[test]
    count = len(np.unique(groups))

    def silhouette(of: NDArray[Any]) -> float:
        return float(silhouette_score(space, of)) if 2 <= len(np.unique(of)) < len(of) else -1.0

    cuts = max(2, min(count, 20))
    naive = []
    for column in space.T:
        edges = np.quantile(column, np.linspace(0, 1, cuts + 1)[1:-1])
        naive.append(silhouette(np.searchsorted(edges, column)))
    return _Score("silhouette", True, silhouette(groups), max(naive))


def _density(
    entry: Entry, model: Any, rows: Rows, _known: Any, train: _Places, test: _Places, data: Data, _drawn: Any
) -> _Score:
    """Mean log-likelihood of a row, beside features that are normal and know nothing of each other."""
    space = _standardized(data, train)[test]
    naive = -0.5 * (space**2 + np.log(2 * np.pi)).sum(axis=1)
    if entry.category == "covariance":
        # `score` judges the covariance of rows, and the pipeline's scaler has centred those of the training alone.
        estimator = model[-1]
        sample = space - estimator.location_
        precision = estimator.get_precision()
        _sign, logarithm = np.linalg.slogdet(precision)
        far = np.einsum("ij,jk,ik->i", sample, precision, sample)
        return _Score("logLikelihood", True, 0.5 * (logarithm - space.shape[1] * np.log(2 * np.pi) - far), naive)
    return _Score("logLikelihood", True, np.asarray(model.score_samples(rows[test]), np.float64), naive)


def _anomaly(
    _entry: Entry, model: Any, rows: Rows, _known: Any, train: _Places, test: _Places, data: Data, _drawn: Any
) -> _Score:
    """How often a row before a large move is held more unusual than another one, beside the distance of its farthest feature."""
    limit = np.quantile(data.sizes[train], 1 - _UNUSUAL_SHARE)
    large = (data.sizes[test] > limit).astype(np.int64)
    if large.min() == large.max():
        raise ValueError("no row, or every row, of those that it is judged on comes before a large move")
    unusual = -np.asarray(model.decision_function(rows[test]), np.float64)
    naive = np.abs(_standardized(data, train)[test]).max(axis=1)
    return _Score("auc", True, auc(large, unusual), auc(large, naive))


def _decomposition(
    _entry: Entry, model: Any, rows: Rows, _known: Any, train: _Places, test: _Places, data: Data, drawn: NDArray[Any] | None
) -> _Score:
    """Share of the features' variance that a weighted sum of the components gives back, beside as many of the features themselves."""
    space = _standardized(data, train)
    before = np.asarray(model.transform(rows[train]) if drawn is None else drawn, np.float64)
    after = np.asarray(model.transform(rows[test]) if drawn is None else drawn, np.float64)
    count = min(before.shape[1], space.shape[1])
    score = _given_back(before, space[train], after, space[test])
    return _Score("varianceKept", True, score, _given_back(space[train][:, :count], space[train], space[test][:, :count], space[test]))


def _given_back(before: Rows, wanted: Rows, after: Rows, there: Rows) -> float:
    from sklearn.linear_model import LinearRegression

    said = LinearRegression().fit(before, wanted).predict(after)
    return float(1 - ((there - said) ** 2).sum() / ((there - wanted.mean(axis=0)) ** 2).sum())


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
