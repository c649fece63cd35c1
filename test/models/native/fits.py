"""Fits what can be exported on random rows, and writes each model's file beside what its library says to other rows."""

import json
import sys
import warnings
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[3] / "models"))

import lightgbm
import xgboost
from sklearn.ensemble import (
    ExtraTreesClassifier,
    ExtraTreesRegressor,
    GradientBoostingClassifier,
    GradientBoostingRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.linear_model import LinearRegression, LogisticRegression, Ridge
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from plimsoll_models.export import smooth, trees

ROWS = 1_800
TRAINED = 600
FEATURES = [f"f{k}" for k in range(12)]
SIGMOID = (1.7, -0.1)

warnings.filterwarnings("ignore")
folder = Path(sys.argv[1])
generator = np.random.default_rng(7)
rows = (generator.standard_normal((ROWS, 12)) * np.exp(generator.normal(size=12))).astype(np.float32).astype(np.float64)
# Values that repeat, so that rows stand at thresholds exactly.
rows[:, 3] = np.round(rows[:, 3] * 3)
target = rows[:, 0] / rows[:, 0].std() + np.sin(rows[:, 1]) + 0.5 * generator.standard_normal(ROWS)
two = (target > 0).astype(int)
three = np.digitize(target, [-0.5, 0.5]) - 1
train, asked = rows[:TRAINED], rows[TRAINED:]
scaler = StandardScaler().fit(train)
scaled, asked_scaled = scaler.transform(train), scaler.transform(asked)
written: list[dict[str, Any]] = []


def write(name: str, content: bytes, scores: Any, predictions: Any, exact: bool, alone: Any = ()) -> None:
    """`alone`: the scores of a sum of products again, each row asked about by itself."""
    (folder / f"{name}.model").write_bytes(content)
    for kind, values in (("scores", scores), ("predictions", predictions), ("alone", alone)):
        np.asarray(values, "<f8").tofile(folder / f"{name}.{kind}")
    written.append({"name": name, "exact": exact, "single": name.startswith("xgboost")})


def sums(model: Any) -> Any:
    each = [getattr(tree, "predict_proba", tree.predict)(asked) for tree in model.estimators_]
    total = np.zeros_like(each[0])
    for one in each:
        total += one
    return total


def one_by_one(say: Any) -> Any:
    return np.concatenate([say(asked_scaled[k : k + 1]) for k in range(len(asked_scaled))])


np.asarray(asked, "<f8").tofile(folder / "rows")
for classes, labels in (("two", two), ("three", three)):
    for name, kind in (("random-forest", RandomForestClassifier), ("extra-trees", ExtraTreesClassifier)):
        model = kind(25, max_depth=7, random_state=1).fit(train, labels[:TRAINED])
        write(f"{name}-{classes}", trees.forest(model, FEATURES), sums(model), model.predict_proba(asked), True)
    model = GradientBoostingClassifier(n_estimators=25, random_state=1).fit(train, labels[:TRAINED])
    write(
        f"gradient-boosting-{classes}",
        trees.gradient_boosting(model, FEATURES),
        model.decision_function(asked),
        model.predict_proba(asked),
        True,
    )
    model = lightgbm.LGBMClassifier(n_estimators=25, n_jobs=1, random_state=1, verbose=-1).fit(train, labels[:TRAINED])
    write(
        f"lightgbm-{classes}",
        trees.lightgbm(model.booster_, FEATURES, [float(label) for label in model.classes_]),
        model.predict(asked, raw_score=True),
        model.predict_proba(asked),
        True,
    )
    model = xgboost.XGBClassifier(n_estimators=25, n_jobs=1, random_state=1).fit(train, labels[:TRAINED] - labels.min())
    write(
        f"xgboost-{classes}",
        trees.xgboost(model.get_booster(), FEATURES, [float(label) for label in model.classes_]),
        model.predict(asked, output_margin=True),
        model.predict_proba(asked),
        True,
    )
    model = LogisticRegression(max_iter=500).fit(scaled, labels[:TRAINED])
    write(
        f"logistic-regression-{classes}",
        smooth.linear(model, FEATURES, scaler),
        model.decision_function(asked_scaled),
        model.predict_proba(asked_scaled),
        False,
        one_by_one(model.decision_function),
    )
    for activation in ("relu", "tanh", "logistic"):
        model = MLPClassifier(hidden_layer_sizes=(8, 4), activation=activation, random_state=1, max_iter=20).fit(scaled, labels[:TRAINED])
        said = model.predict_proba(asked_scaled)
        write(f"perceptron-{activation}-{classes}", smooth.perceptron(model, FEATURES, scaler), [], said, False)

model = SVC(C=1.0).fit(scaled, two[:TRAINED])
decisions = model.decision_function(asked_scaled)
rises = 1 / (1 + np.exp(-(SIGMOID[0] * decisions + SIGMOID[1])))
write(
    "support-vectors",
    smooth.support_vectors(model, FEATURES, SIGMOID, scaler),
    decisions,
    np.column_stack([1 - rises, rises]),
    False,
)

values = target[:TRAINED]
for name, kind in (("random-forest", RandomForestRegressor), ("extra-trees", ExtraTreesRegressor)):
    model = kind(25, max_depth=7, random_state=1).fit(train, values)
    write(f"{name}-value", trees.forest(model, FEATURES), sums(model), model.predict(asked), True)
model = GradientBoostingRegressor(n_estimators=25, random_state=1).fit(train, values)
write("gradient-boosting-value", trees.gradient_boosting(model, FEATURES), model.predict(asked), model.predict(asked), True)
model = lightgbm.LGBMRegressor(n_estimators=25, n_jobs=1, verbose=-1).fit(train, values)
write("lightgbm-value", trees.lightgbm(model.booster_, FEATURES, []), model.predict(asked), model.predict(asked), True)
model = xgboost.XGBRegressor(n_estimators=25, n_jobs=1).fit(train, values)
write("xgboost-value", trees.xgboost(model.get_booster(), FEATURES, []), model.predict(asked), model.predict(asked), True)
for name, kind in (("linear-regression", LinearRegression), ("ridge", Ridge)):
    model = kind().fit(scaled, values)
    said = model.predict(asked_scaled)
    write(f"{name}-value", smooth.linear(model, FEATURES, scaler), said, said, False, one_by_one(model.predict))
model = MLPRegressor(hidden_layer_sizes=(8, 4), random_state=1, max_iter=20).fit(scaled, values)
write("perceptron-value", smooth.perceptron(model, FEATURES, scaler), [], model.predict(asked_scaled), False)

# What cannot be said in the format has to be refused, not exported as something else.
refused: list[str] = []


def refuses(what: str, export: Any) -> None:
    try:
        export()
    except trees.NotExportable:
        refused.append(what)


categories = np.column_stack([rows[:TRAINED, 0], generator.integers(0, 8, TRAINED)])
labels = (categories[:, 1] % 2 == 0).astype(int)
model = lightgbm.LGBMClassifier(n_estimators=3, verbose=-1, min_child_samples=1).fit(categories, labels, categorical_feature=[1])
refuses("categories of LightGBM", lambda: trees.lightgbm(model.booster_, ["a", "b"], [0.0, 1.0]))
model = lightgbm.LGBMClassifier(boosting_type="rf", n_estimators=3, verbose=-1, subsample=0.5, subsample_freq=1).fit(train, two[:TRAINED])
refuses("random forest of LightGBM", lambda: trees.lightgbm(model.booster_, FEATURES, [0.0, 1.0]))
model = lightgbm.LGBMClassifier(n_estimators=3, verbose=-1, zero_as_missing=True).fit(train, two[:TRAINED])
refuses("zeros that are missing", lambda: trees.lightgbm(model.booster_, FEATURES, [0.0, 1.0]))
model = lightgbm.LGBMClassifier(n_estimators=3, verbose=-1, sigmoid=2.0).fit(train, two[:TRAINED])
refuses("another sigmoid", lambda: trees.lightgbm(model.booster_, FEATURES, [0.0, 1.0]))
model = xgboost.XGBClassifier(n_estimators=3, booster="gblinear").fit(train, two[:TRAINED])
refuses("XGBoost's linear booster", lambda: trees.xgboost(model.get_booster(), FEATURES, [0.0, 1.0]))
model = xgboost.XGBClassifier(n_estimators=3, booster="dart").fit(train, two[:TRAINED])
refuses("XGBoost's dart", lambda: trees.xgboost(model.get_booster(), FEATURES, [0.0, 1.0]))
model = GradientBoostingClassifier(n_estimators=3, init=LogisticRegression()).fit(train, two[:TRAINED])
refuses("a first guess of its own", lambda: trees.gradient_boosting(model, FEATURES))
model = SVC(kernel="poly").fit(scaled, two[:TRAINED])
refuses("another kernel", lambda: smooth.support_vectors(model, FEATURES, SIGMOID))
model = SVC().fit(scaled, three[:TRAINED])
refuses("support vectors of three classes", lambda: smooth.support_vectors(model, FEATURES, SIGMOID))

(folder / "written.json").write_text(json.dumps({"written": written, "refused": refused}))
