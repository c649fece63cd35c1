"""Batch prediction: the job that fits an entry of the catalogue again and again along recorded bars and writes down what it says of each,
from that bar and the bars before it alone. `python -m plimsoll_models.batch`, by the contract of plimsoll_models.job; served so are the
entries that are `batch-to-lake`.

Hyperparameters: `entry`, `window`, `refit`, `seed`, and `set`, which are settings out of the entry's space as JSON.

Channel `bars`:

- `bars.parquet`, sorted by time: `time` (int64, ms UTC of the open), `open`, `high`, `low`, `close`, `volume` (float64), and float32 columns
  named by feature, for entries that look at features (`Entry.looks_at_features`).
- `bars.json`: `{"format": "plimsoll-batch-bars/1", "sha256", "symbol", "timeframeMs", "features", "from"}`. `from` is the open of the first
  bar that is predicted. A table that is continued says what one from the beginning says where `window` + `refit` bars stand before `from`,
  or all that there are.

Left in `model/`:

- `predictions.parquet`, a row for each bar from `from` on: `time`, `close`, `value` (NaN where there is none), `fitted` (the last bar that
  the fit looked at) and `missing` (why there is no value, else null; rows.MISSING names the reasons).
- `batch.json`: `{"format": "plimsoll-batch/1", "sha256", "rows", "entry", "seed", "versions", "missing"}`.

A fit is made at the first bar of each `refit` numbers of bars since the epoch, on the `window` bars up to it, and is asked about the bars
up to the next. What `value` is depends on the entry's task; the module of each says it.
"""
