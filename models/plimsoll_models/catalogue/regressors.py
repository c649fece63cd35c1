"""Estimators of the forward return, or of its size."""

from __future__ import annotations

from typing import Any

from .entry import Choice, Entry, Real, Whole

_LEAF = Whole(5, 200, log=True)
_DEPTH = Whole(2, 10)
_TREES = Whole(20, 400, log=True)
_RATE = Real(0.01, 0.3, log=True)
_PENALTY = Real(1e-3, 1e2, log=True)
_SHRINKAGE = Real(1e-4, 1e-1, log=True)


def _entry(name: str, of: str, category: str, **more: Any) -> Entry:
    return Entry(name=name, of=of, category=category, task="regression", **more)


def _line(name: str, of: str, **more: Any) -> Entry:
    return _entry(name, f"sklearn.linear_model.{of}", "linear", served="native", native="linear", **more)


def _generalized(name: str, of: str, **more: Any) -> Entry:
    return _entry(name, f"sklearn.linear_model.{of}", "generalized-linear", target="size", space={"alpha": _PENALTY}, **more)


REGRESSORS: tuple[Entry, ...] = (
    # Weighted sums.
    _line("least-squares", "LinearRegression"),
    _line("ridge", "Ridge", space={"alpha": Real(1e-2, 1e4, log=True)}),
    _line("lasso", "Lasso", fixed={"alpha": 0.01}, space={"alpha": _SHRINKAGE}),
    _line("elastic-net", "ElasticNet", fixed={"alpha": 0.02}, space={"alpha": _SHRINKAGE, "l1_ratio": Real(0.05, 0.95)}),
    _line("least-angle", "Lars", fixed={"n_nonzero_coefs": 3}, space={"n_nonzero_coefs": Whole(1, 10)}),
    _line("lasso-least-angle", "LassoLars", fixed={"alpha": 0.005}, space={"alpha": _SHRINKAGE}),
    _line("lasso-by-information", "LassoLarsIC", space={"criterion": Choice(("aic", "bic"))}),
    _line("matching-pursuit", "OrthogonalMatchingPursuit", fixed={"n_nonzero_coefs": 2}, space={"n_nonzero_coefs": Whole(1, 10)}),
    _line("bayesian-ridge", "BayesianRidge", space={"lambda_1": Real(1e-8, 1e-2, log=True)}),
    _line("relevance-determination", "ARDRegression", space={"threshold_lambda": Real(1e2, 1e6, log=True)}),
    _line("huber", "HuberRegressor", fixed={"max_iter": 500}, space={"epsilon": Real(1.05, 3.0), "alpha": _SHRINKAGE}),
    _line("theil-sen", "TheilSenRegressor", cost="high", fixed={"max_subpopulation": 300}, space={"max_subpopulation": Whole(100, 2_000)}),
    _line("stochastic-gradient", "SGDRegressor", fixed={"alpha": 1e-2, "eta0": 1e-3}, space={"alpha": _SHRINKAGE}),
    _line(
        "median-regression",
        "QuantileRegressor",
        cost="middle",
        absolute=True,
        most_rows=1_500,
        fixed={"alpha": 1e-3},
        space={"alpha": _SHRINKAGE},
    ),
    _entry(
        "random-consensus",
        "sklearn.linear_model.RANSACRegressor",
        "linear",
        served="onnx",
        space={"min_samples": Real(0.1, 0.9)},
        fixed={"min_samples": 0.5},
    ),
    _entry(
        "linear-support-vectors",
        "sklearn.svm.LinearSVR",
        "support-vectors",
        served="native",
        native="linear",
        absolute=True,
        fixed={"C": 0.01},
        space={"C": _PENALTY},
    ),
    _entry(
        "partial-least-squares",
        "sklearn.cross_decomposition.PLSRegression",
        "linear",
        served="onnx",
        space={"n_components": Whole(1, 5)},
    ),
    # Of the size of a return, which is never negative.
    _generalized("poisson", "PoissonRegressor", served="onnx"),
    _generalized("gamma", "GammaRegressor", served="onnx"),
    _generalized("tweedie", "TweedieRegressor", served="onnx", fixed={"power": 1.5}),
    # Trees.
    _entry(
        "decision-tree",
        "sklearn.tree.DecisionTreeRegressor",
        "tree",
        served="onnx",
        scaling="none",
        fixed={"max_depth": 3, "min_samples_leaf": 50},
        space={"max_depth": _DEPTH, "min_samples_leaf": _LEAF},
    ),
    _entry(
        "extra-tree",
        "sklearn.tree.ExtraTreeRegressor",
        "tree",
        served="onnx",
        scaling="none",
        fixed={"max_depth": 4, "min_samples_leaf": 50},
        space={"max_depth": _DEPTH, "min_samples_leaf": _LEAF},
    ),
    _entry(
        "random-forest",
        "sklearn.ensemble.RandomForestRegressor",
        "forest",
        served="native",
        native="forest",
        scaling="none",
        cost="middle",
        fixed={"n_estimators": 50, "max_depth": 4, "min_samples_leaf": 50, "max_features": 0.5},
        space={"n_estimators": _TREES, "max_depth": _DEPTH, "min_samples_leaf": _LEAF},
    ),
    _entry(
        "extra-trees",
        "sklearn.ensemble.ExtraTreesRegressor",
        "forest",
        served="native",
        native="forest",
        scaling="none",
        cost="middle",
        fixed={"n_estimators": 50, "max_depth": 5, "min_samples_leaf": 50},
        space={"n_estimators": _TREES, "max_depth": _DEPTH, "min_samples_leaf": _LEAF},
    ),
    _entry(
        "bagged-trees",
        "sklearn.ensemble.BaggingRegressor",
        "forest",
        served="onnx",
        scaling="none",
        cost="middle",
        fixed={"n_estimators": 10, "max_samples": 0.2},
        space={"n_estimators": Whole(5, 50), "max_samples": Real(0.1, 1.0)},
    ),
    _entry(
        "gradient-boosting",
        "sklearn.ensemble.GradientBoostingRegressor",
        "boosting",
        served="native",
        native="gradient-boosting",
        scaling="none",
        cost="middle",
        fixed={"n_estimators": 40, "learning_rate": 0.05, "subsample": 0.5, "min_samples_leaf": 50},
        space={"n_estimators": _TREES, "learning_rate": _RATE, "max_depth": _DEPTH},
    ),
    _entry(
        "histogram-boosting",
        "sklearn.ensemble.HistGradientBoostingRegressor",
        "boosting",
        served="onnx",
        scaling="none",
        cost="middle",
        fixed={"max_iter": 50, "learning_rate": 0.05, "max_leaf_nodes": 15},
        space={"max_iter": _TREES, "learning_rate": _RATE, "max_leaf_nodes": Whole(4, 64, log=True)},
    ),
    _entry(
        "adaptive-boosting",
        "sklearn.ensemble.AdaBoostRegressor",
        "boosting",
        served="onnx",
        scaling="none",
        cost="middle",
        fixed={"n_estimators": 30, "learning_rate": 0.1},
        space={"n_estimators": _TREES, "learning_rate": Real(0.01, 2.0, log=True)},
    ),
    _entry(
        "lightgbm",
        "lightgbm.LGBMRegressor",
        "boosting",
        served="native",
        native="lightgbm",
        scaling="none",
        cost="middle",
        fixed={"n_estimators": 60, "num_leaves": 15, "learning_rate": 0.05, "verbose": -1, "deterministic": True, "force_row_wise": True},
        space={"n_estimators": _TREES, "learning_rate": _RATE, "num_leaves": Whole(4, 64, log=True)},
    ),
    _entry(
        "xgboost",
        "xgboost.XGBRegressor",
        "boosting",
        served="native",
        native="xgboost",
        scaling="none",
        cost="middle",
        fixed={"n_estimators": 60, "max_depth": 3, "learning_rate": 0.05},
        space={"n_estimators": _TREES, "learning_rate": _RATE, "max_depth": _DEPTH},
    ),
    _entry(
        "xgboost-forest",
        "xgboost.XGBRFRegressor",
        "forest",
        served="native",
        native="xgboost",
        scaling="none",
        cost="middle",
        fixed={"n_estimators": 40, "max_depth": 4},
        space={"n_estimators": _TREES, "max_depth": _DEPTH},
    ),
    # Neighbours, kernels and networks.
    _entry(
        "nearest-neighbours",
        "sklearn.neighbors.KNeighborsRegressor",
        "neighbours",
        served="onnx",
        cost="middle",
        fixed={"n_neighbors": 101},
        space={"n_neighbors": Whole(5, 400, log=True), "weights": Choice(("uniform", "distance"))},
    ),
    _entry(
        "radius-neighbours",
        "sklearn.neighbors.RadiusNeighborsRegressor",
        "neighbours",
        # Its ONNX fails to run where a row has no neighbour.
        served="endpoint",
        cost="middle",
        # So wide that a row without a neighbour, whose answer would be no number, is not met.
        fixed={"radius": 8.0},
        space={"radius": Real(6.0, 20.0)},
    ),
    _entry(
        "support-vectors",
        "sklearn.svm.SVR",
        "support-vectors",
        # ONNX Runtime adds its kernels in float32, which leaves too little of the bound.
        served="endpoint",
        cost="high",
        most_rows=1_500,
        fixed={"C": 0.1},
        space={"C": _PENALTY, "epsilon": Real(0.01, 1.0, log=True)},
    ),
    _entry(
        "nu-support-vectors",
        "sklearn.svm.NuSVR",
        "support-vectors",
        served="endpoint",
        cost="high",
        most_rows=1_500,
        fixed={"C": 0.1, "nu": 0.3},
        space={"C": _PENALTY, "nu": Real(0.1, 0.9)},
    ),
    _entry(
        "kernel-ridge",
        "sklearn.kernel_ridge.KernelRidge",
        "kernel",
        served="endpoint",
        cost="high",
        most_rows=1_000,
        fixed={"kernel": "rbf", "gamma": 0.05, "alpha": 10.0},
        space={"alpha": Real(0.1, 100.0, log=True), "gamma": Real(1e-3, 1.0, log=True)},
    ),
    _entry(
        "gaussian-process",
        "sklearn.gaussian_process.GaussianProcessRegressor",
        "kernel",
        served="onnx",
        cost="high",
        most_rows=500,
        fixed={"alpha": 10.0},
        space={"alpha": Real(0.1, 100.0, log=True)},
    ),
    _entry(
        "perceptron",
        "sklearn.neural_network.MLPRegressor",
        "network",
        served="native",
        native="perceptron",
        cost="high",
        fixed={"hidden_layer_sizes": (16, 8), "alpha": 1e-2, "max_iter": 20},
        space={"alpha": Real(1e-5, 1.0, log=True), "learning_rate_init": Real(1e-4, 1e-2, log=True)},
    ),
    _entry(
        "isotonic",
        "sklearn.isotonic.IsotonicRegression",
        "order",
        served="endpoint",
        scaling="none",
        most_features=1,
        fixed={"increasing": "auto", "out_of_bounds": "clip"},
        space={"increasing": Choice((True, False, "auto"))},
    ),
)
