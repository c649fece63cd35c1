"""An estimator of the catalogue, fitted with settings: the same for a trial of a search and for a member of a desk."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .catalogue import Entry
from .catalogue.fit import scaler_of
from .table import Table

Rows = NDArray[np.int64]
Setting = str | int | float | bool | None
Settings = Mapping[str, Setting | tuple[Setting, ...]]
#: Of the rows that are trained on, the latest, which the sigmoid is fitted on.
_SIGMOID_SHARE = 0.25


@dataclass(frozen=True)
class Trained:
    """An estimator or a pipeline of its library, fitted."""

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
    scaler = scaler_of(entry)
    model = make_pipeline(estimator) if scaler is None else make_pipeline(scaler, estimator)
    weights = {f"{model.steps[-1][0]}__sample_weight": table.weight[train]} if has_fit_parameter(estimator, "sample_weight") else {}
    return model.fit(table.rows[train], table.label[train], **weights)


def _sigmoid(scores: Any, labels: NDArray[np.int64], weights: NDArray[np.float64]) -> tuple[float, float]:
    from sklearn.linear_model import LogisticRegression

    platt = LogisticRegression(C=1e6).fit(np.asarray(scores).reshape(-1, 1), labels, sample_weight=weights)
    return float(platt.coef_[0][0]), float(platt.intercept_[0])
