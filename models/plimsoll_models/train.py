"""The training job of a desk: `python -m plimsoll_models.train`. It reads the channel `train`, which holds a feature table, and leaves

- a file for each member of the ensemble, which the platform evaluates itself, ONNX Runtime, or a server that has the library: whichever
  is the cheapest that serves them all;
- `parity.bin`: rows, and what the libraries say to them, which the platform has to say too before it serves the model;
- `card.json`: what was trained on what, how good it is where it was not trained, and how sure that is;
- `manifest.json`: the files and their hashes, and how the members speak with one voice.
"""

from __future__ import annotations

import dataclasses
import difflib
import io
import json
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Annotated, Any, Literal

import numpy as np
from numpy.typing import NDArray

from . import scoring, splits
from .estimators import Fitted
from .export.container import pack
from .export.member_files import ENDING, member_files
from .export.trees import NotExportable
from .job import Between, Job, JobError, main
from .job.files import canonical, sha256_of_file, write_atomically
from .members import KINDS, Served, cheapest
from .settings import as_json, settings_of
from .table import Table, read_table
from .table_leaks import refuse_table_leaks
from .trained import Settings

#: Rows that the platform answers beside the library before a model may be served.
PARITY_ROWS = 1_200
_IMPORTANCE_ROWS = 800
_REASON_LIMIT = 400
DESK = ("random-forest", "gradient-boosting", "lightgbm", "support-vectors", "perceptron", "logistic-regression")


@dataclasses.dataclass(frozen=True)
class Parameters:
    """Of the training of a desk."""

    #: Names of estimators, each a member of the ensemble.
    members: tuple[str, ...] = DESK
    #: Blocks of time, each predicted by models of the others.
    folds: Annotated[int, Between(2, 20)] = 5
    #: Hours after a block whose rows are not trained on.
    embargo_hours: Annotated[float, Between(0, 10_000)] = 48
    #: Of which share of rows the classes that are held possible include the true one.
    coverage: Annotated[float, Between(0.5, 0.999)] = 0.6
    #: Rows of a block of the bootstrap; several times as long as a label.
    block_rows: Annotated[int, Between(1, 100_000)] = 240
    #: By member, parameters of its estimator that are others than the desk's or the catalogue's, as JSON: `{"lightgbm": {"num_leaves": 15}}`.
    hyperparameters: str = ""
    #: How the version is to be served; the cheapest way where none is named.
    served: Literal["native", "onnx", "endpoint"] | None = None


@dataclasses.dataclass(frozen=True)
class Desk:
    """What is trained."""

    members: tuple[str, ...]
    settings: Mapping[str, Settings]
    served: Served

    def fit(self, name: str, table: Table, train: NDArray[np.int64], seed: int) -> Fitted:
        """Raises JobError `TABLE_ONE_CLASS`, `MEMBER_FAILED`."""
        labels = table.label[train]
        if labels.min() == labels.max():
            raise JobError("TABLE_ONE_CLASS", f"every label of a fold's rows is {int(labels[0])}", "take more bars, or fewer folds")
        try:
            return KINDS[name].fit(table, train, seed, self.settings.get(name, {}))
        # Whatever a library says to its settings and rows; the trace is of the library alone.
        except Exception as problem:
            what = f"{name} cannot be fitted: {type(problem).__name__}: {' '.join(str(problem).split())[:_REASON_LIMIT]}"
            raise JobError("MEMBER_FAILED", what, "give it other hyperparameters, or leave it out") from problem


