"""One trial: a table, an estimator and its settings, judged on rows that it was not trained on."""

from __future__ import annotations

import json
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..catalogue import Entry
from ..job.files import canonical
from ..scoring import log_losses
from ..trained import Settings, trained
from .tables import Candidate, Ground

_REASON_LIMIT = 300


@dataclass(frozen=True)
class Choice:
    """What was tried."""

    number: int
    table: str
    estimator: str
    settings: Settings


@dataclass(frozen=True)
class Outcome:
    """What came of it. `gains`: the mean log loss gained over the baseline, by block of time, in nats; None where the estimator failed."""

    gains: NDArray[np.float64] | None
    #: Why it failed.
    reason: str | None = None

    @property
    def gain(self) -> float | None:
        """The mean of the gains."""
        return None if self.gains is None else float(self.gains.mean())

    def to_bytes(self) -> bytes:
        return canonical({"gains": None if self.gains is None else self.gains.tolist(), "reason": self.reason})

    @staticmethod
    def from_bytes(content: bytes) -> Outcome:
        told: dict[str, Any] = json.loads(content)
        return Outcome(None if told["gains"] is None else np.asarray(told["gains"], np.float64), told["reason"])


def tried(entry: Entry, settings: Settings, candidate: Candidate, ground: Ground, seed: int, between_fits: Callable[[], None]) -> Outcome:
    """`between_fits` is called before each fit, and may end the trial by raising a BaseException that is no Exception."""
    table = candidate.table
    up = np.empty(len(table.label))
    try:
        for train, test in candidate.folds:
            between_fits()
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                up[test] = trained(entry, settings, table, train, seed).up(table.rows[test])
    # Whatever a library raises: the trial has failed, and the others are still tried.
    except Exception as problem:
        return Outcome(None, f"{type(problem).__name__}: {problem}"[:_REASON_LIMIT])
    return Outcome(ground.block_means(candidate.baseline - log_losses(table.label, up)))
