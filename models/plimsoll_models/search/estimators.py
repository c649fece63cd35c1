"""The estimators of the catalogue that a search may choose: those that tell a rise from a fall with a probability, and can be served."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..catalogue import ENTRIES, Choice, Entry, Knob, Real
from ..catalogue.fit import _scaler
from ..job import JobError
from ..table import Table

if TYPE_CHECKING:
    from optuna.trial import Trial

Rows = NDArray[np.int64]
Settings = Mapping[str, str | int | float | bool | None]
#: Says scores alone; Platt's sigmoid makes probabilities of them, as in a desk.
_SIGMOID = "support-vectors-classifier"
#: Of the rows that are trained on, the latest, which the sigmoid is fitted on.
_SIGMOID_SHARE = 0.25

SEARCHED: Mapping[str, Entry] = {
    entry.name: entry
    for entry in ENTRIES
    if entry.task == "classification" and entry.served in ("native", "onnx") and (entry.probabilities or entry.name == _SIGMOID)
}


def chosen(names: Sequence[str]) -> tuple[str, ...]:
    """Those named, or all where none is. Raises JobError `SEARCH_ESTIMATOR`."""
    unknown = [name for name in names if name not in SEARCHED]
    if unknown or len(set(names)) != len(names):
        what = f"{unknown[0]!r} is none that can be searched" if unknown else "estimators are named once each"
        raise JobError("SEARCH_ESTIMATOR", what, f"choose among {', '.join(SEARCHED)}", 2)
    return tuple(names) or tuple(SEARCHED)


def suggested(trial: Trial, entry: Entry) -> Settings:
    """A point of the entry's space. What is learned of one estimator's settings is not taken for another's."""
    return {name: _value(trial, f"{entry.name}.{name}", knob) for name, knob in entry.space.items()}


def _value(trial: Trial, name: str, knob: Knob) -> str | int | float | bool | None:
    if isinstance(knob, Choice):
        return trial.suggest_categorical(name, knob.options)
    if isinstance(knob, Real):
        return trial.suggest_float(name, knob.low, knob.high, log=knob.log)
    return trial.suggest_int(name, knob.low, knob.high, log=knob.log)


@dataclass(frozen=True)
class Trained:
    """An entry's estimator with settings, fitted."""

    model: Any
    #: Slope and offset of Platt's sigmoid, where the model says scores alone.
    sigmoid: tuple[float, float] | None = None

    def up(self, rows: NDArray[np.float64]) -> NDArray[np.float64]:
        """By row, the probability of a rise. Raises ValueError where it is no number."""
        if self.sigmoid is None:
            said = np.asarray(self.model.predict_proba(rows), np.float64)[:, 1]
        else:
            slope, offset = self.sigmoid
            said = 1.0 / (1.0 + np.exp(-(slope * np.asarray(self.model.decision_function(rows), np.float64) + offset)))
        if not np.isfinite(said).all():
            raise ValueError("a probability is no number")
        return said


def trained(entry: Entry, settings: Settings, table: Table, train: Rows, seed: int) -> Trained:
    """Raises whatever the library raises."""
    if entry.most_rows:
        train = train[-entry.most_rows :]
    if entry.probabilities:
        return Trained(_fitted(entry, settings, table, train, seed))
    later = train[-max(1, int(len(train) * _SIGMOID_SHARE)) :]
    # Labels look ahead: what is known only after the sigmoid's rows begin is for neither.
    seen = train[: len(train) - len(later)]
    seen = seen[table.end[seen] < table.known[later[0]]]
    model = _fitted(entry, settings, table, seen, seed)
    return Trained(model, _sigmoid(model.decision_function(table.rows[later]), table.label[later], table.weight[later]))


def _fitted(entry: Entry, settings: Settings, table: Table, train: Rows, seed: int) -> Any:
    from sklearn.pipeline import make_pipeline
    from sklearn.utils.validation import has_fit_parameter

    estimator = entry.make(seed).set_params(**settings)
    scaler = _scaler(entry)
    model = make_pipeline(estimator) if scaler is None else make_pipeline(scaler, estimator)
    weights = {f"{model.steps[-1][0]}__sample_weight": table.weight[train]} if has_fit_parameter(estimator, "sample_weight") else {}
    return model.fit(table.rows[train], table.label[train], **weights)


def _sigmoid(scores: Any, labels: NDArray[np.int64], weights: NDArray[np.float64]) -> tuple[float, float]:
    from sklearn.linear_model import LogisticRegression

    platt = LogisticRegression(C=1e6).fit(np.asarray(scores).reshape(-1, 1), labels, sample_weight=weights)
    return float(platt.coef_[0][0]), float(platt.intercept_[0])
