"""What the members of the desk say of rows that come after all that they were trained on, as a CSV file, from a table that
`plimsoll models table` wrote. In a Python that has models/requirements/core.txt:

    python desk.py FOLDER_OF_MODELS TABLE/train OUT.csv
"""

import csv
import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, sys.argv[1])

from plimsoll_models import splits  # noqa: E402
from plimsoll_models.estimators import MEMBERS  # noqa: E402
from plimsoll_models.table import read_table  # noqa: E402
from plimsoll_models.train import DESK  # noqa: E402

FIRST_SHARE = 0.25
BLOCKS = 8
SEED = 0

table = read_table(Path(sys.argv[2]))
times = len(np.unique(table.known))
first = int(times * FIRST_SHARE)
blocks = list(
    splits.walk_forward(
        table.known, table.end, train_size=first, test_size=-(-(times - first) // BLOCKS), anchored=True, keep_partial=True
    )
)
said = np.full((len(table.label), len(DESK)), np.nan)
for number, (train, test) in enumerate(blocks):
    for column, name in enumerate(DESK):
        fitted = MEMBERS[name].fit(table.rows[train], table.label[train], table.weight[train], SEED)
        said[test, column] = fitted.probabilities(table.rows[test])[:, 1]
    print(f"block {number + 1} of {len(blocks)}", file=sys.stderr, flush=True)

with open(sys.argv[3], "w", newline="") as file:
    rows = csv.writer(file)
    rows.writerow(["known", "end", "label", *DESK])
    for row in np.flatnonzero(np.isfinite(said).all(axis=1)):
        rows.writerow([table.known[row], table.end[row], table.label[row], *(f"{up:.9g}" for up in said[row])])
