"""What `arch` fits to recorded closes: python garch_reference.py DATA_FOLDER > garch.json

Needs arch 8.0.0 and pyarrow. Returns are in per cent, as arch asks for; what is printed is of the returns themselves.
"""

import json
import math
import sys
import warnings

import arch
import numpy as np
import pyarrow.parquet as parquet
from arch import arch_model

SERIES = [
    ("equity/spx_1d_1990_2022.parquet", 4000),
    ("fx/xauusd_d1_2012_2022.parquet", 3000),
    ("crypto/binance_btcusdt_1d_2017_2021.parquet", 1400),
]
SCALE = 100

warnings.simplefilter("ignore")


def fitted(folder, name, last):
    close = parquet.read_table(f"{folder}/{name}").to_pandas()["close"].to_numpy()[-last:]
    returns = close[1:] / close[:-1] - 1
    model = arch_model(SCALE * returns, mean="Constant", vol="GARCH", p=1, q=1, dist="normal", rescale=False)
    fit = model.fit(disp="off", tol=1e-12, options={"maxiter": 10_000})
    forecast = fit.forecast(horizon=1, reindex=False).variance.to_numpy()[-1, 0]
    # Filtered historical simulation of the next return: standardised residuals at the volatility that is expected.
    outcomes = fit.params["mu"] + fit.std_resid * math.sqrt(forecast)
    return {
        "file": name,
        "last": last,
        "returns": len(returns),
        "mean": fit.params["mu"] / SCALE,
        "omega": fit.params["omega"] / SCALE**2,
        "alpha": fit.params["alpha[1]"],
        "beta": fit.params["beta[1]"],
        # A density of returns that are a hundredth as large is a hundred times as high.
        "logLikelihood": fit.loglikelihood + len(returns) * math.log(SCALE),
        "nextVolatility": math.sqrt(forecast) / SCALE,
        "valueAtRisk99": -float(np.quantile(outcomes, 0.01)) / SCALE,
        "firstVariances": [float(value) ** 2 / SCALE**2 for value in fit.conditional_volatility[:3]],
    }


print(json.dumps({"arch": arch.__version__, "fits": [fitted(sys.argv[1], *each) for each in SERIES]}, indent=1))
