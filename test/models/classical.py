"""What the group `classical` declares, and what its judges keep apart, as JSON; none of its libraries is needed: `classical.py`."""

import dataclasses
import itertools
import json
import re
import sys
from typing import Any

import numpy as np

from plimsoll_models.catalogue import GROUPS, Choice, Entry, Part
from plimsoll_models.catalogue.classical import forecasts, hidden_markov, online, series, structural, volatility
from plimsoll_models.catalogue.data import Data
from plimsoll_models.job import JobError

LIBRARIES = ("statsforecast", "arch", "hmmlearn", "river", "statsmodels", "catboost")
ROWS, TRAINED, PURGED = 1_400, 900, 12
HOUR_MS = 3_600_000
imported = [name for name in (*LIBRARIES, "sklearn", "scipy") if name in sys.modules]

draws = np.random.default_rng(5)
close = 100 * np.exp(np.cumsum(draws.standard_t(4, ROWS)) / 1_000)
known = np.arange(ROWS, dtype=np.int64) * HOUR_MS
data = Data(
    features=("a", "b"),
    rows=draws.normal(size=(ROWS, 2)),
    label=draws.integers(0, 2, ROWS),
    returns=draws.normal(size=ROWS),
    train=np.arange(TRAINED),
    test=np.arange(TRAINED + PURGED, ROWS),
    purged=PURGED,
    known=known,
    # Some labels are known soon, others late.
    label_known=known + draws.integers(1, PURGED + 1, ROWS) * HOUR_MS,
    return_known=known + PURGED * HOUR_MS,
    close=close,
    symbol=np.full(ROWS, "XAU/USD"),
    counts=draws.integers(0, 5, ROWS),
    regime=draws.integers(0, 3, ROWS),
)
entries = {entry.name: entry for group in GROUPS.values() for entry in group}


class Watching:
    """A learner that says which rows it was told before it was asked for another."""

    def __init__(self) -> None:
        self.told: set[float] = set()
        self.peeked = 0
        self.missed = 0
        self.asked = 0

    def learn_one(self, row: dict[str, float], label: int) -> None:
        self.told.add(row["row"])

    def predict_proba_one(self, row: dict[str, float]) -> dict[int, float]:
        now = known[int(row["row"])]
        may = {float(place) for place in range(ROWS) if data.label_known[place] <= now}
        self.asked += 1
        self.peeked += len(self.told - may)
        self.missed += len(may - self.told)
        return {0: 0.5, 1: 0.5}


def one_ahead_by_hand() -> float:
    """Of every path of states, against the recursion: the largest difference of the likelihood so far."""
    start, transitions = np.array([0.6, 0.4]), np.array([[0.9, 0.1], [0.3, 0.7]])
    likely = draws.normal(size=(6, 2))
    steps = hidden_markov._one_ahead(start, transitions, likely)
    worst = 0.0
    for length in range(1, len(likely) + 1):
        total = 0.0
        for path in itertools.product(range(2), repeat=length):
            share = start[path[0]] * np.exp(likely[0, path[0]])
            for t in range(1, length):
                share *= transitions[path[t - 1], path[t]] * np.exp(likely[t, path[t]])
            total += share
        worst = max(worst, abs(float(np.log(total)) - float(steps[:length].sum())))
    return worst


def forecast_windows() -> dict[str, Any]:
    """Each window ends where it is forecast from; who repeats the last price is the baseline."""
    price = series.series_of(data).price
    ends: list[bool] = []

    def last(origin: int, window: Any) -> Any:
        ends.append(bool(np.array_equal(window, price[max(0, origin + 1 - len(window)) : origin + 1])))
        return np.full(forecasts.AHEAD, window[-1])

    judged = forecasts.judged_forecasts(entries["theta"], data, 0, last, None).judged
    nothing = np.full(forecasts.AHEAD, np.nan)
    return {
        "endAtOrigin": all(ends),
        "asked": len(ends),
        "judgedOn": judged.judged_on,
        "lastIsNoGain": judged.baseline <= judged.score and judged.gained is not None,
        "score": judged.score,
        "baseline": judged.baseline,
        "nothing": refused(lambda: forecasts.judged_forecasts(entries["theta"], data, 0, lambda *_: nothing, None)),
        "few": refused(lambda: forecasts.judged_forecasts(entries["theta"], data, 0, lambda *_: nothing[1:], None)),
    }


def refused(work: Any) -> str:
    try:
        work()
    except (JobError, ValueError) as problem:
        return str(getattr(problem, "sentence", problem))
    return "nothing"


def unset(entry: Entry) -> list[str]:
    """What is searched over and stands outside of what is fitted."""
    bad = []
    for name, knob in entry.space.items():
        if name not in entry.fixed:
            continue
        value = entry.fixed[name]
        inside = value in knob.options if isinstance(knob, Choice) else knob.low <= value <= knob.high
        if not inside:
            bad.append(f"{entry.name}.{name}")
    return bad


def parts_of(value: Any) -> list[Part]:
    if isinstance(value, Part):
        return [value, *(part for each in value.fixed.values() for part in parts_of(each))]
    return [part for each in value for part in parts_of(each)] if isinstance(value, tuple) else []


def identity(entry: Entry) -> str:
    return json.dumps([entry.of, entry.task, {name: repr(value) for name, value in sorted(entry.fixed.items())}])


def watched() -> dict[str, int]:
    model = Watching()
    rows = [{"row": float(place)} for place in range(ROWS)]
    online._classification(entries["online-hoeffding-tree-classifier"], model, rows, data, data.train)
    return {"asked": model.asked, "peeked": model.peeked, "missed": model.missed}


def rolling_sees_the_past() -> bool:
    returns = draws.normal(size=200)
    changed = returns.copy()
    changed[150:] *= 9
    one, other = (volatility._rolling(values, 24) for values in (returns, changed))
    return bool(np.allclose(one[100], np.mean(returns[76:100] ** 2)) and np.array_equal(one[:151], other[:151]))


classical = GROUPS["classical"]
declared = [entry.about() for entry in classical]
several = dataclasses.replace(data, symbol=np.tile(["a", "b"], ROWS // 2))
counts = series.direction_counts(series.series_of(data))
print(
    json.dumps(
        {
            "imported": imported,
            "names": {group: [entry.name for entry in found] for group, found in GROUPS.items()},
            "declared": declared,
            "twice": len(classical) - len({identity(entry) for entry in classical}),
            "badNames": [entry.name for entry in classical if not re.fullmatch(r"[a-z]+(-[a-z]+)*", entry.name)],
            "badKnobs": [bad for entry in classical for bad in unset(entry)],
            "foreignParts": [
                part.of
                for entry in classical
                for value in entry.fixed.values()
                for part in parts_of(value)
                if part.of.split(".")[0] != entry.library
            ],
            "oneAhead": one_ahead_by_hand(),
            "forecasts": forecast_windows(),
            "online": watched(),
            "rolling": rolling_sees_the_past(),
            "shifted": structural._of_the_row_before(np.arange(6.0).reshape(3, 2)).tolist(),
            "counted": [counts.shape[1], int(counts.sum(axis=1).min()), int(counts.sum(axis=1).max())],
            "several": refused(lambda: series.series_of(several)),
        }
    )
)
