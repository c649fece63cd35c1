"""The job of a batch, by the contract that the package tells."""

from __future__ import annotations

import importlib.metadata
import logging
import sys
import warnings
from collections.abc import Callable, Mapping
from functools import partial

import numpy as np

from ..catalogue.entry import Entry
from ..job import Job, JobError, Stopped, main
from ..job.files import canonical, sha256_of_file, write_atomically
from .bars import Bars, read_bars
from .plan import Block, blocks_of, parts_of
from .rows import MISSING, Batch, Predicted
from .wanted import Parameters, entry_of

FORMAT = "plimsoll-batch/1"
PREDICTIONS_FILE = "predictions.parquet"
ABOUT_FILE = "batch.json"
#: What is done between two checkpoints, in bars: fits end where they end.
_BARS_OF_UNIT = 240
#: By module, the name under which it is installed, where that is another.
_INSTALLED_AS = {"sklearn": "scikit-learn"}


def work(job: Job[Parameters]) -> Mapping[str, float]:
    warnings.filterwarnings("ignore")
    # hmmlearn says there what a fit that did not settle looks like.
    logging.getLogger("hmmlearn").setLevel(logging.CRITICAL)
    parameters = job.parameters
    entry = entry_of(parameters)
    bars = read_bars(job.channel("bars"))
    _check(entry, bars, parameters)
    blocks = [block for block in blocks_of(bars.time, bars.timeframe_ms, parameters.refit) if block.last >= bars.start]
    batch = Batch(entry, bars, parameters.window, job.seed, job.note)
    parts = {f"bars-{bars.time[part[0].first]}": part for part in parts_of(blocks, _BARS_OF_UNIT)}
    units: dict[str, Callable[[], bytes]] = {name: partial(_unit, job, batch, part) for name, part in parts.items()}
    # Of several instances each does its share, and one writes the table.
    if not job.share(units):
        return {}
    done: list[Predicted] = []
    for name, unit in units.items():
        done.append(Predicted.from_bytes(job.unit(name, unit)))
        job.progress(min(parts[name][-1].last + 1, len(bars)) - bars.start, len(bars) - bars.start)
    predicted = Predicted.joined(done)
    fitted = np.concatenate([np.full(block.last - block.first + 1, bars.time[block.first]) for block in blocks])[-len(predicted.value) :]
    return _leave(job, entry, bars, predicted, fitted)


def _check(entry: Entry, bars: Bars, parameters: Parameters) -> None:
    """Raises JobError: `BATCH_FEATURES`, `BATCH_ROWS`, `BATCH_NO_SPREAD`."""
    if entry.looks_at_features and bars.features.shape[1] == 0:
        raise JobError("BATCH_FEATURES", f"{entry.name} looks at features, and the bars have none", "write the bars with features")
    if len(bars) < parameters.window:
        what = f"there are {len(bars)} bars, and the window is {parameters.window}"
        raise JobError("BATCH_ROWS", what, "take more bars, or a smaller window")
    if bars.close.min() == bars.close.max():
        raise JobError("BATCH_NO_SPREAD", f"every close is {bars.close[0]:g}: there is nothing to predict", "take bars that move")


def _unit(job: Job[Parameters], batch: Batch, part: list[Block]) -> bytes:
    def pause() -> None:
        if job.is_stopping:
            raise Stopped

    return batch.predicted(part, pause).to_bytes()


def _leave(job: Job[Parameters], entry: Entry, bars: Bars, predicted: Predicted, fitted: np.ndarray) -> Mapping[str, float]:
    import pyarrow
    import pyarrow.parquet as parquet

    table = pyarrow.table(
        {
            "time": pyarrow.array(bars.time[bars.start :], pyarrow.int64()),
            "close": pyarrow.array(bars.close[bars.start :], pyarrow.float64()),
            # A number that is none stays one: a hole is another thing to whoever reads it.
            "value": pyarrow.array(predicted.value, pyarrow.float64(), from_pandas=False),
            "fitted": pyarrow.array(fitted, pyarrow.int64()),
            "missing": pyarrow.array([None if place < 0 else MISSING[place] for place in predicted.missing], pyarrow.string()),
        }
    )
    buffer = pyarrow.BufferOutputStream()
    parquet.write_table(table, buffer)
    path = job.model_dir / PREDICTIONS_FILE
    write_atomically(path, buffer.getvalue().to_pybytes())
    missing = int((predicted.missing >= 0).sum())
    about = {
        "format": FORMAT,
        "sha256": sha256_of_file(path),
        "rows": len(predicted.value),
        "entry": entry.name,
        "seed": job.seed,
        "versions": _versions(entry),
        "missing": missing,
    }
    write_atomically(job.model_dir / ABOUT_FILE, canonical(about) + b"\n")
    return {"rows": float(len(predicted.value)), "missing": float(missing)}


def _versions(entry: Entry) -> dict[str, str]:
    names = {_INSTALLED_AS.get(entry.library, entry.library), "numpy", "scipy"}
    return {"python": ".".join(map(str, sys.version_info[:3])), **{name: importlib.metadata.version(name) for name in sorted(names)}}


if __name__ == "__main__":
    main(Parameters, work)
