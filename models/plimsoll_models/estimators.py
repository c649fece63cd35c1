"""The estimators of a desk: how each is made, and how it is exported to be evaluated in the cycle."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from .export import smooth, trees
from .export.answers import forest_sums, log_odds
from .trained import Settings, Trained

Rows = NDArray[np.float64]
#: Nothing is set but what the desk sets.
NONE: Settings = MappingProxyType({})


class Fitted(Protocol):
    """A member of an ensemble that tells two classes apart, fitted."""

    def scores(self, rows: Rows) -> Rows:
        """The library's raw scores, a row each."""

    def probabilities(self, rows: Rows) -> Rows:
        """By class."""

    def shap(self, rows: Rows) -> Rows | None:
        """By feature: the mean size of its part in the raw score (Lundberg's TreeSHAP), where the library computes it."""

    def exported(self, features: Sequence[str]) -> bytes:
        """The file that the platform evaluates itself. Raises NotExportable where there is none."""

    def library(self) -> Trained:
        """As its library has it, over rows of features as they are."""


class Member(Protocol):
    def unfitted(self, seed: int) -> Any:
        """The estimator whose parameters can be set."""

    def fit(self, rows: Rows, labels: NDArray[np.int64], weights: Rows, seed: int, settings: Settings = NONE) -> Fitted:
        """Raises whatever the library raises. `settings` names parameters of the estimator."""


@dataclass(frozen=True)
class _Trees:
    """A library's ensemble of trees, which takes the features as they are."""

    unfitted: Callable[[int], Any]
    export: Callable[[Any, Sequence[str]], bytes]
    raw: Callable[[Any, Rows], Rows]
    #: The parts of the features in each row's score, and of the base as the last column.
    parts: Callable[[Any, Rows], Rows] | None = None

    def fit(self, rows: Rows, labels: NDArray[np.int64], weights: Rows, seed: int, settings: Settings = NONE) -> "_FittedTrees":
        model = self.unfitted(seed).set_params(**settings)
        model.fit(rows, labels, sample_weight=weights)
        return _FittedTrees(model, self)


@dataclass(frozen=True)
class _FittedTrees:
    model: Any
    member: _Trees

    def scores(self, rows: Rows) -> Rows:
        return np.asarray(self.member.raw(self.model, rows), np.float64)

    def probabilities(self, rows: Rows) -> Rows:
        return np.asarray(self.model.predict_proba(rows), np.float64)

    def shap(self, rows: Rows) -> Rows | None:
        if self.member.parts is None:
            return None
        return np.asarray(np.abs(self.member.parts(self.model, rows)).mean(axis=0)[:-1])

    def exported(self, features: Sequence[str]) -> bytes:
        return self.member.export(self.model, features)

    def library(self) -> Trained:
        return Trained(self.model)


@dataclass(frozen=True)
class _Scaled:
    """A model that wants its features at one scale; `most_rows` keeps the latest where its cost grows with their square."""

    unfitted: Callable[[int], Any]
    export: Callable[[Any, Sequence[str], Any], bytes]
    most_rows: int | None = None

    def fit(self, rows: Rows, labels: NDArray[np.int64], weights: Rows, seed: int, settings: Settings = NONE) -> "_FittedScaled":
        from sklearn.preprocessing import StandardScaler

        if self.most_rows is not None:
            rows, labels, weights = rows[-self.most_rows :], labels[-self.most_rows :], weights[-self.most_rows :]
        scaler = StandardScaler().fit(rows)
        model = self.unfitted(seed).set_params(**settings)
        model.fit(scaler.transform(rows), labels, sample_weight=weights)
        return _FittedScaled(model, scaler, self)


@dataclass(frozen=True)
class _FittedScaled:
    model: Any
    scaler: Any
    member: _Scaled

    def scores(self, rows: Rows) -> Rows:
        if hasattr(self.model, "decision_function"):
            return np.asarray(self.model.decision_function(self.scaler.transform(rows)), np.float64)
        return log_odds(self.probabilities(rows))

    def probabilities(self, rows: Rows) -> Rows:
        return np.asarray(self.model.predict_proba(self.scaler.transform(rows)), np.float64)

    def shap(self, rows: Rows) -> Rows | None:
        return None

    def exported(self, features: Sequence[str]) -> bytes:
        return self.member.export(self.model, features, self.scaler)

    def library(self) -> Trained:
        return Trained(_behind(self.scaler, self.model))


