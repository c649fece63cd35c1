"""river's learners, fitted and judged one row after the other: each row is answered first, and learned when its answer is known."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...scoring import log_losses
from ..data import Data
from ..entry import Entry, Part, named
from ..fit import SILHOUETTE_ROWS, Fit, Score, auc_of, judged, least, silhouette_of, unusual_of

Row = dict[str, float]
_EDGE = 1e-3


def fit(entry: Entry, data: Data, seed: int) -> Fit:
    """Learns all rows in turn, those that are judged too once they are known, and is judged by what it said of them before.
    Raises ValueError where it says no number."""
    model = built(entry.of, entry.fixed, seed)
    learned = data.train[-entry.most_rows :] if entry.most_rows else data.train
    rows = _rows_of(data, entry)
    judge = {"classification": _classification, "regression": _regression, "clustering": _clustering}.get(entry.task, _unusual)
    if entry.task == "density":
        judge = _density
    found = judge(entry, model, rows, data, learned)
    places = _places(entry, data)
    return Fit(entry, model, judged(found, data, places, seed, fitted_on=len(learned), step=int(places[1] - places[0])))


def built(of: str, fixed: Mapping[str, Any], seed: int) -> Any:
    """The object that a name and its settings say, with what is in it; with this seed where it draws."""
    constructor = named(of)
    settings = {name: _made(value, seed) for name, value in fixed.items()}
    if "seed" in inspect.signature(constructor.__init__).parameters:
        settings["seed"] = seed
    return constructor(**settings)


def _made(value: Any, seed: int) -> Any:
    if isinstance(value, Part):
        return built(value.of, value.fixed, seed)
    if isinstance(value, tuple) and value and isinstance(value[0], Part):
        return [built(part.of, part.fixed, seed + k) for k, part in enumerate(value)]
    return value


def _rows_of(data: Data, entry: Entry) -> list[Row]:
    """In deviations of the training's; from 0 to 1 where that is what it takes."""
    seen = data.rows[data.train]
    rows = (data.rows - seen.mean(axis=0)) / np.maximum(seen.std(axis=0), 1e-12)
    if entry.scaling == "unit":
        low, high = rows[data.train].min(axis=0), rows[data.train].max(axis=0)
        rows = np.clip((rows - low) / np.maximum(high - low, 1e-12), 0, 1)
    if entry.most_features:
        rows = rows[:, : entry.most_features]
    names = data.features[: rows.shape[1]]
    return [dict(zip(names, row, strict=True)) for row in rows.tolist()]


def _in_turn(data: Data, learned: NDArray[np.int64], answer_known: NDArray[np.int64]) -> Iterator[tuple[int, list[int]]]:
    """Every row that is judged, with those that have become known since the one before."""
    order = np.concatenate([learned, np.arange(int(data.train[-1]) + 1, int(data.test[-1]) + 1)])
    order = order[np.argsort(answer_known[order], kind="stable")]
    ends = np.searchsorted(answer_known[order], data.known[data.test], side="right")
    begin = 0
    for row, end in zip(data.test.tolist(), ends.tolist(), strict=True):
        yield row, order[begin:end].tolist()
        begin = end


def _classification(entry: Entry, model: Any, rows: list[Row], data: Data, learned: NDArray[np.int64]) -> Score:
    """Beside the share of rises so far, even odds, or the class that was known last."""
    up, share, last = (np.empty(len(data.test)) for _ in range(3))
    rises, count, latest = 0, 0, 0
    for place, (row, known) in enumerate(_in_turn(data, learned, data.label_known)):
        for each in known:
            latest = int(data.label[each])
            model.learn_one(rows[each], latest)
            rises, count = rises + latest, count + 1
        up[place] = _probability(entry, model, rows[row])
        share[place], last[place] = rises / max(1, count), latest
    labels = data.label[data.test]
    if entry.probabilities:
        guesses = [share, np.full(len(labels), 0.5)]
        return Score(
            "logLoss", False, log_losses(labels, np.clip(up, _EDGE, 1 - _EDGE)), least([log_losses(labels, one) for one in guesses])
        )
    guesses = [share > 0.5, last]
    hits = np.asarray((up > 0.5) == (labels == 1), np.float64)
    return Score("accuracy", True, hits, 1 - least([np.asarray(one != labels, np.float64) for one in guesses]))


