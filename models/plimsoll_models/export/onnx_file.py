"""Fitted scikit-learn models as ONNX, and the gate before one is served: ONNX Runtime has to say what the library said."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..job.files import write_atomically
from .container import pack
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
    if type(model).__module__.partition(".")[0] == "catboost":
        return _small_enough(without_zipmap(catboost_file(model)))
    import google.protobuf
    from skl2onnx import to_onnx

    if refusal := protobuf_refusal(google.protobuf.__version__):
        raise NotExportable(refusal)
    last = _last(model)
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
        _name_anew()
        try:
            made = to_onnx(model, np.zeros((1, width), np.float32), options={id(last): options} if options else None, target_opset=OPSET)
        # The converters raise what comes, from NameError to RuntimeError.
        except Exception as caught:
            problem = caught
            continue
        return _small_enough(made.SerializeToString())
    first = str(problem).split("\n")[0][:160]
    raise NotExportable(f"skl2onnx does not export it: {type(problem).__name__}: {first}") from problem


def _name_anew() -> None:
    """The converter numbers names through all models of a process: a job that goes on after a kill would write others."""
    from skl2onnx.common import _topology, utils

    _topology.Variable._UNIQUE_NUMBER_ = 0
    utils._unique_index["subgraph"] = 0


def catboost_file(model: Any) -> bytes:
    """As CatBoost itself exports a fitted model: what a classifier says is a map for each row."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.onnx"
        model.save_model(str(path), format="onnx")
        return path.read_bytes()


def _small_enough(content: bytes) -> bytes:
    if len(content) > MOST_BYTES:
        raise NotExportable(f"its ONNX has {len(content)} bytes, more than {MOST_BYTES}: make the model smaller")
    return content


def _last(model: Any) -> Any:
    """The estimator itself, whatever comes before it."""
    return model[-1] if hasattr(model, "steps") else model


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
    for output in session.get_outputs():
        if output.type.startswith("seq("):
            raise NotExportable(f"its output {output.name!r} is a map for each row and no tensor: take its ZipMap off with without_zipmap")
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


@dataclass(frozen=True)
class Signature:
    """Which outputs of a file are the answer. ONNX does not say so itself."""

    #: `probabilities` or `numbers`.
    kind: str
    values: str
    #: Numbers that the output has a row, and which one of them counts; None where all do.
    width: int
    column: int | None
    #: The output that decides, where one does.
    decisions: str | None

    def about(self, features: Sequence[str], labels: Sequence[int]) -> dict[str, Any]:
        """As adapters/models/onnx.ts reads it."""
        column = {} if self.column is None else {"column": self.column}
        decisions = {} if self.decisions is None else {"decisions": {"output": self.decisions, "labels": list(labels)}}
        return {
            "format": "plimsoll-onnx/1",
            "features": list(features),
            "kind": self.kind,
            "values": {"output": self.values, "width": self.width, **column},
            **decisions,
        }


def signature_of(outputs: dict[str, NDArray[Any]], said: Said, *, task: str, wanted: str) -> Signature:
    """`outputs`: what the file said to the rows that `said` is of."""
    first, *others = outputs
    values = first if said.decided is None else "score_samples" if task == "density" else others[0]
    width = outputs[values].size // len(said.values)
    # Of two classes, a score for each: the second's is the library's.
    column = width - 1 if task == "classification" and wanted == "score" and width > 1 else None
    kind = "probabilities" if task == "classification" and wanted == "probabilities" else "numbers"
    return Signature(kind, values, width, column, None if said.decided is None else first)


def parity_of(said: Said, content: bytes, rows: Rows, *, task: str, wanted: str) -> OnnxParity:
    """The gate: what the library says, and its file. Raises NotExportable where the file does not run."""
    outputs = answers(content, rows)
    where = signature_of(outputs, said, task=task, wanted=wanted)
    values = outputs[where.values].reshape(len(rows), -1)
    decided = None if where.decisions is None or said.decided is None else (said.decided, outputs[where.decisions])
    return compare(said.values, values if where.column is None else values[:, where.column], scale=said.scale, decided=decided)


def labels_of(model: Any, task: str) -> list[int]:
    """Every label that a fitted estimator, or the last of a pipeline, can decide for, where it decides."""
    last = _last(model)
    if task == "anomaly":
        return [-1, 1]
    if hasattr(last, "classes_"):
        return [int(label) for label in last.classes_]
    return list(range(len(last.cluster_centers_) if task == "clustering" else last.n_components))


def exported(
    folder: Path,
    model: Any,
    content: bytes,
    rows: Rows,
    features: Sequence[str],
    said: Said,
    *,
    task: str,
    wanted: str,
    where: Signature | None = None,
) -> None:
    """Writes `model.onnx`, `signature.json`, and in `parity.bin` the rows with what the library said to them, for whoever serves the
    file to ask again. What must not be served is written too: the gate is theirs. `where` for a file that cannot be asked. Raises
    NotExportable where it is asked and does not run."""
    where = where or signature_of(answers(content, rows), said, task=task, wanted=wanted)
    arrays = {"rows": rows.astype("<f8"), "said": said.values.astype("<f8")}
    if said.decided is not None:
        arrays["decided"] = np.asarray(said.decided).astype("<i4")
    write_atomically(folder / "model.onnx", content)
    labels = [] if where.decisions is None else labels_of(model, task)
    write_atomically(folder / "signature.json", json.dumps(where.about(features, labels), indent=1).encode())
    write_atomically(folder / "parity.bin", pack({"kind": "onnx-parity", "features": list(features)}, arrays))


def without_zipmap(content: bytes) -> bytes:
    """The same model whose last step is no longer ZipMap, which makes a map of every row: its probabilities are a tensor, under the
    name that the maps had. CatBoost writes it, and skl2onnx unless told otherwise. Raises NotExportable where it is no last step."""
    import onnx

    model = onnx.load_from_string(content)
    graph = model.graph
    outputs = {output.name: output for output in graph.output}
    for zipmap in [node for node in graph.node if node.op_type == "ZipMap"]:
        (within,), (name,) = zipmap.input, zipmap.output
        if name not in outputs:
            raise NotExportable(f"its ZipMap {name!r} is no output of the file")
        labels = next(len(one.ints) or len(one.strings) for one in zipmap.attribute if one.name.startswith("classlabels"))
        graph.node.remove(zipmap)
        # Whoever made the tensor now makes the output.
        for node in graph.node:
            for names in (node.input, node.output):
                names[:] = [name if one == within else one for one in names]
        outputs[name].CopyFrom(onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, [None, labels]))
    made: bytes = model.SerializeToString()
    return made
