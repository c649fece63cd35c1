"""Times TA-Lib's C functions on the bars of a raw file and prints nanoseconds a bar as JSON.

Arguments: the file (float64, little endian: all highs, then lows, closes and volumes), the number of bars, the
rounds over all functions, and the repeats in each round.
"""

import json
import sys
import time

import numpy as np
import talib

path, bars, rounds, repeats = sys.argv[1], *(int(argument) for argument in sys.argv[2:5])
high, low, close, volume = (np.ascontiguousarray(column) for column in np.fromfile(path).reshape(4, bars))

calls = {
    "adx": lambda: talib.ADX(high, low, close, 14),
    "aroon": lambda: talib.AROON(high, low, 25),
    "atr": lambda: talib.ATR(high, low, close, 14),
    "bollinger": lambda: talib.BBANDS(close, 20, 2, 2),
    "cci": lambda: talib.CCI(high, low, close, 20),
    "cmo": lambda: talib.CMO(close, 14),
    "dema": lambda: talib.DEMA(close, 20),
    "donchian": lambda: (talib.MAX(high, 20), talib.MIN(low, 20)),
    "ema": lambda: talib.EMA(close, 20),
    "linearRegressionSlope": lambda: talib.LINEARREG_SLOPE(close, 14),
    "macd": lambda: talib.MACD(close, 12, 26, 9),
    "mfi": lambda: talib.MFI(high, low, close, volume, 14),
    "obv": lambda: talib.OBV(close, volume),
    "parabolicSar": lambda: talib.SAR(high, low, 0.02, 0.2),
    "roc": lambda: talib.ROC(close, 10),
    "rsi": lambda: talib.RSI(close, 14),
    "sma": lambda: talib.SMA(close, 20),
    "stddev": lambda: talib.STDDEV(close, 20, 1),
    "stochastic": lambda: talib.STOCH(high, low, close, 14, 3, 0, 3, 0),
    "tema": lambda: talib.TEMA(close, 20),
    "trix": lambda: talib.TRIX(close, 15),
    "williamsR": lambda: talib.WILLR(high, low, close, 14),
    "wma": lambda: talib.WMA(close, 20),
}


def nanoseconds(call):
    best = float("inf")
    for _ in range(repeats):
        start = time.perf_counter_ns()
        call()
        best = min(best, time.perf_counter_ns() - start)
    return best / bars


best = {}
for _ in range(rounds):
    for name, call in calls.items():
        best[name] = min(best.get(name, float("inf")), nanoseconds(call))

print(json.dumps({"version": talib.__ta_version__.decode(), "nsPerBar": best}))
