"""river: learners that take one row at a time and never look back. Each is judged by what it said of a row before it learned it."""

from __future__ import annotations

from typing import Any

from ..entry import Choice, Entry, Part, Real, Whole

_FACTORS = Whole(2, 20)
_TREES = Whole(3, 30)
_GRACE = Whole(20, 500, log=True)
_DELTA = Real(1e-7, 1e-1, log=True)
_TREE = Part("river.tree.HoeffdingTreeClassifier", {"grace_period": 100, "delta": 1e-3, "max_depth": 6})
_TREE_OF_VALUES = Part("river.tree.HoeffdingTreeRegressor", {"grace_period": 100, "delta": 1e-3, "max_depth": 6})
#: The features stand in deviations, which squared losses take in small steps.
_STEP = Part("river.optim.SGD", {"lr": 0.005})


def _entry(name: str, of: str, task: Any, category: str, **more: Any) -> Entry:
    more.setdefault("target", "label" if task == "classification" else "return")
    return Entry(name=f"online-{name}", of=f"river.{of}", category=category, task=task, served="endpoint", fitter="online", **more)


def _class(name: str, of: str, category: str, **more: Any) -> Entry:
    return _entry(f"{name}-classifier", of, "classification", category, **more)


def _value(name: str, of: str, category: str, **more: Any) -> Entry:
    return _entry(name, of, "regression", category, **more)


def _crossed(name: str, of: str) -> tuple[Entry, Entry]:
    """Products of features through factors that are learned, of a class and of a value."""
    fixed = {"n_factors": 4, "weight_optimizer": _STEP, "latent_optimizer": _STEP, "intercept_lr": 0.005, "clip_gradient": 1.0}
    space = {"n_factors": _FACTORS}
    return (
        _class(name, f"facto.{of}Classifier", "factorization", fixed=fixed, space=space, cost="middle"),
        _value(name, f"facto.{of}Regressor", "factorization", fixed=fixed, space=space, cost="middle"),
    )


def _together(name: str, of: str, **more: Any) -> Entry:
    return _class(
        name,
        f"ensemble.{of}",
        "ensemble",
        cost="high",
        fixed={"model": _TREE, "n_models": 5} | more.pop("fixed", {}),
        space={"n_models": _TREES} | more.pop("space", {}),
        **more,
    )