@dataclass(frozen=True)
class _SupportVectors:
    """A support vector machine on the latest rows, and Platt's sigmoid from a later part of them that it has not seen."""

    most_rows: int
    held_out: float
    gap: int

    def unfitted(self, seed: int) -> Any:
        from sklearn.svm import SVC

        return SVC(C=1.0, kernel="rbf", gamma="scale", cache_size=500, random_state=seed)

    def fit(self, rows: Rows, labels: NDArray[np.int64], weights: Rows, seed: int, settings: Settings = NONE) -> "_FittedVectors":
        from sklearn.linear_model import LogisticRegression
        from sklearn.preprocessing import StandardScaler

        rows, labels, weights = rows[-self.most_rows :], labels[-self.most_rows :], weights[-self.most_rows :]
        later = len(rows) - max(1, int(len(rows) * self.held_out))
        # Labels look ahead: between what is fitted and what the sigmoid is fitted on lie rows that neither takes.
        seen = slice(0, max(1, later - self.gap))
        scaler = StandardScaler().fit(rows[seen])
        model = self.unfitted(seed).set_params(**settings)
        model.fit(scaler.transform(rows[seen]), labels[seen], sample_weight=weights[seen])
        decisions = model.decision_function(scaler.transform(rows[later:])).reshape(-1, 1)
        if len(np.unique(labels[later:])) < 2:
            raise ValueError("the rows that the sigmoid of the support vector machine is fitted on have one class alone")
        platt = LogisticRegression(C=1e6).fit(decisions, labels[later:], sample_weight=weights[later:])
        return _FittedVectors(model, scaler, (float(platt.coef_[0][0]), float(platt.intercept_[0])))


@dataclass(frozen=True)
class _FittedVectors:
    model: Any
    scaler: Any
    sigmoid: tuple[float, float]

    def scores(self, rows: Rows) -> Rows:
        return np.asarray(self.model.decision_function(self.scaler.transform(rows)), np.float64)

    def probabilities(self, rows: Rows) -> Rows:
        slope, offset = self.sigmoid
        second = 1.0 / (1.0 + np.exp(-(slope * self.scores(rows) + offset)))
        return np.column_stack([1.0 - second, second])

    def shap(self, rows: Rows) -> Rows | None:
        return None

    def exported(self, features: Sequence[str]) -> bytes:
        return smooth.support_vectors(self.model, features, self.sigmoid, self.scaler)

    def library(self) -> Trained:
        return Trained(_behind(self.scaler, self.model), self.sigmoid)


def _behind(scaler: Any, model: Any) -> Any:
    """Both are fitted already."""
    from sklearn.pipeline import make_pipeline

    return make_pipeline(scaler, model)


@dataclass(frozen=True)
class _Calibrated:
    """Boosted trees whose probabilities are put right by an isotonic step, fitted on a later part of the rows that the trees have not seen."""

    held_out: float
    gap: int

    def unfitted(self, seed: int) -> Any:
        from sklearn.ensemble import HistGradientBoostingClassifier

        return HistGradientBoostingClassifier(
            max_iter=80, learning_rate=0.05, max_leaf_nodes=15, min_samples_leaf=50, early_stopping=False, random_state=seed
        )

    def fit(self, rows: Rows, labels: NDArray[np.int64], weights: Rows, seed: int, settings: Settings = NONE) -> "_FittedCalibrated":
        from sklearn.calibration import CalibratedClassifierCV
        from sklearn.frozen import FrozenEstimator

        later = len(rows) - max(1, int(len(rows) * self.held_out))
        seen = slice(0, max(1, later - self.gap))
        model = self.unfitted(seed).set_params(**settings)
        model.fit(rows[seen], labels[seen], sample_weight=weights[seen])
        calibrated = CalibratedClassifierCV(FrozenEstimator(model), method="isotonic", ensemble=False)
        return _FittedCalibrated(calibrated.fit(rows[later:], labels[later:], sample_weight=weights[later:]))