def work(job: Job[Parameters]) -> Mapping[str, float]:
    parameters = job.parameters
    desk = _desk(parameters)
    table = read_table(job.channel("train"))
    embargo_ms = int(parameters.embargo_hours * 3_600_000)
    folds = _folds(table, parameters.folds, embargo_ms)
    refuse_table_leaks(table, folds, embargo_ms, again="train")
    steps = len(parameters.members) * (len(folds) + 1)
    done = 0
    unseen: dict[str, NDArray[np.float64]] = {}
    finals: dict[str, _Final] = {}
    at = np.unique(np.linspace(0, len(table.label) - 1, min(PARITY_ROWS, len(table.label))).astype(np.int64))
    units = _units(desk, table, folds, at, job.seed)
    # Of several instances each does its share, and one makes the model.
    if not job.share(units):
        return {}
    for name in parameters.members:
        up = np.full(len(table.label), np.nan)
        for fold, (_, test) in enumerate(folds):
            up[test] = _array(job.unit(f"{name}-fold-{fold}", units[f"{name}-fold-{fold}"]), "up")
            done += 1
            job.progress(done, steps)
        unseen[name] = up
        finals[name] = _Final.of(job.unit(f"{name}-final", units[f"{name}-final"]))
        done += 1
        job.progress(done, steps, {f"log_loss_{name.replace('-', '_')}": float(scoring.log_losses(table.label, up).mean())})
    return _leave(job, desk, table, folds, unseen, finals, at)


def _units(
    desk: Desk, table: Table, folds: Sequence[tuple[NDArray[np.int64], NDArray[np.int64]]], at: NDArray[np.int64], seed: int
) -> dict[str, Callable[[], bytes]]:
    """All work of the job: each member on the rows outside of each fold, and on all of them."""

    def unseen(name: str, train: NDArray[np.int64], test: NDArray[np.int64]) -> bytes:
        return _bytes(up=desk.fit(name, table, train, seed).probabilities(table.rows[test])[:, 1])

    everything = np.arange(len(table.label))
    units: dict[str, Callable[[], bytes]] = {}
    for name in desk.members:
        for fold, (train, test) in enumerate(folds):
            units[f"{name}-fold-{fold}"] = partial(unseen, name, train, test)
        units[f"{name}-final"] = partial(_final, desk, name, table, everything, at, seed)
    return units


def _desk(parameters: Parameters) -> Desk:
    """Raises JobError `MEMBER_UNKNOWN`, `MEMBER_SETTINGS`, `MEMBER_NOT_SERVED`."""
    members = parameters.members
    unknown = [name for name in members if name not in KINDS]
    if unknown or not members or len(set(members)) != len(members):
        what = f"there is no member {unknown[0]!r}" if unknown else "members are named once each, and one at least"
        near = difflib.get_close_matches(unknown[0], KINDS, n=3) if unknown else []
        raise JobError("MEMBER_UNKNOWN", what, f"choose among {', '.join(near or KINDS)}", 2)
    kinds = [KINDS[name] for name in members]
    served = parameters.served or cheapest(kinds)
    for kind in kinds:
        if served not in kind.ways:
            what = f"{kind.name} cannot be served as {served}"
            raise JobError("MEMBER_NOT_SERVED", what, f"serve it as {' or '.join(kind.ways)}, or leave it out", 2)
    return Desk(members, settings_of(parameters.hyperparameters, members), served)


def _folds(table: Table, count: int, embargo_ms: int) -> list[tuple[NDArray[np.int64], NDArray[np.int64]]]:
    try:
        return list(splits.purged_k_fold(table.known, table.end, folds=count, embargo_ms=embargo_ms))
    except splits.SplitError as error:
        raise JobError("SPLIT_IMPOSSIBLE", str(error), "take more bars, or fewer folds") from error


