"""A sweep of moving-average pairs in numba: python sweep.py BARS_FILE ROWS CASH FEE_BPS REPEATS FAST… / SLOW…

Prints JSON: the least time in seconds of all pairs on one thread, and the final equity of each pair. Averages are sums of whole
numbers (the closes in hundredths), each computed once and shared; what is timed is averages and simulation.
"""

import json
import sys
import time

import numba
import numpy as np

from averages import sums_over


@numba.njit(cache=False)
def simulate(opens, last_close, fast_sums, fast, slow_sums, slow, cash, fee):
    held = 0.0
    order = 0
    before = np.int64(0)
    for i in range(slow - 1, opens.size):
        if order > 0:
            held = cash / (opens[i] * (1 + fee))
            cash = 0.0
            order = 0
        elif order < 0:
            cash = held * opens[i] * (1 - fee)
            held = 0.0
            order = 0
        now = fast_sums[i] * slow - slow_sums[i] * fast
        if i >= slow:
            if now > 0 and before <= 0 and held == 0:
                order = 1
            elif now < 0 and before >= 0 and held > 0:
                order = -1
        before = now
    return cash + held * last_close


def sweep(closes, opens, last_close, pairs, cash, fee):
    lengths = {length for pair in pairs for length in pair}
    sums = {length: sums_over(closes, length) for length in lengths}
    return [simulate(opens, last_close, sums[fast], fast, sums[slow], slow, cash, fee) for fast, slow in pairs]


def main():
    path, rows, cash, fee_bps, repeats, *lengths = sys.argv[1:]
    values = np.fromfile(path, dtype=np.float64, count=int(rows) * 6).reshape(6, int(rows))
    opens, close = values[1].copy(), values[4].copy()
    closes = np.round(close * 100).astype(np.int64)
    middle = lengths.index("/")
    pairs = [(int(fast), int(slow)) for fast in lengths[:middle] for slow in lengths[middle + 1 :]]
    arguments = (closes, opens, close[-1], pairs, float(cash), float(fee_bps) / 10_000)
    equity = sweep(*arguments)
    best = float("inf")
    for _ in range(int(repeats)):
        start = time.perf_counter()
        sweep(*arguments)
        best = min(best, time.perf_counter() - start)
    print(json.dumps({"version": numba.__version__, "seconds": best, "runs": len(pairs), "finalEquity": equity}))


main()
