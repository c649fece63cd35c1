"""A walk forward of moving-average pairs in numba.

python walk_forward.py BARS_FILE ROWS CASH FEE_BPS REPEATS TRAIN TEST FAST… / SLOW…

Prints JSON: the least time in seconds of all windows on one thread, the pair that each window chose, and the growth of
the account out of sample, all windows compounded. Averages are sums of whole numbers, computed once over all bars; what
is timed is averages, the runs on every window, their Sharpe ratios and the choice.
"""

import json
import sys
import time

import numba
import numpy as np

from averages import sums_over


@numba.njit(cache=False)
def run(opens, closes, fast_sums, fast, slow_sums, slow, begin, end, first_cash, fee):
    """Sharpe ratio of the returns by bar, and the growth, of one that begins with nothing held at bar `begin`."""
    cash = first_cash
    held = 0.0
    order = 0
    equity = first_cash
    mean = 0.0
    squares = 0.0
    count = 0
    before = fast_sums[begin - 1] * slow - slow_sums[begin - 1] * fast if begin > slow - 1 else np.int64(0)
    for i in range(begin, end):
        if order > 0:
            held = cash / (opens[i] * (1 + fee))
            cash = 0.0
        elif order < 0:
            cash = held * opens[i] * (1 - fee)
            held = 0.0
        order = 0
        if i >= slow - 1:
            now = fast_sums[i] * slow - slow_sums[i] * fast
            if i >= slow:
                if now > 0 and before <= 0 and held == 0:
                    order = 1
                elif now < 0 and before >= 0 and held > 0:
                    order = -1
            before = now
        after = cash + held * closes[i]
        # The first bar of the history has none before it to earn a return from.
        if i > 0:
            count += 1
            change = after / equity - 1
            off = change - mean
            mean += off / count
            squares += off * (change - mean)
        equity = after
    sharpe = mean / np.sqrt(squares / (count - 1)) if squares > 0 else np.nan
    return sharpe, equity / first_cash


@numba.njit(cache=False)
def walk(opens, closes, sums, lengths, pairs, train, test, cash, fee):
    windows = (closes.size - train) // test
    chosen = np.zeros(windows, dtype=np.int64)
    growth = 1.0
    for w in range(windows):
        split = train + w * test
        best = -np.inf
        for k in range(pairs.shape[0]):
            f, s = pairs[k]
            sharpe, _ = run(opens, closes, sums[f], lengths[f], sums[s], lengths[s], split - train, split, cash, fee)
            if sharpe > best:
                best = sharpe
                chosen[w] = k
        f, s = pairs[chosen[w]]
        _, grown = run(opens, closes, sums[f], lengths[f], sums[s], lengths[s], split, split + test, cash, fee)
        growth *= grown
    return chosen, growth


def walk_forward(opens, closes, whole, lengths, pairs, train, test, cash, fee):
    sums = np.stack([sums_over(whole, length) for length in lengths])
    return walk(opens, closes, sums, lengths, pairs, train, test, cash, fee)


def main():
    path, rows, cash, fee_bps, repeats, train, test, *named = sys.argv[1:]
    values = np.fromfile(path, dtype=np.float64, count=int(rows) * 6).reshape(6, int(rows))
    opens, closes = values[1].copy(), values[4].copy()
    middle = named.index("/")
    lengths = np.array([int(each) for each in named if each != "/"], dtype=np.int64)
    pairs = np.array([(f, s) for f in range(middle) for s in range(middle, len(lengths))], dtype=np.int64)
    whole = np.round(closes * 100).astype(np.int64)
    arguments = (opens, closes, whole, lengths, pairs, int(train), int(test), float(cash), float(fee_bps) / 10_000)
    chosen, growth = walk_forward(*arguments)
    best = float("inf")
    for _ in range(int(repeats)):
        start = time.perf_counter()
        walk_forward(*arguments)
        best = min(best, time.perf_counter() - start)
    print(
        json.dumps({"version": numba.__version__, "seconds": best, "chosen": chosen.tolist(), "growth": float(growth)})
    )


main()
