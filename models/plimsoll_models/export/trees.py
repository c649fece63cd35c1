"""Ensembles of trees of scikit-learn, LightGBM and XGBoost, with every number as the library holds it."""

import json
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from .container import pack


class NotExportable(ValueError):
    """The model has something that the format cannot say; exporting it all the same would serve another model."""


@dataclass
class _Nodes:
    roots: list[int] = field(default_factory=list)
    feature: list[int] = field(default_factory=list)
    threshold: list[float] = field(default_factory=list)
    left: list[int] = field(default_factory=list)
    right: list[int] = field(default_factory=list)
    values: list[float] = field(default_factory=list)
    leaves: int = 0

    def add_tree(self, root: Any, open_node: Callable[[Any], "_Split | Sequence[float]"]) -> None:
        """`open_node` gives the split of a node, or the values of a leaf. Parents are written before their children."""
        self.roots.append(len(self.feature))
        waiting: list[tuple[Any, int, str]] = [(root, -1, "")]
        while waiting:
            node, parent, side = waiting.pop()
            at = len(self.feature)
            if parent >= 0:
                (self.left if side == "left" else self.right)[parent] = at
            opened = open_node(node)
            if isinstance(opened, _Split):
                self._append(opened.feature, opened.threshold, 0)
                waiting += [(opened.right, at, "right"), (opened.left, at, "left")]
            else:
                self._append(-1, 0.0, self.leaves)
                self.values += [float(value) for value in opened]
                self.leaves += 1

    def _append(self, feature: int, threshold: float, left: int) -> None:
        self.feature.append(feature)
        self.threshold.append(threshold)
        self.left.append(left)
        self.right.append(0)

    def arrays(self) -> dict[str, np.ndarray]:
        return {
            "roots": np.array(self.roots, "<i4"),
            "feature": np.array(self.feature, "<i4"),
            "threshold": np.array(self.threshold, "<f8"),
            "left": np.array(self.left, "<i4"),
            "right": np.array(self.right, "<i4"),
            "values": np.array(self.values, "<f8"),
        }


@dataclass(frozen=True)
class _Split:
    feature: int
    threshold: float
    left: Any
    right: Any


def _sklearn_tree(nodes: _Nodes, tree: Any, values: np.ndarray) -> None:
    """`values`: by node, what a leaf stands for."""

    def open_node(node: int) -> _Split | Sequence[float]:
        if tree.children_left[node] == -1:
            return np.atleast_1d(values[node])
        return _Split(
            int(tree.feature[node]), float(tree.threshold[node]), int(tree.children_left[node]), int(tree.children_right[node])
        )

    nodes.add_tree(0, open_node)


def forest(model: Any, features: Sequence[str]) -> bytes:
    """RandomForest and ExtraTrees, classifiers and regressors. Raw scores are the sums over the trees."""
    classes = [float(label) for label in getattr(model, "classes_", [])]
    nodes = _Nodes()
    for estimator in model.estimators_:
        tree = estimator.tree_
        _sklearn_tree(nodes, tree, tree.value[:, 0, : max(1, len(classes))])
    header = {"kind": "forest", "features": list(features), "classes": classes, "strict": False, "roundsRow": True}
    return pack(header, nodes.arrays())


def gradient_boosting(model: Any, features: Sequence[str]) -> bytes:
    """GradientBoostingClassifier and -Regressor."""
    classes = [float(label) for label in getattr(model, "classes_", [])]
    nodes = _Nodes()
    adds: list[int] = []
    for stage in model.estimators_:
        for score, estimator in enumerate(stage):
            _sklearn_tree(nodes, estimator.tree_, estimator.tree_.value[:, 0, :1])
            adds.append(score)
    first = np.asarray(model._raw_predict_init(np.zeros((1, len(features)), np.float32)), "<f8").reshape(-1)
    if getattr(model, "init", None) is not None:
        raise NotExportable("a first guess of its own cannot be exported")
    return _booster(nodes, features, classes, adds, first, float(model.learning_rate), strict=False, rounds_row=True)


