"""A hundred feature columns in pandas and polars: python features.py BARS_FILE ROWS REPEATS LIBRARY THREADS LENGTH…

Prints JSON: the version, the least time in seconds of all columns by the clock and of all processors together, and of each column (return, band position, band width, range position, distance
from the average, each over every length) its mean after the first tenth. What is timed is the columns, from those of the bars to float64 in memory.
"""

import json
import os
import sys
import time

path, rows, repeats, library, threads = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4], sys.argv[5]
lengths = [int(length) for length in sys.argv[6:]]
os.environ["POLARS_MAX_THREADS"] = threads

import numpy as np

RANGE_BARS = 14
_, _, high, low, close, _ = np.fromfile(path, dtype=np.float64).reshape(6, rows)


def in_pandas():
    import pandas

    bars = pandas.DataFrame({"high": high, "low": low, "close": close})

    def columns():
        prices, before = bars["close"], bars["close"].shift(1)
        ranges = pandas.concat([bars["high"] - bars["low"], (bars["high"] - before).abs(), (bars["low"] - before).abs()], axis=1)
        scale = ranges.max(axis=1).ewm(alpha=1 / RANGE_BARS, adjust=False).mean()
        made = []
        for length in lengths:
            window = prices.rolling(length)
            average, deviation = window.mean(), window.std(ddof=0)
            upper, lower = bars["high"].rolling(length).max(), bars["low"].rolling(length).min()
            made += [
                100 * (prices / prices.shift(length) - 1),
                (prices - average) / deviation,
                400 * deviation / prices,
                (2 * prices - upper - lower) / (upper - lower),
                (prices - average) / scale,
            ]
        return [column.to_numpy() for column in made]

    return pandas.__version__, columns


def in_polars():
    import polars

    bars = polars.DataFrame({"high": high, "low": low, "close": close})
    prices, before = polars.col("close"), polars.col("close").shift(1)
    ranges = polars.max_horizontal(
        polars.col("high") - polars.col("low"), (polars.col("high") - before).abs(), (polars.col("low") - before).abs()
    )
    expressions = []
    for length in lengths:
        average, deviation = prices.rolling_mean(length), prices.rolling_std(length, ddof=0)
        upper, lower = polars.col("high").rolling_max(length), polars.col("low").rolling_min(length)
        expressions += [
            100 * (prices / prices.shift(length) - 1),
            (prices - average) / deviation,
            400 * deviation / prices,
            (2 * prices - upper - lower) / (upper - lower),
            (prices - average) / polars.col("scale"),
        ]
    named = [expression.alias(str(k)) for k, expression in enumerate(expressions)]

    def columns():
        # Lazily, so that what several columns share is computed once.
        frame = bars.lazy().with_columns(ranges.ewm_mean(alpha=1 / RANGE_BARS, adjust=False).alias("scale")).select(named).collect()
        return [column.to_numpy() for column in frame.get_columns()]

    return polars.__version__, columns


version, columns = in_polars() if library == "polars" else in_pandas()
least, least_cpu = float("inf"), float("inf")
for _ in range(repeats):
    start, start_cpu = time.perf_counter(), time.process_time()
    made = columns()
    least, least_cpu = min(least, time.perf_counter() - start), min(least_cpu, time.process_time() - start_cpu)
print(json.dumps({"version": version, "seconds": least, "cpuSeconds": least_cpu, "means": [float(np.mean(column[rows // 10 :])) for column in made]}))
