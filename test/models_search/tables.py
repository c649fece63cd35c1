"""Feature tables whose truth is known."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pyarrow
from pyarrow import parquet

from plimsoll_models.job.files import sha256_of_file

HOUR_MS = 3_600_000
ROWS = 900
FEATURES = ("noise-a", "noise-b", "signal")


def write_table(folder: Path, *, strength: float, rows: int = ROWS, skip: int = 0, seed: int = 1, prices: int = 2) -> None:
    """Hourly rows whose label follows the feature `signal` in `0.5 + strength` of the rows of its sign, and closes that follow nothing.

    `skip`: rows left out at the beginning, as by a longer warm-up; `prices`: the seed of the closes.
    """
    generator = np.random.default_rng(seed)
    features = {name: generator.normal(size=rows).astype(np.float32) for name in FEATURES}
    chance = np.where(features["signal"] > 0, 0.5 + strength, 0.5 - strength)
    known = 1_600_000_000_000 + HOUR_MS * np.arange(rows)
    columns = {
        "symbol": np.full(rows, "XAU/USD"),
        "known": known,
        "end": known + 2 * HOUR_MS,
        "close": 100 * np.exp(np.cumsum(np.random.default_rng(prices).normal(scale=1e-3, size=rows))),
        **features,
        "label": (generator.random(rows) < chance).astype(np.float64),
        "weight": np.ones(rows),
    }
    save(folder, {name: column[skip:] for name, column in columns.items()})


def save(folder: Path, columns: Mapping[str, np.ndarray]) -> None:
    folder.mkdir(parents=True)
    parquet.write_table(pyarrow.table(columns), folder / "rows.parquet")
    about = {
        "format": "plimsoll-features/1",
        "features": list(FEATURES),
        "label": {"kind": "fixed-horizon", "bars": 2},
        "timeframe": "1h",
        "symbols": ["XAU/USD"],
        "rows": len(columns["label"]),
        "sha256": sha256_of_file(folder / "rows.parquet"),
    }
    (folder / "table.json").write_text(json.dumps(about))
