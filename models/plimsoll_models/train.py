"""The training job of a desk: `python -m plimsoll_models.train`. It reads the channel `train`, which holds a feature table, and leaves

- a file for each member of the ensemble, which the platform evaluates itself;
- `parity.bin`: rows, and what the libraries say to them, which the platform has to say too before it serves the model;
- `card.json`: what was trained on what, how good it is where it was not trained, and how sure that is;
- `manifest.json`: the files and their hashes, and how the members speak with one voice.
"""

from __future__ import annotations

import dataclasses
import io
from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray

from . import scoring, splits
from .estimators import MEMBERS, Fitted
from .export.container import pack
from .job import Between, Job, JobError, main
from .job.files import canonical, sha256_of_file, write_atomically
from .table import Table, read_table
from .table_leaks import refuse_table_leaks

#: Rows that the platform answers beside the library before a model may be served.
PARITY_ROWS = 1_200
_IMPORTANCE_ROWS = 800
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


def work(job: Job[Parameters]) -> Mapping[str, float]:
    parameters = job.parameters
    _check_members(parameters.members)
    table = read_table(job.channel("train"))
    embargo_ms = int(parameters.embargo_hours * 3_600_000)
    folds = _folds(table, parameters.folds, embargo_ms)
    refuse_table_leaks(table, folds, embargo_ms, again="train")
    steps = len(parameters.members) * (len(folds) + 1)
    done = 0
    unseen: dict[str, NDArray[np.float64]] = {}
    finals: dict[str, Mapping[str, NDArray[Any]]] = {}
    at = np.unique(np.linspace(0, len(table.label) - 1, min(PARITY_ROWS, len(table.label))).astype(np.int64))
    for name in parameters.members:
        up = np.full(len(table.label), np.nan)
        for fold, (train, test) in enumerate(folds):
            up[test] = _array(job.unit(f"{name}-fold-{fold}", lambda: _bytes(up=_fit(name, table, train, job.seed).probabilities(table.rows[test])[:, 1])), "up")
            done += 1
            job.progress(done, steps)
        unseen[name] = up
        everything = np.arange(len(table.label))
        finals[name] = _arrays(job.unit(f"{name}-final", lambda: _final(name, table, everything, at, job.seed)))
        done += 1
        job.progress(done, steps, {f"log_loss_{name.replace('-', '_')}": float(scoring.log_losses(table.label, up).mean())})
    return _leave(job, table, folds, unseen, finals, at)


def _check_members(members: Sequence[str]) -> None:
    unknown = [name for name in members if name not in MEMBERS]
    if unknown or not members or len(set(members)) != len(members):
        what = f"there is no member {unknown[0]!r}" if unknown else "members are named once each, and one at least"
        raise JobError("MEMBER_UNKNOWN", what, f"choose among {', '.join(MEMBERS)}", 2)


def _folds(table: Table, count: int, embargo_ms: int) -> list[tuple[NDArray[np.int64], NDArray[np.int64]]]:
    try:
        return list(splits.purged_k_fold(table.known, table.end, folds=count, embargo_ms=embargo_ms))
    except splits.SplitError as error:
        raise JobError("SPLIT_IMPOSSIBLE", str(error), "take more bars, or fewer folds") from error


def _fit(name: str, table: Table, train: NDArray[np.int64], seed: int) -> Fitted:
    labels = table.label[train]
    if labels.min() == labels.max():
        raise JobError("TABLE_ONE_CLASS", f"every label of a fold's rows is {int(labels[0])}", "take more bars, or fewer folds")
    return MEMBERS[name].fit(table.rows[train], labels, table.weight[train], seed)


def _final(name: str, table: Table, train: NDArray[np.int64], at: NDArray[np.int64], seed: int) -> bytes:
    fitted = _fit(name, table, train, seed)
    rows = table.rows[at]
    some = at[:: max(1, len(at) // _IMPORTANCE_ROWS)]
    importance = scoring.permutation_importance(lambda dealt: fitted.probabilities(dealt)[:, 1], table.rows[some], table.label[some], seed)
    shap = fitted.shap(rows)
    extra = {} if shap is None else {"shap": shap}
    return _bytes(
        model=np.frombuffer(fitted.exported(table.features), np.uint8),
        scores=fitted.scores(rows),
        probabilities=fitted.probabilities(rows),
        importance=importance,
        **extra,
    )


def _leave(
    job: Job[Parameters],
    table: Table,
    folds: Sequence[tuple[NDArray[np.int64], NDArray[np.int64]]],
    unseen: Mapping[str, NDArray[np.float64]],
    finals: Mapping[str, Mapping[str, NDArray[Any]]],
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
        keep(f"{name}.model", finals[name]["model"].tobytes())
    parity = {"rows": table.rows[at].astype("<f8")}
    for name in parameters.members:
        parity[f"scores/{name}"] = finals[name]["scores"].astype("<f8")
        parity[f"probabilities/{name}"] = finals[name]["probabilities"].astype("<f8")
    keep("parity.bin", pack({"kind": "parity", "features": list(table.features), "members": list(parameters.members)}, parity))
    card = {
        "format": "plimsoll-card/1",
        "task": "classification",
        "table": dict(table.about),
        "period": {"from": int(table.known.min()), "to": int(table.end.max())},
        "rows": len(label),
        "upShare": float(label.mean()),
        "parameters": dataclasses.asdict(parameters),
        "seed": job.seed,
        "method": {
            "split": "purged k-fold with embargo: every row is predicted by models that were trained on none of its time",
            "baseline": "the share of rows that rose among those that were trained on",
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
            "permutation": _by_feature(table, np.mean([finals[name]["importance"] for name in parameters.members], axis=0)),
            "shap": {name: _by_feature(table, finals[name]["shap"]) for name in parameters.members if "shap" in finals[name]},
        },
        "limits": [
            "trained on one kind of market; other instruments and timeframes were not looked at",
            "costs of trading are not in these figures: they are of predictions, not of money",
        ],
    }
    keep("card.json", canonical(card))
    manifest = {
        "format": "plimsoll-model/1",
        "features": list(table.features),
        "classes": [0, 1],
        "label": table.about["label"],
        "timeframe": table.about["timeframe"],
        "table": table.about["sha256"],
        "members": [{"name": name, "file": f"{name}.model", "weight": 1 / len(parameters.members)} for name in parameters.members],
        "conformal": {"coverage": parameters.coverage, "limit": limit},
        "disagreement": {"limit": float(np.quantile(apart, 0.95))},
        "files": files,
    }
    write_atomically(job.model_dir / "manifest.json", canonical(manifest))
    return metrics


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
