"""What the folds of a table hold, pair by pair: rows that are tested, and rows whose time meets that of one of them."""

import json
import sys
from pathlib import Path

import numpy as np
from plimsoll_models.splits import purged_k_fold
from plimsoll_models.table import read_table


def main() -> None:
    table = read_table(Path(sys.argv[1]))
    folds, embargo_ms = int(sys.argv[2]), int(sys.argv[3])
    start, end = table.known, table.end
    told = []
    for train, test in purged_k_fold(start, end, folds=folds, embargo_ms=embargo_ms):
        # A row shares time with one that is tested where neither is over before the other begins; the embargo comes after the latter.
        meets = (start[:, None] <= end[test] + embargo_ms) & (end[:, None] >= start[test])
        allowed = np.setdiff1d(np.flatnonzero(~meets.any(axis=1)), test)
        told.append({"train": len(train), "test": len(test), "purged": len(start) - len(train) - len(test), "isExact": bool(np.array_equal(train, allowed))})
    spans = np.unique(end - start)
    json.dump({"rows": len(start), "spans": len(spans), "folds": told}, sys.stdout)


main()
