"""A table of honest features of recorded hourly gold, as a model would be trained on."""

import json
import os
from pathlib import Path

import numpy as np

HOUR_MS = 3_600_000
RECORDED = "PLIMSOLL_TEST_BARS"
HORIZON = 6


def recorded() -> dict[str, np.ndarray]:
    """Columns of the bars that the tests were started with: timestamp, open, high, low, close, volume."""
    return {
        name: np.array(column, dtype=np.float64)
        for name, column in json.loads(Path(os.environ[RECORDED]).read_text()).items()
    }


def shifted(column: np.ndarray, bars: int) -> np.ndarray:
    """The column `bars` later where above 0 (a leak), earlier where below."""
    moved = np.full(len(column), np.nan)
    if bars >= 0:
        moved[: len(column) - bars] = column[bars:]
    else:
        moved[-bars:] = column[:bars]
    return moved


def rolling(column: np.ndarray, length: int, function=np.mean) -> np.ndarray:
    made = np.full(len(column), np.nan)
    made[length - 1 :] = function(np.lib.stride_tricks.sliding_window_view(column, length), axis=1)
    return made


def ema(column: np.ndarray, length: int) -> np.ndarray:
    made = np.empty(len(column))
    made[0] = column[0]
    for i in range(1, len(column)):
        made[i] = made[i - 1] + (column[i] - made[i - 1]) * 2 / (length + 1)
    return made


def features_of(bars: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Known at each bar's close: momentum fast and slow, levels, bands, an oscillator, volatility, volume, lags and the
    clock."""
    close, high, low = bars["close"], bars["high"], bars["low"]
    change = np.append(np.nan, np.diff(close))
    gained, lost = np.maximum(np.nan_to_num(change), 0), np.maximum(-np.nan_to_num(change), 0)
    past = {length: close / shifted(close, -length) - 1 for length in (1, 2, 5, 20, 100, 500)}
    hour = bars["timestamp"] // HOUR_MS % 24
    return {
        **{f"momentum_{length}": values for length, values in past.items()},
        **{f"return_lag_{lag}": shifted(past[1], -lag) for lag in (1, 2, 3)},
        "sma_20": rolling(close, 20),
        "sma_200": rolling(close, 200),
        "ema_200": ema(close, 200),
        "macd": ema(close, 12) - ema(close, 26),
        "z_20": (close - rolling(close, 20)) / rolling(close, 20, np.std),
        "rsi_14": rolling(gained, 14) / np.maximum(rolling(gained + lost, 14), 1e-9),
        "stochastic_14": (close - rolling(low, 14, np.min))
        / np.maximum(rolling(high, 14, np.max) - rolling(low, 14, np.min), 1e-9),
        "is_up": (change > 0).astype(float),
        "range": (high - low) / close,
        "body": (close - bars["open"]) / close,
        "volatility_20": rolling(np.nan_to_num(past[1]), 20, np.std),
        "volume_ratio": bars["volume"] / rolling(bars["volume"], 20),
        "log_volume": np.log1p(bars["volume"]),
        "level": close / close[0],
        "hour": hour,
        "hour_sine": np.sin(hour * np.pi / 12),
        "is_ninth": (hour == 9).astype(float),
    }


def table_of(bars: dict[str, np.ndarray]) -> tuple[dict[str, np.ndarray], list[str]]:
    """The table and the names of its features. A row starts at its bar's close, and its label is known HORIZON bars
    later."""
    features = features_of(bars)
    rows = slice(0, len(bars["close"]) - HORIZON)
    known = bars["timestamp"] + HOUR_MS
    label = np.sign(shifted(bars["close"], HORIZON) - bars["close"])
    table = {**bars, **features, "start": known, "end": shifted(known, HORIZON), "label": label}
    return {name: column[rows] for name, column in table.items()}, list(features)