def _probability(entry: Entry, model: Any, row: Row) -> float:
    if entry.probabilities:
        said = model.predict_proba_one(row)
        # A learner that has met one class alone, or none yet, names no other.
        return float(said.get(1, 0.0 if said else 0.5))
    return float(bool(model.predict_one(row)))


def _regression(entry: Entry, model: Any, rows: list[Row], data: Data, learned: NDArray[np.int64]) -> Score:
    """Beside the mean so far, or no return at all."""
    known_returns = data.sizes if entry.target == "size" else data.returns
    said, mean = np.empty(len(data.test)), np.empty(len(data.test))
    total, count = 0.0, 0
    for place, (row, known) in enumerate(_in_turn(data, learned, data.return_known)):
        for each in known:
            model.learn_one(rows[each], float(known_returns[each]))
            total, count = total + float(known_returns[each]), count + 1
        said[place], mean[place] = model.predict_one(rows[row]), total / max(1, count)
    came = known_returns[data.test]
    return Score("squaredError", False, (said - came) ** 2, least([(mean - came) ** 2, came**2]))


def _unusual(_entry: Entry, model: Any, rows: list[Row], data: Data, learned: NDArray[np.int64]) -> Score:
    """As anomalies are judged; nothing has to be known of a row before it is learned."""
    for row in learned:
        model.learn_one(rows[row])
    unusual = np.empty(len(data.test))
    for place, row in enumerate(data.test):
        unusual[place] = model.score_one(rows[row])
        model.learn_one(rows[row])
    large, naive = unusual_of(data)
    return auc_of(large, unusual, naive)


def _clustering(_entry: Entry, model: Any, rows: list[Row], data: Data, learned: NDArray[np.int64]) -> Score:
    """As groups are judged: of the rows that come, each in the group that it is put into when it comes."""
    for row in learned:
        model.learn_one(rows[row])
    groups = []
    for row in data.test:
        groups.append(int(model.predict_one(rows[row])))
        model.learn_one(rows[row])
    places = _places_of_groups(data)
    return silhouette_of(data, np.asarray(groups)[places - data.test[0]], places)


def _density(_entry: Entry, model: Any, rows: list[Row], data: Data, learned: NDArray[np.int64]) -> Score:
    """Each row by the covariance of those before it, beside features that know nothing of each other."""
    names = list(rows[0])
    for row in learned:
        model.update(rows[row])
    score = np.empty(len(data.test))
    for place, row in enumerate(data.test):
        score[place] = _likely(model, names, rows[row])
        model.update(rows[row])
    far = np.array([[rows[row][name] for name in names] for row in data.test])
    return Score("logLikelihood", True, score, -0.5 * (far**2 + np.log(2 * np.pi)).sum(axis=1))


def _likely(model: Any, names: list[str], row: Row) -> float:
    covariance = np.array([[_cell(model, a, b) for b in names] for a in names])
    sample = np.array([row[name] for name in names])
    _sign, logarithm = np.linalg.slogdet(covariance)
    return float(-0.5 * (sample @ np.linalg.solve(covariance, sample) + logarithm + len(names) * np.log(2 * np.pi)))


def _cell(model: Any, a: str, b: str) -> float:
    cell = model[a, b]
    return float(cell.get() if hasattr(cell, "get") else cell)


def _places(entry: Entry, data: Data) -> NDArray[np.int64]:
    return _places_of_groups(data) if entry.task == "clustering" else data.test


def _places_of_groups(data: Data) -> NDArray[np.int64]:
    return data.test[:: max(1, len(data.test) // SILHOUETTE_ROWS)]
