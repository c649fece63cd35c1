"""What libraries say to rows besides their probabilities: the raw scores that an exported model has to give too."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Rows = NDArray[np.float64]


def forest_sums(model: Any, rows: Rows) -> Rows:
    """What a forest divides by the number of its trees: their distributions, or their values, added up in their order."""
    classifies = hasattr(model, "classes_")
    total: Any = 0.0
    for tree in model.estimators_:
        total = total + (tree.predict_proba(rows) if classifies else tree.predict(rows))
    return np.asarray(total, np.float64)


def log_odds(probabilities: Rows) -> Rows:
    """Of the second class of two, for a model that tells its probabilities alone."""
    second = probabilities[:, 1]
    return np.asarray(np.log(second) - np.log1p(-second))
