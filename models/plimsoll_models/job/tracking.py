"""The run in MLflow too, where one is named: MLFLOW_TRACKING_URI, or PLIMSOLL_MLFLOW_FOLDER for an SQLite store and
its artifacts in a local folder. `mlflow-skinny` does; the local store also needs sqlalchemy and alembic.

What is wrong here never fails a job: run.json tells the same.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Any

from .progress import Point

URI_VARIABLE = "MLFLOW_TRACKING_URI"
FOLDER_VARIABLE = "PLIMSOLL_MLFLOW_FOLDER"
EXPERIMENT_VARIABLE = "MLFLOW_EXPERIMENT_NAME"
_BATCH = 500
_VALUE_LIMIT = 500
_STATUS = {"done": "FINISHED", "stopped": "KILLED", "failed": "FAILED"}
# MLflow's own waits are minutes, and it reports its use to its makers unless told not to.
_SETTINGS = {
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "10",
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "2",
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "DO_NOT_TRACK": "true",
    "GIT_PYTHON_REFRESH": "quiet",
}


def is_wanted(environment: Mapping[str, str]) -> bool:
    return bool(environment.get(URI_VARIABLE) or environment.get(FOLDER_VARIABLE))


def track(record: Mapping[str, Any], points: list[Point], files: Mapping[str, Path]) -> str:
    """The id of the run in MLflow. Throws `ImportError` where there is no MLflow, and whatever MLflow throws.

    `files`: what is kept as artifacts, by the folder that they come into.
    """
    for name, value in _SETTINGS.items():
        os.environ.setdefault(name, value)
    import mlflow
    from mlflow.entities import Metric, Param

    folder = None if os.environ.get(URI_VARIABLE) else Path(os.environ[FOLDER_VARIABLE]).resolve()
    if folder:
        folder.mkdir(parents=True, exist_ok=True)
        mlflow.set_tracking_uri(f"sqlite:///{(folder / 'mlflow.db').as_posix()}")
    client = mlflow.MlflowClient()
    name = os.environ.get(EXPERIMENT_VARIABLE) or "plimsoll"
    experiment = client.get_experiment_by_name(name)
    # Its default place for artifacts is the folder in which the program was started.
    where = (folder / "artifacts").as_uri() if folder else None
    experiment_id = experiment.experiment_id if experiment else client.create_experiment(name, artifact_location=where)
    tags = {f"plimsoll.{key}": str(record[key]) for key in ("status", "code", "identity", "entry") if record.get(key)}
    if data := record.get("data"):
        tags["plimsoll.data"] = data["hash"]
    run_id: str = client.create_run(experiment_id, tags=tags, run_name=record.get("job")).info.run_id
    now = int(record["ended_ms"])
    given = {**record.get("hyperparameters", {}), "seed": record.get("seed")}
    client.log_batch(run_id, params=[Param(key, str(value)[:_VALUE_LIMIT]) for key, value in given.items()])
    last = [Point(key, value, 0) for key, value in record["metrics"].items() if value is not None]
    last += [Point("wall_seconds", record["wall_seconds"], 0), Point("cost_usd", record["cost"]["usd"], 0)]
    for batch in _batches([*points, *last]):
        client.log_batch(run_id, metrics=[Metric(point.metric, point.value, now, point.step) for point in batch])
    for artifact_path, path in files.items():
        (client.log_artifacts if path.is_dir() else client.log_artifact)(run_id, str(path), artifact_path or None)
    client.set_terminated(run_id, status=_STATUS[record["status"]])
    return run_id


def _batches(points: list[Point]) -> Iterator[list[Point]]:
    rest = iter(points)
    while batch := list(islice(rest, _BATCH)):
        yield batch