@dataclasses.dataclass(frozen=True)
class _Final:
    """A member fitted on every row: what is kept of it."""

    #: By what their names end with after the member's.
    files: Mapping[str, bytes]
    libraries: Mapping[str, str]
    #: `scores` (where the platform evaluates it itself), `probabilities`, `importance`, and `shap` where its library computes it.
    arrays: Mapping[str, NDArray[Any]]

    _FILE = "file"
    _LIBRARIES = "libraries"

    def to_bytes(self) -> bytes:
        files = {self._FILE + ending: np.frombuffer(content, np.uint8) for ending, content in self.files.items()}
        libraries = np.frombuffer(json.dumps(self.libraries).encode(), np.uint8)
        return _bytes(**files, **self.arrays, **{self._LIBRARIES: libraries})

    @staticmethod
    def of(content: bytes) -> _Final:
        arrays = dict(_arrays(content))
        libraries = json.loads(arrays.pop(_Final._LIBRARIES).tobytes())
        endings = [name for name in arrays if name.startswith(_Final._FILE)]
        return _Final({name.removeprefix(_Final._FILE): arrays.pop(name).tobytes() for name in endings}, libraries, arrays)


def _final(desk: Desk, name: str, table: Table, train: NDArray[np.int64], at: NDArray[np.int64], seed: int) -> bytes:
    fitted = desk.fit(name, table, train, seed)
    rows = table.rows[at]
    some = at[:: max(1, len(at) // _IMPORTANCE_ROWS)]
    try:
        # Before anything is asked: trees of neighbours count their questions.
        made = member_files(fitted, desk.served, table.features, rows)
    except NotExportable as problem:
        raise JobError("MEMBER_NOT_SERVED", f"{name} cannot be served as {desk.served}: {problem}", "serve it as endpoint, or leave it out") from problem
    importance = scoring.permutation_importance(lambda dealt: fitted.probabilities(dealt)[:, 1], table.rows[some], table.label[some], seed)
    shap = fitted.shap(rows)
    arrays = {"probabilities": fitted.probabilities(rows), "importance": importance}
    if desk.served == "native":
        arrays["scores"] = fitted.scores(rows)
    if shap is not None:
        arrays["shap"] = shap
    return _Final(made.files, made.libraries, arrays).to_bytes()


def _leave(
    job: Job[Parameters],
    desk: Desk,
    table: Table,
    folds: Sequence[tuple[NDArray[np.int64], NDArray[np.int64]]],
    unseen: Mapping[str, NDArray[np.float64]],
    finals: Mapping[str, _Final],
    at: NDArray[np.int64],
) -> dict[str, float]:
    """Writes the model, its parity rows, its card and its manifest; returns the metrics."""
    parameters = job.parameters
    label, weight = table.label, table.weight
    together = np.mean([unseen[name] for name in parameters.members], axis=0)
    apart = np.std([unseen[name] for name in parameters.members], axis=0)
    # What one says who knows how often prices rose, in the rows that are trained on, and nothing else.
    base = np.empty(len(label))
    for train, test in folds:
        base[test] = np.average(label[train], weights=weight[train])
    gained = scoring.log_losses(label, base) - scoring.log_losses(label, together)
    hits = ((together > 0.5) == (label == 1)).astype(np.float64)
    scores = {name: scoring.score(label, unseen[name], weight) for name in parameters.members}
    scores_together = scoring.score(label, together, weight)
    limit = scoring.conformal_limit(label, together, parameters.coverage)
    sure = (1 - together <= limit) != (together <= limit)
    metrics = {
        "log_loss": scores_together["logLoss"],
        "baseline_log_loss": float(scoring.log_losses(label, base).mean()),
        "accuracy": scores_together["accuracy"],
        "auc": scores_together["auc"],
        "sure_share": float(sure.mean()),
        "sure_accuracy": float(hits[sure].mean()) if sure.any() else float("nan"),
    }
    files: dict[str, str] = {}

    def keep(name: str, content: bytes) -> None:
        write_atomically(job.model_dir / name, content)
        files[name] = sha256_of_file(job.model_dir / name)

    for name in parameters.members:
        for ending, content in finals[name].files.items():
            keep(name + ending, content)
    parity = {"rows": table.rows[at].astype("<f8")}
    for name in parameters.members:
        for what in ("scores", "probabilities"):
            if what in finals[name].arrays:
                parity[f"{what}/{name}"] = finals[name].arrays[what].astype("<f8")
    keep("parity.bin", pack({"kind": "parity", "features": list(table.features), "members": list(parameters.members)}, parity))
    card = {
        "format": "plimsoll-card/1",
        "task": "classification",
        "table": dict(table.about),
        "period": {"from": int(table.known.min()), "to": int(table.end.max())},
        "rows": len(label),
        "upShare": float(label.mean()),
        "parameters": _told(parameters, desk),
        "seed": job.seed,
        "method": {
            "split": "purged k-fold with embargo: every row is predicted by models that were trained on none of its time",
            "baseline": f"the share of rows {_ones(table)} among those that were trained on",
            "interval": "95 %, circular block bootstrap",
        },
        "members": scores,
        "ensemble": scores_together,
        "baseline": {"logLoss": metrics["baseline_log_loss"]},
        "intervals": {
            "logLossGained": scoring.interval(gained, parameters.block_rows, job.seed),
            "accuracy": scoring.interval(hits, parameters.block_rows, job.seed),
        },
        "beatsBaseline": scoring.interval(gained, parameters.block_rows, job.seed)[0] > 0,
        "sure": {"share": metrics["sure_share"], "accuracy": metrics["sure_accuracy"] if sure.any() else None},
        "calibration": scoring.calibration(label, together),
        "importance": {
            "permutation": _by_feature(table, np.mean([finals[name].arrays["importance"] for name in parameters.members], axis=0)),
            "shap": {name: _by_feature(table, finals[name].arrays["shap"]) for name in parameters.members if "shap" in finals[name].arrays},
        },
        "limits": [
            "trained on one kind of market; other instruments and timeframes were not looked at",
            "costs of trading are not in these figures: they are of predictions, not of money",
        ],
    }
    if desk.served != "native":
        card["served"] = desk.served
        # A server holds them to its own before it opens a file.
        card["libraries"] = dict(sorted({library: version for name in parameters.members for library, version in finals[name].libraries.items()}.items()))
    keep("card.json", canonical(card))
    manifest = {
        "format": "plimsoll-model/1",
        "features": list(table.features),
        "classes": [0, 1],
        "label": table.about["label"],
        "timeframe": table.about["timeframe"],
        "table": table.about["sha256"],
        "members": [{"name": name, "file": name + ENDING[desk.served], "weight": 1 / len(parameters.members)} for name in parameters.members],
        "conformal": {"coverage": parameters.coverage, "limit": limit},
        "disagreement": {"limit": float(np.quantile(apart, 0.95))},
        "files": files,
        **({} if desk.served == "native" else {"served": desk.served}),
    }
    write_atomically(job.model_dir / "manifest.json", canonical(manifest))
    return metrics


def _told(parameters: Parameters, desk: Desk) -> dict[str, Any]:
    """For the card. What was left as it is, is not told of: a version that was trained before there was a choice comes out the same again."""
    told = dataclasses.asdict(parameters)
    if not desk.settings:
        del told["hyperparameters"]
    else:
        told["hyperparameters"] = as_json(desk.settings)
    if parameters.served is None:
        del told["served"]
    return told


def _ones(table: Table) -> str:
    """What a label of 1 says of a row."""
    return "whose primary was right" if table.about["label"]["kind"] == "meta" else "that rose"


def _by_feature(table: Table, values: NDArray[np.float64]) -> dict[str, float]:
    return {name: float(values[k]) for k, name in enumerate(table.features)}


def _bytes(**arrays: NDArray[Any]) -> bytes:
    buffer = io.BytesIO()
    np.savez(buffer, **arrays)
    return buffer.getvalue()


def _arrays(content: bytes) -> Mapping[str, NDArray[Any]]:
    with np.load(io.BytesIO(content), allow_pickle=False) as loaded:
        return {name: loaded[name] for name in loaded.files}


def _array(content: bytes, name: str) -> NDArray[Any]:
    return _arrays(content)[name]


if __name__ == "__main__":
    main(Parameters, work)
