"""What the catalogue refuses, and what it keeps apart, as JSON: `catalogue.py FOLDER`, of a feature table."""

import dataclasses
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np

from plimsoll_models.catalogue import ENTRIES, Choice, Entry
from plimsoll_models.catalogue.data import HORIZON, data_of
from plimsoll_models.catalogue.prove import prove
from plimsoll_models.export.onnx_file import answers, compare
from plimsoll_models.export.trees import NotExportable
from plimsoll_models.job import JobError
from plimsoll_models.table import read_table

folder = Path(sys.argv[1])
table = read_table(folder)
data = data_of(table)
entries = {entry.name: entry for entry in ENTRIES}


def refused(work: Any) -> str:
    try:
        work()
    except (JobError, NotExportable) as problem:
        return str(getattr(problem, "sentence", problem))
    return "nothing"


def gate(rows: int, change: Any) -> str | None:
    said = np.linspace(-1, 1, rows)
    answered, decided = said.copy(), (said > 0).astype(int)
    theirs = decided.copy()
    change(answered, theirs)
    return compare(said, answered, scale=1.0, decided=(decided, theirs)).refusal


def put(which: int, place: int, value: float) -> Any:
    return lambda *both: both[which].__setitem__(place, value)


def bad_knobs(entry: Entry) -> list[str]:
    """Those that leave out what is fitted, or hold what scikit-learn does not take."""
    bad: list[str] = []
    for name, knob in entry.space.items():
        fixed = entry.make(0).get_params()[name]
        if isinstance(knob, Choice):
            is_in, ends = fixed in knob.options, knob.options
        else:
            is_in, ends = knob.low <= fixed <= knob.high and not (knob.log and knob.low <= 0), (knob.low, knob.high)
        if not is_in:
            bad.append(f"{entry.name}.{name}")
        if entry.library == "sklearn":
            for value in ends:
                entry.make(0).set_params(**{name: value})._validate_params()
    return bad


broken = dataclasses.replace(entries["ridge"], fixed={"alpha": -1.0})
# The same rows twice over, as if they were of two symbols.
twice = dataclasses.replace(
    table,
    **{
        name: np.repeat(getattr(table, name), 2, axis=0)
        for name in ("rows", "label", "weight", "known", "end", "close")
    },
    symbol=np.tile(["a", "b"], len(table.known)),
)
two = data_of(twice)
short = dataclasses.replace(
    table, **{name: getattr(table, name)[:900] for name in ("rows", "label", "weight", "known", "end", "close", "symbol")}
)
last = int(data.train[-1])
print(
    json.dumps(
        {
            "lastKnownOfTraining": int(max(table.end[data.train].max(), table.known[data.train + HORIZON].max())),
            "firstOfTest": int(table.known[data.test[0]]),
            "returnIsOfRow": float(np.log(table.close[last + HORIZON] / table.close[last])),
            "returns": float(data.returns[last]),
            "spread": float(np.log(table.close[data.train + HORIZON] / table.close[data.train]).std()),
            "isSameOfEachSymbol": bool(np.allclose(two.returns[::2], two.returns[1::2]) and len(two.test) == 2 * len(data.test)),
            "badKnobs": [bad for entry in ENTRIES for bad in bad_knobs(entry)],
            "gate": {
                "same": gate(1_000, lambda *_: None),
                "few": gate(999, lambda *_: None),
                "far": gate(1_000, put(0, 500, 0.9)),
                "near": gate(1_000, put(0, 0, -1 + 9e-6)),
                "noNumber": gate(1_000, put(0, 7, float("nan"))),
                "flipped": gate(1_000, put(1, 7, 1)),
                "noFile": refused(lambda: answers(b"no model", data.rows[:2])),
            },
            "notFitted": refused(lambda: prove([broken], folder, 0, 60)),
            "short": refused(lambda: data_of(short)),
        }
    )
)
