"""Fitted scikit-learn models as ONNX, and the gate before one is served: ONNX Runtime has to say what the library said."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .trees import NotExportable

#: Pinned, so that the same model is the same file whatever the converter's newest is.
OPSET = {"": 17, "ai.onnx.ml": 3}
#: Of a probability, or of a value as a share of the largest one; as in core/models/parity.ts.
PARITY_BOUND = 1e-5
LEAST_PARITY_ROWS = 1_000
MOST_BYTES = 64 << 20
#: The converter's histogram boosting calls what protobuf 7 no longer has.
_PROTOBUF_BELOW = 7

Rows = NDArray[np.float64]


@dataclass(frozen=True)
class OnnxParity:
    """How far ONNX Runtime lies from the library."""

    rows: int
    #: As a share of the scale; infinite where one of the two says no number, or their shapes differ.
    largest_difference: float
    #: Rows of which the decision is another. 0 where nothing is decided.
    flipped: int

    @property
    def refusal(self) -> str | None:
        """Why it must not be served; None where it may."""
        if self.rows < LEAST_PARITY_ROWS:
            return f"{self.rows} rows were compared, and fewer than {LEAST_PARITY_ROWS} prove nothing"
        if not np.isfinite(self.largest_difference):
            return "one of the two answers with no number, or in another shape"
        if not self.largest_difference <= PARITY_BOUND:
            return f"it differs from its library by {self.largest_difference:.2g} of the scale, more than {PARITY_BOUND:g}"
        if self.flipped:
            return f"{self.flipped} of {self.rows} decisions differ from its library's"
        return None


def protobuf_refusal(version: str) -> str | None:
    """Why nothing is exported with this protobuf; None where it can be."""
    major = version.split(".")[0]
    if major.isdigit() and int(major) < _PROTOBUF_BELOW:
        return None
    return f"the converters fail with protobuf {version}: install one below {_PROTOBUF_BELOW}, as models/requirements/core.txt does"


def onnx_file(model: Any, width: int, *, wanted: str) -> bytes:
    """An estimator, or a pipeline that ends in one, over float32 rows. `wanted`: `probabilities` or `score` of a classifier,
    `log-likelihood` of a mixture, else anything. Raises NotExportable."""
    import google.protobuf
    from skl2onnx import to_onnx

    if refusal := protobuf_refusal(google.protobuf.__version__):
        raise NotExportable(refusal)
    last = model[-1] if hasattr(model, "steps") else model
    tried: list[dict[str, bool]] = [{}]
    if wanted == "probabilities":
        tried = [{"zipmap": False}]
    elif wanted == "score":
        # LinearSVC has no zipmap, the others no array without it.
        tried = [{"raw_scores": True, "zipmap": False}, {"raw_scores": True}]
    elif wanted == "log-likelihood":
        tried = [{"score_samples": True}]
    problem: Exception | None = None
    for options in tried:
        try:
            made = to_onnx(model, np.zeros((1, width), np.float32), options={id(last): options} if options else None, target_opset=OPSET)
        # The converters raise what comes, from NameError to RuntimeError.
        except Exception as caught:
            problem = caught
            continue
        content: bytes = made.SerializeToString()
        if len(content) > MOST_BYTES:
            raise NotExportable(f"its ONNX has {len(content)} bytes, more than {MOST_BYTES}: make the model smaller")
        return content
    first = str(problem).split("\n")[0][:160]
    raise NotExportable(f"skl2onnx does not export it: {type(problem).__name__}: {first}") from problem


def answers(content: bytes, rows: Rows) -> dict[str, NDArray[Any]]:
    """By the name of the output, what ONNX Runtime says. Raises NotExportable where it does not load or run the file."""
    import onnxruntime

    onnxruntime.set_default_logger_severity(4)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    try:
        session = onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
        said = session.run(None, {session.get_inputs()[0].name: np.asarray(rows, np.float32)})
    except Exception as problem:
        first = str(problem).split("\n")[0][:160]
        raise NotExportable(f"ONNX Runtime does not load or run it: {first}") from problem
    return {output.name: np.asarray(value) for output, value in zip(session.get_outputs(), said, strict=True)}


def compare(said: Rows, answered: Rows, *, scale: float, decided: tuple[NDArray[Any], NDArray[Any]] | None = None) -> OnnxParity:
    """`decided`: by row, the library's class and ONNX Runtime's."""
    said, answered = (np.asarray(values, np.float64).reshape(len(values), -1) for values in (said, answered))
    difference = np.inf
    if said.shape == answered.shape and np.isfinite(said).all() and np.isfinite(answered).all():
        difference = float(np.abs(said - answered).max()) / scale if scale > 0 else np.inf
    flipped = int(np.sum(np.ravel(decided[0]) != np.ravel(decided[1]))) if decided else 0
    return OnnxParity(len(said), difference, flipped)


@dataclass(frozen=True)
class Said:
    """What a library says to rows: numbers, and what it decides where it decides something."""

    values: Rows
    decided: NDArray[Any] | None
    #: 1 for probabilities, else the largest value.
    scale: float


def said_by(model: Any, rows: Rows, *, task: str, wanted: str) -> Said:
    """`model`: a fitted estimator or pipeline."""
    if task == "classification" and wanted == "probabilities":
        return Said(np.asarray(model.predict_proba(rows), np.float64), model.predict(rows), 1.0)
    decided = None if task in ("regression", "decomposition") else np.asarray(model.predict(rows))
    ask = {
        "classification": "decision_function",
        "anomaly": "decision_function",
        "density": "score_samples",
        "regression": "predict",
    }.get(task, "transform")
    values = np.asarray(getattr(model, ask)(rows), np.float64)
    return Said(values, decided, float(np.abs(values).max()))


def parity_of(said: Said, content: bytes, rows: Rows, *, task: str, wanted: str) -> OnnxParity:
    """The gate: what the library says, and its file. Raises NotExportable where the file does not run."""
    outputs = answers(content, rows)
    first, *others = outputs.values()
    if said.decided is None:
        return compare(said.values, first, scale=said.scale)
    values = outputs["score_samples"] if task == "density" else others[0]
    if task == "classification" and wanted == "score":
        # Of two classes, a score for each: the second's is the library's.
        values = values.reshape(len(rows), -1)[:, -1]
    return compare(said.values, values, scale=said.scale, decided=(said.decided, first))
