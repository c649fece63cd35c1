"""Bars as the platform writes them for a batch, drawn at random, and what a batch says of them."""

from __future__ import annotations

import contextlib
import dataclasses
import io
import json
import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow
from numpy.typing import NDArray
from pyarrow import parquet

from plimsoll_models.batch.__main__ import work
from plimsoll_models.batch.bars import Bars, Seen
from plimsoll_models.batch.plan import blocks_of
from plimsoll_models.batch.rows import MISSING, Batch
from plimsoll_models.batch.wanted import Parameters, entry_of
from plimsoll_models.job import run
from plimsoll_models.job.files import sha256_of_file

HOUR_MS = 3_600_000
#: Midnight, so that a block of 24 bars begins with the first.
BEGIN_MS = 1_600_000_000_000 // (24 * HOUR_MS) * 24 * HOUR_MS
FEATURES = ("range", "before", "noise")
Columns = dict[str, NDArray[Any]]


def drawn(bars: int, seed: int = 1) -> Columns:
    """Hourly bars that are calm and restless in turn."""
    generator = np.random.default_rng(seed)
    deviations = np.where(np.arange(bars) // 25 % 2 == 0, 1e-3, 4e-3)
    moves = deviations * generator.standard_normal(bars)
    close = 100 * np.exp(np.cumsum(moves))
    open_ = close * np.exp(-moves)
    reach = deviations * generator.random(bars)
    return {
        "time": BEGIN_MS + HOUR_MS * np.arange(bars),
        "open": open_,
        "high": np.maximum(open_, close) * np.exp(reach),
        "low": np.minimum(open_, close) * np.exp(-reach),
        "close": close,
        "volume": generator.random(bars) * 100,
        "range": (reach * 1_000).astype(np.float32),
        "before": (np.roll(moves, 2) * 1_000).astype(np.float32),
        "noise": generator.standard_normal(bars).astype(np.float32),
    }


def bars_of(columns: Mapping[str, NDArray[Any]], start: int = 0) -> Bars:
    """As the job reads them."""
    features = np.column_stack([columns[name] for name in FEATURES]).astype(np.float64)
    return Bars(columns["time"], columns["close"], features, HOUR_MS, start)


class Peeking(Bars):
    """Hands over one bar more than it should, where there is one: the mistake that the tests have to find."""

    def seen(self, first: int, last: int) -> Seen:
        return super().seen(first, min(last + 1, len(self) - 1))


def peeking(bars: Bars) -> Bars:
    return Peeking(**{field.name: getattr(bars, field.name) for field in dataclasses.fields(bars)})


def cut(bars: Bars, count: int) -> Bars:
    """The first of them alone."""
    return dataclasses.replace(bars, time=bars.time[:count], close=bars.close[:count], features=bars.features[:count])


def said(name: str, bars: Bars, *, window: int = 100, refit: int = 7, notes: list[str] | None = None, **settings: Any) -> list[Any]:
    """By bar from the first that is predicted: the bits of its value, or why there is none."""
    parameters = Parameters(name, window, refit, json.dumps(settings))
    batch = Batch(entry_of(parameters), bars, window, 7, (notes if notes is not None else []).append)
    blocks = [block for block in blocks_of(bars.time, bars.timeframe_ms, refit) if block.last >= bars.start]
    predicted = batch.predicted(blocks, lambda: None)
    return [float(value).hex() if reason < 0 else MISSING[reason] for value, reason in zip(predicted.value, predicted.missing, strict=True)]


def values(said_of: Sequence[Any]) -> NDArray[np.float64]:
    """Of bars that all have one."""
    return np.array([float.fromhex(each) for each in said_of])


class BatchJob:
    """One job by the contract, in a folder of its own."""

    def __init__(self, base: Path, columns: Mapping[str, NDArray[Any]], **hyperparameters: Any) -> None:
        self.base = base
        self.columns: Columns = dict(columns)
        self.about: dict[str, Any] = {
            "format": "plimsoll-batch-bars/1",
            "symbol": "BTC/USDT",
            "timeframeMs": HOUR_MS,
            "features": [name for name in FEATURES if name in columns],
            "from": int(columns["time"][0]),
        }
        self.hyperparameters = {"entry": "covariance", "window": 100, "refit": 24, "seed": 0, "set": {}, **hyperparameters}

    @property
    def channel(self) -> Path:
        return self.base / "input/data/bars"

    def write(self) -> BatchJob:
        (self.base / "input/config").mkdir(parents=True, exist_ok=True)
        self.channel.mkdir(parents=True, exist_ok=True)
        given = {name: value if isinstance(value, str) else json.dumps(value) for name, value in self.hyperparameters.items()}
        (self.base / "input/config/hyperparameters.json").write_text(json.dumps(given))
        parquet.write_table(pyarrow.table(self.columns), self.channel / "bars.parquet")
        about = {"sha256": sha256_of_file(self.channel / "bars.parquet"), **self.about}
        (self.channel / "bars.json").write_text(json.dumps(about))
        return self

    def run(self, before: Callable[[Path], None] | None = None) -> tuple[int, str]:
        """The exit code, and why it failed. `before`: what befalls the channel once it is written."""
        self.write()
        if before is not None:
            before(self.channel)
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            environment = {"PLIMSOLL_ML_FOLDER": str(self.base)}
            with _environment(environment):
                code = run(Parameters, work)
        failure = self.base / "output/failure"
        return code, failure.read_text() if failure.exists() else ""

    def rows(self) -> dict[str, list[Any]]:
        return parquet.read_table(self.base / "model/predictions.parquet").to_pydict()

    def left(self) -> dict[str, Any]:
        return dict(json.loads((self.base / "model/batch.json").read_text()))


@contextlib.contextmanager
def _environment(values_of: Mapping[str, str]) -> Any:
    before = {name: os.environ.get(name) for name in values_of}
    os.environ.update(values_of)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name)
            else:
                os.environ[name] = value
