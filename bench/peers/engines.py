"""The same strategies on the same bars in other engines: python engines.py BARS_FILE ROWS CASH FEE_BPS REPEATS STRATEGY ENGINE…

Prints JSON: for each engine the least time of all repeats in seconds, the final equity and the number of fills. A time
covers what a user of the engine runs: indicators, signals, simulation and the final value; not imports, not a first run on
a few bars, in which code is compiled. The bars are float64 columns, one after another, prices in plain units.
"""

import json
import sys
import time
import warnings

import numpy as np

warnings.filterwarnings("ignore")

WARM_UP_ROWS = 5_000
LONG_SECONDS = 5
COLUMNS = ("timestamp", "open", "high", "low", "close", "volume")


def read_bars(path, rows):
    values = np.fromfile(path, dtype=np.float64, count=rows * len(COLUMNS)).reshape(len(COLUMNS), rows)
    return dict(zip(COLUMNS, values))


def vectorbt_sma(bars, cash, fee):
    import pandas as pd
    import vectorbt as vbt

    def run():
        close = pd.Series(bars["close"])
        fast = vbt.MA.run(close, 10)
        slow = vbt.MA.run(close, 30)
        portfolio = vbt.Portfolio.from_signals(
            close,
            fast.ma_crossed_above(slow).vbt.signals.fshift(1),
            fast.ma_crossed_below(slow).vbt.signals.fshift(1),
            price=bars["open"],
            init_cash=cash,
            fees=fee,
            freq="1min",
        )
        return portfolio.final_value(), portfolio.orders.count()

    return run


def vectorbt_rsi(bars, cash, fee):
    import pandas as pd
    import vectorbt as vbt

    def run():
        close = pd.Series(bars["close"])
        change = close.diff()
        gain = change.clip(lower=0).ewm(alpha=1 / 14, adjust=False, min_periods=14).mean()
        loss = (-change.clip(upper=0)).ewm(alpha=1 / 14, adjust=False, min_periods=14).mean()
        strength = 100 * gain / (gain + loss)
        portfolio = vbt.Portfolio.from_signals(
            close,
            strength.vbt.crossed_below(30).vbt.signals.fshift(1),
            strength.vbt.crossed_above(70).vbt.signals.fshift(1),
            price=bars["open"],
            open=bars["open"],
            high=bars["high"],
            low=bars["low"],
            sl_stop=0.02,
            tp_stop=0.04,
            stop_entry_price="fillprice",
            init_cash=cash,
            fees=fee,
            freq="1min",
        )
        return portfolio.final_value(), portfolio.orders.count()

    return run


def backtesting_frame(bars):
    import pandas as pd

    index = pd.to_datetime(bars["timestamp"], unit="ms")
    return pd.DataFrame({name.capitalize(): bars[name] for name in COLUMNS[1:]}, index=index)


def backtesting_runner(strategy, bars, cash, fee):
    from backtesting.lib import FractionalBacktest

    frame = backtesting_frame(bars)

    def run():
        test = FractionalBacktest(frame, strategy, cash=cash, commission=fee, fractional_unit=1e-8)
        result = test.run()
        return result["Equity Final [$]"], 2 * result["# Trades"]

    return run


def backtesting_sma(bars, cash, fee):
    import pandas as pd
    from backtesting import Strategy
    from backtesting.lib import crossover

    class SmaCross(Strategy):
        def init(self):
            close = pd.Series(self.data.Close)
            self.fast = self.I(lambda: close.rolling(10).mean())
            self.slow = self.I(lambda: close.rolling(30).mean())

        def next(self):
            if crossover(self.fast, self.slow):
                self.buy()
            elif crossover(self.slow, self.fast):
                self.position.close()

    return backtesting_runner(SmaCross, bars, cash, fee)


def backtesting_rsi(bars, cash, fee):
    import pandas as pd
    from backtesting import Strategy

    def strength(close):
        change = pd.Series(close).diff()
        gain = change.clip(lower=0).ewm(alpha=1 / 14, adjust=False, min_periods=14).mean()
        loss = (-change.clip(upper=0)).ewm(alpha=1 / 14, adjust=False, min_periods=14).mean()
        return 100 * gain / (gain + loss)

    class RsiReversion(Strategy):
        def init(self):
            self.strength = self.I(strength, self.data.Close)

        def next(self):
            now, before = self.strength[-1], self.strength[-2]
            if not self.position and now < 30 <= before:
                price = self.data.Close[-1]
                self.buy(sl=price * 0.98, tp=price * 1.04)
            elif self.position and now > 70 >= before:
                self.position.close()

    return backtesting_runner(RsiReversion, bars, cash, fee)


ENGINES = {
    ("vectorbt", "sma-cross"): vectorbt_sma,
    ("vectorbt", "rsi-reversion"): vectorbt_rsi,
    ("backtesting", "sma-cross"): backtesting_sma,
    ("backtesting", "rsi-reversion"): backtesting_rsi,
}


def measure(engine, bars, cash, fee, repeats):
    """The least time of the repeats, after a run on a few bars in which code is compiled; one of many seconds is not repeated."""
    engine({name: column[:WARM_UP_ROWS] for name, column in bars.items()}, cash, fee)()
    run = engine(bars, cash, fee)
    best = float("inf")
    for _ in range(repeats):
        start = time.perf_counter()
        equity, fills = run()
        best = min(best, time.perf_counter() - start)
        if best > LONG_SECONDS:
            break
    return {"seconds": best, "finalEquity": float(equity), "fills": int(fills)}


def version_of(engine):
    import importlib.metadata

    return importlib.metadata.version(engine)


def main():
    path, rows, cash, fee_bps, repeats, strategy, *engines = sys.argv[1:]
    bars = read_bars(path, int(rows))
    results = {}
    for engine in engines:
        measured = measure(ENGINES[(engine, strategy)], bars, float(cash), float(fee_bps) / 10_000, int(repeats))
        results[engine] = {"version": version_of(engine), **measured}
    print(json.dumps(results))


main()