@dataclass(frozen=True)
class _FittedCalibrated:
    model: Any

    def scores(self, rows: Rows) -> Rows:
        return self.probabilities(rows)[:, 1]

    def probabilities(self, rows: Rows) -> Rows:
        return np.asarray(self.model.predict_proba(rows), np.float64)

    def shap(self, rows: Rows) -> Rows | None:
        return None

    def exported(self, features: Sequence[str]) -> bytes:
        raise trees.NotExportable("isotonic steps are exported wrongly, so that it needs its library")

    def library(self) -> Trained:
        return Trained(self.model)


def _random_forest(seed: int) -> Any:
    from sklearn.ensemble import RandomForestClassifier

    return RandomForestClassifier(200, max_depth=6, min_samples_leaf=50, max_features="sqrt", random_state=seed, n_jobs=1)


def _gradient_boosting(seed: int) -> Any:
    from sklearn.ensemble import GradientBoostingClassifier

    return GradientBoostingClassifier(
        n_estimators=80, max_depth=3, learning_rate=0.05, subsample=0.5, min_samples_leaf=50, max_features="sqrt", random_state=seed
    )


def _lightgbm(seed: int) -> Any:
    from lightgbm import LGBMClassifier

    return LGBMClassifier(
        n_estimators=120,
        num_leaves=15,
        learning_rate=0.03,
        min_child_samples=100,
        subsample=0.7,
        subsample_freq=1,
        colsample_bytree=0.7,
        reg_lambda=5.0,
        random_state=seed,
        n_jobs=1,
        deterministic=True,
        force_row_wise=True,
        verbose=-1,
    )


def _xgboost(seed: int) -> Any:
    from xgboost import XGBClassifier

    return XGBClassifier(
        n_estimators=120, max_depth=4, learning_rate=0.03, subsample=0.7, colsample_bytree=0.7, reg_lambda=5.0, random_state=seed, n_jobs=1
    )


def _xgboost_parts(model: Any, rows: Rows) -> Rows:
    from xgboost import DMatrix

    return np.asarray(model.get_booster().predict(DMatrix(rows), pred_contribs=True))


def _logistic_regression(_seed: int) -> Any:
    from sklearn.linear_model import LogisticRegression

    return LogisticRegression(C=0.05, max_iter=1_000)


def _perceptron(seed: int) -> Any:
    from sklearn.neural_network import MLPClassifier

    return MLPClassifier((24, 12), alpha=1e-3, batch_size=256, early_stopping=False, max_iter=15, random_state=seed)


#: The desk: six kinds of model that err in different ways.
MEMBERS: Mapping[str, Member] = {
    "random-forest": _Trees(_random_forest, trees.forest, forest_sums),
    "gradient-boosting": _Trees(_gradient_boosting, trees.gradient_boosting, lambda model, rows: model.decision_function(rows)),
    "lightgbm": _Trees(
        _lightgbm,
        lambda model, features: trees.lightgbm(model.booster_, features, [0.0, 1.0]),
        lambda model, rows: model.predict(rows, raw_score=True),
        lambda model, rows: model.predict(rows, pred_contrib=True),
    ),
    "xgboost": _Trees(
        _xgboost,
        lambda model, features: trees.xgboost(model.get_booster(), features, [0.0, 1.0]),
        lambda model, rows: model.predict(rows, output_margin=True),
        _xgboost_parts,
    ),
    "support-vectors": _SupportVectors(most_rows=6_000, held_out=0.25, gap=50),
    "perceptron": _Scaled(_perceptron, smooth.perceptron),
    "logistic-regression": _Scaled(_logistic_regression, smooth.linear),
    # In no desk: it can be asked only where its library is.
    "calibrated-boosting": _Calibrated(held_out=0.25, gap=50),
}
