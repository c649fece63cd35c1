"""What converts without a word and then says something else, or does not run: each is fitted, exported and has to be refused."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..export.onnx_file import OPSET, answers, onnx_file, parity_of, protobuf_refusal, said_by
from ..export.trees import NotExportable
from .data import Data, Rows

_ROWS = 800


@dataclass(frozen=True)
class Trap:
    name: str
    make: Callable[[int], Any]
    wanted: str = "probabilities"


def _linear_discriminant(_seed: int) -> Any:
    from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    return make_pipeline(StandardScaler(), LinearDiscriminantAnalysis())


def _calibrated_pipeline(_seed: int) -> Any:
    from sklearn.calibration import CalibratedClassifierCV
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    return CalibratedClassifierCV(make_pipeline(StandardScaler(), LogisticRegression()), method="isotonic", cv=3)


def _isotonic_vectors(_seed: int) -> Any:
    from sklearn.calibration import CalibratedClassifierCV
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler
    from sklearn.svm import SVC

    return make_pipeline(StandardScaler(), CalibratedClassifierCV(SVC(), method="isotonic", cv=3))


def _scaled_histogram(seed: int) -> Any:
    from sklearn.ensemble import HistGradientBoostingClassifier
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    return make_pipeline(StandardScaler(), HistGradientBoostingClassifier(random_state=seed))


def _nu_vectors(_seed: int) -> Any:
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler
    from sklearn.svm import NuSVC

    return make_pipeline(StandardScaler(), NuSVC(nu=0.4))


TRAPS: tuple[Trap, ...] = (
    Trap("linear-discriminant-analysis", _linear_discriminant),
    Trap("calibrated-pipeline", _calibrated_pipeline),
    Trap("isotonic-support-vectors", _isotonic_vectors),
    Trap("scaled-histogram-boosting", _scaled_histogram),
    Trap("nu-support-vectors", _nu_vectors, "score"),
)


def sprung(data: Data, rows: Rows, seed: int) -> list[Mapping[str, Any]]:
    """By trap: why it is refused, or None where nothing refuses it."""
    train = data.train[-_ROWS:]
    found: list[Mapping[str, Any]] = []
    for trap in TRAPS:
        model = trap.make(seed).fit(data.rows[train], data.label[train])
        parity = None
        try:
            content = onnx_file(model, rows.shape[1], wanted=trap.wanted)
            said = said_by(model, rows, task="classification", wanted=trap.wanted)
            parity = parity_of(said, content, rows, task="classification", wanted=trap.wanted)
            refused = parity.refusal
        except NotExportable as problem:
            refused = str(problem)
        difference = parity.largest_difference if parity and np.isfinite(parity.largest_difference) else None
        found.append(
            {"name": trap.name, "refused": refused, "largestDifference": difference, "flipped": parity.flipped if parity else None}
        )
    found.append({"name": "float64-tree", "refused": _float64_tree(data, rows), "largestDifference": None, "flipped": None})
    found.append({"name": "protobuf-7", "refused": protobuf_refusal("7.0.0"), "largestDifference": None, "flipped": None})
    return found


def _float64_tree(data: Data, rows: Rows) -> str | None:
    from skl2onnx import to_onnx
    from sklearn.tree import DecisionTreeClassifier

    model = DecisionTreeClassifier(max_depth=3).fit(data.rows[data.train], data.label[data.train])
    made = to_onnx(model, np.zeros((1, rows.shape[1]), np.float64), options={id(model): {"zipmap": False}}, target_opset=OPSET)
    try:
        answers(made.SerializeToString(), rows)
    except NotExportable as problem:
        return str(problem)
    return None
