"""What can be a member of an ensemble: the estimators of the desk, and those of the catalogue that tell a rise from a fall."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from . import estimators
from .catalogue import ENTRIES, Entry, Knob
from .catalogue.native import native_answers, native_file
from .export import smooth
from .export.trees import NotExportable
from .table import Table
from .trained import Settings, Trained, trained

#: Where a version is evaluated: by the platform itself, by ONNX Runtime, or by a server that has its library. The cheapest first.
Served = Literal["native", "onnx", "endpoint"]
WAYS: tuple[Served, ...] = get_args(Served)
Rows = NDArray[np.float64]
Places = NDArray[np.int64]


@dataclass(frozen=True)
class Kind:
    """A kind of member."""

    name: str
    #: How it can be served, the cheapest first. By its library it always can.
    ways: tuple[Served, ...]
    #: Of the parameters that a search may turn, which values.
    space: Mapping[str, Knob]
    #: By seed, the estimator whose parameters can be set.
    unfitted: Callable[[int], Any]
    #: On some rows of a table. Raises whatever the library raises.
    fit: Callable[[Table, Places, int, Settings], estimators.Fitted]


def cheapest(kinds: Sequence[Kind]) -> Served:
    """The way in which all of them can be served."""
    return next(way for way in WAYS if all(way in kind.ways for kind in kinds))


_ALL: tuple[Served, ...] = WAYS
_NOT_ONNX: tuple[Served, ...] = ("native", "endpoint")
#: Of each estimator of the desk, the entry of the catalogue that says what its parameters may be, and how it can be served.
_DESK: Mapping[str, tuple[str, tuple[Served, ...]]] = {
    "random-forest": ("random-forest-classifier", _ALL),
    "gradient-boosting": ("gradient-boosting-classifier", _ALL),
    "lightgbm": ("lightgbm-classifier", _NOT_ONNX),
    "xgboost": ("xgboost-classifier", _NOT_ONNX),
    "support-vectors": ("support-vectors-classifier", _NOT_ONNX),
    "perceptron": ("perceptron-classifier", _ALL),
    "logistic-regression": ("logistic-regression", _ALL),
    "calibrated-boosting": ("histogram-boosting-classifier", ("endpoint",)),
}
#: Its ONNX says other probabilities (see catalogue/traps.py).
_WRONG_AS_ONNX = ("linear-discriminant-analysis",)
#: Say scores alone, and are a weighted sum or a sum over support vectors: with Platt's sigmoid they still are.
_VECTORS = "support-vectors-classifier"
_SCORES = ("ridge-classifier", "linear-support-vectors-classifier", _VECTORS)


def _desk_kind(name: str, entry: Entry, ways: tuple[Served, ...]) -> Kind:
    member = estimators.MEMBERS[name]

    def fit(table: Table, train: Places, seed: int, settings: Settings) -> estimators.Fitted:
        return member.fit(table.rows[train], table.label[train], table.weight[train], seed, settings)

    return Kind(name, ways, entry.space, member.unfitted, fit)


def _entry_kind(entry: Entry) -> Kind:
    def fit(table: Table, train: Places, seed: int, settings: Settings) -> estimators.Fitted:
        return _FittedEntry(entry, trained(entry, settings, table, train, seed))

    return Kind(entry.name, _ways(entry), entry.space, entry.make, fit)


def _ways(entry: Entry) -> tuple[Served, ...]:
    is_native = entry.native is not None or entry.name in _SCORES
    is_converted = entry.served == "onnx" or (is_native and entry.library == "sklearn")
    # Beside the answers of a file of ONNX stands no sigmoid.
    is_onnx = is_converted and entry.probabilities and entry.name not in _WRONG_AS_ONNX
    can: Mapping[Served, bool] = {"native": is_native, "onnx": is_onnx, "endpoint": True}
    return tuple(way for way in WAYS if can[way])


@dataclass(frozen=True)
class _FittedEntry:
    """An entry of the catalogue, fitted as a search fits it."""

    entry: Entry
    of: Trained

    def scores(self, rows: Rows) -> Rows:
        if self.of.sigmoid is None:
            return native_answers(self.entry, self._model, rows)[0]
        decisions = np.asarray(self.of.model.decision_function(rows), np.float64)
        slope, offset = (1.0, 0.0) if self.entry.name == _VECTORS else self.of.sigmoid
        return slope * decisions + offset

    def probabilities(self, rows: Rows) -> Rows:
        if self.of.sigmoid is None:
            return np.asarray(self.of.model.predict_proba(rows), np.float64)
        up = self.of.up(rows)
        return np.column_stack([1.0 - up, up])

    def shap(self, rows: Rows) -> Rows | None:
        return None

    def exported(self, features: Sequence[str]) -> bytes:
        if self.of.sigmoid is None:
            return native_file(self.entry, self._model, tuple(features))
        scaler, estimator = self._model[0], self._model[-1]
        if self.entry.name == _VECTORS:
            return smooth.support_vectors(estimator, features, self.of.sigmoid, scaler)
        if self.entry.name not in _SCORES:
            raise NotExportable(f"{self.entry.name} is neither a weighted sum nor one over support vectors")
        slope, offset = self.of.sigmoid
        line = SimpleNamespace(
            coef_=slope * np.asarray(estimator.coef_, np.float64),
            intercept_=slope * np.asarray(estimator.intercept_, np.float64) + offset,
            classes_=estimator.classes_,
        )
        return smooth.linear(line, features, scaler)

    def library(self) -> Trained:
        return self.of

    @property
    def _model(self) -> Any:
        """The pipeline, or the estimator where nothing comes before it."""
        return self.of.model if len(self.of.model.steps) > 1 else self.of.model[-1]


_ENTRIES: Mapping[str, Entry] = {entry.name: entry for entry in ENTRIES if entry.task == "classification" and entry.served in WAYS}

#: By name.
KINDS: Mapping[str, Kind] = {
    **{name: _desk_kind(name, _ENTRIES[entry], ways) for name, (entry, ways) in _DESK.items()},
    **{name: _entry_kind(entry) for name, entry in _ENTRIES.items() if name not in _DESK},
}
