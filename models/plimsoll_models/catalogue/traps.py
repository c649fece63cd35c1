"""What converts without a word and then says something else, or does not run: each is fitted, exported and has to be refused."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ..export.onnx_file import (
    OPSET,
    OnnxParity,
    Signature,
    answers,
    catboost_file,
    exported,
    onnx_file,
    parity_of,
    protobuf_refusal,
    said_by,
    without_zipmap,
)
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


def sprung(data: Data, rows: Rows, seed: int, onnx: Path | None = None) -> list[Mapping[str, Any]]:
    """By trap of what is installed: why it is refused, or None where nothing refuses it. What converts is written to `onnx/traps`,
    where that is given."""
    found: list[Mapping[str, Any]] = []
    if _is_there("skl2onnx"):
        found += [_converted(trap, data, rows, seed, onnx) for trap in TRAPS]
        found.append(_about("float64-tree", _float64_tree(data, rows, onnx)))
    found += [_about(name, _zipmap(name, make, data, rows, seed, onnx)) for name, make in _zipmaps().items()]
    found.append(_about("protobuf-7", protobuf_refusal("7.0.0")))
    return found


def _about(name: str, refused: str | None, parity: OnnxParity | None = None) -> Mapping[str, Any]:
    difference = parity.largest_difference if parity and np.isfinite(parity.largest_difference) else None
    return {"name": name, "refused": refused, "largestDifference": difference, "flipped": parity.flipped if parity else None}


def _is_there(package: str) -> bool:
    return importlib.util.find_spec(package) is not None


def _converted(trap: Trap, data: Data, rows: Rows, seed: int, onnx: Path | None) -> Mapping[str, Any]:
    train = data.train[-_ROWS:]
    model = trap.make(seed).fit(data.rows[train], data.label[train])
    try:
        content = onnx_file(model, rows.shape[1], wanted=trap.wanted)
        said = said_by(model, rows, task="classification", wanted=trap.wanted)
        parity = parity_of(said, content, rows, task="classification", wanted=trap.wanted)
        if onnx is not None:
            folder = onnx / "traps" / trap.name
            exported(folder, model, content, rows, data.features, said, task="classification", wanted=trap.wanted)
    except NotExportable as problem:
        return _about(trap.name, str(problem))
    return _about(trap.name, parity.refusal, parity)


def _float64_tree(data: Data, rows: Rows, onnx: Path | None) -> str | None:
    from skl2onnx import to_onnx
    from sklearn.tree import DecisionTreeClassifier

    model = DecisionTreeClassifier(max_depth=3).fit(data.rows[data.train], data.label[data.train])
    made = to_onnx(model, np.zeros((1, rows.shape[1]), np.float64), options={id(model): {"zipmap": False}}, target_opset=OPSET)
    content = made.SerializeToString()
    if onnx is not None:
        where = Signature("probabilities", "probabilities", 2, None, "label")
        said = said_by(model, rows, task="classification", wanted="probabilities")
        exported(onnx / "traps" / "float64-tree", model, content, rows, data.features, said, task="classification", wanted="", where=where)
    try:
        answers(content, rows)
    except NotExportable as problem:
        return str(problem)
    return None


#: A fitted model, its file, and the names of the file's outputs: labels, then maps.
_Zipmap = tuple[Any, bytes, tuple[str, str]]


def _zipmaps() -> dict[str, Callable[[Rows, Any, int], _Zipmap]]:
    """What makes files that end in ZipMap, of what is installed."""
    made = {"zipmap": ("skl2onnx", _converted_with_maps), "catboost-zipmap": ("catboost", _catboost_with_maps)}
    return {name: make for name, (package, make) in made.items() if _is_there(package)}


def _converted_with_maps(rows: Rows, label: Any, _seed: int) -> _Zipmap:
    from skl2onnx import to_onnx
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    model = make_pipeline(StandardScaler(), LogisticRegression()).fit(rows, label)
    made = to_onnx(model, np.zeros((1, rows.shape[1]), np.float32), target_opset=OPSET)
    return model, made.SerializeToString(), ("output_label", "output_probability")


def _catboost_with_maps(rows: Rows, label: Any, seed: int) -> _Zipmap:
    from catboost import CatBoostClassifier

    model = CatBoostClassifier(iterations=60, depth=4, random_seed=seed, thread_count=1, verbose=False, allow_writing_files=False)
    model.fit(rows, label)
    return model, catboost_file(model), ("label", "probabilities")


def _zipmap(name: str, make: Callable[[Rows, Any, int], _Zipmap], data: Data, rows: Rows, seed: int, onnx: Path | None) -> str | None:
    """Why the file is refused as it is; written beside it, without its maps, it is to be served (`onnx/mended`)."""
    train = data.train[-_ROWS:]
    model, content, (label, maps) = make(data.rows[train], data.label[train], seed)
    if onnx is not None:
        said = said_by(model, rows, task="classification", wanted="probabilities")
        where = Signature("probabilities", maps, 2, None, label)
        for folder, file in (("traps", content), ("mended", without_zipmap(content))):
            exported(onnx / folder / name, model, file, rows, data.features, said, task="classification", wanted="", where=where)
    try:
        answers(content, rows)
    except NotExportable as problem:
        return str(problem)
    return None
