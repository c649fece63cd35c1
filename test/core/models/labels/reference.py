"""Labels from the definitions, slowly and without looking at core: bars and options as JSON on stdin, labels as JSON on
stdout."""

import json
import sys

import numpy as np
import pandas as pd


def triple_barrier(bars, volatility, side, profit, loss, vertical):
    """Bars after the row are walked one by one; where one bar touches both barriers the losing one counts."""
    close, high, low = bars["close"], bars["high"], bars["low"]
    rows = len(close)
    labels, ends = [None] * rows, [-1] * rows
    for row in range(rows):
        if not np.isfinite(volatility[row]) or volatility[row] <= 0 or side[row] == 0:
            continue
        entry = close[row]
        up = profit if side[row] > 0 else loss
        down = loss if side[row] > 0 else profit
        for bar in range(row + 1, min(row + vertical, rows - 1) + 1):
            is_high = high[bar] >= entry + up * volatility[row] * entry
            is_low = low[bar] <= entry - down * volatility[row] * entry
            if is_high or is_low:
                won = is_high and not is_low if side[row] > 0 else is_low and not is_high
                labels[row], ends[row] = (1 if won else -1), bar
                break
        else:
            if row + vertical < rows:
                labels[row], ends[row] = 0, row + vertical
    return labels, ends


def trends(close, shortest, longest):
    """Ordinary least squares in each window, by numpy's solver and the textbook standard error."""
    labels, values, windows = [None] * len(close), [None] * len(close), [0] * len(close)
    designs = {size: np.column_stack([np.ones(size), np.arange(size)]) for size in range(shortest, longest + 1)}
    inverses = {size: np.linalg.pinv(design) for size, design in designs.items()}
    covariances = {size: np.linalg.inv(design.T @ design)[1, 1] for size, design in designs.items()}
    for row in range(len(close) - longest + 1):
        best = 0.0
        for size, design in designs.items():
            y = close[row : row + size]
            y = y - y.mean()
            coefficients = inverses[size] @ y
            residuals = y - design @ coefficients
            error = np.sqrt(residuals @ residuals / (size - 2) * covariances[size])
            if error == 0:
                continue
            t = coefficients[1] / error
            if abs(t) > abs(best):
                best, windows[row] = t, size
        labels[row], values[row] = int(np.sign(best)), best
    return labels, values, windows


question = json.load(sys.stdin)
bars = {name: np.array(column, dtype=float) for name, column in question["bars"].items()}
volatility = (
    pd.Series(bars["close"]).pct_change().ewm(span=question["span"], min_periods=question["span"]).std().to_numpy()
)
options = question["barriers"]
labels, ends = triple_barrier(
    bars, volatility, np.array(question["side"]), options["profitWidth"], options["lossWidth"], options["verticalBars"]
)
trend_labels, trend_values, trend_windows = trends(
    bars["close"][: question["trendRows"]], question["trends"]["minBars"], question["trends"]["maxBars"]
)
json.dump(
    {
        "volatility": [None if np.isnan(value) else value for value in volatility],
        "barriers": {"label": labels, "end": ends},
        "trends": {"label": trend_labels, "tValue": trend_values, "windowBars": trend_windows},
    },
    sys.stdout,
)
