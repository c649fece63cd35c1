"""What is asked and answered, as JSON: `{"version":"<16 hex>","rows":[[…],…]}` and `{"version":"<16 hex>","up":[[…],…]}`, by row and by member."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

#: As core/ports/model-server.ts.
MOST_ROWS = 1_000
_VERSION = re.compile(r"[0-9a-f]{16}")


class BadQuestion(Exception):
    """The message says what is wrong with it."""


@dataclass(frozen=True)
class Question:
    version: str
    rows: list[Any]

    def matrix(self, features: tuple[str, ...]) -> NDArray[np.float64]:
        """Raises BadQuestion."""
        for at, row in enumerate(self.rows):
            if not isinstance(row, list) or len(row) != len(features):
                what = f"{len(row)} numbers" if isinstance(row, list) else "no list"
                raise BadQuestion(f"row {at} is {what}, and {len(features)} features are wanted")
            for name, value in zip(features, row, strict=True):
                if isinstance(value, bool) or not isinstance(value, int | float):
                    raise BadQuestion(f"the feature {name} of row {at} is no number")
        rows = np.array(self.rows, np.float64)
        if not np.isfinite(rows).all():
            at, column = (int(place) for place in np.argwhere(~np.isfinite(rows))[0])
            raise BadQuestion(f"the feature {features[column]} of row {at} is {rows[at, column]}")
        return rows


def question_of(body: bytes) -> Question:
    """Raises BadQuestion."""
    try:
        asked = json.loads(body, parse_int=float)
    except (ValueError, RecursionError) as problem:
        raise BadQuestion("it is no JSON") from problem
    if not isinstance(asked, dict) or set(asked) != {"version", "rows"}:
        raise BadQuestion('it is no object of "version" and "rows"')
    version, rows = asked["version"], asked["rows"]
    if not isinstance(version, str) or not _VERSION.fullmatch(version):
        raise BadQuestion("its version is not 16 hex digits")
    if not isinstance(rows, list) or not 1 <= len(rows) <= MOST_ROWS:
        count = f"{len(rows)} rows" if isinstance(rows, list) else "no list of rows"
        raise BadQuestion(f"there are {count}, and 1 to {MOST_ROWS} are answered")
    return Question(version, rows)


def answer_of(version: str, up: list[list[float]]) -> bytes:
    """Numbers as `repr` writes them, so that they are read as they were."""
    return json.dumps({"version": version, "up": up}, allow_nan=False, separators=(",", ":")).encode()
