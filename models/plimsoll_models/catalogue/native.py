"""The files that core/models/native evaluates, and what the libraries say to the same rows."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..export import smooth, trees
from ..export.answers import forest_sums, log_odds
from .data import Rows
from .entry import Entry


def native_file(entry: Entry, model: Any, features: tuple[str, ...]) -> bytes:
    """Raises NotExportable."""
    scaler, estimator = (model[0], model[-1]) if hasattr(model, "steps") else (None, model)
    classes = [0.0, 1.0] if entry.task == "classification" else []
    if entry.native == "linear":
        return smooth.linear(estimator, features, scaler)
    if entry.native == "perceptron":
        return smooth.perceptron(estimator, features, scaler)
    if entry.native == "forest":
        return trees.forest(estimator, features)
    if entry.native == "gradient-boosting":
        return trees.gradient_boosting(estimator, features)
    if entry.native == "lightgbm":
        return trees.lightgbm(estimator.booster_, features, classes)
    if entry.native == "xgboost":
        return trees.xgboost(estimator.get_booster(), features, classes)
    raise trees.NotExportable(f"{entry.name} names no exporter")


def native_answers(entry: Entry, model: Any, rows: Rows) -> tuple[Rows, Rows]:
    """The library's raw scores and its probabilities by class, or its values."""
    said = model.predict_proba(rows) if entry.task == "classification" else model.predict(rows)
    return np.asarray(_scores(entry, model, rows), "<f8"), np.asarray(said, "<f8")


def _scores(entry: Entry, model: Any, rows: Rows) -> Any:
    if entry.native == "forest":
        return forest_sums(model, rows)
    if entry.native == "lightgbm":
        return model.predict(rows, raw_score=True)
    if entry.native == "xgboost":
        return model.predict(rows, output_margin=True)
    if entry.task != "classification":
        return model.predict(rows)
    if entry.native == "perceptron":
        return log_odds(model.predict_proba(rows))
    return model.decision_function(rows)