def lightgbm(booster: Any, features: Sequence[str], classes: Sequence[float]) -> bytes:
    """A Booster with numerical splits, trained on rows without missing values."""
    dump = booster.dump_model()
    if dump.get("average_output"):
        raise NotExportable("LightGBM's random forest mode cannot be exported")
    per_iteration = int(dump["num_tree_per_iteration"])
    objective = str(dump.get("objective", ""))
    if objective.startswith("binary") and "sigmoid:1" not in objective.split():
        raise NotExportable(f"the objective {objective!r} has a sigmoid of another slope")
    nodes = _Nodes()
    adds: list[int] = []

    def open_node(node: dict[str, Any]) -> _Split | Sequence[float]:
        if "split_index" not in node:
            return [node["leaf_value"]]
        if node["decision_type"] != "<=":
            raise NotExportable("LightGBM's categorical splits cannot be exported")
        if node["missing_type"] == "Zero":
            raise NotExportable("LightGBM with zero_as_missing cannot be exported")
        return _Split(int(node["split_feature"]), float(node["threshold"]), node["left_child"], node["right_child"])

    for k, tree in enumerate(dump["tree_info"]):
        nodes.add_tree(tree["tree_structure"], open_node)
        adds.append(k % per_iteration)
    first = np.zeros(per_iteration)
    return _booster(nodes, features, list(classes), adds, first, 1.0, strict=False, rounds_row=False)


def xgboost(booster: Any, features: Sequence[str], classes: Sequence[float]) -> bytes:
    """A Booster of gbtree with numerical splits."""
    learner = json.loads(bytes(booster.save_raw("json")))["learner"]
    if learner["gradient_booster"]["name"] != "gbtree":
        raise NotExportable(f"XGBoost's {learner['gradient_booster']['name']} cannot be exported")
    model = learner["gradient_booster"]["model"]
    nodes = _Nodes()
    for tree in model["trees"]:
        if tree.get("categories"):
            raise NotExportable("XGBoost's categorical splits cannot be exported")

        def open_node(node: int, tree: dict[str, Any] = tree) -> _Split | Sequence[float]:
            left = int(tree["left_children"][node])
            condition = float(np.float32(tree["split_conditions"][node]))
            if left == -1:
                return [condition]
            return _Split(int(tree["split_indices"][node]), condition, left, int(tree["right_children"][node]))

        nodes.add_tree(0, open_node)
    scores = len(classes) if len(classes) > 2 else 1
    objective = learner["objective"]["name"]
    base = np.atleast_1d(np.array(json.loads(learner["learner_model_param"]["base_score"]), np.float32))
    first = np.resize(base, scores)
    if objective == "binary:logistic":
        # As XGBoost turns its base score into a margin: in float32.
        first = np.float32([-math.log(float(np.float32(1) / base[0] - np.float32(1)))])
    return _booster(
        nodes, features, list(classes), list(model["tree_info"]), first.astype("<f8"), 1.0, strict=True, rounds_row=True, single=True
    )


def _booster(
    nodes: _Nodes,
    features: Sequence[str],
    classes: Sequence[float],
    adds: Sequence[int],
    first: np.ndarray,
    learning_rate: float,
    *,
    strict: bool,
    rounds_row: bool,
    single: bool = False,
) -> bytes:
    link = "identity" if not classes else "logistic" if len(classes) == 2 else "softmax"
    header = {
        "kind": "booster",
        "features": list(features),
        "classes": [float(label) for label in classes],
        "link": link,
        "learningRate": learning_rate,
        "strict": strict,
        "roundsRow": rounds_row,
        "single": single,
    }
    return pack(header, {**nodes.arrays(), "adds": np.array(adds, "<i4"), "first": np.asarray(first, "<f8")})
