"""What an entry says of each bar, fitted anew block by block."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..catalogue.entry import Entry
from ..job.determinism import seed_everything, seed_for
from . import densities, forecasts, groups, labels, regimes, volatility
from .bars import Bars, Rows
from .fitted import Fitted, Fitter, NotFitted
from .plan import Block

#: Why a bar has no value: fewer bars than the window stand up to its fit; no close of the window differs from another; the price of every
#: bar of the window rose, or that of none; the library could not fit it; or could not be asked; or it said what is no finite number.
MISSING = ("too-few-rows", "no-spread", "one-class", "fit-failed", "ask-failed", "no-number")
_REASON_LIMIT = 200

FITTERS: Mapping[str, Fitter] = {
    "forecast": forecasts.fit,
    "volatility": volatility.fit,
    "regime": regimes.fit,
    "clustering": groups.fit,
    "density": densities.fit,
    "classification": labels.fit,
}


@dataclass(frozen=True)
class Predicted:
    """Of bars that follow one another; every array has one entry a bar."""

    #: NaN where there is none.
    value: Rows
    #: Place in MISSING; -1 where there is a value.
    missing: NDArray[np.int8]

    def to_bytes(self) -> bytes:
        buffer = io.BytesIO()
        np.savez(buffer, value=self.value, missing=self.missing)
        return buffer.getvalue()

    @staticmethod
    def from_bytes(content: bytes) -> Predicted:
        with np.load(io.BytesIO(content), allow_pickle=False) as loaded:
            return Predicted(loaded["value"], loaded["missing"])

    @staticmethod
    def joined(parts: Sequence[Predicted]) -> Predicted:
        return Predicted(np.concatenate([part.value for part in parts]), np.concatenate([part.missing for part in parts]))


@dataclass(frozen=True)
class Batch:
    """An entry with its settings, and the bars that it is asked about."""

    entry: Entry
    bars: Bars
    window: int
    seed: int
    #: Told in words why a library could not fit or be asked.
    note: Callable[[str], None]

    def predicted(self, blocks: Sequence[Block], pause: Callable[[], None]) -> Predicted:
        """Of the bars of these blocks from the first that is predicted. `pause` is called before each fit, and may raise."""
        said: list[tuple[float, int]] = []
        for block in blocks:
            pause()
            said.extend(self._block(block))
        return Predicted(np.array([value for value, _ in said]), np.array([reason for _, reason in said], np.int8))

    def _block(self, block: Block) -> Iterator[tuple[float, int]]:
        wanted = range(max(block.first, self.bars.start), block.last + 1)
        begin = block.first - self.window + 1
        try:
            if begin < 0:
                raise NotFitted("too-few-rows")
            fitted = self._fitted(begin, block.first)
        except NotFitted as refusal:
            for _ in wanted:
                yield float("nan"), MISSING.index(refusal.reason)
            return
        for at in wanted:
            yield self._asked(fitted, begin, at)

    def _fitted(self, begin: int, last: int) -> Fitted:
        """Of the same bars always the same, whatever was fitted before. Raises NotFitted."""
        seed = seed_for(self.seed, f"{self.entry.name}/{int(self.bars.time[last])}")
        seed_everything(seed)
        try:
            return FITTERS[self.entry.task](self.entry, self.bars.seen(begin, last), seed)
        except NotFitted:
            raise
        # Whatever a library says to its settings and bars: the bars after it have no value, and the table goes on.
        except Exception as problem:  # noqa: BLE001
            self._tell("fitted", last, problem)
            raise NotFitted("fit-failed") from problem

    def _asked(self, fitted: Fitted, begin: int, at: int) -> tuple[float, int]:
        try:
            value = fitted.said(self.bars.seen(begin, at))
        except Exception as problem:  # noqa: BLE001 - as above
            self._tell("asked", at, problem)
            return float("nan"), MISSING.index("ask-failed")
        return (value, -1) if np.isfinite(value) else (float("nan"), MISSING.index("no-number"))

    def _tell(self, what: str, at: int, problem: Exception) -> None:
        why = " ".join(str(problem).split())[:_REASON_LIMIT]
        self.note(f"{self.entry.name} cannot be {what} at the bar of {int(self.bars.time[at])}: {type(problem).__name__}: {why}")
