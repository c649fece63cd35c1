"""What a search may spend: trials, minutes and money, of which the first to be met ends it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from ..job.errors import WrongUse

Bound = Literal["trials", "minutes", "usd"]
_SECONDS_PER_MINUTE = 60
_SECONDS_PER_HOUR = 3_600


@dataclass(frozen=True)
class Budget:
    trials: int
    minutes: float
    #: None: money is no bound.
    usd: float | None
    #: Price of the machine.
    usd_per_hour: float

    def __post_init__(self) -> None:
        """Raises JobError `SEARCH_BUDGET`."""
        if self.usd is not None and not self.usd_per_hour > 0:
            what = f"the budget is {self.usd:g} USD, and an hour of the machine has no price"
            raise WrongUse("SEARCH_BUDGET", what, "give usd_per_hour too, or leave usd out")

    @property
    def seconds(self) -> float:
        """What time and money allow together."""
        return min(self.minutes * _SECONDS_PER_MINUTE, self._paid_seconds)

    def met(self, trials: int, seconds: float) -> Bound | None:
        """What ends the search after so many trials in so many seconds; None where it may go on."""
        if trials >= self.trials:
            return "trials"
        return self.time_met(seconds)

    def time_met(self, seconds: float) -> Bound | None:
        """As `met`, of what a trial at work may meet."""
        if seconds < self.seconds:
            return None
        return "usd" if self._paid_seconds < self.minutes * _SECONDS_PER_MINUTE else "minutes"

    def about(self) -> dict[str, Any]:
        return {"trials": self.trials, "minutes": self.minutes, "usd": self.usd, "usdPerHour": self.usd_per_hour}

    @property
    def _paid_seconds(self) -> float:
        return float("inf") if self.usd is None else self.usd / self.usd_per_hour * _SECONDS_PER_HOUR