LEARNERS: tuple[Entry, ...] = (
    # Lines.
    _class("prior-predictor", "linear_model.AdPredictor", "linear", fixed={"beta": 0.1}, space={"beta": Real(0.01, 1.0, log=True)}),
    _class(
        "large-margin", "linear_model.ALMAClassifier", "linear", fixed={"alpha": 0.9}, space={"alpha": Real(0.1, 1.0)}, probabilities=False
    ),
    _class(
        "logistic-regression",
        "linear_model.LogisticRegression",
        "linear",
        fixed={"optimizer": Part("river.optim.FTRLProximal", {"alpha": 0.02}), "l2": 0.0},
        space={"l2": Real(0.0, 0.1)},
    ),
    _value(
        "bayesian-regression",
        "linear_model.BayesianLinearRegression",
        "linear",
        fixed={"smoothing": 0.999},
        space={"smoothing": Real(0.99, 0.9999)},
    ),
    _value(
        "passive-aggressive",
        "linear_model.PARegressor",
        "linear",
        fixed={"C": 0.001, "mode": 1},
        space={"C": Real(1e-4, 1.0, log=True), "mode": Choice((1, 2))},
    ),
    # Factors.
    *_crossed("factorization", "FM"),
    *_crossed("field-factorization", "FFM"),
    *_crossed("field-weighted-factorization", "FwFM"),
    *_crossed("higher-order-factorization", "HOFM"),
    # Trees.
    _class(
        "hoeffding-tree",
        "tree.HoeffdingTreeClassifier",
        "tree",
        fixed={"grace_period": 100, "delta": 1e-3},
        space={"grace_period": _GRACE, "delta": _DELTA},
    ),
    _class(
        "adaptive-hoeffding-tree",
        "tree.HoeffdingAdaptiveTreeClassifier",
        "tree",
        fixed={"grace_period": 100, "delta": 1e-3},
        space={"grace_period": _GRACE, "delta": _DELTA},
    ),
    _class(
        "revised-hoeffding-tree",
        "tree.ExtremelyFastDecisionTreeClassifier",
        "tree",
        cost="middle",
        fixed={"grace_period": 100, "delta": 1e-3, "min_samples_reevaluate": 100},
        space={"grace_period": _GRACE, "delta": _DELTA},
    ),
    _class("change-splitting-tree", "tree.LASTClassifier", "tree", fixed={"max_depth": 6}, space={"max_depth": Whole(2, 12)}),
    _class(
        "gradient-tree",
        "tree.SGTClassifier",
        "tree",
        fixed={"delta": 1e-3, "grace_period": 200, "lambda_value": 1.0},
        space={"grace_period": _GRACE, "delta": _DELTA, "lambda_value": Real(0.01, 10.0, log=True)},
    ),
    _value(
        "hoeffding-tree",
        "tree.HoeffdingTreeRegressor",
        "tree",
        fixed={"grace_period": 100, "delta": 1e-3},
        space={"grace_period": _GRACE, "delta": _DELTA},
    ),
    _value(
        "adaptive-hoeffding-tree",
        "tree.HoeffdingAdaptiveTreeRegressor",
        "tree",
        fixed={"grace_period": 100, "delta": 1e-3},
        space={"grace_period": _GRACE, "delta": _DELTA},
    ),
    _value(
        "gradient-tree",
        "tree.SGTRegressor",
        "tree",
        fixed={"delta": 1e-3, "grace_period": 200, "lambda_value": 1.0},
        space={"grace_period": _GRACE, "delta": _DELTA, "lambda_value": Real(0.01, 10.0, log=True)},
    ),
    # Forests.
    _class(
        "adaptive-forest", "forest.ARFClassifier", "forest", cost="high", most_rows=800, fixed={"n_models": 5}, space={"n_models": _TREES}
    ),
    _class(
        "mondrian-forest",
        "forest.AMFClassifier",
        "forest",
        cost="high",
        fixed={"n_estimators": 5, "step": 0.1},
        space={"n_estimators": _TREES, "step": Real(0.01, 2.0, log=True)},
        most_rows=1_500,
    ),
    _value(
        "adaptive-forest", "forest.ARFRegressor", "forest", cost="high", most_rows=800, fixed={"n_models": 5}, space={"n_models": _TREES}
    ),
    _value(
        "mondrian-forest",
        "forest.AMFRegressor",
        "forest",
        cost="high",
        fixed={"n_estimators": 5, "step": 0.1},
        space={"n_estimators": _TREES, "step": Real(0.01, 2.0, log=True)},
        most_rows=1_500,
    ),
    _value("extra-trees", "forest.OXTRegressor", "forest", cost="high", fixed={"n_models": 5}, space={"n_models": _TREES}),
    # Many that vote.
    _together("adaboost", "AdaBoostClassifier"),
    _together("bagging", "BaggingClassifier"),
    _together("adaptive-bagging", "ADWINBaggingClassifier"),
    _together("leveraging-bagging", "LeveragingBaggingClassifier", fixed={"w": 2}, space={"w": Whole(1, 10)}),
    _together("adaptive-boosting", "ADWINBoostingClassifier"),
    _together("ordered-boosting", "BOLEClassifier"),
    _together("random-patches", "SRPClassifier", most_rows=800, fixed={"subspace_size": 0.6}, space={"subspace_size": Real(0.3, 1.0)}),
    _value(
        "bagging",
        "ensemble.BaggingRegressor",
        "ensemble",
        cost="high",
        fixed={"model": _TREE_OF_VALUES, "n_models": 5},
        space={"n_models": _TREES},
    ),
    _value(
        "random-patches",
        "ensemble.SRPRegressor",
        "ensemble",
        cost="high",
        most_rows=800,
        fixed={"model": _TREE_OF_VALUES, "n_models": 5, "subspace_size": 0.6},
        space={"n_models": _TREES, "subspace_size": Real(0.3, 1.0)},
    ),
    _value(
        "weighted-experts",
        "ensemble.EWARegressor",
        "ensemble",
        fixed={
            "models": tuple(
                Part("river.linear_model.LinearRegression", {"optimizer": Part("river.optim.SGD", {"lr": rate}), "intercept_lr": rate})
                for rate in (1e-4, 1e-3, 1e-2)
            ),
            "learning_rate": 0.1,
        },
        space={"learning_rate": Real(0.01, 1.0, log=True)},
    ),
    # Neighbours among the latest rows.
    _class(
        "neighbours",
        "neighbors.KNNClassifier",
        "neighbours",
        cost="high",
        fixed={"n_neighbors": 50, "engine": Part("river.neighbors.SWINN", {"maxlen": 500, "warm_up": 200})},
        space={"n_neighbors": Whole(3, 200, log=True)},
        most_rows=1_000,
    ),
    _value(
        "neighbours",
        "neighbors.KNNRegressor",
        "neighbours",
        cost="high",
        fixed={"n_neighbors": 50, "engine": Part("river.neighbors.SWINN", {"maxlen": 500, "warm_up": 200})},
        space={"n_neighbors": Whole(3, 200, log=True)},
        most_rows=1_000,
    ),
    _value("model-rules", "rules.AMRules", "rules", fixed={"n_min": 200, "delta": 1e-3}, space={"n_min": _GRACE, "delta": _DELTA}),
    # The features alone.
    _entry(
        "half-space-trees",
        "anomaly.HalfSpaceTrees",
        "anomaly",
        "anomaly",
        scaling="unit",
        fixed={"n_trees": 10, "height": 6},
        space={"n_trees": _TREES, "height": Whole(3, 12)},
    ),
    _entry(
        "random-histograms",
        "anomaly.LODA",
        "anomaly",
        "anomaly",
        cost="middle",
        fixed={"n_random_cuts": 50},
        space={"n_random_cuts": Whole(10, 200)},
    ),
    _entry(
        "mean-groups",
        "cluster.KMeans",
        "clustering",
        "clustering",
        fixed={"n_clusters": 4, "halflife": 0.1},
        space={"n_clusters": Whole(2, 12), "halflife": Real(0.01, 0.9)},
    ),
    _entry(
        "chunked-mean-groups",
        "cluster.STREAMKMeans",
        "clustering",
        "clustering",
        # Its constructor names no seed; it hands it on to the groups that it begins for every chunk.
        fixed={"n_clusters": 4, "chunk_size": 100, "seed": 0},
        space={"n_clusters": Whole(2, 12)},
    ),
    _entry(
        "micro-groups",
        "cluster.CluStream",
        "clustering",
        "clustering",
        cost="middle",
        fixed={"n_macro_clusters": 4, "max_micro_clusters": 40, "time_gap": 100},
        space={"n_macro_clusters": Whole(2, 12)},
    ),
    _entry(
        "shared-density-groups",
        "cluster.DBSTREAM",
        "clustering",
        "clustering",
        cost="middle",
        fixed={"clustering_threshold": 2.0, "fading_factor": 0.005, "cleanup_interval": 50},
        space={"clustering_threshold": Real(0.5, 5.0)},
    ),
    _entry(
        "fading-density-groups",
        "cluster.DenStream",
        "clustering",
        "clustering",
        cost="middle",
        fixed={"decaying_factor": 0.01, "beta": 0.5, "mu": 3.0, "epsilon": 1.5, "n_samples_init": 500},
        space={"epsilon": Real(0.5, 4.0)},
    ),
    _entry(
        "fading-covariance",
        "covariance.EwaCovariance",
        "density",
        "covariance",
        cost="middle",
        fixed={"fading_factor": 0.02},
        space={"fading_factor": Real(0.001, 0.2, log=True)},
    ),
)
