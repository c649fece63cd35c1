"""What a job tells while it runs: a JSON object a line on standard output.

{"plimsoll": "progress", "step": 3, "of": 8, "metrics": {"loss": 0.25}}
{"plimsoll": "note", "text": "mlflow is not installed: run.json alone tells of this run"}
"""

from __future__ import annotations

import json
import math
import re
import sys
from collections import deque
from collections.abc import Mapping
from typing import NamedTuple

from .errors import JobError, cut

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_.-]{0,99}")
_METRICS_LIMIT = 64
_POINTS_KEPT = 10_000
_NOTE_BYTES = 2_000
_NOTES_KEPT = 100


class Point(NamedTuple):
    metric: str
    value: float
    step: int


class Progress:
    """Tells, and keeps the last of what it told for the run's record."""

    def __init__(self) -> None:
        self.points: deque[Point] = deque(maxlen=_POINTS_KEPT)
        self.notes: deque[str] = deque(maxlen=_NOTES_KEPT)

    def tell(self, step: int, of: int, metrics: Mapping[str, float]) -> None:
        """Throws `JOB_METRIC`."""
        numbers = checked(metrics)
        self.points.extend(Point(name, value, step) for name, value in numbers.items() if value is not None)
        _say({"plimsoll": "progress", "step": int(step), "of": int(of), "metrics": numbers})

    def note(self, text: str) -> None:
        self.notes.append(cut(text, _NOTE_BYTES))
        _say({"plimsoll": "note", "text": self.notes[-1]})


def checked(metrics: Mapping[str, float]) -> dict[str, float | None]:
    """Metrics as JSON can hold them: what is not finite is null. Throws `JOB_METRIC`."""
    if len(metrics) > _METRICS_LIMIT:
        raise JobError("JOB_METRIC", f"{len(metrics)} metrics at once", f"tell at most {_METRICS_LIMIT}")
    numbers: dict[str, float | None] = {}
    for name, value in metrics.items():
        if not _NAME.fullmatch(name):
            message = f"a metric cannot be called {name[:100]!r}"
            raise JobError("JOB_METRIC", message, "use letters, digits, '_', '.' and '-', at most 100")
        number = float(value)
        numbers[name] = number if math.isfinite(number) else None
    return numbers


def metric_regex(name: str) -> str:
    """The Regex of a SageMaker metric definition that reads this metric from the log."""
    return f'"{re.escape(name)}": (-?[0-9.]+(?:e[+-]?[0-9]+)?)'


def _say(line: Mapping[str, object]) -> None:
    # One write, so that lines of other threads do not get in between.
    sys.stdout.write(json.dumps(line, allow_nan=False) + "\n")
    sys.stdout.flush()
